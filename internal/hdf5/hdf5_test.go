package hdf5

import (
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"testing"
)

func example(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("../lstm/testdata/import/keras_stack.weights.h5")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestRead reads what h5py wrote. The values are checked by internal/lstm, whose forecasts are those of Keras.
func TestRead(t *testing.T) {
	arrays, err := Read(example(t))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]int{
		"layers/lstm/cell/vars/0": {1, 20}, "layers/lstm/cell/vars/1": {5, 20}, "layers/lstm/cell/vars/2": {20},
		"layers/lstm_1/cell/vars/0": {5, 16}, "layers/lstm_1/cell/vars/1": {4, 16}, "layers/lstm_1/cell/vars/2": {16},
		"layers/dense/vars/0": {4, 1}, "layers/dense/vars/1": {1},
	}
	for path, a := range arrays {
		if !slices.Equal(a.Shape, want[path]) {
			t.Errorf("%s has shape %v, expected %v", path, a.Shape, want[path])
		}
	}
	if len(arrays) != len(want) {
		t.Errorf("%d datasets, expected %d", len(arrays), len(want))
	}
	if bias := arrays["layers/lstm/cell/vars/2"].Data; !slices.Equal(bias, slices.Concat(make([]float32, 5), []float32{1, 1, 1, 1, 1}, make([]float32, 10))) {
		t.Errorf("bias %v: expected forget gates of one", bias)
	}
}

func TestReadMistakes(t *testing.T) {
	data := example(t)
	for n := 0; n < len(data); n += 7 {
		if _, err := Read(data[:n]); n < len(data)/2 && !errors.Is(err, ErrFormat) {
			t.Fatalf("first %d bytes: %v", n, err)
		}
	}
	for i, change := range []func(data []byte){
		func(data []byte) { data[8] = 2 },                                                         // newer superblock
		func(data []byte) { data[13] = 4 },                                                        // short addresses
		func(data []byte) { binary.LittleEndian.PutUint64(data[64:], 1<<63) },                     // root outside
		func(data []byte) { binary.LittleEndian.PutUint32(data[96+8:], 1<<31) },                   // header of 2 GB
		func(data []byte) { copy(data[slices.Index(data, 'T'):], "tree") },                        // no tree
		func(data []byte) { binary.LittleEndian.PutUint64(data[24:], 8) },                         // base
		func(data []byte) { copy(data[binary.LittleEndian.Uint64(data[64:]):], []byte{2, 0, 0}) }, // newer header
	} {
		damaged := slices.Clone(data)
		change(damaged)
		if _, err := Read(damaged); !errors.Is(err, ErrFormat) {
			t.Errorf("change %d: %v", i, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	data := example(f)
	f.Add(data)
	f.Add(data[:4096])
	f.Fuzz(func(t *testing.T, data []byte) {
		arrays, err := Read(data)
		total := 0
		for _, a := range arrays {
			total += len(a.Data)
		}
		if err == nil && 4*total > len(data) {
			t.Errorf("%d values from %d bytes", total, len(data))
		}
	})
}
