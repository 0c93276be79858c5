package table

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func BenchmarkWrite(b *testing.B) {
	t := sample(groupRows)
	for b.Loop() {
		var out bytes.Buffer
		w := NewWriter(&out, t.Columns, nil)
		if err := w.Append(t); err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(out.Len())/groupRows, "bytes/row")
	}
	b.ReportMetric(float64(b.N)*groupRows/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkScan(b *testing.B) {
	path := filepath.Join(b.TempDir(), "t.parquet")
	if err := Write(path, sample(groupRows)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := Scan(path, nil, func(*Table) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*groupRows/b.Elapsed().Seconds(), "rows/s")
	os.Remove(path)
}
