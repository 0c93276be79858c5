package forest

import (
	"context"
	"fmt"
	"math"
)

// FitBoosted fits trees one after the other, each to what those before it leave (Friedman 2001). validation may be nil. done, which may be nil, is called after each round.
// A cancelled ctx is its error.
func FitBoosted(ctx context.Context, train Examples, validation *Examples, o Options, done func(Round)) (*Model, error) {
	o = o.boosting()
	if err := o.check(); err != nil {
		return nil, err
	}
	if err := train.check(o.Classes); err != nil {
		return nil, err
	}
	if validation != nil {
		if err := validation.check(o.Classes); err != nil {
			return nil, fmt.Errorf("validation: %w", err)
		}
		if validation.X.Columns != train.X.Columns {
			return nil, fmt.Errorf("validation has %d features, training %d", validation.X.Columns, train.X.Columns)
		}
	}
	b := newBooster(train, validation, o)
	for round := 1; round <= o.Trees; round++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b.round()
		if err := b.model.large(); err != nil {
			return nil, err
		}
		r := Round{Tree: round, Loss: math.NaN(), Validation: math.NaN()}
		if done != nil {
			r.Loss = b.loss.mean(b.raw, b.cases)
		}
		stop := false
		if validation != nil {
			r.Validation = b.loss.mean(b.validated, distinct(nil, validation.Y))
			stop = b.watch(r)
		}
		if done != nil {
			done(r)
		}
		if stop {
			break
		}
	}
	if validation != nil {
		b.model.cut(b.bestRound * b.model.perRound())
	}
	b.model.setImportance(b.gains[:len(b.model.roots)])
	return b.model, nil
}

// boosting gives the options that are zero their values.
func (o Options) boosting() Options {
	o = o.common()
	if o.Leaves == 0 {
		o.Leaves = 31
	}
	if o.Rate == 0 {
		o.Rate = 0.1
	}
	if o.MinLeaf == 0 {
		o.MinLeaf = 20
	}
	return o
}

func (o Options) common() Options {
	if o.Trees == 0 {
		o.Trees = 100
	}
	if o.Bins == 0 {
		o.Bins = maxBins
	}
	o.Workers = max(o.Workers, 1)
	if o.Rows == 0 {
		o.Rows = 1
	}
	return o
}

// booster is a model that is being fitted.
type booster struct {
	o          Options
	cases      *cases
	validation *Examples
	loss       loss
	grower     *grower
	stat       *gradients
	model      *Model
	gains      [][]float64 // [T][F]

	raw, targets []float64 // [N][K], [N]
	rows         []int32   // of the tree, ascending
	words        []int64
	out          []bool // rows that the tree does not see; nil: it sees all

	validated []float64 // scores of the validation part, [N][K]
	features  []float32 // of the validation part

	best      float64
	bestRound int
}

func newBooster(train Examples, validation *Examples, o Options) *booster {
	b := &booster{o: o, validation: validation, best: math.Inf(1), model: &Model{columns: train.X.Columns, outputs: 1, kind: sum}}
	data := bin(&train.X, o.Bins, o.Workers)
	b.cases = distinct(data, train.Y)
	if o.Classes > 0 && o.Rows == 1 {
		b.cases = merged(data, train.Y)
	}
	switch {
	case o.Classes > 0:
		b.loss = &deviance{classes: o.Classes, l2: o.L2}
		b.model.outputs, b.model.kind = o.Classes, softmax
		if o.Classes == 2 {
			b.model.kind = logistic
		}
	case o.Quantile > 0:
		b.loss = &pinball{q: o.Quantile}
	default:
		b.loss = squared{o.L2}
	}
	b.model.base = b.loss.base(b.cases)
	b.stat = newGradients(b.cases.rows, o.L2, smallestGain)
	b.grower = newGrower(b.cases.data, b.stat, limits{o.Depth, max(o.Leaves, 0), o.MinLeaf}, o.Workers)
	n := len(b.cases.y)
	b.targets, b.words, b.raw = make([]float64, n), make([]int64, n), scores(b.model.base, n)
	if validation != nil {
		b.validated = scores(b.model.base, validation.X.Rows)
		b.features = make([]float32, len(validation.X.Values))
		for i, v := range validation.X.Values {
			b.features[i] = float32(v)
		}
	}
	return b
}

// smallestGain of a split of boosting, as a share of its score: below it is the rounding of the two numbers whose difference it is.
const smallestGain = 1e-13

func scores(base []float64, rows int) []float64 {
	raw := make([]float64, 0, rows*len(base))
	for range rows {
		raw = append(raw, base...)
	}
	return raw
}

// perRound is the number of trees that boosting adds in a round.
func (m *Model) perRound() int {
	if m.kind == softmax {
		return m.outputs
	}
	return 1
}

