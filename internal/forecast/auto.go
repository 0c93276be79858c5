package forecast

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// auto is the choice for who does not want to choose: forecasters of many kinds, mixed. Which of them to trust is learnt twice. On the last fifth of the training targets, which
// they were not fitted on, before they are fitted again on all; and then from every row after the training part, as soon as it is seen. Parameters of the forecasters stay.
//
// Nobody's trust depends on data that a forecast may not see: that of x[t] at horizon h has learnt from targets up to t-h. Forecasts of targets of the training part itself
// are mixed as at its end. When no value of the training part is below zero, no forecast is.
type auto struct {
	model       Model
	list        []candidate
	fitted      []Fitted
	horizons    []int
	panels      []*panel // at the end of the training part, for each horizon
	first, last float64  // steps on the clock of the training part
	floor       bool     // no forecast is below zero
}

// candidate is a forecaster with a name of its own.
type candidate struct {
	label string
	model Model
}

// candidates are short and long regressions (the longest for long series) with little and much penalty, with and without a level that may shift, smoothing, ARIMA, and what the options allow: a season, covariates.
func (m Model) candidates() []candidate {
	var list []candidate
	add := func(label string, c Model) { list = append(list, candidate{label, c}) }
	for _, name := range []string{"naive", "mean", "ses", "theta"} {
		add(name, Model{Name: name})
	}
	add("moving_average_10", Model{Name: "moving_average", Window: 10})
	for _, p := range []int{1, 3, 10, 20, 40, 60} {
		add(fmt.Sprint("ridge_", p), Model{Name: "ridge", Order: p, Penalty: 1})
	}
	for _, p := range []int{20, 60} {
		for _, penalty := range []float64{100, 1000} {
			add(fmt.Sprint("ridge_", p, "_", penalty), Model{Name: "ridge", Order: p, Penalty: penalty})
		}
	}
	add("ridge_150_100", Model{Name: "ridge", Order: 150, Penalty: 100})
	add("ridge_300_1000", Model{Name: "ridge", Order: 300, Penalty: 1000})
	add("nlinear_20_100", Model{Name: "nlinear", Order: 20, Penalty: 100})
	add("nlinear_60", Model{Name: "nlinear", Order: 60, Penalty: 1})
	for _, o := range [][2]int{{5, 50}, {20, 50}, {60, 60}, {20, 200}, {60, 200}} {
		add(fmt.Sprint("rlinear_", o[0], "_", o[1]), Model{Name: "rlinear", Order: o[0], Window: o[1], Penalty: 100})
	}
	add("dlinear_60_100", Model{Name: "dlinear", Order: 60, Window: 25, Penalty: 100})
	for _, o := range [][3]int{{1, 0, 1}, {1, 1, 1}, {2, 1, 2}} {
		add(fmt.Sprint("arima_", o[0], "_", o[1], "_", o[2]), Model{Name: "arima", Order: o[0], Difference: o[1], Average: o[2]})
	}
	if m.Covariates {
		for _, penalty := range []float64{1, 100} {
			add(fmt.Sprint("covariates_20_", penalty), Model{Name: "ridge", Order: 20, Penalty: penalty, Covariates: true})
		}
	}
	if m.Period > 1 {
		add("seasonal_naive", Model{Name: "seasonal_naive", Period: m.Period})
		add("fourier_20", Model{Name: "fourier", Period: m.Period, Harmonics: min(max(1, m.Harmonics), m.Period/2), Order: 20, Penalty: 1})
		if m.Period <= MaxSeason/5 {
			add("holt_winters", Model{Name: "holt_winters", Period: m.Period})
		}
	}
	return list
}

// heldOut is the share of the training targets that trust is learnt on.
const heldOut = 0.2

