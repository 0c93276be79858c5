package document

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// maxDepth bounds how deep quotes, lists and emphasis nest.
const maxDepth = 32

// Parse parses the Markdown that Expand returned. The first heading of level 1 becomes the title; there may be one only.
func (t *Template) Parse(markdown string, marks *Marks, language string) (*Document, error) {
	if len(marks.inlines) > maxMarks {
		return nil, &Error{File: t.file, Message: fmt.Sprintf("the report has more than %d numbers and names", maxMarks)}
	}
	p := &parser{t: t, source: []byte(markdown), marks: marks, ids: map[string]int{}, doc: &Document{Language: language}}
	root := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser().Parse(text.NewReader(p.source))
	blocks, err := p.blocks(root, 0)
	if err != nil {
		return nil, err
	}
	p.doc.Blocks = blocks
	if len(p.doc.Title) == 0 {
		return nil, &Error{File: t.file, Message: "the report has no title: a line `# Title` is missing"}
	}
	return p.doc, nil
}

// ParseInline parses a caption: Markdown inside one paragraph, with marks.
func ParseInline(markdown string, marks *Marks) ([]Inline, error) {
	t := &Template{file: "caption", source: markdown}
	p := &parser{t: t, source: []byte(markdown), marks: marks, ids: map[string]int{}, doc: &Document{}}
	root := goldmark.New().Parser().Parse(text.NewReader(p.source))
	blocks, err := p.blocks(root, 0)
	if err != nil {
		return nil, fmt.Errorf("caption: %s", err.(*Error).Message)
	}
	if len(blocks) == 0 {
		return nil, nil
	}
	par, ok := blocks[0].(Paragraph)
	if !ok || len(blocks) > 1 {
		return nil, fmt.Errorf("a caption is one paragraph: %q", markdown)
	}
	return par.Of, nil
}

type parser struct {
	t      *Template
	source []byte
	marks  *Marks
	ids    map[string]int
	doc    *Document
}

// wrong makes an error at the template's line that holds the text of the node, where that is found.
func (p *parser) wrong(n ast.Node, format string, args ...any) error {
	e := &Error{File: p.t.file, Message: fmt.Sprintf(format, args...)}
	excerpt := strings.TrimSpace(strings.SplitN(p.rawText(n), "\n", 2)[0])
	if excerpt == "" {
		return e
	}
	for i, line := range strings.Split(p.t.source, "\n") {
		if strings.Contains(line, excerpt) {
			e.Line = i + 1
			return e
		}
	}
	e.Message += fmt.Sprintf(" (at %.60q)", excerpt)
	return e
}

func (p *parser) rawText(n ast.Node) string {
	switch n := n.(type) {
	case *ast.RawHTML:
		if n.Segments.Len() > 0 {
			s := n.Segments.At(0)
			return string(s.Value(p.source))
		}
	case *ast.Text:
		return string(n.Segment.Value(p.source))
	}
	if n.Type() == ast.TypeBlock && n.Lines() != nil && n.Lines().Len() > 0 {
		s := n.Lines().At(0)
		return string(s.Value(p.source))
	}
	if c := n.FirstChild(); c != nil {
		return p.rawText(c)
	}
	return ""
}

func (p *parser) blocks(parent ast.Node, depth int) ([]Block, error) {
	if depth > maxDepth {
		return nil, p.wrong(parent, "nested deeper than %d", maxDepth)
	}
	var out []Block
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		b, err := p.block(n, depth)
		if err != nil {
			return nil, err
		}
		if b != nil {
			out = joined(out, b)
		}
	}
	return out, nil
}

// joined appends a block. Quotes that follow each other become one, and so do the lists in them: conditions in a template leave empty lines between.
func joined(blocks []Block, b Block) []Block {
	quote, isQuote := b.(Quote)
	if !isQuote || len(blocks) == 0 {
		return append(blocks, b)
	}
	before, ok := blocks[len(blocks)-1].(Quote)
	if !ok {
		return append(blocks, b)
	}
	for _, inner := range quote.Of {
		list, isList := inner.(List)
		if isList && len(before.Of) > 0 {
			if last, ok := before.Of[len(before.Of)-1].(List); ok && last.Ordered == list.Ordered {
				last.Items = append(last.Items, list.Items...)
				before.Of[len(before.Of)-1] = last
				continue
			}
		}
		before.Of = append(before.Of, inner)
	}
	blocks[len(blocks)-1] = before
	return blocks
}

