package decode

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"weir/internal/capture"
	"weir/internal/packet"
)

// summary is decode.json. It accounts for every record of the capture: PacketsRead = Rows + the sum of Skipped. Bytes and the counts by
// family and type are those of the rows; times are those of all records, in ns since 1970 UTC, null when no record has one.
type summary struct {
	Format      string           `json:"format"`      // "pcap", "pcapng"
	Compression string           `json:"compression"` // "gzip", "zstd" or ""
	LinkTypes   []string         `json:"link_types"`  // in order of first appearance
	SnapLength  uint32           `json:"snap_length"` // bytes; the longest of the interfaces; 0: no limit
	PacketsRead int64            `json:"packets_read"`
	Rows        int64            `json:"rows"`
	Skipped     map[string]int64 `json:"skipped"` // by reason, sorted
	IPv4        int64            `json:"ipv4"`
	IPv6        int64            `json:"ipv6"`
	TCP         int64            `json:"tcp"`
	UDP         int64            `json:"udp"`
	Other       int64            `json:"other"`
	WithPorts   int64            `json:"with_ports"`
	Wire        int64            `json:"wire_bytes"`
	Captured    int64            `json:"captured_bytes"`
	First       *int64           `json:"first"`                // of the first record in the file that has a time
	Last        *int64           `json:"last"`                 // of the last one
	Earliest    *int64           `json:"earliest"`             // over all records
	Latest      *int64           `json:"latest"`               //
	OutOfOrder  int64            `json:"out_of_order"`         // records that are earlier than the record before them
	WithoutTime int64            `json:"without_time"`         // records whose time is missing or out of range; rows of them have a null timestamp
	Complete    bool             `json:"complete"`             // false: the file is damaged, and only what is before the damage was read
	StoppedAt   *int64           `json:"stopped_at,omitempty"` // bytes of the uncompressed capture before the damage
	Why         string           `json:"why,omitempty"`

	skipped                       [packet.Reasons]int64
	timed                         bool
	first, last, earliest, latest int64
}

func newSummary(r *capture.Reader) *summary {
	return &summary{Format: r.Format(), Compression: r.Compression(), LinkTypes: []string{}, Skipped: map[string]int64{}}
}

// add counts one record. h counts only when why is packet.OK.
func (s *summary) add(p *capture.Packet, h *packet.Header, why packet.Reason) {
	s.PacketsRead++
	s.addTime(p)
	if why != packet.OK {
		s.skipped[why]++
		return
	}
	s.Rows++
	s.Wire += int64(p.Wire)
	s.Captured += int64(p.Captured)
	if h.Family == packet.IPv4 {
		s.IPv4++
	} else {
		s.IPv6++
	}
	switch h.Protocol {
	case packet.TCP:
		s.TCP++
	case packet.UDP:
		s.UDP++
	default:
		s.Other++
	}
	if h.HasPorts {
		s.WithPorts++
	}
}

func (s *summary) addTime(p *capture.Packet) {
	switch {
	case !p.HasTime:
		s.WithoutTime++
		return
	case !s.timed:
		s.timed, s.first, s.earliest, s.latest = true, p.Time, p.Time, p.Time
	case p.Time < s.last:
		s.OutOfOrder++
	}
	s.last = p.Time
	s.earliest, s.latest = min(s.earliest, p.Time), max(s.latest, p.Time)
}

// finish fills what is known at the end only. It fails when no packet of the capture could be decoded for its link type.
func (s *summary) finish(r *capture.Reader, damage *capture.Damage) error {
	interfaces := r.Interfaces()
	if len(interfaces.Links) > 0 && !slices.ContainsFunc(interfaces.Links, packet.LinkType.Supported) {
		return capture.Unsupported(interfaces.Links...)
	}
	s.SnapLength = interfaces.SnapLength
	for _, l := range interfaces.Links {
		s.LinkTypes = append(s.LinkTypes, l.String())
	}
	accounted := s.Rows
	for why, n := range s.skipped {
		if n > 0 {
			s.Skipped[packet.Reason(why).String()] = n
		}
	}
	for _, n := range s.Skipped {
		accounted += n
	}
	if accounted != s.PacketsRead {
		return fmt.Errorf("%d packets were read and %d accounted for: this is a mistake in weir", s.PacketsRead, accounted)
	}
	if s.timed {
		s.First, s.Last, s.Earliest, s.Latest = &s.first, &s.last, &s.earliest, &s.latest
	}
	s.Complete = damage == nil
	if damage != nil {
		s.StoppedAt, s.Why = &damage.Offset, damage.Why
	}
	return nil
}

// write writes decode.json.
func (s *summary) write(path string) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(s); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o666)
}

// String is the line behind the stage's name: "908,733 rows, 3,715 skipped (ARP 3,650, bad IHL 65)".
func (s *summary) String() string {
	var b strings.Builder
	b.WriteString(humanize.Comma(s.Rows) + " rows")
	type reason struct {
		name    string
		packets int64
	}
	var why []reason
	for name, n := range s.Skipped {
		why = append(why, reason{name, n})
	}
	slices.SortFunc(why, func(a, b reason) int { return cmp.Or(cmp.Compare(b.packets, a.packets), cmp.Compare(a.name, b.name)) })
	if len(why) > 0 {
		fmt.Fprintf(&b, ", %s skipped (", humanize.Comma(s.PacketsRead-s.Rows))
		for i, r := range why {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(r.name + " " + humanize.Comma(r.packets))
		}
		b.WriteString(")")
	}
	if !s.Complete {
		b.WriteString("; damaged at byte " + humanize.Comma(*s.StoppedAt))
	}
	return b.String()
}
