// Package series keeps regular time series: what aggregate makes from packets, import from users' own files, and what eda, train and
// evaluate read. It is the table of design section 7 (series.parquet) in memory.
//
// Intervals are half-open, [Time[i], Time[i]+Step), on an explicit UTC grid. Where a grid point is missing a segment ends: no window,
// decomposition or split may cross from one segment to the next.
//
// The package reads, writes and cuts series; it computes nothing from their values.
package series

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"weir/internal/table"
)

const (
	stepKey        = "weir.step" // metadata: Step in nanoseconds
	timeColumn     = "time"
	coverageColumn = "coverage"
)

// MaxRows bounds the series that Read accepts and that stages make.
const MaxRows = 1 << 24

// Span is a half-open range of rows, Lo..Hi-1.
type Span struct{ Lo, Hi int }

// Len is the number of rows.
func (s Span) Len() int { return s.Hi - s.Lo }

// Column is one value per interval. Unit is that of one value ("B": bytes in the interval), "" when it is unknown or a pure number.
// NaN is a missing value; aggregate makes none.
type Column struct {
	Name, Unit string
	Values     []float64
}

// Series is a table of values per interval, in order of time.
type Series struct {
	Step     time.Duration // length of an interval, > 0
	Time     []int64       // start of each interval, ns since 1970 UTC, strictly increasing; neighbours of one segment differ by exactly Step
	Columns  []Column      // in the order of the file, each as long as Time
	Coverage []float64     // fraction of the interval inside the capture, 0..1
}

// Len is the number of intervals.
func (s *Series) Len() int { return len(s.Time) }

// Segments lists the stretches without a gap, in order. An empty series has none.
func (s *Series) Segments() []Span {
	var spans []Span
	lo := 0
	for i := range s.Time {
		if i+1 == len(s.Time) || s.Time[i+1]-s.Time[i] != int64(s.Step) {
			spans = append(spans, Span{lo, i + 1})
			lo = i + 1
		}
	}
	return spans
}

// Column returns the column of that name; the error names those there are.
func (s *Series) Column(name string) (*Column, error) {
	t := &table.Table{}
	for i := range s.Columns {
		if s.Columns[i].Name == name {
			return &s.Columns[i], nil
		}
		t.Columns = append(t.Columns, table.Column{Name: s.Columns[i].Name})
	}
	_, err := t.Column(name)
	return nil, err
}

// TrimEdges returns the series without the rows of coverage < 1 at the ends of each segment; a row in between stays. A segment may vanish.
// The result shares no memory with s.
func (s *Series) TrimEdges() *Series {
	var keep []Span
	for _, g := range s.Segments() {
		for g.Lo < g.Hi && s.Coverage[g.Lo] < 1 {
			g.Lo++
		}
		for g.Hi > g.Lo && s.Coverage[g.Hi-1] < 1 {
			g.Hi--
		}
		if g.Len() > 0 {
			keep = append(keep, g)
		}
	}
	return s.cut(keep)
}

func (s *Series) cut(spans []Span) *Series {
	out := &Series{Step: s.Step}
	for _, c := range s.Columns {
		out.Columns = append(out.Columns, Column{Name: c.Name, Unit: c.Unit})
	}
	for _, g := range spans {
		out.Time = append(out.Time, s.Time[g.Lo:g.Hi]...)
		out.Coverage = append(out.Coverage, s.Coverage[g.Lo:g.Hi]...)
		for i := range s.Columns {
			out.Columns[i].Values = append(out.Columns[i].Values, s.Columns[i].Values[g.Lo:g.Hi]...)
		}
	}
	return out
}

// Write writes series.parquet: time, the columns, coverage. Columns whose values are all whole numbers below 2^53 in magnitude are
// stored as 64-bit integers, the others as doubles; NaN is stored as null.
func (s *Series) Write(path string) error {
	if err := s.check(); err != nil {
		return fmt.Errorf("series: %w", err)
	}
	t := &table.Table{Meta: map[string]string{stepKey: strconv.FormatInt(int64(s.Step), 10)}}
	t.Columns = append(t.Columns, table.Column{Name: timeColumn, Type: table.Timestamp, Ints: s.Time})
	for _, c := range s.Columns {
		t.Columns = append(t.Columns, c.stored())
	}
	t.Columns = append(t.Columns, table.Column{Name: coverageColumn, Type: table.Float64, Floats: s.Coverage})
	return table.Write(path, t)
}

