package train

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"weir/internal/forecast"
	"weir/internal/series"
)

// python finds a Python with onnxruntime, numpy and polars, or skips.
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
	path := filepath.Join(venv, "bin", "python")
	if exec.Command(path, "-c", "import numpy, onnxruntime, polars").Run() != nil {
		t.Skipf("no Python with numpy, onnxruntime and polars in %s", venv)
	}
	return path
}

// onnxScript runs model.onnx on windows of the series and compares with predictions.parquet: arguments onnx, series, predictions, layout, covariates, horizons (comma separated), for each model. It
// prints the largest difference of each, relative to the range of the forecasts.
const onnxScript = `
import sys, numpy as np, polars as pl, onnxruntime as ort
def check(six):
    model, series, predictions, layout, covariates, horizons = six
    s = ort.InferenceSession(model)
    width = s.get_inputs()[0].shape[1]
    x = pl.read_parquet(series)
    p = pl.read_parquet(predictions)
    columns = ["wire_bytes"] + [c for c in covariates.split(",") if c]
    values = np.stack([x[c].to_numpy() for c in columns], 1)
    at = {t: i for i, t in enumerate(x["time"])}
    worst = 0.0
    for k, h in enumerate(int(h) for h in horizons.split(",")):
        part = p.filter((pl.col("horizon") == h) & (pl.col("part") == "test"))
        t = np.array([at[v] for v in part["time"]])
        if layout == "window":
            look = width
            batch = np.stack([values[i - h - look + 1:i - h + 1] for i in t])
        else:
            look = width - len(columns) + 1
            batch = np.stack([np.concatenate([values[i - h - look + 1:i - h + 1, 0][::-1], values[i - h, 1:]]) for i in t])
        y = s.run(None, {s.get_inputs()[0].name: batch.astype(np.float32)})[0]
        want = part["predicted"].to_numpy()
        worst = max(worst, np.abs(y[:, k if y.shape[1] > 1 else 0] - want).max() / (want.max() - want.min()))
    print(worst)

for i in range(1, len(sys.argv), 6):
    check(sys.argv[i:i + 6])
`

// TestONNX: onnxruntime forecasts what the trial forecast, from values of the series as they are.
func TestONNX(t *testing.T) {
	python := python(t)
	s := wave(300)
	s.Columns = append(s.Columns, series.Column{Name: "packets", Unit: "packets"})
	for i, v := range s.Columns[0].Values {
		s.Columns[1].Values = append(s.Columns[1].Values, v/90+float64(i%7))
	}
	var names, arguments []string
	for _, c := range []struct {
		model, layout string
		horizons      []int
		change        func(*Train)
	}{
		{"lstm", "window", []int{1}, func(*Train) {}},
		{"gru", "window", []int{1, 4}, func(k *Train) { k.Covariates, k.Model.Attention, k.Model.Both = []string{"packets"}, true, true }},
		{"boosting", "row", []int{1}, func(k *Train) { k.Covariates = []string{"packets"} }},
		{"forest", "row", []int{3}, func(*Train) {}}, {"gru", "window", []int{1}, func(k *Train) { k.Strategy = "recursive" }},
		{"ar", "window", []int{1, 3}, func(*Train) {}}, {"ridge", "window", []int{1, 3}, func(*Train) {}}, {"nlinear", "window", []int{2}, func(*Train) {}},
		{"rlinear", "window", []int{1, 3}, func(*Train) {}}, {"dlinear", "window", []int{1, 3}, func(k *Train) { k.Strategy = "recursive" }},
	} {
		k, _, err := run(t, s, func(k *Train) {
			small(k)
			k.Model.Name, k.Horizons, k.Model.Order, k.Model.Window, k.Model.Trees, k.Column = c.model, c.horizons, 6, 4, 10, "wire_bytes"
			c.change(k)
		})
		if err != nil {
			t.Fatal(err)
		}
		var horizons []string
		for _, h := range c.horizons {
			horizons = append(horizons, fmt.Sprint(h))
		}
		names = append(names, c.model)
		arguments = append(arguments, k.ONNX.Path, k.Series.Path, k.Predictions.Path, c.layout, strings.Join(k.Covariates, ","), strings.Join(horizons, ","))
	}
	out, err := exec.Command(python, append([]string{"-c", onnxScript}, arguments...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	differences := strings.Fields(string(out))
	if len(differences) != len(names) {
		t.Fatalf("%d differences for %v", len(differences), names)
	}
	for i, text := range differences {
		if worst, err := strconv.ParseFloat(text, 64); err != nil || !(worst <= 1e-5) {
			t.Errorf("%s: off by %s", names[i], text)
		}
	}
}

// TestNoONNX: what ONNX cannot say leaves no file; a recursive network leaves that of its one step.
func TestNoONNX(t *testing.T) {
	for name, want := range map[string]bool{"ses": false, "forest": false, "auto": false, "lstm": true} {
		k, _, err := run(t, wave(200), func(k *Train) {
			small(k)
			k.Model.Name, k.Horizons = name, []int{1, 2}
			if name == "lstm" {
				k.Strategy = forecast.Recursive
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(k.ONNX.Path); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
