package plot

import (
	"fmt"
	"math"
)

// Ranking shows one value for each of several things, a line for each from top to bottom: a bar or a point, its interval, and its name at the
// left. Skills of models, effects with their intervals, importances. Where zero is in the range it is a line.
type Ranking struct {
	Sheet
	Axis Axis // of the values: Label, Log, Zero, Min, Max
	Mark Kind // Bars (the zero value of the struct, Line, counts as Bars) or Points
	Rows []Row
}

// Row is one line of a Ranking.
type Row struct {
	Name             string
	Value, Low, High float64 // NaN: none; bars and points without an interval have NaN in Low and High
	Style            Style   // Baseline for baselines, which are grey
	Note             string  // at the right edge: the value in numbers, or what a test said; mostly empty
}

const (
	mostRows = 500
	rowHigh  = 12.0
	rowLow   = 7.0 // the least height of a row
)

// SVG draws the ranking as an SVG document (see Figure.SVG).
func (r *Ranking) SVG() ([]byte, error) { return svg(r) }

// PDF draws the ranking as a PDF document (see Figure.PDF).
func (r *Ranking) PDF() ([]byte, error) { return pdf(r) }

// Save writes NAME.svg and NAME.pdf into the directory, which must exist.
func (r *Ranking) Save(dir, name string) error { return save(r, dir, name) }

func (r *Ranking) check() error {
	switch {
	case len(r.Rows) == 0 || len(r.Rows) > mostRows:
		return fmt.Errorf("figure: %d rows, expected 1 to %d", len(r.Rows), mostRows)
	case r.Mark != Line && r.Mark != Bars && r.Mark != Points:
		return fmt.Errorf("figure: a ranking of kind %d, expected Bars or Points", r.Mark)
	}
	for _, row := range r.Rows {
		if row.Style < 0 || row.Style >= styles {
			return fmt.Errorf("figure: unknown style %d", row.Style)
		}
		if err := checkValues(row.Value, row.Low, row.High); err != nil {
			return err
		}
	}
	if err := r.Axis.check(); err != nil {
		return fmt.Errorf("figure: %w", err)
	}
	return nil
}

func (r *Ranking) scene() (*scene, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	foot := tickLong + tickGap + ascent + 3
	if r.Axis.Label != "" {
		foot += lineHigh + 1
	}
	n := float64(len(r.Rows))
	l, top, err := r.layout(2 + rowHigh*n + foot)
	if err != nil {
		return nil, err
	}
	l.figure = &Figure{}
	var names, notes []string
	for _, row := range r.Rows {
		names, notes = append(names, row.Name), append(notes, row.Note)
	}
	name, note := min(l.longest(names), r.wide()*0.42), l.longest(notes)
	l.left, l.right = 1+name+6, r.wide()-4
	if note > 0 {
		l.right -= note + 6
	}
	fr := &frame{panel: &Panel{X: r.Axis}, showX: true, top: top + 1, bottom: l.high() - foot}
	high := (fr.bottom - fr.top) / n
	if high < rowLow || l.right-l.left < 20 {
		return nil, fmt.Errorf("figure: %g x %g cm leave no room for %d rows", r.wide()/perCM, l.high()/perCM, len(r.Rows))
	}
	fr.x.axis = r.Axis
	if err := fr.x.fit(r.demand(&fr.x), 0.04); err != nil {
		return nil, fmt.Errorf("figure: %w", err)
	}
	fr.x.from, fr.x.to = l.left, l.right
	for k := 10; ; k-- {
		fr.x.mark(k, l.locale)
		if k == 1 || l.loose(fr.x.ticks, &fr.x) {
			break
		}
	}
	r.paint(l, fr, high, name)
	return l.scene, nil
}

func (r *Ranking) demand(s *scale) demand {
	d := demand{zero: r.Mark != Points, foot: r.Mark != Points}
	for _, row := range r.Rows {
		for _, v := range []float64{row.Value, row.Low, row.High} {
			d.values.add(s.own(v))
		}
	}
	return d
}

