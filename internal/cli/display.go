package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/vbauerster/mpb/v8"

	"weir/runner"
	"weir/stages"
)

// display shows a run: finished lines above, on a terminal one bar for each stage that runs and one for all (bars.go). Without a terminal a
// stage that takes long has a line when it is under way and one when it is done. It implements runner.Observer.
//
// The bars are drawn by goroutines of their library, which never take mu: a goroutine of ours, watch, leaves them what to draw.
type display struct {
	style       style
	out         io.Writer // where lines go: above the bars, or plainly to stderr
	events      *json.Encoder
	width       int // of the addresses, but for those that take half of the line and more
	column      int // where a line's time ends
	bars        *mpb.Progress
	quit        chan struct{} // ends watch
	interrupted func() bool
	ended       sync.WaitGroup

	mu       sync.Mutex
	groups   []*group
	byName   map[string]*group
	total    *group
	stopping bool
	early    []string // lines of stages that noticed the interrupt before Stopping was called
	blocked  int      // steps that were not started because of a failure
	wanted   int      // steps that are cached when all is done, as far as is known
	spared   int      // steps that did not have to run: their inputs came out as they were
}

// group is a stage block: one bar and, when it has many instances, one line for all of them.
type group struct {
	name    string
	index   int // of its first step
	all     int // instances that run or may run; of those that a search chooses among, as many as it will choose
	width   int // of what its lines begin with
	ended   int
	ran     int
	reason  string
	mixed   bool            // not all for the same reason
	said    bool            // its first line was written
	warned  map[string]bool // warnings that were shown: those of a sweep are often the same
	again   int             // how many were not, since they were the same
	active  []*progress
	bar     *bar
	rows    []*row // on a terminal one for each running instance, as far as there is room
	began   time.Time
	elapsed time.Duration // between its first start and its last end

	expected  float64 // all, before it is rounded
	work      float64 // of all instances, see weight
	worked    float64 // of those that ended
	addresses []string
	common    map[string]bool // labels that all instances have
	row       int             // width of the others
}

// manyInstances is the size from which a stage's finished instances share a line.
const manyInstances = 7

// longStage is from when on a stage has a line of its own before it is done, where there are no bars.
const longStage = 3 * time.Second

func newDisplay(ctx context.Context, s style, out io.Writer, groups []*group, events *json.Encoder) *display {
	d := &display{
		style: s, out: out, events: events, column: min(100, s.columns()-1), quit: make(chan struct{}), interrupted: func() bool { return ctx.Err() != nil },
		groups: groups, byName: map[string]*group{}, total: &group{name: "total", began: time.Now()},
	}
	for _, g := range groups {
		d.byName[g.name] = g
		d.total.all += g.all
		if g.width <= d.column/2 {
			d.width = max(d.width, g.width)
		}
	}
	d.openBars()
	d.ended.Go(d.watch)
	return d
}

// groupsOf are the stages of a plan of which something runs.
func groupsOf(plan *runner.Plan) []*group {
	var groups []*group
	byName := map[string]*group{}
	for _, s := range plan.Steps {
		if s.Share() == 0 {
			continue
		}
		id := stageName(s)
		g := byName[id]
		if g == nil {
			g = &group{name: id, index: s.Index, reason: s.Reason, warned: map[string]bool{}}
			byName[id] = g
			groups = append(groups, g)
		}
		g.mixed = g.mixed || g.reason != s.Reason
		g.addresses = append(g.addresses, s.Address)
		g.expected += s.Share()
		g.work += s.Share() * weight(s)
		g.all = int(math.Round(g.expected))
		g.width = max(g.width, utf8.RuneCountInString(s.Address))
		if g.all >= manyInstances {
			g.width = utf8.RuneCountInString(id)
		}
	}
	for _, g := range groups {
		g.common = commonLabels(g.addresses)
		for _, address := range g.addresses[:min(len(g.addresses), maxMeasured)] {
			g.row = max(g.row, utf8.RuneCountInString(g.label(&progress{address: address})))
		}
	}
	return groups
}

// weight is what an instance counts in the bar of its stage: its estimate of its work, or 1 where the kind makes none. A later round of a search goes on
// where the one before ended.
func weight(s *runner.Step) float64 {
	if s == nil {
		return 1
	}
	costly, ok := s.Stage.(stages.Costly)
	if !ok {
		return 1
	}
	cost := costly.Cost()
	if lengthy, ok := s.Stage.(stages.Lengthy); ok && s.Gate != nil {
		if _, length := lengthy.Length(); length > s.Gate.Rung.Length {
			cost *= 1 - float64(s.Gate.Rung.Length)/float64(length)
		}
	}
	return max(cost, 1)
}

