package forecast

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"weir/internal/series"
)

// TestMargin: the rank that Lei et al. (2018) give, by hand. Of 19 scores at level 0.9 it is the 18th smallest, of 9 the largest, and 8 are too few.
func TestMargin(t *testing.T) {
	scores := make([]float64, 19)
	for i := range scores {
		scores[i] = float64((i*7)%19 + 1)
	}
	if m, ok := Margin(append(scores, math.NaN()), 0.9); !ok || m != 18 {
		t.Errorf("%v, %v", m, ok)
	}
	if m, ok := Margin(scores[:9], 0.9); !ok || m != slices.Max(scores[:9]) {
		t.Errorf("%v, %v", m, ok)
	}
	if _, ok := Margin(scores[:8], 0.9); ok || NeedsFor(0.9) != 9 || NeedsFor(0.95) != 19 || NeedsFor(0.5) != 1 || NeedsFor(1-1e-13) < 1<<30 {
		t.Errorf("8 scores are enough; needs %d, %d, %d", NeedsFor(0.9), NeedsFor(0.95), NeedsFor(0.5))
	}
}

// noise is one segment of independent values with this spread at each row.
func noise(n int, seed uint64, spread func(i int) float64) *Data {
	r := rand.New(rand.NewPCG(seed, 1))
	d := &Data{Values: make([]float64, n), Time: make([]int64, n), Segments: []series.Span{{Lo: 0, Hi: n}}}
	for i := range d.Values {
		d.Values[i], d.Time[i] = r.NormFloat64()*spread(i), int64(i)
	}
	return d
}

// flat forecasts zero.
func flat(targets []int) Band {
	zeros := make([]float64, len(targets))
	return Band{Targets: targets, Low: zeros, High: zeros}
}

func coverage(d *Data, targets []int, c *Calibrated) float64 {
	n := 0
	for i, t := range targets {
		if c.Low[i] <= d.Values[t] && d.Values[t] <= c.High[i] {
			n++
		}
	}
	return float64(n) / float64(len(targets))
}

// TestConformalCoverage: exactly the guarantee of split conformal intervals. One further value of n exchangeable ones lies in the interval with a probability of at least the level and at most
// 1/(n+1) more; over 20,000 draws with n = 19 at 0.9 that is 0.9 ± 0.0064 (three standard deviations), since 18 of 20 ranks are inside.
func TestConformalCoverage(t *testing.T) {
	inside, draws := 0, 20_000
	for seed := range draws {
		d := noise(20, uint64(seed), func(int) float64 { return 1 })
		c, err := Calibrate(Conformal, d, flat(Rows(0, 19)), flat([]int{19}), 1, 0.9)
		if err != nil {
			t.Fatal(err)
		}
		if coverage(d, []int{19}, c) == 1 {
			inside++
		}
	}
	if share := float64(inside) / float64(draws); math.Abs(share-0.9) > 0.0064 {
		t.Errorf("%v are inside, expected 0.9", share)
	}
}

// TestAdaptive: when the spread of errors grows fivefold in the test part, fixed intervals hold far too few values and adaptive ones nearly the level.
func TestAdaptive(t *testing.T) {
	d := noise(6000, 1, func(i int) float64 {
		if i < 2000 {
			return 1
		}
		return 1 + 4*float64(i-2000)/4000
	})
	validation, test := flat(Rows(1000, 2000)), flat(Rows(2000, 6000))
	share := map[string]float64{}
	for _, method := range []string{Conformal, Adaptive} {
		c, err := Calibrate(method, d, validation, test, 5, 0.9)
		if err != nil {
			t.Fatal(err)
		}
		share[method] = coverage(d, test.Targets, c)
	}
	if share[Conformal] > 0.7 || math.Abs(share[Adaptive]-0.9) > 0.02 {
		t.Errorf("inside: %v", share)
	}
}

