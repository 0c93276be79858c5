package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"weir/internal/document"
)

// mostRows is from how many configurations on the table of a sweep has the best ones only.
const mostRows = 40

// sweepTable is the MSE of each look-back under both protocols, beside the last value as forecast on the same targets. Without labels it has all
// schedules (epochs/batch), one group of rows each.
func (r *renderer) sweepTable(g *group, labels []string) (*document.Table, error) {
	w := r.words
	found, err := g.match("mse", append([]string{"model", "lstm"}, labels...))
	if err != nil {
		return nil, err
	}
	if len(found) > mostRows {
		kept := r.ranked(g, found)
		found = slices.DeleteFunc(found, func(e entry) bool {
			return !slices.ContainsFunc(kept, func(v Value) bool { return maps.Equal(v.labels, e.Labels) })
		})
	}
	var trials []entry // one for each look-back and schedule
	key := func(e entry) string {
		return e.Labels["epochs"] + "/" + e.Labels["batch"] + " " + e.Labels["look_back"]
	}
	for _, e := range found {
		if !slices.ContainsFunc(trials, func(t entry) bool { return key(t) == key(e) }) {
			trials = append(trials, e)
		}
	}
	slices.SortStableFunc(trials, func(a, b entry) int { return natural(key(a), key(b)) })
	several := slices.ContainsFunc(trials, func(e entry) bool {
		return e.Labels["epochs"] != trials[0].Labels["epochs"] || e.Labels["batch"] != trials[0].Labels["batch"]
	})
	t := &document.Table{Columns: []document.Column{{Head: text(w.lookBack), Right: true}}}
	if several {
		t.Columns = append(t.Columns, document.Column{Head: text(w.schedule), Right: true})
	}
	for i, e := range trials {
		row := document.Row{Cells: [][]document.Inline{text(e.Labels["look_back"])}}
		if several {
			row.Cells = append(row.Cells, text(e.Labels["epochs"]+"/"+e.Labels["batch"]))
			row.Ruled = i > 0 && e.Labels["epochs"]+"/"+e.Labels["batch"] != trials[i-1].Labels["epochs"]+"/"+trials[i-1].Labels["batch"]
		}
		t.Rows = append(t.Rows, row)
	}
	for _, p := range g.protocols("mse") {
		r.sweepColumns(t, g, p, trials)
	}
	return t, nil
}

// sweepColumns adds the columns of one protocol.
func (r *renderer) sweepColumns(t *document.Table, g *group, p string, trials []entry) {
	w := r.words
	var model, naive []*Value
	for _, e := range trials {
		back := e.Labels["look_back"]
		model = append(model, r.ask(g, "mse", "protocol", p, "model", "lstm", "look_back", back, "epochs", e.Labels["epochs"], "batch", e.Labels["batch"]))
		rival := r.ask(g, "mse", "protocol", p, "model", "naive", "look_back", back)
		if rival == nil {
			rival = r.ask(g, "mse", "protocol", p, "model", "naive", "look_back", "")
		}
		naive = append(naive, rival)
	}
	if !slices.ContainsFunc(model, func(v *Value) bool { return v != nil }) {
		return
	}
	c := r.column(append(slices.Clone(model), naive...), 5)
	t.Columns = append(t.Columns, document.Column{Head: text(w.protocol(p) + ": LSTM"), Unit: c.unit, Right: true})
	intervals := slices.ContainsFunc(model, func(v *Value) bool { return v != nil && v.HasInterval() })
	if intervals {
		t.Columns = append(t.Columns, document.Column{Head: text(w.interval), Unit: c.unit, Right: true})
	}
	t.Columns = append(t.Columns, document.Column{Head: text(w.models["naive"]), Unit: c.unit, Right: true})
	for i := range trials {
		t.Rows[i].Cells = append(t.Rows[i].Cells, c.cells[i])
		if intervals {
			t.Rows[i].Cells = append(t.Rows[i].Cells, c.span(model[i]))
		}
		t.Rows[i].Cells = append(t.Rows[i].Cells, c.cells[len(trials)+i])
	}
}

