package capture_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"

	"weir/internal/capture"
)

// file builds captures byte by byte.
type file struct {
	binary.AppendByteOrder
	b []byte
}

func little() *file { return &file{AppendByteOrder: binary.LittleEndian} }
func big() *file    { return &file{AppendByteOrder: binary.BigEndian} }

func (f *file) u16(v ...uint16) *file {
	for _, n := range v {
		f.b = f.AppendUint16(f.b, n)
	}
	return f
}

func (f *file) u32(v ...uint32) *file {
	for _, n := range v {
		f.b = f.AppendUint32(f.b, n)
	}
	return f
}

func (f *file) u64(v uint64) *file { f.b = f.AppendUint64(f.b, v); return f }
func (f *file) raw(s string) *file { f.b = append(f.b, s...); return f }

// block appends a pcapng block.
func (f *file) block(kind uint32, body *file) *file {
	padded := append(body.b, make([]byte, -len(body.b)&3)...)
	f.u32(kind, uint32(len(padded)+12))
	f.b = append(f.b, padded...)
	return f.u32(uint32(len(padded) + 12))
}

func (f *file) same() *file { return &file{AppendByteOrder: f.AppendByteOrder} }

func (f *file) section() *file {
	return f.block(0x0a0d0d0a, f.same().u32(0x1a2b3c4d).u16(1, 0).u64(1<<64-1))
}

// networkInterface appends an interface description; options are raw.
func (f *file) networkInterface(link uint16, snap uint32, options string) *file {
	return f.block(1, f.same().u16(link, 0).u32(snap).raw(options))
}

func (f *file) enhanced(number uint32, ticks uint64, data string) *file {
	return f.block(6, f.same().u32(number, uint32(ticks>>32), uint32(ticks), uint32(len(data)), uint32(len(data)+1)).raw(data))
}

func pcapFile(f *file, magic uint32) *file {
	return f.u32(magic).u16(2, 4).u32(0, 0, 65535, 1)
}

// read reads all packets of a capture; Data is copied.
func read(t testing.TB, content []byte) (packets []capture.Packet, r *capture.Reader, err error) {
	// Two bytes a read, so that every boundary is met.
	r, err = capture.NewReader(context.Background(), iotest.OneByteReader(bytes.NewReader(content)), int64(len(content)))
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	for {
		var p capture.Packet
		if err := r.Next(&p); err == io.EOF {
			return packets, r, nil
		} else if err != nil {
			if again := r.Next(&p); again != err {
				t.Errorf("after %v came %v", err, again)
			}
			return packets, r, err
		}
		p.Data = bytes.Clone(p.Data)
		packets = append(packets, p)
	}
}

func TestPcap(t *testing.T) {
	for _, c := range []struct {
		f        *file
		magic    uint32
		modified bool
		want     int64
	}{
		{little(), 0xa1b2c3d4, false, 5_000_007_000}, {big(), 0xa1b2c3d4, false, 5_000_007_000},
		{little(), 0xa1b23c4d, false, 5_000_000_007}, {big(), 0xa1b23c4d, false, 5_000_000_007},
		{little(), 0xa1b2cd34, true, 5_000_007_000}, {big(), 0xa1b2cd34, true, 5_000_007_000},
	} {
		pcapFile(c.f, c.magic)
		for _, data := range []string{"", "abc", "defgh"} {
			c.f.u32(5, 7, uint32(len(data)), 100)
			if c.modified {
				c.f.u32(0, 0)
			}
			c.f.raw(data)
		}
		packets, r, err := read(t, c.f.b)
		if err != nil || len(packets) != 3 || r.Format() != "pcap" || r.Interfaces().SnapLength != 65535 {
			t.Fatalf("%x: %d packets, %v", c.magic, len(packets), err)
		}
		if p := packets[2]; p.Time != c.want || !p.HasTime || p.Captured != 5 || p.Wire != 100 || string(p.Data) != "defgh" || p.Link != 1 {
			t.Errorf("%x: %+v", c.magic, p)
		}
	}
}

