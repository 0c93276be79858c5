package artifacts

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
)

// Part is one thing that may change what an action produces. Each is hashed apart and kept in the record, so that a later run can say
// which one changed, from what to what.
type Part struct {
	Name   string   `json:"name"`            // "kind", "option every", "input capture", "file in/a.txt", "tool python3"
	Digest OutputID `json:"digest"`          // of the value
	Value  string   `json:"value,omitempty"` // the value as text, cut to maxValue bytes; a digest for inputs and files
}

// maxValue bounds the text of a part that is kept for people.
const maxValue = 400

// Key collects the parts of an action's identity. The zero Key is ready for use, and again after Reset.
type Key struct {
	parts []keyPart
	buf   []byte
}

// keyPart is a Part whose text is made only when somebody wants it: most keys are only looked up.
type keyPart struct {
	name, value string
	digest      OutputID
	artifact    bool // the digest is the value
}

// Reset makes the key empty. It keeps its memory.
func (k *Key) Reset() { k.parts = k.parts[:0] }

// Add adds a part. The order of calls does not matter; a name is added once.
func (k *Key) Add(name, value string) {
	k.buf = append(k.buf[:0], value...)
	k.parts = append(k.parts, keyPart{name: name, digest: sha256.Sum256(k.buf), value: value})
}

// AddOutput adds an artifact or a file of the user's by its digest.
func (k *Key) AddOutput(name string, id OutputID) {
	k.parts = append(k.parts, keyPart{name: name, digest: id, artifact: true})
}

// Parts are the parts added so far, by name. They belong to the caller.
func (k *Key) Parts() []Part {
	k.sort()
	parts := make([]Part, len(k.parts))
	for i, p := range k.parts {
		parts[i] = Part{Name: p.name, Digest: p.digest, Value: cut(p.value)}
		if p.artifact {
			parts[i].Value = p.digest.String()
		}
	}
	return parts
}

func (k *Key) sort() {
	slices.SortFunc(k.parts, func(a, b keyPart) int { return strings.Compare(a.name, b.name) })
}

// ID is the hash of all parts by name, each length-prefixed. Two keys with equal parts have equal IDs, whatever the order of Add.
func (k *Key) ID() ActionID {
	k.sort()
	buf := append(k.buf[:0], "weir action 1\n"...)
	for i := range k.parts {
		p := &k.parts[i]
		buf = binary.AppendUvarint(buf, uint64(len(p.name)))
		buf = append(buf, p.name...)
		buf = append(buf, p.digest[:]...)
	}
	k.buf = buf
	return sha256.Sum256(buf)
}

// Change is one part that differs between two keys; an empty side means that the part is not there.
type Change struct {
	Name, Was, Is string
}

// Changes lists what differs between the parts of a record and those of now, both sorted by name.
func Changes(was, is []Part) []Change {
	var changes []Change
	i, j := 0, 0
	for i < len(was) || j < len(is) {
		switch {
		case j == len(is) || i < len(was) && was[i].Name < is[j].Name:
			changes = append(changes, Change{Name: was[i].Name, Was: was[i].Value})
			i++
		case i == len(was) || is[j].Name < was[i].Name:
			changes = append(changes, Change{Name: is[j].Name, Is: is[j].Value})
			j++
		default:
			if was[i].Digest != is[j].Digest {
				changes = append(changes, Change{Name: is[j].Name, Was: was[i].Value, Is: is[j].Value})
			}
			i++
			j++
		}
	}
	return changes
}

func cut(value string) string {
	if len(value) <= maxValue {
		return value
	}
	return strings.ToValidUTF8(value[:maxValue], "") + "…"
}
