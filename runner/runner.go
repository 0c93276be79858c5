// Package runner does what a pipeline says and no more: it plans every instance with a reason or finds it cached, runs what is missing,
// and keeps the outcome. It sits between the command line and the stages' contract; it knows no kind of stage.
//
//	load      language: HCL to instances with references
//	plan      plan.go: the key of every instance whose inputs are known; cached, to run, or waiting for something that runs first
//	execute   execute.go: as many at once as cores and memory allow, in the order of the pipeline
//	keep      artifacts: outputs by digest, records last
//	hand out  results.go: a copy of the outputs that people want
//
// Planning reads files and records and changes nothing. An instance whose inputs are computed first is planned again when they are there:
// when they come out as they were, it is cached after all (early cutoff).
package runner

import (
	"path/filepath"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/hcl/v2"

	"weir/artifacts"
	"weir/runner/language"
	"weir/stages"
)

// Project is a folder with a pipeline, its store and the kinds of stage.
type Project struct {
	Dir   string // absolute
	Store *artifacts.Store
	Kinds map[string]stages.Kind
	Log   hclog.Logger
	Tools func(name string) (path string, err error) // exec.LookPath, but for tests
}

// Experiment is a loaded pipeline.
type Experiment struct {
	Name     string
	Pipeline *language.Pipeline
}

// Load reads the pipeline of an experiment. With errors in the diagnostics there is none.
func (p *Project) Load(name string, vars, varFiles []string) (*Experiment, map[string]*hcl.File, hcl.Diagnostics) {
	pipeline, files, diags := language.Load(language.Config{Dir: p.Dir, Experiment: name, Kinds: p.Kinds, Vars: vars, VarFiles: varFiles})
	if diags.HasErrors() {
		return nil, files, diags
	}
	return &Experiment{Name: name, Pipeline: pipeline}, files, diags
}

// path makes a path of the pipeline absolute.
func (p *Project) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(p.Dir, filepath.FromSlash(name))
}
