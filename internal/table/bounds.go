package table

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

// checkFrame checks the magic numbers and the footer's length before the library allocates it.
func checkFrame(r io.ReaderAt, size int64) error {
	var head [4]byte
	var tail [8]byte
	if size < 12 {
		return fmt.Errorf("%w: %d bytes", ErrNotParquet, size)
	}
	if _, err := r.ReadAt(head[:], 0); err != nil {
		return err
	}
	if string(head[:]) == "PARE" {
		return errors.New("an encrypted Parquet file; decrypt it first")
	}
	if string(head[:]) != "PAR1" {
		return fmt.Errorf("%w: it begins with %q, not with \"PAR1\"", ErrNotParquet, head[:])
	}
	if _, err := r.ReadAt(tail[:], size-8); err != nil {
		return err
	}
	if string(tail[4:]) != "PAR1" {
		return damaged("it ends with %q, not with \"PAR1\": cut off?", tail[4:])
	}
	n := int64(binary.LittleEndian.Uint32(tail[:4]))
	if n > size-12 || n > maxFooter {
		return damaged("a footer of %d bytes in a file of %d", n, size)
	}
	footer := make([]byte, n)
	if _, err := r.ReadAt(footer, size-8-n); err != nil {
		return err
	}
	return checkThrift(footer, true)
}

// checkGroups checks what the footer claims about the row groups.
func checkGroups(r io.ReaderAt, file *parquet.File, leaves []leaf) error {
	meta := file.Metadata()
	var rows int64
	for i := range meta.RowGroups {
		g := &meta.RowGroups[i]
		if g.NumRows < 0 || g.NumRows > 1<<40-rows {
			return damaged("row group %d of %d rows", i, g.NumRows)
		}
		rows += g.NumRows
		for _, l := range leaves {
			if l.index >= len(g.Columns) {
				return damaged("row group %d has %d columns", i, len(g.Columns))
			}
			c := &g.Columns[l.index].MetaData
			if c.NumValues != g.NumRows {
				return damaged("row group %d, column %q: %d values for %d rows", i, l.name, c.NumValues, g.NumRows)
			}
		}
	}
	if rows != meta.NumRows {
		return damaged("the row groups have %d rows, the file %d", rows, meta.NumRows)
	}
	return nil
}

// checkThrift walks a structure in Thrift's compact protocol and refuses lists that the library would allocate without having them. A page header
// stands at the beginning of its data; a footer must fill it.
func checkThrift(data []byte, whole bool) error {
	w := walker{data: data, elements: maxElements}
	if w.structure(0); w.bad || whole && len(w.data) > 0 {
		return damaged("broken description")
	}
	return nil
}

type walker struct {
	data     []byte
	elements int // that may still come
	bad      bool
}

func (w *walker) byte() byte {
	if len(w.data) == 0 {
		w.bad = true
		return 0
	}
	b := w.data[0]
	w.data = w.data[1:]
	return b
}

func (w *walker) varint() uint64 {
	v, n := binary.Uvarint(w.data)
	if n <= 0 {
		w.bad = true
		return 0
	}
	w.data = w.data[n:]
	return v
}

func (w *walker) skip(n uint64) {
	if n > uint64(len(w.data)) {
		w.bad = true
		return
	}
	w.data = w.data[n:]
}

func (w *walker) structure(depth int) {
	for !w.bad && depth < 16 {
		head := w.byte()
		if head == 0 {
			return
		}
		if head>>4 == 0 {
			w.varint() // the field's number
		}
		if t := head & 15; t > 2 { // 1 and 2 are booleans without a value
			w.value(t, depth)
		}
	}
	w.bad = true
}

func (w *walker) value(t byte, depth int) {
	switch t {
	case 1, 2, 3:
		w.byte()
	case 4, 5, 6:
		w.varint()
	case 7:
		w.skip(8)
	case 8:
		w.skip(w.varint())
	case 9, 10:
		w.list(depth)
	case 12:
		w.structure(depth + 1)
	default: // maps do not occur in Parquet
		w.bad = true
	}
}

func (w *walker) list(depth int) {
	head := w.byte()
	n := uint64(head >> 4)
	if n == 15 {
		n = w.varint()
	}
	if n > uint64(min(len(w.data), w.elements)) || depth >= 16 {
		w.bad = true
		return
	}
	w.elements -= int(n)
	for range n {
		if w.value(head&15, depth+1); w.bad {
			return
		}
	}
}
