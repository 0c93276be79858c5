package importer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/internal/series"
)

// frame is the table's times and values, row by row as in the file.
type frame struct {
	src     *source
	names   []string
	times   []int64
	lines   []int
	values  [][]float64 // by column
	missing int         // rows left out because a value is missing
	first   int         // line of the first of them
}

func readFrame(ctx context.Context, s *source, p plan) (*frame, error) {
	f := &frame{src: s, values: make([][]float64, len(p.values))}
	for _, i := range p.values {
		f.names = append(f.names, s.names[i])
	}
	row := make([]float64, len(p.values))
	err := s.each(func(r record) error {
		if s.rows%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if isMissing(r.cells[p.time]) && !slices.ContainsFunc(p.values, func(i int) bool { return !isMissing(r.cells[i]) }) {
			return nil // an empty row
		}
		at, err := p.clock.parse(r.cells[p.time])
		if err != nil {
			return fmt.Errorf("%s: column %s: %w", s.place(r.line), s.names[p.time], err)
		}
		for j, i := range p.values {
			cell := r.cells[i]
			if isMissing(cell) {
				if f.missing++; f.first == 0 {
					f.first = r.line
				}
				return nil
			}
			if row[j], err = number(cell, s.decimal); err != nil {
				return fmt.Errorf("%s: column %s: %w", s.place(r.line), s.names[i], err)
			}
		}
		f.times, f.lines = append(f.times, at), append(f.lines, r.line)
		for j, v := range row {
			f.values[j] = append(f.values[j], v)
		}
		return nil
	})
	if err == nil && len(f.times) == 0 {
		err = fmt.Errorf("%s: no row has a value in each of %s", s.name, shorten(f.names))
	}
	return f, err
}

// series puts the rows on a grid. report says what is worth knowing about gaps, order and missing values.
func (f *frame) series(m *Import) (s *series.Series, report []string, err error) {
	order, disordered := f.order()
	if disordered > 0 {
		report = append(report, fmt.Sprintf("%s earlier than the one before; put in order", series.Count(disordered, "row")))
	}
	for k := 1; k < len(order); k++ {
		if a, b := order[k-1], order[k]; f.times[a] == f.times[b] {
			return nil, nil, fmt.Errorf("%s: the time %s occurs a second time (first in line %d): each time needs one row", f.src.place(f.lines[b]), instant(f.times[a]), f.lines[a])
		}
	}
	step := int64(m.Every)
	if step == 0 {
		if step, err = f.medianStep(order); err != nil {
			return nil, nil, err
		}
	}
	times, moved, err := f.grid(order, step)
	if err != nil {
		return nil, nil, err
	}
	if moved > 0 {
		report = append(report, fmt.Sprintf("%s off the grid of %s; moved to its nearest point", series.Count(moved, "time"), series.Interval(step)))
	}
	if f.missing > 0 {
		report = append(report, fmt.Sprintf("%s without a value left out, the first in line %d", series.Count(f.missing, "row"), f.first))
	}
	s = &series.Series{Step: time.Duration(step)}
	for _, name := range f.names {
		s.Columns = append(s.Columns, series.Column{Name: name, Unit: m.unit(name)})
	}
	gaps, filled, err := f.lay(s, order, times, m)
	if err != nil {
		return nil, nil, err
	}
	return s, append(report, describe(gaps, filled, s.Step)...), nil
}

// order lists the rows by time, those of one time by line, and counts those that come before their predecessor in the file.
func (f *frame) order() (order []int, disordered int) {
	order = make([]int, len(f.times))
	for i := range order {
		order[i] = i
		if i > 0 && f.times[i] < f.times[i-1] {
			disordered++
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case f.times[a] < f.times[b]:
			return -1
		case f.times[a] > f.times[b]:
			return 1
		}
		return 0
	})
	return order, disordered
}

// medianStep is the median distance of neighbouring times, the lower one of two.
func (f *frame) medianStep(order []int) (int64, error) {
	if len(order) < 2 {
		return 0, fmt.Errorf("%s: one row tells no interval: say every = \"1s\" or what it is", f.src.name)
	}
	steps := make([]int64, len(order)-1)
	for k := range steps {
		steps[k] = f.times[order[k+1]] - f.times[order[k]]
	}
	slices.Sort(steps)
	step := steps[(len(steps)-1)/2]
	if step <= 0 { // the distance of two times may pass 2^63
		return 0, fmt.Errorf("%s: the times are too far from each other for an interval: say every = \"...\"", f.src.name)
	}
	return step, nil
}

