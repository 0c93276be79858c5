package synthetic

import (
	"bytes"
	"io"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// gopacket, which knows nothing of this package, must find in every frame what the truth says.
func TestAgainstGopacket(t *testing.T) {
	for _, address := range []string{
		"synthetic://backbone?seconds=15&vlan=0.2&ipv6=0.4",
		"synthetic://backbone?seconds=15&ipv6=1&snaplen=128",
		"synthetic://backbone?seconds=5&ipv6=0.5&vlan=0.5&snaplen=76",
		"synthetic://backbone?seconds=2&snaplen=65535",
	} {
		o, err := Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		var truth []Record
		if _, err := o.Each(t.Context(), &file, func(r Record) { truth = append(truth, r) }); err != nil {
			t.Fatal(err)
		}
		r, err := pcapgo.NewReader(&file)
		if err != nil || r.LinkType() != layers.LinkTypeEthernet || int(r.Snaplen()) != o.Snap {
			t.Fatalf("%s: %v, link type %v, snap length %d", address, err, r.LinkType(), r.Snaplen())
		}
		for i := 0; ; i++ {
			data, ci, err := r.ReadPacketData()
			if err == io.EOF {
				if i != len(truth) {
					t.Errorf("%s: %d packets, truth %d", address, i, len(truth))
				}
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			compare(t, i, truth[i], data, ci)
		}
	}
}

// compare checks one frame: lengths, time, tags, families, protocol, ports and checksums.
func compare(t *testing.T, i int, want Record, data []byte, ci gopacket.CaptureInfo) {
	t.Helper()
	if ci.Length != want.Wire || ci.CaptureLength != want.Captured || ci.Timestamp.UnixNano() != want.Time {
		t.Fatalf("packet %d: %+v, expected %+v", i, ci, want)
	}
	p := gopacket.NewPacket(data, layers.LayerTypeEthernet, gopacket.DecodeOptions{Lazy: false, NoCopy: true})
	got := Record{Time: want.Time, Wire: want.Wire, Captured: want.Captured}
walk:
	for _, l := range p.Layers() {
		switch l := l.(type) {
		case *layers.GRE:
			break walk // what follows is in a tunnel
		case *layers.Dot1Q:
			got.Tags++
		case *layers.IPv4:
			got.Family, got.Protocol, got.Fragment = 4, uint8(l.Protocol), l.FragOffset > 0
			if !want.Damaged && sum16(l.Contents) != 0xffff {
				t.Errorf("packet %d: IPv4 checksum", i)
			}
			if int(l.Length) > ci.Length-14-4*got.Tags {
				t.Errorf("packet %d: IP length %d in a frame of %d", i, l.Length, ci.Length)
			}
		case *layers.IPv6:
			got.Family, got.Protocol = 6, uint8(l.NextHeader)
			if l.HopByHop != nil { // gopacket decodes it as part of this layer too
				got.Protocol = uint8(l.HopByHop.NextHeader)
			}
		case *layers.IPv6HopByHop:
			got.Extensions++
			got.Protocol = uint8(l.NextHeader)
		case *layers.IPv6Destination:
			got.Extensions++
			got.Protocol = uint8(l.NextHeader)
		case *layers.IPv6Fragment:
			got.Extensions++
			got.Protocol, got.Fragment = uint8(l.NextHeader), l.FragmentOffset > 0
		case *layers.TCP:
			if len(l.Contents) == 0 {
				break walk // cut: gopacket wants the whole header, the truth only the ports
			}
			got.Ports, got.Source, got.Target = true, uint16(l.SrcPort), uint16(l.DstPort)
		case *layers.UDP:
			if len(l.Contents) == 0 {
				break walk
			}
			got.Ports, got.Source, got.Target = true, uint16(l.SrcPort), uint16(l.DstPort)
		}
	}
	if want.Damaged { // what gopacket makes of it is its own affair
		if data[14]&0x0f >= 5 {
			t.Errorf("packet %d is not damaged", i)
		}
		return
	}
	if !got.Ports && want.Ports && (p.ErrorLayer() != nil || p.Layer(gopacket.LayerTypeFragment) != nil) {
		got.Ports, got.Source, got.Target = want.Ports, want.Source, want.Target
	}
	if got != want {
		t.Fatalf("packet %d: gopacket finds %+v, truth is %+v\n%s", i, got, want, p.Dump())
	}
	if want.Protocol == protocolTCP {
		checksum(t, i, p)
	}
}

// checksum verifies that of a TCP segment whose payload, removed, was zeros.
func checksum(t *testing.T, i int, p gopacket.Packet) {
	tcp, ok := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
	if !ok || len(tcp.Contents) < 4*int(tcp.DataOffset) || len(tcp.Contents) == 0 { // cut
		return
	}
	var pseudo []byte
	length := 0
	switch ip := p.NetworkLayer().(type) {
	case *layers.IPv4:
		pseudo = append(append(pseudo, ip.SrcIP...), ip.DstIP...)
		length = int(ip.Length) - 20
	case *layers.IPv6:
		if ip.HopByHop != nil || ip.NextHeader != layers.IPProtocolTCP {
			return
		}
		pseudo = append(append(pseudo, ip.SrcIP...), ip.DstIP...)
		length = int(ip.Length)
	}
	pseudo = append(pseudo, 0, protocolTCP, byte(length>>8), byte(length))
	if sum16(append(pseudo, tcp.Contents...)) != 0xffff {
		t.Fatalf("packet %d: TCP checksum", i)
	}
}

// sum16 is the Internet checksum's one's complement sum, byte by byte as RFC 1071 describes it.
func sum16(b []byte) uint16 {
	total := 0
	for i, v := range b {
		if i%2 == 0 {
			total += int(v) << 8
		} else {
			total += int(v)
		}
		if total > 0xffff {
			total -= 0xffff
		}
	}
	return uint16(total)
}
