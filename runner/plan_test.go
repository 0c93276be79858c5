package runner

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/artifacts"
)

// TestReasons: after a run of before, the plan of after says what would run and why.
func TestReasons(t *testing.T) {
	const base = `stage "text" "a" {
  text = "one"
  in   = "in.txt"
}
stage "command" "c" {
  command = ["cat", "x", stage.text.a.out]
  inputs  = ["tools/t.sh"]
  outputs = { out = "out.txt" }
}
stage "tree" "t" { inputs = { a = stage.text.a } }
`
	cached := []string{"text.a cached", "command.c cached", "tree.t cached"}
	for _, test := range []struct {
		name  string
		edit  func(p *project)
		want  []string
		force bool
	}{
		{"nothing", func(p *project) {}, cached, false},
		{"white space and comments", func(p *project) {
			p.pipeline("# a comment\n" + strings.ReplaceAll(base, "  ", "\t  "))
		}, cached, false},
		{"touched files", func(p *project) { p.write("in.txt", "in"); p.write("tools/t.sh", "t") }, cached, false},
		{"an option", func(p *project) { p.pipeline(strings.Replace(base, "one", "two", 1)) }, []string{
			"text.a run: text one -> two", "command.c may run: input command may change", "tree.t may run: input inputs may change"}, false},
		{"a file", func(p *project) { p.write("in.txt", "other") }, []string{
			"text.a run: input in changed", "command.c may run: input command may change", "tree.t may run: input inputs may change"}, false},
		{"a listed file", func(p *project) { p.write("tools/t.sh", "other") }, []string{cached[0], "command.c run: file tools/t.sh changed", cached[2]}, false},
		{"a word", func(p *project) { p.pipeline(strings.Replace(base, `"x"`, `"y"`, 1)) }, []string{
			cached[0], "command.c run: command cat x <out.txt> -> cat y <out.txt>", cached[2]}, false},
		{"an output's path", func(p *project) { p.pipeline(strings.Replace(base, `out = "out.txt"`, `out = "new.txt"`, 1)) }, []string{
			cached[0], "command.c run: outputs.out out.txt -> new.txt", cached[2]}, false},
		{"a name in a tree", func(p *project) { p.pipeline(strings.Replace(base, "{ a = stage", "{ b = stage", 1)) }, []string{
			cached[0], cached[1], "tree.t run: input inputs changed"}, false},
		{"the code", func(p *project) {
			k := p.kinds["tree"]
			k.Version = 2
			p.kinds["tree"] = k
		}, []string{cached[0], cached[1], "tree.t run: code version 1 -> 2"}, false},
		{"force", func(p *project) {}, []string{
			"text.a run: forced", "command.c may run: input command may change", "tree.t may run: input inputs may change"}, true},
		{"a lost output", func(p *project) { os.Remove(p.Store.Path(sha256.Sum256([]byte("one\nin")))) }, []string{
			"text.a run: output out is missing from the store", "command.c may run: input command may change", "tree.t may run: input inputs may change"}, false},
		{"the history and an option", func(p *project) {
			os.RemoveAll(filepath.Join(p.Store.Root(), "history"))
			p.pipeline(strings.Replace(base, "one", "two", 1))
		}, []string{"text.a run: new", "command.c may run: new", "tree.t may run: new"}, false},
		{"a new stage", func(p *project) { p.pipeline(base + `stage "text" "n" { text = "n" }` + "\n") }, append(slices.Clone(cached), "text.n run: new"), false},
		{"a new name", func(p *project) { p.pipeline(strings.ReplaceAll(base, `"c"`, `"d"`)) }, []string{cached[0], "command.d cached", cached[2]}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newProject(t, base)
			p.write("in.txt", "in")
			p.write("tools/t.sh", "t")
			p.must()
			p.reopen()
			test.edit(p)
			plan, diags := p.Plan(p.load(), PlanOptions{Force: test.force})
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			if diff := cmp.Diff(test.want, statuses(plan)); diff != "" {
				t.Error(diff)
			}
			before := plan.Pending()
			p.must()
			if after := p.plan(); after.Pending() != 0 || before > 0 && !test.force && len(p.seen.finished) == 0 {
				t.Errorf("after the run: %q", statuses(after))
			}
		})
	}
}

// TestTreesDiffer: collections that hold the same artifacts in another shape, or from elsewhere, are other inputs.
func TestTreesDiffer(t *testing.T) {
	seen := map[artifacts.ActionID]string{}
	for _, inputs := range []string{
		`{ a = { b = stage.text.a.out } }`, `{ "a.b" = stage.text.a.out }`, `{ a = [stage.text.a.out] }`, `{ "a[0]" = stage.text.a.out }`,
		`[stage.text.a.out]`, `stage.text.a.out`, `{}`, `[]`, `{ a = {} }`, `{ a = stage.text.a.out }`, `{ a = stage.text.same.out }`, `{ a = "file.txt" }`, `{ a = "copy.txt" }`,
		`{ "a.b" = stage.text.a.out, c = [] }`,
	} {
		p := newProject(t, `stage "text" "a" { text = "x" }
stage "text" "same" { text = "x" }
stage "tree" "t" { inputs = `+inputs+" }\n")
		p.write("file.txt", "x\n")
		p.write("copy.txt", "x\n")
		plan := p.must()
		id := plan.Steps[2].Action
		if other, twice := seen[id]; twice {
			t.Errorf("%s has the key of %s", inputs, other)
		}
		seen[id] = inputs
	}
}

