package lstm

import (
	"fmt"
	"slices"
	"strings"

	"weir/internal/onnx"
)

// Reading an ONNX graph follows what each value means from the window to the forecast, node by node. A value is a constant, is computed from shapes and constants
// alone, or is a signal. Nodes that would change what a weight means are errors, so that a graph that is taken is the network that comes out.

// meaning of a signal.
type meaning int

const (
	window   meaning = iota
	states           // of one or several parts, at all times or at one
	sums             // of an attention: W h + b
	curved           // their tanh
	scores           // v times it
	alphas           // their softmax
	weighted         // alphas times states
	output
)

// axis of a signal that is states.
type axis byte

const (
	timeAxis   axis = 'T'
	partAxis   axis = 'D' // one index for each of the parts
	batchAxis  axis = 'B'
	hiddenAxis axis = 'H' // the units of all parts side by side
	oneAxis    axis = '1'
)

// partName is a part of the network, or the attention's context.
type partName struct{ layer, direction int }

var contextPart = partName{-1, 0}

// moment is which of the time steps a signal has.
type moment int

const (
	always moment = iota
	firstStep
	lastStep
	ended // after the last step of each part
)

// signal is a value that depends on the window.
type signal struct {
	meaning
	axes  []axis
	parts []partName
	at    moment
}

func (s signal) axis(i int64) (int, bool) {
	if i < 0 {
		i += int64(len(s.axes))
	}
	return int(i), i >= 0 && i < int64(len(s.axes))
}

func (s signal) is(axes ...axis) bool { return slices.Equal(s.axes, axes) }

// graphImport is the walk over a graph.
type graphImport struct {
	lookBack int // where the graph's input says it, else 0
	values   map[string]onnx.Array
	derived  map[string]bool // computed from shapes and constants; true: zeros
	turns    int             // numbers that may still be transposed
	signals  map[string]signal

	design    Design
	parts     []Tensor // kernel, recurrent kernel and bias of each part, unnamed
	attention []Tensor
	kernel    *Tensor // of the dense layer
	bias      *Tensor
}

// importONNX reads the weights of a graph.
func importONNX(data []byte) (Design, []Tensor, error) {
	model, err := onnx.Decode(data)
	if err != nil {
		return Design{}, nil, err
	}
	if len(model.Inputs) != 1 || len(model.Outputs) < 1 {
		return Design{}, nil, fmt.Errorf("a graph of %d inputs and %d outputs: expected one window and a forecast", len(model.Inputs), len(model.Outputs))
	}
	g := &graphImport{values: model.Values, derived: map[string]bool{}, turns: len(data), signals: map[string]signal{model.Inputs[0].Name: {meaning: window}}}
	if shape := model.Inputs[0].Shape; len(shape) == 3 {
		g.lookBack = shape[1]
	}
	for i := range model.Operators {
		o := &model.Operators[i]
		if err := g.node(o); err != nil {
			return Design{}, nil, fmt.Errorf("%s: %w", o.Title(), err)
		}
	}
	if s, ok := g.signals[model.Outputs[0]]; !ok || s.meaning != output {
		return Design{}, nil, fmt.Errorf("the graph's output %.60q is not the sum of a dense layer (Gemm or MatMul) over the last states", model.Outputs[0])
	}
	return g.finish()
}

// finish names the tensors.
func (g *graphImport) finish() (Design, []Tensor, error) {
	outputs := g.kernel.Shape[1]
	if g.bias == nil {
		g.bias = &Tensor{Shape: []int{outputs}, Data: make([]float32, outputs)}
	}
	g.design.Outputs = outputs
	if err := g.design.check(); err != nil {
		return Design{}, nil, err
	}
	found := append(append(g.parts, g.attention...), *g.kernel, *g.bias)
	tensors := g.design.tensors()
	if len(found) != len(tensors) {
		return Design{}, nil, fmt.Errorf("%d arrays of weights, expected %d", len(found), len(tensors))
	}
	for i := range tensors {
		tensors[i].Data, tensors[i].Shape = found[i].Data, found[i].Shape
	}
	return g.design, tensors, nil
}

