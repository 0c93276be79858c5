package report

import (
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/metric"
	"weir/stages"
)

var update = flag.Bool("update", false, "write the golden files anew")

var both = []string{"published", "strict"}

// Kept for looking at: WEIR_REPORT_DIR=/some/folder go test -run TestLook.
func TestLook(t *testing.T) {
	to := os.Getenv("WEIR_REPORT_DIR")
	if to == "" {
		t.Skip("WEIR_REPORT_DIR names no folder")
	}
	for _, language := range []string{"en", "pt", "es"} {
		dir, env, err := run(t, &Report{Language: language, Inputs: inputs(map[string]map[string]stages.Tree{"demo": whole(t, "demo", both, -0.01, 0.3, false)})})
		if err != nil {
			t.Fatal(language, err)
		}
		_, findings, _ := env.Said()
		t.Log(findings)
		if err := os.CopyFS(filepath.Join(to, language), os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
	}
}

// mawi is the experiment's own template.
func mawi(t testing.TB) stages.Input {
	in := stages.Input{Path: filepath.Join("..", "..", "experiments", "mawi", "report.md"), From: "experiments/mawi/report.md"}
	if _, err := os.Stat(in.Path); err != nil {
		t.Fatal(err)
	}
	return in
}

func TestLookMawi(t *testing.T) {
	to := os.Getenv("WEIR_REPORT_DIR")
	if to == "" {
		t.Skip("WEIR_REPORT_DIR names no folder")
	}
	dir, _, err := run(t, &Report{Language: "pt", Template: mawi(t), Inputs: inputs(map[string]map[string]stages.Tree{
		"200701251400.dump.gz": whole(t, "200701251400.dump.gz", both, -0.01, 0.3, false), "200701011800.dump.gz": whole(t, "200701011800.dump.gz", both, 0.05, 0.003, true)})})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(to, "mawi"), os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
}

// Each template in testdata/errors has one mistake; the text beside it is the error that a person sees.
func TestErrors(t *testing.T) {
	files, err := filepath.Glob("testdata/errors/*.md")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	lib := inputs(map[string]map[string]stages.Tree{"demo": whole(t, "demo", []string{"strict"}, -0.01, 0.3, false)})
	for _, file := range files {
		want, err := os.ReadFile(strings.TrimSuffix(file, ".md") + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		dir, _, err := run(t, &Report{Language: "en", Inputs: lib, Template: stages.Input{Path: file, From: filepath.Base(file)}})
		if err == nil || err.Error() != strings.TrimSpace(string(want)) {
			t.Errorf("%s:\n got %v\nwant %s", file, err, want)
		}
		if _, err := os.Stat(filepath.Join(dir, "report.html")); err == nil {
			t.Errorf("%s: a failed report left a page", file)
		}
	}
}

// situation is what the inputs may look like; every template must read well in each.
type situation struct {
	name     string
	captures func(t testing.TB) map[string]map[string]stages.Tree
	says     []string // in the English page
	not      []string
}

func one(key string, protocols []string, gain, p float64, refused bool) func(testing.TB) map[string]map[string]stages.Tree {
	return func(t testing.TB) map[string]map[string]stages.Tree {
		return map[string]map[string]stages.Tree{key: whole(t, key, protocols, gain, p, refused)}
	}
}

func without(of func(testing.TB) map[string]map[string]stages.Tree, names ...string) func(testing.TB) map[string]map[string]stages.Tree {
	return func(t testing.TB) map[string]map[string]stages.Tree {
		all := of(t)
		for _, c := range all {
			for _, n := range names {
				delete(c, n)
			}
		}
		return all
	}
}

var situations = []situation{
	{"both", one("demo", both, -0.01, 0.3, false), []string{"not distinguishably better or worse", "does not stand out from noise", "What the strict protocol changes"}, []string{"too short", "is better than the best linear"}},
	{"lstm better", one("demo", both, 0.08, 0.001, false), []string{"is better than the best linear"}, []string{"not distinguishably"}},
	{"lstm worse", one("demo", both, -0.08, 0.001, false), []string{"is worse than the best linear"}, []string{"not distinguishably"}},
	{"chosen badly", func(t testing.TB) map[string]map[string]stages.Tree {
		c := one("demo", both, -0.01, 0.3, false)(t)
		metrics := forecastMetrics(both, -0.01, 0.3)
		for i, m := range metrics { // AR, chosen on the validation part, is worse than the last value on the test part
			if m.Labels["model"] == "ar" && m.Name == "rmse_gain" {
				metrics[i].Value = -0.2
			}
		}
		c["demo"]["forecast"].Named["metrics"] = metricsOf(t, "evaluate.forecast.metrics", metrics)
		return c
	}, []string{"but on the test part repeating the last value does better"}, []string{"forecasts demo best"}},
	{"strict", one("demo", []string{"strict"}, -0.01, 0.3, false), []string{"AR(20)"}, []string{"What the strict protocol changes"}},
	{"published", one("demo", []string{"published"}, -0.01, 0.3, false), []string{"By the published protocol"}, []string{"ranks all models"}},
	{"eda only", without(one("demo", both, 0, 1, false), "forecast"), []string{"averages"}, []string{"The forecast"}},
	{"refused", one("demo", both, -0.01, 0.3, true), []string{"too short for a season of 3600 intervals", "fewer than 2 cycles"}, []string{"stand out from noise"}},
	{"imported", without(one("series", both, -0.01, 0.3, false), "decode"), []string{"AR(20)"}, []string{"The capture has"}},
	{"forecast only", without(one("demo", both, -0.01, 0.3, false), "decode", "eda"), []string{"AR(20)"}, []string{"The traffic of"}},
	{"decode only", without(one("demo", both, -0.01, 0.3, false), "forecast", "eda"), []string{"912,448"}, []string{"The forecast"}},
	{"hostile name", one(`a_b%c#{x}&~^\$<b>*`, both, -0.01, 0.3, false), []string{`a_b%c#{x}&amp;~^\$&lt;b&gt;*`}, []string{"<b>*"}},
	{"many", func(t testing.TB) map[string]map[string]stages.Tree {
		return map[string]map[string]stages.Tree{"a": whole(t, "a", both, 0.08, 0.001, false), "b": whole(t, "b", both, -0.01, 0.3, true), "c": whole(t, "c", both, -0.08, 0.001, false),
			"d": without(one("d", both, 0, 1, true), "forecast")(t)["d"]}
	}, []string{"Against the linear model the best trained one is better on a, worse on c and not distinguishable on b.", "What was measured", "too short for a season", "sets the outcome side by side"}, nil},
	{"several", func(t testing.TB) map[string]map[string]stages.Tree {
		return map[string]map[string]stages.Tree{"a": whole(t, "a", both, 0.08, 0.001, false), "b": whole(t, "b", both, -0.01, 0.3, true), "whats.app 中": without(one("c", both, 0, 1, true), "forecast")(t)["c"]}
	}, []string{"is better than the best linear", "not distinguishably", "whats.app 中"}, nil},
}

func TestSituations(t *testing.T) {
	for _, s := range append(honestSituations, situations...) {
		for _, language := range []string{"en", "pt", "es", "mawi"} {
			t.Run(s.name+"/"+language, func(t *testing.T) {
				r := &Report{Language: language, Inputs: inputs(s.captures(t))}
				if language == "mawi" {
					r.Language, r.Template = "pt", mawi(t)
				}
				dir, env, err := run(t, r)
				if err != nil {
					t.Fatal(err)
				}
				page := read(t, dir, "report.html")
				body := page[strings.Index(page, "<main>"):strings.Index(page, "</main>")]
				for _, broken := range []string{"%!", "&lt;no value", "NaN", "\ue000", "\ue001", "  .", " ,", "(p )", "<li></li>", "<p></p>"} {
					if strings.Contains(body, broken) {
						i := strings.Index(body, broken)
						t.Errorf("%q in the page: %s", broken, body[max(0, i-80):min(len(body), i+40)])
					}
				}
				if _, findings, _ := env.Said(); len(findings) == 0 && s.name != "decode only" && !(language == "mawi" && s.name == "eda only") {
					t.Error("nothing found")
				}
				if language != "en" {
					return
				}
				for _, want := range s.says {
					if !strings.Contains(body, want) {
						t.Errorf("the page does not say %q", want)
					}
				}
				for _, no := range s.not {
					if strings.Contains(body, no) {
						t.Errorf("the page says %q", no)
					}
				}
			})
		}
	}
}

func read(t testing.TB, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A change of these bytes needs a new version of the kind. go test -run TestGolden -update writes them anew.
func TestGolden(t *testing.T) {
	source := `# {{title "A title"}}

> - {{num "forecast.demo" "rmse" "model" "naive" "protocol" "strict"}} and {{reduction (num "forecast.demo" "rmse" "model" "ar" "protocol" "strict") (num "forecast.demo" "rmse" "model" "naive" "protocol" "strict")}}.

## One

{{range $c := captures}}{{ref "table" $c "models"}}, {{ref "figure" $c "series"}}, {{$c}}, {{num ($c.In "decode") "decode_first" | instant}}.

{{table "describe" ($c.In "eda") "Described."}}

{{table "sweep" ($c.In "forecast") "Swept." "epochs" "50" "batch" "64"}}

{{table "models" ($c.In "forecast") (printf "Models of *%s*." $c)}}

{{figure ($c.In "eda") "series" "Series."}}

{{end}}
{{table "captures" "decode" "Captures."}}

{{provenance "Inputs."}}
`
	tree := inputs(one("50%_demo", both, -0.01, 0.3, false)(t))
	source = strings.ReplaceAll(source, "forecast.demo", "forecast.50%_demo")
	template := filepath.Join(t.TempDir(), "t.md")
	if err := os.WriteFile(template, []byte(source), 0o666); err != nil {
		t.Fatal(err)
	}
	dir, _, err := run(t, &Report{Language: "pt", Title: `O "título" & 100%`, Inputs: tree, Template: stages.Input{Path: template, From: "t.md"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"report.html", "report.tex", "numbers.tex", "metrics.json", "tables/50-demo-models.tex", "tables/50-demo-sweep-50-64.tex", "tables/50-demo-describe.tex", "tables/provenance.tex"} {
		golden := filepath.Join("testdata", "golden", filepath.Base(name))
		got := read(t, dir, name)
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s differs from %s:\n%s", name, golden, cmp.Diff(string(want), got))
		}
	}
}

// The paper says what the page says: each number of numbers.tex is used, and each macro in the paper is defined.
func TestMacros(t *testing.T) {
	dir, _, err := run(t, &Report{Language: "en", Inputs: inputs(one("demo", both, -0.01, 0.3, false)(t))})
	if err != nil {
		t.Fatal(err)
	}
	text := read(t, dir, "report.tex")
	tables, _ := filepath.Glob(filepath.Join(dir, "tables", "*.tex"))
	for _, file := range tables {
		text += read(t, filepath.Dir(file), filepath.Base(file))
	}
	macro := regexp.MustCompile(`\\(weir[A-Za-z]+)`)
	defined := map[string]bool{}
	for _, line := range strings.Split(read(t, dir, "numbers.tex"), "\n") {
		if m := macro.FindStringSubmatch(line); m != nil {
			defined[m[1]] = true
		}
	}
	used := map[string]bool{}
	for _, m := range macro.FindAllStringSubmatch(text, -1) {
		used[m[1]] = true
	}
	if len(used) < 50 || !maps.Equal(used, defined) {
		t.Errorf("%d macros used, %d defined", len(used), len(defined))
	}
	list, err := metric.Read(filepath.Join(dir, "metrics.json"))
	if err != nil || len(list) < 50 {
		t.Fatalf("%d metrics, %v", len(list), err)
	}
	if m := list[0]; m.Labels["capture"] != "demo" || !strings.HasPrefix(m.Labels["artifact"], "sha256:") {
		t.Errorf("%+v", m)
	}
}

// The worst names and the built-in templates compile without a warning.
func TestCompiles(t *testing.T) {
	if _, err := exec.LookPath("pdflatex"); err != nil {
		t.Skip("pdflatex is not installed")
	}
	if testing.Short() {
		t.Skip("slow")
	}
	for _, c := range []struct {
		language string
		s        situation
	}{{"en", situations[len(situations)-1]}, {"es", situations[len(situations)-2]}, {"mawi", situations[len(situations)-1]}} {
		r := &Report{Language: c.language, Inputs: inputs(c.s.captures(t))}
		if c.language == "mawi" {
			r.Language, r.Template = "pt", mawi(t)
		}
		dir, _, err := run(t, r)
		if err != nil {
			t.Fatal(err)
		}
		var out []byte
		for range 2 {
			cmd := exec.CommandContext(t.Context(), "pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "report.tex")
			cmd.Dir = dir
			if out, err = cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", c.language, err, out[max(0, len(out)-2000):])
			}
		}
		for _, line := range strings.Split(string(out), "\n") {
			if strings.HasPrefix(line, "Overfull") || strings.Contains(line, "Warning") {
				t.Errorf("%s/%s: %s", c.language, c.s.name, line)
			}
		}
	}
}

func TestStep(t *testing.T) {
	for seconds, want := range map[float64]string{300: "5 min", 60: "min", 3600: "h", 5400: "90 min", 10: "10 s", 0.1: "100 ms", 0.001: "ms"} {
		if got := step(seconds); got != want {
			t.Errorf("%g seconds are %q, expected %q", seconds, got, want)
		}
	}
	g := &group{entries: []entry{{Metric: metric.Of("step", 300, "s")}}}
	for name, units := range map[string][2]string{"rmse": {"B", "B/5 min"}, "mse": {"B²", "B²/(5 min)²"}, "r2": {"", ""}, "describe_sum": {"B", "B"}, "size_mean": {"B", "B"}, "mae": {"packets", "packets"}} {
		if got := g.unit(entry{Metric: metric.Of(name, 1, units[0])}); got != units[1] {
			t.Errorf("%s is in %q, expected %q", name, got, units[1])
		}
	}
}
