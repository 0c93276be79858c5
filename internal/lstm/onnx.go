package lstm

import (
	"fmt"
	"strconv"
	"strings"

	"weir/internal/onnx"
)

// ONNX returns the network as an ONNX model (opset 14, IR version 8) that every runtime reads: input x [batch, T, F] of scaled values, output y [batch, 1].
// Transpose -> a LSTM or GRU for each layer (layout 0; LSTM gates in ONNX' order i, o, f, c) -> Squeeze, or Transpose and Reshape of two directions -> Gemm.
// Metadata are key, value, key, value (the scaler, the unit) in the order given. T must be at least 1.
func (m *Model) ONNX(lookBack int, metadata ...string) ([]byte, error) {
	if lookBack < 1 || len(metadata)%2 != 0 {
		return nil, fmt.Errorf("onnx: look-back %d, %d metadata: expected at least 1, and pairs", lookBack, len(metadata))
	}
	g := onnx.Graph{Name: string(m.design.Cell), Opset: 14, Inputs: []onnx.Message{onnx.Port("x", onnx.Float32, -1, lookBack, m.design.Features)},
		Outputs: []onnx.Message{onnx.Port("y", onnx.Float32, -1, 1)}}
	turn := func(from, to string, axes ...int64) {
		g.Nodes = append(g.Nodes, onnx.Node("Transpose", []string{from}, []string{to}, onnx.Ints("perm", axes...)))
	}
	turn("x", "xt", 1, 0, 2)
	directions, input := m.design.directions(), "xt"
	for layer, units := range m.design.Units {
		suffix, last := "", layer+1 == len(m.design.Units)
		if len(m.design.Units) > 1 {
			suffix = strconv.Itoa(layer)
		}
		outputs := []string{"", "states" + suffix}
		if !last {
			outputs = []string{"all" + suffix}
		}
		attributes := []onnx.Attribute{onnx.Int("hidden_size", int64(units))}
		if m.design.Bidirectional {
			attributes = append(attributes, onnx.Text("direction", "bidirectional"))
		}
		if m.design.Cell == GRU {
			attributes = append(attributes, onnx.Int("linear_before_reset", 1))
		}
		g.Nodes = append(g.Nodes, onnx.Node(strings.ToUpper(string(m.design.Cell)), []string{input, "W" + suffix, "R" + suffix, "B" + suffix}, outputs, attributes...))
		g.Values = append(g.Values, m.onnxLayer(layer, suffix)...)
		switch {
		case !last:
			turn(outputs[0], "turned"+suffix, 0, 2, 1, 3)
			input = "x" + strconv.Itoa(layer+1)
			g.Nodes = append(g.Nodes, onnx.Node("Reshape", []string{"turned" + suffix, "shape" + suffix}, []string{input}))
			g.Values = append(g.Values, onnx.Integers("shape"+suffix, 0, 0, int64(directions*units)))
		case m.design.Bidirectional:
			turn("states"+suffix, "both", 1, 0, 2)
			g.Nodes = append(g.Nodes, onnx.Node("Reshape", []string{"both", "shape"}, []string{"h"}))
			g.Values = append(g.Values, onnx.Integers("shape", 0, int64(directions*units)))
		default:
			g.Nodes = append(g.Nodes, onnx.Node("Squeeze", []string{"states" + suffix, "axes"}, []string{"h"}))
		}
	}
	g.Nodes = append(g.Nodes, onnx.Node("Gemm", []string{"h", "dense_kernel", "dense_bias"}, []string{"y"}))
	states := len(m.dense) - 1
	g.Values = append(g.Values, onnx.Tensor("dense_kernel", m.dense[:states], states, 1), onnx.Tensor("dense_bias", m.dense[states:], 1))
	if !m.design.Bidirectional {
		g.Values = append(g.Values, onnx.Integers("axes", 0))
	}
	return g.Encode(metadata...)
}

// Scale maps a value v of the series to (v-Min)/Span, what the network sees. Span is not zero.
type Scale struct{ Min, Span float64 }

// RawONNX is ONNX with the scaler inside: x holds values of the series and of the covariates, y [batch, O] values of the series. inputs has a scale for each
// feature.
func (m *Model) RawONNX(lookBack int, inputs []Scale, output Scale, metadata ...string) ([]byte, error) {
	return nil, fmt.Errorf("onnx: not there yet")
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