func (g *graphImport) node(o *onnx.Operator) error {
	for len(o.Inputs) > 0 && o.Inputs[len(o.Inputs)-1] == "" {
		o.Inputs = o.Inputs[:len(o.Inputs)-1]
	}
	if len(o.Outputs) == 0 {
		return fmt.Errorf("computes nothing")
	}
	if o.Op == "Constant" {
		return g.constant(o)
	}
	if o.Op == "Shape" || !g.hears(o) {
		g.compute(o)
		return nil
	}
	if o.Op == "LSTM" || o.Op == "GRU" {
		return g.cell(o)
	}
	var s signal
	var err error
	switch o.Op {
	case "Identity", "Cast", "Dropout":
		s = g.signals[o.Inputs[0]]
	case "Transpose", "Squeeze", "Unsqueeze", "Reshape", "Flatten", "Slice", "Gather", "Concat":
		s, err = g.reshape(o)
	case "Gemm", "MatMul":
		s, err = g.multiply(o)
	case "Add", "Sub", "Mul", "Div":
		s, err = g.combine(o)
	case "Tanh":
		s, err = g.next(o, sums, curved)
	case "Softmax":
		s, err = g.next(o, scores, alphas)
	case "ReduceSum":
		if s, err = g.next(o, weighted, states); err == nil {
			s = signal{meaning: states, axes: []axis{batchAxis, hiddenAxis}, parts: []partName{contextPart}, at: ended}
		}
	default:
		err = fmt.Errorf("is not understood")
	}
	if err == nil {
		g.signals[o.Outputs[0]] = s
	}
	return err
}

// next moves a signal on.
func (g *graphImport) next(o *onnx.Operator, from, to meaning) (signal, error) {
	if s, ok := g.signals[o.Inputs[0]]; !ok || s.meaning != from {
		return s, fmt.Errorf("is not understood here")
	}
	return signal{meaning: to}, nil
}

// hears says that a node depends on the window.
func (g *graphImport) hears(o *onnx.Operator) bool {
	return slices.ContainsFunc(o.Inputs, func(name string) bool { _, ok := g.signals[name]; return ok })
}

func (g *graphImport) constant(o *onnx.Operator) error {
	if len(o.Attributes) != 1 {
		return fmt.Errorf("has %d attributes: expected its value", len(o.Attributes))
	}
	for name, v := range o.Attributes {
		switch {
		case name == "value" && v.Array != nil:
			g.values[o.Outputs[0]] = *v.Array
		case name == "value_int":
			g.values[o.Outputs[0]] = onnx.Array{Integers: []int64{v.Int}}
		case name == "value_ints":
			g.values[o.Outputs[0]] = onnx.Array{Shape: []int{len(v.Ints)}, Integers: v.Ints}
		case name == "value_float":
			g.values[o.Outputs[0]] = onnx.Array{Numbers: []float32{v.Float}}
		case name == "value_floats":
			g.values[o.Outputs[0]] = onnx.Array{Shape: []int{len(v.Floats)}, Numbers: v.Floats}
		default:
			return fmt.Errorf("attribute %.40q is not understood", name)
		}
	}
	return nil
}

// compute follows what depends on shapes and constants alone: transposed matrices, and whether a value is all zeros.
func (g *graphImport) compute(o *onnx.Operator) {
	zero := false
	switch o.Op {
	case "ConstantOfShape":
		v, ok := o.Attributes["value"]
		zero = !ok || v.Array != nil && zeros(*v.Array)
	case "Identity", "Cast", "Transpose", "Expand", "Slice", "Squeeze", "Unsqueeze", "Reshape", "Tile":
		zero = len(o.Inputs) > 0 && g.zero(o.Inputs[0])
	case "Concat":
		zero = !slices.ContainsFunc(o.Inputs, func(name string) bool { return !g.zero(name) })
	}
	for _, name := range o.Outputs {
		g.derived[name] = zero
	}
	if len(o.Inputs) == 0 {
		return
	}
	a, ok := g.values[o.Inputs[0]]
	switch {
	case !ok:
	case o.Op == "Identity":
		g.values[o.Outputs[0]] = a
	case o.Op == "Transpose" && len(a.Shape) == 2 && len(a.Numbers) > 0 && len(a.Numbers) <= g.turns:
		g.turns -= len(a.Numbers)
		g.values[o.Outputs[0]] = onnx.Array{Shape: []int{a.Shape[1], a.Shape[0]}, Numbers: turned(a.Numbers, a.Shape[0], a.Shape[1])}
	}
}

