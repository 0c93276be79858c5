package document

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
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
	for _, block := range blocks {
		s, err := r.block(block, top)
		if err != nil {
			return "", err
		}
		b.WriteString(s)
		b.WriteByte('\n')
	}
	return b.String(), nil
}

func (r *latex) block(block Block, top bool) (string, error) {
	switch block := block.(type) {
	case Heading:
		r.led = true
		of, err := r.inlines(block.Of)
		command := [...]string{"section", "subsection", "subsubsection"}[block.Level-2]
		if block.Level == 2 {
			command = "floatsdone\n\\" + command
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
		return fmt.Sprintf("\\begin{figure}[htbp]\n\\centering\n\\fitted{\\includegraphics{figures/%s.pdf}}\n\\caption{%s}\n\\label{fig:%s}\n\\end{figure}\n",
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
	caption, err := r.inlines(t.Caption)
	if err != nil {
		return "", err
	}
	head, rows, err := r.cells(t)
	if err != nil {
		return "", err
	}
	spec := columns(t)
	if t.Plain {
		return fmt.Sprintf("\\begin{center}\\small\n\\fitted{\\begin{tabular}{%s}\n\\toprule\n%s\\midrule\n%s\\bottomrule\n\\end{tabular}}\n\\end{center}\n", spec, head, rows), nil
	}
	label := "tab:" + t.Name
	input := fmt.Sprintf("\\input{tables/%s}\n", t.Name)
	size := "\\small"
	if slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Wide }) {
		size = "\\footnotesize"
	}
	if t.long() {
		r.tables[t.Name] = fmt.Sprintf("{%s\\setlength{\\LTcapwidth}{\\linewidth}\n\\begin{longtable}{%s}\n\\caption{%s}\\label{%s}\\\\\n\\toprule\n%s\\midrule\n\\endfirsthead\n\\toprule\n%s\\midrule\n\\endhead\n\\bottomrule\n\\endfoot\n%s\\end{longtable}}\n",
			size, spec, caption, label, head, head, rows)
		return input, nil
	}
	r.tables[t.Name] = fmt.Sprintf("\\begin{tabular}{%s}\n\\toprule\n%s\\midrule\n%s\\bottomrule\n\\end{tabular}%%\n", spec, head, rows)
	return fmt.Sprintf("\\begin{table}[htbp]\n\\centering%s\n\\caption{%s}\n\\label{%s}\n\\fitted{%s}\n\\end{table}\n", size, caption, label, strings.TrimSpace(input)), nil
}

// columns is the tabular's column specification. Wide columns share the line width.
func columns(t *Table) string {
	wide, narrow := 0, 0
	for _, c := range t.Columns {
		if c.Wide {
			wide++
		} else {
			narrow++
		}
	}
	spec := "@{}"
	for _, c := range t.Columns {
		switch {
		case c.Wide:
			share := (0.93 - 0.14*float64(min(narrow, 4))) / float64(wide)
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
