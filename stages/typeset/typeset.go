// Package typeset is the stage kind "typeset": it compiles the LaTeX of a report to PDF with pdflatex. The runner skips it where pdflatex is
// not installed.
//
//	stage "typeset" "paper" {
//	  tex     = stage.report.paper.tex
//	  numbers = stage.report.paper.numbers
//	  tables  = stage.report.paper.tables
//	  figures = stage.report.paper.figures
//	}
//
// The same inputs and the same TeX give the same bytes: time is 1970, the environment is fixed, and no shell escape exists. TeX runs in
// the stage's own folder and may read and write only below it (and its own installation).
package typeset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

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

// maxRuns bounds how often TeX runs until its references stand still: once for labels, once for what they move, one for long tables.
const maxRuns = 4

// maxPDF and maxLog bound what is read back, in bytes.
const (
	maxPDF = 512 << 20
	maxLog = 16 << 20
)

// Run implements stages.Stage.
func (t *Typeset) Run(ctx context.Context, env *stages.Env) error {
	tool, err := exec.LookPath("pdflatex")
	if err != nil {
		return errors.New("pdflatex is not installed: it comes with TeX Live or MiKTeX")
	}
	dir := filepath.Join(env.Scratch, "tex")
	if err := t.lay(dir); err != nil {
		return err
	}
	env.Progress.Total(maxRuns, "runs")
	var log []byte
	aux := ""
	for i := range maxRuns {
		if log, err = compile(ctx, tool, dir); err != nil {
			return err
		}
		env.Progress.Done(int64(i + 1))
		now := auxiliary(dir)
		if now == aux {
			break
		}
		aux = now
	}
	pages, warnings := read(log)
	for _, w := range warnings {
		env.Warn(w)
	}
	if err := copyFile(t.PDF.Path, filepath.Join(dir, "report.pdf"), maxPDF); err != nil {
		return fmt.Errorf("pdflatex left no report.pdf: %w", err)
	}
	env.Summarize(pages)
	return nil
}

// lay puts the inputs where the main file looks for them.
func (t *Typeset) lay(dir string) error {
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	if t.TeX.Path == "" {
		return fmt.Errorf("tex %s: a folder, expected one file", t.TeX.From)
	}
	files := map[string]string{"report.tex": t.TeX.Path}
	if t.Numbers.Path != "" {
		files["numbers.tex"] = t.Numbers.Path
	}
	for folder, in := range map[string]stages.Input{"tables": t.Tables, "figures": t.Figures} {
		for name, file := range in.Files {
			if !filepath.IsLocal(filepath.FromSlash(name)) {
				return fmt.Errorf("%s %s: the name %q leads out of the folder", folder, in.From, name)
			}
			files[folder+"/"+name] = file.Path
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return err
		}
		if err := copyFile(to, files[name], maxPDF); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(to, from string, limit int64) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	n, err := io.Copy(out, io.LimitReader(in, limit+1))
	if err == nil && n > limit {
		err = fmt.Errorf("%s: larger than %d bytes", from, limit)
	}
	return errors.Join(err, out.Close())
}

// compile runs TeX once and returns its log. The context kills it.
func compile(ctx context.Context, tool, dir string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, tool, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "-file-line-error", "report.tex")
	cmd.Dir = dir
	// PATH so that TeX finds its programs; HOME and TEXMFVAR inside the scratch folder, since TeX caches fonts there. max_print_line keeps lines of the log whole.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TEXMFHOME=" + dir, "TEXMFVAR=" + filepath.Join(dir, "texmf-var"), "TEXMFCONFIG=" + filepath.Join(dir, "texmf-config"),
		"LC_ALL=C", "TZ=UTC", "SOURCE_DATE_EPOCH=0", "FORCE_SOURCE_DATE=1", "openin_any=p", "openout_any=p", "max_print_line=10000", "error_line=254", "half_error_line=238"}
	if root := os.Getenv("SYSTEMROOT"); root != "" {
		cmd.Env = append(cmd.Env, "SYSTEMROOT="+root) // Windows starts no program without it
	}
	cmd.WaitDelay = 5 * time.Second
	var said bytes.Buffer
	cmd.Stdout = &capped{b: &said}
	cmd.Stderr = cmd.Stdout
	err := cmd.Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	log, readErr := readLog(dir)
	if readErr != nil {
		log = said.Bytes()
	}
	if err == nil {
		return log, nil
	}
	if message, found := firstError(log); found {
		return nil, errors.New(message)
	}
	tail := said.Bytes()
	if len(tail) > 500 {
		tail = tail[len(tail)-500:]
	}
	return nil, fmt.Errorf("pdflatex: %w: %s", err, bytes.TrimSpace(tail))
}

func readLog(dir string) ([]byte, error) {
	f, err := os.Open(filepath.Join(dir, "report.log"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxLog))
}

// auxiliary is the content of what TeX writes for its next run.
func auxiliary(dir string) string {
	all := ""
	for _, name := range []string{"report.aux", "report.out", "report.toc"} {
		data, _ := os.ReadFile(filepath.Join(dir, name))
		all += string(data) + "\x00"
	}
	return all
}

// capped keeps the first megabyte of what a program says.
type capped struct{ b *bytes.Buffer }

func (c *capped) Write(p []byte) (int, error) {
	if room := 1<<20 - c.b.Len(); room > 0 {
		c.b.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}
