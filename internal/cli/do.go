package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"
	"github.com/zclconf/go-cty/cty"

	"weir/artifacts"
	"weir/runner/language"
	"weir/stages"
)

func (a *App) doCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use: "do KIND name=value ... -o DIR", Short: "one stage by hand, without a pipeline file",
		Long: "Do runs one stage on files and writes its outputs into a folder: weir do decode capture=a.pcap.gz -o out\n" +
			"Options of a block are written with a dot: weir do train series=s.parquet model=lstm model.units=50 look_back=20 epochs=50 batch=64 seed=1 -o m\n" +
			"An input that takes many artifacts takes folders that `weir do` wrote, and may be repeated: trials=m1 trials=m2, inputs.eda=e",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("which kind of stage? %s", strings.Join(a.kindNames(), ", "))
			}
			if out == "" {
				return usage("where to? -o DIR")
			}
			return a.do(c.Context(), args[0], args[1:], out)
		},
	}
	c.Flags().StringVarP(&out, "out", "o", "", "the `folder` for the outputs")
	return c
}

func (a *App) kindNames() []string {
	names := make([]string, len(a.Kinds))
	for i, k := range a.Kinds {
		names[i] = k.Name
	}
	return names
}

func (a *App) kind(name string) (stages.Kind, error) {
	i := slices.IndexFunc(a.Kinds, func(k stages.Kind) bool { return k.Name == name })
	if i < 0 {
		return stages.Kind{}, usage("unknown kind of stage %q; %s", name, language.Suggest(name, a.kindNames()))
	}
	return a.Kinds[i], nil
}

func (a *App) do(ctx context.Context, name string, args []string, out string) error {
	kind, err := a.kind(name)
	if err != nil {
		return err
	}
	stage := kind.New()
	m := &manual{app: a, kind: kind, fields: stages.Fields(stage), holder: reflect.ValueOf(stage).Elem()}
	if err := m.set(args); err != nil {
		return err
	}
	if v, ok := stage.(stages.Validator); ok {
		if err := v.Validate(); err != nil {
			return usage("%w; `weir help %s` lists the options", err, name)
		}
	}
	if kind.Tool != "" {
		if _, err := lookPath(".")(kind.Tool); err != nil {
			return &exitError{Failed, fmt.Errorf("no %s found; `weir doctor` says what to install", kind.Tool)}
		}
	}
	made := !exists(out)
	if err := os.MkdirAll(out, 0o777); err != nil {
		return &exitError{Failed, err}
	}
	work, err := os.MkdirTemp(out, ".weir-")
	if err != nil {
		return &exitError{Failed, err}
	}
	err = m.run(ctx, stage, work, out)
	artifacts.RemoveAll(work)
	if err != nil && made {
		os.Remove(out) // when it is empty
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		fmt.Fprintln(a.Err, "interrupted")
		return exit(Interrupted)
	}
	return &exitError{Failed, err}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// manual is a stage that is set up from name=value arguments.
type manual struct {
	app    *App
	kind   stages.Kind
	fields []stages.Field
	holder reflect.Value
}

func (m *manual) set(args []string) error {
	given := map[string][]string{}
	var order []string
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok {
			return usage("%q: expected name=value; `weir help %s` lists the names", arg, m.kind.Name)
		}
		if given[name] == nil {
			order = append(order, name)
		}
		given[name] = append(given[name], value)
	}
	seen := map[string]bool{}
	trees := map[string]*stages.Tree{}
	for _, name := range order {
		first, rest, dotted := strings.Cut(name, ".")
		f := stages.FieldByName(m.fields, first)
		if f == nil {
			return m.unknown(name)
		}
		seen[first] = true
		holder := f.Of(m.holder)
		var err error
		switch {
		case f.Class == stages.Block:
			err = m.block(f, rest, given[name])
		case f.Class == stages.InputTree:
			err = m.tree(trees, f, rest, given[name])
		case f.Class == stages.OutputMap && dotted:
			o := holder.Interface().(stages.Outputs)
			if o.Declared == nil {
				o.Declared = map[string]string{}
			}
			o.Declared[rest] = given[name][0]
			holder.Set(reflect.ValueOf(o))
		case dotted && f.Type.Kind() == reflect.Map:
			if holder.IsNil() {
				holder.Set(reflect.MakeMap(f.Type))
			}
			holder.SetMapIndex(reflect.ValueOf(rest), reflect.ValueOf(given[name][0]))
		case dotted:
			return m.unknown(name)
		case f.Class == stages.InputFile:
			var in stages.Input
			in, err = fileInput(given[name][len(given[name])-1])
			holder.Set(reflect.ValueOf(in))
		case f.Class == stages.ArgsList:
			var words stages.Args
			for _, w := range given[name] {
				words = append(words, stages.Arg{{Text: w}})
			}
			holder.Set(reflect.ValueOf(words))
		case f.Class == stages.SourceSet:
			var sources stages.Sources
			for _, p := range given[name] {
				sources = append(sources, stages.Source{Path: p})
			}
			holder.Set(reflect.ValueOf(sources))
		default:
			err = m.option(f, name, holder, given[name])
		}
		if err != nil {
			return err
		}
	}
	for _, f := range m.fields {
		if !seen[f.Name] && !f.Optional && (f.Class == stages.Option || f.Class == stages.InputFile || f.Class == stages.InputTree || f.Class == stages.ArgsList) {
			return usage("%s needs %s=...: %s", m.kind.Name, f.Name, f.Doc)
		}
	}
	return nil
}

