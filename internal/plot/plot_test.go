package plot

import (
	"maps"
	"os"
	"slices"
	"testing"
)

// TestGallery draws the gallery into the directory that WEIR_GALLERY names, to be looked at.
func TestGallery(t *testing.T) {
	dir := os.Getenv("WEIR_GALLERY")
	if dir == "" {
		t.Skip("WEIR_GALLERY names no directory")
	}
	for name, f := range gallery() {
		if err := f.Save(dir, name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	t.Log(slices.Sorted(maps.Keys(gallery())))
}
