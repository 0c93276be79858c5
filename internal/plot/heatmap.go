package plot

import (
	"fmt"
	"math"

	"weir/internal/locale"
)

// HeatMap shows a value for each combination of two things, such as the error of a sweep over two of its options: a cell for each, darker for
// higher values, with the value written in it. A cell without a value is an empty frame with a dash.
type HeatMap struct {
	Sheet
	Label         string      // what the values are, with their unit: "RMSE (kB/s)"
	X, Y          string      // what the columns and rows are; Y may be empty
	Columns, Rows []string    // names, left to right and top to bottom
	Values        [][]float64 // [row][column]; NaN: no value
	Digits        int         // significant digits of the largest value, 0: 3; fewer where cells are too small
	Marked        []Cell      // framed: the one that was chosen
}

// Cell is a place in a heat map, from 0.
type Cell struct{ Row, Column int }

const (
	mostCells   = 200 // in a row or column
	cellGap     = 0.4 // half the ground between two cells
	smallText   = 6.0 // the smallest text in a cell
	keySteps    = 11
	keyStepWide = 7.0
)

// heat are the colours of cells, the lightest first: a straight line in CIE L*a*b* from (94, -6, -8) to (28, 6, -38), so that steps are equally
// far apart for the eye, and lightness alone orders them, on a black-and-white print and with any colour deficiency.
func heat(step int) paint {
	rgb := [keySteps]uint32{0xd9f2fd, 0xc6dff0, 0xb3cce2, 0xa0b9d5, 0x8da7c8, 0x7a95bb, 0x6784af, 0x5473a2, 0x3f6296, 0x285289, 0x02437d}
	return paint{class: fmt.Sprintf("heat%d", step), rgb: rgb[step]}
}

// heatInk is what can be read on a cell.
func heatInk(step int) paint {
	if step > 6 {
		return paint{class: "heat-light", rgb: 0xffffff}
	}
	return paint{class: "heat-dark", rgb: black}
}

// SVG draws the map as an SVG document (see Figure.SVG).
func (h *HeatMap) SVG() ([]byte, error) { return svg(h) }

// PDF draws the map as a PDF document (see Figure.PDF).
func (h *HeatMap) PDF() ([]byte, error) { return pdf(h) }

// Save writes NAME.svg and NAME.pdf into the directory, which must exist.
func (h *HeatMap) Save(dir, name string) error { return save(h, dir, name) }

func (h *HeatMap) check() error {
	if len(h.Columns) == 0 || len(h.Rows) == 0 || len(h.Columns) > mostCells || len(h.Rows) > mostCells {
		return fmt.Errorf("figure: a heat map of %d x %d cells, expected 1 to %d each way", len(h.Rows), len(h.Columns), mostCells)
	}
	if len(h.Values) != len(h.Rows) {
		return fmt.Errorf("figure: %d rows of values for %d names", len(h.Values), len(h.Rows))
	}
	for i, row := range h.Values {
		if len(row) != len(h.Columns) {
			return fmt.Errorf("figure: row %d has %d values for %d columns", i+1, len(row), len(h.Columns))
		}
		if err := checkValues(row...); err != nil {
			return err
		}
	}
	for _, c := range h.Marked {
		if c.Row < 0 || c.Column < 0 || c.Row >= len(h.Rows) || c.Column >= len(h.Columns) {
			return fmt.Errorf("figure: row %d, column %d is marked and not there", c.Row, c.Column)
		}
	}
	return nil
}

// grid is where the cells are.
type grid struct {
	left, top, wide, high float64 // of the first cell
}

func (g grid) cell(row, column int) (x1, y1, x2, y2 float64) {
	x1, y1 = g.left+float64(g.wide*float64(column)), g.top+float64(g.high*float64(row))
	return x1, y1, x1 + g.wide, y1 + g.high
}

