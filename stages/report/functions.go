package report

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"text/template"

	"weir/internal/document"
	"weir/internal/locale"
)

// renderer is one expansion of a template.
type renderer struct {
	lib    *library
	locale *locale.Locale
	words  *words
	title  string
	marks  *document.Marks

	tables  map[string]bool   // names given
	files   map[string]*leaf  // to be laid beside the page, by name in tables
	figures map[string]figure // by name in the report
	known   map[document.Ref]bool
	strict  bool // the second expansion: references must resolve
}

// Capture is one key of for_each in a template's range.
type Capture struct {
	r   *renderer
	key string
}

// String implements fmt.Stringer: the capture's name on the page.
func (c Capture) String() string { return Text{r: c.r, text: c.r.words.captureName(c.key)}.String() }

// Key is the name as it is in the pipeline, for comparing.
func (c Capture) Key() string { return c.key }

// In is the path of an input for this capture: "forecast" becomes "forecast.demo". It may not exist: see Has.
func (c Capture) In(input string) string {
	if c.key != "" {
		if name := input + "." + c.key; c.r.lib.groups[name] != nil {
			return name
		}
		if c.r.lib.groups[input] == nil {
			return input + "." + c.key
		}
	}
	return input
}

// Has says whether this capture has the input.
func (c Capture) Has(input string) bool { return c.r.lib.groups[c.In(input)] != nil }

// functions is what a template can call.
func (r *renderer) functions() template.FuncMap {
	return template.FuncMap{
		"captures": r.captures, "shortest": r.shortest, "decomposition": r.decomposition, "title": r.heading, "several": func() bool { return len(r.lib.captures) > 1 }, "many": func() bool { return len(r.lib.captures) > 3 },
		"where": r.where, "names": r.names,
		"num": r.num, "rows": r.rows, "least": r.least, "tried": r.tried, "most": r.most, "exists": r.exists, "which": r.which,
		"digits":   func(n int, v Value) (Value, error) { return v.Digits(n) },
		"plain":    func(v Value) Value { return v.styled("plain") },
		"whole":    func(v Value) Value { return v.styled("whole") },
		"percent":  func(v Value) Value { return v.styled("percent") },
		"percents": func(v Value) Value { return v.styled("percents") },
		"date":     func(v Value) Value { return v.styled("date") },
		"clock":    func(v Value) Value { return v.styled("clock") },
		"instant":  func(v Value) Value { return v.styled("instant") },
		"value":    func(v Value) Value { return v.styled("") },
		"until":    until,
		"abs":      func(v Value) Value { v.v = math.Abs(v.v); v.formula = "|x|"; return v },
		"minus":    minus, "interval": interval, "ratio": ratio, "reduction": reduction,
		"lt": compare(func(a, b float64) bool { return a < b }), "le": compare(func(a, b float64) bool { return a <= b }),
		"gt": compare(func(a, b float64) bool { return a > b }), "ge": compare(func(a, b float64) bool { return a >= b }),
		"better": compare(func(a, b float64) bool { return a < b }), "significant": significant,
		"table": r.table, "left": r.left, "trials": r.trials, "failed": r.failed, "horizons": r.horizons, "lead": r.lead, "legend": r.legend, "chosen": r.chosen, "figure": r.figure, "figures": r.figureNames, "hasfigure": r.hasFigure, "ref": r.ref, "refall": func(kind, name string) (string, error) { return r.ref(kind, Capture{r: r}, name) },
		"capital": capital, "provenance": r.provenance, "name": func(s string) Text { return Text{r: r, text: s} }, "code": func(s string) Text { return Text{r: r, text: s, code: true} },
	}
}

func (r *renderer) captures() []Capture {
	var list []Capture
	for _, key := range r.lib.captures {
		list = append(list, Capture{r, key})
	}
	return list
}

