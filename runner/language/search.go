package language

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/gocty"

	"weir/stages"
)

// search is the block of that name in a stage with a matrix: which of its combinations are tried, and for how long.
//
//	search {
//	  method = "halving"   random: a sample of the combinations; halving: a sample, of which the best go on to greater lengths
//	  budget = 81          combinations in the sample
//	  seed   = 1           of the sample
//	  factor = 3           the best third goes on, three times as long
//	  over   = "epochs"    the option that is the length
//	  least  = 2           the smallest length
//	}
type search struct {
	at     hcl.Range
	method string
	budget int
	seed   int
	factor int
	over   string // "": what the stage says
	least  int    // 0: as many rungs as the sample allows
}

// The methods of a search.
const (
	random  = "random"
	halving = "halving"
)

// seedAxis is the dimension that a search does not choose from: a combination has all its seeds.
const seedAxis = "seed"

// searchBlock finds the search block of a stage; nil without one.
func (b *block) searchBlock() *hclsyntax.Block {
	for _, inner := range b.def.Body.Blocks {
		if inner.Type == "search" {
			return inner
		}
	}
	return nil
}

// checkSearch reports what is wrong with the shape of search blocks.
func (l *loader) checkSearch(b *block) bool {
	def := b.searchBlock()
	switch {
	case def == nil:
		return true
	case b.def.Body.Attributes["matrix"] == nil:
		l.fail(def.TypeRange.Ptr(), "a search needs a matrix", "it chooses among the combinations of matrix = { option = [values] }")
		return false
	case len(def.Labels) > 0:
		l.fail(def.LabelRanges[0].Ptr(), `block "search" takes no label`, "write: search { method = \"random\" ... }")
		return false
	case len(def.Body.Blocks) > 0:
		l.fail(def.Body.Blocks[0].TypeRange.Ptr(), "unknown block "+quote(def.Body.Blocks[0].Type), "a search has options only")
		return false
	}
	for _, inner := range b.def.Body.Blocks {
		if inner.Type == "search" && inner != def {
			l.fail(inner.TypeRange.Ptr(), `a second block "search"`, "there is one already in line "+line(def.TypeRange))
			return false
		}
	}
	return true
}

// readSearch reads the search block of a stage for one key of for_each; nil without one. Its mistakes are told once for all keys.
func (l *loader) readSearch(b *block, ctx *hcl.EvalContext) (*search, bool) {
	def := b.searchBlock()
	if def == nil {
		return nil, true
	}
	s := &search{at: def.TypeRange, seed: 1, factor: 3}
	ok := true
	for _, a := range sortedAttributes(def.Body) {
		if b.bad[a.Expr] || !l.searchOption(s, a, ctx) {
			ok = false
		}
	}
	return s, l.completeSearch(s, def.Body) && ok
}

// searchOption sets one option of a search.
func (l *loader) searchOption(s *search, a *hclsyntax.Attribute, ctx *hcl.EvalContext) bool {
	numbers := map[string]struct {
		to    *int
		least int
	}{"budget": {&s.budget, 1}, "seed": {&s.seed, math.MinInt}, "factor": {&s.factor, 2}, "least": {&s.least, 1}}
	texts := map[string]*string{"method": &s.method, "over": &s.over}
	number, isNumber := numbers[a.Name]
	text, isText := texts[a.Name]
	if !isNumber && !isText {
		names := []string{"method", "budget", "seed", "factor", "over", "least"}
		l.failOnce(a.NameRange, "unknown option "+quote(a.Name), SuggestOr(a.Name, names, "a search has the options "+strings.Join(names, ", ")))
		return false
	}
	val := l.evaluate(a.Expr, ctx)
	if val == cty.DynamicVal {
		return false
	}
	problem := ""
	switch {
	case isText && (val.Type() != cty.String || gocty.FromCtyValue(val, text) != nil):
		problem = "expected text, got " + shown(val)
	case isText:
	case val.Type() != cty.Number || gocty.FromCtyValue(val, number.to) != nil:
		problem = "expected a whole number, got " + shown(val)
	case *number.to < number.least:
		problem = fmt.Sprintf("%d, expected at least %d", *number.to, number.least)
	}
	if problem != "" {
		l.failOnce(a.Expr.Range(), fmt.Sprintf("option %q: %s", "search."+a.Name, problem), "")
	}
	return problem == ""
}

