// Package hdf5 reads the arrays of numbers in an HDF5 file, of the kind that h5py writes by default: superblock version 0 or 1, groups as symbol tables, object headers
// of version 1, float32 and float64 in little-endian, in one piece (HDF5 File Format Specification, version 3.0, docs.hdfgroup.org). That is what Keras writes.
//
// It is for internal/lstm, which imports weights. It reads no attributes, no text, no integers (such datasets are left out), no chunks, no filters, no files of the newer kind;
// it writes nothing. Everything read is hostile: addresses are checked, nodes are counted, and no more values are taken than the file has bytes.
package hdf5

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrFormat is wrapped by every error of Read.
var ErrFormat = errors.New("not an HDF5 file that is understood")

// Bounds of what Read accepts.
const (
	maxNodes = 10_000 // groups, datasets, nodes of their trees
	maxDepth = 32
	maxPath  = 1024 // bytes
)

// Array is a dataset, row-major; float64 values are rounded to float32.
type Array struct {
	Shape []int
	Data  []float32
}

// Read returns the datasets of floating-point numbers by path, as layers/dense/vars/0.
func Read(data []byte) (map[string]Array, error) {
	f := &file{data: data, arrays: map[string]Array{}, left: len(data)}
	if err := f.read(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return f.arrays, nil
}

type file struct {
	data   []byte
	arrays map[string]Array
	nodes  int
	left   int // bytes of values that may still be taken
}

// signature starts every file.
const signature = "\x89HDF\r\n\x1a\n"

func (f *file) read() error {
	head, err := f.at(0, 96)
	if err != nil || string(head[:8]) != signature {
		return errors.New("expected it to start with the signature of HDF5")
	}
	root := 64 // address of the root's object header
	switch {
	case head[8] == 1:
		root += 4
	case head[8] != 0:
		return fmt.Errorf("superblock of version %d: expected 0 or 1, as h5py writes it by default", head[8])
	}
	if head[13] != 8 || head[14] != 8 {
		return fmt.Errorf("addresses of %d and lengths of %d bytes: expected 8", head[13], head[14])
	}
	if base := binary.LittleEndian.Uint64(head[root-40:]); base != 0 {
		return fmt.Errorf("it begins at address %d: expected 0", base)
	}
	return f.object(binary.LittleEndian.Uint64(head[root:]), "", 0)
}

// at cuts n bytes out of the file.
func (f *file) at(address, n uint64) ([]byte, error) {
	size := uint64(len(f.data))
	if address > size || n > size-address {
		return nil, fmt.Errorf("%d bytes at address %d: the file has %d", n, address, size)
	}
	return f.data[address : address+n], nil
}

// node counts what is visited and checks a signature.
func (f *file) node(address, n uint64, signature string) ([]byte, error) {
	if f.nodes++; f.nodes > maxNodes {
		return nil, fmt.Errorf("more than %d nodes", maxNodes)
	}
	data, err := f.at(address, n)
	if err == nil && !bytes.HasPrefix(data, []byte(signature)) {
		return nil, fmt.Errorf("expected %s at address %d", signature, address)
	}
	return data, err
}

// dataset is what the messages of an object header say.
type dataset struct {
	space  bool
	shape  []int
	float  int // bytes of a number; 0: another type
	values []byte
	why    error // why the values cannot be taken
}

// Messages of an object header.
const (
	messageSpace        = 0x01
	messageType         = 0x03
	messageLayout       = 0x08
	messageContinuation = 0x10
	messageGroup        = 0x11
)

// object reads an object header: a group, or a dataset.
func (f *file) object(address uint64, path string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%.60s: groups are more than %d deep", path, maxDepth)
	}
	head, err := f.node(address, 16, "\x01")
	if err != nil {
		return fmt.Errorf("%.60s: object header: %w", path, err)
	}
	count := int(binary.LittleEndian.Uint16(head[2:]))
	messages, err := f.at(address+16, uint64(binary.LittleEndian.Uint32(head[8:])))
	if err != nil {
		return fmt.Errorf("%.60s: object header: %w", path, err)
	}
	var d dataset
	var more [][]byte
	for ; count > 0; count-- {
		for len(messages) < 8 && len(more) > 0 {
			messages, more = more[0], more[1:]
		}
		if len(messages) < 8 {
			return fmt.Errorf("%.60s: object header ends early", path)
		}
		kind, size := binary.LittleEndian.Uint16(messages), int(binary.LittleEndian.Uint16(messages[2:]))
		if len(messages)-8 < size {
			return fmt.Errorf("%.60s: object header: message of %d bytes, %d are left", path, size, len(messages)-8)
		}
		body := messages[8 : 8+size]
		messages = messages[8+size:]
		switch {
		case kind == messageGroup && size >= 16:
			if err := f.group(binary.LittleEndian.Uint64(body), binary.LittleEndian.Uint64(body[8:]), path, depth); err != nil {
				return err
			}
		case kind == messageContinuation && size >= 16:
			block, err := f.node(binary.LittleEndian.Uint64(body), binary.LittleEndian.Uint64(body[8:]), "")
			if err != nil {
				return fmt.Errorf("%.60s: object header: %w", path, err)
			}
			more = append(more, block)
		default:
			if err := f.message(&d, kind, body); err != nil {
				return fmt.Errorf("%.60s: %w", path, err)
			}
		}
	}
	if err := f.keep(d, path); err != nil {
		return fmt.Errorf("%.60s: %w", path, err)
	}
	return nil
}

