package plot

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite the golden digests")

// TestGallery draws the gallery into the directory that WEIR_GALLERY names, to be looked at.
func TestGallery(t *testing.T) {
	dir := os.Getenv("WEIR_GALLERY")
	if dir == "" {
		t.Skip("WEIR_GALLERY names no directory")
	}
	for name, f := range pictures() {
		if err := f.Save(dir, name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDigests compares the gallery's bytes with those of the last accepted look. After a change that is meant: look at the
// gallery, then -update. Stages that draw figures then need a new version.
func TestDigests(t *testing.T) {
	var b strings.Builder
	figures := pictures()
	for _, name := range slices.Sorted(maps.Keys(figures)) {
		svg, pdf := draw(t, figures[name])
		fmt.Fprintf(&b, "%s.pdf %x\n%s.svg %x\n", name, sha256.Sum256(pdf), name, sha256.Sum256(svg))
		if limit := 64 << 10; len(svg) > limit || len(pdf) > limit {
			t.Errorf("%s: %d bytes of SVG, %d of PDF, expected at most %d", name, len(svg), len(pdf), limit)
		}
		again, _ := figures[name].SVG()
		if !bytes.Equal(svg, again) {
			t.Errorf("%s: drawn twice, two pictures", name)
		}
	}
	const golden = "testdata/digests.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	before := strings.Split(string(want), "\n")
	for _, line := range strings.Split(b.String(), "\n") {
		if !slices.Contains(before, line) {
			t.Errorf("changed: %s", line)
		}
	}
}

func draw(t interface {
	Helper()
	Fatal(...any)
}, f Picture) (svg, pdf []byte) {
	t.Helper()
	svg, err := f.SVG()
	if err != nil {
		t.Fatal(err)
	}
	pdf, err = f.PDF()
	if err != nil {
		t.Fatal(err)
	}
	return svg, pdf
}

func TestPDFOpens(t *testing.T) {
	if _, err := exec.LookPath("pdftoppm"); err != nil {
		t.Skip("pdftoppm is not installed")
	}
	dir := t.TempDir()
	for _, name := range []string{"acf", "models", "forecast"} {
		if err := gallery()[name].Save(dir, name); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("pdftoppm", "-r", "20", filepath.Join(dir, name+".pdf")).CombinedOutput()
		if err != nil || !bytes.HasPrefix(out, []byte("P6")) {
			t.Errorf("%s.pdf: %v: %.200s", name, err, out)
		}
	}
}

func TestPDFText(t *testing.T) {
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("pdftotext is not installed")
	}
	path := filepath.Join(t.TempDir(), "a.pdf")
	f := &Figure{Language: "pt", Panels: []Panel{{X: Axis{Label: "estação, niño, coração (B²/s²)"}, Y: Axis{Log: true},
		Layers: []Layer{{Y: []float64{1, 1e9}, Label: "mañana 10⁻⁹"}}}}}
	pdf, err := f.PDF()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, pdf, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("pdftotext", path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"estação, niño, coração (B²/s²)", "mañana", "10−9"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in %q", want, out)
		}
	}
}

// TestGlyphs asks the font for every character that labels of the three languages use.
func TestGlyphs(t *testing.T) {
	f := liberation()
	for _, r := range "áàâãçéêíñóôõúüÁÃÇÑ¿ºª°·×−–—²³⁰¹⁴⁵⁶⁷⁸⁹⁻µσφχ≤≥±…%\u00a0" {
		if _, raised := f.raised(r); !raised && f.glyph(r) == 0 {
			t.Errorf("no glyph for %q", r)
		}
	}
}

func TestErrors(t *testing.T) {
	layer := func(l Layer) *Figure { return &Figure{Panels: []Panel{{Layers: []Layer{l}}}} }
	axis := func(a Axis) *Figure { return &Figure{Panels: []Panel{{Y: a}}} }
	for want, f := range map[string]*Figure{
		"no panels":             {},
		"expected 0 to 200":     {Width: 1e9, Panels: []Panel{{}}},
		"leave no room":         {Height: 1, Panels: make([]Panel, 4)},
		"too narrow for":        {Width: 0.5, Panels: []Panel{{}}},
		"no language":           {Language: "xx", Panels: []Panel{{}}},
		"0 high values: they":   layer(Layer{Kind: Band, Low: []float64{1}}),
		"must be as many":       layer(Layer{X: []float64{1}, Y: []float64{1, 2}}),
		"too large to draw":     layer(Layer{Y: []float64{1e200}}),
		"unknown kind":          layer(Layer{Kind: 99}),
		"unknown style":         layer(Layer{Style: -1}),
		"log and clock":         axis(Axis{Log: true, Clock: true}),
		"range from 2 to 1":     axis(Axis{Min: new(2.0), Max: new(1.0)}),
		"cannot show":           axis(Axis{Log: true, Min: new(0.0)}),
		"years 1 and 9999":      {Panels: []Panel{{X: Axis{Clock: true}, Layers: []Layer{{X: []float64{0, 1e15}, Y: []float64{1, 2}}}}}},
		"shares its x axis but": {SharedX: true, Panels: []Panel{{}, {X: Axis{Log: true}}}},
	} {
		if _, err := f.SVG(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %q", err, want)
		}
	}
}

// valid fails unless the picture is well-formed and free of numbers that are none.
func valid(t interface {
	Helper()
	Fatalf(string, ...any)
}, f drawing, svg, pdf []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("SVG: %v\n%s", err, svg)
		}
	}
	if bad := regexp.MustCompile(`(d|x|y|points|transform)="[^"]*(NaN|Inf|e[+-])`).Find(svg); bad != nil {
		t.Fatalf("SVG has %s", bad)
	}
	if !bytes.HasPrefix(pdf, []byte("%PDF-1.4")) || !bytes.HasSuffix(pdf, []byte("%%EOF\n")) {
		t.Fatalf("PDF is cut: %d bytes", len(pdf))
	}
	if s, err := f.scene(); err != nil {
		t.Fatalf("%v", err)
	} else {
		inside(t, s)
	}
}

