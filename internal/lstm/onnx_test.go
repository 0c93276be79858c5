package lstm

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestONNX lets onnx check the export and onnxruntime run it, where a Python with both is installed (WEIR_CHECK_VENV or the usual cache).
func TestONNX(t *testing.T) {
	_, m, w := readGolden(t, "b_lstm50.json")
	data, err := m.ONNX(w.LookBack, "unit", "B/s")
	if err != nil {
		t.Fatal(err)
	}
	python := python(t)
	path := filepath.Join(t.TempDir(), "model.onnx")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, shared(t, "golden/lstm/check_onnx.py"), path, shared(t, "golden/lstm/onnx_input.json"), shared(t, "golden/lstm/onnx_expected.json")).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}

// python finds a Python with onnx and onnxruntime, or skips.
func python(t *testing.T) string {
	t.Helper()
	venv := os.Getenv("WEIR_CHECK_VENV")
	if venv == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Skip(err)
		}
		venv = filepath.Join(cache, "weir-check", "venv")
	}
	python := filepath.Join(venv, "bin", "python")
	if exec.Command(python, "-c", "import onnx, onnxruntime").Run() != nil {
		t.Skip("no Python with onnx and onnxruntime")
	}
	return python
}

// onnxChecks collects runs of check_onnx.py for one Python.
type onnxChecks struct {
	dir       string
	arguments []string
}

func newChecks(t *testing.T) *onnxChecks {
	return &onnxChecks{t.TempDir(), []string{"-c", `
import runpy, sys
script, rest = sys.argv[1], sys.argv[2:]
for i in range(0, len(rest), 4):
    sys.argv = [script] + rest[i:i + 4]
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as e:
        if e.code: sys.exit(e.code)
`, shared(t, "golden/lstm/check_onnx.py")}}
}

// add asks that the graph gives want from the windows over rows [rows][F].
func (c *onnxChecks) add(t *testing.T, graph []byte, rows []float64, w *Windows, want []float64, tolerance float64) {
	t.Helper()
	inputs := array{Shape: []int{w.Len(), w.LookBack, w.Features}}
	for _, end := range w.Ends {
		inputs.Data = append(inputs.Data, rows[(end-w.LookBack)*w.Features:end*w.Features]...)
	}
	x, err1 := json.Marshal(inputs)
	y, err2 := json.Marshal(array{Shape: []int{w.Len(), len(want) / w.Len()}, Data: want})
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	for _, data := range [][]byte{graph, x, y} {
		path := filepath.Join(c.dir, fmt.Sprint(len(c.arguments)))
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		c.arguments = append(c.arguments, path)
	}
	c.arguments = append(c.arguments, fmt.Sprint(tolerance))
}

func (c *onnxChecks) run(t *testing.T) {
	t.Helper()
	out, err := exec.Command(python(t), c.arguments...).CombinedOutput()
	t.Logf("%s", out)
	if n := (len(c.arguments) - 3) / 4; err != nil || n == 0 || strings.Count(string(out), "EQUAL") != n {
		t.Errorf("%d graphs: %v", n, err)
	}
}

func double(values []float32) []float64 {
	d := make([]float64, len(values))
	for i, v := range values {
		d[i] = float64(v)
	}
	return d
}

// TestONNXDesigns lets onnxruntime run the golden networks.
func TestONNXDesigns(t *testing.T) {
	checks := newChecks(t)
	for name := range goldenDesigns {
		g, _, m, w := readDesign(t, name)
		graph, err := m.ONNX(w.LookBack)
		if err != nil {
			t.Fatal(err)
		}
		checks.add(t, graph, double(w.Rows), w, g.Float64.Prediction.Data, 1e-6)
	}
	checks.run(t)
}

