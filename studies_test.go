//go:build unix

package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/internal/synthetic"
)

// project is a copy of the pipeline and its experiments in a folder of its own.
func project(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	copyFile(t, "pipeline.hcl", dir)
	for _, pattern := range []string{"experiments/*/*.hcl", "experiments/*/*.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %d files", pattern, err, len(files))
		}
		for _, f := range files {
			copyFile(t, f, dir)
		}
	}
	return dir
}

func copyFile(t *testing.T, name, dir string) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err == nil {
		err = os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o777)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), data, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// weir runs the command in a folder and returns its exit code and all that it said. TestMain put it into PATH.
func weir(t *testing.T, dir string, args ...string) (code int, said string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "weir", args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "NO_COLOR=1")
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), string(out)
}

// mustRun is weir, which must end with 0.
func mustRun(t *testing.T, dir string, args ...string) string {
	t.Helper()
	code, said := weir(t, dir, args...)
	if code != 0 {
		t.Fatalf("weir %s: exit %d\n%s", strings.Join(args, " "), code, said)
	}
	return said
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// The paths of the study's captures, as experiments/mawi/sources.md lists them.
const (
	shortTrace = "/mawi/samplepoint-F/2007/200701251400.dump.gz"
	longTrace  = "/mawi/samplepoint-C/2007/200701011800.dump.gz"
)

// archive serves captures as the MAWI archive does, with the trouble that a long way brings.
type archive struct {
	mu       sync.Mutex
	captures map[string][]byte
	broken   map[string]bool // connections that broke once already
	ranges   []string        // what was asked for after that
}

func (a *archive) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	body, ok := a.captures[r.URL.Path]
	a.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("ETag", fmt.Sprintf("%q", strconv.Itoa(len(body))))
	a.mu.Lock()
	asked := r.Header.Get("Range")
	if asked != "" {
		a.ranges = append(a.ranges, r.URL.Path+" "+asked)
	}
	breaks := r.URL.Path == shortTrace && !a.broken[r.URL.Path]
	a.broken[r.URL.Path] = true
	a.mu.Unlock()
	if breaks { // in the middle, at first
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.Write(body[:len(body)/2])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	if asked != "" {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	for chunk := range slices.Chunk(body, len(body)/8+1) { // slowly
		w.Write(chunk)
		w.(http.Flusher).Flush()
		time.Sleep(20 * time.Millisecond)
	}
}

// trace is a gzip capture of the shape of a MAWI one.
func trace(t *testing.T, o synthetic.Options) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Write(t.Context(), z, nil); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func traces(t *testing.T) map[string][]byte {
	t.Helper()
	short := synthetic.Defaults()
	short.Seconds, short.Rate, short.Snap = 300, 120, 96
	long := synthetic.Defaults()
	long.Seconds, long.Rate, long.Snap, long.IPv6, long.Seed = 600, 20, 128, 1, 2
	return map[string][]byte{shortTrace: trace(t, short), longTrace: trace(t, long)}
}

// TestMAWI runs the study of the two MAWI captures against a server that has captures of their shape, shorter.
func TestMAWI(t *testing.T) {
	a := &archive{captures: traces(t), broken: map[string]bool{}}
	server := httptest.NewServer(a)
	defer server.Close()
	dir := project(t)
	args := []string{"run", "-e", "mawi", "-var", captures(server.URL), "-var", "seeds=2", "-var", "look_backs=[10, 20]",
		"-var", `periods={ "200701251400" = [60], "200701011800" = [120] }`}
	said := mustRun(t, dir, args...)
	if !strings.Contains(said, "results/mawi/report.html") {
		t.Errorf("the last lines do not say where the report is:\n%s", said)
	}
	if len(a.ranges) == 0 || !strings.HasPrefix(a.ranges[0], shortTrace+" bytes=") {
		t.Errorf("the broken transfer did not go on where it broke: %q", a.ranges)
	}
	if lock := read(t, dir, "weir.lock"); strings.Count(lock, "dump.gz") != 2 {
		t.Errorf("weir.lock does not hold both captures:\n%s", lock)
	}
	results := filepath.Join(dir, "results", "mawi")
	page, paper := read(t, results, "report.html"), read(t, results, "report.tex")
	mawiOrder(t, paper)
	numbersTraced(t, page, read(t, results, "metrics.json"))
	portuguese(t, page)
	for _, want := range []string{"publicado", "estrito", "capturados", "no fio", "O que mudou"} {
		if !strings.Contains(page, want) {
			t.Errorf("report.html does not say %q", want)
		}
	}
	for _, name := range []string{"200701251400", "200701011800"} {
		if _, err := os.Stat(filepath.Join(results, "best", name+".weir")); err != nil {
			t.Error(err)
		}
	}
	before := len(a.ranges)
	if again := mustRun(t, dir, args...); !strings.Contains(again, "nothing to do") || len(a.ranges) != before {
		t.Errorf("the second run did something:\n%s", again)
	}
	t.Run("wrong checksum", func(t *testing.T) {
		other := project(t)
		copyLock(t, dir, other)
		a.mu.Lock()
		changed := slices.Clone(a.captures[shortTrace])
		changed[5] ^= 1 // in the time of the gzip header: still a good file
		was := a.captures[shortTrace]
		a.captures[shortTrace] = changed
		a.mu.Unlock()
		defer func() {
			a.mu.Lock()
			a.captures[shortTrace] = was
			a.mu.Unlock()
		}()
		refused(t, other, server.URL, "sha256", "weir.lock")
	})
}

func copyLock(t *testing.T, from, to string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(to, "weir.lock"), []byte(read(t, from, "weir.lock")), 0o666); err != nil {
		t.Fatal(err)
	}
}

func captures(url string) string {
	return fmt.Sprintf("captures={ \"200701251400\" = %q, \"200701011800\" = %q }", url+shortTrace, url+longTrace)
}

// refused says that the study does not run with what the server has: exit 1, the words in what it says, nothing in results.
func refused(t *testing.T, dir, url string, words ...string) {
	t.Helper()
	code, said := weir(t, dir, "run", "-e", "mawi", "-var", captures(url))
	if code != 1 {
		t.Errorf("exit %d, expected 1", code)
	}
	for _, w := range append(words, `fetch.capture["200701251400"]`) {
		if !strings.Contains(said, w) {
			t.Errorf("no %q in:\n%s", w, said)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "results", "mawi")); err == nil {
		t.Error("there are results")
	}
}

// TestMAWIRefused: what is not the capture is refused with a clear error, and nothing is made of it.
func TestMAWIRefused(t *testing.T) {
	whole := traces(t)
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		words   []string
	}{
		"not found": {http.NotFound, []string{"404", shortTrace}},
		"a web page": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<!DOCTYPE html>\n<html><body>The archive is being moved.</body></html>")
		}, []string{"web page"}},
		"cut off": {func(w http.ResponseWriter, r *http.Request) {
			body := whole[shortTrace]
			w.Write(body[:len(body)-len(body)/3])
		}, []string{"gzip"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == longTrace {
					w.Write(whole[longTrace])
					return
				}
				c.handler(w, r)
			}))
			defer server.Close()
			refused(t, project(t), server.URL, c.words...)
		})
	}
}

