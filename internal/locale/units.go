package locale

import (
	"math"
	"strings"
)

// A family of units that takes decimal prefixes: the factor between neighbours is 1000 to the power.
type family struct {
	power int
	names []string
}

// prefixed gives the names of a unit with prefixes: bytes and bits, alone or per something (B/s, B/5 min), and the squares of both. SI: 1 kB is
// 1000 bytes.
func prefixed(unit string) (family, bool) {
	for _, base := range []string{"B", "bit"} {
		rest, ok := strings.CutPrefix(unit, base)
		if !ok {
			continue
		}
		f := family{power: 1}
		shape := "%s" + base + rest
		switch {
		case rest == "²":
			f.power = 2
		case strings.HasPrefix(rest, "²/") && strings.HasSuffix(rest, "²"):
			per := strings.TrimSuffix(strings.TrimPrefix(rest, "²/"), "²")
			f.power, shape = 2, "(%s"+base+"/"+strings.Trim(per, "()")+")²"
		case rest != "" && !strings.HasPrefix(rest, "/"):
			continue
		}
		for _, prefix := range []string{"", "k", "M", "G", "T", "P"} {
			f.names = append(f.names, strings.Replace(shape, "%s", prefix, 1))
		}
		return f, true
	}
	return family{}, false
}

// Scale chooses the prefix for a magnitude: a value of the unit times factor is a value of name, and |magnitude| times factor is at least 1
// (and below 1000 to the unit's power) where a prefix allows. Units without prefixes keep factor 1 and are translated when they are words.
func (l *Locale) Scale(unit string, magnitude float64) (factor float64, name string) {
	f, ok := prefixed(unit)
	if !ok {
		return 1, l.Unit(unit)
	}
	step := 1000.0
	if f.power == 2 {
		step = 1e6
	}
	factor = 1
	i := 0
	for m := math.Abs(magnitude); m >= step && i+1 < len(f.names); i++ {
		m /= step
		factor /= step
	}
	return factor, f.names[i]
}

// Unit writes a unit's name without a prefix: words are translated, symbols stay.
func (l *Locale) Unit(unit string) string {
	if f, ok := prefixed(unit); ok {
		return f.names[0]
	}
	if word, ok := l.units[unit]; ok {
		return word
	}
	return unit
}

// Quantity writes a value with its unit, scaled by a prefix: 54.1 kB/s. Whole numbers without a prefixed unit (counts, seconds) keep all
// their digits.
func (l *Locale) Quantity(v float64, unit string, digits int) string {
	number, name := l.Parts(v, unit, digits)
	if name == "" {
		return number
	}
	return number + NoBreak + name
}

// Parts is Quantity with the number and the unit apart.
func (l *Locale) Parts(v float64, unit string, digits int) (number, name string) {
	_, scaled := prefixed(unit)
	if whole := v == math.Trunc(v) && math.Abs(v) < 1e15; whole && (!scaled || math.Abs(v) < 1000) {
		return l.Fixed(v, 0), l.Unit(unit)
	}
	factor, name := l.Scale(unit, Round(v, digits))
	return l.Significant(v*factor, digits), name
}

// Decimals says how many decimals a column of values needs so that the one of the smallest useful magnitude shows digits significant
// digits: all rows then share it. NaN and zeros do not count; whole numbers need none; it is never more than 6.
func Decimals(values []float64, digits int) int {
	largest := 0.0
	whole := true
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		largest = max(largest, math.Abs(v))
		whole = whole && v == math.Trunc(v)
	}
	if whole || largest == 0 {
		return 0
	}
	_, exponent := scientific(largest, digits)
	return min(max(digits-1-exponent, 0), 6)
}
