package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"weir/stages"
)

// states keeps every checkpoint in a folder; after some of them it cancels the training, as a kill does.
type states struct {
	dir    string
	left   int // checkpoints until cancel; below 0: never
	cancel context.CancelFunc
	from   int // the length that was given out last
}

func (s *states) path(length int) string { return filepath.Join(s.dir, fmt.Sprint(length)) }

func (s *states) Latest(most int) (int, string, bool) {
	for length := most; length > 0; length-- {
		if _, err := os.Stat(s.path(length)); err == nil {
			s.from = length
			return length, s.path(length), true
		}
	}
	return 0, "", false
}

func (s *states) Keep(length int, data []byte) error {
	if s.left--; s.left == 0 {
		s.cancel()
	}
	return os.WriteFile(s.path(length), data, 0o666)
}

// outputs trains with these checkpoints and returns the bytes of model, predictions and history.
func outputs(t *testing.T, c *states, change func(*Train)) ([][]byte, error) {
	t.Helper()
	dir := t.TempDir()
	if err := wave(200).Write(filepath.Join(dir, "series.parquet")); err != nil {
		t.Fatal(err)
	}
	k := defaults()
	k.Series = stages.Input{Path: filepath.Join(dir, "series.parquet"), From: "series.parquet"}
	k.File.Path, k.Predictions.Path, k.Losses.Path = filepath.Join(dir, "m"), filepath.Join(dir, "p"), filepath.Join(dir, "h")
	small(k)
	k.Model.Name, k.Epochs = "lstm", 8
	change(k)
	env := stages.Quiet(dir)
	if c != nil {
		env.Checkpoints = c
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if c != nil {
		c.cancel = cancel
	}
	if err := k.Run(ctx, env); err != nil {
		return nil, err
	}
	var all [][]byte
	for _, path := range []string{k.File.Path, k.Predictions.Path, k.Losses.Path} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data)
	}
	return all, nil
}

func equal(a, b [][]byte) bool { return bytes.Equal(bytes.Join(a, nil), bytes.Join(b, nil)) }

// TestResume: a training that was interrupted after any epoch goes on to the same bytes; so does one of more epochs than a finished one.
func TestResume(t *testing.T) {
	for name, change := range map[string]func(*Train){
		"plain":    func(*Train) {},
		"patience": func(k *Train) { k.Patience, k.MinDelta = 2, 1e-4 },
		"all": func(k *Train) {
			k.Model.Name, k.Model.Layers, k.Model.Attention, k.Horizons, k.Quantiles, k.Decay, k.DecayEvery = "gru", 2, true, []int{1, 2}, []float64{0.1, 0.5, 0.9}, "step", 3
		},
	} {
		whole, err := outputs(t, nil, change)
		if err != nil {
			t.Fatal(err)
		}
		for _, after := range []int{1, 4} {
			c := &states{dir: t.TempDir(), left: after}
			if _, err := outputs(t, c, change); !errors.Is(err, context.Canceled) {
				t.Fatalf("%s: not interrupted: %v", name, err)
			}
			again, err := outputs(t, c, change)
			if err != nil || !equal(again, whole) || c.from != after {
				t.Errorf("%s: interrupted after %d epochs, resumed from %d: other bytes, or %v", name, after, c.from, err)
			}
			// A damaged state is no state.
			if err := os.WriteFile(c.path(8), []byte("weirtrai and nonsense"), 0o666); err != nil {
				t.Fatal(err)
			}
			if again, err := outputs(t, c, change); err != nil || !equal(again, whole) {
				t.Errorf("%s: a damaged checkpoint: other bytes, or %v", name, err)
			}
		}
		c := &states{dir: t.TempDir(), left: -1}
		if _, err := outputs(t, c, func(k *Train) { change(k); k.Epochs = 5 }); err != nil {
			t.Fatal(err)
		}
		longer, err := outputs(t, c, change)
		if err != nil || !equal(longer, whole) || c.from < 2 {
			t.Errorf("%s: 8 epochs after 5 (from %d): other bytes, or %v", name, c.from, err)
		}
	}
}

// TestLength: under a cosine the number of epochs is part of every step, so nothing goes on.
func TestLength(t *testing.T) {
	k := defaults()
	k.Model.Name = "lstm"
	if option, n := k.Length(); option != "epochs" || n != 50 {
		t.Errorf("%s %d", option, n)
	}
	k.Decay = "cosine"
	if option, _ := k.Length(); option != "" {
		t.Errorf("cosine: %s", option)
	}
	k.Model.Name = "ar"
	if option, _ := k.Length(); option != "" {
		t.Errorf("ar: %s", option)
	}
	c := &states{dir: t.TempDir(), left: -1}
	if _, err := outputs(t, c, func(k *Train) { k.Decay, k.Epochs = "cosine", 3 }); err != nil {
		t.Fatal(err)
	}
	if files, err := os.ReadDir(c.dir); err != nil || len(files) > 0 {
		t.Errorf("cosine keeps %d states, %v", len(files), err)
	}
}
