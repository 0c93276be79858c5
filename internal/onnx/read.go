package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// ErrFormat is wrapped by every error of Decode.
var ErrFormat = errors.New("not an ONNX model")

// Bounds of what Decode accepts.
const (
	MaxNodes      = 10_000
	maxDimensions = 8
)

// Model is what Decode found: the operators in their order, the constants by name, the inputs that are no constants, and the names of the outputs.
type Model struct {
	Operators []Operator
	Values    map[string]Array
	Inputs    []Input
	Outputs   []string
}

// Input of a graph; a dimension that it leaves open is 0.
type Input struct {
	Name  string
	Shape []int
}

// Operator is a node.
type Operator struct {
	Op, Name        string
	Inputs, Outputs []string
	Attributes      map[string]Value
}

// Title names the node in an error: its operator, its name and what it computes.
func (o *Operator) Title() string {
	output := ""
	if len(o.Outputs) > 0 {
		output = o.Outputs[0]
	}
	return fmt.Sprintf("node %.60q (%.40s, output %.60q)", o.Name, o.Op, output)
}

// Int is an integer attribute, or the default where there is none.
func (o *Operator) Int(name string, otherwise int64) int64 {
	if v, ok := o.Attributes[name]; ok {
		return v.Int
	}
	return otherwise
}

// Value is an attribute: the field that its kind fills.
type Value struct {
	Int    int64
	Float  float32
	Text   string
	Ints   []int64
	Floats []float32
	Texts  []string
	Array  *Array
}

// Array is a constant, row-major: numbers (of float and double) or integers (of int32 and int64).
type Array struct {
	Shape    []int
	Numbers  []float32
	Integers []int64
}

// Len is the number of elements.
func (a *Array) Len() int { return len(a.Numbers) + len(a.Integers) }

