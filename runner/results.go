package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"

	"weir/artifacts"
)

// handedOut is what a results folder holds because we put it there: the digest of each path, slash-separated and relative to that folder.
type handedOut struct {
	Files map[string]artifacts.OutputID `json:"files"`
}

// maxHandedOut bounds the list of what was handed out, in bytes.
const maxHandedOut = 64 << 20

// HandOut makes results/<experiment> a copy of the outputs that the pipeline's results block names. Files that are as they should be
// are left alone, files that came from here and are no longer wanted are removed, and a file that a person changed is kept beside
// the new one as NAME~ (NAME~2 when that is taken). It returns the paths that were written, relative to the project. What is in the way of one
// result keeps only that one back.
func (p *Project) HandOut(plan *Plan) (written []string, err error) {
	name := plan.Experiment.Name
	if len(plan.Experiment.Pipeline.Results) == 0 && !p.handedOutBefore(name) {
		return nil, nil
	}
	h := &handOut{p: p, dir: filepath.Join(p.Dir, "results", name), state: p.statePath(name)}
	want, complete, err := h.wanted(plan)
	if err != nil {
		return nil, err
	}
	if h.settled(want, complete) { // without a lock, so that a store of another user's will do
		return nil, nil
	}
	unlock, err := p.Store.Exclusive(context.Background(), "results-"+name, func() {})
	if err != nil {
		return nil, err
	}
	defer unlock()
	was := h.read()
	now := map[string]artifacts.OutputID{}
	var problems []error
	for _, rel := range slices.Sorted(maps.Keys(want)) {
		changed, err := h.put(want[rel], rel, was[rel])
		if err != nil {
			problems = append(problems, err)
			continue
		}
		now[rel] = want[rel]
		if changed {
			written = append(written, "results/"+name+"/"+rel)
		}
	}
	for _, rel := range slices.Sorted(maps.Keys(was)) {
		if _, wanted := want[rel]; wanted {
			continue
		}
		if !complete {
			now[rel] = was[rel] // a part of the pipeline that did not run this time
			continue
		}
		h.remove(rel, was[rel])
	}
	data, err := json.MarshalIndent(handedOut{now}, "", " ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(h.state), 0o777)
	}
	if err == nil {
		err = p.Store.WriteFile(h.state, data)
	}
	return written, errors.Join(append(problems, err)...)
}

func (p *Project) statePath(experiment string) string {
	return filepath.Join(p.Store.Root(), "results", experiment+".json")
}

func (p *Project) handedOutBefore(experiment string) bool {
	_, err := os.Stat(p.statePath(experiment))
	return err == nil
}

// handOut is one results folder.
type handOut struct {
	p          *Project
	dir, state string
}

// read is what was handed out last time. Without it, or when it is damaged, every file counts as a person's until its bytes say otherwise.
func (h *handOut) read() map[string]artifacts.OutputID {
	var old handedOut
	info, err := os.Stat(h.state)
	if err != nil || info.Size() > maxHandedOut {
		return nil
	}
	if data, err := os.ReadFile(h.state); err != nil || json.Unmarshal(data, &old) != nil {
		return nil
	}
	for rel := range old.Files {
		if !filepath.IsLocal(filepath.FromSlash(rel)) {
			delete(old.Files, rel)
		}
	}
	return old.Files
}

// wanted lists what the folder should hold. It is complete when everything that the pipeline names was there, or cannot be there on this
// machine.
func (h *handOut) wanted(plan *Plan) (files map[string]artifacts.OutputID, complete bool, err error) {
	files, complete = map[string]artifacts.OutputID{}, true
	for _, result := range plan.Experiment.Pipeline.Results {
		s := plan.byIndex[result.Ref.Instance]
		if s == nil || s.Status != Cached {
			complete = complete && s != nil && s.Status == Skipped
			continue
		}
		o, ok := s.output(result.Ref.Output)
		switch {
		case !ok: // an optional output that was not written
		case !o.Dir:
			files[result.Path] = o.ID
		default:
			tree, err := h.p.Store.Tree(o.ID)
			if err != nil {
				return nil, false, err
			}
			for _, f := range tree {
				files[result.Path+"/"+f.Name] = f.ID
			}
		}
	}
	return files, complete, nil
}

// settled says whether there is nothing to do.
func (h *handOut) settled(want map[string]artifacts.OutputID, complete bool) bool {
	was := h.read()
	if complete && len(was) != len(want) {
		return false
	}
	for rel, id := range want {
		if was[rel] != id || !h.holds(rel, id) {
			return false
		}
	}
	return true
}

func (h *handOut) path(rel string) string { return filepath.Join(h.dir, filepath.FromSlash(rel)) }

// holds says whether a path is a file with the bytes of id.
func (h *handOut) holds(rel string, id artifacts.OutputID) bool {
	info, err := os.Lstat(h.path(rel))
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	got, err := h.p.Store.FileDigest(h.path(rel))
	return err == nil && got == id
}

// put makes rel a copy of id and says whether it had to. was is what we put there before.
func (h *handOut) put(id artifacts.OutputID, rel string, was artifacts.OutputID) (bool, error) {
	target := h.path(rel)
	if h.holds(rel, id) {
		return false, nil
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o777); err != nil {
		return false, fmt.Errorf("%w; a file is where a folder of results should be, move it", err)
	}
	info, err := os.Lstat(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return false, err
	case info.IsDir():
		return false, fmt.Errorf("%s: a folder is in the way of a result; move it", target)
	case !h.holds(rel, was):
		if err := os.Rename(target, backup(target)); err != nil {
			return false, err
		}
	}
	return true, h.p.Store.CheckoutFile(id, target)
}

// backup is a name beside target that is not taken.
func backup(target string) string {
	name := target + "~"
	for n := 2; ; n++ {
		if _, err := os.Lstat(name); err != nil {
			return name
		}
		name = target + "~" + strconv.Itoa(n)
	}
}

// remove takes away what we put there, unless a person changed it, and the folders that are empty then.
func (h *handOut) remove(rel string, was artifacts.OutputID) {
	if !h.holds(rel, was) || os.Remove(h.path(rel)) != nil {
		return
	}
	for dir := path.Dir(rel); dir != "."; dir = path.Dir(dir) {
		if os.Remove(h.path(dir)) != nil {
			return
		}
	}
}
