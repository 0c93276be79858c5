package capture

import (
	"slices"

	"weir/internal/packet"
)

// sectionMagic is the type of a section header block, the same in both byte orders.
const sectionMagic = "\x0a\x0d\x0d\x0a"

// Block types that carry something for us; all others are skipped.
const (
	interfaceBlock = 1
	obsoleteBlock  = 2
	simpleBlock    = 3
	enhancedBlock  = 6
)

const (
	blockFrame    = 12 // type and length before the body, length again after it
	shortSection  = 28 // the frame, byte order mark, version and section length
	packetFields  = 20 // of an enhanced or obsolete block before the packet's data
	maxInterfaces = 1 << 18
)

// pcapng reads the packet blocks of a pcapng file.
type pcapng struct {
	*stream
	big        bool
	current    []networkInterface
	links      []packet.LinkType
	seen       map[packet.LinkType]bool
	snapLength uint32
	unlimited  bool
	prefix     []byte
}

// networkInterface is one interface of the current section.
type networkInterface struct {
	link       packet.LinkType
	snapLength uint32
	clock      clock
}

func newPcapNG(s *stream) *pcapng {
	return &pcapng{stream: s, seen: map[packet.LinkType]bool{}}
}

func (r *pcapng) interfaces() Interfaces {
	i := Interfaces{Links: slices.Clone(r.links), SnapLength: r.snapLength}
	if r.unlimited {
		i.SnapLength = 0
	}
	return i
}

func (r *pcapng) next(p *Packet) error {
	for {
		found, err := r.block(p)
		if found || err != nil {
			return err
		}
	}
}

// block reads one block and says whether it was a packet.
func (r *pcapng) block(p *Packet) (found bool, err error) {
	start := r.offset
	head := r.peek(blockFrame)
	if len(head) < blockFrame {
		if len(head) == 0 {
			return false, r.over()
		}
		return false, r.stop(start, "the file ends %d bytes into a block header", len(head))
	}
	section := string(head[:4]) == sectionMagic
	if section {
		if err := r.byteOrder(head[8:12], start); err != nil {
			return false, err
		}
	}
	kind, length := word(head, r.big), word(head[4:], r.big)
	if length < blockFrame || length%4 != 0 || section && length < shortSection {
		return false, r.damage(start, "a block of %d bytes cannot be", length)
	}
	content, err := r.content(start, int64(length))
	if err != nil {
		return false, err
	}
	switch body := content[8 : len(content)-r.tail(length)]; {
	case section:
		r.current = r.current[:0]
	case kind == interfaceBlock:
		err = r.addInterface(body, start)
	case kind == enhancedBlock, kind == obsoleteBlock:
		return true, r.packet(p, body, int64(length)-blockFrame, kind == obsoleteBlock, start)
	case kind == simpleBlock:
		return true, r.simple(p, body, int64(length)-blockFrame, start)
	}
	return false, err
}

// byteOrder reads a section's byte order mark.
func (r *pcapng) byteOrder(mark []byte, start int64) error {
	switch string(mark) {
	case "\x4d\x3c\x2b\x1a":
		r.big = false
	case "\x1a\x2b\x3c\x4d":
		r.big = true
	default:
		return r.damage(start, "the section's byte order mark is % x", mark)
	}
	return nil
}

// content moves over a whole block and returns it, or its first bytes when it does not fit the window. The length at its end must
// be the one at its beginning.
func (r *pcapng) content(start, length int64) ([]byte, error) {
	if length <= window {
		block := r.peek(int(length))
		if int64(len(block)) < length {
			return nil, r.cut(start, length, int64(len(block)))
		}
		r.advance(int(length))
		return block, r.checkTrailer(block[length-4:], start, length)
	}
	r.prefix = append(r.prefix[:0], r.peek(8+packetFields+MaxData)...)
	if there := r.skip(length - 4); there < length-4 {
		return nil, r.cut(start, length, there)
	}
	trailer := r.peek(4)
	if len(trailer) < 4 {
		return nil, r.cut(start, length, length-4+int64(len(trailer)))
	}
	err := r.checkTrailer(trailer, start, length)
	r.advance(4)
	return r.prefix, err
}

