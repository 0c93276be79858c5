package stats

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// noise is n normal deviates.
func noise(n int, seed uint64) []float64 {
	r := rand.New(rand.NewPCG(seed, 0))
	x := make([]float64, n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	return x
}

func TestPortableFunctions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64Range(-700, 700).Draw(t, "x")
		if got, want := exp(x), math.Exp(x); math.Abs(got-want) > 4e-16*want {
			t.Errorf("exp(%v) = %v, want %v", x, got, want)
		}
		p := rapid.Float64Range(1e-300, 1e300).Draw(t, "p")
		if got, want := log(p), math.Log(p); math.Abs(got-want) > 4e-16*max(1e-3, math.Abs(want)) {
			t.Errorf("log(%v) = %v, want %v", p, got, want)
		}
		n := rapid.IntRange(1, 1<<24).Draw(t, "n")
		k := rapid.IntRange(0, n-1).Draw(t, "k")
		c, s := Turn(k, n)
		a := 2 * math.Pi * float64(k) / float64(n)
		if math.Abs(c-math.Cos(a)) > 3e-15 || math.Abs(s-math.Sin(a)) > 3e-15 {
			t.Errorf("Turn(%d, %d) = %v, %v, want %v, %v", k, n, c, s, math.Cos(a), math.Sin(a))
		}
	})
	for _, c := range []struct{ x, want float64 }{{0, 1}, {-800, 0}, {800, math.Inf(1)}} {
		if got := exp(c.x); got != c.want {
			t.Errorf("exp(%v) = %v", c.x, got)
		}
	}
}

// Values of scipy.stats.chi2.sf and scipy.stats.norm.cdf.
func TestDistributions(t *testing.T) {
	for _, c := range []struct {
		degrees int
		x, want float64
	}{{1, 3.841458820694124, 0.05}, {2, 4.605170185988092, 0.1}, {10, 18.307038053275146, 0.05}, {40, 55.75847927888702, 0.05}, {1, 0, 1}, {7, 0.5, 0.9994464813904249}} {
		if got := gammaQ(c.degrees, c.x/2); math.Abs(got-c.want) > 1e-12*c.want {
			t.Errorf("chi2(%d) beyond %v: %v, want %v", c.degrees, c.x, got, c.want)
		}
	}
	for x, want := range map[float64]float64{0: 0.5, 1.959963984540054: 0.975, -1.959963984540054: 0.025, -7: 1.279812543885835e-12} {
		if got := normalCDF(x); math.Abs(got-want) > 1e-12*want {
			t.Errorf("normalCDF(%v) = %v, want %v", x, got, want)
		}
	}
}

func TestTransformIsTheDefinition(t *testing.T) {
	for n := 1; n < 70; n++ {
		x := noise(n, uint64(n))
		re, im := transform(slices.Clone(x), make([]float64, n))
		for k := range n {
			var wr, wi float64
			for i, v := range x {
				c, s := Turn(i*k%n, n)
				wr, wi = wr+v*c, wi-v*s
			}
			if math.Abs(re[k]-wr) > 1e-12 || math.Abs(im[k]-wi) > 1e-12 {
				t.Fatalf("n=%d k=%d: %v %v, want %v %v", n, k, re[k], im[k], wr, wi)
			}
		}
	}
}

// A series cut into runs has the lag products of its parts.
func TestNothingCrossesAGap(t *testing.T) {
	x := noise(300, 1)
	runs := []Run{{0, x[:100]}, {150, x[100:300]}}
	c, err := ACF(runs, 3)
	if err != nil {
		t.Fatal(err)
	}
	mean := Mean(Single(x))
	num, den := 0.0, 0.0
	for i := range x {
		den += (x[i] - mean) * (x[i] - mean)
		if i != 0 && i != 100 {
			num += (x[i] - mean) * (x[i-1] - mean)
		}
	}
	if math.Abs(c.R[1]-num/den) > 1e-14 {
		t.Errorf("lag 1: %v, want %v", c.R[1], num/den)
	}
	d, err := Decompose(runs, 10, Additive)
	if err != nil {
		t.Fatal(err)
	}
	for _, edge := range []int{0, 4, 95, 99, 100, 104, 295, 299} {
		if !math.IsNaN(d.Trend[edge]) || !math.IsNaN(d.Residual[edge]) {
			t.Errorf("point %d has a trend from across a gap", edge)
		}
	}
	if math.IsNaN(d.Trend[5]) || math.IsNaN(d.Trend[105]) {
		t.Error("no trend inside a run")
	}
}

