package importer

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// layouts are the texts of times that are understood; a fraction may follow the seconds. Without a zone they are UTC.
var layouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02 15:04:05",
	"2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 -0700 MST", "2006-01-02 15:04:05 MST",
	"2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02", "2006/01/02 15:04:05", "2006/01/02 15:04", "2006/01/02",
}

const understood = "RFC 3339 (2007-01-25T14:00:00Z), 2007-01-25 14:00:00, 2007-01-25, or a number of s, ms, us or ns since 1970"

// clock reads the times of one column. It remembers the layout and the unit of the first one.
type clock struct {
	epoch  string // "auto" until the first number
	layout string
}

// parse gives nanoseconds since 1970 UTC.
func (c *clock) parse(text string) (int64, error) {
	text = strings.TrimSpace(text)
	if looksNumeric(text) {
		return c.number(text)
	}
	if c.layout != "" {
		if t, err := time.Parse(c.layout, text); err == nil {
			return nanoseconds(t, text)
		}
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			if zone, offset := t.Zone(); strings.Contains(layout, "MST") && offset == 0 && zone != "UTC" && zone != "GMT" && zone != "" {
				return 0, fmt.Errorf("the zone %q of %q is not known: write an offset such as +01:00", zone, text)
			}
			c.layout = layout
			return nanoseconds(t, text)
		}
	}
	return 0, fmt.Errorf("%.60q is no time; understood are %s", text, understood)
}

func nanoseconds(t time.Time, text string) (int64, error) {
	if y := t.Year(); y < 1678 || y > 2261 {
		return 0, fmt.Errorf("%.60q is outside the years 1678 to 2261", text)
	}
	return t.UnixNano(), nil
}

var scales = map[string]int64{"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1}

// number reads a number since 1970, exactly where it has at most as many decimals as nanoseconds need.
func (c *clock) number(text string) (int64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("%.60q is no time; understood are %s", text, understood)
	}
	if c.epoch == "auto" {
		c.epoch = unitOf(v)
	}
	scale := scales[c.epoch]
	if math.Abs(v) >= math.MaxInt64/float64(scale) {
		return 0, fmt.Errorf("%.60q in %s since 1970 is outside the years 1678 to 2261; the option epoch says the unit", text, c.epoch)
	}
	whole, fraction, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || strings.ContainsAny(fraction, "eE") {
		return int64(math.Round(v * float64(scale))), nil
	}
	rest := int64(0)
	for i, unit := 0, scale/10; i < len(fraction) && unit > 0; i, unit = i+1, unit/10 {
		rest += int64(fraction[i]-'0') * unit
	}
	if strings.HasPrefix(whole, "-") {
		rest = -rest
	}
	return n*scale + rest, nil
}

// unitOf guesses the unit by the size: the years 1973 to 5138 in seconds lie below those in milliseconds, and so on.
func unitOf(v float64) string {
	switch v = math.Abs(v); {
	case v < 1e11:
		return "s"
	case v < 1e14:
		return "ms"
	case v < 1e17:
		return "us"
	}
	return "ns"
}