func fitAuto(d *Data, train []int, m Model, horizons []int) (*auto, error) {
	a := &auto{model: m, horizons: horizons, first: float64(d.clock(train[0])), last: float64(d.clock(train[len(train)-1])), floor: slices.Min(d.At(train)) >= 0}
	cut := int(float64(len(train)) * (1 - heldOut))
	early, late := train[:cut], train[cut:]
	if len(early) < 4 {
		return nil, fmt.Errorf("needs at least 5 training targets, there are %d", len(train))
	}
	head := d.Head(early[len(early)-1] + 1)
	for _, h := range horizons {
		a.panels = append(a.panels, newPanel(0, a.scale(d, late, h)))
	}
	held := make([][][]float64, len(horizons)) // forecasts of the held-out targets: horizon, target, forecaster
	for i := range held {
		held[i] = make([][]float64, len(late))
	}
	for _, c := range m.candidates() {
		if c.model.Order > 60 && len(train) < 20*c.model.Order {
			continue // it would be mostly noise
		}
		before, err := c.model.attempt(head, early, horizons)
		if err != nil {
			continue // too few rows for this one
		}
		f, err := c.model.attempt(d, train, horizons)
		if err != nil {
			continue
		}
		columns := make([][]float64, len(horizons))
		for i, h := range horizons {
			columns[i] = a.forecasts(before, d, late, h)
		}
		if !present(columns, held) {
			continue
		}
		a.list, a.fitted = append(a.list, c), append(a.fitted, f)
		for i, column := range columns {
			for k, v := range column {
				held[i][k] = append(held[i][k], v)
			}
		}
	}
	for i, h := range horizons {
		a.panels[i] = newPanel(len(a.list), a.panels[i].scale)
		a.follow(a.panels[i], d, held[i], late, late, h, nil)
	}
	return a, nil
}

// present says whether there are forecasts for half of those held-out targets that the first forecaster, the last value, has one for, at every horizon: who can seldom forecast was
// fitted on little, and is little known.
func present(columns [][]float64, held [][][]float64) bool {
	for i, column := range columns {
		known, all := 0, 0
		for k, v := range column {
			if len(held[i][k]) > 0 && math.IsNaN(held[i][k][0]) {
				continue
			}
			all++
			if !math.IsNaN(v) {
				known++
			}
		}
		if len(held[i]) > 0 && len(held[i][0]) > 0 && 2*known < all {
			return false
		}
	}
	return true
}

// attempt is fit, or why the parameters are none.
func (m Model) attempt(d *Data, train, horizons []int) (Fitted, error) {
	f, err := m.fit(d, train, horizons)
	if err != nil {
		return nil, err
	}
	for _, v := range f.Parameters() {
		if !finite(v) {
			return nil, fmt.Errorf("a parameter is not finite")
		}
	}
	return f, nil
}

// scale is the mean squared error of the last value as forecast, 1 where that is none.
func (a *auto) scale(d *Data, targets []int, h int) float64 {
	sum, n := 0.0, 0
	for i, f := range (&simple{model: Model{Name: "naive"}}).Forecast(d, targets, h) {
		if e := d.Values[targets[i]] - f; finite(e) {
			sum += float64(e * e)
			n++
		}
	}
	if mean := sum / float64(n); mean > 0 && finite(mean) {
		return mean
	}
	return 1
}

// each gives every forecaster's forecasts, one row a target.
func (a *auto) each(d *Data, targets []int, h int) [][]float64 {
	rows := zeros(len(targets), len(a.fitted))
	for k, f := range a.fitted {
		for i, v := range a.forecasts(f, d, targets, h) {
			rows[i][k] = v
		}
	}
	return rows
}

// forecasts are those of one forecaster as they may be mixed: none infinite, none below a floor.
func (a *auto) forecasts(f Fitted, d *Data, targets []int, h int) []float64 {
	list := f.Forecast(d, targets, h)
	for i, v := range list {
		switch {
		case math.IsInf(v, 0):
			list[i] = math.NaN()
		case a.floor:
			list[i] = max(v, 0)
		}
	}
	return list
}

// follow mixes the forecasts of the rows, increasing, and learns from those that are in lessons as soon as a forecast may have seen them.
func (a *auto) follow(p *panel, d *Data, forecasts [][]float64, rows, lessons []int, h int, each func(t int, v float64)) {
	type lesson struct {
		t int
		o opinion
	}
	var waiting []lesson
	for i, t := range rows {
		for len(waiting) > 0 && waiting[0].t <= t-h {
			p.learn(&waiting[0].o, d.Values[waiting[0].t])
			waiting = waiting[1:]
		}
		o := p.forecast(forecasts[i])
		if each != nil {
			each(t, o.last)
		}
		for len(lessons) > 0 && lessons[0] < t {
			lessons = lessons[1:]
		}
		if len(lessons) > 0 && lessons[0] == t {
			waiting = append(waiting, lesson{t, o})
		}
	}
	if each == nil { // training: nothing is forecast after
		for _, l := range waiting {
			p.learn(&l.o, d.Values[l.t])
		}
	}
}

