package report

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"weir/internal/document"
	"weir/internal/locale"
)

// numbers is a column of values that share a prefix and a number of decimals, so that they compare at a glance.
type numbers struct {
	cells    [][]document.Inline
	unit     string // for the head
	factor   float64
	decimals int
}

// column prints values with the prefix of their median, so that the largest has that many significant digits.
func (r *renderer) column(values []*Value, digits int) numbers {
	name := ""
	var sizes []float64
	for _, v := range values {
		if v != nil && v.unit != "" {
			name = v.unit
		}
		if v != nil && !math.IsNaN(v.v) {
			sizes = append(sizes, math.Abs(v.v))
		}
	}
	var c numbers
	c.factor, c.unit = r.locale.Scale(name, median(sizes))
	var scaled []float64
	for _, v := range values {
		if v != nil {
			scaled = append(scaled, v.v*c.factor)
		}
	}
	c.decimals = locale.Decimals(scaled, digits)
	for _, v := range values {
		if v == nil {
			c.cells = append(c.cells, text("–"))
			continue
		}
		c.cells = append(c.cells, v.fixed(c.factor, c.decimals))
	}
	return c
}

// median is the middle of the values, the upper one of two; 0 of none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	values = slices.Sorted(slices.Values(values))
	return values[len(values)/2]
}

// span prints the interval of a value as the column prints the value.
func (c numbers) span(v *Value) []document.Inline {
	if v == nil || !v.HasInterval() {
		return text("–")
	}
	l := v.r.locale
	n := v.number()
	n.Text = l.Range(l.Fixed(v.low*c.factor, c.decimals), l.Fixed(v.high*c.factor, c.decimals))
	n.Name += " interval"
	return []document.Inline{n}
}

// percent prints a fraction as a percentage with one decimal.
func (v *Value) percent() []document.Inline {
	if v == nil {
		return text("–")
	}
	n := v.number()
	n.Text = v.r.locale.Fixed(v.v*100, 1) + locale.NoBreak + "%"
	n.Name += " cell"
	return []document.Inline{n}
}

// fixed prints a value in a column.
func (v *Value) fixed(factor float64, decimals int) []document.Inline {
	n := v.number()
	n.Text = v.r.locale.Fixed(v.v*factor, decimals)
	n.Name += " cell"
	return []document.Inline{n}
}

// natural compares text in which numbers are compared by value.
func natural(a, b string) int {
	for a != "" && b != "" {
		na, nb := leading(a), leading(b)
		if na > 0 && nb > 0 {
			x, _ := strconv.ParseUint(a[:na], 10, 64)
			y, _ := strconv.ParseUint(b[:nb], 10, 64)
			if c := cmp.Compare(x, y); c != 0 {
				return c
			}
			a, b = a[na:], b[nb:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func leading(s string) int {
	n := 0
	for n < len(s) && n < 18 && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
