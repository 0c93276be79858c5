package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"weir/artifacts"
	"weir/stages"
)

// Observer is told what happens in a run. Its methods are called one at a time, but for Waiting and the Progress that Started returns.
type Observer interface {
	// Started is called when a step begins; the stage reports to what it returns.
	Started(s *Step) stages.Progress
	// Waiting is called when another run computes the step now.
	Waiting(s *Step)
	// Finished is called once for every step that was not cached when the run began.
	Finished(s *Step, o Outcome)
	// Stopping is called once when the run is interrupted, with the steps that are still active.
	Stopping(active []*Step)
}

// Outcome is how a step ended.
type Outcome struct {
	Record *artifacts.Record // nil unless it ran here to its end
	Cached bool              // its inputs came out as they were, or another run computed it: nothing was done here
	Err    error             // why it failed; context.Canceled when it was interrupted
	Cause  *Step             // the failed step because of which this one was not started
	Took   time.Duration
}

// RunOptions say how to run.
type RunOptions struct {
	Jobs      int   // how many steps at once; at least 1
	Memory    int64 // bytes that running steps may need together, by their kinds' word
	KeepGoing bool  // after a failure go on with what does not need it
	NoWait    bool  // fail with ErrHeld instead of waiting for another run
}

// ErrHeld says that another run computes what this one needs, and waiting was not wanted.
var ErrHeld = errors.New("another run computes it now")

// Result is what a run did.
type Result struct {
	Done    int     // steps that ran here
	Failed  []*Step // steps that failed, in the order of their failing
	Skipped int     // steps that were not started because of a failure or an interrupt
	Err     error   // the first failure, or context.Canceled
}

// run is one run in progress. Only the goroutine of Run touches its fields, but for unkept; workers get a step and send back an outcome.
type run struct {
	p       *Project
	plan    *Plan
	o       RunOptions
	watch   Observer
	k       *keyer
	history *history

	queue    *queue
	active   map[*Step]int64 // memory taken
	unkept   sync.Once       // the person knows that checkpoints are not kept
	finished chan ended
	result   Result
}

type ended struct {
	step *Step
	o    Outcome
}

// Run executes a plan. It returns when nothing runs any more. Results are not handed out yet; see HandOut.
func (p *Project) Run(ctx context.Context, plan *Plan, o RunOptions, watch Observer) *Result {
	began := time.Now()
	p.Store.Sweep()
	o.Jobs = max(1, o.Jobs)
	r := &run{
		p: p, plan: plan, o: o, watch: watch, k: p.keyer(plan), history: plan.history,
		queue: newQueue(plan), active: map[*Step]int64{}, finished: make(chan ended),
	}
	for _, s := range plan.Steps {
		if s.Status == Cached {
			r.history.done(s.Address, s.Action)
		}
	}
	r.k.parts, r.k.runs = true, true
	r.loop(ctx)
	if r.result.Done > 0 {
		p.Store.TrimCheckpoints(maxCheckpoints, began)
	}
	if err := r.history.save(time.Now(), true); err != nil {
		p.Log.Warn("history not kept", "error", err)
	}
	if err := p.Store.Save(); err != nil {
		p.Log.Warn("index not kept", "error", err)
	}
	return &r.result
}

func (r *run) loop(ctx context.Context) {
	done := ctx.Done()
	for {
		r.start(ctx)
		if len(r.active) == 0 {
			break
		}
		select {
		case e := <-r.finished:
			delete(r.active, e.step)
			r.settle(e.step, e.o)
		case <-done:
			done = nil
			var active []*Step
			for _, s := range r.plan.Steps {
				if _, ok := r.active[s]; ok {
					active = append(active, s)
				}
			}
			r.watch.Stopping(active)
		}
	}
	for _, s := range r.plan.Steps {
		if !pending(s) {
			continue
		}
		if cause := r.queue.blocked[s]; cause != nil {
			r.watch.Finished(s, Outcome{Cause: cause})
		}
		r.result.Skipped++
	}
	if ctx.Err() != nil && r.result.Skipped > 0 {
		r.result.Err = context.Canceled
	}
}

// start begins as many ready steps as there is room for. Each is planned again: its inputs may have come out as they were, and then it is settled
// at once; or files of the project that it reads have changed since, and its key must name what it reads. After a failure only the failed stage's
// other instances, and what they need, are started.
func (r *run) start(ctx context.Context) {
	for ctx.Err() == nil {
		s := r.queue.next(r.o.KeepGoing || len(r.result.Failed) == 0)
		if s == nil {
			return
		}
		if o, settled := r.decide(s); settled {
			r.settle(s, o)
			continue
		}
		if twin := r.twin(s); twin != nil { // two stages that are one piece of work
			r.queue.wait(s, twin)
			continue
		}
		need := s.memory()
		var taken int64
		for _, m := range r.active {
			taken += m
		}
		if len(r.active) >= r.o.Jobs || len(r.active) > 0 && taken+need > r.o.Memory {
			r.queue.push(s)
			return
		}
		r.active[s] = need
		r.history.tried(s.Address, s.Action)
		r.history.save(time.Now(), false)
		progress := r.watch.Started(s)
		workers := max(1, r.o.Jobs/min(r.o.Jobs, len(r.active)+len(r.queue.ready)))
		go func() { r.finished <- ended{s, r.do(ctx, s, progress, workers)} }()
	}
}

// memory is what a step may need, in bytes.
func (s *Step) memory() int64 {
	if sized, ok := s.Stage.(stages.Sized); ok {
		if m := sized.Memory(); m > 0 {
			return m
		}
	}
	if s.Kind.Memory > 0 {
		return s.Kind.Memory
	}
	return stages.DefaultMemory
}

