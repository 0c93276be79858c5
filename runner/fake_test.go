package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/hcl/v2"

	"weir/artifacts"
	"weir/runner/language"
	"weir/stages"
)

// The kinds of the tests: text joins texts and inputs, tree prints what it is given, command lists its files as exec does.
type (
	text struct {
		Text  string        `hcl:"text,optional"`
		In    stages.Input  `hcl:"in,optional"`
		Out   stages.Output `hcl:"out" file:"out.txt"`
		Extra stages.Output `hcl:"extra,optional" file:"extra.txt"`

		world *world
	}
	tree struct {
		Inputs stages.Tree      `hcl:"inputs"`
		Out    stages.Output    `hcl:"out" file:"out.txt"`
		Dir    stages.OutputDir `hcl:"dir" file:"dir"`
	}
	needsTool struct {
		In  stages.Input  `hcl:"in"`
		Out stages.Output `hcl:"out" file:"out.pdf"`
	}
	command struct {
		Command stages.Args    `hcl:"command"`
		Inputs  stages.Sources `hcl:"inputs,optional"`
		Outputs stages.Outputs `hcl:"outputs,optional"`
	}
	// long counts epochs and hashes what it sees into its state, so that it must not forget, skip or repeat one.
	long struct {
		Text   string        `hcl:"text"`
		Epochs int           `hcl:"epochs,optional"`
		Units  int           `hcl:"units,optional"`
		Seed   int           `hcl:"seed,optional"`
		Plain  bool          `hcl:"plain,optional"`
		In     stages.Input  `hcl:"in,optional"`
		Out    stages.Output `hcl:"out" file:"out.txt"`

		world *world
	}
	pinned struct {
		URL string        `hcl:"url"`
		Out stages.Output `hcl:"out" file:"out"`

		world *world
	}
)

// world is what the fake stages share with their test.
type world struct {
	mu    sync.Mutex
	ran   []string                                     // texts, in the order of their start
	do    func(ctx context.Context, text string) error // called by text stages
	urls  map[string]string                            // what pinned stages fetch
	fetch int
}

func (t *text) Run(ctx context.Context, env *stages.Env) error {
	t.world.mu.Lock()
	t.world.ran = append(t.world.ran, t.Text)
	do := t.world.do
	t.world.mu.Unlock()
	if do != nil {
		if err := do(ctx, t.Text); err != nil {
			return err
		}
	}
	var in []byte
	if t.In.Given() {
		var err error
		if in, err = os.ReadFile(t.In.Path); err != nil {
			return err
		}
	}
	env.Summarize("wrote " + t.Text)
	switch t.Text {
	case "writes nothing":
		return nil
	case "writes a folder":
		return os.Mkdir(t.Out.Path, 0o777)
	case "extra":
		if err := os.WriteFile(t.Extra.Path, []byte("more"), 0o666); err != nil {
			return err
		}
	}
	first, _, _ := strings.Cut(t.Text, "|") // what stands behind | changes the key and not the bytes
	return os.WriteFile(t.Out.Path, append([]byte(first+"\n"), in...), 0o666)
}

// Length implements stages.Lengthy.
func (l *long) Length() (string, int) {
	if l.Plain {
		return "", 0
	}
	return "epochs", l.Epochs
}

// Cost implements stages.Costly.
func (l *long) Cost() float64 { return float64(l.Epochs * l.Units) }

// Memory implements stages.Sized.
func (l *long) Memory() int64 { return int64(l.Units) << 30 }

// Run takes a second for each epoch. Its score is best for units near 7.
func (l *long) Run(ctx context.Context, env *stages.Env) error {
	state, from := digestOf(l.Text+fmt.Sprint(l.Units, l.Seed)), 0
	if n, path, ok := env.Checkpoints.Latest(l.Epochs); ok {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		state, from = string(data), n
	}
	l.world.note("%s %d from %d", l.Text, l.Epochs, from)
	for epoch := from + 1; epoch <= l.Epochs; epoch++ {
		time.Sleep(time.Second)
		if err := ctx.Err(); err != nil {
			return err
		}
		if l.world.do != nil {
			if err := l.world.do(ctx, fmt.Sprintf("%s %d units=%d seed=%d", l.Text, epoch, l.Units, l.Seed)); err != nil {
				return fmt.Errorf("epoch %d: %w", epoch, err)
			}
		}
		state = digestOf(fmt.Sprint(state, epoch))
		if err := env.Checkpoints.Keep(epoch, []byte(state)); err != nil {
			return err
		}
	}
	env.Score(math.Abs(float64(l.Units-7)) + 1/float64(l.Epochs+l.Seed))
	return os.WriteFile(l.Out.Path, []byte(state+"\n"), 0o666)
}

