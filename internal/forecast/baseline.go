package forecast

import (
	"fmt"
	"math"
)

// Baseline is a forecaster that needs no training loop. Zero fields that a model does not use are ignored.
type Baseline struct {
	Model  string // naive, drift, mean, seasonal_naive, moving_average, ar, ses or holt
	Order  int    // p of ar
	Period int    // m of seasonal_naive
	Window int    // k of moving_average
}

// Forecast fits b on the training part, rows [0, end) of d, and returns its forecasts at the targets (NaN where the segment has too little history) with
// what was fitted: mean; order, intercept and sse; alpha, beta, level, trend and sse. An unknown model or an impossible option is an error.
func (b Baseline) Forecast(d *Data, end int, targets []int) ([]float64, map[string]float64, error) {
	if end < 1 || end > d.Len() {
		return nil, nil, fmt.Errorf("%s: no training part", b.Model)
	}
	switch b.Model {
	case "naive":
		return d.Before(targets), nil, nil
	case "drift":
		return Drift(d, targets), nil, nil
	case "mean":
		m := Mean(d.Values[:end])
		return constant(m, len(targets)), map[string]float64{"mean": m}, nil
	case "seasonal_naive":
		if b.Period < 1 {
			return nil, nil, fmt.Errorf("seasonal_naive: period %d, expected at least 1", b.Period)
		}
		return SeasonalNaive(d, b.Period, targets), nil, nil
	case "moving_average":
		if b.Window < 1 {
			return nil, nil, fmt.Errorf("moving_average: window %d, expected at least 1", b.Window)
		}
		return MovingAverage(d, b.Window, targets), nil, nil
	case "ar":
		a, err := FitAR(d, end, b.Order)
		if err != nil {
			return nil, nil, err
		}
		return a.Forecast(d, targets), map[string]float64{"intercept": a.Intercept, "sse": a.SSE}, nil
	case "ses", "holt":
		s, err := fitSmoothing(d, end, b.Model == "holt")
		if err != nil {
			return nil, nil, err
		}
		fitted := map[string]float64{"alpha": s.Alpha, "level": s.Level, "sse": s.SSE}
		if s.Trended {
			fitted["beta"], fitted["trend"] = s.Beta, s.Trend
		}
		return s.Forecast(d, targets), fitted, nil
	}
	return nil, nil, fmt.Errorf("unknown baseline %q: expected naive, drift, mean, seasonal_naive, moving_average, ar, ses or holt", b.Model)
}

// Naive forecasts the last value: x[t-1].
func Naive(d *Data, targets []int) []float64 { return d.Before(targets) }

// Drift forecasts x[t-1] plus the mean step so far, (x[t-1] - x[s]) / (t-1-s) with s the first row of the segment; with one point of history
// that is the point itself.
func Drift(d *Data, targets []int) []float64 {
	f := make([]float64, len(targets))
	for i, t := range targets {
		s := d.Start(t)
		switch {
		case t == s:
			f[i] = math.NaN()
		case t-1 == s:
			f[i] = d.Values[s]
		default:
			f[i] = d.Values[t-1] + (d.Values[t-1]-d.Values[s])/float64(t-1-s)
		}
	}
	return f
}

// SeasonalNaive forecasts the value one period ago: x[t-m].
func SeasonalNaive(d *Data, m int, targets []int) []float64 {
	f := make([]float64, len(targets))
	for i, t := range targets {
		f[i] = math.NaN()
		if t-d.Start(t) >= m {
			f[i] = d.Values[t-m]
		}
	}
	return f
}

// MovingAverage forecasts the mean of the last k values.
func MovingAverage(d *Data, k int, targets []int) []float64 {
	f := make([]float64, len(targets))
	for i, t := range targets {
		f[i] = math.NaN()
		if t-d.Start(t) >= k {
			f[i] = Mean(d.Values[t-k : t])
		}
	}
	return f
}

// Mean is the arithmetic mean, NaN for nothing.
func Mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

func constant(v float64, n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = v
	}
	return values
}
