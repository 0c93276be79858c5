//go:build arm64 && !purego

package lstm

// selected are the kernels of this machine: products in the vectors that every arm64 processor has, the rest in plain Go. The assembly is written by hand, as
// avo knows one architecture only.
var selected = neon

var neon = kernels{"NEON", 1e7, cellKernels{forwardNEON, backward}, cellKernels{forwardGRUNEON, backwardGRU}, statesNEON, transpose, gradientNEON, adamStep, curve, slope}

// available lists the kernels that run here, the slowest first.
func available() []kernels { return []kernels{portable, neon} }

// multiply16NEON continues the sums of four rows, width apart, and 16 columns by the chain over so many factors w, which are along apart and those of another
// row row apart, times x, next apart. multiply8NEON is the same for 8 columns.
//
//go:noescape
func multiply16NEON(w *float32, row, along int, x *float32, next, k int, sum *float32, width int)

//go:noescape
func multiply8NEON(w *float32, row, along int, x *float32, next, k int, sum *float32, width int)

// sumsNEON does the products of forward for a unit.
func sumsNEON(s *step, unit int) {
	z := s.gates[gates*unit*s.lanes:]
	for gate := range gates {
		clear(z[gate*s.lanes+s.lo : gate*s.lanes+s.hi])
	}
	for lane := s.lo; lane < s.hi; lane += group {
		multiply16NEON(&s.weights[gates*unit*s.width+s.first], s.width, 1, &s.x[s.first*s.lanes+lane], s.lanes, s.rows-s.first, &z[lane], s.lanes)
	}
}

func forwardNEON(s *step) {
	for unit := range s.units {
		sumsNEON(s, unit)
		z := s.gates[gates*unit*s.lanes:]
		for b := s.lo; b < s.hi; b++ {
			s.activate(unit, b, z[b], z[s.lanes+b], z[2*s.lanes+b], z[3*s.lanes+b])
		}
	}
}

func forwardGRUNEON(s *step) {
	for unit := range s.units {
		sumsNEON(s, unit)
		z := s.gates[gates*unit*s.lanes:]
		for b := s.lo; b < s.hi; b++ {
			s.activateGRU(unit, b, z[b], z[s.lanes+b], z[2*s.lanes+b], z[3*s.lanes+b])
		}
	}
}

func statesNEON(s *step) {
	from, to := s.columns()
	for k := from; k < to; k += 4 {
		for i := range 4 {
			clear(s.dh[(k+i)*s.lanes+s.lo : (k+i)*s.lanes+s.hi])
		}
		for lane := s.lo; lane < s.hi; lane += group {
			multiply16NEON(&s.weights[k], 1, s.width, &s.gates[lane], s.lanes, gates*s.units, &s.dh[k*s.lanes+lane], s.lanes)
		}
	}
}

func gradientNEON(g *gradient) {
	if g.used == 0 {
		return
	}
	for s := range 1 + g.more {
		z, turned := g.z[s*g.zStep:], g.turned[s*g.turnedStep:]
		for r := g.lo; r < g.hi; r += 4 {
			k := g.first
			for ; k+16 <= g.width; k += 16 {
				multiply16NEON(&z[r*g.lanes], g.lanes, 1, &turned[k], g.width, g.used, &g.sum[r*g.width+k], g.width)
			}
			if k < g.width {
				multiply8NEON(&z[r*g.lanes], g.lanes, 1, &turned[k], g.width, g.used, &g.sum[r*g.width+k], g.width)
			}
		}
	}
}
