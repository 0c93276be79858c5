package plot

import (
	"fmt"
	"slices"
)

// multiples draws the panels as small multiples, Columns of them side by side, row by row: one legend above all of them, one label for each axis, and
// with SharedX and SharedY one range.
func (f *Figure) multiples() (*scene, error) {
	rows := (len(f.Panels) + f.Columns - 1) / f.Columns
	whole := Sheet{Width: f.Width, Height: f.Height, Title: f.Title, Language: f.Language}
	if f.Height == 0 {
		whole.Height = 1.5 + float64(3.6*float64(rows))
	}
	l, top, err := whole.layout(0)
	if err != nil {
		return nil, err
	}
	l.figure = f
	wide := whole.wide()
	foot := 1.0
	if label := l.fit(f.Panels[0].X.Label, textSize, wide-2); label != "" {
		foot += lineHigh + 1
		l.scene.write(text{at: at(wide/2, l.high()-3), body: label, size: units(textSize), anchor: middle})
	}
	if label := l.fit(f.Panels[0].Y.Label, textSize, wide-2); label != "" {
		l.scene.write(text{at: at(1, top+ascent+1), body: label, size: units(textSize)})
		top += lineHigh + 2
	}
	all := f.together()
	legend := &frame{panel: all, y: scale{empty: true}}
	l.left, l.right = 1, wide-1
	if legend.legend = l.legendRows(&frame{panel: f.named()}, wide, false); len(legend.legend) > 0 {
		high := lineHigh*float64(len(legend.legend)) + 2
		legend.top = top + high + ascent/2
		l.names(legend)
		top += high + 2
	}
	const gap = 8.0
	cellWide := (wide - float64(gap*float64(f.Columns-1))) / float64(f.Columns)
	cellHigh := (l.high() - top - foot - float64(4*float64(rows-1))) / float64(rows)
	if cellHigh < 30 {
		return nil, fmt.Errorf("figure: %g x %g cm leave no room for %d rows of panels", wide/perCM, l.high()/perCM, rows)
	}
	for i := range f.Panels {
		cell, err := f.cell(i, all, cellWide, cellHigh)
		if err != nil {
			return nil, fmt.Errorf("figure: panel %d of %d: %w", i+1, len(f.Panels), err)
		}
		l.scene.put(cell, float64((cellWide+gap)*float64(i%f.Columns)), top+float64((cellHigh+4)*float64(i/f.Columns)))
	}
	return l.scene, nil
}

// cell draws one panel alone, without names.
func (f *Figure) cell(i int, all *Panel, wide, high float64) (*scene, error) {
	p := f.Panels[i]
	p.X.Label, p.Y.Label = "", ""
	p.Layers = slices.Clone(p.Layers)
	for k := range p.Layers {
		p.Layers[k].Label = ""
	}
	one := &Figure{Width: wide / perCM, Height: high / perCM, Language: f.Language, Panels: []Panel{p}}
	if f.SharedX {
		one.commonX = all
	}
	if f.SharedY {
		one.commonY = all
	}
	return one.scene()
}

// together has the layers of all panels.
func (f *Figure) together() *Panel {
	all := &Panel{X: f.Panels[0].X, Y: f.Panels[0].Y}
	for i := range f.Panels {
		all.Layers = append(all.Layers, f.Panels[i].Layers...)
	}
	return all
}

// named has one layer for each name.
func (f *Figure) named() *Panel {
	all := f.together()
	var seen []string
	all.Layers = slices.DeleteFunc(all.Layers, func(l Layer) bool {
		again := slices.Contains(seen, l.Label)
		seen = append(seen, l.Label)
		return again
	})
	return all
}

// put copies another scene's marks, moved.
func (s *scene) put(other *scene, dx, dy float64) {
	by := at(dx, dy)
	for _, m := range other.marks {
		m.text.at.x += by.x
		m.text.at.y += by.y
		for _, run := range m.runs {
			for k := range run {
				run[k].x += by.x
				run[k].y += by.y
			}
		}
		s.marks = append(s.marks, m)
	}
}
