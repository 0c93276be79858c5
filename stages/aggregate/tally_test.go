package aggregate

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"weir/internal/series"
	"weir/internal/table"
)

// Times far from each other cost a block each: their number is limited.
func TestScattered(t *testing.T) {
	y := newTally(int64(time.Second))
	y.limit = 10
	for i := range int64(10) {
		if _, err := y.cell(i * int64(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := y.cell(int64(time.Hour) * 11); err == nil || !strings.Contains(err.Error(), "more than 4,194,304 intervals of 1s") {
		t.Error(err)
	}
	if _, err := y.cell(-1 << 63); err == nil {
		t.Error("a time before 1678 was taken")
	}
}

// Whatever the order of the packets: the sums, the rows and the segments follow from their times.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		every := rapid.Int64Range(1, 50).Draw(t, "every")
		gap := rapid.Int64Range(1, 300).Draw(t, "gap")
		times := rapid.SliceOfN(rapid.Int64Range(-500, 2000), 1, 60).Draw(t, "times")
		s := tallied(t, times, every, gap)
		sorted := slices.Sorted(slices.Values(times))
		if again := tallied(t, sorted, every, gap); fmt.Sprint(again) != fmt.Sprint(s) {
			t.Fatalf("in order %v, as given %v", again, s)
		}
		count := map[int64]float64{}
		for _, at := range times {
			count[floorDiv(at, every)*every]++
		}
		packets, _ := s.Column("packets")
		for i, at := range s.Time {
			if packets.Values[i] != count[at] || at%every != 0 {
				t.Fatalf("%v packets at %d, want %v", packets.Values[i], at, count[at])
			}
			delete(count, at)
		}
		if len(count) > 0 {
			t.Fatalf("no rows for %v", count)
		}
		for _, g := range s.Segments() {
			if packets.Values[g.Lo] == 0 || packets.Values[g.Hi-1] == 0 {
				t.Fatalf("segment %v begins or ends without packets", g)
			}
			covered := 0.0
			for i := g.Lo; i < g.Hi; i++ {
				covered += s.Coverage[i]
			}
			in := func(at int64) bool { return at >= s.Time[g.Lo] && at < s.Time[g.Hi-1]+every }
			first, last := sorted[slices.IndexFunc(sorted, in)], int64(0)
			for _, at := range sorted {
				if in(at) {
					last = at
				}
			}
			if want := float64(last-first) / float64(every); math.Abs(covered-want) > 1e-9 {
				t.Fatalf("segment %v covers %v intervals, want %v", g, covered, want)
			}
		}
	})
}

func tallied(t *rapid.T, times []int64, every, gap int64) *series.Series {
	y := newTally(every)
	n := len(times)
	batch := &table.Table{Columns: []table.Column{
		{Type: table.Timestamp, Ints: times}, {Type: table.Uint32, Ints: slices.Repeat([]int64{100}, n)},
		{Type: table.Uint32, Ints: slices.Repeat([]int64{60}, n)}, {Type: table.Text, Texts: slices.Repeat([]string{"UDP"}, n)}}}
	if err := y.add(batch); err != nil {
		t.Fatal(err)
	}
	s, err := y.series(gap)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
