package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestImports: imports point one way (docs/architecture.md).
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		for _, imported := range p.Imports {
			if strings.HasPrefix(imported, "weir/") && !allowed(p.ImportPath, imported) {
				t.Errorf("%s imports %s", p.ImportPath, imported)
			}
		}
	}
}

// allowed says whether one package of the module may import another.
func allowed(from, to string) bool {
	under := func(p, root string) bool { return p == root || strings.HasPrefix(p, root+"/") }
	field := func(p string) bool { return under(p, "weir/internal") && !under(p, "weir/internal/cli") }
	kind := func(p string) bool { return strings.HasPrefix(p, "weir/stages/") }
	switch {
	case from == "weir":
		return under(to, "weir/internal/cli") || under(to, "weir/stages")
	case under(from, "weir/internal/cli"):
		return under(to, "weir/runner") || to == "weir/stages" || to == "weir/artifacts"
	case under(from, "weir/runner"):
		return under(to, "weir/runner") || to == "weir/stages" || to == "weir/artifacts"
	case kind(from):
		return to == "weir/stages" || to == "weir/artifacts" || field(to)
	case from == "weir/stages":
		return to == "weir/artifacts"
	case field(from):
		return field(to)
	}
	return false // artifacts import nothing of ours
}

// TestVet runs the checkers that everybody's editor runs.
func TestVet(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short")
	}
	for _, args := range [][]string{{"vet", "./..."}, {"tool", "staticcheck", "./..."}} {
		if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
			t.Errorf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// TestRandomness: results depend on seeds only. Nothing in the field's libraries or the stages reads a clock, and the global source of
// randomness is used nowhere.
func TestRandomness(t *testing.T) {
	clock := regexp.MustCompile(`\btime\.Now\(`)
	global := regexp.MustCompile(`\brand\.(Int|IntN|Intn|Float64|Float32|Perm|Shuffle|N|Uint32|Uint64|NormFloat64|ExpFloat64)\(`)
	mayReadClock := []string{"stages/exec/", "stages/fetch/"} // durations for people, timeouts; neither reaches an artifact
	for _, root := range []string{"internal", "stages"} {
		err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(filepath.ToSlash(path), "internal/cli/") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			name := filepath.ToSlash(path)
			if clock.Match(text) && !slices.ContainsFunc(mayReadClock, func(p string) bool { return strings.HasPrefix(name, p) }) {
				t.Errorf("%s reads the clock", name)
			}
			if m := global.Find(text); m != nil && !bytes.Contains(text, []byte("rand.New(")) {
				t.Errorf("%s uses %s of the global source", name, m)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
