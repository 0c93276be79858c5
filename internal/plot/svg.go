package plot

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// SVG draws the figure as a self-contained SVG document, to be put into a page as it is or shown as an image. The ground is transparent. Text, axes
// and black lines have the page's text colour (currentColor); every other mark carries its colour as an attribute and the class
// of its style, so that a page may restyle it: .weir-plot .plot-model { color: tomato }. It
// has no style sheet, identifiers or references, so any number of figures can stand in one page.
func (f *Figure) SVG() ([]byte, error) { return svg(f) }

func svg(d drawing) ([]byte, error) {
	s, err := d.scene()
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	w, h := number(s.width), number(s.height)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" class="weir-plot" role="img" width="%spt" height="%spt" viewBox="0 0 %s %s" `, w, h, w, h)
	b.WriteString(`font-family="'Liberation Sans',Arimo,Helvetica,Arial,sans-serif" fill="none" stroke-linejoin="round"`)
	title, description := d.words()
	title, description = clean(title), clean(description)
	if title == "" && description != "" {
		b.WriteString(` aria-label="` + escape(description) + `"`)
	}
	b.WriteString(">")
	if title != "" {
		b.WriteString("<title>" + escape(title) + "</title>")
	}
	if description != "" {
		b.WriteString("<desc>" + escape(description) + "</desc>")
	}
	b.WriteString("\n")
	widths := liberation()
	for i, m := range s.marks {
		open := i == 0 || group(s.marks[i-1]) != group(m)
		if open {
			if i > 0 {
				b.WriteString("</g>\n")
			}
			b.WriteString(group(m) + "\n")
		}
		writeMark(&b, m, &widths)
	}
	if len(s.marks) > 0 {
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	return []byte(b.String()), nil
}

// group is the element around neighbouring marks of one paint and one sort.
func group(m mark) string {
	g := `<g class="plot-` + m.paint.class + `"`
	if !m.paint.ink {
		g += fmt.Sprintf(` color="#%06x"`, m.paint.rgb)
	}
	if m.opacity < 100 {
		g += fmt.Sprintf(` opacity="%.2g"`, float64(m.opacity)/100)
	}
	switch {
	case m.runs == nil:
		g += fmt.Sprintf(` fill="currentColor" font-size="%s"`, number(m.text.size))
	case m.fill:
		g += ` fill="currentColor"`
	default:
		g += fmt.Sprintf(` stroke="currentColor" stroke-width="%s"`, number(m.width))
		if m.dash != nil {
			g += ` stroke-dasharray="` + dashes(m.dash) + `"`
		} else {
			g += ` stroke-linecap="round"`
		}
	}
	return g + ">"
}

func dashes(pattern []float64) string {
	parts := make([]string, len(pattern))
	for i, d := range pattern {
		parts[i] = number(units(d))
	}
	return strings.Join(parts, " ")
}

func writeMark(b *strings.Builder, m mark, widths *font) {
	if m.runs == nil {
		writeText(b, m.text, widths)
		return
	}
	b.WriteString(`<path d="`)
	for _, run := range m.runs {
		writeRun(b, run, m.closed)
	}
	b.WriteString("\"/>\n")
}

// writeRun spells a polyline with relative steps, which are short.
func writeRun(b *strings.Builder, run []spot, closed bool) {
	b.WriteString("M" + pair(run[0].x, run[0].y))
	if len(run) == 1 {
		b.WriteString("h0")
		return
	}
	command := byte(0)
	for i := 1; i < len(run); i++ {
		dx, dy := run[i].x-run[i-1].x, run[i].y-run[i-1].y
		next, numbers := byte('l'), pair(dx, dy)
		switch {
		case dy == 0:
			next, numbers = 'h', number(dx)
		case dx == 0:
			next, numbers = 'v', number(dy)
		}
		switch {
		case next != command:
			b.WriteByte(next)
		case numbers[0] != '-':
			b.WriteByte(' ')
		}
		b.WriteString(numbers)
		command = next
	}
	if closed {
		b.WriteByte('z')
	}
}

func pair(x, y unit) string {
	first, second := number(x), number(y)
	if second[0] == '-' {
		return first + second
	}
	return first + " " + second
}

// number writes a length in points, as short as it can be: 12.3, -.05.
func number(u unit) string {
	sign := ""
	if u < 0 {
		sign, u = "-", -u
	}
	whole, hundredths := u/100, u%100
	switch {
	case hundredths == 0:
		return fmt.Sprintf("%s%d", sign, whole)
	case whole == 0:
		return sign + strings.TrimSuffix(fmt.Sprintf(".%02d", hundredths), "0")
	}
	return sign + strings.TrimSuffix(fmt.Sprintf("%d.%02d", whole, hundredths), "0")
}

// writeText fixes the length of longer texts, so that they stay in their place when the page has another font.
func writeText(b *strings.Builder, t text, widths *font) {
	b.WriteString("<text")
	x, y := number(t.at.x), number(t.at.y)
	if t.turned {
		fmt.Fprintf(b, ` transform="translate(%s %s)rotate(-90)"`, x, y)
	} else {
		fmt.Fprintf(b, ` x="%s" y="%s"`, x, y)
	}
	switch t.anchor {
	case middle:
		b.WriteString(` text-anchor="middle"`)
	case end:
		b.WriteString(` text-anchor="end"`)
	}
	if n := utf8.RuneCountInString(t.body); n > 9 && t.raised == "" {
		fmt.Fprintf(b, ` textLength="%s" lengthAdjust="spacingAndGlyphs"`, number(units(widths.width(t.body, float64(t.size)/100))))
	}
	b.WriteString(">" + escape(t.body))
	if t.raised != "" {
		size := float64(t.size) / 100
		fmt.Fprintf(b, `<tspan dy="-%s" font-size="%s">%s</tspan>`, number(units(size*raisedBy)), number(units(size*raisedSize)), escape(t.raised))
	}
	b.WriteString("</text>\n")
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}

// clean makes any string one line of printable text: bytes that are not UTF-8 become U+FFFD, control characters and what XML forbids become spaces.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r < ' ', r >= 0x7f && r < 0xa0, r == 0xfffe, r == 0xffff, r == 0x2028, r == 0x2029:
			return ' '
		case r == utf8.RuneError:
			return 0xfffd
		}
		return r
	}, s))
}
