package forest

import (
	"weir/internal/onnx"
)

// ONNX returns the model in ONNX (opset 14, ai.onnx.ml 1, TreeEnsembleRegressor): input x [batch, F], output y [batch, K]: numbers, or the classes' probabilities.
// Metadata are key, value, key, value, in the order given. Runtimes add up in float32, so they agree to about 1e-6 of the values added.
func (m *Model) ONNX(metadata ...string) ([]byte, error) {
	g := onnx.Graph{Name: "trees", Opset: 14, ML: 1, Inputs: []onnx.Message{onnx.Port("x", onnx.Float32, -1, m.columns)},
		Outputs: []onnx.Message{onnx.Port("y", onnx.Float32, -1, m.outputs)}}
	output := "y"
	probabilities := m.kind == softmax || m.kind == logistic
	if probabilities {
		output = "scores"
	}
	g.Nodes = append(g.Nodes, onnx.Node("TreeEnsembleRegressor", []string{"x"}, []string{output}, m.attributes()...).In("ai.onnx.ml"))
	if probabilities {
		g.Nodes = append(g.Nodes, onnx.Node("Softmax", []string{output}, []string{"y"}, onnx.Int("axis", 1)))
	}
	return g.Encode(metadata...)
}

// attributes are the trees in columns: a row for each node, and one for each value of a leaf.
func (m *Model) attributes() []onnx.Attribute {
	n := len(m.nodes)
	tree, id, feature, left, right, missing := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	threshold, modes := make([]float32, n), make([]string, n)
	var ofTree, ofNode, ofOutput []int64
	var weights []float32
	t := -1
	for i := range m.nodes {
		if t+1 < len(m.roots) && m.roots[t+1] == int32(i) {
			t++
		}
		root := int64(m.roots[t])
		tree[i], id[i], modes[i] = int64(t), int64(i)-root, "LEAF"
		if s := &m.nodes[i]; s.feature >= 0 {
			modes[i], feature[i], threshold[i] = "BRANCH_LEQ", int64(s.feature), s.threshold
			left[i], right[i] = id[i]+1, int64(s.right)-root
			if s.missingLeft {
				missing[i] = 1
			}
			continue
		}
		give := func(output int, weight float32) {
			ofTree, ofNode, ofOutput, weights = append(ofTree, int64(t)), append(ofNode, id[i]), append(ofOutput, int64(output)), append(weights, weight)
		}
		for j, v := range m.values[m.nodes[i].right:][:m.width()] {
			switch m.kind {
			case softmax:
				give(t%m.outputs, v)
			case logistic:
				give(0, -v)
				give(1, v)
			default:
				give(j, v)
			}
		}
	}
	aggregate := "SUM"
	if m.kind == mean {
		aggregate = "AVERAGE"
	}
	return []onnx.Attribute{onnx.Int("n_targets", int64(m.outputs)), onnx.Text("aggregate_function", aggregate), onnx.Text("post_transform", "NONE"),
		onnx.Floats("base_values", singles(m.base)...), onnx.Ints("nodes_treeids", tree...), onnx.Ints("nodes_nodeids", id...), onnx.Texts("nodes_modes", modes...),
		onnx.Ints("nodes_featureids", feature...), onnx.Floats("nodes_values", threshold...), onnx.Ints("nodes_truenodeids", left...),
		onnx.Ints("nodes_falsenodeids", right...), onnx.Ints("nodes_missing_value_tracks_true", missing...), onnx.Ints("target_treeids", ofTree...),
		onnx.Ints("target_nodeids", ofNode...), onnx.Ints("target_ids", ofOutput...), onnx.Floats("target_weights", weights...)}
}
