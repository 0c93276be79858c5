package forecast

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// IntervalScore is how good prediction intervals are on their targets.
type IntervalScore struct {
	N              int     // targets that have an interval
	Inside         int     // of them, how many values are in [low, high]
	Coverage       float64 // Inside / N
	Low, High      float64 // 95 % interval of Coverage: Clopper and Pearson 1934
	Width          float64 // mean of high - low
	Winkler        float64 // mean of the width plus 2/(1-level) times how far outside the value is: Winkler 1972, J. American Statistical Association 67, 187-191; lower is better
	QuantileLoss   float64 // mean pinball loss of low and high as quantiles (1-level)/2 and (1+level)/2: Koenker and Bassett 1978
	Nominal, Alpha float64 // level and 1 - level
}

// MeasureIntervals scores intervals of the nominal level (0 < level < 1). Targets with NaN ends are left out; without any, everything is NaN.
func MeasureIntervals(actual, low, high []float64, level float64) IntervalScore {
	s := IntervalScore{Nominal: level, Alpha: 1 - level}
	for i, v := range actual {
		l, h := low[i], high[i]
		if math.IsNaN(l) || math.IsNaN(h) {
			continue
		}
		s.N++
		s.Width += h - l
		outside := max(l-v, v-h, 0)
		if outside == 0 {
			s.Inside++
		}
		s.Winkler += h - l + float64(2/s.Alpha*outside)
		tail := float64(s.Alpha / 2)
		s.QuantileLoss += float64((Pinball(v, l, tail) + Pinball(v, h, 1-tail)) / 2)
	}
	n := float64(s.N)
	s.Coverage, s.Width, s.Winkler, s.QuantileLoss = float64(s.Inside)/n, s.Width/n, s.Winkler/n, s.QuantileLoss/n
	s.Low, s.High = Binomial(s.Inside, s.N)
	return s
}

// Pinball is the quantile loss of forecasting the q-quantile: q (v-f) for a value above it, (1-q) (f-v) below.
func Pinball(v, f, q float64) float64 {
	if v >= f {
		return float64(q * (v - f))
	}
	return float64((1 - q) * (f - v))
}

// Binomial is the exact 95 % confidence interval of a share, k of n (Clopper and Pearson 1934, Biometrika 26, 404-413). NaN for n = 0. Ends are rounded to 10 digits.
func Binomial(k, n int) (low, high float64) {
	if n == 0 {
		return math.NaN(), math.NaN()
	}
	low, high = 0, 1
	if k > 0 {
		low = Significant(distuv.Beta{Alpha: float64(k), Beta: float64(n - k + 1)}.Quantile(0.025), 10)
	}
	if k < n {
		high = Significant(distuv.Beta{Alpha: float64(k + 1), Beta: float64(n - k)}.Quantile(0.975), 10)
	}
	return low, high
}
