package eda

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/metric"
	"weir/internal/series"
	"weir/internal/table"
	"weir/stages"
)

var update = flag.Bool("update", false, "write testdata/golden.txt anew")

// made is a series of one column on a grid of seconds; cut lists the rows before which 24 hours are missing.
func made(column string, values []float64, cut ...int) *series.Series {
	s := &series.Series{Step: time.Second, Columns: []series.Column{{Name: column, Unit: "B", Values: values}}}
	at := int64(1_169_701_200e9)
	for i := range values {
		if slices.Contains(cut, i) {
			at += int64(24 * time.Hour)
		}
		s.Time = append(s.Time, at)
		s.Coverage = append(s.Coverage, 1)
		at += int64(time.Second)
	}
	return s
}

// wave is a season of seven intervals on a slow trend, with a deterministic roughness.
func wave(n int) []float64 {
	x := make([]float64, n)
	state := uint64(1)
	for i := range x {
		state = state*6364136223846793005 + 1442695040888963407
		x[i] = 1e6 + 1e5*float64(i%7) + 100*float64(i) + float64(state>>44)
	}
	return x
}

// explore runs the stage on a series and returns the folder with its outputs.
func explore(t *testing.T, s *series.Series, change func(*Explore)) (dir string, env *stages.Env, err error) {
	t.Helper()
	dir = t.TempDir()
	e := Kind().New().(*Explore)
	if s != nil {
		path := filepath.Join(dir, "series.parquet")
		if err := s.Write(path); err != nil {
			t.Fatal(err)
		}
		e.Series = stages.Input{Path: path, From: "series.parquet"}
	}
	e.Summary.Path, e.Metrics.Path = filepath.Join(dir, "eda.json"), filepath.Join(dir, "metrics.json")
	e.Decomposition.Path, e.Figures.Path = filepath.Join(dir, "decomposition.parquet"), filepath.Join(dir, "figures")
	if err := os.Mkdir(e.Figures.Path, 0o777); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(e)
	}
	if err := e.Validate(); err != nil {
		t.Fatal(err)
	}
	env = stages.Quiet(t.TempDir())
	return dir, env, e.Run(context.Background(), env)
}

func read(t *testing.T, dir string) (summary, []metric.Metric) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "eda.json"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte("NaN")) {
		t.Error("NaN in eda.json")
	}
	var s summary
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	metrics, err := metric.Read(filepath.Join(dir, "metrics.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range metrics {
		if math.IsNaN(float64(m.Value)) {
			t.Errorf("metric without a value: %+v", m)
		}
	}
	return s, metrics
}

func value(t *testing.T, metrics []metric.Metric, name string, labels ...string) float64 {
	t.Helper()
	found := metric.Find(metrics, name, labels...)
	if len(found) != 1 {
		t.Fatalf("%s %v: %d metrics, want one", name, labels, len(found))
	}
	return float64(found[0].Value)
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "figures"))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".svg"); ok {
			list = append(list, name)
		}
	}
	return strings.Join(list, " ")
}

