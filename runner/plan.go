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

// Status is what a run would do with an instance.
type Status uint8

// The states of a step.
const (
	Cached  Status = iota // its outputs are in the store
	ToRun                 // it is not computed, or not any more
	MayRun                // something it needs runs first; whether it runs is decided then
	Skipped               // it cannot run here, and that is no failure (a tool is missing)
)

// String names the status as `weir plan --json` does.
func (s Status) String() string { return [...]string{"cached", "run", "may run", "skipped"}[s] }

// Step is one instance in a plan.
type Step struct {
	*language.Instance
	Status  Status
	Reason  string // why it runs, or is skipped
	Action  artifacts.ActionID
	Parts   []artifacts.Part
	Outputs map[string]artifacts.Output // when cached or done
	Seconds float64                     // what it took last time; 0 when unknown
	Forced  bool

	files map[string]stages.Input // what a stages.FileReader reads
}

// Plan is what a run would do.
type Plan struct {
	Experiment *Experiment
	Steps      []*Step // every instance that is wanted, in order; what a step needs comes before it
	byIndex    []*Step // by language.Instance.Index; nil when not wanted
}

// Count is how many steps have the status.
func (p *Plan) Count(s Status) (n int) {
	for _, step := range p.Steps {
		if step.Status == s {
			n++
		}
	}
	return n
}

// Pending is how many steps run or may run.
func (p *Plan) Pending() int { return p.Count(ToRun) + p.Count(MayRun) }

// PlanOptions choose what is planned.
type PlanOptions struct {
	Targets []string // addresses, kind.name, or kinds; nothing means everything
	Force   bool     // run the targets although they are cached
}

// Plan decides for every wanted instance. Missing files and unknown targets are diagnostics.
func (p *Project) Plan(e *Experiment, o PlanOptions) (*Plan, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	instances := e.Pipeline.Instances
	wanted, targets, err := choose(instances, o.Targets)
	if err != nil {
		return nil, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: err.Error()}}
	}
	plan := &Plan{Experiment: e, byIndex: make([]*Step, len(instances))}
	history := p.readHistory(e.Name)
	k := p.keyer(plan)
	for i, in := range instances {
		if !wanted[i] {
			continue
		}
		s := &Step{Instance: in, Forced: o.Force && targets[i]}
		plan.Steps = append(plan.Steps, s)
		plan.byIndex[i] = s
		diags = append(diags, k.decide(s, history.Actions[in.Address])...)
	}
	return plan, diags
}

// choose marks the instances that the targets name, and those they need.
func choose(instances []*language.Instance, targets []string) (wanted, named []bool, err error) {
	wanted, named = make([]bool, len(instances)), make([]bool, len(instances))
	for _, t := range targets {
		found := false
		for i, in := range instances {
			id := in.Kind.Name + "." + in.Name
			if t == in.Address || t == id || t == in.Kind.Name || strings.HasPrefix(in.Address, strings.TrimSuffix(t, "]")+",") && strings.HasSuffix(t, "]") {
				named[i], found = true, true
			}
		}
		if !found {
			return nil, nil, fmt.Errorf("no stage %s; `weir plan --all` lists them", t)
		}
	}
	for i := len(instances) - 1; i >= 0; i-- {
		if len(targets) == 0 {
			named[i] = true
		}
		if wanted[i] = wanted[i] || named[i]; wanted[i] {
			for _, n := range instances[i].Needs {
				wanted[n] = true
			}
		}
	}
	return wanted, named, nil
}

// keyer computes the keys of a plan's steps.
type keyer struct {
	p        *Project
	plan     *Plan
	pins     *pins
	versions map[string]string
	tools    map[string]artifacts.OutputID
}

func (p *Project) keyer(plan *Plan) *keyer {
	return &keyer{p: p, plan: plan, pins: openPins(p.Dir), versions: map[string]string{}, tools: map[string]artifacts.OutputID{}}
}

// decide sets the step's status and reason. last is the action that the address had when it last ran, or zero.
func (k *keyer) decide(s *Step, last artifacts.ActionID) hcl.Diagnostics {
	key, pending, skip, diags := k.key(s)
	if diags.HasErrors() {
		return diags
	}
	if skip != "" {
		s.Status, s.Reason = Skipped, skip
		return nil
	}
	s.Parts = key.Parts()
	if len(pending) > 0 {
		s.Status = MayRun
		s.Reason = k.reason(s, last, pending)
		return nil
	}
	s.Action = key.ID()
	outputs, ok, why := k.p.Store.Lookup(s.Action)
	if ok && !s.Forced && !k.repinned(s, outputs, &why) {
		s.setOutputs(outputs)
		s.Status = Cached
		return nil
	}
	s.Status = ToRun
	switch {
	case s.Forced && ok:
		s.Reason = "forced"
	case why != "":
		s.Reason = why
	default:
		s.Reason = k.reason(s, last, nil)
	}
	return nil
}

func (s *Step) setOutputs(outputs []artifacts.Output) {
	s.Outputs = make(map[string]artifacts.Output, len(outputs))
	for _, o := range outputs {
		s.Outputs[o.Name] = o
	}
}

// repinned says whether weir.lock names another digest than the cached output has.
func (k *keyer) repinned(s *Step, outputs []artifacts.Output, why *string) bool {
	pinner, ok := s.Stage.(stages.Pinner)
	if !ok || len(outputs) == 0 || pinner.PinURL() == "" {
		return false
	}
	digest, pinned := k.pins.Pin(pinner.PinURL())
	if !pinned || digest == outputs[0].ID.String() {
		return false
	}
	*why = "weir.lock names another digest"
	return true
}

