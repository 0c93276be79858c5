package stats

import (
	"math/bits"
	"math/rand/v2"
	"slices"
)

// byPhase sums values by their phase: enough to know the seasonal figure and what it explains.
type byPhase struct {
	count   []float64
	sums    []float64
	squares []float64
	means   []float64 // scratch of figure
}

func newByPhase(period int) *byPhase {
	all := make([]float64, 4*period)
	return &byPhase{count: all[:period], sums: all[period : 2*period], squares: all[2*period : 3*period], means: all[3*period:]}
}

func tally(values []float64, phases []int, period int) *byPhase {
	totals, counts := make([]sum, period), make([]float64, period)
	for i, v := range values {
		totals[phases[i]].add(v)
		counts[phases[i]]++
	}
	b := newByPhase(period)
	copy(b.count, counts)
	for k := range totals {
		b.sums[k] = totals[k].value()
	}
	return b
}

// figure is the mean by phase, centred: minus its mean over phases (additive), divided by it (multiplicative). A phase without values counts as the
// neutral value.
func (b *byPhase) figure(model Model) []float64 {
	var total sum
	seen := 0.0
	for k, n := range b.count {
		b.means[k] = 0
		if n > 0 {
			b.means[k] = b.sums[k] / n
			total.add(b.means[k])
			seen++
		}
	}
	mean := total.value() / seen
	f := make([]float64, len(b.count))
	for k, n := range b.count {
		switch {
		case n > 0:
			f[k] = model.without(b.means[k], mean)
		case model == Multiplicative:
			f[k] = 1
		}
	}
	return f
}

// strength is what Decomposition.SeasonalStrength is for the values summed here (with squares), from the sums alone.
func (b *byPhase) strength(model Model) float64 {
	figure := b.figure(model)
	var n, whole, wholeSquares, rest, restSquares float64
	for k, f := range figure {
		n += b.count[k]
		whole += b.sums[k]
		wholeSquares += b.squares[k]
		if model == Multiplicative {
			rest += b.sums[k] / f
			restSquares += b.squares[k] / float64(f*f)
		} else {
			rest += b.sums[k] - float64(b.count[k]*f)
			restSquares += b.squares[k] - float64(2*f*b.sums[k]) + float64(b.count[k]*float64(f*f))
		}
	}
	return strength(restSquares-float64(rest*rest)/n, wholeSquares-float64(whole*whole)/n)
}

// SeasonTest compares a seasonal strength with that of noise.
type SeasonTest struct {
	Strength  float64 // the decomposition's seasonal strength
	P         float64 // (1 + resamples as strong)/(1 + resamples), Phipson and Smyth (2010)
	Null      float64 // mean strength of the resamples
	Block     int     // points in a block
	Resamples int
}

// NoiseTest asks whether a season is more than noise shows: any series has a seasonal figure, since averaging by phase always explains something. The
// null keeps the short memory and destroys the period: a moving-block bootstrap (Kuensch 1989) of the detrended points, blocks of ceil(n^(1/3)) points
// (the rate of Hall, Horowitz and Jing 1995) but none longer than the longest run, none across a gap, laid end to end on the original phases. For long series the resamples, at most
// the number given, are as many as 200 million drawn points allow, but 199 at least. The generator is PCG with the given seed. stop is asked once per
// resample and may be nil; when it says true the result is nil.
func (d *Decomposition) NoiseTest(resamples int, seed uint64, stop func() bool) *SeasonTest {
	n := len(d.detrended)
	t := &SeasonTest{Strength: d.SeasonalStrength, Block: 1, Resamples: max(min(resamples, 200_000_000/n), min(resamples, 199))}
	longest := slices.Max(d.runs)
	for t.Block*t.Block*t.Block < n && t.Block < longest {
		t.Block++
	}
	starts := d.blockStarts(t.Block)
	centred := d.centred()
	source := rand.NewPCG(seed, uint64(d.Period))
	asStrong, total := 0, 0.0
	b := newByPhase(d.Period)
	observed := d.strengthOf(b, centred)
	for range t.Resamples {
		if stop != nil && stop() {
			return nil
		}
		clear(b.count)
		clear(b.sums)
		clear(b.squares)
		for i := 0; i < n; {
			pick, _ := bits.Mul64(source.Uint64(), uint64(len(starts)))
			start := starts[pick]
			for j := start; j < start+t.Block && i < n; j++ {
				b.add(d.phase[i], centred[j])
				i++
			}
		}
		s := b.strength(d.Model)
		total += s
		if s >= observed {
			asStrong++
		}
	}
	t.P = float64(1+asStrong) / float64(1+t.Resamples)
	t.Null = total / float64(t.Resamples)
	return t
}

func (b *byPhase) add(phase int, v float64) {
	b.count[phase]++
	b.sums[phase] += v
	b.squares[phase] += float64(v * v)
}

func (d *Decomposition) strengthOf(b *byPhase, values []float64) float64 {
	for i, v := range values {
		b.add(d.phase[i], v)
	}
	return b.strength(d.Model)
}

// centred is the detrended points, for an additive model without their mean, which changes no strength and keeps the sums of squares precise.
func (d *Decomposition) centred() []float64 {
	if d.Model == Multiplicative {
		return d.detrended
	}
	mean := Mean(Single(d.detrended))
	x := make([]float64, len(d.detrended))
	for i, v := range d.detrended {
		x[i] = v - mean
	}
	return x
}

// blockStarts lists where a block fits without leaving its run.
func (d *Decomposition) blockStarts(block int) []int {
	var starts []int
	at := 0
	for _, n := range d.runs {
		for s := 0; s+block <= n; s++ {
			starts = append(starts, at+s)
		}
		at += n
	}
	return starts
}
