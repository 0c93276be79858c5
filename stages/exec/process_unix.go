//go:build unix

package exec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"weir/stages"
)

// platformVariables are environment variables without which programs do not start here.
var platformVariables []string

// start runs the command to its end in a process group of its own. When ctx ends, the group gets INT, then TERM, then KILL; what is
// left of the group afterwards is killed in any case.
func (e *Exec) start(ctx context.Context, env *stages.Env, args, environment []string, work string, out io.Writer) error {
	c, err := command(args, environment, work, out)
	if err != nil {
		return err
	}
	runtime.LockOSThread() // the death signal is tied to the thread that starts the command
	defer runtime.UnlockOSThread()
	c.SysProcAttr = attributes()
	if err := c.Start(); err != nil {
		return err
	}
	group := c.Process.Pid
	if err := e.guard.tell("+", group); err != nil {
		killGroup(group)
		c.Wait()
		return fmt.Errorf("no guard for the command: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	err = await(ctx, env, group, e.Patience, ended)
	killGroup(group)
	e.guard.tell("-", group)
	var ee *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &ee):
		return errors.New(ee.ProcessState.String())
	case errors.Is(err, exec.ErrWaitDelay):
		return nil // the command ended; something it left behind held its output open and was killed
	}
	return err
}

// await waits for the command; after ctx it asks it to stop, each time with more force.
func await(ctx context.Context, env *stages.Env, group int, patience time.Duration, ended <-chan error) error {
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	for _, step := range []struct {
		signal     syscall.Signal
		name, next string
	}{{syscall.SIGINT, "INT", "TERM"}, {syscall.SIGTERM, "TERM", "KILL"}} {
		syscall.Kill(-group, step.signal)
		for left := patience; left > 0; left -= time.Second {
			env.Progress.Note(fmt.Sprintf("asked to stop (%s), %s in %d s", step.name, step.next, left/time.Second))
			select {
			case err := <-ended:
				return err
			case <-time.After(time.Second):
			}
		}
	}
	env.Progress.Note("killed")
	killGroup(group)
	return <-ended
}

func killGroup(group int) { syscall.Kill(-group, syscall.SIGKILL) }

// detach keeps the guard away from the terminal's signals.
func detach(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

func ignoreInterrupts() { signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP) }
