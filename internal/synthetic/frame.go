package synthetic

import "encoding/binary"

// IP protocol numbers.
const (
	protocolICMP     = 1
	protocolTCP      = 6
	protocolUDP      = 17
	protocolFragment = 44
	protocolGRE      = 47
	protocolESP      = 50
	protocolICMPv6   = 58
)

// packet is what a session sends next, before it is laid out.
type packet struct {
	protocol uint8
	back     bool // from the server to the client
	length   int  // of the IP packet, without IPv6 extension headers
	flags    uint8
	kind     uint8 // ICMP type
	fragment int   // offset of the fragment in bytes
	more     bool  // more fragments follow
	datagram int   // length of the whole UDP datagram when it is fragmented
}

// TCP flags.
const (
	fin = 0x01
	syn = 0x02
	psh = 0x08
	ack = 0x10
)

// send decides what the session's next packet is.
func (w *world) send(s *session) packet {
	switch s.class {
	case bulk, web, interactive:
		return w.sendTCP(s)
	case stream:
		return packet{protocol: protocolUDP, back: true, length: s.segment}
	case tunnel:
		p := packet{protocol: protocolESP, back: s.step%3 == 0, length: [...]int{104, 616, 1420}[w.below(3)]}
		if s.ident%2 == 0 {
			p.protocol = protocolGRE
		}
		return p
	case fragmented:
		return sendFragment(s)
	case lookup:
		if s.step == 0 {
			return packet{protocol: protocolUDP, length: s.header() + 8 + w.between(24, 52)}
		}
		return packet{protocol: protocolUDP, back: true, length: s.header() + 8 + w.between(60, 480)}
	case clock:
		return packet{protocol: protocolUDP, back: s.step == 1, length: s.header() + 8 + 48}
	case ping:
		p := packet{protocol: protocolICMP, back: s.step == 1, length: 84, kind: 8}
		if s.step == 1 {
			p.kind = 0
		}
		if s.ipv6 {
			p.protocol, p.kind, p.length = protocolICMPv6, 128+uint8(s.step), 104
		}
		return p
	case probe:
		return packet{protocol: protocolTCP, length: s.header() + 20, flags: syn}
	case neighbour: // of IPv6; ARP is laid out apart
		return packet{protocol: protocolICMPv6, back: s.step == 1, length: 72, kind: 135 + uint8(s.step)}
	default: // damaged
		return packet{protocol: protocolTCP, length: 40, flags: ack}
	}
}

// sendTCP follows a session from its opening over its exchange of data to its FIN.
func (w *world) sendTCP(s *session) packet {
	bare := s.header() + 20
	if s.stamps {
		bare += 12
	}
	p := packet{protocol: protocolTCP, length: bare, flags: ack}
	switch step := s.step - opening; {
	case s.closing:
		p.flags |= fin
	case s.step == 0:
		p.flags = syn
	case s.step == 1:
		p.flags, p.back = syn|ack, true
	case step < 0:
	case s.class == bulk:
		p.back = step%3 != 2
		if p.back {
			p.length = s.segment
		}
	case s.class == web:
		switch part := step % 10; part {
		case 0:
			p.length, p.flags = bare+w.between(180, 700), ack|psh
		case 1, 2, 4, 5, 7:
			p.back, p.length = true, s.segment
		case 8:
			p.back, p.length, p.flags = true, w.between(bare+1, s.segment), ack|psh
		}
	default:
		switch step % 3 {
		case 0:
			p.length, p.flags = bare+w.between(1, 60), ack|psh
		case 1:
			p.back, p.length, p.flags = true, bare+w.between(1, 200), ack|psh
		}
	}
	return p
}

// sendFragment cuts datagrams of 4,136 bytes into three, the last one shorter.
func sendFragment(s *session) packet {
	part := 1480 // multiples of 8 that fill a packet
	if s.ipv6 {
		part = 1448
	}
	const datagram = 4136
	at := s.step % 3 * part
	return packet{
		protocol: protocolUDP, back: true, datagram: datagram,
		length: s.header() + min(part, datagram-at), fragment: at, more: at+part < datagram,
	}
}

// header is the length of the session's IP header.
func (s *session) header() int {
	if s.ipv6 {
		return 40
	}
	return 20
}

// frame is a packet laid out: its headers, how long it is on the wire and how much of it a capture without payload keeps.
type frame struct {
	head   [16]byte // of the record in the file
	bytes  [160]byte
	wire   int
	kept   int // before the snap length
	ip     int // where the IP header begins
	record Record
}

// Record says what a generated frame is: the truth for a decoder.
type Record struct {
	Time           int64 // ns, Unix time
	Wire, Captured int
	Family         uint8 // 4, 6, or 0 for ARP and damaged headers
	Protocol       uint8 // the transport protocol after extension headers; 0 when Family is 0
	Fragment       bool  // a fragment that is not the first
	Ports          bool  // SourcePort and DestinationPort are in the capture
	Source, Target uint16
	Damaged        bool
	Tags           int // VLAN tags
	Extensions     int // IPv6 extension headers, the fragment header included
}

