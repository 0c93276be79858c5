package synthetic

// class is a kind of session.
type class uint8

const (
	bulk class = iota
	web
	interactive
	stream
	tunnel
	fragmented
	lookup // DNS
	ping
	clock // NTP
	probe // a SYN that nobody answers
	neighbour
	damaged // an IPv4 packet whose header length is impossible
	classes
)

// profile describes the sessions of a class.
type profile struct {
	share   float64 // of all packets
	pace    float64 // packets per second while the session lasts
	scale   float64 // shortest duration in seconds; the mean is four times as long
	packets float64 // for exchanges, which have no duration: how many packets
	train   int     // packets that come together
}

// profiles holds the mix: a backbone's in the 2000s, half of the packets near 40 bytes, a third full, the rest between.
var profiles = [classes]profile{
	bulk:        {share: 0.395, pace: 40, scale: 0.6, train: 6},
	web:         {share: 0.27, pace: 20, scale: 0.4, train: 10},
	interactive: {share: 0.08, pace: 6, scale: 1, train: 1},
	stream:      {share: 0.09, pace: 40, scale: 1.5, train: 1},
	tunnel:      {share: 0.02, pace: 15, scale: 1, train: 2},
	fragmented:  {share: 0.015, pace: 10, scale: 0.5, train: 3},
	lookup:      {share: 0.055, packets: 2, train: 1},
	ping:        {share: 0.02, packets: 2, train: 1},
	clock:       {share: 0.01, packets: 2, train: 1},
	probe:       {share: 0.041, packets: 1, train: 1},
	neighbour:   {share: 0.004, packets: 2, train: 1},
	damaged:     {share: 0.0001, packets: 1, train: 1},
}

// surplus is by how much the handshakes and closings of sessions raise the rate over what the shares say, measured over 24 seeds.
const surplus = 1.086

// arrivals is how many sessions of the class start in a second at one packet per second in all.
func (p profile) arrivals() float64 {
	if p.packets > 0 {
		return p.share / surplus / p.packets
	}
	return p.share / surplus / float64(p.pace*float64(4*p.scale))
}

// session is one conversation of two hosts: what its packets share, and where it stands.
type session struct {
	at     int64  // when its next packet is due, in microseconds after the capture's begin
	end    int64  // no packet is due after that, but for a closing one
	serial uint64 // order of arrival, decides between packets due at the same time
	class  class

	ipv6     bool
	tags     uint8 // VLAN tags: 0, 1 or 2
	extended uint8 // IPv6 extension headers: 0, 1 or 2
	stamps   bool  // TCP timestamps: 12 more bytes of header
	inward   bool  // the client is on the far side
	closing  bool

	client, server         uint32 // host ranks
	clientPort, serverPort uint16
	segment                int // the largest IP packet it sends
	step                   int // packets sent
	gap                    float64
	rtt                    int
	sent                   [2]uint32 // TCP: next sequence number of client and server
	ident                  uint16
}

// servers are the ports that TCP servers listen on, the busiest first, and streams those of UDP ones.
var (
	servers = [...]uint16{80, 443, 25, 22, 110, 119, 8080, 6881, 21, 20, 1935, 3128, 143, 993, 445, 4662, 5222, 3306}
	streams = [...]uint16{5004, 27015, 3074, 1194, 4672, 6970, 7777, 554}
)

// world holds what sessions draw their hosts and ports from.
type world struct {
	*source
	options                   Options
	near, far, ports, playing zipf
	serial                    uint64
}

func newWorld(o Options) *world {
	return &world{
		source: newSource(o.Seed), options: o,
		near: newZipf(4096), far: newZipf(16384), ports: newZipf(len(servers)), playing: newZipf(len(streams)),
	}
}

// start begins a session of the class at a time. With running, it began earlier and its opening is not in the capture.
func (w *world) start(c class, at int64, running bool) session {
	p := profiles[c]
	w.serial++
	s := session{
		at: at, end: at, serial: w.serial, class: c,
		ipv6:       w.happens(w.options.IPv6),
		inward:     w.below(2) == 0,
		client:     uint32(w.near.draw(w.source)),
		server:     uint32(w.far.draw(w.source)),
		clientPort: uint16(w.between(1024, 65535)),
		segment:    1500,
		rtt:        w.between(5_000, 180_000),
		sent:       [2]uint32{uint32(w.pcg.Uint64()), uint32(w.pcg.Uint64())},
		ident:      uint16(w.pcg.Uint64()),
	}
	if w.happens(w.options.VLAN) {
		s.tags = 1
		if w.below(5) == 0 {
			s.tags = 2
		}
	}
	if s.ipv6 && s.tags == 0 && w.below(10) == 0 {
		s.extended = uint8(w.between(1, 2))
	}
	if p.scale > 0 {
		duration := w.pareto()
		if running {
			duration = w.residual()
		}
		s.end += microseconds(float64(duration*p.scale), w.options.Seconds)
		s.gap = float64(1e6/p.pace) / float64(0.5+w.unit()) // the mean pace over sessions stays p.pace
	}
	w.character(&s, running)
	return s
}

// character draws what only some classes have.
func (w *world) character(s *session, running bool) {
	switch s.class {
	case bulk, web, interactive:
		s.stamps = w.below(2) == 0
		s.serverPort = servers[w.ports.draw(w.source)]
		if w.below(8) == 0 {
			s.segment = 576
		}
		if running {
			s.step = opening + int(w.below(30))
		}
	case stream:
		s.serverPort = streams[w.playing.draw(w.source)]
		s.segment = [...]int{200, 200, 364, 1344, 1344, 800}[w.below(6)] + 4*int(w.below(16))
	case fragmented:
		s.serverPort = 2049
		s.extended = 0 // the ports stay within MinSnap
	case lookup:
		s.serverPort = 53
	case clock:
		s.serverPort = 123
	case probe:
		s.serverPort = [...]uint16{445, 139, 22, 1433, 3389, 5900, 80, 23}[w.below(8)]
	case damaged:
		s.ipv6, s.tags, s.extended = false, 0, 0
	case neighbour:
		s.tags, s.extended = 0, 0
	}
	if s.extended > 0 {
		s.segment -= 8 * int(s.extended)
	}
}

// microseconds converts seconds, at most two limits of them.
func microseconds(seconds float64, limit int) int64 {
	return int64(min(seconds, float64(2*limit)) * 1e6)
}

// opening is the number of packets that open a TCP session: SYN, SYN and ACK, ACK.
const opening = 3

// advance sets when the next packet is due and reports whether there is one. pace is the link's at this moment.
func (w *world) advance(s *session, pace float64) bool {
	p := profiles[s.class]
	s.step++
	if p.packets > 0 {
		s.at += int64(s.rtt)
		return float64(s.step) < p.packets
	}
	tcp := s.class <= interactive
	switch {
	case s.closing:
		return false
	case tcp && s.step <= opening:
		s.at += int64(s.rtt / 2)
	case s.step%p.train != 0:
		s.at += int64(w.between(60, 600))
	default:
		s.at += int64(float64(w.exponential()*s.gap) * float64(float64(p.train)/pace))
	}
	if s.at > s.end {
		s.closing = tcp
		s.at = s.end + int64(s.rtt)
		return tcp
	}
	return true
}
