package importer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"weir/internal/series"
	"weir/internal/table"
	"weir/stages"
)

const (
	maxText    = 4 << 30 // bytes of CSV, uncompressed
	maxRecord  = 1 << 20 // bytes of a line
	maxColumns = 4096
	maxCells   = 1 << 27 // rows x columns that are kept
	sampleRows = 1000    // rows that decide what a column holds
	headBytes  = 1 << 16 // bytes that decide the delimiter
)

// source is an opened table: its columns, a sample of its rows, and then its rows one by one.
type source struct {
	name    string // for messages
	file    *os.File
	names   []string
	sample  []record
	decimal string
	parquet *table.Table // instead of lines of text

	input  *bounded
	lines  *csv.Reader
	text   *bufio.Reader
	at     int // next of sample
	rows   int
	report stages.Progress
}

// record is a row as text.
type record struct {
	line  int // of the file; the row's number for Parquet
	cells []string
}

// open finds out what the file is.
func open(in stages.Input, report stages.Progress) (*source, error) {
	f, err := os.Open(in.Path)
	if err != nil {
		return nil, err
	}
	s := &source{name: in.From, file: f, report: report}
	if s.name == "" {
		s.name = in.Path
	}
	if info, err := f.Stat(); err == nil {
		report.Total(info.Size(), "bytes")
	}
	s.input = &bounded{r: f}
	s.text = bufio.NewReaderSize(s.input, headBytes)
	if err := s.unwrap(in); err != nil {
		f.Close()
		return nil, err
	}
	return s, nil
}

func (s *source) close() { s.file.Close() }

// unwrap goes by the first bytes: Parquet, gzip, a byte order mark.
func (s *source) unwrap(in stages.Input) error {
	head, _ := s.text.Peek(4)
	if string(head) == "PAR1" {
		t, err := table.Read(in.Path)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, errors.New(strings.TrimPrefix(err.Error(), in.Path+": ")))
		}
		s.parquet = t
		return nil
	}
	if len(head) >= 2 && head[0] == 0x1f && head[1] == 0x8b {
		z, err := gzip.NewReader(s.text)
		if err != nil {
			return fmt.Errorf("%s: damaged gzip file: %w", s.name, err)
		}
		s.input = &bounded{r: z, what: "damaged gzip file"}
		s.text = bufio.NewReaderSize(s.input, headBytes)
		head, _ = s.text.Peek(4)
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		s.text.Discard(3)
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return fmt.Errorf("%s: text in UTF-16; save it as UTF-8", s.name)
	}
	return nil
}

// bounded refuses a text beyond maxText and a record beyond maxRecord.
type bounded struct {
	r      io.Reader
	what   string // put before the errors of r
	read   int64
	record int64 // how far the text was read when the record began
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.read > maxText {
		return 0, fmt.Errorf("more than %d bytes of text", int64(maxText))
	}
	if b.read-b.record > maxRecord+2*headBytes {
		return 0, fmt.Errorf("a line of more than %d bytes: no table, or a quote that is never closed", maxRecord)
	}
	n, err := b.r.Read(p)
	b.read += int64(n)
	if err != nil && err != io.EOF && b.what != "" {
		err = fmt.Errorf("%s: %w", b.what, err)
	}
	return n, err
}

// start reads the header and the sample.
func (s *source) start(decimal string) error {
	s.decimal = decimal
	if s.parquet != nil {
		return s.startParquet()
	}
	head, err := s.text.Peek(headBytes)
	if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	if len(bytes.TrimSpace(head)) == 0 {
		return fmt.Errorf("%s: an empty file; expected a line of column names and rows below", s.name)
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return fmt.Errorf("%s: no text and no Parquet; expected a table as CSV or Parquet", s.name)
	}
	s.lines = csv.NewReader(s.text)
	s.lines.Comma = delimiter(head)
	s.lines.FieldsPerRecord = -1
	s.lines.TrimLeadingSpace = s.lines.Comma != '\t'
	header, err := s.next()
	if err != nil {
		return err
	}
	if s.names, err = columnNames(header.cells); err != nil {
		return fmt.Errorf("%s:%d: %w", s.name, header.line, err)
	}
	for len(s.sample) < sampleRows {
		r, err := s.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		s.sample = append(s.sample, r)
	}
	return s.checkSample()
}

func (s *source) checkSample() error {
	if len(s.sample) == 0 {
		return fmt.Errorf("%s: column names (%s) but no rows", s.name, shorten(s.names))
	}
	return nil
}