func (p *parser) block(n ast.Node, depth int) (Block, error) {
	switch n := n.(type) {
	case *ast.Heading:
		return p.heading(n)
	case *ast.Paragraph:
		return p.paragraph(n)
	case *ast.TextBlock:
		return p.paragraph(n)
	case *ast.Blockquote:
		of, err := p.blocks(n, depth+1)
		return Quote{of}, err
	case *ast.List:
		list := List{Ordered: n.IsOrdered(), Start: n.Start}
		for item := n.FirstChild(); item != nil; item = item.NextSibling() {
			of, err := p.blocks(item, depth+1)
			if err != nil {
				return nil, err
			}
			if len(of) > 0 {
				list.Items = append(list.Items, of)
			}
		}
		if len(list.Items) == 0 {
			return nil, nil
		}
		return list, nil
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		return p.listing(n)
	case *ast.ThematicBreak:
		return Rule{}, nil
	case *extast.Table:
		return p.table(n)
	case *ast.HTMLBlock:
		return nil, p.wrong(n, "HTML is not understood here; a comment is written {{/* so */}}")
	case *ast.LinkReferenceDefinition:
		return nil, nil
	}
	return nil, p.wrong(n, "%s is not supported in reports", n.Kind())
}

func (p *parser) heading(n *ast.Heading) (Block, error) {
	of, err := p.inlines(n, 0)
	if err != nil {
		return nil, err
	}
	if n.Level == 1 {
		if len(p.doc.Title) > 0 {
			return nil, p.wrong(n, "a second title: a report has one line `# Title`, sections begin with ##")
		}
		p.doc.Title = of
		return nil, nil
	}
	if n.Level > 4 {
		return nil, p.wrong(n, "a heading of level %d: there are ##, ### and ####", n.Level)
	}
	id := Slug(Plain(of))
	p.ids[id]++
	if k := p.ids[id]; k > 1 {
		id += "-" + strconv.Itoa(k)
	}
	return Heading{n.Level, id, of}, nil
}

// paragraph is a paragraph, or the table or figure whose mark stands alone in it.
func (p *parser) paragraph(n ast.Node) (Block, error) {
	raw := strings.TrimSpace(p.lines(n))
	if i, rest, ok := cutMark(raw); ok && rest == "" && p.marks.blocks[i] != nil {
		return p.marks.blocks[i], nil
	}
	of, err := p.inlines(n, 0)
	if err != nil || len(of) == 0 {
		return nil, err
	}
	return Paragraph{of}, nil
}

func (p *parser) lines(n ast.Node) string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		s := n.Lines().At(i)
		b.Write(s.Value(p.source))
	}
	return b.String()
}

// cutMark reads a mark at the beginning of text.
func cutMark(text string) (index int, rest string, ok bool) {
	after, found := strings.CutPrefix(text, string(markOpen))
	if !found {
		return 0, text, false
	}
	digits, rest, found := strings.Cut(after, string(markClose))
	index, err := strconv.Atoi(digits)
	return index, rest, found && err == nil
}

func (p *parser) listing(n ast.Node) (Block, error) {
	text := strings.TrimRight(p.lines(n), "\n")
	if strings.ContainsRune(text, markOpen) {
		expanded, err := p.unmark(n, text)
		if err != nil {
			return nil, err
		}
		text = Plain(expanded)
	}
	return Listing{strings.Split(strings.ReplaceAll(text, "\t", "    "), "\n")}, nil
}

func (p *parser) table(n *extast.Table) (Block, error) {
	t := &Table{Plain: true}
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		var cells [][]Inline
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			of, err := p.inlines(cell, 0)
			if err != nil {
				return nil, err
			}
			cells = append(cells, of)
		}
		if row.Kind() == extast.KindTableHeader {
			for i, c := range cells {
				right := i < len(n.Alignments) && n.Alignments[i] == extast.AlignRight
				t.Columns = append(t.Columns, Column{Head: c, Right: right, Wide: !right && len(cells) < 4})
			}
			continue
		}
		for len(cells) < len(t.Columns) {
			cells = append(cells, nil)
		}
		t.Rows = append(t.Rows, Row{Cells: cells[:len(t.Columns)]})
	}
	return t, nil
}

