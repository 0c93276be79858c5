package runner

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"weir/runner/language"
	"weir/stages"
)

// queue says which step starts next. A step is ready when all that it waits for ended: what it needs must have ended well, what it only comes
// after (a shorter length of the same work, the rung before in a search) may have failed.
//
// Ready steps start in the order of the pipeline; those of one stage by the time that they are expected to take, the longest first, so that it is
// not a long one that all wait for at the end.
type queue struct {
	plan       *Plan
	waits      map[*Step]int     // how many steps and rungs it still waits for
	dependents map[*Step][]*Step // who needs it
	after      map[*Step][]*Step // who comes after it
	rungs      map[*Step]*rung   // the rung that it is part of, when steps wait for that
	expected   map[*Step]float64 // what it takes; seconds where they are known
	ready      []*Step           // in the order of starting
	blocked    map[*Step]*Step   // not started because of the failed step
	wanted     map[*Step]bool    // what goes on after a failure: the failed stage's other instances, and what they need
	failing    map[int]bool      // stages of which an instance failed, by the index of their first one
}

// rung is one round of a search, as far as steps wait for its end.
type rung struct {
	waits int
	gated []*Step
}

func pending(s *Step) bool { return s.Status == ToRun || s.Status == MayRun }

func newQueue(plan *Plan) *queue {
	q := &queue{
		plan: plan, waits: map[*Step]int{}, dependents: map[*Step][]*Step{}, after: map[*Step][]*Step{}, rungs: map[*Step]*rung{}, expected: map[*Step]float64{},
		blocked: map[*Step]*Step{}, wanted: map[*Step]bool{}, failing: map[int]bool{},
	}
	rungs := map[*language.Rung]*rung{}
	for _, s := range plan.Steps {
		if !pending(s) {
			continue
		}
		for _, n := range s.Needs {
			if need := plan.byIndex[n]; pending(need) {
				q.waits[s]++
				q.dependents[need] = append(q.dependents[need], s)
			}
		}
		if s.Gate != nil {
			q.gate(s, rungs)
		}
	}
	for block := range plan.stages() {
		q.expect(block)
		q.chain(block)
	}
	for _, s := range plan.Steps {
		if pending(s) && q.waits[s] == 0 {
			q.ready = append(q.ready, s)
		}
	}
	slices.SortFunc(q.ready, q.compare)
	return q
}

// gate makes a step wait for the rung that decides whether it runs.
func (q *queue) gate(s *Step, rungs map[*language.Rung]*rung) {
	r := rungs[s.Gate.Rung]
	if r == nil {
		r = &rung{}
		rungs[s.Gate.Rung] = r
		for i := range s.Gate.Rung.Instances() {
			if before := q.plan.byIndex[i]; pending(before) {
				r.waits++
				q.rungs[before] = r
			}
		}
	}
	if r.waits > 0 {
		q.waits[s]++
		r.gated = append(r.gated, s)
	}
}

// stages yields the steps of each stage, in order.
func (p *Plan) stages() func(yield func([]*Step) bool) {
	return func(yield func([]*Step) bool) {
		for rest := p.Steps; len(rest) > 0; {
			n := 1
			for n < len(rest) && rest[n].stage == rest[0].stage {
				n++
			}
			if !yield(rest[:n]) {
				return
			}
			rest = rest[n:]
		}
	}
}

// expect sets how long the pending steps of a stage are expected to take: as long as last time, or else what the stage estimates, in seconds when
// there is one with both to compare with.
func (q *queue) expect(stage []*Step) {
	var seconds, cost float64
	for _, s := range stage {
		c, ok := s.Stage.(stages.Costly)
		if !ok || !pending(s) {
			continue
		}
		q.expected[s] = c.Cost()
		if s.Seconds > 0 {
			seconds += s.Seconds
			cost += q.expected[s]
		}
	}
	for _, s := range stage {
		switch {
		case !pending(s):
		case s.Seconds > 0:
			q.expected[s] = s.Seconds
		case seconds > 0 && cost > 0:
			q.expected[s] *= seconds / cost
		}
	}
}

