package artifacts

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// pollLock is how often a waiting process looks whether the lock's holder is done.
const pollLock = 50 * time.Millisecond

// Lock makes sure that one process at a time computes an action. It returns a function that releases the lock; the system releases it too
// when the process dies, however it dies. When another process holds it, waiting is called once and Lock waits until ctx ends.
func (s *Store) Lock(ctx context.Context, a ActionID, waiting func()) (unlock func(), err error) {
	path := filepath.Join(s.root, "locks", hexOf(a)[:32])
	said := false
	for {
		l := flock.New(path)
		ok, err := l.TryLock()
		if err != nil {
			return nil, err
		}
		if ok && isFile(l, path) {
			return func() {
				os.Remove(path) // before the release: who waits for the removed file sees that it is no longer the one at this path
				l.Unlock()
			}, nil
		}
		l.Close()
		if !ok && !said {
			said = true
			waiting()
		}
		if !ok {
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(pollLock):
			}
		}
	}
}

// Busy says whether some process computes the action now.
func (s *Store) Busy(a ActionID) bool {
	path := filepath.Join(s.root, "locks", hexOf(a)[:32])
	if _, err := os.Stat(path); err != nil {
		return false
	}
	l := flock.New(path)
	defer l.Close()
	ok, err := l.TryLock()
	return err == nil && !ok
}

// isFile says whether the locked file is still the one at path: its last holder may have removed it while we waited.
func isFile(l *flock.Flock, path string) bool {
	mine, err := l.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(mine, there)
}