// completeSearch reports what a search lacks, and what does not fit its method.
func (l *loader) completeSearch(s *search, body *hclsyntax.Body) bool {
	ok := true
	fail := func(at hcl.Range, summary, detail string) {
		ok = false
		l.failOnce(at, summary, detail)
	}
	for _, name := range []string{"method", "budget"} {
		if body.Attributes[name] == nil {
			fail(s.at, fmt.Sprintf("a search needs the option %q", name), `write: search { method = "random", budget = 40, seed = 1 }, one option in a line`)
		}
	}
	if s.method != "" && s.method != random && s.method != halving {
		fail(body.Attributes["method"].Expr.Range(), "unknown method of search "+quote(s.method), Suggest(s.method, []string{random, halving}))
	}
	for _, name := range []string{"factor", "over", "least"} {
		if a := body.Attributes[name]; a != nil && s.method == random {
			fail(a.Expr.Range(), fmt.Sprintf("option %q is for halving", "search."+name), `with method = "random" every combination has its whole length`)
		}
	}
	return ok
}

// failOnce reports a mistake that every instance would repeat.
func (l *loader) failOnce(at hcl.Range, summary, detail string) {
	key := said{at, summary}
	if l.said[key] || len(l.said) >= maxSaid {
		return
	}
	l.said[key] = true
	l.fail(&at, summary, detail)
}

// candidate is what a search chooses: a combination with all its seeds.
type candidate struct {
	rank  [sha256.Size]byte
	seeds []combination
}

// sample chooses budget candidates of a matrix, in the order of the matrix: those whose rank is the smallest.
//
// A rank is the SHA-256 of the seed and of the candidate's dimensions by name, but for those of one value. So a sample is without replacement, every subset of its size is equally
// likely, and it depends on neither the order of dimensions nor that of values; a greater budget has all that a smaller one has, and a value that is added to
// a dimension leaves most as they were.
func (s *search) sample(combinations []combination) []candidate {
	var all []candidate
	at := map[string]int{}
	labels := map[string]int{} // in how many combinations each is
	for _, c := range combinations {
		for _, label := range c.labels {
			labels[label]++
		}
	}
	for _, c := range combinations {
		axes := slices.DeleteFunc(slices.Clone(c.labels), func(label string) bool {
			return strings.HasPrefix(label, seedAxis+"=") || labels[label] == len(combinations)
		})
		slices.Sort(axes)
		text := binary.AppendVarint([]byte("weir search 1\n"), int64(s.seed))
		for _, axis := range axes {
			text = append(binary.AppendUvarint(text, uint64(len(axis))), axis...)
		}
		i, ok := at[string(text)]
		if !ok {
			i = len(all)
			at[string(text)] = i
			all = append(all, candidate{rank: sha256.Sum256(text)})
		}
		all[i].seeds = append(all[i].seeds, c)
	}
	if s.budget >= len(all) {
		return all
	}
	ranks := make([]string, len(all))
	for i := range all {
		ranks[i] = string(all[i].rank[:])
	}
	slices.Sort(ranks)
	last := ranks[s.budget-1]
	return slices.DeleteFunc(all, func(c candidate) bool { return string(c.rank[:]) > last })
}

// rungs are the rounds of a halving over n candidates up to the length full: how long each is and how many take part.
//
// Without least, each round is factor times as long as the one before, the last one full, and there are as many as it takes until one candidate is left
// (or the first length would be below 1). With least the lengths count up from there, and who is the only one left goes to the full length at once.
func rungs(n, factor, full, least int) (lengths, sizes []int) {
	for sizes = []int{n}; n > 1; sizes = append(sizes, n) {
		n = max(1, n/factor)
	}
	if least == 0 {
		lengths = []int{full}
		for length := full / factor; length >= 1 && len(lengths) < len(sizes); length /= factor {
			lengths = append(lengths, length)
		}
		slices.Reverse(lengths)
	} else {
		for length := least; length < full && len(lengths) < len(sizes)-1; {
			lengths = append(lengths, length)
			if length > full/factor {
				break
			}
			length *= factor
		}
		lengths = append(lengths, full)
	}
	return lengths, sizes[:len(lengths)]
}

// trials makes the instances of one key's matrix.
type trials struct {
	*loader
	b      *block
	prefix []string                        // the key, in an address
	around func(combination) *surroundings // what the expressions of a combination's instance see
}

func (t *trials) address(c combination, more ...string) string {
	return t.b.id() + "[" + strings.Join(slices.Concat(t.prefix, c.labels, more), ", ") + "]"
}

// make makes what the search wants, or all without one, and returns what a reference means.
func (t *trials) make(s *search, combinations []combination) ([]cty.Value, bool) {
	chosen := combinations
	switch {
	case s == nil:
	case s.method == halving:
		return t.halve(s, combinations)
	default:
		chosen = nil
		for _, c := range s.sample(combinations) {
			chosen = append(chosen, c.seeds...)
		}
	}
	if !t.room(t.b, len(t.instances)+len(chosen)) {
		return nil, false
	}
	values := make([]cty.Value, 0, len(chosen))
	for _, c := range chosen {
		values = append(values, t.instantiate(t.b, t.address(c), t.around(c), nil))
	}
	return values, true
}

