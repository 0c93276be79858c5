package lstm

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
)

// trained returns every bit of a short training: weights and epochs.
func trained(t *testing.T, k *kernels, units, features, lookBack, batch, samples, workers int) []byte {
	t.Helper()
	m, err := New(units, features, 7)
	if err != nil {
		t.Fatal(err)
	}
	w := &Windows{Features: features, LookBack: lookBack}
	s := newSource(11, 3)
	for range samples + lookBack {
		for range features {
			w.Rows = append(w.Rows, float32(s.uniform()*2-0.5))
		}
	}
	for n := range samples {
		w.Ends = append(w.Ends, n+lookBack)
		w.Targets = append(w.Targets, float32(s.uniform()))
	}
	history, _, err := m.train(context.Background(), w, w, Options{Epochs: 2, Batch: batch, Seed: 5, LearningRate: 0.01, Workers: workers}, nil, k)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, v := range []any{m.weights, m.head, history[1].Loss, history[1].Validation} {
		if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// TestEqual shows that kernels and workers do not change a bit, for batches and units that fill vectors and that do not.
func TestEqual(t *testing.T) {
	for _, c := range []struct{ units, features, lookBack, batch, samples int }{
		{1, 1, 1, 1, 3}, {2, 1, 3, 7, 20}, {5, 1, 7, 16, 35}, {5, 3, 4, 33, 40}, {12, 5, 3, 32, 50}, {50, 1, 5, 64, 100}, {64, 1, 2, 128, 130}, {30, 1, 3, 64, 64},
		{37, 1, 3, 112, 112}, {70, 2, 2, 48, 48}, {61, 1, 2, 16, 32},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			want := trained(t, &portable, c.units, c.features, c.lookBack, c.batch, c.samples, 1)
			for _, k := range available() {
				k.share = 1 // shared, however small
				for _, workers := range []int{1, 4} {
					if got := trained(t, &k, c.units, c.features, c.lookBack, c.batch, c.samples, workers); !bytes.Equal(got, want) {
						t.Errorf("%s with %d workers differs from portable with one", k.name, workers)
					}
				}
			}
		})
	}
}

// TestSizes shows the same for all batches and units that people try: one epoch on two workers.
func TestSizes(t *testing.T) {
	for _, units := range []int{1, 5, 50, 64, 128} {
		for _, batch := range []int{1, 7, 16, 32, 33, 64, 128} {
			if testing.Short() && units*batch > 50*64 {
				continue
			}
			for _, d := range []Design{{Cell: LSTM, Features: 1, Units: []int{units}}, {Cell: GRU, Features: 1, Units: []int{units}}} {
				var want []byte
				for _, k := range available() {
					k.share = 1
					m, err := Build(d, 1)
					if err != nil {
						t.Fatal(err)
					}
					training := NewTraining(m, Options{Epochs: 1, Batch: batch, Seed: 1, LearningRate: 0.01, Workers: 2})
					if err := training.run(context.Background(), noise(1, 2, batch), nil, nil, &k); err != nil {
						t.Fatal(err)
					}
					if want == nil {
						want = training.State()
					} else if !bytes.Equal(training.State(), want) {
						t.Errorf("%v, batch %d: %s differs from portable", d, batch, k.name)
					}
				}
			}
		}
	}
}

func TestUseKernels(t *testing.T) {
	m, err := New(3, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.UseKernels("portable"); err != nil || m.kernels.name != "portable" {
		t.Errorf("portable: %s, %v", m.kernels.name, err)
	}
	if err := m.UseKernels("sse"); err == nil || m.kernels.name != "portable" {
		t.Errorf("sse: %s, %v", m.kernels.name, err)
	}
	here := map[string]bool{}
	for _, k := range available() {
		here[strings.ReplaceAll(strings.ToLower(k.name), "-", "")] = true
	}
	for _, name := range kernelNames {
		if err := CheckKernels(name); (err == nil) != here[name] {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := m.UseKernels(""); err != nil || m.kernels != &selected {
		t.Errorf("none: %s, %v", m.kernels.name, err)
	}
}
