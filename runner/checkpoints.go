package runner

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-hclog"

	"weir/artifacts"
	"weir/stages"
)

// maxCheckpoints is what the checkpoints of a store may take after a run, in bytes, but for those that the run itself kept or used.
const maxCheckpoints = 1 << 30

// keepEvery is how often a checkpoint is kept: what a killed run loses is little longer, and waiting for the disk costs little beside it.
const keepEvery = time.Second / 2

// checkpoints are those of one running step. It implements stages.Checkpoints.
type checkpoints struct {
	store  *artifacts.Store
	work   artifacts.WorkID
	length int    // of the step
	copy   string // where Latest puts the bytes
	fresh  bool   // a forced step starts from nothing
	kept   time.Time
	log    hclog.Logger
	warn   func(text string) // tells the person, once in a run
}

// checkpointsOf are the checkpoints of a step whose parts are known; nil when it has no length.
func checkpointsOf(store *artifacts.Store, s *Step) *checkpoints {
	l, ok := s.Stage.(stages.Lengthy)
	if !ok {
		return nil
	}
	option, length := l.Length()
	if option == "" {
		return nil
	}
	work, ok := artifacts.WorkOf(s.Parts, "option "+option)
	if !ok {
		return nil
	}
	return &checkpoints{store: store, work: work, length: length, fresh: s.Forced}
}

// from says from which checkpoint a step would go on, for people; its bytes are checked when it does.
func (k *keyer) from(s *Step) string {
	c := checkpointsOf(k.p.Store, s)
	if c == nil || c.fresh {
		return ""
	}
	longest := 0
	for _, other := range k.p.Store.Checkpoints(c.work) {
		if other.Length <= c.length {
			longest = other.Length
		}
	}
	if longest == 0 {
		return ""
	}
	return fmt.Sprintf(" (from the checkpoint at %d)", longest)
}

// running makes the checkpoints ready for a stage that runs now, with a folder of its own.
func (c *checkpoints) running(scratch string, log hclog.Logger, warn func(string)) *checkpoints {
	c.copy, c.log, c.warn, c.kept = filepath.Join(scratch, "checkpoint"), log, warn, time.Now()
	return c
}

// Latest implements stages.Checkpoints.
func (c *checkpoints) Latest(most int) (length int, path string, ok bool) {
	if c.fresh {
		return 0, "", false
	}
	length, err := c.store.CheckoutCheckpoint(c.work, most, c.copy)
	if err != nil {
		c.log.Warn("checkpoint not read", "error", err)
		return 0, "", false
	}
	if length == 0 {
		return 0, "", false
	}
	c.log.Info("from a checkpoint", "length", length)
	return length, c.copy, true
}

// Keep implements stages.Checkpoints. What cannot be kept costs work only when there is an interrupt, and the result is right without it: a warning, no error.
func (c *checkpoints) Keep(length int, data []byte) error {
	end := length == c.length
	if !end && time.Since(c.kept) < keepEvery {
		return nil
	}
	c.kept = time.Now()
	if err := c.store.KeepCheckpoint(c.work, length, end, data); err != nil {
		c.log.Warn("checkpoint not kept", "length", length, "error", err)
		c.warn(fmt.Sprintf("checkpoints are not kept, so an interrupt costs the work since the last one: %v", err))
	}
	return nil
}
