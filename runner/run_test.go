package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/artifacts"
)

// chain is three stages in a row.
const chain = `variable "first" { default = "one" }
stage "text" "a" { text = var.first }
stage "text" "b" {
  text = "two"
  in   = stage.text.a.out
}
stage "text" "c" {
  text = "three"
  in   = stage.text.b.out
}
`

func TestRunTwice(t *testing.T) {
	p := newProject(t, chain)
	plan := p.must()
	if got := p.output(plan, "text.c"); got != "three\ntwo\none\n" {
		t.Errorf("got %q", got)
	}
	p.reopen()
	if got := p.plan(); got.Pending() != 0 {
		t.Errorf("the second time: %q", statuses(got))
	}
	os.RemoveAll(filepath.Join(p.Store.Root(), "history"))
	os.Remove(filepath.Join(p.Store.Root(), "index"))
	p.reopen()
	if got := p.plan(); got.Pending() != 0 {
		t.Errorf("without history and index: %q", statuses(got))
	}
}

// TestEarlyCutoff: a stage that gives the bytes it gave before leaves what stands below it cached.
func TestEarlyCutoff(t *testing.T) {
	p := newProject(t, chain)
	p.must()
	p.pipeline(strings.Replace(chain, `"one"`, `"one|changed"`, 1))
	want := []string{"text.a run: text one -> one|changed", "text.b may run: input in may change", "text.c may run: input in may change"}
	if diff := cmp.Diff(want, statuses(p.plan())); diff != "" {
		t.Error(diff)
	}
	p.world.ran = nil
	plan := p.must()
	if diff := cmp.Diff([]string{"one|changed"}, p.world.ran); diff != "" {
		t.Errorf("what ran: %s", diff)
	}
	if diff := cmp.Diff([]string{"text.a done", "text.b cached", "text.c cached"}, p.seen.finished); diff != "" {
		t.Error(diff)
	}
	if plan.Count(Cached) != 3 {
		t.Errorf("%q", statuses(plan))
	}
	p.pipeline(strings.Replace(chain, `"one"`, `"other"`, 1))
	p.must()
	if diff := cmp.Diff([]string{"text.a done", "text.b done", "text.c done"}, p.seen.finished); diff != "" {
		t.Error(diff)
	}
}

// wide is a dozen stages that need nothing, and one for each that needs it.
const wide = `stage "text" "up" {
  for_each = toset([for i in range(12) : format("%02d", i)])
  text     = each.key
}
stage "text" "down" {
  for_each = toset([for i in range(12) : format("%02d", i)])
  text     = "d${each.key}"
  in       = stage.text.up[each.key].out
}
`

var roots = wide[:strings.Index(wide, `stage "text" "down"`)]

// TestOrder: with one job steps start in the order of the pipeline.
func TestOrder(t *testing.T) {
	p := newProject(t, wide)
	if _, r := p.runWith(RunOptions{Jobs: 1, Memory: 1}); r.Err != nil || r.Done != 24 {
		t.Fatalf("%+v", r)
	}
	want := make([]string, 0, 24)
	for _, s := range p.plan().Steps {
		want = append(want, s.Address)
	}
	if diff := cmp.Diff(want, p.seen.started); diff != "" {
		t.Error(diff)
	}
}

func TestJobsAndMemory(t *testing.T) {
	for _, test := range []struct {
		name, kind string
		o          RunOptions
		most       int
	}{
		{"jobs", "text", RunOptions{Jobs: 3, Memory: 1 << 40}, 3},
		{"memory", "big", RunOptions{Jobs: 8, Memory: 7 << 30}, 2},
		{"more than there is, alone", "big", RunOptions{Jobs: 8, Memory: 1}, 1},
		{"the default of a kind", "text", RunOptions{Jobs: 8, Memory: 1 << 30}, 4},
		{"no jobs", "text", RunOptions{}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProject(t, strings.ReplaceAll(roots, `"text"`, `"`+test.kind+`"`))
				p.world.do = func(context.Context, string) error { time.Sleep(time.Minute); return nil }
				if _, r := p.runWith(test.o); r.Err != nil || r.Done != 12 {
					t.Fatalf("%+v", r)
				}
				if p.seen.most != test.most {
					t.Errorf("%d at once, want %d", p.seen.most, test.most)
				}
			})
		})
	}
}

