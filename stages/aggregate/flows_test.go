package aggregate

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"weir/internal/table"
	"weir/stages"
)

// row is one packet of a table of the tests.
type row struct {
	at       int64
	src, dst string
	protocol int64
	from, to int64 // ports; -1: none
	flags    int64 // -1: none
}

// packetsTable is the table of decode with the columns that this kind reads.
func packetsTable(rows []row) *table.Table {
	t := &table.Table{Columns: []table.Column{
		{Name: "timestamp", Type: table.Timestamp}, {Name: "src_ip", Type: table.Text}, {Name: "dst_ip", Type: table.Text}, {Name: "protocol", Type: table.Uint8},
		{Name: "wire_length", Type: table.Uint32}, {Name: "captured_length", Type: table.Uint32}, {Name: "src_port", Type: table.Uint16, Nullable: true},
		{Name: "dst_port", Type: table.Uint16, Nullable: true}, {Name: "tcp_flags", Type: table.Uint8, Nullable: true}, {Name: "type", Type: table.Text}}}
	c := t.Columns
	push := func(i int, v int64) {
		c[i].Ints = append(c[i].Ints, max(v, 0))
		c[i].Null = append(c[i].Null, v < 0)
	}
	for _, r := range rows {
		c[0].Ints = append(c[0].Ints, r.at)
		c[1].Texts, c[2].Texts = append(c[1].Texts, r.src), append(c[2].Texts, r.dst)
		c[3].Ints, c[4].Ints, c[5].Ints = append(c[3].Ints, r.protocol), append(c[4].Ints, 60), append(c[5].Ints, 60)
		push(6, r.from)
		push(7, r.to)
		push(8, r.flags)
		c[9].Texts = append(c[9].Texts, map[int64]string{6: "TCP", 17: "UDP"}[r.protocol])
		if c[9].Texts[len(c[9].Texts)-1] == "" {
			c[9].Texts[len(c[9].Texts)-1] = "Other"
		}
	}
	return t
}

