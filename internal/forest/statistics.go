package forest

import "math/bits"

// statistics say what a row's words mean, and find the best split of a feature's bins.
type statistics interface {
	// planes is the number of words of a row.
	planes() int
	// weight is the number of rows in words' sum.
	weight(total []int64) int
	// pure says whether no split can gain anything: all rows have the same target. words are [planes][rows].
	pure(words [][]int64) bool
	// best gives the split of a node with that total that gains most; the first of equal ones. Bins are in l, ascending; code 0 is the missing values.
	best(l *list, total []int64, minLeaf int) candidate
}

// candidate is a split of a feature: codes up to code go left, those from next right.
type candidate struct {
	gain        float64
	found       bool
	code, next  uint16 // next is 0 where only missing values go right
	missingLeft bool
	feature     int32
}

// pass is a range of places where bins can be divided. Without missing values there is one pass, over all bins but the last. With them there are two: missing right, over all bins; missing left, over all but the last.
type pass struct {
	first, last int  // places after bins first..last-1
	left        bool // missing values begin on the left
}

func (l *list) passes() (all [2]pass, n int) {
	if l.count < 2 {
		return all, 0
	}
	if l.codes[0] > 0 {
		all[0] = pass{0, l.count - 1, false}
		return all, 1
	}
	all[0], all[1] = pass{1, l.count, false}, pass{1, l.count - 1, true}
	return all, 2
}

// candidate of the place after bin i.
func (l *list) candidate(i int, p pass, gain float64) candidate {
	c := candidate{gain: gain, found: true, code: l.codes[i], missingLeft: p.left}
	if i+1 < l.count {
		c.next = l.codes[i+1]
	}
	return c
}

// gradients are the statistics of least squares: a word holds the row's target in fixed point above its weight. The gain of a split is
// GL²/(WL+l2) + GR²/(WR+l2) - G²/(W+l2), G the sums of targets.
type gradients struct {
	shift uint    // bits of the weight
	l2    float64 // >= 0
	// least is the smallest gain of a split, as a share of its score: boosting wants one, CART splits whatever is not pure.
	least float64
}

// newGradients leaves room for that total weight.
func newGradients(weight int, l2, least float64) *gradients {
	return &gradients{shift: uint(bits.Len(uint(weight))), l2: l2, least: least}
}

// largest target in fixed point, so that the sum of all stays within the word.
func (g *gradients) largest() float64 { return float64(int64(1) << min(63-2*g.shift-1, 48)) }

func (g *gradients) word(target int64, weight int) int64 {
	return (target*int64(weight))<<g.shift + int64(weight)
}

func (g *gradients) planes() int { return 1 }

func (g *gradients) weight(total []int64) int { return int(total[0] & (1<<g.shift - 1)) }

func (g *gradients) pure(words [][]int64) bool {
	mask := int64(1)<<g.shift - 1
	target, weight := words[0][0]>>g.shift, words[0][0]&mask
	for _, w := range words[0][1:] {
		if w>>g.shift*weight != target*(w&mask) {
			return false
		}
	}
	return true
}

func (g *gradients) best(l *list, total []int64, minLeaf int) candidate {
	var best candidate
	passes, n := l.passes()
	for _, p := range passes[:n] {
		left := int64(0)
		if p.left {
			left = l.words[0][0]
		}
		place, gain := g.place(l.words[0][p.first:p.last], left, total[0], int64(minLeaf))
		if place >= 0 && (!best.found || gain > best.gain) {
			best = l.candidate(p.first+place, p, gain)
		}
	}
	return best
}

