package plot

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// CriticalDifference is the diagram of Demšar (2006), "Statistical Comparisons of Classifiers over Multiple Data Sets": the average ranks of several
// models on an axis, 1 (the best) at the left, and a thick bar over each group of models that do not differ. What does not differ is the
// caller's to say: by Nemenyi's critical difference, or by Wilcoxon's test with Holm's correction.
type CriticalDifference struct {
	Sheet
	Label      string   // of the axis: "average rank"
	Names      []string // models
	Ranks      []float64
	Styles     []Style // nil: all Observed; Baseline makes a baseline's line grey
	Groups     [][]int // indices of models that do not differ from each other; those of fewer than two are not drawn
	Difference float64 // Nemenyi's critical difference, drawn over the axis as a length; 0: none
	Named      string  // how that length is called; "": CD
}

const mostModels = 60

// SVG draws the diagram as an SVG document (see Figure.SVG).
func (c *CriticalDifference) SVG() ([]byte, error) { return svg(c) }

// PDF draws the diagram as a PDF document (see Figure.PDF).
func (c *CriticalDifference) PDF() ([]byte, error) { return pdf(c) }

// Save writes NAME.svg and NAME.pdf into the directory, which must exist.
func (c *CriticalDifference) Save(dir, name string) error { return save(c, dir, name) }

func (c *CriticalDifference) check() error {
	n := len(c.Names)
	if n < 2 || n > mostModels {
		return fmt.Errorf("figure: %d models, expected 2 to %d", n, mostModels)
	}
	if len(c.Ranks) != n || c.Styles != nil && len(c.Styles) != n {
		return fmt.Errorf("figure: %d ranks and %d styles for %d models", len(c.Ranks), len(c.Styles), n)
	}
	for _, r := range c.Ranks {
		if !(r >= 1 && r <= float64(n)) {
			return fmt.Errorf("figure: an average rank of %g among %d models", r, n)
		}
	}
	for _, s := range c.Styles {
		if s < 0 || s >= styles {
			return fmt.Errorf("figure: unknown style %d", s)
		}
	}
	for _, g := range c.Groups {
		for _, i := range g {
			if i < 0 || i >= n {
				return fmt.Errorf("figure: model %d of a group is not there", i)
			}
		}
	}
	if !(c.Difference >= 0 && c.Difference <= largest) {
		return fmt.Errorf("figure: a critical difference of %g", c.Difference)
	}
	return nil
}

// bar joins the models of a group.
type bar struct {
	from, to float64 // ranks
	line     int     // 0 is nearest to the axis
}

