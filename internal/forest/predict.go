package forest

import (
	"fmt"
	"math"
	"math/bits"
)

// Predict answers for each row of x, which must have F columns: [N], or the classes' probabilities row-major [N][K]. NaN is a missing value, infinite ones are
// compared as they are. It panics where x does not fit.
func (m *Model) Predict(x *Matrix) []float64 {
	if x.Columns != m.columns || len(x.Values) != x.Rows*x.Columns {
		panic(fmt.Sprintf("forest: %d rows of %d features in %d values, the model has %d features", x.Rows, x.Columns, len(x.Values), m.columns))
	}
	k := m.outputs
	a := answers{model: m, x: x, out: make([]float64, x.Rows*k)}
	seen := newRepeats(x)
	if seen == nil {
		for i := range x.Rows {
			a.ask(i)
		}
		a.flush()
		return a.out
	}
	for i := range x.Rows {
		if seen.first(i) == i {
			a.ask(i)
		}
	}
	a.flush()
	for i, first := range seen.of {
		if int(first) != i {
			copy(a.out[i*k:(i+1)*k], a.out[int(first)*k:])
		}
	}
	return a.out
}

// answers collects rows until there are enough to go through all trees together.
type answers struct {
	model    *Model
	x        *Matrix
	out      []float64
	rows     []int // waiting
	features []float32
	scratch  []float64
}

// together is how many rows go through the trees at once: their features stay in the cache.
const together = 256

func (a *answers) ask(row int) {
	a.rows = append(a.rows, row)
	for _, v := range a.x.Values[row*a.x.Columns:][:a.x.Columns] {
		a.features = append(a.features, float32(v))
	}
	if len(a.rows) == together {
		a.flush()
	}
}

func (a *answers) flush() {
	k := a.model.outputs
	if a.scratch == nil {
		a.scratch = make([]float64, together*k)
	}
	out := a.scratch[:len(a.rows)*k]
	clear(out)
	a.model.block(a.features, out)
	for i, row := range a.rows {
		copy(a.out[row*k:], out[i*k:(i+1)*k])
	}
	a.rows, a.features = a.rows[:0], a.features[:0]
}

// repeats finds rows that were there before: each row's slot keeps the last row that came there.
type repeats struct {
	x    *Matrix
	slot []int32 // a row's number and one
	of   []int32 // [N]: the first of the rows like it that was found, or itself
}

const repeatSlots = 1 << 13

// newRepeats is nil where looking for repeated rows does not pay.
func newRepeats(x *Matrix) *repeats {
	if x.Rows < 512 || x.Rows > math.MaxInt32/2 || x.Columns > 16 {
		return nil
	}
	return &repeats{x: x, slot: make([]int32, repeatSlots), of: make([]int32, 0, x.Rows)}
}

// first is the earlier row whose answer is that of row i, or i. Rows come in order.
func (r *repeats) first(i int) int {
	f := r.x.Columns
	row, mixed := r.x.Values[i*f:(i+1)*f], uint64(f)
	for _, v := range row {
		hi, lo := bits.Mul64(mixed^math.Float64bits(v), 0x9e3779b97f4a7c15)
		mixed = hi ^ lo
	}
	slot := &r.slot[mixed%repeatSlots]
	first := int(*slot) - 1
	if first >= 0 && alike(row, r.x.Values[first*f:(first+1)*f]) {
		r.of = append(r.of, int32(first))
		return first
	}
	*slot = int32(i) + 1
	r.of = append(r.of, int32(i))
	return i
}

// alike says whether all bits are the same.
func alike(a, b []float64) bool {
	for j, v := range a {
		if math.Float64bits(v) != math.Float64bits(b[j]) {
			return false
		}
	}
	return true
}

// block answers for rows whose features are float32.
func (m *Model) block(features []float32, out []float64) {
	k := m.outputs
	if m.kind != mean {
		for i := range out {
			out[i] = m.base[i%k]
		}
	}
	for t := range m.roots {
		m.add(t, features, out)
	}
	switch m.kind {
	case mean:
		for i := range out {
			out[i] /= float64(len(m.roots))
		}
	case softmax, logistic:
		for i := 0; i < len(out); i += k {
			normalise(out[i : i+k])
		}
	}
}

// add adds the values of tree t for rows of float32 features to out [rows][K].
func (m *Model) add(t int, features []float32, out []float64) {
	k, w, first := m.outputs, m.width(), 0
	switch m.kind {
	case softmax:
		first = t % k
	case logistic:
		first = 1
	}
	for i, at := first, 0; i < len(out); i, at = i+k, at+m.columns {
		leaf := m.leaf(m.roots[t], features[at:at+m.columns])
		if w == 1 {
			out[i] += float64(m.values[leaf])
			if m.kind == logistic {
				out[i-1] -= float64(m.values[leaf])
			}
			continue
		}
		for j, v := range m.values[leaf : int(leaf)+w] {
			out[i+j] += float64(v)
		}
	}
}

// leaf returns where the values of a row begin.
func (m *Model) leaf(at int32, row []float32) int32 {
	for {
		n := &m.nodes[at]
		if n.feature < 0 {
			return n.right
		}
		x := row[n.feature]
		if x <= n.threshold || n.missingLeft && x != x {
			at++
		} else {
			at = n.right
		}
	}
}
