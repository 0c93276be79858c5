package language

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"weir/stages"
)

// refs calls each for every reference in the value.
func (v *Value) refs(each func(instance int)) {
	if v.Kind == Output {
		each(v.Instance)
	}
	for i := range v.Items {
		v.Items[i].refs(each)
	}
}

// reference reads a placeholder.
func (l *loader) reference(val cty.Value) (Ref, string) {
	v, problem := l.leaf(val)
	if problem == "" && v.Kind != Output {
		problem = "this is the text " + quote(v.Text)
	}
	return v.Ref(), problem
}

// leaf reads one artifact or file.
func (l *loader) leaf(val cty.Value) (Value, string) {
	if val.IsNull() || val.Type() != cty.String {
		if t := val.Type(); !val.IsNull() && (t.IsObjectType() || t.IsMapType()) {
			return Value{}, "this is " + describe(val) + ", one output is expected"
		}
		return Value{}, "this is " + shown(val)
	}
	return l.leafText(val.AsString())
}

func (l *loader) leafText(s string) (Value, string) {
	if s == "" {
		return Value{}, "this is empty text"
	}
	inner, ok := strings.CutPrefix(s, "\x00")
	if !ok && !strings.Contains(s, "\x00") {
		return Value{Kind: File, Text: s}, ""
	}
	inner, end, _ := strings.Cut(inner, "\x00")
	if !ok || end != "" || len(s) != len(inner)+2 {
		return Value{}, "an output cannot be part of a text here"
	}
	v, ok := l.parseRef(inner)
	if !ok {
		return Value{}, "the reference was changed by a function"
	}
	return v, ""
}

func (l *loader) parseRef(s string) (Value, bool) {
	index, output, ok := strings.Cut(s, ":")
	n, err := strconv.Atoi(index)
	if !ok || err != nil || n < 0 || n >= len(l.instances) {
		return Value{}, false
	}
	for i := range l.instances[n].Outputs {
		if o := &l.instances[n].Outputs[i]; o.Name == output {
			return Value{Kind: Output, Instance: n, Text: o.Name}, true
		}
	}
	return Value{}, false
}

// describe says what a collection of outputs is.
func describe(val cty.Value) string {
	names := make([]string, 0, 4)
	for it := val.ElementIterator(); it.Next() && len(names) < 4; {
		k, _ := it.Element()
		names = append(names, k.AsString())
	}
	return "a collection (" + strings.Join(names, ", ") + ")"
}

// tree reads artifacts by name, as deep as they come.
func (l *loader) tree(val cty.Value) (Value, string) {
	t := val.Type()
	named := t.IsObjectType() || t.IsMapType()
	if val.IsNull() {
		return Value{}, "this is null"
	}
	if !named && !t.IsTupleType() && !t.IsListType() && !t.IsSetType() {
		return l.leaf(val)
	}
	v := Value{Kind: List, Items: make([]Value, 0, val.LengthInt())}
	if named {
		v.Kind = Named
	}
	for it := val.ElementIterator(); it.Next(); {
		k, item := it.Element()
		inner, problem := l.tree(item)
		if named {
			inner.Name = k.AsString()
			if problem != "" {
				problem = inner.Name + ": " + problem
			}
		}
		if problem != "" {
			return v, problem
		}
		v.Items = append(v.Items, inner)
	}
	return v, ""
}

// sources reads a list of files, globs and outputs, or a map from the name that the command sees.
func (l *loader) sources(val cty.Value) (Value, string) {
	t := val.Type()
	v := Value{Kind: List}
	if val.IsNull() || !t.IsObjectType() && !t.IsMapType() && !t.IsTupleType() && !t.IsListType() && !t.IsSetType() {
		return v, "this is " + shown(val) + ", a list or a map is expected"
	}
	v.Items = make([]Value, 0, val.LengthInt())
	for it := val.ElementIterator(); it.Next(); {
		k, item := it.Element()
		one, problem := l.leaf(item)
		if problem != "" {
			return v, problem
		}
		if t.IsObjectType() || t.IsMapType() {
			if one.Name = k.AsString(); !validPath(one.Name) {
				return v, quote(one.Name) + " is no path inside the command's folder"
			}
		}
		v.Items = append(v.Items, one)
	}
	return v, ""
}

