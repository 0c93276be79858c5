package document

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"text/template"
	"unicode/utf8"
)

// Bounds of a template and of what it expands to.
const (
	MaxTemplate = 1 << 20
	maxExpanded = 32 << 20
	maxMarks    = 1 << 20
)

// A mark in Markdown is markOpen, the decimal index of what it stands for, markClose. Private-use characters, which templates may not contain.
const (
	markOpen  = '\uE000'
	markClose = '\uE001'
)

// Marks keeps what template functions inserted while the Markdown is parsed.
type Marks struct {
	inlines []Inline
	blocks  map[int]Block
}

// Inline returns the mark for an inline.
func (m *Marks) Inline(in Inline) string {
	m.inlines = append(m.inlines, in)
	return string(markOpen) + strconv.Itoa(len(m.inlines)-1) + string(markClose)
}

// Block returns the mark for a table or figure, which must stand in a paragraph of its own.
func (m *Marks) Block(b Block) string {
	if m.blocks == nil {
		m.blocks = map[int]Block{}
	}
	m.inlines = append(m.inlines, nil)
	m.blocks[len(m.inlines)-1] = b
	return "\n\n" + string(markOpen) + strconv.Itoa(len(m.inlines)-1) + string(markClose) + "\n\n"
}

// Error is a mistake in a template.
type Error struct {
	File         string
	Line, Column int // from 1; Column 0 when only the line is known, Line 0 when nothing is
	Message      string
}

// Error implements error in the form file:line:column: message.
func (e *Error) Error() string {
	at := e.File
	if e.Line > 0 {
		at += ":" + strconv.Itoa(e.Line)
		if e.Column > 0 {
			at += ":" + strconv.Itoa(e.Column)
		}
	}
	return at + ": " + e.Message
}

// Template is a parsed template.
type Template struct {
	file   string
	source string
	tmpl   *template.Template
}

// New parses a template. File is what errors call it. The functions are known by name here; their values are those of Expand.
func New(file, source string, functions template.FuncMap) (*Template, error) {
	if len(source) > MaxTemplate {
		return nil, &Error{File: file, Message: fmt.Sprintf("the template is larger than %d bytes", MaxTemplate)}
	}
	source = strings.ReplaceAll(source, "\r\n", "\n")
	if !utf8.ValidString(source) {
		return nil, &Error{File: file, Message: "the template is not UTF-8"}
	}
	for i, line := range strings.Split(source, "\n") {
		for col, r := range line {
			if r >= 0xE000 && r <= 0xF8FF || r < ' ' && r != '\t' {
				return nil, &Error{file, i + 1, col + 1, fmt.Sprintf("character U+%04X has no place in a template", r)}
			}
		}
	}
	// The file's name has colons or anything else: text/template gets a plain one, errors get the real one.
	tmpl, err := template.New("t").Option("missingkey=error").Funcs(functions).Parse(source)
	if err != nil {
		return nil, located(file, err)
	}
	return &Template{file, source, tmpl}, nil
}

// Expand runs the template with the functions given and returns its Markdown.
func (t *Template) Expand(functions template.FuncMap, data any) (string, error) {
	tmpl, err := t.tmpl.Clone()
	if err != nil {
		return "", err
	}
	out := &bounded{}
	if err := tmpl.Funcs(functions).Execute(out, data); err != nil {
		return "", located(t.file, err)
	}
	return out.b.String(), nil
}

type bounded struct{ b strings.Builder }

func (w *bounded) Write(p []byte) (int, error) {
	if w.b.Len()+len(p) > maxExpanded {
		return 0, fmt.Errorf("the template expands to more than %d bytes", maxExpanded)
	}
	return w.b.Write(p)
}

var templateError = regexp.MustCompile(`(?s)^template: t:(\d+)(?::(\d+))?: (.*)$`)
var callError = regexp.MustCompile(`(?s)^executing ".*?" at <.*?>: (?:error calling [\w.]+: )?(.*)$`)

// located turns text/template's message into an *Error.
func located(file string, err error) error {
	m := templateError.FindStringSubmatch(err.Error())
	if m == nil {
		return &Error{File: file, Message: strings.TrimPrefix(err.Error(), "template: ")}
	}
	e := &Error{File: file, Message: m[3]}
	e.Line, _ = strconv.Atoi(m[1])
	if m[2] != "" {
		e.Column, _ = strconv.Atoi(m[2])
		e.Column++
	}
	if c := callError.FindStringSubmatch(e.Message); c != nil {
		e.Message = c[1]
	}
	return e
}
