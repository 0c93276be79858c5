package document

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// MaxSVG bounds one figure in a page, in bytes.
const MaxSVG = 16 << 20

// svgElements are the elements a figure may have: shapes, text, paint. No scripts, no styles from elsewhere, no animation, no embedded documents.
var svgElements = set("svg g defs title desc path rect circle ellipse line polyline polygon text tspan textPath use symbol marker clipPath mask pattern linearGradient radialGradient stop style image")

func set(s string) map[string]bool {
	words := map[string]bool{}
	for _, w := range strings.Fields(s) {
		words[w] = true
	}
	return words
}

var svgURL = regexp.MustCompile(`url\(\s*["']?#([^)"']+)["']?\s*\)`)
var svgAnyURL = regexp.MustCompile(`(?i)url\(\s*["']?([^)"']*)|@import|expression\(`)
var svgName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)
var svgPixels = regexp.MustCompile(`^[0-9.]+(pt|px|cm|mm|in)?$`)

// InlineSVG makes an SVG drawing fit for standing inside a page: declaration and comments are dropped, IDs get the prefix (so that two figures
// never share one), the label becomes its text for people who do not see it, and the size is left to the page. Elements that could run or load anything are an error.
func InlineSVG(svg []byte, prefix, label string) (string, error) {
	if len(svg) > MaxSVG {
		return "", fmt.Errorf("the drawing is larger than %d bytes", MaxSVG)
	}
	d := xml.NewDecoder(bytes.NewReader(svg))
	var b strings.Builder
	roots, style := 0, false
	var open []string
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", fmt.Errorf("not SVG: %w", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			if len(open) == 0 {
				if roots++; name != "svg" || roots > 1 {
					return "", fmt.Errorf("not SVG: the root element is <%s>", name)
				}
			}
			if token.Name.Space != "" && token.Name.Space != "svg" || !svgElements[name] {
				return "", fmt.Errorf("<%s> has no place in a figure", name)
			}
			if open = append(open, name); len(open) > 256 {
				return "", errors.New("elements nest deeper than 256")
			}
			style = name == "style"
			if err := openTag(&b, token, prefix, label, len(open) == 1); err != nil {
				return "", err
			}
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != token.Name.Local {
				return "", fmt.Errorf("not SVG: </%s> closes nothing", token.Name.Local)
			}
			open, style = open[:len(open)-1], false
			b.WriteString("</" + token.Name.Local + ">")
		case xml.CharData:
			text := string(token)
			if style {
				return "", errors.New("<style> has no place in a figure: give elements their own attributes")
			}
			if len(open) > 0 {
				b.WriteString(clean(text))
			}
		}
	}
	if roots == 0 || len(open) != 0 {
		return "", errors.New("not SVG: it ends inside an element")
	}
	return b.String(), nil
}

func openTag(b *strings.Builder, e xml.StartElement, prefix, label string, root bool) error {
	b.WriteString("<" + e.Name.Local)
	width, height, box := "", "", false
	for _, a := range e.Attr {
		name, value := a.Name.Local, a.Value
		switch {
		case a.Name.Space == "xmlns" || a.Name.Space == "xml" || name == "xmlns":
			continue
		case !svgName.MatchString(name) || strings.HasPrefix(strings.ToLower(name), "on"):
			return fmt.Errorf("attribute %q has no place in a figure", name)
		case name == "id":
			value = prefix + value
		case name == "href":
			if !strings.HasPrefix(value, "#") && !(e.Name.Local == "image" && strings.HasPrefix(value, "data:image/png;base64,")) {
				return fmt.Errorf("a figure that refers to %.60q cannot stand alone", value)
			}
			if target, ok := strings.CutPrefix(value, "#"); ok {
				value = "#" + prefix + target
			}
		case root && (name == "width" || name == "height"):
			if name == "width" {
				width = value
			} else {
				height = value
			}
			continue
		case root && (name == "role" || name == "aria-label"):
			continue
		}
		box = box || name == "viewBox"
		value = svgURL.ReplaceAllString(value, "url(#"+prefix+"$1)")
		if m := svgAnyURL.FindStringSubmatch(value); m != nil && !strings.HasPrefix(m[1], "#") {
			return fmt.Errorf("a figure that refers to %.60q cannot stand alone", value)
		}
		fmt.Fprintf(b, " %s=\"%s\"", name, clean(value))
	}
	if root {
		if !box && svgPixels.MatchString(width) && svgPixels.MatchString(height) {
			trim := func(s string) string { return strings.TrimRight(s, "ptxcmin") }
			fmt.Fprintf(b, " viewBox=\"0 0 %s %s\"", trim(width), trim(height))
		}
		fmt.Fprintf(b, " role=\"img\" aria-label=\"%s\"", clean(label))
	}
	b.WriteString(">")
	return nil
}