// layOut writes the frame of p.
func (f *frame) layOut(s *session, p packet) {
	f.bytes = [160]byte{}
	f.ethernet(s, p.back)
	f.record = Record{Tags: int(s.tags)}
	switch {
	case s.class == neighbour && !s.ipv6:
		f.arp(s)
		return
	case s.ipv6:
		f.ipv6(s, p)
	default:
		f.ipv4(s, p)
	}
	f.wire = max(f.wire, 60) // Ethernet pads its frames
}

// ethernet writes the link header: the two routers of the link, tags, and leaves f.ip behind the EtherType.
func (f *frame) ethernet(s *session, back bool) {
	b := f.bytes[:]
	b[0], b[6] = 2, 2 // locally administered
	b[5], b[11] = 1, 2
	if back != s.inward {
		b[5], b[11] = 2, 1
	}
	at := 12
	if s.tags == 2 {
		binary.BigEndian.PutUint16(b[at:], 0x88a8)
		binary.BigEndian.PutUint16(b[at+2:], 100)
		at += 4
	}
	if s.tags > 0 {
		binary.BigEndian.PutUint16(b[at:], 0x8100)
		binary.BigEndian.PutUint16(b[at+2:], 10+uint16(s.client%8))
		at += 4
	}
	kind := uint16(0x0800)
	switch {
	case s.ipv6:
		kind = 0x86dd
	case s.class == neighbour:
		kind = 0x0806
	}
	binary.BigEndian.PutUint16(b[at:], kind)
	f.ip = at + 2
}

// arp writes a request or an answer of two hosts on the near side.
func (f *frame) arp(s *session) {
	b := f.bytes[f.ip:]
	copy(b, []byte{0, 1, 8, 0, 6, 4, 0, 1 + uint8(s.step)})
	asker, asked := b[14:18], b[24:28]
	copy(b[8:], f.bytes[6:12])
	if s.step == 1 {
		asker, asked = asked, asker
		copy(b[18:], f.bytes[0:6])
	} else {
		copy(f.bytes[:6], []byte{255, 255, 255, 255, 255, 255})
	}
	address4(asker, s.client, true)
	address4(asked, s.client^1, true)
	f.wire, f.kept = 60, 60
}

// address4 writes an IPv4 address: 198.18.0.0/16 near, 198.19.0.0/16 far.
func address4(b []byte, rank uint32, near bool) {
	b[0], b[1] = 198, 19
	if near {
		b[1] = 18
	}
	binary.BigEndian.PutUint16(b[2:], uint16(rank*40503+2571)) // an odd factor: every rank has its own
}

// address6 writes an IPv6 address in one of 256 networks of 2001:db8::/32.
func address6(b []byte, rank uint32, near bool) {
	copy(b, []byte{0x20, 0x01, 0x0d, 0xb8})
	if !near {
		b[4] = 0x80
	}
	b[7] = uint8(rank * 151)
	binary.BigEndian.PutUint32(b[12:], rank*2654435761+1)
}

// ends writes the two addresses with one of the functions above.
func ends(s *session, back bool, from, to []byte, write func([]byte, uint32, bool)) {
	if back {
		from, to = to, from
	}
	write(from, s.client, true)
	write(to, s.server, false)
}

// ipv4 writes the network and transport header.
func (f *frame) ipv4(s *session, p packet) {
	h := f.bytes[f.ip : f.ip+20]
	h[0] = 0x45
	binary.BigEndian.PutUint16(h[2:], uint16(p.length))
	ident := s.ident + uint16(s.step)
	switch {
	case p.datagram > 0:
		ident = s.ident + uint16(s.step/3)
		offset := uint16(p.fragment / 8)
		if p.more {
			offset |= 0x2000
		}
		binary.BigEndian.PutUint16(h[6:], offset)
	case p.protocol == protocolTCP:
		h[6] = 0x40 // do not fragment
	}
	binary.BigEndian.PutUint16(h[4:], ident)
	h[8] = 44 + uint8(s.client%20)
	h[9] = p.protocol
	ends(s, p.back, h[12:16], h[16:20], address4)
	f.record.Family, f.record.Protocol = 4, p.protocol
	if s.class == damaged {
		h[0] = 0x40 | uint8(s.ident%5)
		f.record.Family, f.record.Protocol, f.record.Damaged = 0, 0, true
	}
	binary.BigEndian.PutUint16(h[10:], ^fold(sum(h)))
	f.wire = f.ip + p.length
	f.transport(s, p, f.ip+20, p.length-20, sum(h[12:20]))
}

