package forest

import "math"

// exponential is e^x for x <= 0 from basic operations alone, so that it has the same bits everywhere: x = n ln 2 + r, |r| <= ln 2 / 2, and the Taylor series of e^r,
// whose 14th term is below half a unit in the last place. Below -700 it is that of -700.
func exponential(x float64) float64 {
	x = max(x, -700)
	n := math.Floor(float64(x*math.Log2E) + 0.5)
	const high, low = 6.93147180369123816490e-01, 1.90821492927058770002e-10 // ln 2; n*high is exact
	r := float64(x-float64(n*high)) - float64(n*low)
	sum := 1.0 / 6227020800 // 13!
	for _, c := range [...]float64{1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1, 1} {
		sum = float64(sum*r) + c
	}
	return float64(sum * math.Float64frombits(uint64(int64(n)+1023)<<52))
}

// normalise turns scores into probabilities: their softmax.
func normalise(scores []float64) {
	top := scores[0]
	for _, v := range scores[1:] {
		top = max(top, v)
	}
	total := 0.0
	for i, v := range scores {
		scores[i] = exponential(v - top)
		total += scores[i]
	}
	for i := range scores {
		scores[i] /= total
	}
}

// product multiplies many numbers in (0, 1] without running out of exponents, to take the logarithm once.
type product struct {
	mantissa float64 // in (0, 1]; 0: nothing yet, which is 1
	exponent int
}

func (p *product) times(v float64) {
	if p.mantissa == 0 {
		p.mantissa = 1
	}
	if p.mantissa *= v; p.mantissa < 1e-3 {
		m, e := math.Frexp(p.mantissa)
		p.mantissa, p.exponent = m, p.exponent+e
	}
}

// logarithm of the product: ln m = 2 artanh((m-1)/(m+1)), as a series; |argument| <= 1/3.
func (p *product) logarithm() float64 {
	if p.mantissa == 0 {
		return 0
	}
	m, e := math.Frexp(p.mantissa)
	z := (m - 1) / (m + 1)
	square := float64(z * z)
	sum := 0.0
	for k := 37; k > 0; k -= 2 {
		sum = float64(sum*square) + 1/float64(k)
	}
	return float64(2*float64(z*sum)) + float64(float64(e+p.exponent)*math.Ln2)
}
