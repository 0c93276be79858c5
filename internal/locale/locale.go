// Package locale writes numbers, units and times the way readers of English, Portuguese and Spanish expect them: decimal comma or
// point, thousands separators, prefixes, months. The report and whoever else writes text for people use it; it reads no environment and
// knows no other language. Its output is Unicode (no-break spaces, superscripts, a true minus sign): escaping for HTML or TeX is the
// business of the renderer.
package locale

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Spaces that keep a number together, and the true minus sign.
const (
	NoBreak = "\u00a0" // between a number and its unit
	Thin    = "\u202f" // narrow, no break: thousands in Spanish
	Minus   = "\u2212"
)

// Locale is one language's habits. The zero value is not usable: take one from Of.
type Locale struct {
	Code      string // "en", "pt", "es"
	decimal   string
	thousands string
	grouped   int // how many digits a whole number has at least when it is grouped
	percent   string
	months    [12]string
	date      func(day int, month string, year int) string
	units     map[string]string // words among the units: packets -> pacotes
	and       string
	to        string
}

// Codes lists the languages, sorted.
func Codes() []string { return []string{"en", "es", "pt"} }

// Of returns the locale of a language code; the error lists what there is.
func Of(code string) (*Locale, error) {
	switch code {
	case "en":
		return english(), nil
	case "pt":
		return portuguese(), nil
	case "es":
		return spanish(), nil
	}
	return nil, fmt.Errorf("no language %q: there are %s", code, strings.Join(Codes(), ", "))
}

func english() *Locale {
	return &Locale{
		Code: "en", decimal: ".", thousands: ",", grouped: 4, percent: NoBreak + "%", and: "and", to: "to",
		months: [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
		date:   func(d int, m string, y int) string { return fmt.Sprintf("%d %s %d", d, m, y) },
		units:  map[string]string{},
	}
}

func portuguese() *Locale {
	return &Locale{
		Code: "pt", decimal: ",", thousands: ".", grouped: 4, percent: NoBreak + "%", and: "e", to: "a",
		months: [12]string{"janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro", "dezembro"},
		date:   func(d int, m string, y int) string { return fmt.Sprintf("%d de %s de %d", d, m, y) },
		units: map[string]string{"packets": "pacotes", "rows": "linhas", "points": "pontos", "seconds": "segundos",
			"epochs": "épocas", "steps": "passos", "records": "registros", "lags": "defasagens", "trials": "ensaios", "intervals": "intervalos"},
	}
}

func spanish() *Locale {
	return &Locale{
		Code: "es", decimal: ",", thousands: Thin, grouped: 5, percent: NoBreak + "%", and: "y", to: "a",
		months: [12]string{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
		date:   func(d int, m string, y int) string { return fmt.Sprintf("%d de %s de %d", d, m, y) },
		units: map[string]string{"packets": "paquetes", "rows": "filas", "points": "puntos", "seconds": "segundos",
			"epochs": "épocas", "steps": "pasos", "records": "registros", "lags": "retardos", "trials": "ensayos", "intervals": "intervalos"},
	}
}

// Fixed writes v with that many decimals, grouped by thousands: 1,234.50. Values that are not finite are "–", an en dash.
func (l *Locale) Fixed(v float64, decimals int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	text := strconv.FormatFloat(math.Abs(v), 'f', max(decimals, 0), 64)
	whole, fraction, cut := strings.Cut(text, ".")
	out := l.group(whole)
	if cut {
		out += l.decimal + fraction
	}
	if v < 0 && strings.Trim(text, "0.") != "" {
		out = Minus + out
	}
	return out
}

func (l *Locale) group(whole string) string {
	if len(whole) < l.grouped {
		return whole
	}
	var parts []string
	for len(whole) > 3 {
		parts = append(parts, whole[len(whole)-3:])
		whole = whole[:len(whole)-3]
	}
	parts = append(parts, whole)
	slices.Reverse(parts)
	return strings.Join(parts, l.thousands)
}

// Significant writes v with that many significant digits; from 10^6 on and below 10^-4 as 1.23 × 10⁷.
func (l *Locale) Significant(v float64, digits int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	if v == 0 {
		return "0"
	}
	mantissa, exponent := scientific(v, digits)
	if exponent >= 6 || exponent < -4 {
		return l.Fixed(mantissa, digits-1) + NoBreak + "×" + NoBreak + "10" + superscript(exponent)
	}
	return l.Fixed(Round(v, digits), max(digits-1-exponent, 0))
}

// Round rounds v to that many significant digits, halves as strconv does (to even on the exact decimal value).
func Round(v float64, digits int) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', max(digits, 1)-1, 64), 64)
	if err != nil {
		return v
	}
	return r
}

// scientific splits the rounded |v| >= 0 into its mantissa (with v's sign) and decimal exponent.
func scientific(v float64, digits int) (mantissa float64, exponent int) {
	text := strconv.FormatFloat(v, 'e', max(digits, 1)-1, 64)
	m, e, _ := strings.Cut(text, "e")
	mantissa, _ = strconv.ParseFloat(m, 64)
	exponent, _ = strconv.Atoi(e)
	return mantissa, exponent
}

func superscript(n int) string {
	digits := map[rune]string{'-': "⁻", '0': "⁰", '1': "¹", '2': "²", '3': "³", '4': "⁴", '5': "⁵", '6': "⁶", '7': "⁷", '8': "⁸", '9': "⁹"}
	var b strings.Builder
	for _, r := range strconv.Itoa(n) {
		b.WriteString(digits[r])
	}
	return b.String()
}

// Percent writes a fraction as a percentage with that many significant digits, without decimals from 100 % on: 0.0698 is 6.98 %.
func (l *Locale) Percent(fraction float64, digits int) string {
	if v := fraction * 100; math.Abs(v) >= 1e6 {
		return l.Significant(v, digits) + l.percent
	}
	_, exponent := scientific(fraction*100, digits)
	return l.Fixed(Round(fraction*100, digits), min(max(digits-1-exponent, 0), 4)) + l.percent
}

// Date writes the day of t in UTC: 25 de janeiro de 2007.
func (l *Locale) Date(t time.Time) string {
	t = t.UTC()
	return l.date(t.Day(), l.months[t.Month()-1], t.Year())
}

// Clock writes the time of day in UTC as 14:05:30, with milliseconds when there are any.
func (l *Locale) Clock(t time.Time) string {
	t = t.UTC()
	if ms := t.Nanosecond() / 1e6; ms != 0 {
		return t.Format("15:04:05") + l.decimal + fmt.Sprintf("%03d", ms)
	}
	return t.Format("15:04:05")
}

// Instant writes date and time of day, and says that they are UTC.
func (l *Locale) Instant(t time.Time) string {
	return l.Date(t) + ", " + strings.ReplaceAll(l.Clock(t), " ", NoBreak) + NoBreak + "UTC"
}

// Join writes a list in words: "a, b and c".
func (l *Locale) Join(items []string) string {
	switch len(items) {
	case 0:
		return ""
	case 1:
		return items[0]
	}
	and := l.and
	if last := items[len(items)-1]; l.Code == "es" && (strings.HasPrefix(last, "i") || strings.HasPrefix(last, "I")) {
		and = "e"
	}
	return strings.Join(items[:len(items)-1], ", ") + " " + and + " " + items[len(items)-1]
}

// Range writes an interval in words: "1.2 to 1.4".
func (l *Locale) Range(low, high string) string { return low + " " + l.to + " " + high }
