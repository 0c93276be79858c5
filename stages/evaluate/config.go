package evaluate

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"weir/internal/forecast"
)

// config is a trial without its seed, its fold and what was fitted. It can be compared with ==.
type config struct {
	Model                                                         string
	Units, Layers, Order, Period, Window, LookBack, Epochs, Batch int
	Both                                                          bool
	LearningRate                                                  float64
	Patience                                                      int
	Covariates                                                    string // "packets,time_of_day"
	Options                                                       string // "name=value\nname=value"
}

func configOf(t forecast.Trial) config {
	var options strings.Builder
	for i, o := range t.Options {
		if i > 0 && t.Options[i-1].Name == o.Name { // one of several, such as the series that were pooled
			fmt.Fprintf(&options, ",%s", o.Value)
			continue
		}
		if i > 0 {
			options.WriteByte('\n')
		}
		fmt.Fprintf(&options, "%s=%s", o.Name, o.Value)
	}
	layers := t.Layers
	if layers == 1 {
		layers = 0
	}
	return config{
		Model: t.Model, Units: t.Units, Layers: layers, Both: t.Both, Order: t.Order, Period: t.Period, Window: t.Window, LookBack: t.LookBack, Epochs: t.Epochs, Batch: t.Batch,
		LearningRate: t.LearningRate, Patience: t.Patience, Covariates: strings.Join(t.Covariates, ","), Options: options.String(),
	}
}

func (c config) compare(o config) int {
	return cmp.Or(cmp.Compare(c.Model, o.Model), cmp.Compare(c.Units, o.Units), cmp.Compare(c.Order, o.Order), cmp.Compare(c.Period, o.Period),
		cmp.Compare(c.Window, o.Window), cmp.Compare(c.LookBack, o.LookBack), cmp.Compare(c.Epochs, o.Epochs), cmp.Compare(c.Batch, o.Batch),
		cmp.Compare(c.LearningRate, o.LearningRate), cmp.Compare(c.Patience, o.Patience), cmp.Compare(c.Layers, o.Layers), cmp.Compare(indicator(c.Both), indicator(o.Both)),
		cmp.Compare(c.Covariates, o.Covariates), cmp.Compare(c.Options, o.Options))
}

// pair is an option with its value as text, "" for one that the model does not have or left at its default.
type pair struct{ name, value string }

// pairs lists all options of a configuration, in the order of labels and columns.
func (c config) pairs() []pair {
	number := func(name string, v int) pair {
		if v == 0 {
			return pair{name, ""}
		}
		return pair{name, text(v)}
	}
	both, rate := "", ""
	if c.Both {
		both = "true"
	}
	if c.LearningRate != 0 {
		rate = strconv.FormatFloat(c.LearningRate, 'g', -1, 64)
	}
	list := []pair{
		number("order", c.Order), number("period", c.Period), number("window", c.Window), number("units", c.Units), number("layers", c.Layers), {"bidirectional", both},
		number("look_back", c.LookBack), number("epochs", c.Epochs), number("batch", c.Batch), {"learning_rate", rate}, number("patience", c.Patience), {"covariates", c.Covariates},
	}
	for _, line := range strings.Split(c.Options, "\n") {
		if name, value, ok := strings.Cut(line, "="); ok {
			list = append(list, pair{name, value})
		}
	}
	return list
}

// reserved are labels that have a meaning of their own: an option of that name is not allowed to take it.
var reserved = []string{"protocol", "horizon", "fold", "model", "seed", "against", "level", "selected_on", "guard", "reason"}

// labels are what tells a model from the others of its field. Learning rate and patience are told only where they vary.
func labels(c config, trained bool, varies map[string]bool) []string {
	l := []string{"model", c.Model}
	for _, p := range c.pairs() {
		switch {
		case p.value == "" || slices.Contains(reserved, p.name) || slices.Contains(l, p.name):
			continue
		case !trained && slices.Contains([]string{"units", "look_back", "epochs", "batch", "learning_rate", "patience"}, p.name):
			continue
		case (p.name == "learning_rate" || p.name == "patience") && !varies[p.name]:
			continue
		}
		l = append(l, p.name, p.value)
	}
	return l
}

// trained says whether a model is a try of the sweep: a trial of one of package forecast's own models is a rival.
func (c config) trained() bool { return !slices.Contains(forecast.Models, c.Model) }

// linear says whether a model can be the linear rival.
func (c config) linear() bool {
	switch c.Model {
	case "naive", "drift", "mean", "seasonal_naive", "moving_average", "auto":
		return false
	}
	return !c.trained() && c.Model != ensemble
}

