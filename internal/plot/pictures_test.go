package plot

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestHeat holds the colours of cells to their promise: equally far apart in CIE L*a*b*, and ordered by lightness.
func TestHeat(t *testing.T) {
	linear := func(v uint32) float64 {
		c := float64(v&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	lab := func(rgb uint32) [3]float64 {
		r, g, b := linear(rgb>>16), linear(rgb>>8), linear(rgb)
		f := func(v float64) float64 {
			if v > 216./24389 {
				return math.Cbrt(v)
			}
			return (24389./27*v + 16) / 116
		}
		x, y, z := f((0.4124564*r+0.3575761*g+0.1804375*b)/0.95047), f(0.2126729*r+0.7151522*g+0.0721750*b), f((0.0193339*r+0.1191920*g+0.9503041*b)/1.08883)
		return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
	}
	for s := 1; s < keySteps; s++ {
		a, b := lab(heat(s-1).rgb), lab(heat(s).rgb)
		if d := math.Sqrt(math.Pow(a[0]-b[0], 2) + math.Pow(a[1]-b[1], 2) + math.Pow(a[2]-b[2], 2)); d < 6.9 || d > 8 || a[0]-b[0] < 6 {
			t.Errorf("step %d: %.1f apart, %.1f darker", s, d, a[0]-b[0])
		}
	}
	for s := range keySteps { // WCAG 2: about 4.5 for text
		dark, light := (lab(heat(s).rgb)[0]+16)/116, (lab(heatInk(s).rgb)[0]+16)/116
		dark, light = dark*dark*dark+0.05, light*light*light+0.05
		if c := max(dark, light) / min(dark, light); c < 4.4 {
			t.Errorf("step %d: a contrast of %.1f to its text", s, c)
		}
	}
}

func TestStep(t *testing.T) {
	for _, c := range []struct {
		v, lo, hi float64
		want      int
	}{{0, 0, 1, 0}, {1, 0, 1, keySteps - 1}, {0.5, 0, 1, keySteps / 2}, {3, 3, 3, keySteps / 2}, {1e100, -1e100, 1e100, keySteps - 1}} {
		if got := step(c.v, c.lo, c.hi); got != c.want {
			t.Errorf("%g of %g..%g is step %d, want %d", c.v, c.lo, c.hi, got, c.want)
		}
	}
}

func TestBars(t *testing.T) {
	c := &CriticalDifference{Names: make([]string, 9), Ranks: []float64{1, 2, 3, 4, 5, 6, 7, 8, 9}, Groups: [][]int{{0, 1, 2}, {1, 2}, {2, 3, 4}, {7, 6}, {8}, {2, 3, 4}, {1, 2, 3}}}
	bars, lines := c.bars()
	want := []bar{{1, 3, 0}, {2, 4, 1}, {3, 5, 2}, {7, 8, 0}}
	if lines != 3 || len(bars) != len(want) {
		t.Fatalf("%v on %d lines", bars, lines)
	}
	for i := range want {
		if bars[i] != want[i] {
			t.Errorf("%v, want %v", bars[i], want[i])
		}
	}
}

func TestPictureErrors(t *testing.T) {
	two := []string{"a", "b"}
	for want, p := range map[string]Picture{
		"0 x 0 cells":                &HeatMap{},
		"1 rows of values for 2":     &HeatMap{Columns: two, Rows: two, Values: [][]float64{{1, 2}}},
		"row 1 has 1 values for 2":   &HeatMap{Columns: two, Rows: two[:1], Values: [][]float64{{1}}},
		"column 7 is marked":         &HeatMap{Columns: two, Rows: two[:1], Values: [][]float64{{1, 2}}, Marked: []Cell{{0, 7}}},
		"leave no room for 1 x 2":    &HeatMap{Sheet: Sheet{Width: 0.4}, Columns: two, Rows: two[:1], Values: [][]float64{{1, 2}}},
		"0 rows, expected":           &Ranking{},
		"a ranking of kind":          &Ranking{Mark: Stems, Rows: make([]Row, 1)},
		"leave no room for 2 rows":   &Ranking{Sheet: Sheet{Height: 0.5}, Rows: make([]Row, 2)},
		"too large to draw":          &Ranking{Rows: []Row{{Value: 1e200}}},
		"0 models":                   &CriticalDifference{},
		"an average rank of 0 among": &CriticalDifference{Names: two, Ranks: make([]float64, 2)},
		"model 5 of a group":         &CriticalDifference{Names: two, Ranks: []float64{1, 2}, Groups: [][]int{{5, 1}}},
		"no language":                &CriticalDifference{Sheet: Sheet{Language: "xx"}, Names: two, Ranks: []float64{1, 2}},
		"13 columns":                 &Figure{Columns: 13, Panels: make([]Panel, 1)},
		"panel 1 of 1: figure":       &Figure{Columns: 12, Width: 3, Panels: make([]Panel, 1)},
	} {
		if _, err := p.SVG(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %q", err, want)
		}
	}
}

// TestAnyPicture draws random matrices, rankings and ranks at random sizes.
func TestAnyPicture(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Sheet{Width: rapid.Float64Range(0, 20).Draw(t, "width"), Height: rapid.SampledFrom([]float64{0, 0, 3, 9}).Draw(t, "height"), Title: rapid.String().Draw(t, "title"),
			Language: rapid.SampledFrom([]string{"", "pt", "es"}).Draw(t, "language")}
		n := rapid.IntRange(1, 12).Draw(t, "n")
		names := rapid.SliceOfN(rapid.StringN(0, 20, -1), n, n).Draw(t, "names")
		values := make([]float64, n)
		for i := range values {
			values[i] = anyValue(t)
		}
		var p interface {
			Picture
			drawing
		}
		switch rapid.IntRange(0, 3).Draw(t, "picture") {
		case 0:
			p = &HeatMap{Sheet: s, Label: names[0], X: names[0], Y: names[n-1], Columns: names, Rows: []string{"a", "b"}, Values: [][]float64{values, values}, Marked: []Cell{{1, n - 1}}}
		case 1:
			r := &Ranking{Sheet: s, Axis: anyAxis(t), Mark: rapid.SampledFrom([]Kind{Line, Bars, Points}).Draw(t, "mark")}
			for i, v := range values {
				r.Rows = append(r.Rows, Row{Name: names[i], Value: v, Low: anyValue(t), High: anyValue(t), Note: names[n-1-i]})
			}
			p = r
		case 2:
			c := &CriticalDifference{Sheet: s, Names: append(names, "z"), Label: names[0], Difference: math.Abs(rapid.Float64Range(0, 99).Draw(t, "cd"))}
			for range c.Names {
				c.Ranks = append(c.Ranks, rapid.Float64Range(1, float64(n+1)).Draw(t, "rank"))
			}
			c.Groups = [][]int{rapid.SliceOf(rapid.IntRange(0, n)).Draw(t, "group"), {0, n}}
			p = c
		default:
			f := &Figure{Width: s.Width, Height: s.Height, Columns: rapid.IntRange(2, 4).Draw(t, "columns"), SharedX: true, SharedY: rapid.Bool().Draw(t, "shared"), Title: s.Title}
			x, y := anyAxis(t), anyAxis(t)
			for range n {
				f.Panels = append(f.Panels, Panel{Title: names[0], X: x, Y: y, Layers: []Layer{anyLayer(t), anyLayer(t)}})
			}
			p = f
		}
		svg, err := p.SVG()
		if err != nil {
			return // too small, or a contradiction; TestPictureErrors looks at what is said
		}
		pdf, err := p.PDF()
		if err != nil {
			t.Fatal(err)
		}
		valid(t, p, svg, pdf)
	})
}
