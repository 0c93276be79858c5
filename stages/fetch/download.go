package fetch

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"weir/artifacts"
	"weir/stages"
)

// transfer is one download: what has arrived so far and of which version of the file. It goes on after a broken connection with a Range request
// that the server answers from the same version only (If-Range), and starts over where that is not possible.
type transfer struct {
	fetch *Fetch
	env   *stages.Env
	from  address
	file  *os.File

	hash      hash.Hash // of what has arrived
	have      int64     // bytes that have arrived
	best      int64     // the most that ever had
	total     int64     // of the whole file; -1 when the server does not say
	validator string    // strong ETag or Last-Modified of the version; "" when there is none
	safe      int64     // bytes that are on the disk and noted, see unfinished.go
}

// retryError is a failure after which another attempt makes sense.
type retryError struct {
	err   error
	after time.Duration // what the server asks to wait; 0 when it does not
}

func (e *retryError) Error() string { return e.err.Error() }
func (e *retryError) Unwrap() error { return e.err }

func again(format string, args ...any) error {
	return &retryError{err: fmt.Errorf(format, args...)}
}

// download fetches from the network, checks what arrived and records its digest.
func (f *Fetch) download(ctx context.Context, env *stages.Env, a address, out *os.File) error {
	release, err := f.client.acquire(ctx, a.remote.Host)
	if err != nil {
		return err
	}
	defer release()
	t := &transfer{fetch: f, env: env, from: a, file: out, hash: sha256.New(), total: -1}
	if err := t.resume(ctx); err != nil {
		return err
	}
	if err := t.run(ctx); err != nil {
		err = errors.Join(err, t.note())
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("%s: %w", a.name, err)
	}
	id := artifacts.OutputID(t.hash.Sum(nil))
	how, err := f.trust(ctx, env, a, out, id)
	if err != nil {
		if ctx.Err() == nil {
			err = errors.Join(err, t.restart()) // nothing to go on with
		}
		return err
	}
	env.Summarize(fmt.Sprintf("%s from %s, %s%s", size(t.have), a.remote.Host, id.Short(), how))
	return nil
}

// trust accepts the bytes: by the digest in the pipeline, by that in weir.lock, or, the first time, by looking at them. how ends the summary.
func (f *Fetch) trust(ctx context.Context, env *stages.Env, a address, out *os.File, id artifacts.OutputID) (how string, err error) {
	if f.SHA256 != "" {
		if err := f.enforce(id); err != nil {
			return "", errors.Join(err, looksWrong(out))
		}
		return " as in the pipeline", nil
	}
	if pin, ok := env.Pins.Pin(a.name); ok {
		if pin != id.String() {
			err := fmt.Errorf("%s holds other bytes than when it was first fetched:\n  in weir.lock %s\n  now          %s\nif the new ones are right, delete the line of this URL in weir.lock and run again",
				a.name, pin, id)
			return "", errors.Join(err, looksWrong(out))
		}
		return " as in weir.lock", nil
	}
	if err := looksWrong(out); err != nil {
		return "", fmt.Errorf("%s: %w", a.name, err)
	}
	if err := wholeGzip(ctx, out); err != nil {
		return "", fmt.Errorf("%s: %w", a.name, err)
	}
	if err := env.Pins.SetPin(a.name, id.String()); err != nil {
		return "", fmt.Errorf("recording the digest in weir.lock: %w", err)
	}
	if _, ok := env.Pins.Pin(a.name); !ok {
		return "", nil // by hand, without a weir.lock
	}
	return ", recorded in weir.lock", nil
}

