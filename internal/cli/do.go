package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"weir/artifacts"
	"weir/runner"
	"weir/runner/language"
	"weir/stages"
)

func (a *App) doCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use: "do KIND name=value ... -o DIR", GroupID: forWork, Short: "one stage by hand, without a pipeline file",
		Long: "Do runs one stage on files and writes its outputs into a folder, each under its own name. `weir help KIND` lists the names.\n" +
			"Options of a block are written with a dot. An input that takes many artifacts takes folders that `weir do` wrote.",
		Example: doExamples,
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

const doExamples = `  weir do decode capture=a.pcap.gz -o out
  weir do aggregate packets=out/packets.parquet every=100ms -o out
  weir do train series=out/series.parquet model=lstm model.units=50 look_back=20 epochs=50 batch=64 seed=1 -o m1
  weir do evaluate series=out/series.parquet trials=m1 trials=m2 -o e
  weir do report language=en inputs.eda=out inputs.forecast=e -o r
`

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

// written is an output of a stage that is run by hand.
type written struct {
	name, path, target string // path: where the stage writes; target: where it goes when all went well
	dir, optional      bool
}

// run runs the stage in the scratch folder work and moves what it wrote to out, whole or not at all.
func (m *manual) run(ctx context.Context, stage stages.Stage, work, out string) error {
	outputs, err := m.outputs(work, out)
	if err != nil {
		return err
	}
	scratch := filepath.Join(work, "tmp")
	if err := os.Mkdir(scratch, 0o777); err != nil {
		return err
	}
	env := stages.Quiet(scratch)
	env.Log = hclog.New(&hclog.LoggerOptions{Name: m.kind.Name, Output: m.app.Err, Level: hclog.LevelFromString(firstOf(m.app.Env("WEIR_LOG"), "error"))})
	env.Workers = jobs()
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
	if err := m.watched(ctx, stage, env); err != nil {
		return err
	}
	for _, o := range outputs {
		if !o.optional && !exists(o.path) {
			return fmt.Errorf("%s did not write its output %s", m.kind.Name, o.name)
		}
	}
	for _, o := range outputs {
		if err := o.move(); err != nil {
			return err
		}
	}
	m.tell(env, outputs)
	return nil
}

// outputs tells the stage where to write.
func (m *manual) outputs(work, out string) (outputs []written, err error) {
	place := func(name, file string, dir, optional bool) string {
		w := written{name, filepath.Join(work, "out", filepath.FromSlash(file)), filepath.Join(out, filepath.FromSlash(file)), dir, optional}
		outputs = append(outputs, w)
		made := filepath.Dir(w.path)
		if dir {
			made = w.path
		}
		err = errors.Join(err, os.MkdirAll(made, 0o777))
		return w.path
	}
	for i := range m.fields {
		f := &m.fields[i]
		switch target := f.Of(m.holder); f.Class {
		case stages.OutputOne:
			target.Set(reflect.ValueOf(stages.Output{Path: place(f.Name, f.File, false, f.Optional)}))
		case stages.OutputSet:
			target.Set(reflect.ValueOf(stages.OutputDir{Path: place(f.Name, f.File, true, f.Optional)}))
		case stages.OutputMap:
			o := target.Interface().(stages.Outputs)
			o.Written = map[string]stages.Output{}
			for _, name := range slices.Sorted(maps.Keys(o.Declared)) {
				file := strings.TrimSuffix(o.Declared[name], "/")
				o.Written[name] = stages.Output{Path: place(name, file, file != o.Declared[name], false)}
			}
			target.Set(reflect.ValueOf(o))
		}
	}
	return outputs, err
}

// move puts an output where the person wants it. Where an optional file was not written, an older one of its name is removed: it would seem to belong to the others.
// The files of a folder replace those of the same names; others in that folder stay.
func (w written) move() error {
	if !w.dir && !exists(w.path) {
		if err := os.Remove(w.target); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	return filepath.WalkDir(w.path, func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // an optional output
		}
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(w.path, p)
		if err != nil {
			return err
		}
		to := filepath.Join(w.target, rel)
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return err
		}
		return os.Rename(p, to)
	})
}

// tell says what the stage did and where its outputs are.
func (m *manual) tell(env *stages.Env, outputs []written) {
	summary, findings, warnings := env.Said()
	if summary != "" {
		fmt.Fprintf(m.app.Err, "%s\n", summary)
	}
	for _, w := range warnings {
		fmt.Fprintln(m.app.Err, m.app.style.hanging(m.app.style.warn("warning")+" "+w, 2))
	}
	for _, f := range findings {
		fmt.Fprintln(m.app.Err, f)
	}
	var made []string
	for _, o := range outputs {
		info, err := os.Stat(o.target)
		switch {
		case err != nil:
		case info.IsDir():
			made = append(made, o.target+"/")
		default:
			made = append(made, o.target+" "+size(info.Size()))
		}
	}
	fmt.Fprintf(m.app.Err, "  %s\n", strings.Join(made, " · "))
}

// watched runs the stage and shows how far it is.
func (m *manual) watched(ctx context.Context, stage stages.Stage, env *stages.Env) error {
	d := newDisplay(ctx, m.app.style, m.app.Err, []*group{{name: m.kind.Name, all: 1, work: 1, width: len(m.kind.Name)}}, nil)
	defer d.close()
	env.LogFile = d.out
	env.Progress = d.beginOne(m.kind.Name)
	stop := context.AfterFunc(ctx, func() { d.Stopping(make([]*runner.Step, 1)) })
	defer stop()
	return guarded(func() error { return stage.Run(ctx, env) })
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