func (r *Ranking) paint(l *layout, fr *frame, high, name float64) {
	var lines [][]spot
	ticks := [][]spot{{at(l.left, fr.bottom), at(l.right, fr.bottom)}}
	for _, t := range fr.x.ticks {
		x := fr.x.place(t.at)
		ticks = append(ticks, []spot{at(x, fr.bottom), at(x, fr.bottom+long(t))})
		if !t.minor {
			lines = append(lines, []spot{at(x, fr.top), at(x, fr.bottom)})
		}
	}
	if len(lines) > 0 {
		l.scene.marks = append(l.scene.marks, mark{paint: gridPaint, opacity: 14, runs: lines, width: units(axisWidth)})
	}
	if fr.x.empty {
		fr.panel.X.Label = ""
		l.nothing(fr)
	}
	for i, row := range r.Rows {
		y := fr.top + float64(high*(float64(i)+0.5))
		r.row(l, fr, row, y, min(high*0.7, 9))
		l.scene.write(text{at: at(l.left-5, y+ascent/2), body: l.fit(row.Name, textSize, name), size: units(textSize), anchor: end})
		l.scene.write(text{at: at(r.wide()-1, y+ascent/2), body: clean(row.Note), size: units(textSize), anchor: end})
	}
	l.scene.stroke(inkPaint, axisWidth, nil, ticks...)
	if zero := 0.0; !fr.x.axis.Log && fr.x.lo <= zero && zero <= fr.x.hi {
		x := fr.x.place(zero)
		l.scene.stroke(inkPaint, 0.8, nil, []spot{at(x, fr.top), at(x, fr.bottom)})
	}
	l.numbersX(fr)
}

// row draws one bar or point with its interval.
func (r *Ranking) row(l *layout, fr *frame, row Row, y, thick float64) {
	look := row.Style.look()
	value, ok := fr.x.own(row.Value)
	if ok && r.Mark != Points {
		foot := fr.x.from
		if !fr.x.axis.Log {
			foot = fr.inX(0)
		}
		if x := fr.inX(value); math.Abs(x-foot) > 0.01 {
			l.scene.area(look.paint, 100, l.bar(fr, foot, x, y, thick, value)...)
		}
	}
	low, okLow := fr.x.own(row.Low)
	high, okHigh := fr.x.own(row.High)
	if okLow && okHigh && high >= fr.x.lo && low <= fr.x.hi {
		a, b := fr.inX(low), fr.inX(high)
		paint := look.paint
		if r.Mark != Points {
			paint = inkPaint
		}
		runs := [][]spot{{at(a, y), at(b, y)}}
		for _, end := range []struct{ own, x float64 }{{low, a}, {high, b}} {
			if end.own >= fr.x.lo && end.own <= fr.x.hi { // one that goes on beyond the axis has no end
				runs = append(runs, []spot{at(end.x, y-capHalf), at(end.x, y+capHalf)})
			}
		}
		l.scene.stroke(paint, 0.8, nil, runs...)
	}
	switch {
	case !ok || r.Mark != Points:
	case value < fr.x.lo: // beyond the axis: an arrow at its end
		l.scene.area(look.paint, 100, []spot{at(fr.x.from, y), at(fr.x.from+5, y-2.5), at(fr.x.from+5, y+2.5)})
	case value > fr.x.hi:
		l.scene.area(look.paint, 100, []spot{at(fr.x.to, y), at(fr.x.to-5, y-2.5), at(fr.x.to-5, y+2.5)})
	default:
		l.markers(look, []place{{fr.x.place(value), y}}, 4)
	}
}

// bar is a bar from its foot to x; one that goes on beyond the axis has a slanted cut near its end.
func (l *layout) bar(fr *frame, foot, x, y, thick, value float64) [][]spot {
	up, down := y-thick/2, y+thick/2
	away := 1.0
	switch {
	case value < fr.x.lo:
		away = -1
	case value <= fr.x.hi:
		return [][]spot{box(min(foot, x), up, max(foot, x), down)}
	}
	if math.Abs(x-foot) < 14 {
		return [][]spot{box(min(foot, x), up, max(foot, x), down)}
	}
	to := func(back, slant float64) float64 { return x - float64(away*(back+slant)) }
	return [][]spot{
		{at(foot, up), at(to(8, -1.5), up), at(to(8, 1.5), down), at(foot, down)},
		{at(to(6, -1.5), up), at(x, up), at(x, down), at(to(6, 1.5), down)},
	}
}