func TestPcapNG(t *testing.T) {
	for _, f := range []*file{little(), big()} {
		f.section()
		f.networkInterface(1, 0, "") // microseconds
		resolution := f.same().u16(9, 1).raw("\x03\x00\x00\x00").u16(14, 8).u64(1<<63).u16(14, 8).u64(100).u16(0, 0)
		f.networkInterface(101, 4, string(resolution.b)) // milliseconds from 100 s on
		f.block(5, f.same().u32(0, 0, 0))                // statistics
		f.enhanced(0, 1_500_000, "one")
		f.enhanced(1, 2_500, "seven")
		f.block(2, f.same().u16(1, 9).u32(0, 1000, 2, 60).raw("ab")) // obsolete
		f.block(3, f.same().u32(6).raw("simple"))
		f.block(0x0bad, f.same().raw("custom"))
		// Another section of the other order, whose only interface has link type 113.
		g := big()
		if f.AppendByteOrder == binary.BigEndian {
			g = little()
		}
		g.section().networkInterface(113, 4, "").enhanced(0, 0, "").block(3, g.same().u32(60).raw("simple"))
		packets, r, err := read(t, append(f.b, g.b...))
		if err != nil || len(packets) != 6 {
			t.Fatalf("%d packets, %v", len(packets), err)
		}
		want := []capture.Packet{
			{Link: 1, Time: 1_500_000_000, HasTime: true, Captured: 3, Wire: 4, Data: []byte("one")},
			{Link: 101, Time: 102_500_000_000, HasTime: true, Captured: 5, Wire: 6, Data: []byte("seven")},
			{Link: 101, Time: 101_000_000_000, HasTime: true, Captured: 2, Wire: 60, Data: []byte("ab")},
			{Link: 1, Captured: 6, Wire: 6, Data: []byte("simple")},
			{Link: 113, HasTime: true, Wire: 1},
			{Link: 113, Captured: 4, Wire: 60, Data: []byte("simp")},
		}
		for i, w := range want {
			p := packets[i]
			if p.Link != w.Link || p.Time != w.Time || p.HasTime != w.HasTime || p.Captured != w.Captured || p.Wire != w.Wire || string(p.Data) != string(w.Data) {
				t.Errorf("packet %d: %+v, want %+v", i+1, p, w)
			}
		}
		if in := r.Interfaces(); len(in.Links) != 3 || in.Links[1] != 101 || in.SnapLength != 0 {
			t.Errorf("%+v", in)
		}
	}
}

