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
	categories              // the first of the numbered styles
)

// Category is the style of the n-th (from 0) of several things of one sort, such as the
// schedules of a sweep. After eight they repeat.
func Category(n int) Style {
	n %= 8
	if n < 0 {
		n += 8
	}
	return categories + Style(n)
}
