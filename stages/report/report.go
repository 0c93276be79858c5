// Package report renders a report. See the next version.
package report

import (
	"context"
	"errors"

	"weir/stages"
)

// Report renders a template and the numbers of other stages as HTML and LaTeX.
type Report struct {
	Template stages.Input `hcl:"template,optional" doc:"the template, Markdown with actions; without it the built-in one of the language"`
	Language string       `hcl:"language,optional" enum:"en pt es" doc:"the language of numbers, dates, captions and the built-in template"`
	Title    string       `hcl:"title,optional" doc:"the report's title instead of the template's"`
	Inputs   stages.Tree  `hcl:"inputs" doc:"what the report may use, by name: { eda = stage.eda.traffic, forecast = stage.evaluate.forecast }"`

	HTML    stages.Output    `hcl:"html" file:"report.html" doc:"one self-contained page"`
	TeX     stages.Output    `hcl:"tex" file:"report.tex" doc:"the same content for LaTeX"`
	Numbers stages.Output    `hcl:"numbers" file:"numbers.tex" doc:"every number of the report as a LaTeX macro"`
	Tables  stages.OutputDir `hcl:"tables" file:"tables" doc:"the tables, one LaTeX file each"`
	Figures stages.OutputDir `hcl:"figures" file:"figures" doc:"the figures, PDF and SVG"`
	Metrics stages.Output    `hcl:"metrics" file:"metrics.json" doc:"every number of the report, in the order of appearance"`
}

// Kind is the row of this kind in the table of kinds.
func Kind() stages.Kind {
	return stages.Kind{Name: "report", Version: 1, Summary: "a report as HTML and LaTeX from a template and the numbers of other stages",
		New: func() stages.Stage { return &Report{Language: "en"} }}
}

// Run implements stages.Stage.
func (r *Report) Run(ctx context.Context, env *stages.Env) error {
	return errors.New("not yet")
}
