// Package capture reads packet captures: pcap and pcapng, plain or compressed, recognised by content and never by name. It is the
// first step of the pipeline; what is in a packet is the business of internal/packet.
//
//	f, err := os.Open(path)
//	r, err := capture.NewReader(ctx, f, size)
//	defer r.Close()
//	var p capture.Packet
//	for {
//		if err := r.Next(&p); err == io.EOF { break }
//		use(p.Time, p.Wire, p.Data)
//	}
//
// Formats: pcap in both byte orders, with micro- or nanoseconds, and its "modified" variant with 24-byte records; pcapng with any number
// of sections of either byte order, each with its own interfaces (if_tsresol and if_tsoffset are followed), enhanced, simple and obsolete
// packet blocks; all other blocks are skipped. Around them nothing, gzip with any number of members, or zstd with any number of frames.
//
// Every file is taken for hostile. A reader holds one window of the file (1 MiB), what the decompressor needs (zstd windows up to 32 MiB),
// and 24 bytes for each interface of the current section (at most 262,144); nothing is allocated because a header claims it. A file that stops making
// sense ends with a *Damage after the last whole packet.
//
// It does not reassemble, sort or filter, writes nothing, and does not read pcap files joined by cat (pcapng files may be joined so): it
// stops at the second one and says so. It is strict about a pcapng block's length at its end, as libpcap and Wireshark are.
package capture

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/dustin/go-humanize"

	"weir/internal/packet"
)

// Packet is one record of a capture, whatever is in it.
type Packet struct {
	Link packet.LinkType
	// Time is in nanoseconds since 1970 UTC. It is 0 and HasTime false for simple packet blocks, which carry none, and where the
	// time lies outside of what int64 nanoseconds can say (1677 to 2262).
	Time    int64
	HasTime bool
	// Captured and Wire are lengths in bytes: what the file holds of the packet and what it had on the wire.
	Captured, Wire uint32
	// Data is the captured part, or its first MaxData bytes when there are more. It is valid until the next call of Next.
	Data []byte
}

// MaxData bounds Packet.Data of a record that does not fit the reader's window, in bytes. It is far more than any headers need.
const MaxData = 64 << 10

// maxPacket is the longest captured packet that a pcap record may claim when its file's snap length is smaller, in bytes. libpcap and
// Wireshark draw the line at the same place.
const maxPacket = 256 << 10

// maxSnapLength is the largest snap length that is believed, in bytes: libpcap's for USB and D-Bus, its longest packets.
const maxSnapLength = 128 << 20

// Damage says where and why a capture stops making sense. Every packet before it is good.
type Damage struct {
	Packet int64 // number of the packet that could not be read, from 1
	Offset int64 // where its record begins, in bytes of the uncompressed content
	Why    string
}

// Error implements error: `packet 18,203 at byte 1,633,912: the record claims 1.9 GB, the file has 41 kB left`.
func (d *Damage) Error() string {
	return fmt.Sprintf("packet %s at byte %s: %s", humanize.Comma(d.Packet), humanize.Comma(d.Offset), d.Why)
}

// Reader reads one capture. It is not safe for concurrent use.
type Reader struct {
	stream  *stream
	file    *file
	unpack  unpacker
	records records
	format  string
	packets int64
	ended   error
}

// records is one of the two formats. next fills p with the next packet; its errors are io.EOF at a clean end, the failure to read, and
// a *Damage without a packet number.
type records interface {
	next(p *Packet) error
	interfaces() Interfaces
}

// Interfaces sums up where the packets were captured, as far as the file has been read.
type Interfaces struct {
	// Links are the link types of all interfaces, in order of first appearance.
	Links []packet.LinkType
	// SnapLength is the longest of the interfaces' snap lengths in bytes, 0 when one of them has no limit.
	SnapLength uint32
}

// NewReader recognises the format from the first bytes. size is the length of the file in bytes where it is known and
// 0 otherwise: it makes messages better, nothing else. The reader gives up with ctx.Err() soon after ctx is done: ctx belongs to the whole
// life of the reader.
//
// The error says what the file is when it is no capture. r is not closed by the reader.
func NewReader(ctx context.Context, r io.Reader, size int64) (*Reader, error) {
	f := &file{source: r}
	s := newStream(ctx, f, size)
	c := &Reader{stream: s, file: f, unpack: unpackerOf(s.peek(4))}
	if c.unpack != nil {
		if err := c.decompress(ctx, s); err != nil {
			return nil, err
		}
		s = c.stream
	}
	head := s.peek(recognise)
	if s.failed != nil {
		c.Close()
		return nil, s.failed
	}
	var err error
	switch {
	case bytes.HasPrefix(head, []byte(sectionMagic)):
		c.format, c.records = "pcapng", newPcapNG(s)
	case pcapVariantOf(head) != nil:
		c.format = "pcap"
		c.records, err = newPcap(s)
	default:
		err = foreign(head, s, c.Compression())
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// decompress puts the decompressor between the file and the reader's stream.
func (r *Reader) decompress(ctx context.Context, compressed *stream) error {
	content, err := r.unpack.open(compressed)
	if compressed.failed != nil {
		return compressed.failed
	}
	if err != nil {
		return fmt.Errorf("this begins as a %s file and cannot be decompressed: %s", r.unpack.name(), r.unpack.explain(err))
	}
	r.stream = newStream(ctx, content, 0)
	r.stream.below, r.stream.explain = compressed, r.unpack.explain
	return nil
}

// Next fills p with the next packet in file order. It returns io.EOF after the last one, a *Damage where the file stops making sense,
// and any other error when the file could not be read (the disk, the context). After an error it returns the same error again.
func (r *Reader) Next(p *Packet) error {
	if r.ended != nil {
		return r.ended
	}
	err := r.records.next(p)
	if err == nil {
		r.packets++
		return nil
	}
	if d, ok := err.(*Damage); ok {
		d.Packet = r.packets + 1
	}
	r.ended = err
	return err
}

// Format is "pcap" or "pcapng".
func (r *Reader) Format() string { return r.format }

// Compression is "gzip", "zstd" or "".
func (r *Reader) Compression() string {
	if r.unpack == nil {
		return ""
	}
	return r.unpack.name()
}

// Interfaces returns what is known of the interfaces so far: complete after the last packet.
func (r *Reader) Interfaces() Interfaces { return r.records.interfaces() }

// Consumed is how many bytes of the file (as it is stored, compressed) have been read. It runs ahead of the packets by the buffers.
func (r *Reader) Consumed() int64 { return r.file.read }

// Close frees the decompressor; the reader must not be used afterwards.
func (r *Reader) Close() {
	if r.unpack != nil {
		r.unpack.close()
	}
}