// halve makes the rounds of a search by halving, and returns the last one.
func (t *trials) halve(s *search, combinations []combination) (values []cty.Value, ok bool) {
	candidates := s.sample(combinations)
	if len(candidates) == 0 {
		return nil, true
	}
	over, full, ok := t.wholeLength(t.b, s, t.around(candidates[0].seeds[0]))
	if !ok {
		return nil, false
	}
	if single(combinations, over) { // the rung's length stands for its one label
		for i := range candidates {
			for j := range candidates[i].seeds {
				c := &candidates[i].seeds[j]
				c.labels = slices.DeleteFunc(slices.Clone(c.labels), func(label string) bool { return strings.HasPrefix(label, over+"=") })
			}
		}
	}
	lengths, sizes := rungs(len(candidates), s.factor, full, s.least)
	var before *Rung
	for i, length := range lengths {
		rung := &Rung{Option: over, Length: length, Combinations: make([][]int, len(candidates)), Of: sizes[i]}
		if i+1 < len(sizes) {
			rung.Next = sizes[i+1]
		}
		values = values[:0]
		for at, c := range candidates {
			if !t.room(t.b, len(t.instances)+len(c.seeds)) {
				return nil, false
			}
			for _, one := range c.seeds {
				rung.Combinations[at] = append(rung.Combinations[at], len(t.instances))
				values = append(values, t.instantiate(t.b, t.address(one, fmt.Sprintf("%s=%d", over, length)), t.around(one), func(d *decoder) {
					d.shorten(s, over, full, length)
					if before != nil {
						d.in.Gate = &Gate{Rung: before, Combination: at}
					}
				}))
			}
		}
		before = rung
	}
	return values, true
}

// single says that a dimension has one value only.
func single(combinations []combination, dimension string) bool {
	is := func(label string) bool { return strings.HasPrefix(label, dimension+"=") }
	for _, c := range combinations {
		i, first := slices.IndexFunc(c.labels, is), slices.IndexFunc(combinations[0].labels, is)
		if i < 0 || c.labels[i] != combinations[0].labels[first] {
			return false
		}
	}
	return true
}

// wholeLength finds the option over which a search halves, and its value in one instance, which is made for that only.
func (l *loader) wholeLength(b *block, s *search, around *surroundings) (over string, full int, ok bool) {
	n := len(l.instances)
	l.instantiate(b, b.id(), around, func(d *decoder) {
		if d.failed {
			return
		}
		over = s.over
		if over == "" {
			over = d.lengthOption()
		}
		f := stages.FieldByName(b.fields, over)
		switch {
		case over == "":
			l.failOnce(s.at, "halving needs a length, and "+b.id()+" has none", "over = \"OPTION\" says which option is its length")
		case f == nil:
			l.failOnce(s.at, "option \"search.over\": "+b.kind+" has no option "+quote(over), "`weir help "+b.kind+"` lists the options")
		case f.Class != stages.Option || f.Type.Kind() != reflect.Int && f.Type.Kind() != reflect.Int64:
			l.failOnce(s.at, "option \"search.over\": "+over+" is no whole number", "halving is over an option that counts, such as epochs")
		default:
			full = int(f.Of(reflect.ValueOf(d.in.Stage).Elem()).Int())
			ok = true
		}
	})
	l.instances = l.instances[:n]
	if ok && full < 1 {
		l.failOnce(s.at, fmt.Sprintf("halving needs a length, and %s is %d", over, full), "")
		ok = false
	}
	if ok && s.least >= full && full > 1 {
		l.failOnce(s.at, fmt.Sprintf("option \"search.least\": %d is not smaller than the whole length, %s = %d", s.least, over, full), "")
		ok = false
	}
	return over, full, ok
}

// lengthOption is the option that says how long the instance's work goes on; "" when it has none.
func (d *decoder) lengthOption() string {
	if lengthy, ok := d.in.Stage.(stages.Lengthy); ok {
		option, _ := lengthy.Length()
		return option
	}
	return ""
}

// shorten gives an instance of a rung its length.
func (d *decoder) shorten(s *search, over string, full, length int) {
	if d.failed {
		return
	}
	f := stages.FieldByName(d.b.fields, over)
	target := f.Of(reflect.ValueOf(d.in.Stage).Elem())
	switch {
	case s.over == "" && d.lengthOption() != over:
		d.fail(s.at, "halving needs a length in every combination", d.in.Address+" has none; give it a stage of its own")
	case int(target.Int()) != full:
		d.fail(s.at, "halving needs the same whole length in every combination", fmt.Sprintf("%s is %d in one and %d in another; take it out of the matrix", over, full, target.Int()))
	}
	target.SetInt(int64(length))
}
