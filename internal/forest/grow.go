package forest

import (
	"math"
	"slices"
)

// limits of a tree.
type limits struct {
	depth, leaves int // 0: none
	minLeaf       int
}

// grower grows trees on the same rows, one at a time. rows and words are set for each tree; a node is an interval of them, its rows ascending.
type grower struct {
	data    *binned
	stat    statistics
	limits  limits
	workers int
	used    []bool   // features of this tree; nil: all
	draw    *drawing // of features for each split; nil: those of the tree for all
	ties    *source  // draws which of equally good features is taken; nil: the first

	rows, spareRows   []int32
	words, spareWords [][]int64 // [planes][rows]
	tools             []tools   // of each group: any of them may be at work at once
	found             []candidate
	turn              int32 // the feature that is preferred among equally good ones, then those that follow it
	free              []*histogram
	tree              []branch
}

// tools are one goroutine's scratch.
type tools struct {
	list   *list
	sparse *sparse
	groups []int
}

// branch is a node while the tree grows.
type branch struct {
	lo, hi      int // rows
	depth       int
	left, right int // 0: a leaf
	total       []int64
	split       candidate
	bins        *histogram // nil: none kept
	value       int        // of a leaf that emit has written: where its values begin
}

func newGrower(data *binned, stat statistics, l limits, workers int) *grower {
	g := &grower{data: data, stat: stat, limits: l, workers: workers}
	g.tools, g.found = make([]tools, max(min(workers, data.groups), 1)), make([]candidate, data.groups)
	for i := range g.tools {
		g.tools[i] = tools{newList(stat.planes(), data.slots), newSparse(stat.planes(), data), nil}
	}
	return g
}

// take sets the rows of the next tree, ascending, and their words.
func (g *grower) take(rows []int32, words [][]int64) {
	g.rows, g.words = rows, words
	if len(g.spareRows) < len(rows) {
		g.spareRows = make([]int32, len(rows))
		g.spareWords = make([][]int64, len(words))
		for p := range words {
			g.spareWords[p] = make([]int64, len(rows))
		}
	}
}

// grow makes the tree: best first where leaves are limited, else depth first, left first.
func (g *grower) grow() {
	for i := range g.tree {
		g.release(&g.tree[i])
	}
	total := make([]int64, len(g.words))
	for p, words := range g.words {
		for _, w := range words {
			total[p] += w
		}
	}
	g.tree = append(g.tree[:0], branch{hi: len(g.rows), total: total})
	if g.open(0) {
		g.evaluate(0, nil)
	}
	frontier, leaves := []int{0}, 1
	for len(frontier) > 0 && (g.limits.leaves == 0 || leaves < g.limits.leaves) {
		at := len(frontier) - 1
		if g.limits.leaves > 0 {
			at = g.best(frontier)
		}
		id := frontier[at]
		frontier = append(frontier[:at], frontier[at+1:]...)
		if !g.tree[id].split.found {
			g.release(&g.tree[id])
			continue
		}
		leaves++
		left, right := g.divide(id)
		g.children(id, g.limits.leaves > 0 && leaves >= g.limits.leaves)
		frontier = append(frontier, right, left)
	}
}

// best is the place in frontier of the node whose split gains most, the first made of equal ones.
func (g *grower) best(frontier []int) int {
	best := 0
	for i, id := range frontier[1:] {
		a, b := &g.tree[id], &g.tree[frontier[best]]
		if a.split.found && (!b.split.found || a.split.gain > b.split.gain || a.split.gain == b.split.gain && id < frontier[best]) {
			best = i + 1
		}
	}
	return best
}

// open says whether a node may be split.
func (g *grower) open(id int) bool {
	n := &g.tree[id]
	if g.limits.depth > 0 && n.depth >= g.limits.depth || g.stat.weight(n.total) < 2*max(g.limits.minLeaf, 1) {
		return false
	}
	return !g.stat.pure(g.wordsOf(n))
}

