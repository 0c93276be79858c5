package capture_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"

	"weir/internal/capture"
	"weir/internal/packet"
)

// FuzzPcap and FuzzPcapNG hold for any bytes behind the magic number, and FuzzReader for any bytes at all: no panic, every packet within the
// file, an end that is io.EOF or a Damage at a place within the content, and the same packets however the bytes arrive.
func FuzzPcap(f *testing.F) {
	for _, magic := range []uint32{0xa1b2c3d4, 0xa1b23c4d, 0xa1b2cd34} {
		f.Add(pcapFile(little(), magic).u32(1, 2, 3, 3).raw("abc").u32(1, 2, 0, 60).b)
		f.Add(pcapFile(big(), magic).u32(1, 2, 3, 3, 0, 0).raw("abc").u32(1, 2, 1<<31, 60).b)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if len(content) >= 24 {
			copy(content[20:], "\x01\x00\x00\x00") // Ethernet, so that it is not refused at once
		}
		check(t, content)
	})
}

func FuzzPcapNG(f *testing.F) {
	for _, c := range []*file{little(), big()} {
		c.section().networkInterface(1, 96, "\x09\x00\x01\x00\x89\x00\x00\x00").enhanced(0, 1<<40, "abcde")
		c.block(3, c.same().u32(5).raw("abcde")).block(2, c.same().u16(0, 0).u32(0, 0, 1, 1).raw("a")).section()
		f.Add(c.b[28:])
	}
	f.Fuzz(func(t *testing.T, content []byte) { check(t, append(little().section().b, content...)) })
}

func FuzzReader(f *testing.F) {
	c := pcapFile(little(), 0xa1b2c3d4).u32(1, 2, 3, 3).raw("abc")
	f.Add(c.b)
	f.Add(zip(c.b[:30], c.b[30:]))
	z, err := zstd.NewWriter(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(z.EncodeAll(c.b, nil))
	f.Add([]byte("<html>"))
	f.Fuzz(check)
}

func check(t *testing.T, content []byte) {
	all := func(r io.Reader) (packets int, bytes int64, end error) {
		c, err := capture.NewReader(context.Background(), r, 0)
		if err != nil {
			return 0, 0, err
		}
		defer c.Close()
		var p capture.Packet
		var h packet.Header
		for {
			if err := c.Next(&p); err != nil {
				return packets, bytes, err
			}
			if int64(len(p.Data)) > int64(p.Captured) || len(p.Data) < int(p.Captured) && len(p.Data) < capture.MaxData {
				t.Errorf("%d bytes of data, %d captured", len(p.Data), p.Captured)
			}
			packet.Decode(p.Link, p.Data, &h)
			packets++
			bytes += int64(p.Captured)
		}
	}
	packets, read, end := all(bytes.NewReader(content))
	var damage *capture.Damage
	if errors.As(end, &damage) && (damage.Packet != int64(packets)+1 || damage.Offset < 0 || damage.Why == "") {
		t.Errorf("%d packets, then %v", packets, damage)
	}
	again, readAgain, endAgain := all(io.MultiReader(bytes.NewReader(content[:len(content)/3]), bytes.NewReader(content[len(content)/3:])))
	if packets != again || read != readAgain || end.Error() != endAgain.Error() {
		t.Errorf("in two parts: %d packets, %d bytes, %v; in one %d, %d, %v", again, readAgain, endAgain, packets, read, end)
	}
}