func failing(text string) func(context.Context, string) error {
	return func(_ context.Context, t string) error {
		if t == text {
			return errors.New("no good")
		}
		return nil
	}
}

// fork is a stage with two that need it, one of which is needed by a third, and a stage apart.
const fork = `stage "text" "a" { text = "a" }
stage "text" "b" {
  text = "b"
  in   = stage.text.a.out
}
stage "tree" "c" { inputs = { b = stage.text.b, a = stage.text.a } }
stage "text" "z" { text = "z" }
`

func TestFailure(t *testing.T) {
	p := newProject(t, fork)
	p.world.do = failing("a")
	_, r := p.runWith(RunOptions{Jobs: 1, Memory: 1})
	if r.Err == nil || len(r.Failed) != 1 || r.Skipped != 3 || r.Done != 0 {
		t.Errorf("%+v", r)
	}
	if diff := cmp.Diff([]string{"text.a no good", "text.b needs text.a", "tree.c needs text.a"}, p.seen.finished); diff != "" {
		t.Error(diff)
	}
	plan, r := p.runWith(RunOptions{Jobs: 1, Memory: 1, KeepGoing: true})
	if len(r.Failed) != 1 || r.Skipped != 2 || r.Done != 1 {
		t.Errorf("%+v", r)
	}
	if diff := cmp.Diff([]string{"text.a no good", "text.z done", "text.b needs text.a", "tree.c needs text.a"}, p.seen.finished); diff != "" {
		t.Error(diff)
	}
	if plan.Steps[0].Status != Failed {
		t.Errorf("%q", statuses(plan))
	}
	if entries, _ := os.ReadDir(filepath.Join(p.Store.Root(), "work")); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
	p.world.do = nil
	p.must()
}

func TestBadStages(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"panics", "a defect in weir: so what"},
		{"writes nothing", "did not write its output out"},
		{"writes a folder", "its output out is no file"},
	} {
		p := newProject(t, fmt.Sprintf("stage \"text\" \"a\" { text = %q }\n", test.text))
		p.world.do = func(_ context.Context, text string) error {
			if text == "panics" {
				panic("so what")
			}
			return nil
		}
		_, r := p.run()
		if r.Err == nil || !strings.Contains(r.Err.Error(), test.want) {
			t.Errorf("%s: %v", test.text, r.Err)
		}
		log, _ := filepath.Glob(filepath.Join(p.Store.Root(), "logs", "*.log"))
		if len(log) != 1 {
			t.Errorf("%s: logs %v", test.text, log)
		}
	}
}

// TestOptionalOutput: an optional output may be missing where it may be missing, and nowhere else.
func TestOptionalOutput(t *testing.T) {
	p := newProject(t, `stage "text" "with" { text = "extra" }
stage "text" "without" { text = "plain" }
stage "tree" "t" { inputs = { a = stage.text.with, b = stage.text.without } }
stage "text" "optional" {
  text = "reads"
  in   = stage.text.without.extra
}
`)
	plan := p.must()
	want := `"a":"extra":<text.with.extra extra.txt>"out":<text.with.out out.txt>"b":"out":<text.without.out out.txt>`
	if got := p.output(plan, "tree.t"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	p.pipeline(`stage "text" "without" { text = "plain" }
stage "needs_tool" "n" { in = stage.text.without.extra }
`)
	p.have["pdftool"] = filepath.Join(p.Dir, "pipeline.hcl")
	if _, r := p.run(); r.Err == nil || !strings.Contains(r.Err.Error(), "text.without.extra, which was not written") {
		t.Errorf("got %v", r.Err)
	}
}

// TestOutputsOfAnOlderKind: a record without an output that the kind has is no hit.
func TestOutputsOfAnOlderKind(t *testing.T) {
	p := newProject(t, `stage "text" "a" { text = "x" }`)
	plan := p.must()
	record, err := p.Store.Record(plan.Steps[0].Action)
	if err != nil {
		t.Fatal(err)
	}
	record.Outputs = nil
	if err := p.Store.Commit(record); err != nil {
		t.Fatal(err)
	}
	want := []string{"text.a run: output out is not in its record"}
	if diff := cmp.Diff(want, statuses(p.plan())); diff != "" {
		t.Error(diff)
	}
	p.must()
}

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProject(t, wide)
		p.world.do = func(ctx context.Context, text string) error {
			select {
			case <-ctx.Done():
				return errors.New("stopped")
			case <-time.After(time.Minute):
				return nil
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		plan := p.plan()
		p.seen = &watcher{}
		r := p.Run(ctx, plan, RunOptions{Jobs: 2, Memory: 1 << 40}, p.seen)
		if r.Err != context.Canceled || r.Done != 2 || r.Skipped != 22 || len(r.Failed) != 0 {
			t.Errorf("%+v", r)
		}
		if diff := cmp.Diff([]string{`text.up["02"]`, `text.up["03"]`}, p.seen.stopping); diff != "" {
			t.Error(diff)
		}
		p.world.do = nil
		if _, r := p.run(); r.Done != 22 {
			t.Errorf("the next run: %+v", r)
		}
	})
}

