package plot

// Style names what the data is. A style has the same colour, dashes and marker in
// every figure; Category gives further ones for things without a name here.
type Style int

const (
	Observed   Style = iota // measured data
	Trend                   // its slow part
	Seasonal                // its periodic part
	Residual                // what is left
	Model                   // the model under study
	Best                    // the chosen model among several
	Linear                  // the linear rival: AR(p)
	Baseline                // grey: the last value repeated, and other baselines
	Baseline2               // grey, other dashes
	Baseline3               // grey, other dashes
	TCP                     // packet types
	UDP                     //
	Other                   //
	Train                   // parts of a split
	Validation              //
	Test                    //
	Interval                // a confidence or prediction interval, a light area
	Reference               // a thin line to compare with: zero, a threshold, a boundary
	category0               // the numbered styles; reach them through Category
	category1
	category2
	category3
	category4
	category5
	category6
	category7
	styles // how many there are
)

// Category is the style of the n-th (from 0) of several things of one sort, such as the
// schedules of a sweep. After eight they repeat.
func Category(n int) Style {
	n %= 8
	if n < 0 {
		n += 8
	}
	return category0 + Style(n)
}

// A paint is a colour on paper and a class name on the page. Ink is black on paper and the page's text colour in HTML.
type paint struct {
	class string // CSS class a page may restyle, without its prefix plot-
	rgb   uint32 // 0xRRGGBB
	ink   bool   // currentColor in SVG
}

// The colours are those of Okabe and Ito (2008), "Color Universal Design", told apart by readers with any of the common
// colour deficiencies. All of them have a contrast of at least 2.2 to white and 3 to a dark page (#111), so one
// set serves both; what must differ on a black-and-white print differs in lightness, dashes or marker.
const (
	black     = 0x1a1a1a
	grey      = 0xa0a0a0 // L* 66
	blue      = 0x0072b2 // L* 46
	vermilion = 0xd55e00 // L* 54
	green     = 0x009e73 // L* 58
	purple    = 0xcc79a7 // L* 62
	sky       = 0x56b4e9 // L* 70
	orange    = 0xe69f00 // L* 71
	brown     = 0x8c5a2b // L* 43
)

type markerShape uint8

const (
	disc markerShape = iota
	square
	triangle
	diamond
	wedge // a triangle on its tip
	cross
)

// A look is everything that a style fixes.
type look struct {
	paint  paint
	dash   []float64 // pt; nil: solid
	width  float64   // pt, of lines
	marker markerShape
}

func (s Style) look() look {
	solid := []float64(nil)
	dashed, dotted, dashDot := []float64{4, 1.8}, []float64{0.9, 1.5}, []float64{5, 1.5, 0.9, 1.5}
	colour := func(class string, rgb uint32, dash []float64, width float64, m markerShape) look {
		return look{paint{class, rgb, rgb == black}, dash, width, m}
	}
	switch s {
	case Observed:
		return colour("observed", black, solid, 0.7, disc)
	case Trend:
		return colour("trend", blue, solid, 1.1, disc)
	case Seasonal:
		return colour("seasonal", green, solid, 0.8, triangle)
	case Residual:
		return colour("residual", purple, solid, 0.7, diamond)
	case Model:
		return colour("model", vermilion, solid, 1.1, square)
	case Best:
		return colour("best", vermilion, solid, 1.4, square)
	case Linear:
		return colour("linear", blue, dashed, 1, triangle)
	case Baseline:
		return colour("baseline", grey, solid, 0.9, diamond)
	case Baseline2:
		return colour("baseline", grey, dashed, 0.9, wedge)
	case Baseline3:
		return colour("baseline", grey, dotted, 1.1, cross)
	case TCP:
		return colour("tcp", blue, solid, 1, disc)
	case UDP:
		return colour("udp", orange, dashed, 1, square)
	case Other:
		return colour("other", green, dotted, 1.1, triangle)
	case Train:
		return colour("train", blue, solid, 1, disc)
	case Validation:
		return colour("validation", orange, dashed, 1, square)
	case Test:
		return colour("test", vermilion, dashDot, 1, triangle)
	case Interval:
		return colour("interval", blue, dashed, 0.7, disc)
	case Reference:
		return colour("reference", black, dashed, 0.5, cross)
	case category1:
		return colour("category1", vermilion, dashed, 1, square)
	case category2:
		return colour("category2", green, dashDot, 1, triangle)
	case category3:
		return colour("category3", purple, dotted, 1.2, diamond)
	case category4:
		return colour("category4", orange, solid, 1, wedge)
	case category5:
		return colour("category5", sky, dashed, 1, disc)
	case category6:
		return colour("category6", black, dashDot, 1, square)
	case category7:
		return colour("category7", brown, dotted, 1.2, triangle)
	}
	return colour("category0", blue, solid, 1, disc)
}
