package evaluate

import (
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/internal/forecast"
	"weir/internal/metric"
	"weir/internal/series"
	"weir/stages"
)

// imitation is a trial that forecasts as an AR(3) fitted to its own training part, blurred, at all its horizons, with intervals.
func imitation(t *testing.T, dir string, d *forecast.Data, c forecast.Trial, noise float64) stages.Tree {
	t.Helper()
	c.Protocol, c.Column, c.Unit, c.StepNS = forecast.Strict, d.Column, d.Unit, int64(d.Step)
	split, err := d.Split(forecast.Strict, c.LookBack, c.Split)
	if err != nil {
		t.Fatal(err)
	}
	horizons := c.Horizons
	if horizons == nil {
		horizons = []int{1}
	}
	a, err := forecast.Model{Name: "ar", Order: 3, Strategy: forecast.Recursive}.Fit(d, split.Train, horizons)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(uint64(c.Seed), uint64(c.Units)))
	out := &forecast.Predictions{Trial: c}
	for _, h := range horizons {
		for _, part := range []struct {
			name    string
			targets []int
		}{{forecast.Train, split.Train}, {forecast.Validation, split.Validation}, {forecast.Test, split.Test}} {
			values := a.Forecast(d, part.targets, h)
			for i, k := range part.targets {
				v := values[i] + float64(noise*(r.Float64()-0.5))
				out.Time, out.Horizon, out.Part = append(out.Time, d.Time[k]), append(out.Horizon, h), append(out.Part, part.name)
				out.Actual, out.Predicted = append(out.Actual, d.Values[k]), append(out.Predicted, v)
				out.Low, out.High = append(out.Low, v-70000), append(out.High, v+70000)
			}
		}
	}
	path := filepath.Join(dir, fmt.Sprintf("%s-%d-%d-%d-%s.parquet", c.Model, c.Units, c.Seed, c.Split.Fold, c.Control))
	if err := forecast.WritePredictions(path, out); err != nil {
		t.Fatal(err)
	}
	return stages.Tree{Named: map[string]stages.Tree{"predictions": {Leaf: &stages.Input{Path: path, From: filepath.Base(path)}}}}
}

