package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"weir/internal/document"
	"weir/internal/locale"
)

// Value is a number in a template. Printing it puts it on the page; comparing it does not.
type Value struct {
	r       *renderer
	group   *group
	name    string
	labels  map[string]string
	v       float64
	unit    string
	low     float64 // NaN without an interval
	high    float64
	count   int64 // 0 when not known
	sources []document.Source
	formula string

	style  string // "", "plain", "percent", "p", "date", "clock", "instant", "interval", "percents", "whole"
	digits int
}

// Text is a name out of the data. Printing it never becomes markup.
type Text struct {
	r    *renderer
	text string
	code bool
}

// String implements fmt.Stringer: the mark that stands for the text.
func (t Text) String() string {
	if t.code {
		return t.r.marks.Inline(document.Code(t.text))
	}
	return t.r.marks.Inline(document.Text(t.text))
}

// capital is the text as a sentence begins: its first letter is a capital.
func capital(t Text) Text {
	first, size := utf8.DecodeRuneInString(t.text)
	if first != utf8.RuneError {
		t.text = string(unicode.ToUpper(first)) + t.text[size:]
	}
	return t
}

func (r *renderer) value(g *group, e entry) Value {
	v := Value{r: r, group: g, name: e.Name, labels: e.Labels, v: float64(e.Value), unit: g.unit(e), low: math.NaN(), high: math.NaN(), digits: 3}
	if e.Low != nil && e.High != nil {
		v.low, v.high = float64(*e.Low), float64(*e.High)
	}
	if e.Count != nil {
		v.count = *e.Count
	}
	if strings.HasSuffix(e.Name, "_p") || strings.Contains(e.Name, "_p_") {
		v.style = "p"
	}
	s := document.Source{Capture: g.capture, From: e.from.From, Digest: e.from.ID.String(), Metric: e.Name}
	for _, k := range slices.Sorted(maps.Keys(e.Labels)) {
		s.Labels = append(s.Labels, k, e.Labels[k])
	}
	v.sources = []document.Source{s}
	return v
}

// unit is a metric's unit. A series of bytes at any other step than a second has bytes per interval: B/5 min.
func (g *group) unit(e entry) string {
	if e.Name == "describe_sum" || strings.HasPrefix(e.Name, "size_") || strings.HasPrefix(e.Name, "decode_") {
		return e.Unit
	}
	base, squared := strings.CutSuffix(e.Unit, "²")
	if base != "B" && base != "bit" {
		return e.Unit
	}
	for _, s := range g.entries {
		if (s.Name == "step" || s.Name == "step_seconds") && s.Value > 0 && s.Value != 1 {
			if squared {
				return base + "²/(" + step(float64(s.Value)) + ")²"
			}
			return base + "/" + step(float64(s.Value))
		}
	}
	return e.Unit
}

// step names the length of an interval in the largest unit that it is a whole number of.
func step(seconds float64) string {
	for _, u := range []struct {
		name string
		in   float64
	}{{"h", 3600}, {"min", 60}, {"s", 1}, {"ms", 0.001}} {
		if n := math.Round(seconds / u.in); n >= 1 && math.Abs(float64(n*u.in)-seconds) < 1e-9*seconds {
			if n == 1 {
				return u.name
			}
			return strconv.FormatFloat(n, 'f', -1, 64) + " " + u.name
		}
	}
	return strconv.FormatFloat(seconds, 'g', -1, 64) + " s"
}

// String implements fmt.Stringer: the mark that stands for the number.
func (v Value) String() string { return v.r.marks.Inline(v.number()) }

// number is the value as it is printed.
func (v Value) number() *document.Number {
	n := &document.Number{Text: v.text(), Value: v.v, Unit: v.unit, Sources: v.sources, Formula: v.formula, Name: v.words(), Count: v.count}
	if v.HasInterval() {
		n.Interval = &[2]float64{v.low, v.high}
	}
	return n
}

// words name the macro: input, metric, labels that tell it apart, style.
func (v Value) words() string {
	words := []string{v.name}
	if v.group != nil {
		words = []string{v.group.name, v.name}
	}
	for _, k := range slices.Sorted(maps.Keys(v.labels)) {
		if k != "column" {
			words = append(words, v.labels[k])
		}
	}
	return strings.Join(append(words, v.style), " ")
}

