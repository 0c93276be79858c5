package artifacts

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Ingest moves a finished file into the store and returns its digest and size. The file must lie on the store's file system (in a
// Workspace) and must not be written any more; when somebody does, that is an error. A file with several names is copied.
func (s *Store) Ingest(file string) (OutputID, int64, error) {
	if err := s.own(file); err != nil {
		return OutputID{}, 0, err
	}
	before, err := os.Stat(file)
	if err != nil {
		return OutputID{}, 0, err
	}
	id, size, err := digestFile(file)
	if err != nil {
		return id, 0, err
	}
	if s.verify(id, size) == "" {
		return id, size, os.Remove(file)
	}
	target := s.Path(id)
	if err := s.mkdir(filepath.Dir(target)); err != nil {
		return id, 0, err
	}
	if err := syncFile(file); err != nil {
		return id, 0, err
	}
	if err := os.Chmod(file, 0o444); err != nil {
		return id, 0, err
	}
	after, err := os.Stat(file)
	if err != nil {
		return id, 0, err
	}
	if before.Size() != size || after.Size() != size || !after.ModTime().Equal(before.ModTime()) {
		return id, 0, fmt.Errorf("%s: %w; a process of the stage is still alive", file, ErrChanging)
	}
	if err := replace(file, target); err != nil {
		return id, 0, err
	}
	if err := syncDir(filepath.Dir(target)); err != nil {
		return id, 0, err
	}
	st, err := stampOf(target)
	if err != nil {
		return id, 0, err
	}
	// Otherwise another action gave the same bytes at the same moment and its file is there now, or somebody writes still: the next lookup
	// hashes what is there.
	if st.size == size && st.mtime == before.ModTime().UnixNano() {
		s.seen(id, st)
	}
	return id, size, nil
}

// own makes a file readable and writable for us, and the only name of its bytes.
func (s *Store) own(file string) error {
	if links(file) > 1 {
		if err := s.copyFile(file, file); err != nil {
			return err
		}
	}
	return os.Chmod(file, 0o644)
}

// replace renames a file, also onto a read-only one on systems that refuse that.
func replace(file, target string) error {
	err := os.Rename(file, target)
	if err != nil && runtime.GOOS == "windows" && os.Chmod(target, 0o666) == nil {
		err = os.Rename(file, target)
	}
	return err
}

// IngestDir moves the files below dir into the store and returns the digest of their manifest and the size of all files. Empty folders are
// lost; anything but files and folders is an error.
func (s *Store) IngestDir(dir string) (OutputID, int64, error) {
	var manifest strings.Builder
	var total int64
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.Chmod(file, 0o755) // files cannot be moved out of a folder that is read-only
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("%s: neither a file nor a folder; an artifact holds those only", file)
		}
		rel, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		if !validName(name) {
			return fmt.Errorf("%q: a name in an artifact is UTF-8 without line breaks and backslashes", name)
		}
		id, size, err := s.Ingest(file)
		if err != nil {
			return err
		}
		total += size
		fmt.Fprintf(&manifest, "%s %d %s\n", id, size, name)
		return nil
	})
	if err != nil {
		return OutputID{}, 0, err
	}
	file := filepath.Join(dir, ".manifest")
	if err := os.WriteFile(file, []byte(manifest.String()), 0o666); err != nil {
		return OutputID{}, 0, err
	}
	id, _, err := s.Ingest(file)
	return id, total, err
}

// File is one file of a directory artifact.
type File struct {
	Name string // slash-separated, relative
	ID   OutputID
	Size int64
}

// maxManifest bounds the manifest of a directory, in bytes.
const maxManifest = 64 << 20

