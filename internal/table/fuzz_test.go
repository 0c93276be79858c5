package table

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// FuzzRead asks that no file makes Read panic or hang, and that a table that was read can be written and read again.
func FuzzRead(f *testing.F) {
	paths, _ := filepath.Glob(filepath.Join("testdata", "*.parquet"))
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, rows := range []int{0, 1, 50} {
		path := filepath.Join(f.TempDir(), "t")
		if err := Write(path, sample(rows)); err != nil {
			f.Fatal(err)
		}
		data, _ := os.ReadFile(path)
		f.Add(data)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, "in")
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		table, err := Read(path)
		if err != nil {
			if !strings.Contains(err.Error(), path) {
				t.Errorf("an error without the file's name: %v", err)
			}
			return
		}
		if len(table.Columns) == 0 {
			return
		}
		again := filepath.Join(dir, "again")
		if err := Write(again, table); err != nil {
			return // names that occur twice, nulls in a column that has none
		}
		if back, err := Read(again); err != nil || back.Rows() != table.Rows() {
			t.Errorf("read once, then not: %v", err)
		}
	})
}

// TestDamaged flips and cuts: an error or a table, never a panic, and the file's name in the error.
func TestDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.parquet")
	if err := Write(path, sample(300)); err != nil {
		t.Fatal(err)
	}
	whole, _ := os.ReadFile(path)
	for i := range 400 {
		data := append([]byte(nil), whole...)
		if i%2 == 0 {
			data[(i*40507)%len(data)] ^= byte(1 << (i / 2 % 8))
		} else {
			data = data[:(i*40503)%len(data)]
		}
		os.WriteFile(path, data, 0o666)
		if _, err := Read(path); err != nil && !strings.Contains(err.Error(), path) {
			t.Errorf("damage %d: %v", i, err)
		} else if i%2 == 1 && err == nil {
			t.Errorf("cut at %d: no error", len(data))
		}
	}
}

// TestClaims gives small files that claim much.
func TestClaims(t *testing.T) {
	file := func(footer string) string {
		path := filepath.Join(t.TempDir(), "claims")
		data := "PAR1" + footer + string(binary.LittleEndian.AppendUint32(nil, uint32(len(footer)))) + "PAR1"
		os.WriteFile(path, []byte(data), 0o666)
		return path
	}
	list := "\x15\x02\x19\xfc\xff\xff\xff\xff\x07" // version 1, a schema of 2^31-1 elements
	for _, footer := range []string{list, strings.Repeat("\x1c", 1000), "", "\x00", "\x15\x02\x18\xff\xff\xff\xff\x07"} {
		if _, err := Read(file(footer)); !errors.Is(err, errDamaged) {
			t.Errorf("%q: %v", footer, err)
		}
	}
	for _, text := range []string{"", "PAR1", "PAR1PAR1", "time,bytes\n1,2\n3,4\n", "PAR1....\xff\xff\xff\xffPAR1"} {
		path := filepath.Join(t.TempDir(), "x")
		os.WriteFile(path, []byte(text), 0o666)
		if _, err := Read(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := decodeRuns([]byte{0xfe, 0xff, 0xff, 0xff, 0x0f, 1}, 10, 1); err != nil {
		t.Errorf("a run longer than the page: %v", err)
	}
	if _, _, err := decodeDeltas([]byte{128, 1, 4, 255, 255, 255, 255, 7, 0}, 10); err == nil {
		t.Error("2^31 differences for 10 values")
	}
}

// TestEncodings checks that decoding undoes encoding.
func TestEncodings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(0, 32).Draw(t, "width")
		src := rapid.SliceOfN(rapid.Uint32Max(uint32(1<<width-1)), 0, 300).Draw(t, "indexes")
		if rapid.Bool().Draw(t, "runs") {
			for i := range src {
				src[i] = src[i/11*11]
			}
		}
		got, err := decodeRuns(appendRuns(nil, src, width), len(src), width)
		if err != nil || !equal(got, src) {
			t.Fatalf("%d bits: %v, %v", width, got, err)
		}
		deltas := rapid.SliceOfN(rapid.OneOf(rapid.Int64(), rapid.Int64Range(0, 5), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64})), 0, 300).Draw(t, "deltas")
		back, rest, err := decodeDeltas(append(appendDeltas(nil, deltas, false), "rest"...), len(deltas))
		if err != nil || !equal(back, deltas) || string(rest) != "rest" {
			t.Fatalf("%v %q %v", back, rest, err)
		}
	})
}

func equal[T comparable](a, b []T) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// TestBatches checks that the bytes do not depend on how rows were handed over, nor on a Reader's batches.
func TestBatches(t *testing.T) {
	whole := sample(pageRows + 77)
	var want string
	for _, step := range []int{1 << 20, 1000, 77} {
		var out strings.Builder
		w := NewWriter(&out, whole.Columns, whole.Meta)
		for from := 0; from < whole.Rows(); from += step {
			to := min(from+step, whole.Rows())
			batch := &Table{}
			for _, c := range whole.Columns {
				part := Column{Name: c.Name, Type: c.Type}
				part.extend(&c, from, to)
				batch.Columns = append(batch.Columns, part)
			}
			if err := w.Append(batch); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if want == "" {
			want = out.String()
		} else if out.String() != want {
			t.Errorf("batches of %d give other bytes", step)
		}
	}
}

func TestWriterRefuses(t *testing.T) {
	column := func(c Column) *Table { return &Table{Columns: []Column{c}} }
	for want, table := range map[string]*Table{
		"a schema of 0 columns":         {},
		"is empty or used twice":        {Columns: []Column{{Name: "a", Type: Int64}, {Name: "a", Type: Int64}}},
		"has no type":                   column(Column{Name: "a"}),
		"has a null and is not":         column(Column{Name: "a", Type: Int64, Ints: []int64{1}, Null: []bool{true}}),
		"-1 is no uint16":               column(Column{Name: "a", Type: Uint16, Ints: []int64{-1}}),
		"4294967296 is no uint32":       column(Column{Name: "a", Type: Uint32, Ints: []int64{1 << 32}}),
		"has 1 values for 2 rows":       {Columns: []Column{{Name: "a", Type: Int64, Ints: []int64{1, 2}}, {Name: "b", Type: Text, Texts: []string{""}}}},
		"column \"a\" has 2 values for": column(Column{Name: "a", Type: Int64, Ints: []int64{1, 2}, Null: []bool{true}, Nullable: true}),
	} {
		if err := Write(filepath.Join(t.TempDir(), "t"), table); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestColumnNames(t *testing.T) {
	_, err := sample(1).Column("wire_lenght")
	if err == nil || !strings.Contains(err.Error(), `no column "wire_lenght": did you mean "wire_length"? there are packet, timestamp, wire_length`) {
		t.Error(err)
	}
	path := filepath.Join(t.TempDir(), "t")
	if err := Write(path, sample(1)); err != nil {
		t.Fatal(err)
	}
	if err := Scan(path, []string{"wire"}, func(*Table) error { return nil }); err == nil || !strings.Contains(err.Error(), `no column "wire": there are packet`) {
		t.Error(err)
	}
	mine := errors.New("mine")
	if err := Scan(path, []string{"x", "packet"}, func(b *Table) error {
		if len(b.Columns) != 2 || b.Columns[0].Name != "x" || b.Rows() != 1 {
			t.Errorf("%v", b)
		}
		return mine
	}); err != mine {
		t.Error(err)
	}
}
