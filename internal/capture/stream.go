package capture

import (
	"context"
	"fmt"
	"io"
)

// window is how many bytes of the content a reader holds.
const window = 1 << 20

// stream is a bounded window that moves forward over a reader.
type stream struct {
	ctx    context.Context // of the whole reader: see NewReader
	source io.Reader
	size   int64 // of the content, 0 when unknown
	buf    []byte
	lo, hi int   // buf[lo:hi] is unread
	offset int64 // of buf[lo] in the content

	ended   error   // why the content ends: io.EOF, or what the decompressor says
	failed  error   // the file could not be read, or the context is done: no fault of the content
	below   *stream // the compressed file, for a decompressed stream
	explain func(error) string
}

func newStream(ctx context.Context, source io.Reader, size int64) *stream {
	return &stream{ctx: ctx, source: source, size: size, buf: make([]byte, window), explain: error.Error}
}

// peek returns the next n bytes without moving, fewer only where the content ends. n is at most window. The bytes are valid until
// the next call of peek or skip.
func (s *stream) peek(n int) []byte {
	if s.hi-s.lo < n {
		s.fill(n)
	}
	return s.buf[s.lo:min(s.lo+n, s.hi)]
}

// fill reads until n bytes are there or the content ends.
func (s *stream) fill(n int) {
	if s.lo > 0 {
		copy(s.buf, s.buf[s.lo:s.hi])
		s.lo, s.hi = 0, s.hi-s.lo
	}
	for idle := 0; s.hi < n && s.ended == nil && s.failed == nil; {
		if err := s.ctx.Err(); err != nil {
			s.failed = err
			return
		}
		got, err := s.source.Read(s.buf[s.hi:])
		s.hi += got
		if got > 0 {
			idle = 0
		} else if idle++; idle > 100 && err == nil {
			err = io.ErrNoProgress
		}
		if err != nil {
			s.end(err)
		}
	}
}

// end sorts out why there is no more content.
func (s *stream) end(err error) {
	if s.below != nil && s.below.failed != nil {
		s.failed = s.below.failed
		return
	}
	if f, ok := s.source.(*file); ok && f.failed != nil {
		s.failed = f.failed
		return
	}
	s.ended = err
}

// advance moves over n bytes that peek has shown.
func (s *stream) advance(n int) {
	s.lo += n
	s.offset += int64(n)
}

// skip moves over n bytes and returns how many there were.
func (s *stream) skip(n int64) int64 {
	var done int64
	for done < n {
		step := len(s.peek(int(min(n-done, window))))
		if step == 0 {
			break
		}
		s.advance(step)
		done += int64(step)
	}
	return done
}

// Read implements io.Reader, for a decompressor above.
func (s *stream) Read(p []byte) (int, error) {
	b := s.peek(1)
	if len(b) == 0 {
		if s.failed != nil {
			return 0, s.failed
		}
		return 0, s.ended
	}
	n := copy(p, s.buf[s.lo:s.hi])
	s.advance(n)
	return n, nil
}

// stop returns the error for content that ended at a place where at least one more byte was needed: the failure to read, or a
// Damage for the record that begins at offset.
func (s *stream) stop(offset int64, format string, arguments ...any) error {
	if s.failed != nil {
		return s.failed
	}
	why := fmt.Sprintf(format, arguments...)
	if s.ended != io.EOF {
		why = s.explain(s.ended)
	}
	return &Damage{Offset: offset, Why: why}
}

// damage returns a Damage for the record that begins at offset.
func (s *stream) damage(offset int64, format string, arguments ...any) error {
	return &Damage{Offset: offset, Why: fmt.Sprintf(format, arguments...)}
}

// over returns the error for content that ended between two records.
func (s *stream) over() error {
	if s.failed == nil && s.ended == io.EOF {
		return io.EOF
	}
	return s.stop(s.offset, "")
}

// file counts what is read from the file itself and remembers why that failed.
type file struct {
	source io.Reader
	read   int64
	failed error
}

func (f *file) Read(p []byte) (int, error) {
	n, err := f.source.Read(p)
	f.read += int64(n)
	if err != nil && err != io.EOF {
		f.failed = err
	}
	return n, err
}
