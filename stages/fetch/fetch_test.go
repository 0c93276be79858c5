package fetch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/artifacts"
	"weir/internal/synthetic"
	"weir/stages"
)

func TestContent(t *testing.T) {
	good := mawi(t, "")
	cut := good[:len(good)/2]
	broken := bytes.Clone(good)
	broken[len(broken)-6] ^= 1 // in the CRC
	for name, c := range map[string]struct {
		body []byte
		want []string
	}{
		"page":     {[]byte("\xef\xbb\xbf \n<!DOCTYPE html><html><head><title>\n Please  log in &amp; wait</title></head>"), []string{"a web page (\"Please log in & wait\")", "instead of a capture"}},
		"untitled": {[]byte("<html><title>"), []string{"a web page instead"}},
		"xhtml":    {[]byte(`<?xml version="1.0"?><html xmlns="x"><title>Moved</title>`), []string{`a web page ("Moved")`}},
		"xml":      {[]byte(`<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>`), []string{"XML document", "NoSuchKey"}},
		"packed":   {pack(t, "<html><head><title>Sorry</title>"), []string{`a web page ("Sorry")`}},
		"empty":    {nil, []string{"an empty file"}},
		"cut":      {cut, []string{"ends early", "sha256"}},
		"crc":      {broken, []string{"damaged", "checksum"}},
		"behind":   {append(bytes.Clone(good), "not gzip"...), []string{"follows the compressed capture"}},
		"head":     {good[:5], []string{"ends early"}},
	} {
		t.Run(name, func(t *testing.T) {
			serving(t, plain(c.body), func(t *testing.T, k stages.Kind) {
				fetch(t, t.Context(), k, place, nil).fails(t, append(c.want, place)...)
			})
		})
	}
	for name, body := range map[string][]byte{
		"two members": append(bytes.Clone(good), good...),
		"padded":      append(bytes.Clone(good), make([]byte, 1000)...),
		"text":        []byte("time,value\n1,2\n"),
		"one byte":    {0x1f},
	} {
		t.Run(name, func(t *testing.T) {
			serving(t, plain(body), func(t *testing.T, k stages.Kind) {
				fetch(t, t.Context(), k, place, nil).want(t, body)
			})
		})
	}
	// A digest in the pipeline is the way to use a file as it is.
	digest := sha256.Sum256(cut)
	serving(t, plain(cut), func(t *testing.T, k stages.Kind) {
		r := fetch(t, t.Context(), k, place, func(f *Fetch, _ *stages.Env) { f.SHA256 = hex.EncodeToString(digest[:]) })
		r.want(t, cut)
		if len(r.pins) > 0 {
			t.Errorf("pinned in the pipeline and in weir.lock: %v", r.pins)
		}
	})
}

func TestPins(t *testing.T) {
	old, data := mawi(t, "seed=1"), mawi(t, "seed=2")
	digest := sha256.Sum256(old)
	was := "sha256:" + hex.EncodeToString(digest[:])
	lock := pins{}
	with := func(f *Fetch, env *stages.Env) { env.Pins = lock }
	serve := old
	serving(t, func(w http.ResponseWriter, r *http.Request) { w.Write(serve) }, func(t *testing.T, k stages.Kind) {
		url := "http://user:secret@mawi.test/a.pcap.gz"
		fetch(t, t.Context(), k, url, with).want(t, old)
		if lock["http://mawi.test/a.pcap.gz"] != was || len(lock) != 1 {
			t.Errorf("recorded %v", lock)
		}
		if r := fetch(t, t.Context(), k, url, with); !strings.Contains(r.summary, "as in weir.lock") {
			t.Errorf("second time: %q, %v", r.summary, r.err)
		}
		serve = data
		r := fetch(t, t.Context(), k, url, with)
		now := sha256.Sum256(data)
		if r.err == nil || !strings.Contains(r.err.Error(), was) || !strings.Contains(r.err.Error(), hex.EncodeToString(now[:])) ||
			!strings.Contains(r.err.Error(), "delete the line of this URL in weir.lock") || strings.Contains(r.err.Error(), "secret") {
			t.Errorf("other bytes: %v", r.err)
		}
		if lock["http://mawi.test/a.pcap.gz"] != was {
			t.Errorf("the pin moved to %v", lock)
		}
		serve = []byte("<html><title>gone</title>")
		if r := fetch(t, t.Context(), k, url, with); r.err == nil || !strings.Contains(r.err.Error(), `web page ("gone")`) {
			t.Errorf("a page instead of pinned bytes: %v", r.err)
		}
		serve = data
		r = fetch(t, t.Context(), k, url, func(f *Fetch, env *stages.Env) { f.SHA256 = was })
		r.fails(t, was[7:], hex.EncodeToString(now[:]), "change `sha256`")
	})
}

