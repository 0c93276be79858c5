package stats

import "math"

// Model says how trend, season and rest make up a series.
type Model uint8

const (
	Additive       Model = iota // observed = trend + seasonal + residual
	Multiplicative              // observed = trend * seasonal * residual
)

// String is "additive" or "multiplicative".
func (m Model) String() string {
	if m == Multiplicative {
		return "multiplicative"
	}
	return "additive"
}

// MinCycles is how many periods a run needs to be decomposed at all; FewCycles is the number below which the seasonal figure is mostly noise: it
// averages fewer than five points a phase.
const (
	MinCycles = 2
	FewCycles = 5
)

// Decomposition is a series taken apart. Trend, Seasonal and Residual have one value per point of all runs, in order; NaN where there is none: the
// trend needs half a period on both sides, and runs shorter than MinCycles periods have nothing.
type Decomposition struct {
	Period                    int
	Model                     Model
	Trend, Seasonal, Residual []float64
	Figure                    []float64 // the season by phase 0..Period-1; phase 0 is the series' first point
	Cycles                    float64   // periods in the runs that were decomposed
	// Strengths after Wang, Smith and Hyndman (2006), 0..1: max(0, 1 - var(R)/var(S+R)) and max(0, 1 - var(R)/var(T+R)), population variances
	// where R exists. For a multiplicative model, which they do not treat, the same with S*R and T*R/mean(T).
	SeasonalStrength, TrendStrength float64

	detrended []float64 // observed without trend, where there is one, in order
	phase     []int     // its phases
	runs      []int     // its lengths by run, for the bootstrap
}

// Decompose is the classical decomposition as statsmodels' seasonal_decompose(two_sided=True): a centred moving average over one period (for
// an even one with halved ends), the mean of what is left by phase, that minus (divided by) its own mean. Runs share one figure; a run's phase
// follows its Start. ErrShort when no run holds MinCycles periods, ErrNotPositive, or ErrConstant.
func Decompose(runs []Run, period int, model Model) (*Decomposition, error) {
	if period < 2 || len(Longest(runs).Values)/MinCycles < period {
		return nil, ErrShort
	}
	n := Count(runs)
	d := &Decomposition{Period: period, Model: model, Trend: missing(n), Seasonal: missing(n), Residual: missing(n)}
	at, points, constant := 0, 0, true
	for _, r := range runs {
		if len(r.Values) >= MinCycles*period {
			movingAverage(d.Trend[at:at+len(r.Values)], r.Values, period)
			before := len(d.detrended)
			for i, v := range r.Values {
				if model == Multiplicative && v <= 0 {
					return nil, ErrNotPositive
				}
				constant = constant && v == r.Values[0]
				if t := d.Trend[at+i]; !math.IsNaN(t) {
					d.detrended = append(d.detrended, model.without(v, t))
					d.phase = append(d.phase, phase(r.Start+i, period))
				}
			}
			d.runs = append(d.runs, len(d.detrended)-before)
			points += len(r.Values)
		}
		at += len(r.Values)
	}
	if constant {
		return nil, ErrConstant
	}
	d.Cycles = float64(points) / float64(period)
	d.Figure = tally(d.detrended, d.phase, period).figure(model)
	d.assemble(runs)
	return d, nil
}

func (m Model) without(observed, part float64) float64 {
	if m == Multiplicative {
		return observed / part
	}
	return observed - part
}

func phase(place, period int) int { return ((place % period) + period) % period }

// assemble fills Seasonal, Residual and the strengths.
func (d *Decomposition) assemble(runs []Run) {
	at := 0
	var rest, seasonal, trend []float64
	for _, r := range runs {
		if len(r.Values) < MinCycles*d.Period {
			at += len(r.Values)
			continue
		}
		for i, v := range r.Values {
			season, t := d.Figure[phase(r.Start+i, d.Period)], d.Trend[at]
			d.Seasonal[at] = season
			if !math.IsNaN(t) {
				e := d.Model.without(d.Model.without(v, t), season)
				d.Residual[at] = e
				rest = append(rest, e)
				if d.Model == Multiplicative {
					seasonal, trend = append(seasonal, float64(season*e)), append(trend, float64(t*e))
				} else {
					seasonal, trend = append(seasonal, season+e), append(trend, t+e)
				}
			}
			at++
		}
	}
	if d.Model == Multiplicative {
		mean := Mean(Single(trend))
		for i := range trend {
			trend[i] /= mean
		}
	}
	v := variance(rest)
	d.SeasonalStrength, d.TrendStrength = strength(v, variance(seasonal)), strength(v, variance(trend))
}

func strength(rest, whole float64) float64 {
	if !(whole > 0) {
		return 0
	}
	return max(0, 1-rest/whole)
}

// variance is the population variance.
func variance(x []float64) float64 {
	mean := Mean(Single(x))
	var s sum
	for _, v := range x {
		s.addProduct(v-mean, v-mean)
	}
	return s.value() / float64(len(x))
}

func missing(n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = math.NaN()
	}
	return x
}

// movingAverage writes the centred average of x over one period into out, whose ends it leaves alone. The window's sum slides, compensated, so
// that the cost does not grow with the period and the error does not grow with the length.
func movingAverage(out, x []float64, period int) {
	half := period / 2
	inner := period // points with full weight
	if period%2 == 0 {
		inner--
	}
	first := half - inner/2 // the first full weight of the window centred on half
	var window sum
	for _, v := range x[first : first+inner] {
		window.add(v)
	}
	for c := half; c+half < len(x); c++ {
		s := window
		if period%2 == 0 {
			s.add(x[c-half] / 2)
			s.add(x[c+half] / 2)
		}
		out[c] = s.value() / float64(period)
		if next := c + inner/2 + 1; next < len(x) {
			window.add(-x[c-inner/2])
			window.add(x[next])
		}
	}
}
