package document

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"text/template"
)

// render takes Markdown without actions all the way.
func render(markdown string, marks *Marks) (page string, paper *Paper, err error) {
	t, err := New("t.md", markdown, template.FuncMap{})
	if err != nil {
		return "", nil, err
	}
	text, err := t.Expand(template.FuncMap{}, nil)
	if err != nil {
		return "", nil, err
	}
	doc, err := t.Parse(text, marks, "pt")
	if err != nil {
		return "", nil, err
	}
	html, err := doc.HTML()
	if err != nil {
		return "", nil, err
	}
	paper, err = doc.LaTeX()
	return string(html), paper, err
}

func TestMarkdown(t *testing.T) {
	page, paper, err := render("# Um *título* & mais\n\n> - achado um\n\n\n> - achado dois\n\n## Seção 100%\n\nTexto `a_b%c` e [um elo](https://example.org/a_b?x=1&y=2%25), <https://example.org>.  \nLinha.\n\n3. três\n4. quatro\n\n| a | b |\n|---|--:|\n| x | 1 |\n\n```\ncode \\end{document}\n```\n\n---\n", &Marks{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<h1>Um <em>título</em> &amp; mais</h1>", `<div class="findings">`, "<li>achado um</li>\n<li>achado dois</li>", `<h2 id="secao-100">`, "<code>a_b%c</code>",
		`<a href="https://example.org/a_b?x=1&amp;y=2%25"`, "<br>", `<ol start="3">`, `<td class="r">1</td>`, "code \\end{document}", "<hr>"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in the page", want)
		}
	}
	for _, want := range []string{`\begin{findings}`, "\\item{} achado um\n\\item{} achado dois", `\section{\texorpdfstring{Seção 100\%}{Seção 100\%}}`, `\href{https://example.org/a\_b?x=1\&y=2\%25}{um elo}`, `\setcounter{enumi}{2}`, `\textbackslash{}\allowbreak{}end\{`} {
		if !strings.Contains(paper.Main, want) {
			t.Errorf("no %q in the paper:\n%s", want, paper.Main)
		}
	}
}

func TestUnsupported(t *testing.T) {
	for markdown, want := range map[string]string{
		"# T\n\n<b>x</b>":                 "t.md:3: HTML is not understood",
		"# T\n\n<div>\nx\n</div>":         "t.md:3: HTML is not understood",
		"# T\n\ntext ![x](y.png)":         "t.md:3: pictures come from stages",
		"# T\n\n# U":                      "t.md:3: a second title",
		"text":                            "no title",
		"# T\n\n[x](javascript:alert(1))": "whole http",
		"# T\n\n##### x":                  "level 5",
		"# T\n\n\x07":                     "t.md:3:1: character U+0007",
		"# T\n\n\ue000":                   "t.md:3:1: character U+E000",
		"# T {{":                          "t.md:1: ",
		"# T {{nothing}}":                 `t.md:1: function "nothing" not defined`,
	} {
		_, _, err := render(markdown, &Marks{})
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", markdown, err, want)
		}
	}
}

// Names out of the data are never markup.
func TestMarks(t *testing.T) {
	marks := &Marks{}
	evil := `*a*_b_<script>\end{document}%$[x](http://y)` + "`|"
	markdown := "# T\n\nx " + marks.Inline(Text(evil)) + " y *" + marks.Inline(Text(evil)) + "* `" + marks.Inline(Text(evil)) + "`"
	tmpl, _ := New("t.md", "# T", nil)
	doc, err := tmpl.Parse(markdown, marks, "en")
	if err != nil {
		t.Fatal(err)
	}
	par := doc.Blocks[0].(Paragraph)
	if par.Of[1] != Text(evil) || Plain(par.Of[3:4]) != evil || Plain(par.Of[5:6]) != evil {
		t.Errorf("%#v", par.Of)
	}
	page, err := doc.HTML()
	if err != nil || bytes.Contains(page[bytes.Index(page, []byte("<main>")):bytes.Index(page, []byte("</main>"))], []byte("<script")) {
		t.Error("markup from the data", err)
	}
	paper, err := doc.LaTeX()
	if err != nil || strings.Count(paper.Main, `\end{document}`) != 1 {
		t.Error("a command from the data", err)
	}
}

func TestMacrosAreUnique(t *testing.T) {
	n := func(text, name string) *Number {
		return &Number{Text: text, Name: name, Sources: []Source{{From: name}}}
	}
	d := &Document{Language: "en", Title: []Inline{Text("t")}, Blocks: []Block{Paragraph{[]Inline{n("1", "a b"), n("2", "a_b"), n("1", "a b"), n("3", "A b")}}}}
	paper, err := d.LaTeX()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(paper.Numbers, `\newcommand`); got != 3 {
		t.Errorf("%d macros:\n%s", got, paper.Numbers)
	}
	if !strings.Contains(paper.Main, `\weirAB{}\weirABXA{}\weirAB{}\weirABXB{}`) {
		t.Error(paper.Main)
	}
}

