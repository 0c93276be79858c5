package synthetic

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"time"
)

// Truth is what a decoder has to find in a generated capture.
type Truth struct {
	Packets   int64 // in the file
	Rows      int64 // IP packets with a sound header; Packets = Rows + ARP + Damaged
	ARP       int64
	Damaged   int64 // IPv4 with IHL below 5
	IPv4      int64 // of Rows, and so the following
	IPv6      int64
	TCP       int64
	UDP       int64
	Other     int64
	Fragments int64 // all but first fragments
	Extended  int64 // IPv6 with extension headers
	Tagged    int64 // VLAN and QinQ
	QinQ      int64

	WireBytes, CapturedBytes int64 // of Rows
	First, Last              int64 // ns, Unix time, of all packets in the file
	FileBytes                int64

	Series []Second // every second of the clock that the capture touches
}

// Second sums the rows of one second of the clock.
type Second struct {
	Time                         int64 // its start, ns, Unix time
	Wire, Captured, Packets      int64
	WireTCP, WireUDP, WireOther  int64
	TCPPackets, UDPPackets, Rest int64
}

// Write generates the capture. each, when not nil, is called once per second of the capture with how many seconds are done. The context is checked as
// often. An error is the writer's or the context's; what was written until then is no whole capture.
func (o Options) Write(ctx context.Context, w io.Writer, each func(seconds int)) (Truth, error) {
	return o.generate(ctx, w, each, nil)
}

// Each is Write which also tells what every packet is, in the order of the file.
func (o Options) Each(ctx context.Context, w io.Writer, packet func(Record)) (Truth, error) {
	return o.generate(ctx, w, nil, packet)
}

func (o Options) generate(ctx context.Context, w io.Writer, each func(int), tell func(Record)) (Truth, error) {
	var truth Truth
	if err := o.check(); err != nil {
		return truth, err
	}
	out := bufio.NewWriterSize(w, 1<<18)
	if _, err := out.Write(fileHeader(o.Snap)); err != nil {
		return truth, err
	}
	truth.FileBytes = 24
	truth.seconds(o)
	l := newLink(o)
	var f frame
	payload := make([]byte, o.Snap)
	for passed := int64(0); ; l.done() {
		s := l.next()
		if s == nil {
			break
		}
		if s.at/1_000_000 > passed {
			passed = s.at / 1_000_000
			if err := ctx.Err(); err != nil {
				return truth, err
			}
			if each != nil {
				each(int(passed))
			}
		}
		f.layOut(s, l.send(s))
		if err := f.write(out, l.begin+s.at, o.Snap, payload); err != nil {
			return truth, err
		}
		truth.add(&f.record)
		if tell != nil {
			tell(f.record)
		}
	}
	if each != nil {
		each(o.Seconds)
	}
	return truth, out.Flush()
}

// fileHeader is that of a classic pcap file: little-endian, version 2.4, UTC, Ethernet.
func fileHeader(snap int) []byte {
	h := make([]byte, 24)
	binary.LittleEndian.PutUint32(h, 0xa1b2c3d4)
	binary.LittleEndian.PutUint16(h[4:], 2)
	binary.LittleEndian.PutUint16(h[6:], 4)
	binary.LittleEndian.PutUint32(h[16:], uint32(snap))
	binary.LittleEndian.PutUint32(h[20:], 1)
	return h
}

// write appends the frame as one record of the file. The writer keeps its first error for Flush, so only that one is looked at.
func (f *frame) write(out *bufio.Writer, at int64, snap int, zeros []byte) error {
	captured := min(f.kept, snap)
	f.record.Time, f.record.Wire, f.record.Captured = at*1000, f.wire, captured
	head := &f.head
	binary.LittleEndian.PutUint32(head[0:], uint32(at/1_000_000))
	binary.LittleEndian.PutUint32(head[4:], uint32(at%1_000_000))
	binary.LittleEndian.PutUint32(head[8:], uint32(captured))
	binary.LittleEndian.PutUint32(head[12:], uint32(f.wire))
	out.Write(head[:])
	known := min(captured, len(f.bytes))
	_, err := out.Write(f.bytes[:known])
	if captured > known {
		_, err = out.Write(zeros[:captured-known])
	}
	return err
}

// seconds makes the grid that add fills.
func (t *Truth) seconds(o Options) {
	first := o.Start.Truncate(time.Microsecond).Unix()
	last := (o.Start.UnixMicro() + int64(o.Seconds)*1_000_000 - 1) / 1_000_000
	for s := first; s <= last; s++ {
		t.Series = append(t.Series, Second{Time: s * int64(time.Second)})
	}
}

// add counts one packet.
func (t *Truth) add(r *Record) {
	if t.Packets == 0 {
		t.First = r.Time
	}
	t.Last = r.Time
	t.Packets++
	t.FileBytes += 16 + int64(r.Captured)
	switch {
	case r.Damaged:
		t.Damaged++
		return
	case r.Family == 0:
		t.ARP++
		return
	}
	t.Rows++
	s := &t.Series[(r.Time-t.Series[0].Time)/int64(time.Second)]
	wire := int64(r.Wire)
	switch r.Protocol {
	case protocolTCP:
		t.TCP++
		s.WireTCP += wire
		s.TCPPackets++
	case protocolUDP:
		t.UDP++
		s.WireUDP += wire
		s.UDPPackets++
	default:
		t.Other++
		s.WireOther += wire
		s.Rest++
	}
	t.family(r)
	t.WireBytes += wire
	t.CapturedBytes += int64(r.Captured)
	s.Wire += wire
	s.Captured += int64(r.Captured)
	s.Packets++
}

func (t *Truth) family(r *Record) {
	if r.Family == 4 {
		t.IPv4++
	} else {
		t.IPv6++
	}
	if r.Fragment {
		t.Fragments++
	}
	if r.Extensions > 0 {
		t.Extended++
	}
	if r.Tags > 0 {
		t.Tagged++
	}
	if r.Tags == 2 {
		t.QinQ++
	}
}
