// Package cli is the command line: it parses arguments, calls the runner and shows what happens. Data goes to stdout, words for people to
// stderr. It decides nothing about pipelines or stages.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"weir/artifacts"
	"weir/runner"
	"weir/runner/language"
	"weir/stages"
)

// Version is what `weir version` prints.
const Version = "0.1"

// Exit codes.
const (
	Failed      = 1   // a stage failed
	Usage       = 2   // wrong arguments or a mistake in the pipeline
	Integrity   = 3   // damaged or untrusted artifacts
	Held        = 5   // another run has the work and waiting was not wanted
	Pending     = 10  // plan --detailed-exitcode: there is work
	Interrupted = 130 // by Ctrl-C
)

// App is the program with its surroundings.
type App struct {
	Kinds    []stages.Kind
	In       io.Reader
	Out, Err io.Writer
	Env      func(string) string

	dir        string
	experiment string
	vars       []string
	varFiles   []string
	style      style
}

// exitError ends the program with a code; its message was shown already when err is nil.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func exit(code int) error { return &exitError{code: code} }

func usage(format string, args ...any) error { return &exitError{Usage, fmt.Errorf(format, args...)} }

// Main runs one command and returns the exit code.
func (a *App) Main(ctx context.Context, args []string) int {
	a.style = newStyle(a.Err, a.Env)
	tune()
	root := a.root()
	root.SetArgs(terraformFlags(args))
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	var ee *exitError
	if !errors.As(err, &ee) {
		ee = &exitError{Usage, err} // cobra's own: unknown command or flag
	}
	if ee.err != nil {
		fmt.Fprintf(a.Err, "%s %v\n", a.style.Error("error:"), ee.err)
	}
	return ee.code
}

// tune sets the garbage collector between CPU and memory: a plan of 10,000 instances then takes under 0.5 s of CPU and about 100 MB
// (docs/benchmarks).
func tune() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(150)
	}
}

// terraformFlags lets -var and -var-file be written with one dash, as in Terraform.
func terraformFlags(args []string) []string {
	out := make([]string, len(args))
	for i, arg := range args {
		if arg == "--" {
			copy(out[i:], args[i:])
			break
		}
		if arg == "-var" || arg == "-var-file" || strings.HasPrefix(arg, "-var=") || strings.HasPrefix(arg, "-var-file=") {
			arg = "-" + arg
		}
		out[i] = arg
	}
	return out
}

func (a *App) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "weir",
		Short:         "from network captures to a report whose every number can be traced back to the packets",
		Example:       rootExamples,
		SilenceErrors: true, SilenceUsage: true, DisableSuggestions: true,
		Args: cobra.ArbitraryArgs,
	}
	root.RunE = func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usage("no command %q; %s", args[0], language.SuggestOr(args[0], commandNames(root), "`weir help` says more"))
		}
		a.overview(root)
		return nil
	}
	root.AddGroup(&cobra.Group{ID: forWork, Title: forWork}, &cobra.Group{ID: forSight, Title: forSight}, &cobra.Group{ID: forOrder, Title: forOrder})
	root.PersistentFlags().StringVarP(&a.dir, "chdir", "C", "", "the project's `folder` (default: here, or the nearest one above with a pipeline.hcl)")
	root.AddCommand(a.runCommand(), a.planCommand(), a.whyCommand(), a.graphCommand(), a.logCommand(), a.tableCommand(), a.doCommand(), a.fmtCommand(), a.doctorCommand(), a.versionCommand())
	for _, name := range []string{"push", "pull", "fsck", "gc", "verify", "trace", "diff", "live"} {
		root.AddCommand(notYet(name))
	}
	root.SetHelpCommand(a.helpCommand(root))
	root.SetCompletionCommandGroupID(forOrder)
	root.InitDefaultCompletionCmd("")
	if c, _, err := root.Find([]string{"completion"}); err == nil {
		c.Short = "completion of commands and flags for bash, zsh, fish or powershell"
		c.Long = "Completion prints a script for the shell; `weir help completion bash` says where to put it."
		c.RunE = func(c *cobra.Command, args []string) error {
			return usage("for which shell? %s", strings.Join(commandNames(c), ", "))
		}
		c.Args = cobra.ArbitraryArgs
	}
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(func(c *cobra.Command, _ []string) {
		if c == root {
			a.overview(root)
			return
		}
		a.explain(c)
	})
	return root
}

const rootExamples = `  weir run                                    do what the pipeline needs and is not there yet
  weir plan                                   what that would be, and why
  weir do decode capture=a.pcap.gz -o out     one stage on a file of your own, without a pipeline
`

func commandNames(root *cobra.Command) []string {
	var names []string
	for _, c := range root.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	return names
}

