// Package fetch is the stage that brings a capture into the pipeline: over HTTP, from a local file, or generated. It is the only kind that uses
// the network, and what it keeps are the bytes as they were served: a compressed capture stays compressed, decode unpacks it.
//
// What a URL held when it was first fetched is written into weir.lock and enforced from then on; `sha256` in the pipeline does the same by hand.
// Proxies are taken from HTTP_PROXY, HTTPS_PROXY and NO_PROXY. It does not look inside a capture: it only refuses what cannot be one (a web page, a gzip file that ends early).
package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/dustin/go-humanize"

	"weir/artifacts"
	"weir/internal/synthetic"
	"weir/stages"
)

// Fetch is one capture to bring in.
type Fetch struct {
	URL      string `hcl:"url" doc:"where the capture is: http, https or file URL, a path relative to the project, or synthetic://backbone?seconds=900&seed=1 (seconds 1 to 86400; seed; rate 1000 packets/s; snaplen 76 to 65535, 96; start as RFC 3339; ipv6 0.1 and vlan 0.05, shares of the sessions; wave 0.08, of one minute)"`
	SHA256   string `hcl:"sha256,optional" doc:"the digest that the bytes must have, 64 hex digits; without it the first one is recorded in weir.lock and enforced after"`
	MaxBytes int64  `hcl:"max_bytes,optional" doc:"the largest file that is accepted, in bytes"`

	Capture stages.Output `hcl:"capture" file:"capture" doc:"the bytes as they were served"`

	client *client
}

// Kind is the row for the table of kinds. Its instances share one limit of connections per host.
func Kind() stages.Kind {
	return kind(newClient(dialer()))
}

func kind(c *client) stages.Kind {
	return stages.Kind{
		Name:    "fetch",
		Version: 1,
		Summary: "brings in a capture: downloaded, copied, or generated",
		Memory:  32 << 20,
		Resumes: true,
		New:     func() stages.Stage { return &Fetch{MaxBytes: 64 << 30, client: c} },
	}
}

// Validate implements stages.Validator.
func (f *Fetch) Validate() error {
	if _, err := parseAddress(f.URL); err != nil {
		return &stages.OptionError{Option: "url", Message: err.Error()}
	}
	if _, err := f.wanted(); err != nil {
		return &stages.OptionError{Option: "sha256", Message: err.Error()}
	}
	if f.MaxBytes < 1 {
		return &stages.OptionError{Option: "max_bytes", Message: "expected at least 1"}
	}
	return nil
}

// wanted is the digest that sha256 asks for; zero when it asks for none.
func (f *Fetch) wanted() (id artifacts.OutputID, err error) {
	if f.SHA256 == "" {
		return id, nil
	}
	id, err = artifacts.ParseOutputID("sha256:" + strings.ToLower(strings.TrimPrefix(f.SHA256, "sha256:")))
	if err != nil {
		return id, errors.New("expected 64 hex digits, as sha256sum prints them")
	}
	return id, nil
}

// Files implements stages.FileReader: the local file that the URL names, if it names one.
func (f *Fetch) Files(string) ([]string, error) {
	a, err := parseAddress(f.URL)
	if err != nil || a.path == "" {
		return nil, err
	}
	return []string{a.path}, nil
}

// PinURL implements stages.Pinner: an address on the network whose digest the pipeline does not give.
func (f *Fetch) PinURL() string {
	a, err := parseAddress(f.URL)
	if err != nil || a.remote == nil || f.SHA256 != "" {
		return ""
	}
	return a.name
}

