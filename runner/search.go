package runner

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"weir/runner/language"
	"weir/stages"
)

// verdict says which combinations of a rung go on to the next one.
type verdict struct {
	chosen []bool // by combination
	ran    int    // how many combinations were compared
	best   int    // how many of them go on
}

// gate decides whether a step that a search chooses among may run: what it waits for is said by pending, why it is left out by left.
//
// A combination is compared by its score, the mean over its seeds in order; one with a step that did not score ranks last, one with a step that failed
// is out. Of equal ones the first in the matrix is better. The choice is no part of the step's key: the step is what it would be written by hand.
func (k *keyer) gate(s *Step) (pending, left string) {
	g := s.Gate
	if g == nil {
		return "", ""
	}
	v, ok := k.verdicts[g.Rung]
	if !ok {
		v = k.judge(g.Rung)
		k.verdicts[g.Rung] = v
	}
	after := fmt.Sprintf("after %d %s", g.Rung.Length, g.Rung.Option)
	if g.Rung.Length == 1 {
		after = strings.TrimSuffix(after, "s")
	}
	switch {
	case v == nil:
		return fmt.Sprintf("if it is among the best %d of %d %s", g.Rung.Next, g.Rung.Of, after), ""
	case v.chosen[g.Combination]:
		return "", ""
	case v.ran == 0:
		return "", "nothing to choose from " + after
	}
	return "", fmt.Sprintf("not among the best %d of %d %s", v.best, v.ran, after)
}

// judge ranks the combinations of a rung; nil while some of its steps are not done.
func (k *keyer) judge(r *language.Rung) *verdict {
	type ranked struct {
		combination int
		score       float64
	}
	var all []ranked
	v := &verdict{chosen: make([]bool, len(r.Combinations))}
	for c, instances := range r.Combinations {
		sum, in := 0.0, true
		for _, i := range instances {
			s := k.plan.byIndex[i]
			switch {
			case s.Status == Cached:
				sum += k.score(s)
			case pending(s) && !k.runs:
				return nil
			default:
				in = false
			}
		}
		if in {
			all = append(all, ranked{c, sum / float64(len(instances))})
		}
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Compare(a.score, b.score) })
	v.ran, v.best = len(all), min(r.Next, len(all))
	for _, one := range all[:v.best] {
		v.chosen[one.combination] = true
	}
	return v
}

// score is what a cached step scored; +Inf when it did not.
func (k *keyer) score(s *Step) float64 {
	r, err := k.p.Store.Record(s.Action)
	if err != nil || r.Score == nil {
		return math.Inf(1)
	}
	return *r.Score
}

// present is an input without the outputs of steps that a search did not choose: items of a list or a map, and words of a command line that name them.
// An input that is one such output stays as it is, and its step is skipped.
func (p *Plan) present(arg language.Argument) language.Argument {
	if !p.searches || !p.some(&arg.Value) || arg.Class == stages.InputFile {
		return arg
	}
	if arg.Class == stages.ArgsList {
		words := arg.Value.Items
		arg.Value.Items = slices.DeleteFunc(slices.Clone(words), func(word language.Value) bool { return p.some(&word) })
		return arg
	}
	arg.Value = p.without(arg.Value)
	return arg
}

// some says that an output in the value belongs to a step that was not chosen.
func (p *Plan) some(v *language.Value) bool {
	if v.Kind == language.Output {
		return p.byIndex[v.Instance].Left
	}
	for i := range v.Items {
		if p.some(&v.Items[i]) {
			return true
		}
	}
	return false
}

// without is a value without what was not chosen; a collection of which nothing stays goes whole, but for the outermost.
func (p *Plan) without(v language.Value) language.Value {
	var items []language.Value
	for _, item := range v.Items {
		if !p.some(&item) {
			items = append(items, item)
			continue
		}
		if item = p.without(item); len(item.Items) > 0 {
			items = append(items, item)
		}
	}
	v.Items = items
	return v
}
