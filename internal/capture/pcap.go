package capture

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/dustin/go-humanize"

	"weir/internal/packet"
)

const (
	fileHeader    = 24
	linkTypeBits  = 0x03ffffff // the others say whether there is an FCS
	nsPerSecond   = 1_000_000_000
	nsPerMicrosec = 1_000
)

// pcapVariant is what a pcap magic number stands for.
type pcapVariant struct {
	magic    string
	big      bool
	fraction int64 // nanoseconds per unit of a timestamp's second field
	header   int   // bytes of a record's header
}

func pcapVariants() [6]pcapVariant {
	return [6]pcapVariant{
		{"\xd4\xc3\xb2\xa1", false, nsPerMicrosec, 16},
		{"\xa1\xb2\xc3\xd4", true, nsPerMicrosec, 16},
		{"\x4d\x3c\xb2\xa1", false, 1, 16},
		{"\xa1\xb2\x3c\x4d", true, 1, 16},
		{"\x34\xcd\xb2\xa1", false, nsPerMicrosec, 24}, // "modified": interface, protocol and packet type behind the lengths
		{"\xa1\xb2\xcd\x34", true, nsPerMicrosec, 24},
	}
}

// pcapVariantOf recognises the magic number; nil when it is none.
func pcapVariantOf(head []byte) *pcapVariant {
	if len(head) < 4 {
		return nil
	}
	for _, v := range pcapVariants() {
		if string(head[:4]) == v.magic {
			return &v
		}
	}
	return nil
}

// pcap reads the records of a pcap file.
type pcap struct {
	*stream
	pcapVariant
	link       packet.LinkType
	snapLength uint32
	begin      string // of the file: magic number and version
	longest    uint32 // no record may claim more captured bytes
	prefix     []byte
}

// newPcap reads the file header, whose magic number pcapVariantOf knows.
func newPcap(s *stream) (*pcap, error) {
	head := s.peek(fileHeader)
	if len(head) < fileHeader {
		if s.failed != nil {
			return nil, s.failed
		}
		return nil, fmt.Errorf("this begins as a pcap file and ends after %d bytes, within its header of %d", len(head), fileHeader)
	}
	p := &pcap{stream: s, pcapVariant: *pcapVariantOf(head), begin: string(head[:8]), longest: maxPacket}
	p.snapLength = word(head[16:], p.big)
	p.link = packet.LinkType(word(head[20:], p.big) & linkTypeBits)
	if p.snapLength <= maxSnapLength {
		p.longest = max(p.longest, p.snapLength)
	}
	if p.snapLength > 1<<31-1 { // some writers say so when they mean none
		p.snapLength = 0
	}
	if !p.link.Supported() {
		return nil, Unsupported(p.link)
	}
	s.advance(fileHeader)
	return p, nil
}

func (r *pcap) interfaces() Interfaces {
	return Interfaces{Links: []packet.LinkType{r.link}, SnapLength: r.snapLength}
}

func (r *pcap) next(p *Packet) error {
	start := r.offset
	head := r.peek(r.header)
	if len(head) < r.header {
		if len(head) == 0 {
			return r.over()
		}
		return r.stop(start, "the file ends %d bytes into a record header of %d", len(head), r.header)
	}
	captured := word(head[8:], r.big)
	if captured == 0 && string(head[:8]) == r.begin {
		return r.damage(start, "another pcap file begins here: join captures with mergecap, not with cat")
	}
	if captured > r.longest {
		return &Damage{Offset: start, Why: r.tooLong(captured)}
	}
	p.Link = r.link
	p.Time, p.HasTime = int64(word(head, r.big))*nsPerSecond+int64(word(head[4:], r.big))*r.fraction, true
	p.Captured, p.Wire = captured, word(head[12:], r.big)

	whole := r.header + int(captured)
	if whole <= window {
		record := r.peek(whole)
		if len(record) < whole {
			return r.stop(start, "the record claims %s, the file has %s left", size(int64(captured)), size(int64(len(record)-r.header)))
		}
		p.Data = record[r.header:whole]
		r.advance(whole)
		return nil
	}
	r.advance(r.header)
	r.prefix = append(r.prefix[:0], r.peek(MaxData)...)
	if there := r.skip(int64(captured)); there < int64(captured) {
		return r.stop(start, "the record claims %s, the file has %s left", size(int64(captured)), size(there))
	}
	p.Data = r.prefix
	return nil
}

// tooLong explains a captured length that no packet can have.
func (r *pcap) tooLong(captured uint32) string {
	if left := r.size - r.offset - int64(r.header); r.size > 0 && left < int64(captured) {
		return fmt.Sprintf("the record claims %s, the file has %s left", size(int64(captured)), size(max(left, 0)))
	}
	return fmt.Sprintf("the record claims %s, more than the %s bytes that a packet of this file can have", size(int64(captured)), humanize.Comma(int64(r.longest)))
}

// size writes a number of bytes for people: "41 kB".
func size(n int64) string { return humanize.Bytes(uint64(n)) }

// word reads a 32-bit number.
func word(b []byte, big bool) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if big {
		v = bits.ReverseBytes32(v)
	}
	return v
}

// Unsupported is the error for a capture none of whose packets can be decoded.
func Unsupported(links ...packet.LinkType) error {
	names := ""
	for i, l := range links {
		if i == 8 {
			names += ", ..."
			break
		}
		if i > 0 {
			names += ", "
		}
		names += fmt.Sprintf("%s (%d)", l, uint32(l))
	}
	return fmt.Errorf("no packets can be decoded from link type %s; expected Ethernet, Linux cooked, raw IP, BSD loopback or FDDI", names)
}
