package synthetic

// queue is a binary heap of sessions by the time of their next packet, then by their order of arrival. Freed places are used again.
type queue struct {
	sessions []session
	heap     []int32 // indices into sessions
	free     []int32
}

func (q *queue) push(s session) {
	var place int32
	if n := len(q.free); n > 0 {
		place, q.free = q.free[n-1], q.free[:n-1]
		q.sessions[place] = s
	} else {
		place = int32(len(q.sessions))
		q.sessions = append(q.sessions, s)
	}
	q.heap = append(q.heap, place)
	for i := len(q.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !q.before(i, parent) {
			break
		}
		q.heap[i], q.heap[parent] = q.heap[parent], q.heap[i]
		i = parent
	}
}

// first is the session whose packet is due next; the queue must not be empty.
func (q *queue) first() *session { return &q.sessions[q.heap[0]] }

// settle restores the order after the first session moved to a later time.
func (q *queue) settle() {
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(q.heap) {
			return
		}
		if child+1 < len(q.heap) && q.before(child+1, child) {
			child++
		}
		if !q.before(child, i) {
			return
		}
		q.heap[i], q.heap[child] = q.heap[child], q.heap[i]
		i = child
	}
}

// pop removes the first session.
func (q *queue) pop() {
	last := len(q.heap) - 1
	q.free = append(q.free, q.heap[0])
	q.heap[0] = q.heap[last]
	q.heap = q.heap[:last]
	q.settle()
}

func (q *queue) before(i, j int) bool {
	a, b := &q.sessions[q.heap[i]], &q.sessions[q.heap[j]]
	if a.at != b.at {
		return a.at < b.at
	}
	return a.serial < b.serial
}

// pace is what all sessions on the link share: the factor on their packet rates, second by second of the clock.
type pace struct {
	second    int64 // the clock's, in Unix time
	now, last float64
	factor    float64
}

// The oscillation is x[t] = 1.122 x[t-1] - 0.81 x[t-2] + e: poles of modulus 0.9 at a period of about 7.1 seconds, and e so that x has a standard
// deviation of about 2.17 × 0.03 = 0.065.
const (
	ar1, ar2 = 1.122, -0.81
	shock    = 0.03
)

// step moves on to the next second.
func (p *pace) step(s *source, wave float64) {
	p.second++
	next := float64(float64(ar1*p.now)+float64(ar2*p.last)) + float64(shock*s.normal())
	p.now, p.last = next, p.now
	p.factor = min(max(1+next+float64(wave*minute(p.second)), 0.4), 1.6)
}

// minute is a wave of period 60 seconds between -1 and 1, made of two parabolas.
func minute(second int64) float64 {
	phase := second % 60
	half := phase % 30
	arc := float64(half*(30-half)) / 225
	if phase >= 30 {
		return -arc
	}
	return arc
}

// link produces the packets of a capture in time order.
type link struct {
	*world
	queue   queue
	pace    pace
	begin   int64            // microseconds, Unix time
	end     int64            // microseconds after begin
	arrival int64            // when the next session begins, microseconds after begin
	gap     float64          // mean microseconds between arrivals of sessions
	odds    [classes]float64 // cumulative, by class
}

// newLink sets up the link as if it had always been running.
func newLink(o Options) *link {
	l := &link{world: newWorld(o), begin: o.Start.UnixMicro(), end: int64(o.Seconds) * 1_000_000}
	total := 0.0
	for c, p := range profiles {
		rate := float64(p.arrivals() * float64(o.Rate))
		if class(c) == damaged && o.IPv6 == 1 {
			rate = 0
		}
		total += rate
		l.odds[c] = total
	}
	l.gap = 1e6 / total

	l.pace.second = l.begin/1_000_000 - 60
	for l.pace.second < l.begin/1_000_000 {
		l.pace.step(l.source, o.Wave)
	}
	for c, p := range profiles {
		if p.scale == 0 {
			continue
		}
		mean := float64(float64(p.arrivals()*float64(o.Rate)) * float64(4*p.scale))
		for sum := l.exponential(); sum < mean; sum += l.exponential() { // a Poisson number of them
			s := l.start(class(c), 0, true)
			s.at = microseconds(float64(l.exponential()*s.gap)/1e6, o.Seconds)
			if s.at <= s.end {
				l.queue.push(s)
			}
		}
	}
	l.arrival = l.wait()
	return l
}

// wait draws the time to the next arrival.
func (l *link) wait() int64 { return int64(float64(l.exponential() * l.gap)) }

// next returns the session whose packet is due, or nil at the end of the capture. After it was written, the caller calls done.
func (l *link) next() *session {
	for len(l.queue.heap) == 0 || l.arrival <= l.queue.first().at {
		if l.arrival >= l.end {
			break
		}
		at := l.unit() * l.odds[classes-1]
		c := class(0)
		for l.odds[c] < at {
			c++
		}
		l.queue.push(l.start(c, l.arrival, false))
		l.arrival += l.wait()
	}
	if len(l.queue.heap) == 0 || l.queue.first().at >= l.end {
		return nil
	}
	s := l.queue.first()
	for now := (l.begin + s.at) / 1_000_000; l.pace.second < now; {
		l.pace.step(l.source, l.options.Wave)
	}
	return s
}

// done moves on from the packet that next returned.
func (l *link) done() {
	if l.advance(l.queue.first(), l.pace.factor) {
		l.queue.settle()
	} else {
		l.queue.pop()
	}
}
