package lstm

import "math"

// fma returns x*y + z rounded once to float32, as one fused instruction does.
//
// The product of two float32 values is exact in float64. Their sum with z is rounded to float64 and again to float32, which is wrong only where the first
// rounding lands on a midpoint between float32 values. A midpoint, also among subnormal values, has its low 28 bits clear: then fmaTie decides.
func fma(x, y, z float32) float32 {
	p := float64(float64(x) * float64(y))
	s := p + float64(z)
	if math.Float64bits(s)&(1<<28-1) == 0 {
		return fmaTie(p, float64(z), s)
	}
	return float32(s)
}

// fmaTie rounds p + z, of which s is the nearest float64, to odd and then to float32 (Boldo and Melquiond, Emulation of a FMA and
// correctly rounded sums, 2008). s has an even significand.
//
//go:noinline
func fmaTie(p, z, s float64) float32 {
	if s-s != 0 {
		return float32(s)
	}
	part := s - p
	rest := (p - (s - part)) + (z - part)
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
