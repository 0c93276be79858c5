package language

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"weir/stages"
)

// placeholder is what a reference to an output evaluates to; it cannot be typed in a file.
func placeholder(instance int, output string) cty.Value {
	return cty.StringVal("\x00" + strconv.Itoa(instance) + ":" + output + "\x00")
}

// reserved are the attributes of a stage that are not options.
var reserved = []string{"for_each", "matrix"}

// reservedBlocks are the blocks of a stage that are not options.
var reservedBlocks = []string{"search"}

// instantiate decodes one instance and returns what a reference to it evaluates to. adjust, when there is one, may change it before it is checked.
func (l *loader) instantiate(b *block, address string, around *surroundings, adjust func(*decoder)) cty.Value {
	in := &Instance{Index: len(l.instances), Kind: b.of, Name: b.name, Address: address, Stage: b.of.New(), Fields: b.fields, Range: &b.def.TypeRange}
	l.instances = append(l.instances, in)
	d := &decoder{l: l, b: b, in: in, around: around}
	holder := reflect.ValueOf(in.Stage).Elem()
	d.body(b.def.Body, b.fields, holder, "")
	if adjust != nil {
		adjust(d)
	}
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
			for _, name := range slices.Sorted(maps.Keys(declared)) {
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
	d.l.failOnce(at, summary, detail) // a matrix would say it once for each instance
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
		if prefix == "" && slices.Contains(reservedBlocks, inner.Type) {
			continue
		}
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
	fields := f.Fields
	label := slices.IndexFunc(fields, func(f stages.Field) bool { return f.Class == stages.Label })
	switch {
	case label < 0 && len(inner.Labels) > 0 || len(inner.Labels) > 1:
		d.fail(inner.TypeRange, fmt.Sprintf("block %q takes %d label", inner.Type, min(label+1, 1)), "")
		return
	case label >= 0 && len(inner.Labels) == 0 && inner.Body.Attributes[fields[label].Name] == nil:
		d.fail(inner.TypeRange, fmt.Sprintf("block %q takes 1 label", inner.Type), fmt.Sprintf("or, where the label is an expression, the option %s in the block", fields[label].Name))
		return
	case label >= 0 && len(inner.Labels) == 0: // a label that depends on the matrix
		fields = slices.Clone(fields)
		fields[label].Class = stages.Option
	case label >= 0:
		lf := fields[label]
		if len(lf.Enum) > 0 && !slices.Contains(lf.Enum, inner.Labels[0]) {
			d.fail(inner.LabelRanges[0], fmt.Sprintf("unknown %s %q", inner.Type, inner.Labels[0]), Suggest(inner.Labels[0], lf.Enum))
		}
		lf.Of(holder).SetString(inner.Labels[0])
	}
	d.body(inner.Body, fields, holder, prefix+f.Name+".")
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
		at = place(d.b.def.Body, oe.Option, at)
		d.fail(at, fmt.Sprintf("option %q: %s", oe.Option, oe.Message), "`weir help "+d.b.kind+"` lists the options")
		return
	}
	d.fail(at, err.Error(), "")
}

// place is where a body sets an option ("model.units": in its block model), or the nearest thing that is there.
func place(body *hclsyntax.Body, option string, at hcl.Range) hcl.Range {
	name, inner, _ := strings.Cut(option, ".")
	if a := body.Attributes[name]; a != nil {
		return a.Expr.Range()
	}
	for _, b := range body.Blocks {
		if b.Type == name {
			return place(b.Body, inner, b.TypeRange)
		}
	}
	return at
}

func (d *decoder) suggestOption(name string, fields []stages.Field) string {
	var names []string
	for _, f := range fields {
		if !f.IsOutput() || f.Class == stages.OutputMap {
			names = append(names, f.Name)
		}
	}
	return SuggestOr(name, slices.Concat(names, reserved, reservedBlocks), "`weir help "+d.b.kind+"` lists the options")
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
