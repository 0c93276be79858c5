package cli

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// style colours words where that helps: on a terminal, unless NO_COLOR or TERM=dumb say otherwise. Colour carries nothing that words do not.
type style struct {
	bars   bool // the terminal can draw them
	colour bool
	screen *os.File // nil when it is no terminal
}

func newStyle(w io.Writer, env func(string) string) style {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return style{}
	}
	dumb := env("TERM") == "dumb"
	width, _, err := term.GetSize(int(f.Fd()))
	return style{bars: !dumb && err == nil && width > 0, colour: !dumb && env("NO_COLOR") == "", screen: f}
}

// plainColumns is the width for which lines are laid out where there is no terminal.
const plainColumns = 92

// columns is the width of the terminal now.
func (s style) columns() int {
	if s.screen != nil {
		if width, _, err := term.GetSize(int(s.screen.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return plainColumns
}

// lines is the height of the terminal now; 0 where there is none.
func (s style) lines() int {
	if s.screen != nil {
		if _, height, err := term.GetSize(int(s.screen.Fd())); err == nil {
			return height
		}
	}
	return 0
}

func (s style) paint(code, text string) string {
	if !s.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Error implements language.Style.
func (s style) Error(text string) string { return s.paint("1;31", text) }

// Place implements language.Style.
func (s style) Place(text string) string { return s.paint("1", text) }

func (s style) done(text string) string   { return s.paint("32", text) }
func (s style) warn(text string) string   { return s.paint("33", text) }
func (s style) dim(text string) string    { return s.paint("2", text) }
func (s style) strong(text string) string { return s.paint("1", text) }

// plural is "1 error", "2 errors".
func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return count(int64(n)) + " " + word + "s"
}

// choose is the first word for one thing, the second for more.
func choose(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// count writes a number with thousands separators.
func count(n int64) string {
	digits := fmt.Sprint(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	var parts []string
	for len(digits) > 3 {
		parts = append([]string{digits[len(digits)-3:]}, parts...)
		digits = digits[:len(digits)-3]
	}
	return sign + strings.Join(append([]string{digits}, parts...), ",")
}

// took writes a duration to two digits: 0.04 s, 1.1 s, 41 s, 3.2 min, 1.5 h.
func took(d time.Duration) string {
	switch s := d.Seconds(); {
	case s < 0.1:
		return fmt.Sprintf("%.2f s", s)
	case s < 9.95:
		return fmt.Sprintf("%.1f s", s)
	case s < 99.5:
		return fmt.Sprintf("%.0f s", s)
	case s < 5970:
		return fmt.Sprintf("%.*f min", digits(s/60), s/60)
	default:
		return fmt.Sprintf("%.*f h", digits(s/3600), s/3600)
	}
}

func digits(v float64) int {
	if v < 9.95 {
		return 1
	}
	return 0
}

// size writes bytes with a decimal prefix.
func size(n int64) string {
	v, unit := float64(n), 0
	for v >= 999.5 && unit < 5 {
		v /= 1000
		unit++
	}
	d := 0
	if unit > 0 && v < 9.95 {
		d = 1
	}
	return fmt.Sprintf("%.*f %s", d, math.Abs(v), []string{"B", "kB", "MB", "GB", "TB", "PB"}[unit])
}
