package artifacts

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestDisk runs the suite that every store has to pass. There is one kind of store now.
func TestDisk(t *testing.T) {
	conform(t, func(t *testing.T) *Store { return open(t, filepath.Join(t.TempDir(), "store")) })
}

// conform is what callers of a Store rely on, whatever keeps the bytes.
func conform(t *testing.T, fresh func(*testing.T) *Store) {
	t.Run("a file comes back as it was", func(t *testing.T) {
		s := fresh(t)
		o := Output{Name: "out"}
		o.ID, o.Size = ingest(t, s, "hello")
		if want := OutputID(sha256.Sum256([]byte("hello"))); o.ID != want || o.Size != 5 {
			t.Errorf("got %v, %d bytes", o.ID, o.Size)
		}
		target := filepath.Join(t.TempDir(), "copy")
		check(t, s.Checkout(o, target))
		if got := read(t, target); got != "hello" {
			t.Errorf("checked out %q", got)
		}
		check(t, os.WriteFile(target, []byte("mine"), 0o666)) // a copy of the user's own
		if got := read(t, s.Path(o.ID)); got != "hello" {
			t.Errorf("the store has %q", got)
		}
	})
	t.Run("the same bytes twice are one artifact", func(t *testing.T) {
		s := fresh(t)
		a, _ := ingest(t, s, "same")
		b, _ := ingest(t, s, "same")
		if a != b {
			t.Errorf("%v and %v", a, b)
		}
	})
	t.Run("a folder comes back as it was", func(t *testing.T) {
		s := fresh(t)
		o := Output{Name: "dir", Dir: true}
		o.ID, o.Size = ingestDir(t, s, map[string]string{"a.txt": "a", "deep/er/b.txt": "bb", ".manifest": "mine", "ü": ""})
		target := t.TempDir()
		check(t, s.Checkout(o, target))
		for name, want := range map[string]string{"a.txt": "a", "deep/er/b.txt": "bb", ".manifest": "mine", "ü": ""} {
			if got := read(t, filepath.Join(target, name)); got != want {
				t.Errorf("%s: %q", name, got)
			}
		}
		again, _ := ingestDir(t, s, map[string]string{"ü": "", ".manifest": "mine", "deep/er/b.txt": "bb", "a.txt": "a"})
		if again != o.ID || o.Size != 7 {
			t.Errorf("the same folder is %v, then %v; %d bytes", o.ID, again, o.Size)
		}
	})
	t.Run("a record is found with its outputs only", func(t *testing.T) {
		s := fresh(t)
		r := record(t, s, "one", "1")
		if _, ok, why := s.Lookup(r.Action); ok || why != "" {
			t.Errorf("found before it was committed: %v %q", ok, why)
		}
		check(t, s.Commit(r))
		outputs, ok, why := s.Lookup(r.Action)
		if !ok || !slices.Equal(outputs, r.Outputs) {
			t.Errorf("%v %v %q", outputs, ok, why)
		}
		check(t, os.Remove(s.Path(r.Outputs[0].ID)))
		if _, ok, why := s.Lookup(r.Action); ok || why != "output out is missing from the store" {
			t.Errorf("%v %q", ok, why)
		}
	})
	t.Run("what another process committed is found", func(t *testing.T) {
		s := fresh(t)
		other := open(t, s.Root())
		r := record(t, s, "one", "1")
		check(t, s.Commit(r))
		if _, ok, why := other.Lookup(r.Action); !ok {
			t.Error(why)
		}
	})
}

func open(t testing.TB, root string) *Store {
	t.Helper()
	s, err := Open(root)
	check(t, err)
	return s
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	check(t, err)
	return string(data)
}

// work is a workspace of an action that nothing else uses.
func work(t testing.TB, s *Store, name string) string {
	t.Helper()
	dir, err := s.Workspace(ActionID(sha256.Sum256([]byte(name))))
	check(t, err)
	return dir
}

func ingest(t testing.TB, s *Store, content string) (OutputID, int64) {
	t.Helper()
	file := filepath.Join(work(t, s, "ingest"), "file")
	check(t, os.WriteFile(file, []byte(content), 0o666))
	id, size, err := s.Ingest(file)
	check(t, err)
	return id, size
}

func ingestDir(t testing.TB, s *Store, files map[string]string) (OutputID, int64) {
	t.Helper()
	dir := work(t, s, "folder")
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		check(t, os.MkdirAll(filepath.Dir(path), 0o777))
		check(t, os.WriteFile(path, []byte(content), 0o666))
	}
	id, size, err := s.IngestDir(dir)
	check(t, err)
	return id, size
}

