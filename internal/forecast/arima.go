package forecast

import (
	"fmt"
	"math"
	"slices"

	"weir/internal/series"
)

// arima is ARIMA(p, d, q): an arma of the series differenced d times, with a constant when d is 0.
type arima struct {
	arma
	times int // d
	total float64
}

// fitARIMA minimises the conditional sum of squares. The differenced series is divided by its deviation meanwhile, and with a constant centred.
func fitARIMA(d *Data, from int, m Model) (*arima, error) {
	w, segments := differenced(d, m.Difference)
	c := &conditional{w: w, segments: segments, from: from, skip: true, constant: m.Difference == 0}
	k := 0
	for _, s := range segments {
		k += max(0, s.Hi-max(from, s.Lo+m.Order))
	}
	if least := 2*(m.Order+m.Average) + 2; k < least {
		return nil, fmt.Errorf("p %d, d %d and q %d need at least %d training rows with %d points before them, there are %d", m.Order, m.Difference, m.Average, least, m.Order+m.Difference, k)
	}
	mean, scale := c.standardise()
	a, sse := c.fit(c.starts(m.Order, m.Average)...)
	a.constant = float64(a.constant*scale) + mean
	for _, b := range a.phi {
		a.constant -= float64(mean * b)
	}
	return &arima{arma: a, times: m.Difference, total: float64(sse * float64(scale*scale))}, nil
}

func (c *conditional) starts(p, q int) []arma {
	with, without := c.hannanRissanen(p, q)
	if q == 0 {
		return []arma{without}
	}
	return []arma{with, without}
}

// standardise subtracts the mean, if there is a constant to take it up, and divides by the deviation (1 for a constant series).
func (c *conditional) standardise() (mean, scale float64) {
	var values []float64
	for _, s := range c.segments {
		values = append(values, c.w[max(s.Lo, min(c.from, s.Hi)):s.Hi]...)
	}
	m := Mean(values)
	for _, v := range values {
		scale += float64((v - m) * (v - m))
	}
	if scale = math.Sqrt(scale / float64(len(values))); !(scale > 0) {
		scale = 1
	}
	if c.constant {
		mean = m
	}
	for i := range c.w {
		c.w[i] = (c.w[i] - mean) / scale
	}
	return mean, scale
}

// differenced gives the differences of order times at their own rows, and the segments without the rows that have none.
func differenced(d *Data, times int) ([]float64, []series.Span) {
	w := slices.Clone(d.Values)
	var segments []series.Span
	for _, s := range d.Segments {
		for k := range times {
			for t := s.Hi - 1; t > s.Lo+k; t-- {
				w[t] -= w[t-1]
			}
		}
		if s.Lo += times; s.Lo < s.Hi {
			segments = append(segments, s)
		}
	}
	return w, segments
}

func (a *arima) Needs() int { return max(1, len(a.phi)+a.times) }

func (a *arima) Parameters() map[string]float64 {
	p := map[string]float64{"constant": a.constant, "sse": a.total}
	for i, v := range a.phi {
		p[fmt.Sprint("ar_", i+1)] = v
	}
	for j, v := range a.theta {
		p[fmt.Sprint("ma_", j+1)] = v
	}
	return p
}

func restoreARIMA(m Model, r *numbers) *arima {
	a := &arima{arma: arma{r.any("constant"), r.list("ar_"), r.list("ma_")}, times: m.Difference, total: r.any("sse")}
	if r.err == nil && (len(a.phi) != m.Order || len(a.theta) != m.Average) {
		r.err = fmt.Errorf("%d ar and %d ma, expected %d and %d", len(a.phi), len(a.theta), m.Order, m.Average)
	}
	return a
}

// Forecast adds the forecasts of the differences to what was last seen; future errors are zero.
func (a *arima) Forecast(d *Data, targets []int, h int) []float64 {
	f := missing(len(targets))
	w, segments := differenced(d, a.times)
	e := make([]float64, len(w))
	(&conditional{w: w, segments: segments, skip: true}).errors(&a.arma, func(t int, v float64) { e[t] = v })
	p, q := len(a.phi), len(a.theta)
	lags, errs := make([]float64, p), make([]float64, q) // latest first
	last := make([]float64, a.times)                     // last value, last difference ...
	for i, t := range targets {
		o, start := t-h, d.Start(t)
		if o-start+1 < a.Needs() {
			continue
		}
		for j := range lags {
			lags[j] = w[o-j]
		}
		for j := range errs {
			errs[j] = 0
			if o-j >= start {
				errs[j] = e[o-j]
			}
		}
		ends(d.Values, o, last)
		next := 0.0
		for range h {
			next = a.constant
			for j, b := range a.phi {
				next += float64(b * lags[j])
			}
			for j, b := range a.theta {
				next += float64(b * errs[j])
			}
			shift(lags, next)
			shift(errs, 0)
			for k := a.times - 1; k >= 0; k-- {
				last[k] += next
				next = last[k]
			}
		}
		f[i] = next
	}
	return f
}

// ends sets last[k] to the difference of order k at row o.
func ends(x []float64, o int, last []float64) {
	for k := range last {
		switch k {
		case 0:
			last[k] = x[o]
		case 1:
			last[k] = x[o] - x[o-1]
		default:
			last[k] = (x[o] - x[o-1]) - (x[o-1] - x[o-2])
		}
	}
}

func shift(values []float64, first float64) {
	if len(values) > 0 {
		copy(values[1:], values)
		values[0] = first
	}
}
