package runner

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"time"

	"weir/artifacts"
)

// history remembers, for one experiment, which action each address had when it last succeeded and when it was last tried. It serves
// explanations and logs only: without it everything is still found in the store.
type history struct {
	Actions  map[string]artifacts.ActionID `json:"actions"`
	Attempts map[string]artifacts.ActionID `json:"attempts,omitempty"` // where the last try was another action, or failed

	path  string
	mu    sync.Mutex
	dirty bool
	saved time.Time
}

func (p *Project) readHistory(experiment string) *history {
	h := &history{path: filepath.Join(p.Store.Root(), "history", experiment+".json")}
	if data, err := os.ReadFile(h.path); err == nil {
		if json.Unmarshal(data, h) != nil {
			h.Actions, h.Attempts = nil, nil
		}
	}
	if h.Actions == nil {
		h.Actions = map[string]artifacts.ActionID{}
	}
	if h.Attempts == nil {
		h.Attempts = map[string]artifacts.ActionID{}
	}
	return h
}

// tried notes that an address is being computed.
func (h *history) tried(address string, a artifacts.ActionID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.Attempts[address] = a
	h.dirty = true
}

// done notes that an address has the outputs of an action.
func (h *history) done(address string, a artifacts.ActionID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.Attempts[address]; !ok && h.Actions[address] == a {
		return
	}
	delete(h.Attempts, address)
	h.Actions[address] = a
	h.dirty = true
}

// saveEvery bounds how often the history is written during a run, so that little is forgotten when the run is killed.
const saveEvery = time.Second

// save writes the history when something changed: at once at the end of a run, else at most once every saveEvery.
func (h *history) save(now time.Time, atOnce bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.dirty || !atOnce && now.Sub(h.saved) < saveEvery {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(h.path), 0o777); err != nil {
		return err
	}
	data, err := json.Marshal(h)
	if err != nil {
		return err
	}
	h.dirty, h.saved = false, now
	return artifacts.WriteFile(h.path, data)
}