// tail is how many bytes at the end of what content returned are not the block's body.
func (r *pcapng) tail(length uint32) int {
	if length <= window {
		return 4
	}
	return 0
}

func (r *pcapng) checkTrailer(trailer []byte, start, length int64) error {
	if again := int64(word(trailer, r.big)); again != length {
		return r.damage(start, "the block's length is %d at its beginning and %d at its end", length, again)
	}
	return nil
}

func (r *pcapng) cut(start, length, there int64) error {
	return r.stop(start, "the block claims %s, the file has %s left", size(length), size(there))
}

// addInterface reads an interface description block.
func (r *pcapng) addInterface(body []byte, start int64) error {
	if len(body) < 8 {
		return r.damage(start, "an interface description of %d bytes is too short", len(body))
	}
	if len(r.current) == maxInterfaces {
		return r.damage(start, "more than %d interfaces in one section", maxInterfaces)
	}
	i := networkInterface{link: packet.LinkType(half(body, r.big)), snapLength: word(body[4:], r.big), clock: microseconds()}
	for options := body[8:]; len(options) >= 4; {
		code, length := half(options, r.big), int(half(options[2:], r.big))
		if code == 0 || 4+length > len(options) {
			break
		}
		i.clock.option(code, options[4:4+length], r.big)
		options = options[min(4+(length+3)/4*4, len(options)):]
	}
	r.current = append(r.current, i)
	if !r.seen[i.link] {
		r.seen[i.link] = true
		r.links = append(r.links, i.link)
	}
	r.snapLength = max(r.snapLength, i.snapLength)
	r.unlimited = r.unlimited || i.snapLength == 0
	return nil
}

// packet reads an enhanced or obsolete packet block. body may be cut; whole is its real length.
func (r *pcapng) packet(p *Packet, body []byte, whole int64, obsolete bool, start int64) error {
	if len(body) < packetFields {
		return r.damage(start, "a packet block of %d bytes is too short", len(body))
	}
	number := word(body, r.big)
	if obsolete {
		number = uint32(half(body, r.big))
	}
	if int64(number) >= int64(len(r.current)) {
		return r.damage(start, "the packet is of interface %d, the section has %d", number, len(r.current))
	}
	captured := word(body[12:], r.big)
	if packetFields+int64(captured) > whole {
		return r.damage(start, "the packet claims %s in a block that has room for %s", size(int64(captured)), size(whole-packetFields))
	}
	i := &r.current[number]
	p.Link, p.Captured, p.Wire = i.link, captured, word(body[16:], r.big)
	p.Time, p.HasTime = i.clock.nanoseconds(uint64(word(body[4:], r.big))<<32 | uint64(word(body[8:], r.big)))
	p.Data = body[packetFields:min(packetFields+int64(captured), int64(len(body)))]
	return nil
}

// simple reads a simple packet block, which belongs to the section's first interface and has no time.
func (r *pcapng) simple(p *Packet, body []byte, whole, start int64) error {
	if len(body) < 4 {
		return r.damage(start, "a simple packet block of %d bytes is too short", len(body))
	}
	if len(r.current) == 0 {
		return r.damage(start, "a packet comes before any interface of its section")
	}
	i := &r.current[0]
	wire := word(body, r.big)
	captured := min(int64(wire), whole-4)
	if i.snapLength > 0 {
		captured = min(captured, int64(i.snapLength))
	}
	p.Link, p.Captured, p.Wire = i.link, uint32(captured), wire
	p.Time, p.HasTime = 0, false
	p.Data = body[4:min(4+captured, int64(len(body)))]
	return nil
}