// A gap that is no multiple of the period does not shift the season, because phases follow the grid.
func TestSeasonGoesOnThroughAGap(t *testing.T) {
	wave := func(start, n int) []float64 {
		x := make([]float64, n)
		for i := range x {
			x[i] = float64((start + i) % 7)
		}
		return x
	}
	d, err := Decompose([]Run{{0, wave(0, 70)}, {1003, wave(1003, 50)}, {2000, wave(2000, 13)}}, 7, Additive)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range d.Figure {
		if math.Abs(v-(float64(k)-3)) > 1e-12 {
			t.Errorf("phase %d: %v, want %d", k, v, k-3)
		}
	}
	if d.SeasonalStrength < 1-1e-12 || !math.IsNaN(d.Seasonal[len(d.Seasonal)-1]) {
		t.Errorf("strength %v, last %v: a run under two periods has no season", d.SeasonalStrength, d.Seasonal[len(d.Seasonal)-1])
	}
	if p := d.NoiseTest(999, 1, nil).P; p != 0.001 {
		t.Errorf("a pure season has p = %v", p)
	}
}

// Under noise, p-values are spread evenly: they are below 0.2 about a fifth of the time, for both models.
func TestNoiseTestHolds(t *testing.T) {
	for _, model := range []Model{Additive, Multiplicative} {
		below := 0
		for seed := range uint64(100) {
			x := noise(300, seed+1000)
			for i := range x {
				x[i] = 100 + 10*x[i]
			}
			d, err := Decompose(Single(x), 12, model)
			if err != nil {
				t.Fatal(err)
			}
			if d.NoiseTest(199, seed, nil).P <= 0.2 {
				below++
			}
		}
		if below < 8 || below > 34 {
			t.Errorf("%s: p <= 0.2 in %d of 100 pure noises", model, below)
		}
	}
}

func TestNoiseTestOfManyShortRuns(t *testing.T) {
	var runs []Run
	for i := range 800 {
		runs = append(runs, Run{Start: 10 * i, Values: noise(5, uint64(i))})
	}
	d, err := Decompose(runs, 2, Additive)
	if err != nil {
		t.Fatal(err)
	}
	if r := d.NoiseTest(199, 1, nil); r.Block != 3 || r.P <= 0 || r.P > 1 {
		t.Errorf("%+v", *r)
	}
	if d.NoiseTest(199, 1, func() bool { return true }) != nil {
		t.Error("a stopped test has a result")
	}
}

// fractional is noise integrated d times by its moving-average weights (Hosking 1981), so that H = d + 1/2.
func fractional(n int, d float64, seed uint64) []float64 {
	e := noise(2*n, seed)
	x := make([]float64, n)
	w := make([]float64, 2*n)
	w[0] = 1
	for k := 1; k < len(w); k++ {
		w[k] = w[k-1] * (float64(k) - 1 + d) / float64(k)
	}
	for i := range x {
		for k := 0; k <= n+i; k++ {
			x[i] += w[k] * e[n+i-k]
		}
	}
	return x
}

func TestHurst(t *testing.T) {
	for _, d := range []float64{0, 0.3} {
		inside, total := 0, 0.0
		for seed := range uint64(40) {
			m, err := Hurst(fractional(500, d, seed+1))
			if err != nil {
				t.Fatal(err)
			}
			total += m.H
			if m.Low <= d+0.5 && d+0.5 <= m.High {
				inside++
			}
		}
		if inside < 33 || math.Abs(total/40-d-0.5) > 0.05 {
			t.Errorf("H = %v: mean estimate %v, inside the interval %d of 40 times", d+0.5, total/40, inside)
		}
	}
	daily := noise(1000, 4)
	for i := range daily {
		c, _ := Turn(i%50, 50)
		daily[i] += 5 * c
	}
	if m, err := Hurst(daily); err != nil || m.Cycle != 20 {
		t.Errorf("a cycle of 50 in 1000 points: %+v %v", m, err)
	}
	walk := noise(1000, 3)
	for i := 1; i < len(walk); i++ {
		walk[i] += walk[i-1]
	}
	if m, err := Hurst(walk); err != nil || m.Low > 1.5 || m.High < 1.5 || m.High > 1.7 {
		t.Errorf("a random walk: %+v %v", m, err)
	}
}

