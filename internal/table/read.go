package table

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
)

// What Read and Scan accept. A file beyond a limit is refused before memory is taken for it.
const (
	maxColumns    = 4096
	maxGroups     = 1<<15 - 1 // row groups
	maxFooter     = 16 << 20  // bytes
	maxElements   = 1 << 22   // of all lists in the footer
	maxPage       = 128 << 20 // bytes, packed or not
	maxPageValues = 1 << 24
	maxText       = 1 << 20 // bytes of one text value
	maxCells      = 1 << 28 // rows x columns that Read holds in memory
	maxTextsSum   = 2 << 30 // bytes of text that Read holds in memory
	batchRows     = 1 << 16
)

// ErrNotParquet is wrapped by errors about a file that is not Parquet at all.
var ErrNotParquet = errors.New("not a Parquet file")

// Read reads a whole table. It refuses one of more than 2^28 cells (rows x columns); Scan has no such limit.
//
// Files of other programs are read too: integers of any width (uint64 up to 2^63-1), booleans as 0 and 1, floats and decimals as Float64,
// timestamps of any unit, INT96 and dates as Timestamp (one without a zone counts as UTC), text and JSON as Text. A column of any other
// kind, and any list, map or struct, is left out; Scan says so when it is asked for by name.
func Read(path string) (*Table, error) {
	whole := &Table{}
	var texts int64
	err := scan(path, nil, maxCells, func(batch *Table) error {
		if whole.Columns == nil {
			whole.Meta = batch.Meta
			whole.Columns = make([]Column, len(batch.Columns))
			for i, c := range batch.Columns {
				whole.Columns[i] = Column{Name: c.Name, Unit: c.Unit, Type: c.Type, Nullable: c.Nullable}
			}
		}
		for i := range batch.Columns {
			for _, t := range batch.Columns[i].Texts {
				texts += int64(len(t))
			}
			whole.Columns[i].extend(&batch.Columns[i], 0, batch.Rows())
		}
		if texts > maxTextsSum {
			return fmt.Errorf("%s: more than %d bytes of text", path, int64(maxTextsSum))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return whole, nil
}

// Scan reads a table in batches of at most 65,536 rows and calls each for every one, at least once (without rows for an empty table).
// Only the named columns are read, in that order; nil means all. A batch is valid until each returns, its Meta for good; an error of each
// ends the scan and is returned as it is.
func Scan(path string, names []string, each func(*Table) error) error {
	return scan(path, names, math.MaxInt64, each)
}

// Schema returns the columns of a file that can be read, without values.
func Schema(path string) (columns []Column, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	defer func() {
		if p := recover(); p != nil { // see scan
			err = fmt.Errorf("%s: %w: %v", path, errDamaged, p)
		}
	}()
	s, err := open(f, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s.zstd.Close()
	return s.batch.Columns, nil
}

func scan(path string, names []string, cells int64, each func(*Table) error) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var fromEach error
	defer func() {
		// The Parquet library panics on some damaged files. A panic of ours or of the caller's is not for us to hide.
		if inLibrary := fromEach == errInEach; !inLibrary {
			if p := recover(); p != nil {
				err = fmt.Errorf("%s: %w: %v", path, errDamaged, p)
			}
		}
		if err != nil && err != fromEach && !strings.Contains(err.Error(), path) {
			err = fmt.Errorf("%s: %w", path, err)
		}
	}()
	s, err := open(f, names)
	if err != nil {
		return err
	}
	if rows, n := s.rows, int64(len(s.leaves)); n > 0 && rows > cells/n {
		return fmt.Errorf("%d rows of %d columns are too many to be read at once", rows, n)
	}
	defer s.zstd.Close()
	return s.run(func(batch *Table) error {
		fromEach = errInEach
		fromEach = each(batch)
		return fromEach
	})
}

var errInEach = errors.New("in the caller's function")

// scanner walks the row groups of an open file.
type scanner struct {
	file   *parquet.File
	rows   int64
	leaves []leaf // the columns asked for
	batch  Table
	zstd   *zstd.Decoder
}

// open checks the file's frame, reads its footer and finds the columns.
func open(f *os.File, names []string) (*scanner, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := checkFrame(f, info.Size()); err != nil {
		return nil, err
	}
	file, err := parquet.OpenFile(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	s := &scanner{file: file, rows: file.NumRows()}
	all, err := leavesOf(file)
	if err != nil {
		return nil, err
	}
	if s.leaves, err = choose(all, names); err != nil {
		return nil, err
	}
	if err := checkGroups(f, file, s.leaves); err != nil {
		return nil, err
	}
	s.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecodeAllCapLimit(true), zstd.WithDecoderMaxMemory(maxPage))
	if err != nil {
		return nil, err
	}
	s.batch.Meta = map[string]string{}
	units := map[string]string{}
	for _, kv := range file.Metadata().KeyValueMetadata {
		if name, ok := strings.CutPrefix(kv.Key, unitKey); ok {
			units[name] = kv.Value
		} else {
			s.batch.Meta[kv.Key] = kv.Value
		}
	}
	for _, l := range s.leaves {
		s.batch.Columns = append(s.batch.Columns, Column{Name: l.name, Unit: units[l.name], Type: l.typ, Nullable: l.nullable})
	}
	return s, nil
}

func (s *scanner) run(each func(*Table) error) error {
	called := false
	meta := s.file.Metadata()
	for g := range meta.RowGroups {
		group := &meta.RowGroups[g]
		readers := make([]*chunkReader, len(s.leaves))
		for i, l := range s.leaves {
			var err error
			if readers[i], err = s.newChunkReader(l, &group.Columns[l.index].MetaData); err != nil {
				return fmt.Errorf("column %q: %w", l.name, err)
			}
		}
		for left := group.NumRows; left > 0; {
			n := int(min(left, batchRows))
			for i := range s.leaves {
				if err := readers[i].read(&s.batch.Columns[i], n); err != nil {
					return fmt.Errorf("column %q: %w", s.leaves[i].name, err)
				}
			}
			called = true
			if err := each(&s.batch); err != nil {
				return err
			}
			left -= int64(n)
		}
	}
	if !called {
		return each(&s.batch)
	}
	return nil
}
