package packet_test

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"weir/internal/capture"
	"weir/internal/packet"
)

// TestOracle compares with another decoder on every packet of the real captures that it understands: the first IP layer behind Ethernet, VLAN
// tags, PPPoE, MPLS, Linux cooked and raw IP. It knows no LLC/SNAP in tagged frames, and refuses cut packets that we count.
func TestOracle(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "data", "captures")
	if _, err := os.Stat(root); err != nil {
		t.Skip("no reference data in ../shared")
	}
	compared, different := 0, 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".tsv") {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		r, err := capture.NewReader(context.Background(), f, 0)
		if err != nil {
			return err
		}
		var p capture.Packet
		for n := 1; n <= 2000 && different < 20; n++ { // the beginning of each file is enough here
			if err := r.Next(&p); err == io.EOF {
				break
			} else if err != nil {
				return err
			}
			theirs := gopacket.NewPacket(p.Data, decoder(p.Link), gopacket.DecodeOptions{NoCopy: true, Lazy: true})
			switch difference(&p, theirs) {
			case "":
				compared++
			case "unknown":
			default:
				different++
				t.Errorf("%s packet %d: %s", filepath.Base(path), n, difference(&p, theirs))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d packets compared", compared)
}

func decoder(link packet.LinkType) gopacket.Decoder {
	switch link {
	case packet.Raw, packet.RawBSD, packet.RawOpenBSD:
		return layers.LinkTypeRaw
	}
	return layers.LinkType(link)
}

// difference is "" for equal answers and "unknown" where the oracle has none.
func difference(p *capture.Packet, theirs gopacket.Packet) string {
	var h packet.Header
	ours := packet.Decode(p.Link, p.Data, &h)
	for _, l := range theirs.Layers() {
		switch ip := l.(type) {
		case *layers.IPv4:
			if ours != packet.OK {
				return "not IP: " + ours.String()
			}
			if h.Family != packet.IPv4 || !bytes.Equal(h.Src, ip.SrcIP) || !bytes.Equal(h.Dst, ip.DstIP) || h.Protocol != uint8(ip.Protocol) {
				return "another IPv4 header"
			}
			if ip.FragOffset != 0 && h.HasPorts {
				return "ports in a later fragment"
			}
			return transport(&h, ip.Payload, ip.FragOffset == 0)
		case *layers.IPv6:
			if ours != packet.OK {
				return "not IP: " + ours.String()
			}
			if h.Family != packet.IPv6 || !bytes.Equal(h.Src, ip.SrcIP) || !bytes.Equal(h.Dst, ip.DstIP) {
				return "another IPv6 header"
			}
			if ip.NextHeader == layers.IPProtocolTCP || ip.NextHeader == layers.IPProtocolUDP {
				if h.Protocol != uint8(ip.NextHeader) {
					return "another protocol"
				}
				return transport(&h, ip.Payload, true)
			}
			return ""
		}
	}
	return "unknown"
}

func transport(h *packet.Header, payload []byte, first bool) string {
	has := first && len(payload) >= 4 && (h.Protocol == packet.TCP || h.Protocol == packet.UDP)
	if has != h.HasPorts {
		return "ports on one side only"
	}
	if has && (uint16(payload[0])<<8|uint16(payload[1]) != h.SrcPort || uint16(payload[2])<<8|uint16(payload[3]) != h.DstPort) {
		return "other ports"
	}
	if flags := has && h.Protocol == packet.TCP && len(payload) >= 14; flags != h.HasFlags || flags && h.TCPFlags != payload[13] {
		return "other TCP flags"
	}
	return ""
}

// TestLinks decodes packets that the other library has made, behind each kind of link layer.
func TestLinks(t *testing.T) {
	ip4 := &layers.IPv4{Version: 4, IHL: 5, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: []byte{10, 0, 0, 1}, DstIP: []byte{10, 0, 0, 2}}
	udp := &layers.UDP{SrcPort: 53, DstPort: 5353}
	ip6 := &layers.IPv6{Version: 6, NextHeader: layers.IPProtocolUDP, HopLimit: 9, SrcIP: []byte("0123456789abcdef"), DstIP: []byte("fedcba9876543210")}
	eth := func(t layers.EthernetType) *layers.Ethernet {
		return &layers.Ethernet{SrcMAC: []byte("abcdef"), DstMAC: []byte("ghijkl"), EthernetType: t}
	}
	tag := func(t layers.EthernetType) *layers.Dot1Q { return &layers.Dot1Q{VLANIdentifier: 7, Type: t} }
	raw := func(s string) gopacket.SerializableLayer { return gopacket.Payload(s) }
	const v4, v6 = layers.EthernetTypeIPv4, layers.EthernetTypeIPv6
	type stack []gopacket.SerializableLayer
	for name, c := range map[string]struct {
		link   packet.LinkType
		layers stack
		want   packet.Reason
	}{
		"ethernet":            {packet.Ethernet, stack{eth(v4), ip4, udp}, packet.OK},
		"ethernet 6":          {packet.Ethernet, stack{eth(v6), ip6, udp}, packet.OK},
		"802.1Q":              {packet.Ethernet, stack{eth(layers.EthernetTypeDot1Q), tag(v4), ip4, udp}, packet.OK},
		"802.1ad":             {packet.Ethernet, stack{eth(layers.EthernetTypeQinQ), tag(layers.EthernetTypeDot1Q), tag(v6), ip6, udp}, packet.OK},
		"0x9100":              {packet.Ethernet, stack{eth(0x9100), tag(0x9100), tag(layers.EthernetTypeDot1Q), tag(v4), ip4, udp}, packet.OK},
		"MPLS":                {packet.Ethernet, stack{eth(layers.EthernetTypeMPLSUnicast), &layers.MPLS{Label: 9}, &layers.MPLS{Label: 8, StackBottom: true}, ip6, udp}, packet.OK},
		"MPLS multicast":      {packet.Ethernet, stack{eth(0x8848), &layers.MPLS{Label: 8, StackBottom: true}, ip4, udp}, packet.OK},
		"MPLS, other":         {packet.Ethernet, stack{eth(0x8847), &layers.MPLS{Label: 8, StackBottom: true}, raw("\x00\x00")}, packet.NotIP},
		"MPLS without end":    {packet.Ethernet, stack{eth(0x8847), &layers.MPLS{Label: 8}}, packet.NoHeader},
		"PPPoE":               {packet.Ethernet, stack{eth(0x8864), raw("\x11\x00\x00\x01\x00\x20\x00\x21"), ip4, udp}, packet.OK},
		"PPPoE 6, compressed": {packet.Ethernet, stack{eth(0x8864), raw("\x11\x00\x00\x01\x00\x20\x57"), ip6, udp}, packet.OK},
		"PPPoE MPLS":          {packet.Ethernet, stack{eth(0x8864), raw("\x11\x00\x00\x01\x00\x20\x02\x81"), &layers.MPLS{StackBottom: true}, ip4, udp}, packet.OK},
		"PPPoE LCP":           {packet.Ethernet, stack{eth(0x8864), raw("\x11\x00\x00\x01\x00\x20\xc0\x21")}, packet.PPPControl},
		"PPPoE discovery":     {packet.Ethernet, stack{eth(0x8863), raw("\x11\x09")}, packet.PPPControl},
		"SNAP":                {packet.Ethernet, stack{eth(0x0026), raw("\xaa\xaa\x03\x00\x00\x00\x08\x00"), ip4, udp}, packet.OK},
		"SNAP with a tag":     {packet.Ethernet, stack{eth(0x0026), raw("\xaa\xaa\x03\x00\x00\x00\x81\x00\x00\x01\x08\x00"), ip4, udp}, packet.OK},
		"SNAP, other OUI":     {packet.Ethernet, stack{eth(0x0026), raw("\xaa\xaa\x03\x00\x00\x0c\x20\x00")}, packet.LLC},
		"spanning tree":       {packet.Ethernet, stack{eth(0x0026), raw("\x42\x42\x03\x00\x00\x00\x00\x00")}, packet.LLC},
		"ARP":                 {packet.Ethernet, stack{eth(layers.EthernetTypeARP), raw("x")}, packet.ARP},
		"LLDP":                {packet.Ethernet, stack{eth(0x88cc), raw("x")}, packet.LLDP},
		"EAPOL":               {packet.Ethernet, stack{eth(0x888e), raw("x")}, packet.EAPOL},
		"RARP":                {packet.Ethernet, stack{eth(0x8035), raw("x")}, packet.RARP},
		"other":               {packet.Ethernet, stack{eth(0x8100), tag(0x1234)}, packet.NotIP},
		"cooked":              {packet.LinuxCooked, stack{raw("0123456789abcd\x08\x00"), ip4, udp}, packet.OK},
		"cooked 802.2":        {packet.LinuxCooked, stack{raw("0123456789abcd\x00\x04\xaa\xaa\x03\x00\x00\x00\x86\xdd"), ip6, udp}, packet.OK},
		"cooked 802.3":        {packet.LinuxCooked, stack{raw("0123456789abcd\x00\x05\xaa\xaa\x03\x00\x00\x00\x86\xdd"), ip6, udp}, packet.NotIP},
		"cooked 2":            {packet.LinuxSLL2, stack{raw("\x86\xdd23456789abcdefghij"), ip6, udp}, packet.OK},
		"raw":                 {packet.Raw, stack{ip6, udp}, packet.OK},
		"raw BSD":             {packet.RawBSD, stack{ip4, udp}, packet.OK},
		"raw 4":               {packet.RawIPv4, stack{ip4, udp}, packet.OK},
		"null, little":        {packet.Null, stack{raw("\x02\x00\x00\x00"), ip4, udp}, packet.OK},
		"null, big, 6":        {packet.Null, stack{raw("\x00\x00\x00\x1e"), ip6, udp}, packet.OK},
		"loop":                {packet.Loop, stack{raw("\x00\x00\x00\x18"), ip6, udp}, packet.OK},
		"null, other":         {packet.Null, stack{raw("\x07\x00\x00\x00"), ip4, udp}, packet.NotIP},
		"FDDI":                {packet.FDDI, stack{raw("P012345abcdef\xaa\xaa\x03\x00\x00\x00\x08\x00"), ip4, udp}, packet.OK},
		"6 in 4 by type":      {packet.Ethernet, stack{eth(v4), ip6, udp}, packet.BadVersion},
		"802.11":              {105, stack{ip4, udp}, packet.BadLink},
	} {
		b := gopacket.NewSerializeBuffer()
		if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true}, c.layers...); err != nil {
			t.Fatal(err)
		}
		var h packet.Header
		data := b.Bytes()
		if got := packet.Decode(c.link, data, &h); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
			continue
		}
		if c.want != packet.OK {
			continue
		}
		src := string(ip4.SrcIP)
		if h.Family == packet.IPv6 {
			src = string(ip6.SrcIP)
		}
		if string(h.Src) != src || h.Protocol != packet.UDP || !h.HasPorts || h.SrcPort != 53 || h.DstPort != 5353 {
			t.Errorf("%s: %+v", name, h)
		}
		// Cut anywhere, it is a packet without ports, or none.
		for n := range data {
			var cut packet.Header
			if packet.Decode(c.link, data[:n:n], &cut) == packet.OK && (string(cut.Src) != src || cut.HasPorts && cut.DstPort != h.DstPort) {
				t.Errorf("%s cut at %d: %+v", name, n, cut)
			}
		}
	}
}
