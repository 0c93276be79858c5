package packet

import (
	"strings"
	"testing"
)

// header6 is an IPv6 header with the given first extension header and payload.
func header6(next byte, payload string) []byte {
	b := make([]byte, 40, 40+len(payload))
	b[0], b[6] = 0x60, next
	b[4], b[5] = byte(len(payload)>>8), byte(len(payload))
	return append(b, payload...)
}

func TestExtensions(t *testing.T) {
	const tcp = "\x00\x50\x01\xbb12345678901234567890"
	for name, c := range map[string]struct {
		next     byte
		payload  string
		protocol uint8
		ports    bool
	}{
		"none":               {TCP, tcp, TCP, true},
		"hop by hop":         {hopByHop, "\x06\x00......" + tcp, TCP, true},
		"long destination":   {destination, "\x11\x01......--------" + tcp, UDP, true},
		"routing, fragment":  {routing, "\x2c\x00......\x06\x00\x00\x01...." + tcp, TCP, true},
		"later fragment":     {fragment, "\x06\x00\x00\x08...." + tcp, TCP, false},
		"later, more follow": {fragment, "\x3c\x00\x00\x09...." + tcp, destination, false},
		"authentication":     {authHeader, "\x06\x02......--------" + tcp, TCP, true},
		"mobility ends":      {mobility, "\x3b\x00......", mobility, false},
		"mobility goes on":   {mobility, "\x06\x00......" + tcp, TCP, true},
		"ESP":                {50, "\x06\x00......" + tcp, 50, false},
		"no next header":     {noNext, "", noNext, false},
		"cut":                {hopByHop, "\x06\x00.....", hopByHop, false},
		"beyond the end":     {hopByHop, "\x06\xff......" + tcp, TCP, false},
		"a long chain":       {hopByHop, strings.Repeat("\x00\x00......", 1000) + "\x06\x00......" + tcp, TCP, true},
	} {
		var h Header
		if why := Decode(Raw, header6(c.next, c.payload), &h); why != OK || h.Protocol != c.protocol || h.HasPorts != c.ports {
			t.Errorf("%s: %s, protocol %d, ports %v", name, why, h.Protocol, h.HasPorts)
		}
	}
}

// The flags are byte 13 of a TCP header, where that is captured, within the IP length and not a later fragment.
func TestFlags(t *testing.T) {
	const tcp = "\x00\x50\x01\xbb12345678\x50\x12"
	cut := header6(TCP, tcp)
	cut[5] = 13 // the IP length ends before the flags
	for name, c := range map[string]struct {
		data  []byte
		flags int // -1: none
	}{
		"whole":            {header6(TCP, tcp), SYN | ACK},
		"cut off":          {header6(TCP, tcp[:13]), -1},
		"beyond the end":   {cut, -1},
		"UDP":              {header6(UDP, tcp), -1},
		"first fragment":   {header6(fragment, "\x06\x00\x00\x01...."+tcp), SYN | ACK},
		"later fragment":   {header6(fragment, "\x06\x00\x00\x08...."+tcp), -1},
		"behind extension": {header6(hopByHop, "\x06\x00......"+tcp), SYN | ACK},
	} {
		h := Header{HasFlags: true, TCPFlags: 0xff} // what an earlier packet left
		if why := Decode(Raw, c.data, &h); why != OK || h.HasFlags != (c.flags >= 0) || h.HasFlags && int(h.TCPFlags) != c.flags || !h.HasFlags && h.TCPFlags != 0 {
			t.Errorf("%s: %s, %+v", name, why, h)
		}
	}
}

func TestIPv4(t *testing.T) {
	build := func(ihl byte, total uint16, offset uint16, rest string) []byte {
		b := make([]byte, 20)
		b[0], b[9] = 0x40|ihl, UDP
		b[2], b[3] = byte(total>>8), byte(total)
		b[6], b[7] = byte(offset>>8), byte(offset)
		return append(b, rest...)
	}
	const udp = "\x00\x35\x14\xe9\x00\x08\x00\x00"
	for name, c := range map[string]struct {
		data  []byte
		want  Reason
		ports bool
	}{
		"plain":              {build(5, 28, 0, udp), OK, true},
		"segmented":          {build(5, 0, 0, udp), OK, true},
		"total too long":     {build(5, 9000, 0, udp), OK, true},
		"padding":            {build(5, 20, 0, udp), OK, false},
		"ports cut":          {build(5, 28, 0, udp[:3]), OK, false},
		"options":            {build(6, 32, 0, "\x01\x01\x01\x01"+udp), OK, true},
		"options cut":        {build(15, 68, 0, udp), OK, false},
		"first fragment":     {build(5, 28, 0x2000, udp), OK, true},
		"later fragment":     {build(5, 28, 0x0001, udp), OK, false},
		"IHL of 4":           {build(4, 28, 0, udp), BadIHL, false},
		"total below header": {build(6, 23, 0, udp), BadLength, false},
		"header cut":         {build(5, 28, 0, "")[:19], NoHeader, false},
	} {
		var h Header
		if why := Decode(Raw, c.data, &h); why != c.want || h.HasPorts != c.ports {
			t.Errorf("%s: %s, ports %v", name, why, h.HasPorts)
		}
	}
}

// FuzzDecode looks for panics, and for headers that are not where the packet is.
func FuzzDecode(f *testing.F) {
	ether := "............"
	for _, seed := range []string{
		ether + "\x08\x00E\x00\x00\x1c\x00\x00\x00\x00\x40\x11\x00\x00aaaabbbb\x00\x35\x00\x36\x00\x08\x00\x00",
		ether + "\x81\x00\x00\x01\x88\x64\x11\x00\x00\x01\x00\x20\x00\x57`",
		ether + "\x88\x47\x00\x00\x01\x00E",
		ether + "\x00\x20\xaa\xaa\x03\x00\x00\x00\x86\xdd`",
		"\x02\x00\x00\x00E",
	} {
		f.Add(uint32(Ethernet), []byte(seed))
		f.Add(uint32(LinuxCooked), []byte(seed))
	}
	f.Add(uint32(Raw), header6(hopByHop, "\x2c\x00......\x06\x00\x00\x00....\x00\x50\x00\x51"))
	f.Add(uint32(Null), []byte("\x1e\x00\x00\x00`"))
	f.Fuzz(func(t *testing.T, link uint32, data []byte) {
		var h Header
		why := Decode(LinkType(link), data, &h)
		if why != OK {
			if why == BadLink && LinkType(link).Supported() {
				t.Error("a supported link type is refused")
			}
			return
		}
		if size := map[uint8]int{IPv4: 4, IPv6: 16}[h.Family]; size == 0 || len(h.Src) != size || len(h.Dst) != size {
			t.Errorf("%+v", h)
		}
		if h.HasPorts && h.Protocol != TCP && h.Protocol != UDP {
			t.Errorf("ports of protocol %d", h.Protocol)
		}
		// A byte more at the end of the capture moves no address.
		var again Header
		if Decode(LinkType(link), append(data[:len(data):len(data)], 0), &again) != OK || string(again.Src) != string(h.Src) {
			t.Error("another byte at the end changes the addresses")
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	data := append(make([]byte, 14), header6(TCP, "\x00\x50\x01\xbb12345678901234567890")...)
	data[12], data[13] = 0x86, 0xdd
	var h Header
	b.ReportAllocs()
	for b.Loop() {
		if Decode(Ethernet, data, &h) != OK {
			b.Fatal("not IP")
		}
	}
}
