// Package document turns a report's template into a page and a paper: Markdown with Go text/template actions goes in, one small tree
// of blocks comes out, and two renderers write it as self-contained HTML and as LaTeX with the same content.
//
//	template --Expand--> Markdown with marks --Parse--> []Block --HTML, LaTeX--> files
//
// What template functions insert (numbers, names from the data, tables, figures, references) never passes through Markdown as text: it
// is kept in Marks and stands in the Markdown as a private-use mark, so that a column called "a_b*c" or a file called "50%_{x}.pcap" cannot
// become markup. The Markdown understood is what reports need (headings, paragraphs, emphasis, code, links, lists, quotes, pipe tables,
// rules); anything else is an error, not a surprise on paper.
//
// The package knows nothing about metrics or stages: which functions a template has and what a number is worth is the business of its caller.
package document

import "strings"

// Document is a whole report.
type Document struct {
	Title    []Inline
	Language string // "en", "pt", "es"
	Blocks   []Block
}

// Block is Heading, Paragraph, List, Quote, Listing, Rule, *Table or *Figure.
type Block interface{ block() }

// Inline is Text, Emphasis, Code, Link, File, Break, *Number or Ref.
type Inline interface{ inline() }

// Heading is a section's title; Level is 2 to 4 (1 is the document's own title and is not a block).
type Heading struct {
	Level int
	ID    string // unique in the document: letters, digits and hyphens
	Of    []Inline
}

// Paragraph is running text.
type Paragraph struct{ Of []Inline }

// List is a list of items, each a sequence of blocks.
type List struct {
	Ordered bool
	Start   int
	Items   [][]Block
}

// Quote is a block quotation. The document's first one, when it comes before any section, is what was found: renderers give it the first place.
type Quote struct{ Of []Block }

// Listing is preformatted text.
type Listing struct{ Lines []string }

// Rule separates.
type Rule struct{}

// Table is a table with a caption. Name is its label and its file's name: letters, digits and hyphens, unique among tables.
type Table struct {
	Name    string
	Caption []Inline
	Columns []Column
	Rows    []Row
	Plain   bool // no caption, no number, no file of its own: a pipe table written in the template
}

// Column is one column of a table; the unit stands under its head.
type Column struct {
	Head  []Inline
	Unit  string
	Right bool // numbers
	Wide  bool // text that may wrap; shares the width that is left
}

// Row is one row of a table, a cell per column.
type Row struct {
	Cells  [][]Inline
	Strong bool // the row to look at
	Ruled  bool // a thin rule above: another group begins
}

// Figure is a drawing with a caption. Name is its label and the name of figures/NAME.pdf and .svg: letters, digits and hyphens.
type Figure struct {
	Name    string
	Caption []Inline
	SVG     []byte // inlined in HTML, see InlineSVG
}

// Text is plain text in Unicode.
type Text string

// Emphasis is stressed text.
type Emphasis struct {
	Strong bool
	Of     []Inline
}

// Code is text in a typewriter face: names, options, digests.
type Code string

// File leads to a file beside the page, by its slash-separated path; on paper it is the path.
type File string

// Link leads to an absolute URL (http, https, mailto).
type Link struct {
	URL string
	Of  []Inline
}

// Break is a forced line break.
type Break struct{}

// Ref is a reference to a table or figure by kind ("table", "figure") and name.
type Ref struct{ Kind, Name string }

// Number is a number on the page that knows where it comes from.
type Number struct {
	Text    string  // as printed, in the document's language, with its unit unless a table's head has it
	Value   float64 // in Unit; what a table is sorted by
	Unit    string
	Sources []Source
	Formula string // how Value follows from several sources; empty when it is the only source's value
	Name    string // words for the macro's name: "forecast demo rmse naive"

	Interval *[2]float64 // low and high, where there are
	Count    int64       // how many values it summarises; 0 when that is not known

	macro string // letters only; set by the LaTeX renderer
}

// Source is one value of an artifact.
type Source struct {
	Capture string // the key of for_each, empty without
	From    string // the reference in the pipeline: evaluate.forecast["demo"].metrics
	Digest  string // sha256:...
	Metric  string
	Labels  []string // key, value, key, value; sorted by key
}