// ensemble is the name of the weighted mean of models.
const ensemble = "ensemble"

// kind is a model's name for people, without how it is built: "LSTM", "random forest".
func (c config) kind() string {
	switch c.Model {
	case "forest":
		return "random forest"
	case "boosting":
		return "gradient boosting"
	}
	if known := simple(c); known != "" {
		return known
	}
	if len(c.Model) > 8 {
		return strings.ReplaceAll(c.Model, "_", " ")
	}
	return strings.ToUpper(c.Model)
}

// inputs are the covariates in a few words: "3 covariates", the name of an only one.
func (c config) inputs(w words) string {
	if n := len(strings.Split(c.Covariates, ",")); n > 1 {
		return fmt.Sprintf("%d %s", n, w.covariates)
	}
	return strings.ReplaceAll(c.Covariates, "_", " ")
}

// attention says whether a network has an attention layer.
func (c config) attention() bool { return option(c.pairs(), "attention") == "true" }

// name is a model's name for people.
func name(c config) string { return c.short(languages["en"]) }

// simple is the name of a model without an architecture, "" for others.
func simple(c config) string {
	switch c.Model {
	case "naive":
		return "repeating the last value"
	case "drift":
		return "drift"
	case "mean":
		return "the training mean"
	case "seasonal_naive":
		return fmt.Sprintf("the last cycle (%d)", c.Period)
	case "moving_average":
		return fmt.Sprintf("the moving average (%d)", c.Window)
	case "ses":
		return "exponential smoothing"
	case "holt":
		return "Holt"
	case "holt_winters":
		return "Holt-Winters"
	case "theta":
		return "theta"
	case "auto":
		return "the automatic mixture"
	case "ar":
		return fmt.Sprintf("AR(%d)", c.Order)
	case "ridge":
		return fmt.Sprintf("ridge AR(%d)", c.Order)
	case ensemble:
		return "the ensemble"
	}
	switch c.Model {
	case "dlinear", "nlinear", "rlinear":
		return strings.ToUpper(c.Model[:1]) + "L" + c.Model[2:]
	case "fourier":
		return "Fourier regression"
	case "arima", "arfima":
		list := c.pairs()
		or := func(name, usual string) string { return cmp.Or(option(list, name), usual) }
		d := "d"
		if c.Model == "arima" {
			d = or("d", "1")
		}
		return fmt.Sprintf("%s(%s,%s,%s)", strings.ToUpper(c.Model), or("p", "2"), d, or("q", "1"))
	}
	return ""
}

// full is name with the options that vary over the sweep: "LSTM (look-back 20, 50 epochs, batch 64)".
func (c *contest) full(m *model) string {
	if !m.trained {
		return name(m.config)
	}
	varies := map[string]bool{}
	for _, o := range c.sweep {
		a, b := m.config.pairs(), o.config.pairs()
		for _, list := range [][]pair{a, b} {
			for _, p := range list {
				shared := p.name == "look_back" || p.name == "epochs" || p.name == "batch"
				if x, y := option(a, p.name), option(b, p.name); x != y && (o.config.Model == m.config.Model || shared && x != "" && y != "") {
					varies[p.name] = true
				}
			}
		}
	}
	kind := m.config.short(languages["en"])
	var parts []string
	for _, p := range m.config.pairs() {
		if p.value == "" || !varies[p.name] && p.name != "look_back" || p.name == "learning_rate" && p.value == "0.001" { // the default is not told
			continue
		}
		switch p.name {
		case "look_back":
			parts = append(parts, "look-back "+p.value)
		case "units", "epochs", "trees", "leaves":
			parts = append(parts, p.value+" "+p.name)
		case "layers", "bidirectional", "attention":
		case "covariates":
			parts = append(parts, m.config.inputs(languages["en"]))
		default:
			parts = append(parts, strings.ReplaceAll(p.name, "_", " ")+" "+p.value)
		}
	}
	if varies["epochs"] != varies["batch"] { // a schedule is told whole
		for _, p := range m.config.pairs() {
			if (p.name == "epochs" || p.name == "batch") && !varies[p.name] && p.value != "" {
				parts = append(parts, map[string]string{"epochs": p.value + " epochs", "batch": "batch " + p.value}[p.name])
			}
		}
	}
	if len(parts) == 0 {
		return kind
	}
	return kind + " (" + strings.Join(parts, ", ") + ")"
}

// option is the value of the option of a name.
func option(list []pair, name string) string {
	for _, p := range list {
		if p.name == name {
			return p.value
		}
	}
	return ""
}