// Decode reads a model: what of it has to do with weights. Element types other than float, double, int32, int64 and bool are an error where they stand, as are subgraphs and
// weights in other files. It never panics and allocates no more than some times the length of data.
func Decode(data []byte) (*Model, error) {
	m := &Model{Values: map[string]Array{}}
	graphs := 0
	err := fields(data, func(f field) error {
		if f.number != 7 {
			return nil
		}
		graphs++
		return fields(f.bytes, m.graph)
	})
	if err == nil && graphs != 1 {
		err = fmt.Errorf("%d graphs, expected one", graphs)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	m.Inputs = slices.DeleteFunc(m.Inputs, func(in Input) bool { _, ok := m.Values[in.Name]; return ok })
	return m, nil
}

func (m *Model) graph(f field) error {
	switch f.number {
	case 1:
		if len(m.Operators) == MaxNodes {
			return fmt.Errorf("more than %d nodes", MaxNodes)
		}
		o, err := operator(f.bytes)
		m.Operators = append(m.Operators, o)
		return err
	case 5:
		name, a, err := array(f.bytes)
		m.Values[name] = a
		return err
	case 11:
		in, err := input(f.bytes)
		m.Inputs = append(m.Inputs, in)
		return err
	case 12:
		return fields(f.bytes, func(f field) error { return texts(&m.Outputs, f, 1) })
	}
	return nil
}

// input reads a ValueInfoProto: its name, and of its type the dimensions of a tensor.
func input(data []byte) (in Input, err error) {
	at := []int{2, 1, 2, 1} // type, tensor_type, shape, dim
	var inside func(data []byte, depth int) error
	inside = func(data []byte, depth int) error {
		return fields(data, func(f field) error {
			switch {
			case depth == len(at):
				if f.number == 1 && len(in.Shape) > 0 {
					in.Shape[len(in.Shape)-1] = int(min(f.varint, math.MaxInt32))
				}
				return nil
			case depth == 0 && f.number == 1:
				in.Name = string(f.bytes)
			case f.number == at[depth]:
				if depth == len(at)-1 {
					in.Shape = append(in.Shape, 0)
				}
				return inside(f.bytes, depth+1)
			}
			return nil
		})
	}
	return in, inside(data, 0)
}

// texts appends the field when it has the number.
func texts(to *[]string, f field, number int) error {
	if f.number == number {
		*to = append(*to, string(f.bytes))
	}
	return nil
}

func operator(data []byte) (Operator, error) {
	o := Operator{Attributes: map[string]Value{}}
	err := fields(data, func(f field) error {
		switch f.number {
		case 1:
			return texts(&o.Inputs, f, 1)
		case 2:
			return texts(&o.Outputs, f, 2)
		case 3:
			o.Name = string(f.bytes)
		case 4:
			o.Op = string(f.bytes)
		case 5:
			name, v, err := value(f.bytes)
			o.Attributes[name] = v
			return err
		case 7:
			if domain := string(f.bytes); domain != "" && domain != "ai.onnx" {
				o.Op = domain + "." + o.Op
			}
		}
		return nil
	})
	if err != nil {
		return o, fmt.Errorf("%s: %w", o.Title(), err)
	}
	return o, nil
}

func value(data []byte) (name string, v Value, err error) {
	err = fields(data, func(f field) error {
		switch f.number {
		case 1:
			name = string(f.bytes)
		case 2:
			v.Float = math.Float32frombits(uint32(f.varint))
		case 3:
			v.Int = int64(f.varint)
		case 4:
			v.Text = string(f.bytes)
		case 5:
			_, a, err := array(f.bytes)
			v.Array = &a
			return err
		case 6, 11:
			return fmt.Errorf("attribute %.40q holds a graph, which is not understood", name)
		case 7:
			return f.fixed32(func(b uint32) { v.Floats = append(v.Floats, math.Float32frombits(b)) })
		case 8:
			return f.varints(func(b uint64) { v.Ints = append(v.Ints, int64(b)) })
		case 9:
			return texts(&v.Texts, f, 9)
		}
		return nil
	})
	return name, v, err
}

// Element types of TensorProto.
const (
	typeFloat  = 1
	typeInt32  = 6
	typeInt64  = 7
	typeBool   = 9
	typeDouble = 11
)

func array(data []byte) (name string, a Array, err error) {
	kind, raw, hasRaw := uint64(0), []byte(nil), false
	err = fields(data, func(f field) error {
		switch f.number {
		case 1:
			return f.varints(func(b uint64) { a.Shape = append(a.Shape, int(min(b, math.MaxInt32))) })
		case 2:
			kind = f.varint
		case 4:
			return f.fixed32(func(b uint32) { a.Numbers = append(a.Numbers, math.Float32frombits(b)) })
		case 5, 7:
			return f.varints(func(b uint64) { a.Integers = append(a.Integers, int64(b)) })
		case 8:
			name = string(f.bytes)
		case 9:
			raw, hasRaw = f.bytes, true
		case 10:
			return f.fixed64(func(b uint64) { a.Numbers = append(a.Numbers, float32(math.Float64frombits(b))) })
		case 13, 14:
			if f.number == 13 || f.varint != 0 {
				return errors.New("its values are in another file; save the model with them inside")
			}
		}
		return nil
	})
	if err == nil && hasRaw {
		err = a.fill(kind, raw)
	}
	if err == nil {
		err = a.check(kind)
	}
	if err != nil {
		err = fmt.Errorf("constant %.60q: %w", name, err)
	}
	return name, a, err
}

// fill takes the values from little-endian bytes.
func (a *Array) fill(kind uint64, raw []byte) error {
	size := map[uint64]int{typeFloat: 4, typeInt32: 4, typeInt64: 8, typeDouble: 8, typeBool: 1}[kind]
	if size == 0 || len(raw)%size != 0 || a.Len() > 0 {
		return fmt.Errorf("%d bytes of element type %d, which is not understood: expected float (1), int32 (6), int64 (7), bool (9) or double (11)", len(raw), kind)
	}
	for ; len(raw) > 0; raw = raw[size:] {
		switch kind {
		case typeFloat:
			a.Numbers = append(a.Numbers, math.Float32frombits(binary.LittleEndian.Uint32(raw)))
		case typeDouble:
			a.Numbers = append(a.Numbers, float32(math.Float64frombits(binary.LittleEndian.Uint64(raw))))
		case typeInt32:
			a.Integers = append(a.Integers, int64(int32(binary.LittleEndian.Uint32(raw))))
		case typeInt64:
			a.Integers = append(a.Integers, int64(binary.LittleEndian.Uint64(raw)))
		default:
			a.Integers = append(a.Integers, int64(raw[0]))
		}
	}
	return nil
}

// check compares the shape with the values.
func (a *Array) check(kind uint64) error {
	if len(a.Shape) > maxDimensions {
		return fmt.Errorf("%d dimensions, at most %d are allowed", len(a.Shape), maxDimensions)
	}
	n := 1
	for _, d := range a.Shape {
		if d > 0 && n > math.MaxInt32/d {
			return fmt.Errorf("shape %v is too large", a.Shape)
		}
		n *= d
	}
	if numbers := kind == typeFloat || kind == typeDouble; n != a.Len() || numbers && len(a.Integers) > 0 || !numbers && len(a.Numbers) > 0 {
		return fmt.Errorf("%d values of element type %d for shape %v", a.Len(), kind, a.Shape)
	}
	return nil
}

// field of a message. Which of varint (also fixed numbers) and bytes is set depends on the wire type.
type field struct {
	number int
	wire   uint64
	varint uint64
	bytes  []byte
}

// Wire types (protobuf.dev/programming-guides/encoding).
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// fields visits the fields of a message.
func fields(data []byte, visit func(field) error) error {
	for len(data) > 0 {
		key, n := binary.Uvarint(data)
		if n <= 0 || key>>3 == 0 || key>>3 > math.MaxInt32 {
			return errors.New("a field has no number")
		}
		data = data[n:]
		f := field{number: int(key >> 3), wire: key & 7}
		size := 0
		switch f.wire {
		case wireVarint:
			f.varint, size = binary.Uvarint(data)
			if size <= 0 {
				return fmt.Errorf("field %d ends early", f.number)
			}
		case wireFixed64, wireFixed32:
			size = 8
			if f.wire == wireFixed32 {
				size = 4
			}
			if len(data) < size {
				return fmt.Errorf("field %d ends early", f.number)
			}
			if f.wire == wireFixed32 {
				f.varint = uint64(binary.LittleEndian.Uint32(data))
			} else {
				f.varint = binary.LittleEndian.Uint64(data)
			}
		case wireBytes:
			length, n := binary.Uvarint(data)
			if n <= 0 || length > uint64(len(data)-n) {
				return fmt.Errorf("field %d claims %d bytes, %d are left", f.number, length, len(data))
			}
			size = n + int(length)
			f.bytes = data[n:size]
		default:
			return fmt.Errorf("field %d has wire type %d", f.number, f.wire)
		}
		data = data[size:]
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}

// varints visits the numbers of a repeated field, packed or one of them.
func (f field) varints(visit func(uint64)) error {
	if f.wire != wireBytes {
		visit(f.varint)
		return nil
	}
	for data := f.bytes; len(data) > 0; {
		v, n := binary.Uvarint(data)
		if n <= 0 {
			return fmt.Errorf("field %d ends early", f.number)
		}
		visit(v)
		data = data[n:]
	}
	return nil
}

func (f field) fixed32(visit func(uint32)) error {
	if f.wire != wireBytes {
		visit(uint32(f.varint))
		return nil
	}
	if len(f.bytes)%4 != 0 {
		return fmt.Errorf("field %d ends early", f.number)
	}
	for data := f.bytes; len(data) > 0; data = data[4:] {
		visit(binary.LittleEndian.Uint32(data))
	}
	return nil
}

func (f field) fixed64(visit func(uint64)) error {
	if f.wire != wireBytes {
		visit(f.varint)
		return nil
	}
	if len(f.bytes)%8 != 0 {
		return fmt.Errorf("field %d ends early", f.number)
	}
	for data := f.bytes; len(data) > 0; data = data[8:] {
		visit(binary.LittleEndian.Uint64(data))
	}
	return nil
}