// run tries until the file is whole, an error is final, or nothing moves any more.
func (t *transfer) run(ctx context.Context) error {
	for failures := 0; ; {
		err := t.attempt(ctx)
		if err == nil {
			return nil
		}
		var retry *retryError
		if ctx.Err() != nil || !errors.As(err, &retry) {
			return err
		}
		if t.have >= t.best+enoughProgress {
			failures = 0
		}
		t.best = max(t.best, t.have)
		failures++
		if failures >= maxFailures {
			return fmt.Errorf("%w (%d attempts, %s bytes arrived): try again later, or download it by other means and give its path as url", err, failures, humanize.Comma(t.best))
		}
		wait := max(min(firstWait<<(failures-1), maxWait), retry.after)
		t.env.Log.Warn("retry", "error", err, "bytes", t.have, "dur", wait)
		t.env.Progress.Note(fmt.Sprintf("retry %d of %d in %s: %s", failures, maxFailures-1, wait, brief(err)))
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
		t.env.Progress.Note("")
	}
}

// brief is the first line of an error, cut for the place beside a bar.
func brief(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	if runes := []rune(line); len(runes) > 60 {
		return string(runes[:59]) + "…"
	}
	return line
}

// attempt makes one request and stores what it brings.
func (t *transfer) attempt(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, t.from.remote.String(), nil)
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", "weir")
	request.Header.Set("Accept-Encoding", "identity")
	if t.have > 0 && t.validator == "" {
		if err := t.restart(); err != nil {
			return err
		}
	}
	if t.have > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", t.have))
		request.Header.Set("If-Range", t.validator)
	}
	response, err := t.fetch.client.http.Do(request)
	if err != nil {
		return explain(err)
	}
	defer response.Body.Close()
	done, err := t.accept(response)
	if err != nil || done {
		return err
	}
	return t.store(response.Body, cancel)
}

