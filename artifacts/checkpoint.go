package artifacts

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// WorkID names a piece of work of any length: the hash of an action's parts without the one that only says how long it goes on. Actions that
// differ in nothing else share their checkpoints.
type WorkID [sha256.Size]byte

// WorkOf is the hash of all parts but the one that is named length; not ok when there is no such part.
func WorkOf(parts []Part, length string) (w WorkID, ok bool) {
	buf := []byte("weir work 1\n")
	for _, p := range parts {
		if p.Name == length {
			ok = true
			continue
		}
		buf = binary.AppendUvarint(buf, uint64(len(p.Name)))
		buf = append(buf, p.Name...)
		buf = append(buf, p.Digest[:]...)
	}
	return sha256.Sum256(buf), ok
}

// Checkpoint is a state of a long work after some length of it (training: epochs).
//
// It is one file, ck/ab/<work>/<length>-<digest>, and -end behind that when an action ended there. The name is the record: it appears by a rename when the
// bytes are on the disk, and the digest in it tells whether they still are those. So a process may be killed at any moment. A checkpoint is no
// artifact: nothing refers to it, and it may be removed at any time at the price of work.
type Checkpoint struct {
	Length int
	ID     OutputID // digest of its bytes
	End    bool     // an action ended here: it stays, for a longer one goes on from it
}

// lastCheckpoints is how many of a work's checkpoints stay besides those where an action ended: two, so that damage to one costs little.
const lastCheckpoints = 2

// endMark is how the name of a checkpoint ends where an action ended.
const endMark = "-end"

func (c Checkpoint) name() string {
	name := strconv.Itoa(c.Length) + "-" + hex.EncodeToString(c.ID[:])
	if c.End {
		name += endMark
	}
	return name
}

func parseCheckpoint(name string) (c Checkpoint, ok bool) {
	name, c.End = strings.CutSuffix(name, endMark)
	length, digest, _ := strings.Cut(name, "-")
	n, err := strconv.Atoi(length)
	if err != nil || n < 1 || strconv.Itoa(n) != length {
		return c, false
	}
	c.Length = n
	return c, c.ID.UnmarshalText([]byte("sha256:"+digest)) == nil
}

func (s *Store) checkpointDir(w WorkID) string { return s.fanned("/ck/", w, "") }

// Checkpoints lists the checkpoints of a work, the longest last. Their bytes are not looked at.
func (s *Store) Checkpoints(w WorkID) []Checkpoint {
	entries, err := os.ReadDir(s.checkpointDir(w))
	if err != nil {
		return nil
	}
	var all []Checkpoint
	for _, e := range entries {
		if c, ok := parseCheckpoint(e.Name()); ok {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b Checkpoint) int { return a.Length - b.Length })
	return all
}

// KeepCheckpoint makes a checkpoint durable, and removes those that nobody will want: earlier ones but the last and those where an action ended, and
// another state after the same length.
// Several processes may do it at once.
func (s *Store) KeepCheckpoint(w WorkID, length int, end bool, data []byte) error {
	if length < 1 {
		return fmt.Errorf("a checkpoint after a length of %d", length)
	}
	dir := s.checkpointDir(w)
	for _, d := range []string{filepath.Dir(dir), dir} {
		if err := s.mkdir(d); err != nil {
			return err
		}
	}
	kept := Checkpoint{Length: length, ID: sha256.Sum256(data), End: end}
	if err := s.write(filepath.Join(dir, kept.name()), data, true); err != nil {
		return err
	}
	spare := lastCheckpoints - 1
	if end {
		spare = 0
	}
	for _, c := range slices.Backward(s.Checkpoints(w)) {
		switch {
		case c.Length == length && c.ID != kept.ID: // a forced action came to another state, and that one is not trusted any more
			os.Remove(filepath.Join(dir, c.name()))
		case c.Length >= length || c.End:
		case spare > 0:
			spare--
		default:
			os.Remove(filepath.Join(dir, c.name()))
		}
	}
	return nil
}

// CheckoutCheckpoint copies the longest checkpoint that is not longer than most into the file target. One whose bytes do not have their digest is
// removed, and the next shorter one is taken. Length 0 when there is none.
func (s *Store) CheckoutCheckpoint(w WorkID, most int, target string) (length int, err error) {
	dir := s.checkpointDir(w)
	for _, c := range slices.Backward(s.Checkpoints(w)) {
		if c.Length > most {
			continue
		}
		path := filepath.Join(dir, c.name())
		id, err := copyDigest(path, target)
		switch {
		case errors.Is(err, os.ErrNotExist): // another process kept a longer one just now
		case err != nil:
			return 0, err
		case id == c.ID:
			os.Chtimes(path, s.now(), s.now()) // used, for TrimCheckpoints
			return c.Length, nil
		default:
			os.Remove(path)
		}
	}
	return 0, nil
}

// TrimCheckpoints removes checkpoints, those that were not used for the longest time first, until all of the store's take at most so many bytes.
// What was kept or used since the given time stays. What cannot be removed stays too.
func (s *Store) TrimCheckpoints(most int64, since time.Time) {
	type file struct {
		path string
		info fs.FileInfo
	}
	var all []file
	var total int64
	filepath.WalkDir(filepath.Join(s.root, "ck"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return nil
		}
		if info, err := e.Info(); err == nil {
			all = append(all, file{path, info})
			total += info.Size()
		}
		return nil
	})
	slices.SortStableFunc(all, func(a, b file) int { return a.info.ModTime().Compare(b.info.ModTime()) })
	for _, f := range all {
		if total <= most || !f.info.ModTime().Before(since) {
			return
		}
		if os.Remove(f.path) == nil {
			total -= f.info.Size()
		}
	}
}

// copyDigest copies a file and returns the digest of what the copy holds.
func copyDigest(source, target string) (id OutputID, err error) {
	in, err := os.Open(source)
	if err != nil {
		return id, err
	}
	defer in.Close()
	out, err := os.Create(target)
	if err != nil {
		return id, err
	}
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, h), in)
	return OutputID(h.Sum(nil)), errors.Join(err, out.Close())
}
