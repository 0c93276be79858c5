package synthetic

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// source draws everything that is random from one PCG, by operations that give the same result on every machine.
type source struct{ pcg *rand.PCG }

// sequence is the second half of the PCG's seed, so that other users of the same seed draw other numbers.
const sequence = 0x77656972_62616b62 // "weirbakb"

func newSource(seed uint64) *source { return &source{rand.NewPCG(seed, sequence)} }

// below is uniform on 0..n-1; its bias of n/2^64 does not matter here.
func (s *source) below(n uint64) uint64 {
	high, _ := bits.Mul64(s.pcg.Uint64(), n)
	return high
}

// between is uniform on low..high, both included.
func (s *source) between(low, high int) int { return low + int(s.below(uint64(high-low+1))) }

// unit is uniform on (0, 1].
func (s *source) unit() float64 { return float64(s.pcg.Uint64()>>11+1) * (1.0 / (1 << 53)) }

// happens is true with probability p.
func (s *source) happens(p float64) bool { return s.unit() <= p }

// exponential has mean 1. It is von Neumann's method, which only compares uniform numbers (no logarithm): J. von Neumann, "Various techniques used in
// connection with random digits", 1951.
func (s *source) exponential() float64 {
	for whole := 0; ; whole++ {
		first := s.pcg.Uint64() >> 11
		last, run := first, 1
		for {
			next := s.pcg.Uint64() >> 11
			if next > last {
				break
			}
			last, run = next, run+1
		}
		if run%2 == 1 {
			return float64(whole) + float64(float64(first)*(1.0/(1<<53)))
		}
	}
}

// pareto has the distribution function 1 - x^(-4/3) on x >= 1, mean 4: the inverse power -3/4 of a uniform number is two square roots.
func (s *source) pareto() float64 {
	root := math.Sqrt(s.unit())
	return 1 / float64(root*math.Sqrt(root))
}

// residual is what is left of a pareto that an observer finds running: uniform on (0, 1] for a quarter of them, then a tail
// with exponent 1/3 (the equilibrium distribution of renewal theory).
func (s *source) residual() float64 {
	u := s.unit()
	if u > 0.75 {
		return float64(u-0.75) * 4
	}
	u = u / 0.75
	return 1 / float64(float64(u*u)*u)
}

// normal has mean 0 and variance 1, nearly: the sum of twelve uniform numbers less six.
func (s *source) normal() float64 {
	sum := uint64(0)
	for range 12 {
		sum += s.pcg.Uint64() >> 16
	}
	return float64(float64(sum)*(1.0/(1<<48))) - 6
}

// zipf draws ranks 0..n-1 with probability proportional to 1/(rank+1).
type zipf struct{ cumulative []float64 }

func newZipf(n int) zipf {
	z := zipf{make([]float64, n)}
	sum := 0.0
	for i := range z.cumulative {
		sum += 1 / float64(i+1)
		z.cumulative[i] = sum
	}
	return z
}

func (z zipf) draw(s *source) int {
	n := len(z.cumulative)
	at := s.unit() * z.cumulative[n-1]
	low, high := 0, n-1
	for low < high {
		middle := (low + high) / 2
		if z.cumulative[middle] < at {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}
