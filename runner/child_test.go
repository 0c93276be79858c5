package runner

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"weir/artifacts"
)

// childDir is set in the processes that childRun starts.
const childDir = "WEIR_TEST_RUN"

func TestMain(m *testing.M) {
	dir := os.Getenv(childDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	if err := runChild(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// runChild runs the project in dir and hands its results out, as `weir run` does.
func runChild(dir string) error {
	store, err := artifacts.Open(dir + "/.weir")
	if err != nil {
		return err
	}
	p := (&project{world: &world{do: func(context.Context, string) error { time.Sleep(3 * time.Millisecond); return nil }}}).at(dir, store)
	e, _, diags := p.Load("demo", nil, nil)
	if diags.HasErrors() {
		return diags
	}
	plan, diags := p.Plan(e, PlanOptions{})
	if diags.HasErrors() {
		return diags
	}
	if r := p.Run(context.Background(), plan, RunOptions{Jobs: 2, Memory: 1 << 40}, &watcher{}); r.Err != nil {
		return r.Err
	}
	_, err = p.HandOut(plan)
	return err
}

// childRun starts this test program again as a run of the project in dir.
func childRun(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(exe)
	c.Env = append(os.Environ(), childDir+"="+dir)
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}