// grid moves each time to the nearest point of the grid that begins with the first one.
func (f *frame) grid(order []int, step int64) (times []int64, moved int, err error) {
	times = make([]int64, len(order))
	start := f.times[order[0]]
	for k, i := range order {
		since := uint64(f.times[i]) - uint64(start)
		n := since / uint64(step)
		if since%uint64(step) > uint64(step)/2 {
			n++
		}
		times[k] = start + int64(n*uint64(step))
		if times[k] != f.times[i] {
			moved++
		}
		if k > 0 && times[k] <= times[k-1] {
			return nil, 0, fmt.Errorf("%s: %s is the second row in one interval of %s (the other is in line %d): say every = \"...\" for a shorter interval",
				f.src.place(f.lines[i]), instant(f.times[i]), series.Interval(step), f.lines[order[k-1]])
		}
	}
	return times, moved, nil
}

// partial is the coverage of an interval that is covered in part, nobody knows how much of it.
const partial = 0.5

// hole is a stretch of missing rows.
type hole struct {
	after int64 // the last time before it
	line  int   // of that row
	rows  int64
}

// lay appends the rows, and those that fill holes.
func (f *frame) lay(s *series.Series, order []int, times []int64, m *Import) (gaps, filled []hole, err error) {
	step := int64(s.Step)
	limit := int64(m.Gap)
	if limit == 0 {
		limit = 10 * step
	}
	for k, i := range order {
		if k > 0 {
			h := hole{times[k-1], f.lines[order[k-1]], int64((uint64(times[k])-uint64(times[k-1]))/uint64(step) - 1)}
			switch {
			case h.rows == 0:
			case m.Fill == "none" || h.rows >= limit/step:
				gaps = append(gaps, h)
			default:
				filled = append(filled, h)
				if int64(s.Len())+h.rows > series.MaxRows {
					return nil, nil, fmt.Errorf("%s: more than %s rows after filling gaps", f.src.name, series.Count(series.MaxRows, ""))
				}
				f.fill(s, h, order[k-1], m.Fill)
			}
		}
		s.Time, s.Coverage = append(s.Time, times[k]), append(s.Coverage, 1)
		for j := range s.Columns {
			s.Columns[j].Values = append(s.Columns[j].Values, f.values[j][i])
		}
	}
	if m.Partial && s.Len() > 0 {
		s.Coverage[0], s.Coverage[s.Len()-1] = partial, partial
	}
	return gaps, filled, nil
}

func (f *frame) fill(s *series.Series, h hole, before int, how string) {
	for n := int64(1); n <= h.rows; n++ {
		s.Time, s.Coverage = append(s.Time, h.after+n*int64(s.Step)), append(s.Coverage, 0)
		for j := range s.Columns {
			v := 0.0
			if how == "previous" {
				v = f.values[j][before]
			}
			s.Columns[j].Values = append(s.Columns[j].Values, v)
		}
	}
}

func describe(gaps, filled []hole, step time.Duration) (report []string) {
	for _, c := range []struct {
		holes []hole
		what  string
	}{{gaps, "each ends a segment (see the option fill)"}, {filled, "filled"}} {
		if len(c.holes) == 0 {
			continue
		}
		var rows int64
		longest := c.holes[0]
		for _, h := range c.holes {
			rows += h.rows
			if h.rows > longest.rows {
				longest = h
			}
		}
		report = append(report, fmt.Sprintf("%s, %s missing, %s; the longest is %s after %s (line %d)", series.Count(len(c.holes), "gap"), series.Count(int(rows), "row"), c.what,
			series.Count(int(longest.rows), "row"), instant(longest.after), longest.line))
	}
	return report
}

// unit is the option's, or follows from the column's name.
func (m *Import) unit(name string) string {
	lower := strings.ToLower(name)
	switch {
	case m.Unit != "":
		return m.Unit
	case strings.Contains(lower, "byte"):
		return "B"
	case strings.Contains(lower, "packet"):
		return "packets"
	}
	return ""
}

func instant(ns int64) string { return time.Unix(0, ns).UTC().Format("2006-01-02 15:04:05.999999999") }
