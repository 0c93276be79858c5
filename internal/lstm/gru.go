package lstm

// activateGRU is forward of one unit and lane from the sums of its gates on.
func (s *step) activateGRU(unit, lane int, z0, z1, recurrent, z3 float32) {
	update, reset := tanh2(0.5*z0, 0.5*z1)
	update, reset = lift(update), lift(reset)
	candidate := tanh(fma(reset, recurrent, z3))
	z, at := s.gates[4*unit*s.lanes+lane:], unit*s.lanes+lane
	z[0], z[s.lanes], z[2*s.lanes], z[3*s.lanes] = update, reset, recurrent, candidate
	s.next[at] = fma(update, s.x[at]-candidate, candidate)
}

func backwardGRU(s *step) {
	for unit := range s.units {
		z := s.gates[4*unit*s.lanes:]
		for b := s.lo; b < s.hi; b++ {
			at := unit*s.lanes + b
			u, r, q, g := z[b], z[s.lanes+b], z[2*s.lanes+b], z[3*s.lanes+b]
			d := s.dh[at] + s.dc[at]
			s.dc[at] = d * u
			p := fma(-d, u, d) * fma(-g, g, 1)
			z[b] = (d * (s.x[at] - g)) * fma(-u, u, u)
			z[s.lanes+b] = (p * q) * fma(-r, r, r)
			z[2*s.lanes+b] = p * r
			z[3*s.lanes+b] = p
		}
	}
}

// clearFixed clears the gradient, rows lo..hi-1, of those weights of a GRU that are zero by definition: the sum over the states has no inputs and no
// input bias, the sum over the inputs has no states and no bias of theirs.
func (p *part) clearFixed(sum []float32, lo, hi int) {
	for r := lo; r < hi; r += gates {
		row := sum[(r+gateRecurrent)*p.width():]
		clear(row[p.units : p.units+p.features+1])
		row = sum[(r+gateCandidate)*p.width():]
		clear(row[:p.units])
		row[p.rows()-1] = 0
	}
}
