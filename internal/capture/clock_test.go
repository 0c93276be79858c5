package capture

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

// TestClock compares with arithmetic that has no bounds.
func TestClock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := microseconds()
		ticks := rapid.Uint64().Draw(t, "ticks")
		resolution := rapid.Byte().Draw(t, "resolution")
		offset := rapid.Int64().Draw(t, "offset")
		if rapid.Bool().Draw(t, "plausible") {
			resolution, offset = resolution&0x8f, offset%(1<<33)
		}
		c.option(optionResolution, []byte{resolution}, false)
		var seconds [8]byte
		for i := range seconds {
			seconds[i] = byte(uint64(offset) >> (8 * i))
		}
		c.option(optionOffset, seconds[:], false)

		base := int64(10)
		if resolution&0x80 != 0 {
			base = 2
		}
		perSecond := new(big.Int).Exp(big.NewInt(base), big.NewInt(int64(resolution&0x7f)), nil)
		want := new(big.Int).Mul(new(big.Int).SetUint64(ticks), big.NewInt(nsPerSecond))
		want.Quo(want, perSecond)
		want.Add(want, new(big.Int).Mul(big.NewInt(offset), big.NewInt(nsPerSecond)))
		got, ok := c.nanoseconds(ticks)
		if ok != want.IsInt64() || ok && got != want.Int64() {
			t.Fatalf("%d, %v, want %v", got, ok, want)
		}
	})
	for ticks, want := range map[uint64]bool{math.MaxInt64 / 1000: true, math.MaxInt64/1000 + 1: false, math.MaxUint64: false} {
		if _, ok := microseconds().nanoseconds(ticks); ok != want {
			t.Errorf("%d microseconds: %v", ticks, ok)
		}
	}
}

func BenchmarkClock(b *testing.B) {
	c := microseconds()
	for b.Loop() {
		if _, ok := c.nanoseconds(1_700_000_000_000_000); !ok {
			b.Fatal("out of range")
		}
	}
}
