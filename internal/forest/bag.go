package forest

import (
	"context"
	"fmt"
	"math"
	"sync"
)

// FitForest fits trees on bootstrap samples, each split on features drawn for it, equally good ones taken at random; the answer is their mean (Breiman 2001), of classes the mean of the leaves' shares. done,
// which may be nil, is called after each tree with losses that are NaN. A cancelled ctx is its error.
func FitForest(ctx context.Context, train Examples, o Options, done func(Round)) (*Model, error) {
	o = o.bagging()
	return fitForest(ctx, train, o, bootstrap, done)
}

// FitTree fits one tree on all rows and features (CART). Trees, Rows, Columns and Seed of the options are not used.
func FitTree(ctx context.Context, train Examples, o Options) (*Model, error) {
	o.Trees, o.Rows, o.Columns = 1, 1, 1
	return fitForest(ctx, train, o.bagging(), every, nil)
}

// bagging gives the options that are zero their values.
func (o Options) bagging() Options {
	o = o.common()
	if o.MinLeaf == 0 {
		o.MinLeaf = 1
	}
	return o
}

// sampling is how a tree comes to its cases.
type sampling int

const (
	bootstrap sampling = iota // draws rows with replacement, and among equally good features
	every                     // sees all rows, and takes the first of equally good features
)

// counts says how often a tree sees each case.
func (how sampling) counts(s source, share float64, c *cases, counts []int32) {
	if how == every {
		for i := range counts {
			counts[i] = int32(c.times(int32(i)))
		}
		return
	}
	clear(counts)
	for range portion(share, c.rows) {
		r := s.below(c.rows)
		if c.of != nil {
			r = int(c.of[r])
		}
		counts[r]++
	}
}

