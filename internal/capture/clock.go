package capture

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// Options of an interface description that concern time.
const (
	optionResolution = 9  // if_tsresol
	optionOffset     = 14 // if_tsoffset, in seconds
)

// clock turns an interface's ticks into time.
type clock struct {
	offset   int64 // seconds to add
	exponent uint8 // a second has 10^exponent ticks, or 2^exponent
	binary   bool
}

// microseconds is the clock of an interface that does not say.
func microseconds() clock { return clock{exponent: 6} }

// option reads one option of an interface description; those of another meaning or length are ignored.
func (c *clock) option(code uint16, value []byte, big bool) {
	switch {
	case code == optionResolution && len(value) == 1:
		c.binary, c.exponent = value[0]&0x80 != 0, value[0]&0x7f
	case code == optionOffset && len(value) == 8:
		seconds := binary.LittleEndian.Uint64(value)
		if big {
			seconds = bits.ReverseBytes64(seconds)
		}
		c.offset = int64(seconds)
	}
}

// nanoseconds returns the time of a packet in ns since 1970 UTC, rounded down, and whether int64 can say it.
func (c clock) nanoseconds(ticks uint64) (ns int64, ok bool) {
	hi, lo := c.scale(ticks)
	// Add the offset, a signed 128-bit product.
	seconds := uint64(c.offset)
	if c.offset < 0 {
		seconds = -seconds
	}
	offsetHi, offsetLo := bits.Mul64(seconds, nsPerSecond)
	var carry uint64
	if c.offset < 0 {
		lo, carry = bits.Sub64(lo, offsetLo, 0)
		hi, _ = bits.Sub64(hi, offsetHi, carry)
	} else {
		lo, carry = bits.Add64(lo, offsetLo, 0)
		hi, _ = bits.Add64(hi, offsetHi, carry)
	}
	// In two's complement, hi must be the sign of lo.
	if hi == 0 && lo <= math.MaxInt64 || hi == math.MaxUint64 && lo > math.MaxInt64 {
		return int64(lo), true
	}
	return 0, false
}

// scale returns ticks in nanoseconds as a 128-bit number, rounded down.
func (c clock) scale(ticks uint64) (hi, lo uint64) {
	if c.binary {
		hi, lo = bits.Mul64(ticks, nsPerSecond)
		if n := uint(c.exponent); n >= 64 {
			return 0, hi >> (n - 64)
		} else if n > 0 {
			return hi >> n, hi<<(64-n) | lo>>n
		}
		return hi, lo
	}
	if c.exponent <= 9 {
		return bits.Mul64(ticks, pow10(9-c.exponent))
	}
	if c.exponent-9 > 19 { // 10^20 does not fit uint64, nor do the ticks reach it
		return 0, 0
	}
	return 0, ticks / pow10(c.exponent-9)
}

// pow10 returns 10^n, n at most 19.
func pow10(n uint8) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}

// half reads a 16-bit number.
func half(b []byte, big bool) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if big {
		v = bits.ReverseBytes16(v)
	}
	return v
}
