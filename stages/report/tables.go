package report

import (
	"fmt"
	"slices"
	"strings"

	"weir/internal/document"
)

// table puts a table on the page: its kind, the input it is about, a caption, and labels that narrow it.
func (r *renderer) table(kind, path, caption string, labels ...string) (string, error) {
	builders := map[string]func(*group, []string) (*document.Table, error){
		"describe": r.describeTable, "sweep": r.sweepTable, "models": r.modelsTable, "tests": r.testsTable, "sizes": r.sizesTable, "seasons": r.seasonsTable,
		"horizons": r.horizonsTable, "folds": r.foldsTable, "guards": r.guardsTable, "intervals": r.intervalsTable, "events": r.eventsTable,
	}
	whole := map[string]func(string) *document.Table{"captures": r.capturesTable, "series": r.seriesTable, "protocols": r.protocolsTable}
	if build := whole[kind]; build != nil {
		return r.place(kind, "", caption, nil, build(path))
	}
	build, ok := builders[kind]
	if !ok {
		return "", fmt.Errorf("no table %q%s", kind, near(kind, []string{"captures", "describe", "events", "folds", "guards", "horizons", "intervals", "models", "protocols", "seasons", "series", "sizes", "sweep", "tests"}))
	}
	g, err := r.lib.find(path)
	if err != nil {
		return "", err
	}
	if len(labels)%2 != 0 {
		return "", fmt.Errorf("labels come in pairs, key and value: %s", strings.Join(labels, " "))
	}
	t, err := build(g, labels)
	if err != nil {
		return "", err
	}
	return r.place(kind, g.capture, caption, labels, t)
}

// place names the table, captions it and returns its mark. The label values become part of the name.
func (r *renderer) place(kind, capture, caption string, labels []string, t *document.Table) (string, error) {
	of, err := document.ParseInline(caption, r.marks)
	if err != nil {
		return "", err
	}
	name := kind
	for i := 1; i < len(labels); i += 2 {
		name += " " + labels[i]
	}
	t.Name, t.Caption = label(capture, name), of
	if r.tables[t.Name] {
		return "", fmt.Errorf("table %q is already in the report", t.Name)
	}
	r.tables[t.Name] = true
	return r.marks.Block(t), nil
}

func text(s string) []document.Inline {
	if s == "" {
		return nil
	}
	return []document.Inline{document.Text(s)}
}

// cell prints a value by itself.
func (v *Value) cell() []document.Inline {
	if v == nil {
		return text("–")
	}
	return []document.Inline{v.number()}
}

// ask returns the one metric or nil.
func (r *renderer) ask(g *group, name string, labels ...string) *Value {
	e, err := g.one(name, labels)
	if err != nil {
		return nil
	}
	v := r.value(g, e)
	return &v
}

// same returns another metric of the same model, or nil.
func same(v Value, name string, more ...string) *Value {
	w, err := v.Same(name, more...)
	if err != nil {
		return nil
	}
	return &w
}

// protocols lists which protocols a metric has, published first.
func (g *group) protocols(name string) []string {
	var list []string
	for _, p := range []string{"published", "strict"} {
		if found, err := g.match(name, []string{"protocol", p}); err == nil && len(found) > 0 {
			list = append(list, p)
		}
	}
	return list
}

func (w *words) protocol(p string) string {
	if p == "published" {
		return w.published
	}
	return w.strict
}

func (r *renderer) describeTable(g *group, labels []string) (*document.Table, error) {
	w := r.words
	protocols := g.protocols("describe_mean")
	if len(labels) == 2 && labels[0] == "protocol" {
		protocols = []string{labels[1]}
	}
	if len(protocols) == 0 {
		return nil, fmt.Errorf("no metric describe_mean in %s", g.name)
	}
	t := &document.Table{Columns: []document.Column{{Head: text(w.statistic)}}}
	names := []string{w.count, w.mean, w.std, w.min, fmt.Sprintf(w.percentile, 25), fmt.Sprintf(w.percentile, 50), fmt.Sprintf(w.percentile, 75), w.max}
	for _, n := range names {
		t.Rows = append(t.Rows, document.Row{Cells: [][]document.Inline{text(n)}})
	}
	for _, p := range protocols {
		values := []*Value{}
		for _, s := range []string{"mean", "std", "min", "p25", "p50", "p75", "max"} {
			values = append(values, r.ask(g, "describe_"+s, "protocol", p))
		}
		numbers := r.column(values, 5)
		unit := numbers.unit
		if i := slices.IndexFunc(values, func(v *Value) bool { return v != nil }); i >= 0 && w.columns[values[i].labels["column"]] != "" {
			unit = strings.TrimSpace(unit + " " + w.columns[values[i].labels["column"]])
		}
		t.Columns = append(t.Columns, document.Column{Head: text(w.protocol(p)), Unit: unit, Right: true})
		count := r.ask(g, "describe_count", "protocol", p)
		if count != nil {
			*count = count.styled("plain")
		}
		t.Rows[0].Cells = append(t.Rows[0].Cells, count.cell())
		for i, c := range numbers.cells {
			t.Rows[i+1].Cells = append(t.Rows[i+1].Cells, c)
		}
	}
	return t, nil
}

