package cli

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// sheet is a CSV file that a stage wrote: a row of names, then rows of as many cells. Stages write it, but commands of anybody's do too, so its size is
// bounded, and what a terminal would obey is not printed.
type sheet struct {
	names []string
	rows  [][]string
}

// Bounds of what is read.
const (
	maxSheet   = 16 << 20 // bytes
	maxColumns = 1000
	maxCells   = 1 << 20
)

// readSheet reads a CSV file.
func readSheet(r io.Reader) (*sheet, error) {
	limited := &io.LimitedReader{R: r, N: maxSheet + 1}
	in := csv.NewReader(limited)
	in.ReuseRecord = false
	names, err := in.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("it is empty; a table begins with a row of names")
	case err != nil:
		return nil, err
	case len(names) > maxColumns:
		return nil, fmt.Errorf("%s columns, at most %s are read", count(int64(len(names))), count(maxColumns))
	}
	names[0] = strings.TrimPrefix(names[0], "\ufeff") // as Excel begins a file
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return nil, fmt.Errorf("column %q is there twice", name)
		}
	}
	s := &sheet{names: names}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) && limited.N > 0 {
			return s, nil
		}
		if limited.N <= 0 || len(s.rows)*len(names) > maxCells {
			return nil, fmt.Errorf("more than %s or %s cells; read it with another program", size(maxSheet), count(maxCells))
		}
		if err != nil {
			return nil, err
		}
		s.rows = append(s.rows, row)
	}
}

// column finds a column by name.
func (s *sheet) column(name string) (int, bool) {
	i := slices.Index(s.names, name)
	return i, i >= 0
}

// choose keeps the named columns, in that order.
func (s *sheet) choose(columns []int) {
	pick := func(row []string) []string {
		picked := make([]string, len(columns))
		for i, c := range columns {
			picked[i] = row[c]
		}
		return picked
	}
	s.names = pick(s.names)
	for i, row := range s.rows {
		s.rows[i] = pick(row)
	}
}

// sort orders the rows by a column: numbers by value, after them texts, at last cells without anything; rows that are equal stay as they are.
func (s *sheet) sort(column int, falling bool) {
	slices.SortStableFunc(s.rows, func(a, b []string) int {
		x, y := a[column], b[column]
		v, xIs := number(x)
		w, yIs := number(y)
		order := cmp.Compare(v, w)
		switch {
		case (x == "") != (y == ""):
			return cmp.Compare(len(y), len(x)) // whatever the direction
		case xIs != yIs:
			if xIs {
				return -1
			}
			return 1
		case !xIs:
			order = strings.Compare(x, y)
		}
		if falling {
			return -order
		}
		return order
	})
}

// number reads a cell as a finite number.
func number(cell string) (float64, bool) {
	v, err := strconv.ParseFloat(cell, 64)
	return v, err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
}

// writeCSV writes the sheet as it was read.
func (s *sheet) writeCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write(s.names); err != nil {
		return err
	}
	return out.WriteAll(s.rows)
}

// objects are the rows for programs: numbers as such, null for cells without anything.
func (s *sheet) objects() []map[string]any {
	objects := make([]map[string]any, len(s.rows))
	for i, row := range s.rows {
		o := make(map[string]any, len(row))
		for j, cell := range row {
			_, isNumber := number(cell)
			switch {
			case cell == "":
				o[s.names[j]] = nil
			case isNumber && json.Valid([]byte(cell)):
				o[s.names[j]] = json.RawMessage(cell)
			default:
				o[s.names[j]] = strings.ToValidUTF8(cell, "�")
			}
		}
		objects[i] = o
	}
	return objects
}

// shape is how a sheet is laid out for people.
type shape struct {
	common []string // "protocol strict": columns with one value, said once
	shown  []int    // columns of the table
	hidden []string // columns for which there is no room, by name
	cells  [][]string

	// By column:
	widths  []int
	right   []bool // numbers
	measure []bool // numbers that are not all whole: what was measured, and not what a row is
	filled  []int  // cells that hold something
}

// maxCell is the width to which a cell is cut.
const maxCell = 40

