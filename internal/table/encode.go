package table

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// The encodings of the Parquet specification that a Writer uses. They are plain Go because the library's choose other runs for
// dictionary indexes where the CPU has AVX2 (both are valid, but the bytes of a file must not depend on the machine). Where the
// specification leaves a choice, the comment says which one is made.

// appendRuns encodes values of the given width in bits as RLE/bit-packing hybrid: eight equal values, or a multiple of eight, are a run;
// other groups of eight are bit-packed together; the last seven or fewer values are runs.
func appendRuns(dst []byte, src []uint32, width int) []byte {
	whole := len(src) / 8 * 8
	for i := 0; i < whole; {
		j := i
		for j < whole && src[j] == src[i] && uniform(src[j:j+8]) {
			j += 8
		}
		if j > i {
			dst = appendRun(dst, j-i, src[i], width)
			i = j
			continue
		}
		for j < whole && !uniform(src[j:j+8]) {
			j += 8
		}
		dst = binary.AppendUvarint(dst, uint64((j-i)/8)<<1|1)
		var p packer
		for ; i < j; i++ {
			dst = p.append(dst, uint64(src[i]), width)
		}
	}
	for i := whole; i < len(src); {
		j := i
		for j < len(src) && src[j] == src[i] {
			j++
		}
		dst = appendRun(dst, j-i, src[i], width)
		i = j
	}
	return dst
}

func uniform(group []uint32) bool {
	for _, v := range group[1:] {
		if v != group[0] {
			return false
		}
	}
	return true
}

func appendRun(dst []byte, n int, v uint32, width int) []byte {
	dst = binary.AppendUvarint(dst, uint64(n)<<1)
	for shift := 0; shift < width; shift += 8 {
		dst = append(dst, byte(v>>shift))
	}
	return dst
}

// appendIndexes encodes dictionary indexes (RLE_DICTIONARY): the width of the largest in a byte, then runs.
func appendIndexes(dst []byte, src []uint32) []byte {
	var all uint32
	for _, v := range src {
		all |= v
	}
	width := bits.Len32(all)
	return appendRuns(append(dst, byte(width)), src, width)
}

// packer puts values into bytes, the first value in the lowest bits.
type packer struct {
	held uint64
	n    int // bits in held, at most 7 between calls
}

func (p *packer) append(dst []byte, v uint64, width int) []byte {
	p.held |= v << p.n
	p.n += width
	if p.n >= 64 {
		dst = binary.LittleEndian.AppendUint64(dst, p.held)
		p.n -= 64
		p.held = v >> (width - p.n) // 0 when all of v was written
	}
	for ; p.n >= 8; p.n -= 8 {
		dst = append(dst, byte(p.held))
		p.held >>= 8
	}
	return dst
}

const (
	deltaBlock = 128
	deltaMini  = 32
)

// appendDeltas encodes integers as differences (DELTA_BINARY_PACKED) in blocks of 128 with 4 miniblocks. Differences wrap around at 32 bits when
// narrow, else at 64. The last miniblock is filled up with zeros; one without values has width 0.
func appendDeltas(dst []byte, src []int64, narrow bool) []byte {
	wrap := func(v int64) int64 { return v }
	if narrow {
		wrap = func(v int64) int64 { return int64(int32(v)) }
	}
	dst = binary.AppendUvarint(dst, deltaBlock)
	dst = binary.AppendUvarint(dst, deltaBlock/deltaMini)
	dst = binary.AppendUvarint(dst, uint64(len(src)))
	if len(src) == 0 {
		return append(dst, 0)
	}
	last := wrap(src[0])
	dst = binary.AppendVarint(dst, last)
	var deltas [deltaBlock]int64
	for src = src[1:]; len(src) > 0; src = src[min(deltaBlock, len(src)):] {
		n := min(deltaBlock, len(src))
		smallest := int64(math.MaxInt64)
		for i, v := range src[:n] {
			v = wrap(v)
			deltas[i], last = wrap(v-last), v
			smallest = min(smallest, deltas[i])
		}
		dst = binary.AppendVarint(dst, smallest)
		widths := len(dst)
		dst = append(dst, 0, 0, 0, 0)
		for m := 0; m*deltaMini < n; m++ {
			mini := deltas[m*deltaMini : (m+1)*deltaMini]
			var all uint64
			for i := range mini {
				if m*deltaMini+i >= n {
					mini[i] = smallest
				}
				all |= uint64(mini[i] - smallest)
			}
			width := bits.Len64(all)
			dst[widths+m] = byte(width)
			var p packer
			for _, d := range mini {
				dst = p.append(dst, uint64(d-smallest), width)
			}
		}
	}
	return dst
}

// appendPlain encodes 4 bytes a value when narrow, else 8 (PLAIN).
func appendPlain(dst []byte, src []int64, narrow bool) []byte {
	for _, v := range src {
		if narrow {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(v))
		} else {
			dst = binary.LittleEndian.AppendUint64(dst, uint64(v))
		}
	}
	return dst
}
