// Package typeset compiles the LaTeX of a report to PDF with pdflatex.
package typeset

import (
	"context"
	"errors"

	"weir/stages"
)

// Typeset compiles a report's LaTeX.
type Typeset struct {
	TeX     stages.Input `hcl:"tex" doc:"the main file, report.tex"`
	Numbers stages.Input `hcl:"numbers,optional" doc:"numbers.tex, that the main file reads"`
	Tables  stages.Input `hcl:"tables,optional" doc:"the folder tables/"`
	Figures stages.Input `hcl:"figures,optional" doc:"the folder figures/"`

	PDF stages.Output `hcl:"pdf" file:"report.pdf" doc:"the report"`
}

// Kind is the row of this kind in the table of kinds.
func Kind() stages.Kind {
	return stages.Kind{Name: "typeset", Version: 1, Summary: "a PDF from a report's LaTeX, with pdflatex",
		New: func() stages.Stage { return &Typeset{} }, Tool: "pdflatex"}
}

// Run implements stages.Stage.
func (t *Typeset) Run(ctx context.Context, env *stages.Env) error {
	return errors.New("not yet")
}
