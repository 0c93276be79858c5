package lstm

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ONNX returns the network as an ONNX model (opset 14, IR version 8) that every runtime reads: input x [batch, T, F] of scaled values, output y [batch, 1].
// Transpose -> a LSTM or GRU for each layer (layout 0; LSTM gates in ONNX' order i, o, f, c) -> Squeeze, or Transpose and Reshape of two directions -> Gemm.
// Metadata are key, value, key, value (the scaler, the unit) in the order given. T must be at least 1.
func (m *Model) ONNX(lookBack int, metadata ...string) ([]byte, error) {
	if lookBack < 1 || len(metadata)%2 != 0 {
		return nil, fmt.Errorf("onnx: look-back %d, %d metadata: expected at least 1, and pairs", lookBack, len(metadata))
	}
	var nodes, values []message
	turn := func(from, to string, axes ...uint64) {
		nodes = append(nodes, node("Transpose", []string{from}, []string{to}, attribute{name: "perm", numbers: axes}))
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
		attributes := []attribute{{name: "hidden_size", number: uint64(units)}}
		if m.design.Bidirectional {
			attributes = append(attributes, attribute{name: "direction", text: "bidirectional"})
		}
		if m.design.Cell == GRU {
			attributes = append(attributes, attribute{name: "linear_before_reset", number: 1})
		}
		nodes = append(nodes, node(strings.ToUpper(string(m.design.Cell)), []string{input, "W" + suffix, "R" + suffix, "B" + suffix}, outputs, attributes...))
		values = append(values, m.onnxLayer(layer, suffix)...)
		switch {
		case !last:
			turn(outputs[0], "turned"+suffix, 0, 2, 1, 3)
			input = "x" + strconv.Itoa(layer+1)
			nodes = append(nodes, node("Reshape", []string{"turned" + suffix, "shape" + suffix}, []string{input}))
			values = append(values, integers("shape"+suffix, 0, 0, uint64(directions*units)))
		case m.design.Bidirectional:
			turn("states"+suffix, "both", 1, 0, 2)
			nodes = append(nodes, node("Reshape", []string{"both", "shape"}, []string{"h"}))
			values = append(values, integers("shape", 0, uint64(directions*units)))
		default:
			nodes = append(nodes, node("Squeeze", []string{"states" + suffix, "axes"}, []string{"h"}))
		}
	}
	nodes = append(nodes, node("Gemm", []string{"h", "dense_kernel", "dense_bias"}, []string{"y"}))
	states := len(m.dense) - 1
	values = append(values, initialiser("dense_kernel", m.dense[:states], states, 1), initialiser("dense_bias", m.dense[states:], 1))
	if !m.design.Bidirectional {
		values = append(values, integers("axes", 0))
	}

	var graph message
	for _, n := range nodes {
		graph.bytes(1, n)
	}
	graph.text(2, string(m.design.Cell))
	for _, v := range values {
		graph.bytes(5, v)
	}
	graph.bytes(11, port("x", -1, lookBack, m.design.Features))
	graph.bytes(12, port("y", -1, 1))

	var model, opset message
	model.number(1, 8)
	model.text(2, "weir")
	model.bytes(7, graph)
	opset.text(1, "")
	opset.number(2, 14)
	model.bytes(8, opset)
	for i := 0; i < len(metadata); i += 2 {
		var pair message
		pair.text(1, metadata[i])
		pair.text(2, metadata[i+1])
		model.bytes(14, pair)
	}
	return model, nil
}

// Scale maps a value v of the series to (v-Min)/Span, what the network sees. Span is not zero.
type Scale struct{ Min, Span float64 }

// RawONNX is ONNX with the scaler inside: x holds values of the series and of the covariates, y [batch, O] values of the series. inputs has a scale for each
// feature.
func (m *Model) RawONNX(lookBack int, inputs []Scale, output Scale, metadata ...string) ([]byte, error) {
	return nil, fmt.Errorf("onnx: not there yet")
}

// onnxLayer returns a layer's W [D, C*H, F], R [D, C*H, H] and B [D, 2*C*H], for D directions and C gates; B holds the biases of inputs, then those of states.
func (m *Model) onnxLayer(layer int, suffix string) []message {
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
	return []message{initialiser("W"+suffix, w, directions, rows, p.features), initialiser("R"+suffix, r, directions, rows, p.units),
		initialiser("B"+suffix, b, directions, 2*rows)}
}

// attribute of a node: numbers, a text, or else a number.
type attribute struct {
	name    string
	number  uint64
	numbers []uint64
	text    string
}

func node(op string, inputs, outputs []string, attributes ...attribute) message {
	var n message
	for _, name := range inputs {
		n.text(1, name)
	}
	for _, name := range outputs {
		n.text(2, name)
	}
	n.text(4, op)
	for _, a := range attributes {
		var m message
		m.text(1, a.name)
		switch {
		case a.numbers != nil:
			for _, v := range a.numbers {
				m.number(8, v)
			}
			m.number(20, 7) // INTS
		case a.text != "":
			m.text(4, a.text)
			m.number(20, 3) // STRING
		default:
			m.number(3, a.number)
			m.number(20, 2) // INT
		}
		n.bytes(5, m)
	}
	return n
}

// integers is a constant vector.
func integers(name string, values ...uint64) message {
	var t message
	t.number(1, uint64(len(values)))
	t.number(2, 7) // INT64
	t.text(8, name)
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, v)
	}
	t.bytes(9, raw)
	return t
}

func initialiser(name string, data []float32, shape ...int) message {
	var t message
	for _, d := range shape {
		t.number(1, uint64(d))
	}
	t.number(2, 1) // FLOAT
	t.text(8, name)
	raw := make([]byte, 0, 4*len(data))
	for _, v := range data {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	t.bytes(9, raw)
	return t
}

// port is a graph's input or output; -1 is the batch.
func port(name string, shape ...int) message {
	var dims message
	for _, d := range shape {
		var dim message
		if d < 0 {
			dim.text(2, "batch")
		} else {
			dim.number(1, uint64(d))
		}
		dims.bytes(1, dim)
	}
	var tensor, kind, info message
	tensor.number(1, 1) // FLOAT
	tensor.bytes(2, dims)
	kind.bytes(1, tensor)
	info.text(1, name)
	info.bytes(2, kind)
	return info
}

// message is an encoded protobuf message (protobuf.dev/programming-guides/encoding); field numbers are those of onnx.proto.
type message []byte

func (m *message) number(field int, v uint64) {
	*m = binary.AppendUvarint(*m, uint64(field)<<3)
	*m = binary.AppendUvarint(*m, v)
}

func (m *message) bytes(field int, v []byte) {
	*m = binary.AppendUvarint(*m, uint64(field)<<3|2)
	*m = binary.AppendUvarint(*m, uint64(len(v)))
	*m = append(*m, v...)
}

func (m *message) text(field int, v string) { m.bytes(field, []byte(v)) }