// inside fails when a path leaves the page.
func inside(t interface {
	Helper()
	Fatalf(string, ...any)
}, s *scene) {
	t.Helper()
	const slack = 100
	for _, m := range s.marks {
		for _, run := range m.runs {
			if len(run) == 0 {
				t.Fatalf("a run without spots")
			}
			for _, p := range run {
				if p.x < -slack || p.x > s.width+slack || p.y < -slack || p.y > s.height+slack {
					t.Fatalf("%v is outside %d x %d", p, s.width, s.height)
				}
			}
		}
	}
}

// TestAnyData draws random data of every kind, with gaps, extremes, pinned and logarithmic axes.
func TestAnyData(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := &Figure{SharedX: rapid.Bool().Draw(t, "shared"), Language: rapid.SampledFrom([]string{"", "en", "pt", "es"}).Draw(t, "language"), Title: rapid.String().Draw(t, "title")}
		x := anyAxis(t)
		for range rapid.IntRange(1, 3).Draw(t, "panels") {
			p := Panel{X: x, Y: anyAxis(t)}
			for range rapid.IntRange(0, 3).Draw(t, "layers") {
				p.Layers = append(p.Layers, anyLayer(t))
			}
			f.Panels = append(f.Panels, p)
		}
		svg, err := f.SVG()
		if err != nil {
			return // the description contradicts itself; TestErrors looks at what is said
		}
		pdf, err := f.PDF()
		if err != nil {
			t.Fatal(err)
		}
		valid(t, f, svg, pdf)
	})
}

func anyAxis(t *rapid.T) Axis {
	a := Axis{Label: rapid.StringN(0, 30, -1).Draw(t, "label"), Zero: rapid.Bool().Draw(t, "zero")}
	switch rapid.IntRange(0, 3).Draw(t, "scale") {
	case 0:
		a.Log = true
	case 1:
		a.Clock = true
	}
	if rapid.IntRange(0, 4).Draw(t, "pin") == 0 {
		a.Min = new(anyValue(t))
	}
	if rapid.IntRange(0, 4).Draw(t, "pin") == 0 {
		a.Max = new(anyValue(t))
	}
	return a
}

func anyValue(t *rapid.T) float64 {
	odd := []float64{0, 1, -1, math.NaN(), math.Inf(1), math.Inf(-1), 1e99, -1e99, 5e-324, 1e-90, 1.7e9, 1.7e9 + 1, 999999.5}
	if rapid.IntRange(0, 2).Draw(t, "odd") == 0 {
		return rapid.SampledFrom(odd).Draw(t, "value")
	}
	return rapid.Float64Range(-1e6, 1e6).Draw(t, "value")
}

