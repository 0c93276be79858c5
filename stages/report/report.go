// Package report is the stage kind "report": it renders a template and the numbers of other stages as a page and as a paper. It is the last
// stage but typeset; it computes nothing but ratios and differences of what it was given.
//
// A template is Markdown with the actions of text/template. Its numbers come from metrics.json (and decode.json) by input, name and labels; one
// that does not exist, or is not the only one, is an error at the template's line. On the page each number tells which stage and artifact it
// comes from; in the paper each is a macro of numbers.tex.
//
//	{{range $c := captures}}                           the keys of for_each, sorted
//	{{$f := $c.In "forecast"}}                         the path of an input for this capture: "forecast.demo"; {{if $c.Has "forecast"}}
//	{{num $f "rmse" "model" "naive" "protocol" "strict"}}
//	                                                   one number with unit; labels narrow it, "order" "" asks that the label is not there;
//	                                                   values of single seeds are left out unless "seed" is asked for
//	{{num ... | digits 4}} percent plain whole date clock instant interval abs
//	                                                   how it is printed; p-values print with their relation: "= 0.02", "< 0.001"
//	{{ratio A B}} {{minus A B}} {{reduction A B}}      a / b, a - b, and (b - a) / b as a percentage
//	{{rows $f "rmse" ...}} {{least ...}} {{most ...}} {{tried ...}} {{which $f "selected" ...}}
//	                                                   all that fit; the smallest; the largest; the smallest of the configurations, a list of one or none; those whose value is 1
//	{{names (where "gain")}}                           the captures of which something holds: gain, no gain, lstm better, lstm worse, lstm even, scale leaked
//	{{until FIRST LAST}}                               an instant after another: the time of day alone on the same day
//	.Model .Label "column" .Raw "period" .Is "model" "ar" .Same "dm_p" "against" "linear" .HasSame ... .Count .HasInterval
//	                                                   of a number: who it is about, its labels, another metric of the same model
//	{{if exists $f "dm_p" "protocol" "strict"}}        whether there is such an input, or metric with a value
//	lt le gt ge better significant                     comparisons: better is the smaller error, significant p < 0.05
//	{{table "models" $f "caption"}}                    captures describe events folds guards horizons intervals models protocols seasons series sizes sweep tests;
//	                                                   models has the ten best configurations, what was chosen and all baselines: {{left $f}} says how many are left out
//	{{trials $f}}                                      the file of all trials, tables/NAME-trials.csv, beside the page; {{failed $f}} the checks that failed, {{horizons $f}} how many steps ahead;
//	                                                   {{lead $f}} is the nearest as time: 5 minutes; {{legend $f}} the note on the names in its tables; {{chosen $f}} the figure with the chosen model
//	{{figure $e "series" "caption"}} {{if hasfigure $e "x"}} {{range figures $f "forecast_"}}{{.Name}} {{.Rest}}
//	{{ref "figure" $c "series"}} {{ref "table" $c "describe"}}
//	                                                   "Figure 2"; {{refall "table" "series"}} is about all captures; tables are called by kind and the values of their labels: "sweep 50 64"
//	{{provenance "caption"}} {{title "default"}} {{capital TEXT}} {{name S}} {{code S}} {{several}} {{many}}
//
// Text from the data (names of captures, columns, files) is never markup, neither Markdown's nor HTML's nor TeX's.
package report

import (
	"context"
	"embed"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"weir/internal/document"
	"weir/internal/locale"
	"weir/internal/metric"
	"weir/stages"
)

//go:embed templates/*.md
var templates embed.FS

// Report renders a template and the numbers of other stages as HTML and LaTeX.
type Report struct {
	Template stages.Input `hcl:"template,optional" doc:"the template, Markdown with actions; without it the built-in one of the language"`
	Language string       `hcl:"language,optional" enum:"en pt es" doc:"the language of numbers, dates, captions and the built-in template"`
	Title    string       `hcl:"title,optional" doc:"the report's title instead of the template's"`
	Inputs   stages.Tree  `hcl:"inputs" doc:"what the report may use, by name: { eda = stage.eda.traffic, forecast = stage.evaluate.forecast }"`

	HTML    stages.Output    `hcl:"html" file:"report.html" doc:"one self-contained page"`
	TeX     stages.Output    `hcl:"tex" file:"report.tex" doc:"the same content for LaTeX"`
	Numbers stages.Output    `hcl:"numbers" file:"numbers.tex" doc:"every number of the report as a LaTeX macro"`
	Tables  stages.OutputDir `hcl:"tables" file:"tables" doc:"the tables, one LaTeX file each, and evaluate's tables of all trials as CSV"`
	Figures stages.OutputDir `hcl:"figures" file:"figures" doc:"the figures, PDF and SVG"`
	Metrics stages.Output    `hcl:"metrics" file:"metrics.json" doc:"every number of the report, in the order of appearance"`
}

// Kind is the row of this kind in the table of kinds.
func Kind() stages.Kind {
	return stages.Kind{Name: "report", Version: 2, Summary: "a report as HTML and LaTeX from a template and the numbers of other stages",
		New: func() stages.Stage { return &Report{Language: "en"} }}
}

