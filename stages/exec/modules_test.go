package exec

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// project writes files ("path: text") into a folder.
func project(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestModules(t *testing.T) {
	tests := []struct {
		name, script string
		files        map[string]string
		want         string
	}{
		{"beside the script", "src/st.py", map[string]string{
			"src/st.py": "import sys, helper\n", "src/helper.py": "", "src/other.py": "",
		}, "src/helper.py src/st.py"},
		{"in the project's folder", "src/st.py", map[string]string{
			"src/st.py": "import src.helper as h\n", "src/helper.py": "",
		}, "src/helper.py src/st.py"},
		{"a cycle", "a.py", map[string]string{
			"a.py": "import b", "b.py": "import c", "c.py": "import a, c",
		}, "a.py b.py c.py"},
		{"a package with its __init__", "st.py", map[string]string{
			"st.py": "from pkg.sub import one, NAME\n", "pkg/__init__.py": "", "pkg/sub/__init__.py": "from . import two", "pkg/sub/one.py": "", "pkg/sub/two.py": "", "pkg/sub/three.py": "",
		}, "pkg/__init__.py pkg/sub/__init__.py pkg/sub/one.py pkg/sub/two.py st.py"},
		{"a package without __init__", "st.py", map[string]string{
			"st.py": "import pkg.sub.one", "pkg/sub/one.py": "",
		}, "pkg/sub/one.py st.py"},
		{"relative imports", "st.py", map[string]string{
			"st.py": "import pkg.sub.one", "pkg/__init__.py": "", "pkg/x.py": "", "pkg/sub/__init__.py": "",
			"pkg/sub/one.py": "from .two import f\nfrom .. import x\nfrom ..y import g", "pkg/sub/two.py": "", "pkg/y.py": "",
		}, "pkg/__init__.py pkg/sub/__init__.py pkg/sub/one.py pkg/sub/two.py pkg/x.py pkg/y.py st.py"},
		{"more dots than folders", "st.py", map[string]string{
			"st.py": "from ....... import x", "x.py": "",
		}, "st.py x.py"},
		{"sys.path", "tools/st.py", map[string]string{
			"tools/st.py": "import sys, os\nsys.path.insert(0, 'lib')\nsys.path.append(os.path.join(os.path.dirname(__file__), \"../more\"))\nimport a, b",
			"lib/a.py":    "", "more/b.py": "",
		}, "lib/a.py more/b.py tools/st.py"},
		{"in parentheses, over lines, behind others", "st.py", map[string]string{
			"st.py":  "from p import (  # a comment with )\n    a,\n    b as x,  # and, c\n)\nimport d, \\\n  e\r\ntry: import f\nexcept ImportError: f = 1; import g\n",
			"p/a.py": "", "p/b.py": "", "p/c.py": "", "d.py": "", "e.py": "", "f.py": "", "g.py": "",
		}, "d.py e.py f.py g.py p/a.py p/b.py st.py"},
		{"a star", "st.py", map[string]string{"st.py": "from a import *", "a.py": ""}, "a.py st.py"},
		{"a module before a package of the library", "st.py", map[string]string{"st.py": "import json, numpy.linalg", "json.py": ""}, "json.py st.py"},
		{"no Python", "st.sh", map[string]string{"st.sh": "import a", "a.py": ""}, "st.sh"},
		{"in a comment", "st.py", map[string]string{"st.py": "# import a\nx = 1  # import a", "a.py": ""}, "st.py"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			files, err := modules(project(t, test.files), test.script)
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(files)
			if got := strings.Join(files, " "); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestModulesErrors(t *testing.T) {
	for _, script := range []string{"nowhere.py", "nowhere.sh", "folder"} {
		if _, err := modules(project(t, map[string]string{"folder/a.py": ""}), script); err == nil || !strings.Contains(err.Error(), "no script "+script) {
			t.Errorf("%s: %v", script, err)
		}
	}
	large := project(t, map[string]string{"large.py": strings.Repeat("#", maxScript+1)})
	if _, err := modules(large, "large.py"); err == nil {
		t.Error("a large script is read")
	}
}

// FuzzScan: whatever a file holds, scanning ends and gives names that were in the text.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{"import a.b as c, d", "from . import (x,\n y)", "from a import *; import b", "sys.path.insert(0, 'x')", "from.a import b\\\n, c", "import \xff", "from a import ("} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		names, paths := scan(text)
		for _, name := range names {
			if name == "" || !utf8.ValidString(name) || strings.ContainsAny(name, " \t\n/\\\x00") {
				t.Errorf("name %q", name)
			}
			for part := range strings.SplitSeq(strings.Trim(name, "."), ".") {
				if !strings.Contains(text, part) {
					t.Errorf("%q is not in the text", part)
				}
			}
		}
		for _, p := range paths {
			if filepath.IsAbs(p) {
				t.Errorf("absolute path %q", p)
			}
		}
	})
}