func strict(t *testing.T, s *series.Series) *forecast.Data {
	t.Helper()
	d, err := forecast.Prepare(s, forecast.Strict, "")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// rolled is two architectures with two seeds, three folds and two horizons.
func rolled(t *testing.T, d *forecast.Data, sliding bool) stages.Tree {
	dir := t.TempDir()
	var list []stages.Tree
	for units := 10; units <= 20; units += 10 {
		for seed := range 2 {
			for fold := range 3 {
				c := forecast.Trial{Model: "gru", Both: true, Layers: 2, Units: units, LookBack: 20, Epochs: 5, Batch: 32, Seed: int64(seed), Horizons: []int{1, 5}, Level: 0.9, Covariates: []string{"packets"},
					Options: []forecast.Option{{Name: "dropout", Value: "0.2"}}, Guards: []forecast.Guard{{Name: "scaler", Passed: true, Count: 1}, {Name: "future_poison", Passed: true, Count: 8}},
					Split: forecast.SplitOptions{Test: 0.3, Validation: 0.2, History: 60, Horizon: 5, Gap: 5, Folds: 3, Fold: fold + 1, Sliding: sliding}}
				list = append(list, imitation(t, dir, d, c, 10000*float64(units)/10))
			}
		}
	}
	return stages.Tree{List: list}
}

func TestFoldsAndHorizons(t *testing.T) {
	s := traffic(900, false)
	d := strict(t, s)
	trials := rolled(t, d, false)
	var table string
	dir, env, err := evaluate(t, s, trials, func(e *Evaluate) { e.Table.Path = filepath.Join(t.TempDir(), "trials.csv"); table = e.Table.Path })
	if err != nil {
		t.Fatal(err)
	}
	list := read(t, dir)
	seen := map[string]bool{}
	for _, m := range list {
		key := fmt.Sprint(m.Name, m.Labels)
		if seen[key] {
			t.Errorf("metric %s twice", key)
		}
		seen[key] = true
	}
	one := func(name string, labels ...string) metric.Metric {
		t.Helper()
		var found []metric.Metric
		for _, m := range metric.Find(list, name, labels...) {
			_, seed := m.Labels["seed"]
			_, fold := m.Labels["fold"]
			if !seed && (fold == strings.Contains(fmt.Sprint(labels), "fold")) {
				found = append(found, m)
			}
		}
		if len(found) != 1 {
			t.Fatalf("%d metrics %s %v", len(found), name, labels)
		}
		return found[0]
	}
	// The baselines of a fold are fitted on its own training part.
	for _, h := range []int{1, 5} {
		at, total, all := fmt.Sprint(h), 0.0, 0
		for fold := 1; fold <= 3; fold++ {
			split, err := d.Split(forecast.Strict, 20, forecast.SplitOptions{Test: 0.3, Validation: 0.2, History: 60, Horizon: 5, Gap: 5, Folds: 3, Fold: fold})
			if err != nil {
				t.Fatal(err)
			}
			a, err := forecast.Model{Name: "ar", Order: 20}.Fit(d, forecast.Rows(0, split.End()), []int{h})
			if err != nil {
				t.Fatal(err)
			}
			if fold == 1 { // what chooses is before every test target
				e := forecast.Errors(d.At(split.Validation), a.Forecast(d, split.Validation, h))
				if got, want := float64(one("validation_mse", "model", "ar", "horizon", at).Value), forecast.SumSquares(e)/float64(len(e)); math.Abs(got-want) > 1e-9*want {
					t.Errorf("horizon %d: validation_mse %v, want %v", h, got, want)
				}
			}
			e := forecast.Errors(d.At(split.Test), a.Forecast(d, split.Test, h))
			want := forecast.SumSquares(e) / float64(len(e))
			total, all = total+want*float64(len(e)), all+len(e)
			if got := float64(one("mse", "model", "ar", "horizon", at, "fold", fmt.Sprint(fold)).Value); math.Abs(got-want) > 1e-9*want {
				t.Errorf("horizon %d, fold %d: mse %v, want %v", h, fold, got, want)
			}
			if got := one("train_rows", "horizon", at, "fold", fmt.Sprint(fold)).Value; float64(got) != float64(split.End()) {
				t.Errorf("fold %d: %v training rows, want %d", fold, got, split.End())
			}
		}
		if got := float64(one("mse", "model", "ar", "horizon", at).Value); math.Abs(got-total/float64(all)) > 1e-9*got {
			t.Errorf("horizon %d: mse over all folds %v, want %v", h, got, total/float64(all))
		}
		m := one("skill_folds", "model", "gru", "units", "10", "horizon", at)
		if *m.Count != 3 || m.Low == nil || !(*m.Low < m.Value) || m.Labels["bidirectional"] != "true" || m.Labels["layers"] != "2" || m.Labels["dropout"] != "0.2" || m.Labels["covariates"] != "packets" {
			t.Errorf("skill over folds: %+v", m)
		}
		if s := one("skill", "model", "gru", "units", "10", "horizon", at); s.Low == nil || !(*s.Low < s.Value && s.Value < *s.High) {
			t.Errorf("skill: %+v", s)
		}
		c := one("coverage", "model", "gru", "units", "10", "horizon", at)
		if c.Labels["level"] != "0.9" || !(c.Value > 0.5) || !(*c.Low < c.Value && c.Value < *c.High) || int(*c.Count) != all {
			t.Errorf("coverage: %+v", c)
		}
		if one("interval_width", "model", "gru", "units", "10", "horizon", at).Value != 140000 {
			t.Error("interval_width")
		}
		one("coverage", "model", "ar", "horizon", at)
		one("mde", "model", "gru", "units", "10", "horizon", at, "against", "linear")
		one("best_of_n_luck", "horizon", at, "against", "linear")
		if one("combined", "horizon", at).Labels["model"] != "ensemble" {
			t.Error("combined")
		}
		weights := 0.0
		for _, w := range metric.Find(list, "ensemble_weight", "horizon", at) {
			weights += float64(w.Value)
		}
		if math.Abs(weights-1) > 1e-12 {
			t.Errorf("weights of the ensemble sum to %v", weights)
		}
	}
	if g := one("guard", "guard", "future_poison", "horizon", "1"); g.Value != 1 || *g.Count <= 12*8 {
		t.Errorf("future_poison: %+v", g)
	}
	if g := one("guard", "guard", "scaler"); g.Value != 1 || *g.Count != 12 {
		t.Errorf("scaler: %+v", g)
	}
	if v := one("event_within"); v.Value != 5 {
		t.Errorf("event_within %v", v.Value)
	}
	one("event_average_precision", "model", "naive")
	one("event_average_precision", "model", "gru", "units", "20")
	rmse, mbit := one("rmse", "model", "naive", "horizon", "1"), one("rmse_mbit", "model", "naive", "horizon", "1")
	if math.Abs(float64(rmse.Value)*8e-6-float64(mbit.Value)) > 1e-9 {
		t.Errorf("rmse %v B/s, %v Mbit/s", rmse.Value, mbit.Value)
	}
	for _, name := range []string{"error_by_horizon_strict.svg", "events_strict.svg", "skill_strict.pdf", "zoom_strict.svg"} {
		if _, err := os.Stat(filepath.Join(dir, "figures", name)); err != nil {
			t.Error(err)
		}
	}
	_, findings, _ := env.Said()
	if len(findings) > 3 || !strings.Contains(strings.Join(findings, " "), "5 seconds ahead the best model") {
		t.Errorf("findings %q", findings)
	}
	t.Log(strings.Join(findings, "\n"))
	file, err := os.Open(table)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	last, trials2 := math.Inf(-1), 0
	for _, row := range rows[1:] {
		if row[column["kind"]] == "trial" {
			trials2++
			if row[column["dropout"]] != "0.2" || row[column["bidirectional"]] != "true" || row[column["seeds"]] != "2" {
				t.Errorf("row %v", row)
			}
		}
		if row[column["horizon"]] == "1" {
			var v float64
			if _, err := fmt.Sscan(row[column["validation_mse"]], &v); err == nil {
				if v < last {
					t.Errorf("rows are not best first: %v after %v", v, last)
				}
				last = v
			}
		}
	}
	if trials2 != 4 {
		t.Errorf("%d rows of trials, want 2 configurations at 2 horizons", trials2)
	}
}

// TestSliding: a sliding fold's baselines see as much as its trials.
func TestSliding(t *testing.T) {
	s := traffic(900, false)
	d := strict(t, s)
	dir, _, err := evaluate(t, s, rolled(t, d, true), nil)
	if err != nil {
		t.Fatal(err)
	}
	list := read(t, dir)
	first := metric.Find(list, "train_rows", "horizon", "1", "fold", "1")[0].Value
	last := metric.Find(list, "train_rows", "horizon", "1", "fold", "3")[0].Value
	if first != last {
		t.Errorf("%v training rows in the first fold, %v in the last", first, last)
	}
}

// TestIncomplete leaves out a seed without its last fold and one that diverged.
func TestIncomplete(t *testing.T) {
	s := traffic(900, false)
	d := strict(t, s)
	trials := rolled(t, d, false)
	trials.List = trials.List[:len(trials.List)-1]
	dir := t.TempDir()
	path := filepath.Join(dir, "diverged.parquet")
	if err := forecast.WritePredictions(path, &forecast.Predictions{Trial: forecast.Trial{Model: "gru", Protocol: forecast.Strict, Parameters: map[string]float64{"diverged": 3}}}); err != nil {
		t.Fatal(err)
	}
	trials.List = append(trials.List, stages.Tree{Leaf: &stages.Input{Path: path, From: path}})
	out, env, err := evaluate(t, s, trials, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _, warnings := env.Said()
	said := strings.Join(warnings, "\n")
	if !strings.Contains(said, "1 of 12 trials diverged") || !strings.Contains(said, "2 of 12 trials do not have all folds") {
		t.Errorf("warnings %q", warnings)
	}
	list := read(t, out)
	if v := metric.Find(list, "trials_left_out", "reason", "diverged"); len(v) != 1 || v[0].Value != 1 {
		t.Errorf("trials_left_out %v", v)
	}
	if v := value(t, list, "seeds", "horizon", "1"); v != 2 {
		t.Errorf("seeds %v", v)
	}
}

// TestCrossTrace trains on one series and tests on another: baselines too.
func TestCrossTrace(t *testing.T) {
	s, other := traffic(900, false), traffic(700, false)
	for i := range other.Time {
		other.Time[i] -= int64(24 * time.Hour)
		other.Columns[0].Values[i] += 5e4
	}
	d, err := forecast.Join(strict(t, other), strict(t, s))
	if err != nil {
		t.Fatal(err)
	}
	split := forecast.SplitOptions{Test: 0.2, Validation: 0.2, History: 60}
	c := forecast.Trial{Model: "lstm", Units: 5, LookBack: 20, Epochs: 5, Batch: 32, Seed: 1, TrainedOn: "sha256:ab…cd", Split: split}
	trials := imitation(t, t.TempDir(), d, c, 1000)
	path := filepath.Join(t.TempDir(), "other.parquet")
	if err := other.Write(path); err != nil {
		t.Fatal(err)
	}
	dir, _, err := evaluate(t, s, trials, func(e *Evaluate) { e.Other = stages.Input{Path: path, From: "other"} })
	if err != nil {
		t.Fatal(err)
	}
	parts, err := d.Split(forecast.Strict, 20, split)
	if err != nil {
		t.Fatal(err)
	}
	if parts.Test[0] < d.Border || parts.End() > d.Border {
		t.Fatal("the split crosses the border")
	}
	a, err := forecast.Model{Name: "ar", Order: 20}.Fit(d, forecast.Rows(0, parts.End()), []int{1})
	if err != nil {
		t.Fatal(err)
	}
	e := forecast.Errors(d.At(parts.Test), a.Forecast(d, parts.Test, 1))
	want := forecast.SumSquares(e) / float64(len(e))
	if got := value(t, read(t, dir), "mse", "model", "ar"); math.Abs(got-want) > 1e-9*want {
		t.Errorf("mse of AR trained elsewhere %v, want %v", got, want)
	}
	if _, _, err := evaluate(t, s, trials, nil); err == nil || !strings.Contains(err.Error(), "train_series") {
		t.Errorf("without the other series: %v", err)
	}
}

func TestManyHorizons(t *testing.T) {
	one := &trial{from: "x", about: forecast.Trial{Model: "lstm", Protocol: forecast.Strict}, parts: map[section]forecasts{}}
	for h := range maxHorizons + 1 {
		one.parts[section{forecast.Test, h + 1}] = forecasts{rows: []int{200}, predicted: []float64{1}}
	}
	w := &study{protocol: forecast.Strict, data: strict(t, traffic(300, false)), trials: []*trial{one}, left: map[string]int{}}
	if _, err := w.contests(&Evaluate{}, nil); err == nil || !strings.Contains(err.Error(), "101 horizons") {
		t.Errorf("101 horizons: %v", err)
	}
}
