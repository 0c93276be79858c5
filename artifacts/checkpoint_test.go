package artifacts

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func workOf(t *testing.T, epochs, units string) WorkID {
	t.Helper()
	var k Key
	k.Add("option epochs", epochs)
	k.Add("option units", units)
	w, ok := WorkOf(k.Parts(), "option epochs")
	if !ok {
		t.Fatal("no part option epochs")
	}
	return w
}

func TestWorkOf(t *testing.T) {
	if workOf(t, "20", "50") != workOf(t, "50", "50") {
		t.Error("the length is part of the work")
	}
	if workOf(t, "20", "50") == workOf(t, "20", "51") {
		t.Error("another option is the same work")
	}
	var k Key
	k.Add("option units", "50")
	if _, ok := WorkOf(k.Parts(), "option epochs"); ok {
		t.Error("a work without length has a length")
	}
}

func lengths(s *Store, w WorkID) (all []string) {
	for _, c := range s.Checkpoints(w) {
		all = append(all, fmt.Sprint(c.Length, map[bool]string{true: " end"}[c.End]))
	}
	return all
}

// TestCheckpoints: the longest that fits is found, few stay, and damage costs only what is damaged.
func TestCheckpoints(t *testing.T) {
	s := open(t, t.TempDir())
	w := workOf(t, "20", "50")
	keep := func(length int, end bool) {
		t.Helper()
		if err := s.KeepCheckpoint(w, length, end, []byte(fmt.Sprint("state ", length))); err != nil {
			t.Fatal(err)
		}
	}
	target := filepath.Join(t.TempDir(), "state")
	latest := func(most, want int) {
		t.Helper()
		got, err := s.CheckoutCheckpoint(w, most, target)
		if err != nil || got != want {
			t.Errorf("up to %d: got %d %v, want %d", most, got, err, want)
		}
		if data, _ := os.ReadFile(target); got > 0 && string(data) != fmt.Sprint("state ", got) {
			t.Errorf("up to %d: %q", most, data)
		}
	}
	latest(100, 0)
	for i := 1; i <= 19; i++ {
		keep(i, false)
	}
	if diff := cmp.Diff([]string{"18", "19"}, lengths(s, w)); diff != "" {
		t.Error(diff)
	}
	keep(20, true)
	if diff := cmp.Diff([]string{"20 end"}, lengths(s, w)); diff != "" {
		t.Error(diff)
	}
	for i := 21; i <= 30; i++ {
		keep(i, false)
	}
	if diff := cmp.Diff([]string{"20 end", "29", "30"}, lengths(s, w)); diff != "" {
		t.Error(diff)
	}
	latest(100, 30)
	latest(29, 29)
	latest(28, 20)
	latest(19, 0)

	dir := s.checkpointDir(w)
	longest := s.Checkpoints(w)[2]
	for name, damage := range map[string]func(path string) error{
		"a flipped bit": func(p string) error { return os.WriteFile(p, []byte("stbte 30"), 0o644) },
		"cut off":       func(p string) error { return os.Truncate(p, 3) },
		"empty":         func(p string) error { return os.Truncate(p, 0) },
	} {
		keep(30, false)
		if err := damage(filepath.Join(dir, longest.name())); err != nil {
			t.Fatal(err)
		}
		latest(100, 29)
		if slices.Contains(lengths(s, w), "30") {
			t.Errorf("%s: the damaged one is still there", name)
		}
	}
	for _, name := range []string{"x", "31", "31-zz", "-1-" + longest.name()[3:], "031-" + longest.name()[3:], ".weir-123"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	latest(100, 29)
	if err := s.KeepCheckpoint(w, 0, false, nil); err == nil {
		t.Error("a checkpoint after nothing")
	}
}

// TestCheckpointForced: another state after the same length, as a forced action may come to, stands for the one before.
func TestCheckpointForced(t *testing.T) {
	s := open(t, t.TempDir())
	w := workOf(t, "20", "50")
	target := filepath.Join(t.TempDir(), "state")
	for i := range 8 {
		state := fmt.Sprint("state ", i)
		if err := s.KeepCheckpoint(w, 20, true, []byte(state)); err != nil {
			t.Fatal(err)
		}
		if got, err := s.CheckoutCheckpoint(w, 20, target); got != 20 || err != nil {
			t.Fatal(got, err)
		}
		if data, err := os.ReadFile(target); string(data) != state {
			t.Errorf("got %s %v, want %s", data, err, state)
		}
	}
	if diff := cmp.Diff([]string{"20 end"}, lengths(s, w)); diff != "" {
		t.Error(diff)
	}
}

// TestTrimCheckpoints: the least lately used go first, no more than must, and none that was used since the given time.
func TestTrimCheckpoints(t *testing.T) {
	s := open(t, t.TempDir())
	began := time.Now().Add(-time.Hour)
	var works []WorkID
	for i := range 5 {
		w := workOf(t, "20", fmt.Sprint(i))
		works = append(works, w)
		if err := s.KeepCheckpoint(w, 20, true, make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
		old := began.Add(time.Duration(i-10) * time.Minute)
		path := filepath.Join(s.checkpointDir(w), s.Checkpoints(w)[0].name())
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	there := func() (all []int) {
		for i, w := range works {
			if len(s.Checkpoints(w)) > 0 {
				all = append(all, i)
			}
		}
		return all
	}
	if _, err := s.CheckoutCheckpoint(works[0], 20, filepath.Join(t.TempDir(), "state")); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		most int64
		want []int
	}{{500, []int{0, 1, 2, 3, 4}}, {350, []int{0, 3, 4}}, {200, []int{0, 4}}, {0, []int{0}}} {
		s.TrimCheckpoints(step.most, began)
		if diff := cmp.Diff(step.want, there()); diff != "" {
			t.Errorf("%d bytes: %s", step.most, diff)
		}
	}
}
