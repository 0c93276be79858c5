package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weir/artifacts"
	"weir/runner"
	"weir/runner/language"
	"weir/stages"
)

// step is a step of a plan as the runner tells of it.
func step(index int, address string) *runner.Step {
	name, _, _ := strings.Cut(strings.TrimPrefix(address, "exec."), "[")
	return &runner.Step{
		Instance: &language.Instance{Index: index, Kind: &stages.Kind{Name: "exec"}, Name: name, Address: address},
		Status:   runner.ToRun, Reason: "new", Action: artifacts.ActionID{byte(index)},
	}
}

func done(summary string, took time.Duration) runner.Outcome {
	return runner.Outcome{Record: &artifacts.Record{Summary: summary}, Took: took}
}

// TestPlain is a run without a terminal: a line at the start of what takes long, a line at its end, one for many instances, the countdown after an
// interrupt.
func TestPlain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		plan := &runner.Plan{Steps: []*runner.Step{step(0, "exec.short"), step(1, `exec.long["a"]`), step(2, "exec.stubborn")}}
		for i := range manyInstances {
			plan.Steps = append(plan.Steps, step(3+i, "exec.trial[seed="+string(rune('1'+i))+"]"))
		}
		var out bytes.Buffer
		d := newDisplay(ctx, style{}, &out, groupsOf(plan), nil)
		short, long, stubborn, trials := plan.Steps[0], plan.Steps[1], plan.Steps[2], plan.Steps[3:]
		d.Started(short)
		d.Finished(short, done("7 rows", 20*time.Millisecond))
		long.Reason = "file in.txt changed"
		d.Started(long).Note("not shown")
		time.Sleep(5 * time.Second)
		d.Finished(long, done("", 5*time.Second))
		for _, s := range trials {
			d.Started(s)
			time.Sleep(time.Second)
			d.Finished(s, done("loss 0.1", time.Second))
		}
		p := d.Started(stubborn)
		cancel()
		p.Note("asked to stop (INT), TERM in 5 s") // before the runner says that it stops
		d.Stopping([]*runner.Step{stubborn})
		p.Note("asked to stop (INT), TERM in 4 s")
		d.Finished(stubborn, runner.Outcome{Err: context.Canceled})
		d.close()
		want := `  exec.short      7 rows                                                             0.02 s
  exec.long["a"]  running
  exec.long["a"]  done  (file in.txt changed)                                         5.0 s
  exec.trial      7 instances to run
  exec.trial      7 instances done                                                    7.0 s
interrupted: stopping 1 stage (again to kill)
  exec.stubborn   asked to stop (INT), TERM in 5 s
  exec.stubborn   asked to stop (INT), TERM in 4 s
`
		if got := out.String(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

// TestFailures: the root cause is shown once, with where the whole story is; what needs it is counted.
func TestFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := &runner.Plan{Steps: []*runner.Step{step(0, "exec.bad"), step(1, "exec.needs"), step(2, "exec.same")}}
		var out, events bytes.Buffer
		d := newDisplay(t.Context(), style{}, &out, groupsOf(plan), json.NewEncoder(&events))
		bad, needs, same := plan.Steps[0], plan.Steps[1], plan.Steps[2]
		d.Started(bad)
		d.Finished(bad, runner.Outcome{Err: errors.New("no good"), Took: time.Second})
		d.Finished(needs, runner.Outcome{Cause: bad})
		d.Finished(same, runner.Outcome{Cached: true})
		d.close()
		if want := "failed  exec.bad: no good\n        weir log 'exec.bad'\n"; out.String() != want {
			t.Errorf("%q", out.String())
		}
		if d.blocked != 1 || d.spared != 1 {
			t.Errorf("%d blocked, %d spared", d.blocked, d.spared)
		}
		for i, want := range []string{`"event":"started"`, `"status":"failed"`, `"error":"needs exec.bad"`, `"status":"cached"`} {
			if line := strings.Split(events.String(), "\n")[i]; !strings.Contains(line, want) {
				t.Errorf("%s lacks %s", line, want)
			}
		}
	})
}

// TestBeside: what stands behind a bar.
func TestBeside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisplay(t.Context(), style{}, &bytes.Buffer{}, []*group{{name: "decode.packets", all: 1, work: 1}, {name: "train.lstm", all: 40, work: 40}}, nil)
		defer d.close()
		decode, train := d.groups[0], d.groups[1]
		p := d.begin(decode, "decode.packets", nil)
		d.begin(train, "train.lstm[seed=1]", nil).Note("loss 0.0041")
		p.Total(1000_000, "packets")
		p.Done(250_000)
		train.ended, train.worked = 10, 10
		time.Sleep(10 * time.Second)
		if got := d.beside(decode, decode.at()); got != "25,000 packets/s · 30 s left" {
			t.Error(got)
		}
		if got := d.beside(train, train.at()); got != "10/40 · 1.0/s · 30 s left" {
			t.Error(got)
		}
	})
}

// TestSameWarning: what many instances of a stage warn of is said once, and how often at the end.
func TestSameWarning(t *testing.T) {
	plan := &runner.Plan{}
	for i := range manyInstances {
		plan.Steps = append(plan.Steps, step(i, "exec.trial[seed="+string(rune('1'+i))+"]"))
	}
	var out bytes.Buffer
	d := newDisplay(t.Context(), style{}, &out, groupsOf(plan), nil)
	for i, s := range plan.Steps {
		o := done("", 0)
		o.Record.Warnings = []string{"too short"}
		if i == 2 {
			o.Record.Warnings = []string{"odd"}
		}
		d.Started(s)
		d.Finished(s, o)
	}
	d.close()
	for _, want := range []string{"  warning exec.trial[seed=1]: too short\n", "  warning exec.trial[seed=3]: odd\n", "  warning exec.trial: the same 5 times more\n"} {
		if strings.Count(out.String(), want) != 1 {
			t.Errorf("%q is not once in\n%s", want, out.String())
		}
	}
	if strings.Count(out.String(), "too short") != 1 {
		t.Error(out.String())
	}
}
