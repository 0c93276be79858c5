package runner

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

// halved is a search over 12 units: 12 trials of 9 epochs, 4 of 27, 1 of 81. The score is best for 7 units.
const halved = `stage "text" "up" { text = "up" }
stage "long" "a" {
  matrix = { units = range(1, 13), seed = [1, 2] }
  search {
    method = "halving"
    budget = 12
    least  = 9
  }
  text   = "a"
  in     = stage.text.up.out
  units  = matrix.units
  seed   = matrix.seed
  epochs = 81
}
stage "tree" "all" { inputs = { trials = stage.long.a[*] } }
`

// leftOut counts steps by why they are left out.
func leftOut(plan *Plan) map[string]int {
	n := map[string]int{}
	for _, s := range plan.Steps {
		if s.Status == Skipped {
			n[s.Reason]++
		}
	}
	return n
}

// TestHalving: each round goes on with the best of the one before, from its checkpoints, and what takes the trials gets the chosen ones of the last.
func TestHalving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProject(t, halved)
		plan := p.plan()
		if got, want := plan.Pending(), 1+24+8+2+1; got != want {
			t.Errorf("pending %d, want %d", got, want)
		}
		if s := plan.Steps[1+24]; s.Address != "long.a[units=1, seed=1, epochs=27]" || s.Status != MayRun || s.Reason != "if it is among the best 4 of 12 after 9 epochs" {
			t.Errorf("%s %s: %s", s.Address, s.Status, s.Reason)
		}
		plan = p.must()
		ran := slices.Clone(p.world.ran)
		slices.Sort(ran)
		want := []string{"up"}
		for range 24 {
			want = append(want, "a 9 from 0")
		}
		for range 8 {
			want = append(want, "a 27 from 9")
		}
		want = append(want, "a 81 from 27", "a 81 from 27")
		slices.Sort(want)
		if diff := cmp.Diff(want, ran); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(map[string]int{"not among the best 4 of 12 after 9 epochs": 16, "not among the best 1 of 4 after 27 epochs": 22}, leftOut(plan)); diff != "" {
			t.Error(diff)
		}
		const trials = `"trials":["out":<long.a[units=7, seed=1, epochs=81].out out.txt>"out":<long.a[units=7, seed=2, epochs=81].out out.txt>]`
		if got := p.output(plan, "tree.all"); got != trials {
			t.Errorf("got %s", got)
		}
		p.reopen()
		again := p.plan()
		if again.Pending() != 0 || again.Count(Cached) != 36 {
			t.Errorf("again: %q", statuses(again))
		}

		// The trial is what it would be by hand, and a search of one trial gives what needs it the key of that.
		p.pipeline(`stage "text" "up" { text = "up" }
stage "long" "a" {
  matrix = { units = [7], seed = [1, 2], epochs = [81] }
  text   = "a"
  in     = stage.text.up.out
  units  = matrix.units
  seed   = matrix.seed
  epochs = matrix.epochs
}
stage "tree" "all" { inputs = { trials = stage.long.a[*] } }
`)
		if hand := p.plan(); hand.Pending() != 0 {
			t.Errorf("by hand: %q", statuses(hand))
		}
	})
}

