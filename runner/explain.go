package runner

import (
	"time"

	"weir/artifacts"
)

// Step is the step of an instance; nil when the plan does not want it.
func (p *Plan) Step(instance int) *Step { return p.byIndex[instance] }

// Estimate is how many seconds the pending steps would take, by what they took last time; 0 when nothing is known.
func (p *Plan) Estimate(jobs int) float64 {
	var sum, longest float64
	for _, s := range p.Steps {
		sum += s.Seconds * s.Share()
		if pending(s) {
			longest = max(longest, s.Seconds)
		}
	}
	return max(longest, sum/float64(jobs))
}

// maxAsked is how many of the last steps are asked for what they found: each has a record to read.
const maxAsked = 300

// Findings are the first sentences that the last step with any to say found.
func (p *Project) Findings(plan *Plan, most int) []string {
	for i := len(plan.Steps) - 1; i >= max(0, len(plan.Steps)-maxAsked); i-- {
		s := plan.Steps[i]
		if s.Status != Cached {
			continue
		}
		if r, err := p.Store.Record(s.Action); err == nil && len(r.Findings) > 0 {
			return r.Findings[:min(most, len(r.Findings))]
		}
	}
	return nil
}

// Remember notes what the plan's cached steps are, for explanations, and keeps what was verified. Failing to is no failure of a run.
func (p *Project) Remember(plan *Plan) {
	h := plan.history
	for _, s := range plan.Steps {
		if s.Status == Cached {
			h.done(s.Address, s.Action)
		}
	}
	if err := h.save(time.Now(), true); err != nil {
		p.Log.Warn("history not kept", "error", err)
	}
	if err := p.Store.Save(); err != nil {
		p.Log.Warn("index not kept", "error", err)
	}
}

// Last is the action that an address had when it last succeeded and when it was last tried; zero where it never was.
func (p *Project) Last(experiment, address string) (done, tried artifacts.ActionID) {
	h := p.readHistory(experiment)
	done, tried = h.actions[address], h.actions[address]
	if t, ok := h.attempts[address]; ok {
		tried = t
	}
	return done, tried
}