// mawiOrder says that Tables 1 to 5 and Figures 1 to 11 are those of the study, in its order, and that each of them is in its place.
func mawiOrder(t *testing.T, paper string) {
	t.Helper()
	tables := labels(paper, `\\input\{tables/([^}]*)\}`)
	figures := labels(paper, `\\includegraphics(?:\[[^]]*\])?\{figures/([^}]*)\.pdf\}`)
	short, long := "200701251400", "200701011800"
	wantTables := []string{short + "-describe", long + "-describe", short + "-sweep-50-64", long + "-sweep-50-64", short + "-sweep-20-32"}
	var wantFigures []string
	for _, c := range []struct{ name, period string }{{short, "60"}, {long, "120"}} {
		for _, f := range []string{"sizes-captured", "series-published", "decomposition-" + c.period + "-published", "acf-pacf-published"} {
			wantFigures = append(wantFigures, c.name+"-"+f)
		}
	}
	wantFigures = append(wantFigures, short+"-forecast-published-50x64", long+"-forecast-published-50x64", short+"-forecast-published-20x32")
	if len(tables) < 5 || !slices.Equal(tables[:5], wantTables) {
		t.Errorf("tables in the order\n%q, expected to begin with\n%q", tables, wantTables)
	}
	if len(figures) < 11 || !slices.Equal(figures[:11], wantFigures) {
		t.Errorf("figures in the order\n%q, expected to begin with\n%q", figures, wantFigures)
	}
}

func labels(text, pattern string) (list []string) {
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		list = append(list, m[1])
	}
	return list
}

var dataElement = regexp.MustCompile(`<data value="([^"]*)"[^>]*title="([^"]*)">([^<]*)</data>`)

