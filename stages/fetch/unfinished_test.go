package fetch

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"weir/stages"
)

// A run that ends in the middle of a download, however it ends, is continued by the next one, from the same version of the file only.
func TestNextRun(t *testing.T) {
	data, other := mawi(t, "seed=3"), mawi(t, "seed=4")
	half := len(data) / 2
	for _, c := range []struct {
		name   string
		change func(dir string) // between the runs
		tag    string           // of the second run's version
		want   []byte
		ranges string
	}{
		{"goes on", func(string) {}, `"v1"`, data, fmt.Sprint([]string{fmt.Sprintf("bytes=%d-", half)})},
		{"another version", func(string) {}, `"v2"`, other, fmt.Sprint([]string{fmt.Sprintf("bytes=%d-", half)})},
		{"bytes after the note", func(dir string) { grow(t, filepath.Join(dir, bodyName)) }, `"v1"`, data, fmt.Sprint([]string{fmt.Sprintf("bytes=%d-", half)})},
		{"body lost", func(dir string) { os.Remove(filepath.Join(dir, bodyName)) }, `"v1"`, data, fmt.Sprint([]string{""})},
		{"note damaged", func(dir string) { os.WriteFile(filepath.Join(dir, noteName), []byte("{"), 0o666) }, `"v1"`, data, fmt.Sprint([]string{""})},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			first := versioned(data, `"v1"`, half, 0, 0, 0, 0, 0, 0)
			serving(t, first, func(t *testing.T, k stages.Kind) {
				fetch(t, t.Context(), k, place, func(_ *Fetch, env *stages.Env) { env.Unfinished = dir }).fails(t, "attempts")
			})
			c.change(dir)
			var ranges []string
			second := versioned(c.want, c.tag)
			serving(t, func(w http.ResponseWriter, r *http.Request) {
				ranges = append(ranges, r.Header.Get("Range"))
				second(w, r)
			}, func(t *testing.T, k stages.Kind) {
				fetch(t, t.Context(), k, place, func(_ *Fetch, env *stages.Env) { env.Unfinished = dir }).want(t, c.want)
			})
			if fmt.Sprint(ranges) != c.ranges {
				t.Errorf("asked for %v, expected %s", ranges, c.ranges)
			}
		})
	}
}

func grow(t *testing.T, path string) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("what a crash left"); err != nil {
		t.Fatal(err)
	}
	f.Close()
}