// Run implements stages.Stage.
func (f *Fetch) Run(ctx context.Context, env *stages.Env) error {
	if err := f.Validate(); err != nil {
		return err
	}
	a, err := parseAddress(f.URL)
	if err != nil {
		return err
	}
	temporary := filepath.Join(env.Scratch, bodyName)
	if a.remote != nil && env.Unfinished != "" {
		temporary = filepath.Join(env.Unfinished, bodyName)
	}
	out, err := os.OpenFile(temporary, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	defer out.Close()
	if filepath.Dir(temporary) == env.Scratch {
		defer os.Remove(temporary)
	}
	switch {
	case a.remote != nil:
		err = f.download(ctx, env, a, out)
	case a.path != "":
		err = f.copy(ctx, env, a.path, out)
	default:
		err = f.generate(ctx, env, a.synthetic, out)
	}
	if err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	return os.Rename(temporary, f.Capture.Path)
}

// generate writes a synthetic capture.
func (f *Fetch) generate(ctx context.Context, env *stages.Env, o synthetic.Options, out *os.File) error {
	env.Progress.Total(int64(o.Seconds), "seconds")
	h := sha256.New()
	limited := &limitedWriter{w: io.MultiWriter(out, h), left: f.MaxBytes, limit: f.MaxBytes}
	truth, err := o.Write(ctx, limited, func(done int) { env.Progress.Done(int64(done)) })
	if err != nil {
		return err
	}
	env.Summarize(fmt.Sprintf("generated %s s, %s packets, %s", humanize.Comma(int64(o.Seconds)), humanize.Comma(truth.Packets), size(truth.FileBytes)))
	return f.enforce(artifacts.OutputID(h.Sum(nil)))
}

// copy takes a local file. Its digest is in the key; the copy is hashed again only where sha256 asks for a digest.
func (f *Fetch) copy(ctx context.Context, env *stages.Env, name string, out *os.File) error {
	input, ok := env.Files[name]
	if !ok {
		return fmt.Errorf("%s: the file was not found when the work was planned", name)
	}
	in, err := os.Open(input.Path)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a folder, expected a capture: name one file, or list several in for_each", name)
	case info.Size() == 0:
		return fmt.Errorf("%s is empty", name)
	case info.Size() > f.MaxBytes:
		return tooLarge(name, f.MaxBytes)
	}
	env.Progress.Total(info.Size(), "bytes")
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, h), &reporting{r: io.LimitReader(in, info.Size()), ctx: ctx, progress: env.Progress})
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if n != info.Size() {
		return fmt.Errorf("%s changed while it was read: %s of %s bytes", name, humanize.Comma(n), humanize.Comma(info.Size()))
	}
	id := artifacts.OutputID(h.Sum(nil))
	if id != input.ID && !input.ID.IsZero() {
		return fmt.Errorf("%s changed since the work was planned: run again", name)
	}
	env.Summarize(fmt.Sprintf("%s from %s", size(n), name))
	return f.enforce(id)
}

// enforce compares the digest with the option sha256.
func (f *Fetch) enforce(got artifacts.OutputID) error {
	want, err := f.wanted()
	if err != nil || f.SHA256 == "" || want == got {
		return err
	}
	return fmt.Errorf("%s holds other bytes than the pipeline says:\n  sha256 in the pipeline %s\n  sha256 of the bytes    %s\nif the new ones are right, change `sha256`",
		f.URL, hex.EncodeToString(want[:]), hex.EncodeToString(got[:]))
}

// reporting passes reads on, tells the progress, and stops with the context.
type reporting struct {
	r        io.Reader
	ctx      context.Context
	progress stages.Progress
	done     int64
}

func (r *reporting) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.r.Read(p)
	r.done += int64(n)
	r.progress.Done(r.done)
	return n, err
}

// limitedWriter refuses to write more than its limit.
type limitedWriter struct {
	w           io.Writer
	left, limit int64
}

func (l *limitedWriter) Write(p []byte) (int, error) {
	if l.left -= int64(len(p)); l.left < 0 {
		return 0, tooLarge("the capture", l.limit)
	}
	return l.w.Write(p)
}

func tooLarge(what string, limit int64) error {
	return fmt.Errorf("%s is larger than max_bytes, %s bytes: raise max_bytes if that is meant", what, humanize.Comma(limit))
}

// size is a number of bytes for people.
func size(n int64) string { return humanize.Bytes(uint64(n)) }
