package lstm

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestGenerated shows that the committed assembly is what avo/main.go writes. Its module is fetched when it is not on this machine.
func TestGenerated(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles and runs the generator")
	}
	dir := t.TempDir()
	generator := filepath.Join(dir, "generator")
	build := exec.Command("go", "build", "-o", generator, ".")
	build.Dir = "avo"
	build.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("the generator does not build here, perhaps its modules cannot be fetched: %v\n%s", err, out)
	}
	names := []string{"vector_amd64.s", "vector_amd64.go"}
	run := exec.Command(generator, "-out", filepath.Join(dir, names[0]), "-stubs", filepath.Join(dir, names[1]), "-pkg", "lstm")
	run.Dir = "avo"
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("the generator: %v\n%s", err, out)
	}
	for _, name := range names {
		got, err1 := os.ReadFile(filepath.Join(dir, name))
		want, err2 := os.ReadFile(name)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		// The first line holds the command with its paths.
		_, got, _ = bytes.Cut(got, []byte("\n"))
		_, want, _ = bytes.Cut(want, []byte("\n"))
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what avo/main.go writes: run it as its package comment says", name)
		}
	}
}
