package evaluate

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"weir/internal/forecast"
	"weir/internal/series"
	"weir/stages"
)

// said runs the stage and returns its findings.
func said(t *testing.T, s *series.Series, trials stages.Tree) []string {
	t.Helper()
	_, env, err := evaluate(t, s, trials, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, findings, _ := env.Said()
	return findings
}

// TestFindings checks that the sentences follow the numbers, whoever wins.
func TestFindings(t *testing.T) {
	walk := &series.Series{Step: time.Second, Columns: []series.Column{{Name: "wire_bytes", Unit: "B"}}}
	r := rand.New(rand.NewPCG(3, 4))
	level := 5e6
	for i := range 900 {
		level += float64(1000 * (r.Float64() - 0.5))
		walk.Time, walk.Coverage = append(walk.Time, int64(i)*1e9), append(walk.Coverage, 1)
		walk.Columns[0].Values = append(walk.Columns[0].Values, level)
	}
	slow := traffic(900, false)
	for _, c := range []struct {
		name   string
		series *series.Series
		trials stages.Tree
		says   [2]string
	}{
		{"nothing beats the last value", walk, stages.Tree{}, [2]string{"epeating the last value", "No trained model was given"}},
		{"the LSTM wins", slow, prophet(t, slow), [2]string{"LSTM (look-back 20) forecasts the next second best: RMSE ", "The LSTM (look-back 20) is better than theta: RMSE "}},
		{"the LSTM is no better", slow, fake(t, t.TempDir(), slow, forecast.Strict, forecast.Trial{LookBack: 20, Epochs: 5, Batch: 64, Seed: 1}, 1000),
			[2]string{"better than repeating the last value (p < 0.001)", "The LSTM (look-back 20) is not better than theta (p = "}},
		{"the LSTM loses", slow, fake(t, t.TempDir(), slow, forecast.Strict, forecast.Trial{LookBack: 20, Epochs: 5, Batch: 64, Seed: 1}, 300000),
			[2]string{"better than repeating the last value (p < 0.001)", "The LSTM (look-back 20) is worse than theta: RMSE "}},
	} {
		got := said(t, c.series, c.trials)
		t.Logf("%s: %q", c.name, got)
		for i, says := range c.says {
			if len(got) < 2 || !strings.Contains(got[i], says) {
				t.Errorf("%s: %q does not say %q", c.name, got, says)
			}
		}
	}
}

// prophet is a trial that knows the future nearly.
func prophet(t *testing.T, s *series.Series) stages.Tree {
	t.Helper()
	tree := fake(t, t.TempDir(), s, forecast.Strict, forecast.Trial{LookBack: 20, Epochs: 5, Batch: 64, Seed: 1}, 0)
	path := tree.Named["predictions"].Leaf.Path
	p, err := forecast.ReadPredictions(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Predicted {
		p.Predicted[i] = (p.Predicted[i] + p.Actual[i]) / 2
	}
	if err := forecast.WritePredictions(path, p); err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestProbabilityText(t *testing.T) {
	for p, want := range map[float64]string{0.0211: "p = 0.02", 0.61: "p = 0.61", 1e-9: "p < 0.001", 0.0042: "p = 0.004", 0.0498: "p < 0.05", 0.048: "p = 0.048", 0.0502: "p = 0.050", 1: "p = 1.00"} {
		if got := probabilityText(p); got != want {
			t.Errorf("%v: %s, want %s", p, got, want)
		}
	}
}

func TestStepNames(t *testing.T) {
	for d, want := range map[time.Duration]string{time.Second: "second", 5 * time.Minute: "5 minutes", 100 * time.Millisecond: "100 ms", 90 * time.Second: "90 seconds", time.Hour: "hour"} {
		if got := step(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
