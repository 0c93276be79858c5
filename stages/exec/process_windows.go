package exec

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"

	"weir/stages"
)

// platformVariables are environment variables without which programs do not start here.
var platformVariables = []string{"SystemRoot", "PATHEXT", "COMSPEC"}

// start runs the command to its end. When ctx ends it is killed; there are no process groups to ask first.
func (e *Exec) start(ctx context.Context, _ *stages.Env, args, environment []string, work string, out io.Writer) error {
	c, err := command(args, environment, work, out)
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { c.Process.Kill() })
	defer stop()
	err = c.Wait()
	var ee *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &ee):
		return errors.New(ee.ProcessState.String())
	}
	return err
}

func killGroup(group int) {
	if p, err := os.FindProcess(group); err == nil {
		p.Kill()
	}
}

func detach(*exec.Cmd) {}

func ignoreInterrupts() {}
