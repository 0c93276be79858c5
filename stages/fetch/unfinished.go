package fetch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dustin/go-humanize"

	"weir/artifacts"
)

// A download that a run does not finish goes on in the next one. Beside the body lies a note of what it is: bytes count only when they
// were synced before the note was written, so a crash leaves a note that is true.

const (
	bodyName = "body"
	noteName = "note.json"
	// noteEvery is how many bytes a killed run may lose.
	noteEvery = 16 << 20
)

// note says which version of which URL the body is the beginning of.
type unfinished struct {
	URL       string `json:"url"`
	Validator string `json:"validator"`
	Total     int64  `json:"total"` // -1: unknown
	Have      int64  `json:"have"`  // bytes of the body that count
}

// note syncs the body and writes down how far it is. A version without a validator cannot be continued and is not noted.
func (t *transfer) note() error {
	if t.env.Unfinished == "" || t.validator == "" {
		return nil
	}
	if err := t.file.Sync(); err != nil {
		return err
	}
	data, err := json.Marshal(unfinished{t.from.name, t.validator, t.total, t.have})
	if err != nil {
		return err
	}
	t.safe = t.have
	return artifacts.WriteFile(filepath.Join(t.env.Unfinished, noteName), data)
}

// resume takes over what an earlier run left of the same URL. Whatever does not fit is forgotten.
func (t *transfer) resume(ctx context.Context) error {
	if t.env.Unfinished == "" {
		return nil
	}
	info, err := t.file.Stat()
	if err != nil {
		return err
	}
	left, err := readNote(filepath.Join(t.env.Unfinished, noteName))
	if err != nil || left.URL != t.from.name || left.Validator == "" || left.Have < 1 || left.Have > info.Size() || left.Total >= 0 && left.Have > left.Total {
		return t.restart()
	}
	t.env.Progress.Note("checking what is there already")
	if _, err := io.Copy(t.hash, &reporting{r: io.LimitReader(t.file, left.Have), ctx: ctx, progress: t.env.Progress}); err != nil {
		return err
	}
	t.env.Progress.Note("")
	if err := t.file.Truncate(left.Have); err != nil {
		return err
	}
	t.have, t.best, t.safe, t.total, t.validator = left.Have, left.Have, left.Have, left.Total, left.Validator
	t.env.Log.Info("resume", "bytes", t.have)
	t.env.Progress.Note("going on after " + humanize.Bytes(uint64(t.have)))
	return nil
}

// maxNote bounds the note, in bytes.
const maxNote = 1 << 16

func readNote(path string) (left unfinished, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return left, nil
	}
	if err != nil {
		return left, err
	}
	if info.Size() > maxNote {
		return left, fmt.Errorf("%s: too large", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return left, err
	}
	return left, json.Unmarshal(data, &left)
}
