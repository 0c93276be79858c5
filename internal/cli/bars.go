package cli

import (
	"fmt"
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
	text atomic.Pointer[string] // behind it
}

const (
	barWidth = 20
	grain    = 1000 // resolution of a bar: steps of one instance
	redraw   = 120 * time.Millisecond
	lastBar  = 1 << 20 // the priority of the total
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
	return min(max(d.width, len(d.total.name)), max(16, d.style.columns()-barWidth-32))
}

// addBar is called once for a stage that runs when the bars are drawn: what ends sooner needs none.
func (d *display) addBar(g *group, priority int) {
	b := &bar{}
	g.bar = b
	b.text.Store(new(string))
	name := fmt.Sprintf("  %-*s ", d.nameWidth(), shorten(g.name, d.nameWidth()))
	b.Bar = d.bars.New(int64(g.all)*grain, mpb.BarStyle().Lbound("").Rbound("").Filler("█").Tip("█").Padding("·"),
		mpb.BarRemoveOnComplete(), mpb.BarPriority(priority),
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return name })),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return *b.text.Load() })))
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
	room := d.style.columns() - d.nameWidth() - barWidth - 6
	var all int64
	for _, g := range d.groups {
		at := g.at()
		all += at
		if g.bar == nil && len(g.active) > 0 {
			d.addBar(g, g.index)
		}
		if g.bar != nil {
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

// at is how far a group is, in grains.
func (g *group) at() int64 {
	n := float64(g.ended)
	for _, p := range g.active {
		n += p.share()
	}
	return int64(n * grain)
}

// beside is the text behind a bar: how many, at what rate, what the stage says, how long still.
func (d *display) beside(g *group, at int64) string {
	var parts []string
	if g.all > 1 {
		parts = append(parts, fmt.Sprintf("%s/%s", count(int64(g.ended)), count(int64(g.all))))
	}
	for _, p := range g.active {
		if text := p.text(g.all == 1); text != "" {
			parts = append(parts, text)
			break
		}
	}
	share, elapsed := float64(at)/float64(g.all*grain), time.Since(g.began)
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
