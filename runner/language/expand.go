package language

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// dimension is one axis of a matrix: its values and how an address shows them.
type dimension struct {
	name   string
	labels []string // "20", "\"long\""
	values []cty.Value
}

// combination is one point of a matrix.
type combination struct {
	labels []string // name=label
	value  cty.Value
}

// expand makes the instances of a block and its value. When for_each or matrix cannot be evaluated, that was reported and
// the value stays unknown, so that what refers to it says nothing more.
func (l *loader) expand(b *block) {
	if !b.known {
		return
	}
	root := l.context()
	root.Variables["stage"] = l.stageValues(b)
	keys, values, ok := l.forEach(b, root)
	if !ok {
		return
	}
	if !l.checkSearch(b) {
		return
	}
	var perKey []cty.Value
	hasMatrix := b.def.Body.Attributes["matrix"] != nil
	for i := range values {
		outer := &surroundings{block: root, keyed: keys != nil, value: values[i]}
		address := b.id()
		if keys != nil {
			outer.key = keys[i]
			address += "[" + quote(keys[i]) + "]"
		}
		if !hasMatrix {
			if !l.room(b, len(l.instances)+1) {
				return
			}
			perKey = append(perKey, l.instantiate(b, address, outer, nil))
			continue
		}
		combinations, ok := l.matrix(b, outer.context())
		search, right := l.readSearch(b, outer.context())
		if !ok || !right {
			return
		}
		var prefix []string
		if keys != nil {
			prefix = []string{quote(keys[i])}
		}
		t := &trials{loader: l, b: b, prefix: prefix, around: func(c combination) *surroundings {
			return &surroundings{block: root, keyed: outer.keyed, key: outer.key, value: outer.value, matrix: c.value}
		}}
		made, ok := t.make(search, combinations)
		if !ok {
			return
		}
		perKey = append(perKey, cty.TupleVal(made))
	}
	b.value = together(keys, perKey)
}

// room says whether the expansion still fits.
func (l *loader) room(b *block, n int) bool {
	if n <= MaxInstances {
		return true
	}
	l.fail(b.def.TypeRange.Ptr(), "the expansion is too large", fmt.Sprintf("with %s there are more than %d instances", b.id(), MaxInstances))
	return false
}

// together makes what stage.KIND.NAME evaluates to: the only instance, or a map of instances by key.
func together(keys []string, perKey []cty.Value) cty.Value {
	if keys == nil {
		return perKey[0]
	}
	if len(keys) == 0 {
		return cty.EmptyObjectVal
	}
	byKey := make(map[string]cty.Value, len(keys))
	same := true
	for i, k := range keys {
		byKey[k] = perKey[i]
		same = same && perKey[i].Type().Equals(perKey[0].Type())
	}
	if same {
		return cty.MapVal(byKey)
	}
	return cty.ObjectVal(byKey)
}

// stageValues is the value of `stage` for a block: what it needs, by kind and name.
func (l *loader) stageValues(b *block) cty.Value {
	return stageObject(func(yield func(*block)) {
		for _, r := range b.needs {
			yield(r.to)
		}
	})
}

func stageObject(each func(func(*block))) cty.Value {
	kinds := map[string]map[string]cty.Value{}
	each(func(b *block) {
		if kinds[b.kind] == nil {
			kinds[b.kind] = map[string]cty.Value{}
		}
		kinds[b.kind][b.name] = b.value
	})
	values := map[string]cty.Value{}
	for kind, names := range kinds {
		values[kind] = cty.ObjectVal(names)
	}
	return object(values)
}

