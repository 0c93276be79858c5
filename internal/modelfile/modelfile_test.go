package modelfile

import (
	"bytes"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func example() *File {
	return &File{
		Header: Header{
			Model: "lstm", LookBack: 20, Features: []string{"wire_bytes"}, Unit: "B/s", StepNS: 1e9, Scalers: []Scaler{{1, 9.5}},
			Horizons: []int{1, 5}, Strategy: "direct", Covariates: []string{"packets"}, Quantiles: []float64{0.1, 0.5, 0.9}, Intervals: &Intervals{"conformal", 0.9, []float64{1.5, 2}}, Options: []byte(`{"a":1}`),
			Trial: []byte(`{"model":"lstm"}`), Tensors: []Shape{{"a", []int{2, 1}}, {"b", []int{1}}},
		},
		Data: [][]float32{{1, -2.5}, {3}},
	}
}

func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.weir")
	if err := example().Write(path); err != nil {
		t.Fatal(err)
	}
	f, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(f, example()) {
		t.Errorf("got %+v", f)
	}
}

// TestVersions: a file of version 1 has one scaler, which becomes the first; a later version is refused by its number.
func TestVersions(t *testing.T) {
	old := &File{Header: Header{Model: "ar", LookBack: 2, Features: []string{"x"}, StepNS: 1, Scaler: &Scaler{2, 3}, Trial: []byte(`{}`)}}
	data, err := old.Encode()
	if err != nil {
		t.Fatal(err)
	}
	data[len(magic)] = 1
	f, err := Decode(data)
	if err != nil || f.Header.Scaler != nil || !reflect.DeepEqual(f.Header.Scalers, []Scaler{{2, 3}}) {
		t.Errorf("%+v, %v", f, err)
	}
	data[len(magic)] = 3
	if _, err := Decode(data); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "version 3, this program reads 1 to 2") {
		t.Errorf("version 3: %v", err)
	}
}

func TestDamaged(t *testing.T) {
	whole, err := example().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if _, err := Decode(whole[:n]); !errors.Is(err, ErrFormat) {
			t.Fatalf("first %d bytes: %v", n, err)
		}
	}
	if _, err := Decode(append(whole, 0)); !errors.Is(err, ErrFormat) {
		t.Errorf("a byte too many: %v", err)
	}
	huge := example()
	huge.Header.Tensors[0].Shape = []int{1 << 30, 1 << 30, 1 << 30}
	if _, err := huge.Encode(); err == nil {
		t.Error("a huge tensor is accepted")
	}
}

func FuzzDecode(f *testing.F) {
	whole, err := example().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:20])
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Decode(data)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		again, err := file.Encode()
		if err != nil {
			t.Fatal(err)
		}
		once, err := Decode(again)
		if err != nil {
			t.Fatal(err)
		}
		twice, err := once.Encode()
		if err != nil || !bytes.Equal(again, twice) {
			t.Fatalf("not stable: %v", err)
		}
	})
}
