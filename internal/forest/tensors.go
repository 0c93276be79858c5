package forest

import (
	"fmt"
	"slices"
)

// Tensor is a named array, row-major.
type Tensor struct {
	Name  string
	Shape []int
	Data  []float32
}

// Names of a model's tensors. The first says what it is: [F, K, kind, T], kind 0 boosting, 1 forest, 2 boosting of classes, 3 of two classes with a tree for the second.
//
//	trees/design      [4]
//	trees/base        [K], added to what the trees give; zero for a forest
//	trees/importance  [F]
//	trees/feature     [nodes] of each tree in turn, preorder, left first: the feature that a split looks at, -1 for a leaf
//	trees/threshold   [nodes], 0 for a leaf
//	trees/missing     [nodes], 1 where missing values go left
//	trees/value       [values] of the leaves in their order: K each (forest) or one
//
// So the order of the nodes says which are whose children, and no bytes can make a cycle.
var tensorNames = [...]string{"trees/design", "trees/base", "trees/importance", "trees/feature", "trees/threshold", "trees/missing", "trees/value"}

// Tensors returns the model as arrays; their data are copies. Every number in a model is one of float32, so what FromTensors makes of them predicts the same bits.
func (m *Model) Tensors() []Tensor {
	data := [len(tensorNames)][]float32{
		{float32(m.columns), float32(m.outputs), float32(m.kind), float32(len(m.roots))}, singles(m.base), singles(m.importance), nil, nil, nil, slices.Clone(m.values)}
	for _, n := range m.nodes {
		missing := float32(0)
		if n.missingLeft {
			missing = 1
		}
		data[3], data[4], data[5] = append(data[3], float32(n.feature)), append(data[4], n.threshold), append(data[5], missing)
	}
	all := make([]Tensor, len(data))
	for i, d := range data {
		all[i] = Tensor{Name: tensorNames[i], Shape: []int{len(d)}, Data: d}
	}
	return all
}

// FromTensors makes a model from what Tensors returned. Names, order, shapes and values are checked.
func FromTensors(tensors []Tensor) (*Model, error) {
	if len(tensors) != len(tensorNames) {
		return nil, fmt.Errorf("%d tensors: trees have %d", len(tensors), len(tensorNames))
	}
	var data [len(tensorNames)][]float32
	for i, t := range tensors {
		if t.Name != tensorNames[i] || len(t.Shape) != 1 || t.Shape[0] != len(t.Data) {
			return nil, fmt.Errorf("tensor %d is %.40q %v with %d values: expected %q with one dimension", i+1, t.Name, t.Shape, len(t.Data), tensorNames[i])
		}
		for _, v := range t.Data {
			if v-v != 0 {
				return nil, fmt.Errorf("tensor %s has a value that is not finite", t.Name)
			}
		}
		data[i] = t.Data
	}
	m, trees, err := design(data[0])
	if err != nil {
		return nil, err
	}
	m.base, m.importance, m.values = doubles(data[1]), doubles(data[2]), slices.Clone(data[6])
	nodes := len(data[3])
	switch {
	case len(m.base) != m.outputs || len(m.importance) != m.columns:
		return nil, fmt.Errorf("%d base values and %d importances: expected %d and %d", len(m.base), len(m.importance), m.outputs, m.columns)
	case len(data[4]) != nodes || len(data[5]) != nodes:
		return nil, fmt.Errorf("%d features, %d thresholds, %d missing directions: expected as many of each", nodes, len(data[4]), len(data[5]))
	}
	if err := tooLarge(nodes, len(m.values)); err != nil {
		return nil, err
	}
	m.nodes = make([]node, nodes)
	for i := range m.nodes {
		f := data[3][i]
		if f != float32(int32(f)) || f < -1 || f >= float32(m.columns) || data[5][i] != 0 && data[5][i] != 1 {
			return nil, fmt.Errorf("node %d has feature %g, missing direction %g: expected a feature below %d or -1, and 0 or 1", i+1, f, data[5][i], m.columns)
		}
		m.nodes[i] = node{feature: int32(f), threshold: data[4][i], missingLeft: data[5][i] == 1}
	}
	return m, m.connect(trees)
}

// design reads the first tensor.
func design(d []float32) (*Model, int, error) {
	if len(d) != 4 {
		return nil, 0, fmt.Errorf("%s has %d values, expected 4", tensorNames[0], len(d))
	}
	bounds := [...]struct{ least, most float32 }{{1, MaxColumns}, {1, MaxClasses}, {float32(sum), float32(logistic)}, {1, MaxTrees * MaxClasses}}
	for i, v := range d {
		if !(v >= bounds[i].least && v <= bounds[i].most) || v != float32(int32(v)) {
			return nil, 0, fmt.Errorf("%s has the value %g at %d: expected a whole number from %g to %g", tensorNames[0], v, i+1, bounds[i].least, bounds[i].most)
		}
	}
	m := &Model{columns: int(d[0]), outputs: int(d[1]), kind: kind(d[2])}
	trees := int(d[3])
	if m.kind == sum && m.outputs != 1 || m.kind == softmax && (m.outputs < 2 || trees%m.outputs != 0) || m.kind == logistic && m.outputs != 2 {
		return nil, 0, fmt.Errorf("%d trees of kind %d with %d outputs", trees, m.kind, m.outputs)
	}
	return m, trees, nil
}

// connect finds the roots, the right children and the places of the leaves' values. A subtree ends where it has one leaf more than splits.
func (m *Model) connect(trees int) error {
	var open []int32 // splits whose right child is to come
	values := 0
	begins := true
	for i := range m.nodes {
		n := &m.nodes[i]
		if begins {
			if len(m.roots) == trees {
				return fmt.Errorf("%d nodes follow the last of %d trees", len(m.nodes)-i, trees)
			}
			m.roots = append(m.roots, int32(i))
			begins = false
		}
		if n.feature >= 0 {
			open = append(open, int32(i))
			continue
		}
		if n.threshold != 0 || n.missingLeft {
			return fmt.Errorf("node %d is a leaf with a threshold", i+1)
		}
		n.right = int32(values)
		values += m.width()
		if len(open) == 0 {
			begins = true
			continue
		}
		m.nodes[open[len(open)-1]].right = int32(i + 1)
		open = open[:len(open)-1]
	}
	if !begins || len(m.roots) != trees || values != len(m.values) {
		return fmt.Errorf("%d nodes make %d trees with %d values in their leaves: expected %d trees with %d", len(m.nodes), len(m.roots), values, trees, len(m.values))
	}
	return nil
}

func singles(values []float64) []float32 {
	out := make([]float32, len(values))
	for i, v := range values {
		out[i] = float32(v)
	}
	return out
}

func doubles(values []float32) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = float64(v)
	}
	return out
}
