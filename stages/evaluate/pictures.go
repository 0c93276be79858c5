package evaluate

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"weir/internal/forecast"
	"weir/internal/plot"
)

// finalists are the models that figures compare: the baselines, the best configuration of each kind of trained model, and the ensemble.
func (f *field) finalists(choice func(*model) float64) (list []*model) {
	kinds := map[string]int{}
	for _, m := range f.models {
		if m.trained {
			kind := name(m.config)
			if at, ok := kinds[kind]; ok {
				if less(choice(m), choice(list[at])) < 0 {
					list[at] = m
				}
				continue
			}
			kinds[kind] = len(list)
		}
		list = append(list, m)
	}
	return list
}

// mostSkills bounds the lines of the skill figure.
const mostSkills = 24

// skills draws the skill of the finalists with their bootstrap intervals, the best first. A model far below naive is left out: it would squeeze the others.
func (c *contest) skills(w words, language string) *plot.Ranking {
	f := c.fields[0]
	list := f.finalists(c.choice)
	slices.SortStableFunc(list, func(a, b *model) int { return less(a.test, b.test) })
	r := &plot.Ranking{Sheet: plot.Sheet{Language: language}, Axis: plot.Axis{Label: w.skill}}
	for _, m := range list[:min(len(list), mostSkills)] {
		skill := forecast.Skill(m.test, f.naive.test)
		if math.IsNaN(skill) || skill < -1 {
			continue
		}
		low, high := m.skillInterval()
		style := plot.Baseline
		switch {
		case m == c.selected:
			style = plot.Best
		case m.trained || m.combined():
			style = plot.Model
		case m == f.linear:
			style = plot.Linear
		}
		r.Rows = append(r.Rows, plot.Row{Name: c.among(m, w), Value: skill, Low: low, High: high, Style: style})
	}
	if len(r.Rows) == 0 {
		return nil
	}
	return r
}

// leastBlock and mostBlocks bound the blocks of the test part that models are ranked over.
const (
	leastBlock = 10
	mostBlocks = 30
)

// ranked are the models that ranks compare, with the outcome.
type ranked struct {
	models []*model
	ranks  forecast.Ranks
}

// ranking ranks the best finalists over blocks of the test part; nil for too few targets.
func (c *contest) ranking() *ranked {
	f := c.fields[0]
	blocks := min(mostBlocks, len(f.test)/max(leastBlock, forecast.BlockLength(len(f.test), f.horizon)))
	list := f.finalists(c.choice)
	slices.SortStableFunc(list, func(a, b *model) int { return less(a.test, b.test) })
	if len(c.fields) != 1 || blocks < 5 {
		return nil
	}
	if i := slices.Index(list, f.naive); i >= forecast.MaxRanked {
		list[forecast.MaxRanked-1] = f.naive // the last value is always there
	}
	list = list[:min(len(list), forecast.MaxRanked)]
	losses := make([][]float64, len(list))
	for i, m := range list {
		for b := range blocks {
			losses[i] = append(losses[i], forecast.Mean(m.losses[b*len(f.test)/blocks:(b+1)*len(f.test)/blocks]))
		}
	}
	return &ranked{list, forecast.AverageRanks(losses)}
}

// diagram draws the mean ranks with the critical difference.
func (r *ranked) diagram(c *contest, w words, language string) *plot.CriticalDifference {
	d := &plot.CriticalDifference{Sheet: plot.Sheet{Language: language}, Label: fmt.Sprintf(w.ranks, r.ranks.Blocks), Ranks: r.ranks.Mean, Difference: r.ranks.Difference, Named: w.difference}
	order := make([]int, len(r.models))
	for i, m := range r.models {
		order[i] = i
		style := plot.Baseline
		switch {
		case m.trained || m.combined():
			style = plot.Model
		case m == m.field.linear:
			style = plot.Linear
		}
		d.Names, d.Styles = append(d.Names, c.among(m, w)), append(d.Styles, style)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(d.Ranks[a], d.Ranks[b]) })
	last := 0 // the farthest model that an earlier group reaches
	for i := range order {
		to := i
		for to+1 < len(order) && d.Ranks[order[to+1]]-d.Ranks[order[i]] < d.Difference {
			to++
		}
		if to > i && (to > last || i == 0) {
			d.Groups = append(d.Groups, slices.Clone(order[i:to+1]))
			last = to
		}
	}
	return d
}

// axis is one option of the sweep with its values, or several that always change together.
type axis struct {
	name   string
	values []string
	of     map[*model]string
}

