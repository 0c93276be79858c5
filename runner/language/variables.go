package language

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// variable is one variable block.
type variable struct {
	name       string
	typ        cty.Type
	defaults   *typeexpr.Defaults
	def        *hclsyntax.Attribute
	preset     cty.Value // the value of def; NilVal without one
	validation []*hclsyntax.Block
	at         hcl.Range
}

func (l *loader) addVariable(b *hclsyntax.Block) {
	if len(b.Labels) != 1 || !hclsyntax.ValidIdentifier(b.Labels[0]) {
		l.fail(b.TypeRange.Ptr(), "a variable has one name", `write: variable "captures" { ... }`)
		return
	}
	v := &variable{name: b.Labels[0], typ: cty.DynamicPseudoType, at: b.LabelRanges[0]}
	if old := l.variables[v.name]; old != nil {
		l.fail(v.at.Ptr(), "a second variable "+quote(v.name), "there is one already in line "+line(old.at))
		return
	}
	l.variables[v.name] = v
	l.order = append(l.order, v.name)
	for _, a := range sortedAttributes(b.Body) {
		switch a.Name {
		case "type":
			t, defaults, diags := typeexpr.TypeConstraintWithDefaults(a.Expr)
			l.diags = append(l.diags, diags...)
			if !diags.HasErrors() {
				v.typ, v.defaults = t, defaults
			}
		case "description":
			l.evaluate(a.Expr, l.context())
		case "default":
			v.def = a
		default:
			l.fail(a.NameRange.Ptr(), "unknown option "+quote(a.Name), Suggest(a.Name, []string{"type", "description", "default", "validation"}))
		}
	}
	for _, inner := range b.Body.Blocks {
		if inner.Type != "validation" {
			l.fail(inner.TypeRange.Ptr(), "unknown block "+quote(inner.Type), Suggest(inner.Type, []string{"validation"}))
			continue
		}
		v.validation = append(v.validation, inner)
	}
}

// setVariables takes each variable's value from, in rising order: its default, experiment.hcl, -var-file, -var.
func (l *loader) setVariables() {
	given := map[string]bool{}
	for _, name := range l.order {
		v := l.variables[name]
		l.vars[name] = cty.DynamicVal
		if v.def != nil {
			given[name] = true
			v.preset = l.evaluate(v.def.Expr, l.context())
			l.assign(v, v.preset, v.def.Expr.Range().Ptr())
		}
	}
	if l.Experiment != "" {
		name := filepath.ToSlash(filepath.Join("experiments", l.Experiment, "experiment.hcl"))
		path := filepath.Join(l.Dir, filepath.FromSlash(name))
		if _, err := os.Stat(path); err == nil {
			l.assignFile(path, name, given)
		}
	}
	for _, file := range l.VarFiles {
		l.assignFile(file, file, given)
	}
	for _, text := range l.Vars {
		l.assignText(text, given)
	}
	for _, name := range l.order {
		if !given[name] {
			l.fail(l.variables[name].at.Ptr(), "variable "+quote(name)+" has no value", "give one: -var "+name+"=..., or a default")
		}
	}
	for _, name := range l.order {
		l.validate(l.variables[name])
	}
}

func (l *loader) assign(v *variable, val cty.Value, at *hcl.Range) {
	if val == cty.DynamicVal {
		return
	}
	if v.defaults != nil {
		val = v.defaults.Apply(val)
	}
	got, err := convert.Convert(val, v.typ)
	if err != nil {
		where := ""
		var pe cty.PathError
		if errors.As(err, &pe) && len(pe.Path) > 0 {
			where = "in " + v.name + pathText(pe.Path) + ": "
		}
		l.fail(at, "variable "+quote(v.name)+" has the wrong type", fmt.Sprintf("expected %s: %s%s", v.typ.FriendlyNameForConstraint(), where, err))
		return
	}
	if name, known := surplus(val, v.typ); name != "" {
		l.fail(at, "variable "+quote(v.name)+" has no attribute "+quote(name), Suggest(name, known))
		return
	}
	l.vars[v.name] = got
}

// pathText writes where a value lies inside another.
func pathText(path cty.Path) string {
	var b strings.Builder
	for _, step := range path {
		switch s := step.(type) {
		case cty.GetAttrStep:
			b.WriteString("." + s.Name)
		case cty.IndexStep:
			if s.Key.Type() == cty.String {
				b.WriteString("[" + quote(s.Key.AsString()) + "]")
			} else if s.Key.Type() == cty.Number {
				b.WriteString("[" + s.Key.AsBigFloat().Text('f', -1) + "]")
			}
		}
	}
	return b.String()
}

