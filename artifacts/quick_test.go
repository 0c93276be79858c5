package artifacts

import (
	"bytes"
	"crypto/sha256"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestParts: the quick reader gives what the general one gives, and takes its way for all records that Commit writes.
func TestParts(t *testing.T) {
	s := open(t, t.TempDir())
	rapid.Check(t, func(t *rapid.T) {
		var k Key
		for _, name := range rapid.SliceOfNDistinct(rapid.String(), 1, 5, rapid.ID).Draw(t, "names") {
			k.Add("option "+name, rapid.String().Draw(t, "value"))
		}
		want := &Record{
			Action: k.ID(), Stage: rapid.String().Draw(t, "stage"), Parts: k.Parts(), Summary: rapid.String().Draw(t, "summary"),
			Reason: rapid.String().Draw(t, "reason"), Seconds: rapid.Float64Range(0, 1e6).Draw(t, "seconds"),
		}
		if err := s.Commit(want); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(s.recordPath(want.Action))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, ok := quickParts(data, want.Action); !ok {
			t.Fatalf("not read quickly: %s", data)
		}
		r, err := s.Record(want.Action)
		if err != nil {
			t.Fatal(err)
		}
		parts, seconds, err := s.Parts(want.Action)
		if err != nil || seconds != r.Seconds || !cmp.Equal(parts, r.Parts) {
			t.Fatalf("%v %v %s", err, seconds, cmp.Diff(r.Parts, parts))
		}
	})
}

// TestPartsDamaged: damage is noticed by the quick reader too.
func TestPartsDamaged(t *testing.T) {
	s := open(t, t.TempDir())
	var k Key
	k.Add("option a", "1")
	if err := s.Commit(&Record{Action: k.ID(), Parts: k.Parts()}); err != nil {
		t.Fatal(err)
	}
	path := s.recordPath(k.ID())
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 1
		if err := os.WriteFile(path, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Parts(k.ID()); err == nil {
			t.Fatalf("byte %d flipped and not noticed", i)
		}
	}
}

// FuzzParts reads bodies behind a seal that fits: whatever they are, nothing panics, and nothing grows.
func FuzzParts(f *testing.F) {
	var k Key
	k.Add("option a", "1\n\"")
	s := open(f, f.TempDir())
	if err := s.Commit(&Record{Action: k.ID(), Parts: k.Parts(), Seconds: 1.5, Reason: "new"}); err != nil {
		f.Fatal(err)
	}
	data, err := os.ReadFile(s.recordPath(k.ID()))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data[sealSize:])
	f.Fuzz(func(t *testing.T, body []byte) {
		sealed := append([]byte(sealStart+OutputID(sha256.Sum256(body)).String()+sealEnd), body...)
		parts, _, ok := quickParts(sealed, k.ID())
		if !ok {
			return
		}
		for _, p := range parts {
			if len(p.Name)+len(p.Value) > len(body) {
				t.Fatalf("%+v is longer than what was read", p)
			}
		}
	})
}
