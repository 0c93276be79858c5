package lstm

import (
	"fmt"
	"strconv"
	"strings"

	"weir/internal/onnx"
)

// Opset is the version of ONNX' operators that the graphs use.
const Opset = 14

// ONNX returns the network as an ONNX model (opset 14, IR version 8) that every runtime reads: input x [batch, T, F] of scaled values, output y [batch, O], scaled.
// Transpose -> a LSTM or GRU for each layer (layout 0; LSTM gates in ONNX' order i, o, f, c) -> Squeeze, or Transpose and Reshape of two directions -> with attention
// MatMul, Add, Tanh, MatMul, Softmax, Mul, ReduceSum, Concat -> Gemm.
// Metadata are key, value, key, value (the scaler, the unit) in the order given. T must be at least 1.
func (m *Model) ONNX(lookBack int, metadata ...string) ([]byte, error) {
	e, err := m.exporter(lookBack)
	if err != nil {
		return nil, err
	}
	e.network("x", "y")
	return e.Encode(metadata...)
}

// Scale maps a value v of the series to (v-Min)/Span, what the network sees. Both are finite, Span is not zero.
type Scale struct{ Min, Span float64 }

func (s Scale) valid() bool { return finite(s.Min) && finite(s.Span) && float32(s.Span) != 0 }

// RawONNX is ONNX with the scaler inside: x holds values of the series and of the covariates as they are, y values of the series. inputs has a scale for each
// feature. x, Min and Span are float32 in the graph, so that the forecast may be off by the rounding of the largest value, 6e-8 of it.
func (m *Model) RawONNX(lookBack int, inputs []Scale, output Scale, metadata ...string) ([]byte, error) {
	e, err := m.exporter(lookBack)
	if err != nil {
		return nil, err
	}
	if len(inputs) != m.design.Features {
		return nil, fmt.Errorf("onnx: %d scales for %d features", len(inputs), m.design.Features)
	}
	var least, spans []float32
	for _, s := range append(inputs[:len(inputs):len(inputs)], output) {
		if !s.valid() {
			return nil, fmt.Errorf("onnx: scale %+v: expected finite numbers, and a span that is not zero", s)
		}
		least, spans = append(least, float32(s.Min)), append(spans, float32(s.Span))
	}
	n := len(inputs)
	e.value("x_min", least[:n], n)
	e.value("x_span", spans[:n], n)
	e.value("y_min", least[n:], 1)
	e.value("y_span", spans[n:], 1)
	e.node("Sub", "x", "x_min", "x_shifted")
	e.node("Div", "x_shifted", "x_span", "x_scaled")
	e.network("x_scaled", "y_scaled")
	e.node("Mul", "y_scaled", "y_span", "y_shifted")
	e.node("Add", "y_shifted", "y_min", "y")
	return e.Encode(metadata...)
}

// exporter is a graph that grows.
type exporter struct {
	onnx.Graph
	model *Model
}

func (m *Model) exporter(lookBack int) (*exporter, error) {
	if lookBack < 1 {
		return nil, fmt.Errorf("onnx: look-back %d: expected at least 1", lookBack)
	}
	g := onnx.Graph{Name: string(m.design.Cell), Opset: Opset, Inputs: []onnx.Message{onnx.Port("x", onnx.Float32, -1, lookBack, m.design.Features)},
		Outputs: []onnx.Message{onnx.Port("y", onnx.Float32, -1, m.design.outputs())}}
	return &exporter{g, m}, nil
}

// node adds a node of two inputs and an output.
func (e *exporter) node(op, a, b, to string, attributes ...onnx.Attribute) {
	e.Nodes = append(e.Nodes, onnx.Node(op, []string{a, b}, []string{to}, attributes...))
}

func (e *exporter) value(name string, data []float32, shape ...int) {
	e.Values = append(e.Values, onnx.Tensor(name, data, shape...))
}

func (e *exporter) turn(from, to string, axes ...int64) {
	e.Nodes = append(e.Nodes, onnx.Node("Transpose", []string{from}, []string{to}, onnx.Ints("perm", axes...)))
}

// reshape adds its shape as shape followed by suffix.
func (e *exporter) reshape(from, to, suffix string, shape ...int64) {
	e.node("Reshape", from, "shape"+suffix, to)
	e.Values = append(e.Values, onnx.Integers("shape"+suffix, shape...))
}