// surplus finds an attribute that an object has and its type does not: a conversion would drop it without a word.
func surplus(val cty.Value, t cty.Type) (name string, known []string) {
	if val.IsNull() || !val.IsKnown() {
		return "", nil
	}
	object := t.IsObjectType() && (val.Type().IsObjectType() || val.Type().IsMapType())
	if !object && !(t.IsCollectionType() && val.CanIterateElements()) {
		return "", nil
	}
	for it := val.ElementIterator(); it.Next(); {
		k, v := it.Element()
		var inner cty.Type
		if object {
			if !t.HasAttribute(k.AsString()) {
				return k.AsString(), slices.Sorted(maps.Keys(t.AttributeTypes()))
			}
			inner = t.AttributeType(k.AsString())
		} else {
			inner = t.ElementType()
		}
		if name, known := surplus(v, inner); name != "" {
			return name, known
		}
	}
	return "", nil
}

func (l *loader) assignFile(path, name string, given map[string]bool) {
	body := l.parse(path, name)
	if body == nil {
		return
	}
	for _, b := range body.Blocks {
		l.fail(b.TypeRange.Ptr(), "unexpected block "+quote(b.Type), "this file gives values to the variables of "+l.file+": name = value")
	}
	for _, a := range sortedAttributes(body) {
		v := l.variables[a.Name]
		if v == nil {
			l.fail(a.NameRange.Ptr(), "no variable "+quote(a.Name)+" in "+l.file, Suggest(a.Name, l.order))
			continue
		}
		given[a.Name] = true
		l.assign(v, l.evaluate(a.Expr, l.context()), a.Expr.Range().Ptr())
	}
}

// assignText handles -var name=value. The value is an HCL expression unless the variable takes text.
func (l *loader) assignText(text string, given map[string]bool) {
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		l.fail(nil, "-var "+text+": no value", "write -var name=value")
		return
	}
	v := l.variables[name]
	if v == nil {
		l.fail(nil, "-var "+text+": no variable "+quote(name)+" in "+l.file, Suggest(name, l.order))
		return
	}
	given[name] = true
	where := "-var " + name
	l.files[where] = &hcl.File{Bytes: []byte(value)}
	tokens, _ := hclsyntax.LexExpression([]byte(value), where, hcl.InitialPos)
	var expr hclsyntax.Expression
	var diags hcl.Diagnostics
	if deep := shallow(tokens); deep != nil {
		diags = hcl.Diagnostics{deep}
	} else {
		expr, diags = hclsyntax.ParseExpression([]byte(value), where, hcl.InitialPos)
	}
	if v.isText(value) {
		l.assign(v, cty.StringVal(value), nil)
		return
	}
	if diags.HasErrors() {
		l.diags = append(l.diags, diags...)
		return
	}
	l.assign(v, l.evaluate(expr, l.context()), expr.Range().Ptr())
}

// literal is how a value begins that is not meant as text where a variable says neither its type nor takes a collection.
var literal = regexp.MustCompile(`^\s*([\[{"]|(true|false|null|[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?)\s*$)`)

// isText says whether -var name=value is text as it stands. That depends on the variable: on its type or, without one, on its default.
func (v *variable) isText(value string) bool {
	t := v.typ
	if t == cty.DynamicPseudoType && v.preset != cty.NilVal && !v.preset.IsNull() {
		t = v.preset.Type()
	}
	switch {
	case t == cty.String:
		return true
	case t.IsPrimitiveType() && v.typ != cty.DynamicPseudoType, t.IsCollectionType(), t.IsObjectType(), t.IsTupleType():
		return false
	}
	return !literal.MatchString(value)
}

func (l *loader) validate(v *variable) {
	for _, b := range v.validation {
		var condition, message hclsyntax.Expression
		for _, a := range sortedAttributes(b.Body) {
			switch a.Name {
			case "condition":
				condition = a.Expr
			case "error_message":
				message = a.Expr
			default:
				l.fail(a.NameRange.Ptr(), "unknown option "+quote(a.Name), Suggest(a.Name, []string{"condition", "error_message"}))
			}
		}
		if condition == nil || message == nil {
			l.fail(b.TypeRange.Ptr(), "a validation needs condition and error_message", "")
			continue
		}
		ok := l.evaluate(condition, l.context())
		if !ok.IsKnown() || ok.IsNull() || ok.Type() != cty.Bool {
			if ok != cty.DynamicVal {
				l.fail(condition.Range().Ptr(), "the condition is neither true nor false", "")
			}
			continue
		}
		if ok.False() {
			text := l.evaluate(message, l.context())
			detail := ""
			if text.Type() == cty.String && text.IsKnown() && !text.IsNull() {
				detail = text.AsString()
			}
			l.fail(condition.Range().Ptr(), "variable "+quote(v.name)+" is refused", detail)
		}
	}
}

