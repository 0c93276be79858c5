package importer

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"weir/internal/series"
	"weir/internal/table"
	"weir/stages"
)

// run imports a file; set changes options.
func run(t testing.TB, path string, set func(*Import)) (*Import, *stages.Env, error) {
	m := Kind().New().(*Import)
	m.File = stages.Input{Path: path, From: filepath.Base(path)}
	dir := t.TempDir()
	m.Series.Path, m.Examples.Path = filepath.Join(dir, "series.parquet"), filepath.Join(dir, "examples.parquet")
	if set != nil {
		set(m)
	}
	env := stages.Quiet(t.TempDir())
	err := m.Run(context.Background(), env)
	if err != nil {
		for _, path := range []string{m.Series.Path, m.Examples.Path} {
			if _, e := os.Stat(path); !errors.Is(e, os.ErrNotExist) {
				t.Errorf("failed and left %s", path)
			}
		}
	}
	return m, env, err
}

func write(t testing.TB, name, text string) string {
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustSeries(t testing.TB, m *Import, err error) *series.Series {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	s, err := series.Read(m.Series.Path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// show is the series in one line: step, times in seconds, columns.
func show(s *series.Series) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v", s.Step)
	for _, at := range s.Time {
		fmt.Fprintf(&b, " %s", strconv.FormatFloat(float64(at)/1e9, 'f', -1, 64))
	}
	for _, c := range s.Columns {
		fmt.Fprintf(&b, " | %s[%s] %v", c.Name, c.Unit, c.Values)
	}
	return b.String()
}

func zip(text string) string {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write([]byte(text))
	z.Close()
	return out.String()
}

func TestForms(t *testing.T) {
	for _, c := range []struct {
		name, text string
		set        func(*Import)
		want       string
	}{
		{"comma", "time,bytes\n1169701200,420492\n1169701201,1301175\n", nil, "1s 1169701200 1169701201 | bytes[B] [420492 1.301175e+06]"},
		{"semicolon and decimal comma", "zeit;wert\n2007-01-25T05:00:00Z;1,5\n2007-01-25T05:05:00Z;-2,25\n", func(m *Import) { m.Decimal = "," }, "5m0s 1169701200 1169701500 | wert[] [1.5 -2.25]"},
		{"decimal comma in quotes", "time,x\n0,\"1,5\"\n1,\"2\"\n", func(m *Import) { m.Decimal = "," }, "1s 0 1 | x[] [1.5 2]"},
		{"tab, CRLF, BOM, no end", "\ufefftime\tx\r\n1970-01-01 00:00:00\t1e3\r\n1970-01-01 00:00:01\t2", nil, "1s 0 1 | x[] [1000 2]"},
		{"hash", "t#x\n0#1\n60#2\n", nil, "1m0s 0 60 | x[] [1 2]"},
		{"gzip", zip("time,v\n0,1\n1,2\n"), nil, "1s 0 1 | v[] [1 2]"},
		{"date", "day,packets\n2020-02-28,1\n2020-02-29,2\n2020-03-01,3\n", nil, "24h0m0s 1582848000 1582934400 1583020800 | packets[packets] [1 2 3]"},
		{"zone", "time,x\n2020-01-01T01:00:00.5+01:00,1\n2020-01-01T01:00:01.5+01:00,2\n", nil, "1s 1577836800.5 1577836801.5 | x[] [1 2]"},
		{"milliseconds", "ts,x\n1577836800000,1\n1577836800100,2\n", nil, "100ms 1577836800 1577836800.1 | x[] [1 2]"},
		{"nanoseconds", "ts,x\n1577836800000000000,1\n1577836800000000001,2\n", nil, "1ns 1577836800 1577836800 | x[] [1 2]"},
		{"epoch given", "ts,x\n1000,1\n2000,2\n", func(m *Import) { m.Epoch = "ms" }, "1s 1 2 | x[] [1 2]"},
		{"fractions of seconds", "ts,x\n1577836800.1,1\n1577836800.3,2\n", nil, "200ms 1577836800.1 1577836800.3 | x[] [1 2]"},
		{"text beside", "host,time,x,y\na,0,1,5\nb,1,2,\"6\"\n", nil, "1s 0 1 | x[] [1 2] | y[] [5 6]"},
		{"values named", "time,x,y,z\n0,1,2,3\n1,4,5,6\n", func(m *Import) { m.Value = []string{"z, x"} }, "1s 0 1 | z[] [3 6] | x[] [1 4]"},
		{"unit", "time,x\n0,1\n1,4\n", func(m *Import) { m.Unit = "kWh" }, "1s 0 1 | x[kWh] [1 4]"},
		{"order", "time,x\n2,3\n0,1\n1,2\n", nil, "1s 0 1 2 | x[] [1 2 3]"},
		{"a gap", "time,x\n0,1\n1,2\n2,3\n7,8\n8,9\n", nil, "1s 0 1 2 7 8 | x[] [1 2 3 8 9]"},
		{"a gap of zeros", "time,x\n0,1\n1,2\n3,3\n4,1\n", func(m *Import) { m.Fill = "zero" }, "1s 0 1 2 3 4 | x[] [1 2 0 3 1]"},
		{"a gap held", "time,x\n0,1\n1,2\n3,3\n4,1\n5,1\n90,2\n", func(m *Import) { m.Fill = "previous" }, "1s 0 1 2 3 4 5 90 | x[] [1 2 2 3 1 1 2]"},
		{"missing", "time,x,y\n0,1,1\n1,,2\n2,3,NaN\n3,4,4\n4,5,5\n", nil, "1s 0 3 4 | x[] [1 4 5] | y[] [1 4 5]"},
		{"off the grid", "time,x\n0,1\n299,2\n602,3\n900,4\n1200,5\n", func(m *Import) { m.Every = series.Interval(300 * time.Second) }, "5m0s 0 300 600 900 1200 | x[] [1 2 3 4 5]"},
		{"one row", "time,x\n5,1\n", func(m *Import) { m.Every = series.Interval(time.Second) }, "1s 5 | x[] [1]"},
		{"empty lines, end comma", "time,x,\n\n0,1,\n1,2,\n\n", nil, "1s 0 1 | x[] [1 2]"},
		{"quoted line ends", "note,time,x\n\"a\nb\",0,1\n\"c\",1,2\n", nil, "1s 0 1 | x[] [1 2]"},
	} {
		m, _, err := run(t, write(t, "data.csv", c.text), c.set)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := show(mustSeries(t, m, err)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		text string
		set  func(*Import)
		want string
	}{
		{"", nil, "data.csv: an empty file; expected a line of column names and rows below"},
		{"\n\n", nil, "data.csv: an empty file"},
		{"time,x\n", nil, "data.csv: column names (time, x) but no rows"},
		{"0,1\n1,2\n", nil, `data.csv:1: the first line holds values ("0 1"), not column names`},
		{"time,x\n0,1\n1,oops\n", func(m *Import) { m.Value = []string{"x"} }, `data.csv:3: column x: "oops" is no number`},
		{"time,x\n0,1\n1,oops\n", nil, `data.csv:3: no column holds numbers: column x: "oops" is no number`},
		{"time,bytes\n0,1\n1,\"12,5\"\n", nil, `data.csv:3: no column holds numbers: column bytes: "12,5" is no number; if the comma is a decimal point, say decimal = ","`},
		{"time,bytes\n0,1\n1,\"12,5\"\n", func(m *Import) { m.Value = []string{"bytes"} }, `data.csv:3: column bytes: "12,5" is no number; if the comma is a decimal point, say decimal = ","`},
		{"time,x\n0,\"1,234,567\"\n", func(m *Import) { m.Value = []string{"x"} }, "thousands separators are not understood"},
		{"time,x\n0,1\n1,2,3\n", nil, `data.csv:3: 3 cells, the header has 2; a cell that contains ',' must be quoted`},
		{"time,x\n0,1\n\"1,2\n", nil, `data.csv:3: extraneous or missing " in quoted-field`},
		{"time,x\n0,1\n1,2\n0,3\n", nil, "data.csv:4: the time 1970-01-01 00:00:00 occurs a second time (first in line 2)"},
		{"time,x\n0,1\n10,2\n11,3\n20,4\n30,5\n40,4\n", nil, "data.csv:4: 1970-01-01 00:00:11 is the second row in one interval of 10s (the other is in line 3)"},
		{"time,x\n0,1\n", nil, "data.csv: one row tells no interval"},
		{"time,x\n25/01/2007,1\n", func(m *Import) { m.Time = "time" }, `data.csv:2: column time: "25/01/2007" is no time; understood are`},
		{"time,x\n2007-01-25 14:00:00 PST,1\n", func(m *Import) { m.Time = "time" }, `the zone "PST"`},
		{"tiem,bytes\nx,1\n", func(m *Import) { m.Time = "time" }, `data.csv: no column "time": did you mean "tiem"? there are tiem, bytes`},
		{"time,bytes\n0,1\n1,1\n", func(m *Import) { m.Value = []string{"byte"} }, `no column "byte": did you mean "bytes"?`},
		{"a,b\nx,y\n", nil, "data.csv: no column of times among a, b"},
		{"time,time\n0,1\n", nil, `data.csv:1: columns 1 and 2 are both named "time"`},
		{"time,x\n0,1e999\n", func(m *Import) { m.Value = []string{"x"} }, "beyond the largest number"},
		{"time,x\n0,inf\n", func(m *Import) { m.Value = []string{"x"} }, `"inf" is no number`},
		{"time,x\n0,0x10\n", func(m *Import) { m.Value = []string{"x"} }, `"0x10" is no number`},
		{"time,x\n99999999999999999999,1\n", func(m *Import) { m.Time = "time" }, "outside the years 1678 to 2261"},
		{"time,x\n0,\xff\xfe\n1,1\n", nil, "is not UTF-8 text"},
		{"\xff\xfet\x00i\x00", nil, "text in UTF-16; save it as UTF-8"},
		{"PAR1 is no Parquet", nil, "damaged Parquet file"},
		{"\x1f\x8bgarbage", nil, "damaged gzip file"},
		{zip("time,x\n0,1\n1,2\n")[:30], nil, "data.csv: damaged gzip file: unexpected EOF"},
		{"\x00\x01\x02", nil, "no text and no Parquet"},
		{"time,x\n0,1\n1,2\n", func(m *Import) { m.Decimal = ";" }, `decimal: ";" is not one of`},
		{"time,x\n0,1\n1,2\n", func(m *Import) { m.Series.Path = "" }, "the output is `series`"},
		{"time,x\n0,\"" + strings.Repeat("1\n", 2<<20), nil, "a line of more than 1048576 bytes"},
		{"time,coverage\n0,1\n1,1\n", nil, `"coverage"`},
	} {
		_, _, err := run(t, write(t, "data.csv", c.text), c.set)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60q: %v\nwant %s", c.text, err, c.want)
		}
	}
}

func TestReports(t *testing.T) {
	_, env, err := run(t, write(t, "data.csv", "time,x\n1,1\n0,1\n2,\n3,1\n4,1\n9,2\n10,1\n11,1.5\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	said, _, warnings := env.Said()
	want := "[1 row earlier than the one before; put in order | 1 row without a value left out, the first in line 4 | 2 gaps, 5 rows missing, each ends a segment (see the option fill); the longest is 4 rows after 1970-01-01 00:00:04 (line 6)]"
	if got := "[" + strings.Join(warnings, " | ") + "]"; got != want || said != "7 rows every 1s, 3 segments: x" {
		t.Errorf("%s\n%s\nwant\n%s", said, got, want)
	}
}

// Parquet gives what the same table as CSV gives.
func TestParquet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.parquet")
	err := table.Write(path, &table.Table{Columns: []table.Column{
		{Name: "when", Type: table.Timestamp, Ints: []int64{0, 1e9, 2e9}},
		{Name: "x", Type: table.Float64, Nullable: true, Floats: []float64{0.1, 0, 1e300}, Null: []bool{false, true, false}},
		{Name: "host", Type: table.Text, Texts: []string{"a", "b", "c"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := run(t, path, func(m *Import) { m.Every = series.Interval(time.Second) })
	if got := show(mustSeries(t, m, err)); got != "1s 0 2 | x[] [0.1 1e+300]" {
		t.Error(got)
	}
}

func TestExamples(t *testing.T) {
	m, env, err := run(t, write(t, "data.csv", "label#proto#IP_TotLen#note#r\n3#1#0#a#1.5\n1#2#1500##\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := table.Read(m.Examples.Path)
	if err != nil {
		t.Fatal(err)
	}
	c := got.Columns
	if text := fmt.Sprint(c[0].Ints, c[1].Ints, c[2].Ints, c[3].Texts, c[3].Null, c[4].Floats, c[4].Null, got.Meta); text != "[3 1] [1 2] [0 1500] [a ] [false true] [1.5 NaN] [false true] map[weir.label:label]" {
		t.Error(text)
	}
	if said, _, _ := env.Said(); said != "2 examples, label label" {
		t.Error(said)
	}
	if _, err := os.Stat(m.Series.Path); err == nil {
		t.Error("a series was written too")
	}
	for text, want := range map[string]string{
		"label,x\n1,2\n,3\n": "data.csv:3: no label in column label",
		"label,x\n1,2\n" + strings.Repeat("1,1\n", 1000) + "1,z\n": `data.csv:1003: column x: "z" is no whole number`,
	} {
		if _, _, err := run(t, write(t, "data.csv", text), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestShared imports real files: every row arrives, with the value that strconv reads.
func TestShared(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "data", "series")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no reference data in ../shared")
	}
	top, _ := filepath.Glob(filepath.Join(dir, "*.csv"))
	traces, _ := filepath.Glob(filepath.Join(dir, "5g", "*.csv"))
	for _, path := range append(top, traces...) {
		m, env, err := run(t, path, nil)
		s := mustSeries(t, m, err)
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		lines, err := csv.NewReader(f).ReadAll()
		f.Close()
		if err != nil || len(lines)-1 != s.Len() {
			t.Fatalf("%s: %d rows, the file has %d (%v)", path, s.Len(), len(lines)-1, err)
		}
		for i, line := range lines[1:] {
			at, _ := strconv.ParseInt(line[0], 10, 64)
			if s.Time[i] != at*1e9 {
				t.Fatalf("%s: row %d: time %d, want %d", path, i, s.Time[i], at)
			}
			for j, c := range s.Columns {
				if v, _ := strconv.ParseFloat(line[j+1], 64); v != c.Values[i] {
					t.Fatalf("%s: row %d: %v, want %v", path, i, c.Values[i], v)
				}
			}
		}
		said, _, warnings := env.Said()
		t.Log(filepath.Base(path), said, warnings)
	}
}

// TestThesis imports the labelled packets.
func TestThesis(t *testing.T) {
	path := filepath.Join("..", "..", "..", "shared", "data", "packets", "browsing_video_voip.csv")
	if _, err := os.Stat(path); err != nil {
		t.Skip("no reference data in ../shared")
	}
	m, env, err := run(t, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := table.Read(m.Examples.Path)
	if err != nil || got.Rows() != 146_530 || got.Columns[0].Type != table.Int64 {
		t.Error(got.Rows(), err)
	}
	said, _, _ := env.Said()
	t.Log(said)
}

// TestBytes fails when the bytes change and the version did not.
func TestBytes(t *testing.T) {
	var text strings.Builder
	text.WriteString("time,bytes,ratio\n")
	for i := range 1000 {
		fmt.Fprintf(&text, "%d,%d,%g\n", 1_700_000_000+i+i/500*7, i*i%977, float64(i)/7)
	}
	m, _, err := run(t, write(t, "data.csv", text.String()), nil)
	mustSeries(t, m, err)
	data, _ := os.ReadFile(m.Series.Path)
	if got := fmt.Sprintf("version %d %x", Kind().Version, sha256.Sum256(data)); got[:26] != "version 1 872fb9a2ff33c0f5" {
		t.Error(got[:26])
	}
}

// FuzzImport asks that no text makes it panic, and that what it accepts is a series or examples that can be read back.
func FuzzImport(f *testing.F) {
	for _, seed := range []string{"time,x\n0,1\n1,2\n", "a;b\n2020-01-01;1,5\n", "label#p\n1#2\n", "\ufeffts\tx\r\n1\t2", "time,x\n\"0\",\"\n1\"\n", "time,x\n0,1e308\n1,-1e-308\n", "PAR1PAR1PAR1PAR1", "\x1f\x8b\x08\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		path := filepath.Join(dir, "in")
		os.WriteFile(path, data, 0o666)
		for _, decimal := range []string{".", ","} {
			m := Kind().New().(*Import)
			m.File, m.Decimal = stages.Input{Path: path, From: "in"}, decimal
			m.Series.Path, m.Examples.Path = filepath.Join(dir, "s"), filepath.Join(dir, "e")
			if err := m.Run(context.Background(), stages.Quiet(dir)); err != nil {
				continue
			}
			_, err := series.Read(m.Series.Path)
			if errors.Is(err, os.ErrNotExist) {
				_, err = table.Read(m.Examples.Path)
			}
			if err != nil {
				t.Error(err)
			}
		}
	})
}

// TestPartialEdges: a strict reader of the series leaves the first and the last row out, and only those.
func TestPartialEdges(t *testing.T) {
	path := write(t, "a.csv", "time,bytes\n1700000000,1\n1700000001,2\n1700000002,3\n1700000003,4\n")
	m, _, err := run(t, path, func(m *Import) { m.Partial = true })
	s := mustSeries(t, m, err)
	if got := s.TrimEdges().Columns[0].Values; len(got) != 2 || got[0] != 2 || got[1] != 3 {
		t.Errorf("trimmed to %v", got)
	}
}
