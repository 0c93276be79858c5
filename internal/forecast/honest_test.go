package forecast

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// honestGolden is testdata/honest.json, which testdata/honest.py makes with numpy, scipy, statsmodels, scikit-learn and arch.
type honestGolden struct {
	Event struct {
		AveragePrecision             float64 `json:"average_precision"`
		Precision, Recall, Threshold []float64
		Brier                        float64
		Positives                    int
	}
	Binomial [][4]float64
	Interval struct{ Pinball, Width, Coverage, Winkler float64 }
	Power    [][2]float64
	Ranks    struct {
		Mean []float64
		P    float64
	}
	SPA        map[string]struct{ SPA, White float64 }
	YuleWalker []float64 `json:"yule_walker"`
	Bootstrap  struct{ Mean, SD, Low, High float64 }
}

func honest(t *testing.T) (g honestGolden) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "honest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// lcg gives the numbers of honest.py.
func lcg(n int, seed int64) []float64 {
	out := make([]float64, n)
	for i := range out {
		seed = (seed*1103515245 + 12345) % (1 << 31)
		out[i] = float64(seed) / (1 << 31)
	}
	return out
}

func near(t *testing.T, what string, got, want, relative float64) {
	t.Helper()
	if !(math.Abs(got-want) <= relative*max(math.Abs(want), 1e-12)) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestEventsAgainstScikit(t *testing.T) {
	g := honest(t).Event
	u, p := lcg(300, 1), lcg(300, 2)
	happened := make([]bool, len(u))
	for i := range p {
		p[i] = math.RoundToEven(p[i]*20) / 20
		happened[i] = u[i] < 0.1+0.5*p[i]
	}
	c := PrecisionRecall(happened, p)
	near(t, "average precision", c.AveragePrecision(), g.AveragePrecision, 1e-12)
	near(t, "Brier", Brier(happened, p), g.Brier, 1e-12)
	if len(c.Recall) != len(g.Recall) || !slices.Equal(c.Threshold, g.Threshold) {
		t.Fatalf("thresholds %v, want %v", c.Threshold, g.Threshold)
	}
	for i := range c.Recall {
		near(t, "precision", c.Precision[i], g.Precision[i], 1e-12)
		near(t, "recall", c.Recall[i], g.Recall[i], 1e-12)
	}
	if none := PrecisionRecall([]bool{false}, []float64{1}); !math.IsNaN(none.AveragePrecision()) || !math.IsInf(none.BestThreshold(), 1) {
		t.Error("an event that never happens has a precision")
	}
}

func TestExceedance(t *testing.T) {
	got := Exceedance([]float64{0, 10, 3}, []float64{-2, -1, 0, 1}, 3)
	for i, want := range []float64{0.5 / 5, 4.5 / 5, 1.5 / 5} {
		near(t, "probability", got[i], want, 1e-15)
	}
}

func TestIntervalsAgainstScikit(t *testing.T) {
	g := honest(t)
	a, low, high := lcg(200, 3), lcg(200, 4), lcg(200, 5)
	for i := range a {
		a[i], low[i], high[i] = a[i]*10, low[i]*4, 5+high[i]*4
	}
	s := MeasureIntervals(a, low, high, 0.9)
	near(t, "pinball", s.QuantileLoss, g.Interval.Pinball, 1e-12)
	near(t, "width", s.Width, g.Interval.Width, 1e-12)
	near(t, "coverage", s.Coverage, g.Interval.Coverage, 1e-12)
	near(t, "Winkler", s.Winkler, g.Interval.Winkler, 1e-12)
	for _, b := range g.Binomial {
		low, high := Binomial(int(b[0]), int(b[1]))
		near(t, "Clopper-Pearson low", low, b[2], 1e-8)
		near(t, "Clopper-Pearson high", high, b[3], 1e-8)
	}
}

// TestDetectable compares the effect with statsmodels' exact power of the t test, and once by trying: 80 % of samples with that mean difference are found.
func TestDetectable(t *testing.T) {
	for _, p := range honest(t).Power {
		c := Comparison{N: int(p[0]), Error: 1 / math.Sqrt(p[0])}
		near(t, "effect", c.Detectable(), p[1], 0.01)
	}
	r := rand.New(rand.NewPCG(1, 1))
	found, tries := 0, 2000
	effect := Comparison{N: 50, Error: 1 / math.Sqrt(50)}.Detectable()
	for range tries {
		d := make([]float64, 50)
		for i := range d {
			d[i] = r.NormFloat64() + effect
		}
		if DieboldMarianoLoss(d, 1).P < 0.05 {
			found++
		}
	}
	if share := float64(found) / float64(tries); math.Abs(share-0.8) > 0.04 {
		t.Errorf("power %v, want 0.8", share)
	}
}

func TestRanksAgainstScipy(t *testing.T) {
	g := honest(t).Ranks
	u := lcg(60, 6)
	losses := make([][]float64, 5)
	for m := range losses {
		losses[m] = slices.Clone(u[m*12 : m*12+12])
	}
	copy(losses[1][:4], losses[0][:4])
	r := AverageRanks(losses)
	for i := range g.Mean {
		near(t, "rank", r.Mean[i], g.Mean[i], 1e-12)
	}
	near(t, "Friedman's p", r.P, g.P, 1e-9)
	near(t, "critical difference", r.Difference, 2.728*math.Sqrt(5*6/(6*12.0)), 1e-12)
}

// losses are those of honest.py: of the rival and of eight tries.
func losses() (rival []float64, tries [][]float64) {
	const n = 400
	e := lcg(9*n, 7)
	noise := make([][]float64, 9)
	for k := range noise {
		row := e[k*n : k*n+n]
		for i := range row {
			noise[k] = append(noise[k], row[i]-0.5+0.5*(row[(i+n-1)%n]-0.5))
		}
	}
	for _, v := range noise[0] {
		rival = append(rival, 16*v*v)
	}
	for k, s := range []float64{9, 6, 3, 0, -2, -4, -6, -8} {
		var row []float64
		for i, v := range noise[0] {
			e := v*4*(1-0.055*s) + 3*noise[k+1][i]
			row = append(row, e*e)
		}
		tries = append(tries, row)
	}
	return rival, tries
}

// TestLuckAgainstArch: other random numbers, so equal within their error.
func TestLuckAgainstArch(t *testing.T) {
	g := honest(t)
	rival, tries := losses()
	b := NewBlocks(len(rival), 8, 10000, 1)
	for name, of := range map[string][][]float64{"some": tries, "worse": tries[4:]} {
		var d [][]float64
		for _, l := range of {
			d = append(d, Errors(rival, l))
		}
		got, want := b.RealityCheck(d), g.SPA[name]
		if name == "worse" { // Hansen's statistic is never below zero, arch's is: no try is better at all, and that is certain
			want.SPA = 1
		}
		if math.Abs(got.SPA-want.SPA) > 0.02 || math.Abs(got.White-want.White) > 0.02 {
			t.Errorf("%s: SPA %v, White %v, arch has %v", name, got.SPA, got.White, want)
		}
	}
	means := b.Means(rival)
	low, high := Percentiles(means, 0.95)
	near(t, "bootstrap mean", Mean(means), g.Bootstrap.Mean, 0.005)
	near(t, "bootstrap low", low, g.Bootstrap.Low, 0.02)
	near(t, "bootstrap high", high, g.Bootstrap.High, 0.02)
	if l := b.RealityCheck([][]float64{make([]float64, len(rival))}); !math.IsNaN(l.White) {
		t.Errorf("a try that is its rival: %+v", l)
	}
}

// TestBlocksGolden compares with the block bootstrap of the naive forecast against AR(20).
func TestBlocksGolden(t *testing.T) {
	var g struct {
		Tests struct {
			Bootstrap struct {
				Block    int
				Mean, SD float64
				Ends     []float64 `json:"percentile_95"`
			} `json:"block_bootstrap_naive_vs_ar_20"`
		} `json:"diebold_mariano"`
	}
	golden(t, "mawi_golden.json", &g)
	want := g.Tests.Bootstrap
	d := goldenDifference(t)
	means := NewBlocks(len(d), want.Block, 20000, 7).Means(d)
	sd := 0.0
	for _, m := range means {
		sd += (m - Mean(means)) * (m - Mean(means))
	}
	sd = math.Sqrt(sd / float64(len(means)-1))
	low, high := Percentiles(means, 0.95)
	near(t, "deviation", sd, want.SD, 0.03)
	for what, pair := range map[string][2]float64{"mean": {Mean(means), want.Mean}, "low": {low, want.Ends[0]}, "high": {high, want.Ends[1]}} {
		if math.Abs(pair[0]-pair[1]) > 0.05*want.SD {
			t.Errorf("%s %v, want %v (sd %v)", what, pair[0], pair[1], want.SD)
		}
	}
}

// TestBlocks: a block as long as the values is the sample itself; blocks of constants have their mean; draws are repeatable.
func TestBlocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 1, 60).Draw(t, "values")
		n := len(values)
		for _, m := range NewBlocks(n, n, 3, 1).Means(values) {
			if math.Abs(m-Mean(values)) > 1e-9*(1+math.Abs(m)) {
				t.Fatalf("mean %v, want %v", m, Mean(values))
			}
		}
		length := rapid.IntRange(1, n).Draw(t, "length")
		low, high := slices.Min(values), slices.Max(values)
		for _, m := range NewBlocks(n, length, 5, 2).Means(values) {
			if m < low-1e-3 || m > high+1e-3 {
				t.Fatalf("mean %v outside [%v, %v]", m, low, high)
			}
		}
		if !slices.Equal(NewBlocks(n, length, 5, 2).Means(values), NewBlocks(n, length, 5, 2).Means(values)) {
			t.Fatal("other draws")
		}
	})
	for n, want := range map[int]int{1: 1, 8: 2, 9: 3, 180: 6, 7000: 20} {
		if got := BlockLength(n, 1); got != want {
			t.Errorf("block length of %d is %d, want %d", n, got, want)
		}
	}
	if BlockLength(180, 30) != 30 || BlockLength(10, 30) != 10 {
		t.Error("block length by horizon")
	}
}