// maxMeasured is how many addresses of a stage say how wide its rows are.
const maxMeasured = 1000

// commonLabels are the labels that all addresses of a stage have: ["demo", seed=1] and ["demo", seed=2] have "demo".
func commonLabels(addresses []string) map[string]bool {
	n := map[string]int{}
	for _, address := range addresses {
		for _, label := range labels(address) {
			n[label]++
		}
	}
	common := map[string]bool{}
	for label, times := range n {
		common[label] = times == len(addresses)
	}
	return common
}

// labels are what stands between the brackets of an address.
func labels(address string) []string {
	_, inner, _ := strings.Cut(strings.TrimSuffix(address, "]"), "[")
	return strings.Split(inner, ", ")
}

// label is what tells an instance from the others of its stage, without its length, which its bar tells.
func (g *group) label(p *progress) string {
	var own []string
	length := ""
	if p.step != nil {
		if l, ok := p.step.Stage.(stages.Lengthy); ok {
			option, n := l.Length()
			length = fmt.Sprintf("%s=%d", option, n)
		}
	}
	for _, label := range labels(p.address) {
		if !g.common[label] && label != length {
			own = append(own, label)
		}
	}
	return strings.ReplaceAll(strings.Join(own, " "), `"`, "")
}

func stageName(s *runner.Step) string { return s.Kind.Name + "." + s.Name }

// Started implements runner.Observer.
func (d *display) Started(s *runner.Step) stages.Progress {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.event("started", s, nil)
	return d.begin(d.byName[stageName(s)], s.Address, s)
}

// beginOne starts the only stage of `weir do`.
func (d *display) beginOne(name string) stages.Progress {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.begin(d.groups[0], name, nil)
}

// begin is called with mu held.
func (d *display) begin(g *group, address string, s *runner.Step) *progress {
	p := &progress{display: d, address: address, step: s, began: time.Now()}
	g.active = append(g.active, p)
	if g.began.IsZero() {
		g.began = p.began
	}
	return p
}

// Waiting implements runner.Observer.
func (d *display) Waiting(s *runner.Step) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.event("waiting", s, nil)
	d.line(s.Address, d.style.warn("waiting: "+firstOf(d.twin(s), "another run")+" computes it now"), 0)
}

// twin is a step of this run with the same action, which is computed once for both. It is called with mu held.
func (d *display) twin(s *runner.Step) string {
	for _, g := range d.groups {
		for _, p := range g.active {
			if p.step != nil && p.step != s && p.step.Action == s.Action {
				return p.address
			}
		}
	}
	return ""
}

// Finished implements runner.Observer.
func (d *display) Finished(s *runner.Step, o runner.Outcome) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.event("finished", s, &o)
	g := d.byName[stageName(s)]
	waited := false
	for i, p := range g.active {
		if p.step == s {
			g.active = append(g.active[:i], g.active[i+1:]...)
			waited = true
			break
		}
	}
	switch {
	case o.Cause != nil:
		d.blocked++
		return
	case errors.Is(o.Err, context.Canceled), s.Left: // all is without those that a search leaves out
		return
	}
	g.ended++
	g.worked += weight(s)
	d.total.ended++
	g.elapsed = time.Since(g.began)
	switch {
	case errors.Is(o.Err, runner.ErrHeld): // said at the end
	case o.Err != nil:
		fmt.Fprintf(d.out, "%s  %s: %v\n        weir log '%s'\n", d.style.Error("failed"), s.Address, o.Err, s.Address)
	case o.Cached && !waited:
		d.spared++
	case o.Cached:
		d.line(s.Address, d.style.dim("made meanwhile"), 0)
	default:
		g.ran++
		if g.all < manyInstances {
			d.line(s.Address, firstOf(o.Record.Summary, d.style.done("done"))+d.because(s.Reason), o.Took)
		}
		for _, w := range o.Record.Warnings {
			if g.warned[w] {
				g.again++
				continue
			}
			g.warned[w] = true
			fmt.Fprintf(d.out, "  %s\n", d.style.hanging(fmt.Sprintf("%s %s: %s", d.style.warn("warning"), s.Address, w), 4))
		}
	}
	if g.all >= manyInstances && g.ended == g.all && g.ran > 0 {
		reason := g.reason
		if g.mixed {
			reason = ""
		}
		d.line(g.name, plural(g.ran, "instance")+" "+d.style.done("done")+d.because(reason), g.elapsed)
	}
	if g.ended == g.all && g.again > 0 {
		fmt.Fprintf(d.out, "  %s %s: %s\n", d.style.warn("warning"), g.name, choose(g.again, "the same once more", fmt.Sprintf("the same %s times more", count(int64(g.again)))))
	}
}

