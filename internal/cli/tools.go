package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/spf13/cobra"

	"weir/artifacts"
	"weir/runner/language"
)

func (a *App) versionCommand() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "the version", GroupID: forOrder, Args: noArguments, Run: func(*cobra.Command, []string) {
		fmt.Fprintf(a.Out, "weir %s %s/%s %s\n", Version, runtime.GOOS, runtime.GOARCH, runtime.Version())
	}}
}

func (a *App) fmtCommand() *cobra.Command {
	var check bool
	c := &cobra.Command{
		Use: "fmt [FILE...]", Short: "lay out HCL files as everybody does", GroupID: forOrder,
		Long: "Fmt lays out the project's HCL files, or those named, and lists the files that it changed.",
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
			var broken error
			for _, file := range files {
				c, err := a.format(relative(file), check)
				if err != nil && !errors.Is(err, errBroken) {
					return err
				}
				if err != nil {
					broken = exit(Usage)
				}
				if c {
					changed++
					fmt.Fprintln(a.Out, relative(file))
				}
			}
			if broken == nil && check && changed > 0 {
				return exit(Failed)
			}
			return broken
		},
	}
	c.Flags().BoolVar(&check, "check", false, "change nothing, list what would change, exit 1 when there is any")
	return c
}

// errBroken says that a file cannot be parsed; the mistakes were shown.
var errBroken = errors.New("not HCL")

// relative is a path as it looks from here, when that is shorter.
func relative(path string) string {
	if here, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(here, path); err == nil && len(rel) < len(path) {
			return rel
		}
	}
	return path
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
		language.Print(a.Err, diags, map[string]*hcl.File{file: f}, a.style)
		return false, errBroken
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
	return &cobra.Command{Use: "doctor", Short: "what is here, and what is missing for what", GroupID: forOrder, Args: noArguments, RunE: func(*cobra.Command, []string) error {
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
