package table

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// Pages are decoded here and not by the library: its decoders allocate what a run length or a header claims and panic on some damaged pages.
// Each of these takes the number of values that the page must have, checks every length against the bytes at hand, and allocates in
// proportion to both.

// plainDictionary is what older writers put in a page header for format.RLEDictionary.
const plainDictionary format.Encoding = 2

var errDamaged = errors.New("damaged Parquet file")

func damaged(text string, args ...any) error {
	return fmt.Errorf("%w: %s", errDamaged, fmt.Sprintf(text, args...))
}

// values are those of a page or dictionary, in one of the slices: BOOLEAN, INT32 and INT64 in ints, FLOAT and DOUBLE in floats, BYTE_ARRAY,
// FIXED_LEN_BYTE_ARRAY and INT96 in texts.
type values struct {
	ints   []int64
	floats []float64
	texts  []string
}

func (v *values) len() int { return max(len(v.ints), len(v.floats), len(v.texts)) }

// pick gives the values at the indexes.
func (v *values) pick(indexes []uint32) (out values, err error) {
	for _, i := range indexes {
		if int64(i) >= int64(v.len()) {
			return out, damaged("entry %d of a dictionary of %d", i, v.len())
		}
	}
	return values{at(v.ints, indexes), at(v.floats, indexes), at(v.texts, indexes)}, nil
}

// at gives the elements at the indexes; nil for nil.
func at[T any](from []T, indexes []uint32) []T {
	if from == nil {
		return nil
	}
	out := make([]T, len(indexes))
	for k, i := range indexes {
		out[k] = from[i]
	}
	return out
}

// decode reads n values in the given encoding.
func decode(src []byte, n int, kind parquet.Kind, width int, enc format.Encoding, dict *values) (v values, err error) {
	switch enc {
	case format.Plain:
		return decodePlain(src, n, kind, width)
	case format.RLEDictionary, plainDictionary:
		if dict == nil {
			return v, damaged("a page without its dictionary")
		}
		if len(src) == 0 {
			if n == 0 {
				return v, nil
			}
			return v, damaged("a page without values")
		}
		indexes, err := decodeRuns(src[1:], n, int(src[0]))
		if err != nil {
			return v, err
		}
		return dict.pick(indexes)
	case format.RLE:
		if kind != parquet.Boolean {
			break
		}
		if len(src) < 4 {
			return v, damaged("a page of %d bytes", len(src))
		}
		bits, err := decodeRuns(src[4:], n, 1)
		for _, b := range bits {
			v.ints = append(v.ints, int64(b))
		}
		return v, err
	case format.DeltaBinaryPacked:
		if kind == parquet.Int32 || kind == parquet.Int64 {
			v.ints, _, err = decodeDeltas(src, n)
			if kind == parquet.Int32 {
				for i, x := range v.ints {
					v.ints[i] = int64(int32(x))
				}
			}
			return v, err
		}
	case format.DeltaLengthByteArray:
		if kind == parquet.ByteArray {
			lengths, rest, err := decodeDeltas(src, n)
			if err != nil {
				return v, err
			}
			v.texts, err = cut(string(rest), lengths)
			return v, err
		}
	case format.DeltaByteArray:
		if kind == parquet.ByteArray || kind == parquet.FixedLenByteArray {
			v.texts, err = decodePrefixed(src, n)
			return v, err
		}
	case format.ByteStreamSplit:
		return decodeSplit(src, n, kind, width)
	}
	return v, fmt.Errorf("the encoding %s of %s is not supported", enc, kind)
}

// size is the number of bytes of a plain value, 0 when it varies.
func size(kind parquet.Kind, width int) int {
	switch kind {
	case parquet.Int32, parquet.Float:
		return 4
	case parquet.Int64, parquet.Double:
		return 8
	case parquet.Int96:
		return 12
	case parquet.FixedLenByteArray:
		return width
	}
	return 0
}

