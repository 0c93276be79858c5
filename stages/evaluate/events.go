package evaluate

import (
	"fmt"
	"math"
	"slices"

	"weir/internal/forecast"
	"weir/internal/metric"
	"weir/internal/plot"
)

// events is the forecast of bursts under one protocol: the questions that all models are asked, and their answers.
type events struct {
	used   []*contest // horizons within reach
	within int
	folds  []*watch
	level  float64 // the first fold's
	rate   float64
	total  int // origins
	scores []*foresight
}

// watch is one fold: where bursts can be announced from, and whether they came.
type watch struct {
	level          float64
	test, validate origins
	onsets         []int // rows at which a burst begins
}

// origins are the last rows that a forecast sees, with where its targets are in the forecasts of each horizon.
type origins struct {
	rows     []int
	places   [][]int   // [horizon][origin]: index into the field's forecasts
	highest  []float64 // of the values within reach
	happened []bool
}

// foresight is how well one model foretells bursts: a value a seed.
type foresight struct {
	models                      []*model // at each horizon
	precision, brier, found, in []float64
	bursts                      int
	curve                       forecast.Curve // of the first seed
}

// bursts asks all models of a strict protocol with a validation part; nil where they cannot be asked.
func (e *Evaluate) bursts(group []*contest) *events {
	first := group[0]
	if first.protocol == forecast.Published || len(first.fields[0].validate) == 0 {
		return nil
	}
	v := &events{within: e.Within}
	if v.within == 0 {
		v.within = group[len(group)-1].horizon
	}
	for _, c := range group {
		if c.horizon <= v.within && len(c.fields) == 1 && len(c.fields[0].folds) == len(first.fields[0].folds) {
			v.used = append(v.used, c)
		}
	}
	if len(v.used) == 0 || v.used[0] != first {
		return nil
	}
	var happened []bool
	offset := make([][2]int, len(v.used)) // of test and validation forecasts of the fold, by horizon
	for k, one := range first.fields[0].folds {
		sorted := slices.Sorted(slices.Values(first.data.Values[one.from:one.end]))
		w := &watch{level: forecast.Quantile(sorted, e.Burst)}
		w.test = v.origins(w.level, func(i int) ([]int, int) { return v.used[i].fields[0].folds[k].test, offset[i][0] })
		w.validate = v.origins(w.level, func(i int) ([]int, int) { return v.used[i].fields[0].folds[k].validate, offset[i][1] })
		for i, c := range v.used {
			offset[i][0] += len(c.fields[0].folds[k].test)
			offset[i][1] += len(c.fields[0].folds[k].validate)
		}
		if len(w.test.rows) == 0 || len(w.validate.rows) == 0 {
			return nil
		}
		w.onsets = onsets(first.data, w.level, w.test.rows[0]+1, w.test.rows[len(w.test.rows)-1]+1)
		v.folds = append(v.folds, w)
		happened = append(happened, w.test.happened...)
	}
	v.level, v.total = v.folds[0].level, len(happened)
	for _, h := range happened {
		v.rate += indicator(h) / float64(v.total)
	}
	for _, m := range first.fields[0].models {
		if s := v.ask(m, happened); s != nil {
			v.scores = append(v.scores, s)
		}
	}
	return v
}

// origins lists those from which every horizon has a target in the part and whose reach does not leave the part or the segment.
func (v *events) origins(level float64, part func(horizon int) (targets []int, offset int)) origins {
	d := v.used[0].data
	o := origins{places: make([][]int, len(v.used))}
	base, _ := part(0)
next:
	for _, t := range base {
		at := t - v.used[0].horizon
		end := at + v.within
		if end > base[len(base)-1] || d.Start(end) != d.Start(t) {
			continue
		}
		places := make([]int, len(v.used))
		for i, c := range v.used {
			targets, offset := part(i)
			k, ok := slices.BinarySearch(targets, at+c.horizon)
			if !ok {
				continue next
			}
			places[i] = offset + k
		}
		high := slices.Max(d.Values[at+1 : end+1])
		for i, p := range places {
			o.places[i] = append(o.places[i], p)
		}
		o.rows, o.highest, o.happened = append(o.rows, at), append(o.highest, high), append(o.happened, high > level)
	}
	return o
}

// onsets are the rows of [from, to] at which the values begin to exceed the level.
func onsets(d *forecast.Data, level float64, from, to int) (rows []int) {
	for t := from; t <= to; t++ {
		if d.Values[t] > level && (t == d.Start(t) || d.Values[t-1] <= level) {
			rows = append(rows, t)
		}
	}
	return rows
}

