package predict

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/forecast"
	"weir/internal/modelfile"
	"weir/internal/series"
	"weir/internal/table"
	"weir/stages"
	"weir/stages/train"
)

// waves is a series of n seconds with two columns and a gap of ten seconds after half of them: saw teeth, squares and noise from a small generator.
func waves(n int) *series.Series {
	s := &series.Series{Step: time.Second, Columns: []series.Column{{Name: "wire_bytes", Unit: "B"}, {Name: "packets", Unit: "packets"}}}
	state := uint32(1)
	for i := range n {
		at := int64(i)
		if i >= n/2 {
			at += 10
		}
		state = state*1664525 + 1013904223
		noise := float64(state >> 24)
		s.Time = append(s.Time, (1169701200+at)*1e9)
		s.Coverage = append(s.Coverage, 1)
		s.Columns[0].Values = append(s.Columns[0].Values, 1000+10*float64(i%30)+200*float64(i/45%2)+noise)
		s.Columns[1].Values = append(s.Columns[1].Values, 10+float64(i%30)+noise/100)
	}
	return s
}

func write(t *testing.T, s *series.Series) stages.Input {
	t.Helper()
	path := filepath.Join(t.TempDir(), "series.parquet")
	if err := s.Write(path); err != nil {
		t.Fatal(err)
	}
	return stages.Input{Path: path, From: "series.parquet"}
}

// trained is a model of the series.
func trained(t *testing.T, in stages.Input, change func(*train.Train)) *train.Train {
	t.Helper()
	k := train.Kind().New().(*train.Train)
	dir := t.TempDir()
	k.Series, k.File.Path, k.Predictions.Path, k.Losses.Path = in, filepath.Join(dir, "model.weir"), filepath.Join(dir, "predictions.parquet"), filepath.Join(dir, "history.json")
	k.Model.Units, k.LookBack, k.Epochs, k.Batch, k.History, k.Model.Trees, k.Model.MinLeaf = 6, 8, 2, 32, 45, 5, 3
	k.Model.Order, k.Model.Period, k.Model.Harmonics = 4, 15, 2
	change(k)
	if err := k.Run(context.Background(), stages.Quiet(dir)); err != nil {
		t.Fatal(err)
	}
	return k
}

func run(t *testing.T, model, in stages.Input, change func(*Predict)) (*table.Table, *stages.Env, error) {
	t.Helper()
	k := Kind().New().(*Predict)
	k.Model, k.Series, k.Predictions.Path = model, in, filepath.Join(t.TempDir(), "predictions.parquet")
	change(k)
	env := stages.Quiet("")
	if err := k.Run(context.Background(), env); err != nil {
		return nil, env, err
	}
	out, err := table.Read(k.Predictions.Path)
	return out, env, err
}

type key struct{ time, horizon int64 }

func index(t *testing.T, out *table.Table) map[key]int {
	t.Helper()
	rows := map[key]int{}
	for i := range out.Rows() {
		rows[key{out.Columns[0].Ints[i], out.Columns[1].Ints[i]}] = i
	}
	return rows
}

