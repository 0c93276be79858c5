package predictor

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"weir/internal/forecast"
	"weir/internal/forest"
	"weir/internal/modelfile"
)

// The kinds of trees.
const (
	Boosting = "boosting"
	Forest   = "forest"
)

// Trees are an ensemble for each horizon, and of boosting with quantiles one for each of them too. A row for x[t] at horizon h is x[t-h] and the points before it, look-back of them, then each
// covariate: a known one at t, a lagged one at t-h.
type Trees struct {
	Horizons  []int
	Quantiles []float64 // increasing, 0.5 among them; none: one ensemble of squared errors
	LookBack  int
	Ensembles []*forest.Model // [horizon][quantile]
}

// Examples makes the rows of the targets that have the history at horizon h; kept are these.
func Examples(d *forecast.Data, targets []int, h, lookBack int) (x forest.Matrix, kept []int) {
	for _, t := range targets {
		if t-h-lookBack+1 >= d.Start(t) {
			kept = append(kept, t)
		}
	}
	x = forest.Matrix{Rows: len(kept), Columns: lookBack + len(d.Covariates)}
	x.Values = make([]float64, 0, x.Rows*x.Columns)
	for _, t := range kept {
		for j := range lookBack {
			x.Values = append(x.Values, d.Values[t-h-j])
		}
		for _, c := range d.Covariates {
			at := t - h
			if c.Known {
				at = t
			}
			x.Values = append(x.Values, c.Values[at])
		}
	}
	return x, kept
}

// Forecast implements Model.
func (m *Trees) Forecast(ctx context.Context, d *forecast.Data, targets, horizons []int) ([]Forecast, error) {
	all := make([]Forecast, len(horizons))
	for k, h := range horizons {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		own := slices.Index(m.Horizons, h)
		if own < 0 {
			return nil, fmt.Errorf("horizon %d: the trees forecast %v", h, m.Horizons)
		}
		if want := m.Ensembles[0].Columns(); want != m.LookBack+len(d.Covariates) {
			return nil, fmt.Errorf("the trees have %d features, the data %d", want, m.LookBack+len(d.Covariates))
		}
		for at := 0; at < len(targets); at += block {
			all[k].add(m.forecast(own, d, targets[at:min(at+block, len(targets))], h))
		}
	}
	return all, nil
}

// block is how many targets are answered at once: it bounds the memory of their rows, and changes nothing else.
const block = 4096

func (f *Forecast) add(more Forecast) {
	f.Point, f.Low, f.High = append(f.Point, more.Point...), append(f.Low, more.Low...), append(f.High, more.High...)
}

// forecast asks the ensembles of one horizon.
func (m *Trees) forecast(horizon int, d *forecast.Data, targets []int, h int) Forecast {
	x, kept := Examples(d, targets, h, m.LookBack)
	q := max(1, len(m.Quantiles))
	place := func(values []float64) []float64 {
		out := missing(len(targets))
		for i, t := range kept {
			at, _ := slices.BinarySearch(targets, t)
			out[at] = values[i]
		}
		return out
	}
	answers := make([][]float64, q)
	for i := range answers {
		answers[i] = m.Ensembles[horizon*q+i].Predict(&x)
	}
	f := Forecast{Point: place(answers[max(0, slices.Index(m.Quantiles, 0.5))])}
	if q == 1 {
		return f
	}
	low, high := make([]float64, len(kept)), make([]float64, len(kept))
	for i := range kept {
		low[i], high[i] = answers[0][i], answers[0][i]
		for _, a := range answers {
			low[i], high[i] = min(low[i], a[i]), max(high[i], a[i])
		}
	}
	f.Low, f.High = place(low), place(high)
	return f
}

func (m *Trees) save(f *modelfile.File) error {
	f.Header.Quantiles = m.Quantiles
	for i, e := range m.Ensembles {
		for _, t := range e.Tensors() {
			f.Header.Tensors = append(f.Header.Tensors, modelfile.Shape{Name: prefix(i) + t.Name, Shape: t.Shape})
			f.Data = append(f.Data, t.Data)
		}
	}
	return nil
}

func prefix(ensemble int) string { return strconv.Itoa(ensemble) + "/" }

func treesOf(f *modelfile.File, m *Fitted) (*Trees, error) {
	trees := &Trees{Horizons: m.Horizons, Quantiles: f.Header.Quantiles, LookBack: m.LookBack}
	if err := CheckQuantiles(trees.Quantiles); err != nil {
		return nil, err
	}
	at := 0
	for i := range len(m.Horizons) * max(1, len(trees.Quantiles)) {
		var tensors []forest.Tensor
		for ; at < len(f.Data); at++ {
			name, ok := strings.CutPrefix(f.Header.Tensors[at].Name, prefix(i))
			if !ok {
				break
			}
			tensors = append(tensors, forest.Tensor{Name: name, Shape: f.Header.Tensors[at].Shape, Data: f.Data[at]})
		}
		e, err := forest.FromTensors(tensors)
		if err != nil {
			return nil, err
		}
		if want := m.LookBack + len(m.Features) - 1; e.Columns() != want || e.Outputs() != 1 {
			return nil, fmt.Errorf("trees of %d features and %d outputs, expected %d and 1", e.Columns(), e.Outputs(), want)
		}
		trees.Ensembles = append(trees.Ensembles, e)
	}
	if at != len(f.Data) {
		return nil, fmt.Errorf("%d tensors, expected %d", len(f.Data), at)
	}
	return trees, nil
}
