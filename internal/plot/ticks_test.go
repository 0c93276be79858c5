package plot

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"weir/internal/locale"
)

func TestLinearTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		n      int
		lang   string
		want   string
	}{
		{0, 1, 5, "en", "0.0 0.2 0.4 0.6 0.8 1.0"},
		{-3, 12, 4, "en", "0 5 10"},
		{0, 20000, 4, "pt", "0 5.000 10.000 15.000 20.000"},
		{0, 20000, 4, "es", "0 5000 10\u202f000 15\u202f000 20\u202f000"},
		{0.001, 0.0049, 4, "pt", "0,001 0,002 0,003 0,004"},
		{-0.3, 0.3, 6, "en", "−0.3 −0.2 −0.1 0.0 0.1 0.2 0.3"},
	} {
		s := scale{axis: Axis{}, lo: c.lo, hi: c.hi}
		if got := labels(t, &s, c.n, c.lang); got != c.want {
			t.Errorf("%g..%g: %q, expected %q", c.lo, c.hi, got, c.want)
		}
	}
}

func TestLogTicks(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		n      int
		want   string
	}{
		{1, 1e4, 8, "1 10 100 1,000 10,000"},
		{1, 1e9, 4, "10^0 10^3 10^6 10^9"},
		{1e-7, 1e-4, 6, "10^−7 10^−6 10^−5 10^−4"},
		{2, 60, 5, "2 5 10 20 50"},
		{50, 55, 6, "50 51 52 53 54 55"},
	} {
		s := scale{axis: Axis{Log: true}, lo: log10(c.lo), hi: log10(c.hi)}
		if got := labels(t, &s, c.n, "en"); got != c.want {
			t.Errorf("%g..%g: %q, expected %q", c.lo, c.hi, got, c.want)
		}
	}
}

func TestClockTicks(t *testing.T) {
	const noon = 1169726400 // 2007-01-25 12:00 UTC
	for _, c := range []struct {
		span float64
		n    int
		lang string
		want string
	}{
		{0.4, 4, "pt", "12:00:00 12:00:00,100 12:00:00,200 12:00:00,300 12:00:00,400"},
		{60, 4, "en", "12:00:00 12:00:15 12:00:30 12:00:45 12:01:00"},
		{900, 6, "en", "12:00 12:05 12:10 12:15"},
		{86400, 4, "es", "12:00 18:00 26 ene 06:00 12:00"},
		{6 * 86400, 6, "pt", "26 jan 27 jan 28 jan 29 jan 30 jan 31 jan"},
		{200 * 86400, 8, "es", "feb 2007 mar abr may jun jul ago"},
		{20 * 365 * 86400, 5, "en", "2010 2015 2020 2025"},
	} {
		s := scale{axis: Axis{Clock: true}, lo: noon, hi: noon + c.span}
		if got := strings.ReplaceAll(labels(t, &s, c.n, c.lang), "\u00a0", " "); got != c.want {
			t.Errorf("%g s: %q, expected %q", c.span, got, c.want)
		}
	}
}

func labels(t *testing.T, s *scale, n int, language string) string {
	t.Helper()
	l, err := locale.Of(language)
	if err != nil {
		t.Fatal(err)
	}
	s.mark(n, l)
	var all []string
	for _, k := range s.ticks {
		if k.raised != "" {
			k.label += "^" + k.raised
		}
		if !k.minor {
			all = append(all, k.label)
		}
	}
	return strings.Join(all, " ")
}

func TestScale(t *testing.T) {
	for _, c := range []struct {
		top        float64
		unit, want string
		divisor    float64
	}{
		{950, "B/s", "B/s", 1}, {2.5e6, "B/s", "MB/s", 1e6}, {9e9, "B²/s²", "(kB/s)²", 1e6},
		{4e6, "packets", "10⁶ packets", 1e6}, {5000, "packets/s", "packets/s", 1}, {math.NaN(), "B/s", "B/s", 1}, {0.001, "B/s", "B/s", 1},
		{3e7, "B/5 min", "MB/5 min", 1e6}, {3e13, "(B/10 s)²", "(MB/10 s)²", 1e12}, {500, "bit/5 s", "bit/5 s", 1},
	} {
		divisor, unit := Prefix([]float64{c.top, 0}, c.unit)
		if divisor != c.divisor || unit != c.want {
			t.Errorf("%g %s: %g %s, expected %g %s", c.top, c.unit, divisor, unit, c.divisor, c.want)
		}
	}
	if v, unit := Scale([]float64{1500, math.NaN(), -3000}, "B"); v[0] != 1.5 || !math.IsNaN(v[1]) || v[2] != -3 || unit != "kB" {
		t.Errorf("%v %s", v, unit)
	}
}

func TestLog10(t *testing.T) {
	for e := -99; e <= 99; e++ {
		if got := log10(math.Pow10(e)); got != float64(e) {
			t.Errorf("log10(1e%d) = %g", e, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64Range(1e-100, 1e100).Draw(t, "x")
		if got := log10(x); math.Abs(got-math.Log10(x)) > 2e-12 {
			t.Fatalf("log10(%g) = %g, expected %g", x, got, math.Log10(x))
		}
	})
}