// ipv6 writes the network header, extension headers and the transport header.
func (f *frame) ipv6(s *session, p packet) {
	var chain [3]uint8
	n := 0
	if s.extended > 0 {
		chain[0], n = 60, 1 // destination options
	}
	if s.extended > 1 {
		chain[0], chain[1], n = 0, 60, 2 // hop-by-hop options first
	}
	if p.datagram > 0 {
		chain[n] = protocolFragment
		n++
	}
	h := f.bytes[f.ip:]
	h[0] = 0x60
	length := p.length - 40
	binary.BigEndian.PutUint16(h[4:], uint16(length+8*n))
	next := &h[6]
	h[7] = 44 + uint8(s.client%20)
	ends(s, p.back, h[8:24], h[24:40], address6)
	at := f.ip + 40
	for _, kind := range chain[:n] {
		*next = kind
		e := f.bytes[at : at+8]
		next = &e[0]
		if kind == protocolFragment {
			offset := uint16(p.fragment)
			if p.more {
				offset |= 1
			}
			binary.BigEndian.PutUint16(e[2:], offset)
			binary.BigEndian.PutUint32(e[4:], uint32(s.ident)<<16+uint32(s.step/3))
		} else {
			e[2], e[3] = 1, 4 // PadN
		}
		at += 8
	}
	*next = p.protocol
	f.record.Family, f.record.Protocol, f.record.Extensions = 6, p.protocol, n
	f.wire = f.ip + p.length + 8*n
	f.transport(s, p, at, length, sum(h[8:40]))
}

// transport writes the header of p's protocol at the offset; length is what follows the IP headers, pseudo the sum over both addresses.
func (f *frame) transport(s *session, p packet, at, length int, pseudo uint32) {
	f.kept = f.wire
	if p.fragment > 0 {
		f.record.Fragment = true
		f.kept = at
		return
	}
	h := f.bytes[at:]
	whole := max(length, p.datagram)
	pseudo += uint32(p.protocol) + uint32(whole)
	switch p.protocol {
	case protocolTCP:
		f.ports(s, p, h)
		f.tcp(s, p, h, length, pseudo)
	case protocolUDP:
		f.ports(s, p, h)
		binary.BigEndian.PutUint16(h[4:], uint16(whole))
		check := ^fold(pseudo + sum(h[:8]))
		if check == 0 {
			check = 0xffff
		}
		binary.BigEndian.PutUint16(h[6:], check)
		f.kept = at + 8
	case protocolICMP, protocolICMPv6:
		h[0] = p.kind
		switch {
		case p.kind >= 135: // whom the neighbour discovery is about
			address6(h[8:24], s.server, false)
		default:
			binary.BigEndian.PutUint16(h[4:], s.ident)
			h[7] = 1
		}
		if p.protocol == protocolICMP {
			pseudo = 0
		}
		binary.BigEndian.PutUint16(h[2:], ^fold(pseudo+sum(h[:24])))
	case protocolGRE:
		binary.BigEndian.PutUint16(h[2:], 0x0800)
		inner := h[4:24]
		inner[0], inner[8], inner[9] = 0x45, 60, protocolUDP
		binary.BigEndian.PutUint16(inner[2:], uint16(length-4))
		ends(s, p.back, inner[12:16], inner[16:20], address4)
		binary.BigEndian.PutUint16(inner[10:], ^fold(sum(inner)))
	case protocolESP:
		binary.BigEndian.PutUint32(h, uint32(s.ident)<<8)
		binary.BigEndian.PutUint32(h[4:], uint32(s.step))
	}
}

func (f *frame) ports(s *session, p packet, h []byte) {
	from, to := s.clientPort, s.serverPort
	if p.back {
		from, to = to, from
	}
	binary.BigEndian.PutUint16(h, from)
	binary.BigEndian.PutUint16(h[2:], to)
	if f.record.Family != 0 {
		f.record.Ports, f.record.Source, f.record.Target = true, from, to
	}
}

// tcp writes the rest of a TCP header and moves the session's sequence numbers on.
func (f *frame) tcp(s *session, p packet, h []byte, length int, pseudo uint32) {
	size := 20
	if s.stamps {
		size = 32
		copy(h[20:], []byte{1, 1, 8, 10}) // two NOPs, timestamps
		binary.BigEndian.PutUint32(h[24:], uint32(s.at/1000))
	}
	mine, other := 0, 1
	if p.back {
		mine, other = 1, 0
	}
	binary.BigEndian.PutUint32(h[4:], s.sent[mine])
	if p.flags&ack != 0 {
		binary.BigEndian.PutUint32(h[8:], s.sent[other])
	}
	s.sent[mine] += uint32(length - size)
	if p.flags&(syn|fin) != 0 {
		s.sent[mine]++
	}
	h[12] = uint8(size/4) << 4
	h[13] = p.flags
	binary.BigEndian.PutUint16(h[14:], 0xfaf0)
	binary.BigEndian.PutUint16(h[16:], ^fold(pseudo+sum(h[:size])))
	f.kept = f.wire - (length - size)
}

// sum adds 16-bit words as the Internet checksum does (RFC 1071); b has an even length below 2^17.
func sum(b []byte) uint32 {
	total := uint32(0)
	for ; len(b) >= 2; b = b[2:] {
		total += uint32(binary.BigEndian.Uint16(b))
	}
	return total
}

// fold adds the carries back in.
func fold(total uint32) uint16 {
	total = total&0xffff + total>>16
	return uint16(total&0xffff + total>>16)
}
