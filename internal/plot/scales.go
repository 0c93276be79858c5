package plot

import (
	"fmt"
	"math"
	"slices"
)

// A scale turns values into places. "Own units" are the values themselves, on a log axis their decimal logarithms.
type scale struct {
	axis     Axis
	lo, hi   float64 // the range, own units
	from, to float64 // where its ends are, pt
	empty    bool    // no value to show
	whole    bool    // only whole values, at least two apart
	ticks    []tick
	exponent int // the labels count powers of ten
}

// own turns a value into own units; false when it is missing.
func (s *scale) own(v float64) (float64, bool) {
	switch {
	case !finite(v), s.axis.Log && v < smallest:
		return 0, false
	case s.axis.Log:
		return log10(v), true
	case math.Abs(v) < smallest:
		return 0, true
	}
	return v, true
}

// place is where own units are, in pt. Only what has been cut to the plot area may become a spot.
func (s *scale) place(own float64) float64 {
	part := (own - s.lo) / (s.hi - s.lo)
	part = min(max(part, -1e6), 1e6)
	return s.from + float64(part*(s.to-s.from))
}

// spread collects the range of values.
type spread struct {
	lo, hi float64
	any    bool
	broken bool // some value is not whole
}

func (r *spread) add(own float64, ok bool) {
	switch {
	case !ok:
		return
	case !r.any:
		r.lo, r.hi, r.any = own, own, true
	default:
		r.lo, r.hi = min(r.lo, own), max(r.hi, own)
	}
	r.broken = r.broken || own != math.Trunc(own)
}

// A demand is what a layer wants from a scale besides showing its values.
type demand struct {
	values spread
	zero   bool // a linear range includes zero
	foot   bool // bars: a log range leaves room below its smallest value
	margin bool // marks are wider than a point: keep them off the ends
}

func (p *Panel) demandX(s *scale) demand {
	var d demand
	for i := range p.Layers {
		l := &p.Layers[i]
		if l.Kind == HLine {
			continue
		}
		half := 0.0
		switch l.Kind {
		case Bars:
			half = barSpacing(p, s) / 2
		case Points, LinePoints, Stems:
			d.margin = true
		}
		for j := range l.len() {
			own, ok := s.own(l.x(j))
			d.values.add(own-half, ok)
			d.values.add(own+half, ok)
		}
		if n := l.len(); l.Kind == Steps && n > 1 {
			a, okA := s.own(l.x(n - 2))
			b, okB := s.own(l.x(n - 1))
			d.values.add(b+(b-a), okA && okB)
		}
	}
	return d
}

func (p *Panel) demandY(s *scale) demand {
	var d demand
	for i := range p.Layers {
		l := &p.Layers[i]
		if l.Kind == VLine {
			continue
		}
		d.zero = d.zero || l.Kind == Bars || l.Kind == Stems
		d.foot = d.foot || l.Kind == Bars || l.Kind == Steps && slices.Contains(l.Y, 0)
		for _, values := range [][]float64{l.Y, l.Low, l.High} {
			for _, v := range values {
				d.values.add(s.own(v))
			}
		}
	}
	return d
}

// fit sets the range: that of the data with a little air (none along a line's course), zero when asked for, the axis' own ends
// above all. A constant or a range too narrow for its numbers is widened.
func (s *scale) fit(d demand, air float64) error {
	s.empty = !d.values.any
	lo, hi := d.values.lo, d.values.hi
	if s.empty {
		lo, hi = 0, 1
	}
	if (s.axis.Zero || d.zero) && !s.axis.Log {
		lo, hi = min(lo, 0), max(hi, 0)
	}
	if s.narrow(lo, hi) {
		lo, hi = widen(lo, hi, s.axis)
	}
	atZero := func(end float64) bool { return end == 0 && (s.axis.Zero || d.zero) && !s.axis.Log }
	pad := (hi - lo) * air
	low, high := lo-pad, hi+pad
	if atZero(lo) {
		low = 0
	}
	if atZero(hi) {
		high = 0
	}
	if s.axis.Log && d.foot {
		low = math.Floor(lo-0.301) + 0.699 // half a power of ten: a bar of 1 stands on 0.5
		if low > lo-0.3 {
			low--
		}
	}
	s.lo, s.hi = low, high
	s.whole = !d.values.broken && d.values.hi-d.values.lo >= 2 && !s.axis.Log
	return s.pin()
}

// bulky says whether numbers on a linear axis need a common power of ten.
func (s *scale) bulky() bool {
	top := max(math.Abs(s.lo), math.Abs(s.hi))
	return !s.axis.Log && !s.axis.Clock && s.axis.Ticks == nil && !s.empty && (top >= 1e6 || top < 1e-3 || s.hi-s.lo < 1e-4)
}

// narrow says whether a range's ends cannot be told apart on an axis: by a billionth of their size, on a clock by 10 ms.
func (s *scale) narrow(lo, hi float64) bool {
	if s.axis.Clock {
		return hi-lo < 0.01
	}
	return hi-lo <= 1e-9*max(math.Abs(lo), math.Abs(hi)) || hi-lo < smallest
}

// widen makes a range around a single value.
func widen(lo, hi float64, a Axis) (float64, float64) {
	middle := lo + (hi-lo)/2
	half := math.Abs(middle) / 10
	switch {
	case a.Log:
		half = 0.5
	case a.Clock:
		half = 30
	case half < smallest*10:
		half = 1
	}
	switch {
	case a.Zero && middle > 0 && !a.Log:
		return 0, middle + half
	case a.Zero && middle < 0 && !a.Log:
		return middle - half, 0
	}
	return middle - half, middle + half
}

// pin applies the axis' own ends.
func (s *scale) pin() error {
	if s.axis.Min != nil {
		s.lo, _ = s.own(*s.axis.Min)
	}
	if s.axis.Max != nil {
		s.hi, _ = s.own(*s.axis.Max)
	}
	if s.narrow(s.lo, s.hi) {
		if s.axis.Min != nil && s.axis.Max != nil {
			return fmt.Errorf("range from %g to %g is too narrow", *s.axis.Min, *s.axis.Max)
		}
		// All data is beyond the one end that is given: show the axis from there on.
		room := max(math.Abs(s.hi), math.Abs(s.lo), 1)
		if s.axis.Min != nil {
			s.hi = s.lo + room
		} else {
			s.lo = s.hi - room
		}
	}
	if s.axis.Clock && (s.lo < -62135596800 || s.hi > 253402300799) {
		return fmt.Errorf("%g to %g seconds since 1970 are not between the years 1 and 9999", s.lo, s.hi)
	}
	if s.hi-s.lo > largest*4 || math.Abs(s.lo) > largest*4 {
		return fmt.Errorf("range from %g to %g is too wide", s.lo, s.hi)
	}
	return nil
}
