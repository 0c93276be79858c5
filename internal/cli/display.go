package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"weir/runner"
	"weir/stages"
)

// display shows a run: finished lines above, on a terminal one bar for each stage that runs and one for all. It implements runner.Observer.
type display struct {
	style  style
	out    io.Writer // where lines go: above the bars, or plainly to stderr
	events *json.Encoder
	bars   *mpb.Progress // nil without a terminal
	width  int           // of the addresses

	mu     sync.Mutex
	groups map[string]*group
	total  *group
	failed []string
}

// group is a stage block: one bar for all its instances.
type group struct {
	name   string
	all    int // instances that run or may run
	ended  int
	ran    int
	took   time.Duration
	reason string
	mixed  bool // not all for the same reason
	active map[*runner.Step]*progress
	bar    *mpb.Bar
	began  time.Time
}

// manyInstances is the size from which a stage's finished instances share a line.
const manyInstances = 7

// grain is the resolution of a bar: steps of one instance.
const grain = 1000

func newDisplay(a *App, plan *runner.Plan, events *json.Encoder) *display {
	d := &display{style: a.style, out: a.Err, groups: map[string]*group{}, events: events, total: &group{name: "total", began: time.Now()}}
	for _, s := range plan.Steps {
		if s.Status != runner.ToRun && s.Status != runner.MayRun {
			continue
		}
		id := s.Kind.Name + "." + s.Name
		g := d.groups[id]
		if g == nil {
			g = &group{name: id, reason: s.Reason, active: map[*runner.Step]*progress{}}
			d.groups[id] = g
		}
		g.mixed = g.mixed || g.reason != s.Reason
		g.all++
		d.total.all++
		name := s.Address
		if g.all >= manyInstances {
			name = id
		}
		d.width = min(44, max(d.width, utf8.RuneCountInString(name)))
	}
	if a.style.terminal && d.total.all > 0 && events == nil {
		d.bars = mpb.New(mpb.WithOutput(a.Err), mpb.WithWidth(20), mpb.WithRefreshRate(120*time.Millisecond))
		d.out = d.bars
		d.addBar(d.total, 1<<20)
	}
	return d
}

func (d *display) addBar(g *group, priority int) {
	name := fmt.Sprintf("  %-*s ", d.width, shorten(g.name, d.width))
	g.bar = d.bars.New(int64(g.all)*grain, mpb.BarStyle().Lbound("").Rbound("").Filler("█").Tip("█").Padding("·"),
		mpb.BarRemoveOnComplete(), mpb.BarPriority(priority),
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return name })),
		mpb.AppendDecorators(decor.Any(func(st decor.Statistics) string {
			d.mu.Lock()
			defer d.mu.Unlock()
			return " " + d.beside(g, st)
		})))
}

// beside is the text behind a bar: how many, at what rate, what the stage says, how long still.
func (d *display) beside(g *group, st decor.Statistics) string {
	var parts []string
	if g.all > 1 {
		parts = append(parts, fmt.Sprintf("%d/%d", g.ended, g.all))
	}
	for _, p := range g.active {
		if text := p.text(g.all == 1); text != "" {
			parts = append(parts, text)
			break
		}
	}
	if share := float64(st.Current) / float64(max(1, st.Total)); share > 0.02 && share < 1 && time.Since(g.began) > time.Second {
		left := time.Duration(float64(time.Since(g.began)) * (1 - share) / share)
		parts = append(parts, took(max(left, time.Second))+" left")
	}
	return strings.Join(parts, " · ")
}

// Started implements runner.Observer.
func (d *display) Started(s *runner.Step) stages.Progress {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.event("started", s, nil)
	g := d.groups[s.Kind.Name+"."+s.Name]
	p := &progress{d: d, g: g, began: time.Now()}
	g.active[s] = p
	if g.began.IsZero() {
		g.began = time.Now()
	}
	if d.bars != nil && g.bar == nil {
		d.addBar(g, s.Index)
	}
	return p
}

// Waiting implements runner.Observer.
func (d *display) Waiting(s *runner.Step) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.event("waiting", s, nil)
	d.line(s.Address, d.style.warn("waiting: another run computes it now"), 0)
}

