package typeset

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/stages"
)

func input(t *testing.T, content string) stages.Input {
	path := filepath.Join(t.TempDir(), "artifact")
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	return stages.Input{Path: path, From: "report.paper.tex"}
}

func typeset(t *testing.T, ctx context.Context, tex string, tables map[string]stages.Input) ([]byte, *stages.Env, error) {
	if _, err := exec.LookPath("pdflatex"); err != nil {
		t.Skip("pdflatex is not installed")
	}
	s := &Typeset{TeX: input(t, tex), Tables: stages.Input{Files: tables}, PDF: stages.Output{Path: filepath.Join(t.TempDir(), "report.pdf")}}
	env := stages.Quiet(t.TempDir())
	if err := s.Run(ctx, env); err != nil {
		if _, statErr := os.Stat(s.PDF.Path); statErr == nil {
			t.Error("a failed run left a PDF")
		}
		return nil, env, err
	}
	data, err := os.ReadFile(s.PDF.Path)
	if err != nil {
		t.Fatal(err)
	}
	return data, env, nil
}

const refers = `\documentclass{article}\begin{document}See \ref{a}. \input{tables/t}\section{A}\label{a}\end{document}`

// Twice the same bytes, references resolved, in another folder.
func TestSameBytes(t *testing.T) {
	tables := map[string]stages.Input{"t.tex": input(t, "a table")}
	first, env, err := typeset(t, t.Context(), refers, tables)
	if err != nil {
		t.Fatal(err)
	}
	if summary, _, warnings := env.Said(); summary != "1 page" || len(warnings) > 0 {
		t.Errorf("%q, warnings %q", summary, warnings)
	}
	second, _, err := typeset(t, t.Context(), refers, tables)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(first, []byte("%PDF-")) || !bytes.Equal(first, second) {
		t.Error("two runs differ")
	}
}

func TestErrorNamesTheLine(t *testing.T) {
	for tex, want := range map[string]string{
		"\\documentclass{article}\n\\begin{document}\nAll is \\wrong{} here.\n\\end{document}": `report.tex:3: Undefined control sequence. (at "All is \\wrong")`,
		"\\documentclass{article}\n\\begin{document}\n\\input{nothing}\n\\end{document}":       "line 3: LaTeX Error: File `nothing.tex' not found.",
		"\\documentclass{article}\n\\begin{document}\n\\input{/etc/passwd}\n\\end{document}":   "passwd",
	} {
		if _, _, err := typeset(t, t.Context(), tex, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestWarnings(t *testing.T) {
	_, env, err := typeset(t, t.Context(), `\documentclass{article}\begin{document}\ref{nowhere} \hbox to 5cm{\rule{9cm}{1pt}}\noindent\rule{50cm}{1pt}\end{document}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _, warnings := env.Said()
	all := strings.Join(warnings, "\n")
	for _, want := range []string{"overfull \\hbox", "nowhere' on page 1 undefined"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in %q", want, warnings)
		}
	}
}

// A document that never ends is killed by its context, and nothing can run a shell.
func TestKilled(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, _, err := typeset(t, ctx, `\documentclass{article}\begin{document}\loop\iftrue\repeat\end{document}`, nil)
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 6*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

func TestNoShell(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	_, _, _ = typeset(t, t.Context(), `\documentclass{article}\begin{document}x\immediate\write18{touch `+out+`}\end{document}`, nil)
	if _, err := os.Stat(out); err == nil {
		t.Error("TeX ran a shell")
	}
}

func TestNamesStayInside(t *testing.T) {
	s := &Typeset{TeX: input(t, refers), Tables: stages.Input{Files: map[string]stages.Input{"../../evil.tex": input(t, "x")}}}
	if err := s.lay(filepath.Join(t.TempDir(), "tex")); err == nil || !strings.Contains(err.Error(), "leads out") {
		t.Error(err)
	}
}
