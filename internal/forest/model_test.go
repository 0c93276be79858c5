package forest

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
)

// plain are examples made with basic operations alone, the same on every machine: twelve features, some values missing, classes 0, 1, 2 or a number as target.
func plain(rows int, classes bool) Examples {
	s := stream(11)
	e := Examples{X: Matrix{Rows: rows, Columns: 12, Values: make([]float64, 12*rows)}, Y: make([]float64, rows)}
	for i := range rows {
		x := e.X.Values[12*i:][:12]
		for j := range x {
			x[j] = s.uniform()
		}
		y := float64(4*x[0]) + float64(x[1]*x[2]) + s.uniform()
		if x[3] > 0.5 {
			y += x[4]
		}
		if x[5] < 0.1 {
			x[0] = nan
		}
		if e.Y[i] = float64(1000 * y); classes {
			e.Y[i] = math.Floor(y / 2.4)
		}
	}
	return e
}

// fits are models of every kind, with every kind of sampling.
func fits(t testing.TB, workers int) map[string]*Model {
	numbers, classes := plain(4000, false), plain(4000, true)
	validation, halves := plain(700, false), plain(4000, true)
	for i, y := range halves.Y {
		halves.Y[i] = min(y, 1)
	}
	return map[string]*Model{
		"boosted":  boosted(t, numbers, nil, Options{Trees: 10, Workers: workers}),
		"stopped":  boosted(t, numbers, &validation, Options{Trees: 40, Rate: 0.8, Depth: 6, L2: 1, Patience: 3, Workers: workers}),
		"sampled":  boosted(t, numbers, nil, Options{Trees: 10, Rows: 0.7, Columns: 0.5, Leaves: -1, Depth: 5, Seed: 3, Workers: workers}),
		"quantile": boosted(t, numbers, nil, Options{Trees: 10, Quantile: 0.9, Workers: workers}),
		"logistic": boosted(t, halves, nil, Options{Trees: 5, Classes: 2, Workers: workers}),
		"softmax":  boosted(t, classes, nil, Options{Trees: 5, Classes: 3, Rows: 0.9, Workers: workers}),
		"forest":   bagged(t, numbers, Options{Trees: 4, Columns: 0.4, Seed: 5, Workers: workers}),
		"classes":  bagged(t, classes, Options{Trees: 4, Classes: 3, Workers: workers}),
		"tree":     single(t, numbers, Options{Workers: workers}),
	}
}

