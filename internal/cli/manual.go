package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"weir/runner/language"
	"weir/stages"
)

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
	trees := map[string]stages.Tree{}
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
	return usage("%s has no option %q; %s", m.kind.Name, name, language.SuggestOr(name, names, "`weir help "+m.kind.Name+"` lists them"))
}

func (m *manual) option(f *stages.Field, name string, target reflect.Value, values []string) error {
	val := cty.StringVal(values[len(values)-1])
	if f.Type.Kind() == reflect.Slice {
		items, err := listItems(values)
		if err != nil {
			return usage("%s: %w", name, err)
		}
		val = cty.TupleVal(items)
	}
	if err := language.SetOption(f, target, val); err != nil {
		return usage("%s: %w; `weir help %s` lists the options", name, err, m.kind.Name)
	}
	return nil
}

// listItems reads periods=60,3600, or the name given twice, or a list as it stands in a pipeline: periods='[60, 3600]'.
func listItems(values []string) ([]cty.Value, error) {
	items := []cty.Value{}
	for _, v := range values {
		if !strings.HasPrefix(strings.TrimSpace(v), "[") {
			for item := range strings.SplitSeq(v, ",") {
				items = append(items, cty.StringVal(item))
			}
			continue
		}
		expr, diags := hclsyntax.ParseExpression([]byte(v), "", hcl.InitialPos)
		if diags.HasErrors() {
			return nil, fmt.Errorf("%s is no list: write [60, 3600] or 60,3600", v)
		}
		list, diags := expr.Value(nil)
		if diags.HasErrors() || !list.IsWhollyKnown() || list.IsNull() || !list.Type().IsTupleType() {
			return nil, fmt.Errorf("%s is no list: write [60, 3600] or 60,3600", v)
		}
		items = append(items, list.AsValueSlice()...)
	}
	return items, nil
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
func (m *manual) tree(trees map[string]stages.Tree, f *stages.Field, rest string, values []string) error {
	t := trees[f.Name]
	for _, v := range values {
		item, err := m.artifact(v)
		if err != nil {
			return err
		}
		if rest == "" {
			t.List = append(t.List, item)
			continue
		}
		t = insert(t, strings.Split(rest, "."), item)
	}
	trees[f.Name] = t
	f.Of(m.holder).Set(reflect.ValueOf(t))
	return nil
}

// insert puts an item into a tree under the names of the path.
func insert(t stages.Tree, path []string, item stages.Tree) stages.Tree {
	if len(path) == 0 {
		return item
	}
	if t.Named == nil {
		t.Named = map[string]stages.Tree{}
	}
	t.Named[path[0]] = insert(t.Named[path[0]], path[1:], item)
	return t
}

func (m *manual) artifact(path string) (stages.Tree, error) {
	info, err := stat(path)
	if err != nil {
		return stages.Tree{}, err
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

func stat(path string) (os.FileInfo, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage("no file %s", path)
	}
	if err != nil {
		return nil, usage("%w", err)
	}
	return info, nil
}

func fileInput(path string) (stages.Input, error) {
	info, err := stat(path)
	if err != nil {
		return stages.Input{}, err
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