// zero says that a value is known to be all zeros.
func (g *graphImport) zero(name string) bool {
	if a, ok := g.values[name]; ok {
		return zeros(a)
	}
	return g.derived[name]
}

func zeros(a onnx.Array) bool {
	return !slices.ContainsFunc(a.Numbers, func(v float32) bool { return v != 0 }) && !slices.ContainsFunc(a.Integers, func(v int64) bool { return v != 0 })
}

// turned is the transposed of a matrix [rows][columns].
func turned(m []float32, rows, columns int) []float32 {
	t := make([]float32, len(m))
	for r := range rows {
		for c := range columns {
			t[c*rows+r] = m[r*columns+c]
		}
	}
	return t
}

// weights is a constant of numbers with so many dimensions.
func (g *graphImport) weights(o *onnx.Operator, input, dimensions int) (onnx.Array, error) {
	if input >= len(o.Inputs) {
		return onnx.Array{}, fmt.Errorf("has no input %d", input+1)
	}
	a, ok := g.values[o.Inputs[input]]
	if !ok || len(a.Shape) != dimensions || len(a.Numbers) == 0 {
		return onnx.Array{}, fmt.Errorf("input %.60q is no constant of numbers with %d dimensions", o.Inputs[input], dimensions)
	}
	return a, nil
}

// cell reads the weights of a layer.
func (g *graphImport) cell(o *onnx.Operator) error {
	directions, err := g.cellKind(o)
	if err != nil {
		return err
	}
	w, err := g.weights(o, 1, 3)
	if err != nil {
		return err
	}
	r, err := g.weights(o, 2, 3)
	if err != nil {
		return err
	}
	c, h, f := gates, r.Shape[2], w.Shape[2]
	if o.Op == "GRU" {
		c = 3
	}
	b := onnx.Array{Shape: []int{directions, 2 * c * h}, Numbers: make([]float32, directions*2*c*h)}
	if len(o.Inputs) > 3 && o.Inputs[3] != "" {
		if b, err = g.weights(o, 3, 2); err != nil {
			return err
		}
	}
	if !slices.Equal(w.Shape, []int{directions, c * h, f}) || !slices.Equal(r.Shape, []int{directions, c * h, h}) || !slices.Equal(b.Shape, []int{directions, 2 * c * h}) {
		return fmt.Errorf("weights of shapes %v, %v and %v do not belong to %d directions of %d units", w.Shape, r.Shape, b.Shape, directions, h)
	}
	layer := len(g.design.Units)
	if layer == 0 {
		g.design.Cell, g.design.Features, g.design.Bidirectional = Cell(strings.ToLower(o.Op)), f, directions == 2
	} else if Cell(strings.ToLower(o.Op)) != g.design.Cell || directions != g.design.directions() {
		return fmt.Errorf("is not of the kind of the layer below")
	}
	g.design.Units = append(g.design.Units, h)
	for d := range directions {
		g.parts = append(g.parts, cellTensors(c, h, f, w.Numbers[d*c*h*f:][:c*h*f], r.Numbers[d*c*h*h:][:c*h*h], b.Numbers[d*2*c*h:][:2*c*h])...)
	}
	all := signal{meaning: states, axes: []axis{timeAxis, partAxis, batchAxis, hiddenAxis}}
	last := signal{meaning: states, axes: []axis{partAxis, batchAxis, hiddenAxis}, at: ended}
	if o.Int("layout", 0) == 1 {
		all.axes, last.axes = []axis{batchAxis, timeAxis, partAxis, hiddenAxis}, []axis{batchAxis, partAxis, hiddenAxis}
	}
	for d := range directions {
		all.parts, last.parts = append(all.parts, partName{layer, d}), append(last.parts, partName{layer, d})
	}
	for i, s := range []signal{all, last} {
		if i < len(o.Outputs) && o.Outputs[i] != "" {
			g.signals[o.Outputs[i]] = s
		}
	}
	return nil
}

