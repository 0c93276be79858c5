package language

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// SuggestOr is Suggest, and after it where to read on.
func SuggestOr(got string, names []string, more string) string {
	switch text := Suggest(got, names); {
	case text == "":
		return more
	case strings.HasSuffix(text, "?"):
		return text + " " + more
	default:
		return text + "; " + more
	}
}

// Suggest says what could have been meant: the nearest name, or all of them when there are few.
func Suggest(got string, names []string) string {
	best, distance := "", 1+max(1, (len(got)+2)/3)
	for _, n := range names {
		if d := levenshtein.Distance(got, n, nil); d < distance {
			best, distance = n, d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("did you mean %q?", best)
	case len(names) == 0:
		return "there is none"
	case len(names) > 16:
		return ""
	}
	return "there is " + strings.Join(names, ", ")
}

// advised adds what could have been meant to hcl's message about an attribute that is not there.
func advised(d *hcl.Diagnostic) *hcl.Diagnostic {
	expr, ok := d.Expression.(*hclsyntax.ScopeTraversalExpr)
	if !ok || d.Summary != "Unsupported attribute" {
		return d
	}
	for i := range expr.Traversal {
		if _, diags := expr.Traversal[:i+1].TraverseAbs(d.EvalContext); !diags.HasErrors() {
			continue
		}
		if i == 0 {
			return d
		}
		val, _ := expr.Traversal[:i].TraverseAbs(d.EvalContext)
		attr, isAttr := expr.Traversal[i].(hcl.TraverseAttr)
		if !isAttr || !val.Type().IsObjectType() {
			return d
		}
		better := *d
		better.Detail = Suggest(attr.Name, slices.Sorted(maps.Keys(val.Type().AttributeTypes())))
		better.Summary = "there is no attribute " + quote(attr.Name)
		return &better
	}
	return d
}

// Style colours a part of a printed diagnostic. Its methods return text as it should appear.
type Style interface {
	Error(text string) string
	Place(text string) string
}

// perPlace is how many errors of one place are shown: a stage of 1,000 instances would say everything 1,000 times.
const perPlace = 3

// Print writes diagnostics as a good compiler would: what is wrong, where, the source line, a way out. They are ordered by place.
func Print(w io.Writer, diags hcl.Diagnostics, files map[string]*hcl.File, style Style) {
	sorted := slices.Clone(diags)
	slices.SortStableFunc(sorted, func(a, b *hcl.Diagnostic) int {
		switch {
		case a.Subject == nil || b.Subject == nil || a.Subject.Filename != b.Subject.Filename:
			return 0
		}
		return a.Subject.Start.Byte - b.Subject.Start.Byte
	})
	at, count := map[hcl.Range]int{}, map[hcl.Range]int{}
	for _, d := range sorted {
		if d.Subject != nil {
			count[*d.Subject]++
		}
	}
	for _, d := range sorted {
		if d.Subject != nil {
			if at[*d.Subject]++; at[*d.Subject] > perPlace {
				continue
			}
		}
		fmt.Fprintf(w, "%s %s\n", style.Error("error:"), lowerFirst(d.Summary))
		if d.Subject == nil {
			if d.Detail != "" {
				fmt.Fprintf(w, "   %s\n", lowerFirst(d.Detail))
			}
			fmt.Fprintln(w)
			continue
		}
		place := *d.Subject
		fmt.Fprintf(w, "  --> %s%s\n", style.Place(fmt.Sprintf("%s:%d:%d", place.Filename, place.Start.Line, place.Start.Column)), enclosing(place, files))
		printSource(w, place, d.Detail, files)
		if more := count[place] - perPlace; more > 0 && at[place] == perPlace {
			fmt.Fprintf(w, "   and %d more like it\n", more)
		}
		fmt.Fprintln(w)
	}
}

func printSource(w io.Writer, at hcl.Range, detail string, files map[string]*hcl.File) {
	file := files[at.Filename]
	if file == nil || at.Start.Byte > len(file.Bytes) {
		fmt.Fprintf(w, "   %s\n", lowerFirst(detail))
		return
	}
	start := bytes.LastIndexByte(file.Bytes[:at.Start.Byte], '\n') + 1
	source, _, _ := bytes.Cut(file.Bytes[start:], []byte("\n"))
	text := strings.TrimRight(string(source), "\r")
	if len(text) > 200 {
		text = strings.ToValidUTF8(text[:200], "") + "…"
	}
	before := text[:min(at.Start.Byte-start, len(text))]
	width := len(text) - len(before)
	if at.End.Line == at.Start.Line {
		width = min(width, at.End.Byte-at.Start.Byte)
	}
	number := fmt.Sprintf("%2d", at.Start.Line)
	margin := strings.Repeat(" ", len(number))
	fmt.Fprintf(w, "%s | %s\n", number, strings.ReplaceAll(text, "\t", "  "))
	pad := strings.Map(func(r rune) rune {
		return ' '
	}, strings.ReplaceAll(before, "\t", "  "))
	fmt.Fprintf(w, "%s | %s%s", margin, pad, strings.Repeat("^", max(1, width)))
	switch {
	case detail == "":
		fmt.Fprintln(w)
	case len(pad)+width > longMark:
		fmt.Fprintf(w, "\n%s   %s\n", margin, lowerFirst(detail))
	default:
		fmt.Fprintf(w, " %s\n", lowerFirst(detail))
	}
}

// longMark is how far right a mark may end for the advice to stand behind it.
const longMark = 70

// enclosing names the block around a place.
func enclosing(at hcl.Range, files map[string]*hcl.File) string {
	file := files[at.Filename]
	if file == nil || file.Body == nil {
		return ""
	}
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok {
		return ""
	}
	for _, b := range body.Blocks {
		if b.Range().ContainsPos(at.Start) || b.Body.Range().ContainsPos(at.Start) {
			if b.TypeRange.ContainsPos(at.Start) && len(b.Labels) == 0 {
				return ""
			}
			text := " in " + b.Type
			for _, label := range b.Labels {
				text += " " + quote(label)
			}
			return text
		}
	}
	return ""
}

func lowerFirst(s string) string {
	if len(s) > 1 && s[0] >= 'A' && s[0] <= 'Z' && (s[1] < 'A' || s[1] > 'Z') {
		return strings.ToLower(s[:1]) + s[1:]
	}
	return s
}