func (p *parser) inlines(parent ast.Node, depth int) ([]Inline, error) {
	if depth > maxDepth {
		return nil, p.wrong(parent, "emphasis nested deeper than %d", maxDepth)
	}
	var out []Inline
	var pending strings.Builder // adjacent text nodes are one text
	flush := func(n ast.Node) error {
		if pending.Len() == 0 {
			return nil
		}
		of, err := p.unmark(n, pending.String())
		pending.Reset()
		out = append(out, of...)
		return err
	}
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if t, ok := n.(*ast.Text); ok {
			pending.Write(unescaped(t, p.source))
			if t.HardLineBreak() {
				if err := flush(n); err != nil {
					return nil, err
				}
				out = append(out, Break{})
			} else if t.SoftLineBreak() {
				pending.WriteByte(' ')
			}
			continue
		}
		if s, ok := n.(*ast.String); ok {
			pending.Write(s.Value)
			continue
		}
		if err := flush(n); err != nil {
			return nil, err
		}
		in, err := p.inline(n, depth)
		if err != nil {
			return nil, err
		}
		out = append(out, in)
	}
	return out, flush(parent)
}

func (p *parser) inline(n ast.Node, depth int) (Inline, error) {
	switch n := n.(type) {
	case *ast.Emphasis:
		of, err := p.inlines(n, depth+1)
		return Emphasis{n.Level > 1, of}, err
	case *ast.CodeSpan:
		of, err := p.inlines(n, depth+1)
		return Code(Plain(of)), err
	case *ast.Link:
		of, err := p.inlines(n, depth+1)
		if err != nil {
			return nil, err
		}
		return p.link(n, string(n.Destination), of)
	case *ast.AutoLink:
		address := string(n.URL(p.source))
		return p.link(n, address, []Inline{Code(address)})
	case *ast.Image:
		return nil, p.wrong(n, "pictures come from stages: use {{figure INPUT NAME CAPTION}}")
	case *ast.RawHTML:
		return nil, p.wrong(n, "HTML is not understood here; a comment is written {{/* so */}}")
	}
	return nil, p.wrong(n, "%s is not supported in reports", n.Kind())
}

// link accepts what a reader can follow from paper too.
func (p *parser) link(n ast.Node, address string, of []Inline) (Inline, error) {
	u, err := url.Parse(address)
	if err != nil || strings.ContainsRune(address, markOpen) || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "mailto" {
		return nil, p.wrong(n, "the link %.80q must be a whole http, https or mailto address", address)
	}
	return Link{u.String(), of}, nil
}

// unmark splits text at its marks.
func (p *parser) unmark(n ast.Node, s string) ([]Inline, error) {
	var out []Inline
	for s != "" {
		if i := strings.IndexRune(s, markOpen); i != 0 {
			if i < 0 {
				i = len(s)
			}
			out = append(out, Text(s[:i]))
			s = s[i:]
			continue
		}
		index, rest, ok := cutMark(s)
		if !ok || index < 0 || index >= len(p.marks.inlines) {
			return nil, p.wrong(n, "a number or name is broken apart by the markup around it")
		}
		if p.marks.blocks[index] != nil {
			return nil, p.wrong(n, "a table or figure stands inside a paragraph: give it a line of its own, with an empty line before and after")
		}
		if in := p.marks.inlines[index]; in != Text("") {
			out = append(out, in)
		}
		s = rest
	}
	return out, nil
}

// unescaped is a text node's text with backslash escapes and entities resolved (raw text, as in code spans, is left alone).
func unescaped(t *ast.Text, source []byte) []byte {
	value := t.Segment.Value(source)
	if t.IsRaw() {
		return value
	}
	return resolve(value)
}

// Slug makes a name for anchors, labels and files: lower-case ASCII letters, digits and single hyphens; never empty.
func Slug(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(fold(s)) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		} else if b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
			b.WriteByte('-')
		}
		if b.Len() >= 60 {
			break
		}
	}
	if slug := strings.Trim(b.String(), "-"); slug != "" {
		return slug
	}
	return "x"
}