// network adds the nodes from the scaled windows to the scaled outputs.
func (e *exporter) network(x, y string) {
	d := e.model.design
	e.turn(x, "xt", 1, 0, 2)
	states, input := int64(d.states()), "xt"
	for layer, units := range d.Units {
		suffix, last := "", layer+1 == len(d.Units)
		if len(d.Units) > 1 {
			suffix = strconv.Itoa(layer)
		}
		all, final := "all"+suffix, "states"+suffix
		outputs := []string{all}
		if last && d.Attention > 0 {
			outputs = []string{all, final}
		} else if last {
			outputs = []string{"", final}
		}
		attributes := []onnx.Attribute{onnx.Int("hidden_size", int64(units))}
		if d.Bidirectional {
			attributes = append(attributes, onnx.Text("direction", "bidirectional"))
		}
		if d.Cell == GRU {
			attributes = append(attributes, onnx.Int("linear_before_reset", 1))
		}
		e.Nodes = append(e.Nodes, onnx.Node(strings.ToUpper(string(d.Cell)), []string{input, "W" + suffix, "R" + suffix, "B" + suffix}, outputs, attributes...))
		e.Values = append(e.Values, e.model.onnxLayer(layer, suffix)...)
		switch {
		case !last:
			input = "x" + strconv.Itoa(layer+1)
			e.turn(all, "turned"+suffix, 0, 2, 1, 3)
			e.reshape("turned"+suffix, input, suffix, 0, 0, int64(d.directions()*units))
		case d.Bidirectional:
			e.turn(final, "both", 1, 0, 2)
			e.reshape("both", "h", "", 0, states)
		default:
			e.node("Squeeze", final, "axes", "h")
			e.Values = append(e.Values, onnx.Integers("axes", 0))
		}
		if last && d.Attention > 0 {
			e.turn(all, "by_time", 2, 0, 1, 3)
			e.reshape("by_time", "seen", "_seen", 0, 0, states)
		}
	}
	weights := map[string]Tensor{}
	for _, t := range e.model.Tensors() {
		weights[t.Name] = t
	}
	constant := func(name, tensor string) {
		e.value(name, weights[tensor].Data, weights[tensor].Shape...)
	}
	h := "h"
	if d.Attention > 0 {
		constant("attention_kernel", "attention/kernel")
		constant("attention_bias", "attention/bias")
		constant("attention_vector", "attention/vector")
		e.node("MatMul", "seen", "attention_kernel", "product")
		e.node("Add", "product", "attention_bias", "sum")
		e.Nodes = append(e.Nodes, onnx.Node("Tanh", []string{"sum"}, []string{"curved"}))
		e.node("MatMul", "curved", "attention_vector", "score")
		e.Nodes = append(e.Nodes, onnx.Node("Softmax", []string{"score"}, []string{"alpha"}, onnx.Int("axis", 1)))
		e.node("Mul", "alpha", "seen", "weighted")
		e.node("ReduceSum", "weighted", "time", "context", onnx.Int("keepdims", 0))
		e.Values = append(e.Values, onnx.Integers("time", 1))
		h = "context_h"
		e.node("Concat", "context", "h", h, onnx.Int("axis", 1))
	}
	constant("dense_kernel", "dense/kernel")
	constant("dense_bias", "dense/bias")
	e.Nodes = append(e.Nodes, onnx.Node("Gemm", []string{h, "dense_kernel", "dense_bias"}, []string{y}))
}

// onnxLayer returns a layer's W [D, C*H, F], R [D, C*H, H] and B [D, 2*C*H], for D directions and C gates; B holds the biases of inputs, then those of states.
func (m *Model) onnxLayer(layer int, suffix string) []onnx.Message {
	inputs, states := []int{gateInput, gateOutput, gateForget, gateCell}, []int{gateInput, gateOutput, gateForget, gateCell}
	if m.design.Cell == GRU {
		inputs, states = []int{gateUpdate, gateReset, gateCandidate}, []int{gateUpdate, gateReset, gateRecurrent}
	}
	var w, r, b []float32
	var p *part
	directions := m.design.directions()
	for i := range directions {
		p = &m.parts[directions*layer+i]
		weights, h, f := p.of(m.weights), p.units, p.features
		cut := func(to []float32, gate []int, first, count int) []float32 {
			for _, gate := range gate {
				for unit := range h {
					to = append(to, weights[(gates*unit+gate)*p.width()+first:][:count]...)
				}
			}
			return to
		}
		w = cut(w, inputs, h, f)
		r = cut(r, states, 0, h)
		b = cut(b, inputs, h+f, 1)
		if m.design.Cell == GRU {
			b = cut(b, states, h+f+1, 1)
		} else {
			b = append(b, make([]float32, gates*h)...)
		}
	}
	rows := len(inputs) * p.units
	return []onnx.Message{onnx.Tensor("W"+suffix, w, directions, rows, p.features), onnx.Tensor("R"+suffix, r, directions, rows, p.units),
		onnx.Tensor("B"+suffix, b, directions, 2*rows)}
}
