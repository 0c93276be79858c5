package document

import (
	_ "embed"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
)

//go:embed page.css
var pageCSS string

//go:embed page.js
var pageJS string

// words are what the page itself says.
type words struct{ table, figure, contents, sort, from, value, macro string }

func wordsOf(language string) words {
	switch language {
	case "pt":
		return words{"Tabela", "Figura", "Conteúdo", "ordenar", "de", "valor completo", "calculado como"}
	case "es":
		return words{"Tabla", "Figura", "Contenido", "ordenar", "de", "valor completo", "calculado como"}
	}
	return words{"Table", "Figure", "Contents", "sort", "from", "full value", "computed as"}
}

// HTML renders the document as one page that needs nothing else: style, script and figures are inside, and a content security policy keeps
// it from loading anything. Without the script it reads the same; with it, tables sort and numbers tell where they come from in a small panel.
func (d *Document) HTML() ([]byte, error) {
	r := &page{d: d, known: d.order(), words: wordsOf(d.Language)}
	title, err := r.inlines(d.Title)
	if err != nil {
		return nil, err
	}
	body, err := r.blocks(d.Blocks, true)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n", html.EscapeString(d.Language))
	b.WriteString("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n")
	b.WriteString("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n")
	fmt.Fprintf(&b, "<title>%s</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n<h1>%s</h1>\n", clean(Plain(d.Title)), pageCSS, title)
	b.WriteString(body)
	fmt.Fprintf(&b, "</main>\n<div id=\"origin\" role=\"tooltip\" hidden></div>\n<script>\n%s</script>\n</body>\n</html>\n", pageJS)
	return []byte(b.String()), nil
}

type page struct {
	d        *Document
	known    map[Ref]int
	words    words
	led      bool // the findings are written
	contents bool // the table of contents is written
}

// clean escapes text for HTML text and quoted attributes; characters XML forbids are dropped.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, s)
	return html.EscapeString(s)
}

