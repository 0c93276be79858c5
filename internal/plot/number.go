package plot

import "math"

// Values beyond these are an error, or nothing: the arithmetic of ranges stays finite within them.
const (
	largest  = 1e100
	smallest = 1e-100
)

// log10 is the decimal logarithm of x > 0, the same bits on every processor (math.Log10 is not: amd64 and s390x have assembly of their own),
// rounded to 12 decimals so that powers of ten give whole numbers. ln f = 2 atanh((f-1)/(f+1)) by its series.
func log10(x float64) float64 {
	f, e := math.Frexp(x)
	if f < math.Sqrt2/2 {
		f *= 2
		e--
	}
	s := (f - 1) / (f + 1)
	square := float64(s * s)
	sum, power := 0.0, s
	for k := 1; k < 32; k += 2 {
		sum += power / float64(k)
		power = float64(power * square)
	}
	l := float64(2*sum/math.Ln10) + float64(float64(e)*math.Log10E*math.Ln2)
	return math.Round(l*1e12) / 1e12
}

// exp10 is 10 to the power of a whole number, correctly rounded.
func exp10(n int) float64 { return math.Pow10(n) }

// floorLog10 is the decimal exponent of x > 0.
func floorLog10(x float64) int { return int(math.Floor(log10(x))) }

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
