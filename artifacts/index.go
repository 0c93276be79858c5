package artifacts

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"os"
	"slices"
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
	read    stamp // of the file when it was read
	objects map[OutputID]stamp
	actions map[ActionID]indexedAction
	files   map[string]indexedFile
}

const (
	indexMagic = "weir index 1\n"
	maxIndex   = 1 << 30 // bytes; about five million actions
)

func newIndex() *index {
	return &index{objects: map[OutputID]stamp{}, actions: map[ActionID]indexedAction{}, files: map[string]indexedFile{}}
}

// readIndex reads an index; an empty one when there is none or it is damaged.
func readIndex(path string) *index {
	st, err := stampOf(path)
	if err != nil || st.size > maxIndex {
		return newIndex()
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return newIndex()
	}
	ix, err := decodeIndex(data)
	if err != nil {
		return newIndex()
	}
	ix.read = st
	return ix
}

func decodeIndex(data []byte) (*index, error) {
	if len(data) < len(indexMagic)+sha256.Size || !bytes.HasPrefix(data, []byte(indexMagic)) {
		return nil, errIndex
	}
	body, sum := data[:len(data)-sha256.Size], data[len(data)-sha256.Size:]
	if got := sha256.Sum256(body); !bytes.Equal(got[:], sum) {
		return nil, errIndex
	}
	return decodeBody(body[len(indexMagic):])
}

func decodeBody(body []byte) (*index, error) {
	d := decoder{b: body, names: map[string]string{}}
	ix := &index{}
	n := d.count(sha256.Size)
	ix.objects = make(map[OutputID]stamp, n)
	for range n {
		id := OutputID(d.digest())
		ix.objects[id] = d.stamp()
	}
	n = d.count(sha256.Size)
	ix.actions = make(map[ActionID]indexedAction, n)
	for range n {
		id := ActionID(d.digest())
		a := indexedAction{stamp: d.stamp()}
		m := d.count(sha256.Size)
		a.outputs = make([]Output, 0, m)
		for range m {
			o := Output{Name: d.name(), ID: OutputID(d.digest()), Size: d.int()}
			o.Dir = d.int() == 1
			a.outputs = append(a.outputs, o)
		}
		ix.actions[id] = a
	}
	n = d.count(sha256.Size)
	ix.files = make(map[string]indexedFile, n)
	for range n {
		name := d.text()
		ix.files[name] = indexedFile{stamp: d.stamp(), id: OutputID(d.digest())}
	}
	if len(d.b) > 0 {
		d.err = errIndex
	}
	return ix, d.err
}

// adopt takes over what other knows and ix does not.
func (ix *index) adopt(other *index) {
	for id, st := range other.objects {
		if _, ok := ix.objects[id]; !ok {
			ix.objects[id] = st
		}
	}
	for id, a := range other.actions {
		if _, ok := ix.actions[id]; !ok {
			ix.actions[id] = a
		}
	}
	for name, f := range other.files {
		if _, ok := ix.files[name]; !ok {
			ix.files[name] = f
		}
	}
}

func (ix *index) encode() []byte {
	var e encoder
	e.b.Grow(len(indexMagic) + sha256.Size + 60*len(ix.objects) + 120*len(ix.actions) + 120*len(ix.files))
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
	b     []byte
	names map[string]string // the names of outputs are few
	err   error
}

var errIndex = errors.New("damaged index")

func (d *decoder) int() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.take(len(d.b) + 1)
		return 0
	}
	d.b = d.b[n:]
	return v
}

// take returns the next n bytes; nil when there are fewer.
func (d *decoder) take(n int) []byte {
	if d.err != nil || n > len(d.b) {
		d.err, d.b = errIndex, nil
		return nil
	}
	taken := d.b[:n]
	d.b = d.b[n:]
	return taken
}

// count reads a number of things that follow, each at least size bytes long.
func (d *decoder) count(size int) int {
	n := d.int()
	if n < 0 || n > int64(len(d.b)/size) {
		d.take(len(d.b) + 1)
		return 0
	}
	return int(n)
}

func (d *decoder) text() string { return string(d.take(d.count(1))) }

func (d *decoder) name() string {
	b := d.take(d.count(1))
	s, ok := d.names[string(b)]
	if !ok {
		s = string(b)
		d.names[s] = s
	}
	return s
}

func (d *decoder) digest() (id [sha256.Size]byte) {
	copy(id[:], d.take(len(id)))
	return id
}

func (d *decoder) stamp() stamp {
	return stamp{size: d.int(), mtime: d.int(), ctime: d.int(), inode: uint64(d.int())}
}