// record makes a record with one output, not committed.
func record(t testing.TB, s *Store, action, content string) *Record {
	t.Helper()
	var k Key
	k.Add("kind", action)
	o := Output{Name: "out"}
	o.ID, o.Size = ingest(t, s, content)
	return &Record{Action: k.ID(), Stage: "stage." + action, Parts: k.Parts(), Outputs: []Output{o}, Finished: time.Unix(1, 0).UTC()}
}

// damage changes one byte of a file and keeps its mode and modification time.
func damage(t testing.TB, path string, at int) {
	t.Helper()
	info, err := os.Stat(path)
	check(t, err)
	data, err := os.ReadFile(path)
	check(t, err)
	data[at] ^= 1
	check(t, os.Chmod(path, 0o644))
	check(t, os.WriteFile(path, data, 0o644))
	check(t, os.Chmod(path, info.Mode()))
	check(t, os.Chtimes(path, info.ModTime(), info.ModTime()))
}

func TestDamagedObject(t *testing.T) {
	s := open(t, t.TempDir())
	r := record(t, s, "one", "some bytes")
	check(t, s.Commit(r))
	check(t, s.Save())
	settle()
	damage(t, s.Path(r.Outputs[0].ID), 3)
	for name, s := range map[string]*Store{"this process": s, "the next": open(t, s.Root())} {
		if _, ok, why := s.Lookup(r.Action); ok || why != "output out is damaged in the store" {
			t.Errorf("%s: %v %q", name, ok, why)
		}
	}
	if id, _ := ingest(t, s, "some bytes"); id != r.Outputs[0].ID || read(t, s.Path(id)) != "some bytes" {
		t.Error("computing it again does not mend it")
	}
	if _, ok, why := s.Lookup(r.Action); !ok {
		t.Error(why)
	}
}

// settle waits until a change is told apart from what was before by the clock of the file system.
func settle() { time.Sleep(20 * time.Millisecond) }

func TestDamagedFolder(t *testing.T) {
	s := open(t, t.TempDir())
	r := record(t, s, "one", "x")
	o := Output{Name: "dir", Dir: true}
	o.ID, o.Size = ingestDir(t, s, map[string]string{"a": "first", "b/c": "second"})
	r.Outputs = []Output{o}
	check(t, s.Commit(r))
	files, err := s.Tree(o.ID)
	check(t, err)
	settle()
	damage(t, s.Path(files[1].ID), 0)
	if _, ok, why := s.Lookup(r.Action); ok || why != "output dir is damaged in the store (b/c)" {
		t.Errorf("%v %q", ok, why)
	}
	ingest(t, s, "second")
	damage(t, s.Path(o.ID), 70)
	if _, ok, why := s.Lookup(r.Action); ok || why != "output dir is damaged in the store" {
		t.Errorf("%v %q", ok, why)
	}
}

// TestDamagedRecord: whichever byte of a record flips, it is a miss.
func TestDamagedRecord(t *testing.T) {
	s := open(t, t.TempDir())
	r := record(t, s, "one", "x")
	check(t, s.Commit(r))
	path := s.recordPath(r.Action)
	whole := read(t, path)
	for at := range len(whole) {
		data := []byte(whole)
		data[at] ^= 1
		check(t, os.WriteFile(path, data, 0o644))
		if _, err := s.Record(r.Action); err == nil {
			t.Fatalf("byte %d (%q) was changed and nobody noticed", at, whole[at])
		}
	}
	for _, text := range []string{"", "{}", whole[:len(whole)/2], whole + " "} {
		check(t, os.WriteFile(path, []byte(text), 0o644))
		if _, ok, why := open(t, s.Root()).Lookup(r.Action); ok || why != "its record is damaged" {
			t.Errorf("%d bytes: %v %q", len(text), ok, why)
		}
	}
	check(t, s.Commit(r))
	if _, ok, why := s.Lookup(r.Action); !ok {
		t.Error(why)
	}
	other := record(t, s, "two", "x")
	check(t, os.MkdirAll(filepath.Dir(s.recordPath(other.Action)), 0o777))
	check(t, os.WriteFile(s.recordPath(other.Action), []byte(read(t, path)), 0o644))
	if _, err := s.Record(other.Action); !errors.Is(err, errRecord) {
		t.Errorf("the record of another action: %v", err)
	}
}

