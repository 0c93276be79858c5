package plot

import (
	"fmt"
	"math"
)

// Bounds of a description: far beyond any figure, they only keep a mistake from taking the memory.
const (
	largestSide = 200 // cm
	mostPanels  = 50
	mostTicks   = 10_000
)

// check finds contradictions in the description, named by panel and layer (from 1).
func (f *Figure) check() error {
	switch {
	case len(f.Panels) == 0:
		return fmt.Errorf("figure: no panels")
	case f.Columns < 0 || f.Columns > 12:
		return fmt.Errorf("figure: %d columns, expected at most 12", f.Columns)
	case len(f.Panels) > mostPanels:
		return fmt.Errorf("figure: %d panels, at most %d fit", len(f.Panels), mostPanels)
	case !(f.Width >= 0 && f.Width <= largestSide && f.Height >= 0 && f.Height <= largestSide):
		return fmt.Errorf("figure: size %g x %g cm, expected 0 to %d", f.Width, f.Height, largestSide)
	}
	for i, p := range f.Panels {
		if err := p.check(); err != nil {
			return fmt.Errorf("figure: panel %d: %w", i+1, err)
		}
		if f.SharedX && (p.X.Log != f.Panels[0].X.Log || p.X.Clock != f.Panels[0].X.Clock) {
			return fmt.Errorf("figure: panel %d: shares its x axis but has another scale", i+1)
		}
	}
	return nil
}

func (p *Panel) check() error {
	if !(p.Weight >= 0 && p.Weight <= 1e6) {
		return fmt.Errorf("weight %g, expected 0 to a million", p.Weight)
	}
	if err := p.X.check(); err != nil {
		return fmt.Errorf("x axis: %w", err)
	}
	if err := p.Y.check(); err != nil {
		return fmt.Errorf("y axis: %w", err)
	}
	for i, l := range p.Layers {
		if err := l.check(); err != nil {
			return fmt.Errorf("layer %d (%s): %w", i+1, l.Label, err)
		}
	}
	return nil
}

func (a *Axis) check() error {
	if a.Log && a.Clock {
		return fmt.Errorf("log and clock at once")
	}
	for _, end := range []*float64{a.Min, a.Max} {
		if end != nil && (!finite(*end) || math.Abs(*end) > largest || a.Log && *end < smallest) {
			return fmt.Errorf("range ends at %g, which the axis cannot show", *end)
		}
	}
	if a.Min != nil && a.Max != nil && *a.Min >= *a.Max {
		return fmt.Errorf("range from %g to %g is empty", *a.Min, *a.Max)
	}
	if len(a.Ticks) > mostTicks {
		return fmt.Errorf("%d ticks, at most %d are possible", len(a.Ticks), mostTicks)
	}
	return nil
}

func (l *Layer) check() error {
	if l.Kind > VLine {
		return fmt.Errorf("unknown kind %d", l.Kind)
	}
	if l.Style < 0 || l.Style >= styles {
		return fmt.Errorf("unknown style %d", l.Style)
	}
	if !finite(l.Width) || l.Width < 0 || l.Width > largest {
		return fmt.Errorf("width %g, expected 0 or more", l.Width)
	}
	n := l.len()
	differs := func(s []float64) bool { return s != nil && len(s) != n }
	if l.Kind != HLine && differs(l.X) || l.Kind != VLine && differs(l.Y) || differs(l.Low) || differs(l.High) || (l.Low == nil) != (l.High == nil) {
		return fmt.Errorf("%d x, %d y, %d low and %d high values: they must be as many", len(l.X), len(l.Y), len(l.Low), len(l.High))
	}
	for _, s := range [][]float64{l.X, l.Y, l.Low, l.High} {
		for i, v := range s {
			if finite(v) && math.Abs(v) > largest {
				return fmt.Errorf("value %d is %g: too large to draw", i+1, v)
			}
		}
	}
	return nil
}

// len is the number of points. HLine counts Y, VLine X, a band Low.
func (l *Layer) len() int {
	switch l.Kind {
	case VLine:
		return len(l.X)
	case Band:
		return len(l.Low)
	}
	return len(l.Y)
}

// x is the i-th place.
func (l *Layer) x(i int) float64 {
	if l.X == nil {
		return float64(i)
	}
	return l.X[i]
}
