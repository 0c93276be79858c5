// Package exec is the kind of stage that runs any command: a teammate's Python script, a shell one-liner. What it declares is cached and
// traced like the rest, and what it does not declare it does not get: the command runs in a folder of its own that holds only its inputs, with
// a small fixed environment, so that a relative path to anything else fails.
//
// It does not lock the command in: a command that opens absolute paths or the network can still do so, and its record will not tell.
package exec

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"weir/stages"
)

// Exec is a command with what it reads and writes.
type Exec struct {
	Command     stages.Args       `hcl:"command" doc:"the command and its arguments; outputs of stages may stand in them"`
	Script      string            `hcl:"script,optional" doc:"a script of the project: an input, with the Python modules of the project that it imports"`
	Inputs      stages.Sources    `hcl:"inputs,optional" doc:"files, globs and outputs of stages; as a map, the keys are the paths that the command sees"`
	Outputs     stages.Outputs    `hcl:"outputs,optional" doc:"name = path in the command's folder; a path that ends in / is a folder"`
	Environment map[string]string `hcl:"environment,optional" doc:"environment variables; besides them there are PATH, HOME, TMPDIR, LANG, TZ and SOURCE_DATE_EPOCH only"`
	Programs    []string          `hcl:"tools,optional" doc:"programs whose change makes the command run again"`

	// Patience is how long a command may take to end after each signal that asks it to. It is no option: it changes no output.
	Patience time.Duration

	guard  *guard
	finder *finder
}

// patience is the default of Patience.
const patience = 5 * time.Second

// Kind is the row of exec in the table of kinds.
func Kind() stages.Kind {
	g, f := &guard{}, &finder{}
	return stages.Kind{
		Name: "exec", Version: 1, Summary: "run any command, cached and traced like the rest",
		New: func() stages.Stage { return &Exec{Patience: patience, guard: g, finder: f} },
	}
}

// Validate implements stages.Validator.
func (e *Exec) Validate() error {
	if len(e.Command) == 0 {
		return &stages.OptionError{Option: "command", Message: "there is no word, the first one is the program"}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Outputs.Declared)) {
		if p := e.Outputs.Declared[name]; !filepath.IsLocal(filepath.FromSlash(p)) {
			return &stages.OptionError{Option: "outputs", Message: fmt.Sprintf("%q is no path inside the command's folder", p)}
		}
	}
	for _, s := range e.Inputs {
		if s.Name != "" && !filepath.IsLocal(filepath.FromSlash(s.Name)) {
			return &stages.OptionError{Option: "inputs", Message: fmt.Sprintf("%q is no path inside the command's folder", s.Name)}
		}
		if s.Path != "" && !doublestar.ValidatePattern(filepath.ToSlash(s.Path)) {
			return &stages.OptionError{Option: "inputs", Message: fmt.Sprintf("%q is no pattern", s.Path)}
		}
		if s.Name != "" && isGlob(s.Path) {
			return &stages.OptionError{Option: "inputs", Message: fmt.Sprintf("%q names one file, but %q may match several; list patterns without names", s.Name, s.Path)}
		}
	}
	return nil
}

// Tools implements stages.ToolUser.
func (e *Exec) Tools() []string {
	names := slices.Clone(e.Programs)
	slices.Sort(names)
	return slices.Compact(names)
}

