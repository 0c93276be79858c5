package cli

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/spf13/cobra"

	"weir/artifacts"
	"weir/runner/language"
	"weir/stages"
)

func (a *App) helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND | KIND]", Short: "what a command or a kind of stage does",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				if err := root.Help(); err != nil {
					return err
				}
				fmt.Fprintln(a.Out, "\nKinds of stage (weir help KIND):")
				for _, k := range a.Kinds {
					fmt.Fprintf(a.Out, "  %-11s %s\n", k.Name, k.Summary)
				}
				return nil
			}
			if c, _, err := root.Find(args); err == nil && c != root {
				return c.Help()
			}
			kind, err := a.kind(args[0])
			if err != nil {
				return err
			}
			a.describe(kind)
			return nil
		},
	}
}

// describe prints a kind as its struct declares it.
func (a *App) describe(kind stages.Kind) {
	fields := stages.Fields(kind.New())
	fmt.Fprintf(a.Out, "%s (version %d): %s\n", kind.Name, kind.Version, kind.Summary)
	if kind.Tool != "" {
		fmt.Fprintf(a.Out, "needs the program %s; without it the stage is left out\n", kind.Tool)
	}
	section := func(title string, fits func(stages.Class) bool) {
		said := false
		for _, f := range fields {
			if !fits(f.Class) {
				continue
			}
			if !said {
				said = true
				fmt.Fprintf(a.Out, "\n%s\n", title)
			}
			a.field(f, "  ")
		}
	}
	section("inputs", func(c stages.Class) bool {
		return c == stages.InputFile || c == stages.InputTree || c == stages.SourceSet || c == stages.ArgsList
	})
	section("options", func(c stages.Class) bool { return c == stages.Option || c == stages.Block })
	section("outputs", func(c stages.Class) bool {
		return c == stages.OutputOne || c == stages.OutputSet || c == stages.OutputMap
	})
}

func (a *App) field(f stages.Field, indent string) {
	name := f.Name
	if f.Class == stages.Block {
		for _, inner := range f.Fields {
			if inner.Class == stages.Label {
				name += " \"" + strings.Join(inner.Enum, "\" | \"") + "\""
			}
		}
		fmt.Fprintf(a.Out, "%s%s { }  %s\n", indent, name, f.Doc)
		for _, inner := range f.Fields {
			if inner.Class != stages.Label {
				a.field(inner, indent+"  ")
			}
		}
		return
	}
	var notes []string
	switch {
	case f.IsOutput() && f.Optional:
		notes = append(notes, "may be left out")
	case f.IsOutput():
	case !f.Optional:
		notes = append(notes, "required")
	case f.Default != "":
		notes = append(notes, "default "+f.Default)
	}
	if len(f.Enum) > 0 {
		notes = append(notes, strings.Join(f.Enum, " or "))
	}
	if f.File != "" {
		notes = append(notes, f.File)
	}
	text := f.Doc
	if len(notes) > 0 {
		text += " (" + strings.Join(notes, "; ") + ")"
	}
	fmt.Fprintf(a.Out, "%s%-16s %s\n", indent, name, strings.TrimSpace(text))
}

func (a *App) versionCommand() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "the version", Args: cobra.NoArgs, Run: func(*cobra.Command, []string) {
		fmt.Fprintf(a.Out, "weir %s %s/%s %s\n", Version, runtime.GOOS, runtime.GOARCH, runtime.Version())
	}}
}

func (a *App) fmtCommand() *cobra.Command {
	var check bool
	c := &cobra.Command{
		Use: "fmt [FILE...]", Short: "lay out HCL files as everybody does",
		RunE: func(_ *cobra.Command, files []string) error {
			if len(files) == 0 {
				dir, err := a.findProject()
				if err != nil {
					return err
				}
				files, _ = filepath.Glob(filepath.Join(dir, "*.hcl"))
				more, _ := filepath.Glob(filepath.Join(dir, "experiments", "*", "*.hcl"))
				files = append(files, more...)
			}
			changed := 0
			for _, file := range files {
				c, err := a.format(file, check)
				if err != nil {
					return err
				}
				if c {
					changed++
					fmt.Fprintln(a.Out, file)
				}
			}
			if check && changed > 0 {
				return exit(Failed)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&check, "check", false, "change nothing, list what would change, exit 1 when there is any")
	return c
}

func (a *App) format(file string, check bool) (changed bool, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return false, usage("%w", err)
	}
	if len(data) > language.MaxFile {
		return false, usage("%s: more than %d bytes", file, language.MaxFile)
	}
	if f, diags := hclsyntax.ParseConfig(data, file, hcl.InitialPos); diags.HasErrors() {
		return false, a.report(diags, map[string]*hcl.File{file: f})
	}
	formatted := hclwrite.Format(data)
	if bytes.Equal(data, formatted) {
		return false, nil
	}
	if check {
		return true, nil
	}
	return true, artifacts.WriteFile(file, formatted)
}

// advice is a program that weir can use, and how to get it.
type advice struct{ program, use, install string }

func programs() []advice {
	return []advice{
		{"pdflatex", "report.pdf (stage typeset)", "Debian: apt-get install texlive-latex-recommended texlive-lang-portuguese texlive-lang-spanish lmodern; macOS: brew install --cask basictex"},
		{"python3", "scripts in exec stages", "Debian: apt-get install python3"},
	}
}

func (a *App) doctorCommand() *cobra.Command {
	return &cobra.Command{Use: "doctor", Short: "what is here, and what is missing for what", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		fmt.Fprintf(a.Out, "weir %s on %s/%s, %s\n", Version, runtime.GOOS, runtime.GOARCH, plural(runtime.NumCPU(), "core"))
		fmt.Fprintf(a.Out, "memory for stages: %s (--memory)\n", size(memory()))
		for _, p := range programs() {
			if path, err := exec.LookPath(p.program); err == nil {
				fmt.Fprintf(a.Out, "%-10s ok       %s: %s\n", p.program, p.use, path)
			} else {
				fmt.Fprintf(a.Out, "%-10s missing  %s\n           %s\n", p.program, p.use, p.install)
			}
		}
		dir, err := a.findProject()
		if err != nil {
			fmt.Fprintln(a.Out, "project    none here")
			return nil
		}
		fmt.Fprintf(a.Out, "project    %s\n", dir)
		if err := writable(filepath.Join(dir, ".weir")); err != nil {
			fmt.Fprintf(a.Out, "store      %v\n", err)
			return exit(Failed)
		}
		fmt.Fprintln(a.Out, "store      ok")
		return nil
	}}
}

func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return err
	}
	f.Close()
	return os.Remove(f.Name())
}