func (g *grower) wordsOf(n *branch) [][]int64 {
	words := make([][]int64, len(g.words))
	for p := range words {
		words[p] = g.words[p][n.lo:n.hi]
	}
	return words
}

// divide shares a node's rows between two new children, in their order.
func (g *grower) divide(id int) (left, right int) {
	n := &g.tree[id]
	s := &n.split
	mid := g.cut(n.lo, n.hi, s)
	l, r := branch{lo: n.lo, hi: n.lo + mid, depth: n.depth + 1}, branch{lo: n.lo + mid, hi: n.hi, depth: n.depth + 1}
	both := make([]int64, 2*len(g.words))
	l.total, r.total = both[:len(g.words)], both[len(g.words):]
	small, other := &l, &r
	if l.hi-l.lo > r.hi-r.lo {
		small, other = other, small
	}
	for p := range g.words {
		for _, w := range g.words[p][small.lo:small.hi] {
			small.total[p] += w
		}
		other.total[p] = n.total[p] - small.total[p]
	}
	n.left, n.right = len(g.tree), len(g.tree)+1
	g.tree = append(g.tree, l, r)
	return len(g.tree) - 2, len(g.tree) - 1
}

// cut puts the rows lo..hi-1 that go left before the others, both in their order, and their words with them. It returns how many those are.
func (g *grower) cut(lo, hi int, s *candidate) int {
	codes := g.data.columns[s.feature]
	// Missing values have code 0; one less, they have the highest.
	first, last := uint16(1), s.code-1
	if s.missingLeft {
		first, last = 0, s.code
	}
	rows, spare := g.rows[lo:hi], g.spareRows[:hi-lo]
	mid, rest := 0, 0
	if len(g.words) == 1 {
		words, spareWords := g.words[0][lo:hi], g.spareWords[0][:hi-lo]
		for i, r := range rows {
			w := words[i]
			rows[mid], words[mid], spare[rest], spareWords[rest] = r, w, r, w
			right := int((uint32(last) - uint32(codes[r]-first)) >> 31)
			mid += 1 - right
			rest += right
		}
		copy(rows[mid:], spare[:rest])
		copy(words[mid:], spareWords[:rest])
		return mid
	}
	for i, r := range rows {
		to, words, at := rows, g.words, lo+mid
		if codes[r]-first <= last {
			to[mid] = r
			mid++
		} else {
			to, words, at = spare, g.spareWords, rest
			to[rest] = r
			rest++
		}
		for p := range words {
			words[p][at] = g.words[p][lo+i]
		}
	}
	copy(rows[mid:], spare[:rest])
	for p := range g.words {
		copy(g.words[p][lo+mid:hi], g.spareWords[p][:rest])
	}
	return mid
}

// children looks for the splits of a node's two children, and hands its histogram on: the larger child's is what is left without the smaller's.
func (g *grower) children(id int, full bool) {
	n := g.tree[id]
	small, large := n.left, n.right
	if g.size(small) > g.size(large) {
		small, large = large, small
	}
	bins := n.bins
	g.tree[id].bins = nil
	openSmall, openLarge := !full && g.open(small), !full && g.open(large)
	if bins != nil && !(openLarge && g.size(large) > few) {
		g.free = append(g.free, bins)
		bins = nil
	}
	if bins == nil { // left first: their features may be drawn
		for _, id := range []int{n.left, n.right} {
			if id == small && openSmall || id == large && openLarge {
				g.evaluate(id, nil)
			}
		}
		return
	}
	g.tree[large].bins = bins
	if g.size(small) > few {
		g.evaluateBoth(small, large, openSmall)
		return
	}
	if openSmall {
		g.evaluate(small, nil)
	}
	g.evaluate(large, g.negative(small))
}

func (g *grower) size(id int) int { return g.tree[id].hi - g.tree[id].lo }