func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ran = append(w.ran, fmt.Sprintf(format, args...))
}

func (t *tree) Run(_ context.Context, _ *stages.Env) error {
	var b strings.Builder
	printTree(&b, t.Inputs)
	if err := os.MkdirAll(filepath.Join(t.Dir.Path, "deep"), 0o777); err != nil {
		return err
	}
	for _, name := range []string{"a.txt", "deep/b.txt"} {
		if err := os.WriteFile(filepath.Join(t.Dir.Path, name), []byte(name), 0o666); err != nil {
			return err
		}
	}
	return os.WriteFile(t.Out.Path, []byte(b.String()), 0o666)
}

func printTree(b *strings.Builder, t stages.Tree) {
	switch {
	case t.Leaf != nil:
		fmt.Fprintf(b, "<%s %s>", t.Leaf.From, t.Leaf.Base)
	case t.Named != nil:
		for _, name := range slices.Sorted(maps.Keys(t.Named)) {
			fmt.Fprintf(b, "%q:", name)
			printTree(b, t.Named[name])
		}
	default:
		b.WriteByte('[')
		for _, item := range t.List {
			printTree(b, item)
		}
		b.WriteByte(']')
	}
}

func (n *needsTool) Run(context.Context, *stages.Env) error {
	return os.WriteFile(n.Out.Path, []byte("pdf"), 0o666)
}

// Files implements stages.FileReader.
func (c *command) Files(string) ([]string, error) {
	var names []string
	for _, s := range c.Inputs {
		if s.Path != "" {
			names = append(names, s.Path)
		}
	}
	slices.Sort(names)
	return names, nil
}

