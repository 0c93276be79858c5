// Package artifacts keeps what stages produce: bytes named by their digest, and records that say which work produced which bytes.
//
// It sits below the runner. A Store is a folder (the project's .weir) of plain files, which are the truth:
//
//	cas/sha256/ab/<hex>   an artifact's bytes, read-only; for a directory its manifest (see Tree)
//	ac/ab/<hex>.json      the record of an action: parts of its key, outputs, cost
//	ck/ab/<hex>/          checkpoints of a long work, see Checkpoint
//	logs/<hex>.log        what the action printed, from its first byte on
//	locks/                one lock file per action being computed now; it dies with its process
//	work/                 one folder per action being computed now, and files being written; see Sweep
//	index                 what was verified when; may be deleted at any time
//
// Nothing is ever changed in place: bytes are written to a temporary file on the same file system, hashed, synced, made read-only and
// renamed; the record comes last. A lookup is a hit only when every output is there with the right size and its bytes were hashed since the
// file last changed; anything else is a miss with a reason, never an error and never a wrong answer. So a process may be killed at any moment:
// what it leaves is an orphan in work/ or bytes that no record names yet.
//
// It knows nothing about stages, options or pipelines, and it never removes an artifact.
package artifacts

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Store keeps artifacts and records in one folder. It is safe for concurrent use, also by several processes.
type Store struct {
	root string
	now  func() time.Time

	mu     sync.Mutex
	index  *index
	synced map[string]bool // folders known to exist
}

// Open opens the store in the folder root and creates it when needed.
func Open(root string) (*Store, error) {
	s := &Store{root: root, now: time.Now, synced: map[string]bool{}}
	for _, dir := range []string{"cas/sha256", "ac", "logs", "locks", "work"} {
		if err := os.MkdirAll(filepath.Join(root, filepath.FromSlash(dir)), 0o777); err != nil {
			return nil, err
		}
	}
	s.index = readIndex(s.indexPath())
	return s, nil
}

// Root is the folder of the store.
func (s *Store) Root() string { return s.root }

func (s *Store) indexPath() string { return filepath.Join(s.root, "index") }

// Save writes the index, so that the next process need not verify again. What other processes verified meanwhile is kept. A store works
// without it.
func (s *Store) Save() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.index.dirty {
		return nil
	}
	s.index.dirty = false
	if st, err := stampOf(s.indexPath()); err == nil && st != s.index.read {
		s.index.adopt(readIndex(s.indexPath()))
	}
	return s.write(s.indexPath(), s.index.encode(), false)
}

// Path is where the bytes of id are when the store has them.
func (s *Store) Path(id OutputID) string { return s.fanned("/cas/sha256/", id, "") }

// LogPath is where the log of an action is kept.
func (s *Store) LogPath(a ActionID) string { return filepath.Join(s.root, "logs", hexOf(a)+".log") }

func (s *Store) recordPath(a ActionID) string { return s.fanned("/ac/", a, ".json") }

// fanned is the path root + dir + "ab/<hex>" + ending. It is called for every output of every plan, so it allocates once.
func (s *Store) fanned(dir string, digest [sha256.Size]byte, ending string) string {
	buf := make([]byte, 0, len(s.root)+len(dir)+len("ab/")+hex.EncodedLen(sha256.Size)+len(ending))
	buf = append(append(buf, s.root...), dir...)
	buf = append(hex.AppendEncode(buf, digest[:1]), '/')
	return string(append(hex.AppendEncode(buf, digest[:]), ending...))
}

// Lookup returns the outputs of an action when all of them are in the store and sound. Otherwise the reason says what is missing or
// damaged; it is empty when the action was never computed.
func (s *Store) Lookup(a ActionID) (outputs []Output, ok bool, reason string) {
	st, err := stampOf(s.recordPath(a))
	if err != nil {
		return nil, false, ""
	}
	s.mu.Lock()
	known, found := s.index.actions[a]
	s.mu.Unlock()
	if !found || known.stamp != st {
		r, err := s.Record(a)
		if err != nil {
			return nil, false, "its record is damaged"
		}
		known = indexedAction{stamp: st, outputs: r.Outputs}
		s.mu.Lock()
		s.index.actions[a] = known
		s.index.dirty = true
		s.mu.Unlock()
	}
	for _, o := range known.outputs {
		if why := s.check(o); why != "" {
			return nil, false, "output " + o.Name + " " + why
		}
	}
	return known.outputs, true, ""
}

// check says what is wrong with an output in the store, or nothing.
func (s *Store) check(o Output) string {
	if !o.Dir {
		return s.verify(o.ID, o.Size)
	}
	if why := s.verify(o.ID, -1); why != "" {
		return why
	}
	files, err := s.Tree(o.ID)
	if err != nil {
		return "is damaged"
	}
	for _, f := range files {
		if why := s.verify(f.ID, f.Size); why != "" {
			return why + " (" + f.Name + ")"
		}
	}
	return ""
}

// verify makes sure that the bytes of id are there, of the given size (-1: any) and unchanged since they were hashed.
func (s *Store) verify(id OutputID, size int64) string {
	path := s.Path(id)
	st, err := stampOf(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "is missing from the store"
	case err != nil:
		return "cannot be read"
	case size >= 0 && st.size != size:
		return "is damaged in the store"
	}
	s.mu.Lock()
	sound := s.index.objects[id] == st
	s.mu.Unlock()
	if sound {
		return ""
	}
	got, _, err := digestFile(path)
	if err != nil || got != id {
		return "is damaged in the store"
	}
	s.seen(id, st)
	return ""
}

func (s *Store) seen(id OutputID, st stamp) {
	s.mu.Lock()
	s.index.objects[id] = st
	s.index.dirty = true
	s.mu.Unlock()
}

// FileDigest is the digest of a file of the user's, of the bytes that it had at one moment. It is computed once for each state (size, times,
// inode) of the file.
func (s *Store) FileDigest(path string) (OutputID, error) {
	st, err := stampOf(path)
	if err != nil {
		return OutputID{}, err
	}
	s.mu.Lock()
	known, ok := s.index.files[path]
	s.mu.Unlock()
	if ok && known.stamp == st {
		return known.id, nil
	}
	for range maxReads {
		began := s.now()
		id, _, err := digestFile(path)
		if err != nil {
			return id, err
		}
		after, err := stampOf(path)
		if err != nil {
			return id, err
		}
		if after != st {
			st = after
			continue
		}
		// A file that changed just before it was read may have changed again within the clock's grain without a trace: not remembered.
		if began.Sub(st.changed()) > grain {
			s.mu.Lock()
			s.index.files[path] = indexedFile{stamp: st, id: id}
			s.index.dirty = true
			s.mu.Unlock()
		}
		return id, nil
	}
	return OutputID{}, fmt.Errorf("%s: %w", path, ErrChanging)
}

// ErrChanging is wrapped by the error about a file that somebody writes to while it is read.
var ErrChanging = errors.New("it changes while it is read")

// maxReads is how often a file is read anew that changed meanwhile.
const maxReads = 3

// grain is longer than the resolution of file times on the file systems in use (Linux stamps files once a tick, 1 to 10 ms).
const grain = 100 * time.Millisecond
