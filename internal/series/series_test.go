package series

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// example has two segments, 0..2 and 10..11 (seconds), with partial edges.
func example() *Series {
	return &Series{
		Step:     time.Second,
		Time:     []int64{0, 1e9, 2e9, 10e9, 11e9},
		Columns:  []Column{{"wire_bytes", "B", []float64{1, 2, 3, 4, 5}}, {"x", "", []float64{0.5, math.NaN(), 3, 4, math.Copysign(0, -1)}}},
		Coverage: []float64{0.5, 1, 1, 0.25, 0.75},
	}
}

func TestSegmentsAndEdges(t *testing.T) {
	s := example()
	if got, want := s.Segments(), []Span{{0, 3}, {3, 5}}; !slices.Equal(got, want) {
		t.Errorf("segments %v, want %v", got, want)
	}
	trimmed := s.TrimEdges()
	want := &Series{Step: time.Second, Time: []int64{1e9, 2e9}, Coverage: []float64{1, 1},
		Columns: []Column{{"wire_bytes", "B", []float64{2, 3}}, {"x", "", []float64{math.NaN(), 3}}}}
	if d := cmp.Diff(want, trimmed, cmpopts.EquateNaNs()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(example(), s, cmpopts.EquateNaNs()); d != "" {
		t.Errorf("TrimEdges changed its receiver: %s", d)
	}
	if got := (&Series{Step: 1}).Segments(); got != nil {
		t.Errorf("segments of nothing: %v", got)
	}
	if _, err := s.Column("wire_byte"); err == nil || !strings.Contains(err.Error(), `did you mean "wire_bytes"`) {
		t.Error(err)
	}
}

func TestWriteRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "series.parquet")
	if err := example().Write(path); err != nil {
		t.Fatal(err)
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(example(), got, cmpopts.EquateNaNs()); d != "" {
		t.Error(d)
	}
	if !math.Signbit(got.Columns[1].Values[4]) {
		t.Error("the sign of zero was lost")
	}
}

func TestWriteRefuses(t *testing.T) {
	for want, change := range map[string]func(*Series){
		"does not follow":     func(s *Series) { s.Time[1] = 0 },
		"less than a step":    func(s *Series) { s.Time[1] = 5 },
		"a step of 0s":        func(s *Series) { s.Step = 0 },
		"two columns":         func(s *Series) { s.Columns[1].Name = "wire_bytes" },
		"4 values for 5":      func(s *Series) { s.Columns[1].Values = s.Columns[1].Values[1:] },
		"not in 0..1":         func(s *Series) { s.Coverage[2] = math.NaN() },
		"named \"coverage\"":  func(s *Series) { s.Columns[0].Name = "coverage" },
		"5 times and 4 cover": func(s *Series) { s.Coverage = s.Coverage[1:] },
	} {
		s := example()
		change(s)
		if err := s.Write(filepath.Join(t.TempDir(), "s")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
