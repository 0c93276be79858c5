package language

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// loadText reads a pipeline and returns its mistakes as they are printed.
func loadText(t *testing.T, text string, vars, varFiles []string) (*Pipeline, string) {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "pipeline.hcl"), text)
	p, files, diags := Load(Config{Dir: dir, Experiment: "demo", Kinds: testKinds(), Vars: vars, VarFiles: varFiles})
	var b strings.Builder
	Print(&b, diags, files, plainStyle{})
	return p, b.String()
}

// grow makes locals of which each has ten times the one before.
func grow(first, open, close, item, between string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "locals {\n  l0 = %s\n", first)
	for i := 1; i < 30; i++ {
		items := make([]string, 10)
		for j := range items {
			items[j] = fmt.Sprintf(item, i-1)
		}
		fmt.Fprintf(&b, "  l%d = %s%s%s\n", i, open, strings.Join(items, between), close)
	}
	return b.String() + "}\n"
}

func TestBounds(t *testing.T) {
	many := func(before, part, after string) string {
		return "locals {\n  a = " + before + strings.Repeat(part, 100_000) + after + "\n}\n"
	}
	for name, test := range map[string]struct{ text, want string }{
		"parentheses":       {many("", "(", "1"), "too deep"},
		"closed":            {"locals {\n  a = " + strings.Repeat("(", 10_000) + "1" + strings.Repeat(")", 10_000) + "\n}\n", "too deep"},
		"brackets":          {many("", "[", ""), "too deep"},
		"signs":             {many("", "-", "1"), "too deep"},
		"sums":              {many("", "1+", "1"), "too deep"},
		"conditions":        {many("", "true?1:", "1"), "too deep"},
		"indexes":           {many("local.b", "[0]", ""), "too deep"},
		"templates":         {many("", `"${`, ""), "too deep"},
		"blocks":            {strings.Repeat("a {\n", 10_000), "too deep"},
		"lists of lists":    {grow("[1,2,3]", "[", "]", "local.l%d", ","), "too large"},
		"texts of texts":    {grow(`"0123456789"`, `"`, `"`, "${local.l%d}", ""), "too large"},
		"products":          {grow("10", "", "", "local.l%d", "*"), "out of range"},
		"a huge number":     {`stage "train" "t" { look_back = 1e400000000 }`, "out of range"},
		"a number too much": {"stage \"train\" \"t\" {\n  series = \"x\"\n  look_back = 1e400\n  model \"ar\" {}\n}\n", "expected a whole number, got 1e+400"},
		"a long range":      {`locals { a = range(1e9) }`, "more than 100000 values"},
		"a product":         {"stage \"exec\" \"e\" {\n  matrix = { a = range(1000), b = range(1000) }\n  command = [\"x\"]\n}\n", "expansion is too large"},
	} {
		t.Run(name, func(t *testing.T) {
			p, got := loadText(t, test.text, nil, nil)
			if p != nil || !strings.Contains(got, test.want) {
				t.Errorf("expected an error with %q, got %.400s", test.want, got)
			}
		})
	}
	if p, got := loadText(t, "variable \"v\" { default = [] }\n", []string{"v=" + strings.Repeat("[", 50_000)}, nil); p != nil || !strings.Contains(got, "too deep") {
		t.Errorf("a deep -var: %.400s", got)
	}
}

// TestWithinBounds: what is large and sound is read.
func TestWithinBounds(t *testing.T) {
	var items []string
	for i := range 15_000 {
		items = append(items, fmt.Sprintf("    { name = \"n%d\", value = [%d, -1 + 2] },", i, i))
	}
	if p, got := loadText(t, "locals {\n  a = [\n"+strings.Join(items, "\n")+"\n  ]\n}\n", nil, nil); p == nil {
		t.Errorf("%.400s", got)
	}
}