// forEach evaluates for_each: keys in byte order and the value of each. Without for_each there is one value and no keys.
func (l *loader) forEach(b *block, ctx *hcl.EvalContext) (keys []string, values []cty.Value, ok bool) {
	attr := b.def.Body.Attributes["for_each"]
	if attr == nil {
		return nil, []cty.Value{cty.NilVal}, true
	}
	if b.bad[attr.Expr] {
		return nil, nil, false
	}
	val := l.evaluate(attr.Expr, ctx)
	if val == cty.DynamicVal {
		return nil, nil, false
	}
	at := attr.Expr.Range().Ptr()
	t := val.Type()
	switch {
	case val.IsNull(), !t.IsMapType() && !t.IsObjectType() && !t.IsSetType() && !t.IsListType() && !t.IsTupleType():
		l.fail(at, "for_each takes a map, or a list of names", "this is "+t.FriendlyName())
		return nil, nil, false
	case val.LengthInt() > MaxInstances:
		l.room(b, val.LengthInt())
		return nil, nil, false
	}
	keys = []string{}
	byKey := map[string]cty.Value{}
	named := t.IsMapType() || t.IsObjectType()
	for it := val.ElementIterator(); it.Next(); {
		k, v := it.Element()
		if !named {
			k = v
		}
		if k.IsNull() || k.Type() != cty.String {
			l.fail(at, "for_each takes a map, or a list of names", "one of the names is "+k.Type().FriendlyName())
			return nil, nil, false
		}
		key := k.AsString()
		if strings.Contains(key, "\x00") {
			l.fail(at, "for_each takes a map, or a list of names", "an output of a stage is no name; write a map: { name = output }")
			return nil, nil, false
		}
		if _, twice := byKey[key]; twice {
			l.fail(at, "for_each has "+quote(key)+" twice", "every instance needs a name of its own")
			return nil, nil, false
		}
		byKey[key] = v
		keys = append(keys, key)
	}
	if !slices.IsSorted(keys) {
		slices.Sort(keys)
	}
	for _, k := range keys {
		values = append(values, byKey[k])
	}
	return keys, values, true
}

// matrix evaluates matrix = { dimension = [values] or { label = value }, exclude = [{...}] } to its product; the last dimension runs fastest.
func (l *loader) matrix(b *block, ctx *hcl.EvalContext) ([]combination, bool) {
	attr := b.def.Body.Attributes["matrix"]
	if b.bad[attr.Expr] {
		return nil, false
	}
	val := l.evaluate(attr.Expr, ctx)
	if val == cty.DynamicVal {
		return nil, false
	}
	at := attr.Expr.Range().Ptr()
	if val.IsNull() || !val.Type().IsObjectType() && !val.Type().IsMapType() {
		l.fail(at, "matrix takes { dimension = [values] }", "this is "+val.Type().FriendlyName())
		return nil, false
	}
	members := val.AsValueMap()
	names := dimensionNames(attr.Expr)
	if names == nil {
		for name := range members {
			names = append(names, name)
		}
		slices.Sort(names)
	}
	var dims []dimension
	total := 1
	for _, name := range names {
		if name == "exclude" {
			continue
		}
		d, problem := readDimension(name, members[name])
		if problem != "" {
			l.fail(at, "matrix: "+name+" "+problem, "a dimension is a list of values, or a map from a label to a value")
			return nil, false
		}
		dims = append(dims, d)
		if total *= len(d.values); total > MaxInstances {
			return nil, l.room(b, total)
		}
	}
	excluded, problem := readExclude(members["exclude"], dims)
	if problem != "" {
		l.fail(at, "matrix: exclude "+problem, "exclude is a list of { dimension = value } whose combinations are left out")
		return nil, false
	}
	var all []combination
	pick := make([]int, len(dims))
	for n := range total {
		for i, rest := len(dims)-1, n; i >= 0; i-- {
			pick[i] = rest % len(dims[i].values)
			rest /= len(dims[i].values)
		}
		if slices.ContainsFunc(excluded, func(e map[int]map[int]bool) bool { return matches(e, pick) }) {
			continue
		}
		c := combination{}
		point := map[string]cty.Value{}
		for i, d := range dims {
			point[d.name] = d.values[pick[i]]
			c.labels = append(c.labels, d.name+"="+d.labels[pick[i]])
		}
		c.value = object(point)
		all = append(all, c)
	}
	return all, true
}

// dimensionNames are the keys of an object expression in the order they are written; nil when they are computed.
func dimensionNames(expr hclsyntax.Expression) []string {
	obj, ok := expr.(*hclsyntax.ObjectConsExpr)
	if !ok {
		return nil
	}
	var names []string
	for _, item := range obj.Items {
		key, diags := item.KeyExpr.Value(nil)
		if diags.HasErrors() || key.IsNull() || !key.IsKnown() || key.Type() != cty.String {
			return nil
		}
		names = append(names, key.AsString())
	}
	return names
}

