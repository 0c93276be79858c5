package exec

import (
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// Limits of what is read to find a script's modules.
const (
	maxScript  = 4 << 20 // bytes of one file
	maxModules = 5000
)

var (
	importLine = regexp.MustCompile(`^\s*import\s+([\w., \t]+)`)
	fromLine   = regexp.MustCompile(`^\s*from\s+([.\w]+)\s+import\s+\(?([\w., \t*]*)`)
	pathLine   = regexp.MustCompile(`sys\.path\.(?:insert\(\s*\d+\s*,|append\()\s*["']([^"']+)["']`)
)

// modules lists a script and, when it is Python, every module of the project that it imports, directly or not. It reads import
// statements line by line: a module that is imported by a computed name is not found and must be declared among the inputs.
func modules(dir, script string) ([]string, error) {
	first := path.Clean(filepath.ToSlash(script))
	roots := []string{path.Dir(first), "."}
	seen := map[string]bool{}
	queue := []string{first}
	for len(queue) > 0 {
		file := queue[0]
		queue = queue[1:]
		if seen[file] {
			continue
		}
		seen[file] = true
		if len(seen) > maxModules {
			return nil, fmt.Errorf("%s imports more than %d modules of the project", script, maxModules)
		}
		if path.Ext(file) != ".py" {
			continue
		}
		text, err := readScript(dir, file)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(text) {
			if m := pathLine.FindStringSubmatch(line); m != nil && !path.IsAbs(m[1]) {
				roots = append(roots, path.Clean(m[1]))
			}
		}
		for _, name := range imports(text) {
			queue = append(queue, resolve(dir, file, roots, name)...)
		}
	}
	return sortedKeys(seen), nil
}

func readScript(dir, file string) (string, error) {
	full := file
	if !filepath.IsAbs(file) {
		full = filepath.Join(dir, filepath.FromSlash(file))
	}
	f, err := os.Open(full)
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

// imports lists the dotted names that a text imports: a, a.b, .c for a relative one; `from a import b` gives a and a.b.
func imports(text string) []string {
	var names []string
	split := func(list string, each func(string)) {
		for item := range strings.SplitSeq(list, ",") {
			if fields := strings.Fields(item); len(fields) > 0 && fields[0] != "*" {
				each(fields[0])
			}
		}
	}
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		if m := importLine.FindStringSubmatch(line); m != nil {
			split(m[1], func(name string) { names = append(names, name) })
		}
		if m := fromLine.FindStringSubmatch(line); m != nil {
			names = append(names, m[1])
			split(m[2], func(name string) {
				if strings.HasSuffix(m[1], ".") {
					names = append(names, m[1]+name)
				} else {
					names = append(names, m[1]+"."+name)
				}
			})
		}
	}
	return names
}

// resolve finds the files of a module: itself and the __init__.py of the packages around it.
func resolve(dir, from string, roots []string, name string) []string {
	if dots := len(name) - len(strings.TrimLeft(name, ".")); dots > 0 {
		base := path.Dir(from)
		for range dots - 1 {
			base = path.Dir(base)
		}
		roots, name = []string{base}, name[dots:]
	}
	for _, root := range roots {
		var files []string
		at := root
		parts := strings.Split(name, ".")
		if name == "" {
			parts = nil
		}
		found := name == ""
		for i, part := range parts {
			at = path.Join(at, part)
			if isFile(dir, at+".py") {
				if files, found = append(files, at+".py"), i == len(parts)-1; found {
					break
				}
			}
			if isFile(dir, at+"/__init__.py") {
				files, found = append(files, at+"/__init__.py"), true
			}
		}
		if name == "" && isFile(dir, at+"/__init__.py") {
			files = append(files, at+"/__init__.py")
		}
		if found && len(files) > 0 {
			return files
		}
	}
	return nil
}

func isFile(dir, name string) bool {
	full := name
	if !filepath.IsAbs(name) {
		full = filepath.Join(dir, filepath.FromSlash(name))
	}
	info, err := os.Stat(full)
	return err == nil && info.Mode().IsRegular()
}
