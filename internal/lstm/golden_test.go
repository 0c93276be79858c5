package lstm

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// shared finds a reference file kept outside the repository, or skips.
func shared(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is absent", name)
	}
	return path
}

type array struct {
	Shape []int     `json:"shape"`
	Data  []float64 `json:"data"`
}

type outcome struct {
	Prediction array            `json:"prediction"`
	MSE        float64          `json:"mse"`
	Gradients  map[string]array `json:"gradients"`
	After1     map[string]array `json:"weights_after_1_adam_step"`
	After3     map[string]array `json:"weights_after_3_adam_steps"`
}

type golden struct {
	Initial map[string]array `json:"initial_weights"`
	Inputs  array            `json:"inputs"`
	Targets array            `json:"targets"`
	Float64 outcome          `json:"float64"`
	Float32 outcome          `json:"float32"`
}

// goldenNames are the names of the golden files in the order of Model.Tensors.
var goldenNames = []string{"layer0/kernel", "layer0/recurrent_kernel", "layer0/bias", "dense/kernel", "dense/bias"}

func readGolden(t testing.TB, name string) (*golden, *Model, *Windows) {
	t.Helper()
	data, err := os.ReadFile(shared(t, "golden/lstm/"+name))
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	units := g.Initial["dense/kernel"].Shape[0]
	tensors := shapes(units, 1)
	for i := range tensors {
		tensors[i].Data = single(g.Initial[goldenNames[i]].Data)
	}
	m, err := FromTensors(tensors)
	if err != nil {
		t.Fatal(err)
	}
	w := &Windows{Rows: single(g.Inputs.Data), Features: 1, LookBack: g.Inputs.Shape[1], Targets: single(g.Targets.Data)}
	for n := range g.Inputs.Shape[0] {
		w.Ends = append(w.Ends, (n+1)*w.LookBack)
	}
	return &g, m, w
}

func single(values []float64) []float32 {
	s := make([]float32, len(values))
	for i, v := range values {
		s[i] = float32(v)
	}
	return s
}

func counting(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

// apart returns the relative L2 distance and the largest difference of tensors and golden arrays.
func apart(got []Tensor, want map[string]array) (relative, largest float64) {
	var diff, norm float64
	for i, tensor := range got {
		for j, v := range want[goldenNames[i]].Data {
			d := float64(tensor.Data[j]) - v
			diff, norm = diff+d*d, norm+v*v
			largest = max(largest, math.Abs(d))
		}
	}
	return math.Sqrt(diff / norm), largest
}

func TestGolden(t *testing.T) {
	for _, k := range available() {
		for _, name := range []string{"a_lstm5", "b_lstm50"} {
			g, m, w := readGolden(t, name+".json")
			b := newBatch(m, &k, w.LookBack, w.Len(), 1, true)
			b.load(w, counting(w.Len()))
			sum := b.learn(func(int, int) {})
			worst := 0.0
			for i, p := range g.Float64.Prediction.Data {
				worst = max(worst, math.Abs(float64(b.head.output[i])-p))
			}
			relative, _ := apart(m.unpack(b.sum, b.headSum), g.Float64.Gradients)
			loss := math.Abs(sum/float64(w.Len()) - g.Float64.MSE)
			t.Logf("%s %s: prediction %.1e, loss %.1e, gradients %.1e (relative L2)", k.name, name, worst, loss, relative)
			if worst > 3e-7 || relative > 1e-6 || loss > 3e-7 {
				t.Errorf("%s %s: too far from Keras in float64", k.name, name)
			}
			if len(g.Float64.After1) == 0 {
				continue
			}
			o := newOptimiser(m, DefaultRate)
			for step := 1; step <= 3; step++ {
				o.train(b)
				want := g.Float64.After1
				if step == 2 {
					continue
				} else if step == 3 {
					want = g.Float64.After3
				}
				_, largest := apart(m.Tensors(), want)
				t.Logf("%s %s: weights after %d steps of Adam %.1e", k.name, name, step, largest)
				if largest > 2e-7 {
					t.Errorf("%s %s: weights after %d steps of Adam are %.1e from Keras in float64", k.name, name, step, largest)
				}
			}
		}
	}
}