// Tree reads the manifest of a directory artifact: one line "sha256:<hex> <size> <name>" for each file, by name in byte order of
// a depth-first walk.
func (s *Store) Tree(id OutputID) ([]File, error) {
	p := s.Path(id)
	if info, err := os.Stat(p); err != nil {
		return nil, err
	} else if info.Size() > maxManifest {
		return nil, fmt.Errorf("%s: too large for a manifest", id)
	}
	data, err := os.ReadFile(p)
	if err != nil {
		return nil, err
	}
	files, err := decodeManifest(string(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", id, err)
	}
	return files, nil
}

var errManifest = errors.New("not a manifest")

func decodeManifest(data string) ([]File, error) {
	var files []File
	seen := map[string]bool{}
	for line := range strings.Lines(data) {
		line, whole := strings.CutSuffix(line, "\n")
		digest, rest, _ := strings.Cut(line, " ")
		size, name, _ := strings.Cut(rest, " ")
		n, err := strconv.ParseInt(size, 10, 64)
		if err != nil || n < 0 || !whole || !validName(name) || seen[name] {
			return nil, errManifest
		}
		seen[name] = true
		f := File{Name: name, Size: n}
		if f.ID, err = ParseOutputID(digest); err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	for _, f := range files {
		for dir := path.Dir(f.Name); dir != "."; dir = path.Dir(dir) {
			if seen[dir] {
				return nil, errManifest // a file and a folder at once
			}
		}
	}
	return files, nil
}

// validName says whether a slash-separated name stays inside its folder on every system.
func validName(name string) bool {
	return name != "" && utf8.ValidString(name) && !strings.ContainsAny(name, "\n\\\x00") && path.Clean("/" + name)[1:] == name
}

// Checkout copies an artifact to a file or, for a directory, into a folder that may exist. Files get there whole or not at all. The copy
// belongs to the user: it is writable and shares no inode with the store (blocks are shared where the file system can).
func (s *Store) Checkout(o Output, target string) error {
	if !o.Dir {
		return s.copyTo(o.ID, target)
	}
	files, err := s.Tree(o.ID)
	if err != nil {
		return err
	}
	for _, f := range files {
		to := filepath.Join(target, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return err
		}
		if err := s.copyTo(f.ID, to); err != nil {
			return err
		}
	}
	return nil
}

// CheckoutFile copies one artifact to a file; see Checkout.
func (s *Store) CheckoutFile(id OutputID, target string) error { return s.copyTo(id, target) }

func (s *Store) copyTo(id OutputID, target string) error { return s.copyFile(s.Path(id), target) }

func (s *Store) copyFile(source, target string) error {
	in, err := os.Open(source)
	if err != nil {
		return err
	}
	defer in.Close()
	return s.put(target, false, func(w *os.File) error {
		if _, err := in.Seek(0, io.SeekStart); err != nil {
			return err
		}
		_, err := io.Copy(w, in) // copy_file_range: shares blocks on file systems that can
		return err
	})
}

// write replaces a file by data.
func (s *Store) write(target string, data []byte, durable bool) error {
	return s.put(target, durable, func(w *os.File) error {
		_, err := w.Write(data)
		return err
	})
}

// WriteFile replaces a file of the project whole or not at all, and waits for the disk.
func (s *Store) WriteFile(path string, data []byte) error { return s.write(path, data, true) }

// put replaces target by what fill writes, whole or not at all. It is written inside the store first, so that a killed process leaves nothing
// beside the target; only where the target lies on another file system it is written beside it. durable says whether to wait for the disk.
func (s *Store) put(target string, durable bool, fill func(*os.File) error) error {
	err := putBy(filepath.Join(s.root, "work"), "copy-*", target, durable, fill)
	var le *os.LinkError
	if errors.As(err, &le) {
		if info, e := os.Lstat(target); e == nil && info.IsDir() {
			return err
		}
		err = putBy(filepath.Dir(target), ".weir-*", target, durable, fill)
	}
	return err
}

func putBy(dir, pattern, target string, durable bool, fill func(*os.File) error) error {
	tmp, err := os.CreateTemp(dir, pattern)
	if err != nil {
		return err
	}
	err = fill(tmp)
	if err == nil && durable {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err == nil {
		err = replace(tmp.Name(), target)
	}
	if err != nil {
		os.Remove(tmp.Name())
		return err
	}
	if durable {
		return syncDir(filepath.Dir(target))
	}
	return nil
}

// WriteFile replaces a file whole or not at all, and waits for the disk. It needs no store.
func WriteFile(path string, data []byte) error {
	return putBy(filepath.Dir(path), ".weir-*", path, true, func(w *os.File) error {
		_, err := w.Write(data)
		return err
	})
}

// Workspace empties and returns the folder in which an action works. Only the holder of the action's lock may call it.
func (s *Store) Workspace(a ActionID) (string, error) {
	dir := filepath.Join(s.root, "work", hexOf(a)[:32])
	if err := RemoveAll(dir); err != nil {
		return "", err
	}
	return dir, os.MkdirAll(dir, 0o777)
}

// Unfinished returns the folder in which an action keeps what its next attempt goes on with. Only the holder of the action's lock may call it.
func (s *Store) Unfinished(a ActionID) (string, error) {
	dir := filepath.Join(s.root, "unfinished", hexOf(a)[:32])
	return dir, os.MkdirAll(dir, 0o777)
}

// RemoveAll removes a folder, also one with read-only folders in it.
func RemoveAll(dir string) error {
	err := os.RemoveAll(dir)
	if err == nil {
		return nil
	}
	filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			os.Chmod(p, 0o700)
		}
		return nil
	})
	return os.RemoveAll(dir)
}

func (s *Store) mkdir(dir string) error {
	s.mu.Lock()
	known := s.synced[dir]
	s.mu.Unlock()
	if known {
		return nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(dir)); err != nil {
		return err
	}
	s.mu.Lock()
	s.synced[dir] = true
	s.mu.Unlock()
	return nil
}

func digestFile(file string) (id OutputID, size int64, err error) {
	info, err := os.Stat(file) // before opening: to open a named pipe waits for a writer
	if err != nil {
		return id, 0, err
	}
	if info.IsDir() {
		return id, 0, fmt.Errorf("%s: a folder, not a file", file)
	}
	if !info.Mode().IsRegular() {
		return id, 0, fmt.Errorf("%s: not a regular file", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return id, 0, err
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.Copy(h, f)
	return OutputID(h.Sum(nil)), size, err
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func syncDir(path string) error {
	if runtime.GOOS == "windows" { // folders cannot be synced there
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func hexOf[ID ~[sha256.Size]byte](id ID) string { return hex.EncodeToString(id[:]) }
