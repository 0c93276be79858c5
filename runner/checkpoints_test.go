package runner

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/artifacts"
)

// training is a long stage, as long as want says.
const training = `variable "epochs" { default = 10 }
variable "units" { default = 1 }
stage "long" "a" {
  text   = "a"
  epochs = var.epochs
  units  = var.units
}
`

func trainingOf(p *project, epochs string) {
	p.pipeline(strings.Replace(training, "default = 10", "default = "+epochs, 1))
	p.reopen()
	p.world.ran = nil
}

// whole is what an uninterrupted long.a of so many epochs leaves.
func whole(t *testing.T, epochs string) (out string) {
	p := newProject(t, training)
	trainingOf(p, epochs)
	return p.output(p.must(), "long.a")
}

// TestResume: a run that ends in the middle goes on from its last checkpoint, in a shorter way if that is damaged, with the bytes of one that was
// never interrupted.
func TestResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := whole(t, "10")
		p := newProject(t, training)
		stop := "a 8 "
		p.world.do = func(_ context.Context, at string) error {
			if strings.HasPrefix(at, stop) {
				return errors.New("loss is not a number")
			}
			return nil
		}
		if _, r := p.run(); r.Err == nil || r.Err.Error() != "epoch 8: loss is not a number" {
			t.Fatalf("%+v", r)
		}
		p.reopen()
		if diff := cmp.Diff([]string{"long.a run: new (from the checkpoint at 7)"}, statuses(p.plan())); diff != "" {
			t.Error(diff)
		}
		stop, p.world.ran = "none", nil
		if got := p.output(p.must(), "long.a"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if diff := cmp.Diff([]string{"a 10 from 7"}, p.world.ran); diff != "" {
			t.Error(diff)
		}
	})
}

func checkpointFiles(t *testing.T, p *project) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(p.Store.Root(), "ck", "*", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestResumeDamaged: what is damaged is not used, and a forced run uses nothing.
func TestResumeDamaged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := whole(t, "10")
		p := newProject(t, training)
		p.world.do = func(_ context.Context, at string) error {
			if strings.HasPrefix(at, "a 8 ") {
				return errors.New("stop")
			}
			return nil
		}
		p.run()
		for _, path := range checkpointFiles(t, p) {
			if strings.HasPrefix(filepath.Base(path), "7-") {
				if err := os.WriteFile(path, []byte("sha256:wrong"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
		p.world.do, p.world.ran = nil, nil
		if got := p.output(p.must(), "long.a"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		plan, _ := p.Plan(p.load(), PlanOptions{Force: true})
		if r := p.Run(t.Context(), plan, RunOptions{Jobs: 1}, &watcher{}); r.Err != nil {
			t.Fatal(r.Err)
		}
		if got := p.output(plan, "long.a"); got != want {
			t.Errorf("forced: got %s, want %s", got, want)
		}
		if diff := cmp.Diff([]string{"a 10 from 6", "a 10 from 0"}, p.world.ran); diff != "" {
			t.Error(diff)
		}
	})
}

// TestLonger: 50 epochs go on from finished 20, and plan says so; another option starts anew.
func TestLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := whole(t, "50")
		p := newProject(t, training)
		trainingOf(p, "20")
		p.must()
		trainingOf(p, "50")
		if diff := cmp.Diff([]string{"long.a run: epochs 20 -> 50 (from the checkpoint at 20)"}, statuses(p.plan())); diff != "" {
			t.Error(diff)
		}
		if got := p.output(p.must(), "long.a"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		trainingOf(p, "30")
		p.must()
		p.world.ran = append(p.world.ran, "")
		p.pipeline(strings.Replace(training, "default = 1 ", "default = 2 ", 1))
		p.must()
		if diff := cmp.Diff([]string{"a 30 from 20", "", "a 10 from 0"}, p.world.ran); diff != "" {
			t.Error(diff)
		}
		for _, path := range checkpointFiles(t, p) {
			if !strings.HasSuffix(path, "-end") {
				t.Errorf("%s is still there", path)
			}
		}
	})
}

// TestLengths: two lengths of one work in one run are computed one after the other, the shorter one first.
func TestLengths(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := whole(t, "50")
		p := newProject(t, `stage "long" "a" {
  matrix = { epochs = [50, 20] }
  text   = "a"
  epochs = matrix.epochs
}
`)
		if got := p.output(p.must(), "long.a[epochs=50]"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if diff := cmp.Diff([]string{"a 20 from 0", "a 50 from 20"}, p.world.ran); diff != "" {
			t.Error(diff)
		}
	})
}

// TestScore: what a stage scored is in its record.
func TestScore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProject(t, training)
		plan := p.must()
		r, err := p.Store.Record(plan.Steps[0].Action)
		if err != nil || r.Score == nil || *r.Score != 6+1.0/11 {
			t.Errorf("%+v %v", r, err)
		}
		if _, ok := artifacts.WorkOf(r.Parts, "option epochs"); !ok {
			t.Error("the record names no length")
		}
	})
}

// TestUnkept: a store that takes no checkpoints costs one warning in a run; the result is what it would be.
func TestUnkept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := whole(t, "10")
		p := newProject(t, training+"stage \"long\" \"b\" { text = \"b\" }\n")
		if err := os.WriteFile(filepath.Join(p.Store.Root(), "ck"), nil, 0o666); err != nil {
			t.Fatal(err)
		}
		plan := p.must()
		if got := p.output(plan, "long.a"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		var warnings []string
		for _, s := range plan.Steps {
			r, err := p.Store.Record(s.Action)
			if err != nil {
				t.Fatal(err)
			}
			warnings = append(warnings, r.Warnings...)
		}
		if len(warnings) != 1 || !strings.HasPrefix(warnings[0], "checkpoints are not kept, ") {
			t.Errorf("%q", warnings)
		}
	})
}

// TestBounded: a run that did something removes what is too much of old checkpoints, one that did nothing touches none.
func TestBounded(t *testing.T) {
	p := newProject(t, `stage "text" "a" { text = "a" }`)
	p.must()
	path := filepath.Join(p.Store.Root(), "ck", "ab", "old", "1-end")
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, nil, 0o666), os.Truncate(path, maxCheckpoints+1)); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	p.must()
	if len(checkpointFiles(t, p)) != 1 {
		t.Error("a run that did nothing removed a checkpoint")
	}
	p.pipeline(`stage "text" "a" { text = "b" }`)
	p.must()
	if files := checkpointFiles(t, p); len(files) > 0 {
		t.Errorf("%q stays", files)
	}
}
