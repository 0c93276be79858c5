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

// Key collects the parts of an action's identity. The zero Key is ready for use.
type Key struct {
	parts []Part
}

// Add adds a part. The order of calls does not matter; a name is added once.
func (k *Key) Add(name, value string) {
	k.parts = append(k.parts, Part{Name: name, Digest: sha256.Sum256([]byte(value)), Value: cut(value)})
}

// AddOutput adds an artifact or a file of the user's by its digest.
func (k *Key) AddOutput(name string, id OutputID) {
	k.parts = append(k.parts, Part{Name: name, Digest: id, Value: id.String()})
}

// Parts are the parts added so far, by name.
func (k *Key) Parts() []Part {
	slices.SortFunc(k.parts, func(a, b Part) int { return strings.Compare(a.Name, b.Name) })
	return k.parts
}

// ID is the hash of all parts by name, each length-prefixed. Two keys with equal parts have equal IDs, whatever the order of Add.
func (k *Key) ID() ActionID {
	h := sha256.New()
	h.Write([]byte("weir action 1\n"))
	var buf []byte
	for _, p := range k.Parts() {
		buf = binary.AppendUvarint(buf[:0], uint64(len(p.Name)))
		buf = append(buf, p.Name...)
		buf = append(buf, p.Digest[:]...)
		h.Write(buf)
	}
	return ActionID(h.Sum(nil))
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
