package forest

import "math/bits"

// A histogram has one 64-bit word for each plane, feature and bin: what the words of the rows in the bin add up to. What a word means is for statistics to
// say. Words are integers, so sums are exact and can be taken apart again.
type histogram struct {
	lanes, slots int
	bits         uint
	planes       [][]int64 // [planes][lanes*slots for each group]
}

func newHistogram(planes int, data *binned) *histogram {
	h := &histogram{data.lanes, data.slots, data.bits, make([][]int64, planes)}
	for p := range h.planes {
		h.planes[p] = make([]int64, data.groups*data.lanes*data.slots)
	}
	return h
}

// group is a plane's part of group g.
func (h *histogram) group(plane, g int) []int64 {
	size := h.lanes * h.slots
	return h.planes[plane][g*size:][:size]
}

// lane is a plane's part of lane j of group g.
func (h *histogram) lane(plane, g, j int) []int64 {
	return h.planes[plane][(g*h.lanes+j)*h.slots:][:h.slots]
}

// add adds the words of rows to the bins of these groups: by blocks of rows, whose codes come into the cache for the first group and are there for the others.
func (h *histogram) add(data *binned, groups []int, rows []int32, words [][]int64) {
	const block, together = 256, 8
	for len(groups) > 0 {
		some := groups[:min(together, len(groups))]
		for lo := 0; lo < len(rows); lo += block {
			hi := min(lo+block, len(rows))
			for _, g := range some {
				for p, w := range words {
					if h.bits == 8 {
						addBytes((*[8 * 256]int64)(h.group(p, g)), data.codes[g:], data.groups, rows[lo:hi], w[lo:hi])
					} else {
						addPairs(h.group(p, g), h.slots, data.codes[g:], data.groups, rows[lo:hi], w[lo:hi])
					}
				}
			}
		}
		groups = groups[len(some):]
	}
}

// fill sets the bins of these groups to what the words of rows add up to.
func (h *histogram) fill(data *binned, groups []int, rows []int32, words [][]int64) {
	for _, g := range groups {
		h.clear(g)
	}
	h.add(data, groups, rows, words)
}

// addLane adds the words of rows to the bins of lane j of group g alone.
func (h *histogram) addLane(data *binned, g, j int, rows []int32, words [][]int64) {
	codes, stride := data.codes[g:], data.groups
	shift, mask := h.bits*uint(j)&63, uint64(1)<<h.bits-1
	for p, w := range words {
		bins, w := h.lane(p, g, j), w[:len(rows)]
		for i, r := range rows {
			bins[codes[int(r)*stride]>>shift&mask] += w[i]
		}
	}
}

func (h *histogram) clear(g int) {
	for p := range h.planes {
		clear(h.group(p, g))
	}
}

// subtract takes other away.
func (h *histogram) subtract(g int, other *histogram) {
	for p := range h.planes {
		to, from := h.group(p, g), other.group(p, g)
		from = from[:len(to)]
		for i := range to {
			to[i] -= from[i]
		}
	}
}

// addBytes adds a plane's words, one per row of rows, to the bins of eight features of 256 slots. Row r has its codes at r*stride.
func addBytes(h *[8 * 256]int64, codes []uint64, stride int, rows []int32, words []int64) {
	words = words[:len(rows)]
	for i, r := range rows {
		c, w := codes[int(r)*stride], words[i]
		h[0*256+int(uint8(c))] += w
		h[1*256+int(uint8(c>>8))] += w
		h[2*256+int(uint8(c>>16))] += w
		h[3*256+int(uint8(c>>24))] += w
		h[4*256+int(uint8(c>>32))] += w
		h[5*256+int(uint8(c>>40))] += w
		h[6*256+int(uint8(c>>48))] += w
		h[7*256+int(uint8(c>>56))] += w
	}
}

// addPairs is addBytes for four features with codes of two bytes.
func addPairs(h []int64, slots int, codes []uint64, stride int, rows []int32, words []int64) {
	words = words[:len(rows)]
	h0, h1, h2, h3 := h[:slots], h[slots:][:slots], h[2*slots:][:slots], h[3*slots:][:slots]
	for i, r := range rows {
		c, w := codes[int(r)*stride], words[i]
		h0[uint16(c)] += w
		h1[uint16(c>>16)] += w
		h2[uint16(c>>32)] += w
		h3[uint16(c>>48)] += w
	}
}

// list is one feature's bins that hold rows, ascending: codes and words.
type list struct {
	codes []uint16
	words [][]int64 // [planes][len(codes)]
	count int
}

func newList(planes, slots int) *list {
	l := &list{codes: make([]uint16, slots+1), words: make([][]int64, planes)}
	for p := range l.words {
		l.words[p] = make([]int64, slots+1)
	}
	return l
}

// take reads lane j of group g of h, whose feature has so many bins. A bin without rows has zeros.
func (l *list) take(h *histogram, g, j, bins int) {
	n, first := 0, h.lane(0, g, j)[:bins+1]
	if len(h.planes) == 1 {
		words := l.words[0]
		for c, w := range first {
			l.codes[n], words[n] = uint16(c), w
			if w != 0 {
				n++
			}
		}
		l.count = n
		return
	}
	at := (g*h.lanes + j) * h.slots
	for c := range first {
		l.codes[n] = uint16(c)
		any := int64(0)
		for p, plane := range h.planes {
			w := plane[at+c]
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
	seen  []uint64  // a bit for each slot, zero between calls
	codes []uint64  // of the rows
	bits  uint
}

// few is the number of rows up to which a node's bins are listed directly.
const few = 96

func newSparse(planes int, data *binned) *sparse {
	s := &sparse{words: make([][]int64, planes), seen: make([]uint64, (data.slots+63)/64), codes: make([]uint64, few), bits: data.bits}
	for p := range s.words {
		s.words[p] = make([]int64, data.slots)
	}
	return s
}

// gather reads a group's codes of the rows.
func (s *sparse) gather(data *binned, group int, rows []int32) {
	for i, r := range rows {
		s.codes[i] = data.codes[int(r)*data.groups+group]
	}
}

// take fills l with lane j of the codes gathered for rows with these words.
func (s *sparse) take(l *list, j int, words [][]int64) {
	shift, mask := s.bits*uint(j)&63, uint64(1)<<s.bits-1
	codes, seen := s.codes[:len(words[0])], s.seen
	for p, plane := range words {
		sums := s.words[p]
		for i, w := range plane {
			c := codes[i] >> shift & mask
			sums[c] += w
			seen[c>>6] |= 1 << (c & 63)
		}
	}
	n := 0
	for k, set := range seen {
		for ; set != 0; set &= set - 1 {
			c := 64*k + bits.TrailingZeros64(set)
			l.codes[n] = uint16(c)
			for p, sums := range s.words {
				l.words[p][n] = sums[c]
				sums[c] = 0
			}
			n++
		}
		seen[k] = 0
	}
	l.count = n
}
