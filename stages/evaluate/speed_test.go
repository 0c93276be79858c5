package evaluate

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"weir/internal/forecast"
	"weir/stages"
)

var full = flag.Bool("full", false, "also evaluate a large sweep")

// TestSpeed evaluates 1,000 trials of a series of 36,000 points, 7,000 of them targets: 24 s of CPU and 0.5 GB.
func TestSpeed(t *testing.T) {
	if !*full {
		t.Skip("takes a minute: -full")
	}
	s, dir := traffic(36_000, false), t.TempDir()
	first := fake(t, dir, s, forecast.Strict, forecast.Trial{LookBack: 20, Epochs: 1, Batch: 64, Seed: 1}, 1000)
	p, err := forecast.ReadPredictions(first.Named["predictions"].Leaf.Path)
	if err != nil {
		t.Fatal(err)
	}
	var list []stages.Tree
	for i := range 1000 {
		p.Trial.Units, p.Trial.Seed = 10+i/5, int64(i%5)
		for k := range p.Predicted {
			p.Predicted[k] += float64((i*7919+k*104729)%2001-1000) / 10
		}
		path := filepath.Join(dir, fmt.Sprint(i, ".parquet"))
		if err := forecast.WritePredictions(path, p); err != nil {
			t.Fatal(err)
		}
		list = append(list, stages.Tree{Named: map[string]stages.Tree{"predictions": {Leaf: &stages.Input{Path: path, From: path}}}})
	}
	runtime.GC()
	begin := time.Now()
	_, _, err = evaluate(t, s, stages.Tree{List: list}, func(e *Evaluate) { e.Table.Path = filepath.Join(dir, "trials.csv") })
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(begin)
	status, err := os.ReadFile("/proc/self/status")
	if err == nil {
		for _, line := range strings.Split(string(status), "\n") {
			if strings.HasPrefix(line, "VmHWM") {
				t.Log(line)
			}
		}
	}
	t.Log(took)
	if took > 3*time.Minute { // of a machine that others use too
		t.Errorf("took %s", took)
	}
}