func (m *manual) unknown(name string) error {
	var names []string
	for _, f := range m.fields {
		switch f.Class {
		case stages.OutputOne, stages.OutputSet:
		case stages.Block:
			names = append(names, f.Name)
			for _, inner := range f.Fields {
				if inner.Class != stages.Label {
					names = append(names, f.Name+"."+inner.Name)
				}
			}
		default:
			names = append(names, f.Name)
		}
	}
	return usage("%s has no option %q; %s `weir help %s` lists them", m.kind.Name, name, language.Suggest(name, names), m.kind.Name)
}

func (m *manual) option(f *stages.Field, name string, target reflect.Value, values []string) error {
	val := cty.StringVal(values[len(values)-1])
	if f.Type.Kind() == reflect.Slice {
		var items []cty.Value
		for _, v := range values {
			for item := range strings.SplitSeq(v, ",") {
				items = append(items, cty.StringVal(item))
			}
		}
		val = cty.TupleVal(items)
	}
	if err := language.SetOption(f, target, val); err != nil {
		return usage("%s: %w; `weir help %s` lists the options", name, err, m.kind.Name)
	}
	return nil
}

// block sets model=lstm (the block's label) or model.units=50.
func (m *manual) block(f *stages.Field, rest string, values []string) error {
	inner := stages.FieldByName(f.Fields, rest)
	if rest == "" {
		i := slices.IndexFunc(f.Fields, func(f stages.Field) bool { return f.Class == stages.Label })
		if i < 0 {
			return m.unknown(f.Name)
		}
		inner = &f.Fields[i]
	}
	if inner == nil {
		return m.unknown(f.Name + "." + rest)
	}
	return m.option(inner, strings.TrimSuffix(f.Name+"."+rest, "."), inner.Of(f.Of(m.holder)), values)
}

// tree adds files and folders to an input that takes many artifacts. A folder stands for the outputs that `weir do` wrote into it.
func (m *manual) tree(trees map[string]*stages.Tree, f *stages.Field, rest string, values []string) error {
	t := trees[f.Name]
	if t == nil {
		t = &stages.Tree{}
		trees[f.Name] = t
	}
	for _, v := range values {
		item, err := m.artifact(v)
		if err != nil {
			return err
		}
		if rest == "" {
			t.List = append(t.List, item)
			continue
		}
		at := t
		for part := range strings.SplitSeq(rest, ".") {
			if at.Named == nil {
				at.Named = map[string]stages.Tree{}
			}
			next := at.Named[part]
			if part == rest[strings.LastIndex(rest, ".")+1:] {
				next = item
			}
			at.Named[part] = next
			at = &next
		}
	}
	f.Of(m.holder).Set(reflect.ValueOf(*t))
	return nil
}

func (m *manual) artifact(path string) (stages.Tree, error) {
	info, err := os.Stat(path)
	if err != nil {
		return stages.Tree{}, usage("%w", err)
	}
	if !info.IsDir() {
		in, err := fileInput(path)
		return stages.Tree{Leaf: &in}, err
	}
	named := map[string]stages.Tree{}
	entries, err := os.ReadDir(path)
	if err != nil {
		return stages.Tree{}, usage("%w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		in, err := fileInput(filepath.Join(path, e.Name()))
		if err != nil {
			return stages.Tree{}, err
		}
		named[m.app.outputName(e.Name())] = stages.Tree{Leaf: &in}
	}
	return stages.Tree{Named: named}, nil
}

// outputName is the output that `weir do` writes under a file name: eda.json is the summary of eda.
func (a *App) outputName(file string) string {
	for _, k := range a.Kinds {
		for _, f := range stages.Fields(k.New()) {
			if f.IsOutput() && f.File == file {
				return f.Name
			}
		}
	}
	name, _, _ := strings.Cut(file, ".")
	return name
}

func fileInput(path string) (stages.Input, error) {
	info, err := os.Stat(path)
	if err != nil {
		return stages.Input{}, usage("%w", err)
	}
	in := stages.Input{Path: path, From: path, Base: filepath.Base(path)}
	if !info.IsDir() {
		return in, nil
	}
	in.Path = ""
	in.Files = map[string]stages.Input{}
	err = filepath.WalkDir(path, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(path, p)
		in.Files[filepath.ToSlash(rel)] = stages.Input{Path: p, From: p, Base: d.Name()}
		return err
	})
	return in, err
}

