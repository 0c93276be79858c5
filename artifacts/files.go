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
)

// Ingest moves a finished file into the store and returns its digest and size. The file must lie on the store's file system (in a
// Workspace) and must not be written any more.
func (s *Store) Ingest(file string) (OutputID, int64, error) {
	id, size, err := digestFile(file)
	if err != nil {
		return id, 0, err
	}
	target := s.Path(id)
	if s.verify(id, size) == "" {
		return id, size, os.Remove(file)
	}
	if err := s.mkdir(filepath.Dir(target)); err != nil {
		return id, 0, err
	}
	if err := syncFile(file); err != nil {
		return id, 0, err
	}
	if err := os.Chmod(file, 0o444); err != nil {
		return id, 0, err
	}
	if err := os.Rename(file, target); err != nil {
		return id, 0, err
	}
	if err := syncDir(filepath.Dir(target)); err != nil {
		return id, 0, err
	}
	st, err := stampOf(target)
	if err != nil {
		return id, 0, err
	}
	s.seen(id, st)
	return id, size, nil
}

// IngestDir moves the files below dir into the store and returns the digest of their manifest and the size of all files. Empty folders are
// lost; anything but files and folders is an error.
func (s *Store) IngestDir(dir string) (OutputID, int64, error) {
	var manifest strings.Builder
	var total int64
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("%s: neither a file nor a folder; an artifact holds those only", file)
		}
		rel, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		if strings.ContainsAny(name, "\n\\") {
			return fmt.Errorf("%q: a name in an artifact has no line breaks and no backslashes", name)
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
	var files []File
	for line := range strings.Lines(string(data)) {
		digest, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		size, name, _ := strings.Cut(rest, " ")
		n, err := strconv.ParseInt(size, 10, 64)
		if err != nil || name == "" || path.Clean("/" + name)[1:] != name {
			return nil, fmt.Errorf("%s: not a manifest", id)
		}
		f := File{Name: name, Size: n}
		if f.ID, err = ParseOutputID(digest); err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
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

// copyTo writes the copy inside the store first, so that a killed process leaves nothing beside the target.
func (s *Store) copyTo(id OutputID, target string) error {
	in, err := os.Open(s.Path(id))
	if err != nil {
		return err
	}
	defer in.Close()
	tmp, err := os.CreateTemp(filepath.Join(s.root, "work"), "copy-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = io.Copy(tmp, in) // copy_file_range: shares blocks on file systems that can
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), target); err == nil {
		return nil
	}
	return copyAcross(tmp.Name(), target) // the target lies on another file system
}

func copyAcross(source, target string) error {
	data, err := os.Open(source)
	if err != nil {
		return err
	}
	defer data.Close()
	tmp, err := os.CreateTemp(filepath.Dir(target), ".weir-*")
	if err != nil {
		return err
	}
	_, err = io.Copy(tmp, data)
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), target)
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
	return err
}

// Workspace empties and returns the folder in which an action works. Only the holder of the action's lock may call it.
func (s *Store) Workspace(a ActionID) (string, error) {
	dir := filepath.Join(s.root, "work", hexOf(a)[:32])
	if err := RemoveAll(dir); err != nil {
		return "", err
	}
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
	f, err := os.Open(file)
	if err != nil {
		return id, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return id, 0, err
	}
	if !info.Mode().IsRegular() {
		return id, 0, fmt.Errorf("%s: not a regular file", file)
	}
	h := sha256.New()
	size, err = io.Copy(h, f)
	return OutputID(h.Sum(nil)), size, err
}

// replaceFile writes data to path by way of a temporary file in the same folder; durable says whether to wait for the disk.
func replaceFile(path string, data []byte, durable bool) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".weir-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err == nil && durable {
		err = tmp.Sync()
	}
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		os.Remove(tmp.Name())
		return err
	}
	if durable {
		return syncDir(filepath.Dir(path))
	}
	return nil
}

// WriteFile replaces a file whole or not at all, and waits for the disk.
func WriteFile(path string, data []byte) error { return replaceFile(path, data, true) }

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