// twin is an active step with the same action; nil when there is none.
func (r *run) twin(s *Step) *Step {
	for other := range r.active {
		if other.Action == s.Action {
			return other
		}
	}
	return nil
}

// decide plans a step again whose inputs are known by now.
func (r *run) decide(s *Step) (Outcome, bool) {
	reason, action, seconds := s.Reason, s.Action, s.Seconds
	if diags := r.k.decide(s, r.history.last(s.Address)); diags.HasErrors() {
		s.Status = ToRun
		return Outcome{Err: fmt.Errorf("%s: %s", diags[0].Summary, diags[0].Detail)}, true
	}
	switch s.Status {
	case Cached:
		return Outcome{Cached: true}, true
	case Skipped:
		return Outcome{Cached: true}, true
	}
	if s.Reason == "" || s.Action == action {
		s.Reason = reason
	}
	if s.Seconds == 0 {
		s.Seconds = seconds
	}
	return Outcome{}, false
}

// settle books how a step ended and releases who waited for it.
func (r *run) settle(s *Step, o Outcome) {
	r.watch.Finished(s, o)
	s.Parts, s.read = nil, nil // the record has them
	if o.Err != nil {
		if !errors.Is(o.Err, context.Canceled) {
			r.result.Failed = append(r.result.Failed, s)
			if r.result.Err == nil {
				r.result.Err = o.Err
			}
			if errors.Is(o.Err, ErrHeld) {
				r.queue.undecided(s, s)
			}
			r.queue.failed(s)
		} else {
			r.result.Skipped++
		}
		s.Status = Failed
		return
	}
	if !o.Cached {
		r.result.Done++
	}
	if s.Status != Skipped {
		s.Status = Cached
		r.history.done(s.Address, s.Action)
	}
	r.queue.done(s)
}

// do computes one step under its lock.
func (r *run) do(ctx context.Context, s *Step, progress stages.Progress, workers int) (o Outcome) {
	began := time.Now()
	defer func() { o.Took = time.Since(began) }()
	store := r.p.Store
	waited := false
	lockCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	unlock, err := store.Lock(lockCtx, s.Action, func() {
		waited = true
		if r.o.NoWait {
			cancel()
		}
		r.watch.Waiting(s)
	})
	switch {
	case err != nil && ctx.Err() == nil && r.o.NoWait && waited:
		return Outcome{Err: ErrHeld}
	case err != nil && ctx.Err() != nil:
		return Outcome{Err: context.Canceled}
	case err != nil:
		return Outcome{Err: err}
	}
	defer unlock()
	if outputs, ok, _ := r.k.lookup(s); ok && !s.Forced {
		s.setOutputs(outputs) // another run was faster
		return Outcome{Cached: true}
	}
	record, err := r.compute(ctx, s, progress, workers)
	if err != nil && ctx.Err() != nil {
		err = context.Canceled
	}
	return Outcome{Record: record, Err: err}
}

// compute runs the stage in a folder of its own and keeps what it wrote.
func (r *run) compute(ctx context.Context, s *Step, progress stages.Progress, workers int) (record *artifacts.Record, err error) {
	store := r.p.Store
	work, err := store.Workspace(s.Action)
	if err != nil {
		return nil, err
	}
	defer artifacts.RemoveAll(work)
	out, scratch := filepath.Join(work, "out"), filepath.Join(work, "tmp")
	if err := errors.Join(os.Mkdir(out, 0o777), os.Mkdir(scratch, 0o777)); err != nil {
		return nil, err
	}
	if err := r.fill(s, out); err != nil {
		return nil, err
	}
	log, err := os.Create(store.LogPath(s.Action))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	logger := hclog.New(&hclog.LoggerOptions{Name: s.Address, Output: log, Level: hclog.Debug})
	logger.Info("start", "action", s.Action.String(), "reason", s.Reason)
	env := stages.Quiet(scratch)
	env.Log, env.LogFile, env.Progress, env.Files, env.Pins, env.Workers = logger, log, progress, r.files(s), r.k.pins, workers
	if c := checkpointsOf(store, s); c != nil {
		env.Checkpoints = c.running(work, logger, func(text string) { r.unkept.Do(func() { env.Warn(text) }) })
	}
	if s.Kind.Resumes {
		if env.Unfinished, err = store.Unfinished(s.Action); err != nil {
			return nil, err
		}
	}
	began := time.Now()
	if err := guarded(func() error { return s.Stage.Run(ctx, env) }, logger); err != nil {
		logger.Error("failed", "error", err)
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	err = r.unchanged(s)
	var outputs []artifacts.Output
	if err == nil {
		outputs, err = r.collect(s, out)
	}
	if err != nil {
		logger.Error("failed", "error", err)
		return nil, err
	}
	record = &artifacts.Record{
		Action: s.Action, Stage: s.Address, Parts: s.Parts, Outputs: outputs, Reason: s.Reason,
		Finished: time.Now().UTC().Truncate(time.Second), Seconds: time.Since(began).Seconds(),
	}
	record.Host, _ = os.Hostname()
	record.Summary, record.Findings, record.Warnings = env.Said()
	record.Score = env.Scored()
	if err := store.Commit(record); err != nil {
		return nil, err
	}
	if env.Unfinished != "" {
		artifacts.RemoveAll(env.Unfinished)
	}
	logger.Info("done", "summary", record.Summary, "dur", time.Since(began))
	s.setOutputs(outputs)
	return record, nil
}

// guarded turns a panic of a stage into an error; the stack goes to the log.
func guarded(do func() error, log hclog.Logger) (err error) {
	defer func() {
		if p := recover(); p != nil {
			log.Error("panic", "value", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("a defect in weir: %v; `weir log` has the details, please report it", p)
		}
	}()
	return do()
}
