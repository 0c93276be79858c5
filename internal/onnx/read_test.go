package onnx

import (
	"errors"
	"reflect"
	"slices"
	"testing"
)

// example is a graph with every kind of thing that the package writes.
func example(t testing.TB) []byte {
	t.Helper()
	g := Graph{Name: "g", Opset: 14, Inputs: []Message{Port("x", Float32, -1, 3)}, Outputs: []Message{Port("y", Float32, -1, 1)}}
	g.Nodes = []Message{Node("Gemm", []string{"x", "w", ""}, []string{"y"}, Int("transB", 1), Float("alpha", 0.5), Text("t", "text"), Ints("i", 3, -4), Floats("f", 1, 2.5), Texts("s", "a", "b"))}
	g.Values = []Message{Tensor("w", []float32{1, 2, 3}, 1, 3), Integers("n", -1, 1<<40)}
	data, err := g.Encode("key", "value")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestDecode(t *testing.T) {
	m, err := Decode(example(t))
	if err != nil {
		t.Fatal(err)
	}
	want := &Model{
		Operators: []Operator{{Op: "Gemm", Inputs: []string{"x", "w", ""}, Outputs: []string{"y"}, Attributes: map[string]Value{
			"transB": {Int: 1}, "alpha": {Float: 0.5}, "t": {Text: "text"}, "i": {Ints: []int64{3, -4}}, "f": {Floats: []float32{1, 2.5}}, "s": {Texts: []string{"a", "b"}}}}},
		Values:  map[string]Array{"w": {Shape: []int{1, 3}, Numbers: []float32{1, 2, 3}}, "n": {Shape: []int{2}, Integers: []int64{-1, 1 << 40}}},
		Inputs:  []Input{{"x", []int{0, 3}}},
		Outputs: []string{"y"},
	}
	if !reflect.DeepEqual(m, want) {
		t.Errorf("%+v, expected %+v", m, want)
	}
}

func TestDecodeMistakes(t *testing.T) {
	data := example(t)
	short := 0
	for n := range data {
		if _, err := Decode(data[:n]); err == nil {
			short++ // metadata and opset at the end are not read
		} else if !errors.Is(err, ErrFormat) {
			t.Fatal(err)
		}
	}
	if short > 10 {
		t.Errorf("%d prefixes are taken", short)
	}
	tensor := func(fill func(m *Message)) []byte {
		var v Message
		v.Text(8, "w")
		fill(&v)
		data, _ := (&Graph{Values: []Message{v}}).Encode()
		return data
	}
	for i, data := range [][]byte{
		tensor(func(m *Message) { m.Number(1, 2); m.Number(2, typeFloat); m.Bytes(9, make([]byte, 4)) }),                  // too few values
		tensor(func(m *Message) { m.Number(1, 1); m.Number(2, 10); m.Bytes(9, make([]byte, 2)) }),                         // float16
		tensor(func(m *Message) { m.Number(1, 1); m.Number(2, typeFloat); m.Bytes(9, make([]byte, 4)); m.Number(14, 1) }), // in another file
		tensor(func(m *Message) { m.Number(1, 1<<31); m.Number(1, 1<<31); m.Number(1, 1<<31); m.Number(2, typeFloat) }),   // too large
		tensor(func(m *Message) { m.Number(1, 1); m.Number(2, typeInt64); m.Float(4, 1) }),                                // numbers of an integer type
		tensor(func(m *Message) {
			m.Bytes(1, slices.Repeat([]byte{1}, maxDimensions+1))
			m.Number(2, typeFloat)
			m.Bytes(9, make([]byte, 4))
		}), // dimensions
	} {
		if _, err := Decode(data); !errors.Is(err, ErrFormat) {
			t.Errorf("mistake %d: %v", i, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(example(f))
	f.Add([]byte{0x3a, 0x02, 0x0a, 0x00})
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Decode(data)
		if err != nil {
			return
		}
		for _, v := range m.Values {
			n := 1
			for _, d := range v.Shape {
				n *= d
			}
			if n != v.Len() || v.Len() > len(data) {
				t.Errorf("%d values of shape %v from %d bytes", v.Len(), v.Shape, len(data))
			}
		}
	})
}
