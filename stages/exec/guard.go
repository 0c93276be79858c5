package exec

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
)

// The guard is a second process of this program. It knows the process groups of the commands that run now, and kills them
// when the program is gone, however it went: its standard input ends then. One guard serves all commands of a run.

const guardArgument = "__guard"

// IsGuard says whether this process was started to be a guard.
func IsGuard(args []string) bool { return len(args) == 2 && args[1] == guardArgument }

// Guard reads "+GROUP" and "-GROUP" lines until the input ends, then kills the groups that are left.
func Guard(in io.Reader) {
	ignoreInterrupts()
	groups := map[int]bool{}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		line := lines.Text()
		if len(line) < 2 {
			continue
		}
		group, err := strconv.Atoi(line[1:])
		if err != nil || group <= 1 {
			continue
		}
		if line[0] == '+' {
			groups[group] = true
		} else {
			delete(groups, group)
		}
	}
	for group := range groups {
		killGroup(group)
	}
}

// guard is the running guard process of this process; the zero guard starts it when it is first needed.
type guard struct {
	mu sync.Mutex
	in io.WriteCloser
}

func (g *guard) tell(sign string, group int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.in == nil {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		c := exec.Command(self, guardArgument)
		detach(c)
		in, err := c.StdinPipe()
		if err != nil {
			return err
		}
		if err := c.Start(); err != nil {
			return err
		}
		g.in = in
		go c.Wait()
	}
	_, err := fmt.Fprintf(g.in, "%s%d\n", sign, group)
	return err
}
