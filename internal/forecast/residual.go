package forecast

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// ACF returns the autocorrelations of values at lags 0..lags around their mean, divided by n (so that |r| <= 1); NaN for a constant, lags beyond n-1 are left out.
func ACF(values []float64, lags int) []float64 {
	n := len(values)
	lags = min(lags, n-1)
	if lags < 0 {
		return nil
	}
	mean := Mean(values)
	g := make([]float64, lags+1)
	for k := range g {
		for i := k; i < n; i++ {
			g[k] += float64((values[i] - mean) * (values[i-k] - mean))
		}
	}
	g0 := g[0]
	for k := range g {
		g[k] = ratio(g[k], g0)
	}
	return g
}

// LjungBox tests whether autocorrelations 1..lags of n values are all zero (Ljung and Box 1978): Q and its p-value from chi-squared with as many degrees of freedom.
// acf is that of ACF. Without lags, or for a constant, both are NaN.
func LjungBox(acf []float64, n, lags int) (q, p float64) {
	if lags < 1 || lags >= len(acf) || lags >= n {
		return math.NaN(), math.NaN()
	}
	for k := 1; k <= lags; k++ {
		q += float64(acf[k]*acf[k]) / float64(n-k)
	}
	q *= float64(n) * float64(n+2)
	if math.IsNaN(q) {
		return q, q
	}
	return q, distuv.ChiSquared{K: float64(lags)}.Survival(q)
}

// Interval is the mean of some values, such as one score over several seeds, with its 95 % confidence interval.
type Interval struct {
	Mean, Low, High float64
	Count           int
}

// MeanInterval takes Student's t interval, mean ± t(0.975, n-1) s/√n. One value has no interval (Low and High NaN), none is NaN altogether. The quantile is
// rounded to 10 significant digits so that the ends are the same on every machine.
func MeanInterval(values []float64) Interval {
	n := len(values)
	i := Interval{Mean: Mean(values), Low: math.NaN(), High: math.NaN(), Count: n}
	if n < 2 {
		return i
	}
	sum := 0.0
	for _, v := range values {
		sum += float64((v - i.Mean) * (v - i.Mean))
	}
	t := Significant(distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 1)}.Quantile(0.975), 10)
	half := float64(t * math.Sqrt(sum/float64(n-1)/float64(n)))
	i.Low, i.High = i.Mean-half, i.Mean+half
	return i
}