// shortest are the captures by the duration of their series, the shortest first; those without one are last, by key.
func (r *renderer) shortest(input string) []Capture {
	list := r.captures()
	duration := func(c Capture) float64 {
		if g := r.lib.groups[c.In(input)]; g != nil {
			for _, p := range []string{"strict", "published"} {
				if v := r.ask(g, "duration_seconds", "protocol", p); v != nil && !math.IsNaN(v.v) {
					return v.v
				}
			}
		}
		return math.Inf(1)
	}
	slices.SortStableFunc(list, func(a, b Capture) int { return order(duration(a), duration(b)) })
	return list
}

// decomposition is the name of the additive decomposition of the longest period, with that suffix ("" or "_published"); empty when there is none.
func (r *renderer) decomposition(path, suffix string) string {
	best := ""
	for _, n := range r.figureNames(path, "decomposition_") {
		if period, ok := strings.CutSuffix(n.Rest, suffix); ok && leading(period) == len(period) && period != "" {
			best = n.Name
		}
	}
	return best
}

// heading is the title option, or the template's own title.
func (r *renderer) heading(own string) any {
	if r.title == "" {
		return own
	}
	return Text{r: r, text: r.title}
}

func (r *renderer) num(path, name string, labels ...string) (Value, error) {
	g, err := r.lib.find(path)
	if err != nil {
		return Value{}, err
	}
	e, err := g.one(name, labels)
	if err != nil {
		return Value{}, err
	}
	return r.value(g, e), nil
}

// rows are all metrics of a name that fit, in the order of the file; none is not an error.
func (r *renderer) rows(path, name string, labels ...string) ([]Value, error) {
	g, err := r.lib.find(path)
	if err != nil {
		return nil, nil
	}
	found, err := g.match(name, labels)
	if missing := (errMissing{}); errors.As(err, &missing) {
		return nil, nil
	}
	var list []Value
	for _, e := range found {
		list = append(list, r.value(g, e))
	}
	return list, err
}

// least is the smallest of the metrics that fit: the best model by an error.
func (r *renderer) least(path, name string, labels ...string) (Value, error) {
	list, err := r.rows(path, name, labels...)
	if err != nil {
		return Value{}, err
	}
	list = slices.DeleteFunc(list, func(v Value) bool { return math.IsNaN(v.v) })
	if len(list) == 0 {
		return r.num(path, name, labels...)
	}
	return slices.MinFunc(list, func(a, b Value) int { return order(a.v, b.v) }), nil
}

// tried is the smallest among the configurations of a sweep; a list of none or one.
func (r *renderer) tried(path, name string, labels ...string) ([]Value, error) {
	list, err := r.rows(path, name, labels...)
	list = slices.DeleteFunc(list, func(v Value) bool { return math.IsNaN(v.v) || !configuration(v) })
	if len(list) > 0 {
		list = []Value{slices.MinFunc(list, func(a, b Value) int { return order(a.v, b.v) })}
	}
	return list, err
}

// most is the largest of the metrics that fit.
func (r *renderer) most(path, name string, labels ...string) (Value, error) {
	list, err := r.rows(path, name, labels...)
	if err != nil {
		return Value{}, err
	}
	list = slices.DeleteFunc(list, func(v Value) bool { return math.IsNaN(v.v) })
	if len(list) == 0 {
		return r.num(path, name, labels...)
	}
	return slices.MaxFunc(list, func(a, b Value) int { return order(a.v, b.v) }), nil
}

// until is the instant b after a: the time of day where both are of the same day.
func until(a, b Value) Value {
	if x, y := instant(a.v), instant(b.v); x.Year() == y.Year() && x.YearDay() == y.YearDay() {
		return b.styled("clock")
	}
	return b.styled("instant")
}

