package cli

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"weir/runner"
)

// bar is one bar on the terminal. What it shows is set by watch.
type bar struct {
	*mpb.Bar
	name atomic.Pointer[string] // before it
	text atomic.Pointer[string] // behind it
}

// row is the bar of one running instance, below its stage's. When the instance ends, the row is the next one's.
type row struct {
	bar
	of *progress
}

const (
	barWidth = 20
	grain    = 1000 // resolution of a bar: steps of one instance
	redraw   = 120 * time.Millisecond
	rowGain  = barWidth/2 - 2 // by how much a row's name may be wider than its stage's: its bar is half as wide, and it is indented
	maxRows  = 8              // instances of one stage that have a row of their own
	lastBar  = math.MaxInt32  // the priority of the total
)

func (d *display) openBars() {
	if !d.style.bars || d.events != nil {
		return
	}
	d.bars = mpb.New(mpb.WithOutput(d.out), mpb.WithWidth(barWidth), mpb.WithRefreshRate(redraw))
	d.out = d.bars
	if len(d.groups) > 1 {
		d.addBar(d.total, lastBar)
	}
}

// nameWidth is how much of an address a bar shows: what is left of the line beside the bar and a short text.
func (d *display) nameWidth() int {
	width := max(d.width, len(d.total.name))
	for _, g := range d.groups {
		if g.all > 1 {
			width = max(width, g.row-rowGain)
		}
	}
	return min(width, max(16, d.style.columns()-barWidth-32))
}

// addBar is called once for a stage that runs when the bars are drawn: what ends sooner needs none.
func (d *display) addBar(g *group, priority int) {
	g.bar = &bar{}
	d.open(g.bar, int64(g.all)*grain, barWidth, priority)
	name := fmt.Sprintf("  %-*s ", d.nameWidth(), shorten(g.name, d.nameWidth()))
	g.bar.name.Store(&name)
}

func (d *display) open(b *bar, total int64, width, priority int) {
	b.name.Store(new(string))
	b.text.Store(new(string))
	b.Bar = d.bars.New(total, mpb.BarStyle().Lbound("").Rbound("").Filler("█").Tip("█").Padding("·"),
		mpb.BarRemoveOnComplete(), mpb.BarPriority(priority), mpb.BarWidth(width),
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return *b.name.Load() })),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return *b.text.Load() })))
}

// drawRows gives every running instance of a stage with several a row, as far as there are any. An instance keeps its row.
func (d *display) drawRows(g *group, room int) {
	want := min(len(g.active), maxRows, max(1, d.style.lines()/3))
	if g.all == 1 {
		want = 0
	}
	for len(g.rows) > want {
		last := g.rows[len(g.rows)-1]
		last.Abort(true)
		g.rows = g.rows[:len(g.rows)-1]
	}
	for len(g.rows) < want {
		r := &row{}
		d.open(&r.bar, grain, barWidth/2, g.index*(maxRows+1)+1+len(g.rows))
		g.rows = append(g.rows, r)
	}
	waiting := slices.DeleteFunc(slices.Clone(g.active), func(p *progress) bool {
		return slices.ContainsFunc(g.rows, func(r *row) bool { return r.of == p })
	})
	width := d.nameWidth() + rowGain
	for _, r := range g.rows {
		if !slices.Contains(g.active, r.of) {
			r.of, waiting = waiting[0], waiting[1:]
			name := fmt.Sprintf("    %-*s ", width, shorten(g.label(r.of), width))
			r.name.Store(&name)
		}
		text := " " + shorten(r.of.row(), room)
		r.text.Store(&text)
		r.SetCurrent(int64(r.of.share() * grain))
	}
}

// watch moves the bars to where the work is, or says which stages take long, until quit is closed.
func (d *display) watch() {
	tick := time.NewTicker(redraw)
	defer tick.Stop()
	for {
		select {
		case <-d.quit:
			return
		case <-tick.C:
		}
		d.mu.Lock()
		if d.bars != nil {
			d.draw()
		} else {
			d.announce()
		}
		d.mu.Unlock()
	}
}

// draw is called with mu held.
func (d *display) draw() {
	room := d.style.columns() - d.nameWidth() - barWidth - 6 - len("^C") // the echo of an interrupt moves a line, which must not break then
	var all int64
	for _, g := range d.groups {
		at := g.at()
		all += at
		if g.bar == nil && len(g.active) > 0 {
			d.addBar(g, g.index*(maxRows+1))
		}
		if g.bar != nil {
			d.drawRows(g, room)
			text := " " + shorten(d.beside(g, at), room)
			g.bar.text.Store(&text)
			g.bar.SetCurrent(at)
		}
	}
	if d.total.bar != nil {
		text := " " + shorten(d.beside(d.total, all), room)
		d.total.bar.text.Store(&text)
		d.total.bar.SetCurrent(min(all, int64(d.total.all)*grain-1)) // it goes last, in close
	}
}

