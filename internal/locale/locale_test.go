package locale

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func must(t *testing.T, code string) *Locale {
	t.Helper()
	l, err := Of(code)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestQuantity(t *testing.T) {
	for _, c := range []struct {
		v      float64
		unit   string
		digits int
		en, pt string
	}{
		{54123.4, "B/s", 3, "54.1 kB/s", "54,1 kB/s"},
		{999.6e3, "B/s", 3, "1.00 MB/s", "1,00 MB/s"},
		{11242733286.49, "B²/s²", 6, "11,242.7 (kB/s)²", "11.242,7 (kB/s)²"},
		{908733, "packets", 3, "908,733 packets", "908.733 pacotes"},
		{900, "s", 3, "900 s", "900 s"},
		{0.0687, "", 2, "0.069", "0,069"},
		{-0.5, "", 3, "−0.500", "−0,500"},
		{8.8e9, "", 2, "8,800,000,000", "8.800.000.000"},
		{8.8e9 + .5, "", 2, "8.8 × 10⁹", "8,8 × 10⁹"},
		{0.00001234, "", 3, "1.23 × 10⁻⁵", "1,23 × 10⁻⁵"},
		{0, "B/s", 3, "0 B/s", "0 B/s"},
		{12, "B", 3, "12 B", "12 B"},
		{math.NaN(), "B/s", 3, "– B/s", "– B/s"},
		{-1e-9, "", 0, "−1 × 10⁻⁹", "−1 × 10⁻⁹"},
	} {
		clean := strings.NewReplacer(NoBreak, " ")
		if got := clean.Replace(must(t, "en").Quantity(c.v, c.unit, c.digits)); got != c.en {
			t.Errorf("en %v %s: %q, want %q", c.v, c.unit, got, c.en)
		}
		if got := clean.Replace(must(t, "pt").Quantity(c.v, c.unit, c.digits)); got != c.pt {
			t.Errorf("pt %v %s: %q, want %q", c.v, c.unit, got, c.pt)
		}
	}
}

func TestGroups(t *testing.T) {
	for code, want := range map[string]string{"en": "1,234 12,345.6", "pt": "1.234 12.345,6", "es": "1234 12\u202f345,6"} {
		l := must(t, code)
		if got := l.Fixed(1234, 0) + " " + l.Fixed(12345.6, 1); got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
	if got := must(t, "en").Fixed(-0.001, 2); got != "0.00" {
		t.Errorf("a rounded zero has no sign: %q", got)
	}
}

func TestPercent(t *testing.T) {
	for _, c := range []struct {
		v    float64
		n    int
		want string
	}{{0.0698, 2, "7.0 %"}, {0.5, 2, "50 %"}, {1.234, 3, "123 %"}, {-0.032, 2, "−3.2 %"}, {0, 2, "0.0 %"}} {
		if got := strings.ReplaceAll(must(t, "en").Percent(c.v, c.n), NoBreak, " "); got != c.want {
			t.Errorf("%v: %q, want %q", c.v, got, c.want)
		}
	}
}

func TestTimes(t *testing.T) {
	at := time.Date(2007, 1, 25, 5, 0, 0, 250e6, time.UTC)
	for code, want := range map[string]string{
		"en": "25 January 2007, 05:00:00.250\u00a0UTC",
		"pt": "25 de janeiro de 2007, 05:00:00,250\u00a0UTC",
		"es": "25 de enero de 2007, 05:00:00,250\u00a0UTC",
	} {
		if got := must(t, code).Instant(at); got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
}

func TestJoin(t *testing.T) {
	if got := must(t, "es").Join([]string{"a", "b", "iglú"}); got != "a, b e iglú" {
		t.Error(got)
	}
	if got := must(t, "pt").Join([]string{"a", "b"}); got != "a e b" {
		t.Error(got)
	}
}

func TestUnknownLanguage(t *testing.T) {
	if _, err := Of("de"); err == nil || !strings.Contains(err.Error(), "en, es, pt") {
		t.Error(err)
	}
}

// Whatever the language, the digits are the same.
func TestSameDigits(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		v := rapid.Float64().Draw(r, "v")
		n := rapid.IntRange(1, 9).Draw(r, "digits")
		unit := rapid.SampledFrom([]string{"", "B", "B/s", "B²/s²", "s", "packets"}).Draw(r, "unit")
		digits := func(code string) string {
			l, _ := Of(code)
			text, _ := l.Parts(v, unit, n)
			return strings.Map(func(c rune) rune {
				if strings.ContainsRune(".,\u202f", c) {
					return -1
				}
				return c
			}, text)
		}
		if en := digits("en"); en != digits("pt") || en != digits("es") {
			r.Fatalf("%v: %s %s %s", v, en, digits("pt"), digits("es"))
		}
	})
}