func TestLocal(t *testing.T) {
	dir := t.TempDir()
	data := mawi(t, "")
	path := filepath.ToSlash(filepath.Join(dir, "a b.pcap.gz"))
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	k := Kind()
	slashed := path
	if !strings.HasPrefix(path, "/") {
		slashed = "/" + path
	}
	for url, name := range map[string]string{"captures/a.pcap.gz": "captures/a.pcap.gz", "file://" + strings.ReplaceAll(slashed, " ", "%20"): path, "file://localhost" + slashed: path} {
		f := k.New().(*Fetch)
		f.URL = url
		files, err := f.Files(dir)
		if err != nil || len(files) != 1 || files[0] != name || f.PinURL() != "" {
			t.Errorf("%s: files %v, %v, pin %q", url, files, err, f.PinURL())
		}
		give := func(f *Fetch, env *stages.Env) {
			env.Files = map[string]stages.Input{name: {ID: sha256.Sum256(data), Path: path}}
		}
		fetch(t, t.Context(), k, url, give).want(t, data)
		fetch(t, t.Context(), k, url, func(f *Fetch, env *stages.Env) { give(f, env); f.SHA256 = strings.Repeat("0", 64) }).fails(t, "0000", "sha256 of the bytes")
		fetch(t, t.Context(), k, url, func(f *Fetch, env *stages.Env) { give(f, env); f.MaxBytes = 10 }).fails(t, "max_bytes")
		fetch(t, t.Context(), k, url, func(f *Fetch, env *stages.Env) {
			env.Files = map[string]stages.Input{name: {ID: artifacts.OutputID{1}, Path: path}}
		}).fails(t, "changed since")
	}
	fetch(t, t.Context(), k, "nowhere.pcap", nil).fails(t, "nowhere.pcap")
	fetch(t, t.Context(), k, "folder", func(f *Fetch, env *stages.Env) {
		env.Files = map[string]stages.Input{"folder": {Path: dir}}
	}).fails(t, "is a folder")
}

// The golden digest of the kind: other bytes need another version.
func TestSynthetic(t *testing.T) {
	const want = "a24c3f852d123927c45bf20059e962eeda118ae586e028c575160f7a431cbe6d"
	k := Kind()
	r := fetch(t, t.Context(), k, "synthetic://backbone?seconds=10&seed=1", nil)
	if r.err != nil {
		t.Fatal(r.err)
	}
	if got := sha256.Sum256(r.bytes); hex.EncodeToString(got[:]) != want {
		t.Errorf("version %d of the kind gives %x, expected %s", k.Version, got, want)
	}
	if !strings.HasPrefix(r.summary, "generated 10 s, ") || r.progress.total != 10 || r.progress.done != 10 || len(r.pins) > 0 {
		t.Errorf("summary %q, progress %+v, pins %v", r.summary, r.progress, r.pins)
	}
	fetch(t, t.Context(), k, "synthetic://backbone?seconds=10", func(f *Fetch, _ *stages.Env) { f.MaxBytes = 1000 }).fails(t, "max_bytes")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := fetch(t, ctx, k, "synthetic://backbone", nil); !errors.Is(r.err, context.Canceled) {
		t.Errorf("cancelled: %v", r.err)
	}
}