// axes lists the options that vary among some models, in the order of their columns.
func axes(models []*model) (list []axis) {
	var names []string
	for _, m := range models {
		for _, p := range m.config.pairs() {
			if !slices.Contains(names, p.name) {
				names = append(names, p.name)
			}
		}
	}
	for _, name := range names {
		a := axis{name: name, of: map[*model]string{}}
		for _, m := range models {
			v := option(m.config.pairs(), name)
			a.of[m] = v
			if !slices.Contains(a.values, v) {
				a.values = append(a.values, v)
			}
		}
		if len(a.values) < 2 {
			continue
		}
		slices.SortStableFunc(a.values, natural)
		if i := slices.IndexFunc(list, func(b axis) bool { return together(a, b, models) }); i >= 0 {
			list[i] = merge(list[i], a, models)
			continue
		}
		list = append(list, a)
	}
	return list
}

// together says whether two options always change together.
func together(a, b axis, models []*model) bool {
	seen := map[string]string{}
	for _, m := range models {
		if v, ok := seen[a.of[m]]; ok && v != b.of[m] {
			return false
		}
		seen[a.of[m]] = b.of[m]
	}
	return len(a.values) == len(b.values)
}

// merge makes one option of two that change together: epochs/batch, 50/64.
func merge(a, b axis, models []*model) axis {
	m := axis{name: a.name + "-" + b.name, of: map[*model]string{}}
	for _, o := range models {
		v := a.of[o] + "/" + b.of[o]
		m.of[o] = v
		if !slices.Contains(m.values, v) {
			m.values = append(m.values, v)
		}
	}
	return m
}

// natural orders numbers by value, other text by letters.
func natural(a, b string) int {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(a, b)
}

// mostMaps bounds the heat maps of one protocol, mostSteps the values of one option in them.
const (
	mostMaps  = 3
	mostSteps = 40
)

// heatmap is a map with the end of its name.
type heatmap struct {
	name string
	of   *plot.HeatMap
}

// heatmaps draws the error on the part that chooses over each two options that vary, of the model that most configurations are of: the best of what the other options give.
func (c *contest) heatmaps(w words, language string) (list []heatmap) {
	kinds := map[string][]*model{}
	var models []*model
	for _, m := range c.sweep {
		kinds[m.config.Model] = append(kinds[m.config.Model], m)
		if of := kinds[m.config.Model]; len(of) > len(models) {
			models = of
		}
	}
	axes := slices.DeleteFunc(axes(models), func(a axis) bool { return len(a.values) > mostSteps })
	for i, x := range axes {
		for _, y := range axes[i+1:] {
			if len(list) < mostMaps {
				if h := c.heatmap(models, x, y, w, language); filled(h) {
					list = append(list, heatmap{x.name + "_" + y.name, h})
				}
			}
		}
	}
	return list
}

// filled says whether at least four of five cells have a value: options that were not crossed make no map.
func filled(h *plot.HeatMap) bool {
	cells, empty := 0, 0
	for _, row := range h.Values {
		cells, empty = cells+len(row), empty+missing(row)
	}
	return 5*empty <= cells
}

func (c *contest) heatmap(models []*model, x, y axis, w words, language string) *plot.HeatMap {
	h := &plot.HeatMap{Sheet: plot.Sheet{Language: language}, X: w.option(x.name), Y: w.option(y.name)}
	var all []float64
	for j, v := range y.values {
		h.Rows, h.Values = append(h.Rows, shownValue(v)), append(h.Values, nil)
		for i, u := range x.values {
			if j == 0 {
				h.Columns = append(h.Columns, shownValue(u))
			}
			there := slices.DeleteFunc(slices.Clone(models), func(m *model) bool { return x.of[m] != u || y.of[m] != v })
			value := math.NaN()
			if m := least(there, c.choice); m != nil {
				value = math.Sqrt(c.choice(m))
				all = append(all, value)
				if m == c.selected {
					h.Marked = append(h.Marked, plot.Cell{Row: j, Column: i})
				}
			}
			h.Values[j] = append(h.Values[j], value)
		}
	}
	divisor, unit := plot.Prefix(all, c.unit())
	for _, row := range h.Values {
		for i := range row {
			row[i] /= divisor
		}
	}
	part := w.testing
	if c.on == forecast.Validation {
		part = w.validation
	}
	h.Label = bracket(w.rmse+", "+part, unit)
	return h
}

// shownValue is an option's value in a figure.
func shownValue(v string) string {
	if v == "" {
		return "–"
	}
	return v
}

// option is the name of an option in a figure.
func (w words) option(name string) string {
	switch name {
	case "look_back":
		return w.lookBack
	case "units":
		return w.units
	case "epochs":
		return w.epochs
	case "batch":
		return w.batch
	case "epochs-batch":
		return w.epochs + "/" + w.batch
	case "layers":
		return w.layers
	case "bidirectional":
		return w.both
	}
	return name
}