// sizesTable is about packet lengths by type (label of: wire unless said otherwise).
func (r *renderer) sizesTable(g *group, labels []string) (*document.Table, error) {
	w := r.words
	of := "wire"
	if len(labels) == 2 && labels[0] == "of" {
		of = labels[1]
	}
	t := &document.Table{Columns: []document.Column{{Head: text(w.kind)}, {Head: text(w.packets), Right: true}, {Head: text(w.share), Right: true},
		{Head: text(w.mean), Unit: "B", Right: true}, {Head: text(w.commonest), Unit: "B", Right: true}}}
	for _, kind := range []string{"TCP", "UDP", "Other"} {
		packets := r.ask(g, "size_packets", "of", of, "type", kind)
		if packets == nil || packets.v == 0 {
			continue
		}
		name := kind
		if kind == "Other" {
			name = w.other
		}
		share, mean, mode := r.ask(g, "size_share", "of", of, "type", kind), r.ask(g, "size_mean", "of", of, "type", kind), r.ask(g, "size_mode", "of", of, "type", kind)
		*packets = packets.styled("plain")
		row := document.Row{Cells: [][]document.Inline{text(name), packets.cell(), share.percent(), text("–"), text("–")}}
		if mean != nil {
			row.Cells[3] = mean.fixed(1, 1)
		}
		if mode != nil {
			row.Cells[4] = mode.fixed(1, 0)
		}
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) == 0 {
		return nil, fmt.Errorf("no packets by size in %s", g.name)
	}
	return t, nil
}

// seasonsTable has a row for each period and model: strength and its test against noise, or why there is none.
func (r *renderer) seasonsTable(g *group, labels []string) (*document.Table, error) {
	w := r.words
	if len(labels) == 0 {
		labels = []string{"protocol", "strict"}
	}
	t := &document.Table{Columns: []document.Column{{Head: text(w.period)}, {Head: text(w.modelHead)}, {Head: text(w.cycle), Right: true}, {Head: text(w.strength), Right: true}, {Head: []document.Inline{document.Emphasis{Of: text("p")}}, Right: true}}}
	found, _ := g.match("seasonal_strength", labels)
	for _, e := range found {
		v := r.value(g, e)
		of := []string{"protocol", v.labels["protocol"], "period", v.labels["period"]}
		p := r.ask(g, "seasonal_p", append(of, "model", v.labels["model"])...)
		if p != nil {
			*p = p.styled("p cell")
		}
		v.digits = 2
		t.Rows = append(t.Rows, document.Row{Cells: [][]document.Inline{r.period(g, v, of), text(w.season(v.labels["model"])), r.ask(g, "seasonal_cycles", of...).oneDecimal(), v.fixed(1, 3), p.cell()}})
	}
	refused, _ := g.match("seasonal_refused", labels)
	for _, e := range refused {
		v := r.value(g, e)
		of := []string{"protocol", v.labels["protocol"], "period", v.labels["period"]}
		reason := w.reasons[v.labels["reason"]]
		if reason == "" {
			reason = v.labels["reason"]
		}
		t.Rows = append(t.Rows, document.Row{Cells: [][]document.Inline{r.period(g, v, of), text(w.refused + ": " + reason), r.ask(g, "seasonal_cycles", of...).oneDecimal(), text("–"), text("–")}})
	}
	if len(t.Rows) == 0 {
		return nil, fmt.Errorf("no seasonal_strength and no seasonal_refused in %s", g.name)
	}
	return t, nil
}

func (v *Value) oneDecimal() []document.Inline {
	if v == nil {
		return text("–")
	}
	return v.fixed(1, 1)
}

func (w *words) season(model string) string {
	switch model {
	case "additive":
		return w.additive
	case "multiplicative":
		return w.multiplicative
	}
	return model
}

// period is a period in time where eda says it, otherwise in intervals.
func (r *renderer) period(g *group, v Value, of []string) []document.Inline {
	if p := r.ask(g, "period_seconds", of...); p != nil {
		return p.cell()
	}
	return text(v.labels["period"])
}