// Files implements stages.FileReader: the declared files, patterns expanded, and the script with its modules.
func (e *Exec) Files(dir string) ([]string, error) {
	var files []string
	for _, s := range e.Inputs {
		switch {
		case s.Path == "":
		case isGlob(s.Path):
			matches, err := glob(dir, s.Path)
			if err != nil {
				return nil, err
			}
			if len(matches) == 0 {
				return nil, fmt.Errorf("no file matches %q", s.Path)
			}
			files = append(files, matches...)
		default:
			files = append(files, s.Path)
		}
	}
	if e.Script != "" {
		modules, err := e.finder.modules(dir, e.Script)
		if err != nil {
			return nil, err
		}
		files = append(files, modules...)
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

func isGlob(p string) bool { return strings.ContainsAny(p, "*?[{") }

func glob(dir, pattern string) ([]string, error) {
	root, rest := dir, filepath.ToSlash(pattern)
	if path.IsAbs(rest) || strings.HasPrefix(rest, "..") {
		base, tail := doublestar.SplitPattern(rest)
		root, rest = base, tail
		if !path.IsAbs(base) {
			root = filepath.Join(dir, filepath.FromSlash(base))
		}
		matches, err := doublestar.Glob(os.DirFS(root), rest, doublestar.WithFilesOnly())
		for i, m := range matches {
			matches[i] = path.Join(base, m)
		}
		return matches, err
	}
	return doublestar.Glob(os.DirFS(root), rest, doublestar.WithFilesOnly())
}

// Run implements stages.Stage.
func (e *Exec) Run(ctx context.Context, env *stages.Env) error {
	work, tmp := filepath.Join(env.Scratch, "work"), filepath.Join(env.Scratch, "tmp")
	for _, dir := range []string{work, tmp} {
		if err := os.Mkdir(dir, 0o777); err != nil {
			return err
		}
	}
	args, given, err := e.lay(work, env)
	if err != nil {
		return err
	}
	for _, name := range e.Outputs.Declared {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(work, filepath.FromSlash(strings.TrimSuffix(name, "/")))), 0o777); err != nil {
			return err
		}
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(filepath.Join(work, filepath.FromSlash(name)), 0o777); err != nil {
				return err
			}
		}
	}
	tail := &tail{}
	out := io.Writer(tail)
	if env.LogFile != nil {
		out = io.MultiWriter(env.LogFile, tail)
	}
	began := time.Now()
	if err := e.start(ctx, env, args, e.environment(work, tmp), work, out); err != nil {
		if text := tail.String(); text != "" && ctx.Err() == nil {
			return fmt.Errorf("%s: %w\n%s", args[0], err, text)
		}
		return fmt.Errorf("%s: %w", args[0], err)
	}
	if err := e.keep(work, given, env); err != nil {
		return err
	}
	env.Log.Debug("command", "dur", time.Since(began))
	return nil
}

// lay puts the inputs into the command's folder and returns its words and what was laid there.
func (e *Exec) lay(work string, env *stages.Env) (args []string, given map[string]bool, err error) {
	given = map[string]bool{}
	put := func(in stages.Input, name string) error {
		files := map[string]stages.Input{"": in}
		if in.Files != nil {
			files = in.Files
		}
		for _, f := range slices.Sorted(maps.Keys(files)) {
			at := path.Join(name, f)
			if given[at] {
				return fmt.Errorf("two inputs are %s in the command's folder; name them: inputs = { \"path\" = ... }", at)
			}
			given[at] = true
			if err := place(files[f].Path, filepath.Join(work, filepath.FromSlash(at))); err != nil {
				return err
			}
		}
		if len(files) == 0 {
			return os.MkdirAll(filepath.Join(work, filepath.FromSlash(name)), 0o777)
		}
		return nil
	}
	named := map[string]string{} // project path -> name in the command's folder
	for i, s := range e.Inputs {
		switch {
		case s.Input != nil:
			name := s.Name
			if name == "" {
				name = fmt.Sprintf("inputs/%d/%s", i, s.Input.Base)
			}
			if err := put(*s.Input, name); err != nil {
				return nil, nil, err
			}
		case s.Name != "":
			named[s.Path] = s.Name
		}
	}
	for _, file := range slices.Sorted(maps.Keys(env.Files)) {
		name := named[file]
		if name == "" {
			name = inside(file)
		}
		if err := put(env.Files[file], name); err != nil {
			return nil, nil, err
		}
	}
	for i, word := range e.Command {
		var text strings.Builder
		folder := fmt.Sprintf("arguments/%d", i)
		for j, part := range word {
			text.WriteString(part.Text)
			if part.Input == nil {
				continue
			}
			name := path.Join(folder, part.Input.Base)
			if given[name] { // two artifacts of one name in one word
				name = path.Join(fmt.Sprintf("%s.%d", folder, j), part.Input.Base)
			}
			if err := put(*part.Input, name); err != nil {
				return nil, nil, err
			}
			text.WriteString(name)
		}
		args = append(args, text.String())
	}
	return args, given, nil
}

