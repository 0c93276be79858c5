package runner

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/artifacts"
)

func digestOf(text string) string { return artifacts.OutputID(sha256.Sum256([]byte(text))).String() }

func TestPins(t *testing.T) {
	p := newProject(t, `stage "pinned" "a" { url = "http://x/a" }`)
	p.world.urls["http://x/a"] = "old"
	p.must()
	if got := p.read("weir.lock"); got != pinsHeader+digestOf("old")+" http://x/a\n" {
		t.Errorf("got %q", got)
	}
	if plan := p.plan(); plan.Pending() != 0 {
		t.Errorf("%q", statuses(plan))
	}

	p.write("weir.lock", digestOf("new")+" http://x/a\n") // pulled from a colleague
	want := []string{"pinned.a run: weir.lock names another digest"}
	if diff := cmp.Diff(want, statuses(p.plan())); diff != "" {
		t.Error(diff)
	}
	if _, r := p.run(); r.Err == nil || !strings.Contains(r.Err.Error(), "weir.lock says") {
		t.Errorf("the old bytes under the new digest: %v", r.Err)
	}
	p.world.urls["http://x/a"] = "new"
	if plan := p.must(); p.output(plan, "pinned.a") != "new" || p.world.fetch != 3 {
		t.Errorf("fetched %d times: %q", p.world.fetch, p.output(plan, "pinned.a"))
	}
	if plan := p.plan(); plan.Pending() != 0 {
		t.Errorf("%q", statuses(plan))
	}

	p.write("weir.lock", "") // the line deleted: what the URL holds now is wanted
	p.world.urls["http://x/a"] = "newest"
	want = []string{"pinned.a run: weir.lock has no line for its URL"}
	if diff := cmp.Diff(want, statuses(p.plan())); diff != "" {
		t.Error(diff)
	}
	if plan := p.must(); p.output(plan, "pinned.a") != "newest" || !strings.Contains(p.read("weir.lock"), digestOf("newest")) {
		t.Errorf("got %q", p.output(plan, "pinned.a"))
	}

	p.write("weir.lock", "<<<<<<< HEAD\n"+digestOf("new")+" http://x/a\n")
	if _, diags := p.Plan(p.load(), PlanOptions{}); !strings.Contains(diags.Error(), "weir.lock:1: not a digest") {
		t.Errorf("a conflict in weir.lock: %v", diags)
	}
}

// TestPinsAtOnce: many processes record digests at once, and none is lost.
func TestPinsAtOnce(t *testing.T) {
	p := newProject(t, "")
	var all sync.WaitGroup
	want := map[string]string{}
	for i := range 12 {
		url := fmt.Sprint("http://x/", i)
		want[url] = digestOf(url)
		all.Go(func() {
			if err := p.pins().SetPin(url, digestOf(url)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	got, err := parsePins(p.read("weir.lock"))
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%v %v", got, err)
	}
	one := p.pins()
	if err := one.SetPin("http://x/1", digestOf("http://x/1")); err != nil {
		t.Errorf("the same again: %v", err)
	}
	if err := one.SetPin("http://x/1", digestOf("other")); err == nil {
		t.Error("a URL got a second digest")
	}
	for _, url := range []string{"", "a\nb", " a"} {
		if one.SetPin(url, digestOf("")) == nil {
			t.Errorf("%q was recorded", url)
		}
	}
	os.Remove(one.path)
	if _, ok := one.Pin("http://x/1"); ok {
		t.Error("a deleted weir.lock still counts")
	}
}

func FuzzPins(f *testing.F) {
	f.Add(pinsHeader + digestOf("a") + " http://x/a b\n")
	f.Add(digestOf("a") + " u\n" + digestOf("b") + " u\n")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := parsePins(text)
		if err != nil {
			return
		}
		var b strings.Builder
		for _, url := range slices.Sorted(maps.Keys(all)) {
			fmt.Fprintf(&b, "%s %s\n", all[url], url)
		}
		if again, err := parsePins(b.String()); err != nil || !maps.Equal(all, again) {
			t.Fatalf("it does not come back: %v", err)
		}
	})
}
