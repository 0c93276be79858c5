package stats

import "math"

// Elementary functions with the same bits on every processor: only correctly rounded operations, in a fixed order, products rounded by
// an explicit conversion so that no compiler fuses them. Errors are below 2 units in the last place on the ranges used here.

const (
	ln2Hi = 6.93147180369123816490e-01 // the upper bits of ln 2: k*ln2Hi is exact for |k| < 2^20
	ln2Lo = 1.90821492927058770002e-10
)

// exp is e^x; 0 and +Inf where that leaves float64.
func exp(x float64) float64 {
	switch {
	case math.IsNaN(x):
		return x
	case x > 710:
		return math.Inf(1)
	case x < -746:
		return 0
	}
	k := math.Floor(float64(x/math.Ln2) + 0.5)
	hi := x - float64(k*ln2Hi)
	r := hi - float64(k*ln2Lo)
	p := 1.0
	for i := 14; i > 0; i-- { // Taylor: 0.347^15/15! < 1e-19
		p = 1 + float64(float64(r*p)/float64(i))
	}
	return math.Ldexp(p, int(k))
}

// log is the natural logarithm of a positive x; -Inf of 0, NaN below.
func log(x float64) float64 {
	switch {
	case x < 0 || math.IsNaN(x):
		return math.NaN()
	case x == 0:
		return math.Inf(-1)
	case math.IsInf(x, 1):
		return x
	}
	m, e := math.Frexp(x) // m in [0.5, 1)
	if m < math.Sqrt2/2 {
		m *= 2
		e--
	}
	f := (m - 1) / (m + 1)
	f2 := float64(f * f)
	s := 0.0
	for i := 23; i > 1; i -= 2 { // atanh's series: |f| < 0.172
		s = float64(f2 * (1/float64(i) + s))
	}
	return float64(float64(e)*ln2Hi) + (float64(float64(e)*ln2Lo) + (2*f + float64(2*f*s)))
}

// pow is x^y for positive x, to about 1e-15 for the moderate powers used here.
func pow(x, y float64) float64 { return exp(float64(y * log(x))) }

// Turn is cosine and sine of 2*pi*k/n for 0 <= k < n, reduced to an eighth of a turn by whole numbers.
func Turn(k, n int) (cos, sin float64) {
	octant := 8 * int64(k) / int64(n)
	rest := 8*int64(k) - octant*int64(n)
	if octant%2 == 1 {
		rest = int64(n) - rest
	}
	c, s := smallAngle(float64(math.Pi/4*float64(rest)) / float64(n))
	switch octant {
	case 0:
		return c, s
	case 1:
		return s, c
	case 2:
		return -s, c
	case 3:
		return -c, s
	case 4:
		return -c, -s
	case 5:
		return -s, -c
	case 6:
		return s, -c
	default:
		return c, -s
	}
}

// smallAngle is cosine and sine of 0 <= a <= pi/4 by Taylor's series.
func smallAngle(a float64) (cos, sin float64) {
	a2 := float64(a * a)
	for i := 18; i > 0; i -= 2 {
		cos = float64(a2*(1-cos)) / float64(i*(i-1))
		sin = float64(a2*(1-sin)) / float64(i*(i+1))
	}
	return 1 - cos, float64(a * (1 - sin))
}

// gammaQ is the regularised upper incomplete gamma function Q(half/2, x) for half >= 1, x >= 0: the probability that a chi-squared variable with
// half degrees of freedom exceeds 2x. Series and continued fraction as in Abramowitz and Stegun 6.5.29 and 6.5.31.
func gammaQ(half int, x float64) float64 {
	if x <= 0 {
		return 1
	}
	if math.IsInf(x, 1) {
		return 0
	}
	a := float64(half) / 2
	front := gammaFront(half, x) // x^a e^-x / Gamma(a)
	if x < a+1 {
		term, total := 1/a, 1/a
		for i := 1; term > 1e-18*total; i++ {
			term = float64(term*x) / (a + float64(i))
			total += term
		}
		return 1 - float64(front*total)
	}
	const tiny = 1e-300 // Lentz's method as Thompson and Barnett (1986) made it safe
	b := x + 1 - a
	c, d := 1/tiny, 1/b
	h := d
	for i := 1; i < 100_000; i++ {
		an := -float64(i) * (float64(i) - a)
		b += 2
		if d = float64(an*d) + b; math.Abs(d) < tiny {
			d = tiny
		}
		if c = b + an/c; math.Abs(c) < tiny {
			c = tiny
		}
		d = 1 / d
		step := float64(d * c)
		h = float64(h * step)
		if math.Abs(step-1) < 1e-16 {
			break
		}
	}
	return float64(front * h)
}

// gammaFront is x^a e^-x / Gamma(a), a = half/2, multiplied up factor by factor so that neither power nor factorial overflows.
func gammaFront(half int, x float64) float64 {
	factors := (half + 1) / 2
	share := exp(-x / float64(factors))
	p := share
	j := 1.0
	if half%2 == 1 {
		p = float64(p*math.Sqrt(x)) / math.SqrtPi
		j = 0.5
	} else {
		p = float64(p * x)
	}
	for i := 1; i < factors; i++ {
		p = float64(float64(p*share) * (x / j))
		j++
	}
	return p
}

// normalCDF is the standard normal distribution function.
func normalCDF(x float64) float64 {
	tail := gammaQ(1, float64(x*x)/2) / 2
	if x < 0 {
		return tail
	}
	return 1 - tail
}
