package forecast

import "weir/internal/stats"

// waves gives cosine and sine of the harmonics 1..K of a period, by the clock of the data: the phase of row t is Time[t]/Step modulo the period.
type waves struct {
	period int
	values []float64
}

// newWaves is nil for a model without waves.
func newWaves(m Model, n int) *waves {
	if n == 0 {
		return nil
	}
	return &waves{m.Period, make([]float64, n)}
}

// at is cos 1, sin 1, cos 2, sin 2 ... at row t, until the next call.
func (w *waves) at(d *Data, t int) []float64 {
	phase := d.phase(t, w.period)
	for k := range len(w.values) / 2 {
		w.values[2*k], w.values[2*k+1] = stats.Turn(int(int64(phase)*int64(k+1)%int64(w.period)), w.period)
	}
	return w.values
}

// clock is the row's time in whole steps since 1970.
func (d *Data) clock(t int) int64 {
	step := max(1, int64(d.Step))
	at := d.Time[t] / step
	if d.Time[t]%step < 0 {
		at--
	}
	return at
}

// phase is the place of row t in a period of so many steps, 0..period-1.
func (d *Data) phase(t, period int) int {
	n := int64(period)
	return int((d.clock(t)%n + n) % n)
}

// waves is how many of them a model has.
func (m Model) waves() int {
	if m.Name == "fourier" {
		return 2 * m.Harmonics
	}
	return 0
}

// recursive says whether a regression applies horizon 1 to its own forecasts.
func (m Model) recursive() bool {
	return m.Strategy == Recursive || m.Strategy == "" && m.Name == "ar"
}
