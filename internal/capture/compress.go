package capture

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/dustin/go-humanize"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxZstdWindow is the largest window a zstd frame may ask for, in bytes. zstd's levels up to 19 use 8 MiB and level 20 uses
// 32; what --long and the two highest levels use would not leave the rest of the program its share of memory.
const maxZstdWindow = 32 << 20

// gzipBuffer is how far the gzip reader reads ahead, in bytes.
const gzipBuffer = 64 << 10

// unpacker is a compression that captures are stored with.
type unpacker interface {
	name() string
	open(compressed *stream) (io.Reader, error)
	explain(err error) string // for people, of an error that the reader from open returned
	close()
}

// unpackerOf recognises a compression by its first four bytes; nil when there is none.
func unpackerOf(head []byte) unpacker {
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return &unzip{}
	case len(head) == 4 && (isZstd(head)):
		return &unzstd{}
	}
	return nil
}

func isZstd(head []byte) bool {
	skippable := head[0]&0xf0 == 0x50 && head[1] == 0x2a && head[2] == 0x4d && head[3] == 0x18
	return skippable || bytes.Equal(head, []byte("\x28\xb5\x2f\xfd"))
}

// unzip reads gzip members one after the other. Zeros behind the last one are padding, as tapes and some servers add; anything else
// there is damage.
type unzip struct {
	stream     *stream
	compressed *bufio.Reader // over stream
	member     *gzip.Reader
}

func (u *unzip) name() string { return "gzip" }
func (u *unzip) close()       {}

func (u *unzip) open(compressed *stream) (io.Reader, error) {
	u.stream, u.compressed = compressed, bufio.NewReaderSize(compressed, gzipBuffer)
	m, err := gzip.NewReader(u.compressed)
	if err != nil {
		return nil, err
	}
	m.Multistream(false)
	u.member = m
	return u, nil
}

var errBehindGzip = errors.New("something that is not gzip follows")

func (u *unzip) Read(p []byte) (int, error) {
	n, err := u.member.Read(p)
	if err == io.EOF && n > 0 {
		return n, nil // come back for the end
	}
	if err != io.EOF {
		return n, err
	}
	padded, err := u.skipZeros()
	if err != nil {
		return 0, err
	}
	if next, _ := u.compressed.Peek(2); padded || !bytes.Equal(next, []byte("\x1f\x8b")) {
		return 0, errBehindGzip
	}
	if err := u.member.Reset(u.compressed); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return 0, err
	}
	u.member.Multistream(false)
	return 0, nil
}

// skipZeros moves over zero bytes and says whether there were any. Its error is io.EOF at the end of the file.
func (u *unzip) skipZeros() (found bool, err error) {
	for {
		b, err := u.compressed.ReadByte()
		if err != nil {
			return found, err
		}
		if b != 0 {
			return found, u.compressed.UnreadByte()
		}
		found = true
	}
}

func (u *unzip) explain(err error) string {
	at := place(u.stream.offset - int64(u.compressed.Buffered()))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "the gzip file is cut off" + at
	case errors.Is(err, gzip.ErrChecksum):
		return "the gzip checksum or length does not match what was decompressed" + at
	case errors.Is(err, errBehindGzip):
		return "something that is not gzip follows the last gzip member" + at
	}
	return "the gzip data is damaged" + at
}

// place says where in the compressed file a decompressor stopped, give or take what it had read ahead.
func place(offset int64) string {
	return fmt.Sprintf(" near byte %s of the compressed file", humanize.Comma(offset))
}

// unzstd reads zstd frames one after the other.
type unzstd struct {
	compressed *stream
	decoder    *zstd.Decoder
}

func (u *unzstd) name() string { return "zstd" }

func (u *unzstd) open(compressed *stream) (io.Reader, error) {
	// One goroutine: the window is the memory, and there is one of it.
	u.compressed = compressed
	d, err := zstd.NewReader(compressed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxZstdWindow))
	u.decoder = d
	return d, err
}

func (u *unzstd) close() {
	if u.decoder != nil {
		u.decoder.Close()
	}
}

func (u *unzstd) explain(err error) string {
	at := place(u.compressed.offset)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "the zstd file is cut off" + at
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return "the zstd frame needs a window of more than 32 MiB: decompress it with `zstd -d --long=31` first"
	case errors.Is(err, zstd.ErrCRCMismatch):
		return "the zstd checksum does not match what was decompressed" + at
	case errors.Is(err, zstd.ErrMagicMismatch):
		return "something that is not zstd follows the last zstd frame" + at
	case errors.Is(err, zstd.ErrUnknownDictionary):
		return "the zstd frame needs a dictionary that is not here: decompress it first"
	}
	return "the zstd data is damaged" + at
}