// place finds where to divide words, beginning with left of them; the last word may be divided from others that follow. -1: nowhere. Scores are compared as fractions,
// GL²/WL + GR²/WR = (GL² WR + GR² WL) / (WL WR), to divide once.
func (g *gradients) place(words []int64, left, all, minLeaf int64) (place int, gain float64) {
	shift, l2 := g.shift&63, g.l2
	mask := int64(1)<<shift - 1
	most := all&mask - minLeaf
	top, under := -1.0, 1.0
	place = -1
	for i, w := range words {
		left += w
		wl := left & mask
		if wl < minLeaf {
			continue
		}
		if wl > most {
			break
		}
		right := all - left
		gl, gr := float64(left>>shift), float64(right>>shift)
		fl, fr := float64(wl)+l2, float64(right&mask)+l2
		score, denominator := float64(float64(gl*gl)*fr)+float64(float64(gr*gr)*fl), float64(fl*fr)
		if float64(score*under) > float64(top*denominator) {
			top, under, place = score, denominator, i
		}
	}
	if place < 0 {
		return -1, 0
	}
	score, sum := top/under, float64(all>>shift)
	if gain = score - float64(sum*sum)/(float64(all&mask)+l2); gain < float64(g.least*score) {
		return -1, 0
	}
	return place, max(gain, 0)
}

// classes are the statistics of Gini's impurity: words hold a count for each class, as many to a word as fit. The gain of a split is
// sum CL²/WL + sum CR²/WR - sum C²/W, C the counts.
type classes struct {
	count   int
	shift   uint // bits of a count
	perWord int
}

func newClasses(count, weight int) *classes {
	shift := uint(bits.Len(uint(weight)))
	return &classes{count: count, shift: shift, perWord: int(63 / shift)}
}

func (c *classes) planes() int { return (c.count + c.perWord - 1) / c.perWord }

// word of a row is in the plane of its class; the other planes have 0.
func (c *classes) word(class, weight int) (plane int, word int64) {
	return class / c.perWord, int64(weight) << (c.shift * uint(class%c.perWord))
}

// of is a class' count in words' sum.
func (c *classes) of(total []int64, class int) int64 {
	return total[class/c.perWord] >> (c.shift * uint(class%c.perWord)) & (1<<c.shift - 1)
}

func (c *classes) weight(total []int64) int {
	n := int64(0)
	for k := range c.count {
		n += c.of(total, k)
	}
	return int(n)
}

func (c *classes) pure(words [][]int64) bool {
	var sums [MaxClasses]int64
	present := 0
	for p, plane := range words {
		for _, w := range plane {
			sums[p] |= w
		}
	}
	for k := range c.count {
		if c.of(sums[:], k) != 0 {
			present++
		}
	}
	return present < 2
}

// score is sum C²/W, exact but for the division and rounding of the integer above 2^53.
func (c *classes) score(total []int64) (score float64, weight int64) {
	squares := uint64(0)
	mask, shift := int64(1)<<c.shift-1, c.shift&63
	left := c.count
	for _, w := range total {
		for range min(left, c.perWord) {
			n := w & mask
			weight += n
			squares += uint64(n) * uint64(n)
			w >>= shift
		}
		left -= c.perWord
	}
	if weight == 0 {
		return 0, 0
	}
	return float64(squares) / float64(weight), weight
}

func (c *classes) best(l *list, total []int64, minLeaf int) candidate {
	var lefts, rights [MaxClasses]int64
	planes := len(total)
	left, right := lefts[:planes], rights[:planes]
	root, _ := c.score(total)
	var best candidate
	passes, n := l.passes()
	for _, p := range passes[:n] {
		clear(left)
		for k := range left {
			if p.left {
				left[k] = l.words[k][0]
			}
		}
		top, place := 0.0, -1
		for i := p.first; i < p.last; i++ {
			for k := range left {
				left[k] += l.words[k][i]
				right[k] = total[k] - left[k]
			}
			sl, wl := c.score(left)
			sr, wr := c.score(right)
			if wl < int64(minLeaf) || wr < int64(minLeaf) {
				continue
			}
			if sl+sr > top || place < 0 {
				top, place = sl+sr, i
			}
		}
		if place >= 0 {
			if c := l.candidate(place, p, max(top-root, 0)); !best.found || c.gain > best.gain {
				best = c
			}
		}
	}
	return best
}