func TestWhatCannotBeComputed(t *testing.T) {
	flat := make([]float64, 500)
	for i := range flat {
		flat[i] = 0.1
	}
	ramp := []float64{1, 2, 3}
	check := func(what string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	for _, x := range [][]float64{nil, {1}} {
		_, err := ACF(Single(x), 1)
		check("acf", err, ErrShort)
		_, err = PACF(Single(x), 1, LeastSquares)
		check("pacf", err, ErrShort)
		_, err = Decompose(Single(x), 2, Additive)
		check("decompose", err, ErrShort)
		_, err = Periodogram(x, 1)
		check("periodogram", err, ErrShort)
		_, err = Hurst(x)
		check("hurst", err, ErrShort)
		_, err = ADF(x, false, -1, AIC)
		check("adf", err, ErrShort)
		_, err = KPSS(x)
		check("kpss", err, ErrShort)
	}
	_, err := Describe(nil)
	check("describe", err, ErrShort)
	_, err = ACF(nil, 0)
	check("acf of nothing", err, ErrShort)
	_, err = ACF(Single(flat), 10)
	check("acf", err, ErrConstant)
	_, err = PACF(Single(flat), 10, YuleWalker)
	check("pacf", err, ErrConstant)
	_, err = Decompose(Single(flat), 10, Additive)
	check("decompose", err, ErrConstant)
	_, err = Decompose(Single(ramp), 2, Additive)
	check("decompose", err, ErrShort)
	_, err = Decompose(Single([]float64{1, 0, 2, 3}), 2, Multiplicative)
	check("decompose", err, ErrNotPositive)
	_, err = Hurst(flat)
	check("hurst", err, ErrConstant)
	_, err = ADF(flat, false, -1, AIC)
	check("adf", err, ErrConstant)
	_, err = KPSS(flat)
	check("kpss", err, ErrConstant)
	if d, err := Describe(flat); err != nil || d.Std != 0 || d.Mean != 0.1 {
		t.Errorf("describe: %+v %v", d, err)
	}
	if h, err := AutoHistogram(flat); err != nil || len(h.Counts) != 1 || h.Counts[0] != 500 {
		t.Errorf("histogram: %+v %v", h, err)
	}
}

// No statistic changes its input, and description does not depend on order.
func TestInputsAreLeftAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SliceOfN(rapid.Float64Range(-1e9, 1e9), 2, 200).Draw(t, "x")
		before := slices.Clone(x)
		a, _ := Describe(x)
		ACF(Single(x), 5)
		PACF(Single(x), 2, LeastSquares)
		Decompose(Single(x), 3, Additive)
		Periodogram(x, 1)
		Hurst(x)
		ADF(x, true, -1, AIC)
		KPSS(x)
		h, err := AutoHistogram(x)
		if !slices.Equal(x, before) {
			t.Fatal("the input changed")
		}
		slices.Reverse(x)
		b, _ := Describe(x)
		if a.P25 != b.P25 || a.P75 != b.P75 || math.Abs(a.Mean-b.Mean) > 1e-9*math.Abs(a.Mean)+1e-300 {
			t.Errorf("%+v reversed is %+v", a, b)
		}
		total := int64(0)
		for _, c := range h.Counts {
			total += c
		}
		if err != nil || total != int64(len(x)) {
			t.Errorf("histogram counts %d of %d values: %v", total, len(x), err)
		}
	})
}

// The power adds up to the variance (Parseval).
func TestPowerIsVariance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := noise(rapid.IntRange(2, 400).Draw(t, "n"), rapid.Uint64().Draw(t, "seed"))
		power, err := Periodogram(x, 1)
		if err != nil {
			t.Fatal(err)
		}
		total := Mean(Single(power)) * float64(len(power)) / float64(len(x))
		if v := variance(x); math.Abs(total-v) > 1e-12*v {
			t.Errorf("%d points: power %v, variance %v", len(x), total, v)
		}
	})
}

func BenchmarkPeriodogram36815(b *testing.B) {
	x := noise(36_815, 1)
	for b.Loop() {
		if _, err := Periodogram(x, 1); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNoiseTest36815(b *testing.B) {
	d, err := Decompose(Single(noise(36_815, 1)), 3600, Additive)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		d.NoiseTest(2000, 1, nil)
	}
}
