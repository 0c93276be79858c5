package aggregate_test

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"weir/internal/series"
	"weir/internal/table"
	"weir/stages"
	"weir/stages/aggregate"
	"weir/stages/decode"
)

// captures are those with a reference series.
var captures = []string{
	"video/ndpi_netflix.pcap", "voip/ndpi_KakaoTalk_talk.pcap", "other/ndpi_alexa-app.pcapng", "other/ndpi_whatsapp.pcap",
	"voip/ndpi_zoom_p2p.pcapng", "other/zeek_echo-connections.pcap.gz", "other/zeek_http__206_example_b.pcap",
}

// TestGolden compares per-second series with those on which tshark and an independent reader agree.
func TestGolden(t *testing.T) {
	shared := filepath.Join("..", "..", "..", "shared")
	if _, err := os.Stat(filepath.Join(shared, "golden", "series")); err != nil {
		t.Skip("no reference data in ../shared")
	}
	for _, name := range captures {
		t.Run(filepath.Base(name), func(t *testing.T) {
			base, _, _ := strings.Cut(filepath.Base(name), ".")
			s := aggregateCapture(t, filepath.Join(shared, "data", "captures", filepath.FromSlash(name)))
			compare(t, s, filepath.Join(shared, "golden", "series", base+".csv"))
		})
	}
}

