package plot

import (
	"math"
	"strconv"
	"strings"

	"weir/internal/locale"
)

// Scale divides values by the power of a thousand that makes the largest readable and
// returns them with the unit's prefix: (2.5e6, "B/s") becomes (2.5, "MB/s"),
// B²/s² becomes kB²/s² (a millionth). Units that take no SI prefix get a power of ten: "10³ packets/s". The slice
// is new; NaN stays NaN; nothing finite or all zero leaves the unit alone.
func Scale(values []float64, unit string) ([]float64, string) {
	factor, unit := Prefix(values, unit)
	scaled := make([]float64, len(values))
	for i, v := range values {
		scaled[i] = v / factor
	}
	return scaled, unit
}

// Prefix gives the divisor and the prefixed unit that Scale would use, for several slices that share an axis: join them, or pass
// their largest values.
func Prefix(values []float64, unit string) (divisor float64, prefixed string) {
	top := 0.0
	for _, v := range values {
		if finite(v) {
			top = max(top, math.Abs(v))
		}
	}
	symbols, _ := locale.Of("en") // units with prefixes are the same symbols in every language
	factor, name := symbols.Scale(unit, top)
	switch {
	case factor != 1:
		return math.Round(1 / factor), name
	case name != unit, isPrefixed(symbols, unit):
		return 1, unit
	}
	if divisor, name, ok := perInterval(symbols, unit, top); ok {
		return divisor, name
	}
	if top < 1e5 {
		return 1, unit
	}
	power := floorLog10(top) / 3 * 3
	return exp10(power), "10" + superscripts(power) + " " + unit
}

// perInterval prefixes bytes and bits per interval of any length, also squared: B/5 min, (bit/10 s)².
func perInterval(symbols *locale.Locale, unit string, top float64) (divisor float64, prefixed string, ok bool) {
	inner, open := strings.CutPrefix(unit, "(")
	inner, squared := strings.CutSuffix(inner, ")²")
	if open != squared {
		return 0, "", false
	}
	for _, base := range []string{"bit", "B"} {
		interval, found := strings.CutPrefix(inner, base)
		switch {
		case !found || !strings.HasPrefix(interval, "/"):
		case squared:
			factor, name := symbols.Scale(base+"²", top)
			return math.Round(1 / factor), "(" + strings.TrimSuffix(name, "²") + interval + ")²", true
		default:
			factor, name := symbols.Scale(base, top)
			return math.Round(1 / factor), name + interval, true
		}
	}
	return 0, "", false
}

// isPrefixed says whether the unit takes SI prefixes.
func isPrefixed(l *locale.Locale, unit string) bool {
	factor, _ := l.Scale(unit, 1e30)
	return factor != 1
}

func superscripts(n int) string {
	digits := []rune("⁰¹²³⁴⁵⁶⁷⁸⁹")
	out := ""
	for _, d := range strconv.Itoa(n) {
		out += string(digits[d-'0'])
	}
	return out
}

// Seconds turns nanoseconds since 1970 into the seconds of a Clock axis.
func Seconds(ns []int64) []float64 {
	seconds := make([]float64, len(ns))
	for i, t := range ns {
		seconds[i] = float64(t) / 1e9
	}
	return seconds
}
