package lstm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"weir/internal/modelfile"
	"weir/internal/onnx"
)

// forecastsOf makes a network of what Import returned and lets it forecast windows [N][T][F].
func forecastsOf(t *testing.T, data []byte, x []float64, lookBack int) []float32 {
	t.Helper()
	_, tensors, err := Import(data)
	if err != nil {
		t.Fatal(err)
	}
	m, err := FromTensors(tensors)
	if err != nil {
		t.Fatal(err)
	}
	w := &Windows{Rows: single(x), Features: m.design.Features, LookBack: lookBack}
	for end := lookBack; end <= len(x)/w.Features; end += lookBack {
		w.Ends = append(w.Ends, end)
	}
	forecasts, err := m.Predict(context.Background(), w, 1)
	if err != nil {
		t.Fatal(err)
	}
	return forecasts
}

// TestImportOthers imports what Keras (by tf2onnx) and PyTorch (by both of its exporters) wrote, testdata/import/export.py says how, and repeats their forecasts.
func TestImportOthers(t *testing.T) {
	files, err := filepath.Glob("testdata/import/*.onnx")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		data, err1 := os.ReadFile(path)
		text, err2 := os.ReadFile(path + ".json")
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".onnx")
		refused := map[string]string{"keras_gru": "(Loop, ", "torch_bi_wrong_old": "(Gather, "}[name]
		if refused != "" {
			_, _, err := Import(data)
			if !errors.Is(err, ErrImport) || !strings.Contains(err.Error(), refused) {
				t.Errorf("%s: %v", name, err)
			}
			t.Logf("%s: %v", name, err)
			continue
		}
		var want struct{ X, Y []float64 }
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		got := forecastsOf(t, data, want.X, 7)
		worst := 0.0
		for i, y := range want.Y {
			worst = max(worst, math.Abs(y-float64(got[i])))
		}
		t.Logf("%s: %.1e", name, worst)
		if len(got) != len(want.Y) || worst > 3e-7 {
			t.Errorf("%s: forecasts %v, expected %v", name, got, want.Y)
		}
	}
}

// TestImportOwn takes back what ONNX, RawONNX and model.weir say, for every design.
func TestImportOwn(t *testing.T) {
	for _, d := range everyDesign {
		m, err := Build(d, 5)
		if err != nil {
			t.Fatal(err)
		}
		for i := range m.Tensors() {
			if weights := m.Tensors(); strings.HasSuffix(weights[i].Name, "bias") {
				for j := range weights[i].Data {
					weights[i].Data[j] += float32(j) / 64
				}
				if err := m.SetTensors(weights); err != nil {
					t.Fatal(err)
				}
			}
		}
		plain, err1 := m.ONNX(9)
		raw, err2 := m.RawONNX(9, slices.Repeat([]Scale{{5, 3}}, d.Features), Scale{5, 3})
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		file := modelfile.File{}
		weights := map[string]any{}
		for i, tensor := range m.Tensors() {
			file.Header.Tensors = append(file.Header.Tensors, modelfile.Shape{Name: tensor.Name, Shape: tensor.Shape})
			file.Data = append(file.Data, tensor.Data)
			weights[m.design.plainNames()[i]] = map[string]any{"shape": tensor.Shape, "data": tensor.Data}
		}
		weir, err1 := file.Encode()
		text, err2 := json.Marshal(map[string]any{"initial_weights": weights, "config": "not read"})
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		for i, data := range [][]byte{plain, raw, weir, text} {
			design, tensors, err := Import(data)
			if err != nil {
				t.Errorf("%v, form %d: %v", d, i, err)
				continue
			}
			again, err := FromTensors(tensors)
			if err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(design) != fmt.Sprint(m.design) || !slices.Equal(again.weights, m.weights) || !slices.Equal(again.head, m.head) {
				t.Errorf("%v, form %d: other weights come back", d, i)
			}
		}
	}
}