// numbersTraced says that every number of the page is in metrics.json, with the artifact that it names.
func numbersTraced(t *testing.T, page, metrics string) {
	t.Helper()
	var list []struct {
		Name   string
		Labels map[string]string
		Value  any
	}
	if err := json.Unmarshal([]byte(metrics), &list); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, m := range list {
		text := fmt.Sprint(m.Value)
		if f, ok := m.Value.(float64); ok {
			text = strconv.FormatFloat(f, 'g', -1, 64)
		}
		known[text+" "+m.Labels["artifact"]] = true
	}
	found := dataElement.FindAllStringSubmatch(page, -1)
	if len(found) < 100 {
		t.Errorf("%d numbers on the page, expected more than 100", len(found))
	}
	digest := regexp.MustCompile(`sha256:[0-9a-f]{64}`)
	for _, m := range found {
		if !known[m[1]+" "+digest.FindString(html.UnescapeString(m[2]))] {
			t.Errorf("%s (%s) is not in metrics.json:\n%s", m[3], m[1], m[2])
		}
	}
}

// portuguese says that the page's numbers have decimal commas.
func portuguese(t *testing.T, page string) {
	t.Helper()
	if !strings.Contains(page, `<html lang="pt">`) {
		t.Error("the page is not in Portuguese")
	}
	commas := 0
	for _, m := range dataElement.FindAllStringSubmatch(page, -1) {
		if regexp.MustCompile(`\d\.\d{1,2}(\D|$)`).MatchString(m[3]) {
			t.Errorf("decimal point in %q", m[3])
		}
		if regexp.MustCompile(`\d,\d`).MatchString(m[3]) {
			commas++
		}
	}
	if commas < 50 {
		t.Errorf("%d decimal commas, expected more", commas)
	}
}

// small are the arguments of a study like the demo, on 200 seconds and with few trials.
func small(language string) []string {
	return []string{"run", "-var", `captures={ demo = "synthetic://backbone?seconds=200&seed=1&rate=100" }`, "-var", "seeds=2", "-var", "look_backs=[5, 10]",
		"-var", "schedules={ short = { epochs = 3, batch = 32 } }", "-var", "periods={ demo = [20, 150] }", "-var", "language=" + language}
}

// TestPaper: the report in each language is a PDF that LaTeX has nothing to say about, and none of its pages is empty.
func TestPaper(t *testing.T) {
	for _, tool := range []string{"pdflatex", "pdftoppm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s in PATH", tool)
		}
	}
	dir := project(t)
	for _, language := range []string{"en", "pt", "es"} {
		t.Run(language, func(t *testing.T) {
			mustRun(t, dir, small(language)...)
			results := filepath.Join(dir, "results", "demo")
			if !strings.HasPrefix(read(t, results, "report.pdf"), "%PDF-") {
				t.Error("report.pdf is no PDF")
			}
			latexAgain(t, results)
			pages := render(t, filepath.Join(results, "report.pdf"))
			if n := len(pages); n < 4 || n > 10 {
				t.Errorf("%d pages, expected 4 to 10", n)
			}
			for i, p := range pages {
				if share := used(t, p); share < 0.25 && i < len(pages)-1 {
					t.Errorf("page %d is used down to %.0f %% of its height only", i+1, 100*share)
				}
			}
		})
	}
}

// latexAgain runs LaTeX by hand on what the report is made of, and reads its log.
func latexAgain(t *testing.T, results string) {
	t.Helper()
	work := t.TempDir()
	if err := os.CopyFS(work, os.DirFS(results)); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		c := exec.CommandContext(t.Context(), "pdflatex", "-interaction=nonstopmode", "-halt-on-error", "report.tex")
		c.Dir = work
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("pdflatex: %v\n%s", err, out)
		}
	}
	for _, line := range strings.Split(read(t, work, "report.log"), "\n") {
		if strings.Contains(line, "Warning") || strings.HasPrefix(line, "Overfull") {
			t.Error(line)
		}
	}
}

