package document

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

//go:embed preamble.tex
var preamble string

// Paper is a document as LaTeX: report.tex reads numbers.tex, tables/*.tex and figures/*.pdf from beside it.
type Paper struct {
	Main    string
	Numbers string
	Tables  map[string]string // by name, without .tex
}

// LaTeX renders the document for pdfLaTeX (article, and of packages only what a small TeX installation has).
func (d *Document) LaTeX() (*Paper, error) {
	r := &latex{d: d, macros: map[string]string{}, tables: map[string]string{}, known: d.order()}
	numbers := r.numbers()
	title, err := r.inlines(d.Title)
	if err != nil {
		return nil, err
	}
	body, err := r.blocks(d.Blocks, true)
	if err != nil {
		return nil, err
	}
	babel := map[string]string{"en": "english", "pt": "brazilian", "es": "spanish,es-noshorthands,es-tabla"}[d.Language]
	if babel == "" {
		return nil, fmt.Errorf("no LaTeX for language %q", d.Language)
	}
	main := strings.NewReplacer("%%BABEL%%", babel, "%%TITLE%%", title, "%%PDFTITLE%%", EscapeTeX(Plain(d.Title)), "%%BODY%%", strings.TrimRight(body, "\n")).Replace(preamble)
	return &Paper{main, numbers, r.tables}, nil
}

type latex struct {
	d      *Document
	macros map[string]string // name -> definition
	tables map[string]string
	known  map[Ref]int
	led    bool // the findings are written
}

// numbers gives each number its macro and writes their definitions. Two numbers share a macro when nothing tells them apart.
func (r *latex) numbers() string {
	var b strings.Builder
	b.WriteString("% The numbers of the report, by metric and labels. Written by weir: change the template, not this file.\n")
	for _, n := range r.d.Numbers() {
		text := EscapeTeX(n.Text)
		base := MacroName(n.Name)
		if len(base) > 180 {
			base = base[:180]
		}
		name := base
		for i := 0; ; i++ {
			if i > 0 {
				name = base + "X" + letters(i-1)
			}
			same := text + "\x00" + n.Formula + "\x00" + fmt.Sprint(n.Sources)
			if was, taken := r.macros[name]; !taken {
				r.macros[name] = same
				fmt.Fprintf(&b, "\\newcommand{\\%s}{%s}", name, text)
				for _, s := range n.Sources {
					fmt.Fprintf(&b, " %% %s", comment(s.String()))
				}
				b.WriteByte('\n')
				break
			} else if was == same {
				break
			}
		}
		n.macro = name
	}
	return b.String()
}

// comment makes text fit in a TeX comment: one line.
func comment(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c == 0x85 || c == 0x2028 || c == 0x2029 {
			return ' '
		}
		return c
	}, s)
}

func (r *latex) blocks(blocks []Block, top bool) (string, error) {
	var b strings.Builder
	for i := 0; i < len(blocks); i++ {
		var s string
		var err error
		if left, right := pair(blocks[i:]); left != nil {
			s, err = r.beside(left, right)
			i++
		} else {
			s, err = r.block(blocks[i], top)
		}
		if err != nil {
			return "", err
		}
		b.WriteString(s)
		b.WriteByte('\n')
	}
	return b.String(), nil
}

// pair are the first two blocks when they are tables that fit beside each other.
func pair(blocks []Block) (left, right *Table) {
	if len(blocks) < 2 {
		return nil, nil
	}
	left, _ = blocks[0].(*Table)
	right, _ = blocks[1].(*Table)
	if left == nil || right == nil || left.Plain || right.Plain || left.long() || right.long() || left.width()+right.width() > lineWidth {
		return nil, nil
	}
	return left, right
}

// lineWidth is what fits in a line of tables, in characters of their size.
const lineWidth = 98

// width is about how wide a table is, in characters; a column that wraps takes all there is.
func (t *Table) width() int {
	width := 0
	for i, c := range t.Columns {
		if c.Wide {
			return lineWidth
		}
		most := max(utf8.RuneCountInString(Plain(c.Head)), utf8.RuneCountInString(c.Unit))
		for _, row := range t.Rows {
			if i < len(row.Cells) {
				most = max(most, utf8.RuneCountInString(Plain(row.Cells[i])))
			}
		}
		width += most + 2
	}
	return width
}

