package plot

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"weir/internal/locale"
)

// Sizes in points.
const (
	textSize  = 8.0
	titleSize = 9.0
	lineHigh  = 10.0 // from one line of text to the next
	ascent    = 5.8  // of capitals and digits at textSize
	tickLong  = 3.0
	tickShort = 1.7
	tickGap   = 2.5 // from tick to label
	axisWidth = 0.5
	panelGap  = 9.0 // between panels
	perCM     = 72 / 2.54
	mostLines = 3 // of a wrapped tick label
)

// A layout is a figure on its way to a scene.
type layout struct {
	figure *Figure
	font   font
	locale *locale.Locale
	scene  *scene
	panels []*frame
	left   float64 // the plot areas' common edges
	right  float64
	// numbers is the width of the widest number on a y axis; turned labels stand beside it, in line.
	numbers float64
}

// A frame is one panel with its place.
type frame struct {
	panel       *Panel
	x, y        scale
	top, bottom float64 // of the plot area
	above       float64 // height of what stands over the plot area
	below       float64 // and under it
	labels      []endLabel
	legend      []legendRow
	showX       bool     // has numbers and a label under it
	side        []string // the lines of the y label turned beside the numbers; nil: it stands above the plot area
	flags       bool     // vertical lines are named at their tops
}

// scene draws the figure.
func (f *Figure) scene() (*scene, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if f.Columns > 1 {
		return f.multiples()
	}
	code := f.Language
	if code == "" {
		code = "en"
	}
	words, err := locale.Of(code)
	if err != nil {
		return nil, fmt.Errorf("figure: %w", err)
	}
	width, height := f.size()
	l := &layout{figure: f, font: liberation(), locale: words, scene: &scene{width: units(width), height: units(height)}}
	if err := l.frames(); err != nil {
		return nil, err
	}
	if err := l.arrange(width, height); err != nil {
		return nil, err
	}
	l.paint()
	return l.scene, nil
}

func (f *Figure) size() (width, height float64) {
	width, height = f.Width, f.Height
	if width == 0 {
		width = 16
	}
	if height == 0 {
		if height = 7; len(f.Panels) > 1 {
			height = 3.2 * float64(len(f.Panels))
		}
	}
	return width * perCM, height * perCM
}

// frames finds the range of every axis.
func (l *layout) frames() error {
	shared := demand{}
	for i := range l.figure.Panels {
		p := &l.figure.Panels[i]
		fr := &frame{panel: p, showX: !l.figure.SharedX || i == len(l.figure.Panels)-1}
		fr.x.axis, fr.y.axis = p.X, p.Y
		l.panels = append(l.panels, fr)
		d := l.figure.rangeX(p).demandX(&fr.x)
		shared.values.add(d.values.lo, d.values.any)
		shared.values.add(d.values.hi, d.values.any)
		shared.values.broken = shared.values.broken || d.values.broken
		shared.margin = shared.margin || d.margin
	}
	last := l.figure.Panels[len(l.figure.Panels)-1].X
	for i, fr := range l.panels {
		dx := shared
		if !l.figure.SharedX {
			dx = l.figure.rangeX(fr.panel).demandX(&fr.x)
		} else {
			fr.x.axis.Min, fr.x.axis.Max, fr.x.axis.Zero, fr.x.axis.Ticks = last.Min, last.Max, last.Zero, last.Ticks
		}
		air := 0.0
		if dx.margin {
			air = 0.03
		}
		if err := fr.x.fit(dx, air); err != nil {
			return fmt.Errorf("figure: panel %d: x axis: %w", i+1, err)
		}
		if err := fr.y.fit(l.figure.rangeY(fr.panel).demandY(&fr.y), 0.05); err != nil {
			return fmt.Errorf("figure: panel %d: y axis: %w", i+1, err)
		}
	}
	return nil
}

// rangeX and rangeY are the panels whose values a panel's axes show.
func (f *Figure) rangeX(p *Panel) *Panel { return cmp.Or(f.commonX, p) }
func (f *Figure) rangeY(p *Panel) *Panel { return cmp.Or(f.commonY, p) }

