package runner

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"weir/artifacts"
	"weir/runner/language"
	"weir/stages"
)

// fill collects the parts of a step's identity in k.key. pending names the inputs that are not computed yet; skip says why the step cannot
// run here.
func (k *keyer) fill(s *Step) (pending []string, skip string, diags hcl.Diagnostics) {
	k.key.Reset()
	s.read = s.read[:0]
	fail := func(at hcl.Range, summary, detail string) {
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: at.Ptr()})
	}
	k.key.Add("kind", s.Kind.Name)
	k.key.Add("version", strconv.Itoa(s.Kind.Version))
	k.options(s.Fields, reflect.ValueOf(s.Stage).Elem(), "")
	for i := range s.Args {
		arg := k.plan.present(s.Args[i])
		a := argument{keyer: k, step: s, arg: &arg, fail: fail}
		a.add()
		if a.pending {
			pending = append(pending, a.arg.Field)
		}
		if a.skip != "" {
			skip = a.skip
		}
	}
	for _, o := range s.named() {
		k.key.Add(k.word("option outputs.", o.Name), o.File+dirMark(o.Dir))
	}
	if fr, ok := s.Stage.(stages.FileReader); ok {
		k.files(s, fr, fail)
	}
	var tools []string
	if s.Kind.Tool != "" {
		tools = append(tools, s.Kind.Tool)
	}
	if tu, ok := s.Stage.(stages.ToolUser); ok {
		tools = append(tools, tu.Tools()...)
	}
	for _, name := range tools {
		id, err := k.tool(name)
		switch {
		case err == nil:
			k.key.AddOutput(k.word("tool ", name), id)
		case name == s.Kind.Tool:
			skip = "no " + name + " found"
		default:
			fail(*s.Range, fmt.Sprintf("%s: no program %q", s.Address, name), "install it, or give its path; `weir doctor` says what is here")
		}
	}
	slices.Sort(pending)
	return pending, skip, diags
}

// word is class + name, made once.
func (k *keyer) word(class, name string) string {
	key := wordKey{class, name}
	text, ok := k.words[key]
	if !ok {
		text = class + name
		k.words[key] = text
	}
	return text
}

type wordKey struct{ class, name string }

// named are the outputs whose names and paths the pipeline chose, so that they are part of the key.
func (s *Step) named() []language.OutputField {
	if stages.FieldByName(s.Fields, "outputs") == nil {
		return nil
	}
	return s.Instance.Outputs
}

func dirMark(dir bool) string {
	if dir {
		return "/"
	}
	return ""
}

// options adds every option after defaults, those of blocks as "model.units".
func (k *keyer) options(fields []stages.Field, holder reflect.Value, prefix string) {
	for i := range fields {
		f := &fields[i]
		switch f.Class {
		case stages.Option, stages.Label:
			k.key.Add(k.word("option "+prefix, f.Name), stages.Text(f.Of(holder)))
		case stages.Block:
			k.options(f.Fields, f.Of(holder), prefix+f.Name+".")
		}
	}
}

// argument adds one input to the key: a part for each artifact, and one for how they are put together where that matters.
type argument struct {
	*keyer
	step    *Step
	arg     *language.Argument
	fail    func(at hcl.Range, summary, detail string)
	shape   []byte
	pending bool
	skip    string
}

func (a *argument) add() {
	a.walk(&a.arg.Value, a.word("input ", a.arg.Field))
	switch a.arg.Class {
	case stages.ArgsList, stages.SourceSet:
		a.key.Add(a.word("option ", a.arg.Field), a.shown()+"\x00"+string(a.shape))
	case stages.InputTree:
		a.key.Add(a.word("inputs ", a.arg.Field), string(a.shape))
	}
}

