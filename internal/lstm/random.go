package lstm

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// Streams of PCG(seed, stream): one use each.
const (
	weightStream = 1
	orderStream  = 1 << 32 // plus the epoch
)

// source draws from one PCG. Only Uint64 of math/rand/v2 is used: its distributions call functions that differ between architectures.
type source struct{ pcg *rand.PCG }

func newSource(seed int64, stream uint64) source {
	return source{rand.NewPCG(uint64(seed), stream)}
}

// uniform is in [0, 1), a multiple of 2^-53.
func (s source) uniform() float64 { return float64(s.pcg.Uint64()>>11) / (1 << 53) }

// below is uniform in 0..n-1 (Lemire, Fast random integer generation in an interval, 2019).
func (s source) below(n int) int {
	for {
		hi, lo := bits.Mul64(s.pcg.Uint64(), uint64(n))
		if lo >= -uint64(n)%uint64(n) {
			return int(hi)
		}
	}
}

// shuffle puts a random permutation of 0..len(order)-1 into order (Fisher-Yates from the end).
func (s source) shuffle(order []int) {
	for i := range order {
		order[i] = i
	}
	for i := len(order) - 1; i > 0; i-- {
		j := s.below(i + 1)
		order[i], order[j] = order[j], order[i]
	}
}

// normal is a standard normal value (Marsaglia's polar method; the second value is not kept).
func (s source) normal() float64 {
	for {
		a, b := float64(2*s.uniform())-1, float64(2*s.uniform())-1
		r := float64(a*a) + float64(b*b)
		if r > 0 && r < 1 {
			return a * math.Sqrt(float64(-2*logarithm(r))/r)
		}
	}
}

// logarithm is ln x for x in (0, 1), from basic operations alone: x = m 2^e, ln m = 2 artanh((m-1)/(m+1)), |argument| <= 1/3.
func logarithm(x float64) float64 {
	m, e := math.Frexp(x)
	z := (m - 1) / (m + 1)
	square := float64(z * z)
	sum := 0.0
	for k := 37; k > 0; k -= 2 {
		sum = float64(sum*square) + 1/float64(k)
	}
	return float64(2*float64(z*sum)) + float64(float64(e)*math.Ln2)
}

// initialise sets Keras' initial weights. Each part draws in this order: kernel [F, C*H] (C is 4 or 3) row by row, uniform in ±sqrt(6/(F+C*H)) (glorot);
// recurrent kernel [H, C*H], rows orthonormal. Then the head. Biases are zero, those of forget gates one.
func (m *Model) initialise(s source) {
	for _, p := range m.parts {
		tensors := p.regions()
		columns := len(tensors[0][0].gates) * p.units
		limit := glorot(p.features, columns)
		p.each(tensors[0], func(_, weight int) { m.weights[weight] = s.within(limit) })
		rows := orthonormal(p.units, columns, s)
		p.each(tensors[1], func(at, weight int) { m.weights[weight] = float32(rows[at/columns][at%columns]) })
		if p.cell == LSTM {
			for unit := range p.units {
				p.of(m.weights)[(gates*unit+gateForget)*p.width()+p.units+p.features] = 1
			}
		}
	}
	m.initialiseHead(s)
}

// glorot is the limit of Keras' glorot-uniform weights.
func glorot(inputs, outputs int) float64 { return math.Sqrt(6 / float64(inputs+outputs)) }

// within is uniform in ±limit.
func (s source) within(limit float64) float32 {
	return float32((float64(2*s.uniform()) - 1) * limit)
}

// orthonormal returns rows orthonormal vectors of length n >= rows, uniform among all such: normal vectors made orthogonal in order (modified Gram-Schmidt).
// That is the Q of a QR decomposition whose R has a positive diagonal, as Keras' Orthogonal draws it. So many normal vectors are far from dependent; what is left of
// their products is of the order of 1e-15.
func orthonormal(rows, n int, s source) [][]float64 {
	q := make([][]float64, rows)
	for i := range q {
		q[i] = make([]float64, n)
		for j := range q[i] {
			q[i][j] = s.normal()
		}
	}
	for i, p := range q {
		length := math.Sqrt(dots(p, p, p, p, p)[0])
		for j := range p {
			p[j] /= length
		}
		for k := i + 1; k < rows; k += 4 {
			r := func(l int) []float64 { return q[min(k+l, rows-1)] } // the last ones again, which are not changed twice
			d := dots(p, r(0), r(1), r(2), r(3))
			for l := range min(4, rows-k) {
				row := q[k+l]
				for j, v := range p {
					row[j] -= float64(d[l] * v)
				}
			}
		}
	}
	return q
}

// dots is the products of p with four vectors, each summed in order: four chains side by side, so that the processor is not waiting for one.
func dots(p, a, b, c, d []float64) [4]float64 {
	var s, t, u, v float64
	a, b, c, d = a[:len(p)], b[:len(p)], c[:len(p)], d[:len(p)]
	for j, x := range p {
		s += float64(x * a[j])
		t += float64(x * b[j])
		u += float64(x * c[j])
		v += float64(x * d[j])
	}
	return [4]float64{s, t, u, v}
}
