// Package forecast is what every forecaster of a series shares: which rows it sees, how they are split, what a trial leaves on disk,
// the baselines that it has to beat, and how forecasts are scored and compared.
//
// It sits between aggregate and report: stages/train calls Prepare, Split and WritePredictions; stages/evaluate reads the predictions back,
// computes the baselines on the same targets and compares all of them. It trains no neural network (internal/lstm does) and draws nothing.
//
// Conventions. x[0..n-1] are Data.Values; a target is an index t; the forecast of x[t] at horizon h (1 where nothing else is said) sees x[..t-h] of t's own segment, lagged
// covariates as far, known ones up to t, and parameters fitted on the training part alone, which is the rows [0, end). A value that a forecaster cannot give is NaN. Functions leave their arguments unchanged.
// Sums are sequential in index order and products are rounded before they are added, so results are the same on every machine; only
// p-values and quantiles (functions of package math) may differ in their last digits, and who writes them rounds them with Significant.
package forecast

import (
	"fmt"
	"math"
	"slices"
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
	// Covariates are what else a forecaster may see, one value a row, in the order in which they were asked for.
	Covariates []Covariate
	Border     int // rows [0, Border) are of another series, which only trains: see Join; 0: all rows are of one
	Dropped    int // rows of the series left out because they were empty (published), trimmed at an edge (strict) or had no value
}

// Prepare takes the rows of s that the protocol uses. An empty column means captured_bytes (published) or wire_bytes (strict), or the only
// value column of a series that has neither.
//
//   - published: rows without packets are dropped where the series counts packets, edges are kept, all rows form one segment.
//   - strict: rows of coverage < 1 at the ends of each segment are trimmed, segments are kept.
//
// Covariates are columns of the series or derived ones: see CovariateNames. A row whose value or covariate is not a number is left out; in strict it ends a segment. A
// series without rows is an error.
func Prepare(s *series.Series, p Protocol, column string, covariates ...string) (*Data, error) {
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
	all, err := covariatesOf(used, c.Name, covariates)
	if err != nil {
		return nil, err
	}
	d.Covariates = make([]Covariate, len(all))
	for k, c := range all {
		d.Covariates[k] = Covariate{Name: c.Name, Unit: c.Unit, Known: c.Known}
	}
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
			if !finite(v) || slices.ContainsFunc(all, func(c Covariate) bool { return !finite(c.Values[i]) }) {
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
			for k := range all {
				d.Covariates[k].Values = append(d.Covariates[k].Values, all[k].Values[i])
			}
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

func finite(v float64) bool { return v-v == 0 }

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

// Head is the rows [0, n): what somebody who must not see later ones is given. It shares memory with d.
func (d *Data) Head(n int) *Data {
	h := *d
	h.Values, h.Time, h.Segments = d.Values[:n:n], d.Time[:n:n], nil
	for _, s := range d.Segments {
		if s.Lo < n {
			h.Segments = append(h.Segments, series.Span{Lo: s.Lo, Hi: min(s.Hi, n)})
		}
	}
	h.Covariates = slices.Clone(d.Covariates)
	for k := range h.Covariates {
		h.Covariates[k].Values = d.Covariates[k].Values[:n:n]
	}
	h.Border = min(d.Border, n)
	return &h
}

// Join puts the rows of test behind those of train, in segments of their own, so that Split trains on the first and tests on the second. Both need the same
// step, column and covariates. Time is increasing on either side of Border only.
func Join(train, test *Data) (*Data, error) {
	switch {
	case train.Border != 0 || test.Border != 0:
		return nil, fmt.Errorf("a joined series cannot be joined again")
	case train.Step != test.Step:
		return nil, fmt.Errorf("one series has steps of %s, the other of %s", train.Step, test.Step)
	case train.Column != test.Column || train.Unit != test.Unit:
		return nil, fmt.Errorf("one series has column %s (%s), the other %s (%s)", train.Column, train.Unit, test.Column, test.Unit)
	case !slices.EqualFunc(train.Covariates, test.Covariates, func(a, b Covariate) bool { return a.Name == b.Name && a.Known == b.Known }):
		return nil, fmt.Errorf("the two series have other covariates")
	}
	n := train.Len()
	d := *train
	d.Values, d.Time, d.Segments = slices.Concat(train.Values, test.Values), slices.Concat(train.Time, test.Time), slices.Clone(train.Segments)
	for _, s := range test.Segments {
		d.Segments = append(d.Segments, series.Span{Lo: s.Lo + n, Hi: s.Hi + n})
	}
	d.Covariates = slices.Clone(train.Covariates)
	for k := range d.Covariates {
		d.Covariates[k].Values = slices.Concat(train.Covariates[k].Values, test.Covariates[k].Values)
	}
	d.Border, d.Dropped = n, train.Dropped+test.Dropped
	return &d, nil
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