func anyLayer(t *rapid.T) Layer {
	l := Layer{Kind: Kind(rapid.IntRange(0, int(VLine)).Draw(t, "kind")), Style: Style(rapid.IntRange(0, int(styles)-1).Draw(t, "style")), Label: rapid.StringN(0, 12, -1).Draw(t, "name")}
	n := rapid.IntRange(0, 8).Draw(t, "n")
	one := func() []float64 {
		s := make([]float64, n)
		for i := range s {
			s[i] = anyValue(t)
		}
		return s
	}
	l.X, l.Y, l.Low, l.High = one(), one(), one(), one()
	if rapid.Bool().Draw(t, "width") {
		l.Width = math.Abs(rapid.Float64Range(0, 100).Draw(t, "width"))
	}
	return l
}

func FuzzFigure(f *testing.F) {
	f.Add("a & b", 1.0, 2.0, 3.0, uint8(0), uint16(0))
	f.Add("\xff\x00<", math.NaN(), math.Inf(1), -1e99, uint8(4), uint16(7))
	f.Add("", 5e-324, 1e100, 1.7e9, uint8(2), uint16(0xffff))
	f.Fuzz(func(t *testing.T, label string, a, b, c float64, kind uint8, flags uint16) {
		bit := func(i int) bool { return flags>>i&1 == 1 }
		l := Layer{Kind: Kind(kind % uint8(VLine+1)), X: []float64{a, b, c}, Y: []float64{c, a, b}, Label: label, Style: Style(flags % uint16(styles))}
		if bit(0) || l.Kind == Band {
			l.Low, l.High = []float64{a, a, a}, []float64{b, c, a}
		}
		fig := &Figure{Title: label, Description: label, SharedX: bit(1), Panels: []Panel{{
			X: Axis{Label: label, Log: bit(2), Clock: bit(3), Zero: bit(4)}, Y: Axis{Label: label, Log: bit(5), Zero: bit(6)}, Layers: []Layer{l, l}}}}
		if bit(7) {
			fig.Panels[0].X.Ticks = []Tick{{a, label}, {b, label}, {c, label}}
		}
		svg, err := fig.SVG()
		if err != nil {
			return
		}
		pdf, err := fig.PDF()
		if err != nil {
			t.Fatal(err)
		}
		valid(t, fig, svg, pdf)
	})
}

// TestThin checks that thinning keeps the first, last and extreme places, in order.
func TestThin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(t, "n")
		run := make([]place, n)
		for i := range run {
			run[i] = place{float64(i) * rapid.SampledFrom([]float64{0.01, 0.3}).Draw(t, "dx"), rapid.Float64Range(0, 100).Draw(t, "y")}
		}
		slices.SortFunc(run, func(a, b place) int { return cmp.Compare(a.x, b.x) })
		got := thin(slices.Clone(run))
		byY := func(a, b place) int { return cmp.Compare(a.y, b.y) }
		if got[0] != run[0] || got[len(got)-1] != run[n-1] || slices.MaxFunc(got, byY).y != slices.MaxFunc(run, byY).y || slices.MinFunc(got, byY).y != slices.MinFunc(run, byY).y {
			t.Fatalf("%v became %v", run, got)
		}
		if !slices.IsSortedFunc(got, func(a, b place) int { return cmp.Compare(a.x, b.x) }) || len(got) > n {
			t.Fatalf("%d places became %d, out of order", n, len(got))
		}
	})
}

// TestMany draws a hundred thousand points of every kind: the files stay small.
func TestMany(t *testing.T) {
	const n = 100_000
	y := make([]float64, n)
	for i := range y {
		y[i] = float64((i*7919)%1009) + 1
	}
	high := make([]float64, n)
	for i := range high {
		high[i] = y[i] + 100
	}
	for k := Line; k <= VLine; k++ {
		f := &Figure{Panels: []Panel{{Layers: []Layer{{Kind: k, X: fakeClock(n), Y: y, Low: y, High: high}}}}}
		svg, pdf := draw(t, f)
		if len(svg) > 150<<10 || len(pdf) > 150<<10 {
			t.Errorf("kind %d: %d bytes of SVG, %d of PDF", k, len(svg), len(pdf))
		}
	}
}

func BenchmarkSeries(b *testing.B) {
	f := gallery()["long"]
	for b.Loop() {
		if _, err := f.PDF(); err != nil {
			b.Fatal(err)
		}
	}
}