func decodePlain(src []byte, n int, kind parquet.Kind, width int) (v values, err error) {
	each := size(kind, width)
	switch kind {
	case parquet.Boolean:
		if len(src) < (n+7)/8 {
			return v, damaged("%d bytes for %d booleans", len(src), n)
		}
		for i := range n {
			v.ints = append(v.ints, int64(src[i/8]>>(i%8)&1))
		}
		return v, nil
	case parquet.ByteArray:
		v.texts, err = decodeTexts(src, n)
		return v, err
	}
	if each <= 0 || len(src)/each < n {
		return v, damaged("%d bytes for %d values of %d", len(src), n, each)
	}
	switch kind {
	case parquet.Int32:
		v.ints = make([]int64, n)
		for i := range v.ints {
			v.ints[i] = int64(int32(binary.LittleEndian.Uint32(src[4*i:])))
		}
	case parquet.Int64:
		v.ints = make([]int64, n)
		for i := range v.ints {
			v.ints[i] = int64(binary.LittleEndian.Uint64(src[8*i:]))
		}
	case parquet.Float:
		v.floats = make([]float64, n)
		for i := range v.floats {
			v.floats[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:])))
		}
	case parquet.Double:
		v.floats = make([]float64, n)
		for i := range v.floats {
			v.floats[i] = math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:]))
		}
	default:
		v.texts = make([]string, n)
		whole := string(src[:n*each])
		for i := range v.texts {
			v.texts[i] = whole[i*each : (i+1)*each]
		}
	}
	return v, nil
}

// decodeTexts reads byte arrays, each after its length in 4 bytes.
func decodeTexts(src []byte, n int) ([]string, error) {
	if len(src)/4 < n {
		return nil, damaged("%d bytes for %d texts", len(src), n)
	}
	whole := string(src)
	texts := make([]string, n)
	for i := range texts {
		if len(whole) < 4 {
			return nil, damaged("text %d of %d is missing", i, n)
		}
		length := uint64(binary.LittleEndian.Uint32(src[len(src)-len(whole):]))
		if whole = whole[4:]; length > uint64(len(whole)) {
			return nil, damaged("a text of %d bytes with %d left", length, len(whole))
		}
		texts[i], whole = whole[:length], whole[length:]
	}
	return texts, nil
}

// decodeSplit reads BYTE_STREAM_SPLIT: all first bytes, then all second bytes, and so on.
func decodeSplit(src []byte, n int, kind parquet.Kind, width int) (values, error) {
	each := size(kind, width)
	if each <= 0 || len(src)/each < n {
		return values{}, damaged("%d bytes for %d values of %d", len(src), n, each)
	}
	stride := len(src) / each
	joined := make([]byte, n*each)
	for i := range n {
		for b := range each {
			joined[i*each+b] = src[b*stride+i]
		}
	}
	return decodePlain(joined, n, kind, width)
}

// decodeRuns reads n values of the given width from an RLE/bit-packing hybrid. What follows them is ignored.
func decodeRuns(src []byte, n, width int) ([]uint32, error) {
	if width > 32 {
		return nil, damaged("values of %d bits", width)
	}
	out := make([]uint32, 0, n)
	for len(out) < n {
		header, used := binary.Uvarint(src)
		if used <= 0 {
			return nil, damaged("a run is missing")
		}
		src = src[used:]
		left := n - len(out)
		if header&1 == 0 {
			count := min(header>>1, uint64(left))
			if len(src) < (width+7)/8 {
				return nil, damaged("a run without its value")
			}
			var v uint32
			for i := range (width + 7) / 8 {
				v |= uint32(src[i]) << (8 * i)
			}
			src = src[(width+7)/8:]
			for range count {
				out = append(out, v)
			}
			continue
		}
		groups := header >> 1
		count := left
		if groups < uint64(left) {
			count = min(left, int(groups)*8)
		}
		packed := src[:min(len(src), (count*width+7)/8)]
		if len(packed)*8 < count*width {
			return nil, damaged("a run of %d values in %d bytes", count, len(src))
		}
		var u unpacker
		for range count {
			var v uint64
			v, packed = u.next(packed, width)
			out = append(out, uint32(v))
		}
		src = src[min(uint64(len(src)), min(groups, uint64(len(src)))*uint64(width)):]
	}
	return out, nil
}

