package plot

import "math"

// A scene is the finished picture: paths and texts at fixed places, in the order they are painted. Both
// writers (SVG, PDF) do nothing but spell it.
type scene struct {
	width, height unit
	marks         []mark
}

// A unit is a hundredth of a point. Positions become whole units as soon as they are known, so that the last bits of a
// floating-point number cannot reach the bytes.
type unit int32

// A spot is a place, x from the left, y from the top.
type spot struct{ x, y unit }

func units(pt float64) unit { return unit(math.Round(pt * 100)) }

func at(x, y float64) spot { return spot{units(x), units(y)} }

// A mark is a path (runs) or, when runs is nil, a text.
type mark struct {
	paint   paint
	opacity int      // percent
	runs    [][]spot // polylines; a run of one spot is a dot
	closed  bool
	fill    bool // filled, otherwise stroked
	width   unit
	dash    []float64
	text    text
}

// A text is one line, its baseline through the spot.
type text struct {
	at     spot
	body   string
	raised string // an exponent after the body: smaller, above the baseline
	size   unit
	anchor anchor
	turned bool // reads upwards
}

type anchor uint8

const (
	start anchor = iota
	middle
	end
)

var (
	inkPaint  = paint{class: "ink", rgb: black, ink: true}
	gridPaint = paint{class: "grid", rgb: black, ink: true}
)

func (s *scene) stroke(p paint, width float64, dash []float64, runs ...[]spot) {
	if len(runs) > 0 {
		s.marks = append(s.marks, mark{paint: p, opacity: 100, runs: runs, width: units(width), dash: dash})
	}
}

func (s *scene) area(p paint, opacity int, runs ...[]spot) {
	if len(runs) > 0 {
		s.marks = append(s.marks, mark{paint: p, opacity: opacity, runs: runs, closed: true, fill: true})
	}
}

func (s *scene) write(t text) {
	if t.body != "" || t.raised != "" {
		s.marks = append(s.marks, mark{paint: inkPaint, opacity: 100, text: t})
	}
}

// raisedSize and raisedBy are the size of an exponent and its height over the baseline, as parts of the text's size.
const (
	raisedSize = 0.72
	raisedBy   = 0.36
)
