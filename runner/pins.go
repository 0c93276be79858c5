package runner

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/gofrs/flock"

	"weir/artifacts"
)

// pins is weir.lock: one line "sha256:<hex> <url>" for each URL that was fetched, sorted by URL, kept in version control. It
// implements stages.Pins.
type pins struct {
	path string
	mu   sync.Mutex
}

const pinsHeader = "# weir.lock: what each URL held when it was first fetched. Delete a line to accept what the URL holds now.\n"

func openPins(dir string) *pins { return &pins{path: filepath.Join(dir, "weir.lock")} }

// Pin implements stages.Pins.
func (p *pins) Pin(url string) (digest string, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	digest, ok = p.read()[url]
	return digest, ok
}

func (p *pins) read() map[string]string {
	all := map[string]string{}
	data, err := os.ReadFile(p.path)
	if err != nil {
		return all
	}
	for line := range strings.Lines(string(data)) {
		digest, url, ok := strings.Cut(strings.TrimSpace(line), " ")
		if ok && !strings.HasPrefix(digest, "#") {
			all[strings.TrimSpace(url)] = digest
		}
	}
	return all
}

// SetPin implements stages.Pins. Another process may write at the same time.
func (p *pins) SetPin(url, digest string) error {
	if strings.ContainsAny(url, "\r\n") {
		return fmt.Errorf("a URL with a line break cannot be pinned")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	l := flock.New(p.path + ".lock")
	if err := l.Lock(); err != nil {
		return err
	}
	defer func() {
		os.Remove(l.Path())
		l.Unlock()
	}()
	all := p.read()
	all[url] = digest
	var b strings.Builder
	b.WriteString(pinsHeader)
	for _, u := range sortedKeys(all) {
		fmt.Fprintf(&b, "%s %s\n", all[u], u)
	}
	return artifacts.WriteFile(p.path, []byte(b.String()))
}
