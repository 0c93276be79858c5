package lstm

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"
)

// shapes lists the tensors of LSTM(units) -> Dense(1).
func shapes(units, features int) []Tensor {
	return Design{Cell: LSTM, Features: features, Units: []int{units}}.tensors()
}

// goldenDesigns are the golden files of networks other than LSTM(H) -> Dense(1).
var goldenDesigns = map[string]Design{
	"c_stacked_6_4":    {Cell: LSTM, Features: 1, Units: []int{6, 4}},
	"d_bidirectional5": {Cell: LSTM, Features: 1, Units: []int{5}, Bidirectional: true},
	"e_gru5":           {Cell: GRU, Features: 1, Units: []int{5}},
}

// readDesign reads a golden file. The order of names is that of Tensors.
func readDesign(t *testing.T, name string) (g golden, order []string, m *Model, w *Windows) {
	t.Helper()
	data, err := os.ReadFile(shared(t, "golden/lstm/"+name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	names := struct {
		Order []string `json:"weight_order"`
	}{}
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &names); err != nil {
		t.Fatal(err)
	}
	tensors := goldenDesigns[name].tensors()
	for i, n := range names.Order {
		if !slices.Equal(g.Initial[n].Shape, tensors[i].Shape) {
			t.Fatalf("%s: %s has shape %v, %s has %v", name, n, g.Initial[n].Shape, tensors[i].Name, tensors[i].Shape)
		}
		tensors[i].Data = single(g.Initial[n].Data)
	}
	if m, err = FromTensors(tensors); err != nil {
		t.Fatal(err)
	}
	w = &Windows{Rows: single(g.Inputs.Data), Features: 1, LookBack: g.Inputs.Shape[1], Targets: single(g.Targets.Data)}
	for n := range g.Inputs.Shape[0] {
		w.Ends = append(w.Ends, (n+1)*w.LookBack)
	}
	return g, names.Order, m, w
}

// TestGoldenDesigns compares with Keras in float64, as TestGolden does.
func TestGoldenDesigns(t *testing.T) {
	for _, k := range available() {
		for name := range goldenDesigns {
			g, order, m, w := readDesign(t, name)
			distance := func(got []Tensor, want map[string]array) (relative, largest float64) {
				var diff, norm float64
				for i, tensor := range got {
					for j, v := range want[order[i]].Data {
						d := float64(tensor.Data[j]) - v
						diff, norm, largest = diff+d*d, norm+v*v, max(largest, math.Abs(d))
					}
				}
				return math.Sqrt(diff / norm), largest
			}
			b := newBatch(m, &k, w.LookBack, w.Len(), 1, true)
			b.load(w, counting(w.Len()))
			sum := b.learn(func(int, int) {})
			worst := 0.0
			for i, p := range g.Float64.Prediction.Data {
				worst = max(worst, math.Abs(float64(b.head.output[i])-p))
			}
			relative, _ := distance(m.unpack(b.sum, b.headSum), g.Float64.Gradients)
			loss := math.Abs(sum/float64(w.Len()) - g.Float64.MSE)
			o := newOptimiser(m, DefaultRate)
			o.train(b)
			_, one := distance(m.Tensors(), g.Float64.After1)
			o.train(b)
			o.train(b)
			_, three := distance(m.Tensors(), g.Float64.After3)
			t.Logf("%s %s: prediction %.1e, loss %.1e, gradients %.1e (relative L2), weights after 1 and 3 steps of Adam %.1e %.1e", k.name, name, worst, loss, relative, one, three)
			if worst > 3e-7 || relative > 1e-6 || loss > 3e-7 || one > 2e-7 || three > 2e-7 {
				t.Errorf("%s %s: too far from Keras in float64", k.name, name)
			}
		}
	}
}

// TestEqualDesigns shows that kernels and workers do not change a bit.
func TestEqualDesigns(t *testing.T) {
	for _, c := range []struct {
		design                   Design
		lookBack, batch, samples int
	}{
		{Design{Cell: LSTM, Features: 1, Units: []int{5, 3}}, 4, 16, 35}, {Design{Cell: LSTM, Features: 2, Units: []int{1}, Bidirectional: true}, 3, 7, 20}, {Design{Cell: LSTM, Features: 1, Units: []int{12, 9, 1}, Bidirectional: true}, 3, 33, 40},
		{Design{Cell: LSTM, Features: 1, Units: []int{50, 50}}, 3, 64, 64}, {Design{Cell: GRU, Features: 1, Units: []int{1}}, 1, 1, 3}, {Design{Cell: GRU, Features: 3, Units: []int{5}}, 4, 33, 70},
		{Design{Cell: GRU, Features: 1, Units: []int{50}}, 3, 64, 100}, {Design{Cell: GRU, Features: 1, Units: []int{6, 5}, Bidirectional: true}, 3, 112, 112},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			want := trainedDesign(t, c.design, &portable, c.lookBack, c.batch, c.samples, 1)
			for _, k := range available() {
				k.share = 1
				for _, workers := range []int{1, 4} {
					if got := trainedDesign(t, c.design, &k, c.lookBack, c.batch, c.samples, workers); !bytes.Equal(got, want) {
						t.Errorf("%s with %d workers differs from portable with one", k.name, workers)
					}
				}
			}
		})
	}
}

