package forest

import (
	"math"
	"math/bits"
	"slices"
)

// maxBins of a feature by default: with the code of a missing value they fill a byte. Whoever asks for more gets codes of two bytes, if a feature has so many values.
const (
	maxBins  = 255
	mostBins = 1<<16 - 1
)

// binned holds the rows as bin codes: 0 is a missing value, b the bin b-1 of its feature.
type binned struct {
	rows     int
	features []feature
	bits     uint       // of a code: 8 or 16
	lanes    int        // codes in a word: 8 or 4
	slots    int        // of a feature in a histogram: 256, or of codes of 16 bits the number of codes in use
	groups   int        // words of a row, F/lanes
	codes    []uint64   // [N][groups]: feature lanes*g+j is in word g, from bit bits*j on; histograms read all features of a row
	columns  [][]uint16 // [F][N]: the same, for who reads one feature
}

// feature holds the lowest and highest value of each bin, ascending.
type feature struct {
	low, high []float32
	missing   bool // there are missing values
}

// place of a feature's codes: their word and how far it is to be shifted.
func (b *binned) place(feature int) (group int, shift uint) {
	return feature / b.lanes, b.bits * uint(feature%b.lanes)
}

// width is the number of features in a group.
func (b *binned) width(group int) int { return min(b.lanes, len(b.features)-b.lanes*group) }

// bin sorts each feature's values into bins of about equally many rows.
func bin(x *Matrix, limit, workers int) *binned {
	const together = 8 // columns: a cache line of a row
	b := &binned{rows: x.Rows, features: make([]feature, x.Columns), bits: 8, lanes: 8, slots: 256}
	b.columns = make([][]uint16, x.Columns)
	parallel(workers, (x.Columns+together-1)/together, func(c int) {
		keys, sorted, spare := make([]uint32, x.Rows), make([]uint32, x.Rows), make([]uint32, x.Rows)
		for f := together * c; f < min(together*(c+1), x.Columns); f++ {
			for i := range keys {
				keys[i] = key(x.Values[i*x.Columns+f])
			}
			present := sorted[:0]
			for _, k := range keys {
				if k != missingKey {
					present = append(present, k)
				}
			}
			lows, highs := cut(ascending(present, spare), limit)
			codes := make([]uint16, x.Rows)
			for i, k := range keys {
				codes[i] = uint16(find(lows, k))
			}
			b.columns[f] = codes
			b.features[f] = feature{unkeys(lows), unkeys(highs), len(present) < x.Rows}
		}
	})
	for _, f := range b.features {
		if n := len(f.low) + 1; n > b.slots {
			b.bits, b.lanes, b.slots = 16, 4, n
		}
	}
	b.groups = (x.Columns + b.lanes - 1) / b.lanes
	b.codes = make([]uint64, x.Rows*b.groups)
	for f := range b.features {
		group, shift := b.place(f)
		for i, c := range b.columns[f] {
			b.codes[i*b.groups+group] |= uint64(c) << shift
		}
	}
	return b
}

// cut makes at most limit bins of ascending keys and returns the lowest and highest key of each. Each distinct key has its own bin where there are few enough;
// otherwise a bin is closed when it is as near as it gets to its share of the rows that are left.
func cut(keys []uint32, limit int) (lows, highs []uint32) {
	distinct := 0
	for i, k := range keys {
		if i == 0 || k != keys[i-1] {
			distinct++
		}
	}
	every := distinct <= limit
	size, left := 0, len(keys) // rows in the open bin, rows not in a closed one
	for i := 0; i < len(keys); {
		next := i + 1
		for next < len(keys) && keys[next] == keys[i] {
			next++
		}
		count, open := next-i, limit-len(lows)+1 // bins left, the open one included
		if size > 0 && (every || open > 1 && (size*open >= left || (2*size+count)*open > 2*left)) {
			left -= size
			size = 0
		}
		if size == 0 {
			lows, highs = append(lows, keys[i]), append(highs, keys[i])
		}
		highs[len(highs)-1] = keys[i]
		size += count
		i = next
	}
	return lows, highs
}

// find is the code of a key: the number of bins that begin at or below it.
func find(lows []uint32, k uint32) int {
	if k == missingKey {
		return 0
	}
	n := 0
	for step := 1 << bits.Len(uint(len(lows))) >> 1; step > 0; step >>= 1 {
		if at := n + step; at <= len(lows) && lows[at-1] <= k {
			n = at
		}
	}
	return n
}

// missingKey is above every other key.
const missingKey = math.MaxUint32

// key maps a value, rounded to float32, to an integer in the same order. -0 is 0.
func key(v float64) uint32 {
	if v != v {
		return missingKey
	}
	u := math.Float32bits(float32(v))
	if u == 1<<31 {
		u = 0
	}
	return u ^ (uint32(int32(u)>>31) | 1<<31)
}

func unkeys(keys []uint32) []float32 {
	values := make([]float32, len(keys))
	for i, k := range keys {
		values[i] = math.Float32frombits(k ^ (^uint32(int32(k)>>31) | 1<<31))
	}
	return values
}

// ascending sorts keys, in three passes over 11 bits where there are many. The result is in keys or spare.
func ascending(keys, spare []uint32) []uint32 {
	if len(keys) < 2048 {
		slices.Sort(keys)
		return keys
	}
	from, to := keys, spare[:len(keys)]
	for shift := 0; shift < 32; shift += 11 {
		var at [1<<11 + 1]int
		for _, k := range from {
			at[k>>shift&(1<<11-1)+1]++
		}
		for d := range 1 << 11 {
			at[d+1] += at[d]
		}
		for _, k := range from {
			d := k >> shift & (1<<11 - 1)
			to[at[d]] = k
			at[d]++
		}
		from, to = to, from
	}
	return from
}