func TestIndexIsDispensable(t *testing.T) {
	s := open(t, t.TempDir())
	r := record(t, s, "one", "x")
	check(t, s.Commit(r))
	check(t, s.Save())
	whole := read(t, s.indexPath())
	for name, text := range map[string]string{"deleted": "", "cut": whole[:len(whole)-1], "foreign": "SQLite format 3", "flipped": whole[:40] + "\x00" + whole[41:]} {
		check(t, os.Remove(s.indexPath()))
		if text != "" {
			check(t, os.WriteFile(s.indexPath(), []byte(text), 0o644))
		}
		other := open(t, s.Root())
		if _, ok, why := other.Lookup(r.Action); !ok {
			t.Errorf("%s index: %s", name, why)
		}
		check(t, other.Save())
		if again := read(t, s.indexPath()); again != whole {
			t.Errorf("%s index: it is not made again", name)
		}
	}
}

// TestIndexOfTwoProcesses: neither forgets what the other verified.
func TestIndexOfTwoProcesses(t *testing.T) {
	a := open(t, t.TempDir())
	b := open(t, a.Root())
	one, two := record(t, a, "one", "1"), record(t, b, "two", "2")
	check(t, a.Commit(one))
	check(t, b.Commit(two))
	check(t, a.Save())
	check(t, b.Save())
	c := open(t, a.Root())
	if len(c.index.actions) != 2 || len(c.index.objects) != 2 {
		t.Errorf("%d actions, %d objects", len(c.index.actions), len(c.index.objects))
	}
}

// TestReadOnly: a store that we cannot write to can be read.
func TestReadOnly(t *testing.T) {
	if os.Getuid() == 0 {
		t.Log("root may write everywhere: only the paths are taken")
	}
	s := open(t, t.TempDir())
	r := record(t, s, "one", "x")
	check(t, s.Commit(r))
	defer filepath.WalkDir(s.Root(), func(p string, d fs.DirEntry, _ error) error { return os.Chmod(p, 0o755) })
	check(t, filepath.WalkDir(s.Root(), func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(p, 0o555)
		}
		return err
	}))
	if _, ok, why := open(t, s.Root()).Lookup(r.Action); !ok {
		t.Error(why)
	}
}

// TestRecordAfterBytes: a process that dies after the bytes and before the record leaves a miss, and the next one mends it.
func TestRecordAfterBytes(t *testing.T) {
	s := open(t, t.TempDir())
	r := record(t, s, "one", "x") // the bytes are there, the record is not
	next := open(t, s.Root())
	if _, ok, why := next.Lookup(r.Action); ok || why != "" {
		t.Errorf("%v %q", ok, why)
	}
	check(t, next.Commit(record(t, next, "one", "x")))
	if _, ok, why := next.Lookup(r.Action); !ok {
		t.Error(why)
	}
}

func TestIngestRefuses(t *testing.T) {
	s := open(t, t.TempDir())
	dir := work(t, s, "a")
	check(t, os.Symlink("/etc/passwd", filepath.Join(dir, "link")))
	if _, _, err := s.IngestDir(dir); err == nil || !strings.Contains(err.Error(), "neither a file nor a folder") {
		t.Errorf("a link: %v", err)
	}
	dir = work(t, s, "b")
	check(t, os.WriteFile(filepath.Join(dir, "a\nb"), nil, 0o666))
	if _, _, err := s.IngestDir(dir); err == nil || !strings.Contains(err.Error(), "line breaks") {
		t.Errorf("a line break in a name: %v", err)
	}
}

// TestIngestOwns: files without rights, in folders without rights, and with other names become artifacts of the store's own.
func TestIngestOwns(t *testing.T) {
	s := open(t, t.TempDir())
	dir := work(t, s, "a")
	mine := filepath.Join(t.TempDir(), "mine")
	check(t, os.WriteFile(mine, []byte("hard"), 0o644))
	check(t, os.MkdirAll(filepath.Join(dir, "closed"), 0o777))
	check(t, os.WriteFile(filepath.Join(dir, "closed", "secret"), []byte("s"), 0o200))
	if os.Link(mine, filepath.Join(dir, "hard")) != nil {
		t.Skip("no hard links between these folders")
	}
	check(t, os.Chmod(filepath.Join(dir, "closed"), 0o555))
	id, _, err := s.IngestDir(dir)
	check(t, err)
	files, err := s.Tree(id)
	check(t, err)
	check(t, os.WriteFile(mine, []byte("soft"), 0o644))
	if got := read(t, s.Path(files[1].ID)); got != "hard" {
		t.Errorf("the store shares an inode with the user's file: %q", got)
	}
}

