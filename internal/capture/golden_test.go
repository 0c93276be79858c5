package capture_test

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"weir/internal/capture"
	"weir/internal/packet"
)

// shared finds the reference data beside the repository, or skips the test.
func shared(t testing.TB) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			dir = filepath.Join(filepath.Dir(dir), "shared")
			if _, err := os.Stat(filepath.Join(dir, "golden", "captures.tsv")); err == nil {
				return dir
			}
			break
		}
	}
	t.Skip("no reference data in ../shared")
	return ""
}

// tsv reads a table with a header line into rows by column name.
func tsv(t testing.TB, path string) []map[string]string {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = '\t', true, -1
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, v := range line {
			row[lines[0][i]] = v
		}
		rows = append(rows, row)
	}
	return rows
}

// tally is what the golden tables say about a capture.
type tally struct {
	packets, ip, ipv4, ipv6, tcp, udp, other, icmp, icmpv6, nonIP, ipWire, ipCaptured, wire, captured, ports int64
	first, last, min, max, ipMin, ipMax                                                                      int64
	sources                                                                                                  map[string]bool
	notIP                                                                                                    map[string]int64
	rows                                                                                                     string
}

func count(r *capture.Reader) (*tally, error) {
	c := &tally{sources: map[string]bool{}, notIP: map[string]int64{}}
	var p capture.Packet
	var h packet.Header
	digest := sha256.New()
	for {
		err := r.Next(&p)
		if err != nil {
			c.rows = hex.EncodeToString(digest.Sum(nil))
			if err == io.EOF {
				return c, nil
			}
			return c, err
		}
		c.packets++
		c.wire += int64(p.Wire)
		c.captured += int64(p.Captured)
		if c.packets == 1 {
			c.first, c.min, c.max = p.Time, p.Time, p.Time
		}
		c.last, c.min, c.max = p.Time, min(c.min, p.Time), max(c.max, p.Time)
		if why := packet.Decode(p.Link, p.Data, &h); why != packet.OK {
			c.nonIP++
			c.notIP[goldenReason(why)]++
			continue
		}
		c.addIP(&p, &h)
		port := func(n uint16) string {
			if !h.HasPorts {
				return ""
			}
			return strconv.Itoa(int(n))
		}
		fmt.Fprintf(digest, "%d\t%x\t%x\t%d\t%d\t%d\t%s\t%s\n", p.Time, h.Src, h.Dst, h.Protocol, p.Wire, p.Captured, port(h.SrcPort), port(h.DstPort))
	}
}

func (c *tally) addIP(p *capture.Packet, h *packet.Header) {
	if c.ip == 0 {
		c.ipMin, c.ipMax = p.Time, p.Time
	}
	c.ip++
	c.ipMin, c.ipMax = min(c.ipMin, p.Time), max(c.ipMax, p.Time)
	c.ipWire += int64(p.Wire)
	c.ipCaptured += int64(p.Captured)
	c.sources[string(h.Src)] = true
	if h.Family == packet.IPv4 {
		c.ipv4++
	} else {
		c.ipv6++
	}
	switch h.Protocol {
	case packet.TCP:
		c.tcp++
	case packet.UDP:
		c.udp++
	default:
		c.other++
	}
	if h.Family == packet.IPv4 && h.Protocol == 1 {
		c.icmp++
	}
	if h.Family == packet.IPv6 && h.Protocol == 58 {
		c.icmpv6++
	}
	if h.HasPorts {
		c.ports++
	}
}

// goldenReason gives a reason in the words of the golden table, which has fewer.
func goldenReason(why packet.Reason) string {
	switch why {
	case packet.NoHeader:
		return "short"
	case packet.BadVersion:
		return "ip version"
	case packet.BadIHL:
		return "ip header length"
	case packet.BadLength:
		return "ip total length"
	case packet.BadLink:
		return "link type"
	}
	return "not ip"
}