// TestHalvingFailure: a trial that diverges in the first round is out, the others go on, and the run failed.
func TestHalvingFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProject(t, halved)
		p.world.do = func(_ context.Context, at string) error {
			if strings.HasPrefix(at, "a 5 units=7 seed=2") {
				return errors.New("the loss is not a number")
			}
			return nil
		}
		plan, r := p.run()
		if len(r.Failed) != 1 || r.Skipped != 1 || r.Err == nil {
			t.Errorf("%+v", r)
		}
		if diff := cmp.Diff(map[string]int{"not among the best 4 of 11 after 9 epochs": 16, "not among the best 1 of 4 after 27 epochs": 22}, leftOut(plan)); diff != "" {
			t.Error(diff)
		}
		if s := plan.Steps[len(plan.Steps)-1]; s.Status != MayRun {
			t.Errorf("%s: %s", s.Address, s.Status) // another stage: not without --keep-going
		}
		if slices.ContainsFunc(p.seen.finished, func(line string) bool { return strings.HasPrefix(line, "tree.all") }) {
			t.Errorf("%q", p.seen.finished)
		}
		plan, r = p.runWith(RunOptions{Jobs: 4, Memory: 1 << 40, KeepGoing: true})
		if len(r.Failed) != 1 || !strings.Contains(p.output(plan, "tree.all"), "units=6, seed=1, epochs=81") {
			t.Errorf("%+v %q", r, statuses(plan))
		}
	})
}

// TestHalvingAllFail: nothing is chosen when nothing is left, and what the trials need in common blocks them all once.
func TestHalvingAllFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProject(t, halved)
		p.world.do = func(context.Context, string) error { return errors.New("no good") }
		if _, r := p.runWith(RunOptions{Jobs: 4, Memory: 1 << 40, KeepGoing: true}); len(r.Failed) != 1 || r.Skipped != 24*3+1 {
			t.Errorf("up fails: %+v", r)
		}
		p.world.do = func(_ context.Context, at string) error {
			if strings.HasPrefix(at, "a ") {
				return errors.New("no good")
			}
			return nil
		}
		plan, r := p.runWith(RunOptions{Jobs: 4, Memory: 1 << 40})
		if len(r.Failed) != 24 {
			t.Errorf("%d failed", len(r.Failed))
		}
		if diff := cmp.Diff(map[string]int{"nothing to choose from after 9 epochs": 24, "nothing to choose from after 27 epochs": 24}, leftOut(plan)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestHalvingHeld: without a trial that another run computes now, and that is not waited for, nothing is chosen.
func TestHalvingHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProject(t, halved)
		p.Run(t.Context(), p.plan("text.up"), RunOptions{Jobs: 1}, &watcher{})
		unlock, err := p.Store.Lock(t.Context(), p.plan("long.a[units=7, seed=1, epochs=9]").Steps[1].Action, func() {})
		if err != nil {
			t.Fatal(err)
		}
		_, r := p.runWith(RunOptions{Jobs: 4, Memory: 1 << 40, NoWait: true, KeepGoing: true})
		unlock()
		if !errors.Is(r.Err, ErrHeld) || r.Done > 23 || len(r.Failed) != 1 || r.Skipped != 24+24+1 {
			t.Errorf("%d done, %d failed, %d skipped, %v", r.Done, len(r.Failed), r.Skipped, r.Err)
		}
		plan := p.must()
		if got := p.output(plan, "tree.all"); !strings.Contains(got, "units=7, seed=1, epochs=81") {
			t.Error(got)
		}
	})
}

// TestHalvingTarget: a target of a later round brings the rounds before.
func TestHalvingTarget(t *testing.T) {
	p := newProject(t, halved)
	if got := len(p.plan("long.a[units=3, seed=1, epochs=27]").Steps); got != 1+24+1 {
		t.Errorf("%d steps", got)
	}
	if got := len(p.plan("long.a[units=3, seed=1, epochs=81]").Steps); got != 1+24+24+1 {
		t.Errorf("%d steps", got)
	}
}

// TestHalvingInterrupted: interrupted anywhere and run again, a search chooses as if it had not been.
func TestHalvingInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		whole := newProject(t, halved)
		want := whole.output(whole.must(), "tree.all")
		p := newProject(t, halved)
		for turn := 0; ; turn++ {
			if turn == 40 {
				t.Fatal("it does not end")
			}
			ctx, cancel := context.WithCancel(t.Context())
			n := 0
			p.world.do = func(context.Context, string) error {
				p.world.mu.Lock()
				defer p.world.mu.Unlock()
				if n++; n == 60 {
					cancel()
				}
				return nil
			}
			plan := p.plan()
			r := p.Run(ctx, plan, RunOptions{Jobs: 3, Memory: 1 << 40}, &watcher{})
			cancel()
			p.reopen()
			if r.Err == nil {
				if got := p.output(plan, "tree.all"); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
				break
			}
		}
	})
}