func (c *Column) stored() table.Column {
	out := table.Column{Name: c.Name, Unit: c.Unit, Type: table.Int64}
	for i, v := range c.Values {
		if math.IsNaN(v) {
			if out.Null == nil {
				out.Null, out.Nullable = make([]bool, len(c.Values)), true
			}
			out.Null[i] = true
		} else if v != math.Trunc(v) || math.Abs(v) >= 1<<53 || v == 0 && math.Signbit(v) {
			out.Type = table.Float64
		}
	}
	if out.Type == table.Float64 {
		out.Floats = c.Values
		return out
	}
	out.Ints = make([]int64, len(c.Values))
	for i, v := range c.Values {
		if !math.IsNaN(v) {
			out.Ints[i] = int64(v)
		}
	}
	return out
}

// check finds what would not be a series.
func (s *Series) check() error {
	if s.Step <= 0 {
		return fmt.Errorf("a step of %v", s.Step)
	}
	if len(s.Coverage) != len(s.Time) {
		return fmt.Errorf("%d times and %d coverages", len(s.Time), len(s.Coverage))
	}
	for i := 1; i < len(s.Time); i++ {
		if s.Time[i] <= s.Time[i-1] {
			return fmt.Errorf("row %d: time %d does not follow %d", i, s.Time[i], s.Time[i-1])
		}
		if s.Time[i]-s.Time[i-1] < int64(s.Step) && s.Time[i]-s.Time[i-1] > 0 {
			return fmt.Errorf("row %d: time %d is less than a step of %v after %d", i, s.Time[i], s.Step, s.Time[i-1])
		}
	}
	seen := []string{timeColumn, coverageColumn}
	for _, c := range s.Columns {
		if slices.Contains(seen, c.Name) {
			return fmt.Errorf("two columns are named %q", c.Name)
		}
		if len(c.Values) != len(s.Time) {
			return fmt.Errorf("column %q has %d values for %d times", c.Name, len(c.Values), len(s.Time))
		}
		seen = append(seen, c.Name)
	}
	for i, v := range s.Coverage {
		if !(v >= 0 && v <= 1) {
			return fmt.Errorf("row %d: coverage %v is not in 0..1", i, v)
		}
	}
	return nil
}

// Read reads series.parquet. Any Parquet file with a step in its metadata, a `time` column, numeric columns and `coverage` (absent: all 1)
// will do; columns of text are left out. Errors name the file.
func Read(path string) (*Series, error) {
	t, err := table.Read(path)
	if err != nil {
		return nil, err
	}
	s, err := fromTable(t)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func fromTable(t *table.Table) (*Series, error) {
	if t.Rows() > MaxRows {
		return nil, fmt.Errorf("a series of %d rows, at most %d are possible", t.Rows(), MaxRows)
	}
	step, err := strconv.ParseInt(t.Meta[stepKey], 10, 64)
	if err != nil {
		return nil, errors.New("not a series: its metadata has no weir.step; `weir do import` makes a series from a table with a time column")
	}
	times, err := t.Column(timeColumn)
	if err != nil {
		return nil, fmt.Errorf("not a series: %w", err)
	}
	if times.Type != table.Timestamp || slices.Contains(times.Null, true) {
		return nil, errors.New("not a series: column \"time\" must be a timestamp without nulls")
	}
	s := &Series{Step: time.Duration(step), Time: times.Ints}
	for i := range t.Columns {
		c := &t.Columns[i]
		switch {
		case c.Name == timeColumn || c.Type == table.Text || c.Type == table.Timestamp:
		case c.Name == coverageColumn:
			s.Coverage = floats(c)
		default:
			s.Columns = append(s.Columns, Column{Name: c.Name, Unit: c.Unit, Values: floats(c)})
		}
	}
	if s.Coverage == nil {
		s.Coverage = slices.Repeat([]float64{1}, len(s.Time))
	}
	return s, s.check()
}

func floats(c *table.Column) []float64 {
	if c.Type == table.Float64 {
		return append(make([]float64, 0, len(c.Floats)), c.Floats...) // nulls are NaN there
	}
	out := make([]float64, len(c.Ints))
	for i, v := range c.Ints {
		if out[i] = float64(v); c.IsNull(i) {
			out[i] = math.NaN()
		}
	}
	return out
}
