package language

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/gocty"

	"weir/stages"
)

// placeholder is what a reference to an output evaluates to; it cannot be typed in a file.
func placeholder(instance int, output string) cty.Value {
	return cty.StringVal("\x00" + strconv.Itoa(instance) + ":" + output + "\x00")
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

// reserved are the attributes of a stage that are not options.
var reserved = []string{"for_each", "matrix"}

// instantiate decodes one instance and returns what a reference to it evaluates to.
func (l *loader) instantiate(b *block, address string, around *surroundings) cty.Value {
	in := &Instance{Index: len(l.instances), Kind: b.of, Name: b.name, Address: address, Stage: b.of.New(), Fields: b.fields, Range: &b.def.TypeRange}
	l.instances = append(l.instances, in)
	d := &decoder{l: l, b: b, in: in, around: around}
	holder := reflect.ValueOf(in.Stage).Elem()
	d.body(b.def.Body, b.fields, holder, "")
	if v, ok := in.Stage.(stages.Validator); ok && !d.failed {
		d.check(v)
	}
	slices.Sort(in.Needs)
	in.Needs = slices.Compact(in.Needs)
	in.Outputs = b.outputs(holder)
	values := make(map[string]cty.Value, len(in.Outputs))
	for i := range in.Outputs {
		values[in.Outputs[i].Name] = placeholder(in.Index, in.Outputs[i].Name)
	}
	return object(values)
}

// outputs are the outputs of an instance. Those that the pipeline names are mostly the same for all instances of a block, which share them.
func (b *block) outputs(holder reflect.Value) []OutputField {
	var all []OutputField
	for i := range b.fields {
		f := &b.fields[i]
		switch f.Class {
		case stages.OutputOne, stages.OutputSet:
			all = append(all, OutputField{Name: f.Name, File: f.File, Dir: f.Class == stages.OutputSet, Optional: f.Optional})
		case stages.OutputMap:
			declared := f.Of(holder).Interface().(stages.Outputs).Declared
			for _, name := range sortedKeys(declared) {
				path := declared[name]
				all = append(all, OutputField{Name: name, File: strings.TrimSuffix(path, "/"), Dir: strings.HasSuffix(path, "/")})
			}
		}
	}
	if !slices.Equal(all, b.last) {
		b.last = all
	}
	return b.last
}

// decoder fills one instance's struct.
type decoder struct {
	l      *loader
	b      *block
	in     *Instance
	around *surroundings
	failed bool
}

func (d *decoder) fail(at hcl.Range, summary, detail string) {
	d.failed = true
	key := said{at, summary}
	if d.l.said[key] || len(d.l.said) >= maxSaid { // a matrix would say it once for each instance
		return
	}
	d.l.said[key] = true
	d.l.fail(at.Ptr(), summary, detail)
}

// said is a mistake that was told.
type said struct {
	at      hcl.Range
	summary string
}

// maxSaid bounds the mistakes in instances that are told.
const maxSaid = 10_000

// body decodes a stage's body or one of its blocks; prefix is "model." inside the block model.
func (d *decoder) body(body *hclsyntax.Body, fields []stages.Field, holder reflect.Value, prefix string) {
	for _, a := range d.b.prepare(body) {
		if prefix == "" && slices.Contains(reserved, a.Name) {
			continue
		}
		f := stages.FieldByName(fields, a.Name)
		switch {
		case f == nil && stages.OutputByName(fields, a.Name) != nil:
			d.fail(a.NameRange, quote(a.Name)+" is an output", "the stage writes it; others refer to it as stage."+d.b.id()+"."+a.Name)
			continue
		case f == nil || f.Class == stages.Label:
			d.fail(a.NameRange, "unknown option "+quote(a.Name), d.suggestOption(a.Name, fields))
			continue
		case f.Class == stages.Block:
			d.fail(a.NameRange, quote(a.Name)+" is a block", fmt.Sprintf("write it without =: %s \"NAME\" { ... }", a.Name))
			continue
		case d.b.bad[a.Expr]:
			d.failed = true
			continue
		}
		if v, ok := d.quickArgument(f, a); ok {
			d.take(f, f.Of(holder), v, &a.at)
			continue
		}
		if a.arg != nil {
			d.take(f, f.Of(holder), *a.arg, &a.at)
			continue
		}
		val := a.val
		if val == cty.NilVal {
			if val = d.evaluate(a.Expr); a.fixed {
				a.val = val
			}
		}
		switch {
		case val == cty.DynamicVal:
			d.failed = true
		case val.IsNull() && f.Optional:
		case f.Class == stages.Option:
			if err := SetOption(f, f.Of(holder), val); err != nil {
				d.fail(a.Expr.Range(), fmt.Sprintf("option %q: %s", prefix+a.Name, err), "`weir help "+d.b.kind+"` lists the options")
			}
		default:
			d.argument(f, f.Of(holder), val, a)
		}
	}
	blocks := map[string]bool{}
	for _, inner := range body.Blocks {
		f := stages.FieldByName(fields, inner.Type)
		if f == nil || f.Class != stages.Block {
			d.fail(inner.TypeRange, "unknown block "+quote(inner.Type), d.suggestOption(inner.Type, fields))
			continue
		}
		if blocks[inner.Type] {
			d.fail(inner.TypeRange, "a second block "+quote(inner.Type), "there is one already")
			continue
		}
		blocks[inner.Type] = true
		d.block(inner, f, f.Of(holder), prefix)
	}
	for i := range fields {
		f := &fields[i]
		if f.Optional || f.IsOutput() || f.Class == stages.Label || f.Class == stages.Block || body.Attributes[f.Name] != nil {
			continue
		}
		at := d.b.def.TypeRange
		what := "option"
		if f.Class != stages.Option {
			what = "input"
		}
		d.fail(at, fmt.Sprintf("%s needs the %s %q", d.b.id(), what, prefix+f.Name), f.Doc)
	}
}

func (d *decoder) block(inner *hclsyntax.Block, f *stages.Field, holder reflect.Value, prefix string) {
	label := slices.IndexFunc(f.Fields, func(f stages.Field) bool { return f.Class == stages.Label })
	want := 0
	if label >= 0 {
		want = 1
	}
	if len(inner.Labels) != want {
		d.fail(inner.TypeRange, fmt.Sprintf("block %q takes %d label", inner.Type, want), "")
		return
	}
	if label >= 0 {
		lf := f.Fields[label]
		if len(lf.Enum) > 0 && !slices.Contains(lf.Enum, inner.Labels[0]) {
			d.fail(inner.LabelRanges[0], fmt.Sprintf("unknown %s %q", inner.Type, inner.Labels[0]), Suggest(inner.Labels[0], lf.Enum))
		}
		lf.Of(holder).SetString(inner.Labels[0])
	}
	d.body(inner.Body, f.Fields, holder, prefix+f.Name+".")
}

func (d *decoder) evaluate(expr hclsyntax.Expression) cty.Value {
	val, diags := expr.Value(d.around.context())
	for _, diag := range diags {
		at := expr.Range()
		if diag.Subject != nil {
			at = *diag.Subject
		}
		diag = advised(diag)
		d.fail(at, diag.Summary, diag.Detail)
	}
	if diags.HasErrors() {
		return cty.DynamicVal
	}
	if problem := bounded(val); problem != "" {
		d.fail(expr.Range(), problem, tooLarge)
		return cty.DynamicVal
	}
	if !val.IsWhollyKnown() {
		return cty.DynamicVal
	}
	return val
}

func (d *decoder) check(v stages.Validator) {
	err := v.Validate()
	if err == nil {
		return
	}
	at := d.b.def.TypeRange
	var oe *stages.OptionError
	if errors.As(err, &oe) {
		name, inner, nested := strings.Cut(oe.Option, ".")
		if a := d.b.def.Body.Attributes[name]; a != nil {
			at = a.Expr.Range()
		}
		for _, b := range d.b.def.Body.Blocks {
			if b.Type != name {
				continue
			}
			at = b.TypeRange
			if a := b.Body.Attributes[inner]; nested && a != nil {
				at = a.Expr.Range()
			}
		}
		d.fail(at, fmt.Sprintf("option %q: %s", oe.Option, oe.Message), "`weir help "+d.b.kind+"` lists the options")
		return
	}
	d.fail(at, err.Error(), "")
}

func (d *decoder) suggestOption(name string, fields []stages.Field) string {
	var names []string
	for _, f := range fields {
		if !f.IsOutput() || f.Class == stages.OutputMap {
			names = append(names, f.Name)
		}
	}
	text := Suggest(name, append(names, reserved...))
	if !strings.HasSuffix(text, "?") {
		text += ";"
	}
	return text + " `weir help " + d.b.kind + "` lists the options"
}

// argument decodes an input: its references, and the files that it names.
func (d *decoder) argument(f *stages.Field, target reflect.Value, val cty.Value, a *prepared) {
	var v Value
	var problem string
	switch f.Class {
	case stages.InputFile:
		v, problem = d.l.leaf(val)
	case stages.InputTree:
		v, problem = d.l.tree(val)
	case stages.SourceSet:
		v, problem = d.l.sources(val)
	case stages.ArgsList:
		v, problem = d.l.words(val)
	case stages.OutputMap:
		declared := a.declared
		if declared == nil {
			var p string
			if declared, p = outputMap(val); p != "" {
				d.fail(a.Expr.Range(), fmt.Sprintf("outputs: %s", p), `write: outputs = { table = "table.csv", figures = "figures/" }`)
			}
			if a.fixed {
				a.declared = declared
			}
		}
		target.Set(reflect.ValueOf(stages.Outputs{Declared: declared}))
		return
	}
	if problem != "" {
		d.fail(a.Expr.Range(), fmt.Sprintf("input %q: %s", f.Name, problem), "give an output, such as stage.decode.packets.packets, or the path of a file")
		return
	}
	if a.fixed {
		a.arg = &v
	}
	d.take(f, target, v, &a.at)
}

// take gives an input to the instance.
func (d *decoder) take(f *stages.Field, target reflect.Value, v Value, at *hcl.Range) {
	v.refs(func(instance int) { d.in.Needs = append(d.in.Needs, instance) })
	if d.in.Args == nil {
		d.in.Args = make([]Argument, 0, d.b.inputs)
	}
	d.in.Args = append(d.in.Args, Argument{Field: f.Name, Class: f.Class, Range: at, Value: v})
	switch f.Class { // the shape, for Validate and Files; the runner fills in the artifacts
	case stages.SourceSet:
		target.Set(reflect.ValueOf(v.Sources()))
	case stages.ArgsList:
		target.Set(reflect.ValueOf(v.Command()))
	}
}

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

// typeError is a value of the wrong type; the hint says where the options are listed.
type typeError struct{ want, got string }

func (e *typeError) Error() string { return "expected " + e.want + ", got " + e.got }

// SetOption sets an option from a value. A single value will do for a list of one.
func SetOption(f *stages.Field, target reflect.Value, val cty.Value) error {
	if val.IsNull() {
		return &typeError{want(f.Type), "null"}
	}
	if holdsOutput(val) {
		return errors.New("it takes a plain value, not an output of a stage")
	}
	if t, ok := target.Addr().Interface().(encoding.TextUnmarshaler); ok {
		text, err := convert.Convert(val, cty.String)
		if err != nil {
			return &typeError{"text", val.Type().FriendlyName()}
		}
		return t.UnmarshalText([]byte(text.AsString()))
	}
	if f.Type.Kind() == reflect.Slice && val.Type().IsPrimitiveType() {
		val = cty.TupleVal([]cty.Value{val})
	}
	t, err := gocty.ImpliedType(reflect.Zero(f.Type).Interface())
	if err != nil {
		return err
	}
	got, err := convert.Convert(val, t)
	if err != nil {
		return &typeError{want(f.Type), shown(val)}
	}
	fresh := reflect.New(f.Type)
	if err := gocty.FromCtyValue(got, fresh.Interface()); err != nil {
		return &typeError{want(f.Type), shown(val)}
	}
	if len(f.Enum) > 0 {
		for i := range max(1, lengthOf(fresh.Elem())) {
			v := fresh.Elem()
			if v.Kind() == reflect.Slice {
				if v.Len() == 0 {
					break
				}
				v = v.Index(i)
			}
			if s := stages.Text(v); !slices.Contains(f.Enum, s) {
				return fmt.Errorf("%q is not allowed; %s", s, Suggest(s, f.Enum))
			}
		}
	}
	target.Set(fresh.Elem())
	return nil
}

func lengthOf(v reflect.Value) int {
	if v.Kind() == reflect.Slice {
		return v.Len()
	}
	return 1
}

func want(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list, each item " + want(t.Elem())
	case reflect.Map:
		return "a map of texts"
	}
	return "text"
}

func shown(val cty.Value) string {
	if val.Type() == cty.String {
		return "the text " + quote(val.AsString())
	}
	if val.Type() == cty.Number {
		return val.AsBigFloat().Text('g', -1)
	}
	return val.Type().FriendlyName()
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