// where are the captures of which something holds under the strict protocol: "gain", the best forecast beats the last value beyond chance (the
// largest gain first), "no gain"; "lstm better", "lstm worse", "lstm even", against the linear model after Holm's correction;
// and "scale leaked", of which the published protocol's scaler saw another range in the test part.
func (r *renderer) where(what string) ([]Capture, error) {
	type found struct {
		Capture
		gain float64
	}
	var list []found
	for _, c := range r.captures() {
		g := r.lib.groups[c.In("forecast")]
		if g == nil {
			continue
		}
		verdict, gain := r.verdict(g, what)
		if leaks, err := r.which(g.name, "scaler_leak", "protocol", "published"); err == nil && len(leaks) > 0 && what == "scale leaked" {
			verdict = what
		}
		if verdict == what {
			list = append(list, found{c, gain})
		}
	}
	slices.SortStableFunc(list, func(a, b found) int { return order(b.gain, a.gain) })
	var captures []Capture
	for _, f := range list {
		captures = append(captures, f.Capture)
	}
	switch what {
	case "gain", "no gain", "lstm better", "lstm worse", "lstm even", "scale leaked":
		return captures, nil
	}
	return nil, fmt.Errorf("captures where %q: there are \"gain\", \"no gain\", \"lstm better\", \"lstm worse\", \"lstm even\" and \"scale leaked\"", what)
}

// verdict says which of the answers holds for one capture; empty when it is not known.
func (r *renderer) verdict(g *group, what string) (verdict string, gain float64) {
	about, test, rival := "best", "dm_p", "naive"
	if strings.HasPrefix(what, "lstm") {
		about, test, rival = "selected", "dm_p_holm", "linear"
	}
	chosen, err := r.which(g.name, about, "protocol", "strict")
	if err != nil || len(chosen) != 1 {
		return "", 0
	}
	p, gained, d := same(chosen[0], test, "against", rival), same(chosen[0], "rmse_gain"), same(chosen[0], "dm", "against", rival)
	switch {
	case about == "best" && (p == nil || gained == nil || !significant(*p) || !(gained.v > 0)):
		return "no gain", 0
	case about == "best":
		return "gain", gained.v
	case p == nil || d == nil:
		return "", 0
	case !significant(*p):
		return "lstm even", 0
	case d.v > 0:
		return "lstm better", 0
	}
	return "lstm worse", 0
}

// names lists captures in words.
func (r *renderer) names(list []Capture) string {
	var names []string
	for _, c := range list {
		names = append(names, c.String())
	}
	return r.locale.Join(names)
}