// flagError puts what the flag parser says into our words.
func flagError(c *cobra.Command, err error) error {
	seeHelp := "`weir help " + c.Name() + "` lists them"
	if c.Parent() == nil {
		seeHelp = "`weir help` lists the commands and their flags"
	}
	var unknown *pflag.NotExistError
	var value *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		var names []string
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		hint := strings.Replace(language.Suggest(unknown.GetSpecifiedName(), names), `"`, "--", 1)
		if hint = strings.Replace(hint, `"`, "", 1); !strings.HasPrefix(hint, "did you mean") {
			hint = ""
		}
		return usage("no flag --%s; %s", unknown.GetSpecifiedName(), strings.TrimSpace(hint+" "+seeHelp))
	case errors.As(err, &unknown):
		return usage("no flag -%s; %s", unknown.GetSpecifiedName(), seeHelp)
	case errors.As(err, &value):
		return usage("--%s %s: expected %s", value.GetFlag().Name, value.GetValue(), expected(value.GetFlag()))
	case errors.As(err, &missing):
		return usage("--%s needs a value; %s", missing.GetSpecifiedName(), seeHelp)
	}
	return usage("%w; %s", err, seeHelp)
}

func expected(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "int", "int64":
		return "a whole number"
	case "bool":
		return "true or false"
	}
	return f.Value.Type()
}

// noArguments refuses arguments of commands that take none.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("%s takes no arguments, %q is one too many", c.Name(), args[0])
	}
	return nil
}

// notYet keeps the place of a command of the design that a later version brings.
func notYet(name string) *cobra.Command {
	return &cobra.Command{
		Use: name, Hidden: true, DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error { return usage("%s is not there yet", name) },
	}
}

// projectFlags are the flags of every command that reads a pipeline.
func (a *App) projectFlags(f *pflag.FlagSet) {
	f.StringVarP(&a.experiment, "experiment", "e", defaultExperiment, "the experiment: a folder below experiments/")
	f.StringArrayVar(&a.vars, "var", nil, "a variable's value, `name=value`; may be repeated")
	f.StringArrayVar(&a.varFiles, "var-file", nil, "a `file` of variable values; may be repeated")
}

const defaultExperiment = "demo"

// project opens the project of the working folder.
func (a *App) project() (*runner.Project, error) {
	dir, err := a.findProject()
	if err != nil {
		return nil, err
	}
	store, err := artifacts.Open(filepath.Join(dir, ".weir"))
	if err != nil {
		return nil, &exitError{Failed, err}
	}
	log := hclog.New(&hclog.LoggerOptions{Name: "weir", Output: a.Err, Level: hclog.LevelFromString(firstOf(a.Env("WEIR_LOG"), "error"))})
	return &runner.Project{Dir: dir, Store: store, Kinds: a.kindTable(), Log: log, Tools: lookPath(dir)}, nil
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// lookPath finds programs: names in PATH, paths relative to the project.
func lookPath(dir string) func(string) (string, error) {
	return func(name string) (string, error) {
		if strings.ContainsAny(name, `/\`) && !filepath.IsAbs(name) {
			name = filepath.Join(dir, filepath.FromSlash(name))
		}
		return exec.LookPath(name)
	}
}

func (a *App) kindTable() map[string]stages.Kind {
	table := make(map[string]stages.Kind, len(a.Kinds))
	for _, k := range a.Kinds {
		table[k.Name] = k
	}
	return table
}

func (a *App) findProject() (string, error) {
	dir := a.dir
	if dir != "" {
		if !exists(filepath.Join(dir, "pipeline.hcl")) {
			return "", usage("no pipeline.hcl in %s", dir)
		}
		return filepath.Abs(dir)
	}
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir = here; ; dir = filepath.Dir(dir) {
		if exists(filepath.Join(dir, "pipeline.hcl")) {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", usage("no pipeline.hcl in %s or above it; -C says where the project is, `weir do` needs none", here)
		}
	}
}

// load opens the project and reads its pipeline; mistakes are shown.
func (a *App) load() (*runner.Project, *runner.Experiment, error) {
	p, err := a.project()
	if err != nil {
		return nil, nil, err
	}
	if err := a.checkExperiment(p); err != nil {
		return nil, nil, err
	}
	e, files, diags := p.Load(a.experiment, a.vars, a.varFiles)
	if err := a.report(diags, files); err != nil {
		return nil, nil, err
	}
	return p, e, nil
}

func (a *App) checkExperiment(p *runner.Project) error {
	if a.experiment == defaultExperiment {
		return nil
	}
	if a.experiment == "" || strings.ContainsAny(a.experiment, `/\`) || strings.HasPrefix(a.experiment, ".") {
		return usage("no experiment %q: it is the name of a folder below experiments/", a.experiment)
	}
	if info, err := os.Stat(filepath.Join(p.Dir, "experiments", a.experiment)); err == nil && info.IsDir() {
		return nil
	}
	var names []string
	entries, _ := os.ReadDir(filepath.Join(p.Dir, "experiments"))
	for _, entry := range entries {
		if entry.IsDir() {
			names = append(names, entry.Name())
		}
	}
	return usage("no experiment %q; %s", a.experiment, language.Suggest(a.experiment, names))
}

// report shows diagnostics; with errors among them it returns the exit.
func (a *App) report(diags hcl.Diagnostics, files map[string]*hcl.File) error {
	if len(diags) == 0 {
		return nil
	}
	language.Print(a.Err, diags, files, a.style)
	n := 0
	for _, d := range diags {
		if d.Severity == hcl.DiagError {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	fmt.Fprintf(a.Err, "%s, nothing was run\n", plural(n, "error"))
	return exit(Usage)
}

// jobs is how many stages run at once unless -j says otherwise.
func jobs() int { return runtime.GOMAXPROCS(0) }
