package forest

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// source draws from one PCG; each tree has its own. Only Uint64 of math/rand/v2 is used: its distributions call functions that differ between architectures.
type source struct{ pcg *rand.PCG }

func newSource(seed int64, tree int) source { return source{rand.NewPCG(uint64(seed), uint64(tree))} }

// below is uniform in 0..n-1 (Lemire, Fast random integer generation in an interval, 2019).
func (s source) below(n int) int {
	for {
		hi, lo := bits.Mul64(s.pcg.Uint64(), uint64(n))
		if lo >= uint64(n) || lo >= -uint64(n)%uint64(n) {
			return int(hi)
		}
	}
}

// some draws k of the rows 0..n-1 without replacement, ascending (Knuth, TAOCP 2, 3.4.2, algorithm S).
func (s source) some(rows []int32, n, k int) []int32 {
	for i := 0; k > 0; i++ {
		if s.below(n-i) < k {
			rows = append(rows, int32(i))
			k--
		}
	}
	return rows
}

// portion is the number that a share of n comes to, at least one.
func portion(share float64, n int) int {
	return min(max(int(math.Ceil(share*float64(n))), 1), n)
}

// drawing draws features without replacement: so many at once, then one at a time until a split is found, as Breiman's forests do.
type drawing struct {
	source source
	count  int
	order  []int32
	used   []bool
	at     int
}

func newDrawing(s source, count, features int) *drawing {
	d := &drawing{source: s, count: count, order: make([]int32, features), used: make([]bool, features)}
	for i := range d.order {
		d.order[i] = int32(i)
	}
	return d
}

// begin draws the features of a split.
func (d *drawing) begin() []bool {
	clear(d.used)
	for d.at = 0; d.at < d.count; {
		d.take()
	}
	return d.used
}

// next draws one more; nil: there is none.
func (d *drawing) next() []bool {
	if d.at == len(d.order) {
		return nil
	}
	clear(d.used)
	d.take()
	return d.used
}

func (d *drawing) take() {
	j := d.at + d.source.below(len(d.order)-d.at)
	d.order[d.at], d.order[j] = d.order[j], d.order[d.at]
	d.used[d.order[d.at]] = true
	d.at++
}
