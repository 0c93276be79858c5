package plot

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Layers are named where the reader looks: lines at their right end, vertical lines at their top. Where that
// would be crowded or impossible (bars, points, bands; ends too close; restless lines; long names) the panel gets a legend above its plot area.

const (
	leader      = 13.0 // from the plot area to the text of an end label
	farthest    = 16.0 // an end label moves at most this far from its line's end
	widestLabel = 0.24 // of the figure
	restless    = 6.0  // a line that goes up and down so many heights ends somewhere by chance: its end names nothing among others
	keyLong     = 16.0 // a legend's sample
)

// An endLabel names a line at its right end.
type endLabel struct {
	layer *Layer
	text  string
	end   float64 // where the line ends
	y     float64 // where the text goes
}

type legendRow []legendItem

type legendItem struct {
	layer *Layer
	text  string
	x     float64 // from the left edge of the plot area
}

// name decides how a panel's layers are named, and what stands above its plot area, given the height that area would have without.
func (l *layout) name(fr *frame, high, width float64) {
	fr.side = l.sideLines(fr.y.axis.Label, high+8)
	if fr.y.axis.Label != "" && fr.side == nil {
		fr.above += lineHigh + 1
	}
	flags, flagged := l.flags(fr, width)
	fr.flags = flags && flagged
	fr.y.from, fr.y.to = high, 0
	if labels, ok := l.endLabels(fr, high, width); ok && flagged {
		fr.labels = labels
	} else {
		fr.legend = l.legendRows(fr, width, flagged)
		fr.above += lineHigh * float64(len(fr.legend))
		if len(fr.legend) > 0 {
			fr.above += 2
		}
	}
	if fr.flags || fr.y.bulky() {
		fr.above += lineHigh
	}
	if clean(fr.panel.Title) != "" {
		fr.above += lineHigh
	}
}

// sideLines breaks a y label into one line, or two at a bracket or a space, that fit the room; nil when it is too long.
func (l *layout) sideLines(label string, room float64) []string {
	label = clean(label)
	if label == "" {
		return nil
	}
	if l.width(label) <= room {
		return []string{label}
	}
	words := strings.Fields(strings.ReplaceAll(label, " (", " \x00("))
	best, widest := []string(nil), math.Inf(1)
	for i := 1; i < len(words); i++ {
		first, second := strings.Join(words[:i], " "), strings.Join(words[i:], " ")
		wide := max(l.width(first), l.width(second))
		if strings.HasPrefix(second, "\x00") {
			wide -= room // before the unit's bracket if that is possible at all
		}
		first, second = strings.ReplaceAll(first, "\x00", ""), strings.ReplaceAll(second, "\x00", "")
		if wide < widest && l.width(first) <= room && l.width(second) <= room {
			best, widest = []string{first, second}, wide
		}
	}
	return best
}

// flags says whether vertical lines have names, and whether these can stand side by side at the tops. The plot area's
// width is not known yet; it is taken a little too small.
func (l *layout) flags(fr *frame, width float64) (any, fit bool) {
	fr.x.from, fr.x.to = 0, width-80
	var taken []spread
	for i := range fr.panel.Layers {
		layer := &fr.panel.Layers[i]
		if layer.Kind != VLine || clean(layer.Label) == "" {
			continue
		}
		any = true
		half := l.width(clean(layer.Label))/2 + 3
		for j := range layer.X {
			own, ok := fr.x.own(layer.X[j])
			if !ok || own < fr.x.lo || own > fr.x.hi {
				continue
			}
			at := fr.x.place(own)
			for _, t := range taken {
				if at-half < t.hi && at+half > t.lo {
					return true, false
				}
			}
			taken = append(taken, spread{lo: at - half, hi: at + half})
			if len(taken) > 20 {
				return true, false
			}
		}
	}
	return any, true
}

