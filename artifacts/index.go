package artifacts

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// stamp is the state of a file as the file system tells it. Two equal stamps of one path mean that nobody wrote to the file in between:
// the change time cannot be set by a program.
type stamp struct {
	size, mtime, ctime int64 // bytes; ns since 1970
	inode              uint64
}

func (st stamp) changed() time.Time { return time.Unix(0, max(st.mtime, st.ctime)) }

type indexedAction struct {
	stamp   stamp // of the record file
	outputs []Output
}

type indexedFile struct {
	stamp stamp
	id    OutputID
}

// index remembers what was verified, so that a run with nothing to do reads no bytes of artifacts and no records. It is a cache
// of the store's files: without it, or when it is damaged, everything is verified again.
type index struct {
	dirty   bool
	objects map[OutputID]stamp
	actions map[ActionID]indexedAction
	files   map[string]indexedFile
}

const indexMagic = "weir index 1\n"

func readIndex(path string) *index {
	empty := &index{objects: map[OutputID]stamp{}, actions: map[ActionID]indexedAction{}, files: map[string]indexedFile{}}
	data, err := os.ReadFile(path)
	if err != nil || len(data) < len(indexMagic)+sha256.Size || !bytes.HasPrefix(data, []byte(indexMagic)) {
		return empty
	}
	body, sum := data[:len(data)-sha256.Size], data[len(data)-sha256.Size:]
	if got := sha256.Sum256(body); !bytes.Equal(got[:], sum) {
		return empty
	}
	d := decoder{r: bytes.NewReader(body[len(indexMagic):])}
	ix := &index{}
	n := d.count()
	ix.objects = make(map[OutputID]stamp, n)
	for range n {
		id := OutputID(d.digest())
		ix.objects[id] = d.stamp()
	}
	n = d.count()
	ix.actions = make(map[ActionID]indexedAction, n)
	for range n {
		id := ActionID(d.digest())
		a := indexedAction{stamp: d.stamp()}
		for range d.count() {
			o := Output{Name: d.text(), ID: OutputID(d.digest()), Size: d.int()}
			o.Dir = d.int() == 1
			a.outputs = append(a.outputs, o)
		}
		ix.actions[id] = a
	}
	n = d.count()
	ix.files = make(map[string]indexedFile, n)
	for range n {
		name := d.text()
		ix.files[name] = indexedFile{stamp: d.stamp(), id: OutputID(d.digest())}
	}
	if d.err != nil {
		return empty
	}
	return ix
}

func (ix *index) encode() []byte {
	var e encoder
	e.b.WriteString(indexMagic)
	e.int(int64(len(ix.objects)))
	for _, id := range sortedIDs(ix.objects) {
		e.b.Write(id[:])
		e.stamp(ix.objects[id])
	}
	e.int(int64(len(ix.actions)))
	for _, id := range sortedIDs(ix.actions) {
		a := ix.actions[id]
		e.b.Write(id[:])
		e.stamp(a.stamp)
		e.int(int64(len(a.outputs)))
		for _, o := range a.outputs {
			e.text(o.Name)
			e.b.Write(o.ID[:])
			e.int(o.Size)
			dir := int64(0)
			if o.Dir {
				dir = 1
			}
			e.int(dir)
		}
	}
	names := make([]string, 0, len(ix.files))
	for name := range ix.files {
		names = append(names, name)
	}
	slices.Sort(names)
	e.int(int64(len(names)))
	for _, name := range names {
		f := ix.files[name]
		e.text(name)
		e.stamp(f.stamp)
		e.b.Write(f.id[:])
	}
	sum := sha256.Sum256(e.b.Bytes())
	e.b.Write(sum[:])
	return e.b.Bytes()
}

func sortedIDs[ID ~[sha256.Size]byte, V any](m map[ID]V) []ID {
	ids := make([]ID, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b ID) int { return bytes.Compare(a[:], b[:]) })
	return ids
}

type encoder struct{ b bytes.Buffer }

func (e *encoder) int(v int64) { e.b.Write(binary.AppendVarint(e.b.AvailableBuffer(), v)) }

func (e *encoder) text(s string) {
	e.int(int64(len(s)))
	e.b.WriteString(s)
}

func (e *encoder) stamp(st stamp) {
	e.int(st.size)
	e.int(st.mtime)
	e.int(st.ctime)
	e.int(int64(st.inode))
}

// decoder reads what encoder wrote. Its first error stays; afterwards everything is zero.
type decoder struct {
	r   *bytes.Reader
	err error
}

var errIndex = errors.New("damaged index")

func (d *decoder) int() int64 {
	if d.err != nil {
		return 0
	}
	v, err := binary.ReadVarint(d.r)
	d.err = err
	return v
}

// count reads a number of things that follow, each at least one byte long.
func (d *decoder) count() int {
	n := d.int()
	if n < 0 || n > int64(d.r.Len()) {
		d.err = errIndex
		return 0
	}
	return int(n)
}

func (d *decoder) text() string {
	var b strings.Builder
	if n := d.count(); d.err == nil {
		_, d.err = io.CopyN(&b, d.r, int64(n))
	}
	return b.String()
}

func (d *decoder) digest() (id [sha256.Size]byte) {
	if d.err == nil {
		_, d.err = io.ReadFull(d.r, id[:])
	}
	return id
}

func (d *decoder) stamp() stamp {
	return stamp{size: d.int(), mtime: d.int(), ctime: d.int(), inode: uint64(d.int())}
}
