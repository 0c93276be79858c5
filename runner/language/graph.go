package language

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"weir/stages"
)

// block is one stage block before expansion.
type block struct {
	kind   string
	name   string
	def    *hclsyntax.Block
	known  bool // the kind exists
	of     *stages.Kind
	fields []stages.Field
	needs  []reference             // the blocks its expressions refer to
	bad    map[hcl.Expression]bool // expressions with a name that does not exist, reported already
	state  int                     // of the walk in order
	value  cty.Value               // what stage.KIND.NAME evaluates to

	inputs   int // how many it is given
	prepared map[*hclsyntax.Body][]*prepared
	last     []OutputField // of the last instance
}

type reference struct {
	to *block
	at hcl.Range
}

func (b *block) id() string { return b.kind + "." + b.name }

func (l *loader) addStage(def *hclsyntax.Block) {
	if len(def.Labels) != 2 {
		l.fail(def.TypeRange.Ptr(), "a stage has a kind and a name", `write: stage "decode" "packets" { ... }`)
		return
	}
	b := &block{kind: def.Labels[0], name: def.Labels[1], def: def, bad: map[hcl.Expression]bool{}, prepared: map[*hclsyntax.Body][]*prepared{}, value: cty.DynamicVal}
	if !hclsyntax.ValidIdentifier(b.name) {
		l.fail(def.LabelRanges[1].Ptr(), "a stage's name is a word", "letters, digits, _ and -, starting with a letter")
	}
	kind, ok := l.Kinds[b.kind]
	if ok {
		b.known, b.of = true, &kind
		b.fields = stages.Fields(kind.New())
	} else {
		names := make([]string, 0, len(l.Kinds))
		for name := range l.Kinds {
			names = append(names, name)
		}
		slices.Sort(names)
		l.fail(def.LabelRanges[0].Ptr(), "unknown kind of stage "+quote(b.kind), Suggest(b.kind, names))
	}
	if old := l.byName[b.id()]; old != nil {
		l.fail(def.LabelRanges[1].Ptr(), "a second stage "+b.id(), "there is one already in line "+line(old.def.TypeRange)+"; two stages cannot write one thing")
		return
	}
	l.byName[b.id()] = b
	l.blocks = append(l.blocks, b)
}

// expandAll orders the blocks by their references and expands each.
func (l *loader) expandAll() {
	for _, b := range l.blocks {
		l.resolve(b)
	}
	var order []*block
	for _, b := range l.blocks {
		order = l.visit(b, nil, order)
	}
	for _, b := range order {
		l.expand(b)
	}
}

const (
	unvisited = iota
	visiting
	visited
)

// visit appends b after everything it needs. A cycle is reported once, in full.
func (l *loader) visit(b *block, trail []reference, order []*block) []*block {
	switch b.state {
	case visited:
		return order
	case visiting:
		start := slices.IndexFunc(trail, func(r reference) bool { return r.to == b })
		var text strings.Builder
		text.WriteString(b.id())
		for _, r := range trail[start+1:] {
			fmt.Fprintf(&text, " needs %s (line %s)", r.to.id(), line(r.at))
		}
		l.fail(trail[len(trail)-1].at.Ptr(), "stages wait for each other", text.String())
		return order
	}
	b.state = visiting
	if len(trail) == 0 {
		trail = []reference{{to: b}}
	}
	for _, r := range b.needs {
		if r.to.state != visited {
			order = l.visit(r.to, append(slices.Clone(trail), r), order)
		}
	}
	b.state = visited
	return append(order, b)
}

// resolve checks every name in a block's expressions and collects the blocks that it needs.
func (l *loader) resolve(b *block) {
	each := b.def.Body.Attributes["for_each"] != nil
	var matrix []string
	if m := b.def.Body.Attributes["matrix"]; m != nil {
		matrix = dimensionNames(m.Expr)
	}
	var walk func(body *hclsyntax.Body, top bool)
	walk = func(body *hclsyntax.Body, top bool) {
		for _, a := range sortedAttributes(body) {
			s := scope{stage: b, each: each, matrix: matrix, inMatrix: b.def.Body.Attributes["matrix"] != nil}
			if top && (a.Name == "for_each" || a.Name == "matrix") {
				s.each = each && a.Name == "matrix"
				s.inMatrix = false
			}
			if !l.checkNames(a.Expr, s) {
				b.bad[a.Expr] = true
			}
		}
		for _, inner := range body.Blocks {
			if top && inner.Type == "search" {
				l.resolveSearch(b, inner.Body, each)
				continue
			}
			walk(inner.Body, false)
		}
	}
	walk(b.def.Body, true)
	for i := range b.fields {
		if f := &b.fields[i]; f.Class != stages.Option && !f.IsOutput() && b.def.Body.Attributes[f.Name] != nil {
			b.inputs++
		}
	}
}

// resolveSearch checks the names in a search block: it is read once for all combinations, before there are instances.
func (l *loader) resolveSearch(b *block, body *hclsyntax.Body, each bool) {
	for _, a := range sortedAttributes(body) {
		if !l.checkNames(a.Expr, scope{each: each, search: true}) {
			b.bad[a.Expr] = true
		}
	}
}

// scope is what an expression may refer to.
type scope struct {
	stage    *block // inside this stage; nil elsewhere
	each     bool
	inMatrix bool
	search   bool     // inside a search block
	matrix   []string // its dimensions; nil when they are computed
	stages   bool     // stages may be referred to outside a stage (results)
}

