package decode

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"weir/stages"
)

// maxPeak is the memory that decoding any file may take, in MiB.
const maxPeak = 256

// TestMain decodes one file in a process of its own when it is told to, so that TestHostile can see its peak memory.
func TestMain(m *testing.M) {
	if path := os.Getenv("DECODE_FILE"); path != "" {
		out := os.Getenv("DECODE_OUT")
		d := Kind().New().(*Decode)
		d.Capture = stages.Input{Path: path, From: filepath.Base(path)}
		d.Packets.Path, d.Summary.Path = filepath.Join(out, "packets.parquet"), filepath.Join(out, "decode.json")
		env := stages.Quiet(out)
		err := d.Run(context.Background(), env)
		said, _, _ := env.Said()
		fmt.Println(said, err, "peak", peakMemory()>>20, "MiB")
		if peakMemory()>>20 > maxPeak {
			os.Exit(9)
		}
		if err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// peakMemory is the largest resident size this process had, in bytes; 0 where the system does not say.
func peakMemory() int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			var kB int64
			fmt.Sscan(rest, &kB)
			return kB << 10
		}
	}
	return 0
}

const pcapHeader = "\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff\x01\x00\x00\x00"
const sectionHeader = "\x0a\x0d\x0d\x0a\x1c\x00\x00\x00\x4d\x3c\x2b\x1a\x01\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\x1c\x00\x00\x00"
const interfaceDescription = "\x01\x00\x00\x00\x14\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x14\x00\x00\x00"

// repeat writes s until n bytes are written.
func repeat(w io.Writer, s string, n int) {
	block := []byte(strings.Repeat(s, max(1, 64<<10/len(s))))
	for ; n > 0; n -= len(block) {
		w.Write(block)
	}
}

// TestHostile decodes files that claim, repeat or unpack to far more than they are.
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes hundreds of megabytes")
	}
	record := func(captured uint32) string {
		b := binary.LittleEndian.AppendUint32(make([]byte, 8), captured)
		return string(binary.LittleEndian.AppendUint32(b, captured))
	}
	const big = 128 << 20
	files := []struct {
		name     string
		compress string
		content  func(w io.Writer)
	}{
		{"claims", "", func(w io.Writer) { io.WriteString(w, pcapHeader+record(0xfffffff0)) }},
		{"empty records", "gzip", func(w io.Writer) { io.WriteString(w, pcapHeader); repeat(w, "\x00", big) }},
		{"long records", "gzip", func(w io.Writer) {
			io.WriteString(w, pcapHeader[:16]+"\x00\x00\x00\x08"+pcapHeader[20:])
			for range 2 {
				io.WriteString(w, record(big))
				repeat(w, "\x45", big)
			}
		}},
		{"interfaces", "gzip", func(w io.Writer) { io.WriteString(w, sectionHeader); repeat(w, interfaceDescription, big) }},
		{"sections", "gzip", func(w io.Writer) { repeat(w, sectionHeader+interfaceDescription, big) }},
		{"blocks", "zstd", func(w io.Writer) {
			io.WriteString(w, sectionHeader)
			repeat(w, "\x0a\x00\x00\x00\x0c\x00\x00\x00\x0c\x00\x00\x00", big)
		}},
		{"long block", "zstd", func(w io.Writer) {
			io.WriteString(w, sectionHeader+"\x06\x00\x00\x00\xf0\xff\xff\xff")
			repeat(w, "\x00", 4*big)
		}},
		{"addresses", "", func(w io.Writer) { io.WriteString(w, pcapHeader); distinct(w, 600_000) }},
		{"tags", "gzip", func(w io.Writer) {
			io.WriteString(w, pcapHeader)
			for range 512 {
				io.WriteString(w, record(256<<10)+strings.Repeat("\x81\x00", 128<<10))
			}
		}},
		{"nested", "gzip", func(w io.Writer) { z := gzip.NewWriter(w); repeat(z, "\x00", big); z.Close() }},
		{"members", "", func(w io.Writer) {
			var z bytes.Buffer
			g := gzip.NewWriter(&z)
			g.Close()
			var first bytes.Buffer
			g.Reset(&first)
			io.WriteString(g, pcapHeader)
			g.Close()
			w.Write(first.Bytes())
			repeat(w, z.String(), 16<<20)
		}},
		{"windows", "zstd-long", func(w io.Writer) { io.WriteString(w, pcapHeader); distinct(w, 600_000) }},
	}
	for _, f := range files {
		t.Run(f.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "hostile")
			out, err := os.Create(path)
			if err != nil {
				t.Fatal(err)
			}
			switch f.compress {
			case "gzip":
				z, _ := gzip.NewWriterLevel(out, gzip.BestSpeed)
				f.content(z)
				z.Close()
			case "zstd", "zstd-long":
				options := []zstd.EOption{zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1)}
				if f.compress == "zstd-long" {
					options = append(options, zstd.WithWindowSize(32<<20))
				}
				z, _ := zstd.NewWriter(out, options...)
				f.content(z)
				z.Close()
			default:
				f.content(out)
			}
			out.Close()
			exe, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(exe)
			cmd.Env = append(os.Environ(), "DECODE_FILE="+path, "DECODE_OUT="+t.TempDir())
			said, err := cmd.CombinedOutput()
			t.Logf("%s%v", said, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
			if code := cmd.ProcessState.ExitCode(); code != 0 && code != 1 {
				t.Errorf("%v", err)
			}
		})
	}
}

// distinct writes n IPv6 packets, each with addresses of its own.
func distinct(w io.Writer, n int) {
	packet := make([]byte, 16+54)
	binary.LittleEndian.PutUint32(packet[8:], 54)
	binary.LittleEndian.PutUint32(packet[12:], 54)
	copy(packet[16+12:], "\x86\xdd\x60")
	packet[16+14+6] = 6
	x := uint64(1)
	for range n {
		for at := 16 + 14 + 8; at < len(packet); at += 8 {
			x = x*6364136223846793005 + 1442695040888963407
			binary.BigEndian.PutUint64(packet[at:], x^x>>31)
		}
		w.Write(packet)
	}
}
