package forecast

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"weir/internal/series"
	"weir/internal/stats"
)

// options has one or more models of every name, small enough for a short series.
func options() []Model {
	var list []Model
	for _, name := range Models {
		m := Model{Name: name, Order: 3, Period: 12, Window: 5, Harmonics: 2, Penalty: 1, Difference: 1, Average: 1}
		list = append(list, m)
		switch name {
		case "ridge", "fourier", "auto":
			m.Covariates = true
			list = append(list, m)
		case "ar":
			m.Strategy = Direct
			list = append(list, m)
		case "nlinear", "rlinear", "dlinear":
			m.Strategy = Recursive
			list = append(list, m)
		case "arima":
			m.Difference = 0
			list = append(list, m, Model{Name: name, Difference: 2, Average: 2})
		}
	}
	return list
}

// gappy is a seasonal series in four segments, one of them of three rows, with a covariate that is known and one that is not.
func gappy() *Data {
	r := rand.New(rand.NewPCG(3, 4))
	noise := func() float64 { return r.Float64() + r.Float64() + r.Float64() + r.Float64() - 2 } // the same bits everywhere, as NormFloat64 has not
	d := &Data{Column: "x", Step: 1e9}
	known, lagged := Covariate{Name: "known", Known: true}, Covariate{Name: "lagged"}
	level, clock := 100.0, int64(1_700_000_000)
	for _, n := range []int{160, 3, 70, 67} {
		d.Segments = append(d.Segments, series.Span{Lo: d.Len(), Hi: d.Len() + n})
		for range n {
			level = 100 + float64(0.8*(level-100)) + noise()
			d.Time = append(d.Time, clock*1e9)
			_, sin := stats.Turn(int(clock%12), 12)
			d.Values = append(d.Values, level+float64(3*sin))
			known.Values, lagged.Values = append(known.Values, r.Float64()), append(lagged.Values, noise())
			clock++
		}
		clock += 7
	}
	d.Covariates = []Covariate{known, lagged}
	return d
}

// poisoned is d with all that is not known in advance replaced from row n on.
func poisoned(d *Data, n int) *Data {
	p := *d
	p.Values, p.Covariates = slices.Clone(d.Values), slices.Clone(d.Covariates)
	for i := n; i < d.Len(); i++ {
		p.Values[i] = 1e6 - d.Values[i]
	}
	for k := range p.Covariates {
		if c := &p.Covariates[k]; !c.Known {
			c.Values = slices.Clone(c.Values)
			for i := n; i < d.Len(); i++ {
				c.Values[i] = -c.Values[i]
			}
		}
	}
	return &p
}

func same(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) || a != a && b != b }

// TestModels fits every model on a series with gaps and checks what all of them promise.
func TestModels(t *testing.T) {
	d := gappy()
	const end = 220
	horizons := []int{1, 3, 10}
	for _, m := range options() {
		if Describe(m.Name) == "" {
			t.Errorf("%s has no description", m.Name)
		}
		f, err := m.Fit(d, Rows(0, end), horizons)
		if err != nil {
			t.Error(err)
			continue
		}
		again, err := m.Fit(poisoned(d, end), Rows(0, end), horizons)
		if err != nil || !maps.Equal(again.Parameters(), f.Parameters()) {
			t.Errorf("%+v: parameters depend on rows after the last training target, or on chance (%v)", m, err)
		}
		text, err := json.Marshal(f.Parameters())
		if err != nil {
			t.Fatal(err)
		}
		var read map[string]float64
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		g, err := Restore(m, read)
		if err != nil {
			t.Errorf("%+v: %v", m, err)
			continue
		}
		if g.Needs() != f.Needs() || !maps.Equal(g.Parameters(), f.Parameters()) {
			t.Errorf("%+v: restored, it is another model", m)
		}
		all := Rows(0, d.Len())
		for _, h := range horizons {
			forecasts := f.Forecast(d, all, h)
			for i, v := range g.Forecast(d, all, h) {
				if !same(v, forecasts[i]) {
					t.Fatalf("%+v: restored, it forecasts %v for x[%d], not %v", m, v, i, forecasts[i])
				}
			}
			for i, v := range forecasts {
				if had := i - d.Start(i); had < max(f.Needs()+h-1, h) != math.IsNaN(v) && m.Name != "mean" && m.Name != "seasonal_naive" && m.Name != "auto" {
					t.Fatalf("%+v at horizon %d: forecast %v after %d points of history, it needs %d", m, h, v, had, f.Needs())
				}
			}
			for _, k := range []int{100, 159, 175, 219, 231, 240, 299} {
				if v := f.Forecast(poisoned(d, k-h+1), []int{k}, h)[0]; !same(v, forecasts[k]) {
					t.Errorf("%+v: the forecast of x[%d] at horizon %d sees what comes after x[%d]: %v became %v", m, k, h, k-h, forecasts[k], v)
				}
				if v := f.Forecast(d, []int{k}, h)[0]; !same(v, forecasts[k]) {
					t.Errorf("%+v: the forecast of x[%d] depends on the other targets", m, k)
				}
			}
		}
	}
}