func aggregateCapture(t *testing.T, path string) *series.Series {
	if _, err := os.Stat(path); err != nil {
		t.Skip("no such capture in ../shared: ", filepath.Base(path))
	}
	out := t.TempDir()
	d := decode.Kind().New().(*decode.Decode)
	d.Capture = stages.Input{Path: path, From: filepath.Base(path)}
	d.Packets.Path, d.Summary.Path = filepath.Join(out, "packets.parquet"), filepath.Join(out, "decode.json")
	if err := d.Run(context.Background(), stages.Quiet(t.TempDir())); err != nil {
		t.Fatal(err)
	}
	a := aggregate.Kind().New().(*aggregate.Aggregate)
	a.Packets = stages.Input{Path: d.Packets.Path, From: "packets.parquet"}
	a.Series.Path = filepath.Join(out, "series.parquet")
	env := stages.Quiet(t.TempDir())
	if err := a.Run(context.Background(), env); err != nil {
		t.Fatal(err)
	}
	said, _, warnings := env.Said()
	t.Log(said, warnings)
	s, err := series.Read(a.Series.Path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// compare holds the rows of the series that have packets against the reference's.
func compare(t *testing.T, s *series.Series, golden string) {
	f, err := os.Open(golden)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	row := map[int64]int{}
	for i, at := range s.Time {
		row[at/int64(time.Second)] = i
	}
	columns := []string{"wire_bytes", "captured_bytes", "packets", "packets_tcp", "packets_udp", "packets_other"}
	packets := 0
	for _, line := range lines[1:] {
		second, _ := strconv.ParseInt(line[0], 10, 64)
		i, ok := row[second]
		if !ok && line[3] == "0" {
			continue // the reference has zeros where a silence ends a segment here
		}
		if !ok {
			t.Fatalf("second %d is missing", second)
		}
		for j, name := range columns {
			c, err := s.Column(name)
			if err != nil {
				t.Fatal(err)
			}
			if got := strconv.FormatFloat(c.Values[i], 'f', -1, 64); got != line[j+1] {
				t.Errorf("second %d: %s %s, want %s", second, name, got, line[j+1])
			}
		}
		if line[3] != "0" {
			packets++
		}
	}
	c, _ := s.Column("packets")
	for _, v := range c.Values {
		if v > 0 {
			packets--
		}
	}
	if packets != 0 {
		t.Errorf("%d seconds with packets too few", packets)
	}
}

// packets is a table of packets of 100 bytes on the wire, 96 captured, at the given times in ns; types go round.
func packets(t testing.TB, times ...int64) string {
	p := &table.Table{Columns: []table.Column{
		{Name: "timestamp", Type: table.Timestamp, Ints: times}, {Name: "wire_length", Type: table.Uint32},
		{Name: "captured_length", Type: table.Uint32}, {Name: "type", Type: table.Text}, {Name: "src_ip", Type: table.Text}, {Name: "dst_ip", Type: table.Text},
		{Name: "protocol", Type: table.Uint8}, {Name: "src_port", Type: table.Uint16}, {Name: "dst_port", Type: table.Uint16}, {Name: "tcp_flags", Type: table.Uint8},
	}}
	for i := range times {
		p.Columns[1].Ints = append(p.Columns[1].Ints, 100+int64(i))
		p.Columns[2].Ints = append(p.Columns[2].Ints, 96)
		p.Columns[3].Texts = append(p.Columns[3].Texts, []string{"TCP", "UDP", "Other"}[i%3])
		p.Columns[4].Texts = append(p.Columns[4].Texts, fmt.Sprintf("10.0.0.%d", i%7))
		p.Columns[5].Texts = append(p.Columns[5].Texts, fmt.Sprintf("10.0.0.%d", i%5))
		for c, v := range []int{[]int{6, 17, 1}[i%3], i % 4, 443, i % 64} {
			p.Columns[6+c].Ints = append(p.Columns[6+c].Ints, int64(v))
		}
	}
	path := filepath.Join(t.TempDir(), "packets.parquet")
	if err := table.Write(path, p); err != nil {
		t.Fatal(err)
	}
	return path
}

func run(t testing.TB, path, every, gap string) (*series.Series, *aggregate.Aggregate, *stages.Env, error) {
	a := aggregate.Kind().New().(*aggregate.Aggregate)
	a.Packets = stages.Input{Path: path, From: "packets.parquet"}
	dir := t.TempDir()
	a.Series.Path, a.Sizes.Path = filepath.Join(dir, "series.parquet"), filepath.Join(dir, "sizes.parquet")
	for text, option := range map[string]*series.Interval{every: &a.Every, gap: &a.Gap} {
		if text != "" {
			if err := option.UnmarshalText([]byte(text)); err != nil {
				return nil, a, nil, err
			}
		}
	}
	env := stages.Quiet(t.TempDir())
	if err := a.Run(context.Background(), env); err != nil {
		return nil, a, env, err
	}
	s, err := series.Read(a.Series.Path)
	return s, a, env, err
}

const second = int64(time.Second)

func TestGrid(t *testing.T) {
	s, a, env, err := run(t, packets(t, 100*second, 100*second+second/2, 99*second+second*3/4, 103*second+second/4), "", "")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(s.Time, s.Coverage), fmt.Sprint([]int64{99 * second, 100 * second, 101 * second, 102 * second, 103 * second}, []float64{0.25, 1, 1, 1, 0.25}); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for name, want := range map[string]string{"wire_bytes": "[102 201 0 0 103]", "wire_bytes_other": "[102 0 0 0 0]", "packets": "[1 2 0 0 1]", "captured_bytes": "[96 192 0 0 96]", "flows": "[1 2 0 0 1]", "syn": "[0 0 0 0 1]"} {
		c, err := s.Column(name)
		if err != nil || fmt.Sprint(c.Values) != want {
			t.Errorf("%s %v, want %s (%v)", name, c.Values, want, err)
		}
	}
	said, _, warnings := env.Said()
	if said != "5 s, 1 segment, 2 partial edges" || fmt.Sprint(warnings) != "[1 packet earlier than the one before; placed by time]" {
		t.Errorf("%q %q", said, warnings)
	}
	sizes, err := table.Read(a.Sizes.Path)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(sizes.Columns[0].Texts, sizes.Columns[1].Texts, sizes.Columns[2].Ints, sizes.Columns[3].Ints); got !=
		"[wire wire wire wire captured captured captured] [TCP TCP UDP Other TCP UDP Other] [100 103 101 102 96 96 96] [1 1 1 1 2 1 1]" {
		t.Error(got)
	}
}

func TestSegments(t *testing.T) {
	year := 365 * 24 * 3600 * second
	for _, c := range []struct {
		name, every, gap string
		times            []int64
		rows, segments   int
	}{
		{"nothing", "1s", "10m", nil, 0, 0},
		{"one packet", "1s", "10m", []int64{5}, 1, 1},
		{"just below the gap", "1s", "10m", []int64{0, 600*second - 1}, 600, 1},
		{"a gap", "1s", "10m", []int64{0, 600 * second}, 2, 2},
		{"a jump of years", "1ms", "10m", []int64{0, 30 * year, 30*year + second/1000, second / 1000}, 4, 2},
		{"before 1970", "1s", "10m", []int64{-second / 2, second / 2}, 2, 1},
		{"a gap inside neighbouring intervals", "1h", "10m", []int64{0, 3600*second + 3000*second}, 2, 1},
		{"an hour without packets", "1h", "10m", []int64{0, 2 * 3600 * second}, 2, 2},
		{"seven seconds", "7s", "10m", []int64{6 * second, 8 * second}, 2, 1},
	} {
		s, _, _, err := run(t, packets(t, c.times...), c.every, c.gap)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if s.Len() != c.rows || len(s.Segments()) != c.segments {
			t.Errorf("%s: %d rows, %d segments; want %d, %d", c.name, s.Len(), len(s.Segments()), c.rows, c.segments)
		}
	}
}

func TestRefuses(t *testing.T) {
	for want, c := range map[string]struct {
		path, every, gap string
	}{
		"\"100ms\", \"1s\"":          {packets(t), "1 fortnight", ""},
		"outside 1ms..1h":            {packets(t), "2h", ""},
		"intervals of 1ms: choose a": {packets(t, 0, 3*3600*second), "1ms", "5h"},
	} {
		if _, _, _, err := run(t, c.path, c.every, c.gap); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestBytes fails when the bytes change and the version did not.
func TestBytes(t *testing.T) {
	times := []int64{1_700_000_000_000_000_001}
	for i := range int64(1000) {
		times = append(times, times[i]+i*i%97*20_000_000)
	}
	_, a, _, err := run(t, packets(t, times...), "100ms", "1s")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, path := range []string{a.Series.Path, a.Sizes.Path} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%x", sha256.Sum256(data))[:16])
	}
	if want := "version 2 [5ae7f00373a36b4a 28096fdad7824b8d]"; fmt.Sprintf("version %d %v", aggregate.Kind().Version, got) != want {
		t.Errorf("version %d %v, want %s", aggregate.Kind().Version, got, want)
	}
}
