package lstm

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exactFMA rounds x*y+z once, by math/big.
func exactFMA(x, y, z float32) float32 {
	bx, by, bz := big.NewFloat(float64(x)), big.NewFloat(float64(y)), big.NewFloat(float64(z))
	p := new(big.Float).SetPrec(1000).Mul(bx, by)
	p.SetPrec(1000).Add(p, bz)
	f, _ := p.Float32()
	return f
}

func TestFMA(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	edge := []float32{0, 1, -1, math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32, 0x1p-126, 1 + 0x1p-23, 1 - 0x1p-24, 0x1p-75, 0x1p-74}
	check := func(x, y, z float32) {
		if float64(x)-float64(x) != 0 || float64(z)-float64(z) != 0 || float64(y)-float64(y) != 0 {
			return
		}
		if got, want := fma(x, y, z), exactFMA(x, y, z); got != want {
			t.Fatalf("fma(%b, %b, %b) = %b, want %b", x, y, z, got, want)
		}
	}
	for _, x := range edge {
		for _, y := range edge {
			for _, z := range edge {
				check(x, y, z)
			}
		}
	}
	// Few significant bits and exponents that meet make ties frequent; small exponents reach the subnormal numbers.
	short := func(low, span int) float32 {
		v := math.Ldexp(float64(r.IntN(1<<r.IntN(24)+1)), low+r.IntN(span))
		if r.IntN(2) == 0 {
			v = -v
		}
		return float32(v)
	}
	for range 100_000 {
		check(short(-20, 40), short(-20, 40), short(-40, 80))
		check(short(-80, 20), short(-80, 20), short(-149, 10))
		check(short(40, 70), short(40, 70), short(80, 47))
	}
	for _, v := range []float32{float32(math.NaN()), float32(math.Inf(1))} {
		if got := fma(v, 1, 1); got == got && !math.IsInf(float64(got), 1) {
			t.Errorf("fma(%v, 1, 1) = %v", v, got)
		}
	}
}

// TestTanh measures the error over a lattice of all float32 values in units in the last place of the result.
func TestTanh(t *testing.T) {
	var worst, worst2, worstSigmoid float64
	at := float32(0)
	step := uint32(4801) // about 4e5 of the 2e9 values below the limit
	for b := uint32(0x00800000); b < 0x41200000; b += step {
		x := math.Float32frombits(b)
		got := tanh(x)
		if got != -tanh(-x) || got > 1 {
			t.Fatalf("tanh(%v) = %v, tanh(%v) = %v", x, got, -x, tanh(-x))
		}
		want := math.Tanh(float64(x))
		_, e := math.Frexp(want)
		unit := math.Ldexp(1, max(e, -125)-24)
		if ulp := math.Abs(float64(got)-want) / unit; ulp > worst {
			worst, at = ulp, x
		}
		other := math.Float32frombits(uint32(uint64(b) * 2654435761 % 0x41200000)) // beside any other
		first, _ := tanh2(x, other)
		_, second := tanh2(other, x)
		if first != second {
			t.Fatalf("tanh2(%v, %v)", x, other)
		}
		worst2 = max(worst2, math.Abs(float64(first)-want)/unit)
		for _, x := range []float32{x, -x} {
			half, _ := tanh2(0.5*x, other)
			worstSigmoid = max(worstSigmoid, math.Abs(float64(lift(half))-1/(1+math.Exp(-float64(x)))))
		}
	}
	t.Logf("tanh: at most %.2f ulp (at %v); tanh2: %.2f; sigmoid: at most %.2g", worst, at, worst2, worstSigmoid)
	if worst > 3.9 || worst2 > 4.6 || worstSigmoid > 1.5e-7 {
		t.Error("too inexact")
	}
	for _, x := range []float32{9.02, 20, math.MaxFloat32, float32(math.Inf(1))} {
		if low, high := tanh2(-x, x); tanh(x) != 1 || low != -1 || high != 1 {
			t.Errorf("tanh(%v) = %v, tanh2 = %v, %v", x, tanh(x), low, high)
		}
	}
	if v := tanh(float32(math.NaN())); v == v {
		t.Error("tanh(NaN) is a number")
	}
}

func TestLogarithm(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 10_000 {
		x := math.Ldexp(r.Float64(), -r.IntN(60))
		if got, want := logarithm(x), math.Log(x); math.Abs(got-want) > 4e-16*math.Abs(want)+1e-16 {
			t.Fatalf("ln %v = %v, want %v", x, got, want)
		}
	}
}

func BenchmarkFMA(b *testing.B) {
	x := make([]float32, 4)
	for b.Loop() {
		for range 1000 {
			x[0] = fma(0.3, x[0], 0.7)
			x[1] = fma(0.4, x[1], 0.7)
			x[2] = fma(0.5, x[2], 0.7)
			x[3] = fma(0.6, x[3], 0.7)
		}
	}
	b.ReportMetric(8000*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}
