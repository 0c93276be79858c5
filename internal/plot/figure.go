// Package plot draws the report's figures: one description, the same picture
// as SVG (for the HTML report) and as PDF (for LaTeX), with the same bytes on
// every machine.
//
// It sits at the end of the pipeline: eda and evaluate describe what to show
// with Figure, Panel, Axis and Layer, or as one of HeatMap (a value for each
// combination of two options), Ranking (bars or points with intervals, one
// line for each model) and CriticalDifference (average ranks, and what does not differ),
// and call Save. It owns fonts, palette,
// ticks, labels and layout, so that all figures of a report look alike. It does
// no statistics, reads no files and knows nothing of stages.
//
// Positions are rounded to a hundredth of a point before anything is drawn, and
// logarithms are computed with plain arithmetic, so bytes do not depend on the
// processor. Lines with more points than the page can show are thinned to
// the first, lowest, highest and last point of each half-point column.
//
// Layout and writers are our own: gonum/plot's SVG has no currentColor, and its PDF embeds whole fonts in code page 1252
// (no minus sign) and the time of day.
//
// A value that is not finite, or not positive on a logarithmic axis, is missing: it breaks
// a line and draws nothing. The one error is a description that contradicts itself.
package plot

// Figure is one picture. The zero Width and Height are 16 cm (the text width of
// the report) and 7 cm for one panel, 3.2 cm for each of several (3.6 cm for each row of Columns, and 1.5 cm).
type Figure struct {
	Width, Height float64 // cm
	Panels        []Panel // stacked top to bottom, plot areas aligned
	Columns       int     // small multiples: so many panels side by side, row by row, with one legend and the first panel's axis labels; 0 and 1: stacked
	SharedX       bool    // panels have one X range, pinned and ticked as the last one says; only that shows its numbers and label
	SharedY       bool    // small multiples have one Y range
	Title         string  // drawn above the panels and the SVG's <title>; mostly empty, the caption says it
	Description   string  // the SVG's <desc>, for those who cannot see the picture; not drawn
	Language      string  // "en" (also for ""), "pt", "es": numbers, months

	commonX, commonY *Panel // whose values give the ranges instead of the panel's own
}

// Panel is one plot area with its axes.
type Panel struct {
	Title  string // over the plot area, at its left end; mostly empty
	X, Y   Axis
	Layers []Layer // drawn in this order, the first lowest
	Weight float64 // share of the height among the panels; 0 is 1
}

// Axis says how values become positions. Its range is that of the data, widened
// to be readable, unless Min or Max pin it; data outside is cut off at the edge.
type Axis struct {
	Label    string // quantity and unit: "traffic (kB/s)"
	Log      bool   // base 10
	Clock    bool   // values are seconds since 1970 UTC; ticks are 14:05, 14:05:30 or dates
	Zero     bool   // the range includes zero (bars on a linear axis always do)
	Min, Max *float64
	Ticks    []Tick // these ticks instead of computed ones: categories, chosen parameter values
}

// Tick is a labelled place on an axis.
type Tick struct {
	Value float64
	Label string
}

// Kind is what a layer draws.
type Kind uint8

const (
	Line       Kind = iota // Y over X, joined; NaN breaks the line
	LinePoints             // a line with a marker at each point; Low, High: intervals
	Steps                  // Y[i] from X[i] to X[i+1], the last as wide as the one before; on a log axis zero is the foot of the axis
	Points                 // markers; Low, High: intervals
	Bars                   // from zero (on a log axis from its foot) to Y, centred on X; several layers stand side by side; Low, High: intervals
	Stems                  // a thin line from zero to Y and a dot; Low, High unused
	Band                   // the area between Low and High over X
	HLine                  // horizontal lines at each Y over the whole width
	VLine                  // vertical lines at each X over the whole height
)

// Layer is one set of data drawn in one way. X, Y, Low and High have the same
// length where the kind uses them; X nil means 0, 1, 2, ... The slices are not changed.
type Layer struct {
	Kind            Kind
	X, Y, Low, High []float64
	Label           string  // for the line's end or the legend; empty: not named
	Style           Style   // what the data is, which fixes colour, dashes and marker
	Width           float64 // Bars: width in units of X of the bar or group; 0: from the smallest distance between two X. Lines: in pt; 0: the style's
}

// Save writes NAME.svg and NAME.pdf into the directory, which must exist.
func (f *Figure) Save(dir, name string) error { return save(f, dir, name) }