// announce writes the first line of stages that take long. It is called with mu held.
func (d *display) announce() {
	for _, g := range d.groups {
		if g.said || len(g.active) == 0 || time.Since(g.began) < longStage {
			continue
		}
		g.said = true
		switch {
		case g.all >= manyInstances:
			d.line(g.name, plural(g.all, "instance")+" to run", 0)
		default:
			d.line(g.active[0].address, "running", 0)
		}
	}
}

// at is how far a group is, in grains: by the work that its instances are, so that the time left is right where some take much longer than others.
func (g *group) at() int64 {
	whole := int64(g.all) * grain
	if g.ended >= g.all {
		return whole
	}
	done := g.worked
	for _, p := range g.active {
		done += p.share() * weight(p.step)
	}
	return min(whole-1, int64(done/max(g.work, 1)*float64(whole)))
}

// count is how many instances are done, with the shares of those that run.
func (g *group) count() float64 {
	n := float64(g.ended)
	for _, p := range g.active {
		n += p.share()
	}
	return n
}

// beside is the text behind a bar: how many, at what rate, what the stage says, how long still.
func (d *display) beside(g *group, at int64) string {
	var parts []string
	if g.all > 1 {
		parts = append(parts, fmt.Sprintf("%s/%s", count(int64(g.ended)), count(int64(g.all))))
	}
	share, elapsed := float64(at)/float64(g.all*grain), time.Since(g.began)
	switch {
	case g.all == 1 && len(g.active) > 0:
		if text := g.active[0].text(true); text != "" {
			parts = append(parts, text)
		}
	case g.all > 1 && g != d.total && g.count() > 0 && elapsed >= time.Second:
		parts = append(parts, pace(g.count()/elapsed.Seconds()))
	}
	switch {
	case elapsed < time.Second || d.stopping:
	case share > 0.02 && share < 1:
		left := time.Duration(float64(elapsed) * (1 - share) / share)
		parts = append(parts, took(max(left, time.Second))+" left")
	case g != d.total:
		parts = append(parts, took(elapsed))
	}
	return strings.Join(parts, " · ")
}

// pace is how many instances a second, minute or hour.
func pace(perSecond float64) string {
	switch {
	case perSecond >= 1:
		return fmt.Sprintf("%.*f/s", digits(perSecond), perSecond)
	case perSecond >= 1.0/60:
		return fmt.Sprintf("%.0f/min", perSecond*60)
	}
	return fmt.Sprintf("%.*f/h", digits(perSecond*3600), perSecond*3600)
}

// close takes the bars away and ends watch.
func (d *display) close() {
	close(d.quit)
	d.ended.Wait()
	if d.bars == nil {
		return
	}
	for _, g := range append(d.groups, d.total) {
		if g.bar != nil {
			g.bar.Abort(true)
		}
		for _, r := range g.rows {
			r.Abort(true)
		}
	}
	d.bars.Wait()
}

// progress is what one running step reports. It implements stages.Progress.
type progress struct {
	display *display
	address string
	step    *runner.Step // nil in `weir do`
	began   time.Time

	mu    sync.Mutex
	total int64
	done  int64
	unit  string
	note  string
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
	defer p.mu.Unlock()
	p.done = n
}

// Note implements stages.Progress.
func (p *progress) Note(text string) {
	p.mu.Lock()
	p.note = text
	p.mu.Unlock()
	p.display.countdown(p.address, text)
}

func (p *progress) share() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.total <= 0 {
		return 0
	}
	return min(0.99, float64(p.done)/float64(p.total))
}

// row is how far it is, for a bar that has no room for more: "31/50 · loss 0.0041".
func (p *progress) row() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var parts []string
	if p.total > 0 && p.total < 1e6 && p.unit != "bytes" {
		parts = append(parts, fmt.Sprintf("%d/%d", p.done, p.total))
	}
	if p.note != "" {
		parts = append(parts, p.note)
	}
	return strings.Join(parts, " · ")
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
		case p.unit == "seconds": // of a capture
			parts = append(parts, count(int64(rate))+" s/s")
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

// shorten cuts a text to the width.
func shorten(s string, width int) string {
	if width < 1 {
		return ""
	}
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	return string([]rune(s)[:width-1]) + "…"
}
