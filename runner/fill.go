package runner

import (
	"os"
	"path/filepath"
	"reflect"

	"weir/artifacts"
	"weir/runner/language"
	"weir/stages"
)

// fill gives a stage its inputs and the paths of its outputs in folder out.
func (r *run) fill(s *Step, out string) error {
	holder := reflect.ValueOf(s.Stage).Elem()
	for _, arg := range s.Args {
		f := stages.FieldByName(s.Fields, arg.Field)
		v, err := r.input(arg.Class, arg.Value)
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
func (r *run) input(class stages.Class, v language.Value) (any, error) {
	switch class {
	case stages.InputFile:
		return r.leaf(v)
	case stages.InputTree:
		return r.tree(v)
	case stages.ArgsList:
		args := v.Command()
		for i, word := range v.List {
			for j, part := range word.List {
				if part.Ref == nil {
					continue
				}
				in, err := r.leaf(part)
				if err != nil {
					return nil, err
				}
				args[i][j].Input = &in
			}
		}
		return args, nil
	}
	sources := v.Sources()
	for i, item := range v.List {
		if item.Ref == nil {
			continue
		}
		in, err := r.leaf(item)
		if err != nil {
			return nil, err
		}
		sources[i].Input = &in
	}
	return sources, nil
}

func (r *run) tree(v language.Value) (stages.Tree, error) {
	switch {
	case v.Named != nil:
		t := stages.Tree{Named: map[string]stages.Tree{}}
		for _, name := range sortedKeys(v.Named) {
			inner, err := r.tree(v.Named[name])
			if err != nil {
				return t, err
			}
			if inner.Leaf != nil && !inner.Leaf.Given() {
				continue // an optional output that was not written
			}
			t.Named[name] = inner
		}
		return t, nil
	case v.List != nil:
		t := stages.Tree{List: []stages.Tree{}}
		for _, item := range v.List {
			inner, err := r.tree(item)
			if err != nil {
				return t, err
			}
			t.List = append(t.List, inner)
		}
		return t, nil
	}
	in, err := r.leaf(v)
	return stages.Tree{Leaf: &in}, err
}

func (r *run) leaf(v language.Value) (stages.Input, error) {
	if v.Ref == nil {
		path := r.p.path(v.Path)
		id, err := r.p.Store.FileDigest(path)
		return stages.Input{ID: id, Path: path, Base: base(v.Path), From: v.Path}, err
	}
	from := r.plan.byIndex[v.Ref.Instance]
	o, ok := from.Outputs[v.Ref.Output]
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
