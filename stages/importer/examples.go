package importer

import (
	"context"
	"fmt"
	"math"
	"strings"

	"weir/internal/table"
)

// writeExamples writes the columns as read: whole numbers as Int64, other numbers as Float64, anything else as Text. What a column holds is
// decided by the sample; an empty cell is a null. The metadata weir.label names the column of labels.
func writeExamples(ctx context.Context, s *source, p plan, path string) (rows int, err error) {
	t := &table.Table{Meta: map[string]string{"weir.label": s.names[p.label]}}
	for i, name := range s.names {
		c := table.Column{Name: name, Type: table.Text}
		if s.sampleHolds(i, func(cell string) bool { _, ok := whole(cell, s.decimal); return ok }) {
			c.Type = table.Int64
		} else if s.sampleHolds(i, func(cell string) bool { _, err := number(cell, s.decimal); return err == nil }) {
			c.Type = table.Float64
		}
		t.Columns = append(t.Columns, c)
	}
	err = s.each(func(r record) error {
		if s.rows%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if isMissing(r.cells[p.label]) {
			return fmt.Errorf("%s: no label in column %s", s.place(r.line), s.names[p.label])
		}
		for i := range t.Columns {
			if err := addCell(&t.Columns[i], r.cells[i], s.decimal); err != nil {
				return fmt.Errorf("%s: column %s: %w", s.place(r.line), s.names[i], err)
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return t.Rows(), table.Write(path, t)
}

func addCell(c *table.Column, cell, decimal string) error {
	none := c.Type != table.Text && isMissing(cell) || cell == ""
	if none && !c.Nullable {
		c.Nullable, c.Null = true, make([]bool, c.Len(), c.Len()+1)
	}
	if c.Nullable {
		c.Null = append(c.Null, none)
	}
	switch c.Type {
	case table.Text:
		c.Texts = append(c.Texts, strings.Clone(cell))
	case table.Float64:
		v := math.NaN()
		if !none {
			var err error
			if v, err = number(cell, decimal); err != nil {
				return err
			}
		}
		c.Floats = append(c.Floats, v)
	default:
		var v int64
		if !none {
			var ok bool
			if v, ok = whole(cell, decimal); !ok {
				return fmt.Errorf("%.60q is no whole number, as those in the first %d rows are", cell, sampleRows)
			}
		}
		c.Ints = append(c.Ints, v)
	}
	return nil
}

// whole reads a number without fraction below 2^53.
func whole(cell, decimal string) (int64, bool) {
	v, err := number(cell, decimal)
	if err != nil || v != math.Trunc(v) || math.Abs(v) >= 1<<53 || strings.ContainsAny(cell, ".,eE") {
		return 0, false
	}
	return int64(v), true
}
