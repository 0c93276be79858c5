package lstm

import "math"

// portable defines every kernel in plain Go. No expression holds a product and a sum, so that no compiler fuses what is not an fma.
var portable = kernels{"portable", 2e6, cellKernels{forward, backward}, cellKernels{forwardGRU, backwardGRU}, stateGradient, transpose, weightGradient, adamStep, curve, slope}

func forward(s *step)    { each(s, s.activate) }
func forwardGRU(s *step) { each(s, s.activateGRU) }

// each visits units and lanes with the sums of their four gates.
func each(s *step, visit func(unit, lane int, z0, z1, z2, z3 float32)) {
	var z [4][2]float32
	for unit := range s.units {
		w := s.weights[4*unit*s.width+s.first:]
		for b := s.lo; b < s.hi; b += 2 {
			z = [4][2]float32{}
			chains(&z, w, 1, s.width, s.x[s.first*s.lanes+b:], s.lanes, s.rows-s.first)
			for lane := range 2 {
				visit(unit, b+lane, z[0][lane], z[1][lane], z[2][lane], z[3][lane])
			}
		}
	}
}

// activate is forward of one unit and lane from the sums of its gates on.
func (s *step) activate(unit, lane int, z0, z1, z2, z3 float32) {
	i, f := tanh2(0.5*z0, 0.5*z1)
	g, o := tanh2(z2, 0.5*z3)
	i, f, o = lift(i), lift(f), lift(o)
	z, at := s.gates[4*unit*s.lanes+lane:], unit*s.lanes+lane
	c := fma(f, s.cell[at], i*g)
	curved := tanh(c)
	z[0], z[s.lanes], z[2*s.lanes], z[3*s.lanes] = i, f, g, o
	s.cells[at], s.curved[at], s.next[at] = c, curved, o*curved
}

func backward(s *step) {
	for unit := range s.units {
		z := s.gates[4*unit*s.lanes:]
		for b := s.lo; b < s.hi; b++ {
			at := unit*s.lanes + b
			i, f, g, o := z[b], z[s.lanes+b], z[2*s.lanes+b], z[3*s.lanes+b]
			dh, curved := s.dh[at], s.curved[at]
			d := fma(dh*o, fma(-curved, curved, 1), s.dc[at])
			s.dc[at] = d * f
			z[b] = (d * g) * fma(-i, i, i)
			z[s.lanes+b] = (d * s.cell[at]) * fma(-f, f, f)
			z[2*s.lanes+b] = (d * i) * fma(-g, g, 1)
			z[3*s.lanes+b] = (dh * curved) * fma(-o, o, o)
		}
	}
}

// columns is where states begins and ends.
func (s *step) columns() (from, to int) {
	if s.first == s.to {
		return 0, 0
	}
	return s.first / 4 * 4, s.to
}

func stateGradient(s *step) {
	from, to := s.columns()
	var d [4][2]float32
	for k := from; k < to; k += 4 {
		for b := s.lo; b < s.hi; b += 2 {
			d = [4][2]float32{}
			chains(&d, s.weights[k:], s.width, 1, s.gates[b:], s.lanes, 4*s.units)
			for i, v := range d {
				copy(s.dh[(k+i)*s.lanes+b:], v[:])
			}
		}
	}
}

// chains continues eight chains side by side, so that the processor is not waiting for one: sum[i][l] by the chain over k < n of
// w[k*step+i*gap] * x[k*lanes+l]. It is fma, repeated.
func chains(sum *[4][2]float32, w []float32, step, gap int, x []float32, lanes, n int) {
	a0, a1, b0, b1 := sum[0][0], sum[0][1], sum[1][0], sum[1][1]
	c0, c1, d0, d1 := sum[2][0], sum[2][1], sum[3][0], sum[3][1]
	for k := range n {
		x0, x1 := x[k*lanes], x[k*lanes+1]
		wa, wb, wc, wd := w[k*step], w[k*step+gap], w[k*step+2*gap], w[k*step+3*gap]
		y0, y1 := float64(x0), float64(x1)
		v := float64(wa)
		s0, s1 := v*y0+float64(a0), v*y1+float64(a1)
		v = float64(wb)
		s2, s3 := v*y0+float64(b0), v*y1+float64(b1)
		v = float64(wc)
		s4, s5 := v*y0+float64(c0), v*y1+float64(c1)
		v = float64(wd)
		s6, s7 := v*y0+float64(d0), v*y1+float64(d1)
		if tied(s0) || tied(s1) || tied(s2) || tied(s3) || tied(s4) || tied(s5) || tied(s6) || tied(s7) {
			a0, a1 = fma(wa, x0, a0), fma(wa, x1, a1)
			b0, b1 = fma(wb, x0, b0), fma(wb, x1, b1)
			c0, c1 = fma(wc, x0, c0), fma(wc, x1, c1)
			d0, d1 = fma(wd, x0, d0), fma(wd, x1, d1)
			continue
		}
		a0, a1, b0, b1 = float32(s0), float32(s1), float32(s2), float32(s3)
		c0, c1, d0, d1 = float32(s4), float32(s5), float32(s6), float32(s7)
	}
	*sum = [4][2]float32{{a0, a1}, {b0, b1}, {c0, c1}, {d0, d1}}
}

func transpose(s *step) {
	for k := range s.rows {
		row := s.x[k*s.lanes : (k+1)*s.lanes]
		for b := s.lo; b < s.hi; b++ {
			s.turned[b*s.width+k] = row[b]
		}
	}
}

func weightGradient(g *gradient) {
	var d [4][2]float32
	for r := g.lo; r < g.hi; r += 4 {
		for k := g.first; k < g.width; k += 2 {
			for i := range d {
				copy(d[i][:], g.sum[(r+i)*g.width+k:])
			}
			for s := range 1 + g.more {
				chains(&d, g.z[s*g.zStep+r*g.lanes:], 1, g.lanes, g.turned[s*g.turnedStep+k:], g.width, g.used)
			}
			for i, v := range d {
				copy(g.sum[(r+i)*g.width+k:], v[:])
			}
		}
	}
}

func curve(x []float32) {
	for i, v := range x {
		x[i] = tanh(v)
	}
}

func slope(d, u []float32) {
	for i, v := range u[:len(d)] {
		d[i] *= fma(-v, v, 1)
	}
}

func adamStep(a *adam) {
	for i := a.lo; i < a.hi; i++ {
		g := a.g[i]
		a.m[i] = fma(g-a.m[i], 1-beta1, a.m[i])
		a.v[i] = fma(fma(g, g, -a.v[i]), 1-beta2, a.v[i])
		a.w[i] -= (a.rate * a.m[i]) / (float32(math.Sqrt(float64(a.v[i]))) + epsilon)
	}
}