func (v Value) text() string {
	l := v.r.locale
	switch v.style {
	case "percent":
		return l.Percent(v.v, v.digits)
	case "p":
		return pText(l, v.v)
	case "p cell":
		return strings.TrimPrefix(pText(l, v.v), "="+locale.NoBreak)
	case "date":
		return l.Date(instant(v.v))
	case "clock":
		return l.Clock(instant(v.v)) + locale.NoBreak + "UTC"
	case "instant":
		return l.Instant(instant(v.v))
	case "percents":
		return l.Range(l.Fixed(v.low*100, 1), l.Fixed(v.high*100, 1)+locale.NoBreak+"%")
	case "interval":
		factor, unit := l.Scale(v.unit, max(math.Abs(v.low), math.Abs(v.high)))
		decimals := locale.Decimals([]float64{v.low * factor, v.high * factor}, v.digits)
		text := l.Range(l.Fixed(v.low*factor, decimals), l.Fixed(v.high*factor, decimals))
		if unit != "" {
			text += locale.NoBreak + unit
		}
		return text
	case "span":
		return v.span()
	case "whole":
		return strings.TrimSuffix(l.Fixed(v.v, 0)+locale.NoBreak+l.Unit(v.unit), locale.NoBreak)
	case "plain":
		number, _ := l.Parts(v.v, v.unit, v.digits)
		return number
	}
	if v.unit == "s" && math.Abs(v.v) >= 2*3600 {
		return v.long()
	}
	if n := v.v / 60; v.unit == "s" && n >= 2 && n == math.Trunc(n) {
		return l.Quantity(n, "min", v.digits)
	}
	return l.Quantity(v.v, v.unit, v.digits)
}

// span prints seconds in words: 1 second, 5 minutes.
func (v Value) span() string {
	for _, u := range []struct {
		name string
		in   float64
	}{{"day", 86400}, {"hour", 3600}, {"minute", 60}, {"second", 1}} {
		if n := math.Round(v.v / u.in); n >= 1 && math.Abs(float64(n*u.in)-v.v) < 1e-9*v.v {
			name := v.r.words.spans[u.name][1]
			if n == 1 {
				name = v.r.words.spans[u.name][0]
			}
			return v.r.locale.Fixed(n, 0) + locale.NoBreak + name
		}
	}
	if ms := v.v * 1000; ms >= 1 && v.v < 1 {
		return v.r.locale.Quantity(math.Round(ms*1e6)/1e6, "ms", v.digits)
	}
	return v.r.locale.Quantity(v.v, "s", v.digits)
}

// long prints seconds as hours, from two days on as days.
func (v Value) long() string {
	l := v.r.locale
	n, unit := v.v/3600, "h"
	if n >= 48 {
		n, unit = n/24, v.r.words.days
	}
	text := l.Significant(n, v.digits)
	if n == math.Trunc(n) {
		text = l.Fixed(n, 0)
	}
	return text + locale.NoBreak + unit
}

// pText writes a p-value with its relation: "= 0.02", "< 0.001".
func pText(l *locale.Locale, p float64) string {
	switch {
	case math.IsNaN(p):
		return "=" + locale.NoBreak + "–"
	case p < 0.001:
		return "<" + locale.NoBreak + l.Fixed(0.001, 3)
	case p < 0.0995:
		return "=" + locale.NoBreak + l.Fixed(p, 3)
	}
	return "=" + locale.NoBreak + l.Fixed(p, 2)
}

// instant is a time given in seconds since 1970, to the millisecond.
func instant(seconds float64) time.Time {
	if math.IsNaN(seconds) || math.Abs(seconds) > 1e11 {
		return time.Time{}
	}
	return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
}

// Is says whether a label has that value.
func (v Value) Is(label, value string) bool { return v.labels[label] == value }

// Raw is a label's value for comparing and for asking again.
func (v Value) Raw(label string) string { return v.labels[label] }

// Label is a label's value for printing.
func (v Value) Label(label string) Text { return Text{r: v.r, text: v.labels[label]} }

