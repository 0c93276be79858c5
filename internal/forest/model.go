package forest

import (
	"fmt"
)

// Model is a fitted ensemble. It is not changed by anything, so many goroutines may use it.
type Model struct {
	columns    int
	outputs    int  // K
	kind       kind // what becomes of the trees' answers
	base       []float64
	roots      []int32 // of each tree, in nodes; a tree ends where the next begins
	nodes      []node  // preorder, left first
	values     []float32
	importance []float64
}

// kind of an ensemble.
type kind int

const (
	sum      kind = iota // base plus every tree's value: boosting
	mean                 // mean of the trees' values: forest, K values in a leaf
	softmax              // boosting of classes: tree t adds to output t mod K; probabilities are their softmax
	logistic             // boosting of two classes: a tree adds to the second and takes away from the first, whose own tree would be its mirror image
)

// width is the number of values in a leaf.
func (m *Model) width() int {
	if m.kind == mean {
		return m.outputs
	}
	return 1
}

// node of a tree. The left child of a split is the next node.
type node struct {
	feature     int32   // -1: a leaf
	right       int32   // the right child; of a leaf: where its values begin
	threshold   float32 // x <= threshold goes left
	missingLeft bool    // where a missing value goes
}

// Columns is F, Outputs K: 1, or the number of classes. Trees counts every tree, of all classes.
func (m *Model) Columns() int { return m.columns }

// Outputs is the number of values that Predict gives for a row: 1, or one for each class.
func (m *Model) Outputs() int { return m.outputs }

// Trees is the number of trees, of all classes together.
func (m *Model) Trees() int { return len(m.roots) }

// Importance is each feature's share of the gain of all splits, [F]; the sum is 1, or 0 for a model without a split.
func (m *Model) Importance() []float64 { return append([]float64(nil), m.importance...) }

// Predict answers for each row of x, which must have F columns: [N], or the classes' probabilities row-major [N][K]. NaN is a missing value, infinite ones are
// compared as they are. It panics where x does not fit.
func (m *Model) Predict(x *Matrix) []float64 {
	if x.Columns != m.columns || len(x.Values) != x.Rows*x.Columns {
		panic(fmt.Sprintf("forest: %d rows of %d features in %d values, the model has %d features", x.Rows, x.Columns, len(x.Values), m.columns))
	}
	out := make([]float64, x.Rows*m.outputs)
	const block = 256 // rows whose features stay in the cache while every tree reads them
	features := make([]float32, block*m.columns)
	for lo := 0; lo < x.Rows; lo += block {
		n := min(block, x.Rows-lo)
		for i, v := range x.Values[lo*m.columns : (lo+n)*m.columns] {
			features[i] = float32(v)
		}
		m.block(features[:n*m.columns], out[lo*m.outputs:(lo+n)*m.outputs])
	}
	return out
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

// between is the float32 threshold that separates low from high: their midpoint, or low where that would not be below high.
func between(low, high float32) float32 {
	t := float32((float64(low) + float64(high)) / 2)
	if t >= high {
		return low
	}
	return t
}
