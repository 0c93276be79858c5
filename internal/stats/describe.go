package stats

import (
	"math"
	"slices"
)

// Description is what pandas' describe prints, and the moments beside it.
type Description struct {
	Count              int
	Mean               float64
	Std                float64 // with n-1; NaN for one point
	Min, P25, P50, P75 float64 // quantiles by linear interpolation
	Max                float64
	Sum                float64
	Skewness           float64 // biased, m3/m2^1.5; NaN for a constant
	Kurtosis           float64 // biased excess, m4/m2^2 - 3; NaN for a constant
}

// Describe describes values in any order. ErrShort when there is none.
func Describe(values []float64) (*Description, error) {
	n := len(values)
	if n == 0 {
		return nil, ErrShort
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	d := &Description{Count: n, Min: sorted[0], P25: Quantile(sorted, 0.25), P50: Quantile(sorted, 0.5), P75: Quantile(sorted, 0.75), Max: sorted[n-1]}
	var total sum
	for _, v := range values {
		total.add(v)
	}
	d.Sum = total.value()
	d.Mean = d.Sum / float64(n)
	if d.Min == d.Max {
		d.Mean = d.Min // exactly, whatever the division rounds to
	}
	var m2, m3, m4 sum
	for _, v := range values {
		x := v - d.Mean
		x2 := float64(x * x)
		m2.addProduct(x, x)
		m3.addProduct(x2, x)
		m4.addProduct(x2, x2)
	}
	d.Std = math.Sqrt(m2.value() / float64(n-1))
	v := m2.value() / float64(n)
	d.Skewness = m3.value() / float64(n) / float64(v*math.Sqrt(v))
	d.Kurtosis = m4.value()/float64(n)/float64(v*v) - 3
	return d, nil
}

// Quantile is the q-quantile, 0 <= q <= 1, of values in increasing order by linear interpolation between the order statistics (type 7 of
// Hyndman and Fan 1996, numpy's and pandas' default). It panics without values.
func Quantile(sorted []float64, q float64) float64 {
	at := float64(q * float64(len(sorted)-1))
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	t, low, high := at-float64(i), sorted[i], sorted[i+1]
	if t >= 0.5 { // from the nearer end, as numpy does
		return high - float64((high-low)*(1-t))
	}
	return low + float64((high-low)*t)
}

// Histogram counts values in bins of equal width.
type Histogram struct {
	Edges  []float64 // bins+1, increasing
	Counts []int64   // values v with Edges[i] <= v < Edges[i+1]; the last bin includes its upper edge
}

// Bins counts values in the given number of bins between the smallest and the largest. A constant gets bins around it, half a unit to each
// side, as in numpy. ErrShort without values or bins.
func Bins(values []float64, bins int) (*Histogram, error) {
	if len(values) == 0 || bins < 1 {
		return nil, ErrShort
	}
	low, high := slices.Min(values), slices.Max(values)
	if low == high {
		low, high = low-0.5, high+0.5
	}
	h := &Histogram{Edges: make([]float64, bins+1), Counts: make([]int64, bins)}
	width := (high - low) / float64(bins)
	for i := range h.Edges {
		h.Edges[i] = low + float64(float64(i)*width)
	}
	h.Edges[bins] = high
	for _, v := range values {
		i := min(int(float64((v-low)/(high-low))*float64(bins)), bins-1)
		if v < h.Edges[i] { // what rounding put into the neighbour
			i--
		} else if i+1 < bins && v >= h.Edges[i+1] {
			i++
		}
		h.Counts[i]++
	}
	return h, nil
}

// MaxAutoBins bounds what AutoHistogram makes of data with extreme outliers.
const MaxAutoBins = 10_000

// AutoHistogram chooses numpy's "auto" number of bins: the smaller width of Sturges (1926) and Freedman and Diaconis (1981), the latter not under half of
// range/sqrt(n).
func AutoHistogram(values []float64) (*Histogram, error) {
	n := float64(len(values))
	if n == 0 {
		return nil, ErrShort
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	span := sorted[len(sorted)-1] - sorted[0]
	if span == 0 {
		return Bins(values, 1)
	}
	sturges := span / (log(n)/math.Ln2 + 1)
	freedman := 2 * (Quantile(sorted, 0.75) - Quantile(sorted, 0.25)) * pow(n, -1.0/3)
	width := min(sturges, max(freedman, span/math.Sqrt(n)/2))
	return Bins(values, int(min(math.Ceil(span/width), MaxAutoBins)))
}
