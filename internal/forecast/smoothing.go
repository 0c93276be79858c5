package forecast

import (
	"fmt"
	"math"
)

// smoothing is exponential smoothing, simple or with Holt's linear trend, in error-correction form:
//
//	f[t] = level + trend;  e = x[t] - f[t];  level = f[t] + alpha e;  trend += alpha beta e
//
// The forecast h steps ahead is level + h trend. Level and trend are the state before the first row. After a gap the state starts anew from the segment's first value with trend 0.
type smoothing struct {
	alpha, beta  float64 // in [0, 1]
	level, trend float64
	trended      bool
	total        float64 // sum of squared errors over the training targets
}

func (s *smoothing) Needs() int { return 1 }

func (s *smoothing) Parameters() map[string]float64 {
	p := map[string]float64{"alpha": s.alpha, "level": s.level, "sse": s.total}
	if s.trended {
		p["beta"], p["trend"] = s.beta, s.trend
	}
	return p
}

func restoreSmoothing(m Model, r *numbers) *smoothing {
	s := &smoothing{alpha: r.between("alpha", 0, 1), level: r.any("level"), total: r.any("sse"), trended: m.Name == "holt"}
	if s.trended {
		s.beta, s.trend = r.between("beta", 0, 1), r.any("trend")
	}
	return s
}

const gridRows = 4096

// fitSmoothing searches alpha and beta only. The errors are linear in the initial state, so for given alpha and beta its best value is a least-squares problem
// with one or two unknowns (it is "profiled out"). The surface has several minima and flat valleys: a grid over the unit square on at most the first gridRows
// rows, then Nelder and Mead's simplex from its three best points on all of them. Rows [from, d.Len()) are trained on.
func fitSmoothing(d *Data, from int, trended bool) (*smoothing, error) {
	end := d.Len()
	if end-from < 4 {
		return nil, fmt.Errorf("exponential smoothing needs at least 4 training rows, there are %d", end-from)
	}
	sse := func(rows int) func([]float64) float64 {
		part := d.Head(rows)
		return func(q []float64) float64 { return profile(part, from, q[0], q[1], trended).total }
	}
	coarse := sse(min(end, from+gridRows))
	var best [3][]float64
	low := [3]float64{math.Inf(1), math.Inf(1), math.Inf(1)}
	const cells = 20
	betas, steps := 0, []float64{0.03}
	if trended {
		betas, steps = cells, []float64{0.03, 0.01}
	}
	for i := 0; i <= cells; i++ {
		for j := 0; j <= betas; j++ {
			// beta is mostly small: its grid is finer near 0
			q := []float64{float64(i) / cells, float64(j*j) / (cells * cells)}
			v := coarse(q)
			for k := range low {
				if v < low[k] {
					copy(low[k+1:], low[k:len(low)-1])
					copy(best[k+1:], best[k:len(best)-1])
					low[k], best[k] = v, q
					break
				}
			}
		}
	}
	least := math.Inf(1)
	var at []float64
	for k, start := range best {
		if math.IsInf(low[k], 1) {
			continue
		}
		q, v := descend(sse(end), start, steps)
		if v < least {
			least, at = v, q
		}
	}
	if math.IsInf(least, 1) {
		return nil, fmt.Errorf("exponential smoothing: the sum of squares is not finite")
	}
	s := profile(d, from, at[0], at[1], trended)
	return &s, nil
}

// profile finds the initial state for alpha and beta and the sum of squares with it. Only the first segment depends on it; later ones restart.
func profile(d *Data, from int, alpha, beta float64, trended bool) smoothing {
	s := smoothing{alpha: alpha, trended: trended}
	if trended {
		s.beta = beta
	}
	// The error is r - level a - trend b, each of the three following the recursion without the others.
	type state struct{ level, trend float64 }
	var r, a, b state
	a.level, b.trend = 1, 1
	var aa, ab, bb, ar, br float64
	hi := d.Segments[0].Hi
	ghost := float64(alpha * s.beta)
	for t, x := range d.Values[:hi] {
		fr, fa, fb := r.level+r.trend, a.level+a.trend, b.level+b.trend
		e := x - fr
		if t >= from {
			aa += float64(fa * fa)
			ar += float64(fa * e)
		}
		if trended {
			if t >= from {
				ab += float64(fa * fb)
				bb += float64(fb * fb)
				br += float64(fb * e)
			}
			r.trend += float64(ghost * e)
			a.trend -= float64(ghost * fa)
			b.trend -= float64(ghost * fb)
			b.level = fb - float64(alpha*fb)
		}
		r.level = fr + float64(alpha*e)
		a.level = fa - float64(alpha*fa)
		if math.Abs(a.level)+math.Abs(a.trend)+math.Abs(b.level)+math.Abs(b.trend) < 1e-140 {
			break // the initial state is forgotten: what follows adds nothing to the sums
		}
	}
	det := float64(aa*bb) - float64(ab*ab)
	switch {
	case trended && det > 1e-13*float64(aa*bb):
		s.level = (float64(ar*bb) - float64(br*ab)) / det
		s.trend = (float64(br*aa) - float64(ar*ab)) / det
	case aa > 0:
		s.level = ar / aa
	default:
		s.level = d.Values[0] // forgotten before the first training target
	}
	s.total = s.sse(d, from)
	return s
}

// sse is the sum of squared errors over rows [from, d.Len()), first values of later segments left out.
func (s *smoothing) sse(d *Data, from int) float64 {
	sum := 0.0
	s.run(d, d.Len(), func(t int, level, trend float64) {
		if t >= from {
			e := d.Values[t] - (level + trend)
			sum += float64(e * e)
		}
	})
	return sum
}

// run calls each with the state before every row up to end, the first of a later segment left out.
func (s *smoothing) run(d *Data, end int, each func(t int, level, trend float64)) {
	level, trend := s.level, s.trend
	gain := float64(s.alpha * s.beta)
	for i, span := range d.Segments {
		for t := span.Lo; t < min(span.Hi, end); t++ {
			x := d.Values[t]
			if i > 0 && t == span.Lo {
				level, trend = x, 0
				continue
			}
			each(t, level, trend)
			f := level + trend
			e := x - f
			level = f + float64(s.alpha*e)
			trend += float64(gain * e)
		}
	}
}

func (s *smoothing) Forecast(d *Data, targets []int, h int) []float64 {
	f := missing(len(targets))
	if len(targets) == 0 {
		return f
	}
	next := 0
	s.run(d, targets[len(targets)-1]-h+2, func(t int, level, trend float64) {
		for next < len(targets) && targets[next]-h+1 < t {
			next++
		}
		if next < len(targets) && targets[next]-h+1 == t && targets[next]-d.Start(targets[next]) >= h {
			f[next] = level + float64(float64(h)*trend)
		}
	})
	return f
}