func TestValidate(t *testing.T) {
	for url, want := range map[string]string{
		"":                            "empty",
		"htp://x/y":                   `did you mean "http"?`,
		"gopher+spdy://x/y":           "expected http, https, file, synthetic, or a path",
		"s3://bucket/key":             "s3 is not supported yet",
		"http:///path":                "names no host",
		"http://[::1":                 "not a URL",
		"a\nb":                        "line break",
		"file:a.pcap":                 "file:///absolute/path",
		"file://captures/a.pcap":      `names the host "captures"`,
		"file:///":                    "names no file",
		"synthetic://backbone?sede=1": `did you mean "seed"?`,
	} {
		f := Kind().New().(*Fetch)
		f.URL = url
		var option *stages.OptionError
		if err := f.Validate(); !errors.As(err, &option) || option.Option != "url" || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, expected %q", url, err, want)
		}
	}
	for _, url := range []string{place, "https://u:p@x/y?z#f", "a.pcap", "/a.pcap", "C:/a.pcap", "file:///a.pcap", "synthetic://backbone"} {
		f := Kind().New().(*Fetch)
		f.URL = url
		if err := f.Validate(); err != nil {
			t.Errorf("%q: %v", url, err)
		}
		f.SHA256 = "abc"
		var option *stages.OptionError
		if err := f.Validate(); !errors.As(err, &option) || option.Option != "sha256" {
			t.Errorf("short digest: %v", err)
		}
		f.SHA256, f.MaxBytes = "sha256:"+strings.Repeat("AB", 32), 0
		if err := f.Validate(); !errors.As(err, &option) || option.Option != "max_bytes" {
			t.Errorf("max_bytes: %v", err)
		}
	}
	f := Kind().New().(*Fetch)
	if f.URL = "https://u:p@x/y?z#f"; f.PinURL() != "https://x/y?z" {
		t.Errorf("pin URL %q", f.PinURL())
	}
	for _, p := range synthetic.Parameters() {
		if !strings.Contains(stages.Fields(f)[0].Doc, p[0]) {
			t.Errorf("`weir help fetch` says nothing of %s", p[0])
		}
	}
	if fields := stages.Fields(f); len(fields) != 4 || fields[2].Default != "68719476736" {
		t.Errorf("fields %+v", fields)
	}
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{place, "file:///a", "C:\\a", "s3://x", "synthetic://backbone?seed=1", "://"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := parseAddress(text)
		if err == nil && a.remote == nil && a.path == "" && a.synthetic.Seconds == 0 {
			t.Errorf("%q is neither an error nor a place", text)
		}
	})
}

func FuzzContentRange(f *testing.F) {
	f.Add("bytes 1-2/3")
	f.Add("bytes 0-0/*")
	f.Fuzz(func(t *testing.T, header string) {
		first, last, total, ok := contentRange(header)
		if ok && (first < 0 || last < first || total >= 0 && total <= last) {
			t.Errorf("%q: %d-%d/%d", header, first, last, total)
		}
	})
}

func TestTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(plain([]byte("x")))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	c := newClient(func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
	})
	transport := c.http.Transport.(*http.Transport)
	transport.Proxy = nil
	defer transport.CloseIdleConnections()
	fetch(t, t.Context(), kind(c), "https://example.com/a", nil).fails(t, "signed by nobody this machine trusts")
	transport.TLSClientConfig.RootCAs = x509.NewCertPool()
	transport.TLSClientConfig.RootCAs.AddCert(server.Certificate())
	fetch(t, t.Context(), kind(c), "https://other.test/a", nil).fails(t, "for another name")
	fetch(t, t.Context(), kind(c), "https://example.com/a", nil).want(t, []byte("x"))
}

func TestDowngrade(t *testing.T) {
	from, err := http.NewRequest(http.MethodGet, "https://a.test/x", nil)
	to, err2 := http.NewRequest(http.MethodGet, "http://a.test/x", nil)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	if err := checkRedirect(to, []*http.Request{from}); err == nil || !strings.Contains(err.Error(), "from https to http://a.test/x") {
		t.Errorf("got %v", err)
	}
}

func TestSpeaksHTTP(t *testing.T) {
	serving(t, plain([]byte("x")), func(t *testing.T, k stages.Kind) {
		fetch(t, t.Context(), k, "https://a.test/x", nil).fails(t, "does not speak https")
	})
}

func TestSpeaksNoTLS(t *testing.T) {
	c := newClient(func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		go io.Copy(io.Discard, there)
		go there.Write([]byte("SSH-2.0-OpenSSH_9.7\r\n"))
		return here, nil
	})
	c.http.Transport.(*http.Transport).Proxy = nil
	fetch(t, t.Context(), kind(c), "https://a.test/x", nil).fails(t, "does not speak https")
}

func TestNoHost(t *testing.T) {
	c := newClient(func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "mawi.wide.ad.jb", IsNotFound: true}}
	})
	c.http.Transport.(*http.Transport).Proxy = nil
	fetch(t, t.Context(), kind(c), place, nil).fails(t, `no host "mawi.wide.ad.jb"`)
}
