package evaluate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"weir/internal/forecast"
	"weir/internal/metric"
	"weir/internal/series"
	"weir/stages"
)

var update = flag.Bool("update", false, "rewrite the golden digest")

// traffic is a slowly moving level with noise: AR beats the last value on it. Wire bytes are twelve times the captured bytes but for rounding; the
// first and last second are partial, second 400 is empty, and with gap a segment ends at 500.
func traffic(n int, gap bool) *series.Series {
	r := rand.New(rand.NewPCG(1, 2))
	s := &series.Series{Step: time.Second}
	var wire, captured, packets []float64
	level := 0.0
	for i := range n {
		level = float64(0.9*level) + float64(30000*(r.Float64()-0.5))
		v := math.Round(1e6 + level + float64(90000*(r.Float64()+r.Float64()-1)))
		count := math.Round(v / 700)
		at, covered := int64(1_169_701_200+i), 1.0
		if gap && i >= 500 {
			at += 3600
		}
		if i == 0 || i == n-1 {
			v, covered = math.Round(v/3), 0.25
		}
		if i == 400 {
			v, count = 0, 0
		}
		s.Time = append(s.Time, at*1e9)
		s.Coverage = append(s.Coverage, covered)
		wire, captured, packets = append(wire, v), append(captured, math.Round(v/12)), append(packets, count)
	}
	s.Columns = []series.Column{{Name: "wire_bytes", Unit: "B", Values: wire}, {Name: "captured_bytes", Unit: "B", Values: captured}, {Name: "packets", Unit: "packets", Values: packets}}
	return s
}

// fake is a trial whose forecasts are AR(3)'s blurred by noise.
func fake(t *testing.T, dir string, s *series.Series, p forecast.Protocol, c forecast.Trial, noise float64) stages.Tree {
	t.Helper()
	d, err := forecast.Prepare(s, p, c.Column)
	if err != nil {
		t.Fatal(err)
	}
	c.Model, c.Units, c.Protocol, c.Column, c.Unit, c.StepNS = "lstm", 50, p, d.Column, d.Unit, int64(d.Step)
	if c.Split == (forecast.SplitOptions{}) {
		c.Split = forecast.DefaultSplit
	}
	split, err := d.Split(p, c.LookBack, c.Split)
	if err != nil {
		t.Fatal(err)
	}
	a, err := forecast.Model{Name: "ar", Order: 3}.Fit(d, forecast.Rows(0, split.End()), []int{1})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(uint64(c.Seed), uint64(c.LookBack*1000+c.Epochs)))
	out := &forecast.Predictions{Trial: c}
	for _, part := range []struct {
		name    string
		targets []int
	}{{forecast.Train, split.Train}, {forecast.Validation, split.Validation}, {forecast.Test, split.Test}} {
		values := a.Forecast(d, part.targets, 1)
		for i, k := range part.targets {
			out.Time = append(out.Time, d.Time[k])
			out.Horizon = append(out.Horizon, 1)
			out.Actual = append(out.Actual, d.Values[k])
			out.Predicted = append(out.Predicted, values[i]+float64(noise*(r.Float64()-0.5)))
			out.Part = append(out.Part, part.name)
		}
	}
	name := fmt.Sprintf("%s-%d-%d-%d", p, c.LookBack, c.Epochs, c.Seed)
	path, model := filepath.Join(dir, name+".parquet"), filepath.Join(dir, name+".weir")
	if err := forecast.WritePredictions(path, out); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(model, []byte(name), 0o666); err != nil {
		t.Fatal(err)
	}
	return stages.Tree{Named: map[string]stages.Tree{
		"predictions": {Leaf: &stages.Input{Path: path, From: name}},
		"model":       {Leaf: &stages.Input{Path: model, From: name}},
		"history":     {Leaf: &stages.Input{Path: model, From: name}},
	}}
}

// evaluate runs the stage in a folder of its own.
func evaluate(t *testing.T, s *series.Series, trials stages.Tree, set func(*Evaluate)) (dir string, env *stages.Env, err error) {
	t.Helper()
	dir = t.TempDir()
	path := filepath.Join(dir, "series.parquet")
	if err := s.Write(path); err != nil {
		t.Fatal(err)
	}
	e := Kind().New().(*Evaluate)
	e.Series, e.Trials = stages.Input{Path: path, From: "series"}, trials
	e.Metrics.Path, e.Figures.Path, e.Best.Path = filepath.Join(dir, "metrics.json"), filepath.Join(dir, "figures"), filepath.Join(dir, "best.weir")
	if err := os.Mkdir(e.Figures.Path, 0o777); err != nil {
		t.Fatal(err)
	}
	if set != nil {
		set(e)
	}
	env = stages.Quiet(t.TempDir())
	return dir, env, e.Run(context.Background(), env)
}

