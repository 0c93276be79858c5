package stats

import (
	"math"
	"slices"
)

// MinHurst is the shortest series whose Hurst exponent is estimated: its 95 % interval is then 0.4 wide, and anything shorter says nothing.
const MinHurst = 128

// Memory is an estimate of the Hurst exponent.
type Memory struct {
	H           float64 // 0.5: no long memory; 0.5..1: long-range dependence; 1 and more: not stationary
	Low, High   float64 // 95 %
	Frequencies int     // how many of the lowest frequencies were used
	// Cycle is the number of periods in the series of a cycle that outweighs the memory: one frequency beyond the third that carries more than 0.3 of the
	// power used (noise of the shortest series accepted stays below that). The estimate then describes the cycle's flank. 0: none.
	Cycle int
}

// Hurst is the local Whittle estimate (Kuensch 1987; Robinson 1995, Annals of Statistics 23): only the m = floor(n^0.65) lowest frequencies of the
// periodogram are used, and nothing is assumed about the rest of the spectrum. The memory d = H - 1/2 minimises
//
//	log(mean_j lambda_j^(2d) I_j) - 2d mean_j log lambda_j,   -1/2 <= d <= 1
//
// and has the standard error 1/(2 sqrt(m)), whatever the series. That holds for d < 3/4 (Velasco 1999, Journal of Time Series Analysis 20); an estimate above is
// replaced by that of the differenced series plus 1. A daily cycle, a trend or a shift of the level looks like long memory to this and to every other
// estimator. ErrShort under MinHurst points, ErrLong as Periodogram, ErrConstant.
func Hurst(x []float64) (*Memory, error) {
	if len(x) < MinHurst {
		return nil, ErrShort
	}
	power, m, err := lowPower(x)
	if err != nil {
		return nil, err
	}
	d, strongest := localWhittle(power), cycle(power)
	if d > 0.75 {
		difference := make([]float64, len(x)-1)
		for i := range difference {
			difference[i] = x[i+1] - x[i]
		}
		if power, frequencies, err := lowPower(difference); err == nil { // a straight line has none: it stays where it was
			d, m = 1+localWhittle(power), frequencies
		}
	}
	half := Z95 / (2 * math.Sqrt(float64(m)))
	return &Memory{H: 0.5 + d, Low: 0.5 + d - half, High: 0.5 + d + half, Frequencies: m, Cycle: strongest}, nil
}

// lowPower is the periodogram at the m lowest frequencies: power[0] belongs to one period in the series, and the largest is 1.
func lowPower(x []float64) (power []float64, m int, err error) {
	if constant(x) {
		return nil, 0, ErrConstant
	}
	if power, err = Periodogram(x, 1); err != nil {
		return nil, 0, err
	}
	m = int(pow(float64(len(x)), 0.65))
	power = power[1 : m+1]
	largest := slices.Max(power)
	if largest == 0 {
		return nil, 0, ErrConstant
	}
	for j := range power {
		power[j] /= largest
	}
	return power, m, nil
}

// cycle finds the frequency that Memory.Cycle describes.
func cycle(power []float64) int {
	strongest, total := 0, 0.0
	for j, p := range power {
		total += p
		if p > power[strongest] {
			strongest = j
		}
	}
	if strongest >= 3 && power[strongest] > float64(0.3*total) {
		return strongest + 1
	}
	return 0
}

// localWhittle finds d. The objective is convex: its derivative grows and is zero where the power-weighted mean of log lambda is the plain one.
func localWhittle(power []float64) float64 {
	logs := make([]float64, len(power))
	for j := range logs {
		logs[j] = log(float64(j+1) / float64(len(power))) // the unit of lambda does not matter
	}
	meanLog := Mean(Single(logs))
	low, high := -0.5, 1.0
	for range 60 {
		d := (low + high) / 2
		var weights, weighted sum
		for j, l := range logs {
			w := float64(exp(float64(2*d*l)) * power[j])
			weights.add(w)
			weighted.addProduct(w, l)
		}
		if weighted.value()/weights.value() > meanLog {
			high = d
		} else {
			low = d
		}
	}
	return (low + high) / 2
}

func constant(x []float64) bool {
	for _, v := range x {
		if v != x[0] {
			return false
		}
	}
	return true
}
