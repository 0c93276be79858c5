package table

import (
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding"
)

const (
	pageRows  = 1 << 15          // rows of a data page, and how many a Writer holds back
	groupRows = 8 * pageRows     // rows of a row group
	unitKey   = "weir.unit."     // + column name: metadata key of a unit
	createdBy = "weir version 1" // the format's version, never the program's: the bytes must not change with it
)

// Writer writes a table batch by batch. Memory is bounded by a row group of 262,144 rows in compressed form and a page of 32,768 rows.
//
// The bytes depend on the schema, the metadata and the rows only. Row groups and pages have fixed sizes however the rows were
// batched; zstd runs on one goroutine; statistics exist for integers and text, not for floats (NaN and signed zeros are where
// implementations differ). Encodings: integers and timestamps as differences (DELTA_BINARY_PACKED, our own encoder), but Uint8, Uint16 and
// those Uint32 columns whose first page does not rise with a dictionary, as text; floats plain.
type Writer struct {
	schema  []Column
	meta    map[string]string
	w       io.Writer
	out     *parquet.Writer // nil until the first page is full
	pending Table
	grouped int // rows in the current row group
	values  []parquet.Value
	err     error
}

// NewWriter starts a table with the columns of the schema (their values are ignored). Mistakes in the schema are reported by the first
// Append or Close. The caller closes w after Close.
func NewWriter(w io.Writer, schema []Column, meta map[string]string) *Writer {
	out := &Writer{schema: make([]Column, len(schema)), meta: maps.Clone(meta), w: w}
	for i, c := range schema {
		out.schema[i] = Column{Name: c.Name, Unit: c.Unit, Type: c.Type, Nullable: c.Nullable}
	}
	out.pending.Columns = slices.Clone(out.schema)
	out.err = checkSchema(out.schema)
	return out
}

func checkSchema(schema []Column) error {
	if len(schema) == 0 || len(schema) > maxColumns {
		return fmt.Errorf("table: a schema of %d columns, 1 to %d are possible", len(schema), maxColumns)
	}
	seen := map[string]bool{}
	for _, c := range schema {
		if c.Name == "" || seen[c.Name] {
			return fmt.Errorf("table: column name %q is empty or used twice", c.Name)
		}
		if c.Type < Timestamp || c.Type > Text {
			return fmt.Errorf("table: column %q has %s", c.Name, c.Type)
		}
		seen[c.Name] = true
	}
	return nil
}

// Append adds the rows of a batch, whose columns must be those of the schema in that order. The batch may be reused afterwards.
func (w *Writer) Append(batch *Table) error {
	if w.err == nil {
		w.err = batch.check(w.schema)
	}
	if w.err != nil {
		return w.err
	}
	for from, rows := 0, batch.Rows(); from < rows; {
		n := min(rows-from, pageRows-w.pending.Rows())
		for i := range w.pending.Columns {
			w.pending.Columns[i].extend(&batch.Columns[i], from, from+n)
		}
		from += n
		if w.pending.Rows() == pageRows {
			if w.err = w.flush(); w.err != nil {
				return w.err
			}
		}
	}
	return nil
}

// Close writes what is held back and the footer. Its error, or that of an earlier Append, means that the file is not whole.
func (w *Writer) Close() error {
	if w.err == nil && (w.out == nil || w.pending.Rows() > 0) {
		w.err = w.flush()
	}
	if w.err != nil {
		return w.err
	}
	w.err = w.out.Close()
	return w.err
}

// extend appends rows from..to of b.
func (c *Column) extend(b *Column, from, to int) {
	if b.Null != nil || c.Null != nil {
		for len(c.Null) < c.Len() {
			c.Null = append(c.Null, false)
		}
		if b.Null != nil {
			c.Null = append(c.Null, b.Null[from:to]...)
		} else {
			c.Null = append(c.Null, make([]bool, to-from)...)
		}
	}
	switch c.Type {
	case Float64:
		c.Floats = append(c.Floats, b.Floats[from:to]...)
	case Text:
		c.Texts = append(c.Texts, b.Texts[from:to]...)
	default:
		c.Ints = append(c.Ints, b.Ints[from:to]...)
	}
}

