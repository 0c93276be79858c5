package packet

import "fmt"

// LinkType is what a capture says the packets begin with: a LINKTYPE_ value of tcpdump.org, without the FCS bits.
type LinkType uint32

// Link types that Decode knows.
const (
	Null        LinkType = 0 // BSD loopback: the address family in the byte order of the host that captured
	Ethernet    LinkType = 1
	FDDI        LinkType = 10
	RawBSD      LinkType = 12 // DLT_RAW of most systems, found in files though it should not be
	RawOpenBSD  LinkType = 14
	Raw         LinkType = 101
	Loop        LinkType = 108 // OpenBSD loopback: as Null, in network byte order
	LinuxCooked LinkType = 113
	RawIPv4     LinkType = 228
	RawIPv6     LinkType = 229
	LinuxSLL2   LinkType = 276
)

// Supported says whether Decode can find IP packets behind this link type.
func (t LinkType) Supported() bool {
	switch t {
	case Null, Ethernet, FDDI, RawBSD, RawOpenBSD, Raw, Loop, LinuxCooked, RawIPv4, RawIPv6, LinuxSLL2:
		return true
	}
	return false
}

// String gives the name of the common link types and the number of the others.
func (t LinkType) String() string {
	switch t {
	case Null:
		return "BSD loopback"
	case Ethernet:
		return "Ethernet"
	case 6:
		return "Token Ring"
	case 7:
		return "ARCNET"
	case 8:
		return "SLIP"
	case 9:
		return "PPP"
	case FDDI:
		return "FDDI"
	case RawBSD, RawOpenBSD, Raw:
		return "raw IP"
	case 50:
		return "PPP in HDLC framing"
	case 51:
		return "PPPoE"
	case 100:
		return "ATM"
	case 104:
		return "Cisco HDLC"
	case 105:
		return "IEEE 802.11"
	case 107:
		return "Frame Relay"
	case Loop:
		return "OpenBSD loopback"
	case LinuxCooked:
		return "Linux cooked"
	case 117:
		return "OpenBSD pflog"
	case 119:
		return "IEEE 802.11 with Prism header"
	case 127:
		return "IEEE 802.11 with radiotap header"
	case 187, 201:
		return "Bluetooth HCI"
	case 189, 220:
		return "USB"
	case 192:
		return "PPI"
	case 195, 215, 230:
		return "IEEE 802.15.4"
	case 227:
		return "CAN bus"
	case RawIPv4:
		return "raw IPv4"
	case RawIPv6:
		return "raw IPv6"
	case 231:
		return "D-Bus"
	case 239:
		return "NFLOG"
	case 253:
		return "Netlink"
	case LinuxSLL2:
		return "Linux cooked v2"
	}
	return fmt.Sprintf("link type %d", uint32(t))
}
