package evaluate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"weir/internal/forecast"
	"weir/internal/metric"
	"weir/internal/series"
	"weir/stages"
)

// verdictOf runs the stage and returns one guard's value and what was warned of.
func verdictOf(t *testing.T, s *series.Series, trials stages.Tree, name string) (passed bool, warned string) {
	t.Helper()
	dir, env, err := evaluate(t, s, trials, nil)
	if err != nil {
		t.Fatal(err)
	}
	found := metric.Find(read(t, dir), "guard", "guard", name)
	if len(found) != 1 {
		t.Fatalf("guard %s: %v", name, found)
	}
	_, findings, warnings := env.Said()
	said := strings.Join(append(warnings, findings...), "\n")
	if found[0].Value == 0 && !strings.Contains(said, "guard "+name+" failed") {
		t.Errorf("a failed guard %s is not told: %s", name, said)
	}
	return found[0].Value == 1, said
}

// changed is a trial whose forecasts at the test targets were changed.
func changed(t *testing.T, s *series.Series, c forecast.Trial, forecastOf func(actual, last, predicted float64) float64) stages.Tree {
	t.Helper()
	c.Split, c.LookBack, c.Epochs, c.Batch = forecast.DefaultSplit, 20, 5, 64
	tree := imitation(t, t.TempDir(), strict(t, s), c, 0)
	path := tree.Named["predictions"].Leaf.Path
	p, err := forecast.ReadPredictions(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Predicted {
		last := p.Actual[max(i-1, 0)]
		p.Predicted[i] = forecastOf(p.Actual[i], last, p.Predicted[i])
	}
	if err := forecast.WritePredictions(path, p); err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestGuardsPass(t *testing.T) {
	s := traffic(900, false)
	c := forecast.Trial{Model: "lstm", Units: 5, Seed: 1, Guards: []forecast.Guard{{Name: "scaler", Passed: true, Count: 1}}}
	dir, env, err := evaluate(t, s, changed(t, s, c, func(_, _, predicted float64) float64 { return predicted }), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _, warnings := env.Said()
	for _, name := range []string{"future_poison", "shuffled", "lag_copy", "too_good", "scaler", "selection"} {
		if v := value(t, read(t, dir), "guard", "guard", name); v != 1 {
			t.Errorf("an honest trial fails %s: %q", name, warnings)
		}
	}
}

func TestTooGoodFails(t *testing.T) {
	s := traffic(900, false)
	passed, said := verdictOf(t, s, changed(t, s, forecast.Trial{Model: "lstm", Units: 5, Seed: 1}, func(actual, _, predicted float64) float64 { return (actual + predicted) / 2 }), "too_good")
	if passed || !strings.Contains(said, "look for a leak before believing it") || !strings.Contains(said, "A leak is possible: too good failed") {
		t.Errorf("a trial that knows the future: %s", said)
	}
}

func TestLagCopyFails(t *testing.T) {
	s := traffic(900, false)
	passed, said := verdictOf(t, s, changed(t, s, forecast.Trial{Model: "lstm", Units: 5, Seed: 1}, func(_, last, _ float64) float64 { return last + 1 }), "lag_copy")
	if passed || !strings.Contains(said, "only repeats the last value") {
		t.Errorf("a trial that repeats the last value: %s", said)
	}
}

func TestTrialsOwnGuardFails(t *testing.T) {
	s := traffic(900, false)
	c := forecast.Trial{Model: "lstm", Units: 5, Seed: 1, Guards: []forecast.Guard{{Name: "scaler", Count: 3}, {Name: "window", Count: 5}, {Name: "future_poison", Count: 8}}}
	dir, env, err := evaluate(t, s, changed(t, s, c, func(_, _, predicted float64) float64 { return predicted }), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _, warnings := env.Said()
	for _, g := range c.Guards {
		if v := value(t, read(t, dir), "guard", "guard", g.Name); v != 0 || !strings.Contains(fmt.Sprint(warnings), "guard "+g.Name+" failed") {
			t.Errorf("a trial that failed %s: %v, %q", g.Name, v, warnings)
		}
	}
}

// TestControl: what was trained on shuffled targets and forecasts all the same has a leak; what forecasts about the mean has none.
func TestControl(t *testing.T) {
	s := traffic(900, false)
	competitor := changed(t, s, forecast.Trial{Model: "lstm", Units: 5, Seed: 1}, func(_, _, predicted float64) float64 { return predicted })
	r := rand.New(rand.NewPCG(1, 2))
	mean := forecast.Mean(strict(t, s).Values)
	for name, of := range map[string]func(actual, last, predicted float64) float64{
		"leaks": func(actual, _, predicted float64) float64 { return (actual + predicted) / 2 },
		"fair": func(_, _, predicted float64) float64 {
			return mean + float64(0.02*(predicted-mean)) + float64(500*r.Float64())
		},
	} {
		control := changed(t, s, forecast.Trial{Model: "lstm", Units: 5, Seed: 1, Control: "shuffled"}, of)
		if passed, said := verdictOf(t, s, stages.Tree{List: []stages.Tree{competitor, control}}, "shuffled_control"); passed == (name == "leaks") {
			t.Errorf("a control that %s: passed %v: %s", name, passed, said)
		}
	}
}

// peeking is a model that sees the value that it forecasts.
type peeking struct{}

func (peeking) Fit(*forecast.Data, []int, []int) (forecast.Fitted, error) { return peeking{}, nil }
func (peeking) Parameters() map[string]float64                            { return nil }
func (peeking) Needs() int                                                { return 0 }
func (peeking) Forecast(d *forecast.Data, targets []int, _ int) []float64 {
	f := make([]float64, len(targets))
	for i, t := range targets {
		f[i] = 0.5*d.Values[t] + 0.5*forecast.Mean(d.Values)
	}
	return f
}

// arena is a field of AR(5) alone.
func arena(t *testing.T) (*contest, *model) {
	t.Helper()
	d := strict(t, traffic(900, false))
	split, err := d.Split(forecast.Strict, 1, forecast.DefaultSplit)
	if err != nil {
		t.Fatal(err)
	}
	f := &field{protocol: forecast.Strict, horizon: 1, level: 0.9, data: d, folds: []fold{{end: split.End(), test: split.Test, validate: split.Validation}}, test: split.Test, validate: split.Validation}
	m, why := f.baseline(config{Model: "ar", Order: 5})
	if why != "" {
		t.Fatal(why)
	}
	f.models, f.linear = []*model{m}, m
	return &contest{protocol: forecast.Strict, horizon: 1, data: d, fields: []*field{f}}, m
}

func TestShuffledFails(t *testing.T) {
	c, m := arena(t)
	f := c.fields[0]
	if v := f.shuffled(m.config.rules()); !v.Passed || v.Count != len(f.test) {
		t.Errorf("AR(5): %+v", v)
	}
	if v := f.shuffled(peeking{}); v.Passed || !strings.Contains(v.why, "sees what it must not") {
		t.Errorf("a model that sees its target: %+v", v)
	}
}

func TestPoisonFails(t *testing.T) {
	c, m := arena(t)
	if v := c.poisoned(); !v.Passed || v.Count == 0 {
		t.Errorf("AR(5): %+v", v)
	}
	m.fitted = []forecast.Fitted{peeking{}}
	if v := c.poisoned(); v.Passed {
		t.Errorf("a model that sees its target: %+v", v)
	}
	// Parameters that were fitted on the whole series.
	whole, err := m.config.rules().Fit(c.data, forecast.Rows(0, c.data.Len()), []int{1})
	if err != nil {
		t.Fatal(err)
	}
	m.fitted = []forecast.Fitted{whole}
	if v := c.poisoned(); v.Passed || !strings.Contains(v.why, "other parameters") {
		t.Errorf("a model fitted on the test part: %+v", v)
	}
}

// TestBursts: a model that knows the future finds every burst, the last value does not.
func TestBursts(t *testing.T) {
	s := traffic(900, false)
	c := forecast.Trial{Model: "lstm", Units: 5, Seed: 1}
	dir, _, err := evaluate(t, s, changed(t, s, c, func(actual, _, _ float64) float64 { return actual }), func(e *Evaluate) { e.Burst = 0.8 })
	if err != nil {
		t.Fatal(err)
	}
	list := read(t, dir)
	rate := value(t, list, "event_rate")
	if v := value(t, list, "event_average_precision", "model", "lstm"); v != 1 {
		t.Errorf("average precision of a prophet %v", v)
	}
	if v := value(t, list, "event_found", "model", "lstm"); v != 1 {
		t.Errorf("a prophet finds %v of the bursts", v)
	}
	if v := value(t, list, "event_lead", "model", "lstm"); v != 1 {
		t.Errorf("lead %v", v)
	}
	if v := value(t, list, "event_average_precision", "model", "naive"); !(v > rate && v < 1) {
		t.Errorf("average precision of the last value %v, base rate %v", v, rate)
	}
	if v := value(t, list, "event_average_precision", "model", "mean"); math.Abs(v-rate) > 1e-9 {
		t.Errorf("average precision of a constant %v, base rate %v", v, rate)
	}
}

// TestLuck: of tries that are all the linear model with noise, the best is luck.
func TestLuck(t *testing.T) {
	s := traffic(900, false)
	var list []stages.Tree
	dir := t.TempDir()
	for i := range 16 {
		c := forecast.Trial{Model: "lstm", Units: i + 1, Seed: 1, LookBack: 20, Epochs: 5, Batch: 64, Split: forecast.DefaultSplit}
		list = append(list, imitation(t, dir, strict(t, s), c, 40000))
	}
	out, env, err := evaluate(t, s, stages.Tree{List: list}, func(e *Evaluate) { e.Table.Path = filepath.Join(t.TempDir(), "trials.csv") })
	if err != nil {
		t.Fatal(err)
	}
	metrics := read(t, out)
	luck := value(t, metrics, "best_of_n_luck", "against", "linear")
	best := value(t, metrics, "best_of_n", "against", "linear")
	p := value(t, metrics, "spa_p", "against", "linear")
	if !(luck > 0.005 && luck < 0.2) || best > 2*luck || p < 0.05 {
		t.Errorf("luck %v, best %v, p %v", luck, best, p)
	}
	_, findings, _ := env.Said()
	if said := fmt.Sprint(findings); !strings.Contains(said, "luck alone would") {
		t.Errorf("luck is not told: %s", said)
	}
}

func TestSelectionFails(t *testing.T) {
	c, _ := arena(t)
	f := c.fields[0]
	c.on = forecast.Validation
	if v := c.selection(); !v.Passed || v.Count != len(f.validate) {
		t.Errorf("validation before test: %+v", v)
	}
	f.folds[0].validate = f.test[:5]
	if v := c.selection(); v.Passed {
		t.Errorf("validation on the test part: %+v", v)
	}
	f.folds[0].validate, f.folds[0].end = f.validate, f.test[0]+1
	if v := c.selection(); v.Passed {
		t.Errorf("training on the test part: %+v", v)
	}
	c.on = forecast.Test
	if v := c.selection(); v.Passed {
		t.Errorf("chosen on the test part: %+v", v)
	}
}