// TestEqual: the forecasts of a model from its file are those of its trial to the bit, for every family, intervals included; and what it says about the future of a series is what it says at
// that row when the series goes on.
func TestEqual(t *testing.T) {
	type kind struct {
		name   string
		change func(*train.Train)
	}
	kinds := []kind{
		{"lstm", func(k *train.Train) { k.Horizons = []int{1} }},
		{"lstm", func(k *train.Train) { k.Covariates = []string{"packets", "time_of_day"} }},
		{"gru", func(k *train.Train) { k.Model.Layers, k.Model.Both, k.Model.Attention = 2, true, true }},
		{"lstm", func(k *train.Train) { k.Strategy, k.Covariates = "recursive", []string{"time_of_week"} }},
		{"lstm", func(k *train.Train) { k.Quantiles = []float64{0.1, 0.5, 0.9} }},
		{"boosting", func(k *train.Train) { k.Covariates = []string{"packets", "time_of_day"} }},
		{"boosting", func(k *train.Train) { k.Quantiles, k.Patience = []float64{0.1, 0.5, 0.9}, 2 }},
		{"forest", func(k *train.Train) {}},
		{"ridge", func(k *train.Train) { k.Covariates = []string{"packets", "time_of_day"} }},
		{"ar", func(k *train.Train) { k.Strategy = "direct" }},
	}
	for _, name := range forecast.Models {
		kinds = append(kinds, kind{name, func(k *train.Train) {}})
	}
	whole := waves(400)
	in := write(t, whole)
	cut := write(t, &series.Series{Step: whole.Step, Time: whole.Time[:391], Coverage: whole.Coverage[:391], Columns: []series.Column{
		{Name: "wire_bytes", Unit: "B", Values: whole.Columns[0].Values[:391]}, {Name: "packets", Unit: "packets", Values: whole.Columns[1].Values[:391]}}})
	for i, c := range kinds {
		t.Run(fmt.Sprint(c.name, i), func(t *testing.T) {
			k := trained(t, in, func(k *train.Train) { k.Model.Name, k.Horizons = c.name, []int{1, 3, 5}; c.change(k) })
			p, err := forecast.ReadPredictions(k.Predictions.Path)
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range p.Trial.Guards {
				if !g.Passed {
					t.Errorf("guard %+v", g)
				}
			}
			model := stages.Input{Path: k.File.Path, From: "model.weir"}
			all, _, err := run(t, model, in, func(k *Predict) { k.Targets = "all" })
			if err != nil {
				t.Fatal(err)
			}
			rows, tests := index(t, all), 0
			for i := range p.Time {
				if p.Part[i] != forecast.Test {
					continue
				}
				tests++
				at, ok := rows[key{p.Time[i], int64(p.Horizon[i])}]
				if !ok || all.Columns[3].Floats[at] != p.Predicted[i] || all.Columns[4].Floats[at] != p.Low[i] || all.Columns[5].Floats[at] != p.High[i] {
					t.Fatalf("row %d, horizon %d: %v, the trial has %v [%v, %v]", i+1, p.Horizon[i], ok, p.Predicted[i], p.Low[i], p.High[i])
				}
				if !(p.Low[i] <= p.High[i]) {
					t.Fatalf("row %d: interval %v to %v", i+1, p.Low[i], p.High[i])
				}
			}
			if tests < 60 {
				t.Errorf("%d test rows", tests)
			}
			next, env, err := run(t, model, cut, func(*Predict) {})
			if err != nil {
				t.Fatal(err)
			}
			if summary, _, _ := env.Said(); !strings.Contains(summary, "90 %") {
				t.Errorf("summary %q", summary)
			}
			if next.Rows() != len(k.Horizons) {
				t.Errorf("%d forecasts of the future", next.Rows())
			}
			for i := range next.Rows() {
				at, ok := rows[key{next.Columns[0].Ints[i], next.Columns[1].Ints[i]}]
				if !ok || all.Columns[3].Floats[at] != next.Columns[3].Floats[i] {
					t.Errorf("future %d: %v, later it is another forecast", i, next.Columns[3].Floats[i])
				}
			}
		})
	}
}

// TestPublished: the protocol of the training is that of the forecasts, without intervals: seconds without packets are left out.
func TestPublished(t *testing.T) {
	s := waves(400)
	s.Columns[0].Name = "captured_bytes"
	for i := 7; i < 400; i += 13 {
		s.Columns[0].Values[i], s.Columns[1].Values[i] = 0, 0
	}
	s.Columns[1].Values[399] = 0
	in := write(t, s)
	k := trained(t, in, func(k *train.Train) { k.Model.Name, k.Protocol = "lstm", "published" })
	p, err := forecast.ReadPredictions(k.Predictions.Path)
	if err != nil {
		t.Fatal(err)
	}
	all, _, err := run(t, stages.Input{Path: k.File.Path}, in, func(k *Predict) { k.Targets = "all" })
	if err != nil {
		t.Fatal(err)
	}
	rows := index(t, all)
	for i := range p.Time {
		if at, ok := rows[key{p.Time[i], 1}]; !ok || all.Columns[3].Floats[at] != p.Predicted[i] || !all.Columns[4].IsNull(at) {
			t.Fatalf("row %d: another forecast", i+1)
		}
	}
	if last := all.Columns[0].Ints[all.Rows()-1]; all.Rows() != len(p.Time)+1 || last != s.Time[399] {
		t.Errorf("%d forecasts for %d targets, the last %d ns after the last row", all.Rows(), len(p.Time), last-s.Time[399])
	}
}