// run runs the stage in a scratch folder and moves what it wrote to out, whole or not at all.
func (m *manual) run(ctx context.Context, stage stages.Stage, work, out string) (err error) {
	type output struct {
		name, path, target string
		dir, optional      bool
	}
	var outputs []output
	place := func(name, file string, dir, optional bool) (string, error) {
		path := filepath.Join(work, "out", filepath.FromSlash(file))
		outputs = append(outputs, output{name, path, filepath.Join(out, filepath.FromSlash(file)), dir, optional})
		if dir {
			return path, os.MkdirAll(path, 0o777)
		}
		return path, os.MkdirAll(filepath.Dir(path), 0o777)
	}
	for i := range m.fields {
		f := &m.fields[i]
		switch f.Class {
		case stages.OutputOne, stages.OutputSet:
			path, err := place(f.Name, f.File, f.Class == stages.OutputSet, f.Optional)
			if err != nil {
				return err
			}
			if f.Class == stages.OutputSet {
				f.Of(m.holder).Set(reflect.ValueOf(stages.OutputDir{Path: path}))
			} else {
				f.Of(m.holder).Set(reflect.ValueOf(stages.Output{Path: path}))
			}
		case stages.OutputMap:
			o := f.Of(m.holder).Interface().(stages.Outputs)
			o.Written = map[string]stages.Output{}
			for name, file := range o.Declared {
				path, err := place(name, strings.TrimSuffix(file, "/"), strings.HasSuffix(file, "/"), false)
				if err != nil {
					return err
				}
				o.Written[name] = stages.Output{Path: path}
			}
			f.Of(m.holder).Set(reflect.ValueOf(o))
		}
	}
	scratch := filepath.Join(work, "tmp")
	if err := os.Mkdir(scratch, 0o777); err != nil {
		return err
	}
	d := &display{style: m.app.style, out: m.app.Err}
	env := stages.Quiet(scratch)
	env.Log = hclog.New(&hclog.LoggerOptions{Name: m.kind.Name, Output: m.app.Err, Level: hclog.LevelFromString(firstOf(m.app.Env("WEIR_LOG"), "error"))})
	env.Workers = jobs()
	env.LogFile = m.app.Err
	if fr, ok := stage.(stages.FileReader); ok {
		files, err := fr.Files(".")
		if err != nil {
			return err
		}
		env.Files = map[string]stages.Input{}
		for _, f := range files {
			if env.Files[f], err = fileInput(f); err != nil {
				return err
			}
		}
	}
	if err := guarded(func() error { return stage.Run(ctx, env) }); err != nil {
		return err
	}
	summary, findings, warnings := env.Said()
	for _, o := range outputs {
		if !exists(o.path) {
			if o.optional {
				continue
			}
			return fmt.Errorf("%s did not write its output %s", m.kind.Name, o.name)
		}
		if err := os.MkdirAll(filepath.Dir(o.target), 0o777); err != nil {
			return err
		}
		if o.dir {
			if err := artifacts.RemoveAll(o.target); err != nil {
				return err
			}
		}
		if err := os.Rename(o.path, o.target); err != nil {
			return err
		}
	}
	if summary != "" {
		fmt.Fprintf(d.out, "%s\n", summary)
	}
	for _, w := range warnings {
		fmt.Fprintf(d.out, "%s %s\n", d.style.warn("warning"), w)
	}
	for _, f := range findings {
		fmt.Fprintln(d.out, f)
	}
	var made []string
	for _, o := range outputs {
		if info, err := os.Stat(o.target); err == nil {
			if info.IsDir() {
				made = append(made, o.target+"/")
			} else {
				made = append(made, o.target+" "+size(info.Size()))
			}
		}
	}
	fmt.Fprintf(d.out, "  %s\n", strings.Join(made, " · "))
	return nil
}

// guarded turns a panic into an error; with WEIR_LOG=debug the stack is shown.
func guarded(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a defect in weir: %v; please report it", p)
			if os.Getenv("WEIR_LOG") == "debug" {
				err = errors.Join(err, errors.New(string(debug.Stack())))
			}
		}
	}()
	return do()
}
