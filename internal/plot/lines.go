package plot

import (
	"math"
	"slices"
)

// course is a layer's line as runs of places, broken where a value is missing.
func (fr *frame) course(layer *Layer) [][]place {
	var runs [][]place
	var run []place
	for i := range layer.len() {
		x, okX := fr.x.own(layer.x(i))
		y, okY := fr.y.own(layer.Y[i])
		if layer.Kind == Steps && fr.y.axis.Log && layer.Y[i] == 0 {
			y, okY = fr.y.lo, true
		}
		if !okX || !okY {
			if run != nil {
				runs, run = append(runs, run), nil
			}
			continue
		}
		if layer.Kind == Steps {
			until, ok := fr.stepEnd(layer, i, x)
			if !ok {
				continue
			}
			run = append(run, place{fr.x.place(x), fr.y.place(y)}, place{fr.x.place(until), fr.y.place(y)})
			continue
		}
		run = append(run, place{fr.x.place(x), fr.y.place(y)})
	}
	if run != nil {
		runs = append(runs, run)
	}
	return runs
}

// stepEnd is where the i-th step ends, in own units.
func (fr *frame) stepEnd(layer *Layer, i int, x float64) (float64, bool) {
	n := layer.len()
	if i+1 < n {
		return fr.x.own(layer.x(i + 1))
	}
	if n == 1 {
		return x, true
	}
	before, ok := fr.x.own(layer.x(n - 2))
	return x + (x - before), ok
}

func (l *layout) line(fr *frame, layer *Layer, look look) {
	var runs [][]spot
	shift := fr.dodge(layer)
	for _, run := range fr.course(layer) {
		for i := range run {
			run[i].x = fr.sideways(run[i].x, shift)
		}
		for _, part := range l.clip(fr, thin(run)) {
			runs = append(runs, spots(part))
		}
	}
	l.scene.stroke(look.paint, lineWidth(layer, look), look.dash, runs...)
	if layer.Kind == LinePoints {
		l.marked(fr, layer, look)
	}
}

// thin keeps the first, lowest, highest and last place of each half-point column that a run passes through. Drawn at any
// width of line that paper shows, the picture is the same.
func thin(run []place) []place {
	const column = 0.5
	if len(run) <= 4 {
		return run
	}
	var out []place
	for i := 0; i < len(run); {
		j, c := i+1, math.Floor(run[i].x/column)
		low, high := i, i
		for ; j < len(run) && math.Floor(run[j].x/column) == c; j++ {
			if run[j].y < run[low].y {
				low = j
			}
			if run[j].y > run[high].y {
				high = j
			}
		}
		keep := []int{i, min(low, high), max(low, high), j - 1}
		for _, k := range slices.Compact(keep) {
			out = append(out, run[k])
		}
		i = j
	}
	return out
}

// spots rounds, dropping places that fall on the one before.
func spots(run []place) []spot {
	var out []spot
	for _, p := range run {
		if s := at(p.x, p.y); len(out) == 0 || out[len(out)-1] != s {
			out = append(out, s)
		}
	}
	return out
}

// clip cuts a run at the edges of the plot area (Liang and Barsky 1984).
func (l *layout) clip(fr *frame, run []place) [][]place {
	const slack = 0.3 // half a line is not worth a cut
	lo, hi := place{l.left - slack, fr.top - slack}, place{l.right + slack, fr.bottom + slack}
	inside := func(p place) bool { return p.x >= lo.x && p.x <= hi.x && p.y >= lo.y && p.y <= hi.y }
	if !slices.ContainsFunc(run, func(p place) bool { return !inside(p) }) {
		return [][]place{run}
	}
	if len(run) == 1 {
		return nil
	}
	var runs [][]place
	var current []place
	for i := 1; i < len(run); i++ {
		a, b, ok := cut(run[i-1], run[i], lo, hi)
		if !ok {
			continue
		}
		if len(current) == 0 || current[len(current)-1] != a {
			if current != nil {
				runs = append(runs, current)
			}
			current = []place{a}
		}
		current = append(current, b)
	}
	if current != nil {
		runs = append(runs, current)
	}
	return runs
}

// cut shortens a segment to what lies in the box.
func cut(a, b, lo, hi place) (place, place, bool) {
	from, to := 0.0, 1.0
	dx, dy := b.x-a.x, b.y-a.y
	for _, edge := range [4][2]float64{{-dx, a.x - lo.x}, {dx, hi.x - a.x}, {-dy, a.y - lo.y}, {dy, hi.y - a.y}} {
		p, q := edge[0], edge[1]
		switch {
		case p == 0 && q < 0:
			return a, b, false
		case p < 0:
			from = max(from, q/p)
		case p > 0:
			to = min(to, q/p)
		}
	}
	if from > to {
		return a, b, false
	}
	first, last := a, b
	if from > 0 {
		first = place{a.x + float64(from*dx), a.y + float64(from*dy)}
	}
	if to < 1 {
		last = place{a.x + float64(to*dx), a.y + float64(to*dy)}
	}
	return first, last, true
}
