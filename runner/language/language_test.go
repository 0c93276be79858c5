package language

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"weir/stages"
)

var update = flag.Bool("update", false, "rewrite the expected output")

// The kinds of the tests have every class of field. They do nothing.
type (
	source struct {
		URL  string        `hcl:"url" doc:"where from"`
		File stages.Output `hcl:"capture" file:"capture"`
	}
	table struct {
		Capture stages.Input  `hcl:"capture" doc:"the capture"`
		Every   interval      `hcl:"every,optional"`
		Damage  string        `hcl:"on_damage,optional" enum:"keep fail"`
		Rows    stages.Output `hcl:"packets" file:"packets.parquet"`
	}
	learn struct {
		Series   stages.Input  `hcl:"series" doc:"the series"`
		Model    model         `hcl:"model,block"`
		LookBack int           `hcl:"look_back,optional"`
		Epochs   int           `hcl:"epochs,optional"`
		Rate     float64       `hcl:"rate,optional"`
		Periods  []int         `hcl:"periods,optional"`
		Names    []string      `hcl:"names,optional"`
		Flag     bool          `hcl:"flag,optional"`
		Weights  stages.Output `hcl:"model" file:"model.weir"`
	}
	model struct {
		Name  string `hcl:"name,label" enum:"lstm ar"`
		Units int    `hcl:"units,optional"`
	}
	paper struct {
		Template stages.Input     `hcl:"template,optional"`
		Inputs   stages.Tree      `hcl:"inputs"`
		Figures  stages.OutputDir `hcl:"figures" file:"figures"`
	}
	command struct {
		Command stages.Args    `hcl:"command"`
		Inputs  stages.Sources `hcl:"inputs,optional"`
		Outputs stages.Outputs `hcl:"outputs,optional"`
	}
	interval time.Duration
)

func (*source) Run(context.Context, *stages.Env) error  { return nil }
func (*table) Run(context.Context, *stages.Env) error   { return nil }
func (*learn) Run(context.Context, *stages.Env) error   { return nil }
func (*paper) Run(context.Context, *stages.Env) error   { return nil }
func (*command) Run(context.Context, *stages.Env) error { return nil }

func (l *learn) Validate() error {
	if l.LookBack < 1 {
		return &stages.OptionError{Option: "look_back", Message: "at least 1, got " + strconv.Itoa(l.LookBack)}
	}
	return nil
}

// Length implements stages.Lengthy.
func (l *learn) Length() (string, int) {
	if l.Model.Name == "ar" {
		return "", 0
	}
	return "epochs", l.Epochs
}

func (i *interval) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d <= 0 {
		return errors.New("expected a length of time such as 1s, got " + strconv.Quote(string(text)))
	}
	*i = interval(d)
	return nil
}

func (i interval) MarshalText() ([]byte, error) { return []byte(time.Duration(i).String()), nil }

func testKinds() map[string]stages.Kind {
	kinds := map[string]stages.Kind{}
	for _, k := range []stages.Kind{
		{Name: "fetch", Version: 1, New: func() stages.Stage { return &source{} }},
		{Name: "decode", Version: 1, New: func() stages.Stage { return &table{Every: interval(time.Second), Damage: "keep"} }},
		{Name: "train", Version: 1, New: func() stages.Stage { return &learn{LookBack: 10, Model: model{Units: 50}} }},
		{Name: "report", Version: 1, New: func() stages.Stage { return &paper{} }},
		{Name: "exec", Version: 1, New: func() stages.Stage { return &command{} }},
	} {
		kinds[k.Name] = k
	}
	return kinds
}

type plainStyle struct{}

func (plainStyle) Error(s string) string { return s }
func (plainStyle) Place(s string) string { return s }