func fitForest(ctx context.Context, train Examples, o Options, sample sampling, done func(Round)) (*Model, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if err := train.check(o.Classes); err != nil {
		return nil, err
	}
	if o.Quantile > 0 || o.L2 > 0 || o.Rate > 0 {
		return nil, fmt.Errorf("rate, l2 and quantile are options of boosting, not of a forest")
	}
	b := newBagger(train, o, sample)
	parts, gains := make([]*Model, o.Trees), make([][]float64, o.Trees)
	var mu sync.Mutex
	finished, nodes, values := 0, 0, 0
	growers := make(chan *bag, o.Workers)
	for range min(o.Workers, o.Trees) {
		growers <- b.bag(max(o.Workers/o.Trees, 1))
	}
	parallel(o.Workers, o.Trees, func(t int) {
		mu.Lock()
		full := tooLarge(nodes, values) != nil
		mu.Unlock()
		if full || ctx.Err() != nil {
			return
		}
		g := <-growers
		parts[t], gains[t] = b.tree(g, t)
		growers <- g
		mu.Lock()
		defer mu.Unlock()
		nodes, values = nodes+len(parts[t].nodes), values+len(parts[t].values)
		if finished++; done != nil {
			done(Round{Tree: finished, Loss: math.NaN(), Validation: math.NaN()})
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := tooLarge(nodes, values); err != nil {
		return nil, err
	}
	m := &Model{columns: train.X.Columns, outputs: max(o.Classes, 1), kind: mean}
	m.base = make([]float64, m.outputs)
	for _, part := range parts {
		m.append(part)
	}
	m.setImportance(gains)
	return m, nil
}

// bagger is what the trees of a forest share.
type bagger struct {
	o      Options
	cases  *cases
	sample sampling
	drawn  int     // features drawn for a split; 0: all
	middle float64 // of the targets, which are fitted without it
	fixed  []int64 // targets in fixed point, of the least weight that words are made for
	scale  int     // its exponent
	stat   statistics
}

// bag is what a goroutine needs to grow a tree.
type bag struct {
	grower *grower
	counts []int32
	rows   []int32
	words  [][]int64
}

func newBagger(train Examples, o Options, sample sampling) *bagger {
	b := &bagger{o: o, cases: distinct(bin(&train.X, o.Bins, o.Workers), train.Y), sample: sample}
	f := train.X.Columns
	switch {
	case o.Columns > 0 && o.Columns < 1:
		b.drawn = portion(o.Columns, f)
	case o.Columns == 0 && o.Classes > 0:
		b.drawn = max(int(math.Sqrt(float64(f))), 1)
	}
	if b.drawn == f {
		b.drawn = 0
	}
	if o.Classes > 0 {
		b.cases = merged(b.cases.data, train.Y)
		b.stat = newClasses(o.Classes, train.X.Rows)
		return b
	}
	stat := newGradients(train.X.Rows, 0, math.Inf(-1))
	b.stat = stat
	b.middle = float64(float32(average(train.Y)))
	centred := make([]float64, len(train.Y))
	for i, y := range train.Y {
		centred[i] = y - b.middle
	}
	scale, exponent := fixedPoint(centred, stat.largest())
	b.fixed, b.scale = make([]int64, len(centred)), exponent
	for i, v := range centred {
		b.fixed[i] = rounded(float64(v * scale))
	}
	return b
}

func (b *bagger) bag(workers int) *bag {
	n := len(b.cases.y)
	g := &bag{grower: newGrower(b.cases.data, b.stat, limits{b.o.Depth, max(b.o.Leaves, 0), b.o.MinLeaf}, workers), counts: make([]int32, n), rows: make([]int32, n)}
	g.words = make([][]int64, b.stat.planes())
	for p := range g.words {
		g.words[p] = make([]int64, n)
	}
	return g
}

// tree grows tree t, as a model of its own.
func (b *bagger) tree(g *bag, t int) (*Model, []float64) {
	s := newSource(b.o.Seed, t)
	b.sample.counts(s, b.o.Rows, b.cases, g.counts)
	n := 0
	for r, count := range g.counts {
		if count > 0 {
			g.rows[n] = int32(r)
			b.encode(g, n, r, int(count))
			n++
		}
	}
	words := make([][]int64, len(g.words))
	for p := range words {
		words[p] = g.words[p][:n]
	}
	if b.sample == bootstrap {
		g.grower.ties = &s
	}
	if b.drawn > 0 {
		g.grower.draw = newDrawing(s, b.drawn, len(b.cases.data.features))
	}
	g.grower.take(g.rows[:n], words)
	g.grower.grow()
	m := &Model{columns: len(b.cases.data.features), outputs: max(b.o.Classes, 1), kind: mean}
	gains := make([]float64, m.columns)
	g.grower.emit(m, gains, math.Ldexp(1, -2*b.scale), func(lo, hi int) []float32 { return b.leaf(g, lo, hi) })
	return m, gains
}

// encode writes the words of the tree's i-th row.
func (b *bagger) encode(g *bag, i, row, count int) {
	switch stat := b.stat.(type) {
	case *gradients:
		g.words[0][i] = stat.word(b.fixed[row], count)
	case *classes:
		for p := range g.words {
			g.words[p][i] = 0
		}
		p, w := stat.word(int(b.cases.y[row]), count)
		g.words[p][i] = w
	}
}

// leaf is the mean of the targets, or each class' share.
func (b *bagger) leaf(g *bag, lo, hi int) []float32 {
	if stat, ok := b.stat.(*classes); ok {
		total := make([]int64, len(g.words))
		for p := range total {
			for _, w := range g.grower.words[p][lo:hi] {
				total[p] += w
			}
		}
		shares := make([]float32, stat.count)
		for k := range shares {
			shares[k] = float32(float64(stat.of(total, k)) / float64(stat.weight(total)))
		}
		return shares
	}
	sum, weight := 0.0, 0
	for _, r := range g.grower.rows[lo:hi] {
		sum += float64(float64(g.counts[r]) * (b.cases.y[r] - b.middle))
		weight += int(g.counts[r])
	}
	return []float32{leafValue(b.middle + sum/float64(weight))}
}

// append adds another model's trees.
func (m *Model) append(other *Model) {
	first, values := int32(len(m.nodes)), int32(len(m.values))
	for _, root := range other.roots {
		m.roots = append(m.roots, root+first)
	}
	for _, n := range other.nodes {
		if n.feature < 0 {
			n.right += values
		} else {
			n.right += first
		}
		m.nodes = append(m.nodes, n)
	}
	m.values = append(m.values, other.values...)
}
