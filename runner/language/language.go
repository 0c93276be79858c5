// Package language reads a pipeline: HCL text in, a list of stage instances with their references out. It knows HCL, variables and
// expansion; it computes nothing and touches no store. Everything is known before anything runs, and every mistake is reported in one pass,
// as hcl.Diagnostics (see Print).
//
// The language (docs/language.md) has Terraform's habits: variable and locals blocks, stage blocks with for_each and matrix, references
// that make the edges. A reference to an output evaluates to a placeholder string that names the instance and the output, so that it
// can stand wherever text can; decode turns it back into a Ref.
package language

import (
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"weir/stages"
)

// Limits of what is read.
const (
	MaxFile      = 1 << 20 // bytes of one HCL file
	MaxInstances = 100_000
)

// Config says what to load.
type Config struct {
	Dir        string // the project's root; paths in the pipeline are relative to it
	Experiment string // a folder below experiments; it need not exist for the default experiment
	Kinds      map[string]stages.Kind
	Vars       []string // -var name=value, in order
	VarFiles   []string // -var-file, relative to the working folder
}

// Pipeline is what a file says, expanded.
type Pipeline struct {
	File      string // relative to the root
	Instances []*Instance
	Results   []Result
	Variables map[string]string // the value of every variable, as HCL text
	Files     map[string]*hcl.File
}

// Assignments are all variables as name=value, sorted by name; -var takes each.
func (p *Pipeline) Assignments() []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(p.Variables)) {
		all = append(all, name+"="+p.Variables[name])
	}
	return all
}

// Instance is one instance of a stage: options set, inputs as references.
type Instance struct {
	Index   int // in Pipeline.Instances; everything it needs comes before it
	Kind    *stages.Kind
	Name    string
	Address string // decode.packets["demo"]; unique
	Stage   stages.Stage
	Fields  []stages.Field
	Args    []Argument // the inputs, in the order of the kind's fields
	Outputs []OutputField
	Needs   []int // the instances it refers to, ascending
	Gate    *Gate // nil unless a search decides whether it runs
	Range   *hcl.Range
}

// Rung is one round of a search by halving: combinations of a matrix, all worked at for one length, the best of which go on.
type Rung struct {
	Option       string // which says the length
	Length       int
	Combinations [][]int // the instances of each, one for each seed
	Of           int     // how many combinations are compared: all in the first rung, else those that came so far
	Next         int     // how many go on
}

// Instances yields all instances of the rung.
func (r *Rung) Instances() iter.Seq[int] {
	return func(yield func(int) bool) {
		for _, c := range r.Combinations {
			for _, i := range c {
				if !yield(i) {
					return
				}
			}
		}
	}
}

// Gate lets an instance run when its combination is among the best of the rung before. What it decides is no part of a key.
type Gate struct {
	Rung        *Rung // the one before; its instances come before this one
	Combination int   // this one's there
}

// OutputField is an output that an instance has.
type OutputField struct {
	Name     string
	File     string // its name in a folder for people; a trailing slash for exec's folders
	Dir      bool
	Optional bool
}

// Argument is what an input was given.
type Argument struct {
	Field string
	Class stages.Class
	Value Value
	Range *hcl.Range
}

// Value is what an input was given: a reference to an output, a file, a text, or a collection of such. There are many, so it is small.
type Value struct {
	Kind     ValueKind
	Instance int     // of an Output: the instance
	Text     string  // of an Output its name; of a File its path, or a pattern in a stages.SourceSet; of a Text the text
	Name     string  // inside Named the key; in a stages.SourceSet where the command finds it
	Items    []Value // of Named, by Name, and of List
}

// ValueKind says what a Value is.
type ValueKind uint8

// The kinds of values.
const (
	Nothing ValueKind = iota
	Output            // an output of an instance
	File              // a file of the project
	Text              // plain text in a command line
	Named             // values by name
	List              // values in order; the word of a command line that has several parts
)

// Ref is the reference that an Output is.
func (v *Value) Ref() Ref { return Ref{v.Instance, v.Text} }