func (h *HeatMap) scene() (*scene, error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	const keyHigh, foot = lineHigh + 6, tickGap + ascent + 3
	rows := float64(len(h.Rows))
	under := foot
	if h.X != "" {
		under += lineHigh + 1
	}
	l, top, err := h.layout(1 + keyHigh + min(22*rows, max(11*rows, 260)) + under + 2*lineHigh)
	if err != nil {
		return nil, err
	}
	wide := h.wide()
	names := min(l.longest(h.Rows), wide*0.4)
	left := 1 + names + 5
	if h.Y != "" {
		left += lineHigh + 2
	}
	g := grid{left: left, top: top + keyHigh, wide: (wide - 2 - left) / float64(len(h.Columns))}
	most := 1
	for _, name := range h.Columns {
		most = max(most, len(l.wrap(clean(name), g.wide-3)))
	}
	under += lineHigh * float64(most-1)
	g.high = (l.high() - g.top - under) / rows
	if h.Height == 0 { // the names under it take as many lines as they need
		g.high = min(22, max(11, 260/rows))
		l.scene.height = units(g.top + float64(g.high*rows) + under)
	}
	if g.high < 5 || g.wide < 5 {
		return nil, fmt.Errorf("figure: %g x %g cm leave no room for %d x %d cells", wide/perCM, l.high()/perCM, len(h.Rows), len(h.Columns))
	}
	lo, hi := h.span()
	h.cells(l, g, lo, hi)
	h.names(l, g, names)
	h.key(l, top, lo, hi)
	return l.scene, nil
}

// span is the range of the values; lo > hi when there are none.
func (h *HeatMap) span() (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for _, row := range h.Values {
		for _, v := range row {
			if finite(v) {
				lo, hi = min(lo, v), max(hi, v)
			}
		}
	}
	return lo, hi
}

// step is a value's colour: the range in keySteps equal parts.
func step(v, lo, hi float64) int {
	if !finite(v) || hi-lo < smallest {
		return keySteps / 2
	}
	return min(keySteps-1, int(float64((v-lo)/(hi-lo)*keySteps)))
}

func (h *HeatMap) cells(l *layout, g grid, lo, hi float64) {
	var shapes [keySteps][][]spot
	var missing [][]spot
	for i, row := range h.Values {
		for j, v := range row {
			x1, y1, x2, y2 := g.cell(i, j)
			shape := box(x1+cellGap, y1+cellGap, x2-cellGap, y2-cellGap)
			if !finite(v) {
				missing = append(missing, append(box(x1+1, y1+1, x2-1, y2-1), at(x1+1, y1+1)))
				continue
			}
			s := step(v, lo, hi)
			shapes[s] = append(shapes[s], shape)
		}
	}
	for s := range shapes {
		l.scene.area(heat(s), 100, shapes[s]...)
	}
	if len(missing) > 0 {
		l.scene.marks = append(l.scene.marks, mark{paint: inkPaint, opacity: 35, runs: missing, width: units(axisWidth), dash: []float64{1.5, 1.5}})
	}
	h.values(l, g, lo, hi)
	var frames [][]spot
	for _, c := range h.Marked {
		x1, y1, x2, y2 := g.cell(c.Row, c.Column)
		frames = append(frames, append(box(x1, y1, x2, y2), at(x1, y1)))
	}
	l.scene.stroke(paint{class: "heat-mark", rgb: 0xd55e00}, 1.6, nil, frames...)
}

// values writes the numbers, with as many digits and as large as all of them fit; where not even two digits do, there are none.
func (h *HeatMap) values(l *layout, g grid, lo, hi float64) {
	digits := max(h.Digits, 2)
	if h.Digits <= 0 {
		digits = 3
	}
	var all []float64
	for _, row := range h.Values {
		all = append(all, row...)
	}
	for fine := distinct(hi - lo); digits >= 2; digits-- {
		decimals := max(locale.Decimals(all, digits), fine-3+digits)
		widest := 0.0
		for _, v := range all {
			if finite(v) {
				widest = max(widest, l.width(l.locale.Fixed(v, decimals)))
			}
		}
		size := min(textSize, textSize*(g.wide-3)/max(widest, 1), g.high-1.5)
		if size < smallText {
			continue
		}
		for i, row := range h.Values {
			for j, v := range row {
				h.value(l, g, Cell{i, j}, l.locale.Fixed(v, decimals), step(v, lo, hi), size)
			}
		}
		return
	}
}

