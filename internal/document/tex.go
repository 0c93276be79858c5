package document

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// texCharacters says how characters are written that TeX, or babel, or the T1 encoding treats in its own way.
var texCharacters = map[rune]string{
	'\\': `\textbackslash{}`, '{': `\{`, '}': `\}`, '$': `\$`, '&': `\&`, '#': `\#`, '_': `\_`, '%': `\%`,
	'^': `\textasciicircum{}`, '~': `\textasciitilde{}`, '<': `\textless{}`, '>': `\textgreater{}`, '|': `\textbar{}`,
	'"': `\textquotedbl{}`, '`': `\textasciigrave{}`,
	'\u00a0': `~`, '\u202f': `\,`, '\u2009': `\,`, '\u200b': `\allowbreak{}`, '\u00ad': `\-`,
	'–': `\textendash{}`, '—': `\textemdash{}`, '‘': `\textquoteleft{}`, '’': `\textquoteright{}`, '“': `\textquotedblleft{}`, '”': `\textquotedblright{}`,
	'«': `\guillemotleft{}`, '»': `\guillemotright{}`, '…': `\textellipsis{}`, '·': `\textperiodcentered{}`, '•': `\textbullet{}`,
	'−': `\ensuremath{-}`, '×': `\ensuremath{\times}`, '÷': `\ensuremath{\div}`, '±': `\ensuremath{\pm}`, '≤': `\ensuremath{\leq}`, '≥': `\ensuremath{\geq}`,
	'≈': `\ensuremath{\approx}`, '≠': `\ensuremath{\neq}`, '→': `\ensuremath{\rightarrow}`, '←': `\ensuremath{\leftarrow}`, '∞': `\ensuremath{\infty}`,
	'√': `\ensuremath{\surd}`, '∑': `\ensuremath{\sum}`, '°': `\textdegree{}`, 'µ': `\textmu{}`, 'μ': `\ensuremath{\mu}`, '€': `\texteuro{}`,
	'α': `\ensuremath{\alpha}`, 'β': `\ensuremath{\beta}`, 'γ': `\ensuremath{\gamma}`, 'δ': `\ensuremath{\delta}`, 'ε': `\ensuremath{\varepsilon}`,
	'λ': `\ensuremath{\lambda}`, 'π': `\ensuremath{\pi}`, 'ρ': `\ensuremath{\rho}`, 'σ': `\ensuremath{\sigma}`, 'τ': `\ensuremath{\tau}`, 'φ': `\ensuremath{\varphi}`,
	'χ': `\ensuremath{\chi}`, 'ω': `\ensuremath{\omega}`, 'Δ': `\ensuremath{\Delta}`, 'Σ': `\ensuremath{\Sigma}`, 'Ω': `\ensuremath{\Omega}`,
	'⁰': `\textsuperscript{0}`, '¹': `\textsuperscript{1}`, '²': `\textsuperscript{2}`, '³': `\textsuperscript{3}`, '⁴': `\textsuperscript{4}`,
	'⁵': `\textsuperscript{5}`, '⁶': `\textsuperscript{6}`, '⁷': `\textsuperscript{7}`, '⁸': `\textsuperscript{8}`, '⁹': `\textsuperscript{9}`,
	'⁻': `\textsuperscript{\ensuremath{-}}`, 'ª': `\textordfeminine{}`, 'º': `\textordmasculine{}`, '¡': `\textexclamdown{}`, '¿': `\textquestiondown{}`,
	'§': `\S{}`, '©': `\textcopyright{}`, '®': `\textregistered{}`, '™': `\texttrademark{}`, '£': `\pounds{}`,
}

// t1 says that a letter can be written as itself with inputenc utf8 and the T1 encoding: Latin-1's letters and those of Latin Extended-A that T1 has.
func t1(r rune) bool {
	if r >= 'À' && r <= 'ÿ' && r != '×' && r != '÷' {
		return true
	}
	return strings.ContainsRune("ĂăĄąĆćČčĎďĐđĘęĚěĞğİıĹĺĽľŁłŃńŇňŐőŒœŔŕŘřŚśŞşŠšŢţŤťŮůŰűŸŹźŻżŽžȘșȚț", r)
}

// EscapeTeX writes any text as LaTeX that prints just that text: no character of it acts as a command, an active character or a ligature. What
// the fonts do not have is printed as its code point, [U+4E2D]; control characters are dropped. For pdfLaTeX with inputenc utf8 and fontenc T1.
func EscapeTeX(s string) string {
	var b strings.Builder
	previous := rune(0)
	for _, r := range norm.NFC.String(strings.ToValidUTF8(s, "\uFFFD")) {
		if r != '\n' && r != '\t' && (r < ' ' || r == 0x7f || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Cc, r)) {
			continue // it prints nothing, and what stands around it meets
		}
		// Ligatures of the T1 fonts: -- --- '' ,, and those after escapes are broken by an empty group.
		if r == previous && (r == '-' || r == '\'' || r == ',') {
			b.WriteString("{}")
		}
		previous = r
		switch tex, special := texCharacters[r]; {
		case special:
			b.WriteString(tex)
		case r == '\n' || r == '\t':
			b.WriteByte(' ')
		case r < 0x7f || t1(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "{[}U+%04X{]}", r)
		}
	}
	return b.String()
}

// texCode writes text in typewriter, breakable after punctuation and, in long runs such as digests, every eight characters.
func texCode(s string) string {
	var b strings.Builder
	b.WriteString(`\texttt{`)
	run := 0
	for _, r := range s {
		switch r {
		case '\'':
			b.WriteString(`\textquotesingle{}`)
		case '-':
			b.WriteString(`-{}`) // not hyphenated, no ligature
		default:
			b.WriteString(EscapeTeX(string(r)))
		}
		run++
		if strings.ContainsRune(`/\._-[],:;=&?+@#%`, r) {
			b.WriteString(`\allowbreak{}`)
			run = 0
		} else if r == ' ' {
			run = 0
		} else if run%8 == 0 {
			b.WriteString(`\allowbreak{}`)
		}
	}
	b.WriteByte('}')
	return b.String()
}

// texAddress writes a URL for \href's first argument.
func texAddress(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case strings.IndexByte(`%#&~_`, c) >= 0:
			b.WriteString(`\` + string(c))
		case c <= ' ' || c >= 0x7f || strings.IndexByte("\\{}^$\"<>|`", c) >= 0:
			fmt.Fprintf(&b, `\%%%02X`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// MacroName makes letters of words: "forecast demo rmse 20" is weirForecastDemoRmseTwoZero.
func MacroName(words string) string {
	digits := [...]string{"Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"}
	var b strings.Builder
	b.WriteString("weir")
	upper := true
	for _, r := range fold(words) {
		switch {
		case r >= '0' && r <= '9':
			b.WriteString(digits[r-'0'])
			upper = true
		case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z':
			if upper {
				r = unicode.ToUpper(r)
			}
			b.WriteRune(r)
			upper = false
		default:
			upper = true
		}
	}
	return b.String()
}

// letters writes n >= 0 as A, B, ... Z, AA, AB ...
func letters(n int) string {
	s := ""
	for n++; n > 0; n = (n - 1) / 26 {
		s = string(rune('A'+(n-1)%26)) + s
	}
	return s
}
