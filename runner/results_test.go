package runner

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const handing = `stage "text" "a" { text = "one" }
stage "tree" "t" { inputs = stage.text.a }
stage "needs_tool" "n" { in = stage.text.a.out }
results {
  files = { "a.txt" = stage.text.a.out, "figures" = stage.tree.t.dir, "paper.pdf" = stage.needs_tool.n.out, "extra.txt" = stage.text.a.extra }
}
`

func (p *project) handOut() []string {
	p.t.Helper()
	written, err := p.HandOut(p.must())
	if err != nil {
		p.t.Fatal(err)
	}
	return written
}

// results lists what is in results/demo.
func (p *project) results() []string {
	var names []string
	filepath.WalkDir(filepath.Join(p.Dir, "results", "demo"), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(filepath.Join(p.Dir, "results", "demo"), path)
			names = append(names, filepath.ToSlash(rel))
		}
		return nil
	})
	return names
}

func TestHandOut(t *testing.T) {
	p := newProject(t, handing)
	if diff := cmp.Diff([]string{"results/demo/a.txt", "results/demo/figures/a.txt", "results/demo/figures/deep/b.txt"}, p.handOut()); diff != "" {
		t.Error(diff)
	}
	if got := p.handOut(); got != nil {
		t.Errorf("the second time: %v", got)
	}

	os.Remove(filepath.Join(p.Dir, "results/demo/a.txt"))
	os.RemoveAll(filepath.Join(p.Dir, "results/demo/figures"))
	if got := p.handOut(); len(got) != 3 || p.read("results/demo/a.txt") != "one\n" {
		t.Errorf("deleted files are put back: %v", got)
	}

	for _, mine := range []string{"mine", "mine again"} {
		p.write("results/demo/a.txt", mine)
		p.handOut()
	}
	if p.read("results/demo/a.txt") != "one\n" || p.read("results/demo/a.txt~") != "mine" || p.read("results/demo/a.txt~2") != "mine again" {
		t.Errorf("edited files are kept: %v", p.results())
	}

	p.pipeline(strings.Replace(handing, `"one"`, `"two"`, 1))
	if got := p.handOut(); len(got) != 1 || p.read("results/demo/a.txt") != "two\n" {
		t.Errorf("a new result: %v", got)
	}
	if _, err := os.Stat(filepath.Join(p.Dir, "results/demo/a.txt~3")); err == nil {
		t.Error("a file of ours is kept as if a person had changed it")
	}

	p.write("results/demo/figures/deep/b.txt", "mine")
	p.pipeline(`stage "text" "a" { text = "two" }
results { files = { "b.txt" = stage.text.a.out } }
`)
	p.handOut()
	if diff := cmp.Diff([]string{"a.txt~", "a.txt~2", "b.txt", "figures/deep/b.txt"}, p.results()); diff != "" {
		t.Errorf("what is no longer wanted goes, what a person changed stays: %s", diff)
	}
}

// TestHandOutAfterFailure: what a failed stage gave last time stays.
func TestHandOutAfterFailure(t *testing.T) {
	p := newProject(t, handing)
	p.handOut()
	p.pipeline(strings.Replace(handing, `"one"`, `"two"`, 1))
	p.world.do = failing("two")
	plan, r := p.run()
	if r.Err == nil {
		t.Fatal("it did not fail")
	}
	if written, err := p.HandOut(plan); err != nil || written != nil {
		t.Errorf("%v %v", written, err)
	}
	if p.read("results/demo/a.txt") != "one\n" || len(p.results()) != 3 {
		t.Errorf("%v", p.results())
	}
	plan = p.plan("tree.t")
	if _, err := p.HandOut(plan); err != nil || len(p.results()) != 3 {
		t.Errorf("a plan of a part: %v %v", err, p.results())
	}
}

func TestHandOutObstacles(t *testing.T) {
	p := newProject(t, handing)
	p.write("results/demo/a.txt/mine.txt", "mine")
	p.write("results/demo/figures/deep", "mine")
	written, err := p.HandOut(p.must())
	if err == nil || !strings.Contains(err.Error(), "a folder is in the way of a result") || !strings.Contains(err.Error(), "a file is where a folder of results should be") {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff([]string{"results/demo/figures/a.txt"}, written); diff != "" {
		t.Error(diff)
	}
	if p.read("results/demo/a.txt/mine.txt") != "mine" || p.read("results/demo/figures/deep") != "mine" {
		t.Error("a person's files were touched")
	}
}

// TestHandOutLinks: a link that a person put there is not written through.
func TestHandOutLinks(t *testing.T) {
	p := newProject(t, handing)
	p.handOut()
	p.write("mine.txt", "mine")
	path := filepath.Join(p.Dir, "results/demo/a.txt")
	os.Remove(path)
	if os.Symlink(filepath.Join(p.Dir, "mine.txt"), path) != nil {
		t.Skip("no links here")
	}
	p.handOut()
	if p.read("mine.txt") != "mine" || p.read("results/demo/a.txt") != "one\n" || p.read("results/demo/a.txt~") != "mine" {
		t.Error(p.results())
	}
}

// TestHandOutTwice: two processes hand out the same results at once.
func TestHandOutTwice(t *testing.T) {
	p := newProject(t, handing)
	plan := p.must()
	p.write("results/demo/a.txt", "mine")
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			if _, err := p.HandOut(plan); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if diff := cmp.Diff([]string{"a.txt", "a.txt~", "figures/a.txt", "figures/deep/b.txt"}, p.results()); diff != "" {
		t.Error(diff)
	}
	os.WriteFile(p.statePath("demo"), []byte("nonsense"), 0o666)
	if got := p.handOut(); got != nil || len(p.results()) != 4 {
		t.Errorf("a damaged list: %v", got)
	}
}