func (f *file) message(d *dataset, kind uint16, body []byte) error {
	switch kind {
	case messageSpace:
		if len(body) < 4 || body[0] < 1 || body[0] > 2 {
			return errors.New("its dataspace is not understood")
		}
		dims := body[4:]
		if body[0] == 1 {
			dims = body[min(8, len(body)):]
		}
		if rank := int(body[1]); rank > 8 || len(dims) < 8*rank {
			return fmt.Errorf("dataspace of %d dimensions in %d bytes", rank, len(body))
		}
		d.space, d.shape = true, []int{}
		for i := range int(body[1]) {
			d.shape = append(d.shape, int(min(binary.LittleEndian.Uint64(dims[8*i:]), math.MaxInt32)))
		}
	case messageType:
		if len(body) < 8 {
			return errors.New("its type ends early")
		}
		if size := binary.LittleEndian.Uint32(body[4:]); body[0]&15 == 1 && body[1]&0x41 == 0 && (size == 4 || size == 8) {
			d.float = int(size) // a little-endian floating-point number
		}
	case messageLayout:
		d.values, d.why = f.layout(body)
	}
	return nil
}

// layout finds the values of a dataset.
func (f *file) layout(body []byte) ([]byte, error) {
	switch {
	case len(body) < 4 || body[0] < 3 || body[0] > 4:
		return nil, errors.New("its layout is not understood")
	case body[1] == 0: // inside the header
		n := int(binary.LittleEndian.Uint16(body[2:]))
		if len(body)-4 < n {
			return nil, fmt.Errorf("layout: %d bytes of values in %d", n, len(body))
		}
		return body[4 : 4+n], nil
	case body[1] == 1 && len(body) >= 18: // in one piece
		address, n := binary.LittleEndian.Uint64(body[2:]), binary.LittleEndian.Uint64(body[10:])
		if n == 0 {
			return nil, nil
		}
		return f.at(address, n)
	}
	return nil, errors.New("its values are not in one piece")
}

// keep takes a dataset of numbers.
func (f *file) keep(d dataset, path string) error {
	if !d.space || d.float == 0 {
		return nil
	}
	if d.why != nil {
		return d.why
	}
	n := 1
	for _, v := range d.shape {
		if v > 0 && n > math.MaxInt32/v {
			return fmt.Errorf("shape %v is too large", d.shape)
		}
		n *= v
	}
	if len(d.values) != n*d.float {
		return fmt.Errorf("%d bytes of values for shape %v", len(d.values), d.shape)
	}
	if f.left -= len(d.values); f.left < 0 {
		return errors.New("the datasets have more values than the file")
	}
	a := Array{Shape: d.shape, Data: make([]float32, n)}
	for i := range a.Data {
		if d.float == 4 {
			a.Data[i] = math.Float32frombits(binary.LittleEndian.Uint32(d.values[4*i:]))
		} else {
			a.Data[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(d.values[8*i:])))
		}
	}
	f.arrays[path] = a
	return nil
}

// group visits the members of a symbol table: its tree, and the heap of names.
func (f *file) group(tree, heap uint64, path string, depth int) error {
	head, err := f.node(heap, 32, "HEAP")
	if err != nil {
		return fmt.Errorf("%.60s: names: %w", path, err)
	}
	names, err := f.at(binary.LittleEndian.Uint64(head[24:]), binary.LittleEndian.Uint64(head[8:]))
	if err != nil {
		return fmt.Errorf("%.60s: names: %w", path, err)
	}
	return f.tree(tree, names, path, depth)
}

func (f *file) tree(address uint64, names []byte, path string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%.60s: trees are more than %d deep", path, maxDepth)
	}
	head, err := f.node(address, 24, "TREE\x00")
	if err != nil {
		return fmt.Errorf("%.60s: %w", path, err)
	}
	used := uint64(binary.LittleEndian.Uint16(head[6:]))
	entries, err := f.at(address+24, 16*used+8)
	if err != nil {
		return fmt.Errorf("%.60s: %w", path, err)
	}
	for i := range used {
		child := binary.LittleEndian.Uint64(entries[16*i+8:])
		if head[5] > 0 {
			err = f.tree(child, names, path, depth+1)
		} else {
			err = f.symbols(child, names, path, depth)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *file) symbols(address uint64, names []byte, path string, depth int) error {
	head, err := f.node(address, 8, "SNOD")
	if err != nil {
		return fmt.Errorf("%.60s: %w", path, err)
	}
	used := uint64(binary.LittleEndian.Uint16(head[6:]))
	entries, err := f.at(address+8, 40*used)
	if err != nil {
		return fmt.Errorf("%.60s: %w", path, err)
	}
	for i := range used {
		at := binary.LittleEndian.Uint64(entries[40*i:])
		if at >= uint64(len(names)) {
			return fmt.Errorf("%.60s: a name at %d of %d", path, at, len(names))
		}
		name, _, ended := bytes.Cut(names[at:], []byte{0})
		if !ended || len(name) == 0 || len(path)+len(name) > maxPath {
			return fmt.Errorf("%.60s: a name of %d bytes", path, len(name))
		}
		full := string(name)
		if path != "" {
			full = path + "/" + full
		}
		if err := f.object(binary.LittleEndian.Uint64(entries[40*i+8:]), full, depth+1); err != nil {
			return err
		}
	}
	return nil
}
