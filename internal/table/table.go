// Package table keeps columns in Parquet files: packets, series, predictions and decompositions on their way from stage to stage, and
// the tables that users bring along. DuckDB, Polars and pandas read what it writes; it reads what they write.
//
// A written file is a function of the table alone: the same bytes on every machine, CPU and library build, however the rows were
// batched (see Writer). A file that is read is hostile until it is proven otherwise: Read and Scan check sizes before anything is
// allocated and return errors, never panic.
//
//	t, err := table.Read("packets.parquet")
//	c, err := t.Column("wire_length")
//	for i, v := range c.Ints { ... }
//
// The package knows flat tables only: no lists, maps or structs, no sorting, no filters, no joins.
package table

import (
	"fmt"
	"slices"
	"strings"
)

// Type is the type of a column: what it is in memory and how it is stored.
type Type uint8

const (
	// Timestamp is nanoseconds since 1970 UTC in Ints, stored as TIMESTAMP(NANOS, adjusted to UTC).
	Timestamp Type = iota + 1
	// Int64 is a signed integer in Ints.
	Int64
	// Uint32 is 0..2^32-1 in Ints.
	Uint32
	// Uint16 is 0..65535 in Ints.
	Uint16
	// Uint8 is 0..255 in Ints.
	Uint8
	// Float64 is a double in Floats; NaN is a value, not a null.
	Float64
	// Text is UTF-8 in Texts, stored with a dictionary.
	Text
)

// String gives the name used in messages.
func (t Type) String() string {
	names := [...]string{"no type", "timestamp", "int64", "uint32", "uint16", "uint8", "float64", "text"}
	if int(t) < len(names) {
		return names[t]
	}
	return fmt.Sprintf("type %d", uint8(t))
}

// Column is one column of a table or, without values, its description in a schema. Exactly one of Ints, Floats and Texts is used, as
// Type says; a null has the zero value there (NaN in Floats) and true in Null.
type Column struct {
	Name, Unit string // the unit ("B", "B/s", "s") is kept in the file's metadata under "weir.unit.NAME"; "" is none
	Type       Type
	Nullable   bool
	Ints       []int64 // Timestamp, Int64, Uint32, Uint16, Uint8
	Floats     []float64
	Texts      []string
	Null       []bool // nil: no nulls in this batch
}

// Len is the number of values, nulls included.
func (c *Column) Len() int {
	switch c.Type {
	case Float64:
		return len(c.Floats)
	case Text:
		return len(c.Texts)
	}
	return len(c.Ints)
}

// IsNull says whether row i has no value.
func (c *Column) IsNull(i int) bool { return c.Null != nil && c.Null[i] }

// Table is columns of one length, and the file's metadata without the units of the columns.
type Table struct {
	Columns []Column
	Meta    map[string]string
}

// Rows is the number of rows; 0 for a table without columns.
func (t *Table) Rows() int {
	if len(t.Columns) == 0 {
		return 0
	}
	return t.Columns[0].Len()
}

// Column returns the column of that name. The error names the columns there are and the one that was probably meant.
func (t *Table) Column(name string) (*Column, error) {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i], nil
		}
	}
	return nil, unknown(name, columnNames(t.Columns))
}

func columnNames(columns []Column) []string {
	names := make([]string, len(columns))
	for i := range columns {
		names[i] = columns[i].Name
	}
	return names
}

// unknown is the error for a column that is not there.
func unknown(name string, names []string) error {
	if len(names) == 0 {
		return fmt.Errorf("no column %q: the table has no columns", name)
	}
	hint := ""
	if near := nearest(name, names); near != "" {
		hint = fmt.Sprintf("did you mean %q? ", near)
	}
	shown := names
	more := ""
	if len(shown) > 40 {
		shown, more = shown[:40], fmt.Sprintf(" and %d more", len(names)-40)
	}
	return fmt.Errorf("no column %q: %sthere are %s%s", name, hint, strings.Join(shown, ", "), more)
}

// nearest is the name with the smallest edit distance, "" when none is near.
func nearest(name string, names []string) string {
	best, limit := "", len(name)/3+1
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return n
		}
		if d := distance(name, n); d <= limit && (best == "" || d < distance(name, best)) {
			best = n
		}
	}
	return best
}

// distance is the Levenshtein distance in bytes, with long names cut.
func distance(a, b string) int {
	a, b = a[:min(len(a), 64)], b[:min(len(b), 64)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal, row[j+1] = row[j+1], min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// check finds what Write and Append refuse: columns of other names, types or lengths than the schema, values out of range.
func (t *Table) check(schema []Column) error {
	if len(t.Columns) != len(schema) {
		return fmt.Errorf("table: %d columns in the batch, %d in the schema", len(t.Columns), len(schema))
	}
	for i := range t.Columns {
		c, want := &t.Columns[i], &schema[i]
		switch {
		case c.Name != want.Name || c.Type != want.Type:
			return fmt.Errorf("table: column %d is %s %q, the schema has %s %q", i, c.Type, c.Name, want.Type, want.Name)
		case c.Len() != t.Rows() || c.Null != nil && len(c.Null) != t.Rows():
			return fmt.Errorf("table: column %q has %d values for %d rows", c.Name, c.Len(), t.Rows())
		case !want.Nullable && slices.Contains(c.Null, true):
			return fmt.Errorf("table: column %q has a null and is not nullable", c.Name)
		}
		if err := c.checkRange(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Column) checkRange() error {
	var limit int64
	switch c.Type {
	case Uint32:
		limit = 1<<32 - 1
	case Uint16:
		limit = 1<<16 - 1
	case Uint8:
		limit = 1<<8 - 1
	default:
		return nil
	}
	for i, v := range c.Ints {
		if v < 0 || v > limit {
			return fmt.Errorf("table: column %q, row %d: %d is no %s", c.Name, i, v, c.Type)
		}
	}
	return nil
}
