package decode

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"weir/internal/table"
	"weir/stages"
)

// shared finds the reference data beside the repository, or skips the test.
func shared(t testing.TB) string {
	dir := filepath.Join("..", "..", "..", "shared")
	if _, err := os.Stat(filepath.Join(dir, "golden", "captures.tsv")); err != nil {
		t.Skip("no reference data in ../shared")
	}
	return dir
}

// golden reads a tab-separated table with a header line into rows by column name.
func golden(t testing.TB, path string) (rows []map[string]string) {
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
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, v := range line {
			row[lines[0][i]] = v
		}
		rows = append(rows, row)
	}
	return rows
}

// run decodes a file into a folder of the test's own.
func run(t testing.TB, path, onDamage string) (s summary, packets string, env *stages.Env, err error) {
	out := t.TempDir()
	d := &Decode{
		Capture: stages.Input{Path: path, From: filepath.Base(path)}, OnDamage: onDamage,
		Packets: stages.Output{Path: filepath.Join(out, "packets.parquet")}, Summary: stages.Output{Path: filepath.Join(out, "decode.json")},
	}
	env = stages.Quiet(t.TempDir())
	if err := d.Run(context.Background(), env); err != nil {
		if left, _ := os.ReadDir(out); len(left) > 0 {
			t.Errorf("%s: failed and left %s", path, left[0].Name())
		}
		return s, "", env, err
	}
	text, err := os.ReadFile(d.Summary.Path)
	if err != nil {
		t.Fatal(err)
	}
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&s); err != nil {
		t.Fatal(err)
	}
	sum := s.Rows
	for _, n := range s.Skipped {
		sum += n
	}
	if sum != s.PacketsRead || s.IPv4+s.IPv6 != s.Rows || s.TCP+s.UDP+s.Other != s.Rows {
		t.Errorf("%s: counts do not add up: %s", path, text)
	}
	return s, d.Packets.Path, env, nil
}

