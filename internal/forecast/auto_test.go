package forecast

import (
	"flag"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var full = flag.Bool("full", false, "judge the automatic choice on all series of ../shared/data/series, not only on a few")

// rivals are the linear models with their usual options, the best of which on the test part is what auto is measured by.
var rivals = []Model{
	{Name: "naive"}, {Name: "drift"}, {Name: "mean"}, {Name: "moving_average", Window: 10}, {Name: "ses"}, {Name: "holt"}, {Name: "theta"}, {Name: "ar", Order: 10}, {Name: "ar", Order: 20},
	{Name: "ar", Order: 60}, {Name: "ridge", Order: 20, Penalty: 1}, {Name: "ridge", Order: 60, Penalty: 1}, {Name: "nlinear", Order: 60, Penalty: 1}, {Name: "rlinear", Order: 20, Window: 50, Penalty: 100},
	{Name: "dlinear", Order: 60, Window: 25, Penalty: 1}, {Name: "arima", Order: 2, Difference: 1, Average: 1}, {Name: "arfima", Order: 1},
}

// TestAuto trains on the first 80 % of every column of real series and forecasts the rest, one step ahead. The seconds of the 5G series that were not recorded are left out: they are every
// eighth. On each series auto must not be worse than the last value beyond noise, nor than the best rival, which is picked with knowledge of the test part.
func TestAuto(t *testing.T) {
	files := []string{"isp_it_eu_5m.csv", "mawi_200701251400_captured_bytes_per_second_DIGITISED.csv"}
	few, err := filepath.Glob(shared(t, "data/series") + "/5g/*.csv")
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range few {
		if *full || i%9 == 0 {
			files = append(files, "5g/"+filepath.Base(f))
		}
	}
	sum, best, within, relative, n := 0.0, 0.0, 0, 0, 0
	for _, f := range files {
		columns, trim := []string{"bytes_down", "bytes_up"}, 0
		switch {
		case strings.HasPrefix(f, "isp"):
			columns = []string{"bytes"}
		case strings.HasPrefix(f, "mawi"):
			columns, trim = []string{"captured_bytes_approx"}, 1
		}
		for _, c := range columns {
			x := column(t, shared(t, "data/series/"+f), c)
			d := plain(x[trim : len(x)-trim])
			end := d.Len() * 8 / 10
			targets := Rows(end, d.Len())
			actual := d.At(targets)
			of := func(m Model) []float64 {
				f, err := fitted(m, d, end, targets)
				if err != nil {
					t.Fatal(err)
				}
				return Errors(actual, f)
			}
			naive := of(Model{Name: "naive"})
			begin := time.Now()
			e := of(Model{Name: "auto"})
			took := time.Since(begin)
			skill := Skill(SumSquares(e), SumSquares(naive))
			top, name, ahead := 0.0, rivals[0], naive
			for _, m := range rivals {
				if len(targets) > 2000 && !*full && (m.Name == "arfima" || m.Order == 60) {
					continue // slow, and not the best
				}
				r := of(m)
				if s := Skill(SumSquares(r), SumSquares(naive)); s > top {
					top, name, ahead = s, m, r
				}
			}
			against, from := DieboldMariano(naive, e, 1), DieboldMariano(ahead, e, 1)
			t.Logf("%-34.34s %-12.12s %5d auto %6.3f (p %.3f) best %6.3f %s %d (p %.3f) %4d ms", strings.TrimPrefix(f, "5g/")[max(0, len(f)-40):], c, len(targets), skill, against.P, top, name.Name, name.Order, from.P, took.Milliseconds())
			if skill < 0 && against.P < 0.05 {
				t.Errorf("%s %s: worse than the last value, p = %.3g", f, c, against.P)
			}
			if skill < top && from.P < 0.05 {
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
	if *full && sum < 0.93*best {
		t.Errorf("mean skill %.4f, expected at least 93 %% of %.4f", sum/float64(n), best/float64(n))
	}
}
