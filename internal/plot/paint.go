package plot

import "math"

// paint fills the scene: for each panel the grid, the data, the axes over it, and the names.
func (l *layout) paint() {
	if t := l.fit(l.figure.Title, titleSize, l.page()-l.left); t != "" {
		l.scene.write(text{at: at(l.left, 1+titleSize), body: t, size: units(titleSize)})
	}
	for _, fr := range l.panels {
		l.grid(fr)
		if fr.y.empty {
			l.nothing(fr)
		} else {
			for i := range fr.panel.Layers {
				l.layer(fr, &fr.panel.Layers[i])
			}
		}
		l.axes(fr)
		l.names(fr)
	}
}

// nothing says that there is no data.
func (l *layout) nothing(fr *frame) {
	words := map[string]string{"en": "no data", "pt": "sem dados", "es": "sin datos"}
	l.scene.write(text{at: at((l.left+l.right)/2, (fr.top+fr.bottom+ascent)/2), body: words[l.locale.Code], size: units(textSize), anchor: middle})
}

// grid draws light lines at the labelled ticks of the y axis, and of the x axis when both are logarithmic.
func (l *layout) grid(fr *frame) {
	var lines [][]spot
	for _, t := range fr.y.ticks {
		if !t.minor {
			y := fr.y.place(t.at)
			lines = append(lines, []spot{at(l.left, y), at(l.right, y)})
		}
	}
	if fr.x.axis.Log && fr.y.axis.Log {
		for _, t := range fr.x.ticks {
			if !t.minor {
				x := fr.x.place(t.at)
				lines = append(lines, []spot{at(x, fr.top), at(x, fr.bottom)})
			}
		}
	}
	if len(lines) > 0 {
		l.scene.marks = append(l.scene.marks, mark{paint: gridPaint, opacity: 14, runs: lines, width: units(axisWidth)})
	}
}

func (l *layout) axes(fr *frame) {
	ink := func(runs ...[]spot) { l.scene.stroke(inkPaint, axisWidth, nil, runs...) }
	lines := [][]spot{{at(l.left, fr.top), at(l.left, fr.bottom), at(l.right, fr.bottom)}}
	for _, t := range fr.y.ticks {
		y := fr.y.place(t.at)
		lines = append(lines, []spot{at(l.left, y), at(l.left-long(t), y)})
	}
	for _, t := range fr.x.ticks {
		x := fr.x.place(t.at)
		lines = append(lines, []spot{at(x, fr.bottom), at(x, fr.bottom+long(t))})
	}
	ink(lines...)
	l.numbersY(fr)
	if fr.showX {
		l.numbersX(fr)
	}
}

func long(t tick) float64 {
	if t.minor {
		return tickShort
	}
	return tickLong
}

func (l *layout) numbersY(fr *frame) {
	for _, t := range fr.y.ticks {
		x := l.left - tickLong - tickGap
		l.tickText(t, x, fr.y.place(t.at)+ascent/2, end)
	}
	for i, line := range fr.side {
		// Centred on the plot area, but not beyond the page.
		y := max((fr.top+fr.bottom)/2, 1+l.width(line)/2)
		x := l.left - tickLong - tickGap - l.numbers - 6 - float64(lineHigh*float64(len(fr.side)-1-i))
		l.scene.write(text{at: at(x, y), body: line, size: units(textSize), anchor: middle, turned: true})
	}
	if fr.side == nil {
		l.scene.write(text{at: at(1, fr.top-fr.above+ascent+1), body: l.fit(fr.y.axis.Label, textSize, l.page()), size: units(textSize)})
	}
	if fr.y.exponent != 0 {
		l.scene.write(text{at: at(l.left-tickLong, fr.top-4), body: "×10", raised: signed(fr.y.exponent), size: units(textSize)})
	}
}

func (l *layout) numbersX(fr *frame) {
	y := fr.bottom + tickLong + tickGap + ascent
	if fr.x.axis.Ticks == nil {
		for _, t := range fr.x.ticks {
			l.tickText(t, fr.x.place(t.at), y, middle)
		}
	} else {
		y = l.ownTicks(fr, y)
	}
	y += lineHigh + 2
	if fr.x.exponent != 0 {
		l.scene.write(text{at: at(l.right, y), body: "×10", raised: signed(fr.x.exponent), size: units(textSize), anchor: end})
	}
	if label := l.fit(fr.x.axis.Label, textSize, l.page()); label != "" {
		// Centred on the plot area, or on the page where it is longer.
		half := l.width(label) / 2
		x := min(max((l.left+l.right)/2, half+1), l.page()+1-half)
		l.scene.write(text{at: at(x, y), body: label, size: units(textSize), anchor: middle})
	}
}