// modelsTable ranks all models of a protocol (strict unless a label says otherwise).
func (r *renderer) modelsTable(g *group, labels []string) (*document.Table, error) {
	w := r.words
	if !slices.Contains(labels, "protocol") {
		labels = append([]string{"protocol", "strict"}, labels...)
	}
	found, err := g.match("rmse", labels)
	if err != nil {
		return nil, err
	}
	models := r.ranked(g, found)
	get := func(name string, more ...string) (list []*Value) {
		for _, m := range models {
			list = append(list, same(m, name, more...))
		}
		return list
	}
	t := &document.Table{Columns: []document.Column{{Head: text(w.modelHead)}}}
	for _, m := range models {
		selected := same(m, "selected")
		name := w.row(m.labels, g)
		t.Rows = append(t.Rows, document.Row{Cells: [][]document.Inline{text(name)}, Strong: selected != nil && selected.v == 1})
	}
	add := func(head string, values []*Value, digits int) {
		if !slices.ContainsFunc(values, func(v *Value) bool { return v != nil }) {
			return
		}
		c := r.column(values, digits)
		if c.unit == "" && c.decimals < 2 {
			c = r.column(values, digits+1)
		}
		t.Columns = append(t.Columns, document.Column{Head: text(head), Unit: c.unit, Right: true})
		for i := range c.cells {
			t.Rows[i].Cells = append(t.Rows[i].Cells, c.cells[i])
		}
	}
	rmse := get("rmse")
	add("RMSE", rmse, 4)
	if slices.ContainsFunc(rmse, func(v *Value) bool { return v.HasInterval() }) {
		c := r.column(rmse, 4)
		t.Columns = append(t.Columns, document.Column{Head: text(w.interval), Unit: c.unit, Right: true})
		for i, v := range rmse {
			t.Rows[i].Cells = append(t.Rows[i].Cells, c.span(v))
		}
	}
	add("MAE", get("mae"), 4)
	add("MASE", get("mase"), 3)
	add("R²", get("r2"), 3)
	gains := get("rmse_gain")
	if slices.ContainsFunc(gains, func(v *Value) bool { return v != nil }) {
		t.Columns = append(t.Columns, document.Column{Head: text(w.gain), Right: true})
		for i, v := range gains {
			t.Rows[i].Cells = append(t.Rows[i].Cells, v.percent())
		}
	}
	return t, nil
}

// testsTable holds the tests of each trained configuration against the last value and the linear model.
func (r *renderer) testsTable(g *group, labels []string) (*document.Table, error) {
	w := r.words
	if !slices.Contains(labels, "protocol") {
		labels = append([]string{"protocol", "strict"}, labels...)
	}
	found, err := g.match("dm", append(labels, "against", "naive"))
	if err != nil {
		return nil, err
	}
	t := &document.Table{Columns: []document.Column{{Head: text(w.modelHead)}}}
	for _, rival := range []string{"naive", "linear"} {
		name := strings.TrimSpace(strings.NewReplacer("(%s)", "").Replace(w.models[rival]))
		t.Columns = append(t.Columns, document.Column{Head: text("DM, " + name), Right: true}, document.Column{Head: []document.Inline{document.Emphasis{Of: text("p")}}, Right: true}, document.Column{Head: text(w.pHolm), Right: true})
	}
	t.Columns = append(t.Columns, document.Column{Head: text(w.lag), Right: true})
	kept := r.ranked(g, found)
	for _, e := range found { // in the order of the sweep
		m := r.value(g, e)
		if !configuration(m) || !slices.ContainsFunc(kept, func(v Value) bool { return v.words() == m.words() }) {
			continue
		}
		cells := [][]document.Inline{text(w.row(m.labels, g))}
		for _, rival := range []string{"naive", "linear"} {
			for _, name := range []string{"dm", "dm_p", "dm_p_holm"} {
				v := same(m, name, "against", rival)
				if v != nil && name == "dm" {
					cells = append(cells, v.fixed(1, 2))
					continue
				}
				if v != nil {
					*v = v.styled("p cell")
				}
				cells = append(cells, v.cell())
			}
		}
		if v := same(m, "lag_copy"); v != nil {
			cells = append(cells, v.fixed(1, 2))
		} else {
			cells = append(cells, text("–"))
		}
		t.Rows = append(t.Rows, document.Row{Cells: cells})
	}
	if len(t.Rows) == 0 {
		return nil, fmt.Errorf("no trained model in %s", g.name)
	}
	return t, nil
}
