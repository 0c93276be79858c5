package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/artifacts"
	"weir/internal/forecast"
	"weir/internal/lstm"
	"weir/internal/modelfile"
	"weir/internal/series"
	"weir/stages"
)

// input writes a series for a second input.
func input(t *testing.T, s *series.Series, id byte) stages.Input {
	t.Helper()
	path := filepath.Join(t.TempDir(), "other.parquet")
	if err := s.Write(path); err != nil {
		t.Fatal(err)
	}
	return stages.Input{Path: path, From: "other.parquet", ID: artifacts.OutputID{id}}
}

func model(t *testing.T, k *Train) *modelfile.File {
	t.Helper()
	f, err := modelfile.Read(k.File.Path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func predictions(t *testing.T, k *Train) *forecast.Predictions {
	t.Helper()
	p, err := forecast.ReadPredictions(k.Predictions.Path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func data(f *modelfile.File) []float32 { return slices.Concat(f.Data...) }

// TestTrainSeries: all of the one series trains and validates, all of the other tests; what is fitted does not know the other.
func TestTrainSeries(t *testing.T) {
	for _, name := range []string{"lstm", "ridge"} {
		var first *modelfile.File
		for _, peak := range []float64{0, 1e6} {
			tested := wave(100)
			tested.Columns[0].Values[90] += peak
			k, _, err := run(t, tested, func(k *Train) {
				small(k)
				k.Model.Name, k.Model.Order, k.TrainSeries = name, 5, input(t, later(wave(300)), 7)
			})
			if err != nil {
				t.Fatal(err)
			}
			p, f := predictions(t, k), model(t, k)
			tests := 0
			for i, part := range p.Part {
				if part == forecast.Test {
					tests++
				} else if p.Actual[i] > 1e5 {
					t.Error("the tested series trains")
				}
			}
			if tests != 88 || len(p.Part)-tests != 288 || !strings.HasPrefix(p.Trial.TrainedOn, "sha256:0700") {
				t.Errorf("%s: %d tests of %d, trained on %q", name, tests, len(p.Part), p.Trial.TrainedOn)
			}
			if first == nil {
				first = f
				continue
			}
			if f.Header.Scalers[0] != first.Header.Scalers[0] || !slices.Equal(data(f), data(first)) || f.Header.Parameters["lag_1"] != first.Header.Parameters["lag_1"] {
				t.Errorf("%s: the tested series changes the model", name)
			}
		}
	}
}

// later is a series a day later.
func later(s *series.Series) *series.Series {
	for i := range s.Time {
		s.Time[i] += int64(24 * time.Hour)
	}
	return s
}

// TestRepeated: what tests does not train under another name.
func TestRepeated(t *testing.T) {
	long := wave(300)
	leaf := input(t, long, 7)
	for option, change := range map[string]func(*Train){
		"train_series": func(k *Train) { k.TrainSeries = leaf },
		"pool":         func(k *Train) { k.Pool = stages.Tree{Leaf: &leaf} },
	} {
		_, _, err := run(t, wave(200), func(k *Train) { small(k); change(k) })
		var wrong *stages.OptionError
		if !errors.As(err, &wrong) || wrong.Option != option || !strings.Contains(wrong.Message, "rows of") {
			t.Errorf("%s: %v", option, err)
		}
	}
}

// TestPool: another series trains too, in its own scale; targets and scaler stay.
func TestPool(t *testing.T) {
	larger := wave(250)
	for i := range larger.Columns[0].Values {
		larger.Columns[0].Values[i] *= 1000
	}
	leaf := input(t, larger, 9)
	alone, _, err := run(t, wave(200), small)
	if err != nil {
		t.Fatal(err)
	}
	pooled, _, err := run(t, wave(200), func(k *Train) {
		small(k)
		k.Pool = stages.Tree{List: []stages.Tree{{Named: map[string]stages.Tree{"series": {Leaf: &leaf}, "sizes": {Leaf: &stages.Input{Path: "unread"}}}}}}
	})
	if err != nil {
		t.Fatal(err)
	}
	a, b := model(t, alone), model(t, pooled)
	if slices.Equal(data(a), data(b)) || a.Header.Scalers[0] != b.Header.Scalers[0] {
		t.Errorf("weights equal: %v; scalers %v and %v", slices.Equal(data(a), data(b)), a.Header.Scalers, b.Header.Scalers)
	}
	p, q := predictions(t, alone), predictions(t, pooled)
	if !slices.Equal(p.Time, q.Time) || !slices.Equal(p.Part, q.Part) {
		t.Error("other targets")
	}
	if o := q.Trial.Options; len(o) != 1 || o[0].Name != "pool" || !strings.HasPrefix(o[0].Value, "sha256:0900") {
		t.Errorf("options %v", o)
	}
	leaf = input(t, &series.Series{Step: time.Second, Time: larger.Time[:20], Coverage: larger.Coverage[:20], Columns: []series.Column{{Name: "bytes", Unit: "B", Values: larger.Columns[0].Values[:20]}}}, 9)
	if _, _, err := run(t, wave(200), func(k *Train) { small(k); k.Pool = stages.Tree{Leaf: &leaf} }); err == nil || !strings.Contains(err.Error(), "pool: other.parquet has column bytes") {
		t.Errorf("another column: %v", err)
	}
}

// TestStart: a training that starts from another's weights goes on from its loss; another design is an error, and so is a loss that is no number at once.
func TestStart(t *testing.T) {
	fresh, _, err := run(t, wave(200), func(k *Train) { small(k); k.Epochs = 20 })
	if err != nil {
		t.Fatal(err)
	}
	start := stages.Input{Path: fresh.File.Path, From: "model.weir"} // without a digest, as by hand
	again, _, err := run(t, wave(200), func(k *Train) { small(k); k.Start = start })
	if err != nil {
		t.Fatal(err)
	}
	losses := func(k *Train) history {
		data, err := os.ReadFile(k.Losses.Path)
		if err != nil {
			t.Fatal(err)
		}
		var h history
		if err := json.Unmarshal(data, &h); err != nil {
			t.Fatal(err)
		}
		return h
	}
	if a, b := losses(fresh), losses(again); *b.Epochs[0].Loss > 1.1**a.Epochs[19].Loss || b.Trial.Options[0].Name != "start" || strings.Contains(b.Trial.Options[0].Value, "0000") {
		t.Errorf("loss %v after 20 epochs, then %v; options %v", *a.Epochs[19].Loss, *b.Epochs[0].Loss, b.Trial.Options)
	}
	if _, _, err := run(t, wave(200), func(k *Train) { small(k); k.Start, k.Model.Units = start, 7 }); err == nil || !strings.Contains(err.Error(), "lstm of [6] units") {
		t.Errorf("another design: %v", err)
	}
	wild := model(t, fresh)
	wild.Data[len(wild.Data)-1][0] = math.MaxFloat32
	if err := wild.Write(start.Path); err != nil {
		t.Fatal(err)
	}
	for _, how := range []string{"fail", "skip"} {
		k, env, err := run(t, wave(200), func(k *Train) { small(k); k.Start, k.Diverged = start, how })
		if how == "fail" {
			var diverged *lstm.DivergedError
			if !errors.As(err, &diverged) {
				t.Errorf("fail: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		p, h := predictions(t, k), losses(k)
		if len(p.Time) != 0 || p.Trial.Parameters["diverged"] != 1 || !strings.Contains(h.Reason, "learning_rate") {
			t.Errorf("skip: %d rows, %v, %q", len(p.Time), p.Trial.Parameters, h.Reason)
		}
		if summary, _, _ := env.Said(); !strings.Contains(summary, "left out: epoch 1") {
			t.Errorf("summary %q", summary)
		}
		if _, err := os.Stat(k.File.Path); !errors.Is(err, os.ErrNotExist) {
			t.Error("a model that diverged")
		}
	}
}

// spread is the mean squared error of the test part over its variance around the training mean: 1 for who learnt nothing.
func spread(t *testing.T, k *Train) float64 {
	p := predictions(t, k)
	mean, n, error2, variance := 0.0, 0.0, 0.0, 0.0
	for i, part := range p.Part {
		if part == forecast.Train {
			mean, n = mean+p.Actual[i], n+1
		}
	}
	for i, part := range p.Part {
		if part == forecast.Test {
			error2 += (p.Actual[i] - p.Predicted[i]) * (p.Actual[i] - p.Predicted[i])
			variance += (p.Actual[i] - mean/n) * (p.Actual[i] - mean/n)
		}
	}
	return error2 / variance
}

// TestControl: what learns from the series learns nothing from shuffled targets.
func TestControl(t *testing.T) {
	for _, name := range []string{"lstm", "boosting", "forest", "ar", "ridge"} {
		train := func(control string) *Train {
			k, _, err := run(t, wave(600), func(k *Train) {
				small(k)
				k.Model.Name, k.Model.Units, k.Epochs, k.Control, k.Model.Trees, k.LookBack = name, 16, 30, control, 20, 12
			})
			if err != nil {
				t.Fatal(err)
			}
			return k
		}
		honest, shuffled := spread(t, train("none")), spread(t, train("shuffled"))
		if honest > 0.85 || shuffled < 0.93 {
			t.Errorf("%s: %.3f of the variance is left, %.3f after shuffling", name, honest, shuffled)
		}
	}
	if _, _, err := run(t, wave(200), func(k *Train) { small(k); k.Model.Name, k.Control = "naive", "shuffled" }); err == nil || !strings.Contains(err.Error(), "learns too little") {
		t.Errorf("naive: %v", err)
	}
}

// TestFolds: each fold tests its own block after training on what is before it, with a gap between; sliding trains on as many targets in each.
func TestFolds(t *testing.T) {
	var times []int64
	trained := map[bool][]int{}
	for _, sliding := range []bool{false, true} {
		for fold := 1; fold <= 4; fold++ {
			k, _, err := run(t, wave(400), func(k *Train) {
				small(k)
				k.Model.Name, k.Model.Order, k.Test, k.Folds, k.Fold, k.Sliding, k.Gap, k.Horizons = "ar", 5, 0.4, 4, fold, sliding, 3, []int{1, 4}
			})
			if err != nil {
				t.Fatal(err)
			}
			p, n := predictions(t, k), 0
			for i, part := range p.Part {
				if part == forecast.Test && p.Horizon[i] == 4 && !sliding {
					times = append(times, p.Time[i])
				}
				if part == forecast.Train && p.Horizon[i] == 1 {
					n++
				}
			}
			trained[sliding] = append(trained[sliding], n)
			if p.Trial.Split.Fold != fold || p.Trial.Split.Gap != 3 || p.Trial.Split.Horizon != 4 || !slices.Equal(p.Trial.Horizons, []int{1, 4}) {
				t.Errorf("trial %+v", p.Trial)
			}
		}
	}
	for i := 1; i < len(times); i++ {
		if times[i]-times[i-1] != 1e9 {
			t.Fatalf("test targets %d and %d are %d ns apart", i, i+1, times[i]-times[i-1])
		}
	}
	if e, s := trained[false], trained[true]; len(times) != 154 || !slices.IsSorted(e) || e[0] == e[3] || s[0] != s[3] || e[0] != s[0] {
		t.Errorf("%d tests; trained on %v expanding, %v sliding", len(times), e, s)
	}
}

// TestIntervals: the test part has them, with the level in the trial; published and a series without validation part have none; too short a part is told.
func TestIntervals(t *testing.T) {
	for _, c := range []struct {
		change func(*Train)
		want   bool
	}{
		{func(*Train) {}, true}, {func(k *Train) { k.Intervals = "adaptive" }, true}, {func(k *Train) { k.Intervals = "none" }, false},
		{func(k *Train) { k.Validation = 0 }, false}, {func(k *Train) { k.Protocol = "published" }, false}, {func(k *Train) { k.Level = 0.99 }, false},
	} {
		k, env, err := run(t, wave(300), func(k *Train) { small(k); k.Model.Name, k.Model.Order, k.Level = "ar", 5, 0.8; c.change(k) })
		if err != nil {
			t.Fatal(err)
		}
		p := predictions(t, k)
		inside, tests := 0, 0
		for i, part := range p.Part {
			if has := !math.IsNaN(p.Low[i]); has != (c.want && part == forecast.Test) {
				t.Fatalf("row %d, %s: %v to %v", i, part, p.Low[i], p.High[i])
			}
			if part == forecast.Test {
				tests++
				if p.Low[i] <= p.Actual[i] && p.Actual[i] <= p.High[i] {
					inside++
				}
			}
		}
		if share := float64(inside) / float64(tests); c.want && (math.Abs(share-0.8) > 0.15 || p.Trial.Level != 0.8) || !c.want && p.Trial.Level != 0 {
			t.Errorf("%.2f inside, level %v", share, p.Trial.Level)
		}
		if _, _, warnings := env.Said(); (k.Level == 0.99) != (len(warnings) == 1 && strings.Contains(warnings[0], "needs 99")) {
			t.Errorf("warnings %v", warnings)
		}
	}
}

// TestSchedules: other decays are other trainings; a constant one is what it was.
func TestSchedules(t *testing.T) {
	var models [][]byte
	for _, decay := range []string{"constant", "exponential", "step", "cosine"} {
		k, env, err := run(t, wave(200), func(k *Train) { small(k); k.Decay, k.DecayEvery = decay, 1 })
		if err != nil {
			t.Fatal(err)
		}
		if v := env.Scored(); v == nil || !(*v > 0) {
			t.Errorf("score %v", v)
		}
		var all bytes.Buffer
		for _, v := range data(model(t, k)) {
			all.WriteByte(byte(math.Float32bits(v)))
		}
		models = append(models, all.Bytes())
	}
	for i := range models {
		for k := range i {
			if bytes.Equal(models[i], models[k]) && !(k == 1 && i == 2) { // with a step of one epoch exponential and step are the same
				t.Errorf("schedules %d and %d give the same weights", k, i)
			}
		}
	}
}