func digest(m *Model) string {
	h := sha256.New()
	for _, tensor := range m.Tensors() {
		binary.Write(h, binary.LittleEndian, tensor.Data)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

// TestSameBits: models do not depend on the number of workers, nor on the machine. Whoever changes what is fitted changes these digests, and the versions of
// the kinds that keep models.
func TestSameBits(t *testing.T) {
	want := map[string]string{"boosted": "00768b5f969ee12e", "stopped": "1c315e7d2e8c52a7", "sampled": "cb35269a4e92b51e", "quantile": "c9a69500e54ce0ed",
		"logistic": "102acfb262fcb3b2", "softmax": "c44aa7bbac681b27", "forest": "b592008a8f0cf155", "classes": "3737a5075d98c479", "tree": "e50e0a423187339b"}
	for _, workers := range []int{1, 2, 5} {
		for name, m := range fits(t, workers) {
			if got := digest(m); got != want[name] {
				t.Errorf("%s with %d workers: %s, want %s", name, workers, got, want[name])
			}
		}
	}
}

// TestKept: what is kept predicts the same bits.
func TestKept(t *testing.T) {
	e := plain(500, false)
	for name, m := range fits(t, 2) {
		kept, err := FromTensors(m.Tensors())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(m, kept) {
			t.Errorf("%s: another model is read", name)
		}
		if !slices.Equal(m.Predict(&e.X), kept.Predict(&e.X)) {
			t.Errorf("%s: another answer", name)
		}
		total := 0.0
		for _, share := range kept.Importance() {
			total += share
		}
		if math.Abs(total-1) > 1e-6 || name != "classes" && slices.Max(kept.Importance()) != kept.Importance()[0] {
			t.Errorf("%s: importance %v", name, kept.Importance())
		}
	}
}

// TestDamagedTensors: each change of a good model that is none any more is refused.
func TestDamagedTensors(t *testing.T) {
	inf := float32(math.Inf(1))
	for name, spoil := range map[string]func(all []Tensor) []Tensor{
		"one less":         func(all []Tensor) []Tensor { return all[1:] },
		"name":             func(all []Tensor) []Tensor { all[2].Name = "x"; return all },
		"shape":            func(all []Tensor) []Tensor { all[3].Shape = []int{1, len(all[3].Data)}; return all },
		"length":           func(all []Tensor) []Tensor { all[3].Shape = []int{1}; return all },
		"no design":        func(all []Tensor) []Tensor { all[0] = Tensor{"trees/design", []int{0}, nil}; return all },
		"columns":          func(all []Tensor) []Tensor { all[0].Data[0] = 1e9; return all },
		"half an output":   func(all []Tensor) []Tensor { all[0].Data[1] = 1.5; return all },
		"kind":             func(all []Tensor) []Tensor { all[0].Data[2] = 3; return all },
		"trees":            func(all []Tensor) []Tensor { all[0].Data[3]++; return all },
		"no trees":         func(all []Tensor) []Tensor { all[0].Data[3] = 0; return all },
		"infinite":         func(all []Tensor) []Tensor { all[6].Data[0] = inf; return all },
		"feature":          func(all []Tensor) []Tensor { all[3].Data[0] = 12; return all },
		"negative feature": func(all []Tensor) []Tensor { all[3].Data[0] = -2; return all },
		"split as leaf":    func(all []Tensor) []Tensor { all[3].Data[0] = -1; return all },
		"leaf as split":    func(all []Tensor) []Tensor { all[3].Data[len(all[3].Data)-1] = 1; return all },
		"missing":          func(all []Tensor) []Tensor { all[5].Data[0] = 2; return all },
		"values":           func(all []Tensor) []Tensor { return cutLast(all, 6) },
		"importance":       func(all []Tensor) []Tensor { return cutLast(all, 2) },
		"thresholds":       func(all []Tensor) []Tensor { return cutLast(all, 4) },
		"base":             func(all []Tensor) []Tensor { return cutLast(all, 1) },
	} {
		all := single(t, plain(300, false), Options{Depth: 3}).Tensors()
		if _, err := FromTensors(all); err != nil {
			t.Fatal(err)
		}
		if _, err := FromTensors(spoil(all)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func cutLast(all []Tensor, i int) []Tensor {
	n := len(all[i].Data) - 1
	all[i] = Tensor{all[i].Name, []int{n}, all[i].Data[:n]}
	return all
}

// FuzzTensors: whatever the numbers are, they are refused or make a model that answers and is kept unchanged.
func FuzzTensors(f *testing.F) {
	for _, m := range []*Model{single(f, plain(60, false), Options{Depth: 2}), bagged(f, plain(60, true), Options{Trees: 2, Depth: 2, Classes: 3}),
		boosted(f, plain(60, true), nil, Options{Trees: 1, Depth: 1, Classes: 3})} {
		var data []byte
		for _, t := range m.Tensors() {
			data = binary.LittleEndian.AppendUint16(data, uint16(len(t.Data)))
			data, _ = binary.Append(data, binary.LittleEndian, t.Data)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var all []Tensor
		for _, name := range tensorNames {
			if len(data) < 2 {
				return
			}
			n := min(int(binary.LittleEndian.Uint16(data)), (len(data)-2)/4)
			values := make([]float32, n)
			binary.Decode(data[2:], binary.LittleEndian, values)
			all, data = append(all, Tensor{name, []int{n}, values}), data[2+4*n:]
		}
		m, err := FromTensors(all)
		if err != nil {
			return
		}
		x := Matrix{Rows: 2, Columns: m.Columns(), Values: make([]float64, 2*m.Columns())}
		for i := range x.Values[m.Columns():] {
			x.Values[i] = nan
		}
		if p := m.Predict(&x); len(p) != 2*m.Outputs() {
			t.Fatalf("%d values for 2 rows of %d outputs", len(p), m.Outputs())
		}
		again := m.Tensors()
		for i := range again {
			if !slices.EqualFunc(all[i].Data, again[i].Data, func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) || a == 0 && b == 0 }) {
				t.Fatalf("%s changes", all[i].Name)
			}
		}
		if _, err := m.ONNX(); err != nil {
			t.Fatal(err)
		}
	})
}

// checkONNX is run by Python: onnx checks the model, onnxruntime answers, and both sides' answers are compared relative to the largest.
const checkONNX = `
import sys, numpy as np, onnx, onnxruntime as ort
model, x, y, columns, outputs = sys.argv[1:]
onnx.checker.check_model(onnx.load(model), full_check=True)
x = np.fromfile(x, "<f8").reshape(-1, int(columns)).astype("f4"); y = np.fromfile(y, "<f8").reshape(-1, int(outputs))
got = ort.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
assert got.shape == y.shape, (got.shape, y.shape)
error = np.abs(got - y).max() / np.abs(y).max()
print(len(y), "rows", error)
assert error < 1e-5, error
assert outputs == "1" or (got.argmax(1) == y.argmax(1)).all()
`

// TestONNX compares with onnxruntime, on made rows with missing values and on lags of a real series.
func TestONNX(t *testing.T) {
	python := python(t)
	x := plain(10000, false).X
	for name, m := range fits(t, 2) {
		runONNX(t, python, name, m, &x)
	}
	train, test := lags(t)
	runONNX(t, python, "lags boosted", boosted(t, train, nil, Options{Trees: 50, Workers: 2}), &test.X)
	runONNX(t, python, "lags forest", bagged(t, train, Options{Trees: 5, Columns: 0.3, MinLeaf: 5, Workers: 2}), &test.X)
}

func runONNX(t *testing.T, python, name string, m *Model, x *Matrix) {
	t.Helper()
	dir := t.TempDir()
	data, err := m.ONNX("unit", "B/s")
	if err != nil {
		t.Fatal(err)
	}
	file := func(name string, write func(b *bytes.Buffer)) string {
		var b bytes.Buffer
		write(&b)
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	values := func(v []float64) func(b *bytes.Buffer) {
		return func(b *bytes.Buffer) { binary.Write(b, binary.LittleEndian, v) }
	}
	out, err := exec.Command(python, "-c", checkONNX, file("model.onnx", func(b *bytes.Buffer) { b.Write(data) }), file("x", values(x.Values)), file("y", values(m.Predict(x))),
		fmt.Sprint(x.Columns), fmt.Sprint(m.Outputs())).CombinedOutput()
	if t.Logf("%s: %s", name, out); err != nil {
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

// TestPredict: rows are answered alike alone and together, repeated or not.
func TestPredict(t *testing.T) {
	e := plain(700, false)
	for i := range 2000 {
		r := int(mix(uint64(i)) % 300)
		e.X.Values = append(e.X.Values, e.X.Values[12*r:12*r+12]...)
		e.X.Rows++
	}
	for name, m := range fits(t, 2) {
		p, k := m.Predict(&e.X), m.Outputs()
		for i := range e.X.Rows {
			one := Matrix{1, 12, e.X.Values[12*i : 12*i+12]}
			if !slices.Equal(m.Predict(&one), p[i*k:i*k+k]) {
				t.Fatalf("%s: row %d alone is answered otherwise", name, i)
			}
		}
	}
}
