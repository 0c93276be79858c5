package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"weir/artifacts"
)

// pins is weir.lock: one line "sha256:<hex> <url>" for each URL that was fetched, sorted by URL, kept in version control. It
// implements stages.Pins. Other processes may write the file at the same time.
type pins struct {
	path  string
	store *artifacts.Store

	mu   sync.Mutex
	all  map[string]string
	size int64 // and time: of the file when it was read
	time time.Time
}

const (
	pinsHeader = "# weir.lock: what each URL held when it was first fetched. Delete a line to accept what the URL holds now.\n"
	maxPins    = 64 << 20 // bytes
)

func (p *Project) pins() *pins {
	return &pins{path: filepath.Join(p.Dir, "weir.lock"), store: p.Store}
}

// Pin implements stages.Pins. Plan has told about a damaged file before.
func (p *pins) Pin(url string) (digest string, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refresh()
	digest, ok = p.all[url]
	return digest, ok
}

// load reads the file and says what is wrong with it.
func (p *pins) load() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refresh()
}

// refresh reads the file when it changed.
func (p *pins) refresh() error {
	info, err := os.Stat(p.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.all, p.size, p.time = nil, 0, time.Time{}
		return nil
	case err != nil:
		return err
	case info.Size() == p.size && info.ModTime().Equal(p.time):
		return nil
	case info.Size() > maxPins:
		return fmt.Errorf("weir.lock: %d bytes, at most %d are read", info.Size(), maxPins)
	}
	data, err := os.ReadFile(p.path)
	if err != nil {
		return err
	}
	all, err := parsePins(string(data))
	if err != nil {
		return err
	}
	p.all, p.size, p.time = all, info.Size(), info.ModTime()
	return nil
}

func parsePins(text string) (map[string]string, error) {
	all := map[string]string{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		digest, url, _ := strings.Cut(line, " ")
		url = strings.TrimSpace(url)
		id, err := artifacts.ParseOutputID(digest)
		old, twice := all[url]
		switch {
		case err != nil:
			return nil, fmt.Errorf("weir.lock:%d: %w", n, err)
		case url == "":
			return nil, fmt.Errorf("weir.lock:%d: expected a URL behind the digest", n)
		case twice && old != id.String():
			return nil, fmt.Errorf("weir.lock:%d: a second digest for %s", n, url)
		}
		all[url] = id.String()
	}
	return all, nil
}

// SetPin implements stages.Pins. When another process recorded another digest meanwhile, that is an error.
func (p *pins) SetPin(url, digest string) error {
	if strings.TrimSpace(url) != url || url == "" || strings.ContainsAny(url, "\r\n") {
		return fmt.Errorf("the URL %q cannot be a line of weir.lock", url)
	}
	id, err := artifacts.ParseOutputID(digest)
	if err != nil {
		return err
	}
	unlock, err := p.store.Exclusive(context.Background(), "weir.lock", func() {})
	if err != nil {
		return err
	}
	defer unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.size = -1 // within the grain of file times a file can change and look as before
	if err := p.refresh(); err != nil {
		return err
	}
	switch old, ok := p.all[url]; {
	case ok && old == id.String():
		return nil
	case ok:
		return fmt.Errorf("weir.lock names %s for %s meanwhile, this is %s", old, url, id)
	}
	all := map[string]string{url: id.String()}
	maps.Copy(all, p.all)
	var b strings.Builder
	b.WriteString(pinsHeader)
	for _, u := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "%s %s\n", all[u], u)
	}
	if err := p.store.WriteFile(p.path, []byte(b.String())); err != nil {
		return err
	}
	p.size = -1
	return nil
}
