//go:build unix

package exec

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"weir/stages"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestMain lets the test binary be the guard of the commands that it runs.
func TestMain(m *testing.M) {
	if IsGuard(os.Args) {
		Guard(os.Stdin)
		return
	}
	os.Exit(m.Run())
}

func words(list ...string) stages.Args {
	var args stages.Args
	for _, w := range list {
		args = append(args, stages.Arg{{Text: w}})
	}
	return args
}

// input is an artifact with this base name and content.
func input(t *testing.T, base, text string) *stages.Input {
	t.Helper()
	file := filepath.Join(t.TempDir(), "artifact")
	if err := os.WriteFile(file, []byte(text), 0o444); err != nil {
		t.Fatal(err)
	}
	return &stages.Input{Path: file, Base: base}
}

// newExec is a stage with a command and outputs ("name=path").
func newExec(t *testing.T, command stages.Args, outputs ...string) *Exec {
	e := Kind().New().(*Exec)
	e.Command = command
	e.Outputs = stages.Outputs{Declared: map[string]string{}, Written: map[string]stages.Output{}}
	out := t.TempDir()
	for _, o := range outputs {
		name, p, _ := strings.Cut(o, "=")
		e.Outputs.Declared[name] = p
		e.Outputs.Written[name] = stages.Output{Path: filepath.Join(out, name)}
	}
	return e
}

