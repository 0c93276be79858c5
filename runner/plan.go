package runner

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"weir/artifacts"
	"weir/runner/language"
	"weir/stages"
)

// Status is what a run would do with an instance.
type Status uint8

// The states of a step.
const (
	Cached  Status = iota // its outputs are in the store
	ToRun                 // it is not computed, or not any more
	MayRun                // something it needs runs first; whether it runs is decided then
	Skipped               // it cannot run here, and that is no failure (a tool is missing)
	Failed                // it was tried in this run and failed, or was interrupted
)

// String names the status as `weir plan --json` does.
func (s Status) String() string {
	return [...]string{"cached", "run", "may run", "skipped", "failed"}[s]
}

// Step is one instance in a plan.
type Step struct {
	*language.Instance
	Status  Status
	Reason  string // why it runs, or is skipped
	Action  artifacts.ActionID
	Parts   []artifacts.Part            // in a plan with targets, and while it runs
	Outputs map[string]artifacts.Output // likewise, when cached or done
	Seconds float64                     // what it took last time; 0 when unknown
	Forced  bool

	// Left says that a search did not choose it: it is Skipped, and what takes many of its stage's instances goes without it.
	Left bool

	stage   int                // index of the first instance of its stage
	outputs []artifacts.Output // when cached or done
	read    []readFile         // the files of the project that are in its key
}

// readFile is a file of the project that a step reads.
type readFile struct {
	name   string // as in the pipeline
	id     artifacts.OutputID
	listed bool // by the stage itself, see stages.FileReader
}

// Plan is what a run would do.
type Plan struct {
	Experiment *Experiment
	Steps      []*Step // every instance that is wanted, in order; what a step needs comes before it
	byIndex    []*Step // by language.Instance.Index; nil when not wanted
	history    *history
	searches   bool // something in it is chosen by a search
}

// Count is how many steps have the status.
func (p *Plan) Count(s Status) (n int) {
	for _, step := range p.Steps {
		if step.Status == s {
			n++
		}
	}
	return n
}

// Pending is how many steps run or may run; of those that a search chooses among, as many as it will choose.
func (p *Plan) Pending() int {
	n := 0.0
	for _, s := range p.Steps {
		n += s.Share()
	}
	return int(math.Round(n))
}

// Share is 1 for a step that runs or may run, less where a search chooses a part of such steps, and 0 for others.
func (s *Step) Share() float64 {
	switch {
	case !pending(s):
		return 0
	case s.Status == MayRun && s.Gate != nil:
		return float64(s.Gate.Rung.Next) / float64(len(s.Gate.Rung.Combinations))
	}
	return 1
}

// PlanOptions choose what is planned.
type PlanOptions struct {
	Targets []string // addresses, kind.name, or kinds; nothing means everything
	Force   bool     // run the targets although they are cached
}

// Plan decides for every wanted instance. Missing files and unknown targets are diagnostics.
func (p *Project) Plan(e *Experiment, o PlanOptions) (*Plan, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	instances := e.Pipeline.Instances
	wanted, targets, err := choose(instances, o.Targets)
	if err != nil {
		return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: err.Error()}}
	}
	plan := &Plan{Experiment: e, byIndex: make([]*Step, len(instances)), history: p.readHistory(e.Name)}
	k := p.keyer(plan)
	k.parts = len(o.Targets) > 0
	if err := k.pins.load(); err != nil {
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: err.Error(), Detail: "mend or delete the line; a URL without a line is accepted as it is and recorded again"})
	}
	for i, in := range instances {
		if !wanted[i] {
			continue
		}
		s := &Step{Instance: in, Forced: o.Force && targets[i], stage: i}
		if n := len(plan.Steps); n > 0 && plan.Steps[n-1].Kind == in.Kind && plan.Steps[n-1].Name == in.Name {
			s.stage = plan.Steps[n-1].stage
		}
		plan.Steps = append(plan.Steps, s)
		plan.byIndex[i] = s
		plan.searches = plan.searches || in.Gate != nil
		diags = append(diags, k.decide(s, plan.history.last(in.Address))...)
		if !k.parts {
			s.Parts, s.read = nil, nil // a run plans the step again before it starts it
		}
	}
	return plan, diags
}