func (l *loader) addLocals(b *hclsyntax.Block) {
	for _, inner := range b.Body.Blocks {
		l.fail(inner.TypeRange.Ptr(), "unexpected block "+quote(inner.Type), "locals holds name = value")
	}
	for _, a := range sortedAttributes(b.Body) {
		if old := l.localDefs[a.Name]; old != nil {
			l.fail(a.NameRange.Ptr(), "a second local "+quote(a.Name), "there is one already in line "+line(old.NameRange))
			continue
		}
		l.localDefs[a.Name] = a
	}
}

// setLocals evaluates the locals, those first that others need.
func (l *loader) setLocals() {
	const visiting = 1
	state := map[string]int{}
	var visit func(name string, trail []string)
	visit = func(name string, trail []string) {
		def := l.localDefs[name]
		if def == nil || state[name] > visiting {
			return
		}
		if state[name] == visiting {
			trail = append(trail[slices.Index(trail, name):], name)
			l.fail(def.NameRange.Ptr(), "locals need each other", strings.Join(trail, " needs "))
			l.locals[name] = cty.DynamicVal
			return
		}
		state[name] = visiting
		for _, t := range def.Expr.Variables() {
			if t.RootName() == "local" && len(t) > 1 {
				if a, ok := t[1].(hcl.TraverseAttr); ok {
					visit(a.Name, append(trail, name))
				}
			}
		}
		state[name]++
		if _, failed := l.locals[name]; !failed && l.checkNames(def.Expr, scope{}) {
			l.locals[name] = l.evaluate(def.Expr, l.context())
		} else {
			l.locals[name] = cty.DynamicVal
		}
	}
	names := make([]string, 0, len(l.localDefs))
	for name := range l.localDefs {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return l.localDefs[a].NameRange.Start.Byte - l.localDefs[b].NameRange.Start.Byte
	})
	for _, name := range names {
		visit(name, nil)
	}
}

// context is what expressions see outside stages.
func (l *loader) context() *hcl.EvalContext {
	return &hcl.EvalContext{
		Variables: map[string]cty.Value{"var": object(l.vars), "local": object(l.locals)},
		Functions: l.functions.table,
	}
}

// evaluate returns the value, or an unknown one after reporting why not.
func (l *loader) evaluate(expr hclsyntax.Expression, ctx *hcl.EvalContext) cty.Value {
	val, diags := expr.Value(ctx)
	if diags.HasErrors() {
		for _, diag := range diags {
			l.diags = append(l.diags, advised(diag))
		}
		return cty.DynamicVal
	}
	if problem := bounded(val); problem != "" {
		l.fail(expr.Range().Ptr(), problem, tooLarge)
		return cty.DynamicVal
	}
	if !val.IsWhollyKnown() {
		return cty.DynamicVal // part of it failed before, and that was reported
	}
	return val
}

func (l *loader) variableTexts() map[string]string {
	texts := map[string]string{}
	for name, val := range l.vars {
		if val.Type() == cty.String && !val.IsNull() && l.variables[name].isText(val.AsString()) {
			texts[name] = val.AsString() // -var takes it as it is
			continue
		}
		texts[name] = string(hclwrite.TokensForValue(val).Bytes())
	}
	return texts
}

func object(values map[string]cty.Value) cty.Value {
	if len(values) == 0 {
		return cty.EmptyObjectVal
	}
	return cty.ObjectVal(values)
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err == nil && len(data) > MaxFile {
		err = fmt.Errorf("more than %d bytes; a pipeline file is at most 1 MiB", MaxFile)
	}
	return data, err
}

func sortedAttributes(body *hclsyntax.Body) []*hclsyntax.Attribute {
	attributes := make([]*hclsyntax.Attribute, 0, len(body.Attributes))
	for _, a := range body.Attributes {
		attributes = append(attributes, a)
	}
	slices.SortFunc(attributes, func(a, b *hclsyntax.Attribute) int { return a.NameRange.Start.Byte - b.NameRange.Start.Byte })
	return attributes
}

func quote(s string) string { return fmt.Sprintf("%q", s) }

func line(r hcl.Range) string { return fmt.Sprint(r.Start.Line) }
