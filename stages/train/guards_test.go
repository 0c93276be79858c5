package train

import (
	"context"
	"slices"
	"testing"

	"weir/internal/forecast"
	"weir/internal/predictor"
	"weir/stages"
)

// prepared is the job of a network on wave(200) with two horizons and a covariate.
func prepared(t *testing.T, change func(*Train)) *job {
	t.Helper()
	dir := t.TempDir()
	s := wave(200)
	s.Columns = append(s.Columns, s.Columns[0])
	s.Columns[1].Name = "packets"
	if err := s.Write(dir + "/series.parquet"); err != nil {
		t.Fatal(err)
	}
	k := defaults()
	k.Series = stages.Input{Path: dir + "/series.parquet", From: "series.parquet"}
	small(k)
	k.Model.Name, k.Horizons, k.Covariates = "lstm", []int{1, 3}, []string{"packets"}
	change(k)
	j, err := k.load(stages.Quiet(dir))
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// TestWindowGuard: the windows that are trained on pass; those that reach to their target, over a gap, into the validation part, or that have others' targets do not.
func TestWindowGuard(t *testing.T) {
	j := prepared(t, func(*Train) {})
	w := forecast.FitWindow(j.seen(), j.stage.LookBack, j.stage.Horizons)
	samples, at := j.windows(w, j.data, j.split.Train, 0)
	check := func(at []int) bool { return windowGuard(j.data, j.split.Train, samples, at, 2).Passed }
	if g := windowGuard(j.data, j.split.Train, samples, at, 2); !g.Passed || g.Count != len(j.split.Train) {
		t.Errorf("honest windows: %+v of %d", g, len(j.split.Train))
	}
	honest := slices.Clone(samples.Ends)
	for i := range samples.Ends {
		samples.Ends[i]++ // sees the nearest target
	}
	if check(at) {
		t.Error("windows that hold their targets pass")
	}
	copy(samples.Ends, honest)
	segments := j.data.Segments
	j.data.Segments = append(segments[:0:0], segments[0], segments[0])
	j.data.Segments[0].Hi, j.data.Segments[1].Lo = 50, 50
	if check(at) {
		t.Error("windows over a gap pass")
	}
	j.data.Segments = segments
	later, _ := j.windows(w, j.data, append(slices.Clone(j.split.Train), j.split.Validation[0]), 0)
	samples = later
	_, at = w.Samples(j.data, append(slices.Clone(j.split.Train), j.split.Validation[0]), 0)
	if check(at) {
		t.Error("a target of the validation part passes")
	}
}

// TestScalerGuard: a range of the training part passes, one of the whole series or of the validation part too does not.
func TestScalerGuard(t *testing.T) {
	j := prepared(t, func(*Train) {})
	j.data.Values[j.split.Validation[3]], j.data.Values[j.split.Test[5]] = 1e6, 1e7
	for _, c := range []struct {
		seen *forecast.Data
		want bool
	}{{j.seen(), true}, {j.data, false}, {j.data.Head(j.split.Test[0]), false}} {
		w := forecast.FitWindow(c.seen, j.stage.LookBack, j.stage.Horizons)
		if g := scalerGuard(forecast.Strict, w, j.data, j.split); g.Passed != c.want || g.Count != 2 {
			t.Errorf("%d rows seen: %+v", c.seen.Len(), g)
		}
	}
	split := j.split
	split.Train = append(slices.Clone(split.Train), split.Test[0])
	if g := scalerGuard(forecast.Strict, forecast.FitWindow(j.seen(), 8, []int{1}), j.data, split); g.Passed {
		t.Error("a training part that reaches into the test part passes")
	}
}

// leaky forecasts with one row that it must not see.
type leaky struct {
	predictor.Model
	ahead     int // of the last row that may be seen
	covariate bool
}

func (l *leaky) Forecast(_ context.Context, d *forecast.Data, targets, horizons []int) ([]predictor.Forecast, error) {
	values := d.Values
	if l.covariate {
		values = d.Covariates[0].Values
	}
	all := make([]predictor.Forecast, len(horizons))
	for k, h := range horizons {
		for _, t := range targets {
			all[k].Point = append(all[k].Point, d.Values[t-h]+1e-9*values[min(t-h+l.ahead, d.Len()-1)])
		}
	}
	return all, nil
}

func TestPoisonGuard(t *testing.T) {
	j := prepared(t, func(*Train) {})
	for _, c := range []struct {
		model leaky
		want  bool
	}{
		{leaky{ahead: 0}, true}, {leaky{ahead: 0, covariate: true}, true}, {leaky{ahead: 1}, false}, {leaky{ahead: 1, covariate: true}, false}, {leaky{ahead: 20}, false},
	} {
		g, err := poisonGuard(context.Background(), &c.model, j.data, j.split.Test, []int{1, 3})
		if err != nil || g.Passed != c.want || g.Count != 16 {
			t.Errorf("%+v: %+v, %v", c.model, g, err)
		}
	}
}

// TestFitGuard: a mean of the training part passes, one of a row more does not.
func TestFitGuard(t *testing.T) {
	j := prepared(t, func(*Train) {})
	for more, want := range []bool{true, false} {
		g, err := fitGuard(j.data, j.split.End(), func(d *forecast.Data) ([]float64, error) {
			return []float64{forecast.Mean(d.Values[:j.split.End()+more])}, nil
		})
		if err != nil || g.Passed != want || g.Count != 1 {
			t.Errorf("%d more: %+v, %v", more, g, err)
		}
	}
}

// TestGuards: every training leaves its verdicts; the published protocol scales by the whole series and says nothing of it here.
func TestGuards(t *testing.T) {
	for _, c := range []struct {
		protocol, model string
		want            []string
	}{
		{"strict", "lstm", []string{"scaler", "window", "future_poison"}}, {"published", "lstm", []string{"window", "future_poison"}},
		{"strict", "boosting", []string{"fit_poison", "future_poison"}}, {"strict", "ses", []string{"fit_poison", "future_poison"}}, {"strict", "naive", []string{"future_poison"}}, {"strict", "arima", []string{"future_poison"}},
	} {
		k, env, err := run(t, wave(200), func(k *Train) { small(k); k.Protocol, k.Model.Name = c.protocol, c.model })
		if err != nil {
			t.Fatal(err)
		}
		p, err := forecast.ReadPredictions(k.Predictions.Path)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, g := range p.Trial.Guards {
			if !g.Passed || g.Count == 0 {
				t.Errorf("%s: %+v", c.model, g)
			}
			got = append(got, g.Name)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s, %s: guards %v, want %v", c.protocol, c.model, got, c.want)
		}
		if _, _, warnings := env.Said(); len(warnings) > 0 {
			t.Errorf("%s: %v", c.model, warnings)
		}
	}
}