// TestBits holds a hash of the parameters and forecasts of every model: they are the same on every processor. It changes with the arithmetic, and then the version of the kinds
// that fit models does too.
func TestBits(t *testing.T) {
	d, sum := gappy(), sha256.New()
	for _, m := range options() {
		f, err := m.Fit(d, Rows(0, 220), []int{1, 3})
		if err != nil {
			t.Fatal(err)
		}
		one := sha256.New()
		p := f.Parameters()
		for _, name := range slices.Sorted(maps.Keys(p)) {
			fmt.Fprintf(one, "%s %x\n", name, math.Float64bits(p[name]))
		}
		for _, v := range f.Forecast(d, Rows(0, d.Len()), 3) {
			fmt.Fprintf(one, "%v\n", v)
		}
		t.Logf("%-20s %x", m.Name, one.Sum(nil)[:8])
		sum.Write(one.Sum(nil))
	}
	if got, want := fmt.Sprintf("%x", sum.Sum(nil)[:16]), "af0b9658253305820f6aaeee1f3542e6"; got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}

// TestDamagedParameters takes one away, adds one and makes one infinite.
func TestDamagedParameters(t *testing.T) {
	d := gappy()
	for _, m := range options() {
		f, err := m.Fit(d, Rows(0, 220), []int{1, 3})
		if err != nil {
			t.Fatal(err)
		}
		p := f.Parameters()
		p["stranger"] = 1
		if _, err := Restore(m, p); err == nil {
			t.Errorf("%s: no error for an unknown parameter", m.Name)
		}
		delete(p, "stranger")
		names := slices.Sorted(maps.Keys(p))
		if m.Name == "auto" { // one or two of each kind
			names = []string{"naive_/fitted", "ridge_3_/lag_2", "ridge_3_/3_intercept", "arima_1_1_1_/ma_1", "panel_1_scale", "panel_3_regret_2_3", "panel_1_squares_6_1", "trained_floor", "trained_last"}
		}
		for _, name := range names {
			v, ok := p[name]
			if !ok {
				t.Fatalf("%s has no parameter %s", m.Name, name)
			}
			p[name] = math.Inf(1)
			if _, err := Restore(m, p); err == nil {
				t.Errorf("%s: no error for an infinite %s", m.Name, name)
			}
			delete(p, name)
			if _, err := Restore(m, p); err == nil {
				t.Errorf("%s: no error without %s", m.Name, name)
			}
			p[name] = v
		}
	}
}

// TestRecursive feeds forecasts back by hand.
func TestRecursive(t *testing.T) {
	d := gappy()
	for _, m := range options() {
		if !m.recursive() && m.Name != "arima" {
			continue
		}
		if m.Name == "auto" || m.Name == "ar" && m.Strategy == Direct {
			continue
		}
		f, err := m.Fit(d, Rows(0, 160), []int{1})
		if err != nil {
			t.Fatal(err)
		}
		const k, h = 120, 4
		fed := *d
		fed.Values = slices.Clone(d.Values)
		for i := k - h + 1; i <= k; i++ {
			fed.Values[i] = f.Forecast(&fed, []int{i}, 1)[0]
		}
		if v := f.Forecast(d, []int{k}, h)[0]; apart(v, fed.Values[k]) > 1e-12 {
			t.Errorf("%+v: %v at horizon %d, fed back by hand %v", m, v, h, fed.Values[k])
		}
	}
}

