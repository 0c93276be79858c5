package lstm

import "math"

// portable defines every kernel in plain Go. No expression holds a product and a sum, so that no compiler fuses what is not an fma.
var portable = kernels{"portable", forward, backward, transpose, weightGradient, adamStep}

func forward(s *step) {
	for unit := range s.units {
		w := s.weights[4*unit*s.width:]
		wi, wf, wg, wo := w[:s.width], w[s.width:2*s.width], w[2*s.width:3*s.width], w[3*s.width:4*s.width]
		g := s.gates[4*unit*s.lanes:]
		for b := s.lo; b < s.hi; b++ {
			var zi, zf, zg, zo float32
			for k := s.first; k < s.rows; k++ {
				x := s.x[k*s.lanes+b]
				zi = fma(wi[k], x, zi)
				zf = fma(wf[k], x, zf)
				zg = fma(wg[k], x, zg)
				zo = fma(wo[k], x, zo)
			}
			zi, zf, zg, zo = sigmoid(zi), sigmoid(zf), tanh(zg), sigmoid(zo)
			at := unit*s.lanes + b
			c := fma(zf, s.cell[at], zi*zg)
			curved := tanh(c)
			g[b], g[s.lanes+b], g[2*s.lanes+b], g[3*s.lanes+b] = zi, zf, zg, zo
			s.cells[at], s.curved[at], s.next[at] = c, curved, zo*curved
		}
	}
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
	for k := 0; k < s.units; k += 4 {
		for b := s.lo; b < s.hi; b++ {
			var d0, d1, d2, d3 float32
			for r := range 4 * s.units {
				z, w := s.gates[r*s.lanes+b], s.weights[r*s.width+k:r*s.width+k+4]
				d0 = fma(w[0], z, d0)
				d1 = fma(w[1], z, d1)
				d2 = fma(w[2], z, d2)
				d3 = fma(w[3], z, d3)
			}
			s.dh[k*s.lanes+b], s.dh[(k+1)*s.lanes+b], s.dh[(k+2)*s.lanes+b], s.dh[(k+3)*s.lanes+b] = d0, d1, d2, d3
		}
	}
}

func transpose(s *step) { transposeFrom(s, 0) }

func transposeFrom(s *step, first int) {
	for k := first; k < s.rows; k++ {
		row := s.x[k*s.lanes : (k+1)*s.lanes]
		for b := s.lo; b < s.hi; b++ {
			s.turned[b*s.width+k] = row[b]
		}
	}
}

func weightGradient(g *gradient) {
	for r := g.lo; r < g.hi; r++ {
		sum := g.sum[r*g.width : (r+1)*g.width]
		for b := range g.used {
			z, x := g.z[r*g.lanes+b], g.turned[b*g.width:(b+1)*g.width]
			for k, v := range x {
				sum[k] = fma(z, v, sum[k])
			}
		}
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