// beside puts two tables into one line.
func (r *latex) beside(left, right *Table) (string, error) {
	var b strings.Builder
	b.WriteString("\\begin{table}[htbp]\\setlength{\\tabcolsep}{4pt}\n")
	share := 0.97 * float64(left.width()) / float64(left.width()+right.width())
	share = min(max(share, 0.36), 0.61)
	for i, t := range []*Table{left, right} {
		inside, err := r.inside(t)
		if err != nil {
			return "", err
		}
		if i == 1 {
			b.WriteString("\\hfill\n")
			share = 0.97 - share
		}
		fmt.Fprintf(&b, "\\begin{minipage}[t]{%.2f\\linewidth}\n%s\\end{minipage}", share, inside)
	}
	b.WriteString("\n\\end{table}\n")
	return b.String(), nil
}

func (r *latex) block(block Block, top bool) (string, error) {
	switch block := block.(type) {
	case Heading:
		r.led = true
		of, err := r.inlines(block.Of)
		command := [...]string{"section", "subsection", "subsubsection"}[block.Level-2]
		if command == "section" {
			command = "settled\n\\section"
		}
		return fmt.Sprintf("\\%s{\\texorpdfstring{%s}{%s}}\n", command, of, EscapeTeX(Plain(block.Of))), err
	case Paragraph:
		of, err := r.inlines(block.Of)
		return of + "\n", err
	case Quote:
		environment := "quote"
		if top && !r.led {
			environment, r.led = "findings", true
		}
		of, err := r.blocks(block.Of, false)
		return fmt.Sprintf("\\begin{%s}\n%s\\end{%s}\n", environment, of, environment), err
	case List:
		return r.list(block)
	case Listing:
		var b strings.Builder
		b.WriteString("\\begin{listing}\n")
		for _, line := range block.Lines {
			b.WriteString(strings.ReplaceAll(texCode(line), " ", "~") + "\\par\n")
		}
		b.WriteString("\\end{listing}\n")
		return b.String(), nil
	case Rule:
		return "\\medskip\\noindent\\hfil\\rule{4em}{0.4pt}\\hfil\\medskip\n", nil
	case *Table:
		return r.table(block)
	case *Figure:
		caption, err := r.inlines(block.Caption)
		return fmt.Sprintf("\\begin{figure}[htbp]\n\\centering\\fitted{\\includegraphics[scale=0.95]{figures/%s.pdf}}\n\\caption{%s}\n\\label{fig:%s}\n\\end{figure}\n",
			block.Name, caption, block.Name), err
	}
	return "", fmt.Errorf("no LaTeX for %T", block)
}

func (r *latex) list(l List) (string, error) {
	environment := "itemize"
	if l.Ordered {
		environment = "enumerate"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\\begin{%s}\n", environment)
	if l.Ordered && l.Start > 1 {
		fmt.Fprintf(&b, "\\setcounter{enumi}{%d}\n", l.Start-1)
	}
	for _, item := range l.Items {
		of, err := r.blocks(item, false)
		if err != nil {
			return "", err
		}
		b.WriteString("\\item{} " + strings.TrimRight(of, "\n") + "\n")
	}
	fmt.Fprintf(&b, "\\end{%s}\n", environment)
	return b.String(), nil
}

// long says that a table may need more than a page: many rows, or fewer that wrap.
func (t *Table) long() bool {
	return len(t.Rows) >= 30 || len(t.Rows) >= 10 && slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Wide })
}

func (r *latex) table(t *Table) (string, error) {
	if t.Plain {
		head, rows, err := r.cells(t)
		return fmt.Sprintf("\\begin{center}\\small\n\\fitted{\\begin{tabular}{%s}\n\\toprule\n%s\\midrule\n%s\\bottomrule\n\\end{tabular}}\n\\end{center}\n", columns(t), head, rows), err
	}
	if t.long() {
		return r.longTable(t)
	}
	inside, err := r.inside(t)
	return "\\begin{table}[htbp]\n" + inside + "\\end{table}\n", err
}

// size is how large a table's text is.
func (t *Table) size() string {
	if slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Wide }) {
		return "\\fontsize{6.5}{8.5}\\selectfont\\setlength{\\tabcolsep}{3pt}"
	}
	if len(t.Rows) > 15 {
		return "\\footnotesize"
	}
	return "\\small"
}

// inside writes a table into its file and returns what shows it with its caption.
func (r *latex) inside(t *Table) (string, error) {
	caption, err := r.inlines(t.Caption)
	if err != nil {
		return "", err
	}
	head, rows, err := r.cells(t)
	if err != nil {
		return "", err
	}
	r.tables[t.Name] = fmt.Sprintf("\\begin{tabular}{%s}\n\\toprule\n%s\\midrule\n%s\\bottomrule\n\\end{tabular}%%\n", columns(t), head, rows)
	return fmt.Sprintf("\\centering%s\n\\caption{%s}\n\\label{tab:%s}\n\\fitted{\\input{tables/%s}}\n", t.size(), caption, t.Name, t.Name), nil
}