// key collects the parts of a step's identity. pending names the inputs that are not computed yet; skip says why the step cannot run here.
func (k *keyer) key(s *Step) (key *artifacts.Key, pending []string, skip string, diags hcl.Diagnostics) {
	key = &artifacts.Key{}
	fail := func(at hcl.Range, summary, detail string) {
		diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: at.Ptr()})
	}
	key.Add("kind", s.Kind.Name)
	key.Add("version", k.version(s.Kind))
	eachOption(s.Fields, reflect.ValueOf(s.Stage).Elem(), "", func(name, text string) { key.Add("option "+name, text) })
	for _, arg := range s.Args {
		k.argument(key, s, arg, &pending, &skip, fail)
	}
	for _, o := range s.named() {
		key.Add("option outputs."+o.Name, o.File+dirMark(o.Dir))
	}
	if fr, ok := s.Stage.(stages.FileReader); ok {
		k.files(key, s, fr, fail)
	}
	tools := []string{}
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
			key.AddOutput("tool "+name, id)
		case name == s.Kind.Tool:
			skip = "no " + name + " found"
		default:
			fail(s.Range, fmt.Sprintf("%s: no program %q", s.Address, name), "install it, or give its path; `weir doctor` says what is here")
		}
	}
	slices.Sort(pending)
	return key, slices.Compact(pending), skip, diags
}

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

func (k *keyer) version(kind stages.Kind) string {
	if v, ok := k.versions[kind.Name]; ok {
		return v
	}
	k.versions[kind.Name] = strconv.Itoa(kind.Version)
	return k.versions[kind.Name]
}

// eachOption calls each with every option after defaults, those of blocks as "model.units".
func eachOption(fields []stages.Field, holder reflect.Value, prefix string, each func(name, text string)) {
	for i := range fields {
		f := &fields[i]
		switch f.Class {
		case stages.Option, stages.Label:
			each(prefix+f.Name, stages.Text(f.Of(holder)))
		case stages.Block:
			eachOption(f.Fields, f.Of(holder), prefix+f.Name+".", each)
		}
	}
}

// argument adds an input's artifacts to the key, one part for each leaf.
func (k *keyer) argument(key *artifacts.Key, s *Step, arg language.Argument, pending *[]string, skip *string, fail func(hcl.Range, string, string)) {
	var shape strings.Builder
	var walk func(v language.Value, name string)
	walk = func(v language.Value, name string) {
		switch {
		case v.Ref != nil:
			from := k.plan.byIndex[v.Ref.Instance]
			o, ok := from.Outputs[v.Ref.Output]
			field := outputField(from.Instance, v.Ref.Output)
			fmt.Fprintf(&shape, "<%s>", field.File)
			switch {
			case ok:
				key.AddOutput("input "+name, o.ID)
			case from.Status == Skipped:
				*skip = from.Address + " is skipped"
			case from.Status == Cached:
				key.Add("input "+name, "") // an optional output that was not written
			default:
				*pending = append(*pending, arg.Field)
			}
		case v.Path != "" && arg.Class != stages.SourceSet:
			id, err := k.p.Store.FileDigest(k.p.path(v.Path))
			if err != nil {
				fail(arg.Range, fmt.Sprintf("input %q: no file %s", arg.Field, v.Path), fileProblem(err))
				return
			}
			key.AddOutput("input "+name, id)
		case v.Path != "":
			fmt.Fprintf(&shape, "%q:%q ", v.Name, v.Path)
		case v.Named != nil:
			for _, n := range sortedKeys(v.Named) {
				walk(v.Named[n], name+"."+n)
			}
		case v.List != nil:
			fmt.Fprintf(&shape, "[%d]", len(v.List))
			for i, item := range v.List {
				shape.WriteString(item.Name)
				walk(item, fmt.Sprintf("%s[%d]", name, i))
			}
		default:
			fmt.Fprintf(&shape, "%q", v.Text)
		}
	}
	walk(arg.Value, arg.Field)
	if arg.Class == stages.ArgsList || arg.Class == stages.SourceSet {
		key.Add("option "+arg.Field, shown(arg.Value, k.plan)+"\x00"+shape.String())
	}
}

// shown is a command line or a list of sources for people.
func shown(v language.Value, plan *Plan) string {
	var words []string
	for _, item := range v.List {
		text := item.Path
		for _, part := range item.List {
			text += part.Text
			if part.Ref != nil {
				text += "<" + outputField(plan.byIndex[part.Ref.Instance].Instance, part.Ref.Output).File + ">"
			}
		}
		words = append(words, text)
	}
	return strings.Join(words, " ")
}

func fileProblem(err error) string {
	var pe *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file; paths are relative to the project's folder"
	case errors.As(err, &pe):
		return pe.Err.Error()
	}
	return err.Error()
}

func (k *keyer) files(key *artifacts.Key, s *Step, fr stages.FileReader, fail func(hcl.Range, string, string)) {
	names, err := fr.Files(k.p.Dir)
	if err != nil {
		fail(s.Range, s.Address+": "+err.Error(), "paths are relative to the project's folder")
		return
	}
	s.files = make(map[string]stages.Input, len(names))
	for _, name := range names {
		path := k.p.path(name)
		id, err := k.p.Store.FileDigest(path)
		if err != nil {
			fail(s.Range, fmt.Sprintf("%s: no file %s", s.Address, name), fileProblem(err))
			continue
		}
		s.files[name] = stages.Input{ID: id, Path: path, From: name, Base: base(name)}
		key.AddOutput("file "+name, id)
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

func outputField(in *language.Instance, name string) language.OutputField {
	i := slices.IndexFunc(in.Outputs, func(o language.OutputField) bool { return o.Name == name })
	return in.Outputs[i]
}

func base(name string) string { return name[strings.LastIndexAny(name, `/\`)+1:] }

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
