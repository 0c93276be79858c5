package forecast

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"weir/internal/series"
	"weir/internal/table"
)

func counted(values, packets, coverage []float64, at []int64) *series.Series {
	s := &series.Series{Step: time.Second, Coverage: coverage}
	for _, t := range at {
		s.Time = append(s.Time, t*1e9)
	}
	s.Columns = []series.Column{
		{Name: "wire_bytes", Unit: "B", Values: values},
		{Name: "captured_bytes", Unit: "B", Values: values},
		{Name: "packets", Unit: "packets", Values: packets},
	}
	return s
}

func TestPrepare(t *testing.T) {
	// Two segments; edges partial; second 3 without packets; a missing value at 12.
	s := counted([]float64{1, 2, 3, 0, 5, 6, 7, math.NaN(), 9, 10}, []float64{1, 1, 1, 0, 1, 1, 1, 1, 1, 1},
		[]float64{.5, 1, 1, 1, 1, 1, 1, 1, 1, .2}, []int64{0, 1, 2, 3, 4, 10, 11, 12, 13, 14})
	p, err := Prepare(s, Published, "")
	if err != nil {
		t.Fatal(err)
	}
	if want := []float64{1, 2, 3, 5, 6, 7, 9, 10}; !slices.Equal(p.Values, want) || len(p.Segments) != 1 || p.Column != "captured_bytes" || p.Unit != "B/s" || p.Dropped != 2 {
		t.Errorf("published: %+v", p)
	}
	d, err := Prepare(s, Strict, "")
	if err != nil {
		t.Fatal(err)
	}
	if want := []series.Span{{Lo: 0, Hi: 4}, {Lo: 4, Hi: 6}, {Lo: 6, Hi: 7}}; !slices.Equal(d.Values, []float64{2, 3, 0, 5, 6, 7, 9}) || !slices.Equal(d.Segments, want) || d.Column != "wire_bytes" {
		t.Errorf("strict: %+v", d)
	}
	if d.Start(5) != 4 || !math.IsNaN(d.Before([]int{4})[0]) || d.Before([]int{5})[0] != 6 {
		t.Error("a forecast looks across a gap")
	}
	if _, err := Prepare(s, Strict, "wire_byte"); err == nil {
		t.Error("no error for an unknown column")
	}
	s.Columns = []series.Column{{Name: "bytes", Values: s.Columns[0].Values}}
	if d, err = Prepare(s, Strict, ""); err != nil || d.Column != "bytes" || d.Unit != "" {
		t.Errorf("a single column is not taken: %v", err)
	}
}

// TestSplitShares checks that strict gives every look-back the same test targets and no target crosses a gap.
func TestSplitShares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lengths := rapid.SliceOfN(rapid.IntRange(1, 200), 1, 5).Draw(t, "segments")
		d := &Data{Step: time.Second}
		for _, n := range lengths {
			d.Segments = append(d.Segments, series.Span{Lo: len(d.Values), Hi: len(d.Values) + n})
			d.Values = append(d.Values, make([]float64, n)...)
		}
		o := SplitOptions{Test: rapid.Float64Range(0.1, 0.5).Draw(t, "test"), Validation: rapid.Float64Range(0, 0.5).Draw(t, "validation"), History: 30}
		a, errA := d.Split(Strict, 10, o)
		b, errB := d.Split(Strict, 30, o)
		if (errA == nil) != (errB == nil) {
			t.Fatalf("%v, %v", errA, errB)
		}
		if errA != nil {
			return
		}
		if !slices.Equal(a.Test, b.Test) {
			t.Fatal("look-backs 10 and 30 have different test targets")
		}
		all := slices.Concat(a.Train, a.Validation, a.Test)
		if !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) {
			t.Fatal("parts are not in order or share targets")
		}
		for _, k := range all {
			if k-d.Start(k) < 30 {
				t.Fatalf("target %d has %d points of history", k, k-d.Start(k))
			}
		}
	})
}

// fitted forecasts the targets at horizon 1 after fitting on rows [0, end).
func fitted(m Model, d *Data, end int, targets []int) ([]float64, error) {
	f, err := m.Fit(d, Rows(0, end), []int{1})
	if err != nil {
		return nil, err
	}
	return f.Forecast(d, targets, 1), nil
}

func constant(v float64, n int) []float64 { return slices.Repeat([]float64{v}, n) }

