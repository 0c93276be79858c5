package packet

import "encoding/binary"

const (
	ipv4Header = 20
	ipv6Header = 40
)

// IPv6 extension headers that Decode walks through (RFC 8200, 4302, 6275, 7401, 5533).
const (
	hopByHop    = 0
	routing     = 43
	fragment    = 44
	authHeader  = 51
	noNext      = 59
	destination = 60
	mobility    = 135
	hostID      = 139
	shim6       = 140
)

// byNibble decodes an IP packet that nothing but its first four bits announces.
func byNibble(d []byte, at int, h *Header) Reason {
	if at >= len(d) {
		return NoHeader
	}
	switch d[at] >> 4 {
	case 4:
		return ipv4(d, at, h)
	case 6:
		return ipv6(d, at, h)
	}
	return NotIP
}

func ipv4(d []byte, at int, h *Header) Reason {
	if at >= len(d) {
		return NoHeader
	}
	if d[at]>>4 != 4 {
		return BadVersion
	}
	if at+ipv4Header > len(d) {
		return NoHeader
	}
	b := d[at : at+ipv4Header : at+ipv4Header]
	header, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if header < ipv4Header {
		return BadIHL
	}
	end := len(d)
	if total != 0 { // 0: cut into segments by the network card after it was captured
		if total < header {
			return BadLength
		}
		end = min(end, at+total)
	}
	h.Family, h.Protocol, h.Src, h.Dst = IPv4, b[9], b[12:16:16], b[16:20:20]
	first := binary.BigEndian.Uint16(b[6:])&0x1fff == 0
	h.transport(d, at+header, end, first)
	return OK
}

func ipv6(d []byte, at int, h *Header) Reason {
	if at >= len(d) {
		return NoHeader
	}
	if d[at]>>4 != 6 {
		return BadVersion
	}
	if at+ipv6Header > len(d) {
		return NoHeader
	}
	b := d[at : at+ipv6Header : at+ipv6Header]
	end := len(d)
	if length := int(binary.BigEndian.Uint16(b[4:])); length != 0 { // 0: a jumbogram, or as in IPv4
		end = min(end, at+ipv6Header+length)
	}
	h.Family, h.Src, h.Dst = IPv6, b[8:24:24], b[24:40:40]
	protocol, at, first := extensions(d, b[6], at+ipv6Header, end)
	h.Protocol = protocol
	h.transport(d, at, end, first)
	return OK
}

// extensions walks the chain of IPv6 extension headers that begins at byte at with the given number. It returns the number of what
// follows the chain, where that begins, and whether this is a whole packet or its first fragment. A header that is cut ends the walk: what
// it announces is not known. Mobile IPv6 signalling without payload ends it as well.
func extensions(d []byte, next uint8, at, end int) (protocol uint8, payload int, first bool) {
	for {
		var size int
		switch next {
		case hopByHop, routing, fragment, authHeader, destination, mobility, hostID, shim6:
		default:
			return next, at, true
		}
		if at+8 > end {
			return next, at, true
		}
		after := d[at]
		switch next {
		case fragment:
			size = 8
			if binary.BigEndian.Uint16(d[at+2:])&0xfff8 != 0 {
				return after, at + size, false
			}
		case authHeader:
			size = (int(d[at+1]) + 2) * 4
		case mobility:
			if after == noNext {
				return next, at, true
			}
			size = (int(d[at+1]) + 1) * 8
		default:
			size = (int(d[at+1]) + 1) * 8
		}
		next, at = after, at+size
	}
}

// transport reads the ports and TCP's flags from the header at byte at, where there are any before end.
func (h *Header) transport(d []byte, at, end int, first bool) {
	h.HasPorts, h.SrcPort, h.DstPort, h.HasFlags, h.TCPFlags = false, 0, 0, false, 0
	if !first || h.Protocol != TCP && h.Protocol != UDP || at+4 > end {
		return
	}
	h.HasPorts = true
	h.SrcPort, h.DstPort = binary.BigEndian.Uint16(d[at:]), binary.BigEndian.Uint16(d[at+2:])
	if h.Protocol == TCP && at+14 <= end {
		h.HasFlags, h.TCPFlags = true, d[at+13]
	}
}