// TestPrecedence: default, experiment, -var-file in order, -var in order.
func TestPrecedence(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "pipeline.hcl"), `variable "v" { default = "default" }
stage "fetch" "f" { url = var.v }
`)
	load := func(vars, files []string) string {
		p, _, diags := Load(Config{Dir: dir, Experiment: "demo", Kinds: testKinds(), Vars: vars, VarFiles: files})
		if p == nil {
			t.Fatal(diags)
		}
		return p.Instances[0].Stage.(*source).URL
	}
	steps := []struct {
		want        string
		vars, files []string
		do          func()
	}{
		{"default", nil, nil, func() {}},
		{"experiment", nil, nil, func() { write(t, filepath.Join(dir, "experiments/demo/experiment.hcl"), `v = "experiment"`) }},
		{"two", nil, []string{filepath.Join(dir, "1.hcl"), filepath.Join(dir, "2.hcl")}, func() {
			write(t, filepath.Join(dir, "1.hcl"), `v = "one"`)
			write(t, filepath.Join(dir, "2.hcl"), `v = "two"`)
		}},
		{"b", []string{"v=a", "v=b"}, []string{filepath.Join(dir, "1.hcl")}, func() {}},
	}
	for _, step := range steps {
		step.do()
		if got := load(step.vars, step.files); got != step.want {
			t.Errorf("got %q, want %q", got, step.want)
		}
	}
}

// TestQuick: what is read on the short way is what hcl reads.
func TestQuick(t *testing.T) {
	for _, each := range []string{`{ a = "x", "b c" = "y" }`, `{ a = 3, b = -0, c = 1e3, d = 2.5 }`, `{ a = "é" }`, `["n", "m"]`, `{ a = true, b = null }`, `{ a = "e\u0301" }`} {
		body := func(value, key string) string {
			return fmt.Sprintf(`stage "fetch" "up" { url = "u" }
stage "exec" "e" {
  for_each = %s
  matrix   = { n = [1, "two"] }
  command  = ["sh", "${%[2]s}", "in/${%[2]s}-${matrix.n}.txt", %[3]s, "x${stage.fetch.up.capture}"]
  inputs   = ["t.sh", "in/${%[2]s}.txt"]
}
stage "decode" "d" {
  for_each = %[1]s
  capture  = "in/${%[2]s}"
}
`, each, key, value)
		}
		quick, q := loadText(t, body("each.value", "each.key"), nil, nil)
		slow, s := loadText(t, body("try(each.value)", "lower(each.key)"), nil, nil)
		if (quick == nil) != (slow == nil) {
			t.Errorf("%s: one way has errors\n%s\n%s", each, q, s)
			continue
		}
		if quick == nil {
			continue
		}
		var a, b strings.Builder
		describePipeline(&a, quick)
		describePipeline(&b, slow)
		if a.String() != b.String() {
			t.Errorf("%s\n%s\n%s", each, a.String(), b.String())
		}
	}
}

func FuzzVar(f *testing.F) {
	for _, text := range []string{"x", "[1, {a = 2}]", `{ a = "b" }`, "-1.5e3", "null", `"${var.t}"`, "<<E\nx\nE\n", "1e999999", "toset([1])", "a=b"} {
		f.Add(text)
	}
	dir := f.TempDir()
	kinds := testKinds()
	pipeline := `variable "any" { default = null }
variable "t" { default = "x" }
variable "l" { default = [] }
variable "o" {
  type    = object({ a = number, b = optional(list(string), []) })
  default = { a = 1 }
}
variable "m" {
  type    = map(number)
  default = {}
}
stage "exec" "e" { command = [var.t, jsonencode(var.any), jsonencode(var.l), jsonencode(var.o), jsonencode(var.m)] }
`
	if err := os.WriteFile(filepath.Join(dir, "pipeline.hcl"), []byte(pipeline), 0o666); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range []string{"any", "t", "l", "o", "m"} {
			p, files, diags := Load(Config{Dir: dir, Experiment: "demo", Kinds: kinds, Vars: []string{name + "=" + text}})
			if (p == nil) != diags.HasErrors() {
				t.Fatalf("pipeline %v with %v", p, diags)
			}
			Print(&strings.Builder{}, diags, files, plainStyle{})
			if p == nil {
				continue
			}
			// What `plan --out` writes gives the same pipeline again.
			again, _, diags := Load(Config{Dir: dir, Experiment: "demo", Kinds: kinds, Vars: p.Assignments()})
			if again == nil || valueText(again, again.Instances[0].Args[0].Value) != valueText(p, p.Instances[0].Args[0].Value) {
				t.Fatalf("%s=%q: %q does not give the same: %v", name, text, p.Assignments(), diags)
			}
		}
	})
}