func readDimension(name string, val cty.Value) (d dimension, problem string) {
	d.name = name
	t := val.Type()
	if val.IsNull() || !t.IsMapType() && !t.IsObjectType() && !t.IsListType() && !t.IsTupleType() && !t.IsSetType() {
		return d, "is " + t.FriendlyName()
	}
	if val.LengthInt() == 0 {
		return d, "is empty"
	}
	if val.LengthInt() > MaxInstances {
		return d, "is too long"
	}
	seen := map[string]bool{}
	for it := val.ElementIterator(); it.Next(); {
		k, v := it.Element()
		label := ""
		switch {
		case t.IsMapType() || t.IsObjectType():
			if label = quote(k.AsString()); strings.Contains(k.AsString(), "\x00") {
				return d, "has an output of a stage as a label"
			}
		case v.Type() == cty.String && !v.IsNull() && !strings.Contains(v.AsString(), "\x00"):
			label = quote(v.AsString())
		case v.Type() == cty.Number && !v.IsNull():
			label = v.AsBigFloat().Text('g', -1)
		case v.Type() == cty.Bool && !v.IsNull():
			label = fmt.Sprint(v.True())
		default:
			return d, "has a value without a name; write a map: { label = value }"
		}
		if seen[label] {
			return d, "has " + label + " twice"
		}
		seen[label] = true
		d.labels = append(d.labels, label)
		d.values = append(d.values, v)
	}
	return d, ""
}

// readExclude turns exclude into, for each entry, the positions that it names in each dimension.
func readExclude(val cty.Value, dims []dimension) ([]map[int]map[int]bool, string) {
	if val == cty.NilVal || val.IsNull() {
		return nil, ""
	}
	if t := val.Type(); !t.IsTupleType() && !t.IsListType() {
		return nil, "is " + t.FriendlyName()
	}
	var all []map[int]map[int]bool
	for it := val.ElementIterator(); it.Next(); {
		_, entry := it.Element()
		if t := entry.Type(); entry.IsNull() || !t.IsObjectType() && !t.IsMapType() {
			return nil, "holds " + t.FriendlyName()
		}
		positions := map[int]map[int]bool{}
		for name, want := range entry.AsValueMap() {
			i := slices.IndexFunc(dims, func(d dimension) bool { return d.name == name })
			if i < 0 {
				return nil, "names " + quote(name) + ", which is no dimension"
			}
			positions[i] = map[int]bool{}
			for j, v := range dims[i].values {
				if same(v, want) || want.Type() == cty.String && !want.IsNull() && dims[i].labels[j] == quote(want.AsString()) {
					positions[i][j] = true
				}
			}
			if len(positions[i]) == 0 {
				return nil, "names a value that " + quote(name) + " does not have"
			}
		}
		all = append(all, positions)
	}
	return all, ""
}

func matches(e map[int]map[int]bool, pick []int) bool {
	for i, js := range e {
		if !js[pick[i]] {
			return false
		}
	}
	return true
}

func same(a, b cty.Value) bool {
	if !a.Type().Equals(b.Type()) {
		return false
	}
	return a.RawEquals(b)
}

// readResults reads results { files = { path = output } }. A null output is left out.
func (l *loader) readResults() []Result {
	if l.results == nil {
		return nil
	}
	for _, a := range sortedAttributes(l.results.Body) {
		if a.Name != "files" {
			l.fail(a.NameRange.Ptr(), "unknown option "+quote(a.Name), Suggest(a.Name, []string{"files"}))
		}
	}
	attr := l.results.Body.Attributes["files"]
	if attr == nil || !l.checkNames(attr.Expr, scope{stages: true}) || l.diags.HasErrors() {
		return nil
	}
	ctx := l.context()
	ctx.Variables["stage"] = stageObject(func(yield func(*block)) {
		for _, b := range l.blocks {
			yield(b)
		}
	})
	val := l.evaluate(attr.Expr, ctx)
	if val == cty.DynamicVal {
		return nil
	}
	if t := val.Type(); !t.IsObjectType() && !t.IsMapType() {
		l.fail(attr.Expr.Range().Ptr(), "files takes { path = output }", "this is "+t.FriendlyName())
		return nil
	}
	var results []Result
	for it := val.ElementIterator(); it.Next(); {
		k, v := it.Element()
		if v.IsNull() {
			continue
		}
		path := k.AsString()
		if !validPath(path) {
			l.fail(attr.Expr.Range().Ptr(), "results: "+quote(path)+" is no path inside the results folder", "")
			continue
		}
		ref, problem := l.reference(v)
		if problem != "" {
			l.fail(attr.Expr.Range().Ptr(), "results: "+quote(path)+" takes an output of a stage", problem)
			continue
		}
		results = append(results, Result{Path: path, Ref: ref})
	}
	for i := 1; i < len(results); i++ {
		if strings.HasPrefix(results[i].Path, results[i-1].Path+"/") {
			l.fail(attr.Expr.Range().Ptr(), "two stages write one thing", fmt.Sprintf("%q lies inside %q", results[i].Path, results[i-1].Path))
		}
	}
	return results
}

func validPath(p string) bool {
	if p == "" || strings.ContainsAny(p, "\\\x00\n") {
		return false
	}
	for part := range strings.SplitSeq(p, "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	return true
}