func TestInlineSVG(t *testing.T) {
	const good = `<?xml version="1.0"?><!-- x --><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="10cm" height="5cm"><defs><path id="p"/></defs><use xlink:href="#p" fill="url(#p)"/><text>a &lt; b</text></svg>`
	got, err := InlineSVG([]byte(good), "f1-", `Figure "1"`)
	want := `<svg viewBox="0 0 10 5" role="img" aria-label="Figure &#34;1&#34;"><defs><path id="f1-p"></path></defs><use href="#f1-p" fill="url(#f1-p)"></use><text>a &lt; b</text></svg>`
	if err != nil || got != want {
		t.Errorf("%v\n%s\n%s", err, got, want)
	}
	for _, bad := range []string{"", "text", "<svg>", "<html></html>", "<svg><script/></svg>", `<svg onload="x()"/>`, `<svg><image href="http://x/y.png"/></svg>`, `<svg><rect fill="url(http://x)"/></svg>`,
		"<svg><style>a{}</style></svg>", "<svg><foreignObject/></svg>", "<svg/><svg/>", `<svg><a href="javascript:x"/></svg>`, "</svg>", `<svg><rect style="background:url( 'http://x')"/></svg>`} {
		if _, err := InlineSVG([]byte(bad), "", ""); err == nil {
			t.Errorf("no error for %s", bad)
		}
	}
}

// Whatever a template says, there is a document or an error, the page is well-formed enough to have no markup from text, and the paper's braces balance.
func FuzzDocument(f *testing.F) {
	f.Add("# T\n\n> - a\n\n## b\n\n| a | b |\n|---|--:|\n| `x` | *1* |\n")
	f.Add("# T\n\n1. a\n   - b\n\n     c\n\n[x](http://y_z%) <http://a>\n\n    code\n")
	f.Add("# &#xE000;0&#xE001; &amp; \\* \\_")
	f.Fuzz(func(t *testing.T, markdown string) {
		if strings.Contains(markdown, "{{") || len(markdown) > 4096 {
			return
		}
		page, paper, err := render(markdown, &Marks{})
		if err != nil {
			return
		}
		body := page[strings.Index(page, "<main>"):strings.Index(page, "</main>")]
		for _, tag := range []string{"<script", "<style", "<iframe", "javascript:"} {
			if strings.Contains(body, tag) && !strings.Contains(markdown, "javascript:") {
				t.Fatalf("%s in %s", tag, body)
			}
		}
		for name, tex := range paper.Tables {
			if !balanced(tex) {
				t.Fatalf("table %s: %s", name, tex)
			}
		}
		if !balanced(paper.Main) || strings.Count(paper.Main, `\end{document}`) != 1 {
			t.Fatalf("%s", paper.Main)
		}
	})
}

func balanced(tex string) bool {
	depth := 0
	for i := 0; i < len(tex); i++ {
		switch tex[i] {
		case '\\':
			i++
		case '{':
			depth++
		case '}':
			if depth--; depth < 0 {
				return false
			}
		}
	}
	return depth == 0
}

func FuzzInlineSVG(f *testing.F) {
	f.Add([]byte(`<svg width="1" height="2"><g id="a"><rect fill="url(#a)"/></g></svg>`))
	f.Add([]byte(`<svg><![CDATA[<script>]]></svg>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := InlineSVG(data, "f-", "label")
		if err != nil {
			return
		}
		d := xml.NewDecoder(strings.NewReader(out))
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%v in %s", err, out)
			}
			if e, ok := token.(xml.StartElement); ok && !svgElements[e.Name.Local] {
				t.Fatalf("<%s> in %s", e.Name.Local, out)
			}
		}
	})
}

// Two small tables that follow each other share a line on paper; what is too wide for that, or stands alone, does not.
func TestPair(t *testing.T) {
	table := func(name string, columns int) *Table {
		t := &Table{Name: name, Caption: []Inline{Text(name)}}
		row := Row{}
		for range columns {
			t.Columns = append(t.Columns, Column{Head: []Inline{Text("eight ch")}, Right: true})
			row.Cells = append(row.Cells, []Inline{Text("1.234")})
		}
		t.Rows = []Row{row, row}
		return t
	}
	for _, c := range []struct {
		blocks []Block
		shared int
	}{
		{[]Block{table("a", 3), table("b", 4)}, 1},
		{[]Block{table("a", 3), table("b", 9)}, 0},
		{[]Block{table("a", 3), Paragraph{[]Inline{Text("then")}}, table("b", 4)}, 0},
		{[]Block{table("a", 3), table("b", 4), table("c", 4)}, 1},
	} {
		paper, err := (&Document{Title: []Inline{Text("t")}, Language: "en", Blocks: c.blocks}).LaTeX()
		if err != nil {
			t.Fatal(err)
		}
		_, body, _ := strings.Cut(paper.Main, "\\begin{document}")
		if got := strings.Count(body, "\\hfill"); got != c.shared {
			t.Errorf("%d lines shared, expected %d:\n%s", got, c.shared, body)
		}
		if len(paper.Tables) < 2 || strings.Count(body, "\\input{tables/") != len(paper.Tables) {
			t.Errorf("%d tables in files, %d in the paper", len(paper.Tables), strings.Count(body, "\\input{tables/"))
		}
	}
}