// distinct is how many decimals tell apart values that differ by a tenth of their range, at most 3.
func distinct(spread float64) int {
	if !(spread > smallest) || spread > 1e6 {
		return 0
	}
	return min(max(1-floorLog10(spread), 0), 3)
}

func (h *HeatMap) value(l *layout, g grid, c Cell, body string, s int, size float64) {
	x1, y1, x2, y2 := g.cell(c.Row, c.Column)
	ink := inkPaint
	if finite(h.Values[c.Row][c.Column]) {
		ink = heatInk(s)
	}
	l.scene.marks = append(l.scene.marks, mark{paint: ink, opacity: 100,
		text: text{at: at((x1+x2)/2, (y1+y2)/2+float64(ascent/textSize*size/2)), body: body, size: units(size), anchor: middle}})
}

// names writes the rows' and columns' names and what they are.
func (h *HeatMap) names(l *layout, g grid, room float64) {
	edge := math.Inf(-1)
	for i, name := range h.Rows {
		_, y1, _, y2 := g.cell(i, 0)
		y := (y1+y2)/2 + ascent/2
		if y-edge < lineHigh-1 { // rows lower than a line: every second name, or third
			continue
		}
		edge = y
		l.scene.write(text{at: at(g.left-4, y), body: l.fit(name, textSize, room), size: units(textSize), anchor: end})
	}
	bottom := g.top + float64(g.high*float64(len(h.Rows))) + tickGap + ascent
	most, every := 1, 1
	for _, name := range h.Columns { // columns narrower than their names: every second name, or third
		every = max(every, int(math.Ceil((l.longest(l.wrap(clean(name), g.wide-3))+2)/g.wide)))
	}
	for j, name := range h.Columns {
		if j%every != 0 {
			continue
		}
		x1, _, x2, _ := g.cell(0, j)
		lines := l.wrap(clean(name), g.wide-3)
		most = max(most, len(lines))
		for k, line := range lines {
			l.scene.write(text{at: at((x1+x2)/2, bottom+float64(k)*lineHigh), body: line, size: units(textSize), anchor: middle})
		}
	}
	right := g.left + float64(g.wide*float64(len(h.Columns)))
	x := l.fit(h.X, textSize, l.page()-2)
	half := l.width(x) / 2
	l.scene.write(text{at: at(min(max((g.left+right)/2, half+1), l.page()-half), bottom+float64(most)*lineHigh+2), body: x, size: units(textSize), anchor: middle})
	high := g.high * float64(len(h.Rows))
	l.scene.write(text{at: at(ascent+2, max(g.top+high/2, 1+l.width(l.fit(h.Y, textSize, l.high()-4))/2)), body: l.fit(h.Y, textSize, l.high()-4), size: units(textSize), anchor: middle, turned: true})
}

// key says what the values are, and shows the colours between the lowest and the highest.
func (h *HeatMap) key(l *layout, top, lo, hi float64) {
	right := l.page()
	decimals := locale.Decimals([]float64{lo, hi}, max(h.Digits, 3))
	low, high := l.locale.Fixed(lo, decimals), l.locale.Fixed(hi, decimals)
	if lo < hi && l.width(low)+l.width(high)+keySteps*keyStepWide+16 < 0.7*right {
		y := top + ascent + 2
		right -= l.width(high)
		l.scene.write(text{at: at(right, y), body: high, size: units(textSize)})
		right -= keySteps*keyStepWide + 4
		for s := range keySteps {
			x := right + float64(keyStepWide*float64(s))
			l.scene.area(heat(s), 100, box(x, top+1, x+keyStepWide, top+ascent+3))
		}
		right -= 4 + l.width(low)
		l.scene.write(text{at: at(right, y), body: low, size: units(textSize)})
		right -= 8
	}
	l.scene.write(text{at: at(1, top+ascent+2), body: l.fit(h.Label, textSize, right), size: units(textSize)})
}