// load reads a file of testdata as if it were the pipeline. A first line "# args: -var a=b" gives variables.
func load(t *testing.T, file string) string {
	t.Helper()
	dir := t.TempDir()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "pipeline.hcl"), string(data))
	write(t, filepath.Join(dir, "sources.md"), "* [short](https://example.org/a/200701251400.dump.gz)\n* https://example.org/b/200701011800.dump.gz, twice: https://example.org/b/200701011800.dump.gz\n")
	write(t, filepath.Join(dir, "data", "b", "x.csv"), "")
	write(t, filepath.Join(dir, "data", "a.csv"), "")
	c := Config{Dir: dir, Experiment: "demo", Kinds: testKinds()}
	first, _, _ := strings.Cut(string(data), "\n")
	if args, ok := strings.CutPrefix(first, "# args: "); ok {
		c.Vars = strings.Split(args, " ")
	}
	p, files, diags := Load(c)
	var b strings.Builder
	Print(&b, diags, files, plainStyle{})
	if p != nil {
		describePipeline(&b, p)
	}
	return b.String()
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// describePipeline writes everything that was read, in a form to compare.
func describePipeline(b *strings.Builder, p *Pipeline) {
	for _, in := range p.Instances {
		fmt.Fprintf(b, "%s %+v needs %v\n", in.Address, optionsOf(in), in.Needs)
		if g := in.Gate; g != nil {
			fmt.Fprintf(b, "  %d of among the best %d of %d after %d %s: %v\n", g.Combination, g.Rung.Next, g.Rung.Of, g.Rung.Length, g.Rung.Option, g.Rung.Combinations)
		}
		for _, a := range in.Args {
			fmt.Fprintf(b, "  %s = %s\n", a.Field, valueText(p, a.Value))
		}
	}
	for _, r := range p.Results {
		fmt.Fprintf(b, "result %s = %s.%s\n", r.Path, p.Instances[r.Ref.Instance].Address, r.Ref.Output)
	}
}

func optionsOf(in *Instance) string {
	switch s := in.Stage.(type) {
	case *source:
		return s.URL
	case *table:
		return fmt.Sprint(time.Duration(s.Every), " ", s.Damage)
	case *learn:
		text := fmt.Sprint(s.LookBack, " ", s.Model, " ", s.Rate, " ", s.Periods, " ", s.Names, " ", s.Flag)
		if s.Epochs > 0 {
			text += fmt.Sprintf(" epochs %d", s.Epochs)
		}
		return text
	case *command:
		return fmt.Sprint(s.Outputs.Declared)
	}
	return ""
}

func valueText(p *Pipeline, v Value) string {
	switch v.Kind {
	case Output:
		return "<" + p.Instances[v.Instance].Address + "." + v.Text + ">"
	case Named:
		var parts []string
		for _, item := range v.Items {
			parts = append(parts, item.Name+"="+valueText(p, item))
		}
		return "{" + strings.Join(parts, " ") + "}"
	case List:
		var parts []string
		for _, item := range v.Items {
			text := valueText(p, item)
			if item.Name != "" {
				text = item.Name + ":" + text
			}
			parts = append(parts, text)
		}
		return "[" + strings.Join(parts, " ") + "]"
	case File:
		return "file " + v.Text
	}
	return strconv.Quote(v.Text)
}

func TestFiles(t *testing.T) {
	for _, kind := range []string{"valid", "invalid"} {
		files, err := filepath.Glob(filepath.Join("testdata", kind, "*.hcl"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no files for %s: %v", kind, err)
		}
		for _, file := range files {
			t.Run(kind+"/"+strings.TrimSuffix(filepath.Base(file), ".hcl"), func(t *testing.T) {
				got := load(t, file)
				if isError := strings.Contains(got, "error: "); isError != (kind == "invalid") {
					t.Errorf("errors: %v\n%s", isError, got)
				}
				golden := strings.TrimSuffix(file, ".hcl") + ".want"
				if *update {
					write(t, golden, got)
					return
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			})
		}
	}
}

func TestSizeLimits(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "pipeline.hcl"), "# "+strings.Repeat("x", MaxFile))
	_, _, diags := Load(Config{Dir: dir, Experiment: "demo", Kinds: testKinds()})
	if !diags.HasErrors() || !strings.Contains(diags.Error(), "1 MiB") {
		t.Errorf("a file over 1 MiB: %v", diags)
	}
}

