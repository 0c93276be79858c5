package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"weir/internal/locale"
)

// parameters are the options that stand in the name of a baseline.
var parameters = []string{"order", "period", "window"}

// usualRate is the learning rate that networks have unless told otherwise.
const usualRate = "0.001"

// everyone is the key of group.varies for what differs among all configurations that have it.
const everyone = ""

// trained says that a model is a network or made of trees, which have a look-back of their own.
func trained(labels map[string]string) bool {
	return labels["epochs"] != "" || labels["model"] == "boosting" || labels["model"] == "forest"
}

// scheduled says whether networks differ in epochs or batch.
func scheduled(varies map[string]map[string]bool) bool {
	return varies[everyone]["epochs"] || varies[everyone]["batch"]
}

// model names a model by its labels, in prose: "AR(20)", "LSTM (look-back 20, 50 epochs, batch 64)". Of options but the look-back those are said that vary.
func (w *words) model(labels map[string]string, varies map[string]map[string]bool, l *locale.Locale) string {
	var parts []string
	say := func(name, value string) {
		shape := w.shapes[name]
		if shape == "" {
			shape = strings.ReplaceAll(name, "_", " ") + " %s"
		}
		parts = append(parts, fmt.Sprintf(shape, value))
	}
	if trained(labels) && labels["look_back"] != "" {
		say("look_back", labels["look_back"])
	}
	if labels["epochs"] != "" && scheduled(varies) {
		say("epochs", labels["epochs"])
		say("batch", labels["batch"])
	}
	for _, name := range options(labels, varies) {
		value := labels[name]
		if name == "covariates" {
			value = l.Join(w.named(value))
		}
		say(name, value)
	}
	if len(parts) == 0 {
		return w.network(labels)
	}
	return w.network(labels) + " (" + strings.Join(parts, ", ") + ")"
}

// named are covariates as they are called in prose.
func (w *words) named(covariates string) (list []string) {
	for _, name := range strings.Split(covariates, ",") {
		list = append(list, cmp.Or(w.inputs[name], strings.ReplaceAll(name, "_", " ")))
	}
	return list
}

// row names a model in a table, shorter: LSTM 20 · 50/64. What is the same for all stands in the table's note.
func (w *words) row(labels map[string]string, g *group) string {
	name := w.network(labels)
	if trained(labels) && g.varies[everyone]["look_back"] {
		name += " " + labels["look_back"]
	}
	parts := []string{name}
	if labels["epochs"] != "" && scheduled(g.varies) {
		parts = append(parts, labels["epochs"]+"/"+labels["batch"])
	}
	for _, option := range options(labels, g.varies) {
		switch value := labels[option]; {
		case option == "covariates" && strings.Contains(value, ",") && len(g.covariates()) == 1:
			parts = append(parts, fmt.Sprintf(w.covariates, strings.Count(value, ",")+1))
		case option == "covariates":
			parts = append(parts, strings.ReplaceAll(strings.ReplaceAll(value, ",", " + "), "_", " "))
		case option == "units" || option == "learning_rate":
			parts = append(parts, fmt.Sprintf(w.shapes[option], value))
		default:
			parts = append(parts, strings.ReplaceAll(option, "_", " ")+" "+value)
		}
	}
	return strings.Join(parts, " · ")
}

// covariates are the sets of several covariates that configurations have.
func (g *group) covariates() (sets []string) {
	for _, e := range g.byName["selected"] {
		if set := e.Labels["covariates"]; strings.Contains(set, ",") && !slices.Contains(sets, set) {
			sets = append(sets, set)
		}
	}
	return sets
}

// options lists the further options of a model that vary among its configurations.
func options(labels map[string]string, varies map[string]map[string]bool) (list []string) {
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		switch name {
		case "model", "protocol", "horizon", "look_back", "epochs", "batch", "layers", "bidirectional", "attention", "p", "d", "q":
			continue
		}
		if name == "learning_rate" && labels[name] == usualRate {
			continue
		}
		if labels[name] != "" && varies[labels["model"]][name] && !slices.Contains(asides, name) && !slices.Contains(parameters, name) {
			list = append(list, name)
		}
	}
	return list
}

// legend is the note that the names in a table need: the look-back and the schedule, by value where all share it, and what the covariates are.
func (r *renderer) legend(path string) Text {
	g := r.lib.groups[path]
	if g == nil {
		return Text{r: r}
	}
	w := r.words
	var parts []string
	first := func(name string) map[string]string {
		for _, e := range g.byName["selected"] {
			if e.Labels[name] != "" {
				return e.Labels
			}
		}
		return nil
	}
	if of := first("look_back"); g.varies[everyone]["look_back"] {
		parts = append(parts, w.seenNumber)
	} else if of != nil {
		parts = append(parts, fmt.Sprintf(w.seen, of["look_back"]))
	}
	if of := first("epochs"); scheduled(g.varies) {
		parts = append(parts, w.scheduledNumbers)
	} else if of != nil {
		parts = append(parts, fmt.Sprintf(w.scheduled, of["epochs"], of["batch"]))
	}
	if sets := g.covariates(); len(sets) == 1 {
		n := strings.Count(sets[0], ",") + 1
		parts = append(parts, fmt.Sprintf(w.covariates, n)+": "+r.locale.Join(w.named(sets[0])))
	}
	if len(parts) == 0 {
		return Text{r: r}
	}
	return capital(Text{r: r, text: strings.Join(parts, "; ") + "."})
}

// parametric puts a baseline's parameter into its name.
func (w *words) parametric(text string, labels map[string]string) string {
	before, after, cut := strings.Cut(text, "%s")
	if !cut {
		return text
	}
	parameter := ""
	for _, p := range parameters {
		parameter += labels[p]
	}
	if parameter == "" {
		return strings.TrimSpace(strings.NewReplacer("()", "").Replace(before + after))
	}
	return before + parameter + after
}

// network is a model's kind: AR(20), LSTM, bidirectional GRU of 2 layers, gradient boosting.
func (w *words) network(labels map[string]string) string {
	name := labels["model"]
	kind := map[string]string{"lstm": "LSTM", "gru": "GRU", "dlinear": "DLinear", "nlinear": "NLinear", "rlinear": "RLinear", "arima": "ARIMA", "arfima": "ARFIMA"}[name]
	if kind == "" {
		kind = cmp.Or(w.models[name], strings.ReplaceAll(name, "_", " "))
	}
	kind = w.parametric(kind, labels)
	switch p, q := cmp.Or(labels["p"], "2"), cmp.Or(labels["q"], "1"); name { // the defaults are no labels
	case "arima":
		kind += "(" + p + "," + cmp.Or(labels["d"], "1") + "," + q + ")"
	case "arfima":
		kind += "(" + p + ",d," + q + ")"
	}
	if labels["bidirectional"] == "true" {
		kind = fmt.Sprintf(w.bidirectional, kind)
	}
	if labels["layers"] != "" && labels["layers"] != "1" {
		kind = fmt.Sprintf(w.layers, kind, labels["layers"])
	}
	if labels["attention"] == "true" {
		kind = fmt.Sprintf(w.attention, kind)
	}
	return kind
}