// Ref names an output of an instance.
type Ref struct {
	Instance int
	Output   string
}

// Result is one thing in results/<experiment>.
type Result struct {
	Path string // slash-separated
	Ref  Ref
}

// loader holds what the passes over a file share.
type loader struct {
	Config
	file      string // as in messages
	files     map[string]*hcl.File
	diags     hcl.Diagnostics
	variables map[string]*variable
	order     []string // variables in the order of the file
	vars      map[string]cty.Value
	locals    map[string]cty.Value
	localDefs map[string]*hclsyntax.Attribute
	blocks    []*block
	byName    map[string]*block // kind.name
	results   *hclsyntax.Block
	functions *functions
	instances []*Instance
	said      map[said]bool
}

// Load reads the experiment's pipeline. With errors in the diagnostics the pipeline is nil.
func Load(c Config) (*Pipeline, map[string]*hcl.File, hcl.Diagnostics) {
	l := &loader{
		Config: c, files: map[string]*hcl.File{}, variables: map[string]*variable{}, vars: map[string]cty.Value{},
		locals: map[string]cty.Value{}, localDefs: map[string]*hclsyntax.Attribute{}, byName: map[string]*block{}, said: map[said]bool{},
	}
	l.functions = newFunctions(c.Dir)
	l.file = "pipeline.hcl"
	own := filepath.Join("experiments", c.Experiment, "pipeline.hcl")
	if _, err := os.Stat(filepath.Join(c.Dir, own)); err == nil {
		l.file = filepath.ToSlash(own)
	}
	body := l.parse(filepath.Join(c.Dir, filepath.FromSlash(l.file)), l.file)
	if body == nil {
		return nil, l.files, l.diags
	}
	l.collect(body)
	l.setVariables()
	l.setLocals()
	l.expandAll()
	results := l.readResults()
	if l.diags.HasErrors() {
		return nil, l.files, l.diags
	}
	return &Pipeline{File: l.file, Instances: l.instances, Results: results, Variables: l.variableTexts(), Files: l.files}, l.files, l.diags
}

// parse reads one file; nil when that is impossible.
func (l *loader) parse(path, name string) *hclsyntax.Body {
	data, err := readBounded(path)
	if err != nil {
		l.fail(nil, "cannot read "+name, err.Error())
		return nil
	}
	tokens, _ := hclsyntax.LexConfig(data, name, hcl.InitialPos) // its mistakes come again from the parser
	if deep := shallow(tokens); deep != nil {
		l.files[name] = &hcl.File{Bytes: data}
		l.diags = append(l.diags, deep)
		return nil
	}
	file, diags := hclsyntax.ParseConfig(data, name, hcl.InitialPos)
	l.diags = append(l.diags, diags...)
	l.files[name] = file
	if file == nil || diags.HasErrors() {
		return nil
	}
	return file.Body.(*hclsyntax.Body)
}

// collect sorts the blocks of a file by type.
func (l *loader) collect(body *hclsyntax.Body) {
	for _, a := range sortedAttributes(body) {
		l.fail(a.NameRange.Ptr(), "unexpected "+quote(a.Name), "at the top of a file there are blocks only: variable, locals, stage, results")
	}
	for _, b := range body.Blocks {
		switch b.Type {
		case "variable":
			l.addVariable(b)
		case "locals":
			l.addLocals(b)
		case "stage":
			l.addStage(b)
		case "results":
			if l.results != nil {
				l.fail(b.TypeRange.Ptr(), "a second results block", "there is one already in line "+line(l.results.TypeRange))
				continue
			}
			l.results = b
		case "remote", "executor", "live":
			l.fail(b.TypeRange.Ptr(), b.Type+" blocks are not there yet", "this version runs everything on this machine and keeps it in this project; take the block out")
		default:
			l.fail(b.TypeRange.Ptr(), "unknown block "+quote(b.Type), Suggest(b.Type, []string{"variable", "locals", "stage", "results", "remote", "executor"}))
		}
	}
}

func (l *loader) fail(at *hcl.Range, summary, detail string) {
	l.diags = append(l.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: at})
}