// TestConstantSeries has every model forecast a constant.
func TestConstantSeries(t *testing.T) {
	d := plain(slices.Repeat([]float64{7e9}, 200))
	d.Covariates = []Covariate{{Name: "c", Values: make([]float64, 200)}}
	for _, m := range options() {
		f, err := m.Fit(d, Rows(0, 160), []int{1, 5})
		if err != nil {
			t.Error(err)
			continue
		}
		for _, h := range []int{1, 5} {
			if v := f.Forecast(d, []int{190}, h)[0]; apart(v, 7e9) > 1e-9 {
				t.Errorf("%+v at horizon %d: %v", m, h, v)
			}
		}
	}
}

// TestShortSeries has every model fit what there is, or say what is missing.
func TestShortSeries(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 5, 6, 8, 10, 13, 17, 24, 30, 60} {
		d := gappy().Head(n)
		for _, m := range options() {
			f, err := m.Fit(d, Rows(0, n), []int{1, 3})
			if err == nil {
				f.Forecast(d, Rows(0, n), 3)
			}
		}
	}
	for _, m := range []Model{{}, {Name: "ar"}, {Name: "arima", Order: 99}, {Name: "ridge", Order: 1, Penalty: -1}, {Name: "fourier", Period: 4, Harmonics: 3}, {Name: "ar", Order: 1, Covariates: true},
		{Name: "ridge", Order: 1, Covariates: true, Strategy: Recursive}, {Name: "ar", Order: 1, Strategy: "both"}, {Name: "ridge", Order: 1, Penalty: math.NaN()}} {
		if m.Check() == nil {
			t.Errorf("no error for %+v", m)
		}
	}
}

// FuzzRestore takes any options and parameters: an error, or a model that forecasts without panic.
func FuzzRestore(f *testing.F) {
	d := gappy()
	for _, m := range options() {
		fit, err := m.Fit(d, Rows(0, 220), []int{1, 3})
		if err != nil {
			f.Fatal(err)
		}
		options, _ := json.Marshal(m)
		parameters, _ := json.Marshal(fit.Parameters())
		f.Add(options, parameters)
	}
	f.Fuzz(func(t *testing.T, options, parameters []byte) {
		var m Model
		var p map[string]float64
		if json.Unmarshal(options, &m) != nil || json.Unmarshal(parameters, &p) != nil {
			return
		}
		g, err := Restore(m, p)
		if err != nil {
			return
		}
		for _, h := range []int{1, 3} {
			if v := g.Forecast(d, []int{0, 100, 162, 230}, h); len(v) != 4 {
				t.Fatal("not a forecast for each target")
			}
		}
		g.Needs()
		if _, err := Restore(m, g.Parameters()); err != nil {
			t.Fatalf("its own parameters are refused: %v", err)
		}
	})
}

// BenchmarkFit is a day's worth of seconds less than half: 36,815 rows, fitted and forecast one step ahead.
func BenchmarkFit(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]float64, 36815)
	level := 0.0
	for i := range x {
		level = 0.95*level + r.NormFloat64()
		x[i] = 1e6 + 1e5*level + 2e5*math.Sin(float64(i)*2*math.Pi/3600)
	}
	d := plain(x)
	end := len(x) * 8 / 10
	for _, m := range []Model{{Name: "ar", Order: 20}, {Name: "ar", Order: 60}, {Name: "ridge", Order: 60, Penalty: 1}, {Name: "nlinear", Order: 60, Penalty: 1}, {Name: "rlinear", Order: 20, Window: 200, Penalty: 100},
		{Name: "dlinear", Order: 60, Window: 25, Penalty: 1}, {Name: "fourier", Order: 20, Period: 3600, Harmonics: 5, Penalty: 1}, {Name: "ses"}, {Name: "holt"}, {Name: "holt_winters", Period: 60}, {Name: "theta"},
		{Name: "arima", Order: 1, Difference: 1, Average: 1}, {Name: "arima", Order: 3, Average: 3}, {Name: "arfima", Order: 1}, {Name: "arfima", Order: 1, Average: 1}, {Name: "auto"}} {
		b.Run(m.Name+"_"+string(rune('0'+m.Order/10))+string(rune('0'+m.Order%10)), func(b *testing.B) {
			for b.Loop() {
				if _, err := fitted(m, d, end, Rows(end, len(x))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
