package exec

import (
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// Limits of what is read to find a script's modules.
const (
	maxScript  = 4 << 20 // bytes of one file
	maxModules = 5000
)

var (
	comments = regexp.MustCompile(`(?m)#.*$`)
	joined   = strings.NewReplacer("\\\r\n", " ", "\\\n", " ", "\r\n", "\n")
	imported = regexp.MustCompile(`(?m)(?:^|[;:])[ \t]*(?:import[ \t]+([\w., \t]+)|from[ \t]*([.\w]+)[ \t]*import[ \t]*(?:\(([^)]*)\)|([\w., \t*]+)))`)
	pathLine = regexp.MustCompile(`(?m)^.*\bsys\.path\b.*$`)
	quoted   = regexp.MustCompile(`"([^"\n]+)"|'([^'\n]+)'`)
)

// finder finds the modules of scripts and remembers them as long as the process runs: the instances of a stage share a script. A script that
// is edited meanwhile is noticed all the same, since its content is part of the key.
type finder struct {
	mu    sync.Mutex
	found map[string][]string // by folder and script
}

func (f *finder) modules(dir, script string) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := dir + "\x00" + script
	if files, ok := f.found[id]; ok {
		return files, nil
	}
	files, err := modules(dir, script)
	if err == nil {
		if f.found == nil {
			f.found = map[string][]string{}
		}
		f.found[id] = files
	}
	return files, err
}

// modules lists a script and, when it is Python, every module of the project that it imports, directly or not, in the order in which they are
// met. A module is looked for beside the script, in the project's folder and in what the scripts put into sys.path. Import statements are
// found by their form, also in a text or a branch that never runs; a module that is imported by a computed name is not found and must be
// declared among the inputs.
func modules(dir, script string) ([]string, error) {
	first := path.Clean(filepath.ToSlash(script))
	roots := []string{path.Dir(first), "."}
	var files []string
	seen := map[string]bool{}
	for queue := []string{first}; len(queue) > 0; {
		file := queue[0]
		queue = queue[1:]
		if seen[file] {
			continue
		}
		seen[file] = true
		files = append(files, file)
		if len(files) > maxModules {
			return nil, fmt.Errorf("%s imports more than %d modules of the project", script, maxModules)
		}
		if path.Ext(file) != ".py" {
			if file == first && !isFile(dir, file) {
				return nil, fmt.Errorf("no script %s", script)
			}
			continue
		}
		text, err := readScript(dir, file)
		if err != nil {
			return nil, err
		}
		names, more := scan(text)
		for _, p := range more {
			roots = append(roots, p, path.Join(path.Dir(file), p))
		}
		for _, name := range names {
			queue = append(queue, resolve(dir, file, roots, name)...)
		}
	}
	return files, nil
}

func readScript(dir, file string) (string, error) {
	f, err := os.Open(inProject(dir, file))
	if os.IsNotExist(err) {
		return "", fmt.Errorf("no script %s", file)
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxScript+1))
	if err == nil && len(data) > maxScript {
		err = fmt.Errorf("%s: more than %d bytes are no script", file, maxScript)
	}
	return string(data), err
}

// scan lists the dotted names that a Python text imports (a, a.b; .c for a relative one; `from a import b` gives a and a.b) and the relative
// folders that it writes on a line with sys.path.
func scan(text string) (names, paths []string) {
	text = comments.ReplaceAllString(joined.Replace(text), "")
	for _, m := range imported.FindAllStringSubmatch(text, -1) {
		names = append(names, listed(m[1])...)
		from := m[2]
		if from == "" {
			continue
		}
		names = append(names, from)
		if !strings.HasSuffix(from, ".") {
			from += "."
		}
		for _, name := range listed(m[3] + m[4]) {
			names = append(names, from+name)
		}
	}
	for _, line := range pathLine.FindAllString(text, -1) {
		for _, m := range quoted.FindAllStringSubmatch(line, -1) {
			if p := path.Clean(m[1] + m[2]); !path.IsAbs(p) {
				paths = append(paths, p)
			}
		}
	}
	return names, paths
}

// dotted is what can be the name of a module: not the * of `from a import *`, nor what is no Python.
var dotted = regexp.MustCompile(`^[\pL\pN_.]+$`)

// listed are the names of a list such as "a, b.c as d".
func listed(list string) []string {
	var names []string
	for item := range strings.SplitSeq(list, ",") {
		if words := strings.Fields(item); len(words) > 0 && dotted.MatchString(words[0]) {
			names = append(names, words[0])
		}
	}
	return names
}

// resolve finds the files of a module, imported by the file from: itself and the __init__.py of the packages around it. It finds nothing when
// the module is not one of the project's.
func resolve(dir, from string, roots []string, name string) []string {
	if dots := len(name) - len(strings.TrimLeft(name, ".")); dots > 0 {
		base := path.Dir(from)
		for range dots - 1 {
			base = path.Dir(base)
		}
		if name = name[dots:]; name == "" {
			return existing(dir, base+"/__init__.py")
		}
		roots = []string{base}
	}
	parts := strings.Split(name, ".")
	for _, root := range roots {
		if files := below(dir, root, parts); files != nil {
			return files
		}
	}
	return nil
}

// below finds a module below one root.
func below(dir, root string, parts []string) []string {
	var files []string
	at := root
	for i, part := range parts {
		at = path.Join(at, part)
		packages := existing(dir, at+"/__init__.py")
		if i == len(parts)-1 && packages == nil {
			module := existing(dir, at+".py")
			if module == nil {
				return files // a name inside the package: its __init__.py has it
			}
			return append(files, module...)
		}
		files = append(files, packages...)
	}
	return files
}

func existing(dir, name string) []string {
	if name = path.Clean(name); isFile(dir, name) {
		return []string{name}
	}
	return nil
}

func isFile(dir, name string) bool {
	info, err := os.Stat(inProject(dir, name))
	return err == nil && info.Mode().IsRegular()
}

func inProject(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, filepath.FromSlash(name))
}
