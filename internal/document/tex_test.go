package document

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

var command = regexp.MustCompile(`\\([a-zA-Z]+)`)

// harmless checks that LaTeX written for text does nothing but print: only commands from EscapeTeX's own table, balanced groups, no bare special.
func harmless(tex string) error {
	allowed := map[string]bool{"ensuremath": true, "texttt": true, "textquotesingle": true, "allowbreak": true}
	for _, s := range texCharacters {
		for _, name := range command.FindAllStringSubmatch(s, -1) {
			allowed[name[1]] = true
		}
	}
	depth := 0
	for i := 0; i < len(tex); {
		r, n := utf8.DecodeRuneInString(tex[i:])
		if r == utf8.RuneError && n == 1 {
			return fmt.Errorf("invalid UTF-8 at %d", i)
		}
		i += n
		switch {
		case r == '\\':
			end := i
			for end < len(tex) && (tex[end] >= 'a' && tex[end] <= 'z' || tex[end] >= 'A' && tex[end] <= 'Z') {
				end++
			}
			if end == i {
				if end == len(tex) || !strings.ContainsRune(`{}$&#_%,-`, rune(tex[end])) {
					return fmt.Errorf("command at %d of %q", i, tex)
				}
				end++
			} else if !allowed[tex[i:end]] {
				return fmt.Errorf("\\%s in %q", tex[i:end], tex)
			}
			i = end
		case r == '{':
			depth++
		case r == '}':
			if depth--; depth < 0 {
				return fmt.Errorf("group closed at %d of %q", i, tex)
			}
		case strings.ContainsRune("#$%&^_\"<>|`", r), r < ' ', r == 0x7f:
			return fmt.Errorf("bare %q in %q", r, tex)
		case r > 0x7f && !t1(r):
			return fmt.Errorf("U+%04X in %q", r, tex)
		}
	}
	if depth != 0 {
		return fmt.Errorf("open group in %q", tex)
	}
	return nil
}

func nasty() []string {
	return []string{`50%_{x}.pcap`, `a\b & c#d^e~f$`, "ação—“sim”", "\\write18{rm}", "日本 \u202e\x00", "--- '' ,, <<>> ?` !`", "e\u0301\u0301", "\\end{document}", "^^5c", "µ² × 10⁻⁵"}
}

func FuzzEscapeTeX(f *testing.F) {
	for _, s := range nasty() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, tex := range []string{EscapeTeX(s), texCode(s)} {
			if err := harmless(tex); err != nil {
				t.Fatal(err)
			}
			for _, ligature := range []string{"--", "''", ",,"} {
				if strings.Contains(tex, ligature) {
					t.Fatalf("ligature %s in %q", ligature, tex)
				}
			}
		}
		if a := texAddress(s); strings.ContainsAny(a, "{}^$\"<>|` ") || strings.Contains(strings.NewReplacer(`\%`, "", `\#`, "", `\&`, "", `\~`, "", `\_`, "").Replace(a), `\`) {
			t.Fatalf("address %q of %q", a, s)
		}
	})
}

func TestEscapeTeX(t *testing.T) {
	for in, want := range map[string]string{
		`50%_{x}`:       `50\%\_\{x\}`,
		"a--b":          "a-{}-b",
		"1,5\u00a0kB/s": "1,5~kB/s",
		"10⁻⁵":          `10\textsuperscript{\ensuremath{-}}\textsuperscript{5}`,
		"Ação":          "Ação",
		"A\u0303":       "Ã",
		"中":             "{[}U+4E2D{]}",
		`\`:             `\textbackslash{}`,
	} {
		if got := EscapeTeX(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestMacroName(t *testing.T) {
	for in, want := range map[string]string{"forecast demo rmse 20": "weirForecastDemoRmseTwoZero", "média %": "weirMedia", "": "weir", "seasonal_p": "weirSeasonalP"} {
		if got := MacroName(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
	if letters(0)+letters(25)+letters(26) != "AZAA" {
		t.Error(letters(0), letters(25), letters(26))
	}
}