// bars are the groups' bars that no other covers, each on the first line where it has room.
func (c *CriticalDifference) bars() (bars []bar, lines int) {
	for _, g := range c.Groups {
		if len(g) < 2 {
			continue
		}
		b := bar{from: math.Inf(1), to: math.Inf(-1)}
		for _, i := range g {
			b.from, b.to = min(b.from, c.Ranks[i]), max(b.to, c.Ranks[i])
		}
		bars = append(bars, b)
	}
	slices.SortStableFunc(bars, func(a, b bar) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	kept := bars[:0]
	for _, b := range bars {
		if n := len(kept); n > 0 && slices.ContainsFunc(kept, func(k bar) bool { return k.to >= b.to }) {
			continue
		}
		kept = append(kept, b)
	}
	var ends []float64
	gap := float64(len(c.Names)-1) * 0.02
	for i := range kept {
		line := slices.IndexFunc(ends, func(end float64) bool { return end+gap < kept[i].from })
		if line < 0 {
			line, ends = len(ends), append(ends, 0)
		}
		kept[i].line, ends[line] = line, kept[i].to
	}
	return kept, len(ends)
}

func (c *CriticalDifference) scene() (*scene, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	const barGap = 5.0
	bars, lines := c.bars()
	order := make([]int, len(c.Names))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(c.Ranks[a], c.Ranks[b]) })
	half := (len(order) + 1) / 2
	above := tickLong + tickGap + ascent + 3
	if c.Label != "" {
		above += lineHigh + 1
	}
	if c.Difference > 0 {
		above += lineHigh + 6
	}
	l, top, err := c.layout(1 + above + 6 + barGap*float64(lines) + (rowHigh-1)*float64(half) + 6)
	if err != nil {
		return nil, err
	}
	wide := c.wide()
	var names []string
	for _, i := range order {
		names = append(names, c.label(l, i, wide*0.34))
	}
	left, right := l.longest(names[:half]), l.longest(names[half:])
	s := scale{lo: 1, hi: float64(len(order)), from: 1 + left + 14, to: wide - 1 - right - 14}
	axis := top + above
	first := axis + 8 + barGap*float64(lines)
	step := (l.high() - first - 4) / float64(half)
	if step < 7.5 || s.to-s.from < 40 {
		return nil, fmt.Errorf("figure: %g x %g cm leave no room for %d models", wide/perCM, l.high()/perCM, len(order))
	}
	c.axis(l, s, top, axis)
	for k, i := range order {
		x := s.place(c.Ranks[i])
		look := Observed.look()
		if c.Styles != nil {
			look = c.Styles[i].look()
		}
		line := text{body: names[k], size: units(textSize)}
		y, edge := first+float64(step*float64(k)), s.from-8 // the left half from top to bottom, the best first
		line.at, line.anchor = at(edge-4, y+ascent/2), end
		if k >= half { // the right half: the worst at the top, so that lines do not cross
			y, edge = first+float64(step*float64(len(order)-1-k)), s.to+8
			line.at, line.anchor = at(edge+4, y+ascent/2), start
		}
		l.scene.stroke(look.paint, 0.8, nil, []spot{at(x, axis), at(x, y), at(edge, y)})
		l.scene.write(line)
	}
	var thick [][]spot
	for _, b := range bars {
		y := axis + 6 + float64(barGap*float64(b.line))
		thick = append(thick, []spot{at(max(s.place(b.from)-2.5, s.from-3), y), at(min(s.place(b.to)+2.5, s.to+3), y)})
	}
	l.scene.stroke(inkPaint, 2.6, nil, thick...)
	return l.scene, nil
}

// label is a model's name, cut to the room that its rank leaves, and that.
func (c *CriticalDifference) label(l *layout, i int, room float64) string {
	rank := "\u00a0\u00a0" + l.locale.Fixed(c.Ranks[i], 2)
	return l.fit(c.Names[i], textSize, room-l.width(rank)) + rank
}

// axis draws ranks 1, 2, 3, ..., their name, and the critical difference.
func (c *CriticalDifference) axis(l *layout, s scale, top, y float64) {
	n := int(s.hi)
	runs := [][]spot{{at(s.from, y), at(s.to, y)}}
	every := 1
	for float64(every)*(s.to-s.from)/(s.hi-1) < l.width(strconv.Itoa(n))+6 {
		every++
	}
	for r := 1; r <= n; r++ {
		x, high := s.place(float64(r)), tickShort
		if (r-1)%every == 0 {
			high = tickLong
			l.scene.write(text{at: at(x, y-tickLong-tickGap), body: strconv.Itoa(r), size: units(textSize), anchor: middle})
		}
		runs = append(runs, []spot{at(x, y), at(x, y-high)})
	}
	l.scene.stroke(inkPaint, axisWidth, nil, runs...)
	if c.Label != "" {
		l.scene.write(text{at: at((s.from+s.to)/2, y-tickLong-tickGap-ascent-5), body: l.fit(c.Label, textSize, l.page()), size: units(textSize), anchor: middle})
	}
	if c.Difference <= 0 {
		return
	}
	name := c.Named
	if name == "" {
		name = "CD"
	}
	high := top + ascent + 1
	to := min(s.place(1+c.Difference), l.page())
	l.scene.stroke(inkPaint, 1, nil, []spot{at(s.from, high), at(to, high)}, []spot{at(s.from, high-3), at(s.from, high+3)}, []spot{at(to, high-3), at(to, high+3)})
	body := clean(name) + "\u00a0=\u00a0" + l.locale.Fixed(c.Difference, 2)
	if to+4+l.width(body) <= l.page() {
		l.scene.write(text{at: at(to+4, high+ascent/2), body: body, size: units(textSize)})
	} else {
		l.scene.write(text{at: at(s.from-4, high+ascent/2), body: body, size: units(textSize), anchor: end})
	}
}
