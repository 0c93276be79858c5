package document

import (
	"strings"
	"unicode"

	"github.com/yuin/goldmark/util"
	"golang.org/x/text/unicode/norm"
)

// fold takes the accents off letters.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(s))
}

// resolve applies Markdown's backslash escapes and character references.
func resolve(text []byte) []byte {
	return util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(text)))
}
