package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"weir/internal/document"
)

// mostConfigurations is how many configurations of a sweep a table has, the best ones; all baselines stand beside them.
const mostConfigurations = 10

// configuration says whether a number is about a configuration of the sweep, not a baseline nor the ensemble.
func configuration(v Value) bool { return same(v, "selected") != nil }

// ranked are the models of some metrics, by test error; of the configurations the best mostConfigurations and the chosen one.
func (r *renderer) ranked(g *group, found []entry) []Value {
	type scored struct {
		Value
		rmse float64
	}
	var all []scored
	for _, e := range found {
		s := scored{r.value(g, e), math.Inf(1)}
		if m := same(s.Value, "rmse"); m != nil && !math.IsNaN(m.v) {
			s.rmse = m.v
		}
		all = append(all, s)
	}
	slices.SortStableFunc(all, func(a, b scored) int { return order(a.rmse, b.rmse) })
	var models []Value
	for _, s := range all {
		models = append(models, s.Value)
	}
	n := 0
	return slices.DeleteFunc(models, func(v Value) bool {
		chosen := same(v, "selected")
		if chosen == nil {
			return false
		}
		n++
		return n > mostConfigurations && chosen.v != 1
	})
}

// left is how many configurations of the strict protocol its tables leave out; "" when none.
func (r *renderer) left(path string) string {
	g := r.lib.groups[path]
	if g == nil {
		return ""
	}
	found, _ := g.match("selected", []string{"protocol", "strict"})
	if n := len(found); n > mostConfigurations {
		kept := r.ranked(g, found)
		return r.locale.Fixed(float64(n-len(kept)), 0)
	}
	return ""
}

// trials puts an input's table of all trials beside the page and links to it; "" where there is none.
func (r *renderer) trials(path string) string {
	g := r.lib.groups[path]
	if g == nil || g.table == nil || !g.table.Given() {
		return ""
	}
	name := label(g.capture, "trials") + ".csv"
	r.files[name] = g.table
	return r.marks.Inline(document.File("tables/" + name))
}

// failed lists the checks for leaks of the strict protocol that failed, in words; "" when all passed. That the forecast copies the last value is no leak.
func (r *renderer) failed(path string) string {
	g := r.lib.groups[path]
	if g == nil {
		return ""
	}
	var names []string
	for _, e := range g.byName["guard"] {
		if e.Labels["protocol"] == "strict" && e.Value == 0 && e.Labels["guard"] != "lag_copy" {
			name := r.words.guard(e.Labels["guard"])
			if e.Labels["horizon"] != "" {
				name += " (" + strings.ToLower(r.words.horizon) + " " + e.Labels["horizon"] + ")"
			}
			names = append(names, Text{r: r, text: "“" + name + "”"}.String())
		}
	}
	return r.locale.Join(names)
}

// guard is what a check holds, in words.
func (w *words) guard(name string) string {
	if text, ok := w.guards[name]; ok {
		return text
	}
	return strings.ReplaceAll(name, "_", " ")
}

// horizons are the horizons of the strict protocol, the smallest first; one or none when there is nothing to compare.
func (r *renderer) horizons(path string) (list []string) {
	g := r.lib.groups[path]
	if g == nil {
		return nil
	}
	for _, e := range g.byName["targets"] {
		if h := e.Labels["horizon"]; e.Labels["protocol"] == "strict" && h != "" && e.Labels["fold"] == "" && !slices.Contains(list, h) {
			list = append(list, h)
		}
	}
	slices.SortFunc(list, natural)
	return list
}

// strict asks for the strict protocol unless the labels say otherwise.
func strict(labels []string) []string {
	if slices.Contains(labels, "protocol") {
		return labels
	}
	return append([]string{"protocol", "strict"}, labels...)
}

// horizonsTable has a row for each model and a column for each horizon: the RMSE.
func (r *renderer) horizonsTable(g *group, labels []string) (*document.Table, error) {
	found, err := g.match("rmse", strict(labels))
	if err != nil {
		return nil, err
	}
	models := compared(r.ranked(g, found))
	t := r.modelRows(g, models)
	for _, h := range r.horizons(g.name) {
		var values []*Value
		for _, m := range models {
			values = append(values, same(m, "rmse", "horizon", h))
		}
		c := r.column(values, 4)
		steps, _ := strconv.Atoi(h)
		t.Columns = append(t.Columns, document.Column{Head: text(r.ahead(g, steps)), Unit: c.unit, Right: true})
		for i := range values {
			t.Rows[i].Cells = append(t.Rows[i].Cells, c.cells[i])
		}
	}
	if len(t.Columns) < 3 {
		return nil, fmt.Errorf("%s has one horizon: there is nothing to compare", g.name)
	}
	return t, nil
}