// TestQuantileBand: quantiles that are too narrow by 1 on both sides are widened by 1, those that are too wide are narrowed (Romano et al. 2019).
func TestQuantileBand(t *testing.T) {
	n := 999
	d := noise(2*n, 3, func(int) float64 { return 1 })
	for i := range d.Values { // uniform in -10..10
		d.Values[i] = 20*(float64((i*7919)%n)+0.5)/float64(n) - 10
	}
	for _, half := range []float64{8, 9.5} {
		band := func(targets []int) Band {
			b := Band{Targets: targets}
			for range targets {
				b.Low, b.High = append(b.Low, -half), append(b.High, half)
			}
			return b
		}
		c, err := Calibrate(Conformal, d, band(Rows(0, n)), band(Rows(n, 2*n)), 1, 0.9)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(c.Low[0]+9) > 0.05 || math.Abs(c.High[0]-9) > 0.05 {
			t.Errorf("quantiles ±%v become %v to %v, expected ±9", half, c.Low[0], c.High[0])
		}
	}
}

// TestAdaptiveBlind: the interval of x[t] at horizon h does not depend on anything after t-h, and never has its ends crossed.
func TestAdaptiveBlind(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(40, 80).Draw(r, "rows")
		h := rapid.IntRange(1, 6).Draw(r, "horizon")
		level := rapid.Float64Range(0.05, 0.95).Draw(r, "level")
		d := noise(n, uint64(rapid.IntRange(0, 1000).Draw(r, "seed")), func(i int) float64 { return 1 + float64(i%7) })
		cut := rapid.IntRange(25, n-1).Draw(r, "cut")
		calibrate := func() *Calibrated {
			c, err := Calibrate(Adaptive, d, flat(Rows(0, 20)), flat(Rows(20, n)), h, level)
			if err != nil {
				r.Fatal(err)
			}
			return c
		}
		before := calibrate()
		for i := cut; i < n; i++ {
			d.Values[i] = 1e6
		}
		after := calibrate()
		for i, t := range Rows(20, n) {
			if t-h < cut && (before.Low[i] != after.Low[i] || before.High[i] != after.High[i]) {
				r.Fatalf("the interval of row %d at horizon %d knows row %d", t, h, cut)
			}
			if !(after.Low[i] <= after.High[i]) {
				r.Fatalf("row %d: %v to %v", t, after.Low[i], after.High[i])
			}
		}
	})
}

func TestCalibrateMistakes(t *testing.T) {
	d := noise(30, 1, func(int) float64 { return 1 })
	if _, err := Calibrate(Conformal, d, flat(Rows(0, 5)), flat(Rows(5, 30)), 1, 0.9); !errors.Is(err, ErrFew) {
		t.Errorf("five scores: %v", err)
	}
	if _, err := Calibrate("narrow", d, flat(Rows(0, 20)), flat(Rows(20, 30)), 1, 0.9); err == nil {
		t.Error("an unknown method")
	}
}

// TestWindow: samples of several horizons have all their targets in their part, windows in one segment, known covariates of the first target.
func TestWindow(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(30, 60).Draw(r, "rows")
		border := rapid.IntRange(12, n-12).Draw(r, "border")
		d := noise(n, 1, func(int) float64 { return 1 })
		d.Segments = []series.Span{{Lo: 0, Hi: border}, {Lo: border, Hi: n}}
		clock := make([]float64, n)
		for i := range clock {
			clock[i] = float64(i)
		}
		d.Covariates = []Covariate{{Name: "clock", Values: clock, Known: true}}
		first := rapid.IntRange(1, 3).Draw(r, "first")
		horizons := []int{first, first + rapid.IntRange(1, 3).Draw(r, "more")}
		w := FitWindow(d, rapid.IntRange(1, 4).Draw(r, "look-back"), horizons)
		rows := w.Rows(d)
		from := rapid.IntRange(0, 20).Draw(r, "from")
		ends, at := w.Samples(d, Rows(from, n), from)
		if len(at) != 2*len(ends) || len(ends) == 0 {
			r.Fatalf("%d samples, %d targets", len(ends), len(at))
		}
		for i, end := range ends {
			near, far := at[2*i], at[2*i+1]
			if near < from || far-near != horizons[1]-horizons[0] || near-end+1 != first || d.Start(far) > end-w.LookBack || end > far {
				r.Fatalf("end %d, targets %d and %d, horizons %v", end, near, far, horizons)
			}
			if got := w.Scalers[1].Unscale(float64(rows[2*(end-1)+1])); math.Abs(got-float64(near)) > 1e-4*float64(n) {
				r.Fatalf("the last row of the window knows the clock of row %v, its target is %d", got, near)
			}
		}
	})
}
