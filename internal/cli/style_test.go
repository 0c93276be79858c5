package cli

import (
	"testing"
	"time"
)

func TestTook(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0.00 s", 44 * time.Millisecond: "0.04 s", 1149 * time.Millisecond: "1.1 s", 9960 * time.Millisecond: "10 s", 41 * time.Second: "41 s",
		195 * time.Second: "3.2 min", 20 * time.Minute: "20 min", 100 * time.Minute: "1.7 h", 30 * time.Hour: "30 h",
	} {
		if got := took(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567", 912448: "912,448"} {
		if got := count(n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 9949: "9.9 kB", 30949: "31 kB", 999_500: "1.0 MB", 68 << 20: "71 MB"} {
		if got := size(n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}

func TestShorten(t *testing.T) {
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"äöü", 2, "ä…"}, {"abc", 0, ""}, {"abc", -1, ""}} {
		if got := shorten(test.text, test.width); got != test.want {
			t.Errorf("%q in %d: %q", test.text, test.width, got)
		}
	}
}

func TestAtRight(t *testing.T) {
	if got := atRight("ab", "\x1b[2mcd\x1b[0m", 8); got != "ab    \x1b[2mcd\x1b[0m" {
		t.Errorf("%q", got)
	}
	if got := atRight("abcdefgh", "x", 8); got != "abcdefgh  x" {
		t.Errorf("%q", got)
	}
}

// TestTerraformFlags: -var and -var-file may have one dash; what follows -- is left alone.
func TestTerraformFlags(t *testing.T) {
	got := terraformFlags([]string{"run", "-var", "a=1", "-var-file=x", "-v", "--", "-var"})
	want := []string{"run", "--var", "a=1", "--var-file=x", "-v", "--", "-var"}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("%q", got)
		}
	}
}
