package lstm

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"
)

// FuzzFromTensors makes tensors of hostile names, shapes and lengths: what is taken comes back, the rest is an error.
func FuzzFromTensors(f *testing.F) {
	for _, d := range []Design{{Cell: LSTM, Features: 1, Units: []int{1}}, {Cell: GRU, Features: 2, Units: []int{2, 1}, Bidirectional: true}, {Cell: LSTM, Features: 1, Units: []int{2}, Outputs: 2, Attention: 3}} {
		m, err := Build(d, 1)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packTensors(m.Tensors()))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tensors := unpackTensors(data)
		m, err := FromTensors(tensors)
		if err != nil {
			return
		}
		for i, again := range m.Tensors() {
			if again.Name != tensors[i].Name || !slices.Equal(again.Shape, tensors[i].Shape) || !slices.Equal(again.Data, tensors[i].Data) {
				t.Errorf("tensor %s does not come back", tensors[i].Name)
			}
		}
	})
}

// packTensors writes for each tensor: length and name, dimensions and shape (int16 each), number of values, values.
func packTensors(tensors []Tensor) (out []byte) {
	for _, t := range tensors {
		out = append(out, byte(len(t.Name)))
		out = append(out, t.Name...)
		out = append(out, byte(len(t.Shape)))
		for _, d := range t.Shape {
			out = binary.LittleEndian.AppendUint16(out, uint16(d))
		}
		out = append(out, byte(len(t.Data)))
		for _, v := range t.Data {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
		}
	}
	return out
}

func unpackTensors(data []byte) (tensors []Tensor) {
	take := func(n int) []byte {
		n = min(n, len(data))
		head := data[:n]
		data = data[n:]
		return head
	}
	count := func() int {
		if b := take(1); len(b) == 1 {
			return int(b[0])
		}
		return 0
	}
	for len(data) > 0 {
		t := Tensor{Name: string(take(count()))}
		for range count() {
			if b := take(2); len(b) == 2 {
				t.Shape = append(t.Shape, int(int16(binary.LittleEndian.Uint16(b))))
			}
		}
		for range count() {
			if b := take(4); len(b) == 4 {
				t.Data = append(t.Data, math.Float32frombits(binary.LittleEndian.Uint32(b)))
			}
		}
		tensors = append(tensors, t)
	}
	return tensors
}