func TestLongARAgainstStatsmodels(t *testing.T) {
	u, v := lcg(500, 8), lcg(500, 9)
	level := 0.0
	x := make([]float64, 500)
	for i := range x {
		level += u[i] - 0.5
		x[i] = level*0.3 + v[i]
	}
	a, err := FitLongAR(plain(x), len(x), []int{3, 6})
	if err != nil {
		t.Fatal(err)
	}
	for j, want := range honest(t).YuleWalker {
		near(t, "coefficient", a.coefs[6][j], want, 1e-10)
	}
	// Steps ahead: the weights do what feeding forecasts back does.
	d := plain(x)
	want := slices.Clone(x[:400])
	for range 5 {
		grown := plain(append(slices.Clone(want), 0))
		want = append(want, a.Forecast(grown, 6, 1, []int{len(want)})[0])
	}
	near(t, "five steps ahead", a.Forecast(d, 6, 5, []int{404})[0], want[404], 1e-12)
	if f := a.Forecast(d, 6, 2, []int{6, 7}); !math.IsNaN(f[0]) || math.IsNaN(f[1]) {
		t.Errorf("too little history: %v", f)
	}
}

// TestCeiling finds the long memory of a series that a short order misses.
func TestCeiling(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	x := make([]float64, 2000)
	for i := range x {
		x[i] = 100 + r.NormFloat64()
		if i >= 40 {
			x[i] += 0.9 * (x[i-40] - 100)
		}
	}
	d := plain(x)
	order, forecast, err := Ceiling(d, 1400, 1, Rows(1400, 1700), Rows(1700, 2000))
	if err != nil {
		t.Fatal(err)
	}
	mse := SumSquares(Errors(x[1700:], forecast)) / 300
	if order < 40 || mse > 1.4 {
		t.Errorf("order %d, error %v: the cycle of 40 is not found", order, mse)
	}
	if _, _, err := Ceiling(plain(make([]float64, 200)), 100, 1, Rows(100, 150), Rows(150, 200)); err == nil {
		t.Error("a constant has a ceiling")
	}
	if _, _, err := Ceiling(d, 1400, 1, nil, Rows(1700, 2000)); err == nil {
		t.Error("a ceiling without validation part")
	}
}

// goldenDifference is the loss of the naive forecast minus that of AR(20).
func goldenDifference(t *testing.T) []float64 {
	t.Helper()
	path := shared(t, "golden/forecast/mawi_forecasts.csv")
	actual := column(t, path, "actual")
	naive, ar := Errors(actual, column(t, path, "naive")), Errors(actual, column(t, path, "ar_20"))
	d := make([]float64, len(naive))
	for i := range d {
		d[i] = naive[i]*naive[i] - ar[i]*ar[i]
	}
	return d
}