// TestChoice: origins by number and time, horizons beyond the model's.
func TestChoice(t *testing.T) {
	in := write(t, waves(400))
	k := trained(t, in, func(k *train.Train) { k.Model.Name = "ar" })
	model := stages.Input{Path: k.File.Path, From: "model.weir"}
	out, _, err := run(t, model, in, func(k *Predict) { k.Targets, k.Last, k.Horizons = "all", 7, []int{1, 2} })
	if err != nil {
		t.Fatal(err)
	}
	if out.Rows() != 14 || !out.Columns[4].IsNull(13) || out.Columns[4].IsNull(0) {
		t.Errorf("%d rows, intervals of horizon 1 %v and 2 %v", out.Rows(), !out.Columns[4].IsNull(0), !out.Columns[4].IsNull(13))
	}
	out, _, err = run(t, model, in, func(k *Predict) { k.Targets, k.From = "all", "2007-01-25T05:06:44Z" })
	if err != nil || out.Rows() != 6 {
		t.Errorf("%v, %v", out, err)
	}
}

func TestMistakes(t *testing.T) {
	whole := waves(400)
	in := write(t, whole)
	k := trained(t, in, func(k *train.Train) { k.Model.Name, k.Covariates = "lstm", []string{"packets"} })
	model := stages.Input{Path: k.File.Path, From: "model.weir"}
	scaled := func(by float64) *series.Series {
		s := waves(400)
		for i := range s.Columns[0].Values {
			s.Columns[0].Values[i] *= by
		}
		return s
	}
	column := func(name string) *series.Series { s := waves(400); s.Columns[1].Name = name; return s }
	steps := waves(400)
	steps.Step /= 10
	short := waves(400)
	short.Time, short.Coverage = short.Time[:5], short.Coverage[:5]
	for i := range short.Columns {
		short.Columns[i].Values = short.Columns[i].Values[:5]
	}
	unit := waves(400)
	unit.Columns[0].Unit = "bit"
	for _, c := range []struct {
		say    string
		series *series.Series
		change func(*Predict)
	}{
		{"interval of 100ms, the model was trained on 1s", steps, func(*Predict) {}},
		{`no column "packets"`, column("frames"), func(*Predict) {}},
		{"another unit?", scaled(1e6), func(*Predict) {}},
		{"in bit/s, the model was trained on B/s", unit, func(*Predict) {}},
		{"needs 8 points", short, func(*Predict) {}},
		{"network forecasts [1]", whole, func(k *Predict) { k.Horizons = []int{2} }},
		{"is no time", whole, func(k *Predict) { k.From = "yesterday" }},
		{"no row at or after", whole, func(k *Predict) { k.Targets, k.From = "all", "2020-01-01T00:00:00Z" }},
		{"horizons", whole, func(k *Predict) { k.Horizons = []int{2, 1} }},
	} {
		if _, _, err := run(t, model, write(t, c.series), c.change); err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: got %v", c.say, err)
		}
	}
	for _, by := range []float64{10, 1e-5} {
		_, env, err := run(t, model, write(t, scaled(by)), func(*Predict) {})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, warnings := env.Said(); len(warnings) != 1 || !strings.Contains(warnings[0], "the model was trained on") {
			t.Errorf("scale %v: warnings %v", by, warnings)
		}
	}
}

// TestDamaged: a model that was cut or changed is an error or forecasts something finite, never a panic.
func TestDamaged(t *testing.T) {
	in := write(t, waves(400))
	for _, name := range []string{"lstm", "boosting", "ar"} {
		k := trained(t, in, func(k *train.Train) { k.Model.Name = name })
		whole, err := os.ReadFile(k.File.Path)
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(whole); at += 1 + len(whole)/40 {
			data := slices.Clone(whole)
			data[at] ^= 0x41
			for _, damaged := range [][]byte{whole[:at], data} {
				path := filepath.Join(t.TempDir(), "model.weir")
				if err := os.WriteFile(path, damaged, 0o666); err != nil {
					t.Fatal(err)
				}
				out, _, err := run(t, stages.Input{Path: path, From: "model.weir"}, in, func(k *Predict) {})
				if err == nil && (math.IsNaN(out.Columns[3].Floats[0]) || len(damaged) < len(whole)) {
					t.Errorf("%s, byte %d: %v", name, at, out.Columns[3].Floats)
				}
				if err != nil && len(damaged) < len(whole) && !errors.Is(err, modelfile.ErrFormat) {
					t.Errorf("%s, first %d bytes: %v", name, at, err)
				}
			}
		}
	}
}