// arrange finds the plot areas. Heights come first, as numbers on the y axes depend on them; these give the widths, and
// the widths the numbers on the x axes.
func (l *layout) arrange(width, height float64) error {
	top := 1.0
	if clean(l.figure.Title) != "" {
		top += titleSize + 5
	}
	weights := 0.0
	for _, fr := range l.panels {
		weights += fr.panel.weight()
		fr.below = tickLong
		if fr.showX {
			fr.below += tickGap + ascent + 2
			if fr.x.axis.Label != "" {
				fr.below += lineHigh + 1
			}
			if fr.x.axis.Ticks != nil {
				fr.below += lineHigh * float64(l.wrapLines(fr, width)-1)
			}
		}
	}
	share := func(free float64, fr *frame) float64 { return free * fr.panel.weight() / weights }
	free := height - top - 1 - panelGap*float64(len(l.panels)-1)
	for _, fr := range l.panels {
		fr.above = ascent / 2
		free -= fr.below + fr.above
	}
	without := free // names above a panel take their height from all; each is judged as if it had none
	for _, fr := range l.panels {
		l.name(fr, share(without, fr), width)
		free -= fr.above - ascent/2
	}
	y := top
	for i, fr := range l.panels {
		high := share(free, fr)
		if high < 12 {
			return fmt.Errorf("figure: %g x %g cm leave no room for panel %d of %d", width/perCM, height/perCM, i+1, len(l.panels))
		}
		fr.top = y + fr.above
		fr.bottom = fr.top + high
		if fr.labels != nil { // again, now that the height is known
			fr.y.from, fr.y.to = high, 0
			fr.labels, _ = l.endLabels(fr, high, width)
		}
		fr.y.from, fr.y.to = fr.bottom, fr.top
		for n := labelsFor(high); ; n++ { // one number or two say little: closer ones, as long as they stand apart
			fr.y.mark(n, l.locale)
			if fr.y.labelled() >= 3 || float64(n+1)*(lineHigh+1.5) > high {
				break
			}
		}
		y = fr.bottom + fr.below + panelGap
	}
	return l.sides(width)
}

// labelled counts the ticks with a number.
func (s *scale) labelled() int {
	n := 0
	for _, t := range s.ticks {
		if !t.minor {
			n++
		}
	}
	return n
}

// labelsFor is how many numbers a y axis of that height takes.
func labelsFor(high float64) int {
	if high < 56 {
		return max(2, int(high/14))
	}
	return max(4, int(high/20))
}

func (p *Panel) weight() float64 {
	if p.Weight == 0 {
		return 1
	}
	return p.Weight
}

// sides sets the left and right edge of all plot areas.
func (l *layout) sides(width float64) error {
	l.right = width - 3
	lines := 0
	for _, fr := range l.panels {
		l.numbers = max(l.numbers, l.widest(fr.y.ticks))
		lines = max(lines, len(fr.side))
		for _, e := range fr.labels {
			l.right = min(l.right, width-1-leader-l.width(e.text))
		}
	}
	l.left = 1 + l.numbers + tickGap + tickLong
	if lines > 0 {
		l.left += lineHigh*float64(lines) + 3
	}
	if l.right-l.left < 20 {
		return fmt.Errorf("figure: %.1f cm are too narrow for the numbers on its axes", width/perCM)
	}
	for i, fr := range l.panels {
		fr.x.from, fr.x.to = l.left, l.right
		for n := 12; ; n-- {
			fr.x.mark(n, l.locale)
			if n == 1 || fr.x.axis.Ticks != nil || l.loose(fr.x.ticks, &fr.x) {
				break
			}
		}
		// The last number may stick out to the right: make room once, for all panels.
		if over := l.overhang(fr) - (width - 1); fr.showX && over > 0.01 && l.right-over-l.left > 20 {
			l.right -= over
			for _, earlier := range l.panels[:i] {
				earlier.x.to = l.right
			}
			fr.x.to = l.right
		}
	}
	return nil
}