// Finished implements runner.Observer.
func (d *display) Finished(s *runner.Step, o runner.Outcome) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.event("finished", s, &o)
	g := d.groups[s.Kind.Name+"."+s.Name]
	delete(g.active, s)
	if o.Cause != nil || errors.Is(o.Err, context.Canceled) {
		return
	}
	g.ended++
	d.total.ended++
	switch {
	case o.Err != nil:
		d.failed = append(d.failed, s.Address)
		fmt.Fprintf(d.out, "%s  %s: %v\n        weir log '%s'\n", d.style.Error("failed"), s.Address, o.Err, s.Address)
	case o.Cached:
	default:
		g.ran++
		g.took += o.Took
		if g.all < manyInstances {
			d.finished(s, o)
		}
		for _, w := range o.Record.Warnings {
			fmt.Fprintf(d.out, "  %s %s: %s\n", d.style.warn("warning"), s.Address, w)
		}
	}
	if g.all >= manyInstances && g.ended == g.all && g.ran > 0 {
		text := fmt.Sprintf("%s done", plural(g.ran, "instance"))
		if !g.mixed && g.reason != "new" {
			text += d.style.dim("  (" + g.reason + ")")
		}
		d.line(g.name, text, time.Since(g.began))
	}
	d.advance(g)
}

func (d *display) finished(s *runner.Step, o runner.Outcome) {
	text := firstOf(o.Record.Summary, "done")
	if s.Reason != "new" && s.Reason != "" {
		text += d.style.dim("  (" + s.Reason + ")")
	}
	d.line(s.Address, text, o.Took)
}

// line writes a finished line: address, text, time at the right.
func (d *display) line(address, text string, t time.Duration) {
	when := ""
	if t > 0 {
		when = took(t)
	}
	const column = 52
	pad := max(1, column-printed(text))
	fmt.Fprintf(d.out, "  %-*s %s%*s%s\n", d.width, address, text, pad, "", d.style.dim(fmt.Sprintf("%7s", when)))
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
	fmt.Fprintf(d.out, "%s stopping %s (again to kill)\n", d.style.warn("interrupted:"), plural(len(active), "stage"))
}

// advance moves the bars to where the work is.
func (d *display) advance(g *group) {
	if d.bars == nil {
		return
	}
	share := func(g *group) int64 {
		n := float64(g.ended)
		for _, p := range g.active {
			n += p.share()
		}
		return int64(n * grain)
	}
	if g.bar != nil {
		g.bar.SetCurrent(share(g))
	}
	var all int64
	for _, other := range d.groups {
		all += share(other)
	}
	d.total.bar.SetCurrent(min(all, int64(d.total.all)*grain-1))
}

// close takes the bars away.
func (d *display) close() {
	if d.bars == nil {
		return
	}
	for _, g := range d.groups {
		if g.bar != nil {
			g.bar.Abort(true)
		}
	}
	d.total.bar.Abort(true)
	d.bars.Wait()
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
		case o.Err != nil:
			e.Status, e.Error = "failed", o.Err.Error()
		case o.Cause != nil:
			e.Status, e.Error = "skipped", "needs "+o.Cause.Address
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
	Format   int      `json:"format"`
	Event    string   `json:"event"`
	Stage    string   `json:"stage,omitempty"`
	Action   string   `json:"action,omitempty"`
	Reason   string   `json:"reason,omitempty"`
	Status   string   `json:"status,omitempty"`
	Seconds  float64  `json:"seconds,omitempty"`
	Summary  string   `json:"summary,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
	Error    string   `json:"error,omitempty"`
}

// progress is what one running step reports.
type progress struct {
	d     *display
	g     *group
	began time.Time

	mu    sync.Mutex
	total int64
	done  int64
	unit  string
	note  string
	moved time.Time
}

// Total implements stages.Progress.
func (p *progress) Total(n int64, unit string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total, p.unit = n, unit
}

// Done implements stages.Progress.
func (p *progress) Done(n int64) {
	p.mu.Lock()
	p.done = n
	due := time.Since(p.moved) > 100*time.Millisecond
	if due {
		p.moved = time.Now()
	}
	p.mu.Unlock()
	if due && p.d.bars != nil {
		p.d.mu.Lock()
		p.d.advance(p.g)
		p.d.mu.Unlock()
	}
}

// Note implements stages.Progress.
func (p *progress) Note(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note = text
}

func (p *progress) share() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.total <= 0 {
		return 0
	}
	return min(0.99, float64(p.done)/float64(p.total))
}

// text is the note, and the rate where the bar stands for this step alone.
func (p *progress) text(alone bool) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var parts []string
	if s := time.Since(p.began).Seconds(); alone && p.done > 0 && s > 0.5 {
		rate := float64(p.done) / s
		switch {
		case p.unit == "bytes":
			parts = append(parts, size(int64(rate))+"/s")
		case rate >= 10:
			parts = append(parts, count(int64(rate))+" "+p.unit+"/s")
		default:
			parts = append(parts, fmt.Sprintf("%.1f %s/s", rate, p.unit))
		}
	}
	if p.note != "" {
		parts = append(parts, p.note)
	}
	return strings.Join(parts, " · ")
}

func shorten(s string, width int) string {
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	runes := []rune(s)
	return string(runes[:width-1]) + "…"
}
