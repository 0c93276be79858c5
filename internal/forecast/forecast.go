// Package forecast is what every one-step forecaster of a series shares: which rows it sees, how they are split, what a trial leaves on disk,
// the baselines that it has to beat, and how forecasts are scored and compared.
//
// It sits between aggregate and report: stages/train calls Prepare, Split and WritePredictions; stages/evaluate reads the predictions back,
// computes the baselines on the same targets and compares all of them. It trains no neural network (internal/lstm does) and draws nothing.
//
// Conventions. x[0..n-1] are Data.Values; a target is an index t; the forecast of x[t] sees x[..t-1] of t's own segment and parameters
// fitted on the training part alone, which is the rows [0, end). A value that a forecaster cannot give is NaN. Functions leave their arguments unchanged.
// Sums are sequential in index order and products are rounded before they are added, so results are the same on every machine; only
// p-values and quantiles (functions of package math) may differ in their last digits, and who writes them rounds them with Significant.
package forecast

import (
	"fmt"
	"math"
	"sort"
	"time"

	"weir/internal/series"
)

// Protocol says how a series becomes targets: see Prepare and Data.Split.
type Protocol string

const (
	// Published repeats a document's way, defects included: captured bytes, empty seconds dropped, partial edge seconds kept.
	Published Protocol = "published"
	// Strict is the default: wire bytes on an explicit grid, edges trimmed, gaps not crossed, a validation part.
	Strict Protocol = "strict"
)

// Data is one column of a series, ready to be split.
type Data struct {
	Values   []float64     // finite, one per row
	Time     []int64       // start of each row's interval, ns UTC, strictly increasing
	Segments []series.Span // cover all rows in order; nothing looks across their borders
	Column   string        // the series' column that Values come from
	Unit     string        // "B/s" for bytes per second; the column's own unit (per interval) when Step is not one second
	Step     time.Duration
	Dropped  int // rows of the series left out because they were empty (published), trimmed at an edge (strict) or had no value
}

// Prepare takes the rows of s that the protocol uses. An empty column means captured_bytes (published) or wire_bytes (strict), or the only
// value column of a series that has neither.
//
//   - published: rows without packets are dropped where the series counts packets, edges are kept, all rows form one segment.
//   - strict: rows of coverage < 1 at the ends of each segment are trimmed, segments are kept.
//
// A row whose value is not a number is left out; in strict it ends a segment. A series without rows is an error.
func Prepare(s *series.Series, p Protocol, column string) (*Data, error) {
	if p != Published && p != Strict {
		return nil, fmt.Errorf("protocol %q: expected published or strict", string(p))
	}
	name := defaultColumn(s, p, column)
	used := s
	if p == Strict {
		used = s.TrimEdges()
	}
	c, err := used.Column(name)
	switch {
	case err != nil && column == "":
		return nil, fmt.Errorf("protocol %s takes column %s: %w; the option column names another", p, name, err)
	case err != nil:
		return nil, err
	}
	d := &Data{Column: c.Name, Unit: rate(c.Unit, s.Step), Step: s.Step}
	var packets []float64
	if p == Published && hasColumn(used, "packets") {
		counts, err := used.Column("packets")
		if err != nil {
			return nil, err
		}
		packets = counts.Values
	}
	for _, span := range used.Segments() {
		open := false
		for i := span.Lo; i < span.Hi; i++ {
			v := c.Values[i]
			if math.IsNaN(v) || math.IsInf(v, 0) {
				open = false
				continue
			}
			if packets != nil && packets[i] == 0 {
				continue
			}
			if !open {
				d.Segments = append(d.Segments, series.Span{Lo: len(d.Values), Hi: len(d.Values)})
				open = true
			}
			d.Values = append(d.Values, v)
			d.Time = append(d.Time, used.Time[i])
			d.Segments[len(d.Segments)-1].Hi = len(d.Values)
		}
	}
	if len(d.Values) == 0 {
		return nil, fmt.Errorf("%w: column %s has no rows to forecast under protocol %s (%d in the series)", ErrShort, name, p, s.Len())
	}
	if p == Published {
		d.Segments = []series.Span{{Lo: 0, Hi: len(d.Values)}}
	}
	d.Dropped = s.Len() - len(d.Values)
	return d, nil
}

func defaultColumn(s *series.Series, p Protocol, column string) string {
	if column != "" {
		return column
	}
	column = "wire_bytes"
	if p == Published {
		column = "captured_bytes"
	}
	if len(s.Columns) == 1 && !hasColumn(s, column) {
		return s.Columns[0].Name
	}
	return column
}

func hasColumn(s *series.Series, name string) bool {
	for _, c := range s.Columns {
		if c.Name == name {
			return true
		}
	}
	return false
}

// rate is the unit of a count per interval: per second where the interval is one second, else the plain unit.
func rate(unit string, step time.Duration) string {
	if step == time.Second && unit != "" && (unit == "B" || unit == "packets" || unit == "bit") {
		return unit + "/s"
	}
	return unit
}

// Square is the unit of a squared value: B²/s² for B/s, "" for "".
func Square(unit string) string {
	switch unit {
	case "":
		return ""
	case "B/s":
		return "B²/s²"
	case "bit/s":
		return "bit²/s²"
	case "B", "bit", "s":
		return unit + "²"
	}
	return "(" + unit + ")²"
}

// Len is the number of rows.
func (d *Data) Len() int { return len(d.Values) }

// Start is the first row of t's segment: rows [Start(t), t) are what a forecast of x[t] may see.
func (d *Data) Start(t int) int {
	i := sort.Search(len(d.Segments), func(i int) bool { return d.Segments[i].Hi > t })
	if i == len(d.Segments) {
		return t
	}
	return d.Segments[i].Lo
}

// At returns x[t] for each target.
func (d *Data) At(targets []int) []float64 {
	values := make([]float64, len(targets))
	for i, t := range targets {
		values[i] = d.Values[t]
	}
	return values
}

// Before returns x[t-1] for each target, NaN at a segment's first row.
func (d *Data) Before(targets []int) []float64 {
	values := make([]float64, len(targets))
	for i, t := range targets {
		values[i] = math.NaN()
		if t > d.Start(t) {
			values[i] = d.Values[t-1]
		}
	}
	return values
}
