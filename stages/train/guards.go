package train

import (
	"context"
	"math"
	"slices"

	"weir/internal/forecast"
	"weir/internal/lstm"
	"weir/internal/predictor"
)

// guard adds verdicts to the trial: those of one name become one. Nothing checked is no verdict.
func (j *job) guard(list ...forecast.Guard) {
	for _, g := range list {
		if g.Count == 0 {
			continue
		}
		i := slices.IndexFunc(j.trial.Guards, func(o forecast.Guard) bool { return o.Name == g.Name })
		if i < 0 {
			j.trial.Guards = append(j.trial.Guards, g)
			continue
		}
		j.trial.Guards[i].Passed = j.trial.Guards[i].Passed && g.Passed
		j.trial.Guards[i].Count += g.Count
	}
}

// scalerGuard says whether the window's ranges are those of the rows before the first target that validates or tests. In published they are meant to be others.
func scalerGuard(p forecast.Protocol, w *forecast.Window, d *forecast.Data, split forecast.Split) forecast.Guard {
	g := forecast.Guard{Name: "scaler"}
	if p == forecast.Published {
		return g
	}
	end := slices.Concat(split.Validation, split.Test)[0]
	last := split.Train[len(split.Train)-1]
	honest := d.Head(min(last+1, end))
	columns := [][]float64{honest.Values}
	for _, c := range honest.Covariates {
		columns = append(columns, c.Values)
	}
	g.Count, g.Passed = len(w.Scalers), last < end
	for i, s := range w.Scalers {
		low, high := slices.Min(columns[i]), slices.Max(columns[i])
		g.Passed = g.Passed && s.Min == low && s.Max == high
	}
	return g
}

// windowGuard looks at every sample of a part: its window lies in the segment of its targets, all of it before them, and its targets are no later than the part's last and no other than
// the rows that at names, horizons of them a sample.
func windowGuard(d *forecast.Data, part []int, w *lstm.Windows, at []int, horizons int) forecast.Guard {
	g := forecast.Guard{Name: "window", Passed: true}
	if w == nil || len(part) == 0 {
		return g
	}
	g.Count = w.Len()
	if len(at) != w.Len()*horizons {
		g.Passed = false
		return g
	}
	for i, end := range w.Ends {
		own := at[i*horizons : (i+1)*horizons]
		if end > own[0] || end-w.LookBack < d.Start(own[0]) || d.Start(own[0]) != d.Start(own[horizons-1]) || own[horizons-1] > part[len(part)-1] {
			g.Passed = false
		}
	}
	return g
}

// fitGuard learns again after everything behind the training part, rows from end on, was replaced: the same numbers, to the bit, must come out.
func fitGuard(d *forecast.Data, end int, learn func(*forecast.Data) ([]float64, error)) (forecast.Guard, error) {
	g := forecast.Guard{Name: "fit_poison"}
	seen, err := learn(d)
	if err != nil {
		return g, err
	}
	blind, err := learn(poison(d, end))
	g.Count, g.Passed = len(seen), err == nil && same(seen, blind)
	return g, nil
}

// poisonings bounds the forecasts of one horizon that are repeated on poisoned data, and poisonWork the rows that are copied for all of them.
const (
	poisonings = 8
	poisonWork = 1 << 23
)

// poisonGuard repeats forecasts of targets after all that they must not see, values and lagged covariates from t-h+1 on, was replaced: they must have the same bits.
func poisonGuard(ctx context.Context, m predictor.Model, d *forecast.Data, targets, horizons []int) (forecast.Guard, error) {
	g := forecast.Guard{Name: "future_poison", Passed: true}
	if len(targets) == 0 {
		return g, nil
	}
	far := pick(horizons, 4)
	per := max(1, min(poisonings, poisonWork/(d.Len()*len(far))))
	for _, h := range far {
		for _, t := range pick(targets, per) {
			seen, err := m.Forecast(ctx, d, []int{t}, []int{h})
			if err != nil {
				return g, err
			}
			blind, err := m.Forecast(ctx, poison(d, t-h+1), []int{t}, []int{h})
			if err != nil {
				return g, err
			}
			g.Count++
			g.Passed = g.Passed && same(seen[0].Point, blind[0].Point) && same(seen[0].Low, blind[0].Low) && same(seen[0].High, blind[0].High)
		}
	}
	return g, nil
}

// pick takes at most n of a list, spread over it.
func pick(list []int, n int) []int {
	if len(list) <= n {
		return list
	}
	var some []int
	for i := range n {
		some = append(some, list[i*(len(list)-1)/max(1, n-1)])
	}
	return some
}

// poison replaces values and lagged covariates of rows from on by wild ones.
func poison(d *forecast.Data, from int) *forecast.Data {
	p := *d
	p.Values = wild(d.Values, from)
	p.Covariates = slices.Clone(d.Covariates)
	for k, c := range p.Covariates {
		if !c.Known {
			p.Covariates[k].Values = wild(c.Values, from)
		}
	}
	return &p
}

func wild(values []float64, from int) []float64 {
	w := slices.Clone(values)
	v := 1e6 * max(1, math.Abs(slices.Max(values)))
	for i := from; i < len(w); i++ {
		w[i] = v
		v = -v
	}
	return w
}

func same(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) })
}