// TestTwoRuns: two processes at once compute each action once; who waits says so.
func TestTwoRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProject(t, wide)
		p.world.do = func(context.Context, string) error { time.Sleep(time.Second); return nil }
		store, err := artifacts.Open(p.Store.Root())
		if err != nil {
			t.Fatal(err)
		}
		other := (&project{t: t, world: p.world}).at(p.Dir, store)
		plans := []*Plan{p.plan(), other.plan()}
		watchers := []*watcher{{}, {}}
		var done atomic.Int32
		var all sync.WaitGroup
		for i, pr := range []*Project{p.Project, other.Project} {
			all.Go(func() {
				r := pr.Run(t.Context(), plans[i], RunOptions{Jobs: 2, Memory: 1 << 40}, watchers[i])
				if r.Err != nil {
					t.Error(r.Err)
				}
				done.Add(int32(r.Done))
			})
		}
		all.Wait()
		if done.Load() != 24 || len(p.world.ran) != 24 {
			t.Errorf("%d done, %d runs of 24 actions", done.Load(), len(p.world.ran))
		}
		if watchers[0].waiting+watchers[1].waiting == 0 {
			t.Error("nobody said that he waits")
		}
	})
}

func TestNoWait(t *testing.T) {
	p := newProject(t, `stage "text" "a" { text = "x" }`)
	plan := p.plan()
	unlock, err := p.Store.Lock(t.Context(), plan.Steps[0].Action, func() {})
	if err != nil {
		t.Fatal(err)
	}
	if _, r := p.runWith(RunOptions{Jobs: 1, NoWait: true}); !errors.Is(r.Err, ErrHeld) {
		t.Errorf("got %v", r.Err)
	}
	unlock()
	if _, r := p.runWith(RunOptions{Jobs: 1, NoWait: true}); r.Err != nil {
		t.Errorf("got %v", r.Err)
	}
}

func TestForce(t *testing.T) {
	p := newProject(t, chain)
	p.must()
	p.world.ran = nil
	plan, diags := p.Plan(p.load(), PlanOptions{Force: true, Targets: []string{"text.b"}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	r := p.Run(t.Context(), plan, RunOptions{Jobs: 1}, &watcher{})
	if r.Err != nil || r.Done != 1 || !slices.Equal(p.world.ran, []string{"two"}) {
		t.Errorf("%+v, ran %q", r, p.world.ran)
	}
	record, err := p.Store.Record(plan.Steps[1].Action)
	if err != nil || record.Reason != "forced" {
		t.Errorf("%+v %v", record, err)
	}
}

// TestTwins: two stages that are one piece of work are computed once, and neither waits for "another run".
func TestTwins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProject(t, `stage "text" "a" { text = "x" }
stage "text" "b" { text = "x" }
stage "tree" "t" { inputs = [stage.text.a, stage.text.b] }
`)
		p.world.do = func(context.Context, string) error { time.Sleep(time.Second); return nil }
		if _, r := p.runWith(RunOptions{Jobs: 4, Memory: 4 << 30, NoWait: true}); r.Err != nil || r.Done != 2 || p.seen.waiting != 0 {
			t.Errorf("%+v, waited %d times", r, p.seen.waiting)
		}
		p.pipeline(strings.ReplaceAll(p.read("pipeline.hcl"), `"x"`, `"y"`))
		p.world.do = failing("y")
		if _, r := p.run(); len(r.Failed) != 1 || r.Skipped != 2 {
			t.Errorf("%+v", r)
		}
	})
}