// words reads a command line: a list of texts in which outputs may stand.
func (l *loader) words(val cty.Value) (Value, string) {
	t := val.Type()
	v := Value{Kind: List}
	if val.IsNull() || !t.IsTupleType() && !t.IsListType() || val.LengthInt() == 0 {
		return v, `a list of words is expected: ["python3", "script.py"]`
	}
	v.Items = make([]Value, 0, val.LengthInt())
	for it := val.ElementIterator(); it.Next(); {
		_, item := it.Element()
		word, problem := l.word(item)
		if problem != "" {
			return v, problem
		}
		v.Items = append(v.Items, word)
	}
	return v, ""
}

func (l *loader) word(item cty.Value) (Value, string) {
	if item.IsNull() || !item.Type().IsPrimitiveType() {
		return Value{}, "a word is text or an output, this is " + shown(item)
	}
	text, err := convert.Convert(item, cty.String)
	if err != nil {
		return Value{}, "a word is text or an output, this is " + shown(item)
	}
	return l.wordText(text.AsString())
}

func (l *loader) wordText(rest string) (Value, string) {
	if strings.Contains(rest, `00`) && escaped.MatchString(rest) {
		return Value{}, "the reference was changed by a function"
	}
	if !strings.Contains(rest, "\x00") {
		return Value{Kind: Text, Text: rest}, ""
	}
	word := Value{Kind: List}
	for i, part := range strings.Split(rest, "\x00") {
		if i%2 == 0 {
			if part != "" {
				word.Items = append(word.Items, Value{Kind: Text, Text: part})
			}
			continue
		}
		ref, ok := l.parseRef(part)
		if !ok {
			return word, "the reference was changed by a function"
		}
		word.Items = append(word.Items, ref)
	}
	return word, ""
}

func outputMap(val cty.Value) (map[string]string, string) {
	t := val.Type()
	if val.IsNull() || !t.IsObjectType() && !t.IsMapType() {
		return nil, "a map from a name to a path is expected, this is " + t.FriendlyName()
	}
	declared := map[string]string{}
	taken := map[string]string{}
	for it := val.ElementIterator(); it.Next(); {
		k, item := it.Element()
		name := k.AsString()
		if item.IsNull() || item.Type() != cty.String || !validPath(strings.TrimSuffix(item.AsString(), "/")) {
			return declared, quote(name) + " has no path inside the command's folder"
		}
		if !hclsyntax.ValidIdentifier(name) {
			return declared, quote(name) + " is no name: letters, digits and _"
		}
		path := strings.TrimSuffix(item.AsString(), "/")
		for other, whose := range taken {
			if other == path || strings.HasPrefix(other, path+"/") || strings.HasPrefix(path, other+"/") {
				return declared, fmt.Sprintf("%q and %q write one thing", name, whose)
			}
		}
		taken[path] = name
		declared[name] = item.AsString()
	}
	return declared, ""
}

// Sources is the shape of a SourceSet: files, without the artifacts' paths.
func (v *Value) Sources() stages.Sources {
	sources := make(stages.Sources, len(v.Items))
	for i, item := range v.Items {
		sources[i] = stages.Source{Name: item.Name}
		if item.Kind == Output {
			sources[i].Input = &stages.Input{}
		} else {
			sources[i].Path = item.Text
		}
	}
	return sources
}

// Parts are the parts of a word of a command line: a Text or an Output each.
func (v *Value) Parts() []Value {
	if v.Kind == List {
		return v.Items
	}
	return []Value{*v}
}

// Command is the shape of a command line, without the artifacts' paths.
func (v *Value) Command() stages.Args {
	args := make(stages.Args, len(v.Items))
	var flat []stages.ArgPart
	for i := range v.Items {
		start := len(flat)
		for _, part := range v.Items[i].Parts() {
			if part.Kind == Output {
				flat = append(flat, stages.ArgPart{Input: &stages.Input{}})
			} else {
				flat = append(flat, stages.ArgPart{Text: part.Text})
			}
		}
		args[i] = flat[start:len(flat):len(flat)]
	}
	return args
}

// escaped is a placeholder that jsonencode or format("%q") took apart.
var escaped = regexp.MustCompile(`\\(u0000|x00)[0-9]+:`)

// holdsOutput says whether there is a reference to an output anywhere in a value.
func holdsOutput(val cty.Value) bool {
	if val.IsNull() || !val.IsKnown() {
		return false
	}
	t := val.Type()
	if t == cty.String {
		return strings.Contains(val.AsString(), "\x00") || escaped.MatchString(val.AsString())
	}
	if !t.IsCollectionType() && !t.IsObjectType() && !t.IsTupleType() {
		return false
	}
	for it := val.ElementIterator(); it.Next(); {
		k, v := it.Element()
		if holdsOutput(k) || holdsOutput(v) {
			return true
		}
	}
	return false
}