// everyDesign has each thing that a design may have.
var everyDesign = []Design{
	{Cell: LSTM, Features: 1, Units: []int{50}},
	{Cell: GRU, Features: 1, Units: []int{20}},
	{Cell: LSTM, Features: 2, Units: []int{5, 4, 3}, Bidirectional: true},
	{Cell: GRU, Features: 1, Units: []int{4, 6}, Bidirectional: true, Outputs: 3},
	{Cell: GRU, Features: 2, Units: []int{7, 2}, Outputs: 5},
	{Cell: LSTM, Features: 2, Units: []int{8}, Attention: 6},
	{Cell: LSTM, Features: 1, Units: []int{6, 5}, Bidirectional: true, Attention: 4, Outputs: 2},
	{Cell: GRU, Features: 1, Units: []int{9}, Attention: 9, Outputs: 3},
	{Cell: GRU, Features: 2, Units: []int{5}, Bidirectional: true, Attention: 3},
}

// TestRawONNX trains each design on a real series, its bytes per second and as a second feature the second of the minute. onnxruntime gives the forecasts of the
// program from raw values, to 1e-5 of the range.
func TestRawONNX(t *testing.T) {
	f, err := os.Open(shared(t, "data/series/mawi_200701251400_captured_bytes_per_second_DIGITISED.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var bytes, seconds []float64
	for i, row := range rows[1:] {
		v, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		bytes, seconds = append(bytes, v), append(seconds, float64(i%60))
	}
	low, high := bytes[0], bytes[0]
	for _, v := range bytes {
		low, high = min(low, v), max(high, v)
	}
	scales := []Scale{{low, high - low}, {0, 59}}
	checks := newChecks(t)
	for _, d := range everyDesign {
		m, err := Build(d, 1)
		if err != nil {
			t.Fatal(err)
		}
		w := &Windows{Features: d.Features, LookBack: 20}
		var raw []float64
		for i, v := range bytes {
			raw = append(raw, []float64{v, seconds[i]}[:d.Features]...)
		}
		for i, v := range raw {
			s := scales[i%d.Features]
			w.Rows = append(w.Rows, float32((v-s.Min)/s.Span))
		}
		for end := w.LookBack; end+m.design.Outputs <= len(bytes); end++ {
			w.Ends = append(w.Ends, end)
			for h := range m.design.Outputs {
				w.Targets = append(w.Targets, w.Rows[(end+h)*d.Features])
			}
		}
		if _, _, err := m.Train(context.Background(), samplesOf(w, 0, 400), nil, Options{Epochs: 1, Batch: 64, Seed: 1, LearningRate: 0.01, Workers: 1}, nil); err != nil {
			t.Fatal(err)
		}
		forecasts, err := m.Predict(context.Background(), w, 1)
		if err != nil {
			t.Fatal(err)
		}
		want := double(forecasts)
		for i, v := range want {
			want[i] = v*scales[0].Span + scales[0].Min
		}
		graph, err := m.RawONNX(w.LookBack, scales[:d.Features], scales[0], "unit", "B")
		if err != nil {
			t.Fatal(err)
		}
		checks.add(t, graph, raw, w, want, 1e-5*scales[0].Span)
		if graph, err = m.ONNX(w.LookBack); err != nil {
			t.Fatal(err)
		}
		checks.add(t, graph, double(w.Rows), w, double(forecasts), 2e-6)
	}
	checks.run(t)
}

func TestONNXMistakes(t *testing.T) {
	m, err := New(2, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	one := Scale{0, 1}
	for i, try := range []func() error{
		func() error { _, err := m.ONNX(0); return err },
		func() error { _, err := m.ONNX(3, "key"); return err },
		func() error { _, err := m.RawONNX(3, []Scale{one}, one); return err },
		func() error { _, err := m.RawONNX(3, []Scale{one, {1, 0}}, one); return err },
		func() error { _, err := m.RawONNX(3, []Scale{one, one}, Scale{0, 1e-60}); return err },
	} {
		if try() == nil {
			t.Errorf("mistake %d: no error", i)
		}
	}
}
