package fetch

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"os"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/klauspost/compress/gzip"
)

// maxUnpacked bounds how much a gzip file may unpack to while it is checked, in bytes. Nothing of it is kept.
const maxUnpacked = 4 << 40

// beginning is the first 64 KiB of a file, unpacked where they are gzip: a server may have packed its page for the way.
func beginning(f *os.File) ([]byte, error) {
	head := make([]byte, 64<<10)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if z, err := gzip.NewReader(bytes.NewReader(head[:n])); err == nil {
		unpacked := make([]byte, 64<<10)
		m, _ := io.ReadFull(z, unpacked) // ends within the file, or it is damaged: wholeGzip says so
		return unpacked[:m], nil
	}
	return head[:n], nil
}

// looksWrong recognises, by content, what servers send in place of a capture: a web page or an XML error.
func looksWrong(f *os.File) error {
	head, err := beginning(f)
	if err != nil {
		return err
	}
	head = bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	start := bytes.ToLower(head[:min(len(head), 512)])
	page := bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html")) || bytes.HasPrefix(start, []byte("<head")) ||
		bytes.HasPrefix(start, []byte("<!--"))
	switch {
	case page || bytes.HasPrefix(start, []byte("<?xml")) && bytes.Contains(start, []byte("<html")):
		return fmt.Errorf("the server sent a web page%s instead of a capture: open the URL in a browser; there may be a login or a notice to accept, or the file has moved", titled(head))
	case bytes.HasPrefix(start, []byte("<?xml")):
		return fmt.Errorf("the server sent an XML document instead of a capture: %.120q", head)
	}
	return nil
}

// titled is the page's title in quotes with a blank before it, or nothing.
func titled(page []byte) string {
	lower := bytes.ToLower(page)
	at := bytes.Index(lower, []byte("<title"))
	if at < 0 || len(lower) != len(page) {
		return ""
	}
	open := bytes.IndexByte(lower[at:], '>')
	end := bytes.Index(lower[at:], []byte("</title"))
	if open < 0 || end < open {
		return ""
	}
	title := strings.Join(strings.Fields(html.UnescapeString(string(page[at+open+1:at+end]))), " ")
	if title == "" {
		return ""
	}
	return fmt.Sprintf(" (%.100q)", strings.ToValidUTF8(title, "?"))
}

// wholeGzip reads a gzip file to its end, all members, and checks their trailers (length and CRC-32). Other files pass. Zeros behind the last member
// are padding.
func wholeGzip(ctx context.Context, f *os.File) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	packed := &counting{r: f}
	in := bufio.NewReaderSize(packed, 256<<10)
	magic, err := in.Peek(2)
	if err != nil || !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return nil // too short to be gzip, or something else: decode says what
	}
	position := func() string { return humanize.Comma(packed.n - int64(in.Buffered())) }
	member, err := gzip.NewReader(in)
	for left := int64(maxUnpacked); err == nil; {
		member.Multistream(false)
		if left, err = drain(ctx, member, left); err != nil {
			break
		}
		if more, padded := behind(in); padded != nil {
			return fmt.Errorf("something that is not gzip follows the compressed capture at byte %s: %w", position(), padded)
		} else if !more {
			return nil
		}
		err = member.Reset(in)
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errBomb):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		return fmt.Errorf("the gzip file ends early, at byte %s: it is cut on the server, or on its way where the server gave no length%s", position(), accept)
	}
	return fmt.Errorf("the gzip file is damaged near byte %s: %w%s", position(), err, accept)
}

const accept = "; to use what there is, give its digest in `sha256`"

var (
	errBomb   = errors.New("the gzip file unpacks to more than 4 TiB, which no capture does")
	errBehind = errors.New("to use it as it is, give its digest in `sha256`")
)

// drain reads to the end, at most left bytes, and says how many may still come.
func drain(ctx context.Context, r io.Reader, left int64) (int64, error) {
	buffer := make([]byte, 256<<10)
	for {
		if err := ctx.Err(); err != nil {
			return left, err
		}
		n, err := r.Read(buffer)
		if left -= int64(n); left < 0 {
			return left, errBomb
		}
		if err == io.EOF {
			return left, nil
		}
		if err != nil {
			return left, err
		}
	}
}

// behind looks at what follows a gzip member: another one, or zeros up to the end of the file.
func behind(in *bufio.Reader) (more bool, err error) {
	for {
		b, err := in.ReadByte()
		switch {
		case err == io.EOF:
			return false, nil
		case err != nil:
			return false, err
		case b == 0x1f:
			return true, in.UnreadByte()
		case b != 0:
			return false, errBehind
		}
	}
}

// counting counts the bytes that are read.
type counting struct {
	r io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
