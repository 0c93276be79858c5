package table

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// TestForeign lets other programs read a file of ours and reads files of theirs. It needs a Python with pandas, polars, duckdb and pyarrow:
// python3, or what WEIR_PYTHON names.
func TestForeign(t *testing.T) {
	python := cmp.Or(os.Getenv("WEIR_PYTHON"), "python3")
	if out, err := exec.Command(python, "-c", "import pandas, polars, duckdb, pyarrow").CombinedOutput(); err != nil {
		t.Skipf("no Python with pandas, polars, duckdb and pyarrow (set WEIR_PYTHON): %.100s", out)
	}
	dir := t.TempDir()
	ours := filepath.Join(dir, "ours")
	mine := sample(pageRows + 100)
	if err := Write(ours, mine); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, filepath.Join("testdata", "foreign.py"), ours, dir).Output()
	if err != nil {
		if e, ok := err.(*exec.ExitError); ok {
			t.Fatalf("%v: %s", err, e.Stderr)
		}
		t.Fatal(err)
	}
	var theirs struct {
		Arrow, Pandas, Polars string
		Rows                  int   `json:"duckdb rows"`
		Sum                   int64 `json:"duckdb sum"`
		Filter                int   `json:"duckdb filter"`
		Types                 map[string]string
	}
	if err := json.Unmarshal(out, &theirs); err != nil {
		t.Fatal(err)
	}
	want := mine.digest()
	var sum int64
	for _, v := range mine.Columns[2].Ints {
		sum += v
	}
	if theirs.Arrow != want || theirs.Pandas != want || theirs.Polars != want || theirs.Rows != mine.Rows() || theirs.Sum != sum || theirs.Filter != 1000 {
		t.Errorf("want %s and %d: %+v", want, sum, theirs)
	}
	if got := theirs.Types["src_port"] + " " + theirs.Types["timestamp"] + " " + theirs.Types["src_ip"]; !strings.HasPrefix(got, "USMALLINT TIMESTAMP") || !strings.HasSuffix(got, "VARCHAR") {
		t.Error("types in DuckDB: ", got)
	}
	paths, _ := filepath.Glob(filepath.Join(dir, "*.parquet"))
	if len(paths) < 13 {
		t.Errorf("%d files", len(paths))
	}
	for _, path := range paths {
		checkForeign(t, path, 5000)
	}
}

// digest is that of foreign.py.
func (t *Table) digest() string {
	h := sha256.New()
	for i := range t.Rows() {
		cells := make([]string, len(t.Columns))
		for j := range t.Columns {
			c := &t.Columns[j]
			switch {
			case c.IsNull(i):
			case c.Type == Text:
				cells[j] = c.Texts[i]
			case c.Type == Float64:
				cells[j] = strconv.FormatFloat(c.Floats[i], 'f', -1, 64)
				if !strings.Contains(cells[j], ".") {
					cells[j] += ".0"
				}
			default:
				cells[j] = strconv.FormatInt(c.Ints[i], 10)
			}
		}
		fmt.Fprintln(h, strings.Join(cells, "\t"))
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// TestRecorded reads files that other programs wrote earlier.
func TestRecorded(t *testing.T) {
	paths, _ := filepath.Glob(filepath.Join("testdata", "*.parquet"))
	if len(paths) == 0 {
		t.Error("no files")
	}
	for _, path := range paths {
		checkForeign(t, path, 40)
	}
}

func checkForeign(t *testing.T, path string, rows int) {
	name := filepath.Base(path)
	got, err := Read(path)
	if err != nil {
		t.Error(err)
		return
	}
	if got.Rows() != rows {
		t.Errorf("%s: %d rows", name, got.Rows())
		return
	}
	if _, err := got.Column("list"); err == nil {
		t.Errorf("%s: a list was read", name)
	}
	if err := Scan(path, []string{"list.list.element"}, func(*Table) error { return nil }); err == nil {
		t.Errorf("%s: a list was scanned", name)
	}
	for i := range rows {
		null := i%7 == 3
		want := map[string]any{
			"time": int64(1_169_701_200_000_000_000) + int64(i)*1_000_000_000, "small": int64(i%100 - 50), "i32": int64(i*7919 - 10_000),
			"u16": int64(i), "u32": int64(1<<32-1) - int64(i), "f32": float64(i) / 8, "f64": float64(i) / 7, "flag": int64(0), "text": fmt.Sprintf("host-%d-é", i%50),
			"amount": float64(i) / 100, "day": (13538 + int64(i)) * 86_400_000_000_000,
		}
		if i%3 == 0 {
			want["flag"] = int64(1)
		}
		for column, w := range want {
			c, err := got.Column(column)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			hasNull := null && (column == "small" || column == "f64" || column == "text")
			if c.IsNull(i) != hasNull && !(c.Type == Float64 && hasNull) {
				t.Errorf("%s: %s, row %d: null is %v", name, column, i, c.IsNull(i))
				return
			}
			if whole, ok := w.(int64); ok && c.Type == Float64 && name == "pandas.parquet" {
				w = float64(whole) // pandas has no integers with nulls
			}
			var v any
			switch c.Type {
			case Float64:
				v = c.Floats[i]
			case Text:
				v = c.Texts[i]
			default:
				v = c.Ints[i]
			}
			if !hasNull && !reflect.DeepEqual(v, w) {
				t.Errorf("%s: %s (%s), row %d: %v, want %v", name, column, c.Type, i, v, w)
				return
			}
		}
	}
}