// TestImportGolden takes the reference files of Keras' weights as they are, and the ONNX graph beside them.
func TestImportGolden(t *testing.T) {
	for _, name := range []string{"a_lstm5", "b_lstm50", "c_stacked_6_4", "d_bidirectional5", "e_gru5"} {
		data, err := os.ReadFile(shared(t, "golden/lstm/"+name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var g golden
		if err := json.Unmarshal(data, &g); err != nil {
			t.Fatal(err)
		}
		forms := [][]byte{data}
		if name == "b_lstm50" {
			graph, err := os.ReadFile(shared(t, "golden/lstm/lstm50.onnx"))
			if err != nil {
				t.Fatal(err)
			}
			forms = append(forms, graph)
		}
		for _, form := range forms {
			for i, y := range forecastsOf(t, form, g.Inputs.Data, g.Inputs.Shape[1]) {
				if math.Abs(float64(y)-g.Float64.Prediction.Data[i]) > 3e-7 {
					t.Errorf("%s: forecast %d is %v, expected %v", name, i, y, g.Float64.Prediction.Data[i])
				}
			}
		}
	}
}

func TestImportMistakes(t *testing.T) {
	good := func() *onnx.Graph {
		return &onnx.Graph{Name: "g", Opset: 14, Inputs: []onnx.Message{onnx.Port("x", onnx.Float32, -1, 4, 1)}, Outputs: []onnx.Message{onnx.Port("y", onnx.Float32, -1, 1)},
			Nodes: []onnx.Message{
				onnx.Node("Transpose", []string{"x"}, []string{"xt"}, onnx.Ints("perm", 1, 0, 2)),
				onnx.Node("LSTM", []string{"xt", "W", "R"}, []string{"", "h"}, onnx.Int("hidden_size", 2)),
				onnx.Node("Squeeze", []string{"h"}, []string{"s"}),
				onnx.Node("Gemm", []string{"s", "D"}, []string{"y"}),
			},
			Values: []onnx.Message{onnx.Tensor("W", make([]float32, 8), 1, 8, 1), onnx.Tensor("R", make([]float32, 16), 1, 8, 2), onnx.Tensor("D", make([]float32, 2), 2, 1)}}
	}
	for say, change := range map[string]func(g *onnx.Graph){
		"":        func(*onnx.Graph) {},
		"(Relu, ": func(g *onnx.Graph) { g.Nodes[2] = onnx.Node("Relu", []string{"h"}, []string{"s"}) },
		"gate":    func(g *onnx.Graph) { g.Nodes[1] = onnx.Node("gates.LSTM", []string{"xt", "W", "R"}, []string{"", "h"}) },
		"reverse": func(g *onnx.Graph) {
			g.Nodes[1] = onnx.Node("LSTM", []string{"xt", "W", "R"}, []string{"", "h"}, onnx.Text("direction", "reverse"))
		},
		"relu": func(g *onnx.Graph) {
			g.Nodes[1] = onnx.Node("LSTM", []string{"xt", "W", "R"}, []string{"", "h"}, onnx.Texts("activations", "sigmoid", "relu", "tanh"))
		},
		"initial": func(g *onnx.Graph) {
			g.Nodes[1] = onnx.Node("LSTM", []string{"xt", "W", "R", "", "", "x"}, []string{"", "h"})
		},
		"belong":   func(g *onnx.Graph) { g.Values[0] = onnx.Tensor("W", make([]float32, 9), 1, 9, 1) },
		"finite":   func(g *onnx.Graph) { g.Values[2] = onnx.Tensor("D", []float32{1, float32(math.NaN())}, 2, 1) },
		"dense":    func(g *onnx.Graph) { g.Nodes = g.Nodes[:3] },
		"linear_b": func(g *onnx.Graph) { g.Nodes[1] = onnx.Node("GRU", []string{"xt", "W", "R"}, []string{"", "h"}) },
		"alpha": func(g *onnx.Graph) {
			g.Nodes[3] = onnx.Node("Gemm", []string{"s", "D"}, []string{"y"}, onnx.Float("alpha", 2))
		},
		"no constant": func(g *onnx.Graph) { // more is transposed than there is
			g.Nodes, g.Values[2] = g.Nodes[:3], onnx.Tensor("D", make([]float32, 4000), 4000, 1)
			name := "D"
			for i := range 201 {
				g.Nodes = append(g.Nodes, onnx.Node("Transpose", []string{name}, []string{fmt.Sprint("D", i)}))
				name = fmt.Sprint("D", i)
			}
			g.Nodes = append(g.Nodes, onnx.Node("Gemm", []string{"s", name}, []string{"y"}))
		},
		"time": func(g *onnx.Graph) {
			g.Nodes[1] = onnx.Node("LSTM", []string{"xt", "W", "R"}, []string{"h"})
			g.Nodes[2] = onnx.Node("Gather", []string{"h", "i"}, []string{"s"})
			g.Values = append(g.Values, onnx.Integers("i", 1))
		},
	} {
		g := good()
		change(g)
		data, err := g.Encode()
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = Import(data)
		if say == "" && err != nil || say != "" && (!errors.Is(err, ErrImport) || !strings.Contains(err.Error(), say)) {
			t.Errorf("%q: %v", say, err)
		}
	}
	for say, data := range map[string]string{
		"signature": "\x89HDF\r\n", "zip": "PK\x03\x04", "layer0/kernel": `{"initial_weights": {}}`, "initial_weights": `{"initial_weights": 3}`, "header": "weirmodl\x01\x00\x00\x00\xff\xff\xff\xff",
		"graphs": "", "field": "\xff\xff",
	} {
		if _, _, err := Import([]byte(data)); !errors.Is(err, ErrImport) || !strings.Contains(err.Error(), say) {
			t.Errorf("%q: %v", say, err)
		}
	}
}

func FuzzImport(f *testing.F) {
	for _, d := range []Design{{Cell: LSTM, Features: 1, Units: []int{1}, Bidirectional: true, Attention: 1}, {Cell: GRU, Features: 2, Units: []int{2, 1}, Outputs: 2}} {
		m, err := Build(d, 1)
		if err != nil {
			f.Fatal(err)
		}
		data, err := m.RawONNX(3, slices.Repeat([]Scale{{0, 1}}, d.Features), Scale{0, 1})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, name := range []string{"torch_bilstm2_old.onnx", "keras_bi.onnx", "keras_gru.keras", "keras_lstm.h5"} {
		data, err := os.ReadFile("testdata/import/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"initial_weights":{"layer0/kernel":{"shape":[1,4],"data":[1,2,3,4]},"layer0/recurrent_kernel":{"shape":[1,4],"data":[1,2,3,4]},"layer0/bias":{"shape":[4],"data":[1,2,3,4]},"dense/kernel":{"shape":[1,1],"data":[1]},"dense/bias":{"shape":[1],"data":[1]}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, tensors, err := Import(data)
		if err != nil {
			return
		}
		m, err := FromTensors(tensors)
		if err != nil || fmt.Sprint(m.design) != fmt.Sprint(d) {
			t.Fatal(d, err)
		}
		graph, err := m.ONNX(2)
		if err != nil {
			t.Fatal(err)
		}
		_, again, err := Import(graph)
		if err != nil || !bytes.Equal(packTensors(again), packTensors(tensors)) {
			t.Errorf("%v does not come back: %v", d, err)
		}
	})
}