// TestFileChanges: a file of the project that changes between plan and start gives the key of what is read; one that changes while the
// stage reads it gives no record at all.
func TestFileChanges(t *testing.T) {
	const pipeline = `stage "text" "a" {
  text = "reads"
  in   = "in.txt"
}
stage "command" "b" {
  command = ["cat"]
  inputs  = ["in.txt"]
  outputs = { out = "out.txt" }
}
`
	p := newProject(t, pipeline)
	p.write("in.txt", "old")
	plan := p.plan()
	p.write("in.txt", "new")
	p.seen = &watcher{}
	if r := p.Run(t.Context(), plan, RunOptions{Jobs: 1}, p.seen); r.Err != nil {
		t.Fatal(r.Err)
	}
	if p.output(plan, "text.a") != "reads\nnew" || p.output(plan, "command.b") != "new" {
		t.Errorf("got %q and %q", p.output(plan, "text.a"), p.output(plan, "command.b"))
	}
	if again := p.plan(); again.Pending() != 0 {
		t.Errorf("the key does not name what was read: %q", statuses(again))
	}
	p.write("in.txt", "old")
	if again := p.plan(); again.Pending() != 2 {
		t.Errorf("the old bytes have a record: %q", statuses(again))
	}

	p.world.do = func(context.Context, string) error { p.write("in.txt", "while it runs"); return nil }
	if _, r := p.runWith(RunOptions{Jobs: 1}); r.Err == nil || !strings.Contains(r.Err.Error(), "in.txt changed while text.a read it; run again") {
		t.Errorf("got %v", r.Err)
	}
	p.world.do = nil
	plan = p.must()
	if got := p.output(plan, "text.a"); got != "reads\nwhile it runs" {
		t.Errorf("got %q", got)
	}
	p.must()
	if err := os.Remove(filepath.Join(p.Dir, "in.txt")); err != nil {
		t.Fatal(err)
	}
	if _, diags := p.Plan(p.load(), PlanOptions{}); !strings.Contains(diags.Error(), "no file in.txt") {
		t.Errorf("a missing file: %v", diags)
	}
}

// TestDamageBelow: what is damaged in the middle of a chain is computed again, and nothing else.
func TestDamageBelow(t *testing.T) {
	p := newProject(t, chain)
	plan := p.must()
	path := p.Store.Path(plan.Steps[1].outputs[0].ID)
	os.Chmod(path, 0o644)
	if err := os.WriteFile(path, []byte("twx\none\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	want := []string{"text.a cached", "text.b run: output out is damaged in the store", "text.c may run: input in may change"}
	if diff := cmp.Diff(want, statuses(p.plan())); diff != "" {
		t.Error(diff)
	}
	plan = p.must()
	if got := p.output(plan, "text.b"); got != "two\none\n" || p.seen.finished[1] != "text.c cached" {
		t.Errorf("got %q, %q", got, p.seen.finished)
	}
}

// TestKilled runs a project in a process of its own, kills it again and again, and then lets it end: the result is that of a run in peace.
func TestKilled(t *testing.T) {
	p := newProject(t, wide)
	p.write("experiments/demo/experiment.hcl", "")
	began := time.Now()
	for n := 0; n < 12 && time.Since(began) < 5*time.Second; n++ {
		c := childRun(t, p.Dir)
		time.Sleep(time.Duration(5+7*n) * time.Millisecond)
		c.Process.Kill()
		c.Wait()
	}
	c := childRun(t, p.Dir)
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	p.reopen()
	plan := p.plan()
	if plan.Pending() != 0 {
		t.Fatalf("%q", statuses(plan))
	}
	for _, s := range plan.Steps {
		name := s.Address[len(s.Address)-4 : len(s.Address)-2]
		want := name + "\n"
		if strings.HasPrefix(s.Address, "text.down") {
			want = "d" + name + "\n" + want
		}
		if got := p.output(plan, s.Address); got != want {
			t.Errorf("%s is %q", s.Address, got)
		}
	}
	for _, dir := range []string{"work", "locks"} {
		entries, err := os.ReadDir(filepath.Join(p.Store.Root(), dir))
		if err != nil {
			t.Fatal(err)
		}
		entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool { return strings.HasPrefix(e.Name(), "copy-") }) // swept an hour later
		if len(entries) != 0 {
			t.Errorf("left behind in %s: %v", dir, entries)
		}
	}
}
