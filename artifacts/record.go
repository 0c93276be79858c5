package artifacts

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Output is one named result in a record.
type Output struct {
	Name string   `json:"name"`
	ID   OutputID `json:"id"`
	Size int64    `json:"size"`          // bytes; of all files, for a directory
	Dir  bool     `json:"dir,omitempty"` // the artifact is a directory: ID names its manifest
}

// Record is what is known about an action that was computed.
type Record struct {
	Format   int       `json:"format"` // 2
	Action   ActionID  `json:"action"`
	Stage    string    `json:"stage"` // the address it had when it ran, for people
	Parts    []Part    `json:"parts"`
	Outputs  []Output  `json:"outputs"`
	Summary  string    `json:"summary,omitempty"`
	Findings []string  `json:"findings,omitempty"`
	Warnings []string  `json:"warnings,omitempty"`
	Score    *float64  `json:"score,omitempty"` // what a search ranks by, smaller is better
	Finished time.Time `json:"finished"`
	Seconds  float64   `json:"seconds"` // wall time
	Host     string    `json:"host,omitempty"`
	Reason   string    `json:"reason,omitempty"` // why it ran
}

// recordFormat is the version of the record's layout. A record of another one is a miss.
const recordFormat = 2

// maxRecord bounds a record file, in bytes: enough for an action with 500,000 inputs.
const maxRecord = 128 << 20

// A record file is JSON whose first member is the digest of the bytes that follow it, so that damage is noticed wherever it is.
const (
	sealStart = "{\n \"seal\": \""
	sealEnd   = "\","
	sealSize  = len(sealStart) + len("sha256:") + 2*sha256.Size + len(sealEnd)
)

// Commit makes the record durable: from now on Lookup finds it. Its outputs must be in the store already.
func (s *Store) Commit(r *Record) error {
	r.Format = recordFormat
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	if len(data) > maxRecord {
		return fmt.Errorf("the record of %s has %d bytes, more than %d", r.Stage, len(data), maxRecord)
	}
	body := append(data[1:], '\n')
	path := s.recordPath(r.Action)
	if err := s.mkdir(filepath.Dir(path)); err != nil {
		return err
	}
	if err := s.write(path, append([]byte(sealStart+OutputID(sha256.Sum256(body)).String()+sealEnd), body...), true); err != nil {
		return err
	}
	st, err := stampOf(path)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.index.actions[r.Action] = indexedAction{stamp: st, outputs: r.Outputs}
	s.index.dirty = true
	return nil
}

// Record reads the whole record of an action; fs.ErrNotExist when there is none.
func (s *Store) Record(a ActionID) (*Record, error) {
	path := s.recordPath(a)
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxRecord+int64(sealSize) {
		return nil, fmt.Errorf("%s: %d bytes are no record", path, info.Size())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r, err := decodeRecord(data)
	if err == nil && r.Action != a {
		err = errRecord
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

var errRecord = errors.New("not the record of this action")

func decodeRecord(data []byte) (*Record, error) {
	if len(data) < sealSize {
		return nil, errRecord
	}
	body := data[sealSize:]
	if string(data[:sealSize]) != sealStart+OutputID(sha256.Sum256(body)).String()+sealEnd {
		return nil, errors.New("damaged: its bytes do not have the digest that it names")
	}
	var r Record
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, err
	}
	if r.Format != recordFormat {
		return nil, fmt.Errorf("format %d, expected %d", r.Format, recordFormat)
	}
	return &r, nil
}