func TestTargets(t *testing.T) {
	p := newProject(t, wide+`stage "text" "m" {
  for_each = ["k"]
  matrix   = { n = [1, 2] }
  text     = "m${matrix.n}"
}
`)
	for _, test := range []struct {
		targets []string
		want    int
	}{
		{nil, 26}, {[]string{"text.up"}, 12}, {[]string{`text.down["03"]`}, 2}, {[]string{`text.down["03"]`, `text.up["03"]`, `text.up["04"]`}, 3},
		{[]string{"text"}, 26}, {[]string{`text.m["k"]`}, 2}, {[]string{`text.m["k", n=2]`}, 1},
	} {
		if got := len(p.plan(test.targets...).Steps); got != test.want {
			t.Errorf("%q: %d steps, want %d", test.targets, got, test.want)
		}
	}
	if _, diags := p.Plan(p.load(), PlanOptions{Targets: []string{"text.upp"}}); !strings.Contains(diags.Error(), "no stage text.upp") {
		t.Error(diags)
	}
	p.must()
	plan := p.plan(`text.up["03"]`)
	if s := plan.Steps[0]; len(s.Parts) == 0 || len(s.Outputs) != 1 {
		t.Errorf("a cached target has no parts or outputs: %+v", s)
	}
}

func TestMissingTool(t *testing.T) {
	p := newProject(t, `stage "text" "a" { text = "x" }
stage "needs_tool" "n" { in = stage.text.a.out }
stage "needs_tool" "m" { in = stage.needs_tool.n.out }
`)
	want := []string{"text.a run: new", "needs_tool.n skipped: no pdftool found", "needs_tool.m skipped: no pdftool found"}
	if diff := cmp.Diff(want, statuses(p.plan())); diff != "" {
		t.Error(diff)
	}
	if _, r := p.run(); r.Err != nil || r.Done != 1 || r.Skipped != 0 {
		t.Errorf("%+v", r)
	}
	p.write("bin/pdftool", "#!")
	p.have["pdftool"] = filepath.Join(p.Dir, "bin/pdftool")
	if _, r := p.run(); r.Err != nil || r.Done != 2 {
		t.Errorf("%+v", r)
	}
	p.write("bin/pdftool", "#!!")
	want = []string{"text.a cached", "needs_tool.n run: tool pdftool changed", "needs_tool.m may run: tool pdftool changed, input in may change"}
	if diff := cmp.Diff(want, statuses(p.plan())); diff != "" {
		t.Error(diff)
	}
}

// TestCopiedProject: a copy elsewhere has nothing to do, whatever the times of its files.
func TestCopiedProject(t *testing.T) {
	p := newProject(t, chain+`stage "text" "f" {
  text = "f"
  in   = "in.txt"
}
`)
	p.write("in.txt", "in")
	p.must()
	p.reopen()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(p.Dir)); err != nil {
		t.Fatal(err)
	}
	store, err := artifacts.Open(filepath.Join(to, ".weir"))
	if err != nil {
		t.Fatal(err)
	}
	if plan := (&project{t: t, world: p.world}).at(to, store).plan(); plan.Pending() != 0 {
		t.Errorf("%q", statuses(plan))
	}
}

func TestHistory(t *testing.T) {
	p := newProject(t, "")
	h := p.readHistory("demo")
	one, two := artifacts.ActionID{1}, artifacts.ActionID{2}
	h.done(`text.a["ü b"]`, one)
	h.done("text.b", one)
	h.tried("text.b", two)
	if err := h.save(h.saved, true); err != nil {
		t.Fatal(err)
	}
	if done, tried := p.Last("demo", "text.b"); done != one || tried != two {
		t.Errorf("%v %v", done, tried)
	}
	if done, tried := p.Last("demo", `text.a["ü b"]`); done != one || tried != one {
		t.Errorf("%v %v", done, tried)
	}
	if done, _ := p.Last("other", "text.b"); !done.IsZero() {
		t.Errorf("another experiment: %v", done)
	}
	if err := os.WriteFile(h.path, []byte("done zz text.a\ndone\nnonsense\n\xff"), 0o666); err != nil {
		t.Fatal(err)
	}
	if h := p.readHistory("demo"); len(h.actions)+len(h.attempts) != 0 {
		t.Errorf("a damaged history: %v", h)
	}
}

func FuzzHistory(f *testing.F) {
	f.Add("done " + strings.Repeat("00", 32) + " text.a\ntry " + strings.Repeat("ff", 32) + " text.b[\"x y\"]\n")
	f.Fuzz(func(t *testing.T, text string) {
		h := &history{}
		h.parse(text)
		again := &history{}
		again.parse(string(h.text()))
		if diff := cmp.Diff(h.actions, again.actions); diff != "" {
			t.Fatal(diff)
		}
	})
}
