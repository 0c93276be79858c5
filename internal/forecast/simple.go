package forecast

import "math"

// simple is a model without parameters, or with the mean only.
type simple struct {
	model Model
	mean  float64
}

func (s *simple) Parameters() map[string]float64 {
	if s.model.Name == "mean" {
		return map[string]float64{"mean": s.mean}
	}
	return map[string]float64{}
}

func (s *simple) Needs() int {
	switch s.model.Name {
	case "mean":
		return 0
	case "seasonal_naive":
		return s.model.Period
	case "moving_average":
		return s.model.Window
	}
	return 1
}

func (s *simple) Forecast(d *Data, targets []int, h int) []float64 {
	f := missing(len(targets))
	for i, t := range targets {
		last, start := t-h, d.Start(t) // the last row seen, the first of the segment
		switch s.model.Name {
		case "mean":
			f[i] = s.mean
		case "naive":
			if last >= start {
				f[i] = d.Values[last]
			}
		case "drift":
			f[i] = drift(d.Values, start, last, h)
		case "seasonal_naive":
			m := s.model.Period
			if ago := t - (h+m-1)/m*m; ago >= start { // as many whole periods as it takes to be seen
				f[i] = d.Values[ago]
			}
		case "moving_average":
			if k := s.model.Window; last-k+1 >= start {
				f[i] = Mean(d.Values[last-k+1 : last+1])
			}
		}
	}
	return f
}

// drift is x[last] plus h mean steps of the segment so far, (x[last] - x[start]) / (last - start); with one point of history that is the point itself.
func drift(x []float64, start, last, h int) float64 {
	switch {
	case last < start:
		return math.NaN()
	case last == start:
		return x[start]
	}
	return x[last] + float64(float64(h)*((x[last]-x[start])/float64(last-start)))
}

// Mean is the arithmetic mean, NaN for nothing.
func Mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