func (r *page) blocks(blocks []Block, top bool) (string, error) {
	var b strings.Builder
	for _, block := range blocks {
		s, err := r.block(block, top)
		if err != nil {
			return "", err
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

func (r *page) block(block Block, top bool) (string, error) {
	switch block := block.(type) {
	case Heading:
		of, err := r.inlines(block.Of)
		before := ""
		if top && !r.contents {
			before, r.contents = r.toc(), true
		}
		r.led = true
		return fmt.Sprintf("%s<h%d id=\"%s\">%s</h%d>\n", before, block.Level, block.ID, of, block.Level), err
	case Paragraph:
		of, err := r.inlines(block.Of)
		return "<p>" + of + "</p>\n", err
	case Quote:
		of, err := r.blocks(block.Of, false)
		if top && !r.led {
			r.led = true
			return "<div class=\"findings\">\n" + of + "</div>\n", err
		}
		return "<blockquote>\n" + of + "</blockquote>\n", err
	case List:
		return r.list(block)
	case Listing:
		return "<pre tabindex=\"0\"><code>" + clean(strings.Join(block.Lines, "\n")) + "</code></pre>\n", nil
	case Rule:
		return "<hr>\n", nil
	case *Table:
		return r.table(block)
	case *Figure:
		return r.figure(block)
	}
	return "", fmt.Errorf("no HTML for %T", block)
}

// toc lists the sections when there are enough of them to get lost.
func (r *page) toc() string {
	var b strings.Builder
	n := 0
	for _, block := range r.d.Blocks {
		if h, ok := block.(Heading); ok && h.Level == 2 {
			fmt.Fprintf(&b, "<li><a href=\"#%s\">%s</a></li>\n", h.ID, clean(Plain(h.Of)))
			n++
		}
	}
	if n < 4 {
		return ""
	}
	return fmt.Sprintf("<nav aria-label=\"%s\"><ol>\n%s</ol></nav>\n", r.words.contents, b.String())
}

func (r *page) list(l List) (string, error) {
	tag, start := "ul", ""
	if l.Ordered {
		tag = "ol"
		if l.Start > 1 {
			start = fmt.Sprintf(" start=\"%d\"", l.Start)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<%s%s>\n", tag, start)
	for _, item := range l.Items {
		of, err := r.blocks(item, false)
		if err != nil {
			return "", err
		}
		if len(item) == 1 { // a tight item needs no paragraph
			of = strings.TrimSuffix(strings.TrimPrefix(of, "<p>"), "</p>\n")
		}
		b.WriteString("<li>" + of + "</li>\n")
	}
	fmt.Fprintf(&b, "</%s>\n", tag)
	return b.String(), nil
}

func (r *page) figure(f *Figure) (string, error) {
	caption, err := r.inlines(f.Caption)
	if err != nil {
		return "", err
	}
	number := r.known[Ref{"figure", f.Name}]
	svg, err := InlineSVG(f.SVG, "f"+strconv.Itoa(number)+"-", r.words.figure+" "+strconv.Itoa(number)+". "+Plain(f.Caption))
	if err != nil {
		return "", fmt.Errorf("figure %s: %w", f.Name, err)
	}
	return fmt.Sprintf("<figure id=\"figure-%s\">\n<div class=\"drawing\">%s</div>\n<figcaption><b>%s %d.</b> %s</figcaption>\n</figure>\n",
		f.Name, svg, r.words.figure, number, caption), nil
}

func (r *page) table(t *Table) (string, error) {
	caption, err := r.inlines(t.Caption)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if t.Plain {
		b.WriteString("<div class=\"scroll\" tabindex=\"0\"><table>\n")
	} else {
		number := r.known[Ref{"table", t.Name}]
		fmt.Fprintf(&b, "<div class=\"table\" id=\"table-%s\">\n<p class=\"caption\" id=\"caption-%s\"><b>%s %d.</b> %s</p>\n", t.Name, t.Name, r.words.table, number, caption)
		fmt.Fprintf(&b, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s %d\"><table class=\"sorts\" data-sort=\"%s\" aria-labelledby=\"caption-%s\">\n",
			r.words.table, number, r.words.sort, t.Name)
	}
	b.WriteString("<thead><tr>")
	for _, c := range t.Columns {
		head, err := r.inlines(c.Head)
		if err != nil {
			return "", err
		}
		if c.Unit != "" {
			head += " <small>" + clean(c.Unit) + "</small>"
		}
		fmt.Fprintf(&b, "<th scope=\"col\"%s>%s</th>", class(c), head)
	}
	b.WriteString("</tr></thead>\n<tbody>\n")
	for _, row := range t.Rows {
		if err := r.row(&b, t, row); err != nil {
			return "", err
		}
	}
	b.WriteString("</tbody>\n</table></div>\n")
	if !t.Plain {
		b.WriteString("</div>\n")
	}
	return b.String(), nil
}

func class(c Column) string {
	switch {
	case c.Right:
		return " class=\"r\""
	case c.Wide:
		return " class=\"w\""
	}
	return ""
}

func (r *page) row(b *strings.Builder, t *Table, row Row) error {
	switch {
	case row.Strong && row.Ruled:
		b.WriteString("<tr class=\"strong ruled\">")
	case row.Strong:
		b.WriteString("<tr class=\"strong\">")
	case row.Ruled:
		b.WriteString("<tr class=\"ruled\">")
	default:
		b.WriteString("<tr>")
	}
	for i, cell := range row.Cells {
		of, err := r.inlines(cell)
		if err != nil {
			return err
		}
		if i == 0 {
			fmt.Fprintf(b, "<th scope=\"row\"%s>%s</th>", class(t.Columns[i]), of)
		} else {
			fmt.Fprintf(b, "<td%s>%s</td>", class(t.Columns[i]), of)
		}
	}
	b.WriteString("</tr>\n")
	return nil
}

func (r *page) inlines(of []Inline) (string, error) {
	var b strings.Builder
	for _, in := range of {
		switch in := in.(type) {
		case Text:
			b.WriteString(clean(string(in)))
		case Code:
			b.WriteString("<code>" + clean(string(in)) + "</code>")
		case File:
			fmt.Fprintf(&b, "<a href=\"%s\"><code>%s</code></a>", clean((&url.URL{Path: string(in)}).String()), clean(string(in)))
		case Break:
			b.WriteString("<br>")
		case Emphasis:
			inner, err := r.inlines(in.Of)
			if err != nil {
				return "", err
			}
			tag := "em"
			if in.Strong {
				tag = "strong"
			}
			fmt.Fprintf(&b, "<%s>%s</%s>", tag, inner, tag)
		case Link:
			inner, err := r.inlines(in.Of)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&b, "<a href=\"%s\" rel=\"noreferrer\">%s</a>", clean(in.URL), inner)
		case *Number:
			b.WriteString(r.number(in))
		case Ref:
			if r.known[in] == 0 {
				return "", fmt.Errorf("reference to %s %q, which the report does not have", in.Kind, in.Name)
			}
			word := r.words.table
			if in.Kind == "figure" {
				word = r.words.figure
			}
			fmt.Fprintf(&b, "<a href=\"#%s-%s\">%s\u00a0%d</a>", in.Kind, in.Name, word, r.known[in])
		default:
			return "", fmt.Errorf("no HTML for %T", in)
		}
	}
	return b.String(), nil
}

// number is a <data> element; its title says everything about the number, a line each.
func (r *page) number(n *Number) string {
	full := strconv.FormatFloat(n.Value, 'g', -1, 64)
	if n.Unit != "" {
		full += " " + n.Unit
	}
	lines := []string{r.words.value + ": " + full}
	if n.Formula != "" {
		lines = append(lines, r.words.macro+": "+n.Formula)
	}
	for _, s := range n.Sources {
		label := Source{Metric: s.Metric, Labels: s.Labels}.String()
		lines = append(lines, strings.TrimPrefix(label, ": "), r.words.from+" "+s.From, s.Digest)
	}
	return fmt.Sprintf("<data value=\"%s\" tabindex=\"0\" title=\"%s\">%s</data>",
		clean(strconv.FormatFloat(n.Value, 'g', -1, 64)), clean(strings.Join(lines, "\n")), clean(n.Text))
}