// TestDamaged gives each kind of damage once: the packets before it, its place, and what is said.
func TestDamaged(t *testing.T) {
	pcap := func() *file { return pcapFile(little(), 0xa1b2c3d4).u32(1, 2, 3, 3).raw("abc") } // 43 bytes
	ng := func() *file { return little().section().networkInterface(1, 0, "").enhanced(0, 1, "abcd") }
	good := int64(len(ng().b))
	for _, c := range []struct {
		f      *file
		packet int64
		offset int64
		why    string
	}{
		{pcap().u32(1, 2), 2, 43, "8 bytes into a record header of 16"},
		{pcap().u32(1, 2, 9, 9).raw("abcd"), 2, 43, "the record claims 9 B, the file has 4 B left"},
		{pcap().u32(1, 2, 4_000_000_000, 9).raw("abcd"), 2, 43, "the record claims 4.0 GB, the file has 4 B left"},
		{pcapFile(pcap(), 0xa1b2c3d4).u32(1, 2, 3, 3).raw("abc"), 2, 43, "another pcap file begins here"},
		{ng().u32(6), 2, good, "4 bytes into a block header"},
		{ng().u32(6, 13, 0, 0), 2, good, "a block of 13 bytes cannot be"},
		{ng().u32(6, 8, 0, 0), 2, good, "a block of 8 bytes cannot be"},
		{ng().u32(6, 64, 0, 0), 2, good, "the block claims 64 B, the file has 16 B left"},
		{ng().u32(6, 1<<31, 0, 0), 2, good, "the block claims 2.1 GB, the file has 16 B left"},
		{ng().enhanced(1, 1, "x"), 2, good, "of interface 1, the section has 1"},
		{ng().section().enhanced(0, 1, "x"), 2, good + 28, "of interface 0, the section has 0"},
		{ng().section().block(3, little().u32(1)), 2, good + 28, "before any interface"},
		{ng().block(6, little().u32(0, 0, 0, 1)), 2, good, "a packet block of 16 bytes is too short"},
		{ng().block(6, little().u32(0, 0, 0, 5, 5, 0)), 2, good, "claims 5 B in a block that has room for 4 B"},
		{ng().block(3, little()), 2, good, "a simple packet block of 0 bytes"},
		{ng().block(1, little()), 2, good, "an interface description of 0 bytes"},
		{ng().u32(5, 16, 0, 20), 2, good, "16 at its beginning and 20 at its end"},
		{ng().u32(0x0a0d0d0a, 28, 7, 0, 0, 0, 28), 2, good, "byte order mark is 07 00 00 00"},
	} {
		packets, _, err := read(t, c.f.b)
		var d *capture.Damage
		if !errors.As(err, &d) {
			t.Errorf("%s: %v", c.why, err)
			continue
		}
		if len(packets) != 1 || d.Packet != c.packet || d.Offset != c.offset || !strings.Contains(d.Why, c.why) {
			t.Errorf("%d packets, then %v (want %q at %d)", len(packets), d, c.why, c.offset)
		}
	}
	mid := pcap().u32(1, 2, 1_900_000_000, 9)
	mid.b = append(mid.b, make([]byte, 100)...)
	r, err := capture.NewReader(context.Background(), bytes.NewReader(mid.b), 0)
	if err != nil {
		t.Fatal(err)
	}
	var p capture.Packet
	r.Next(&p)
	if err := r.Next(&p); err == nil || err.Error() != "packet 2 at byte 43: the record claims 1.9 GB, more than the 262,144 bytes that a packet of this file can have" {
		t.Error(err)
	}
}

func zip(parts ...[]byte) []byte {
	var b bytes.Buffer
	for _, p := range parts {
		w := gzip.NewWriter(&b)
		w.Write(p)
		w.Close()
	}
	return b.Bytes()
}

func TestCompressed(t *testing.T) {
	f := pcapFile(little(), 0xa1b2c3d4)
	for range 1000 {
		f.u32(1, 2, 3, 3).raw("abc")
	}
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	frames := z.EncodeAll(f.b[5000:], append([]byte("\x50\x2a\x4d\x18\x02\x00\x00\x00hi"), z.EncodeAll(f.b[:5000], nil)...))
	members := zip(f.b[:3], f.b[3:4000], nil, f.b[4000:])
	checksum := bytes.Clone(members)
	checksum[len(checksum)-5] ^= 1
	for _, c := range []struct {
		name    string
		content []byte
		packets int // -1: some
		why     string
	}{
		{"gzip", members, 1000, ""},
		{"zstd", frames, 1000, ""},
		{"gzip", append(bytes.Clone(members), make([]byte, 600)...), 1000, ""},
		{"gzip", append(bytes.Clone(members), "trailer"...), 1000, "something that is not gzip follows"},
		{"gzip", members[:len(members)-3], 1000, "the gzip file is cut off near byte"},
		{"gzip", members[:len(members)-12], -1, "the gzip file is cut off near byte"},
		{"gzip", checksum, 1000, "checksum or length does not match"},
		{"zstd", frames[:len(frames)-2], -1, "the zstd file is cut off"},
		{"zstd", append(bytes.Clone(frames), "trailer"...), 1000, "something that is not zstd follows"},
	} {
		packets, r, err := read(t, c.content)
		if r == nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if r.Compression() != c.name || c.packets >= 0 && len(packets) != c.packets || len(packets) == 0 {
			t.Errorf("%s, %d packets, want %s, %d", r.Compression(), len(packets), c.name, c.packets)
		}
		if c.why == "" && err != nil || c.why != "" && (err == nil || !strings.Contains(err.Error(), c.why)) {
			t.Errorf("%v, want %q", err, c.why)
		}
		if err == nil && r.Consumed() != int64(len(c.content)) {
			t.Errorf("consumed %d of %d bytes", r.Consumed(), len(c.content))
		}
	}
}

