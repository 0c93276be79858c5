package table

import (
	"encoding/binary"
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
		return fmt.Errorf("an encrypted Parquet file; decrypt it first")
	}
	if string(head[:]) != "PAR1" {
		return fmt.Errorf("%w: it begins with %q, not with \"PAR1\"", ErrNotParquet, head[:])
	}
	if _, err := r.ReadAt(tail[:], size-8); err != nil {
		return err
	}
	if string(tail[4:]) != "PAR1" {
		return fmt.Errorf("damaged Parquet file: it ends with %q, not with \"PAR1\": cut off?", tail[4:])
	}
	if n := int64(binary.LittleEndian.Uint32(tail[:4])); n > size-12 || n > maxFooter {
		return fmt.Errorf("damaged Parquet file: a footer of %d bytes in a file of %d", n, size)
	}
	return nil
}

// checkGroups checks what the footer claims about the row groups.
func checkGroups(r io.ReaderAt, file *parquet.File, leaves []leaf) error {
	meta := file.Metadata()
	var rows int64
	for i := range meta.RowGroups {
		g := &meta.RowGroups[i]
		if g.NumRows < 0 || g.NumRows > 1<<40-rows {
			return fmt.Errorf("damaged Parquet file: row group %d of %d rows", i, g.NumRows)
		}
		rows += g.NumRows
		for _, l := range leaves {
			if l.index >= len(g.Columns) {
				return fmt.Errorf("damaged Parquet file: row group %d has %d columns", i, len(g.Columns))
			}
			c := &g.Columns[l.index].MetaData
			if c.NumValues != g.NumRows {
				return fmt.Errorf("damaged Parquet file: row group %d, column %q: %d values for %d rows", i, l.name, c.NumValues, g.NumRows)
			}
		}
	}
	if rows != meta.NumRows {
		return fmt.Errorf("damaged Parquet file: the row groups have %d rows, the file %d", rows, meta.NumRows)
	}
	return nil
}