// render draws the pages of a PDF as grey images.
func render(t *testing.T, pdf string) []string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "pdftoppm", "-gray", "-r", "30", pdf, filepath.Join(dir, "page")).CombinedOutput(); err != nil {
		t.Fatalf("pdftoppm: %v\n%s", err, out)
	}
	pages, err := filepath.Glob(filepath.Join(dir, "page-*.pgm"))
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// used is where the lowest ink above the page number stands, from 0 at the top to 1.
func used(t *testing.T, page string) float64 {
	t.Helper()
	data := []byte(read(t, page))
	var format string
	var width, height int
	if _, err := fmt.Fscan(bytes.NewReader(data), &format, &width, &height); err != nil || format != "P5" || len(data) < width*height {
		t.Fatalf("%s: no image: %v", page, err)
	}
	pixels := data[len(data)-width*height:]
	for y := height * 9 / 10; y > 0; y-- {
		if slices.Min(pixels[y*width:(y+1)*width]) < 128 {
			return float64(y) / float64(height)
		}
	}
	return 0
}

// shared is the folder with real captures and series beside the repository; the test is skipped without it.
func shared(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "shared", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no %s beside the repository", filepath.Join("shared", name))
	}
	return path
}

// TestCaptures runs the experiment over a folder of real captures and measured series, in English and Spanish.
func TestCaptures(t *testing.T) {
	folder := shared(t, "data/captures")
	dir := project(t)
	results := filepath.Join(dir, "results", "captures")
	for _, language := range []struct{ code, title, refused, gaps, changed string }{
		{"en", "Traffic in a folder of captures", "too short for a season", "gaps", "What the strict protocol changes"},
		{"es", "El tráfico en una carpeta de capturas", "demasiado corta para un ciclo", "huecos", "Qué cambia el protocolo estricto"},
	} {
		t.Run(language.code, func(t *testing.T) {
			args := []string{"run", "-e", "captures", "-var", "folder=" + folder, "-var", "seeds=2", "-var", "language=" + language.code}
			mustRun(t, dir, args...)
			page := read(t, results, "report.html")
			metrics := readMetrics(t, results)
			for _, want := range []string{language.title, language.refused, language.gaps, language.changed} {
				if !strings.Contains(page, want) {
					t.Errorf("report.html does not say %q", want)
				}
			}
			numbersTraced(t, page, read(t, results, "metrics.json"))
			if n := metrics.value(t, "segments", "capture", "ndpi_whatsapp", "protocol", "strict"); n < 2 {
				t.Errorf("whatsapp has %g segments, but gaps of hours", n)
			}
			// The document's LSTM has 10.4e9 to 13.7e9 on the captured bytes from which the series was digitised; the last value has 8.8e9.
			lstm := metrics.value(t, "rmse", "capture", "mawi", "protocol", "published", "model", "lstm")
			naive := metrics.value(t, "rmse", "capture", "mawi", "protocol", "published", "model", "naive")
			if mse := lstm * lstm; mse < 9e9 || mse > 14e9 {
				t.Errorf("published MSE %.4g, the document's is 1.07e10", mse)
			}
			if mse := naive * naive; mse < 8.7e9 || mse > 8.9e9 || naive >= lstm {
				t.Errorf("published MSE of the last value %.4g, expected 8.8e9 and less than the LSTM's", mse)
			}
			// Without the two partial seconds the last value has 3.395e9, and the LSTM 3.8e9 in Keras, which has no validation part.
			lstm = metrics.value(t, "rmse", "capture", "mawi", "protocol", "strict", "model", "lstm")
			naive = metrics.value(t, "rmse", "capture", "mawi", "protocol", "strict", "model", "naive")
			if mse := lstm * lstm; mse < 3e9 || mse > 5e9 {
				t.Errorf("strict MSE %.4g, expected near 3.8e9", mse)
			}
			if mse := naive * naive; mse < 3.39e9 || mse > 3.40e9 {
				t.Errorf("strict MSE of the last value %.4g, expected 3.395e9", mse)
			}
			if again := mustRun(t, dir, args...); !strings.Contains(again, "nothing to do") {
				t.Errorf("the second run did something:\n%s", again)
			}
		})
	}
}

type metricList []struct {
	Name   string
	Labels map[string]string
	Value  float64
}

func readMetrics(t *testing.T, results string) (list metricList) {
	t.Helper()
	if err := json.Unmarshal([]byte(read(t, results, "metrics.json")), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// value is that of the one metric with these labels.
func (list metricList) value(t *testing.T, name string, labels ...string) float64 {
	t.Helper()
	for _, m := range list {
		fits := m.Name == name
		for i := 0; i < len(labels); i += 2 {
			fits = fits && m.Labels[labels[i]] == labels[i+1]
		}
		if fits {
			return m.Value
		}
	}
	t.Errorf("no metric %s %q in metrics.json", name, labels)
	return 0
}
