package plot

import (
	"fmt"
	"os"
	"path/filepath"

	"weir/internal/locale"
)

// Picture is anything that can be drawn: Figure, HeatMap, Ranking, CriticalDifference.
type Picture interface {
	SVG() ([]byte, error)
	PDF() ([]byte, error)
	// Save writes NAME.svg and NAME.pdf into the directory, which must exist.
	Save(dir, name string) error
}

// Sheet is what pictures other than Figure have in common; they embed it.
type Sheet struct {
	Width, Height float64 // cm; zero: 16, and as high as the content wants
	Title         string  // drawn above, and the SVG's <title>; mostly empty, the caption says it
	Description   string  // for those who cannot see the picture; not drawn
	Language      string  // "en" (also for ""), "pt", "es"
}

// drawing is a picture before it is spelled: what SVG and PDF have in common.
type drawing interface {
	scene() (*scene, error)
	words() (title, description string)
}

func (f *Figure) words() (title, description string) { return f.Title, f.Description }
func (s *Sheet) words() (title, description string)  { return s.Title, s.Description }

// save writes both files.
func save(p Picture, dir, name string) error {
	svg, err := p.SVG()
	if err != nil {
		return err
	}
	pdf, err := p.PDF()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, name+".svg"), svg, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name+".pdf"), pdf, 0o644)
}

// layout starts a picture of that height (pt; the sheet's own comes first) with its title, and returns where the rest begins.
func (s *Sheet) layout(high float64) (l *layout, top float64, err error) {
	if !(s.Width >= 0 && s.Width <= largestSide && s.Height >= 0 && s.Height <= largestSide) {
		return nil, 0, fmt.Errorf("figure: size %g x %g cm, expected 0 to %d", s.Width, s.Height, largestSide)
	}
	code := s.Language
	if code == "" {
		code = "en"
	}
	words, err := locale.Of(code)
	if err != nil {
		return nil, 0, fmt.Errorf("figure: %w", err)
	}
	l = &layout{font: liberation(), locale: words, scene: &scene{width: units(s.wide())}}
	top = 1
	title := l.fit(s.Title, titleSize, s.wide()-2)
	if title != "" {
		l.scene.write(text{at: at(1, 1+titleSize), body: title, size: units(titleSize)})
		top += titleSize + 5
		high += titleSize + 5
	}
	if s.Height > 0 {
		high = s.Height * perCM
	}
	l.scene.height = units(high)
	return l, top, nil
}

// wide is the width in points.
func (s *Sheet) wide() float64 {
	if s.Width == 0 {
		return 16 * perCM
	}
	return s.Width * perCM
}

// high is the height in points, once the scene has one.
func (l *layout) high() float64 { return float64(l.scene.height) / 100 }

// longest is the width of the widest of some texts.
func (l *layout) longest(texts []string) float64 {
	w := 0.0
	for _, t := range texts {
		w = max(w, l.width(clean(t)))
	}
	return w
}

// checkFinite refuses values that are finite and yet too large to draw.
func checkValues(values ...float64) error {
	for _, v := range values {
		if finite(v) && (v > largest || v < -largest) {
			return fmt.Errorf("figure: value %g is too large to draw", v)
		}
	}
	return nil
}
