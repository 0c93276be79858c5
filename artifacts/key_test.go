package artifacts

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// partsOf draws the parts of a key: values by name.
func partsOf(t *rapid.T) map[string]string {
	return rapid.MapOfN(rapid.StringN(0, 12, -1), rapid.StringN(0, 12, -1), 1, 8).Draw(t, "parts")
}

func keyOf(parts map[string]string, order []string) ActionID {
	var k Key
	for _, name := range order {
		k.Add(name, parts[name])
	}
	return k.ID()
}

func TestKeyProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := partsOf(t)
		names := slices.Sorted(maps.Keys(parts))
		id := keyOf(parts, names)
		shuffled := rapid.Permutation(names).Draw(t, "order")
		if keyOf(parts, shuffled) != id {
			t.Fatal("the order of Add changes the key")
		}
		name := rapid.SampledFrom(names).Draw(t, "changed")
		changed := maps.Clone(parts)
		changed[name] += "x"
		if keyOf(changed, names) == id {
			t.Fatalf("the value of %q is not in the key", name)
		}
		delete(changed, name)
		without := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name })
		if keyOf(changed, without) == id {
			t.Fatalf("leaving out %q does not change the key", name)
		}
		changed[name+"x"] = parts[name]
		if _, taken := parts[name+"x"]; !taken && keyOf(changed, slices.Sorted(maps.Keys(changed))) == id {
			t.Fatalf("the name of %q is not in the key", name)
		}
	})
}

// TestKeyBoundaries: the same characters cut differently are different keys.
func TestKeyBoundaries(t *testing.T) {
	seen := map[ActionID]string{}
	for _, parts := range [][2]string{{"ab", "c"}, {"a", "bc"}, {"", "abc"}, {"abc", ""}} {
		var k Key
		k.Add(parts[0], parts[1])
		if other, twice := seen[k.ID()]; twice {
			t.Errorf("%q is %s", parts, other)
		}
		seen[k.ID()] = fmt.Sprintf("%q", parts)
	}
}

func TestKeyReset(t *testing.T) {
	var k Key
	k.Add("a", "1")
	k.AddOutput("b", OutputID{1})
	first, parts := k.ID(), k.Parts()
	k.Reset()
	k.Add("c", "other")
	k.Reset()
	k.AddOutput("b", OutputID{1})
	k.Add("a", "1")
	if k.ID() != first {
		t.Error("a key that was used before has another ID")
	}
	want := []Part{{"a", sha256.Sum256([]byte("1")), "1"}, {"b", OutputID{1}, OutputID{1}.String()}}
	if diff := cmp.Diff(want, parts); diff != "" {
		t.Error(diff)
	}
}

// TestKeyIsKnown: keys of stores that exist. When this fails every action of every user is computed again: raise the number in Key.ID
// knowingly.
func TestKeyIsKnown(t *testing.T) {
	var k Key
	k.Add("kind", "decode")
	k.Add("option every", "1s")
	k.AddOutput("input capture", OutputID(sha256.Sum256([]byte("capture"))))
	const want = "sha256:c3888bace45a945c35bf19ba6e5a46cca4c2e2dc11022c5cd0d707c927b7ed25"
	if got := k.ID().String(); got != want {
		t.Errorf("got %s", got)
	}
}

func TestChanges(t *testing.T) {
	key := func(pairs ...string) []Part {
		var k Key
		for i := 0; i < len(pairs); i += 2 {
			k.Add(pairs[i], pairs[i+1])
		}
		return k.Parts()
	}
	got := Changes(key("a", "1", "b", "2", "c", "3"), key("b", "2", "c", "4", "d", "5"))
	want := []Change{{"a", "1", ""}, {"c", "3", "4"}, {"d", "", "5"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	long := strings.Repeat("é", 1000)
	if got := Changes(key("a", long+"1"), key("a", long+"2")); len(got) != 1 || len(got[0].Is) > maxValue+3 {
		t.Errorf("a change behind what is kept of a value: %v", got)
	}
}

// randomIndex is an index with n entries of each sort.
func randomIndex(n int) *index {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	digest := func() (d [sha256.Size]byte) {
		for i := range d {
			d[i] = byte(r.Uint32())
		}
		return d
	}
	state := func() stamp {
		return stamp{size: r.Int64(), mtime: -r.Int64(), ctime: r.Int64(), inode: r.Uint64()}
	}
	ix := newIndex()
	for i := range n {
		ix.objects[digest()] = state()
		ix.files[fmt.Sprintf("/in/%d", i)] = indexedFile{stamp: state(), id: digest()}
		ix.actions[digest()] = indexedAction{stamp: state(), outputs: []Output{{"a", digest(), r.Int64(), false}, {"b", digest(), 0, true}}[:i%3]}
	}
	return ix
}

func TestIndexRoundTrip(t *testing.T) {
	for _, n := range []int{0, 1, 5, 100} {
		ix := randomIndex(n)
		got, err := decodeIndex(ix.encode())
		check(t, err)
		if !bytes.Equal(got.encode(), ix.encode()) || len(got.actions) != n || len(got.files) != n || len(got.objects) != n {
			t.Errorf("%d entries do not come back", n)
		}
	}
}

func FuzzIndex(f *testing.F) {
	for _, n := range []int{0, 3} {
		data := randomIndex(n).encode()
		f.Add(data[len(indexMagic) : len(data)-sha256.Size])
	}
	f.Fuzz(func(t *testing.T, body []byte) { // behind the checksum, which would stop every mutation
		ix, err := decodeBody(body)
		if err != nil {
			return
		}
		again := ix.encode()
		if ix, err = decodeIndex(again); err != nil || !bytes.Equal(ix.encode(), again) {
			t.Fatalf("it does not come back: %v", err)
		}
	})
}

func FuzzManifest(f *testing.F) {
	line := OutputID{}.String() + " 3 a/b.txt\n"
	f.Add(line)
	f.Add(line + strings.Replace(line, "a/b", "a", 1))
	f.Add("sha256:00 1 ../x\n")
	f.Fuzz(func(t *testing.T, text string) {
		files, err := decodeManifest(text)
		if err != nil {
			return
		}
		var b strings.Builder
		for _, file := range files {
			fmt.Fprintf(&b, "%s %d %s\n", file.ID, file.Size, file.Name)
			if !validName(file.Name) || file.Size < 0 {
				t.Fatalf("%+v", file)
			}
		}
		if again, err := decodeManifest(b.String()); err != nil || !slices.Equal(files, again) {
			t.Fatalf("it does not come back: %v", err)
		}
	})
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte(`"format": 2, "outputs": [{"name": "out", "id": "sha256:00"}]}`))
	f.Add([]byte(`"format": 2, "finished": "2026-01-01T00:00:00Z", "seconds": 1e999}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		data := append([]byte(sealStart+OutputID(sha256.Sum256(body)).String()+sealEnd), body...)
		if r, err := decodeRecord(data); err == nil && r.Format != recordFormat {
			t.Fatalf("format %d", r.Format)
		}
		decodeRecord(body)
	})
}