// TestSiblings: a failed instance does not stop the others of its stage, nor what they need; other stages are not started.
func TestSiblings(t *testing.T) {
	p := newProject(t, `stage "text" "up" {
  for_each = toset(["a", "b", "c"])
  text     = "up ${each.key}"
}
stage "text" "trial" {
  for_each = toset(["a", "b", "c"])
  text     = each.key
  in       = stage.text.up[each.key].out
}
stage "text" "other" { text = "other" }
stage "tree" "all" { inputs = stage.text.trial }
`)
	p.world.do = failing("a")
	for _, jobs := range []int{1, 2} {
		plan, r := p.runWith(RunOptions{Jobs: jobs, Memory: 1 << 40})
		if len(r.Failed) != 1 || plan.Count(Cached) < 5 || r.Err == nil {
			t.Errorf("%d jobs: %+v %q", jobs, r, statuses(plan))
		}
		if got := p.seen.finished; !slices.Contains(got, "tree.all needs text.trial[\"a\"]") || slices.Contains(got, "tree.all done") {
			t.Errorf("%d jobs: %q", jobs, got)
		}
	}
	p = newProject(t, roots)
	p.world.do = failing("00")
	if _, r := p.runWith(RunOptions{Jobs: 1, Memory: 1}); r.Done != 11 || r.Skipped != 0 {
		t.Errorf("%+v", r)
	}
}

// TestLongestFirst: instances of one stage start by what they took last time, or by what they are expected to take; stages in the order of the pipeline.
func TestLongestFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const pipeline = `variable "text" { default = "a" }
stage "long" "a" {
  matrix = { units = [1, 3, 2], seed = [1, 2] }
  text   = var.text
  units  = matrix.units
  seed   = matrix.seed
}
stage "long" "b" {
  text  = "b"
  units = 9
}
`
		p := newProject(t, pipeline)
		one := RunOptions{Jobs: 1, Memory: 1 << 40}
		p.runWith(one)
		order := func() (all []string) {
			for _, address := range p.seen.started {
				all = append(all, strings.TrimSuffix(strings.TrimPrefix(address, "long."), "]"))
			}
			return all
		}
		want := []string{"a[units=3, seed=1", "a[units=3, seed=2", "a[units=2, seed=1", "a[units=2, seed=2", "a[units=1, seed=1", "a[units=1, seed=2", "b"}
		if diff := cmp.Diff(want, order()); diff != "" {
			t.Error(diff)
		}
		// All took 10 seconds; those that are new are expected to take what their cost is worth.
		p.pipeline(strings.NewReplacer(`"a" }`, `"c" }`, "[1, 3, 2]", "[1, 3, 2, 4]").Replace(pipeline))
		p.runWith(one)
		if got := order(); len(got) != 8 || got[0] != "a[units=4, seed=1" || got[2] != "a[units=1, seed=1" {
			t.Errorf("%q", got)
		}
	})
}

// TestSized: what an instance says about its memory stands before its kind's word.
func TestSized(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for memory, most := range map[int64]int{7 << 30: 3, 3 << 30: 1, 1 << 30: 1, 100 << 30: 5} {
			p := newProject(t, `stage "long" "a" {
  matrix = { seed = range(1, 6) }
  text   = "a"
  units  = 2
  seed   = matrix.seed
}
`)
			if _, r := p.runWith(RunOptions{Jobs: 8, Memory: memory}); r.Err != nil || p.seen.most != most {
				t.Errorf("%d GiB: %d at once, want %d; %v", memory>>30, p.seen.most, most, r.Err)
			}
		}
	})
}
