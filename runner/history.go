package runner

import (
	"bytes"
	"encoding/hex"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"weir/artifacts"
)

// history remembers, for one experiment, which action each address had when it last succeeded and when it was last tried. It serves
// explanations and logs only: without it everything is still found in the store. One goroutine uses it.
//
// The file has one line for each address: "done <hex> <address>", or "try <hex> <address>" where the last try was another action, or failed.
type history struct {
	actions  map[string]artifacts.ActionID
	attempts map[string]artifacts.ActionID

	store *artifacts.Store
	path  string
	dirty bool
	saved time.Time
}

// maxHistory bounds the file, in bytes.
const maxHistory = 256 << 20

func (p *Project) readHistory(experiment string) *history {
	h := &history{store: p.Store, path: filepath.Join(p.Store.Root(), "history", experiment)}
	var text string
	if info, err := os.Stat(h.path); err == nil && info.Size() <= maxHistory {
		if data, err := os.ReadFile(h.path); err == nil {
			text = string(data)
		}
	}
	h.parse(text)
	return h
}

func (h *history) parse(text string) {
	lines := strings.Count(text, "\n")
	h.actions, h.attempts = make(map[string]artifacts.ActionID, lines), map[string]artifacts.ActionID{}
	for line := range strings.Lines(text) {
		what, rest, _ := strings.Cut(line, " ")
		digest, address, ok := strings.Cut(strings.TrimSuffix(rest, "\n"), " ")
		var id artifacts.ActionID
		if !ok || len(digest) != hex.EncodedLen(len(id)) {
			continue
		}
		if _, err := hex.Decode(id[:], []byte(digest)); err != nil {
			continue
		}
		switch what {
		case "done":
			h.actions[address] = id
		case "try":
			h.attempts[address] = id
		}
	}
}

func (h *history) last(address string) artifacts.ActionID { return h.actions[address] }

// tried notes that an address is being computed.
func (h *history) tried(address string, a artifacts.ActionID) {
	h.attempts[address] = a
	h.dirty = true
}

// done notes that an address has the outputs of an action.
func (h *history) done(address string, a artifacts.ActionID) {
	if _, ok := h.attempts[address]; !ok && h.actions[address] == a {
		return
	}
	delete(h.attempts, address)
	h.actions[address] = a
	h.dirty = true
}

// saveEvery bounds how often the history is written during a run, so that little is forgotten when the run is killed.
const saveEvery = time.Second

// save writes the history when something changed: at once at the end of a run, else at most once every saveEvery.
func (h *history) save(now time.Time, atOnce bool) error {
	if !h.dirty || !atOnce && now.Sub(h.saved) < saveEvery {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(h.path), 0o777); err != nil {
		return err
	}
	h.dirty, h.saved = false, now
	return h.store.WriteFile(h.path, h.text())
}

func (h *history) text() []byte {
	var b bytes.Buffer
	write := func(what string, actions map[string]artifacts.ActionID) {
		for _, address := range slices.Sorted(maps.Keys(actions)) {
			id := actions[address]
			b.WriteString(what)
			b.Write(hex.AppendEncode(b.AvailableBuffer(), id[:]))
			b.WriteString(" " + address + "\n")
		}
	}
	write("done ", h.actions)
	write("try ", h.attempts)
	return b.Bytes()
}
