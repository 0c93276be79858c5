package decode

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// generate makes a pcap of n packets, cut at 96 bytes: of every eight, four are TCP, two UDP, one ICMP and one ARP; two of the seven
// with IP are IPv6. The addresses come from a few thousand hosts.
func generate(n int) []byte {
	le := binary.LittleEndian
	out := []byte("\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x60\x00\x00\x00\x01\x00\x00\x00")
	state := uint32(1)
	random := func(n uint32) uint32 { // a linear congruence is random enough here
		state = state*1664525 + 1013904223
		return state >> 8 % n
	}
	kinds := [8]struct {
		ether    uint16
		protocol byte
	}{{0x0800, 6}, {0x0800, 6}, {0x86dd, 6}, {0x0800, 17}, {0x0800, 6}, {0x86dd, 17}, {0x0800, 1}, {0x0806, 0}}
	for i := range n {
		k := kinds[i%8]
		wire := 60 + random(1455)
		captured := min(wire, 96)
		out = le.AppendUint32(out, 1_700_000_000+uint32(i/5000))
		out = le.AppendUint32(out, uint32(i%5000)*200)
		out = le.AppendUint32(out, captured)
		out = le.AppendUint32(out, wire)
		p := make([]byte, captured)
		binary.BigEndian.PutUint16(p[12:], k.ether)
		ip := p[14:]
		ports := ip[20:]
		src, dst := random(3000), random(3000)
		switch k.ether {
		case 0x0800:
			ip[0], ip[9] = 0x45, k.protocol
			binary.BigEndian.PutUint16(ip[2:], uint16(wire-14))
			binary.BigEndian.PutUint32(ip[12:], 10<<24|src)
			binary.BigEndian.PutUint32(ip[16:], 172<<24|dst)
		case 0x86dd:
			ip[0], ip[6] = 0x60, k.protocol
			binary.BigEndian.PutUint16(ip[4:], uint16(wire-54))
			binary.BigEndian.PutUint32(ip[8:], 0x20010db8)
			binary.BigEndian.PutUint32(ip[20:], src)
			binary.BigEndian.PutUint32(ip[24:], 0x20010db8)
			binary.BigEndian.PutUint32(ip[36:], dst)
			ports = ip[40:]
		}
		if k.protocol == 6 || k.protocol == 17 {
			binary.BigEndian.PutUint16(ports, uint16(1024+random(60000)))
			binary.BigEndian.PutUint16(ports[2:], uint16(443))
		}
		out = append(out, p...)
	}
	return out
}

func BenchmarkDecode(b *testing.B) {
	const packets = 200_000
	path := filepath.Join(b.TempDir(), "generated.pcap")
	content := generate(packets)
	if err := os.WriteFile(path, content, 0o666); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	start, runs := time.Now(), 0
	for b.Loop() {
		if _, _, _, err := run(b, path, keep); err != nil {
			b.Fatal(err)
		}
		runs++
	}
	b.ReportMetric(float64(packets)*float64(runs)/time.Since(start).Seconds(), "packets/s")
}
