package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"weir/internal/synthetic"
	"weir/stages"
)

// pipes is a network of its own, without sockets, so that synctest's clock rules waits and time limits.
type pipes struct {
	connections chan net.Conn
	closed      chan struct{}
	once        sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.connections:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.connections <- there:
		return here, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// serving runs a test in a bubble with a server, and gives it a kind whose client reaches that server under any host name.
func serving(t *testing.T, handler http.HandlerFunc, test func(t *testing.T, k stages.Kind)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := &pipes{connections: make(chan net.Conn), closed: make(chan struct{})}
		server := &http.Server{Handler: handler}
		go server.Serve(l)
		c := newClient(l.dial)
		c.http.Transport.(*http.Transport).Proxy = nil
		test(t, kind(c))
		c.http.CloseIdleConnections()
		server.Close()
		synctest.Wait()
	})
}

// pins is a weir.lock in memory.
type pins map[string]string

func (p pins) Pin(url string) (string, bool)   { digest, ok := p[url]; return digest, ok }
func (p pins) SetPin(url, digest string) error { p[url] = digest; return nil }

// progress keeps what a stage told.
type progress struct {
	total, done int64
	notes       []string
}

func (p *progress) Total(n int64, _ string) { p.total = n }
func (p *progress) Done(n int64)            { p.done = n }
func (p *progress) Note(text string)        { p.notes = append(p.notes, text) }

// result is what a run left.
type result struct {
	bytes    []byte
	summary  string
	pins     pins
	progress *progress
	err      error
}

// fetch runs an instance of the kind.
func fetch(t *testing.T, ctx context.Context, k stages.Kind, url string, set func(f *Fetch, env *stages.Env)) result {
	t.Helper()
	dir := t.TempDir()
	scratch := filepath.Join(dir, "tmp")
	if err := os.Mkdir(scratch, 0o777); err != nil {
		t.Fatal(err)
	}
	f := k.New().(*Fetch)
	f.URL, f.Capture.Path = url, filepath.Join(dir, "capture")
	env := stages.Quiet(scratch)
	r := result{pins: pins{}, progress: &progress{}}
	env.Pins, env.Progress = r.pins, r.progress
	if set != nil {
		set(f, env)
	}
	if p, ok := env.Pins.(pins); ok {
		r.pins = p
	}
	r.err = f.Run(ctx, env)
	r.summary, _, _ = env.Said()
	var err error
	r.bytes, err = os.ReadFile(f.Capture.Path)
	if r.err == nil && err != nil {
		t.Errorf("%s: no error and no output: %v", url, err)
	}
	if r.err != nil && err == nil {
		t.Errorf("%s: failed and left an output", url)
	}
	if left, _ := os.ReadDir(scratch); len(left) > 0 {
		t.Errorf("%s: left %s in its scratch folder", url, left[0].Name())
	}
	return r
}

// want checks that the run gave exactly the bytes.
func (r result) want(t *testing.T, data []byte) {
	t.Helper()
	if r.err != nil {
		t.Fatal(r.err)
	}
	if !bytes.Equal(r.bytes, data) {
		t.Fatalf("got %d bytes, which are not the %d served", len(r.bytes), len(data))
	}
	if r.progress.done != int64(len(data)) {
		t.Errorf("progress ended at %d of %d", r.progress.done, len(data))
	}
}

// fails checks that the run failed with an error that holds all the parts.
func (r result) fails(t *testing.T, parts ...string) {
	t.Helper()
	if r.err == nil {
		t.Fatalf("no error, expected %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(r.err.Error(), part) {
			t.Errorf("error %q does not say %q", r.err, part)
		}
	}
	if len(r.pins) > 0 {
		t.Errorf("failed and pinned %v", r.pins)
	}
}

// mawi is a compressed capture as MAWI serves them.
func mawi(t *testing.T, parameters string) []byte {
	t.Helper()
	o, err := synthetic.Parse("synthetic://backbone?seconds=3&" + parameters)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err = o.Write(context.Background(), z, nil)
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// pack compresses text.
func pack(t *testing.T, text string) []byte {
	t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write([]byte(text))
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func plain(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { w.Write(data) }
}