// flush writes the pending rows as one page of each column.
func (w *Writer) flush() error {
	if w.out == nil {
		w.open()
	}
	columns := w.out.ColumnWriters()
	for i := range w.pending.Columns {
		c := &w.pending.Columns[i]
		w.values = c.appendValues(w.values[:0], i)
		if len(w.values) > 0 {
			if _, err := columns[i].WriteRowValues(w.values); err != nil {
				return err
			}
			if err := columns[i].Flush(); err != nil {
				return err
			}
		}
		c.Ints, c.Floats, c.Null = c.Ints[:0], c.Floats[:0], nil
		clear(c.Texts)
		c.Texts = c.Texts[:0]
	}
	w.grouped += len(w.values)
	if w.grouped >= groupRows {
		w.grouped = 0
		return w.out.Flush()
	}
	return nil
}

func (c *Column) appendValues(values []parquet.Value, index int) []parquet.Value {
	level := 0
	if c.Nullable {
		level = 1
	}
	for i := range c.Len() {
		var v parquet.Value
		switch {
		case c.IsNull(i):
			values = append(values, v.Level(0, 0, index))
			continue
		case c.Type == Float64:
			v = parquet.DoubleValue(c.Floats[i])
		case c.Type == Text:
			v = parquet.ByteArrayValue([]byte(c.Texts[i]))
		case c.Type == Timestamp || c.Type == Int64:
			v = parquet.Int64Value(c.Ints[i])
		default:
			v = parquet.Int32Value(int32(uint32(c.Ints[i])))
		}
		values = append(values, v.Level(0, level, index))
	}
	return values
}

// open starts the file, with encodings chosen by the pending rows.
func (w *Writer) open() {
	root := make(parquet.Group, len(w.schema))
	fields := make([]parquet.Field, len(w.schema))
	options := []parquet.WriterOption{
		&parquet.WriterConfig{CreatedBy: createdBy},
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedDefault, Concurrency: 1}),
		parquet.DataPageVersion(1),
		parquet.DataPageStatistics(false),
		parquet.PageBufferSize(8 * pageRows),
		parquet.MaxRowsPerRowGroup(groupRows),
	}
	for i := range w.pending.Columns {
		c := &w.pending.Columns[i]
		root[c.Name] = c.node()
		fields[i] = field{Node: root[c.Name], name: c.Name}
		if c.Unit != "" {
			options = append(options, parquet.KeyValueMetadata(unitKey+c.Name, c.Unit))
		}
		if c.Type == Float64 {
			options = append(options, parquet.SkipPageBounds(c.Name))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(w.meta)) {
		options = append(options, parquet.KeyValueMetadata(key, w.meta[key]))
	}
	schema := parquet.NewSchema("weir", ordered{root, fields})
	w.out = parquet.NewWriter(w.w, append(options, schema)...)
}

// node is the column's description for the Parquet library.
func (c *Column) node() parquet.Node {
	var node parquet.Node
	var code encoding.Encoding = &parquet.RLEDictionary
	switch c.Type {
	case Timestamp:
		node, code = parquet.Timestamp(parquet.Nanosecond), &parquet.DeltaBinaryPacked
	case Int64:
		node, code = parquet.Int(64), &parquet.DeltaBinaryPacked
	case Uint32:
		node = parquet.Uint(32)
		if slices.IsSorted(c.Ints) {
			code = &parquet.DeltaBinaryPacked
		}
	case Uint16:
		node = parquet.Uint(16)
	case Uint8:
		node = parquet.Uint(8)
	case Float64:
		node, code = parquet.Leaf(parquet.DoubleType), &parquet.Plain
	case Text:
		node = parquet.String()
	}
	node = parquet.Encoded(node, code)
	if c.Nullable {
		node = parquet.Optional(node)
	}
	return node
}

// ordered is a group whose fields keep their order (parquet.Group sorts them by name).
type ordered struct {
	parquet.Group
	fields []parquet.Field
}

func (o ordered) Fields() []parquet.Field { return o.fields }

type field struct {
	parquet.Node
	name string
}

func (f field) Name() string { return f.name }

// Value is for rows held in Go structs, which a Writer never has.
func (f field) Value(reflect.Value) reflect.Value { return reflect.Value{} }

// Write writes a whole table to a file that it creates or replaces.
func Write(path string, t *Table) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	w := NewWriter(f, t.Columns, t.Meta)
	if err := w.Append(t); err != nil {
		return err
	}
	return w.Close()
}