// because is a reason behind what a stage did; that it is new needs no words.
func (d *display) because(reason string) string {
	if reason == "new" || reason == "" {
		return ""
	}
	if from, ok := strings.CutPrefix(reason, "new ("); ok { // the checkpoint that it went on from
		reason = strings.TrimSuffix(from, ")")
	}
	return d.style.dim("  (" + reason + ")")
}

// line writes a line of a stage.
func (d *display) line(address, text string, t time.Duration) {
	fmt.Fprintln(d.out, d.layout(address, text, t))
}

// timeWidth is what a time at the end of a line takes.
const timeWidth = len("  9.9 min")

// layout puts address, text and, at the right, a time into a line; on a terminal a long text goes on below its beginning.
func (d *display) layout(address, text string, t time.Duration) string {
	end := d.style.columns() - 1
	if t > 0 {
		end = d.column - timeWidth
	}
	if d.style.screen != nil && printed(address) > d.width {
		address += "\n" + strings.Repeat(" ", d.width+2)
	}
	line := fmt.Sprintf("  %-*s  %s", d.width, address, d.style.hangingWithin(text, d.width+4, end))
	if t > 0 {
		line = atRight(line, d.style.dim(took(t)), d.column)
	}
	return line
}

// atRight puts a text behind a line so that it ends in the column, or two blanks behind the line when that is too long.
func atRight(line, text string, column int) string {
	last := printed(line[strings.LastIndexByte(line, '\n')+1:])
	return line + strings.Repeat(" ", max(2, column-last-printed(text))) + text
}

// printed is the width of a text without its colours.
func printed(text string) int {
	n, escape := 0, false
	for _, r := range text {
		switch {
		case r == '\x1b':
			escape = true
		case escape:
			escape = r != 'm'
		default:
			n++
		}
	}
	return n
}

// Stopping implements runner.Observer.
func (d *display) Stopping(active []*runner.Step) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopping = true
	if d.bars != nil {
		fmt.Fprint(d.out, "\r") // behind the ^C that the terminal echoed
	}
	fmt.Fprintf(d.out, "%s stopping %s (again to kill)\n", d.style.warn("interrupted:"), plural(len(active), "stage"))
	for _, line := range d.early {
		fmt.Fprintln(d.out, line)
	}
}

// countdown shows a note of a stage that is stopping where there are no bars to show it.
func (d *display) countdown(address, note string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch line := d.layout(address, note, 0); {
	case d.bars != nil || !d.interrupted():
	case d.stopping:
		fmt.Fprintln(d.out, line)
	default:
		d.early = append(d.early, line)
	}
}

// event writes a line of `run --json`.
func (d *display) event(what string, s *runner.Step, o *runner.Outcome) {
	if d.events == nil {
		return
	}
	e := runEvent{Format: 1, Event: what, Stage: s.Address, Reason: s.Reason}
	if !s.Action.IsZero() {
		e.Action = s.Action.String()
	}
	if o != nil {
		e.Status, e.Seconds = "done", o.Took.Seconds()
		switch {
		case errors.Is(o.Err, context.Canceled):
			e.Status = "interrupted"
		case o.Err != nil:
			e.Status, e.Error = "failed", o.Err.Error()
		case o.Cause != nil:
			e.Status, e.Error = "skipped", "needs "+o.Cause.Address
		case s.Left:
			e.Status = "left out"
		case o.Cached:
			e.Status = "cached"
		}
		if o.Record != nil {
			e.Summary, e.Warnings = o.Record.Summary, o.Record.Warnings
		}
	}
	d.events.Encode(e)
}

// runEvent is one line of `run --json`.
type runEvent struct {
	Format   int      `json:"format"` // 1
	Event    string   `json:"event"`  // started, waiting, finished, nothing to do
	Stage    string   `json:"stage,omitempty"`
	Action   string   `json:"action,omitempty"`
	Reason   string   `json:"reason,omitempty"`
	Status   string   `json:"status,omitempty"` // of a finished stage: done, cached, failed, skipped, interrupted, left out
	Seconds  float64  `json:"seconds,omitempty"`
	Summary  string   `json:"summary,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
	Error    string   `json:"error,omitempty"`
}
