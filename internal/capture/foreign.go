package capture

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// recognise is how many bytes are looked at to say what a file is: enough for tar, whose mark is at byte 257.
const recognise = 512

// foreign is the error for content that is no capture: it says what it looks like. head is what s begins with.
func foreign(head []byte, s *stream, compression string) error {
	const expected = "expected a pcap or pcapng capture, plain, gzip or zstd"
	inside := ""
	if compression != "" {
		inside = " inside the " + compression
	}
	if s.ended != nil && s.ended != io.EOF && len(head) < 4 {
		return fmt.Errorf("nothing can be read%s: %s; %s", inside, s.explain(s.ended), expected)
	}
	return fmt.Errorf("not a capture: this%s is %s; %s", inside, identify(head), expected)
}

// signatures are the beginnings of files that are given by mistake.
func signatures() [][2]string {
	return [][2]string{
		{"\x1f\x8b", "gzip data (compressed twice?)"},
		{"\x28\xb5\x2f\xfd", "zstd data (compressed twice?)"},
		{"\xfd7zXZ\x00", "xz-compressed: decompress it with `xz -d` first"},
		{"BZh", "bzip2-compressed: decompress it with `bzip2 -d` first"},
		{"\x04\x22\x4d\x18", "lz4-compressed: decompress it with `lz4 -d` first"},
		{"\x02\x21\x4c\x18", "lz4-compressed: decompress it with `lz4 -d` first"},
		{"\x1f\x9d", "compressed by compress: decompress it with `gzip -d` first"},
		{"\x5d\x00\x00", "lzma-compressed: decompress it with `xz -d` first"},
		{"PK\x03\x04", "a ZIP archive: extract the capture first"},
		{"PK\x05\x06", "an empty ZIP archive"},
		{"7z\xbc\xaf\x27\x1c", "a 7-Zip archive: extract the capture first"},
		{"Rar!", "a RAR archive: extract the capture first"},
		{"PAR1", "a Parquet file (a table that was decoded already?)"},
		{"ARROW1", "an Arrow file"},
		{"\x7fELF", "an ELF executable"},
		{"MZ", "a Windows executable"},
		{"\xcf\xfa\xed\xfe", "a Mach-O executable"},
		{"#!", "a script"},
		{"%PDF-", "a PDF"},
		{"\x89PNG", "a PNG picture"},
		{"\xff\xd8\xff", "a JPEG picture"},
		{"SQLite format 3", "an SQLite database"},
		{"snoop\x00\x00\x00", "a snoop capture: convert it with `editcap -F pcapng`"},
		{"GMBU", "a Network Monitor capture: convert it with `editcap -F pcapng`"},
		{"RTSS", "a Network Monitor capture: convert it with `editcap -F pcapng`"},
		{"TRSNIFF data", "a Sniffer capture: convert it with `editcap -F pcapng`"},
		{"XCP\x00", "a NetXRay capture: convert it with `editcap -F pcapng`"},
		{"version https://git-lfs", "a Git LFS pointer: fetch the file itself with `git lfs pull`"},
	}
}

// identify says in a few words what content is, from its first bytes.
func identify(head []byte) string {
	if len(head) == 0 {
		return "empty"
	}
	for _, known := range signatures() {
		if bytes.HasPrefix(head, []byte(known[0])) {
			return known[1]
		}
	}
	if len(head) >= 262 && string(head[257:262]) == "ustar" {
		return "a tar archive: extract the capture first"
	}
	if len(bytes.Trim(head, "\x00")) == 0 {
		return "filled with zeros (an unfinished download?)"
	}
	if text, ok := textOf(head); ok {
		return text
	}
	return fmt.Sprintf("of no format known here (it begins with % x)", head[:min(len(head), 4)])
}

// textOf recognises text, and HTML and JSON among it.
func textOf(head []byte) (string, bool) {
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	valid := head
	for range utf8.UTFMax - 1 { // the last character may be cut
		if utf8.Valid(valid) || len(valid) == 0 {
			break
		}
		valid = valid[:len(valid)-1]
	}
	if !utf8.Valid(valid) || bytes.ContainsFunc(valid, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\n\r\f\v\x1b", r) }) {
		return "", false
	}
	start := strings.ToLower(strings.TrimSpace(string(valid)))
	switch {
	case strings.HasPrefix(start, "<!doctype html"), strings.HasPrefix(start, "<html"), strings.HasPrefix(start, "<head"):
		return "an HTML page (an error page of the server?)", true
	case strings.HasPrefix(start, "<"):
		return "XML", true
	case strings.HasPrefix(start, "{"), strings.HasPrefix(start, "["):
		return "JSON", true
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(valid)), "\n")
	return fmt.Sprintf("text (it begins with %.40q)", strings.TrimSpace(line)), true
}
