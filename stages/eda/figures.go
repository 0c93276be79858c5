package eda

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"weir/internal/forecast"
	"weir/internal/plot"
	"weir/internal/stats"
)

// draw writes the figures of one protocol, with the suffix behind each name.
func (e *Explore) draw(a *analysis, suffix string) error {
	w := wordsOf(e.Language)
	save := func(name string, f *plot.Figure) error {
		f.Language = e.Language
		return f.Save(e.Figures.Path, name+suffix)
	}
	if err := save("series", seriesFigure(a, w)); err != nil {
		return err
	}
	for _, s := range a.seasons {
		if s.parts == nil {
			continue
		}
		name := fmt.Sprintf("decomposition_%d", s.period)
		if s.model == stats.Multiplicative {
			name += "_multiplicative"
		}
		if err := save(name, decompositionFigure(a, s, w)); err != nil {
			return err
		}
	}
	if a.acf != nil {
		if err := save("acf_pacf", correlationFigure(a, w)); err != nil {
			return err
		}
	}
	if len(a.power) > 2 {
		return save("periodogram", periodogramFigure(a, w))
	}
	return nil
}

// axisUnit names the interval too, where it is not a second.
func axisUnit(d *forecast.Data) string {
	if d.Unit == "" || d.Step == time.Second {
		return d.Unit
	}
	return d.Unit + "/" + interval(d.Step)
}

func interval(d time.Duration) string {
	for _, u := range []struct {
		size time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}, {time.Millisecond, "ms"}} {
		if d%u.size == 0 {
			return strconv.Itoa(int(d/u.size)) + "\u00a0" + u.name
		}
	}
	return d.String()
}

func label(quantity, unit string) string {
	if unit == "" {
		return quantity
	}
	return quantity + " (" + unit + ")"
}

// scaled divides values for an axis, with a break (NaN) before each segment but the first.
func scaled(a *analysis, values []float64, divisor float64) []float64 {
	y := make([]float64, 0, len(values)+len(a.data.Segments))
	for i, s := range a.data.Segments {
		if i > 0 {
			y = append(y, math.NaN())
		}
		for _, v := range values[s.Lo:s.Hi] {
			y = append(y, v/divisor)
		}
	}
	return y
}

// clock is the time axis that goes with scaled.
func clock(a *analysis) []float64 {
	ns := make([]int64, 0, len(a.data.Time)+len(a.data.Segments))
	for i, s := range a.data.Segments {
		if i > 0 {
			ns = append(ns, a.data.Time[s.Lo-1]+int64(a.data.Step))
		}
		ns = append(ns, a.data.Time[s.Lo:s.Hi]...)
	}
	return plot.Seconds(ns)
}

// mark is a line, or points where a line would show nothing.
func mark(a *analysis) plot.Kind {
	if len(stats.Longest(a.runs).Values) < 3 {
		return plot.Points
	}
	return plot.Line
}

func seriesFigure(a *analysis, w *words) *plot.Figure {
	divisor, unit := plot.Prefix(a.data.Values, axisUnit(a.data))
	return &plot.Figure{Description: w.series, Panels: []plot.Panel{{
		X:      plot.Axis{Label: w.time, Clock: true},
		Y:      plot.Axis{Label: label(w.quantity(a.data.Column), unit), Zero: true},
		Layers: []plot.Layer{{Kind: mark(a), X: clock(a), Y: scaled(a, a.data.Values, divisor), Style: plot.Observed}},
	}}}
}

func decompositionFigure(a *analysis, s season, w *words) *plot.Figure {
	divisor, unit := plot.Prefix(a.data.Values, axisUnit(a.data))
	factor, factorUnit, neutral := divisor, unit, 0.0
	if s.model == stats.Multiplicative {
		factor, factorUnit, neutral = 1, "", 1
	}
	x := clock(a)
	f := &plot.Figure{Description: w.decomposition, SharedX: true, Height: 14}
	for _, p := range []struct {
		name     string
		values   []float64
		divisor  float64
		unit     string
		style    plot.Style
		residual bool
	}{
		{w.observed, a.data.Values, divisor, unit, plot.Observed, false},
		{w.trend, s.parts.Trend, divisor, unit, plot.Trend, false},
		{w.seasonal, s.parts.Seasonal, factor, factorUnit, plot.Seasonal, false},
		{w.residual, s.parts.Residual, factor, factorUnit, plot.Residual, true},
	} {
		panel := plot.Panel{X: plot.Axis{Label: w.time, Clock: true}, Y: plot.Axis{Label: label(p.name, p.unit)}}
		layer := plot.Layer{Kind: plot.Line, X: x, Y: scaled(a, p.values, p.divisor), Style: p.style}
		if p.residual {
			panel.Layers = append(panel.Layers, plot.Layer{Kind: plot.HLine, Y: []float64{neutral}, Style: plot.Reference})
		}
		panel.Layers = append(panel.Layers, layer)
		f.Panels = append(f.Panels, panel)
	}
	return f
}

