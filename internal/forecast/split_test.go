package forecast

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"weir/internal/series"
)

// line is n rows of one segment, a second apart, x[t] = t.
func line(n int) *Data {
	d := &Data{Step: time.Second, Column: "bytes", Segments: []series.Span{{Lo: 0, Hi: n}}}
	for t := range n {
		d.Values, d.Time = append(d.Values, float64(t)), append(d.Time, int64(t)*1e9)
	}
	return d
}

// TestFolds checks rolling origin: the folds' test parts are the test part of the whole, in order; what trains lies before, further away than the gap.
func TestFolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := line(rapid.IntRange(200, 2000).Draw(t, "rows"))
		o := SplitOptions{Test: 0.3, Validation: 0.2, History: rapid.IntRange(1, 20).Draw(t, "history"), Horizon: rapid.IntRange(0, 10).Draw(t, "horizon"),
			Gap: rapid.IntRange(0, 20).Draw(t, "gap")}
		whole, err := d.Split(Strict, 10, o)
		if err != nil {
			t.Fatal(err)
		}
		o.Folds, o.Sliding = rapid.IntRange(1, 5).Draw(t, "folds"), rapid.Bool().Draw(t, "sliding")
		var test []int
		first := 0
		for o.Fold = 1; o.Fold <= o.Folds; o.Fold++ {
			s, err := d.Split(Strict, 10, o)
			if err != nil {
				t.Fatal(err)
			}
			test = append(test, s.Test...)
			before := slices.Concat(s.Train, s.Validation)
			if s.Test[0]-before[len(before)-1] != o.Gap+1 {
				t.Fatalf("gap of %d: training ends at %d, the test begins at %d", o.Gap, before[len(before)-1], s.Test[0])
			}
			if o.Fold == 1 {
				first = len(before)
			}
			if o.Sliding && len(before) != first || !o.Sliding && before[0] != whole.Train[0] {
				t.Fatalf("fold %d trains on %d targets from %d, the first on %d", o.Fold, len(before), before[0], first)
			}
			for _, k := range slices.Concat(before, s.Test) {
				if k < max(10, o.History)+max(o.Horizon, 1)-1 {
					t.Fatalf("target %d has too few points before it", k)
				}
			}
		}
		if !slices.Equal(test, whole.Test) {
			t.Fatal("the folds' test parts are not the test part")
		}
	})
}

func TestFoldOptions(t *testing.T) {
	for _, o := range []SplitOptions{
		{Test: 0.2, Horizon: -1}, {Test: 0.2, Gap: -1}, {Test: 0.2, Folds: 3}, {Test: 0.2, Folds: 3, Fold: 4}, {Test: 0.2, Fold: 2}, {Test: 0.2, Folds: -1},
	} {
		if _, err := line(100).Split(Strict, 1, o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
}

func TestJoin(t *testing.T) {
	a, b := line(100), line(50)
	d, err := Join(a, b)
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.Split(Strict, 10, SplitOptions{Test: 0.2, Validation: 0.1, History: 10})
	if err != nil {
		t.Fatal(err)
	}
	if s.Train[0] != 10 || s.Validation[len(s.Validation)-1] != 99 || s.Test[0] != 110 || len(s.Test) != 40 || d.Start(110) != 100 || d.Values[110] != 10 {
		t.Errorf("train from %d, validation to %d, test %v", s.Train[0], s.Validation[len(s.Validation)-1], s.Test)
	}
	if a.Len() != 100 || b.Len() != 50 || len(a.Segments) != 1 {
		t.Error("joining changed what was joined")
	}
	h := d.Head(105)
	if h.Len() != 105 || h.Border != 100 || len(h.Segments) != 2 || h.Segments[1] != (series.Span{Lo: 100, Hi: 105}) || d.Len() != 150 {
		t.Errorf("head %+v", h)
	}
	b.Step = time.Minute
	if _, err := Join(a, b); err == nil {
		t.Error("series of other steps were joined")
	}
	if _, err := Join(d, a); err == nil {
		t.Error("a joined series was joined again")
	}
}

func TestCovariates(t *testing.T) {
	s := counted([]float64{1, 2, 3, 4}, []float64{10, 0, 4, 8}, []float64{1, 1, 1, 1}, []int64{0, 21600, 43200, 64800})
	s.Step = 6 * time.Hour
	s.Columns = append(s.Columns, series.Column{Name: "packets_udp", Unit: "packets", Values: []float64{5, 0, 1, math.NaN()}})
	d, err := Prepare(s, Strict, "", "packets", UDPShare, TimeOfDay, TimeOfWeek)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range d.Covariates {
		names = append(names, c.Name)
		if c.Known != strings.HasPrefix(c.Name, "time_") || len(c.Values) != 3 {
			t.Errorf("%s: known %v, %d values", c.Name, c.Known, len(c.Values))
		}
	}
	if want := []string{"packets", "udp_share", "time_of_day_cos", "time_of_day_sin", "time_of_week_cos", "time_of_week_sin"}; !slices.Equal(names, want) {
		t.Fatalf("%v", names)
	}
	if c := d.Covariates; !slices.Equal(c[1].Values, []float64{0.5, 0, 0.25}) || !slices.Equal(c[2].Values, []float64{1, 0, -1}) || !slices.Equal(c[3].Values, []float64{0, 1, 0}) {
		t.Errorf("%v", c)
	}
	// 1 January 1970, a Thursday, is three sevenths of a week after Monday.
	if c, want := d.Covariates[4].Values[0], math.Cos(2*math.Pi*3/7); math.Abs(c-want) > 1e-15 {
		t.Errorf("Thursday: %v, want %v", c, want)
	}
	for _, bad := range [][]string{{"wire_bytes"}, {"packets", "packets"}, {"packet"}, {TCPShare}, make([]string, 100)} {
		if _, err := Prepare(s, Strict, "", bad...); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}