// ownTicks writes labels given by the caller, wrapped; those that would still run into the one before are left out. It returns the last line's place.
func (l *layout) ownTicks(fr *frame, y float64) float64 {
	room := l.tickRoom(fr, l.right-l.left)
	edge, most := math.Inf(-1), 1
	for _, t := range fr.x.ticks {
		lines := l.wrap(t.label, room)
		wide := 0.0
		for _, line := range lines {
			wide = max(wide, l.width(line))
		}
		x := fr.x.place(t.at)
		if x-wide/2 < edge+2 {
			continue
		}
		edge, most = x+wide/2, max(most, len(lines))
		for i, line := range lines {
			l.scene.write(text{at: at(x, y+float64(float64(i)*lineHigh)), body: line, size: units(textSize), anchor: middle})
		}
	}
	return y + float64(float64(most-1)*lineHigh)
}

func (l *layout) tickText(t tick, x, y float64, a anchor) {
	if t.label != "" {
		l.scene.write(text{at: at(x, y), body: t.label, raised: t.raised, size: units(textSize), anchor: a})
	}
}

// names draws end labels, flags and the legend.
func (l *layout) names(fr *frame) {
	for _, e := range fr.labels {
		look := e.layer.Style.look()
		y := fr.top + e.y
		l.scene.stroke(look.paint, look.width, look.dash, []spot{at(l.right, fr.top+e.end), at(l.right+leader-7, y), at(l.right+leader-2, y)})
		l.scene.write(text{at: at(l.right+leader, y+ascent/2), body: e.text, size: units(textSize)})
	}
	if fr.flags {
		l.flagTexts(fr)
	}
	top := fr.top - ascent/2 - 2 - lineHigh*float64(len(fr.legend))
	if fr.flags || fr.y.bulky() {
		top -= lineHigh
	}
	if title := l.fit(fr.panel.Title, textSize, l.right-l.left); title != "" {
		l.scene.write(text{at: at(l.left, top+lineHigh*float64(len(fr.legend))-1), body: title, size: units(textSize)})
		top -= lineHigh
	}
	for i, row := range fr.legend {
		y := top + lineHigh*float64(i) + lineHigh/2
		end := row[len(row)-1]
		// wide numbers at the axis leave less room right of it than legendRows counts on: the row begins further left then
		left := max(0, min(l.left, l.page()+1-(end.x+keyLong+4+l.width(end.text))))
		for _, item := range row {
			x := left + item.x
			l.key(item.layer, x, y)
			l.scene.write(text{at: at(x+keyLong+4, y+ascent/2), body: item.text, size: units(textSize)})
		}
	}
}

func (l *layout) flagTexts(fr *frame) {
	for i := range fr.panel.Layers {
		layer := &fr.panel.Layers[i]
		if layer.Kind != VLine {
			continue
		}
		label := l.fit(layer.Label, textSize, l.right-l.left)
		half := l.width(label) / 2
		for _, v := range layer.X {
			if own, ok := fr.x.own(v); ok && own >= fr.x.lo && own <= fr.x.hi {
				x := min(max(fr.x.place(own), l.left+half), max(l.right-half, l.left+half))
				l.scene.write(text{at: at(x, fr.top-3), body: label, size: units(textSize), anchor: middle})
			}
		}
	}
}

// key draws a legend's sample: the layer in small.
func (l *layout) key(layer *Layer, x, y float64) {
	look := layer.Style.look()
	line := []spot{at(x, y), at(x+keyLong, y)}
	centre := []place{{x + keyLong/2, y}}
	switch layer.Kind {
	case Bars:
		l.scene.area(look.paint, 100, box(x+3, y-3, x+keyLong-3, y+3))
	case Band:
		l.scene.area(look.paint, bandOpacity, box(x, y-3.5, x+keyLong, y+3.5))
	case Points:
		l.markers(look, centre, 3.6)
	case LinePoints:
		l.scene.stroke(look.paint, look.width, look.dash, line)
		l.markers(look, centre, 3.6)
	case Stems:
		l.scene.stroke(look.paint, stemWidth, nil, []spot{at(x+keyLong/2, y+3.5), at(x+keyLong/2, y-3)})
		l.markers(look, []place{{x + keyLong/2, y - 3}}, 2.6)
	default:
		l.scene.stroke(look.paint, look.width, look.dash, line)
	}
}
