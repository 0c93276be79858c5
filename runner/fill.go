package runner

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"weir/artifacts"
	"weir/runner/language"
	"weir/stages"
)

// fill gives a stage its inputs and the paths of its outputs in folder out.
func (r *run) fill(s *Step, out string) error {
	holder := reflect.ValueOf(s.Stage).Elem()
	for _, arg := range s.Args {
		f := stages.FieldByName(s.Fields, arg.Field)
		arg = r.plan.present(arg)
		v, err := r.input(s, &arg)
		if err != nil {
			return err
		}
		f.Of(holder).Set(reflect.ValueOf(v))
	}
	written := map[string]stages.Output{}
	for _, o := range s.Instance.Outputs {
		path := filepath.Join(out, filepath.FromSlash(o.File))
		written[o.Name] = stages.Output{Path: path}
		if o.Dir {
			if err := os.MkdirAll(path, 0o777); err != nil {
				return err
			}
		}
	}
	for i := range s.Fields {
		f := &s.Fields[i]
		switch f.Class {
		case stages.OutputOne:
			f.Of(holder).Set(reflect.ValueOf(written[f.Name]))
		case stages.OutputSet:
			f.Of(holder).Set(reflect.ValueOf(stages.OutputDir{Path: written[f.Name].Path}))
		case stages.OutputMap:
			outputs := f.Of(holder).Interface().(stages.Outputs)
			outputs.Written = written
			f.Of(holder).Set(reflect.ValueOf(outputs))
		}
	}
	return nil
}

// input turns a value into what the field of its class holds.
func (r *run) input(s *Step, arg *language.Argument) (any, error) {
	v := arg.Value
	switch arg.Class {
	case stages.InputFile:
		in, err := r.leaf(s, v)
		if err == nil && !in.Given() && !stages.FieldByName(s.Fields, arg.Field).Optional {
			err = fmt.Errorf("its input %s is %s.%s, which was not written this time", arg.Field, r.plan.byIndex[v.Instance].Address, v.Text)
		}
		return in, err
	case stages.InputTree:
		return r.tree(s, v)
	case stages.ArgsList:
		args := v.Command()
		for i := range v.Items {
			for j, part := range v.Items[i].Parts() {
				if part.Kind != language.Output {
					continue
				}
				in, err := r.leaf(s, part)
				if err != nil {
					return nil, err
				}
				args[i][j].Input = &in
			}
		}
		return args, nil
	}
	sources := v.Sources()
	for i, item := range v.Items {
		if item.Kind != language.Output {
			continue
		}
		in, err := r.leaf(s, item)
		if err != nil {
			return nil, err
		}
		sources[i].Input = &in
	}
	return sources, nil
}

func (r *run) tree(s *Step, v language.Value) (stages.Tree, error) {
	switch v.Kind {
	case language.Named:
		t := stages.Tree{Named: map[string]stages.Tree{}}
		for _, item := range v.Items {
			inner, err := r.tree(s, item)
			if err != nil {
				return t, err
			}
			if inner.Leaf != nil && !inner.Leaf.Given() {
				continue // an optional output that was not written
			}
			t.Named[item.Name] = inner
		}
		return t, nil
	case language.List:
		t := stages.Tree{List: []stages.Tree{}}
		for _, item := range v.Items {
			inner, err := r.tree(s, item)
			if err != nil {
				return t, err
			}
			t.List = append(t.List, inner)
		}
		return t, nil
	}
	in, err := r.leaf(s, v)
	return stages.Tree{Leaf: &in}, err
}

func (r *run) leaf(s *Step, v language.Value) (stages.Input, error) {
	if v.Kind == language.File {
		return s.file(v.Text, r.p.path(v.Text)), nil
	}
	from := r.plan.byIndex[v.Instance]
	o, ok := from.output(v.Text)
	if !ok {
		return stages.Input{}, nil
	}
	in := stages.Input{ID: o.ID, Base: outputField(from.Instance, o.Name).File, From: from.Address + "." + o.Name}
	if !o.Dir {
		in.Path = r.p.Store.Path(o.ID)
		return in, nil
	}
	files, err := r.p.Store.Tree(o.ID)
	if err != nil {
		return in, err
	}
	in.Files = map[string]stages.Input{}
	for _, f := range files {
		in.Files[f.Name] = stages.Input{ID: f.ID, Path: r.p.Store.Path(f.ID), Base: base(f.Name), From: in.From + "/" + f.Name}
	}
	return in, nil
}

// file is a file of the project as an input, with the digest that is in the key.
func (s *Step) file(name, path string) stages.Input {
	in := stages.Input{Path: path, From: name, Base: base(name)}
	if i := slices.IndexFunc(s.read, func(f readFile) bool { return f.name == name }); i >= 0 {
		in.ID = s.read[i].id
	}
	return in
}

// files are what a stages.FileReader reads.
func (r *run) files(s *Step) map[string]stages.Input {
	if _, ok := s.Stage.(stages.FileReader); !ok {
		return nil
	}
	files := make(map[string]stages.Input, len(s.read))
	for _, f := range s.read {
		if f.listed {
			files[f.name] = stages.Input{ID: f.id, Path: r.p.path(f.name), From: f.name, Base: base(f.name)}
		}
	}
	return files
}

// unchanged makes sure that the files of the project which a step read are still those that its key names: it read them after they were hashed.
func (r *run) unchanged(s *Step) error {
	for _, f := range s.read {
		id, err := r.p.Store.FileDigest(r.p.path(f.name))
		if err != nil || id != f.id {
			return fmt.Errorf("%s changed while %s read it; run again", f.name, s.Address)
		}
	}
	return nil
}

// collect moves what a stage wrote into the store.
func (r *run) collect(s *Step, out string) ([]artifacts.Output, error) {
	var outputs []artifacts.Output
	for _, field := range s.Instance.Outputs {
		path := filepath.Join(out, filepath.FromSlash(field.File))
		info, err := os.Lstat(path)
		switch {
		case os.IsNotExist(err) && field.Optional:
			continue
		case os.IsNotExist(err):
			return nil, &missingOutput{field.Name, field.File}
		case err != nil:
			return nil, err
		case info.IsDir() != field.Dir || !info.IsDir() && !info.Mode().IsRegular():
			return nil, &wrongOutput{field.Name, field.Dir}
		}
		o := artifacts.Output{Name: field.Name, Dir: field.Dir}
		if field.Dir {
			o.ID, o.Size, err = r.p.Store.IngestDir(path)
		} else {
			o.ID, o.Size, err = r.p.Store.Ingest(path)
		}
		if err != nil {
			return nil, err
		}
		outputs = append(outputs, o)
	}
	return outputs, nil
}

type missingOutput struct{ name, file string }

func (e *missingOutput) Error() string {
	return "it did not write its output " + e.name + " (" + e.file + ")"
}

type wrongOutput struct {
	name string
	dir  bool
}

func (e *wrongOutput) Error() string {
	if e.dir {
		return "its output " + e.name + " is no folder"
	}
	return "its output " + e.name + " is no file; a path that ends in / declares a folder"
}