// round adds a tree for each output; of two classes for the second alone.
func (b *booster) round() {
	b.loss.begin(b.raw, b.cases.y)
	for k := b.model.outputs - b.model.perRound(); k < b.model.outputs; k++ {
		t := len(b.model.roots)
		b.loss.targets(k, b.raw, b.cases.y, b.targets)
		b.sample(newSource(b.o.Seed, t))
		exponent := b.encode()
		b.grower.take(b.rows, [][]int64{b.words[:len(b.rows)]})
		b.grower.grow()
		gains := make([]float64, b.model.columns)
		b.grower.emit(b.model, gains, math.Ldexp(1, -2*exponent), func(lo, hi int) []float32 { return b.leaf(k, b.grower.rows[lo:hi]) })
		b.gains = append(b.gains, gains)
		b.others(k)
		if b.validation != nil {
			b.model.add(t, b.features, b.validated)
		}
	}
}

// sample draws the rows and the features that a tree sees.
func (b *booster) sample(s source) {
	n, f := len(b.cases.y), b.model.columns
	b.rows = b.rows[:0]
	if b.o.Rows < 1 {
		b.rows = s.some(b.rows, n, portion(b.o.Rows, n))
		b.out = make([]bool, n)
		for i := range b.out {
			b.out[i] = true
		}
		for _, r := range b.rows {
			b.out[r] = false
		}
	} else {
		for i := range n {
			b.rows = append(b.rows, int32(i))
		}
	}
	if b.o.Columns > 0 && b.o.Columns < 1 {
		b.grower.used = newDrawing(s, portion(b.o.Columns, f), f).begin()
	}
}

// encode puts the targets of the tree's rows into fixed point, multiplied by 2 to the power that it returns.
func (b *booster) encode() (exponent int) {
	scale, exponent := fixedPoint(b.targets, b.stat.largest())
	for i, r := range b.rows {
		b.words[i] = b.stat.word(rounded(float64(b.targets[r]*scale)), b.cases.times(r))
	}
	return exponent
}

// fixedPoint returns the power of two that makes the values as large as they may be, and its exponent.
func fixedPoint(values []float64, largest float64) (scale float64, exponent int) {
	top := 0.0
	for _, v := range values {
		top = max(top, math.Abs(v))
	}
	_, have := math.Frexp(top)
	_, room := math.Frexp(largest)
	exponent = min(room-1-have, 1000)
	return math.Ldexp(1, exponent), exponent
}

// rounded is the nearest integer, half to even, of |v| < 2^51: adding 1.5 * 2^52 leaves no room for a fraction.
func rounded(v float64) int64 {
	const shift = 3 << 51
	return int64(math.Float64bits(v+shift)) - int64(math.Float64bits(shift))
}

// leaf adds a leaf's value to the scores of its rows.
func (b *booster) leaf(k int, rows []int32) []float32 {
	v := leafValue(float64(b.o.Rate * b.loss.leaf(k, rows, b.raw, b.targets, b.cases)))
	for _, r := range rows {
		b.score(int(r), k, float64(v))
	}
	return []float32{v}
}

// score adds a tree's value to that of a case.
func (b *booster) score(row, k int, v float64) {
	b.raw[row*b.model.outputs+k] += v
	if b.model.kind == logistic {
		b.raw[row*2] -= v
	}
}

// leafValue rounds to a finite float32.
func leafValue(v float64) float32 {
	return float32(min(max(v, -math.MaxFloat32), math.MaxFloat32))
}

// others adds the tree's values to the scores of the rows that it has not seen.
func (b *booster) others(k int) {
	for r, out := range b.out {
		if out {
			b.score(r, k, float64(b.model.values[b.grower.leaf(int32(r))]))
		}
	}
}

// watch says whether the loss on the validation part has not fallen for so long that boosting stops.
func (b *booster) watch(r Round) bool {
	if r.Validation < b.best {
		b.best, b.bestRound = r.Validation, r.Tree
	}
	return b.o.Patience > 0 && r.Tree-b.bestRound >= b.o.Patience
}

// cut leaves the first trees.
func (m *Model) cut(trees int) {
	if trees >= len(m.roots) {
		return
	}
	end := m.roots[trees]
	values := len(m.values)
	for _, n := range m.nodes[end:] {
		if n.feature < 0 {
			values = int(n.right)
			break
		}
	}
	m.roots, m.nodes, m.values = m.roots[:trees], m.nodes[:end], m.values[:values]
}

// setImportance adds up the gains of the trees, [T][F], to shares. A model keeps float32.
func (m *Model) setImportance(gains [][]float64) {
	m.importance = make([]float64, m.columns)
	total := 0.0
	for _, tree := range gains {
		for f, gain := range tree {
			m.importance[f] += gain
			total += gain
		}
	}
	for f := range m.importance {
		if total > 0 {
			m.importance[f] = float64(float32(m.importance[f] / total))
		}
	}
}