// restart forgets what has arrived.
func (t *transfer) restart() error {
	t.best = max(t.best, t.have)
	t.have, t.total, t.validator, t.safe = 0, -1, "", 0
	t.hash.Reset()
	if t.env.Unfinished != "" {
		if err := os.Remove(filepath.Join(t.env.Unfinished, noteName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := t.file.Truncate(0); err != nil {
		return err
	}
	_, err := t.file.Seek(0, io.SeekStart)
	return err
}

// accept reads the answer's head and decides where its body goes. done says that nothing is missing any more.
func (t *transfer) accept(r *http.Response) (done bool, err error) {
	switch {
	case r.StatusCode == http.StatusPartialContent:
		if err := t.continues(r); err != nil {
			return false, errors.Join(err, t.restart())
		}
	case r.StatusCode == http.StatusOK:
		if err := t.restart(); err != nil {
			return false, err
		}
		t.total, t.validator = r.ContentLength, validatorOf(r.Header)
		if err := t.note(); err != nil {
			return false, err
		}
	case r.StatusCode == http.StatusRequestedRangeNotSatisfiable && t.have > 0:
		if t.have == t.total {
			return true, nil
		}
		return false, errors.Join(again("the file changed on the server: its end is not where it was"), t.restart())
	default:
		return false, refused(r)
	}
	if t.total > t.fetch.MaxBytes {
		return false, tooLarge("the file ("+humanize.Comma(t.total)+" bytes)", t.fetch.MaxBytes)
	}
	t.env.Progress.Total(max(t.total, 0), "bytes")
	t.env.Progress.Done(t.have)
	return false, nil
}

// continues checks that a partial answer goes on exactly where the transfer stands, in the same version of the file.
func (t *transfer) continues(r *http.Response) error {
	header := r.Header.Get("Content-Range")
	first, last, total, ok := contentRange(header)
	switch {
	case t.have == 0:
		return errors.New("the server sent a part of the file (206) though the whole was asked for")
	case !ok || first != t.have:
		return again("the server sent the wrong part: asked from byte %d, got Content-Range %.100q", t.have, header)
	case t.total >= 0 && total >= 0 && total != t.total:
		return again("the file changed on the server: it had %s bytes, now %s", humanize.Comma(t.total), humanize.Comma(total))
	case changed(t.validator, r.Header):
		return again("the file changed on the server while it was fetched")
	case r.ContentLength >= 0 && r.ContentLength != last-first+1:
		return again("the server's Content-Range %q and Content-Length %d do not fit", header, r.ContentLength)
	}
	t.total = max(t.total, total)
	return nil
}

// contentRange reads "bytes first-last/total", total -1 for "*" (RFC 9110, 14.4).
func contentRange(header string) (first, last, total int64, ok bool) {
	span, ok := strings.CutPrefix(header, "bytes ")
	if !ok {
		return 0, 0, 0, false
	}
	span, whole, ok1 := strings.Cut(span, "/")
	from, to, ok2 := strings.Cut(span, "-")
	first, err1 := strconv.ParseInt(from, 10, 64)
	last, err2 := strconv.ParseInt(to, 10, 64)
	total, err3 := int64(-1), error(nil)
	if whole != "*" {
		total, err3 = strconv.ParseInt(whole, 10, 64)
	}
	ok = ok1 && ok2 && errors.Join(err1, err2, err3) == nil && first >= 0 && last >= first && (total < 0 || total > last)
	return first, last, total, ok
}

// validatorOf is what names a version of the file byte for byte: a strong ETag, or else a Last-Modified that is older than the
// answer (RFC 9110, 8.8.2.2).
func validatorOf(h http.Header) string {
	if tag := h.Get("ETag"); strings.HasPrefix(tag, `"`) {
		return tag
	}
	modified, err1 := http.ParseTime(h.Get("Last-Modified"))
	date, err2 := http.ParseTime(h.Get("Date"))
	if err1 != nil || err2 != nil || date.Sub(modified) < time.Second {
		return ""
	}
	return h.Get("Last-Modified")
}

// changed says that a partial answer names another version than the validator's. An answer may leave its ETag or Last-Modified out.
func changed(validator string, h http.Header) bool {
	if strings.HasPrefix(validator, `"`) {
		tag := h.Get("ETag")
		return tag != "" && tag != validator
	}
	modified := h.Get("Last-Modified")
	return modified != "" && modified != validator
}

// store appends the body. The attempt is cancelled when no byte arrives for idleTimeout.
func (t *transfer) store(body io.Reader, cancel context.CancelCauseFunc) error {
	idle := time.AfterFunc(idleTimeout, func() { cancel(errIdle) })
	defer idle.Stop()
	buffer := make([]byte, 256<<10)
	for {
		n, err := body.Read(buffer)
		idle.Reset(idleTimeout)
		if n > 0 {
			if t.have += int64(n); t.have > t.fetch.MaxBytes {
				return tooLarge("the file", t.fetch.MaxBytes)
			}
			if _, err := t.file.Write(buffer[:n]); err != nil {
				return err
			}
			t.hash.Write(buffer[:n])
			t.env.Progress.Done(t.have)
			if t.have-t.safe >= noteEvery {
				if err := t.note(); err != nil {
					return err
				}
			}
		}
		if err == io.EOF {
			return t.complete()
		}
		if err != nil {
			return t.broken(err)
		}
	}
}

// complete compares what arrived with what was promised.
func (t *transfer) complete() error {
	switch {
	case t.have == 0:
		return errors.New("the server sent an empty file")
	case t.total >= 0 && t.have < t.total:
		return again("%s of %s bytes arrived", humanize.Comma(t.have), humanize.Comma(t.total))
	case t.total >= 0 && t.have > t.total:
		return errors.Join(again("%s bytes arrived, more than the %s that the server promised", humanize.Comma(t.have), humanize.Comma(t.total)), t.restart())
	}
	return nil
}

// broken is a connection that ended within the body.
func (t *transfer) broken(err error) error {
	of := ""
	if t.total >= 0 {
		of = " of " + humanize.Comma(t.total)
	}
	return again("the connection broke after %s%s bytes: %w", humanize.Comma(t.have), of, explain(err))
}
