package table

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"testing"
)

func sample(rows int) *Table {
	t := &Table{Meta: map[string]string{"weir.step": "1000000000"}, Columns: []Column{
		{Name: "packet", Type: Uint32}, {Name: "timestamp", Type: Timestamp}, {Name: "wire_length", Unit: "B", Type: Uint32},
		{Name: "src_ip", Type: Text}, {Name: "src_port", Type: Uint16, Nullable: true}, {Name: "protocol", Type: Uint8}, {Name: "x", Type: Float64}, {Name: "n", Type: Int64},
	}}
	state := uint64(1)
	next := func(n uint64) int64 {
		state = state*6364136223846793005 + 1442695040888963407
		return int64((state >> 33) % n)
	}
	now := int64(1_169_701_200_000_000_000)
	for i := range rows {
		now += 1000 * next(90)
		c := t.Columns
		c[0].Ints = append(c[0].Ints, int64(i+1))
		c[1].Ints = append(c[1].Ints, now)
		c[2].Ints = append(c[2].Ints, []int64{40, 52, 1500, 60 + next(1400)}[next(4)])
		c[3].Texts = append(c[3].Texts, []string{"10.0.0.1", "192.168.1.17", "2001:db8::1", "", "é\x00"}[next(5)])
		c[4].Ints = append(c[4].Ints, next(65536))
		c[4].Null = append(c[4].Null, next(7) == 0)
		if c[4].Null[i] {
			c[4].Ints[i] = 0
		}
		c[5].Ints = append(c[5].Ints, []int64{6, 17, 1}[next(3)])
		c[6].Floats = append(c[6].Floats, float64(next(1<<30))/1024)
		c[7].Ints = append(c[7].Ints, next(1<<31)-1<<30)
	}
	if !slices.Contains(t.Columns[4].Null, true) {
		t.Columns[4].Null = nil
	}
	return t
}

func TestRoundTrip(t *testing.T) {
	for _, rows := range []int{0, 1, 7, 3000, pageRows, pageRows + 1, groupRows + 5} {
		want := sample(rows)
		path := filepath.Join(t.TempDir(), "t.parquet")
		if err := Write(path, want); err != nil {
			t.Fatal(err)
		}
		got, err := Read(path)
		if err != nil {
			t.Fatal(rows, err)
		}
		if d := differs(want, got); d != "" {
			t.Fatalf("%d rows: %s", rows, d)
		}
	}
}

// differs names the first difference of two tables, bit by bit.
func differs(a, b *Table) string {
	if len(a.Columns) != len(b.Columns) || a.Rows() != b.Rows() || !maps.Equal(a.Meta, b.Meta) {
		return fmt.Sprintf("%d x %d %v, %d x %d %v", a.Rows(), len(a.Columns), a.Meta, b.Rows(), len(b.Columns), b.Meta)
	}
	for i := range a.Columns {
		x, y := &a.Columns[i], &b.Columns[i]
		bits := func(p, q float64) bool { return math.Float64bits(p) == math.Float64bits(q) }
		if x.Name != y.Name || x.Unit != y.Unit || x.Type != y.Type || x.Nullable != y.Nullable || !slices.Equal(x.Null, y.Null) ||
			!slices.Equal(x.Ints, y.Ints) || !slices.Equal(x.Texts, y.Texts) || !slices.EqualFunc(x.Floats, y.Floats, bits) {
			return "column " + x.Name
		}
	}
	return ""
}