// ask makes a model's probabilities and scores them; nil for one that does not forecast every horizon, or not the validation part.
func (v *events) ask(m *model, happened []bool) *foresight {
	s := &foresight{}
	for _, c := range v.used {
		i := slices.IndexFunc(c.fields[0].models, func(o *model) bool { return o.config == m.config && len(o.runs) == len(m.runs) })
		if i < 0 || len(c.fields[0].models[i].runs[0].checked) == 0 {
			return nil
		}
		s.models = append(s.models, c.fields[0].models[i])
	}
	for r := range m.runs {
		var all []float64
		announced, lead, bursts := 0, 0, 0
		for _, w := range v.folds {
			checked := w.validate.largest(func(i int) []float64 { return s.models[i].runs[r].checked })
			residuals := forecast.Errors(w.validate.highest, checked)
			slices.Sort(residuals)
			threshold := forecast.PrecisionRecall(w.validate.happened, forecast.Exceedance(checked, residuals, w.level)).BestThreshold()
			p := forecast.Exceedance(w.test.largest(func(i int) []float64 { return s.models[i].runs[r].forecast }), residuals, w.level)
			a, l, b := w.announced(p, threshold, v.within)
			announced, lead, bursts = announced+a, lead+l, bursts+b
			all = append(all, p...)
		}
		curve := forecast.PrecisionRecall(happened, all)
		if r == 0 {
			s.curve, s.bursts = curve, bursts
		}
		s.precision, s.brier = append(s.precision, curve.AveragePrecision()), append(s.brier, forecast.Brier(happened, all))
		found, in := math.NaN(), math.NaN()
		if bursts > 0 {
			found = float64(announced) / float64(bursts)
		}
		if announced > 0 {
			in = float64(lead) / float64(announced)
		}
		s.found, s.in = append(s.found, found), append(s.in, in)
	}
	return s
}

// largest is the largest forecast over the horizons at each origin.
func (o origins) largest(of func(horizon int) []float64) []float64 {
	high := make([]float64, len(o.rows))
	for k := range high {
		high[k] = math.Inf(-1)
		for i := range o.places {
			high[k] = max(high[k], of(i)[o.places[i][k]])
		}
	}
	return high
}

// announced counts the bursts with an alarm at one of the origins within reach before their first value, and sums how many steps before it the first of these alarms was.
func (w *watch) announced(p []float64, threshold float64, within int) (found, lead, bursts int) {
	for _, s := range w.onsets {
		seen, first := false, 0
		for k := within; k >= 1; k-- {
			i, ok := slices.BinarySearch(w.test.rows, s-k)
			if !ok {
				continue
			}
			seen = true
			if p[i] >= threshold && first == 0 {
				first = k
			}
		}
		if !seen {
			continue
		}
		bursts++
		if first > 0 {
			found, lead = found+1, lead+first
		}
	}
	return found, lead, bursts
}

// metrics lists what the catalogue says of events.
func (v *events) metrics(e *Evaluate) []metric.Metric {
	p := []string{"protocol", string(v.used[0].protocol)}
	c := v.used[0]
	list := []metric.Metric{
		metric.Of("event_level", v.level, c.data.Unit, p...),
		metric.Of("event_quantile", e.Burst, "", p...),
		metric.Of("event_within", float64(v.within), "steps", p...),
		metric.Of("event_rate", forecast.Significant(v.rate, 12), "", p...).Over(v.total),
	}
	if v.rate == 0 { // nothing to foretell
		return list
	}
	for _, s := range v.scores {
		l := append(slices.Clone(p), s.models[0].labels...)
		over := func(name, unit string, values []float64, count int) {
			i := forecast.MeanInterval(values)
			of := metric.Of(name, i.Mean, unit, l...).Over(count)
			if i.Count > 1 {
				of = of.Between(i.Low, i.High)
			}
			list = append(list, of)
		}
		over("event_average_precision", "", s.precision, v.total)
		over("event_brier", "", s.brier, v.total)
		over("event_found", "", s.found, s.bursts)
		over("event_lead", "steps", s.in, s.bursts)
	}
	return list
}

// of finds a model's scores.
func (v *events) of(m *model) *foresight {
	for _, s := range v.scores {
		if m != nil && s.models[0] == m {
			return s
		}
	}
	return nil
}

// figure draws precision over recall of the chosen model and its rivals, with the base rate.
func (v *events) figure(w words, language string) *plot.Figure {
	c, f := v.used[0], v.used[0].fields[0]
	layers := []plot.Layer{{Kind: plot.HLine, Y: []float64{v.rate}, Label: w.baseRate, Style: plot.Reference}}
	add := func(m *model, style plot.Style) {
		if s := v.of(m); s != nil && len(s.curve.Recall) > 0 {
			layers = append(layers, plot.Layer{Kind: plot.Line, X: s.curve.Recall, Y: s.curve.Precision, Label: c.title(m, w), Style: style})
		}
	}
	add(f.naive, plot.Baseline)
	add(f.linear, plot.Linear)
	add(c.selected, plot.Model)
	zero, one := 0.0, 1.0
	return &plot.Figure{Language: language, Height: 7, Panels: []plot.Panel{{
		X:      plot.Axis{Label: fmt.Sprintf(w.recall, fmt.Sprintf("%d %s", v.within, c.lookBackUnit(w))), Min: &zero, Max: &one},
		Y:      plot.Axis{Label: w.precision, Min: &zero, Max: &one},
		Layers: layers,
	}}}
}