// count aggregates a table with room for so many pairs in memory, and returns the columns of the series by name and the warnings.
func count(t *testing.T, rows *table.Table, held int) (columns map[string]string, warnings []string) {
	path := filepath.Join(t.TempDir(), "packets.parquet")
	if err := table.Write(path, rows); err != nil {
		t.Fatal(err)
	}
	y := newTally(int64(time.Second))
	scratch := t.TempDir()
	a := &Aggregate{Packets: stages.Input{Path: path, From: "packets.parquet"}}
	env := stages.Quiet(scratch)
	names, err := y.choose(path, scratch)
	if err != nil {
		t.Fatal(err)
	}
	if y.flows != nil {
		y.flows.limit = held
	}
	if err := a.read(t.Context(), env, y, names); err != nil {
		t.Fatal(err)
	}
	s, err := y.series(int64(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	a.tell(env, s, y)
	if y.flows != nil {
		if err := y.flows.close(); err != nil {
			t.Error(err)
		}
	}
	if left, _ := os.ReadDir(scratch); len(left) > 0 {
		t.Errorf("%s is left in the scratch folder", left[0].Name())
	}
	columns = map[string]string{}
	for _, c := range s.Columns {
		columns[c.Name] = fmt.Sprint(c.Values)
	}
	_, _, warnings = env.Said()
	return columns, warnings
}

func TestFlows(t *testing.T) {
	const s, syn, ack = int64(time.Second), 2, 16
	rows := []row{
		{0, "10.0.0.1", "10.0.0.2", 6, 1000, 80, syn},
		{1, "10.0.0.2", "10.0.0.1", 6, 80, 1000, syn | ack},   // the way back: the same flow
		{2, "10.0.0.1", "10.0.0.2", 17, 1000, 80, -1},         // another protocol
		{3, "10.0.0.1", "10.0.0.2", 6, 80, 1000, ack},         // other ports
		{4, "::ffff:10.0.0.1", "10.0.0.2", 6, 1000, 80, -1},   // an IPv6 address of its own
		{5, "10.0.0.1", "10.0.0.2", 6, -1, -1, -1},            // a later fragment
		{6, "10.0.0.1", "10.0.0.2", 6, 0, 0, syn | 64},        // ports of zero are ports
		{7, "10.0.0.3", "10.0.0.3", 1, -1, -1, -1},            // to itself
		{2 * s, "10.0.0.1", "10.0.0.2", 6, 1000, 80, syn},     // counted in each interval
		{2*s + 1, "10.0.0.2", "10.0.0.1", 6, 80, 1000, syn},   // opened from both sides
		{8, "10.0.0.2", "10.0.0.1", 6, 80, 1000, ack | syn},   // late: the first interval again, and nothing new
		{9, "fe80::1", "10.0.0.2", 41, -1, -1, syn},           // flags of what is not TCP do not count
		{2*s + 2, "10.0.0.9", "10.0.0.1", 6, 80, 1000, 0x12},  // a flow, no SYN
		{2*s + 3, "10.0.0.9", "10.0.0.1", 6, 80, 1000, 0xc2},  // SYN with ECE and CWR
		{2*s + 4, "10.0.0.9", "10.0.0.1", 132, 80, 1000, 255}, // SCTP, whoever gave it ports
	}
	for _, held := range []int{1, 2, 5, 1000} {
		got, warnings := count(t, packetsTable(rows), held)
		if got["flows"] != "[8 0 3]" || got["syn"] != "[2 0 3]" || len(warnings) != 1 {
			t.Errorf("%d held: flows %s, syn %s, %q", held, got["flows"], got["syn"], warnings)
		}
	}
}

// A table of an older version or of another program lacks columns, or has texts that are no addresses.
func TestForeignFlows(t *testing.T) {
	rows := []row{{0, "10.0.0.1", "10.0.0.2", 6, 1000, 80, 2}, {1, "alice", "10.0.0.2", 6, 1000, 80, 16}}
	without := func(names ...string) *table.Table {
		p := packetsTable(rows[:1])
		p.Columns = slices.DeleteFunc(p.Columns, func(c table.Column) bool { return slices.Contains(names, c.Name) })
		return p
	}
	text := packetsTable(rows[:1])
	text.Columns[8] = table.Column{Name: "tcp_flags", Type: table.Text, Texts: []string{"S"}}
	for name, c := range map[string]struct {
		packets    *table.Table
		flows, syn string
		warning    string
	}{
		"decode's":        {packetsTable(rows[:1]), "[1]", "[1]", ""},
		"without flags":   {without("tcp_flags"), "[1]", "", ""},
		"flags as text":   {text, "[1]", "", ""},
		"without ports":   {without("src_port"), "", "[1]", ""},
		"bare":            {without("src_ip", "dst_ip", "protocol", "src_port", "dst_port", "tcp_flags"), "", "", ""},
		"not an address":  {packetsTable(rows), "", "[1]", `flows are not counted: "alice" is no IP address`},
		"without packets": {packetsTable(nil), "[]", "[]", "no packets: the series is empty"},
	} {
		got, warnings := count(t, c.packets, 10)
		if got["flows"] != c.flows || got["syn"] != c.syn || strings.Join(warnings, "; ") != c.warning {
			t.Errorf("%s: flows %s, syn %s, %q", name, got["flows"], got["syn"], warnings)
		}
	}
}

// Whatever the order and however little is held: each interval's count is that of a set of five-tuples.
func TestFlowsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type tuple struct {
			a, b     netip.AddrPort
			protocol int64
			ports    bool
		}
		want := map[int64]map[tuple]bool{}
		hosts := []netip.Addr{netip.MustParseAddr("1.2.3.4"), netip.MustParseAddr("::ffff:1.2.3.4"), netip.MustParseAddr("9::"), netip.MustParseAddr("::")}
		var rows []row
		for range rapid.IntRange(0, 80).Draw(t, "packets") {
			host, port := rapid.SampledFrom(hosts), rapid.SampledFrom([]int64{0, 1, 65535})
			a, b := netip.AddrPortFrom(host.Draw(t, "src"), 0), netip.AddrPortFrom(host.Draw(t, "dst"), 0)
			r := row{rapid.Int64Range(-3, 3).Draw(t, "at"), a.Addr().String(), b.Addr().String(), rapid.SampledFrom([]int64{1, 6}).Draw(t, "protocol"), -1, -1, -1}
			ports := rapid.Bool().Draw(t, "ports")
			if ports {
				r.from, r.to = port.Draw(t, "from"), port.Draw(t, "to")
				a, b = netip.AddrPortFrom(a.Addr(), uint16(r.from)), netip.AddrPortFrom(b.Addr(), uint16(r.to))
			}
			rows = append(rows, r)
			if want[r.at] == nil {
				want[r.at] = map[tuple]bool{}
			}
			if a.Compare(b) > 0 {
				a, b = b, a
			}
			want[r.at][tuple{a, b, r.protocol, ports}] = true
		}
		f := newFlows(os.TempDir())
		defer f.close()
		f.limit = rapid.IntRange(1, 100).Draw(t, "held")
		p := packetsTable(rows)
		c := []table.Column{p.Columns[1], p.Columns[2], p.Columns[3], p.Columns[6], p.Columns[7]}
		for i, r := range rows {
			if err := f.add(r.at, c, i); err != nil || f.why != "" {
				t.Fatal(err, f.why)
			}
			if len(f.held) >= f.limit {
				t.Fatalf("%d pairs in memory, %d are allowed", len(f.held), f.limit)
			}
		}
		last := int64(-99)
		err := f.count(func(k, n int64) {
			if k <= last || n != int64(len(want[k])) {
				t.Fatalf("interval %d after %d: %d flows, want %d", k, last, n, len(want[k]))
			}
			last = k
			delete(want, k)
		})
		if err != nil || len(want) > 0 {
			t.Fatal(err, want)
		}
	})
}

// BenchmarkFlows counts packets of 4,096 flows, in order of time.
func BenchmarkFlows(b *testing.B) {
	var rows []row
	for i := range int64(1 << 15) {
		rows = append(rows, row{i / 1000, fmt.Sprintf("10.0.%d.%d", i%4096/256, i%256), "192.168.0.1", 6, 1024 + i%4096, 443, 16})
	}
	p := packetsTable(rows)
	c := []table.Column{p.Columns[1], p.Columns[2], p.Columns[3], p.Columns[6], p.Columns[7]}
	f := newFlows(b.TempDir())
	defer f.close()
	n := 0
	for b.Loop() {
		for i := range rows {
			if err := f.add(rows[i].at, c, i); err != nil {
				b.Fatal(err)
			}
		}
		n += len(rows)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "packets/s")
}