// capturesTable has a row for each capture, from the decode.json of an input.
func (r *renderer) capturesTable(input string) *document.Table {
	w := r.words
	t := &document.Table{Columns: []document.Column{{Head: text(w.capture)}}}
	var groups []*group
	for _, c := range r.captures() {
		if g := r.lib.groups[c.In(input)]; g != nil {
			groups = append(groups, g)
			t.Rows = append(t.Rows, document.Row{Cells: [][]document.Inline{text(w.captureName(c.key))}})
		}
	}
	for _, c := range []struct {
		head, metric string
	}{{w.packets, "decode_packets_read"}, {"TCP", "decode_tcp"}, {"UDP", "decode_udp"}, {w.other, "decode_other"}, {w.wire, "decode_wire_bytes"}, {w.captured, "decode_captured_bytes"}} {
		column := document.Column{Head: text(c.head), Right: true}
		for i, g := range groups {
			v := r.ask(g, c.metric)
			if v != nil && v.unit == "packets" {
				*v = v.styled("plain")
			}
			t.Rows[i].Cells = append(t.Rows[i].Cells, v.cell())
		}
		t.Columns = append(t.Columns, column)
	}
	return t
}

// seriesTable has a row for each capture with a series: how long it is, how much it carries, how it varies.
func (r *renderer) seriesTable(input string) *document.Table {
	w := r.words
	t := &document.Table{Columns: []document.Column{{Head: text(w.capture)}, {Head: text(w.intervals), Right: true}, {Head: text(w.step), Right: true}, {Head: text(w.pieces), Right: true},
		{Head: text(w.mean), Right: true}, {Head: text(w.deviation), Right: true}, {Head: text(w.max), Right: true}, {Head: text("Hurst"), Right: true}}}
	for _, c := range r.captures() {
		g := r.lib.groups[c.In(input)]
		if g == nil {
			continue
		}
		get := func(name string) *Value { return r.ask(g, name, "protocol", "strict") }
		count, pieces := get("describe_count"), get("segments")
		for _, v := range []*Value{count, pieces} {
			if v != nil {
				*v = v.styled("plain")
			}
		}
		hurst := text("–")
		if v := get("hurst"); v != nil && get("hurst_cycle") == nil {
			hurst = v.fixed(1, 2)
		}
		deviation := text("–")
		if v := get("describe_cv"); v != nil {
			v.digits, v.style = 2, "percent"
			deviation = v.cell()
		}
		t.Rows = append(t.Rows, document.Row{Cells: [][]document.Inline{text(w.captureName(c.key)), count.cell(), get("step_seconds").cell(), pieces.cell(),
			get("describe_mean").cell(), deviation, get("describe_max").cell(), hurst}})
	}
	return t
}

// protocolsTable sets both protocols side by side: for each capture the RMSE of the model that each protocol chooses, and that of the last value on the
// same targets.
func (r *renderer) protocolsTable(input string) *document.Table {
	w := r.words
	t := &document.Table{Columns: []document.Column{{Head: text(w.capture)}}}
	for _, p := range []string{"published", "strict"} {
		t.Columns = append(t.Columns, document.Column{Head: text(w.protocol(p) + ": LSTM"), Right: true}, document.Column{Head: text(w.models["naive"]), Right: true})
	}
	for _, c := range r.captures() {
		g := r.lib.groups[c.In(input)]
		if g == nil {
			continue
		}
		row := document.Row{Cells: [][]document.Inline{text(w.captureName(c.key))}}
		some := false
		for _, p := range []string{"published", "strict"} {
			chosen, err := r.which(g.name, "selected", "protocol", p)
			if err != nil || len(chosen) != 1 {
				row.Cells = append(row.Cells, text("–"), text("–"))
				continue
			}
			some = true
			naive := r.ask(g, "rmse", "protocol", p, "model", "naive", "look_back", chosen[0].labels["look_back"])
			if naive == nil {
				naive = r.ask(g, "rmse", "protocol", p, "model", "naive", "look_back", "")
			}
			row.Cells = append(row.Cells, same(chosen[0], "rmse").cell(), naive.cell())
		}
		if some {
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

// provenance is the table of all inputs: which stage wrote each, and its digest.
func (r *renderer) provenance(caption string) (string, error) {
	w := r.words
	t := &document.Table{Columns: []document.Column{{Head: text(w.from), Wide: true}, {Head: text(w.artifact), Wide: true}}}
	for _, l := range r.lib.leaves {
		t.Rows = append(t.Rows, document.Row{Cells: [][]document.Inline{{document.Code(l.From)}, {document.Code(l.ID.String())}}})
	}
	return r.place("provenance", "", caption, nil, t)
}