// negative returns a node with the opposite of a small node's words: added to a histogram they take its rows away.
func (g *grower) negative(id int) *less {
	n := &g.tree[id]
	l := &less{rows: g.rows[n.lo:n.hi], words: make([][]int64, len(g.words))}
	for p := range g.words {
		l.words[p] = make([]int64, n.hi-n.lo)
		for i, w := range g.words[p][n.lo:n.hi] {
			l.words[p][i] = -w
		}
	}
	return l
}

// less is what a histogram has too much.
type less struct {
	rows  []int32
	words [][]int64
}

// evaluate finds a node's best split. Where minus is given the node has its parent's histogram, too much by that.
func (g *grower) evaluate(id int, minus *less) {
	n := &g.tree[id]
	if g.draw == nil {
		g.search(n, minus, g.used)
		return
	}
	g.search(n, nil, g.draw.begin())
	for features := g.draw.next(); !n.split.found && features != nil; features = g.draw.next() {
		g.search(n, nil, features)
	}
	g.release(n)
}

// search finds a node's best split by the features that are used.
func (g *grower) search(n *branch, minus *less, used []bool) {
	size := n.hi - n.lo
	if n.bins == nil && size > few {
		n.bins = g.histogram()
	}
	rows, words := g.rows[n.lo:n.hi], g.wordsOf(n)
	g.each(size, used, func(t *tools) {
		switch {
		case n.bins == nil:
		case minus != nil:
			n.bins.add(g.data, t.groups, minus.rows, minus.words)
		case g.draw != nil:
			for _, group := range t.groups {
				n.bins.clear(group)
				for j, use := range g.lanes(group, used) {
					if use {
						n.bins.addLane(g.data, group, j, rows, words)
					}
				}
			}
		default:
			n.bins.fill(g.data, t.groups, rows, words)
		}
		for _, group := range t.groups {
			if n.bins == nil {
				t.sparse.gather(g.data, group, rows)
			}
			g.scan(n, group, t, used, words)
		}
	})
	n.split = g.merge()
}

// evaluateBoth finds the splits of two children; large has their parent's histogram.
func (g *grower) evaluateBoth(small, large int, openSmall bool) {
	s, l := &g.tree[small], &g.tree[large]
	s.bins = g.histogram()
	rows, words, largeWords := g.rows[s.lo:s.hi], g.wordsOf(s), g.wordsOf(l)
	other := make([]candidate, len(g.found))
	g.each(s.hi-s.lo+l.hi-l.lo, g.used, func(t *tools) {
		s.bins.fill(g.data, t.groups, rows, words)
		for _, group := range t.groups {
			l.bins.subtract(group, s.bins)
			if openSmall {
				g.scan(s, group, t, g.used, words)
				other[group] = g.found[group]
			}
			g.scan(l, group, t, g.used, largeWords)
		}
	})
	l.split = g.merge()
	copy(g.found, other)
	s.split = g.merge()
	if !openSmall {
		g.release(s)
	}
}

// each shares the groups that have used features among the workers, where that pays.
func (g *grower) each(rows int, used []bool, visit func(t *tools)) {
	clear(g.found)
	if g.ties != nil {
		g.turn = int32(g.ties.below(len(g.data.features)))
	}
	const worth = 1 << 15 // codes; less takes no longer than starting a goroutine
	n := len(g.tools)
	if rows*len(g.data.features) < worth {
		n = 1
	}
	parallel(n, n, func(i int) {
		t := &g.tools[i]
		t.groups = t.groups[:0]
		for group := i * g.data.groups / n; group < (i+1)*g.data.groups/n; group++ {
			if used == nil || slices.Contains(g.lanes(group, used), true) {
				t.groups = append(t.groups, group)
			}
		}
		visit(t)
	})
}

// lanes is a group's part of used.
func (g *grower) lanes(group int, used []bool) []bool {
	return used[g.data.lanes*group:][:g.data.width(group)]
}