func order(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// which are the metrics of a name whose value is 1, such as the selected model; a list of none or one for {{range}} and {{with}}.
func (r *renderer) which(path, name string, labels ...string) ([]Value, error) {
	list, err := r.rows(path, name, labels...)
	return slices.DeleteFunc(list, func(v Value) bool { return v.v != 1 }), err
}

// exists says whether there is such an input, or in it a metric (at least one) with these labels and a value.
func (r *renderer) exists(path string, question ...string) (bool, error) {
	g := r.lib.groups[path]
	if g == nil || len(question) == 0 {
		return g != nil, nil
	}
	list, err := r.rows(path, question[0], question[1:]...)
	return slices.ContainsFunc(list, func(v Value) bool { return !math.IsNaN(v.v) }), err
}

// number takes a Value or a plain number.
func number(x any) (float64, error) {
	switch x := x.(type) {
	case Value:
		return x.v, nil
	case int:
		return float64(x), nil
	case float64:
		return x, nil
	}
	return 0, fmt.Errorf("%v is no number", x)
}

// compare makes a comparison. With a value that is not there (NaN) it is false.
func compare(holds func(a, b float64) bool) func(a, b any) (bool, error) {
	return func(a, b any) (bool, error) {
		x, err := number(a)
		if err != nil {
			return false, err
		}
		y, err := number(b)
		return holds(x, y), err
	}
}

// significant says whether a p-value is below 5 %.
func significant(p Value) bool { return p.v < 0.05 }

func interval(v Value) (Value, error) {
	if !v.HasInterval() {
		return v, fmt.Errorf("%s has no interval", v.name)
	}
	return v.styled("interval"), nil
}

// derived makes a value of two.
func derived(a, b Value, value float64, unit, name, formula, style string) Value {
	d := a
	d.name, d.v, d.unit, d.formula, d.style, d.low, d.high, d.count = a.name+" "+name+" "+b.name, value, unit, formula, style, math.NaN(), math.NaN(), 0
	d.sources = append(slices.Clone(a.sources), b.sources...)
	return d
}

// ratio is a / b.
func ratio(a, b Value) Value {
	return derived(a, b, a.v/b.v, "", "over", a.name+" / "+b.name, "")
}

// reduction is by how much a is less than b, as a percentage of b: (b - a) / b.
func reduction(a, b Value) Value {
	return derived(a, b, (b.v-a.v)/b.v, "", "below", "("+b.name+" - "+a.name+") / "+b.name, "percent")
}

// minus is a - b in the unit of a.
func minus(a, b Value) Value {
	return derived(a, b, a.v-b.v, a.unit, "minus", a.name+" - "+b.name, "")
}

func (r *renderer) ref(kind string, c Capture, name string) (string, error) {
	if kind != "table" && kind != "figure" {
		return "", fmt.Errorf("references are to a \"table\" or a \"figure\", not to %q", kind)
	}
	to := document.Ref{Kind: kind, Name: label(c.key, name)}
	if r.strict && !r.known[to] {
		var there []string
		for k := range r.known {
			if k.Kind == kind {
				there = append(there, k.Name)
			}
		}
		slices.Sort(there)
		return "", fmt.Errorf("the report has no %s %q%s", kind, to.Name, near(to.Name, there))
	}
	return r.marks.Inline(to), nil
}

// label is the name of a table or figure in the report: the capture's key, then its own.
func label(capture, name string) string {
	if capture == "" {
		return document.Slug(name)
	}
	return document.Slug(capture) + "-" + document.Slug(name)
}

// figure puts a drawing on the page.
func (r *renderer) figure(path, name, caption string) (string, error) {
	g, err := r.lib.find(path)
	if err != nil {
		return "", err
	}
	f, ok := g.figures[name]
	if !ok {
		return "", fmt.Errorf("no figure %q in %s%s", name, path, near(name, g.names()))
	}
	if f.svg.Path == "" || f.pdf.Path == "" {
		return "", fmt.Errorf("figure %q in %s has no %s.svg or no %s.pdf: the page needs one, the paper the other", name, path, name, name)
	}
	svg, err := readBounded(f.svg.Path, document.MaxSVG)
	if err != nil {
		return "", err
	}
	of, err := document.ParseInline(caption, r.marks)
	if err != nil {
		return "", err
	}
	as := label(g.capture, name)
	if _, taken := r.figures[as]; taken {
		return "", fmt.Errorf("figure %q of %s is already in the report", name, path)
	}
	r.figures[as] = f
	return r.marks.Block(&document.Figure{Name: as, Caption: of, SVG: svg}), nil
}

func (g *group) names() []string {
	var names []string
	for name := range g.figures {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Named is a figure's name in a range: Name is what figure takes, Rest what follows the prefix asked for.
type Named struct{ Name, Rest string }

// Has says whether the name holds that word, as in decomposition_60_published.
func (n Named) Has(word string) bool { return slices.Contains(strings.Split(n.Name, "_"), word) }

// First is the first word of Rest: the period of decomposition_60_multiplicative.
func (n Named) First() string {
	word, _, _ := strings.Cut(n.Rest, "_")
	return word
}

// Schedule is the sweep's schedule in a name such as forecast_strict_50x64, as ", 50/64"; empty when there is none.
func (n Named) Schedule() string {
	words := strings.Split(n.Name, "_")
	epochs, batch, ok := strings.Cut(words[len(words)-1], "x")
	if !ok || leading(epochs) != len(epochs) || leading(batch) != len(batch) || epochs == "" || batch == "" {
		return ""
	}
	return ", " + epochs + "/" + batch
}

// figureNames lists the figures of an input whose names begin with the prefix, sorted; numbers in them by size.
func (r *renderer) figureNames(path, prefix string) []Named {
	g := r.lib.groups[path]
	if g == nil {
		return nil
	}
	var list []Named
	for _, name := range g.names() {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			list = append(list, Named{name, rest})
		}
	}
	slices.SortStableFunc(list, func(a, b Named) int { return natural(a.Name, b.Name) })
	return list
}

func (r *renderer) hasFigure(path, name string) bool {
	g := r.lib.groups[path]
	return g != nil && g.figures[name].svg.Path != ""
}
