package plot

import (
	"math"
	"slices"
	"strconv"

	"weir/internal/locale"
)

// A mark on an axis: its place in the axis' own units (see scaleOf), and its label, which for a minor tick is empty.
type tick struct {
	at     float64
	label  string
	raised string
	minor  bool
}

// linearTicks puts ticks at multiples of 1, 2 or 5 times a power of ten, at most n of them with a label, and smaller ones between.
// Where only whole values occur, so are the ticks. Bulky numbers are divided by a power of a thousand: exponent.
func linearTicks(lo, hi float64, n int, whole, bulky bool, l *locale.Locale) (ticks []tick, exponent int) {
	mantissa, power := step125(hi-lo, n)
	if whole && power < 0 {
		mantissa, power = 1, 0
	}
	parts := 5
	switch {
	case whole && power == 0:
		parts = int(mantissa)
	case mantissa == 2:
		parts = 4
	}
	step := float64(mantissa * exp10(power))
	decimals := max(0, -power)
	if bulky {
		top := max(math.Abs(lo), math.Abs(hi))
		exponent = 3 * int(math.Floor(float64(floorLog10(top))/3))
		decimals = max(0, exponent-power)
	}
	first, last := math.Ceil(lo/step-1e-9), math.Floor(hi/step+1e-9)
	for i := first - 1; i <= last; i++ {
		v := i * step
		if i >= first {
			shown := v / exp10(exponent)
			if exponent < -300 || math.Abs(i) < 0.5 {
				shown = 0
			}
			ticks = append(ticks, tick{at: v, label: l.Fixed(shown, decimals)})
		}
		for k := 1; k < parts; k++ {
			if m := v + float64(step*float64(k)/float64(parts)); m > lo && m < hi {
				ticks = append(ticks, tick{at: m, minor: true})
			}
		}
	}
	return ticks, exponent
}

// step125 is the smallest 1, 2 or 5 times a power of ten of which at most n fit into span.
func step125(span float64, n int) (mantissa float64, power int) {
	rough := span / float64(max(n, 1))
	power = floorLog10(rough)
	for _, m := range []float64{1, 2, 5} {
		if float64(m*exp10(power)) >= rough*(1-1e-9) {
			return m, power
		}
	}
	return 1, power + 1
}

// logTicks puts ticks on powers of ten (lo and hi are exponents), every so many when there are more than n, with 2 to 9
// between. Below two decades some of those are labelled too.
func logTicks(lo, hi float64, n int, l *locale.Locale) []tick {
	first, last := int(math.Ceil(lo-1e-9)), int(math.Floor(hi+1e-9))
	if last-first < 2 && last-first < n {
		return shortLogTicks(lo, hi, n, l)
	}
	every := 1
	for (last-first)/every+1 > max(n, 2) {
		every++
	}
	words := first >= -3 && last <= 5
	var ticks []tick
	for e := first - 1; e <= last; e++ {
		switch {
		case e < first:
		case mod(e, every) != 0:
			ticks = append(ticks, tick{at: float64(e), minor: true})
		case words:
			ticks = append(ticks, tick{at: float64(e), label: l.Fixed(exp10(e), max(0, -e))})
		default:
			ticks = append(ticks, tick{at: float64(e), label: "10", raised: signed(e)})
		}
		for m := 2; m < 10 && every == 1; m++ {
			if at := float64(e) + log10(float64(m)); at > lo && at < hi {
				ticks = append(ticks, tick{at: at, minor: true})
			}
		}
	}
	return ticks
}

// shortLogTicks serves ranges with two powers of ten at most: it labels as many of 1, 2, ... 9 times a power as keep their
// distance, and where even that gives fewer than two, round numbers.
func shortLogTicks(lo, hi float64, n int, l *locale.Locale) []tick {
	const digits = 9
	for _, labelled := range [][]int{{1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 5, 7}, {1, 2, 5}, {1, 3}, {1}} {
		var ticks []tick
		count, last, near := 0, math.Inf(-1), math.Inf(1)
		for e := int(math.Floor(lo)); e <= int(math.Floor(hi)); e++ {
			for m := 1; m <= digits; m++ {
				t := tick{at: float64(e) + log10(float64(m)), minor: !slices.Contains(labelled, m)}
				if t.at < lo-1e-9 || t.at > hi+1e-9 {
					continue
				}
				if !t.minor {
					t.label = plainOrPower(m, e, l)
					near, last = min(near, t.at-last), t.at
					count++
				}
				ticks = append(ticks, t)
			}
		}
		if count < 2 {
			break
		}
		if near*float64(n) >= 0.75*(hi-lo) {
			return ticks
		}
	}
	return roundLogTicks(lo, hi, n, l)
}

// plainOrPower writes m times ten to the e: 0.03, 200, 5·10⁷.
func plainOrPower(m, e int, l *locale.Locale) string {
	if e >= -4 && e <= 5 {
		return l.Fixed(float64(m)*exp10(max(e, 0))/exp10(max(-e, 0)), max(0, -e))
	}
	return l.Significant(float64(m)*exp10(e), 1)
}

// roundLogTicks labels round numbers, unevenly spaced, in a range far below a power of ten.
func roundLogTicks(lo, hi float64, n int, l *locale.Locale) []tick {
	from, to := math.Pow(10, lo), math.Pow(10, hi) // only to choose ticks: they are round numbers
	ticks, exponent := linearTicks(from, to, max(n, 3), false, from >= 1e6 || to-from < 1e-4, l)
	var kept []tick
	for _, t := range ticks {
		if t.at <= 0 {
			continue
		}
		if exponent != 0 && !t.minor {
			t.label = l.Significant(t.at, 3)
		}
		t.at = log10(t.at)
		kept = append(kept, t)
	}
	return kept
}

func mod(a, b int) int { return (a%b + b) % b }

func signed(n int) string {
	if n < 0 {
		return locale.Minus + strconv.Itoa(-n)
	}
	return strconv.Itoa(n)
}
