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

// DieboldMarianoLoss tests whether the mean of the loss differences is zero. Their variance is (g0 + 2 sum over 0 < k < h of g_k)/n with autocovariances g_k divided by n (rectangular window).
// When the differences are all zero the forecasts are the same: HLN 0, P 1. Fewer than two targets, h < 1 or >= n, or a variance that is not positive
// (possible for h > 1) give NaN.
func DieboldMarianoLoss(d []float64, h int) Comparison {
	n := len(d)
	c := Comparison{N: n, Difference: Mean(d), DM: math.NaN(), HLN: math.NaN(), P: math.NaN()}
	if n < 2 || h < 1 || h >= n {
		return c
	}
	if !slices.ContainsFunc(d, func(v float64) bool { return v != 0 }) {
		c.DM, c.HLN, c.P = 0, 0, 1
		return c
	}
	variance := 0.0
	for k := range h {
		g := 0.0
		for i := k; i < n; i++ {
			g += float64((d[i] - c.Difference) * (d[i-k] - c.Difference))
		}
		g /= float64(n)
		if k > 0 {
			g *= 2
		}
		variance += g
	}
	variance /= float64(n)
	if !(variance > 0) {
		return c
	}
	c.DM = c.Difference / math.Sqrt(variance)
	N, H := float64(n), float64(h)
	c.HLN = c.DM * math.Sqrt((N+1-2*H+H*(H-1)/N)/N)
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

// MaxShift is the largest shift that LagCopy looks at.
const MaxShift = 10

// Lag says whether forecasts are yesterday's value in disguise.
type Lag struct {
	// Copy is mean (f[t] - x[t-1])² / mean (f[t] - x[t])²: below 1 the forecast is nearer to the last value than to the one that it forecasts. Naive has
	// 0. NaN when f is exact.
	Copy float64
	// Shift is the k in 0..MaxShift whose mean (f[t] - x[t-k])² is smallest (the smallest such k): how many steps the forecast lags behind, as in de Vos and Rientjes 2005,
	// Hydrol. Earth Syst. Sci. 9, 111-126, who shift forecasts against observations until they agree best.
	Shift int
}

// LagCopy computes Lag over the targets. A forecast near the last value is not wrong by that alone (for a random walk it is the best there is): it is a copy in
// disguise when it also fails to beat the naive forecast, which the caller tests. Shifts are compared on the targets that have MaxShift points before them
// (or as many as all do); no targets give NaN and 0.
func LagCopy(d *Data, targets []int, forecast []float64) Lag {
	reach, usable := MaxShift, 0
	for _, t := range targets {
		if t-d.Start(t) >= MaxShift {
			usable++
		}
	}
	if usable == 0 {
		reach = 1
	}
	sums := make([]float64, reach+1)
	var near, far float64
	for i, t := range targets {
		history := t - d.Start(t)
		if history < 1 {
			continue
		}
		here, last := forecast[i]-d.Values[t], forecast[i]-d.Values[t-1]
		far += float64(here * here)
		near += float64(last * last)
		if history < reach {
			continue
		}
		for k := range sums {
			e := forecast[i] - d.Values[t-k]
			sums[k] += float64(e * e)
		}
	}
	lag := Lag{Copy: ratio(near, far)}
	for k, v := range sums {
		if v < sums[lag.Shift] {
			lag.Shift = k
		}
	}
	return lag
}