// trainedDesign returns every bit of a short training.
func trainedDesign(t *testing.T, d Design, k *kernels, lookBack, batch, samples, workers int) []byte {
	t.Helper()
	m, err := Build(d, 7)
	if err != nil {
		t.Fatal(err)
	}
	w := noise(d.Features, lookBack, samples)
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

func TestTensors(t *testing.T) {
	for _, c := range []struct {
		design Design
		first  string
		n      int
	}{
		{Design{Cell: LSTM, Features: 2, Units: []int{3}}, "lstm/kernel", 4*3*(3+2+1) + 4},
		{Design{Cell: LSTM, Features: 1, Units: []int{3, 2}, Bidirectional: true}, "lstm/layer0/forward/kernel", 2*4*3*(3+1+1) + 2*4*2*(2+6+1) + 5},
		{Design{Cell: GRU, Features: 1, Units: []int{5}, Bidirectional: true}, "gru/forward/kernel", 2*3*5*(5+1+2) + 11},
		{Design{Cell: GRU, Features: 1, Units: []int{2, 2, 2}}, "gru/layer0/kernel", 3*2*(2+1+2) + 2*3*2*(2+2+2) + 3},
		{Design{Cell: LSTM, Features: 1, Units: []int{3}, Outputs: 5}, "lstm/kernel", 4*3*(3+1+1) + 5*(3+1)},
		{Design{Cell: GRU, Features: 1, Units: []int{3}, Bidirectional: true, Outputs: 2, Attention: 7}, "gru/forward/kernel", 2*3*3*(3+1+2) + 7*(6+1+1) + 2*(12+1)},
	} {
		m, err := Build(c.design, 1)
		if err != nil {
			t.Fatal(err)
		}
		tensors := m.Tensors()
		if tensors[0].Name != c.first || m.Parameters() != c.n {
			t.Errorf("%v: first tensor %s, %d parameters, want %s and %d", c.design, tensors[0].Name, m.Parameters(), c.first, c.n)
		}
		again, err := FromTensors(tensors)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(again.Design()) != fmt.Sprint(m.Design()) || !slices.Equal(again.weights, m.weights) || !slices.Equal(again.head, m.head) {
			t.Errorf("%v: FromTensors does not undo Tensors", c.design)
		}
		for i := range tensors {
			damaged := slices.Clone(tensors)
			damaged[i].Name += "x"
			if _, err := FromTensors(damaged); err == nil {
				t.Errorf("%v: tensor %d is called %s, and no error", c.design, i, damaged[i].Name)
			}
			if _, err := FromTensors(slices.Delete(slices.Clone(tensors), i, i+1)); err == nil {
				t.Errorf("%v: tensor %d is missing, and no error", c.design, i)
			}
		}
	}
	for _, d := range []Design{{Cell: LSTM, Features: 1, Units: []int{1}, Outputs: MaxOutputs + 1}, {Cell: LSTM, Features: 1, Units: []int{1}, Attention: -1}, {Cell: "rnn", Features: 1, Units: []int{1}}, {Cell: LSTM, Features: 1, Units: nil}, {Cell: LSTM, Features: 1, Units: make([]int, MaxLayers+1)}, {Cell: GRU, Features: 1, Units: []int{3, 0}},
		{Cell: LSTM, Features: 1, Units: slices.Repeat([]int{MaxUnits}, MaxLayers), Bidirectional: true}} {
		if _, err := Build(d, 1); err == nil {
			t.Errorf("Build(%v) succeeds", d)
		}
	}
}
