package stats

import "math"

// MinHurst is the shortest series whose Hurst exponent is estimated: its 95 % interval is then 0.4 wide, and anything shorter says nothing.
const MinHurst = 128

// Memory is an estimate of the Hurst exponent.
type Memory struct {
	H           float64 // 0.5: no long memory; 0.5..1: long-range dependence; 1 and more: not stationary
	Low, High   float64 // 95 %
	Frequencies int     // how many of the lowest frequencies were used
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
	d, m, err := localWhittle(x)
	if err != nil {
		return nil, err
	}
	if d > 0.75 {
		difference := make([]float64, len(x)-1)
		for i := range difference {
			difference[i] = x[i+1] - x[i]
		}
		rest, frequencies, err := localWhittle(difference)
		if err == nil { // a straight line has none: it stays where it was
			d, m = 1+rest, frequencies
		}
	}
	half := Z95 / (2 * math.Sqrt(float64(m)))
	return &Memory{H: 0.5 + d, Low: 0.5 + d - half, High: 0.5 + d + half, Frequencies: m}, nil
}

// localWhittle finds d on m frequencies.
func localWhittle(x []float64) (d float64, m int, err error) {
	if constant(x) {
		return 0, 0, ErrConstant
	}
	m = int(pow(float64(len(x)), 0.65))
	power, err := Periodogram(x, 1)
	if err != nil {
		return 0, 0, err
	}
	logs, largest := make([]float64, m), 0.0
	for j := range logs {
		logs[j] = log(float64(j+1) / float64(m)) // the unit of lambda does not matter
		largest = max(largest, power[j+1])
	}
	if largest == 0 {
		return 0, 0, ErrConstant
	}
	for j := range logs {
		power[j+1] /= largest
	}
	meanLog := Mean(Single(logs))
	// The objective is convex in d: its derivative grows and is zero where the power-weighted mean of the logs is the plain one.
	low, high := -0.5, 1.0
	for range 60 {
		d = (low + high) / 2
		var weights, weighted sum
		for j, l := range logs {
			w := float64(exp(float64(2*d*l)) * power[j+1])
			weights.add(w)
			weighted.addProduct(w, l)
		}
		if weighted.value()/weights.value() > meanLog {
			high = d
		} else {
			low = d
		}
	}
	return (low + high) / 2, m, nil
}

func constant(x []float64) bool {
	for _, v := range x {
		if v != x[0] {
			return false
		}
	}
	return true
}