func values(t *rapid.T, name string, least int) []float64 {
	return rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), least, 60).Draw(t, name)
}

func TestHolm(t *testing.T) {
	if got, want := Holm([]float64{0.01, 0.04, 0.03, 0.005}), []float64{0.03, 0.06, 0.06, 0.02}; !close2(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOfN(rapid.Float64Range(0, 1), 0, 30).Draw(t, "p")
		raw := slices.Clone(p)
		q := Holm(p)
		if !slices.Equal(p, raw) {
			t.Fatal("the argument was changed")
		}
		for i := range p {
			if q[i] < p[i] || q[i] > 1 {
				t.Fatalf("%v became %v", p[i], q[i])
			}
			for j := range p {
				if p[i] < p[j] && q[i] > q[j] {
					t.Fatalf("%v < %v became %v > %v", p[i], p[j], q[i], q[j])
				}
			}
		}
	})
}

func close2(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Abs(x-y) < 1e-12 })
}

func TestScoresAreFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := values(t, "x", 8)
		f := values(t, "f", len(x))
		if len(f) > len(x) {
			f = f[:len(x)]
		}
		x0, f0 := slices.Clone(x), slices.Clone(f)
		s := Measure(x, f, 1)
		a := DieboldMariano(x, f, 1)
		b := DieboldMariano(f, x, 1)
		d := plain(x)
		LagCopy(d, []int{1, 2, 3}, f, 1)
		ACF(x, 5)
		MeanInterval(x)
		if _, err := fitted(Model{Name: "holt"}, d, len(x)-2, []int{len(x) - 1}); err != nil {
			t.Fatal(err)
		}
		if _, err := fitted(Model{Name: "ar", Order: 2}, d, len(x)-1, []int{len(x) - 1}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(x, x0) || !slices.Equal(f, f0) {
			t.Fatal("an argument was changed")
		}
		if s.RMSE < s.MAE*(1-1e-12) || s.MAE < math.Abs(s.Bias)*(1-1e-12) {
			t.Fatalf("RMSE %v, MAE %v, bias %v", s.RMSE, s.MAE, s.Bias)
		}
		if a.HLN != -b.HLN || a.P != b.P {
			t.Fatalf("the test is not symmetric: %v %v", a, b)
		}
	})
}

// TestNoForecastLooksAhead changes everything from a target on and expects the same forecast of it.
func TestNoForecastLooksAhead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := values(t, "x", 40)
		end := 30
		k := rapid.IntRange(end, len(x)-1).Draw(t, "target")
		y := slices.Clone(x)
		for i := k; i < len(y); i++ {
			y[i] = -y[i] + 1
		}
		for _, b := range []Model{{Name: "naive"}, {Name: "drift"}, {Name: "mean"}, {Name: "seasonal_naive", Period: 7}, {Name: "moving_average", Window: 5}, {Name: "ar", Order: 3}, {Name: "ses"}, {Name: "holt"}} {
			f, err := fitted(b, plain(x), end, []int{k})
			if err != nil {
				t.Fatal(err)
			}
			g, _ := fitted(b, plain(y), end, []int{k})
			if f[0] != g[0] {
				t.Fatalf("%s: %v became %v", b.Name, f[0], g[0])
			}
		}
	})
}

func TestConstant(t *testing.T) {
	d := plain(constant(7, 50))
	for _, b := range []Model{{Name: "drift"}, {Name: "ar", Order: 5}, {Name: "ses"}, {Name: "holt"}} {
		f, err := fitted(b, d, 40, []int{45})
		if err != nil || math.Abs(f[0]-7) > 1e-9 {
			t.Errorf("%s: %v, %v", b.Name, f, err)
		}
	}
	if s := Measure([]float64{7, 7}, []float64{7, 7}, 0); s.MSE != 0 || !math.IsNaN(s.MASE) || !math.IsNaN(s.R2) {
		t.Errorf("%+v", s)
	}
	if c := DieboldMariano([]float64{1, 2, 3}, []float64{1, 2, 3}, 1); c.P != 1 {
		t.Errorf("%+v", c)
	}
}

