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
	return s.Exclusive(ctx, lockName(a), waiting)
}

func lockName(a ActionID) string { return hexOf(a)[:32] }

// Exclusive is Lock for other things than actions: name is a file name of the caller's that is no hex number.
func (s *Store) Exclusive(ctx context.Context, name string, waiting func()) (unlock func(), err error) {
	said := false
	for {
		unlock, held, err := s.tryLock(name)
		if err != nil || unlock != nil {
			return unlock, err
		}
		if !held {
			continue // its last holder removed the file between our open and our lock
		}
		if !said {
			said = true
			waiting()
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pollLock):
		}
	}
}

// tryLock returns how to release the lock, or says whether somebody else holds it.
func (s *Store) tryLock(name string) (unlock func(), held bool, err error) {
	path := filepath.Join(s.root, "locks", name)
	l := flock.New(path, flock.SetPermissions(0o666)) // another user may have to lock the file that a killed process left
	ok, err := l.TryLock()
	if err != nil {
		return nil, false, err
	}
	if !ok || !isFile(l, path) {
		return nil, !ok, l.Close()
	}
	return func() {
		os.Remove(path) // before the release: who waits for the removed file sees that it is no longer the one at this path
		l.Unlock()
	}, false, nil
}

// abandoned is the age at which a file in work/ that has no lock belongs to no living process: it is written to all the time.
const abandoned = time.Hour

// Sweep removes what killed processes left: folders of actions that nobody computes, files that were being written, free locks. What
// living processes use stays.
func (s *Store) Sweep() {
	for _, dir := range []string{"work", "locks"} {
		entries, _ := os.ReadDir(filepath.Join(s.root, dir))
		for _, e := range entries {
			info, err := e.Info()
			if err != nil {
				continue
			}
			if dir == "work" && !e.IsDir() {
				if s.now().Sub(info.ModTime()) > abandoned {
					os.Remove(filepath.Join(s.root, dir, e.Name()))
				}
				continue
			}
			unlock, _, err := s.tryLock(e.Name())
			if err != nil || unlock == nil {
				continue
			}
			if dir == "work" {
				RemoveAll(filepath.Join(s.root, dir, e.Name()))
			}
			unlock()
		}
	}
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