func written(t *testing.T, e *Exec, name string) string {
	t.Helper()
	text, err := os.ReadFile(e.Outputs.Written[name].Path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestGolden holds what a command sees: its folder, its words, its environment. When it changes, what commands compute may change, and Version
// must be raised.
func TestGolden(t *testing.T) {
	const version = 1
	t.Setenv("PATH", "/usr/bin:/bin")
	t.Setenv("SECRET", "hidden")
	dir := project(t, map[string]string{"src/st.py": "import helper", "src/helper.py": "", "in/a.txt": "a", "in/b.txt": "b", "in/c.csv": "c", "undeclared.txt": ""})
	first, second := input(t, "o.txt", "1"), input(t, "o.txt", "2")
	folder := &stages.Input{Base: "plots", Files: map[string]stages.Input{"x.svg": *input(t, "x.svg", ""), "deep/y.svg": *input(t, "y.svg", "")}}
	e := newExec(t, nil, "report=report.txt", "folder=made/here/")
	e.Command = append(words("sh", "-c", `{ echo "$0 $@"; cat "$2" "$3"; echo; find . -mindepth 1 | LC_ALL=C sort; env | grep -v -E '^(HOME|PWD|TMPDIR|SHLVL|OLDPWD|_)=' | LC_ALL=C sort; } > report.txt; echo x > made/here/x`),
		stages.Arg{{Text: "--in="}, {Input: first}, {Text: ":"}, {Input: second}}, stages.Arg{{Input: folder}}, stages.Arg{{Input: first}}, stages.Arg{{Input: second}})
	e.Inputs = stages.Sources{{Path: "in/*.txt"}, {Name: "named/c", Path: "in/c.csv"}, {Input: second}, {Name: "renamed.txt", Input: first}}
	e.Script = "src/st.py"
	e.Environment = map[string]string{"LANG": "pt_BR.UTF-8", "MINE": "yes"}
	if err := e.Validate(); err != nil {
		t.Fatal(err)
	}
	files, err := e.Files(dir)
	if err != nil {
		t.Fatal(err)
	}
	env := stages.Quiet(t.TempDir())
	env.Files = map[string]stages.Input{}
	for _, f := range files {
		env.Files[f] = stages.Input{Path: filepath.Join(dir, f), Base: filepath.Base(f)}
	}
	if err := e.Run(t.Context(), env); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("version %d\n%s", Kind().Version, written(t, e, "report"))
	golden := filepath.Join("testdata", "golden.txt")
	if *update {
		os.MkdirAll("testdata", 0o777)
		if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("commands see something else; raise Version (%d in the test) and run with -update\n%s", version, got)
	}
	if _, err := os.Stat(filepath.Join(e.Outputs.Written["folder"].Path, "x")); err != nil {
		t.Error(err)
	}
	if _, _, warnings := env.Said(); len(warnings) > 0 {
		t.Error(warnings)
	}
}

func TestFailures(t *testing.T) {
	tests := []struct {
		name string
		e    *Exec
		want string
	}{
		{"no such program", newExec(t, words("no-such-program")), "no-such-program: no such program; it is looked for in PATH"},
		{"exit status", newExec(t, words("sh", "-c", "echo why; exit 3")), "sh: exit status 3\n        | why"},
		{"killed", newExec(t, words("sh", "-c", "kill -9 $$")), "sh: signal: killed"},
		{"missing output", newExec(t, words("true"), "table=t.csv"), "did not write its output table (t.csv)"},
		{"output that is a link out", newExec(t, words("ln", "-s", "/etc/hosts", "t.csv"), "table=t.csv"), ""}, // refused by the runner
		{"two inputs of one name", &Exec{Command: words("true"), guard: &guard{}, Inputs: stages.Sources{{Name: "a", Input: input(t, "x", "")}, {Name: "a", Input: input(t, "y", "")}}}, "two inputs are a in the command's folder"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.e.Run(t.Context(), stages.Quiet(t.TempDir()))
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	for name, e := range map[string]*Exec{
		"command": {},
		"outputs": {Command: words("true"), Outputs: stages.Outputs{Declared: map[string]string{"x": "../x"}}},
		"inputs":  {Command: words("true"), Inputs: stages.Sources{{Name: "../x", Path: "x"}}},
	} {
		var oe *stages.OptionError
		if err := e.Validate(); !errors.As(err, &oe) || oe.Option != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestUndeclared: what a command writes beside its outputs is named, the first five.
func TestUndeclared(t *testing.T) {
	env := stages.Quiet(t.TempDir())
	e := newExec(t, words("sh", "-c", "mkdir d; for i in 1 2 3 4 5 6 7; do echo $i > d/$i; done"))
	if err := e.Run(t.Context(), env); err != nil {
		t.Fatal(err)
	}
	_, _, warnings := env.Said()
	if want := []string{"wrote what it does not declare, which is lost: d/1, d/2, d/3, d/4, d/5 and 2 more"}; !slices.Equal(warnings, want) {
		t.Errorf("%q", warnings)
	}
}

// TestInputsAreCopies: a command may write into what it is given without reaching the original.
func TestInputsAreCopies(t *testing.T) {
	in := input(t, "a.txt", "original")
	e := newExec(t, append(words("sh", "-c", "echo changed > $0"), stages.Arg{{Input: in}}))
	if err := e.Run(t.Context(), stages.Quiet(t.TempDir())); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(in.Path); string(text) != "original" {
		t.Errorf("the artifact is %q now", text)
	}
}

// notes is a Progress that keeps what it was told, and calls told for each note.
type notes struct {
	mu   sync.Mutex
	list []string
}

func (n *notes) Total(int64, string) {}
func (n *notes) Done(int64)          {}
func (n *notes) Note(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, text)
}

// TestCountdown: a command that ends for no signal is asked twice, five seconds each, and killed, as the notes say.
func TestCountdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		n := &notes{}
		ended := make(chan error, 1)
		time.AfterFunc(10*time.Second+time.Millisecond, func() { ended <- errors.New("killed") })
		began := time.Now()
		err := await(ctx, &stages.Env{Progress: n}, noGroup, patience, ended)
		if err == nil || time.Since(began) != 10*time.Second+time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if got := len(n.list); got != 11 || n.list[0] != "asked to stop (INT), TERM in 5 s" || n.list[9] != "asked to stop (TERM), KILL in 1 s" || n.list[10] != "killed" {
			t.Errorf("%q", n.list)
		}
	})
}

// noGroup is a process group that does not exist: numbers end at 2^22.
const noGroup = 1 << 30

// TestCancel: a command whose context ends gets INT first, and its children die with it.
func TestCancel(t *testing.T) {
	pidFile := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	e := newExec(t, words("sh", "-c", "sleep 60 & echo $! > $0.tmp; mv $0.tmp $0; trap 'exit 0' INT; wait", pidFile))
	var log bytes.Buffer
	env := stages.Quiet(t.TempDir())
	env.LogFile = &log
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx, env) }()
	var pid int
	for range 1000 {
		if text, err := os.ReadFile(pidFile); err == nil {
			pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
			break
		}
		time.Sleep(5 * time.Millisecond) // for another process
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	for range 1000 {
		if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); pid == 0 || syscall.Kill(pid, 0) != nil || err == nil && bytes.Contains(stat, []byte(") Z ")) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("process %d lives on", pid)
}

func TestTail(t *testing.T) {
	var x tail
	for i := range 1000 {
		fmt.Fprintf(&x, "line %d\n", i)
	}
	text := x.String()
	if !strings.HasSuffix(text, "| line 999") || !strings.HasPrefix(text, "        | line ") || len(x.last) != maxTail {
		t.Errorf("%q", text)
	}
	if (&tail{}).String() != "" {
		t.Error("nothing was printed")
	}
}