// choose marks the instances that the targets name, and those they need.
func choose(instances []*language.Instance, targets []string) (wanted, named []bool, err error) {
	wanted, named = make([]bool, len(instances)), make([]bool, len(instances))
	for _, t := range targets {
		found := false
		for i, in := range instances {
			id := in.Kind.Name + "." + in.Name
			if t == in.Address || t == id || t == in.Kind.Name || strings.HasPrefix(in.Address, strings.TrimSuffix(t, "]")+",") && strings.HasSuffix(t, "]") {
				named[i], found = true, true
			}
		}
		if !found {
			return nil, nil, fmt.Errorf("no stage %s; `weir plan --all` lists them", t)
		}
	}
	rungs := map[*language.Rung]bool{}
	for i := len(instances) - 1; i >= 0; i-- {
		if len(targets) == 0 {
			named[i] = true
		}
		if wanted[i] = wanted[i] || named[i]; wanted[i] {
			for _, n := range instances[i].Needs {
				wanted[n] = true
			}
			if g := instances[i].Gate; g != nil && !rungs[g.Rung] {
				rungs[g.Rung] = true
				for n := range g.Rung.Instances() {
					wanted[n] = true
				}
			}
		}
	}
	return wanted, named, nil
}

// keyer computes the keys of a plan's steps.
type keyer struct {
	p     *Project
	plan  *Plan
	pins  *pins
	words map[wordKey]string // names of parts
	tools map[string]artifacts.OutputID
	key   artifacts.Key // of the step at hand
	parts bool          // keep the parts of steps: those of 10,000 would be a third of the memory
	runs  bool          // what is still pending when a step is planned again will not run: something failed

	verdicts map[*language.Rung]*verdict
}

func (p *Project) keyer(plan *Plan) *keyer {
	return &keyer{p: p, plan: plan, pins: p.pins(), words: map[wordKey]string{}, tools: map[string]artifacts.OutputID{}, verdicts: map[*language.Rung]*verdict{}}
}

// decide sets the step's status and reason. last is the action that the address had when it last ran, or zero.
func (k *keyer) decide(s *Step, last artifacts.ActionID) hcl.Diagnostics {
	pending, skip, diags := k.fill(s)
	if diags.HasErrors() {
		return diags
	}
	if skip != "" {
		s.Status, s.Reason = Skipped, skip
		return nil
	}
	gated, left := k.gate(s)
	if s.Left = left != ""; s.Left {
		s.Status, s.Reason = Skipped, left
		return nil
	}
	if gated != "" {
		s.Status, s.Reason = MayRun, gated
		return nil
	}
	if len(pending) > 0 {
		s.Parts = k.key.Parts()
		s.Status = MayRun
		s.Reason = k.reason(s, last, pending)
		return nil
	}
	s.Action = k.key.ID()
	outputs, ok, why := k.lookup(s)
	if ok && !s.Forced {
		s.outputs = outputs
		s.Status = Cached
		if k.parts {
			s.Parts = k.key.Parts()
			s.setOutputs(outputs)
		}
		return nil
	}
	s.Parts = k.key.Parts()
	s.Status = ToRun
	switch {
	case s.Forced && ok:
		s.Reason = "forced"
	case why != "":
		s.Reason = why
	default:
		s.Reason = k.reason(s, last, nil)
	}
	s.Reason += k.from(s)
	return nil
}

// lookup finds the outputs of a step in the store, and all that the kind says it has.
func (k *keyer) lookup(s *Step) (outputs []artifacts.Output, ok bool, why string) {
	outputs, ok, why = k.p.Store.Lookup(s.Action)
	if !ok {
		return nil, false, why
	}
	for i := range s.Instance.Outputs {
		field := &s.Instance.Outputs[i]
		there := slices.ContainsFunc(outputs, func(o artifacts.Output) bool { return o.Name == field.Name && o.Dir == field.Dir })
		if !there && !field.Optional {
			return nil, false, "output " + field.Name + " is not in its record"
		}
	}
	if k.repinned(s, outputs, &why) {
		return nil, false, why
	}
	return outputs, true, ""
}

// output finds an output by name.
func (s *Step) output(name string) (*artifacts.Output, bool) {
	for i := range s.outputs {
		if s.outputs[i].Name == name {
			return &s.outputs[i], true
		}
	}
	return nil, false
}

func (s *Step) setOutputs(outputs []artifacts.Output) {
	s.outputs = outputs
	s.Outputs = make(map[string]artifacts.Output, len(outputs))
	for _, o := range outputs {
		s.Outputs[o.Name] = o
	}
}

// repinned says whether weir.lock names another digest than the cached output has, or none any more: who deletes the line wants what the URL
// holds now.
func (k *keyer) repinned(s *Step, outputs []artifacts.Output, why *string) bool {
	pinner, ok := s.Stage.(stages.Pinner)
	if !ok || len(outputs) == 0 || pinner.PinURL() == "" {
		return false
	}
	digest, pinned := k.pins.Pin(pinner.PinURL())
	switch {
	case !pinned:
		*why = "weir.lock has no line for its URL"
	case digest != outputs[0].ID.String():
		*why = "weir.lock names another digest"
	default:
		return false
	}
	return true
}
