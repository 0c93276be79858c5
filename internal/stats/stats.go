// Package stats computes what exploratory analysis says about a time series: description, correlation, seasonal decomposition and its test
// against noise, spectrum, long memory, unit-root tests. It stands below stages/eda and internal/forecast; it reads no files, draws
// nothing, and knows neither packets nor units.
//
//	runs := stats.Single(x)                      // or several runs, where the series has gaps
//	c, err := stats.ACF(runs, 40)
//	d, err := stats.Decompose(runs, 60, stats.Additive)
//
// Letters: n points, k lag, P period (in intervals), H Hurst exponent.
//
// Values must be finite; the caller checks. No function changes its arguments. What cannot be computed is an error (ErrShort, ErrLong,
// ErrConstant, ErrNotPositive), never a NaN, except where a result says so.
//
// # Gaps
//
// A series with gaps is a list of runs. Nothing ever crosses from one run into another: no lag product, no moving average, no block of the
// bootstrap. With one run every result is what statsmodels, pandas, scipy and numpy give.
//
// # The same bits everywhere
//
// Sums run sequentially in the order of the points and are compensated (Neumaier 1974; products split by fma as in Ogita, Rump, Oishi 2005), products are
// rounded before they are added, and exp, log, sin, cos are the package's own (portable.go), because those of package math differ between
// processors in the last bit.
package stats

import (
	"errors"
	"math"
)

var (
	// ErrShort says that there are too few points for what was asked.
	ErrShort = errors.New("too few points")
	// ErrLong says that there are more points than the computation is bounded to.
	ErrLong = errors.New("too many points")
	// ErrConstant says that all points are equal, so that there is no variance to divide by.
	ErrConstant = errors.New("the series is constant")
	// ErrNotPositive says that a multiplicative model met a value of zero or less.
	ErrNotPositive = errors.New("a multiplicative model needs positive values")
)

// Run is a stretch of a series without a gap.
type Run struct {
	Start  int       // its first point's place on the series' grid, in intervals since the series' first point
	Values []float64 // one per interval
}

// Single is a series without gaps.
func Single(values []float64) []Run { return []Run{{Values: values}} }

// Count is the number of points of all runs.
func Count(runs []Run) int {
	n := 0
	for _, r := range runs {
		n += len(r.Values)
	}
	return n
}

// Longest is the run with the most points, the first of several; the zero Run when there is none.
func Longest(runs []Run) Run {
	var longest Run
	for _, r := range runs {
		if len(r.Values) > len(longest.Values) {
			longest = r
		}
	}
	return longest
}

// Mean of all points; NaN when there is none.
func Mean(runs []Run) float64 {
	var s sum
	for _, r := range runs {
		for _, v := range r.Values {
			s.add(v)
		}
	}
	return s.value() / float64(Count(runs))
}

// sum is a compensated sum: hi + lo is far more precise than a float64.
type sum struct{ hi, lo float64 }

func (s *sum) add(x float64) {
	t := s.hi + x
	if math.Abs(s.hi) >= math.Abs(x) {
		s.lo += (s.hi - t) + x
	} else {
		s.lo += (x - t) + s.hi
	}
	s.hi = t
}

// addProduct adds x*y without losing what the product's rounding cuts off.
func (s *sum) addProduct(x, y float64) {
	p := float64(x * y)
	s.add(p)
	s.lo += math.FMA(x, y, -p)
}

func (s *sum) value() float64 { return s.hi + s.lo }