func TestLagCopy(t *testing.T) {
	d := plain(nil)
	for i := range 200 {
		d.Values = append(d.Values, float64(i*i%97))
	}
	d = plain(d.Values)
	var targets []int
	for i := 50; i < 200; i++ {
		targets = append(targets, i)
	}
	if l := LagCopy(d, targets, d.Before(targets), 1); l.Copy < 0.99 || l.Shift != 1 {
		t.Errorf("naive: %+v", l)
	}
	late, err := fitted(Model{Name: "seasonal_naive", Period: 3}, d, 50, targets)
	if err != nil {
		t.Fatal(err)
	}
	if l := LagCopy(d, targets, late, 1); l.Shift != 3 {
		t.Errorf("three steps late: %+v", l)
	}
	if l := LagCopy(d, targets, d.At(targets), 1); l.Shift != 0 || l.Copy > 0.01 {
		t.Errorf("exact: %+v", l)
	}
	if l := LagCopy(d, targets, constant(50, len(targets)), 1); l.Shift != 0 || math.Abs(l.Copy-0.5) > 0.1 {
		t.Errorf("constant: %+v", l)
	}
}

// TestReferences holds values worked out by hand: r(k) of 1..10, Q = n(n+2) r(1)²/(n-1), and t(0.975, 4) = 2.776445105.
func TestReferences(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	acf := ACF(x, 3)
	if !close2(acf, []float64{1, 0.7, 34.0 / 82.5, 12.25 / 82.5}) {
		t.Errorf("acf %v", acf)
	}
	q, p := LjungBox(acf, 10, 1)
	if math.Abs(q-10*12*0.49/9) > 1e-12 || math.Abs(p-0.0105874) > 1e-6 {
		t.Errorf("Ljung-Box %v %v", q, p)
	}
	i := MeanInterval([]float64{1, 2, 3, 4, 5})
	if i.Mean != 3 || math.Abs(i.Low-1.036756838522439) > 1e-9 || math.Abs(i.High-4.963243161477561) > 1e-9 {
		t.Errorf("interval %+v", i)
	}
}

func TestPredictions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "predictions.parquet")
	p := &Predictions{
		Trial: Trial{Model: "lstm", LookBack: 10, Units: 50, Epochs: 20, Batch: 32, Seed: 3, Protocol: Strict, Column: "wire_bytes", Unit: "B/s", StepNS: 1e9, Split: DefaultSplit, LearningRate: 0.001,
			Parameters: map[string]float64{"epochs_run": 12}},
		Time: []int64{1e9, 2e9, 3e9}, Horizon: []int{1, 1, 1}, Actual: []float64{1, 2, 3}, Predicted: []float64{1.5, math.NaN(), 3.5}, Part: []string{Train, Validation, Test},
	}
	if err := WritePredictions(path, p); err != nil {
		t.Fatal(err)
	}
	q, err := ReadPredictions(path)
	if err != nil {
		t.Fatal(err)
	}
	if q.Trial.Split != DefaultSplit || q.Trial.Parameters["epochs_run"] != 12 || q.Predicted[0] != 1.5 || !math.IsNaN(q.Predicted[1]) || !math.IsNaN(q.Low[2]) || !slices.Equal(q.Part, p.Part) || !slices.Equal(q.Time, p.Time) {
		t.Errorf("%+v", q)
	}
	p.Time[2] = 2e9
	if err := WritePredictions(path, p); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadPredictions(path); err == nil || !strings.Contains(err.Error(), "row 3: time") {
		t.Errorf("time that stands still: %v", err)
	}
}

func FuzzTrial(f *testing.F) {
	f.Add(`{"model":"lstm","look_back":10,"protocol":"strict","split":{"test":0.2}}`, int64(1), "test")
	f.Add(`{"protocol":"published","parameters":{"a":1e308}}`, int64(-1), "train")
	f.Fuzz(func(t *testing.T, trial string, at int64, part string) {
		c := func(name string) table.Column {
			return table.Column{Name: name, Type: table.Float64, Floats: []float64{1}}
		}
		p, err := predictions(&table.Table{
			Columns: []table.Column{{Name: "time", Type: table.Timestamp, Ints: []int64{at}}, {Name: "part", Type: table.Text, Texts: []string{part}}, c("actual"), c("predicted")},
			Meta:    map[string]string{TrialKey: trial},
		})
		if err == nil && (p.Part[0] != part || p.Horizon[0] != 1 || p.Trial.Model == "") {
			t.Fatalf("%+v", p)
		}
	})
}