func TestSeasonalSeries(t *testing.T) {
	dir, env, err := explore(t, made("bytes", wave(300)), func(e *Explore) { e.Periods = []int{7, 100, 200}; e.Model = "both" })
	if err != nil {
		t.Fatal(err)
	}
	s, metrics := read(t, dir)
	if s.Describe.Count != 300 || len(s.ACF) != 41 || len(s.PACF) != 41 || s.Hurst == nil || s.Periodogram == nil || s.Published != nil || s.Unit != "B/s" {
		t.Errorf("%+v", s)
	}
	if v := value(t, metrics, "seasonal_beats_noise", "protocol", "strict", "period", "7", "model", "additive"); v != 1 {
		t.Error("a plain season is called noise")
	}
	if v := value(t, metrics, "seasonal_few_cycles", "protocol", "strict", "period", "100"); v != 1 {
		t.Error("three cycles are not called few")
	}
	if v := value(t, metrics, "seasonal_refused", "protocol", "published", "period", "200", "model", "additive", "reason", "short"); v != 1 {
		t.Error("a period of 200 in 300 points is not refused")
	}
	_, findings, warnings := env.Said()
	if len(findings) == 0 || len(warnings) < 2 {
		t.Errorf("findings %q, warnings %q", findings, warnings)
	}
	if got := names(t, dir); got != "acf_pacf decomposition_100 decomposition_100_multiplicative decomposition_7 decomposition_7_multiplicative periodogram series" {
		t.Errorf("figures: %s", got)
	}
	d, err := table.Read(filepath.Join(dir, "decomposition.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	trend, err := d.Column("trend")
	if err != nil || d.Rows() != 4*300 || !trend.IsNull(0) || trend.IsNull(3) || !trend.IsNull(299) {
		t.Errorf("decomposition of %d rows, %v", d.Rows(), err)
	}
}

func TestOddSeries(t *testing.T) {
	flat := slices.Repeat([]float64{5}, 200)
	for _, c := range []struct {
		name   string
		s      *series.Series
		period int
	}{
		{"one point", made("bytes", []float64{7}), 2},
		{"two points", made("bytes", []float64{7, 8}), 2},
		{"five points", made("bytes", []float64{7, 8, 3, 1, 9}), 2},
		{"constant", made("bytes", flat), 10},
		{"zeros", made("bytes", make([]float64, 150)), 10},
		{"tiny", made("bytes", []float64{1e-200, 3e-200, 2e-200, 1e-200, 5e-200}), 2},
		{"gaps", made("bytes", wave(400), 100, 101, 250), 7},
		{"only gaps", made("bytes", wave(5), 1, 2, 3, 4), 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, model := range []string{"additive", "both"} {
				dir, _, err := explore(t, c.s, func(e *Explore) { e.Period = c.period; e.Model = model })
				if err != nil {
					t.Fatal(err)
				}
				s, metrics := read(t, dir)
				if s.Describe.Count != c.s.Len() || !strings.Contains(names(t, dir), "series") {
					t.Errorf("%+v, figures %s", s.Describe, names(t, dir))
				}
				for _, name := range []string{"describe_mean", "segments", "longest_segment"} {
					value(t, metrics, name, "protocol", "strict")
				}
			}
		})
	}
}

func TestGapsAreNotCrossed(t *testing.T) {
	dir, _, err := explore(t, made("bytes", wave(400), 100, 250), func(e *Explore) { e.Period = 7 })
	if err != nil {
		t.Fatal(err)
	}
	s, metrics := read(t, dir)
	if s.Segments != 3 || s.LongestSegment != 150 || s.Published == nil || s.Published.Segments != 1 {
		t.Errorf("%+v", s)
	}
	if v := value(t, metrics, "gap_seconds", "protocol", "strict"); v != 2*86400 {
		t.Errorf("gaps of %v s", v)
	}
	d, err := table.Read(filepath.Join(dir, "decomposition.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	trend, _ := d.Column("trend")
	for i := range trend.Floats {
		edge := i < 3 || i >= 97 && i < 103 || i >= 247 && i < 253 || i >= 397
		if trend.IsNull(i) != edge {
			t.Errorf("row %d: null is %v", i, !edge)
		}
	}
}

// A capture: both volumes, partial edges, a second without packets, protocols side by side.
func TestBothProtocols(t *testing.T) {
	s := made("wire_bytes", wave(200))
	captured, packets := slices.Clone(s.Columns[0].Values), make([]float64, 200)
	for i := range captured {
		captured[i] /= 10
		packets[i] = 100
	}
	captured[50], packets[50], s.Columns[0].Values[50] = 0, 0, 0
	s.Columns = append(s.Columns, series.Column{Name: "captured_bytes", Unit: "B", Values: captured}, series.Column{Name: "packets", Unit: "packets", Values: packets})
	s.Coverage[0], s.Coverage[199] = 0.3, 0.6
	dir, _, err := explore(t, s, func(e *Explore) { e.Language = "pt" })
	if err != nil {
		t.Fatal(err)
	}
	_, metrics := read(t, dir)
	if a, b := value(t, metrics, "describe_count", "protocol", "strict", "column", "wire_bytes"), value(t, metrics, "describe_count", "protocol", "published", "column", "captured_bytes"); a != 198 || b != 199 {
		t.Errorf("strict %v, published %v", a, b)
	}
	if v := value(t, metrics, "captured_share"); math.Abs(v-0.1) > 1e-9 {
		t.Errorf("captured share %v", v)
	}
	if v := value(t, metrics, "partial_edges", "protocol", "strict"); v != 2 {
		t.Errorf("%v partial edges", v)
	}
	if got := names(t, dir); got != "acf_pacf acf_pacf_published periodogram periodogram_published series series_published" {
		t.Errorf("figures: %s", got)
	}
}

func TestPartialIntervalsOnly(t *testing.T) {
	s := made("wire_bytes", []float64{10, 20})
	s.Coverage = []float64{0.5, 0.1}
	dir, env, err := explore(t, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, metrics := read(t, dir)
	if value(t, metrics, "edges_kept", "protocol", "strict") != 1 {
		t.Error("kept edges are not told")
	}
	if _, _, warnings := env.Said(); len(warnings) != 1 {
		t.Errorf("warnings %q", warnings)
	}
}

func writeSizes(t *testing.T, lengths ...int64) string {
	t.Helper()
	tb := &table.Table{Columns: []table.Column{{Name: "of", Type: table.Text}, {Name: "type", Type: table.Text}, {Name: "length", Type: table.Uint32}, {Name: "packets", Type: table.Int64}}}
	for _, of := range sizeLengths {
		for j, kind := range sizeTypes {
			for i, l := range lengths {
				tb.Columns[0].Texts, tb.Columns[1].Texts = append(tb.Columns[0].Texts, of), append(tb.Columns[1].Texts, kind)
				tb.Columns[2].Ints, tb.Columns[3].Ints = append(tb.Columns[2].Ints, l), append(tb.Columns[3].Ints, int64((i+1)*(j+1)*10))
			}
		}
	}
	path := filepath.Join(t.TempDir(), "sizes.parquet")
	if err := table.Write(path, tb); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSizes(t *testing.T) {
	dir, _, err := explore(t, nil, func(e *Explore) { e.Sizes = stages.Input{Path: writeSizes(t, 40, 96, 1500), From: "sizes"} })
	if err != nil {
		t.Fatal(err)
	}
	_, metrics := read(t, dir)
	for name, want := range map[string]float64{"size_packets": 120, "size_mean": (40 + 2*96 + 3*1500) / 6.0, "size_p50": 96, "size_max": 1500, "size_mode": 1500, "size_share": 2.0 / 6} {
		if v := value(t, metrics, name, "of", "wire", "type", "UDP"); math.Abs(v-want) > 1e-12*want {
			t.Errorf("%s = %v, want %v", name, v, want)
		}
	}
	if got := names(t, dir); got != "sizes_captured sizes_wire" {
		t.Errorf("figures: %s", got)
	}
	if width, count := binning([3]sizeCounts{{lengths: []int64{65535}}}, 50); width != 2000 || count != 33 {
		t.Errorf("65,535 bytes in %d bins of %d", count, width)
	}
	_, _, err = explore(t, nil, func(e *Explore) { e.Sizes = stages.Input{Path: writeSizes(t, 96, 40), From: "sizes"} })
	if err == nil || !strings.Contains(err.Error(), "increasing lengths") {
		t.Errorf("unordered sizes: %v", err)
	}
}

func TestErrors(t *testing.T) {
	huge := made("bytes", []float64{1, 1e200})
	for _, c := range []struct {
		name, want string
		s          *series.Series
		change     func(*Explore)
	}{
		{"nothing given", "give series, sizes or both", nil, nil},
		{"empty", "no intervals", made("bytes", nil), nil},
		{"column", "bytes", made("bytes", wave(10)), func(e *Explore) { e.Column = "byts" }},
		{"huge", "beyond", huge, nil},
	} {
		_, _, err := explore(t, c.s, c.change)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want something about %q", c.name, err, c.want)
		}
	}
	for _, e := range []*Explore{{Lags: 0}, {Lags: 5000}, {Lags: 1, Period: 1}, {Lags: 1, Periods: []int{-3}}, {Lags: 1, Periods: make([]int, 500)}} {
		if e.Validate() == nil {
			t.Errorf("accepted: %+v", e)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := t.TempDir()
	e := Kind().New().(*Explore)
	path := filepath.Join(dir, "series.parquet")
	if err := made("bytes", wave(300)).Write(path); err != nil {
		t.Fatal(err)
	}
	e.Series, e.Period = stages.Input{Path: path, From: "series"}, 7
	e.Summary.Path, e.Metrics.Path, e.Figures.Path = filepath.Join(dir, "eda.json"), filepath.Join(dir, "metrics.json"), dir
	if err := e.Run(ctx, stages.Quiet(dir)); err != context.Canceled {
		t.Errorf("a cancelled run says %v", err)
	}
}

// The bytes of every output are fixed for a version of the kind, on every machine. When this test fails and the change is meant, raise Version
// in Kind and run with -update. Figures are left out: their bytes are internal/plot's.
func TestGoldenBytes(t *testing.T) {
	dir, _, err := explore(t, made("bytes", wave(400), 150), func(e *Explore) {
		e.Period, e.Model = 7, "both"
		e.Sizes = stages.Input{Path: writeSizes(t, 40, 96, 1500), From: "sizes"}
	})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("version %d\n", Kind().Version)
	for _, name := range []string{"eda.json", "metrics.json", "decomposition.parquet"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		got += fmt.Sprintf("%x  %s\n", sha256.Sum256(data), name)
	}
	path := filepath.Join("testdata", "golden.txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the bytes changed:\n%swant:\n%s", got, want)
	}
}