// longTable writes a table that breaks across pages into its file.
func (r *latex) longTable(t *Table) (string, error) {
	caption, err := r.inlines(t.Caption)
	if err != nil {
		return "", err
	}
	head, rows, err := r.cells(t)
	if err != nil {
		return "", err
	}
	r.tables[t.Name] = fmt.Sprintf("{%s\\setlength{\\LTcapwidth}{\\linewidth}\n\\begin{longtable}{%s}\n\\caption{%s}\\label{tab:%s}\\\\\n\\toprule\n%s\\midrule\n\\endfirsthead\n\\toprule\n%s\\midrule\n\\endhead\n\\bottomrule\n\\endfoot\n%s\\end{longtable}}\n",
		t.size(), columns(t), caption, t.Name, head, head, rows)
	return fmt.Sprintf("\\input{tables/%s}\n", t.Name), nil
}

// columns is the tabular's column specification. Wide columns share the line width by what they hold.
func columns(t *Table) string {
	narrow, all := 0, 0
	longest := make([]int, len(t.Columns))
	for i, c := range t.Columns {
		if !c.Wide {
			narrow++
			continue
		}
		longest[i] = 8
		for _, row := range t.Rows {
			if i < len(row.Cells) {
				longest[i] = max(longest[i], utf8.RuneCountInString(Plain(row.Cells[i])))
			}
		}
		all += longest[i]
	}
	spec := "@{}"
	for i, c := range t.Columns {
		switch {
		case c.Wide:
			share := (0.98 - 0.14*float64(min(narrow, 4))) * float64(longest[i]) / float64(all)
			spec += fmt.Sprintf(">{\\raggedright\\arraybackslash}p{%.2f\\linewidth}", share)
		case c.Right:
			spec += "r"
		default:
			spec += "l"
		}
	}
	return spec + "@{}"
}

func (r *latex) cells(t *Table) (head, rows string, err error) {
	var heads, units []string
	hasUnits := false
	for _, c := range t.Columns {
		of, err := r.inlines(c.Head)
		if err != nil {
			return "", "", err
		}
		if c.Right && of != "" {
			of = "\\multicolumn{1}{r@{}}{" + of + "}"
			if len(heads)+1 < len(t.Columns) {
				of = strings.Replace(of, "{r@{}}", "{r}", 1)
			}
		}
		heads = append(heads, of)
		unit := ""
		if c.Unit != "" {
			unit = "\\footnotesize " + EscapeTeX(c.Unit)
			hasUnits = true
		}
		units = append(units, unit)
	}
	head = strings.Join(heads, " & ") + " \\\\\n"
	if hasUnits {
		head += strings.Join(units, " & ") + " \\\\\n"
	}
	var b strings.Builder
	for i, row := range t.Rows {
		if row.Ruled && i > 0 {
			b.WriteString("\\midrule\n")
		}
		for j, cell := range row.Cells {
			of, err := r.inlines(cell)
			if err != nil {
				return "", "", err
			}
			if row.Strong && of != "" {
				of = "\\textbf{" + of + "}"
			}
			if j > 0 {
				b.WriteString(" & ")
			} else {
				b.WriteString("\\relax{}") // a cell may begin with a bracket or a star, which the row's end before it would swallow
			}
			b.WriteString(of)
		}
		b.WriteString(" \\\\\n")
	}
	return head, b.String(), nil
}

func (r *latex) inlines(of []Inline) (string, error) {
	var b strings.Builder
	for _, in := range of {
		switch in := in.(type) {
		case Text:
			b.WriteString(EscapeTeX(string(in)))
		case Emphasis:
			inner, err := r.inlines(in.Of)
			if err != nil {
				return "", err
			}
			command := "emph"
			if in.Strong {
				command = "textbf"
			}
			fmt.Fprintf(&b, "\\%s{%s}", command, inner)
		case Code:
			b.WriteString(texCode(string(in)))
		case File:
			b.WriteString(texCode(string(in)))
		case Link:
			inner, err := r.inlines(in.Of)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&b, "\\href{%s}{%s}", texAddress(in.URL), inner)
		case Break:
			b.WriteString("\\newline{}")
		case *Number:
			b.WriteString("\\" + in.macro + "{}")
		case Ref:
			if r.known[in] == 0 {
				return "", fmt.Errorf("reference to %s %q, which the report does not have", in.Kind, in.Name)
			}
			name, prefix := "tablename", "tab"
			if in.Kind == "figure" {
				name, prefix = "figurename", "fig"
			}
			fmt.Fprintf(&b, "\\%s~\\ref{%s:%s}", name, prefix, in.Name)
		default:
			return "", fmt.Errorf("no LaTeX for %T", in)
		}
	}
	return b.String(), nil
}
