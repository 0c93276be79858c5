package forecast

import (
	"flag"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/series"
)

var full = flag.Bool("full", false, "judge the automatic choice on all series of ../shared/data/series, not only on a few")

// rivals are the linear models with their usual options, the best of which on the test part is what auto is measured by.
var rivals = []Model{
	{Name: "naive"}, {Name: "drift"}, {Name: "mean"}, {Name: "moving_average", Window: 10}, {Name: "ses"}, {Name: "holt"}, {Name: "theta"}, {Name: "ar", Order: 10}, {Name: "ar", Order: 20},
	{Name: "ar", Order: 60}, {Name: "ridge", Order: 20, Penalty: 1}, {Name: "ridge", Order: 60, Penalty: 1}, {Name: "nlinear", Order: 60, Penalty: 1}, {Name: "rlinear", Order: 20, Window: 50, Penalty: 100},
	{Name: "dlinear", Order: 60, Window: 25, Penalty: 1}, {Name: "arima", Order: 2, Difference: 1, Average: 1}, {Name: "arfima", Order: 1},
}

// TestAuto trains on the first 80 % of real series and forecasts the rest. The 5G series have no record of every eighth second: once what was recorded is one segment, both directions, and once, with
// -full, these seconds are gaps. On no series may auto be worse than the last value beyond noise.
func TestAuto(t *testing.T) {
	files := []string{"isp_it_eu_5m.csv", "mawi_200701251400_captured_bytes_per_second_DIGITISED.csv"}
	phones, err := filepath.Glob(shared(t, "data/series") + "/5g/*.csv")
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range phones {
		if *full || i%9 == 0 {
			files = append(files, "5g/"+filepath.Base(f))
		}
	}
	judge(t, files, 1, false, []string{"bytes_down", "bytes_up"})
	if *full {
		for _, h := range []int{1, 5} {
			judge(t, files, h, true, []string{"bytes_down"})
		}
		judge(t, files, 5, false, []string{"bytes_down"})
		judge(t, files, 30, false, []string{"bytes_down"})
	}
}

func judge(t *testing.T, files []string, h int, gaps bool, columns []string) {
	t.Logf("horizon %d, gaps kept: %v", h, gaps)
	sum, best, within, relative, n := 0.0, 0.0, 0, 0, 0
	for _, f := range files {
		for _, c := range columns {
			d := realSeries(t, f, &c, gaps)
			end := d.Len() * 8 / 10
			targets := withHistory(d, Rows(end, d.Len()), h)
			if c == "" || len(targets) < 30 {
				continue
			}
			actual := d.At(targets)
			of := func(m Model) []float64 {
				f, err := m.Fit(d, Rows(0, end), []int{h})
				if err != nil {
					return nil
				}
				e := Errors(actual, f.Forecast(d, targets, h))
				if slices.ContainsFunc(e, func(v float64) bool { return !finite(v) }) {
					return nil
				}
				return e
			}
			naive := of(rivals[0])
			begin := time.Now()
			e := of(Model{Name: "auto"})
			took := time.Since(begin)
			if e == nil {
				t.Errorf("%s: auto does not forecast every target", f)
				continue
			}
			skill := Skill(SumSquares(e), SumSquares(naive))
			top, name, ahead := 0.0, rivals[0], naive
			for _, m := range rivals {
				if m.Name == "arfima" && (h > 1 || !*full) {
					continue // slow
				}
				if r := of(m); r != nil && Skill(SumSquares(r), SumSquares(naive)) > top {
					top, name, ahead = Skill(SumSquares(r), SumSquares(naive)), m, r
				}
			}
			against, from := DieboldMariano(naive, e, h), DieboldMariano(ahead, e, h)
			t.Logf("%-28.28s %-12.12s %5d auto %6.3f (p %.3f) best %6.3f %s %d (p %.3f) %4d ms", strings.TrimPrefix(f, "5g/")[max(0, len(f)-35):], c, len(targets), skill, against.P, top, name.Name, name.Order, from.P, took.Milliseconds())
			if skill < 0 && against.P < 0.05 {
				t.Errorf("%s %s: worse than the last value, p = %.3g", f, c, against.P)
			}
			if h == 1 && !gaps && skill < top && from.P < 0.05 {
				t.Errorf("%s %s: skill %.3f, %s has %.3f, p = %.3g", f, c, skill, name.Name, top, from.P)
			}
			n++
			sum, best = sum+skill, best+top
			if skill >= top-0.05 {
				within++
			}
			if skill >= 0.95*top {
				relative++
			}
		}
	}
	t.Logf("%d series: mean skill %.4f, of the best in hindsight %.4f; within 0.05 of it %d, within 5 %% of its skill %d", n, sum/float64(n), best/float64(n), within, relative)
	if h == 1 && *full && sum < 0.95*best {
		t.Errorf("mean skill %.4f, expected at least 95 %% of %.4f", sum/float64(n), best/float64(n))
	}
}

// realSeries reads a column of a series; c becomes the name of the only one of a file that has one, and empty when that was read already.
func realSeries(t *testing.T, f string, c *string, gaps bool) *Data {
	clock, step, trim := "epoch_s_localclock", int64(1), 0
	if !strings.HasPrefix(f, "5g/") {
		clock = "epoch_s"
		switch {
		case *c != "bytes_down":
			*c = ""
			return plain(nil)
		case strings.HasPrefix(f, "isp"):
			*c, step = "bytes", 300
		default:
			*c, trim = "captured_bytes_approx", 1
		}
	}
	x, at := column(t, shared(t, "data/series/"+f), *c), column(t, shared(t, "data/series/"+f), clock)
	d := plain(x[trim : len(x)-trim])
	at = at[trim : len(at)-trim]
	if !gaps {
		return d
	}
	d.Segments = nil
	for i := range at {
		d.Time[i] = int64(at[i]) / step * 1e9
		if i == 0 || int64(at[i]-at[i-1]) != step {
			d.Segments = append(d.Segments, series.Span{Lo: i})
		}
		d.Segments[len(d.Segments)-1].Hi = i + 1
	}
	return d
}