func (a *auto) Needs() int {
	least := MaxPeriod
	for _, f := range a.fitted {
		least = min(least, f.Needs())
	}
	return least
}

func (a *auto) Forecast(d *Data, targets []int, h int) []float64 {
	out := missing(len(targets))
	k := slices.Index(a.horizons, h)
	if k < 0 || len(targets) == 0 {
		return out
	}
	var rows, lessons []int
	next := 0
	for t := range targets[len(targets)-1] + 1 {
		c := float64(d.clock(t))
		fresh := c < a.first || c > a.last
		wanted := next < len(targets) && targets[next] == t
		if wanted {
			next++
		}
		if fresh {
			lessons = append(lessons, t)
		}
		if fresh || wanted {
			rows = append(rows, t)
		}
	}
	next = 0
	a.follow(a.panels[k].clone(), d, a.each(d, rows, h), rows, lessons, h, func(t int, v float64) {
		if next < len(targets) && targets[next] == t {
			out[next] = v
			next++
		}
	})
	return out
}

// Parameters are those of each forecaster under its label, the state of the panels, and for people the weights at the end of training at the first horizon.
func (a *auto) Parameters() map[string]float64 {
	p := map[string]float64{"trained_first": a.first, "trained_last": a.last, "trained_floor": 0}
	if a.floor {
		p["trained_floor"] = 1
	}
	for i, c := range a.list {
		p[c.label+"_/fitted"] = 1
		for name, v := range a.fitted[i].Parameters() {
			p[c.label+"_/"+name] = v
		}
	}
	for i, h := range a.horizons {
		a.panels[i].numbers(fmt.Sprint("panel_", h, "_"), func(name string, v float64) { p[name] = v })
	}
	for i, w := range a.panels[0].shares() {
		if w > 0 {
			p[weightOf(a.list[i])] = w
		}
	}
	return p
}

// weightOf is a name that people may read, without the underscores of others.
func weightOf(c candidate) string { return "weight of " + strings.ReplaceAll(c.label, "_", " ") }

func restoreAuto(m Model, r *numbers) *auto {
	a := &auto{model: m, first: r.any("trained_first"), last: r.any("trained_last"), floor: r.between("trained_floor", 0, 1) == 1}
	parts := map[string]map[string]float64{}
	for name, v := range r.from {
		if label, rest, ok := strings.Cut(name, "_/"); ok {
			if parts[label] == nil {
				parts[label] = map[string]float64{}
			}
			parts[label][rest] = v
			r.left--
		}
	}
	for _, c := range m.candidates() {
		part, ok := parts[c.label]
		if !ok {
			continue
		}
		delete(parts, c.label)
		if part["fitted"] != 1 && r.err == nil {
			r.err = fmt.Errorf("parameter %s_/fitted is not 1", c.label)
		}
		part = maps.Clone(part)
		delete(part, "fitted")
		f, err := Restore(c.model, part)
		if err != nil && r.err == nil {
			r.err = err
		}
		a.list, a.fitted = append(a.list, c), append(a.fitted, f)
	}
	if r.err == nil && (len(parts) > 0 || len(a.list) == 0) {
		r.err = fmt.Errorf("%d forecasters are unknown, %d known", len(parts), len(a.list))
	}
	for h := 1; h <= MaxHorizon && r.err == nil; h++ {
		if prefix := fmt.Sprint("panel_", h, "_"); r.has(prefix + "scale") {
			a.horizons = append(a.horizons, h)
			a.panels = append(a.panels, restorePanel(len(a.list), prefix, r))
		}
	}
	for _, c := range a.list {
		if r.has(weightOf(c)) {
			r.left--
		}
	}
	if r.err == nil && len(a.panels) == 0 {
		r.err = fmt.Errorf("no horizon")
	}
	return a
}
