package forecast

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Comparison is the outcome of a Diebold-Mariano test.
type Comparison struct {
	N          int
	Difference float64 // mean loss difference; positive: the first loses more
	DM         float64 // Diebold and Mariano 1995
	HLN        float64 // with the small-sample correction of Harvey, Leybourne and Newbold 1997, eq. 9
	P          float64 // two-sided, Student t with N-1 degrees of freedom
	Error      float64 // standard error of Difference, correction included: Difference / HLN
}

// Detectable is the smallest mean loss difference that the test would have found at 5 %, two-sided, with a power of 80 %: (t(0.975) + t(0.8)) standard errors, Student t
// with N-1 degrees of freedom. NaN without a standard error.
func (c Comparison) Detectable() float64 {
	if c.N < 2 || math.IsNaN(c.Error) {
		return math.NaN()
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(c.N - 1)}
	return float64(Significant(t.Quantile(0.975)+t.Quantile(0.8), 10) * c.Error)
}

// DieboldMariano compares two forecasts by their errors on the same targets, squared loss, h steps ahead: positive HLN means that the first loses more. See
// DieboldMarianoLoss.
func DieboldMariano(e1, e2 []float64, h int) Comparison {
	d := make([]float64, len(e1))
	for i := range e1 {
		d[i] = float64(e1[i]*e1[i]) - float64(e2[i]*e2[i])
	}
	return DieboldMarianoLoss(d, h)
}

// least is the smallest long-run variance, as share of the plain one, that is believed: loss differences of forecasts several steps ahead overlap and go together, so that an estimate
// far below is the noise of many autocovariances of few values, and would make anything significant.
const least = 0.25

// DieboldMarianoLoss tests whether the mean of the loss differences is zero. Their variance is (g0 + 2 sum over 0 < k < h of g_k)/n with autocovariances g_k divided by n (rectangular window).
// When the differences are all zero the forecasts are the same: HLN 0, P 1. Fewer than two targets, h < 1 or >= n, or a variance that is not positive or
// below a quarter of g0/n (possible for h > 1: Harvey, Leybourne and Whitehouse 2017, International J. of Forecasting 33, 833-847) give NaN.
func DieboldMarianoLoss(d []float64, h int) Comparison {
	n := len(d)
	c := Comparison{N: n, Difference: Mean(d), DM: math.NaN(), HLN: math.NaN(), P: math.NaN(), Error: math.NaN()}
	if n < 2 || h < 1 || h >= n {
		return c
	}
	if !slices.ContainsFunc(d, func(v float64) bool { return v != 0 }) {
		c.DM, c.HLN, c.P, c.Error = 0, 0, 1, 0
		return c
	}
	variance, g0 := 0.0, 0.0
	for k := range h {
		g := 0.0
		for i := k; i < n; i++ {
			g += float64((d[i] - c.Difference) * (d[i-k] - c.Difference))
		}
		g /= float64(n)
		if k > 0 {
			g *= 2
		} else {
			g0 = g
		}
		variance += g
	}
	if !(variance > 0) || variance < least*g0 {
		return c
	}
	variance /= float64(n)
	c.DM = c.Difference / math.Sqrt(variance)
	N, H := float64(n), float64(h)
	correction := math.Sqrt((N + 1 - 2*H + H*(H-1)/N) / N)
	c.HLN, c.Error = c.DM*correction, math.Sqrt(variance)/correction
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: N - 1}
	c.P = min(2*t.CDF(-math.Abs(c.HLN)), 1)
	return c
}

// Holm adjusts p-values for testing all of them at once (Holm 1979, step-down): adjusted values keep the order of the raw ones, are at least
// as large and at most 1. NaN stays NaN and does not count as a test.
func Holm(p []float64) []float64 {
	var order []int
	for i, v := range p {
		if !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return 0
	})
	adjusted := missing(len(p))
	running := 0.0
	for rank, i := range order {
		running = max(running, min(float64(len(order)-rank)*p[i], 1))
		adjusted[i] = running
	}
	return adjusted
}

// MaxShift is the largest shift that LagCopy looks at, but for horizons beyond it.
const MaxShift = 10

// Lag says whether forecasts are yesterday's value in disguise.
type Lag struct {
	// Copy is the share of targets whose forecast is nearer to the last value seen, x[t-h], than to x[t], the value that it is of (ties count half): 1 for the naive
	// forecast but for repeated values, one half for a forecast that has nothing to do with either, 0 for an exact one. It counts instead of
	// summing squares so that one outlier does not decide. NaN without targets.
	Copy float64
	// Shift is the k in 0..max(MaxShift, h) for which forecasts f[t] and values x[t-k] correlate most (the smallest such k): how many steps the forecast lags behind. De Vos
	// and Rientjes 2005, Hydrol. Earth Syst. Sci. 9, 111-126, shift forecasts against observations in the same way. 0 for constant forecasts.
	Shift int
}

// LagCopy computes Lag over the targets of forecasts h steps ahead. A forecast near the last value is not wrong by that alone (for a random walk it is the best there is): it is a copy in
// disguise when it also fails to beat the naive forecast, which the caller tests. Shifts are compared on the targets that have as many points before them as the largest; where
// there are none, Shift is 0.
func LagCopy(d *Data, targets []int, forecast []float64, h int) Lag {
	shifts := max(MaxShift, h)
	nearer, n := 0.0, 0
	var deep []int        // targets with enough history for every shift
	var shifted []float64 // their forecasts
	for i, t := range targets {
		history := t - d.Start(t)
		if history < h {
			continue
		}
		n++
		here, last := math.Abs(forecast[i]-d.Values[t]), math.Abs(forecast[i]-d.Values[t-h])
		switch {
		case last < here:
			nearer++
		case last == here:
			nearer += 0.5
		}
		if history >= shifts {
			deep = append(deep, t)
			shifted = append(shifted, forecast[i])
		}
	}
	lag := Lag{Copy: nearer / float64(n)}
	most := math.Inf(-1)
	values := make([]float64, len(deep))
	for k := range shifts + 1 {
		for i, t := range deep {
			values[i] = d.Values[t-k]
		}
		if r := correlation(shifted, values); r > most {
			most, lag.Shift = r, k
		}
	}
	return lag
}

// correlation is Pearson's, NaN when a or b is constant up to rounding.
func correlation(a, b []float64) float64 {
	ma, mb := Mean(a), Mean(b)
	var ab, aa, bb float64
	for i := range a {
		ab += float64((a[i] - ma) * (b[i] - mb))
		aa += float64((a[i] - ma) * (a[i] - ma))
		bb += float64((b[i] - mb) * (b[i] - mb))
	}
	const tiny = 1e-24 // of the squared mean: the deviations are rounding errors
	if n := float64(len(a)); aa <= tiny*n*ma*ma || bb <= tiny*n*mb*mb {
		return math.NaN()
	}
	return ratio(ab, math.Sqrt(aa)*math.Sqrt(bb))
}
