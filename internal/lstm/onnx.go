package lstm

import (
	"encoding/binary"
	"fmt"
	"math"
)

// ONNX returns the network as an ONNX model (opset 14, IR version 8) that every runtime reads: input x [batch, T, F] of scaled values, output y [batch, 1],
// Transpose -> LSTM (layout 0; gates in ONNX' order i, o, f, c) -> Squeeze -> Gemm. Metadata are key, value, key, value (the scaler, the unit) in the
// order given. T must be at least 1.
func (m *Model) ONNX(lookBack int, metadata ...string) ([]byte, error) {
	if lookBack < 1 || len(metadata)%2 != 0 {
		return nil, fmt.Errorf("onnx: look-back %d, %d metadata: expected at least 1, and pairs", lookBack, len(metadata))
	}
	h, f := m.units, m.features
	order := []int{gateInput, gateOutput, gateForget, gateCell}
	var w, r, b []float32 // [1, 4H, F], [1, 4H, H], [1, 8H]
	for _, gate := range order {
		for unit := range h {
			row := m.weights[(gates*unit+gate)*m.width():]
			r = append(r, row[:h]...)
			w = append(w, row[h:h+f]...)
			b = append(b, row[h+f])
		}
	}
	b = append(b, make([]float32, gates*h)...)

	var graph message
	transpose := node("Transpose", []string{"x"}, []string{"xt"})
	var perm message
	perm.text(1, "perm")
	for _, axis := range []uint64{1, 0, 2} {
		perm.number(8, axis)
	}
	perm.number(20, 7) // INTS
	transpose.bytes(5, perm)
	graph.bytes(1, transpose)
	cell := node("LSTM", []string{"xt", "W", "R", "B"}, []string{"", "states"})
	var size message
	size.text(1, "hidden_size")
	size.number(3, uint64(h))
	size.number(20, 2) // INT
	cell.bytes(5, size)
	graph.bytes(1, cell)
	graph.bytes(1, node("Squeeze", []string{"states", "axes"}, []string{"h"}))
	graph.bytes(1, node("Gemm", []string{"h", "dense_kernel", "dense_bias"}, []string{"y"}))
	graph.text(2, "lstm")
	graph.bytes(5, initialiser("W", w, 1, gates*h, f))
	graph.bytes(5, initialiser("R", r, 1, gates*h, h))
	graph.bytes(5, initialiser("B", b, 1, 2*gates*h))
	graph.bytes(5, initialiser("dense_kernel", m.dense[:h], h, 1))
	graph.bytes(5, initialiser("dense_bias", m.dense[h:], 1))
	var axes message
	axes.number(1, 1)
	axes.number(2, 7) // INT64
	axes.text(8, "axes")
	axes.bytes(9, make([]byte, 8))
	graph.bytes(5, axes)
	graph.bytes(11, port("x", -1, lookBack, f))
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

func node(op string, inputs, outputs []string) message {
	var n message
	for _, name := range inputs {
		n.text(1, name)
	}
	for _, name := range outputs {
		n.text(2, name)
	}
	n.text(4, op)
	return n
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
