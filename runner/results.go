package runner

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"weir/artifacts"
)

// handedOut is what a results folder holds because we put it there: by path, slash-separated and relative to that folder.
type handedOut struct {
	Files map[string]handedFile `json:"files"`
}

type handedFile struct {
	ID   artifacts.OutputID `json:"id"`
	Size int64              `json:"size"`
	Time time.Time          `json:"time"` // the file's modification time
}

// HandOut makes results/<experiment> a copy of the outputs that the pipeline's results block names. Files that are as they should be
// are left alone, files that came from here and are no longer wanted are removed, and a file that a person changed is kept beside
// the new one as NAME~. It returns the paths that were written, relative to the project.
func (p *Project) HandOut(plan *Plan) (written []string, err error) {
	name := plan.Experiment.Name
	dir := filepath.Join(p.Dir, "results", name)
	statePath := filepath.Join(p.Store.Root(), "results", name+".json")
	old := handedOut{}
	if data, err := os.ReadFile(statePath); err == nil {
		json.Unmarshal(data, &old) // a damaged list means that every file is compared
	}
	now := handedOut{Files: map[string]handedFile{}}
	complete := true
	for _, result := range plan.Experiment.Pipeline.Results {
		s := plan.byIndex[result.Ref.Instance]
		if s == nil || s.Status != Cached {
			complete = complete && s != nil && s.Status == Skipped
			continue
		}
		o, ok := s.Outputs[result.Ref.Output]
		if !ok {
			continue
		}
		files := []artifacts.File{{ID: o.ID, Size: o.Size}}
		if o.Dir {
			if files, err = p.Store.Tree(o.ID); err != nil {
				return written, err
			}
		}
		for _, f := range files {
			rel := strings.TrimSuffix(result.Path+"/"+f.Name, "/")
			target := filepath.Join(dir, filepath.FromSlash(rel))
			changed, err := p.handOutFile(f, target, old.Files[rel])
			if err != nil {
				return written, err
			}
			if changed {
				written = append(written, "results/"+name+"/"+rel)
			}
			info, err := os.Stat(target)
			if err != nil {
				return written, err
			}
			now.Files[rel] = handedFile{ID: f.ID, Size: info.Size(), Time: info.ModTime().UTC()}
		}
	}
	for _, rel := range sortedKeys(old.Files) {
		if _, still := now.Files[rel]; still {
			continue
		}
		if !complete {
			now.Files[rel] = old.Files[rel] // a part of the pipeline that did not run this time
			continue
		}
		target := filepath.Join(dir, filepath.FromSlash(rel))
		if id, err := p.Store.FileDigest(target); err == nil && id == old.Files[rel].ID {
			os.Remove(target)
			os.Remove(filepath.Dir(target)) // when it is empty
		}
	}
	if len(written) == 0 && len(old.Files) == len(now.Files) {
		return nil, nil
	}
	data, err := json.MarshalIndent(now, "", " ")
	if err != nil {
		return written, err
	}
	if err := os.MkdirAll(filepath.Dir(statePath), 0o777); err != nil {
		return written, err
	}
	return written, artifacts.WriteFile(statePath, data)
}

// handOutFile makes target a copy of f and says whether it had to.
func (p *Project) handOutFile(f artifacts.File, target string, was handedFile) (bool, error) {
	info, err := os.Lstat(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(filepath.Dir(target), 0o777); err != nil {
			return false, err
		}
	case err != nil:
		return false, err
	case was.ID == f.ID && was.Size == info.Size() && was.Time.Equal(info.ModTime()):
		return false, nil
	case info.IsDir():
		return false, &fs.PathError{Op: "replace", Path: target, Err: errors.New("a folder is in the way of a result; move it")}
	default:
		id, err := p.Store.FileDigest(target)
		if err != nil {
			return false, err
		}
		if id == f.ID {
			return false, nil
		}
		if id != was.ID {
			if err := os.Rename(target, target+"~"); err != nil {
				return false, err
			}
		}
	}
	return true, p.Store.CheckoutFile(f.ID, target)
}