func TestFileDigest(t *testing.T) {
	s := open(t, t.TempDir())
	file := filepath.Join(t.TempDir(), "f")
	check(t, os.WriteFile(file, []byte("one"), 0o666))
	first, err := s.FileDigest(file)
	check(t, err)
	if len(s.index.files) != 0 {
		t.Error("a file younger than the clock's grain is remembered")
	}
	s.now = func() time.Time { return time.Now().Add(time.Hour) }
	if _, err := s.FileDigest(file); err != nil || len(s.index.files) != 1 {
		t.Errorf("%v, %d files remembered", err, len(s.index.files))
	}
	settle()
	info, err := os.Stat(file)
	check(t, err)
	check(t, os.WriteFile(file, []byte("two"), 0o666))
	check(t, os.Chtimes(file, info.ModTime(), info.ModTime())) // same size, same modification time
	second, err := s.FileDigest(file)
	check(t, err)
	if first == second {
		t.Error("an edit that keeps size and modification time goes unnoticed")
	}
	if _, err := s.FileDigest(t.TempDir()); err == nil || !strings.Contains(err.Error(), "a folder") {
		t.Errorf("a folder: %v", err)
	}
}

func TestSweep(t *testing.T) {
	s := open(t, t.TempDir())
	dead, alive := ActionID{1}, ActionID{2}
	unlock, err := s.Lock(t.Context(), alive, func() {})
	check(t, err)
	for _, a := range []ActionID{dead, alive} {
		dir, err := s.Workspace(a)
		check(t, err)
		check(t, os.MkdirAll(filepath.Join(dir, "closed"), 0o777))
		check(t, os.WriteFile(filepath.Join(dir, "closed", "f"), nil, 0o666))
		check(t, os.Chmod(filepath.Join(dir, "closed"), 0o555))
	}
	check(t, os.WriteFile(filepath.Join(s.Root(), "locks", lockName(dead)), nil, 0o666))
	old, young := filepath.Join(s.Root(), "work", "copy-1"), filepath.Join(s.Root(), "work", "copy-2")
	check(t, os.WriteFile(old, nil, 0o666))
	check(t, os.WriteFile(young, nil, 0o666))
	check(t, os.Chtimes(old, time.Now().Add(-2*time.Hour), time.Now().Add(-2*time.Hour)))
	s.Sweep()
	var left []string
	for _, dir := range []string{"work", "locks"} {
		entries, err := os.ReadDir(filepath.Join(s.Root(), dir))
		check(t, err)
		for _, e := range entries {
			left = append(left, dir+"/"+e.Name())
		}
	}
	want := []string{"work/" + lockName(alive), "work/copy-2", "locks/" + lockName(alive)}
	if !slices.Equal(left, want) {
		t.Errorf("left %v, want %v", left, want)
	}
	unlock()
	s.Sweep()
	if _, err := os.Stat(filepath.Join(s.Root(), "work", lockName(alive))); err == nil {
		t.Error("the folder of an action that nobody computes stays")
	}
}

func TestWriteFile(t *testing.T) {
	s := open(t, t.TempDir())
	path := filepath.Join(t.TempDir(), "f")
	for _, text := range []string{"one", "two"} {
		check(t, s.WriteFile(path, []byte(text)))
		if got := read(t, path); got != text {
			t.Errorf("%q", got)
		}
	}
	if err := s.WriteFile(filepath.Dir(path), nil); err == nil {
		t.Error("a folder was replaced")
	}
	if entries, _ := os.ReadDir(filepath.Join(s.Root(), "work")); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
}

// TestOtherFileSystem: copies get to where renaming does not reach, and leave nothing beside.
func TestOtherFileSystem(t *testing.T) {
	dir, err := os.MkdirTemp("/dev/shm", "weir")
	if err != nil {
		t.Skip("no second file system here")
	}
	defer os.RemoveAll(dir)
	s := open(t, t.TempDir())
	id, _ := ingest(t, s, "far")
	target := filepath.Join(dir, "f")
	check(t, os.WriteFile(target, []byte("old"), 0o600))
	check(t, s.CheckoutFile(id, target))
	if got := read(t, target); got != "far" {
		t.Errorf("got %q", got)
	}
	for _, folder := range []string{dir, filepath.Join(s.Root(), "work")} {
		entries, err := os.ReadDir(folder)
		check(t, err)
		for _, e := range entries {
			if e.Name() != "f" && !e.IsDir() {
				t.Errorf("left behind: %s", e.Name())
			}
		}
	}
}