// String names the source in one line: evaluate.forecast["demo"].metrics: rmse{model=naive}.
func (s Source) String() string {
	var b strings.Builder
	b.WriteString(s.From + ": " + s.Metric)
	for i := 0; i+1 < len(s.Labels); i += 2 {
		b.WriteString(map[bool]string{true: "{", false: ", "}[i == 0] + s.Labels[i] + "=" + s.Labels[i+1])
	}
	if len(s.Labels) > 0 {
		b.WriteString("}")
	}
	return b.String()
}

func (Heading) block()   {}
func (Paragraph) block() {}
func (List) block()      {}
func (Quote) block()     {}
func (Listing) block()   {}
func (Rule) block()      {}
func (*Table) block()    {}
func (*Figure) block()   {}

func (Text) inline()     {}
func (Emphasis) inline() {}
func (Code) inline()     {}
func (Link) inline()     {}
func (Break) inline()    {}
func (File) inline()     {}
func (*Number) inline()  {}
func (Ref) inline()      {}

// Plain writes inlines as text without any markup, references as nothing.
func Plain(of []Inline) string {
	text := ""
	for _, in := range of {
		switch in := in.(type) {
		case Text:
			text += string(in)
		case Code:
			text += string(in)
		case File:
			text += string(in)
		case Emphasis:
			text += Plain(in.Of)
		case Link:
			text += Plain(in.Of)
		case Break:
			text += " "
		case *Number:
			text += in.Text
		}
	}
	return text
}

// Walk calls each for every inline of the document in the order of appearance: title, then blocks; inside a table caption first, then heads, then rows.
func (d *Document) Walk(each func(Inline)) {
	walkInlines(d.Title, each)
	walkBlocks(d.Blocks, each)
}

func walkBlocks(blocks []Block, each func(Inline)) {
	for _, b := range blocks {
		switch b := b.(type) {
		case Heading:
			walkInlines(b.Of, each)
		case Paragraph:
			walkInlines(b.Of, each)
		case Quote:
			walkBlocks(b.Of, each)
		case List:
			for _, item := range b.Items {
				walkBlocks(item, each)
			}
		case *Table:
			walkInlines(b.Caption, each)
			for _, c := range b.Columns {
				walkInlines(c.Head, each)
			}
			for _, r := range b.Rows {
				for _, cell := range r.Cells {
					walkInlines(cell, each)
				}
			}
		case *Figure:
			walkInlines(b.Caption, each)
		}
	}
}

func walkInlines(of []Inline, each func(Inline)) {
	for _, in := range of {
		each(in)
		switch in := in.(type) {
		case Emphasis:
			walkInlines(in.Of, each)
		case Link:
			walkInlines(in.Of, each)
		}
	}
}

// Numbers lists the numbers of the document in the order of their first appearance, each once.
func (d *Document) Numbers() []*Number {
	var list []*Number
	seen := map[*Number]bool{}
	d.Walk(func(in Inline) {
		if n, ok := in.(*Number); ok && !seen[n] {
			seen[n] = true
			list = append(list, n)
		}
	})
	return list
}

// Findings are the sentences of the first quote, as plain text: its list items, or its paragraphs.
func (d *Document) Findings() []string {
	for _, b := range d.Blocks {
		switch b := b.(type) {
		case Heading:
			return nil
		case Quote:
			return sentences(b.Of)
		}
	}
	return nil
}

func sentences(blocks []Block) (list []string) {
	for _, b := range blocks {
		switch b := b.(type) {
		case Paragraph:
			list = append(list, Plain(b.Of))
		case List:
			for _, item := range b.Items {
				list = append(list, sentences(item)...)
			}
		}
	}
	return list
}

// order numbers tables and figures from 1 in the order of appearance.
func (d *Document) order() map[Ref]int {
	numbers := map[Ref]int{}
	tables, figures := 0, 0
	var visit func([]Block)
	visit = func(blocks []Block) {
		for _, b := range blocks {
			switch b := b.(type) {
			case *Table:
				if !b.Plain {
					tables++
					numbers[Ref{"table", b.Name}] = tables
				}
			case *Figure:
				figures++
				numbers[Ref{"figure", b.Name}] = figures
			case Quote:
				visit(b.Of)
			case List:
				for _, item := range b.Items {
					visit(item)
				}
			}
		}
	}
	visit(d.Blocks)
	return numbers
}
