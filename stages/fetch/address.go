package fetch

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/agext/levenshtein"

	"weir/internal/synthetic"
)

// address is a parsed url option. One of remote and path is set, or neither: then the capture is synthetic.
type address struct {
	name      string   // for messages and weir.lock: without user and password
	remote    *url.URL // http or https
	path      string   // of a local file: relative to the project, or absolute; slash-separated
	synthetic synthetic.Options
}

var schemes = []string{"http", "https", "file", synthetic.Scheme}

// parseAddress reads the url option.
func parseAddress(text string) (address, error) {
	a := address{name: text}
	switch {
	case text == "":
		return a, errors.New("empty, expected a URL or a path")
	case strings.ContainsAny(text, "\r\n\x00"):
		return a, fmt.Errorf("%.100q holds a line break or a zero byte", text)
	}
	scheme, _, ok := strings.Cut(text, "://")
	if !ok {
		if strings.HasPrefix(text, "file:") {
			return a, fmt.Errorf("%q: write file:///absolute/path, or the path alone", text)
		}
		a.path = filepath.ToSlash(text)
		return a, nil
	}
	scheme = strings.ToLower(scheme)
	if scheme == synthetic.Scheme {
		var err error
		a.synthetic, err = synthetic.Parse(text)
		return a, err
	}
	u, err := url.Parse(text)
	if err != nil {
		return a, fmt.Errorf("not a URL: %w", err)
	}
	switch scheme {
	case "http", "https":
		if u.Host == "" {
			return a, fmt.Errorf("%q names no host", text)
		}
		u.Fragment = ""
		a.remote = u
		shown := *u
		shown.User = nil
		a.name = shown.String()
		return a, nil
	case "file":
		a.path, err = filePath(u)
		return a, err
	case "s3":
		return a, errors.New("s3 is not supported yet: use the object's https address, or download it and give its path")
	}
	return a, unknownScheme(scheme)
}

// filePath is the path of a file URL (RFC 8089); file:///C:/x is a Windows path.
func filePath(u *url.URL) (string, error) {
	if u.Host != "" && !strings.EqualFold(u.Host, "localhost") {
		return "", fmt.Errorf("%q names the host %q: write file:///absolute/path, or the path alone", u, u.Host)
	}
	p := u.Path
	if len(p) > 2 && p[0] == '/' && p[2] == ':' {
		p = p[1:]
	}
	if p == "" || p == "/" {
		return "", fmt.Errorf("%q names no file", u)
	}
	return p, nil
}

func unknownScheme(scheme string) error {
	for _, s := range schemes {
		if levenshtein.Distance(scheme, s, nil) <= 2 {
			return fmt.Errorf("unknown scheme %q, did you mean %q?", scheme, s)
		}
	}
	return fmt.Errorf("unknown scheme %q, expected %s, or a path", scheme, strings.Join(schemes, ", "))
}