// columnNames checks the header. A column without a name becomes column_N.
func columnNames(cells []string) ([]string, error) {
	if len(cells) > maxColumns {
		return nil, fmt.Errorf("%d columns, at most %d are possible", len(cells), maxColumns)
	}
	seen := map[string]int{}
	numbers := 0
	names := make([]string, len(cells))
	for i, cell := range cells {
		name := strings.TrimSpace(strings.ToValidUTF8(cell, "\uFFFD"))
		c := clock{epoch: "auto"}
		if _, err := c.parse(name); err == nil {
			numbers++
		}
		if name == "" {
			name = fmt.Sprintf("column_%d", i+1)
		}
		if first, twice := seen[name]; twice {
			return nil, fmt.Errorf("columns %d and %d are both named %q", first, i+1, name)
		}
		seen[name], names[i] = i+1, name
	}
	if numbers == len(cells) {
		return nil, fmt.Errorf("the first line holds values (%.60q), not column names: put a line of names above it", strings.Join(cells, " "))
	}
	return names, nil
}

// delimiter is the character among , ; tab # | that divides most of the first lines like the header, and that most often.
func delimiter(head []byte) rune {
	lines := strings.Split(strings.ReplaceAll(string(head), "\r\n", "\n"), "\n")
	if len(lines) > 20 {
		lines = lines[:20]
	} else if len(lines) > 2 && len(head) == headBytes {
		lines = lines[:len(lines)-1] // the last may be cut
	}
	best, bestScore := ',', 0
	for _, d := range ",;\t#|" {
		n := fields(lines[0], byte(d))
		if n == 0 {
			continue
		}
		score := n
		for _, line := range lines[1:] {
			if fields(line, byte(d)) == n {
				score += 1000
			}
		}
		if score > bestScore {
			best, bestScore = d, score
		}
	}
	return best
}

// fields counts a delimiter outside quotes.
func fields(line string, delimiter byte) (n int) {
	quoted := false
	for i := range len(line) {
		switch {
		case line[i] == '"':
			quoted = !quoted
		case line[i] == delimiter && !quoted:
			n++
		}
	}
	return n
}

// next reads a record from the text; io.EOF at its end.
func (s *source) next() (record, error) {
	s.input.record = s.input.read
	cells, err := s.lines.Read()
	if errors.Is(err, io.EOF) {
		return record{}, io.EOF
	}
	if err != nil {
		var syntax *csv.ParseError
		if errors.As(err, &syntax) {
			return record{}, fmt.Errorf("%s:%d: %w", s.name, syntax.Line, syntax.Err)
		}
		return record{}, fmt.Errorf("%s: %w", s.name, err)
	}
	line, _ := s.lines.FieldPos(0)
	if s.names != nil && len(cells) != len(s.names) {
		if len(cells) == len(s.names)+1 && cells[len(cells)-1] == "" {
			cells = cells[:len(cells)-1]
		} else {
			return record{}, fmt.Errorf("%s:%d: %s, the header has %d; a cell that contains %q must be quoted", s.name, line,
				series.Count(len(cells), "cell"), len(s.names), s.lines.Comma)
		}
	}
	for _, c := range cells {
		if !utf8.ValidString(c) && s.names != nil {
			return record{}, fmt.Errorf("%s:%d: %.40q is not UTF-8 text", s.name, line, c)
		}
	}
	return record{line, cells}, nil
}

// each calls f for every row. The record is valid until f returns.
func (s *source) each(f func(record) error) error {
	for ; ; s.rows++ {
		var r record
		if s.at < len(s.sample) {
			r = s.sample[s.at]
			s.at++
		} else if s.parquet != nil {
			if s.rows >= s.parquet.Rows() {
				return nil
			}
			r = s.parquetRow(s.rows)
		} else {
			s.sample = nil
			s.lines.ReuseRecord = true
			var err error
			if r, err = s.next(); errors.Is(err, io.EOF) {
				s.report.Done(s.input.read)
				return nil
			} else if err != nil {
				return err
			}
		}
		if (s.rows+1)*len(s.names) > maxCells || s.rows >= series.MaxRows {
			return fmt.Errorf("%s: more than %s rows of %s", s.name, series.Count(s.rows, ""), series.Count(len(s.names), "column"))
		}
		if s.rows%4096 == 0 {
			s.report.Done(s.input.read)
		}
		if err := f(r); err != nil {
			return err
		}
	}
}

// at names a place for an error.
func (s *source) place(line int) string {
	if s.parquet != nil {
		return fmt.Sprintf("%s: row %d", s.name, line)
	}
	return fmt.Sprintf("%s:%d", s.name, line)
}
