// Package onnx writes and reads ONNX models: nodes, constants, inputs and outputs, encoded as the protobuf messages of onnx.proto (onnx.ai, IR version 8).
//
// Who exports a model (internal/lstm, internal/forest) says which nodes it has; this package knows no model. It checks nothing of what it writes: tests let
// onnx and onnxruntime do that. Equal graphs have equal bytes. Decode reads the operators and constants of a model of anybody, for who imports weights.
package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Message is an encoded protobuf message (protobuf.dev/programming-guides/encoding); field numbers are those of onnx.proto.
type Message []byte

// Number appends a varint field. Negative values are written as two's complement of 64 bits, as int64 fields are.
func (m *Message) Number(field int, v int64) {
	*m = binary.AppendUvarint(*m, uint64(field)<<3)
	*m = binary.AppendUvarint(*m, uint64(v))
}

// Float appends a 32-bit float field.
func (m *Message) Float(field int, v float32) {
	*m = binary.AppendUvarint(*m, uint64(field)<<3|5)
	*m = binary.LittleEndian.AppendUint32(*m, math.Float32bits(v))
}

// Bytes appends a message or raw bytes.
func (m *Message) Bytes(field int, v []byte) {
	*m = binary.AppendUvarint(*m, uint64(field)<<3|2)
	*m = binary.AppendUvarint(*m, uint64(len(v)))
	*m = append(*m, v...)
}

// Text appends a string.
func (m *Message) Text(field int, v string) { m.Bytes(field, []byte(v)) }

// Attribute of a node. The value is of the kind whose constructor made it.
type Attribute Message

// attribute starts an AttributeProto.
func attribute(name string, kind int64, fill func(m *Message)) Attribute {
	var m Message
	m.Text(1, name)
	fill(&m)
	m.Number(20, kind)
	return Attribute(m)
}

// Int is an integer attribute.
func Int(name string, v int64) Attribute {
	return attribute(name, 2, func(m *Message) { m.Number(3, v) })
}

// Float is a number.
func Float(name string, v float32) Attribute {
	return attribute(name, 1, func(m *Message) { m.Float(2, v) })
}

// Text is a string.
func Text(name, v string) Attribute {
	return attribute(name, 3, func(m *Message) { m.Text(4, v) })
}

// Ints is a list of integers.
func Ints(name string, values ...int64) Attribute {
	return attribute(name, 7, func(m *Message) {
		for _, v := range values {
			m.Number(8, v)
		}
	})
}

// Floats is a list of numbers.
func Floats(name string, values ...float32) Attribute {
	return attribute(name, 6, func(m *Message) {
		for _, v := range values {
			m.Float(7, v)
		}
	})
}

// Texts is a list of strings.
func Texts(name string, values ...string) Attribute {
	return attribute(name, 8, func(m *Message) {
		for _, v := range values {
			m.Text(9, v)
		}
	})
}

// Graph is what a model computes. Nodes are in an order in which every input is known; Values are its constants.
type Graph struct {
	Name            string
	Nodes, Values   []Message
	Inputs, Outputs []Message // see Port
	Opset           int64     // of the default domain
	ML              int64     // opset of ai.onnx.ml; 0: not used
}

// Encode returns the model's bytes. Metadata are key, value, key, value, in the order given; an odd number of them is an error.
func (g *Graph) Encode(metadata ...string) ([]byte, error) {
	if len(metadata)%2 != 0 {
		return nil, fmt.Errorf("onnx: %d metadata: expected pairs of key and value", len(metadata))
	}
	var graph Message
	for _, n := range g.Nodes {
		graph.Bytes(1, n)
	}
	graph.Text(2, g.Name)
	for _, v := range g.Values {
		graph.Bytes(5, v)
	}
	for _, v := range g.Inputs {
		graph.Bytes(11, v)
	}
	for _, v := range g.Outputs {
		graph.Bytes(12, v)
	}
	var model Message
	model.Number(1, 8)
	model.Text(2, "weir")
	model.Bytes(7, graph)
	model.opset("", g.Opset)
	if g.ML != 0 {
		model.opset("ai.onnx.ml", g.ML)
	}
	for i := 0; i < len(metadata); i += 2 {
		var pair Message
		pair.Text(1, metadata[i])
		pair.Text(2, metadata[i+1])
		model.Bytes(14, pair)
	}
	return model, nil
}

func (m *Message) opset(domain string, version int64) {
	var set Message
	set.Text(1, domain)
	set.Number(2, version)
	m.Bytes(8, set)
}

// Node is an operator of the default domain.
func Node(op string, inputs, outputs []string, attributes ...Attribute) Message {
	var n Message
	for _, name := range inputs {
		n.Text(1, name)
	}
	for _, name := range outputs {
		n.Text(2, name)
	}
	n.Text(4, op)
	for _, a := range attributes {
		n.Bytes(5, a)
	}
	return n
}

// In moves a node to another domain, as ai.onnx.ml.
func (m Message) In(domain string) Message {
	m.Text(7, domain)
	return m
}

// Integers is a constant vector of int64.
func Integers(name string, values ...int64) Message {
	var t Message
	t.Number(1, int64(len(values)))
	t.Number(2, 7) // INT64
	t.Text(8, name)
	raw := make([]byte, 0, 8*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	t.Bytes(9, raw)
	return t
}

// Tensor is a constant array of float32, row-major.
func Tensor(name string, data []float32, shape ...int) Message {
	var t Message
	for _, d := range shape {
		t.Number(1, int64(d))
	}
	t.Number(2, 1) // FLOAT
	t.Text(8, name)
	raw := make([]byte, 0, 4*len(data))
	for _, v := range data {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	t.Bytes(9, raw)
	return t
}

// Elements of a graph's input or output (TensorProto.DataType).
const (
	Float32 = 1
	Int64   = 7
)

// Port is a graph's input or output; a dimension of -1 is the batch.
func Port(name string, element int64, shape ...int) Message {
	var dims Message
	for _, d := range shape {
		var dim Message
		if d < 0 {
			dim.Text(2, "batch")
		} else {
			dim.Number(1, int64(d))
		}
		dims.Bytes(1, dim)
	}
	var tensor, kind, info Message
	tensor.Number(1, element)
	tensor.Bytes(2, dims)
	kind.Bytes(1, tensor)
	info.Text(1, name)
	info.Bytes(2, kind)
	return info
}