func read(t *testing.T, dir string) []metric.Metric {
	t.Helper()
	list, err := metric.Read(filepath.Join(dir, "metrics.json"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// value is the one metric with these labels and no seed.
func value(t *testing.T, list []metric.Metric, name string, labels ...string) float64 {
	t.Helper()
	n, v := 0, 0.0
	for _, m := range metric.Find(list, name, labels...) {
		if _, ok := m.Labels["seed"]; !ok {
			n, v = n+1, float64(m.Value)
		}
	}
	if n != 1 {
		t.Fatalf("%d metrics %s %v", n, name, labels)
	}
	return v
}

// sweep is look-backs 10 and 20, two schedules, seeds 1..seeds, both protocols.
func sweep(t *testing.T, s *series.Series, seeds int, noise float64, protocols ...forecast.Protocol) stages.Tree {
	dir := t.TempDir()
	var list []stages.Tree
	for _, p := range protocols {
		for _, look := range []int{20, 10} {
			for _, c := range []forecast.Trial{{Epochs: 50, Batch: 64}, {Epochs: 20, Batch: 32}} {
				for seed := range seeds {
					c.LookBack, c.Seed = look, int64(seed+1)
					list = append(list, fake(t, dir, s, p, c, noise*float64(30-look)/10))
				}
			}
		}
	}
	return stages.Tree{Named: map[string]stages.Tree{"lstm": {List: list}}}
}

func TestSweep(t *testing.T) {
	s := traffic(900, false)
	dir, env, err := evaluate(t, s, sweep(t, s, 3, 60000, forecast.Published, forecast.Strict), nil)
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
	for _, m := range list {
		if _, ok := m.Labels["protocol"]; !ok && m.Name != "step" && m.Name != "captured_ratio" {
			t.Errorf("metric %s without protocol", m.Name)
		}
	}
	if v := value(t, list, "captured_ratio"); math.Abs(v-1.0/12) > 1e-4 {
		t.Errorf("captured_ratio %v", v)
	}
	for name, want := range map[string]float64{"tries": 4, "trials": 12, "seeds": 3, "targets": 168, "validation_targets": 134, "rows": 898, "rows_left_out": 2} {
		if v := value(t, list, name, "protocol", "strict"); v != want {
			t.Errorf("strict %s %v, want %v", name, v, want)
		}
	}
	if v := value(t, list, "rows", "protocol", "published"); v != 899 {
		t.Errorf("published rows %v: the empty second is dropped, the edges stay", v)
	}
	if v := value(t, list, "last_coverage", "protocol", "published"); v != 0.25 {
		t.Errorf("last_coverage %v", v)
	}
	if v := value(t, list, "last_point_share", "protocol", "published", "look_back", "10"); v < 0.05 {
		t.Errorf("last_point_share %v", v)
	}
	if v := value(t, list, "selected", "protocol", "strict", "model", "lstm", "look_back", "20", "epochs", "50"); v+value(t, list, "selected", "protocol", "strict", "model", "lstm", "look_back", "20", "epochs", "20") != 1 {
		t.Errorf("the less noisy look-back is not selected")
	}
	if v := value(t, list, "skill", "protocol", "strict", "model", "naive"); v != 0 {
		t.Errorf("skill of naive %v", v)
	}
	m := metric.Find(list, "mse", "protocol", "strict", "model", "lstm", "look_back", "20", "epochs", "50")[0]
	if m.Count == nil || *m.Count != 3 || m.Low == nil || *m.Low >= m.Value || m.Unit != "B²/s²" {
		t.Errorf("mse over seeds: %+v", m)
	}
	best, err := os.ReadFile(filepath.Join(dir, "best.weir"))
	if err != nil || !strings.HasPrefix(string(best), "strict-20-") {
		t.Errorf("best model %q, %v", best, err)
	}
	for _, name := range []string{"forecast_strict_50x64", "forecast_published_20x32", "sweep_strict", "sweep_published", "residual_acf_strict"} {
		for _, ext := range []string{".svg", ".pdf"} {
			if _, err := os.Stat(filepath.Join(dir, "figures", name+ext)); err != nil {
				t.Error(err)
			}
		}
	}
	summary, findings, warnings := env.Said()
	t.Logf("%s\n%s\n%v", summary, strings.Join(findings, "\n"), warnings)
	if len(findings) < 2 || !strings.Contains(findings[1], "after correcting for 4 tries") {
		t.Errorf("findings %q", findings)
	}
}

// TestGolden fails when bytes change and the version did not: of two protocols, and of folds and horizons.
func TestGolden(t *testing.T) {
	s := traffic(900, true)
	trials := sweep(t, s, 2, 60000, forecast.Published, forecast.Strict)
	digest := func(s *series.Series, trials stages.Tree) (text string, metrics []byte) {
		table := filepath.Join(t.TempDir(), "trials.csv")
		dir, _, err := evaluate(t, s, trials, func(e *Evaluate) { e.Table.Path = table })
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{filepath.Join(dir, "metrics.json"), table} {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if metrics == nil {
				metrics = data
			}
			text += fmt.Sprintf("%s sha256:%x\n", filepath.Base(path), sha256.Sum256(data))
		}
		return text, metrics
	}
	got, data := digest(s, trials)
	rolling := traffic(900, false)
	more, _ := digest(rolling, rolled(t, strict(t, rolling), false))
	got = fmt.Sprintf("version %d\n%s%s", Version, got, more)
	golden := filepath.Join("testdata", "golden.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%swant %sother bytes need another version", got, want)
	}
	// The order of the trials changes nothing.
	list := trials.Named["lstm"].List
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	again, _, err := evaluate(t, s, trials, nil)
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(filepath.Join(again, "metrics.json"))
	if err != nil || !bytes.Equal(data, other) {
		t.Errorf("trials in another order give other metrics (%v)", err)
	}
}

func TestBaselinesOnly(t *testing.T) {
	dir, env, err := evaluate(t, traffic(900, false), stages.Tree{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	list := read(t, dir)
	if v := value(t, list, "tries", "protocol", "strict"); v != 0 {
		t.Errorf("tries %v", v)
	}
	value(t, list, "mse", "protocol", "strict", "model", "ar", "order", "20")
	if _, err := os.Stat(filepath.Join(dir, "best.weir")); err == nil {
		t.Error("a best model without trials")
	}
	_, findings, _ := env.Said()
	if len(findings) < 2 || !strings.Contains(findings[1], "No trained model was given") {
		t.Errorf("findings %q", findings)
	}
}

func TestOneSeed(t *testing.T) {
	s := traffic(900, false)
	dir, _, err := evaluate(t, s, fake(t, t.TempDir(), s, forecast.Strict, forecast.Trial{LookBack: 20, Epochs: 5, Batch: 64, Seed: 7}, 1000), nil)
	if err != nil {
		t.Fatal(err)
	}
	m := metric.Find(read(t, dir), "mse", "model", "lstm")[0]
	if m.Low != nil || m.High != nil || *m.Count != 1 {
		t.Errorf("one seed has an interval: %+v", m)
	}
}

// TestNoValidation: without a validation part strict has only the test part to choose on, and says so.
func TestNoValidation(t *testing.T) {
	s, folder := traffic(900, false), t.TempDir()
	var list []stages.Tree
	for _, look := range []int{10, 20} {
		list = append(list, fake(t, folder, s, forecast.Strict, forecast.Trial{LookBack: look, Epochs: 5, Batch: 64, Seed: 1, Split: forecast.SplitOptions{Test: 0.2, History: 60}}, 10000*float64(look)))
	}
	dir, _, err := evaluate(t, s, stages.Tree{List: list}, nil)
	if err != nil {
		t.Fatal(err)
	}
	metrics := read(t, dir)
	if v := value(t, metrics, "selected", "look_back", "10", "selected_on", "test"); v != 1 {
		t.Errorf("selected %v", v)
	}
	if len(metric.Find(metrics, "selection_optimism")) != 0 || len(metric.Find(metrics, "validation_mse")) != 0 {
		t.Error("numbers about a validation part that is not there")
	}
}

func TestShort(t *testing.T) {
	dir, env, err := evaluate(t, traffic(4, false), stages.Tree{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if v := value(t, read(t, dir), "targets", "protocol", "strict"); v != 0 {
		t.Errorf("targets %v", v)
	}
	if _, _, warnings := env.Said(); len(warnings) != 1 || !strings.Contains(warnings[0], "too short") {
		t.Errorf("warnings %q", warnings)
	}
	// Too little history for AR(20) and a season of 60: these are left out, the others compared.
	_, env, err = evaluate(t, traffic(50, false), stages.Tree{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, findings, warnings := env.Said()
	if len(warnings) != 3 || len(findings) != 1 || !strings.Contains(findings[0], "Only 10 targets") {
		t.Errorf("warnings %q, findings %q", warnings, findings)
	}
}

func TestMistakes(t *testing.T) {
	s, dir := traffic(900, false), t.TempDir()
	one := fake(t, dir, s, forecast.Strict, forecast.Trial{LookBack: 20, Epochs: 5, Batch: 64, Seed: 1}, 1000)
	other := fake(t, t.TempDir(), traffic(1000, false), forecast.Strict, forecast.Trial{LookBack: 20, Epochs: 5, Batch: 64, Seed: 2}, 1000)
	captured := fake(t, t.TempDir(), s, forecast.Strict, forecast.Trial{LookBack: 20, Epochs: 5, Batch: 64, Seed: 3, Column: "captured_bytes"}, 1000)
	split := fake(t, t.TempDir(), s, forecast.Strict, forecast.Trial{LookBack: 20, Epochs: 5, Batch: 64, Seed: 4, Split: forecast.SplitOptions{Test: 0.3}}, 1000)
	for _, c := range []struct {
		name   string
		series *series.Series
		trials []stages.Tree
		says   []string
	}{
		{"another series", s, []stages.Tree{one, other}, []string{"strict-20-5-2", "another series"}},
		{"another column", s, []stages.Tree{one, captured}, []string{"strict-20-5-3", `"captured_bytes"`}},
		{"another split", s, []stages.Tree{one, split}, []string{"strict-20-5-4", "validation 0.2"}},
		{"twice", s, []stages.Tree{one, one}, []string{"same options and seed 1"}},
	} {
		_, _, err := evaluate(t, c.series, stages.Tree{List: c.trials}, nil)
		if err == nil {
			t.Errorf("%s: no error", c.name)
			continue
		}
		for _, says := range c.says {
			if !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %q does not say %q", c.name, err, says)
			}
		}
	}
	if _, _, err := evaluate(t, s, stages.Tree{}, func(e *Evaluate) { e.Order = 0 }); err == nil || !strings.Contains(err.Error(), "order") {
		t.Errorf("order 0: %v", err)
	}
}

// TestDocument repeats the published study on its digitised series: lines of arithmetic against what its tables say of the LSTM.
func TestDocument(t *testing.T) {
	shared := filepath.Join("..", "..", "..", "shared")
	file, err := os.Open(filepath.Join(shared, "data/series/mawi_200701251400_captured_bytes_per_second_DIGITISED.csv"))
	if err != nil {
		t.Skipf("reference data not here: %v", err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	s := &series.Series{Step: time.Second, Columns: []series.Column{{Name: "captured_bytes_approx", Unit: "B"}}}
	for i, row := range rows[1:] {
		v, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		s.Time, s.Coverage = append(s.Time, int64(1169701200+i)*1e9), append(s.Coverage, 1)
		s.Columns[0].Values = append(s.Columns[0].Values, v)
	}
	data, err := os.ReadFile(filepath.Join(shared, "golden/forecast/mawi_published_protocol.json"))
	if err != nil {
		t.Skipf("reference data not here: %v", err)
	}
	var want map[string]struct {
		N       int `json:"n_test"`
		Naive   float64
		Average float64 `json:"moving_average_10"`
		Mean    float64 `json:"mean_train"`
		AR      float64 `json:"ar_look_back"`
		Without struct {
			Naive   float64
			Average float64 `json:"moving_average_10"`
			AR      float64 `json:"ar_look_back"`
		} `json:"without_the_last_point"`
		Share float64 `json:"share_of_naive_squared_error_in_last_point"`
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	var trials []stages.Tree
	folder := t.TempDir()
	for _, look := range []int{10, 20, 30, 60} {
		trials = append(trials, fake(t, folder, s, forecast.Published, forecast.Trial{LookBack: look, Epochs: 50, Batch: 64, Seed: 1}, 200000))
	}
	dir, env, err := evaluate(t, s, stages.Tree{List: trials}, nil)
	if err != nil {
		t.Fatal(err)
	}
	list := read(t, dir)
	for look, w := range want {
		check := func(name string, want float64, labels ...string) {
			if got := value(t, list, name, append([]string{"protocol", "published", "look_back", look}, labels...)...); math.Abs(got-want) > 1e-9*want {
				t.Errorf("look-back %s: %s %v is %v, want %v", look, name, labels, got, want)
			}
		}
		check("targets", float64(w.N))
		check("last_point_share", w.Share)
		for model, pair := range map[string][2]float64{"naive": {w.Naive, w.Without.Naive}, "moving_average": {w.Average, w.Without.Average}} {
			check("mse", pair[0], "model", model)
			check("mse_without_last", pair[1], "model", model)
		}
		check("mse", w.AR, "model", "ar", "order", look)
		check("mse_without_last", w.Without.AR, "model", "ar", "order", look)
		check("mse", w.Mean, "model", "mean")
	}
	_, findings, warnings := env.Said()
	t.Logf("%s %v", strings.Join(findings, "\n"), warnings)
}