// Code is a label's value for printing in typewriter.
func (v Value) Code(label string) Text { return Text{r: v.r, text: v.labels[label], code: true} }

// Model names the model that the number is about: AR(20), LSTM (look-back 20, 50 epochs, batch 64).
func (v Value) Model() Text {
	return Text{r: v.r, text: v.r.words.model(v.labels, v.group.varies, v.r.locale)}
}

// Kind is the label type of a number about packets, in words: TCP, UDP, other.
func (v Value) Kind() Text {
	if v.labels["type"] == "Other" {
		return Text{r: v.r, text: v.r.words.other}
	}
	return Text{r: v.r, text: v.labels["type"]}
}

// Count is how many values the number summarises.
func (v Value) Count() (Value, error) {
	if v.count == 0 {
		return v, fmt.Errorf("%s summarises nothing: it has no count", v.name)
	}
	w := v
	w.v, w.unit, w.style, w.low, w.high, w.formula = float64(v.count), "", "", math.NaN(), math.NaN(), "count"
	w.name = v.name + " count"
	return w, nil
}

// HasInterval says whether the number has one.
func (v Value) HasInterval() bool { return !math.IsNaN(v.low) && !math.IsNaN(v.high) }

// asides are labels that say something else than which model a number is about.
var asides = []string{"against", "seed", "fold", "level", "selected_on", "column", "reason", "guard"}

// identity is who a number is about: its labels without the asides.
func identity(labels map[string]string) map[string]string {
	of := maps.Clone(labels)
	for _, k := range asides {
		delete(of, k)
	}
	return of
}

// modelKey is identity as text, whatever the horizon.
func modelKey(labels map[string]string) string {
	key := ""
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		if v := labels[k]; v != "" && k != "horizon" && !slices.Contains(asides, k) {
			key += k + "\x00" + v + "\x00"
		}
	}
	return key
}

// Same is another metric of the same model: same labels, and those given. One that is about all horizons has no horizon.
func (v Value) Same(name string, more ...string) (Value, error) {
	if len(more)%2 != 0 {
		return Value{}, fmt.Errorf("labels of %s come in pairs, key and value: %s", name, strings.Join(more, " "))
	}
	of := identity(v.labels)
	for i := 0; i < len(more); i += 2 {
		if !slices.Contains(asides, more[i]) {
			of[more[i]] = more[i+1]
		}
	}
	var found []entry
	for _, e := range v.group.about(name, of) {
		theirs, bound := e.Labels["horizon"]
		if fits(e, more) && (!bound || of["horizon"] == "" || theirs == of["horizon"]) {
			found = append(found, e)
		}
	}
	if of["horizon"] == "" {
		found = nearest(found)
	}
	if len(found) == 1 {
		return v.r.value(v.group, found[0]), nil
	}
	labels := slices.Clone(more)
	for _, k := range slices.Sorted(maps.Keys(of)) {
		labels = append(labels, k, of[k])
	}
	if len(found) > 1 {
		return Value{}, fmt.Errorf("%d metrics %s in %s: say which one by %s", len(found), describe(name, labels), v.group.name, differing(found))
	}
	return Value{}, errMissing{v.group.explain(name, labels, v.group.byName[name])}
}

// HasSame says whether there is such a metric with a value.
func (v Value) HasSame(name string, more ...string) bool {
	w, err := v.Same(name, more...)
	return err == nil && !math.IsNaN(w.v)
}

// Digits sets how many significant digits are printed.
func (v Value) Digits(n int) (Value, error) {
	if n < 1 || n > 15 {
		return v, fmt.Errorf("%d digits: there are 1 to 15", n)
	}
	v.digits = n
	return v, nil
}

func (v Value) styled(style string) Value {
	v.style = style
	return v
}

// About says whether two numbers are about the same model.
func (v Value) About(w Value) bool { return maps.Equal(identity(v.labels), identity(w.labels)) }

// Level is the nominal coverage of an interval that the number is about, as a percentage; empty when it is about none.
func (v Value) Level() Text {
	level, err := strconv.ParseFloat(v.labels["level"], 64)
	if err != nil {
		return Text{r: v.r}
	}
	return Text{r: v.r, text: v.r.locale.Percent(level, 2)}
}
