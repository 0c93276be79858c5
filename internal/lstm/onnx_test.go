package lstm

import (
	"os"
	"os/exec"
	"path/filepath"
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