// TestOrderOfDeclaration: the order of blocks changes nothing but positions in the list.
func TestOrderOfDeclaration(t *testing.T) {
	blocks := []string{
		`variable "n" { default = 3 }`,
		`stage "fetch" "f" {` + "\n" + `  for_each = toset([for i in range(var.n) : "k${i}"])` + "\n" + `  url = each.key` + "\n}",
		`stage "decode" "d" {` + "\n" + `  for_each = stage.fetch.f` + "\n" + `  capture = each.value.capture` + "\n}",
		`stage "report" "r" { inputs = { all = stage.decode.d } }`,
	}
	read := func(order []int) []string {
		dir := t.TempDir()
		var b strings.Builder
		for _, i := range order {
			b.WriteString(blocks[i] + "\n")
		}
		write(t, filepath.Join(dir, "pipeline.hcl"), b.String())
		p, files, diags := Load(Config{Dir: dir, Experiment: "demo", Kinds: testKinds()})
		if diags.HasErrors() {
			var text strings.Builder
			Print(&text, diags, files, plainStyle{})
			t.Fatal(text.String())
		}
		var lines []string
		for _, in := range p.Instances {
			line := in.Address + optionsOf(in)
			for _, a := range in.Args {
				line += valueText(p, a.Value)
			}
			lines = append(lines, line)
		}
		slices.Sort(lines)
		return lines
	}
	want := read([]int{0, 1, 2, 3})
	for _, order := range [][]int{{3, 2, 1, 0}, {1, 3, 0, 2}, {2, 0, 3, 1}} {
		if diff := cmp.Diff(want, read(order)); diff != "" {
			t.Errorf("order %v: %s", order, diff)
		}
	}
}

func FuzzLoad(f *testing.F) {
	for _, kind := range []string{"valid", "invalid"} {
		files, _ := filepath.Glob(filepath.Join("testdata", kind, "*.hcl"))
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(data))
		}
	}
	kinds := testKinds()
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "range") || len(text) > 4096 {
			t.Skip("large expansions are slow, not wrong")
		}
		dir := t.TempDir()
		write(t, filepath.Join(dir, "pipeline.hcl"), text)
		p, files, diags := Load(Config{Dir: dir, Experiment: "demo", Kinds: kinds})
		if (p == nil) != diags.HasErrors() {
			t.Fatalf("pipeline %v with %v", p, diags)
		}
		Print(&strings.Builder{}, diags, files, plainStyle{})
	})
}

func BenchmarkLoad10000(b *testing.B) {
	dir := b.TempDir()
	text := `stage "exec" "one" {
  for_each = { for i in range(10000) : "s${i}" => i % 7 }
  command  = ["sh", "s.sh", "in/${each.key}.txt", each.value, "out.txt"]
  inputs   = ["s.sh", "in/${each.key}.txt"]
  outputs  = { out = "out.txt" }
}
stage "exec" "join" {
  command = ["sh", "-c", "cat out/*.txt > join.txt"]
  inputs  = { for k, s in stage.exec.one : "out/${k}.txt" => s.out }
  outputs = { join = "join.txt" }
}
`
	if err := os.WriteFile(filepath.Join(dir, "pipeline.hcl"), []byte(text), 0o666); err != nil {
		b.Fatal(err)
	}
	kinds := testKinds()
	b.ReportAllocs()
	for b.Loop() {
		if p, _, diags := Load(Config{Dir: dir, Experiment: "demo", Kinds: kinds}); p == nil {
			b.Fatal(diags)
		}
	}
}