// digest is rows_sha256 of the golden table, computed from packets.parquet.
func digest(t testing.TB, path string) string {
	sum := sha256.New()
	hex16 := map[string]string{}
	address := func(text string) string {
		if hex16[text] == "" {
			a, err := netip.ParseAddr(text)
			if err != nil {
				t.Fatal(err)
			}
			hex16[text] = hex.EncodeToString(a.AsSlice())
		}
		return hex16[text]
	}
	err := table.Scan(path, nil, func(b *table.Table) error {
		c := b.Columns
		port := func(col, i int) string {
			if c[col].IsNull(i) {
				return ""
			}
			return strconv.FormatInt(c[col].Ints[i], 10)
		}
		for i := range b.Rows() {
			fmt.Fprintf(sum, "%d\t%s\t%s\t%d\t%d\t%d\t%s\t%s\n", c[colTime].Ints[i], address(c[colSrc].Texts[i]), address(c[colDst].Texts[i]), c[colProtocol].Ints[i],
				c[colWire].Ints[i], c[colCaptured].Ints[i], port(colSrcPort, i), port(colDstPort, i))
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// TestCaptures runs the stage on real captures and compares counts and the whole table with two other readers.
func TestCaptures(t *testing.T) {
	dir := shared(t)
	for _, row := range golden(t, filepath.Join(dir, "golden", "captures.tsv")) {
		s, packets, _, err := run(t, filepath.Join(dir, "data", "captures", row["file"]), keep)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		for column, n := range map[string]int64{"packets": s.PacketsRead, "ip": s.Rows, "ipv4": s.IPv4, "ipv6": s.IPv6, "tcp": s.TCP, "udp": s.UDP, "other": s.Other,
			"ip_wire_bytes": s.Wire, "ip_captured_bytes": s.Captured, "with_ports": s.WithPorts, "first_ns": *s.First, "last_ns": *s.Last, "min_ns": *s.Earliest,
			"max_ns": *s.Latest} {
			if want := row[column]; want != "" && want != strconv.FormatInt(n, 10) {
				t.Errorf("%s: %s is %d, want %s", row["file"], column, n, want)
			}
		}
		if digest(t, packets) != row["rows_sha256"] {
			t.Errorf("%s: other rows", row["file"])
		}
		if !s.Complete || s.StoppedAt != nil {
			t.Errorf("%s: not complete", row["file"])
		}
	}
}

// TestMalformed runs the stage on broken and odd captures: it succeeds with everything accounted for, or says what is wrong.
func TestMalformed(t *testing.T) {
	dir := filepath.Join(shared(t), "data", "malformed")
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var decoded, refused, packets int64
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".tsv") {
			continue
		}
		s, path, _, err := run(t, filepath.Join(dir, f.Name()), keep)
		if err != nil {
			if message := err.Error(); !strings.HasPrefix(message, f.Name()+": ") || !strings.Contains(message, "expected") {
				t.Errorf("a poor message: %s", message)
			}
			refused++
			continue
		}
		decoded++
		packets += s.PacketsRead
		digest(t, path) // readable
	}
	t.Logf("%d decoded, %d packets; %d refused", decoded, packets, refused)
}

// save writes a file for a test.
func save(t testing.TB, name string, content []byte) string {
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDamage(t *testing.T) {
	whole := generate(1000)
	cut := save(t, "cut.pcap", whole[:len(whole)-7])
	s, _, env, err := run(t, cut, keep)
	if err != nil {
		t.Fatal(err)
	}
	if s.Complete || s.PacketsRead != 999 || s.StoppedAt == nil || *s.StoppedAt >= int64(len(whole)) || !strings.Contains(s.Why, "the file has") {
		t.Errorf("%+v", s)
	}
	said, _, warnings := env.Said()
	if !strings.Contains(said, "damaged at byte") || len(warnings) != 1 || !strings.Contains(warnings[0], "packet 1,000 at byte") {
		t.Errorf("said %q and warned %q", said, warnings)
	}
	if _, _, _, err := run(t, cut, fail); err == nil || !strings.Contains(err.Error(), "cut.pcap: packet 1,000 at byte") {
		t.Errorf("on_damage = fail: %v", err)
	}

	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write(whole)
	w.Close()
	s, _, _, err = run(t, save(t, "cut.pcap.gz", z.Bytes()[:z.Len()-9]), keep)
	if err != nil || s.Complete || s.PacketsRead == 0 || s.Compression != "gzip" || !strings.Contains(s.Why, "cut off") {
		t.Errorf("%+v %v", s, err)
	}
}

// TestInterfaces decodes pcapng files whose interfaces have different link types, or whose packets have no time.
func TestInterfaces(t *testing.T) {
	const wifi = "\x01\x00\x00\x00\x14\x00\x00\x00\x69\x00\x00\x00\x00\x00\x00\x00\x14\x00\x00\x00"
	const raw = "\x01\x00\x00\x00\x14\x00\x00\x00\x65\x00\x00\x00\x00\x00\x00\x00\x14\x00\x00\x00"
	const ip = "E\x00\x00\x14\x00\x00\x00\x00\x40\x01\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02"
	enhanced := func(number string) string {
		return "\x06\x00\x00\x00\x34\x00\x00\x00" + number + "\x00\x00\x00" + "\x00\x00\x00\x00\x40\x42\x0f\x00\x14\x00\x00\x00\x14\x00\x00\x00" + ip + "\x34\x00\x00\x00"
	}
	const simple = "\x03\x00\x00\x00\x24\x00\x00\x00\x14\x00\x00\x00" + ip + "\x24\x00\x00\x00"

	s, _, env, err := run(t, save(t, "mixed.pcapng", []byte(sectionHeader+wifi+raw+enhanced("\x00")+enhanced("\x01"))), keep)
	if said, _, _ := env.Said(); err != nil || s.Rows != 1 || s.Skipped["link type"] != 1 || said != "1 rows, 1 skipped (link type 1)" {
		t.Errorf("%+v %q %v", s, said, err)
	}
	_, _, _, err = run(t, save(t, "wifi.pcapng", []byte(sectionHeader+wifi+enhanced("\x00"))), keep)
	if err == nil || !strings.Contains(err.Error(), "wifi.pcapng: no packets can be decoded from link type IEEE 802.11 (105)") {
		t.Error(err)
	}
	s, packets, _, err := run(t, save(t, "simple.pcapng", []byte(sectionHeader+raw+simple+enhanced("\x00")+simple)), keep)
	if err != nil || s.Rows != 3 || s.WithoutTime != 2 || *s.First != 1e9 || *s.Last != 1e9 || s.OutOfOrder != 0 {
		t.Fatalf("%+v %v", s, err)
	}
	rows, err := table.Read(packets)
	if err != nil {
		t.Fatal(err)
	}
	if c := rows.Columns[colTime]; !c.IsNull(0) || c.IsNull(1) || !c.IsNull(2) || c.Ints[1] != 1e9 {
		t.Errorf("%+v", c)
	}
}

// TestOneAnswer compares the bytes of the outputs with what they were: when this fails, Kind's version must change too.
func TestOneAnswer(t *testing.T) {
	path := save(t, "generated.pcap", generate(40_000))
	s, packets, env, err := run(t, path, keep)
	if err != nil {
		t.Fatal(err)
	}
	said, found, _ := env.Said()
	if want := []string{
		"pcap, Ethernet, snap length 96 · 2023-11-14 22:13:20.000 .. 22:13:27.999 UTC (8 s)",
		"packets 40,000   rows 35,000   skipped 5,000   wire 27 MB   captured 3.3 MB",
		"IPv4 25,000 · IPv6 10,000   TCP 20,000 · UDP 10,000 · other 5,000",
	}; !slices.Equal(found, want) {
		t.Errorf("found %q", found)
	}
	if want := "35,000 rows, 5,000 skipped (ARP 5,000)"; said != want {
		t.Errorf("said %q, want %q", said, want)
	}
	if s.TCP != 20_000 || s.UDP != 10_000 || s.Other != 5_000 || s.IPv6 != 10_000 || s.OutOfOrder != 0 || s.SnapLength != 96 {
		t.Errorf("%+v", s)
	}
	var all []byte
	for _, name := range []string{packets, filepath.Join(filepath.Dir(packets), "decode.json")} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, content...)
	}
	sum := sha256.Sum256(all)
	const want = "e23f9664cc4267b25b69362a4cde4dcf1c6b47947acd549e811ce217a848cd39"
	if got := hex.EncodeToString(sum[:]); Kind().Version != 2 || got != want {
		t.Errorf("version 2 wrote %s, version %d writes %s", want, Kind().Version, got)
	}
}

func TestBetween(t *testing.T) {
	const day = 24 * 3600 * 1_000_000_000
	for _, c := range []struct {
		first, last int64
		want        string
	}{
		{0, 0, "1970-01-01 00:00:00.000 .. 00:00:00.000 UTC (0 s)"},
		{-1_500_000_000, 90_400_000_000 - 1_500_000_000, "1969-12-31 23:59:58.500 .. 1970-01-01 00:01:28.900 UTC (90.4 s)"},
		{day, 2*day + 1, "1970-01-02 00:00:00.000 .. 1970-01-03 00:00:00.000 UTC (24h0m0s)"},
		{math.MinInt64, math.MaxInt64, "1677-09-21 00:12:43.145 .. 2262-04-11 23:47:16.854 UTC (centuries)"},
	} {
		if got := between(c.first, c.last); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	out := t.TempDir()
	d := Kind().New().(*Decode)
	d.Capture = stages.Input{Path: save(t, "a.pcap", generate(10)), From: "a.pcap"}
	d.Packets.Path, d.Summary.Path = filepath.Join(out, "p"), filepath.Join(out, "s")
	if err := d.Run(ctx, stages.Quiet(t.TempDir())); err == nil {
		t.Error("ran to the end")
	}
	if left, _ := os.ReadDir(out); len(left) > 0 {
		t.Error("left something")
	}
}
