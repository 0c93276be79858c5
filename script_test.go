//go:build unix

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"weir/stages"
	"weir/stages/exec"
)

// TestMain lets the scripts run the real main as the command weir. The command hasty is weir whose exec stages give a command that is
// asked to stop one second instead of five.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"weir":  main,
		"hasty": func() { os.Exit(run(hasty(kinds()))) },
	})
}

func hasty(kinds []stages.Kind) []stages.Kind {
	for i := range kinds {
		if patient := kinds[i].New; kinds[i].Name == "exec" {
			kinds[i].New = func() stages.Stage {
				e := patient().(*exec.Exec)
				e.Patience = time.Second
				return e
			}
		}
	}
	return kinds
}

// TestScripts runs testdata/script/*.txtar: one file for each behaviour, with a comment, a command and the expected output. Besides the
// commands of testscript they use:
//
//	exits CODE COMMAND...   run the command, which must end with this code
//	until FILE [TEXT]       wait until the file exists, and holds the text
//	gone FILE               wait until the process whose number is in the file is gone
//	interrupt               send SIGINT to the command in the background; after wait, exited CODE tells how it ended
//	exited CODE
//	object VAR FILE         set VAR to the path that the bytes of FILE have in the store
//	record VAR STAGE        set VAR to the path of the stage's record in the store
//	flip FILE               flip one bit and keep size, mode and modification time
//	killed N COMMAND...     start the command N times and kill it (KILL), each time 12 ms later than the time before
//
// The probes of correctness that other runners fail: (i) a bit flips in the store: bit-flip; (ii) the runner is killed: kill, kill-often;
// (iii) two runs at once: two-runs; (iv) touched, copied, elsewhere: elsewhere; (v) an imported module is edited: exec-script; (vi) comments and
// whitespace: whitespace; (vii) undeclared files: exec-declared; (viii) damage in a remote: there is no remote yet, usage; (ix) Ctrl-C: interrupt,
// stubborn, impatient. That a run does what the plan said: plan. A killed training goes on from its checkpoint: checkpoint.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                filepath.Join("testdata", "script"),
		RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Values["interrupted"] = new(*osexec.Cmd)
			env.Setenv("GORACE", "atexit_sleep_ms=0") // a race is told by the exit code; without this every process sleeps for a second
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "until": until, "gone": gone, "interrupt": interrupt, "exited": exited,
			"object": object, "record": record, "flip": flip, "killed": killed,
		},
	})
}

// arguments ends the script unless there are n of them and the command is not negated.
func arguments(ts *testscript.TestScript, neg bool, args []string, n int) {
	if neg || len(args) != n {
		ts.Fatalf("expected %d arguments and no negation", n)
	}
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	code := 0
	err := ts.Exec(args[1], args[2:]...)
	var ee *osexec.ExitError
	if errors.As(err, &ee) {
		code, err = ee.ExitCode(), nil
	}
	ts.Check(err)
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d", code)
	}
}

// eventually polls, because what it waits for is done by another process.
func eventually(ts *testscript.TestScript, what string, done func() bool) {
	for end := time.Now().Add(20 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			ts.Fatalf("waited 20 s for %s", what)
		}
	}
}

func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: until FILE [TEXT]")
	}
	eventually(ts, strings.Join(args, " with "), func() bool {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		return err == nil && (len(args) == 1 || bytes.Contains(text, []byte(args[1])))
	})
}

func gone(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1)
	pid, err := strconv.Atoi(strings.TrimSpace(ts.ReadFile(args[0])))
	ts.Check(err)
	eventually(ts, "the end of process "+strconv.Itoa(pid), func() bool {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err == nil {
			return bytes.Contains(stat, []byte(") Z ")) // dead, its parent has not looked yet
		}
		return syscall.Kill(pid, 0) != nil
	})
}

func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 0)
	running := ts.BackgroundCmds()
	if len(running) != 1 {
		ts.Fatalf("%d commands in the background", len(running))
	}
	ts.Check(running[0].Process.Signal(os.Interrupt))
	*ts.Value("interrupted").(**osexec.Cmd) = running[0]
}

func exited(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1)
	c := *ts.Value("interrupted").(**osexec.Cmd)
	if code := c.ProcessState.ExitCode(); strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d", code)
	}
}

func object(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2)
	sum := sha256.Sum256([]byte(ts.ReadFile(args[1])))
	name := hex.EncodeToString(sum[:])
	path := ts.MkAbs(filepath.Join(".weir", "cas", "sha256", name[:2], name))
	if _, err := os.Stat(path); err != nil {
		ts.Fatalf("the store does not have the bytes of %s", args[1])
	}
	ts.Setenv(args[0], path)
}

func record(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2)
	records, err := filepath.Glob(ts.MkAbs(filepath.Join(".weir", "ac", "*", "*.json")))
	ts.Check(err)
	for _, path := range records {
		if strings.Contains(ts.ReadFile(path), `"stage": "`+strings.ReplaceAll(args[1], `"`, `\"`)+`"`) {
			ts.Setenv(args[0], path)
			return
		}
	}
	ts.Fatalf("no record of %s", args[1])
}

func flip(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1)
	path := ts.MkAbs(args[0])
	info, err := os.Stat(path)
	ts.Check(err)
	data, err := os.ReadFile(path)
	ts.Check(err)
	data[len(data)/2] ^= 4
	ts.Check(os.Chmod(path, 0o600))
	ts.Check(os.WriteFile(path, data, 0o600))
	ts.Check(os.Chmod(path, info.Mode()))
	ts.Check(os.Chtimes(path, info.ModTime(), info.ModTime()))
}

func killed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: killed N COMMAND...")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	for i := range n {
		c := osexec.Command(args[1], args[2:]...)
		c.Dir = ts.MkAbs(".")
		ts.Check(c.Start())
		timer := time.AfterFunc(time.Duration(i)*12*time.Millisecond, func() { c.Process.Kill() })
		c.Wait() // how it ended is what differs
		timer.Stop()
	}
}
