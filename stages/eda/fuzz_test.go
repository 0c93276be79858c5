package eda

import (
	"os"
	"path/filepath"
	"testing"
)

// Whatever a file of sizes holds, reading it and describing and binning what was read ends without a panic.
func FuzzReadSizes(f *testing.F) {
	f.Add([]byte("PAR1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "sizes.parquet")
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		s, err := readSizes(path)
		if err != nil {
			return
		}
		s.metrics()
		for _, types := range s {
			width, count := binning(types, sizeBins)
			for i := range types {
				types[i].bins(width, count)
			}
		}
	})
}
