package artifacts

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// holder is set in the process that TestLockDiesWithProcess starts: the store whose lock it takes.
const holder = "WEIR_TEST_LOCK"

func TestMain(m *testing.M) {
	root := os.Getenv(holder)
	if root == "" {
		os.Exit(m.Run())
	}
	s, err := Open(root)
	if err == nil {
		_, err = s.Lock(context.Background(), ActionID{7}, func() {})
	}
	if err != nil {
		os.Stdout.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	os.Stdout.WriteString("locked\n")
	time.Sleep(time.Hour) // it is killed before
}

func TestLockDiesWithProcess(t *testing.T) {
	s := open(t, t.TempDir())
	exe, err := os.Executable()
	check(t, err)
	c := exec.Command(exe)
	c.Env = append(os.Environ(), holder+"="+s.Root())
	out, err := c.StdoutPipe()
	check(t, err)
	check(t, c.Start())
	defer c.Process.Kill()
	line, err := bufio.NewReader(out).ReadString('\n')
	if line != "locked\n" {
		t.Fatal(line, err)
	}
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	waited := 0
	if _, err := s.Lock(short, ActionID{7}, func() { waited++ }); !errors.Is(err, context.DeadlineExceeded) || waited != 1 {
		t.Fatalf("the lock of another process: %v, waiting was said %d times", err, waited)
	}
	check(t, c.Process.Kill())
	c.Wait()
	unlock, err := s.Lock(t.Context(), ActionID{7}, func() { t.Error("the lock outlives its process") })
	check(t, err)
	unlock()
}

// TestLockExcludes: many takers of one lock, as many stores as processes would be.
func TestLockExcludes(t *testing.T) {
	root := t.TempDir()
	var inside, most atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		s := open(t, root)
		all.Go(func() {
			for range 5 {
				unlock, err := s.Lock(t.Context(), ActionID{9}, func() {})
				if err != nil {
					t.Error(err)
					return
				}
				if n := inside.Add(1); n > most.Load() {
					most.Store(n)
				}
				inside.Add(-1)
				unlock()
			}
		})
	}
	all.Wait()
	if most.Load() != 1 {
		t.Errorf("%d held the lock at once", most.Load())
	}
	if entries, _ := os.ReadDir(root + "/locks"); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
}
