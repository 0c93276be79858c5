// Package artifacts keeps what stages produce: bytes named by their digest, and records that say which work produced which bytes.
//
// It sits below the runner. A Store is a folder (the project's .weir) of plain files, which are the truth:
//
//	cas/sha256/ab/<hex>   an artifact's bytes, read-only; for a directory its manifest (see Tree)
//	ac/ab/<hex>.json      the record of an action: parts of its key, outputs, cost
//	logs/<hex>.log        what the action printed, from its first byte on
//	locks/                one lock file per action being computed now; it dies with its process
//	work/                 one folder per action being computed now
//	index                 what was verified when; may be deleted at any time
//
// Nothing is ever overwritten: bytes are written to a temporary file on the same file system, hashed, synced, made read-only and
// renamed; the record comes last. A lookup is a hit only when every output is there with the right size and its bytes were hashed since the
// file last changed; anything else is a miss with a reason, never an error and never a wrong answer.
//
// It knows nothing about stages, options or pipelines, and it never removes an artifact.
package artifacts

import (
	"encoding/json"
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
	s.index = readIndex(filepath.Join(root, "index"))
	return s, nil
}

// Root is the folder of the store.
func (s *Store) Root() string { return s.root }

// Save writes the index, so that the next process need not verify again. A store works without it.
func (s *Store) Save() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.index.dirty {
		return nil
	}
	s.index.dirty = false
	return replaceFile(filepath.Join(s.root, "index"), s.index.encode(), false)
}

// Path is where the bytes of id are when the store has them.
func (s *Store) Path(id OutputID) string {
	h := hexOf(id)
	return filepath.Join(s.root, "cas", "sha256", h[:2], h)
}

// LogPath is where the log of an action is kept.
func (s *Store) LogPath(a ActionID) string { return filepath.Join(s.root, "logs", hexOf(a)+".log") }

func (s *Store) recordPath(a ActionID) string {
	h := hexOf(a)
	return filepath.Join(s.root, "ac", h[:2], h+".json")
}

// Output is one named result in a record.
type Output struct {
	Name string   `json:"name"`
	ID   OutputID `json:"id"`
	Size int64    `json:"size"`          // bytes; of all files, for a directory
	Dir  bool     `json:"dir,omitempty"` // the artifact is a directory: ID names its manifest
}

// Record is what is known about an action that was computed.
type Record struct {
	Format   int       `json:"format"` // 1
	Action   ActionID  `json:"action"`
	Stage    string    `json:"stage"` // the address it had when it ran, for people
	Parts    []Part    `json:"parts"`
	Outputs  []Output  `json:"outputs"`
	Summary  string    `json:"summary,omitempty"`
	Findings []string  `json:"findings,omitempty"`
	Warnings []string  `json:"warnings,omitempty"`
	Finished time.Time `json:"finished"`
	Seconds  float64   `json:"seconds"` // wall time
	Host     string    `json:"host,omitempty"`
	Reason   string    `json:"reason,omitempty"` // why it ran
}

// recordFormat is the version of the record's layout. A record of another one is a miss.
const recordFormat = 1

// maxRecord bounds a record file, in bytes.
const maxRecord = 16 << 20

// Commit makes the record durable: from now on Lookup finds it. Its outputs must be in the store already.
func (s *Store) Commit(r *Record) error {
	r.Format = recordFormat
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	path := s.recordPath(r.Action)
	if err := s.mkdir(filepath.Dir(path)); err != nil {
		return err
	}
	if err := replaceFile(path, append(data, '\n'), true); err != nil {
		return err
	}
	st, err := stampOf(path)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.index.actions[r.Action] = indexedAction{stamp: st, outputs: r.Outputs}
	s.index.dirty = true
	return nil
}

// Record reads the whole record of an action; fs.ErrNotExist when there is none.
func (s *Store) Record(a ActionID) (*Record, error) {
	path := s.recordPath(a)
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxRecord {
		return nil, fmt.Errorf("%s: %d bytes are no record", path, info.Size())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var r Record
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if r.Format != recordFormat || r.Action != a {
		return nil, fmt.Errorf("%s: not the record of this action", path)
	}
	return &r, nil
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

// FileDigest is the digest of a file of the user's. It is computed once for each state (size, times, inode) of the file.
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
	id, _, err := digestFile(path)
	if err != nil {
		return id, err
	}
	// A file that changed just now may change again within the clock's grain without a trace: its digest is not remembered.
	if s.now().Sub(st.changed()) > grain {
		s.mu.Lock()
		s.index.files[path] = indexedFile{stamp: st, id: id}
		s.index.dirty = true
		s.mu.Unlock()
	}
	return id, nil
}

// grain is longer than the resolution of file times on the file systems in use (Linux stamps files once a tick, 1 to 10 ms).
const grain = 100 * time.Millisecond
