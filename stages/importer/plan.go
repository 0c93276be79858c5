package importer

import (
	"fmt"
	"slices"
	"strings"

	"weir/internal/table"
)

// plan says which columns are what, by index.
type plan struct {
	time   int // -1: none, so examples
	label  int // of examples
	values []int
	clock  clock
}

// plan chooses the columns by the options or, without them, by the sample.
func (m *Import) plan(s *source) (p plan, err error) {
	p = plan{time: -1, label: -1, clock: clock{epoch: m.Epoch}}
	names := m.values()
	if m.Label == "" {
		if p.time, err = m.timeColumn(s, names); err != nil {
			return p, err
		}
	}
	if p.time < 0 {
		return p, m.planExamples(s, &p)
	}
	for _, name := range names {
		i, err := s.column(name)
		if err != nil {
			return p, err
		}
		if i == p.time {
			return p, fmt.Errorf("%s: column %s holds the times; name a column of values", s.name, name)
		}
		p.values = append(p.values, i)
	}
	if names == nil {
		for i := range s.names {
			if i != p.time && s.sampleHolds(i, func(cell string) bool { _, err := number(cell, s.decimal); return err == nil }) {
				p.values = append(p.values, i)
			}
		}
	}
	if len(p.values) == 0 {
		return p, s.noNumbers(p.time)
	}
	return p, nil
}

// noNumbers says why the first other column is not taken.
func (s *source) noNumbers(timeColumn int) error {
	for i, name := range s.names {
		for _, r := range s.sample {
			if _, err := number(r.cells[i], s.decimal); i != timeColumn && err != nil && !isMissing(r.cells[i]) {
				return fmt.Errorf("%s: no column holds numbers: column %s: %w", s.place(r.line), name, err)
			}
		}
	}
	return fmt.Errorf("%s: no column holds numbers", s.name)
}

// planExamples finds the column of labels.
func (m *Import) planExamples(s *source, p *plan) (err error) {
	if m.Label != "" {
		p.label, err = s.column(m.Label)
		return err
	}
	for _, want := range []string{"label", "class"} {
		if p.label = slices.IndexFunc(s.names, func(n string) bool { return strings.EqualFold(n, want) }); p.label >= 0 {
			return nil
		}
	}
	return fmt.Errorf("%s: no column of times among %s; name one with time = \"...\" (understood are %s), or a column of labels with label = \"...\"",
		s.name, shorten(s.names), understood)
}

// timeColumn finds the column of times, -1 when there is none.
func (m *Import) timeColumn(s *source, values []string) (int, error) {
	if m.Time != "" {
		return s.column(m.Time)
	}
	for i, name := range s.names {
		if slices.Contains(values, name) {
			continue
		}
		c := clock{epoch: m.Epoch}
		numeric := false
		holds := s.sampleHolds(i, func(cell string) bool {
			if looksNumeric(cell) {
				numeric = true
				// A number is a time when the column's name says so or when it lies between 1990 and 2100.
				at, err := c.number(cell)
				return err == nil && (namesTime(name) || at >= 631152000e9 && at < 4102444800e9)
			}
			_, err := c.parse(cell)
			return err == nil
		})
		if holds && (!numeric || namesTime(name) || s.rises(i)) {
			return i, nil
		}
	}
	return -1, nil
}

func namesTime(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"time", "epoch", "timestamp", "date", "datetime", "ts", "t"} {
		if name == word || strings.HasPrefix(name, word+"_") || strings.HasSuffix(name, "_"+word) || len(word) > 3 && strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// sampleHolds says that every cell of the sample that is not missing is as wanted, and that there is one.
func (s *source) sampleHolds(column int, wanted func(string) bool) bool {
	found := false
	for _, r := range s.sample {
		if cell := strings.TrimSpace(r.cells[column]); !isMissing(cell) {
			if !wanted(cell) {
				return false
			}
			found = true
		}
	}
	return found
}

// rises says that the numbers of the sample mostly grow, as times do.
func (s *source) rises(column int) bool {
	up, last := 0, 0.0
	for i, r := range s.sample {
		v, err := number(r.cells[column], ".")
		if err == nil && (i == 0 || v > last) {
			up++
		}
		last = v
	}
	return up*10 >= len(s.sample)*9
}

// column finds a column by name.
func (s *source) column(name string) (int, error) {
	if i := slices.Index(s.names, name); i >= 0 {
		return i, nil
	}
	t := table.Table{}
	for _, n := range s.names {
		t.Columns = append(t.Columns, table.Column{Name: n})
	}
	_, err := t.Column(name)
	return -1, fmt.Errorf("%s: %w", s.name, err)
}