// endLabels places a name at the end of each named line; false where that would not be clear.
func (l *layout) endLabels(fr *frame, high, width float64) ([]endLabel, bool) {
	var labels []endLabel
	for i := range fr.panel.Layers {
		layer := &fr.panel.Layers[i]
		text := clean(layer.Label)
		if text == "" || layer.Kind == VLine {
			continue
		}
		own, ok := lineEnd(fr, layer)
		if !ok || l.width(text) > widestLabel*width {
			return nil, false
		}
		place := min(max(fr.y.place(own), fr.y.to), fr.y.from)
		labels = append(labels, endLabel{layer: layer, text: text, end: place, y: place})
	}
	for _, e := range labels {
		if len(labels) > 1 && fr.travel(e.layer) > restless*high {
			return nil, false
		}
	}
	return labels, settle(labels, high)
}

// travel is how far a line goes up and down in all.
func (fr *frame) travel(layer *Layer) float64 {
	sum := 0.0
	if layer.Kind == HLine {
		return 0
	}
	for _, run := range fr.course(layer) {
		for i := 1; i < len(run); i++ {
			sum += math.Abs(run[i].y - run[i-1].y)
		}
	}
	return sum
}

// lineEnd is the height (own units) at which a line reaches the right edge; false when it does not.
func lineEnd(fr *frame, layer *Layer) (float64, bool) {
	n := layer.len()
	switch layer.Kind {
	case HLine:
		if n != 1 {
			return 0, false
		}
		return fr.y.own(layer.Y[0])
	case Line, LinePoints, Steps:
		for i := n - 1; i >= 0; i-- {
			y, ok := fr.y.own(layer.Y[i])
			x, okX := fr.x.own(layer.x(i))
			if ok && okX {
				return y, x >= fr.x.hi-0.03*(fr.x.hi-fr.x.lo) && x <= fr.x.hi
			}
		}
	}
	return 0, false
}

// settle moves labels apart so that none overlap, each as little as possible; false when one would go too far.
func settle(labels []endLabel, high float64) bool {
	if float64(len(labels)-1)*lineHigh > high {
		return false
	}
	slices.SortStableFunc(labels, func(a, b endLabel) int { return cmp.Compare(a.end, b.end) })
	// Labels that touch form a block, which stands at the mean of what its members want.
	type block struct{ first, n, sum float64 } // sum of wanted tops of the block's first label
	var blocks []block
	for _, e := range labels {
		blocks = append(blocks, block{first: e.end, n: 1, sum: e.end})
		for k := len(blocks) - 1; k > 0 && blocks[k-1].first+blocks[k-1].n*lineHigh > blocks[k].first; k-- {
			a, b := blocks[k-1], blocks[k]
			merged := block{n: a.n + b.n, sum: a.sum + b.sum - float64(a.n*b.n*lineHigh)}
			merged.first = min(max(merged.sum/merged.n, 0), high-float64((merged.n-1)*lineHigh))
			blocks = append(blocks[:k-1], merged)
		}
	}
	i := 0
	for _, b := range blocks {
		for k := range int(b.n) {
			labels[i].y = b.first + float64(k)*lineHigh
			i++
		}
	}
	for i, e := range labels {
		if e.y-e.end > farthest || e.end-e.y > farthest || i > 0 && e.y-labels[i-1].y < lineHigh-0.01 {
			return false
		}
	}
	return true
}

// legendRows lists the named layers in rows as wide as the plot area may be.
func (l *layout) legendRows(fr *frame, width float64, flagged bool) []legendRow {
	var rows []legendRow
	room, x := width-45, 0.0
	for i := range fr.panel.Layers {
		layer := &fr.panel.Layers[i]
		text := l.fit(layer.Label, textSize, width-45-keyLong-4)
		if text == "" || layer.Kind == VLine && flagged {
			continue
		}
		wide := keyLong + 4 + l.width(text)
		if len(rows) == 0 || x+wide > room && x > 0 {
			rows, x = append(rows, nil), 0
		}
		last := len(rows) - 1
		rows[last] = append(rows[last], legendItem{layer: layer, text: text, x: x})
		x += wide + 12
	}
	return rows
}
