package lstm

import "math"

// fma returns x*y + z rounded once to float32, as one fused instruction does.
//
// The product of two float32 values is exact in float64. Their sum with z is rounded to float64 and again to float32, which is wrong only where the first
// rounding lands on a midpoint between float32 values. Then fmaTie decides. The kernels' inner loops repeat these lines: the compiler does not inline them.
func fma(x, y, z float32) float32 {
	s := float64(x)*float64(y) + float64(z) // the same whether the compiler fuses it or not
	if tied(s) {
		return fmaTie(x, y, z)
	}
	return float32(s)
}

// tied says that s may be a midpoint between float32 values: such numbers, also subnormal ones, have their low 28 bits clear.
func tied(s float64) bool { return math.Float64bits(s)<<36 == 0 }

// fmaTie rounds x*y + z, whose nearest float64 has an even significand, to odd and then to float32 (Boldo and Melquiond, Emulation of a FMA and
// correctly rounded sums, 2008).
//
//go:noinline
func fmaTie(x, y, z float32) float32 {
	p, c := float64(float64(x)*float64(y)), float64(z)
	s := p + c
	if s-s != 0 {
		return float32(s)
	}
	part := s - p
	rest := (p - (s - part)) + (c - part)
	if rest == 0 {
		return float32(s)
	}
	b := math.Float64bits(s)
	if rest > 0 == (s > 0) {
		b++
	} else {
		b--
	}
	return float32(math.Float64frombits(b))
}
