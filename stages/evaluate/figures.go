package evaluate

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"weir/internal/forecast"
	"weir/internal/plot"
)

// draw writes the figures of one protocol: those of the smallest horizon, and what compares the horizons.
func draw(group []*contest, bursts *events, dir, language string) error {
	c, w := group[0], languages[language]
	if err := c.draw(dir, language); err != nil {
		return err
	}
	shown := c.selected
	if shown == nil {
		shown = c.rival()
	}
	figures := map[string]plot.Picture{"zoom": c.zoom(shown, w, language)}
	order := []string{"zoom"}
	add := func(name string, p plot.Picture) { figures[name], order = p, append(order, name) }
	if l := c.losses(shown, w, language); l != nil {
		add("loss", l)
	}
	if s := c.skills(w, language); s != nil {
		add("skill", s)
	}
	if len(group) > 1 && len(c.fields) == 1 {
		add("error_by_horizon", byHorizon(group, w, language))
	}
	if bursts != nil && bursts.rate > 0 {
		add("events", bursts.figure(w, language))
	}
	if c.ranks != nil {
		add("ranks", c.ranks.diagram(c, w, language))
	}
	for _, name := range order {
		if err := figures[name].Save(dir, name+"_"+string(c.protocol)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, h := range c.heatmaps(w, language) {
		if err := h.of.Save(dir, "heatmap_"+string(c.protocol)+"_"+h.name); err != nil {
			return err
		}
	}
	return nil
}

func (c *contest) draw(dir, language string) error {
	w := languages[language]
	schedules, best := c.schedules()
	for i, m := range best {
		figure := c.forecasts(m, w, language)
		if err := figure.Save(dir, fmt.Sprintf("forecast_%s_%s", c.protocol, schedules[i])); err != nil {
			return err
		}
	}
	shown := c.selected
	if shown == nil {
		shown = c.rival()
		if err := c.forecasts(shown, w, language).Save(dir, "forecast_"+string(c.protocol)); err != nil {
			return err
		}
	} else if f := c.sweepFigure(w, language); f != nil {
		if err := f.Save(dir, "sweep_"+string(c.protocol)); err != nil {
			return err
		}
	}
	return c.residuals(shown, w, language).Save(dir, "residual_acf_"+string(c.protocol))
}

// rival is the best baseline that is not the last value, which is drawn anyway.
func (c *contest) rival() *model {
	f := c.fields[0]
	others := slices.DeleteFunc(slices.Clone(f.models), func(m *model) bool { return m == f.naive })
	if m := least(others, c.choice); m != nil {
		return m
	}
	return f.naive
}

// title names a model in a figure.
func (c *contest) title(m *model, w words) string {
	if !m.trained {
		switch m.config.Model {
		case "naive":
			return w.naive
		case "mean":
			return w.mean
		case "drift":
			return w.drift
		case "ses":
			return w.smoothing
		case "seasonal_naive":
			return fmt.Sprintf("%s (%d)", w.cycle, m.config.Period)
		case "moving_average":
			return fmt.Sprintf("%s (%d)", w.average, m.config.Window)
		case ensemble:
			return w.ensemble
		case "auto":
			return w.auto
		}
		return m.config.short(w)
	}
	if c.differ(func(o config) string { return text(o.LookBack) }) {
		return fmt.Sprintf("%s (%s %d)", c.among(m, w), w.lookBack, m.config.LookBack)
	}
	return c.among(m, w)
}

// among names a model among the best of each kind, where no option needs to be told.
func (c *contest) among(m *model, w words) string {
	if m.trained && m.config.Covariates != "" && c.differ(func(o config) string { return o.Covariates }) {
		return m.config.short(w) + ", " + m.config.inputs(w)
	}
	if m.trained {
		return m.config.short(w)
	}
	return c.title(m, w)
}

// differ says whether the configurations of the sweep differ in something.
func (c *contest) differ(of func(config) string) bool {
	return slices.ContainsFunc(c.sweep, func(m *model) bool { return of(m.config) != of(c.sweep[0].config) })
}

// short is an architecture in the language of a figure.
func (c config) short(w words) string {
	kind := c.kind()
	switch c.Model {
	case "fourier":
		kind = w.fourier
	case "forest":
		kind = w.forest
	}
	if c.Both {
		kind = fmt.Sprintf(w.bothOf, kind)
	}
	if c.Layers > 1 {
		kind = fmt.Sprintf(w.layersOf, kind, c.Layers)
	}
	if c.attention() {
		kind = fmt.Sprintf(w.attentionOf, kind)
	}
	return kind
}

// forecasts draws the test part: what happened, the last value in grey, and one run of the model.
func (c *contest) forecasts(m *model, w words, language string) *plot.Figure {
	f := m.field
	actual, r := f.data.At(f.test), c.shown(m)
	divisor, unit := plot.Prefix(actual, c.unit())
	x, gaps := f.clock()
	curve := func(values []float64, label string, style plot.Style) plot.Layer {
		y := make([]float64, 0, len(x))
		for i, v := range values {
			if gaps[i] {
				y = append(y, math.NaN())
			}
			y = append(y, v/divisor)
		}
		return plot.Layer{Kind: plot.Line, X: x, Y: y, Label: label, Style: style}
	}
	layers := []plot.Layer{
		curve(f.naive.runs[0].forecast, w.naive, plot.Baseline),
		curve(actual, w.observed, plot.Observed),
	}
	if m != f.naive {
		layers = append(layers, curve(r.forecast, c.title(m, w), plot.Model))
	}
	return &plot.Figure{Language: language, Height: 5.5, Panels: []plot.Panel{{
		X:      plot.Axis{Label: w.time, Clock: true},
		Y:      plot.Axis{Label: unitLabel(w.traffic, c.data.Column, unit)},
		Layers: layers,
	}}}
}

// unit is that of the series, per interval where that is not a second: B/5 min.
func (c *contest) unit() string {
	unit, step := c.data.Unit, c.data.Step
	if unit != "B" && unit != "bit" || step == time.Second {
		return unit
	}
	for _, u := range []struct {
		name string
		in   time.Duration
	}{{"h", time.Hour}, {"min", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}} {
		switch {
		case step == u.in:
			return unit + "/" + u.name
		case step%u.in == 0:
			return fmt.Sprintf("%s/%d %s", unit, step/u.in, u.name)
		}
	}
	return unit + "/" + step.String()
}

// unitLabel is the label of an axis of the series' values: traffic for bytes, else the column's name.
func unitLabel(traffic, column, unit string) string {
	switch column {
	case "wire_bytes", "captured_bytes":
		column = traffic
	}
	if unit == "" {
		return column
	}
	return column + " (" + unit + ")"
}

// clock gives the test targets' times in seconds, with an extra point where a line must break, and says before which targets these are.
func (f *field) clock() (x []float64, gaps []bool) {
	gaps = make([]bool, len(f.test))
	for i, t := range f.test {
		at := float64(f.data.Time[t]) / 1e9
		if i > 0 && f.data.Start(t) != f.data.Start(f.test[i-1]) {
			gaps[i] = true
			x = append(x, at)
		}
		x = append(x, at)
	}
	return x, gaps
}

// mostLines bounds the lines of the sweep's figure.
const mostLines = 6

// sweepFigure draws the test error of each configuration over its look-back, one line for those that differ in nothing else, with the interval over the seeds; baselines in
// grey. Of many lines the best are drawn; nil where none has two look-backs.
func (c *contest) sweepFigure(w words, language string) *plot.Figure {
	var all []float64
	for _, m := range c.sweep {
		all = append(all, m.test)
	}
	divisor, unit := plot.Prefix(all, forecast.Square(c.unit()))
	layers := c.greys(divisor, w)
	var ticks []plot.Tick
	lines := lines(c.sweep)
	lines = slices.DeleteFunc(lines, func(line []*model) bool { return len(line) < 2 })
	if len(lines) == 0 {
		return nil
	}
	if len(lines) > mostLines {
		best := func(line []*model) float64 { return c.choice(least(line, c.choice)) }
		errors := make([]float64, len(lines))
		for i, line := range lines {
			errors[i] = best(line)
		}
		slices.Sort(errors)
		lines = slices.DeleteFunc(lines, func(line []*model) bool { return best(line) > errors[mostLines-1] })
		lines = lines[:min(len(lines), mostLines)]
	}
	for n, line := range lines {
		l := plot.Layer{Kind: plot.LinePoints, Label: lineLabel(line[0].config, lines, w), Style: plot.Category(n)}
		for _, m := range line {
			i := forecast.MeanInterval(m.each(func(r run) float64 { return r.score.MSE }))
			l.X = append(l.X, float64(m.config.LookBack))
			l.Y = append(l.Y, i.Mean/divisor)
			l.Low = append(l.Low, max(i.Low, 0)/divisor) // of two seeds, the interval can reach below what an error can be
			l.High = append(l.High, i.High/divisor)
			if t := (plot.Tick{Value: float64(m.config.LookBack), Label: text(m.config.LookBack)}); !slices.Contains(ticks, t) {
				ticks = append(ticks, t)
			}
		}
		layers = append(layers, l)
	}
	return &plot.Figure{Language: language, Height: 6, Panels: []plot.Panel{{
		X:      plot.Axis{Label: w.lookBack + " (" + c.lookBackUnit(w) + ")", Ticks: ticks},
		Y:      plot.Axis{Label: bracket(w.mse, unit)},
		Layers: layers,
	}}}
}

// lineLabel names a line by what tells it from the others, an only one by its schedule.
func lineLabel(c config, lines [][]*model, w words) string {
	differs := func(of func(config) string) bool {
		return slices.ContainsFunc(lines, func(l []*model) bool { return l[0].config.Model == c.Model && of(l[0].config) != of(c) })
	}
	var parts []string
	if kind := func(o config) string { return o.short(w) }; differs(kind) || slices.ContainsFunc(lines, func(l []*model) bool { return l[0].config.Model != c.Model }) {
		parts = append(parts, kind(c))
	}
	for _, p := range c.pairs() {
		value := func(o config) string { return option(o.pairs(), p.name) }
		switch {
		case p.value == "" || p.name == "look_back" || p.name == "layers" || p.name == "bidirectional":
		case p.name == "epochs" && (len(lines) == 1 || differs(value)), p.name == "units" && differs(value):
			parts = append(parts, p.value+" "+w.option(p.name))
		case p.name == "batch" && len(lines) == 1, differs(value):
			parts = append(parts, w.option(p.name)+" "+p.value)
		}
	}
	if len(parts) == 0 {
		return c.short(w)
	}
	return strings.Join(parts, ", ")
}

func bracket(label, unit string) string {
	switch {
	case unit == "":
		return label
	case unit[0] == '(':
		return label + ", " + unit
	}
	return label + " (" + unit + ")"
}

func (c *contest) lookBackUnit(w words) string {
	if c.data.Step.Seconds() == 1 {
		return w.second
	}
	return w.steps
}

// greys are the baselines of the sweep's figure: the last value and AR, as horizontal lines where all configurations share their targets, else per look-back.
func (c *contest) greys(divisor float64, w words) []plot.Layer {
	pick := []func(*field) *model{
		func(f *field) *model { return f.naive },
		func(f *field) *model { return f.linear },
	}
	styles := []plot.Style{plot.Baseline, plot.Baseline2}
	var layers []plot.Layer
	for i, of := range pick {
		l := plot.Layer{Kind: plot.HLine, Style: styles[i]}
		if len(c.fields) > 1 {
			l.Kind = plot.Line
		}
		for _, f := range c.fields {
			m := of(f)
			if m == nil {
				continue
			}
			l.Label = c.title(m, w)
			l.Y = append(l.Y, m.test/divisor)
			if l.Kind == plot.Line {
				l.X = append(l.X, float64(f.lookBack))
			}
		}
		if len(l.Y) > 0 {
			layers = append(layers, l)
		}
	}
	return layers
}

// lines groups configurations that differ in their look-back alone, in its order.
func lines(models []*model) (lines [][]*model) {
	for _, m := range models {
		i := slices.IndexFunc(lines, func(l []*model) bool {
			a, b := l[0].config, m.config
			a.LookBack, b.LookBack = 0, 0
			return a == b
		})
		if i < 0 {
			lines = append(lines, []*model{m})
		} else {
			lines[i] = append(lines[i], m)
		}
	}
	return lines
}

// residuals draws the autocorrelation of the errors of the shown run of a model with the 95 % band of white noise, ±1.96/√n.
func (c *contest) residuals(m *model, w words, language string) *plot.Figure {
	r := c.shown(m)
	acf := forecast.ACF(r.errors, residualLags)
	lags := make([]float64, 0, residualLags)
	for k := 1; k < len(acf); k++ {
		lags = append(lags, float64(k))
	}
	bound := 1.96 / math.Sqrt(float64(len(r.errors)))
	layers := []plot.Layer{{Kind: plot.HLine, Y: []float64{0}, Style: plot.Reference}}
	if len(lags) > 0 {
		band := plot.Layer{Kind: plot.Band, X: []float64{0.5, lags[len(lags)-1] + 0.5}, Low: []float64{-bound, -bound}, High: []float64{bound, bound}, Style: plot.Interval}
		layers = append([]plot.Layer{band}, append(layers, plot.Layer{Kind: plot.Stems, X: lags, Y: acf[1:], Style: plot.Residual})...)
	}
	return &plot.Figure{Language: language, Height: 4.2, Panels: []plot.Panel{{
		X:      plot.Axis{Label: w.lag + " (" + c.lookBackUnit(w) + ")"},
		Y:      plot.Axis{Label: w.residual},
		Layers: layers,
	}}}
}
