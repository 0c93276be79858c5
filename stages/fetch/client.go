package fetch

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// How long to wait, and how often to try again. Nothing limits a download as a whole: a capture may take a day.
const (
	connectTimeout = 30 * time.Second // to connect, and again to agree on TLS
	headerTimeout  = 60 * time.Second // from the request to the first line of the answer
	idleTimeout    = 60 * time.Second // without a byte of the body
	maxRetryAfter  = 5 * time.Minute  // what a server may ask us to wait
	maxFailures    = 6                // in a row, none of which brought the download forward
	firstWait      = time.Second      // doubled with each failure
	maxWait        = 30 * time.Second
	enoughProgress = 1 << 20 // bytes; a connection that brings this much resets the failures
	perHost        = 2       // downloads from one host at a time
	maxRedirects   = 10
)

// client is what all fetches of a process share: connections, and the limit per host. Its zero value is not valid.
type client struct {
	http *http.Client

	mu    sync.Mutex
	hosts map[string]chan struct{} // one token for each download that runs
}

// dialFunc opens connections.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

func dialer() dialFunc { return (&net.Dialer{Timeout: connectTimeout}).DialContext }

func newClient(dial dialFunc) *client {
	return &client{
		hosts: map[string]chan struct{}{},
		http: &http.Client{
			CheckRedirect: checkRedirect,
			Transport: &http.Transport{
				Proxy:                 http.ProxyFromEnvironment,
				DialContext:           dial,
				TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
				TLSHandshakeTimeout:   connectTimeout,
				ResponseHeaderTimeout: headerTimeout,
				IdleConnTimeout:       idleTimeout,
				MaxIdleConnsPerHost:   perHost,
				DisableCompression:    true, // bytes as served
				ForceAttemptHTTP2:     true,
			},
		},
	}
}

// acquire waits until one more download from the host may run. The returned function gives the place back.
func (c *client) acquire(ctx context.Context, host string) (release func(), err error) {
	c.mu.Lock()
	places := c.hosts[host]
	if places == nil {
		places = make(chan struct{}, perHost)
		c.hosts[host] = places
	}
	c.mu.Unlock()
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// redirectError is a redirect that is not followed.
type redirectError struct{ message string }

func (e *redirectError) Error() string { return e.message }

// checkRedirect implements http.Client.CheckRedirect: loops are named, and nobody is sent from https to http.
func checkRedirect(next *http.Request, before []*http.Request) error {
	for i, r := range before {
		if same(r.URL, next.URL) {
			loop := ""
			for _, r := range before[i:] {
				loop += r.URL.Redacted() + " -> "
			}
			return &redirectError{"the server redirects in a loop: " + loop + next.URL.Redacted()}
		}
	}
	last := before[len(before)-1].URL
	switch {
	case len(before) >= maxRedirects:
		return &redirectError{fmt.Sprintf("more than %d redirects, the last one to %s", maxRedirects, next.URL.Redacted())}
	case next.URL.Scheme != "http" && next.URL.Scheme != "https":
		return &redirectError{"the server redirects to " + next.URL.Redacted() + ", which is not on the web"}
	case last.Scheme == "https" && next.URL.Scheme == "http":
		return &redirectError{"the server redirects from https to " + next.URL.Redacted() + ", where the bytes could be changed on their way: if that is acceptable, use that URL"}
	}
	return nil
}

func same(a, b *url.URL) bool { return a.String() == b.String() }