// layOut fits the sheet into so many columns of a terminal; 0 is for any width, and then nothing is left out. Bounds of intervals (x_low and x_high beside x) go first,
// then what is mostly empty, so that both what a row is and what was measured have about half of the width; keep stays.
func (s *sheet) layOut(width, keep int) *shape {
	f := &shape{}
	for _, row := range append([][]string{s.names}, s.rows...) {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = printable(cell)
		}
		f.cells = append(f.cells, cells)
	}
	n := len(s.names)
	f.widths, f.right, f.measure, f.filled = make([]int, n), make([]bool, n), make([]bool, n), make([]int, n)
	for i := range s.names {
		same, numbers := len(s.rows) > 1, true
		for r, row := range s.rows {
			v, is := number(row[i])
			if is {
				f.cells[r+1][i] = figure(row[i], v)
				f.measure[i] = f.measure[i] || v != math.Trunc(v)
			}
			if row[i] != "" {
				f.filled[i]++
			}
			numbers = numbers && (is || row[i] == "" || strings.EqualFold(row[i], "nan"))
			same = same && row[i] == s.rows[0][i]
		}
		f.right[i] = numbers
		f.measure[i] = f.measure[i] && numbers
		if width > 0 && same && i != keep {
			if s.rows[0][i] != "" {
				f.common = append(f.common, f.cells[0][i]+" "+f.cells[1][i])
			}
			continue
		}
		for _, row := range f.cells {
			f.widths[i] = max(f.widths[i], utf8.RuneCountInString(row[i]))
		}
		f.shown = append(f.shown, i)
	}
	if width > 0 {
		f.fit(s.names, width, keep)
	}
	return f
}

func (f *shape) fit(names []string, width, keep int) {
	all := slices.Clone(f.shown)
	for at := len(f.shown) - 1; at > 0 && f.total(f.shown) > width; at-- {
		name, bound := strings.CutSuffix(names[f.shown[at]], "_low")
		if !bound {
			name, bound = strings.CutSuffix(names[f.shown[at]], "_high")
		}
		if bound && f.shown[at] != keep && slices.Contains(names, name) {
			f.shown = slices.Delete(f.shown, at, at+1)
		}
	}
	for f.total(f.shown) > width {
		at := f.spare(width, keep)
		if at < 0 {
			break
		}
		f.shown = slices.Delete(f.shown, at, at+1)
	}
	for _, i := range all {
		if !slices.Contains(f.shown, i) {
			f.hidden = append(f.hidden, f.cells[0][i])
		}
	}
}

// total is how wide columns are together.
func (f *shape) total(columns []int) (n int) {
	for _, i := range columns {
		n += f.widths[i] + 2
	}
	return n
}

// spare is where in shown the column stands that goes next: the one with the fewest cells filled, of equal ones the last; among what a row is while that takes more
// than half of the width, else among what was measured. The first column stays; -1 when no other is left.
func (f *shape) spare(width, keep int) int {
	settings := slices.DeleteFunc(slices.Clone(f.shown), func(i int) bool { return f.measure[i] })
	wide := f.total(settings) > width/2
	best := -1
	for at, i := range f.shown {
		switch {
		case at == 0 || i == keep:
		case best < 0:
			best = at
		case f.measure[i] == f.measure[f.shown[best]]:
			if f.filled[i] <= f.filled[f.shown[best]] {
				best = at
			}
		case f.measure[i] != wide:
			best = at
		}
	}
	return best
}

// lines are the names and the rows, aligned.
func (f *shape) lines() []string {
	lines := make([]string, len(f.cells))
	for r, row := range f.cells {
		var b strings.Builder
		for _, i := range f.shown {
			pad := strings.Repeat(" ", f.widths[i]-utf8.RuneCountInString(row[i]))
			if f.right[i] {
				b.WriteString("  " + pad + row[i])
			} else {
				b.WriteString("  " + row[i] + pad)
			}
		}
		lines[r] = strings.TrimRight(b.String(), " ")
	}
	return lines
}

// figure writes a number for people: whole ones with separators, others to five digits.
func figure(cell string, v float64) string {
	if n, err := strconv.ParseInt(cell, 10, 64); err == nil {
		return count(n)
	}
	if a := math.Abs(v); a >= 1e4 && a < 1e7 {
		return count(int64(math.Round(v)))
	}
	return strconv.FormatFloat(v, 'g', 5, 64)
}

// printable is a cell without what a terminal would obey, cut to maxCell.
func printable(cell string) string {
	if len(cell) > 4*maxCell {
		cell = cell[:4*maxCell]
	}
	return shorten(harmless(cell), maxCell)
}

// harmless is a text without what a terminal would obey.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '·'
		}
		return r
	}, strings.ToValidUTF8(text, "·"))
}

// disarm makes names and cells harmless, for CSV and JSON on a terminal.
func (s *sheet) disarm() {
	for _, row := range append(s.rows, s.names) {
		for i, cell := range row {
			row[i] = harmless(cell)
		}
	}
}

func (s *sheet) printableNames() []string {
	names := make([]string, len(s.names))
	for i, name := range s.names {
		names[i] = printable(name)
	}
	return names
}
