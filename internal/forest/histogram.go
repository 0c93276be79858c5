package forest

import "math/bits"

// A histogram has one 64-bit word for each plane, feature and bin: what the words of the rows in the bin add up to. What a word means is for statistics to
// say. Words are integers, so sums are exact and can be taken apart again.
type histogram [][]int64 // [planes][lanes*slots for each group]

func newHistogram(planes, groups int) histogram {
	h := make(histogram, planes)
	for p := range h {
		h[p] = make([]int64, groups*lanes*slots)
	}
	return h
}

// add adds the words of rows to the bins of group g, or subtracts them.
func (h histogram) add(g int, codes []uint64, rows []int32, words [][]int64) {
	for p, w := range words {
		add((*[lanes * slots]int64)(h[p][g*lanes*slots:]), codes, rows, w)
	}
}

// addLane adds the words of rows to the bins of lane j of group g alone.
func (h histogram) addLane(g, j int, codes []uint64, rows []int32, words [][]int64) {
	shift := uint(8 * j & 63)
	for p, w := range words {
		bins, w := (*[slots]int64)(h[p][(g*lanes+j)*slots:]), w[:len(rows)]
		for i, r := range rows {
			bins[uint8(codes[r]>>shift)] += w[i]
		}
	}
}

func (h histogram) clear(g int) {
	for p := range h {
		clear(h[p][g*lanes*slots : (g+1)*lanes*slots])
	}
}

// subtract takes other away.
func (h histogram) subtract(g int, other histogram) {
	for p := range h {
		to, from := (*[lanes * slots]int64)(h[p][g*lanes*slots:]), (*[lanes * slots]int64)(other[p][g*lanes*slots:])
		for i := range to {
			to[i] -= from[i]
		}
	}
}

// add adds a plane's words, one per row of rows, to the bins of eight features.
func add(h *[lanes * slots]int64, codes []uint64, rows []int32, words []int64) {
	words = words[:len(rows)]
	for i, r := range rows {
		c, w := codes[r], words[i]
		h[0*slots+int(uint8(c))] += w
		h[1*slots+int(uint8(c>>8))] += w
		h[2*slots+int(uint8(c>>16))] += w
		h[3*slots+int(uint8(c>>24))] += w
		h[4*slots+int(uint8(c>>32))] += w
		h[5*slots+int(uint8(c>>40))] += w
		h[6*slots+int(uint8(c>>48))] += w
		h[7*slots+int(uint8(c>>56))] += w
	}
}

// list is one feature's bins that hold rows, ascending: codes and words.
type list struct {
	codes []uint8
	words [][]int64 // [planes][len(codes)]
	count int
}

func newList(planes int) *list {
	l := &list{codes: make([]uint8, slots+1), words: make([][]int64, planes)}
	for p := range l.words {
		l.words[p] = make([]int64, slots+1)
	}
	return l
}

// take reads lane j of group g of h, whose feature has so many bins. A bin without rows has zeros.
func (l *list) take(h histogram, g, j, bins int) {
	at, n := (g*lanes+j)*slots, 0
	first := h[0][at : at+bins+1]
	if len(h) == 1 {
		words := l.words[0]
		for c, w := range first {
			l.codes[n], words[n] = uint8(c), w
			if w != 0 {
				n++
			}
		}
		l.count = n
		return
	}
	for c := range first {
		l.codes[n] = uint8(c)
		any := int64(0)
		for p := range h {
			w := h[p][at+c]
			l.words[p][n] = w
			any |= w
		}
		if any != 0 {
			n++
		}
	}
	l.count = n
}

// sparse fills lists for few rows without a histogram.
type sparse struct {
	words [][]int64 // [planes][slots], all zero between calls
	codes []uint64  // of the rows
}

// few is the number of rows up to which a node's bins are listed directly.
const few = 96

func newSparse(planes int) *sparse {
	s := &sparse{words: make([][]int64, planes), codes: make([]uint64, few)}
	for p := range s.words {
		s.words[p] = make([]int64, slots)
	}
	return s
}

// gather reads a group's codes of the rows.
func (s *sparse) gather(codes []uint64, rows []int32) {
	for i, r := range rows {
		s.codes[i] = codes[r]
	}
}

// take fills l with lane j of the codes gathered for rows with these words.
func (s *sparse) take(l *list, j int, words [][]int64) {
	var seen [slots / 64]uint64
	codes := s.codes[:len(words[0])]
	first := (*[slots]int64)(s.words[0])
	for i, w := range words[0] {
		c := uint8(codes[i] >> (8 * j))
		first[c] += w
		seen[c>>6] |= 1 << (c & 63)
	}
	for p := 1; p < len(words); p++ {
		sums := (*[slots]int64)(s.words[p])
		for i, w := range words[p] {
			sums[uint8(codes[i]>>(8*j))] += w
		}
	}
	n := 0
	for k, set := range seen {
		for ; set != 0; set &= set - 1 {
			c := uint8(64*k + bits.TrailingZeros64(set))
			l.codes[n] = c
			for p := range s.words {
				l.words[p][n] = s.words[p][c]
				s.words[p][c] = 0
			}
			n++
		}
	}
	l.count = n
}