// chain makes lengths of one work follow each other, the shortest first: a longer one goes on from its checkpoint. All but the last count as much as
// what comes after them.
func (q *queue) chain(stage []*Step) {
	type lengthy struct {
		step   *Step
		length int
	}
	var works [][]lengthy
	at := map[string]int{} // in works, by what a step is but for its length
	for _, s := range stage {
		l, ok := s.Stage.(stages.Lengthy)
		if !ok || !pending(s) {
			continue
		}
		option, n := l.Length()
		if option == "" {
			continue
		}
		text := s.workText(option)
		i, ok := at[text]
		if !ok {
			i = len(works)
			at[text] = i
			works = append(works, nil)
		}
		works[i] = append(works[i], lengthy{s, n})
	}
	for _, work := range works {
		slices.SortStableFunc(work, func(a, b lengthy) int { return a.length - b.length })
		for i := len(work) - 1; i > 0; i-- {
			before, s := work[i-1].step, work[i].step
			q.waits[s]++
			q.after[before] = append(q.after[before], s)
			q.expected[before] = max(q.expected[before], q.expected[s])
		}
	}
}

// compare orders ready steps.
func (q *queue) compare(a, b *Step) int {
	if a.stage == b.stage {
		switch x, y := q.expected[a], q.expected[b]; {
		case x > y:
			return -1
		case x < y:
			return 1
		}
	}
	return a.Index - b.Index
}

// next takes the first ready step that may start; all of them, or after a failure only what goes on. nil when there is none.
func (q *queue) next(all bool) *Step {
	for i, s := range q.ready {
		if all || q.wanted[s] {
			return q.take(i)
		}
	}
	return nil
}

func (q *queue) take(i int) *Step {
	s := q.ready[i]
	if i == 0 {
		q.ready = q.ready[1:]
	} else {
		q.ready = slices.Delete(q.ready, i, i+1)
	}
	return s
}

// push makes a step ready, also one that was taken and cannot start yet.
func (q *queue) push(s *Step) {
	at, _ := slices.BinarySearchFunc(q.ready, s, q.compare)
	q.ready = slices.Insert(q.ready, at, s)
}

// wait makes a step that was taken need another one.
func (q *queue) wait(s, need *Step) {
	q.waits[s]++
	q.dependents[need] = append(q.dependents[need], s)
}

func (q *queue) release(s *Step) {
	if q.waits[s]--; q.waits[s] == 0 && q.blocked[s] == nil {
		q.push(s)
	}
}

// done releases what needs a step.
func (q *queue) done(s *Step) {
	for _, d := range q.dependents[s] {
		q.release(d)
	}
	q.ended(s)
}

// ended releases what only comes after a step, however it ended.
func (q *queue) ended(s *Step) {
	for _, d := range q.after[s] {
		q.release(d)
	}
	r := q.rungs[s]
	if r == nil {
		return
	}
	if r.waits--; r.waits == 0 {
		for _, d := range r.gated {
			q.release(d)
		}
	}
}

// failed blocks everything that needs a step. The other instances of its stage go on.
func (q *queue) failed(s *Step) {
	q.block(s, s)
	q.ended(s)
	if q.failing[s.stage] {
		return
	}
	q.failing[s.stage] = true
	for block := range q.plan.stages() {
		if block[0].stage == s.stage {
			for _, sibling := range block {
				q.want(sibling)
			}
		}
	}
}

// undecided blocks what a search would choose by a step that another run computes now: without its score the choice would be another one.
func (q *queue) undecided(s, cause *Step) {
	r := q.rungs[s]
	if r == nil {
		return
	}
	for _, d := range r.gated {
		if q.blocked[d] == nil {
			q.blocked[d] = cause
			q.block(d, cause)
			q.undecided(d, cause)
			q.ended(d)
		}
	}
}

func (q *queue) block(s, cause *Step) {
	for _, d := range q.dependents[s] {
		if q.blocked[d] == nil {
			q.blocked[d] = cause
			q.block(d, cause)
			q.ended(d)
		}
	}
}

func (q *queue) want(s *Step) {
	if !pending(s) || q.wanted[s] {
		return
	}
	q.wanted[s] = true
	for _, n := range s.Needs {
		q.want(q.plan.byIndex[n])
	}
}

// workText is what a step is as the pipeline says it, but for the option that is its length.
func (s *Step) workText(length string) string {
	var b strings.Builder
	writeOptions(&b, s.Fields, reflect.ValueOf(s.Stage).Elem(), length)
	for i := range s.Args {
		fmt.Fprintf(&b, "%s=%v\n", s.Args[i].Field, s.Args[i].Value)
	}
	return b.String()
}

func writeOptions(b *strings.Builder, fields []stages.Field, holder reflect.Value, but string) {
	for i := range fields {
		switch f := &fields[i]; {
		case f.Class == stages.Block:
			b.WriteString(f.Name + "{\n")
			writeOptions(b, f.Fields, f.Of(holder), "")
		case (f.Class == stages.Option || f.Class == stages.Label) && f.Name != but:
			fmt.Fprintf(b, "%s=%q\n", f.Name, stages.Text(f.Of(holder)))
		}
	}
}
