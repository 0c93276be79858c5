package table

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
)

const (
	pageRows  = 1 << 15          // rows of a data page, and how many a Writer holds back
	groupRows = 8 * pageRows     // rows of a row group
	unitKey   = "weir.unit."     // + column name: metadata key of a unit
	createdBy = "weir version 1" // the format's version, never the program's: the bytes must not change with it
	magic     = "PAR1"
)

// Writer writes a table batch by batch. Memory is bounded by a row group of 262,144 rows in compressed form and a page of 32,768 rows.
//
// The bytes depend on the schema, the metadata and the rows only. Row groups and pages have fixed sizes however the rows were batched;
// zstd runs on one goroutine. Encodings: timestamps and Int64 as differences, so Uint32 when its first page rises (packet numbers);
// other Uint32, Uint16, Uint8 and text with a dictionary for each row group; floats plain. Integer columns have their smallest and largest
// value in the footer, so that queries can skip row groups.
type Writer struct {
	schema  []Column
	meta    map[string]string
	w       io.Writer
	offset  int64
	chunks  []chunk // of the current row group; nil until the first page is full
	pending Table
	grouped int64 // rows in the current row group
	rows    int64
	groups  []format.RowGroup
	zstd    *zstd.Encoder
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
	if out.err = checkSchema(out.schema); out.err == nil {
		out.zstd, out.err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault),
			zstd.WithEncoderCRC(false), zstd.WithZeroFrames(true))
	}
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
	for from, rows := 0, batch.Rows(); w.err == nil && from < rows; {
		n := min(rows-from, pageRows-w.pending.Rows())
		for i := range w.pending.Columns {
			w.pending.Columns[i].extend(&batch.Columns[i], from, from+n)
		}
		from += n
		if w.pending.Rows() == pageRows {
			w.err = w.flushPage()
		}
	}
	return w.err
}

// Close writes what is held back and the footer. Its error, or that of an earlier Append, means that the file is not whole.
func (w *Writer) Close() error {
	if w.err == nil && w.pending.Rows() > 0 {
		w.err = w.flushPage()
	}
	if w.err == nil {
		w.err = w.flushGroup()
	}
	if w.err == nil {
		w.err = w.writeFooter()
	}
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

// maxDictionary is the size of a dictionary of texts, in bytes, at which a row group ends early: addresses that are all different would
// otherwise fill memory. It depends on the rows alone, so the bytes stay the same everywhere.
const maxDictionary = 2 << 20

// flushPage makes the pending rows one page of each column.
func (w *Writer) flushPage() error {
	if w.chunks == nil {
		w.chunks = make([]chunk, len(w.schema))
		for i := range w.chunks {
			w.chunks[i].start(&w.pending.Columns[i])
		}
	}
	rows := w.pending.Rows()
	full := false
	for i := range w.chunks {
		c := &w.pending.Columns[i]
		if err := w.chunks[i].addPage(c, w.zstd); err != nil {
			return err
		}
		full = full || len(w.chunks[i].dict.bytes) > maxDictionary
		clear(c.Texts)
		c.Ints, c.Floats, c.Texts, c.Null = c.Ints[:0], c.Floats[:0], c.Texts[:0], nil
	}
	w.grouped += int64(rows)
	if full || w.grouped >= groupRows {
		return w.flushGroup()
	}
	return nil
}

// flushGroup writes the row group, if it has rows.
func (w *Writer) flushGroup() error {
	if w.grouped == 0 {
		return nil
	}
	if w.offset == 0 {
		if err := w.write([]byte(magic)); err != nil {
			return err
		}
	}
	group := format.RowGroup{NumRows: w.grouped, FileOffset: w.offset, Ordinal: int16(len(w.groups))}
	if len(w.groups) == maxGroups {
		return fmt.Errorf("table: more than %d rows", int64(maxGroups)*groupRows)
	}
	for i := range w.chunks {
		meta, parts, err := w.chunks[i].finish(&w.schema[i], w.offset, w.zstd)
		if err != nil {
			return err
		}
		for _, part := range parts {
			if err := w.write(part); err != nil {
				return err
			}
		}
		group.Columns = append(group.Columns, format.ColumnChunk{MetaData: meta})
		group.TotalByteSize += meta.TotalUncompressedSize
		group.TotalCompressedSize += meta.TotalCompressedSize
	}
	w.groups = append(w.groups, group)
	w.rows += w.grouped
	w.grouped = 0
	return nil
}

func (w *Writer) write(data []byte) error {
	n, err := w.w.Write(data)
	w.offset += int64(n)
	return err
}

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