// ahead is a number of steps as time.
func (r *renderer) ahead(g *group, steps int) string {
	if v := r.ask(g, "step"); v != nil && v.v > 0 {
		v.v *= float64(steps)
		return v.text()
	}
	return strconv.Itoa(steps)
}

// lead is how far ahead the forecasts of an input are, the nearest ones: 1 second, 5 minutes.
func (r *renderer) lead(path string) (Value, error) {
	v, err := r.num(path, "step")
	if err != nil {
		return v, err
	}
	if h := r.ask(v.group, "horizon", "protocol", "strict"); h != nil && h.v >= 1 {
		v.v *= h.v
		if h.v > 1 {
			v.formula, v.sources = "step * horizon", append(v.sources, h.sources...)
		}
	}
	return v.styled("span"), nil
}

// chosen is the figure of the test part with the chosen model; of a sweep without a choice all there are.
func (r *renderer) chosen(path string) []Named {
	all := r.figureNames(path, "forecast_strict")
	which, err := r.which(path, "selected", "protocol", "strict")
	if err != nil || len(which) != 1 {
		return all
	}
	of := which[0].labels["model"]
	if e := which[0].labels["epochs"]; e != "" {
		of = e + "x" + which[0].labels["batch"]
	}
	if i := slices.IndexFunc(all, func(n Named) bool { return n.Rest == "_"+of }); i >= 0 {
		return all[i : i+1]
	}
	return all
}

// foldsTable has a row for each model and a column for each fold of the rolling origin, and their mean with its interval: the skill.
func (r *renderer) foldsTable(g *group, labels []string) (*document.Table, error) {
	found, err := g.match("skill_folds", strict(labels))
	if err != nil {
		return nil, err
	}
	models := r.ranked(g, found)
	t := r.modelRows(g, models)
	folds := r.ask(g, "folds", strict(nil)...)
	if folds == nil {
		return nil, fmt.Errorf("no metric folds in %s", g.name)
	}
	add := func(head string, of func(Value) *Value) {
		t.Columns = append(t.Columns, document.Column{Head: text(head), Right: true})
		for i, m := range models {
			t.Rows[i].Cells = append(t.Rows[i].Cells, of(m).percent())
		}
	}
	for k := 1; k <= min(int(folds.v), 8); k++ {
		add(strconv.Itoa(k), func(m Value) *Value { return same(m, "skill", "fold", strconv.Itoa(k)) })
	}
	add(r.words.all, func(m Value) *Value { return &m })
	t.Columns = append(t.Columns, document.Column{Head: text(r.words.interval), Right: true})
	for i := range models {
		t.Rows[i].Cells = append(t.Rows[i].Cells, models[i].percents())
	}
	return t, nil
}

// percents prints an interval of fractions as percentages.
func (v *Value) percents() []document.Inline {
	if !v.HasInterval() {
		return text("–")
	}
	n, l := v.number(), v.r.locale
	n.Text = l.Range(l.Fixed(v.low*100, 1), l.Fixed(v.high*100, 1)+"\u00a0%")
	n.Name += " interval"
	return []document.Inline{n}
}

// modelRows begins a table with the models' names; the chosen one stands out.
func (r *renderer) modelRows(g *group, models []Value) *document.Table {
	t := &document.Table{Columns: []document.Column{{Head: text(r.words.modelHead)}}}
	for _, m := range models {
		chosen := same(m, "selected")
		t.Rows = append(t.Rows, document.Row{Cells: [][]document.Inline{text(r.words.row(m.labels, g))}, Strong: chosen != nil && chosen.v == 1})
	}
	return t
}

