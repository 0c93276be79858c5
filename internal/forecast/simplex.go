package forecast

import "math"

// descend is Nelder and Mead's simplex in the unit cube, with points clipped to it: len(steps) coordinates move from start, by steps at first; any further ones stay. It
// stops when the simplex is smaller than 1e-8 or after 400 steps.
func descend(f func([]float64) float64, start, steps []float64) ([]float64, float64) {
	type vertex struct {
		q []float64
		v float64
	}
	n := len(steps)
	at := func(of func(i int) float64) vertex {
		q := append([]float64(nil), start...)
		for i := range n {
			q[i] = min(max(of(i), 0), 1)
		}
		return vertex{q, f(q)}
	}
	simplex := []vertex{at(func(i int) float64 { return start[i] })}
	for k, step := range steps {
		simplex = append(simplex, at(func(i int) float64 {
			switch {
			case i != k:
				return start[i]
			case start[i]+step > 1:
				return start[i] - step
			}
			return start[i] + step
		}))
	}
	for range 400 {
		for i := 1; i <= n; i++ { // insertion sort, best first
			for j := i; j > 0 && simplex[j].v < simplex[j-1].v; j-- {
				simplex[j], simplex[j-1] = simplex[j-1], simplex[j]
			}
		}
		size := 0.0
		for _, s := range simplex[1:] {
			for i := range n {
				size = max(size, math.Abs(s.q[i]-simplex[0].q[i]))
			}
		}
		if size < 1e-8 {
			break
		}
		centre := make([]float64, n)
		for _, s := range simplex[:n] {
			for i := range n {
				centre[i] += s.q[i] / float64(n)
			}
		}
		worst := simplex[n]
		along := func(step float64) vertex {
			return at(func(i int) float64 { return centre[i] + float64(step*(worst.q[i]-centre[i])) })
		}
		r := along(-1)
		switch {
		case r.v < simplex[0].v:
			if e := along(-2); e.v < r.v {
				r = e
			}
			simplex[n] = r
		case r.v < simplex[n-1].v:
			simplex[n] = r
		default:
			c := along(0.5)
			if r.v < worst.v {
				c = along(-0.5)
			}
			if c.v < min(r.v, worst.v) {
				simplex[n] = c
				break
			}
			for k := 1; k <= n; k++ {
				old := simplex[k].q
				simplex[k] = at(func(i int) float64 { return simplex[0].q[i] + float64(0.5*(old[i]-simplex[0].q[i])) })
			}
		}
	}
	best := simplex[0]
	for _, s := range simplex[1:] {
		if s.v < best.v {
			best = s
		}
	}
	return best.q, best.v
}
