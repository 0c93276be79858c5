package plot

import (
	"maps"
	"math"
	"slices"
)

// barSpacing is the width of a group of bars in own units: the smallest distance between the places of any two bars in the panel.
func barSpacing(p *Panel, s *scale) float64 {
	var all []float64
	for i := range p.Layers {
		layer := &p.Layers[i]
		if layer.Kind != Bars {
			continue
		}
		if layer.Width > 0 && !s.axis.Log {
			return layer.Width
		}
		for j := range layer.len() {
			if own, ok := s.own(layer.x(j)); ok {
				all = append(all, own)
			}
		}
	}
	slices.Sort(all)
	spacing := math.Inf(1)
	for i := 1; i < len(all); i++ {
		if d := all[i] - all[i-1]; d > 1e-9*max(math.Abs(all[i]), smallest) {
			spacing = min(spacing, d)
		}
	}
	if math.IsInf(spacing, 1) {
		return 1
	}
	return spacing
}

// bars draws the layer's share of each group.
func (l *layout) bars(fr *frame, layer *Layer, look look) {
	group, mine := 0, 0
	for i := range fr.panel.Layers {
		if &fr.panel.Layers[i] == layer {
			mine = group
		}
		if fr.panel.Layers[i].Kind == Bars {
			group++
		}
	}
	whole := (fr.x.place(fr.x.lo+barSpacing(fr.panel, &fr.x)) - fr.x.from)
	used := whole * 0.8
	if layer.Width > 0 { // a histogram's bars touch, but for a hair
		used = whole - min(0.4, whole*0.1)
	}
	wide := used / float64(group)
	shift := float64(wide*float64(mine)) - used/2
	foot := fr.y.from
	if !fr.y.axis.Log {
		foot = fr.inY(0)
	}
	var shapes [][]spot
	columns := columns{}
	for i := range layer.len() {
		x, okX := fr.x.own(layer.x(i))
		y, okY := fr.y.own(layer.Y[i])
		if !okX || !okY || x < fr.x.lo || x > fr.x.hi {
			continue
		}
		left := fr.x.place(x) + shift
		right, top := min(left+wide, l.right), fr.inY(y)
		switch left = max(left, l.left); {
		case left >= right || top == foot:
		case wide < hair:
			columns.add(left, min(top, foot), max(top, foot))
		default:
			shapes = append(shapes, box(left, top, right, foot))
		}
	}
	for _, c := range columns.sorted() {
		shapes = append(shapes, box(c.x, c.from, c.x+hair, c.to))
	}
	l.scene.area(look.paint, 100, shapes...)
	l.intervals(fr, layer, look, shift+wide/2)
}

// Columns join upright marks that are too many to be told apart: one for each hair's width of the page, as high as
// all of its marks together.
type columns map[int]column

type column struct{ x, from, to float64 }

const hair = 0.25

func (c columns) add(x, from, to float64) {
	i := int(math.Floor(x / hair))
	if had, ok := c[i]; ok {
		from, to = min(from, had.from), max(to, had.to)
	}
	c[i] = column{float64(i) * hair, from, to}
}

func (c columns) sorted() []column {
	var all []column
	for _, i := range slices.Sorted(maps.Keys(c)) {
		all = append(all, c[i])
	}
	return all
}
