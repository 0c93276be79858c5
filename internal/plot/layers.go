package plot

import (
	"math"
	"slices"
)

const (
	bandOpacity = 20 // percent
	stemWidth   = 0.8
	capHalf     = 2.0 // half the width of an interval's ends
)

// A place is a point of the page in pt, before it is rounded.
type place struct{ x, y float64 }

// layer draws one layer into its frame.
func (l *layout) layer(fr *frame, layer *Layer) {
	look := layer.Style.look()
	switch layer.Kind {
	case Line, LinePoints, Steps:
		l.line(fr, layer, look)
	case Points:
		l.marked(fr, layer, look)
	case Bars:
		l.bars(fr, layer, look)
	case Stems:
		l.stems(fr, layer, look)
	case Band:
		l.band(fr, layer, look)
	case HLine:
		l.hlines(fr, layer, look)
	case VLine:
		l.vlines(fr, layer, look)
	}
}

// marked draws markers, over intervals where there are any.
func (l *layout) marked(fr *frame, layer *Layer, look look) {
	shift := fr.dodge(layer)
	l.intervals(fr, layer, look, shift)
	places := fr.places(layer)
	for i := range places {
		places[i].x = fr.sideways(places[i].x, shift)
	}
	l.markers(look, places, markerSize(len(places)))
}

// sideways moves a place, but not out of the plot area.
func (fr *frame) sideways(x, shift float64) float64 {
	if shift == 0 || x < fr.x.from || x > fr.x.to {
		return x + shift
	}
	return min(max(x+shift, fr.x.from), fr.x.to)
}

// dodge moves points with intervals a little sideways, each layer differently, so that intervals at the same x do not hide each
// other.
func (fr *frame) dodge(layer *Layer) float64 {
	const apart = 3.2
	count, mine := 0, -1
	for i := range fr.panel.Layers {
		other := &fr.panel.Layers[i]
		if (other.Kind == LinePoints || other.Kind == Points) && other.Low != nil {
			if other == layer {
				mine = count
			}
			count++
		}
	}
	if mine < 0 {
		return 0
	}
	return apart * (float64(mine) - float64(count-1)/2)
}

// lineWidth makes lines of many points finer, as they cross themselves in the same place.
func lineWidth(layer *Layer, look look) float64 {
	if layer.Width > 0 {
		return min(layer.Width, 10)
	}
	if layer.len() > 400 {
		return float64(look.width * 0.75)
	}
	return look.width
}

// places are a layer's points inside the plot area. So many that they cover each other are thinned on a grid.
func (fr *frame) places(layer *Layer) []place {
	var all []place
	for i := range layer.len() {
		x, okX := fr.x.own(layer.x(i))
		y, okY := fr.y.own(layer.Y[i])
		if okX && okY && fr.holds(x, y) {
			all = append(all, place{fr.x.place(x), fr.y.place(y)})
		}
	}
	for cell := 0.25; len(all) > 5000; cell *= 2 {
		seen := map[[2]int]bool{}
		all = slices.DeleteFunc(all, func(p place) bool {
			key := [2]int{int(p.x / cell), int(p.y / cell)}
			again := seen[key]
			seen[key] = true
			return again
		})
	}
	return all
}

func (fr *frame) holds(x, y float64) bool {
	inX := x >= fr.x.lo-1e-9*(fr.x.hi-fr.x.lo) && x <= fr.x.hi+1e-9*(fr.x.hi-fr.x.lo)
	return inX && y >= fr.y.lo-1e-9*(fr.y.hi-fr.y.lo) && y <= fr.y.hi+1e-9*(fr.y.hi-fr.y.lo)
}

// markerSize is the diameter of a marker among n.
func markerSize(n int) float64 {
	switch {
	case n > 1000:
		return 1.2
	case n > 200:
		return 2
	}
	return 3.6
}

// markers draws a style's marker at each place.
func (l *layout) markers(look look, places []place, size float64) {
	if look.marker == disc || size < 2 {
		dots := make([][]spot, len(places))
		for i, p := range places {
			dots[i] = []spot{at(p.x, p.y)}
		}
		l.scene.stroke(look.paint, size, nil, dots...)
		return
	}
	var shapes [][]spot
	for _, p := range places {
		shapes = append(shapes, shape(look.marker, p, size/2)...)
	}
	if look.marker == cross {
		l.scene.stroke(look.paint, 0.9, nil, shapes...)
		return
	}
	l.scene.area(look.paint, 100, shapes...)
}

// shape is a marker's outline; sizes are such that all look equally large.
func shape(m markerShape, p place, r float64) [][]spot {
	to := func(dx, dy float64) spot { return at(p.x+float64(dx*r), p.y+float64(dy*r)) }
	switch m {
	case square:
		return [][]spot{{to(-0.9, -0.9), to(0.9, -0.9), to(0.9, 0.9), to(-0.9, 0.9)}}
	case triangle:
		return [][]spot{{to(-1.2, 0.8), to(1.2, 0.8), to(0, -1.3)}}
	case wedge:
		return [][]spot{{to(-1.2, -0.8), to(1.2, -0.8), to(0, 1.3)}}
	case diamond:
		return [][]spot{{to(-1.3, 0), to(0, -1.3), to(1.3, 0), to(0, 1.3)}}
	}
	return [][]spot{{to(-1, -1), to(1, 1)}, {to(-1, 1), to(1, -1)}}
}

