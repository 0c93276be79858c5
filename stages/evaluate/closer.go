package evaluate

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"weir/internal/forecast"
	"weir/internal/plot"
)

// zoomed is how many steps the close look at a forecast shows.
const zoomed = 60

// zoom draws the part of the test targets whose values vary most, with the prediction interval where there is one.
func (c *contest) zoom(m *model, w words, language string) *plot.Figure {
	f := m.field
	actual, r := f.data.At(f.test), c.shown(m)
	from := eventful(actual, min(zoomed, len(actual)))
	to := min(from+zoomed, len(actual))
	divisor, unit := plot.Prefix(actual[from:to], c.unit())
	var x []float64
	for _, t := range f.test[from:to] {
		x = append(x, float64(f.data.Time[t])/1e9)
	}
	scaled := func(values []float64) []float64 {
		y := make([]float64, to-from)
		for i, v := range values[from:to] {
			y[i] = v / divisor
		}
		return y
	}
	var layers []plot.Layer
	if r.low != nil && m.level > 0 {
		layers = append(layers, plot.Layer{Kind: plot.Band, X: x, Low: scaled(r.low), High: scaled(r.high), Label: fmt.Sprintf(w.interval, percentage(m.level, language)), Style: plot.Interval})
	}
	layers = append(layers,
		plot.Layer{Kind: plot.Line, X: x, Y: scaled(f.naive.runs[0].forecast), Label: w.naive, Style: plot.Baseline},
		plot.Layer{Kind: plot.LinePoints, X: x, Y: scaled(actual), Label: w.observed, Style: plot.Observed})
	if m != f.naive {
		layers = append(layers, plot.Layer{Kind: plot.Line, X: x, Y: scaled(r.forecast), Label: c.title(m, w), Style: plot.Model})
	}
	return &plot.Figure{Language: language, Height: 5.5, Panels: []plot.Panel{{
		X:      plot.Axis{Label: w.time, Clock: true},
		Y:      plot.Axis{Label: unitLabel(w.traffic, c.data.Column, unit)},
		Layers: layers,
	}}}
}

// eventful is where the n values begin that lie farthest apart: the largest sum of absolute steps.
func eventful(values []float64, n int) int {
	sum, best, at := 0.0, math.Inf(-1), 0
	for i := 1; i < len(values); i++ {
		sum += math.Abs(values[i] - values[i-1])
		if i >= n {
			sum -= math.Abs(values[i-n+1] - values[i-n])
		}
		if i >= n-1 && sum > best {
			best, at = sum, i-n+1
		}
	}
	return at
}

// percentage is a share as people write it in a language.
func percentage(share float64, language string) string {
	text := fmt.Sprintf("%g", math.Round(share*1000)/10)
	if language == "pt" {
		return text + "%"
	}
	return text + " %"
}

// byHorizon draws the error over the horizon: the last value, the linear rival and the configuration chosen at each.
func byHorizon(group []*contest, w words, language string) *plot.Figure {
	pick := []struct {
		of    func(*contest) *model
		style plot.Style
		name  string // where it is not the same model at all horizons
	}{
		{func(c *contest) *model { return c.fields[0].naive }, plot.Baseline, w.naive},
		{func(c *contest) *model { return c.fields[0].linear }, plot.Linear, w.linear},
		{func(c *contest) *model { return c.selected }, plot.Model, w.chosen},
	}
	var all []float64
	for _, c := range group {
		all = append(all, c.fields[0].naive.rmse())
	}
	divisor, unit := plot.Prefix(all, group[0].unit())
	var layers []plot.Layer
	var ticks []plot.Tick
	for i, p := range pick {
		l := plot.Layer{Kind: plot.LinePoints, Style: p.style}
		for _, c := range group {
			m := p.of(c)
			if i == 0 {
				ticks = append(ticks, plot.Tick{Value: float64(c.horizon), Label: text(c.horizon)})
			}
			if m == nil {
				continue
			}
			over := forecast.MeanInterval(m.each(func(r run) float64 { return r.score.RMSE }))
			l.X, l.Y = append(l.X, float64(c.horizon)), append(l.Y, over.Mean/divisor)
			l.Low, l.High = append(l.Low, over.Low/divisor), append(l.High, over.High/divisor)
			if title := c.title(m, w); l.Label == "" {
				l.Label = title
			} else if l.Label != title {
				l.Label = p.name
			}
		}
		if len(l.X) > 0 {
			layers = append(layers, l)
		}
	}
	return &plot.Figure{Language: language, Height: 5.5, Panels: []plot.Panel{{
		X:      plot.Axis{Label: w.horizon + " (" + group[0].lookBackUnit(w) + ")", Ticks: ticks},
		Y:      plot.Axis{Label: bracket(w.rmse, unit)},
		Layers: layers,
	}}}
}

