package packet

import "encoding/binary"

// EtherTypes that lead to IP, and those whose packets are named when they are skipped.
const (
	typeIPv4       = 0x0800
	typeARP        = 0x0806
	typeRARP       = 0x8035
	typeVLAN       = 0x8100
	typeIPv6       = 0x86dd
	typeMPLS       = 0x8847
	typeMPLSMulti  = 0x8848
	typePPPoE      = 0x8864
	typePPPoEStart = 0x8863
	typeEAPOL      = 0x888e
	typeQinQ       = 0x88a8
	typeLLDP       = 0x88cc
	typeOldQinQ    = 0x9100

	maxLLC = 1500 // an EtherType field up to this is an 802.3 length
	minLLC = 4    // below it no LLC header fits (Linux cooked uses 4 itself to say "802.2 follows")
)

// Decode finds the outermost IP header of a packet with the given link type. data is the captured part of the packet, from its
// first byte; h is filled when the reason is OK and undefined otherwise. h.Src and h.Dst are slices of data.
func Decode(link LinkType, data []byte, h *Header) Reason {
	switch link {
	case Ethernet:
		return etherType(data, 12, false, h)
	case LinuxCooked:
		return etherType(data, 14, true, h)
	case LinuxSLL2:
		if len(data) < 2 {
			return NoHeader
		}
		return payload(data, binary.BigEndian.Uint16(data), 20, true, h)
	case RawBSD, RawOpenBSD, Raw, RawIPv4, RawIPv6:
		return byNibble(data, 0, h)
	case Null, Loop:
		return loopback(data, h)
	case FDDI:
		return llc(data, 13, false, h)
	}
	return BadLink
}

// etherType reads the type at byte at and goes on behind it. cooked says that the frame came from Linux' cooked capture, where only a
// type of 4 announces LLC.
func etherType(d []byte, at int, cooked bool, h *Header) Reason {
	if at+2 > len(d) {
		return NoHeader
	}
	return payload(d, binary.BigEndian.Uint16(d[at:]), at+2, cooked, h)
}

// payload decodes what follows a type field; at is where it begins. Each tag moves at forward, so the loop ends with the data.
func payload(d []byte, kind uint16, at int, cooked bool, h *Header) Reason {
	for {
		switch kind {
		case typeIPv4:
			return ipv4(d, at, h)
		case typeIPv6:
			return ipv6(d, at, h)
		case typeVLAN, typeQinQ, typeOldQinQ:
			if at+4 > len(d) {
				return NoHeader
			}
			kind = binary.BigEndian.Uint16(d[at+2:])
			at += 4
			continue
		case typePPPoE:
			return ppp(d, at+6, h)
		case typeMPLS, typeMPLSMulti:
			return mpls(d, at, h)
		}
		if kind == minLLC || !cooked && kind > minLLC && kind <= maxLLC {
			if !isSNAP(d, at) {
				return LLC
			}
			if at+8 > len(d) {
				return NoHeader
			}
			kind = binary.BigEndian.Uint16(d[at+6:])
			at += 8
			continue
		}
		return otherType(kind)
	}
}

// otherType names the protocols that a reader of the summary knows.
func otherType(kind uint16) Reason {
	switch kind {
	case typeARP:
		return ARP
	case typeRARP:
		return RARP
	case typeLLDP:
		return LLDP
	case typeEAPOL:
		return EAPOL
	case typePPPoEStart:
		return PPPControl
	}
	return NotIP
}

// llc decodes an 802.2 header that must be SNAP with OUI 0 (RFC 1042) to lead to IP.
func llc(d []byte, at int, cooked bool, h *Header) Reason {
	if !isSNAP(d, at) {
		return LLC
	}
	return etherType(d, at+6, cooked, h)
}

func isSNAP(d []byte, at int) bool {
	return at+6 <= len(d) && d[at] == 0xaa && d[at+1] == 0xaa && d[at+2] == 3 && d[at+3] == 0 && d[at+4] == 0 && d[at+5] == 0
}

// loopback reads the address family of the host that captured: AF_INET is 2 everywhere, AF_INET6 is 10, 24, 28 or 30. Whichever byte
// order gives the smaller number is that host's.
func loopback(d []byte, h *Header) Reason {
	if len(d) < 4 {
		return NoHeader
	}
	switch min(binary.LittleEndian.Uint32(d), binary.BigEndian.Uint32(d)) {
	case 2:
		return ipv4(d, 4, h)
	case 10, 24, 28, 30:
		return ipv6(d, 4, h)
	}
	return NotIP
}

// ppp decodes the protocol field of a PPP packet without framing; it has one byte when that is odd (protocol field compression).
func ppp(d []byte, at int, h *Header) Reason {
	if at >= len(d) {
		return NoHeader
	}
	kind, size := uint16(d[at]), 1
	if kind&1 == 0 {
		if at+2 > len(d) {
			return NoHeader
		}
		kind, size = kind<<8|uint16(d[at+1]), 2
	}
	switch kind {
	case 0x0021:
		return ipv4(d, at+size, h)
	case 0x0057:
		return ipv6(d, at+size, h)
	case 0x0281:
		return mpls(d, at+size, h)
	}
	return PPPControl
}

// mpls walks the label stack to its bottom; the version nibble says what is below.
func mpls(d []byte, at int, h *Header) Reason {
	for ; at+4 <= len(d); at += 4 {
		if d[at+2]&1 != 0 {
			return byNibble(d, at+4, h)
		}
	}
	return NoHeader
}