// intervals draws Low to High at each point, with ends unless there are more than a thousand; shift moves them sideways.
func (l *layout) intervals(fr *frame, layer *Layer, look look, shift float64) {
	if layer.Low == nil {
		return
	}
	var runs [][]spot
	joined, many := columns{}, layer.len() > 1000
	for i := range layer.len() {
		x, okX := fr.x.own(layer.x(i))
		low, okLow := fr.y.own(layer.Low[i])
		high, okHigh := fr.y.own(layer.High[i])
		if !okX || !okLow || !okHigh || x < fr.x.lo || x > fr.x.hi {
			continue
		}
		px, a, b := fr.sideways(fr.x.place(x), shift), fr.inY(low), fr.inY(high)
		if px < l.left-1 || px > l.right+1 {
			continue
		}
		if many {
			joined.add(px, min(a, b), max(a, b))
			continue
		}
		runs = append(runs, []spot{at(px, a), at(px, b)}, []spot{at(px-capHalf, a), at(px+capHalf, a)}, []spot{at(px-capHalf, b), at(px+capHalf, b)})
	}
	for _, c := range joined.sorted() {
		runs = append(runs, []spot{at(c.x, c.from), at(c.x, c.to)})
	}
	if layer.Kind == Bars {
		look.paint = inkPaint
	}
	l.scene.stroke(look.paint, 0.7, nil, runs...)
}

// inY places a value, kept inside the plot area.
func (fr *frame) inY(own float64) float64 { return fr.y.place(min(max(own, fr.y.lo), fr.y.hi)) }
func (fr *frame) inX(own float64) float64 { return fr.x.place(min(max(own, fr.x.lo), fr.x.hi)) }

func box(x1, y1, x2, y2 float64) []spot {
	return []spot{at(x1, y1), at(x2, y1), at(x2, y2), at(x1, y2)}
}

func (l *layout) stems(fr *frame, layer *Layer, look look) {
	foot := fr.y.from
	if !fr.y.axis.Log {
		foot = fr.inY(0)
	}
	places := fr.places(layer)
	var runs [][]spot
	for _, p := range places {
		runs = append(runs, []spot{at(p.x, foot), at(p.x, p.y)})
	}
	if !fr.y.axis.Log {
		l.scene.stroke(inkPaint, axisWidth, nil, []spot{at(l.left, foot), at(l.right, foot)})
	}
	l.scene.stroke(look.paint, min(stemWidth, 200/float64(len(places)+1)), nil, runs...)
	l.markers(look, places, min(markerSize(len(places)), 2.6))
}

// band fills the area between Low and High, thinned like a line to the outermost values of each column.
func (l *layout) band(fr *frame, layer *Layer, look look) {
	var shapes [][]spot
	var lower, upper []place
	flush := func() {
		if len(lower) > 1 {
			outline := append(thinEdge(upper, true), reversed(thinEdge(lower, false))...)
			if s := spots(outline); len(s) > 2 {
				shapes = append(shapes, s)
			}
		}
		lower, upper = nil, nil
	}
	for i := range layer.len() {
		x, okX := fr.x.own(layer.x(i))
		low, okLow := fr.y.own(layer.Low[i])
		high, okHigh := fr.y.own(layer.High[i])
		if !okX || !okLow || !okHigh {
			flush()
			continue
		}
		lower = append(lower, place{fr.inX(x), fr.inY(low)})
		upper = append(upper, place{fr.inX(x), fr.inY(high)})
	}
	flush()
	l.scene.area(look.paint, bandOpacity, shapes...)
}

// thinEdge keeps the outermost place of each half-point column.
func thinEdge(run []place, top bool) []place {
	var out []place
	for i, p := range run {
		n := len(out)
		if n > 1 && i < len(run)-1 && math.Floor(p.x*2) == math.Floor(out[n-1].x*2) {
			if top == (p.y < out[n-1].y) {
				out[n-1].y = p.y
			}
			continue
		}
		out = append(out, p)
	}
	return out
}

func reversed(run []place) []place {
	slices.Reverse(run)
	return run
}

func (l *layout) hlines(fr *frame, layer *Layer, look look) {
	var runs [][]spot
	for _, y := range fr.y.inside(layer.Y) {
		runs = append(runs, []spot{at(l.left, y), at(l.right, y)})
	}
	l.scene.stroke(look.paint, look.width, look.dash, runs...)
}

func (l *layout) vlines(fr *frame, layer *Layer, look look) {
	var runs [][]spot
	for _, x := range fr.x.inside(layer.X) {
		runs = append(runs, []spot{at(x, fr.top), at(x, fr.bottom)})
	}
	l.scene.stroke(look.paint, look.width, look.dash, runs...)
}

// inside lists the places of the values on the scale, sorted, not two of them closer than a tenth of a point.
func (s *scale) inside(values []float64) []float64 {
	var places []float64
	for _, v := range values {
		if own, ok := s.own(v); ok && own >= s.lo && own <= s.hi {
			places = append(places, s.place(own))
		}
	}
	slices.Sort(places)
	return slices.CompactFunc(places, func(a, b float64) bool { return b-a < 0.1 })
}