// maxHistory bounds history.json, in bytes.
const maxHistory = 16 << 20

// epochs are the losses of a training by epoch.
type epochs struct {
	Epochs []struct {
		Loss       *float64 `json:"loss"`
		Validation *float64 `json:"validation_loss"`
	} `json:"epochs"`
}

// mostLosses bounds the panels of the figure of losses.
const mostLosses = 8

// losses draws the training and validation losses of the seeds of the best configuration of each network, side by side, the chosen or best one first; nil when their histories are not
// here or have no epochs.
func (c *contest) losses(shown *model, w words, language string) *plot.Figure {
	list := slices.DeleteFunc(c.fields[0].finalists(c.choice), func(m *model) bool { return m.config.Epochs == 0 || m == shown || name(m.config) == name(shown.config) })
	slices.SortStableFunc(list, func(a, b *model) int { return less(c.choice(a), c.choice(b)) })
	figure := &plot.Figure{Language: language, Height: 5}
	if shown.config.Epochs > 0 { // trees have no scaled loss
		list = slices.Insert(list, 0, shown)
	}
	for _, m := range list {
		layers := lossLayers(m, w)
		if layers == nil || len(figure.Panels) == mostLosses {
			continue
		}
		p := plot.Panel{X: plot.Axis{Label: w.epoch}, Y: plot.Axis{Label: w.loss, Log: true}, Layers: layers}
		if len(list) > 1 {
			p.Title = m.config.short(w)
		}
		figure.Panels = append(figure.Panels, p)
	}
	switch n := len(figure.Panels); {
	case n == 0:
		return nil
	case n > 1:
		figure.Columns, figure.Height = min(n, 2), 0
		if n > 4 {
			figure.Columns = 3
		}
		figure.SharedX, figure.SharedY = true, true
	}
	return figure
}

// thin is how wide the line of one seed of several is, in points.
const thin = 0.6

func lossLayers(m *model, w words) (layers []plot.Layer) {
	for _, r := range m.runs {
		if r.trials == nil {
			continue
		}
		h, err := readHistory(r.trials[len(r.trials)-1].history.Path)
		if err != nil || len(h.Epochs) < 2 {
			continue
		}
		train := plot.Layer{Kind: plot.Line, Style: plot.Train}
		checked := plot.Layer{Kind: plot.Line, Style: plot.Validation}
		if len(m.runs) > 1 {
			train.Width, checked.Width = thin, thin
		}
		for i, e := range h.Epochs {
			train.X, train.Y = append(train.X, float64(i+1)), append(train.Y, known(e.Loss))
			checked.X, checked.Y = append(checked.X, float64(i+1)), append(checked.Y, known(e.Validation))
		}
		if len(layers) == 0 {
			train.Label, checked.Label = w.training, w.validation
		}
		layers = append(layers, train)
		if slices.ContainsFunc(checked.Y, func(v float64) bool { return !math.IsNaN(v) }) {
			layers = append(layers, checked)
		}
	}
	return layers
}

// known is a loss, NaN for none.
func known(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

// readHistory reads a trial's losses; a file that is not a history is an error, which leaves the figure out.
func readHistory(path string) (*epochs, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var h epochs
	if err := json.NewDecoder(io.LimitReader(file, maxHistory)).Decode(&h); err != nil {
		return nil, err
	}
	return &h, nil
}