// unpacker takes values out of bytes, the first value from the lowest bits. The caller knows that there are enough bytes.
type unpacker struct {
	held uint64
	n    int
}

func (u *unpacker) next(src []byte, width int) (uint64, []byte) {
	v, have := u.held, u.n
	for have < width {
		b := uint64(src[0])
		src = src[1:]
		v |= b << have
		if have += 8; have > width {
			u.n = have - width
			u.held = b >> (8 - u.n)
			return v & (1<<width - 1), src
		}
	}
	u.held, u.n = v>>width, have-width
	if width == 64 {
		return v, src
	}
	return v & (1<<width - 1), src
}

// decodeDeltas reads DELTA_BINARY_PACKED, which must hold n values, and returns what follows.
func decodeDeltas(src []byte, n int) (out []int64, rest []byte, err error) {
	var head [3]uint64
	for i := range head {
		v, used := binary.Uvarint(src)
		if used <= 0 {
			return nil, nil, damaged("differences without a header")
		}
		head[i], src = v, src[used:]
	}
	last, used := binary.Varint(src)
	if used <= 0 {
		return nil, nil, damaged("differences without a first value")
	}
	src = src[used:]
	block, minis, total := head[0], head[1], head[2]
	if total != uint64(n) {
		return nil, nil, damaged("%d differences for %d values", total, n)
	}
	if block == 0 || block > 1<<16 || minis == 0 || minis > block || block%minis != 0 || block/minis%8 != 0 {
		return nil, nil, damaged("blocks of %d differences in %d parts", block, minis)
	}
	if n == 0 {
		return nil, src, nil
	}
	out = append(make([]int64, 0, n), last)
	mini := int(block / minis)
	for len(out) < n {
		smallest, used := binary.Varint(src)
		if used <= 0 || len(src)-used < int(minis) {
			return nil, nil, damaged("%d of %d differences are missing", n-len(out), n)
		}
		widths := src[used : used+int(minis)]
		src = src[used+int(minis):]
		for _, width := range widths {
			if len(out) == n {
				break
			}
			bytes := mini / 8 * int(width)
			if width > 64 || len(src) < bytes {
				return nil, nil, damaged("differences of %d bits in %d bytes", width, len(src))
			}
			packed := src[:bytes]
			src = src[bytes:]
			var u unpacker
			for range min(mini, n-len(out)) {
				var d uint64
				d, packed = u.next(packed, int(width))
				last += smallest + int64(d)
				out = append(out, last)
			}
		}
	}
	return out, src, nil
}

// cut divides a text into pieces of the given lengths.
func cut(whole string, lengths []int64) ([]string, error) {
	out := make([]string, len(lengths))
	for i, n := range lengths {
		if n < 0 || n > int64(len(whole)) {
			return nil, damaged("a text of %d bytes with %d left", n, len(whole))
		}
		out[i], whole = whole[:n], whole[n:]
	}
	return out, nil
}

// decodePrefixed reads DELTA_BYTE_ARRAY: how much each text shares with the one before it, and its end.
func decodePrefixed(src []byte, n int) ([]string, error) {
	prefixes, rest, err := decodeDeltas(src, n)
	if err != nil {
		return nil, err
	}
	lengths, rest, err := decodeDeltas(rest, n)
	if err != nil {
		return nil, err
	}
	out, err := cut(string(rest), lengths)
	if err != nil {
		return nil, err
	}
	total := 0
	for i, p := range prefixes {
		if p == 0 {
			continue
		}
		if i == 0 || p < 0 || p > int64(len(out[i-1])) {
			return nil, damaged("text %d shares %d bytes with the one before it", i, p)
		}
		out[i] = out[i-1][:p] + out[i]
		if total += len(out[i]); total > maxPage {
			return nil, damaged("more than %d bytes of text in a page", maxPage)
		}
	}
	return out, nil
}
