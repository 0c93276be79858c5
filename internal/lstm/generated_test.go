package lstm

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestGenerated shows that the committed assembly is what avo/main.go and avo/peak/main.go write. Its module is fetched when it is not on this machine.
func TestGenerated(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles and runs the generator")
	}
	t.Run("kernels", func(t *testing.T) { generated(t, ".", ".", "vector_amd64", "lstm") })
	t.Run("peak", func(t *testing.T) { generated(t, "./peak", "peak", "peak_amd64", "peak") })
}

// generated compares what a generator writes with the files of that name in a folder.
func generated(t *testing.T, program, folder, file, pkg string) {
	dir := t.TempDir()
	generator := filepath.Join(dir, "generator")
	build := exec.Command("go", "build", "-o", generator, program)
	build.Dir = "avo"
	build.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("the generator does not build here, perhaps its modules cannot be fetched: %v\n%s", err, out)
	}
	names := []string{file + ".s", file + ".go"}
	run := exec.Command(generator, "-out", filepath.Join(dir, names[0]), "-stubs", filepath.Join(dir, names[1]), "-pkg", pkg)
	run.Dir = "avo"
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("the generator: %v\n%s", err, out)
	}
	for _, name := range names {
		got, err1 := os.ReadFile(filepath.Join(dir, name))
		want, err2 := os.ReadFile(filepath.Join(folder, name))
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		// The first line holds the command with its paths.
		_, got, _ = bytes.Cut(got, []byte("\n"))
		_, want, _ = bytes.Cut(want, []byte("\n"))
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what its generator writes: run it as its package comment says", name)
		}
	}
}