// walk adds the artifacts of a value to the key and writes its shape: names, order, file names, and, in a tree, where each comes from, for
// a stage may print that.
func (a *argument) walk(v *language.Value, name string) {
	switch v.Kind {
	case language.Output:
		from := a.plan.byIndex[v.Instance]
		a.shape = append(a.shape, '<')
		if a.arg.Class == stages.InputTree {
			a.shape = append(append(a.shape, from.Address...), '.')
			a.shape = append(append(a.shape, v.Text...), ':')
		}
		a.shape = append(append(a.shape, outputField(from.Instance, v.Text).File...), '>')
		o, ok := from.output(v.Text)
		switch {
		case ok:
			a.key.AddOutput(name, o.ID)
		case from.Status == Skipped:
			a.skip = from.Address + " is skipped"
		case from.Status == Cached:
			a.key.Add(name, "") // an optional output that was not written
		default:
			a.pending = true
		}
	case language.File:
		a.shape = strconv.AppendQuote(append(a.shape, 'f'), v.Text)
		if a.arg.Class == stages.SourceSet {
			return // the stage lists it, see stages.FileReader
		}
		id, err := a.p.Store.FileDigest(a.p.path(v.Text))
		if err != nil {
			a.fail(*a.arg.Range, fmt.Sprintf("input %q: no file %s", a.arg.Field, v.Text), fileProblem(err))
			return
		}
		a.step.read = append(a.step.read, readFile{name: v.Text, id: id})
		a.key.AddOutput(name, id)
	case language.Named, language.List:
		a.shape = append(a.shape, "[{"[v.Kind-language.Named])
		for i := range v.Items {
			item := &v.Items[i]
			inner := name + "." + item.Name
			if v.Kind == language.List {
				inner = name + "[" + strconv.Itoa(i) + "]"
			}
			if item.Name != "" {
				a.shape = append(strconv.AppendQuote(a.shape, item.Name), '=')
			}
			a.walk(item, inner)
			a.shape = append(a.shape, ' ')
		}
		a.shape = append(a.shape, ']')
	default:
		a.shape = strconv.AppendQuote(a.shape, v.Text)
	}
}

// shown is a command line or a list of sources for people.
func (a *argument) shown() string {
	var b strings.Builder
	for i := range a.arg.Value.Items {
		if i > 0 {
			b.WriteByte(' ')
		}
		for _, part := range a.arg.Value.Items[i].Parts() {
			if part.Kind == language.Output {
				b.WriteString("<" + outputField(a.plan.byIndex[part.Instance].Instance, part.Text).File + ">")
			} else {
				b.WriteString(part.Text)
			}
		}
		if b.Len() > maxShown {
			break
		}
	}
	return b.String()
}

// maxShown is how much of a command line is kept for people, in bytes; its shape is whole in the key.
const maxShown = 300

func fileProblem(err error) string {
	var pe *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file; paths are relative to the project's folder"
	case errors.As(err, &pe):
		return pe.Err.Error()
	case errors.Is(err, artifacts.ErrChanging):
		return "somebody writes to it; run again when that is done"
	}
	return err.Error()
}

// files adds the files that the stage lists.
func (k *keyer) files(s *Step, fr stages.FileReader, fail func(hcl.Range, string, string)) {
	names, err := fr.Files(k.p.Dir)
	if err != nil {
		fail(*s.Range, s.Address+": "+err.Error(), "paths are relative to the project's folder")
		return
	}
	for _, name := range names {
		id, err := k.p.Store.FileDigest(k.p.path(name))
		if err != nil {
			fail(*s.Range, fmt.Sprintf("%s: no file %s", s.Address, name), fileProblem(err))
			continue
		}
		s.read = append(s.read, readFile{name: name, id: id, listed: true})
		k.key.AddOutput("file "+name, id)
	}
}

func (k *keyer) tool(name string) (artifacts.OutputID, error) {
	if id, ok := k.tools[name]; ok {
		return id, nil
	}
	path, err := k.p.Tools(name)
	if err != nil {
		return artifacts.OutputID{}, err
	}
	id, err := k.p.Store.FileDigest(path)
	if err == nil {
		k.tools[name] = id
	}
	return id, err
}

func outputField(in *language.Instance, name string) *language.OutputField {
	for i := range in.Outputs {
		if in.Outputs[i].Name == name {
			return &in.Outputs[i]
		}
	}
	panic("runner: " + in.Address + " has no output " + name) // a Value names outputs that are there
}

func base(name string) string { return name[strings.LastIndexAny(name, `/\`)+1:] }