func open(t testing.TB, path string) (*capture.Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	info, _ := f.Stat()
	r, err := capture.NewReader(context.Background(), f, info.Size())
	if err == nil {
		t.Cleanup(r.Close)
	}
	return r, err
}

// TestGolden compares every count and the digest of all rows with what tshark and an independent reader agree on.
func TestGolden(t *testing.T) {
	dir := shared(t)
	equal := 0
	for _, row := range tsv(t, filepath.Join(dir, "golden", "captures.tsv")) {
		r, err := open(t, filepath.Join(dir, "data", "captures", row["file"]))
		if err != nil {
			t.Errorf("%s: %v", row["file"], err)
			continue
		}
		c, err := count(r)
		if err != nil {
			t.Errorf("%s: %v", row["file"], err)
		}
		got := map[string]int64{"packets": c.packets, "ip": c.ip, "ipv4": c.ipv4, "ipv6": c.ipv6, "tcp": c.tcp, "udp": c.udp, "other": c.other, "icmp": c.icmp,
			"icmpv6": c.icmpv6, "non_ip": c.nonIP, "ip_wire_bytes": c.ipWire, "ip_captured_bytes": c.ipCaptured, "wire_bytes": c.wire, "captured_bytes": c.captured,
			"first_ns": c.first, "last_ns": c.last, "min_ns": c.min, "max_ns": c.max, "ip_min_ns": c.ipMin, "ip_max_ns": c.ipMax, "distinct_src": int64(len(c.sources)),
			"with_ports": c.ports}
		failed := false
		for column, n := range got {
			if want := row[column]; want != "" && want != strconv.FormatInt(n, 10) {
				t.Errorf("%s: %s is %d, want %s", row["file"], column, n, want)
				failed = true
			}
		}
		if row["rows_sha256"] != c.rows {
			t.Errorf("%s: other rows", row["file"])
			failed = true
		}
		if why := row["not_ip_because"]; why != "" && why != reasons(c.notIP) {
			t.Errorf("%s: not IP because %s, want %s", row["file"], reasons(c.notIP), why)
			failed = true
		}
		if !failed {
			equal++
		}
	}
	t.Logf("%d captures equal", equal)
}

func reasons(n map[string]int64) string {
	var s []string
	for _, name := range []string{"ip header length", "ip total length", "ip version", "link type", "not ip", "short"} {
		if n[name] > 0 {
			s = append(s, fmt.Sprintf("%s:%d", name, n[name]))
		}
	}
	return strings.Join(s, " ")
}

// TestMalformed reads broken and odd captures: as many packets as other readers, where they agree, and a Damage where they see damage.
func TestMalformed(t *testing.T) {
	dir := shared(t)
	equal, unsupported := 0, 0
	for _, row := range tsv(t, filepath.Join(dir, "golden", "malformed.tsv")) {
		r, err := open(t, filepath.Join(dir, "data", "malformed", row["file"]))
		if err != nil {
			if strings.Contains(err.Error(), "link type") {
				unsupported++
			} else if row["own"] != "damaged: not a capture" {
				t.Errorf("%s: %v", row["file"], err)
			}
			continue
		}
		c, err := count(r)
		var damage *capture.Damage
		if err != nil && !errors.As(err, &damage) {
			t.Errorf("%s: %v", row["file"], err)
		}
		if (row["own"] == "ok") != (err == nil) {
			t.Errorf("%s: %v, others say %s", row["file"], err, row["own"])
		}
		if n := strconv.FormatInt(c.packets, 10); n != row["own_packets"] || row["capinfos"] == "ok" && n != row["capinfos_packets"] {
			t.Errorf("%s: %s packets, others read %s and %s (%v)", row["file"], n, row["own_packets"], row["capinfos_packets"], err)
			continue
		}
		equal++
	}
	t.Logf("%d files equal, %d of link types not supported", equal, unsupported)
}