// checkNames reports every name in an expression that does not exist.
func (l *loader) checkNames(expr hclsyntax.Expression, s scope) bool {
	ok := true
	fail := func(at hcl.Range, summary, detail string) {
		ok = false
		l.fail(at.Ptr(), summary, detail)
	}
	hclsyntax.VisitAll(expr, func(node hclsyntax.Node) hcl.Diagnostics {
		if call, isCall := node.(*hclsyntax.FunctionCallExpr); isCall {
			if _, known := l.functions.table[call.Name]; !known {
				advice := Suggest(call.Name, l.functions.names())
				if advice == "" {
					advice = "docs/language.md lists them; none reads the environment, a clock or the network"
				}
				fail(call.NameRange, "unknown function "+quote(call.Name), advice)
			}
		}
		return nil
	})
	for _, t := range expr.Variables() {
		at := t.SourceRange()
		name := ""
		if len(t) > 1 {
			if a, isAttr := t[1].(hcl.TraverseAttr); isAttr {
				name = a.Name
				at = hcl.RangeBetween(t[0].SourceRange(), a.SrcRange)
			}
		}
		switch root := t.RootName(); root {
		case "var":
			if name != "" && l.variables[name] == nil {
				fail(at, "no variable "+quote(name), Suggest(name, l.order))
			}
		case "local":
			if name != "" && l.localDefs[name] == nil {
				names := make([]string, 0, len(l.localDefs))
				for n := range l.localDefs {
					names = append(names, n)
				}
				slices.Sort(names)
				fail(at, "no local "+quote(name), Suggest(name, names))
			}
		case "each":
			if !s.each {
				fail(at, "each is not known here", "it is there inside a stage with for_each")
			} else if name != "key" && name != "value" {
				fail(at, "each has a key and a value", Suggest(name, []string{"key", "value"}))
			}
		case "matrix":
			if s.search {
				fail(at, "matrix is not known here", "a search is read once for all combinations")
			} else if !s.inMatrix {
				fail(at, "matrix is not known here", "it is there inside a stage with a matrix")
			} else if name != "" && s.matrix != nil && !slices.Contains(s.matrix, name) {
				fail(at, "the matrix has no dimension "+quote(name), Suggest(name, s.matrix))
			}
		case "stage":
			if s.stage == nil && !s.stages {
				fail(at, "stages are not known here", "variables and locals are set before there are stages")
			} else if problem := l.checkStage(t, s.stage); problem != nil {
				ok = false
				l.diags = append(l.diags, problem)
			}
		default:
			fail(t[0].SourceRange(), "unknown name "+quote(root), Suggest(root, []string{"var", "local", "each", "matrix", "stage"}))
		}
	}
	return ok
}

// checkStage checks stage.KIND.NAME...OUTPUT and notes that the stage needs it.
func (l *loader) checkStage(t hcl.Traversal, from *block) *hcl.Diagnostic {
	problem := func(at hcl.Range, summary, detail string) *hcl.Diagnostic {
		return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &at}
	}
	whole := t.SourceRange()
	var kind, name hcl.TraverseAttr
	if len(t) > 2 {
		kind, _ = t[1].(hcl.TraverseAttr)
		name, _ = t[2].(hcl.TraverseAttr)
	}
	if kind.Name == "" || name.Name == "" {
		return problem(whole, "which stage?", "write stage.KIND.NAME, such as stage.decode.packets")
	}
	to := l.byName[kind.Name+"."+name.Name]
	if to == nil {
		ids := make([]string, len(l.blocks))
		for i, b := range l.blocks {
			ids[i] = b.id()
		}
		return problem(hcl.RangeBetween(t[0].SourceRange(), name.SrcRange), fmt.Sprintf("no stage %s.%s", kind.Name, name.Name), Suggest(kind.Name+"."+name.Name, ids))
	}
	if from != nil && !slices.ContainsFunc(from.needs, func(r reference) bool { return r.to == to }) {
		from.needs = append(from.needs, reference{to: to, at: whole})
	}
	if !to.known {
		return nil
	}
	outputs := to.outputNames()
	instances := to.def.Body.Attributes["for_each"] != nil || to.def.Body.Attributes["matrix"] != nil
	for i, step := range t[3:] {
		attr, isAttr := step.(hcl.TraverseAttr)
		if !isAttr || outputs == nil || instances && i == 0 && !slices.Contains(outputs, attr.Name) {
			continue // an index, outputs named by the block itself, or a key written as .key
		}
		if instances && i == 0 {
			return problem(whole, to.id()+" has several instances", fmt.Sprintf("say which: stage.%s[each.key].%s; or all of them: stage.%s", to.id(), attr.Name, to.id()))
		}
		if !slices.Contains(outputs, attr.Name) {
			return problem(attr.SrcRange, fmt.Sprintf("%s has no output %q", to.id(), attr.Name), Suggest(attr.Name, outputs))
		}
		break
	}
	return nil
}

// outputNames are the outputs that the kind has; nil when the block names them itself.
func (b *block) outputNames() []string {
	var names []string
	for _, f := range b.fields {
		if f.Class == stages.OutputMap {
			return nil
		}
		if f.IsOutput() {
			names = append(names, f.Name)
		}
	}
	return names
}