func (c *command) Run(_ context.Context, env *stages.Env) error {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(env.Files)) {
		data, err := os.ReadFile(env.Files[name].Path)
		if err != nil {
			return err
		}
		b.Write(data)
	}
	for _, o := range c.Outputs.Written {
		if err := os.WriteFile(o.Path, []byte(b.String()), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// PinURL implements stages.Pinner.
func (p *pinned) PinURL() string { return p.URL }

func (p *pinned) Run(_ context.Context, env *stages.Env) error {
	p.world.mu.Lock()
	p.world.fetch++
	body := p.world.urls[p.URL]
	p.world.mu.Unlock()
	id := digestOf(body)
	if want, ok := env.Pins.Pin(p.URL); ok && want != id {
		return errors.New("weir.lock says " + want)
	}
	if err := env.Pins.SetPin(p.URL, id); err != nil {
		return err
	}
	return os.WriteFile(p.Out.Path, []byte(body), 0o666)
}

// project is a project in a folder of the test's own.
type project struct {
	*Project
	t     testing.TB
	world *world
	seen  *watcher
	kinds map[string]stages.Kind
	have  map[string]string // tools that are there
}

func newProject(t testing.TB, pipeline string) *project {
	t.Helper()
	dir := t.TempDir()
	store, err := artifacts.Open(filepath.Join(dir, ".weir"))
	if err != nil {
		t.Fatal(err)
	}
	p := (&project{t: t, world: &world{urls: map[string]string{}}, have: map[string]string{}}).at(dir, store)
	p.pipeline(pipeline)
	return p
}

// at puts the project into a folder.
func (p *project) at(dir string, store *artifacts.Store) *project {
	p.kinds = map[string]stages.Kind{}
	for _, k := range []stages.Kind{
		{Name: "text", Version: 1, New: func() stages.Stage { return &text{world: p.world} }},
		{Name: "tree", Version: 1, New: func() stages.Stage { return &tree{} }},
		{Name: "needs_tool", Version: 1, Tool: "pdftool", New: func() stages.Stage { return &needsTool{} }},
		{Name: "command", Version: 1, New: func() stages.Stage { return &command{} }},
		{Name: "pinned", Version: 1, New: func() stages.Stage { return &pinned{world: p.world} }},
		{Name: "long", Version: 1, New: func() stages.Stage { return &long{world: p.world, Units: 1, Epochs: 10, Seed: 1} }},
		{Name: "big", Version: 1, Memory: 3 << 30, New: func() stages.Stage { return &text{world: p.world} }},
	} {
		p.kinds[k.Name] = k
	}
	p.Project = &Project{Dir: dir, Store: store, Kinds: p.kinds, Log: hclog.NewNullLogger(), Tools: func(name string) (string, error) {
		if path, ok := p.have[name]; ok {
			return path, nil
		}
		return "", errors.New("no such program")
	}}
	return p
}

func (p *project) pipeline(text string) { p.write("pipeline.hcl", text) }

func (p *project) write(name, text string) {
	p.t.Helper()
	path := filepath.Join(p.Dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		p.t.Fatal(err)
	}
}

func (p *project) read(name string) string {
	p.t.Helper()
	data, err := os.ReadFile(filepath.Join(p.Dir, filepath.FromSlash(name)))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(data)
}

// reopen is what the next process sees.
func (p *project) reopen() {
	p.t.Helper()
	if err := p.Store.Save(); err != nil {
		p.t.Fatal(err)
	}
	store, err := artifacts.Open(p.Store.Root())
	if err != nil {
		p.t.Fatal(err)
	}
	p.Store = store
}

func (p *project) load() *Experiment {
	p.t.Helper()
	e, files, diags := p.Load("demo", nil, nil)
	if diags.HasErrors() {
		p.t.Fatal(printed(diags, files))
	}
	return e
}

func printed(diags hcl.Diagnostics, files map[string]*hcl.File) string {
	var b strings.Builder
	language.Print(&b, diags, files, plainStyle{})
	return b.String()
}

type plainStyle struct{}

func (plainStyle) Error(s string) string { return s }
func (plainStyle) Place(s string) string { return s }

func (p *project) plan(targets ...string) *Plan {
	p.t.Helper()
	plan, diags := p.Plan(p.load(), PlanOptions{Targets: targets})
	if diags.HasErrors() {
		p.t.Fatal(diags)
	}
	return plan
}

// run plans and runs everything, four steps at once.
func (p *project) run() (*Plan, *Result) { return p.runWith(RunOptions{Jobs: 4, Memory: 4 << 30}) }

func (p *project) runWith(o RunOptions) (*Plan, *Result) {
	p.t.Helper()
	plan := p.plan()
	p.seen = &watcher{}
	return plan, p.Run(context.Background(), plan, o, p.seen)
}

// must runs everything and fails the test when a step fails.
func (p *project) must() *Plan {
	p.t.Helper()
	plan, r := p.run()
	if r.Err != nil {
		p.t.Fatal(r.Err)
	}
	return plan
}

// statuses lists the steps as "address status: reason".
func statuses(plan *Plan) []string {
	var lines []string
	for _, s := range plan.Steps {
		line := s.Address + " " + s.Status.String()
		if s.Status != Cached {
			line += ": " + s.Reason
		}
		lines = append(lines, line)
	}
	return lines
}

func (p *project) output(plan *Plan, address string) string {
	p.t.Helper()
	for _, s := range plan.Steps {
		if s.Address == address {
			o, ok := s.output("out")
			if !ok {
				p.t.Fatalf("%s has no output: %s", address, s.Status)
			}
			data, err := os.ReadFile(p.Store.Path(o.ID))
			if err != nil {
				p.t.Fatal(err)
			}
			return string(data)
		}
	}
	p.t.Fatal("no step " + address)
	return ""
}

// watcher notes what an Observer is told.
type watcher struct {
	mu       sync.Mutex
	started  []string
	finished []string
	stopping []string
	waiting  int
	active   int
	most     int // how many were active at once
}

func (w *watcher) Started(s *Step) stages.Progress {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.started = append(w.started, s.Address)
	w.active++
	w.most = max(w.most, w.active)
	return noProgress{}
}

func (w *watcher) Waiting(*Step) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting++
}

func (w *watcher) Finished(s *Step, o Outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if slices.Contains(w.started, s.Address) {
		w.active--
	}
	line := s.Address + " done"
	switch {
	case o.Cause != nil:
		line = s.Address + " needs " + o.Cause.Address
	case o.Err != nil:
		line = s.Address + " " + o.Err.Error()
	case o.Cached:
		line = s.Address + " cached"
	}
	w.finished = append(w.finished, line)
}

func (w *watcher) Stopping(active []*Step) {
	for _, s := range active {
		w.stopping = append(w.stopping, s.Address)
	}
}

type noProgress struct{}

func (noProgress) Total(int64, string) {}
func (noProgress) Done(int64)          {}
func (noProgress) Note(string)         {}