func TestForeign(t *testing.T) {
	text := func(s string) []byte { return []byte(s) }
	for _, c := range []struct {
		content []byte
		want    string
	}{
		{nil, "this is empty"},
		{text("<!DOCTYPE html><html>404"), "an HTML page"},
		{text(" \n<html>"), "an HTML page"},
		{text("<?xml version='1.0'?>"), "XML"},
		{text(`{"error": 1}`), "JSON"},
		{text("File opened.\nMär"), `text (it begins with "File opened.")`},
		{text("\x7fELF\x02"), "an ELF executable"},
		{text("PAR1\x15"), "a Parquet file"},
		{text("\xfd7zXZ\x00\x00"), "xz -d"},
		{text("BZh91AY"), "bzip2 -d"},
		{text("PK\x03\x04"), "a ZIP archive"},
		{make([]byte, 1000), "filled with zeros"},
		{text("\x01\x02\x03\x04\x05"), "it begins with 01 02 03 04"},
		{text("\xd4\xc3\xb2\xa1\x02"), "ends after 5 bytes"},
		{text("\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\x69\x00\x00\x00"), "IEEE 802.11 (105); expected Ethernet"},
		{zip(text("hello")), `this inside the gzip is text (it begins with "hello")`},
		{zip(zip(text("hello"))), "compressed twice"},
		{zip(nil), "this inside the gzip is empty"},
		{zip(text("hello"))[:8], "begins as a gzip file and cannot be decompressed"},
		{zip(text("hello"))[:12], "nothing can be read inside the gzip: the gzip file is cut off"},
		{text("\x28\xb5\x2f\xfd"), "nothing can be read inside the zstd: the zstd file is cut off"},
		{text("\x28\xb5\x2f\xfd\xa0\xff\xff\xff\xff\x01\x00\x00"), "needs a window of more than 32 MiB"},
	} {
		_, _, err := read(t, c.content)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "expected") && !strings.Contains(err.Error(), "begins as") {
			t.Errorf("%.20q: %v, want %q", c.content, err, c.want)
		}
	}
}

// TestFailure keeps apart what is wrong with the file and what is wrong with reading it.
func TestFailure(t *testing.T) {
	f := pcapFile(little(), 0xa1b2c3d4).u32(1, 2, 3, 3).raw("abc")
	disk := errors.New("disk")
	for _, content := range [][]byte{f.b[:40], zip(f.b[:40], f.b[40:])[:len(zip(f.b[:40]))+5]} {
		r, err := capture.NewReader(context.Background(), io.MultiReader(bytes.NewReader(content), iotest.ErrReader(disk)), 0)
		var p capture.Packet
		for err == nil {
			err = r.Next(&p)
		}
		if !errors.Is(err, disk) {
			t.Error(err)
		}
	}
	for len(f.b) < 3<<20 {
		f.u32(1, 2, 3, 3).raw("abc")
	}
	ctx, cancel := context.WithCancel(context.Background())
	r, err := capture.NewReader(ctx, bytes.NewReader(f.b), 0)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	var p capture.Packet
	for err == nil {
		err = r.Next(&p)
	}
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