func correlationFigure(a *analysis, w *words) *plot.Figure {
	band := make([]float64, len(a.acf.R))
	flat := make([]float64, len(a.pacf))
	for k := range band {
		band[k] = a.acf.Band(k)
	}
	for k := range flat {
		flat[k] = a.band()
	}
	low, high := -0.5, float64(a.lags)+0.5
	panel := func(name string, values, band []float64) plot.Panel {
		lags, minus := make([]float64, len(values)), make([]float64, len(values))
		for k := range values {
			lags[k], minus[k] = float64(k), -band[k]
		}
		return plot.Panel{X: plot.Axis{Label: w.lag(interval(a.data.Step)), Min: &low, Max: &high}, Y: plot.Axis{Label: name, Zero: true}, Layers: []plot.Layer{
			{Kind: plot.Band, X: lags[1:], Low: minus[1:], High: band[1:], Style: plot.Interval},
			{Kind: plot.Stems, X: lags, Y: values, Style: plot.Observed}}}
	}
	return &plot.Figure{Description: w.correlation, SharedX: true, Height: 9,
		Panels: []plot.Panel{panel(w.acf, a.acf.R, band), panel(w.pacf, a.pacf, flat)}}
}

func periodogramFigure(a *analysis, w *words) *plot.Figure {
	duration := float64(len(stats.Longest(a.runs).Values)) * a.data.Step.Seconds()
	x := make([]float64, len(a.power)-1)
	for k := range x {
		x[k] = float64(k+1) / duration
	}
	unit := ""
	if u := axisUnit(a.data); u != "" {
		unit = "(" + u + ")²/Hz"
	}
	layers := []plot.Layer{{Kind: plot.Line, X: x, Y: a.power[1:], Style: plot.Observed}}
	for i, s := range a.seasons {
		if i > 0 && a.seasons[i-1].period == s.period {
			continue
		}
		period := float64(s.period) * a.data.Step.Seconds()
		if 1/period >= x[0] && 1/period <= x[len(x)-1] {
			layers = append(layers, plot.Layer{Kind: plot.VLine, X: []float64{1 / period}, Label: interval(time.Duration(s.period) * a.data.Step), Style: plot.Reference})
		}
	}
	return &plot.Figure{Description: w.periodogram, Panels: []plot.Panel{{
		X: plot.Axis{Label: label(w.frequency, "Hz"), Log: true}, Y: plot.Axis{Label: label(w.power, unit), Log: true}, Layers: layers}}}
}

// sizeBins is how many groups of three bars a figure of the page's width can hold apart.
const sizeBins = 52

func (e *Explore) drawSizes(s *sizeTable) error {
	w := wordsOf(e.Language)
	for i, of := range sizeLengths {
		width, count := binning(s[i], sizeBins)
		x := make([]float64, count)
		for k := range x {
			x[k] = float64(width)*float64(k) + float64(width-1)/2
		}
		var layers []plot.Layer
		for j, style := range []plot.Style{plot.TCP, plot.UDP, plot.Other} {
			if len(s[i][j].lengths) == 0 {
				continue
			}
			y := s[i][j].bins(width, count)
			for k := range y {
				if y[k] == 0 {
					y[k] = math.NaN()
				}
			}
			layers = append(layers, plot.Layer{Kind: plot.Bars, X: x, Y: y, Label: w.protocol(sizeTypes[j]), Style: style, Width: float64(width) * 0.9})
		}
		if len(layers) == 0 {
			continue
		}
		f := &plot.Figure{Language: e.Language, Description: w.sizes, Panels: []plot.Panel{{
			X: plot.Axis{Label: w.length(of, width)}, Y: plot.Axis{Label: w.packets, Log: true}, Layers: layers}}}
		if err := f.Save(e.Figures.Path, "sizes_"+of); err != nil {
			return err
		}
	}
	return nil
}