// cellKind checks that the node is a cell as this package has it, over the window or over the layer below, and returns its directions.
func (g *graphImport) cellKind(o *onnx.Operator) (directions int, err error) {
	directions = map[string]int{"": 1, "forward": 1, "bidirectional": 2}[o.Attributes["direction"].Text]
	want := []string{"sigmoid", "tanh", "tanh"}
	if o.Op == "GRU" {
		want = want[:2]
		if o.Int("linear_before_reset", 0) == 0 {
			return 0, fmt.Errorf("linear_before_reset is 0: expected 1, as Keras' reset_after and PyTorch have it")
		}
	}
	for i, name := range o.Attributes["activations"].Texts {
		if strings.ToLower(name) != want[i%len(want)] {
			return 0, fmt.Errorf("activation %.40q: expected %s", name, want[i%len(want)])
		}
	}
	switch {
	case directions == 0:
		return 0, fmt.Errorf("direction %.40q: expected forward or bidirectional", o.Attributes["direction"].Text)
	case o.Attributes["clip"].Float != 0 || o.Int("input_forget", 0) != 0:
		return 0, fmt.Errorf("clip and input_forget are not understood")
	case len(g.design.Units) == MaxLayers:
		return 0, fmt.Errorf("more than %d layers", MaxLayers)
	case len(o.Inputs) > 7 && !g.zero(o.Inputs[7]):
		return 0, fmt.Errorf("peepholes are not understood")
	case g.kernel != nil || len(g.attention) > 0:
		return 0, fmt.Errorf("a layer above the dense layer is not understood")
	}
	for i := 4; i < min(len(o.Inputs), 7); i++ {
		if name := o.Inputs[i]; name != "" && (i == 4 || !g.zero(name)) {
			return 0, fmt.Errorf("input %.60q: expected no lengths of sequences, and initial states of zero", name)
		}
	}
	s := g.signals[o.Inputs[0]]
	layer := len(g.design.Units)
	wantAxes := []axis{timeAxis, batchAxis, hiddenAxis}
	if o.Int("layout", 0) == 1 {
		wantAxes = []axis{batchAxis, timeAxis, hiddenAxis}
	}
	if _, ok := g.signals[o.Inputs[0]]; !ok || layer == 0 && s.meaning != window || layer > 0 && (s.meaning != states || s.at != always || !s.is(wantAxes...) || !g.whole(s.parts, layer-1)) {
		return 0, fmt.Errorf("input %.60q: expected the window, or all states of the layer below", o.Inputs[0])
	}
	return directions, nil
}

// whole says that parts are those of a layer, forward first.
func (g *graphImport) whole(parts []partName, layer int) bool {
	for i, p := range parts {
		if p != (partName{layer, i}) {
			return false
		}
	}
	return len(parts) == g.design.directions()
}

// cellTensors turns w [C*H][F], r [C*H][H] and b [2*C*H] in ONNX' order of gates (i, o, f, c or z, r, h) into Keras' kernel, recurrent kernel and bias.
func cellTensors(c, h, f int, w, r, b []float32) []Tensor {
	order := []int{0, 2, 3, 1} // the blocks of i, f, c, o
	if c == 3 {
		order = []int{0, 1, 2}
	}
	cut := func(from []float32, width int) []float32 {
		rows := make([]float32, 0, len(from))
		for _, block := range order {
			rows = append(rows, from[block*h*width:][:h*width]...)
		}
		return rows
	}
	bias := Tensor{Shape: []int{2, c * h}, Data: append(cut(b[:c*h], 1), cut(b[c*h:], 1)...)}
	if c == gates {
		for i, v := range bias.Data[c*h:] {
			bias.Data[i] += v
		}
		bias = Tensor{Shape: []int{c * h}, Data: bias.Data[: c*h : c*h]}
	}
	return []Tensor{{Shape: []int{f, c * h}, Data: turned(cut(w, f), c*h, f)}, {Shape: []int{h, c * h}, Data: turned(cut(r, h), c*h, h)}, bias}
}
