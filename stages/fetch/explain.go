package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// errIdle is the cause of an attempt that was given up.
var errIdle = fmt.Errorf("no byte arrived for %s", idleTimeout)

// explain says what a failed request means for a person. Errors that may go away by themselves are retryErrors.
func explain(err error) error {
	var (
		redirect  *redirectError
		resolve   *net.DNSError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		expired   x509.CertificateInvalidError
		alert     tls.AlertError
		record    tls.RecordHeaderError
		network   net.Error
		request   *url.Error
	)
	if errors.As(err, &request) {
		err = request.Err // without the method and the address, which the caller names
	}
	switch {
	case errors.As(err, &redirect):
		return redirect
	case errors.As(err, &authority):
		return fmt.Errorf("the server's certificate is signed by nobody this machine trusts: check the address; behind a proxy that opens TLS, add its certificate to the system (SSL_CERT_FILE): %w", err)
	case errors.As(err, &hostname):
		return fmt.Errorf("the server's certificate is for another name: check the address: %w", err)
	case errors.As(err, &expired):
		return fmt.Errorf("the server's certificate is not valid now: check this machine's clock, or tell the server's people: %w", err)
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record):
		return errors.New("the server does not speak https at this address: try the URL with http://")
	case errors.As(err, &alert):
		return fmt.Errorf("the server and this machine find no common TLS version or cipher: %w", err)
	case errors.As(err, &resolve) && resolve.IsNotFound:
		return fmt.Errorf("no host %q: check its spelling, and that this machine is on the network", resolve.Name)
	case errors.Is(err, syscall.ECONNREFUSED):
		return again("nothing listens there: %w", err)
	case errors.Is(err, context.Canceled):
		return again("%w", errIdle) // of the attempt; the run's own context is looked at before
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return again("the server closed the connection early")
	case errors.As(err, &network) && network.Timeout():
		return again("the server did not answer in time: %w", err)
	}
	return again("%w", err)
}

// refused says what an answer's status means.
func refused(r *http.Response) error {
	status := fmt.Sprintf("%d %s", r.StatusCode, http.StatusText(r.StatusCode))
	switch code := r.StatusCode; {
	case code == http.StatusNotFound || code == http.StatusGone:
		return fmt.Errorf("%s: the server has no such file: check the URL", status)
	case code == http.StatusUnauthorized || code == http.StatusForbidden || code == http.StatusProxyAuthRequired:
		return fmt.Errorf("%s: the server does not give this file to everybody: download it by hand and give its path as url", status)
	case code == http.StatusRequestTimeout || code == http.StatusTooEarly || code == http.StatusTooManyRequests || code >= 500 && code != http.StatusNotImplemented:
		after := retryAfter(r.Header)
		if after > maxRetryAfter {
			return fmt.Errorf("%s: the server asks to wait %s: run again then", status, after)
		}
		return &retryError{err: fmt.Errorf("%s: the server cannot serve it now", status), after: after}
	case code >= 300 && code < 400:
		return fmt.Errorf("%s: a redirect without a place to go", status)
	}
	return fmt.Errorf("%s: expected the file", status)
}

// retryAfter is how long the server asks to wait, in seconds or until a date, which is compared with the server's own clock (RFC 9110, 10.2.3).
func retryAfter(h http.Header) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	until, err1 := http.ParseTime(text)
	now, err2 := http.ParseTime(h.Get("Date"))
	if err1 != nil || err2 != nil {
		return 0
	}
	return max(until.Sub(now), 0)
}