// scan leaves a group's best split in found.
func (g *grower) scan(n *branch, group int, t *tools, used []bool, words [][]int64) {
	best := &g.found[group]
	*best = candidate{}
	for j := range g.data.width(group) {
		f := g.data.lanes*group + j
		if used != nil && !used[f] {
			continue
		}
		if n.bins == nil {
			t.sparse.take(t.list, j, words)
		} else {
			t.list.take(n.bins, group, j, len(g.data.features[f].low))
		}
		c := g.stat.best(t.list, n.total, max(g.limits.minLeaf, 1))
		if c.feature = int32(f); g.better(&c, best) {
			*best = c
		}
	}
}

// better says whether a split is to be taken rather than another, perhaps none.
func (g *grower) better(c, than *candidate) bool {
	if !c.found || !than.found || c.gain != than.gain {
		return c.found && (!than.found || c.gain > than.gain)
	}
	rank := func(feature int32) int32 {
		if feature < g.turn {
			feature += int32(len(g.data.features))
		}
		return feature
	}
	return rank(c.feature) < rank(than.feature)
}

// merge is the best of the groups' splits.
func (g *grower) merge() candidate {
	var best candidate
	for i := range g.found {
		if g.better(&g.found[i], &best) {
			best = g.found[i]
		}
	}
	return best
}

func (g *grower) histogram() *histogram {
	if n := len(g.free); n > 0 {
		h := g.free[n-1]
		g.free = g.free[:n-1]
		return h
	}
	return newHistogram(g.stat.planes(), g.data)
}

func (g *grower) release(n *branch) {
	if n.bins != nil {
		g.free = append(g.free, n.bins)
		n.bins = nil
	}
}

// emit appends the tree to a model, in preorder. leaf gives the values of the leaf with rows lo..hi-1 of the grower; gains are added up by feature, in units of unit.
func (g *grower) emit(m *Model, gains []float64, unit float64, leaf func(lo, hi int) []float32) {
	m.roots = append(m.roots, int32(len(m.nodes)))
	type visit struct{ id, parent int }
	for stack := []visit{{0, -1}}; len(stack) > 0; {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if v.parent >= 0 {
			m.nodes[v.parent].right = int32(len(m.nodes))
		}
		b := &g.tree[v.id]
		if b.left == 0 {
			b.value = len(m.values)
			m.nodes = append(m.nodes, node{feature: -1, right: int32(b.value)})
			m.values = append(m.values, leaf(b.lo, b.hi)...)
			continue
		}
		stack = append(stack, visit{b.right, len(m.nodes)}, visit{b.left, -1})
		m.nodes = append(m.nodes, g.node(b))
		gains[b.split.feature] += float64(b.split.gain * unit)
	}
}

// node turns bins into a threshold: the midpoint between the values beside it.
func (g *grower) node(b *branch) node {
	s := &b.split
	f := &g.data.features[s.feature]
	n := node{feature: s.feature, threshold: math.MaxFloat32, missingLeft: s.missingLeft}
	if s.next > 0 {
		n.threshold = between(f.high[s.code-1], f.low[s.next-1])
	}
	if !n.missingLeft && !g.missing(b) {
		l, r := &g.tree[b.left], &g.tree[b.right]
		n.missingLeft = g.stat.weight(l.total) >= g.stat.weight(r.total)
	}
	return n
}

// missing says whether a node's split saw missing values.
func (g *grower) missing(b *branch) bool {
	if !g.data.features[b.split.feature].missing {
		return false
	}
	for _, r := range g.rows[b.lo:b.hi] {
		if g.data.columns[b.split.feature][r] == 0 {
			return true
		}
	}
	return false
}

// leaf is where the values of a row's leaf begin, after emit.
func (g *grower) leaf(row int32) int {
	b := &g.tree[0]
	for b.left > 0 {
		c, s := g.data.columns[b.split.feature][row], &b.split
		if c > 0 && c <= s.code || c == 0 && s.missingLeft {
			b = &g.tree[b.left]
		} else {
			b = &g.tree[b.right]
		}
	}
	return b.value
}
