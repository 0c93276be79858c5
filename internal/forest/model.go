package forest

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

// between is the float32 threshold that separates low from high: their midpoint, or low where that would not be below high.
func between(low, high float32) float32 {
	t := float32((float64(low) + float64(high)) / 2)
	if t >= high {
		return low
	}
	return t
}