// guardsTable has a row for each check for leaks: what it holds, its verdict, and how much was checked. Of several horizons the worst verdict counts.
func (r *renderer) guardsTable(g *group, labels []string) (*document.Table, error) {
	w := r.words
	if len(g.byName["guard"]) == 0 {
		return nil, fmt.Errorf("no metric guard in %s", g.name)
	}
	worst := map[string]Value{}
	var names []string
	for _, e := range g.byName["guard"] {
		name := e.Labels["guard"]
		if !fits(e, strict(labels)) {
			continue
		}
		if old, ok := worst[name]; !ok || float64(e.Value) < old.v {
			worst[name] = r.value(g, e)
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	t := &document.Table{Columns: []document.Column{{Head: text(w.check)}, {Head: text(w.verdict)}, {Head: text(w.checked), Right: true}}}
	for _, name := range names {
		v := worst[name]
		said := w.passed
		if v.v == 0 {
			said = w.failed
		}
		number := v.number()
		number.Text = said
		count := text("–")
		if c, err := v.Count(); err == nil {
			count = c.cell()
		}
		t.Rows = append(t.Rows, document.Row{Strong: v.v == 0, Cells: [][]document.Inline{text(w.guard(name)), {number}, count}})
	}
	if len(t.Rows) == 0 {
		return nil, fmt.Errorf("no metric guard with these labels in %s", g.name)
	}
	return t, nil
}

// mostCompared is how many models the tables of horizons and intervals have, the best ones, beside the chosen one and the last value.
const mostCompared = 10

func compared(models []Value) []Value {
	n := 0
	return slices.DeleteFunc(models, func(v Value) bool {
		n++
		chosen := same(v, "selected")
		return n > mostCompared && v.labels["model"] != "naive" && (chosen == nil || chosen.v != 1)
	})
}

// intervalsTable has a row for each of the best models that give intervals: what they promise and what they hold.
func (r *renderer) intervalsTable(g *group, labels []string) (*document.Table, error) {
	w := r.words
	found, err := g.match("coverage", strict(labels))
	if err != nil {
		return nil, err
	}
	models := compared(r.ranked(g, found))
	t := r.modelRows(g, models)
	t.Columns = append(t.Columns, document.Column{Head: text(w.coverage), Right: true}, document.Column{Head: text(w.interval), Right: true})
	several := slices.ContainsFunc(models, func(m Value) bool { return m.labels["level"] != models[0].labels["level"] })
	if level := (document.Column{Head: text(w.level), Right: true}); several {
		t.Columns = slices.Insert(t.Columns, 1, level)
	}
	var width, score []*Value
	for i, m := range models {
		level, _ := strconv.ParseFloat(m.labels["level"], 64)
		if text := text(r.locale.Percent(level, 2)); several {
			t.Rows[i].Cells = append(t.Rows[i].Cells, text)
		} else {
			t.Columns[1].Unit = r.locale.Percent(level, 2)
		}
		t.Rows[i].Cells = append(t.Rows[i].Cells, m.percent(), m.percents())
		width, score = append(width, same(m, "interval_width", "level", m.labels["level"])), append(score, same(m, "interval_score", "level", m.labels["level"]))
	}
	for _, c := range []struct {
		head   string
		values []*Value
	}{{w.width, width}, {w.winkler, score}} {
		n := r.column(c.values, 4)
		t.Columns = append(t.Columns, document.Column{Head: text(c.head), Unit: n.unit, Right: true})
		for i := range c.values {
			t.Rows[i].Cells = append(t.Rows[i].Cells, n.cells[i])
		}
	}
	return t, nil
}

// eventsTable has a row for each model: how well it foretells bursts.
func (r *renderer) eventsTable(g *group, labels []string) (*document.Table, error) {
	w := r.words
	found, err := g.match("event_average_precision", strict(labels))
	if err != nil {
		return nil, err
	}
	models := r.ranked(g, found)
	slices.SortStableFunc(models, func(a, b Value) int { return order(b.v, a.v) })
	t := r.modelRows(g, models)
	for _, c := range []struct {
		head string
		of   func(Value) []document.Inline
	}{
		{w.precision, func(v Value) []document.Inline { return v.fixed(1, 2) }},
		{w.brier, func(v Value) []document.Inline { return decimal(same(v, "event_brier"), 4) }},
		{w.found, func(v Value) []document.Inline { return same(v, "event_found").percent() }},
		{w.lead, func(v Value) []document.Inline { return decimal(same(v, "event_lead"), 1) }},
	} {
		column := document.Column{Head: text(c.head), Right: true}
		if c.head == w.lead {
			column.Unit = r.locale.Unit("steps")
		}
		t.Columns = append(t.Columns, column)
		for i, m := range models {
			t.Rows[i].Cells = append(t.Rows[i].Cells, c.of(m))
		}
	}
	return t, nil
}

// decimal prints a value with so many decimals, a dash where there is none.
func decimal(v *Value, decimals int) []document.Inline {
	if v == nil {
		return text("–")
	}
	return v.fixed(1, decimals)
}
