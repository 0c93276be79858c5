package lstm

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestImportKeras takes models that Keras saved, and repeats their forecasts.
func TestImportKeras(t *testing.T) {
	for _, name := range []string{"keras_gru.keras", "keras_bi.keras", "keras_stack.weights.h5", "keras_lstm.h5", "keras_bi.h5"} {
		data, err1 := os.ReadFile(filepath.Join("testdata/import", name))
		base, _, _ := strings.Cut(name, ".")
		text, err2 := os.ReadFile("testdata/import/" + base + ".onnx.json")
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		var want struct{ X, Y []float64 }
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		got := forecastsOf(t, data, want.X, 7)
		if len(got) != len(want.Y) {
			t.Fatalf("%s: %d forecasts, expected %d", name, len(got), len(want.Y))
		}
		for i, y := range want.Y {
			if math.Abs(y-float64(got[i])) > 3e-7 {
				t.Errorf("%s: forecast %d is %v, expected %v", name, i, got[i], y)
			}
		}
	}
}

// rewritten is keras_gru.keras with another text in config.json, of files kept by a method of ZIP.
func rewritten(t testing.TB, old, text string, method uint16) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/import/keras_gru.keras")
	if err != nil {
		t.Fatal(err)
	}
	in, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, f := range in.File {
		r, err1 := f.Open()
		content, err2 := io.ReadAll(r)
		w, err3 := out.CreateHeader(&zip.FileHeader{Name: f.Name, Method: method})
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		if f.Name == "config.json" {
			if !bytes.Contains(content, []byte(old)) {
				t.Fatalf("config.json has no %s", old)
			}
			content = bytes.ReplaceAll(content, []byte(old), []byte(text))
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestImportKerasMistakes(t *testing.T) {
	if _, _, err := Import(rewritten(t, "Sequential", "Sequential", zip.Store)); err != nil {
		t.Error(err)
	}
	if _, _, err := Import(rewritten(t, "Sequential", "Sequential", zip.Deflate)); err == nil || !strings.Contains(err.Error(), "compressed") {
		t.Errorf("compressed: %v", err)
	}
	for _, c := range []struct{ old, text, say string }{
		{`"Sequential"`, `"Functional"`, "Functional"},
		{`"GRU"`, `"SimpleRNN"`, "SimpleRNN"},
		{`"linear"`, `"relu"`, "dense"},
		{`"recurrent_activation": "sigmoid"`, `"recurrent_activation": "hard_sigmoid"`, "hard_sigmoid"},
		{`"reset_after": true`, `"reset_after": false`, "reset_after"},
		{`"go_backwards": false`, `"go_backwards": true`, "go_backwards"},
		{`"return_sequences": false`, `"return_sequences": true`, "return_sequences"},
		{`"use_bias": true`, `"use_bias": false`, "use_bias"},
		{`"Dense"`, `"Dropout"`, "as the last"},
		{`{`, ``, "config.json"},
	} {
		if _, _, err := Import(rewritten(t, c.old, c.text, zip.Store)); !errors.Is(err, ErrImport) || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: %v", c.text, err)
		}
	}
}
