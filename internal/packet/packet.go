// Package packet reads the headers of a captured packet, from the link layer to the ports: whose packet it is, to whom, and of
// which protocol. It sits between internal/capture, which yields records, and the decode stage, which makes a table of them.
//
//	var h packet.Header
//	if why := packet.Decode(record.Link, record.Data, &h); why == packet.OK {
//		use(h.Src, h.Dst, h.Protocol)
//	}
//
// An IP packet is the outermost IP header reached from the link layer through Ethernet II, 802.1Q, 802.1ad and 0x9100 tags, PPPoE
// session, MPLS (then by the version nibble), LLC/SNAP with OUI 0, Linux cooked v1 and v2, raw IP, BSD null/loopback and FDDI. What a
// tunnel carries (GRE, IP in IP, VXLAN, an ICMP error) is not looked at. The header must be decodable: 20 bytes (IPv6: 40) captured, the
// right version nibble, an IHL of at least 5, a total length of 0 or not below the IHL.
//
// It verifies no checksum, reassembles no fragment, and reads nothing beyond the ports and TCP's flags. It allocates nothing, takes time linear in the
// captured bytes, and cannot panic, whatever the bytes are.
package packet

// Families of Header.Family.
const (
	IPv4 = 4
	IPv6 = 6
)

// IANA protocol numbers that have ports here.
const (
	TCP = 6
	UDP = 17
)

// Header is what Decode finds. Src and Dst point into the packet's data.
type Header struct {
	Src, Dst []byte // 4 or 16 bytes
	Family   uint8  // IPv4 or IPv6
	// Protocol is the transport protocol: IPv4's field, or the number after IPv6's extension headers. It is the number of the extension
	// header itself where that header is cut off.
	Protocol uint8
	// HasPorts says that SrcPort and DstPort are there: TCP or UDP, not a later fragment, and four bytes of the transport header
	// captured within the IP length.
	HasPorts         bool
	SrcPort, DstPort uint16
	// HasFlags says that TCPFlags is there: TCP, not a later fragment, and fourteen bytes of the TCP header captured within the IP length.
	HasFlags bool
	TCPFlags uint8 // byte 13 of the TCP header (RFC 9293, 3.1): CWR, ECE, URG, ACK, PSH, RST, SYN, FIN from the highest bit
}

// Bits of Header.TCPFlags.
const (
	SYN = 0x02
	ACK = 0x10
)

// Reason says why a packet is not counted as an IP packet.
type Reason uint8

// Reasons. OK means that there is none.
const (
	OK         Reason = iota
	NotIP             // another protocol, which has no name below
	ARP               // EtherType 0x0806
	RARP              // EtherType 0x8035
	LLC               // an 802.3 frame without SNAP: spanning tree, IS-IS, IPX, ...
	LLDP              // EtherType 0x88cc
	EAPOL             // EtherType 0x888e
	PPPControl        // PPPoE discovery, or a PPP session packet that carries no IP
	NoHeader          // cut off before the IP header is complete
	BadVersion        // the version nibble contradicts the layer below
	BadIHL            // IPv4 header length below 20 bytes
	BadLength         // IPv4 total length below the header length
	BadLink           // a link type that Decode does not know
	reasons    int    = iota
)

// Reasons is the number of different values of Reason.
const Reasons = reasons

// String gives the reason as it is printed and as it is the key in decode.json.
func (r Reason) String() string {
	switch r {
	case OK:
		return "ok"
	case ARP:
		return "ARP"
	case RARP:
		return "RARP"
	case LLC:
		return "LLC"
	case LLDP:
		return "LLDP"
	case EAPOL:
		return "EAPOL"
	case PPPControl:
		return "PPP control"
	case NoHeader:
		return "cut before the IP header"
	case BadVersion:
		return "bad IP version"
	case BadIHL:
		return "bad IHL"
	case BadLength:
		return "bad IP total length"
	case BadLink:
		return "link type"
	}
	return "not IP"
}
