package forest

import (
	"context"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// shared finds reference data beside the repository, or skips.
func shared(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
	path := filepath.Join(filepath.Dir(dir), "shared", filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no reference data at ../shared/%s", name)
	}
	return path
}

// table reads a file of fields between commas, or another separator, without its header.
func table(t testing.TB, path string, separator rune) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma = separator
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

func number(t testing.TB, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// lags are windows of a series' 60 last values with the next as target: the first 80 % of the series train, the rest tests.
func lags(t testing.TB) (train, test Examples) {
	const look = 60
	var x []float64
	for _, row := range table(t, shared(t, "data/series/isp_it_eu_5m.csv"), ',') {
		x = append(x, number(t, row[1]))
	}
	cut := func(lo, hi int) Examples {
		e := Examples{X: Matrix{Rows: hi - lo, Columns: look}}
		for i := lo; i < hi; i++ {
			e.X.Values = append(e.X.Values, x[i:i+look]...)
			e.Y = append(e.Y, x[i+look])
		}
		return e
	}
	border := int(float64(len(x))*0.8) - look
	return cut(0, border), cut(border, len(x)-look)
}

// mix is splitmix64 (Steele, Lea, Flood 2014) of a counter.
func mix(i uint64) uint64 {
	z := i + 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// stream are numbers uniform in [0, 1), from counters.
type stream uint64

func (s *stream) uniform() float64 {
	*s++
	return float64(mix(uint64(*s)-1)>>11) / (1 << 53)
}

// friedman is Friedman's first problem (Multivariate Adaptive Regression Splines, 1991): ten features, of which five matter, and noise of variance 1.
func friedman(rows int, s stream) Examples {
	e := Examples{X: Matrix{Rows: rows, Columns: 10, Values: make([]float64, 10*rows)}, Y: make([]float64, rows)}
	for i := range rows {
		x := e.X.Values[10*i:][:10]
		for j := range x {
			x[j] = s.uniform()
		}
		noise := -6.0
		for range 12 {
			noise += s.uniform()
		}
		e.Y[i] = 10*math.Sin(math.Pi*x[0]*x[1]) + 20*(x[2]-.5)*(x[2]-.5) + 10*x[3] + 5*x[4] + noise
	}
	return e
}

func rmse(m *Model, e Examples) float64 {
	total := 0.0
	for i, p := range m.Predict(&e.X) {
		total += (p - e.Y[i]) * (p - e.Y[i])
	}
	return math.Sqrt(total / float64(len(e.Y)))
}

func boosted(t testing.TB, train Examples, validation *Examples, o Options) *Model {
	t.Helper()
	m, err := FitBoosted(context.Background(), train, validation, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func bagged(t testing.TB, train Examples, o Options) *Model {
	t.Helper()
	m, err := FitForest(context.Background(), train, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func single(t testing.TB, train Examples, o Options) *Model {
	t.Helper()
	m, err := FitTree(context.Background(), train, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