// overhang is the right end of the number furthest to the right.
func (l *layout) overhang(fr *frame) float64 {
	edge := 0.0
	for _, t := range fr.x.ticks {
		if t.label != "" {
			edge = max(edge, fr.x.place(t.at)+l.tickWidth(t)/2)
		}
	}
	return edge
}

// mark sets the ticks, at most n with labels.
func (s *scale) mark(n int, words *locale.Locale) {
	s.ticks, s.exponent = nil, 0
	switch {
	case s.empty && s.axis.Min == nil && s.axis.Max == nil: // no numbers without data
	case s.axis.Ticks != nil:
		for _, t := range s.axis.Ticks {
			if own, ok := s.own(t.Value); ok {
				s.ticks = append(s.ticks, tick{at: own, label: clean(t.Label)})
			}
		}
	case s.axis.Clock:
		s.ticks = clockTicks(s.lo, s.hi, n, words)
	case s.axis.Log:
		s.ticks = logTicks(s.lo, s.hi, n, words)
	default:
		s.ticks, s.exponent = linearTicks(s.lo, s.hi, n, s.whole, s.bulky(), words)
	}
	kept := s.ticks[:0]
	slack := 1e-6 * (s.hi - s.lo)
	for _, t := range s.ticks {
		if t.at >= s.lo-slack && t.at <= s.hi+slack {
			kept = append(kept, t)
		}
	}
	s.ticks = kept
}

func (l *layout) width(s string) float64 { return l.font.width(s, textSize) }

func (l *layout) tickWidth(t tick) float64 {
	return l.width(t.label) + l.font.width(t.raised, textSize*raisedSize)
}

func (l *layout) widest(ticks []tick) float64 {
	w := 0.0
	for _, t := range ticks {
		w = max(w, l.tickWidth(t))
	}
	return w
}

// fit is a text made printable, cut to the room with an ellipsis.
func (l *layout) fit(s string, size, room float64) string {
	s = clean(s)
	if l.font.width(s, size) <= room {
		return s
	}
	runes := []rune(s)
	for len(runes) > 0 && l.font.width(string(runes)+"…", size) > room {
		runes = runes[:len(runes)-max(1, len(runes)/20)]
	}
	return string(runes) + "…"
}

// page is the figure's width in points.
func (l *layout) page() float64 { return float64(l.scene.width)/100 - 2 }

// loose says whether the labels along an x axis keep their distance.
func (l *layout) loose(ticks []tick, s *scale) bool {
	edge := math.Inf(-1)
	for _, t := range ticks {
		if t.label == "" {
			continue
		}
		half := l.tickWidth(t) / 2
		if s.place(t.at)-half < edge {
			return false
		}
		edge = s.place(t.at) + half + 7
	}
	return true
}

// wrapLines is how many lines the panel's own tick labels need when all of them get the same share of the width.
func (l *layout) wrapLines(fr *frame, width float64) int {
	lines, room := 1, l.tickRoom(fr, width-60)
	for _, t := range fr.x.axis.Ticks {
		lines = max(lines, len(l.wrap(clean(t.Label), room)))
	}
	return lines
}

// tickRoom is the smallest distance between the panel's own ticks.
func (l *layout) tickRoom(fr *frame, width float64) float64 {
	room, last, any := width, 0.0, false
	for _, t := range fr.x.axis.Ticks {
		if own, ok := fr.x.own(t.Value); ok {
			if any && own != last {
				room = min(room, width*math.Abs(own-last)/(fr.x.hi-fr.x.lo))
			}
			last, any = own, true
		}
	}
	return room - 4
}

// wrap breaks a label at spaces into at most mostLines lines that fit the room where possible.
func (l *layout) wrap(label string, room float64) []string {
	var lines []string
	for _, word := range strings.Fields(label) {
		if n := len(lines); n > 0 && (n == mostLines || l.width(lines[n-1]+" "+word) <= room) {
			lines[n-1] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}
