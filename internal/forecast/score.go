package forecast

import (
	"math"
	"strconv"
)

// Score is how good forecasts are on their targets, in the unit of the series or its square.
type Score struct {
	N         int
	MSE, RMSE float64
	MAE       float64
	Bias      float64 // mean of actual - forecast: positive when forecasts are too low
	MASE      float64 // MAE / scale; Hyndman and Koehler 2006
	R2        float64 // 1 - SSE/SST around the mean of the targets
}

// Measure scores forecasts against actual values (same length, no NaN). The scale is MASEScale of the training part. No targets give NaN everywhere; a zero scale or
// constant targets make MASE or R2 NaN.
func Measure(actual, forecast []float64, scale float64) Score {
	e := Errors(actual, forecast)
	n := float64(len(e))
	sse := SumSquares(e)
	s := Score{N: len(e), MSE: sse / n, Bias: Mean(e)}
	abs := 0.0
	for _, v := range e {
		abs += math.Abs(v)
	}
	s.RMSE, s.MAE = math.Sqrt(s.MSE), abs/n
	s.MASE = ratio(s.MAE, scale)
	mean, sst := Mean(actual), 0.0
	for _, v := range actual {
		sst += float64((v - mean) * (v - mean))
	}
	s.R2 = 1 - ratio(sse, sst)
	return s
}

// MASEScale is mean |x[t] - x[t-m]| over the training part, rows [0, end), pairs within a segment. NaN when there is none.
func MASEScale(d *Data, end, m int) float64 {
	sum, n := 0.0, 0
	for _, span := range d.Segments {
		for t := span.Lo + m; t < min(span.Hi, end); t++ {
			sum += math.Abs(d.Values[t] - d.Values[t-m])
			n++
		}
	}
	return sum / float64(n)
}

// Skill is 1 - mse/reference, NaN for a reference of 0: above 0 is better than the reference.
func Skill(mse, reference float64) float64 { return 1 - ratio(mse, reference) }

// Errors returns actual - forecast.
func Errors(actual, forecast []float64) []float64 {
	e := make([]float64, len(actual))
	for i := range actual {
		e[i] = actual[i] - forecast[i]
	}
	return e
}

// SumSquares is the sum of v*v in index order.
func SumSquares(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += float64(v * v)
	}
	return sum
}

// ratio is a/b, NaN for b = 0.
func ratio(a, b float64) float64 {
	if b == 0 {
		return math.NaN()
	}
	return a / b
}

// Significant rounds v to the given number of significant decimal digits, half to even on the decimal expansion. For numbers that come from package math's
// logarithms and exponentials, whose last digits depend on the processor.
func Significant(v float64, digits int) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return v
	}
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', digits-1, 64), 64)
	if err != nil {
		return v
	}
	return r
}
