package table

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the recorded digests")

// hard is a table made of what encoders disagree about: runs at all bit widths, NaN payloads, signed zeros, extremes, nulls.
func hard(rows int) *Table {
	t := &Table{}
	add := func(name string, typ Type, nullable bool) *Column {
		t.Columns = append(t.Columns, Column{Name: name, Type: typ, Nullable: nullable})
		return &t.Columns[len(t.Columns)-1]
	}
	state := uint64(7)
	next := func() uint64 {
		state = state*6364136223846793005 + 1442695040888963407
		return state ^ state>>29
	}
	for bits := 0; bits <= 64; bits += 3 {
		c := add(fmt.Sprintf("delta%d", bits), Int64, bits%2 == 1)
		for i := range rows {
			v := int64(0)
			if bits > 0 && i/100%3 != 1 {
				v = int64(next() >> (64 - uint(bits)))
			}
			c.Ints = append(c.Ints, v)
		}
		if c.Nullable {
			c.Null = make([]bool, rows)
			for i := range rows {
				if c.Null[i] = next()%5 == 0 || i/64%7 == 3; c.Null[i] {
					c.Ints[i] = 0
				}
			}
		}
	}
	for bits := 0; bits <= 16; bits++ {
		c := add(fmt.Sprintf("runs%d", bits), Uint16, bits%3 == 1)
		value := int64(0)
		for range rows {
			if next()%uint64(1+bits*3) == 0 {
				value = int64(next() >> (64 - uint(bits)))
			}
			c.Ints = append(c.Ints, value)
		}
		if c.Nullable {
			c.Null = make([]bool, rows)
			c.Null[rows-1], c.Ints[rows-1] = true, 0
		}
	}
	for bits := 2; bits <= 32; bits += 5 {
		add(fmt.Sprintf("up%d", bits), Uint32, false)
		add(fmt.Sprintf("any%d", bits), Uint32, false)
		up, any := &t.Columns[len(t.Columns)-2], &t.Columns[len(t.Columns)-1]
		for i := range rows {
			any.Ints = append(any.Ints, int64(next()>>(64-uint(bits))))
			up.Ints = append(up.Ints, int64(i)<<uint(bits/2))
		}
		if up.Ints[rows-1] >= 1<<32 {
			for i := range up.Ints {
				up.Ints[i] = int64(i)
			}
		}
	}
	odd := []float64{math.NaN(), 0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64, 1.5}
	add("float", Float64, true)
	add("text", Text, true)
	f, text := &t.Columns[len(t.Columns)-2], &t.Columns[len(t.Columns)-1]
	f.Null, text.Null = make([]bool, rows), make([]bool, rows)
	for i := range rows {
		f.Floats = append(f.Floats, odd[next()%8])
		text.Texts = append(text.Texts, strings.Repeat("ab\x00é", int(next()%9))+fmt.Sprint(next()%97))
		if text.Null[i] = next()%3 == 0; text.Null[i] {
			text.Texts[i] = ""
		}
	}
	return t
}

// TestBytes compares files with recorded digests: the bytes may not change by themselves. It must also pass with other instructions and compilers:
//
//	go test -tags purego,noasm ./internal/table
//	GODEBUG=cpu.avx2=off,cpu.bmi2=off,cpu.avx512f=off go test ./internal/table
func TestBytes(t *testing.T) {
	tables := []struct {
		name string
		make func(int) *Table
		rows int
	}{{"packets", sample, 40_000}, {"packets", sample, 1}, {"packets", sample, 0}, {"packets", sample, groupRows + 100}, {"hard", hard, 1}, {"hard", hard, 1000}, {"hard", hard, 70_001}}
	var got strings.Builder
	for _, c := range tables {
		for _, run := range []string{"first", "again"} {
			path := filepath.Join(t.TempDir(), "t.parquet")
			if err := Write(path, c.make(c.rows)); err != nil {
				t.Fatal(c.name, err)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			line := fmt.Sprintf("%s %d %d %x\n", c.name, c.rows, len(data), sha256.Sum256(data))
			if run == "first" {
				got.WriteString(line)
			} else if !strings.HasSuffix(got.String(), line) {
				t.Errorf("the same table gave other bytes: %s", line)
			}
		}
	}
	golden := filepath.Join("testdata", "digests.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("got\n%swant\n%s", &got, want)
	}
}