// inside is where a file of the project lies in the command's folder: at its path, or by its name alone when that leads outside.
func inside(file string) string {
	clean := path.Clean(filepath.ToSlash(file))
	if path.IsAbs(clean) || filepath.IsAbs(file) || clean == ".." || strings.HasPrefix(clean, "../") {
		return path.Base(clean)
	}
	return clean
}

// place copies a file (sharing its blocks where the file system can), so that the command cannot change the original. It stays executable.
func place(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644|info.Mode().Perm()&0o111)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// environment is all that the command sees of it: nothing of the user's but where programs are.
func (e *Exec) environment(work, tmp string) []string {
	vars := map[string]string{
		"PATH": os.Getenv("PATH"), "HOME": work, "TMPDIR": tmp, "LANG": "C.UTF-8", "TZ": "UTC", "SOURCE_DATE_EPOCH": "0",
		"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0",
	}
	for _, name := range platformVariables {
		vars[name] = os.Getenv(name)
	}
	for name, value := range e.Environment {
		vars[name] = value
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		list = append(list, name+"="+vars[name])
	}
	return list
}

// keep moves the declared outputs to where the runner expects them. One that is missing is an error, one that was not declared a warning.
func (e *Exec) keep(work string, given map[string]bool, env *stages.Env) error {
	for _, name := range slices.Sorted(maps.Keys(e.Outputs.Declared)) {
		declared := e.Outputs.Declared[name]
		from := filepath.Join(work, filepath.FromSlash(strings.TrimSuffix(declared, "/")))
		target := e.Outputs.Written[name].Path
		if _, err := os.Lstat(from); err != nil {
			return fmt.Errorf("the command ended well but did not write its output %s (%s)", name, declared)
		}
		if err := os.MkdirAll(filepath.Dir(target), 0o777); err != nil {
			return err
		}
		if strings.HasSuffix(declared, "/") {
			if err := os.Remove(target); err != nil && !os.IsNotExist(err) {
				return err
			}
		}
		if err := os.Rename(from, target); err != nil {
			return err
		}
	}
	var extra []string
	err := filepath.WalkDir(work, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(work, p)
		if name := filepath.ToSlash(rel); err == nil && !given[name] {
			extra = append(extra, name)
		}
		return err
	})
	if err != nil {
		return err
	}
	if n := len(extra); n > 0 {
		shown := strings.Join(extra[:min(5, n)], ", ")
		if n > 5 {
			shown += fmt.Sprintf(" and %d more", n-5)
		}
		env.Warn("wrote what it does not declare, which is lost: " + shown)
	}
	return nil
}

// tail keeps the last bytes that a command printed, for the error message.
type tail struct{ last []byte }

// maxTail is how much of a failed command's output is shown; all of it is in the log.
const maxTail = 1500

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.last = append(t.last, p...)
	if over := len(t.last) - maxTail; over > 0 {
		t.last = append(t.last[:0], t.last[over:]...)
	}
	return len(p), nil
}

// String is the kept text, indented, from the first whole line on.
func (t *tail) String() string {
	text := strings.ToValidUTF8(strings.TrimSpace(string(t.last)), "�")
	if len(t.last) == maxTail {
		_, text, _ = strings.Cut(text, "\n")
	}
	if text == "" {
		return ""
	}
	return "        | " + strings.ReplaceAll(text, "\n", "\n        | ")
}

// command makes the process, not started.
func command(args, environment []string, work string, out io.Writer) (*exec.Cmd, error) {
	program := args[0]
	if strings.Contains(program, "/") && !filepath.IsAbs(program) {
		program = filepath.Join(work, filepath.FromSlash(program))
	}
	found, err := exec.LookPath(program)
	if err != nil {
		return nil, fmt.Errorf("no such program; it is looked for in PATH, or among the inputs when its name has a slash")
	}
	c := exec.Command(found, args[1:]...)
	c.Args[0] = args[0]
	c.Dir, c.Env, c.Stdout, c.Stderr = work, environment, out, out
	c.WaitDelay = 200 * time.Millisecond // a grandchild may hold the pipe open; it is killed then
	return c, nil
}
