package artifacts

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestSameBytesAtOnce: actions that end at the same moment with the same output all have it.
func TestSameBytesAtOnce(t *testing.T) {
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for round := range 50 {
		var wg sync.WaitGroup
		for worker := range 4 {
			wg.Go(func() {
				file := filepath.Join(s.Root(), "work", fmt.Sprintf("%d-%d", round, worker))
				if err := os.WriteFile(file, fmt.Appendf(nil, "round %d", round), 0o666); err != nil {
					t.Error(err)
					return
				}
				id, size, err := s.Ingest(file)
				if err != nil {
					t.Error(err)
				} else if why := s.verify(id, size); why != "" {
					t.Errorf("the output %s", why)
				}
			})
		}
		wg.Wait()
	}
}