// Run implements stages.Stage.
func (r *Report) Run(ctx context.Context, env *stages.Env) error {
	file, source, err := r.source()
	if err != nil {
		return err
	}
	lib, err := open(r.Inputs)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	doc, made, err := expand(file, source, r.Language, r.Title, lib)
	if err != nil {
		return err
	}
	if err := r.write(doc, made); err != nil {
		return err
	}
	for i, sentence := range doc.Findings() {
		if i < 2 {
			env.Find(sentence)
		}
	}
	tables := 0
	for _, b := range doc.Blocks {
		if t, ok := b.(*document.Table); ok && !t.Plain {
			tables++
		}
	}
	env.Summarize(fmt.Sprintf("%d numbers, %d tables, %d figures", len(doc.Numbers()), tables, len(made.figures)))
	return nil
}

// source is the template's text and what errors call it.
func (r *Report) source() (file, text string, err error) {
	if !r.Template.Given() {
		name := "templates/" + r.Language + ".md"
		data, err := templates.ReadFile(name)
		return "built-in " + r.Language + ".md", string(data), err
	}
	if r.Template.Files != nil {
		return "", "", fmt.Errorf("template %s: a folder, expected one Markdown file", r.Template.From)
	}
	data, err := readBounded(r.Template.Path, document.MaxTemplate)
	return r.Template.From, string(data), err
}

// maxTable bounds a trials.csv, in bytes.
const maxTable = 256 << 20

// readBounded reads a file of at most limit bytes.
func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s: larger than %d bytes", path, limit)
	}
	return data, err
}

// expand executes the template twice: the first time to learn which tables and figures there are, so that the second can say at which line a
// reference leads nowhere.
func expand(file, source, language, title string, lib *library) (*document.Document, *renderer, error) {
	l, err := locale.Of(language)
	if err != nil {
		return nil, nil, err
	}
	first := &renderer{lib: lib, locale: l, words: wordsOf(language), title: title, marks: &document.Marks{}, tables: map[string]bool{}, files: map[string]*leaf{}, figures: map[string]figure{}}
	t, err := document.New(file, source, first.functions())
	if err != nil {
		return nil, nil, err
	}
	if _, err := t.Expand(first.functions(), nil); err != nil {
		return nil, nil, err
	}
	known := map[document.Ref]bool{}
	for name := range first.tables {
		known[document.Ref{Kind: "table", Name: name}] = true
	}
	for name := range first.figures {
		known[document.Ref{Kind: "figure", Name: name}] = true
	}
	second := &renderer{lib: lib, locale: l, words: first.words, title: title, marks: &document.Marks{}, tables: map[string]bool{}, files: map[string]*leaf{}, figures: map[string]figure{}, known: known, strict: true}
	markdown, err := t.Expand(second.functions(), nil)
	if err != nil {
		return nil, nil, err
	}
	doc, err := t.Parse(markdown, second.marks, language)
	return doc, second, err
}

func (r *Report) write(doc *document.Document, made *renderer) error {
	page, err := doc.HTML()
	if err != nil {
		return err
	}
	paper, err := doc.LaTeX()
	if err != nil {
		return err
	}
	files := map[string][]byte{r.HTML.Path: page, r.TeX.Path: []byte(paper.Main), r.Numbers.Path: []byte(paper.Numbers)}
	for name, tex := range paper.Tables {
		files[filepath.Join(r.Tables.Path, name+".tex")] = []byte(tex)
	}
	for name, l := range made.files {
		if files[filepath.Join(r.Tables.Path, name)], err = readBounded(l.Path, maxTable); err != nil {
			return err
		}
	}
	for name, f := range made.figures {
		for ending, from := range map[string]stages.Input{".svg": f.svg, ".pdf": f.pdf} {
			if files[filepath.Join(r.Figures.Path, name+ending)], err = readBounded(from.Path, document.MaxSVG); err != nil {
				return err
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(path, files[path], 0o666); err != nil {
			return err
		}
	}
	return metric.Write(r.Metrics.Path, printed(doc))
}

// printed lists the numbers on the page, in the order of appearance, with the artifact that each comes from as label. A number made of several has
// its formula as label and its first source's artifact.
func printed(doc *document.Document) []metric.Metric {
	list := []metric.Metric{}
	seen := map[string]bool{}
	for _, n := range doc.Numbers() {
		s := n.Sources[0]
		labels := []string{"artifact", s.Digest, "from", s.From}
		if n.Formula != "" {
			labels = append(labels, "formula", n.Formula)
		}
		if s.Capture != "" {
			labels = append(labels, "capture", s.Capture)
		}
		m := metric.Of(s.Metric, n.Value, n.Unit, append(labels, s.Labels...)...)
		if n.Interval != nil {
			m = m.Between(n.Interval[0], n.Interval[1])
		}
		if n.Count > 0 {
			m = m.Over(int(n.Count))
		}
		key := n.Formula + "\x00" + s.String() + "\x00" + s.Digest
		for _, other := range n.Sources[1:] {
			key += "\x00" + other.String()
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		list = append(list, m)
	}
	return list
}
