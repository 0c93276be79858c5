package forecast

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Blocks are the draws of a moving-block bootstrap (Kuensch 1989, Annals of Statistics 17, 1217-1241): each replicate of n values is made of blocks of consecutive
// ones, so that what is correlated stays together. The same draws serve all series of n values, which makes their replicates comparable.
type Blocks struct {
	n, length int
	starts    [][]int32 // of each replicate; the last block is cut so that there are n values
}

// BlockLength is the smallest whole number not below the cube root of n, the rate that is best for a variance (Hall, Horowitz and Jing 1995), and at least h, the reach of
// the correlation between forecasts h steps ahead; at most n.
func BlockLength(n, h int) int {
	length := 1
	for length*length*length < n {
		length++
	}
	return max(1, min(max(length, h), n))
}

// NewBlocks draws the blocks with a PCG of its own. n and length are at least 1, length at most n.
func NewBlocks(n, length, replicates int, seed uint64) *Blocks {
	r := rand.New(rand.NewPCG(seed, 0x626c6f636b73))
	b := &Blocks{n: n, length: length, starts: make([][]int32, replicates)}
	for i := range b.starts {
		b.starts[i] = make([]int32, (n+length-1)/length)
		for j := range b.starts[i] {
			b.starts[i][j] = int32(r.IntN(n - length + 1))
		}
	}
	return b
}

// Means returns the mean of each replicate of the n values. Sums are differences of sums of deviations from the mean, in order.
func (b *Blocks) Means(values []float64) []float64 {
	mean := Mean(values)
	sums := make([]float64, len(values)+1)
	for i, v := range values {
		sums[i+1] = sums[i] + (v - mean)
	}
	means := make([]float64, len(b.starts))
	for i, starts := range b.starts {
		sum, left := 0.0, b.n
		for _, s := range starts {
			k := min(b.length, left)
			sum += sums[int(s)+k] - sums[s]
			left -= k
		}
		means[i] = mean + sum/float64(b.n)
	}
	return means
}

// Percentiles is the central interval that holds the given share of the values (0.95), ends interpolated linearly as numpy does. NaN when there is none, or when one is NaN.
func Percentiles(values []float64, share float64) (low, high float64) {
	sorted := slices.Sorted(slices.Values(values))
	if len(sorted) == 0 || math.IsNaN(sorted[0]) { // NaN comes first
		return math.NaN(), math.NaN()
	}
	return Quantile(sorted, (1-share)/2), Quantile(sorted, (1+share)/2)
}

// Quantile interpolates linearly between the sorted values (Hyndman and Fan 1996, definition 7). NaN for none.
func Quantile(sorted []float64, q float64) float64 {
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	at := float64(q * float64(n-1))
	i := min(max(int(at), 0), n-1)
	if i == n-1 {
		return sorted[i]
	}
	return sorted[i] + float64((at-float64(i))*(sorted[i+1]-sorted[i]))
}

// SkillInterval is the 95 % bootstrap interval of 1 - mean(loss)/mean(reference), both resampled together. A replicate whose reference is 0 makes it NaN.
func (b *Blocks) SkillInterval(loss, reference []float64) (low, high float64) {
	skill, of := b.Means(loss), b.Means(reference)
	for i := range skill {
		skill[i] = Skill(skill[i], of[i])
	}
	return Percentiles(skill, 0.95)
}

// Luck says how much of the gain of the best of several forecasts may be the luck of having tried several.
type Luck struct {
	Tries int
	Best  float64 // the largest mean loss difference to the rival: positive, the best try loses less
	Luck  float64 // the mean of the largest difference when no try differs from the rival
	White float64 // p-value that none is better than the rival: White 2000, Econometrica 68, 1097-1126
	SPA   float64 // the same, consistent version of Hansen 2005, J. Business and Economic Statistics 23, 365-380: bad tries do not hide good ones
}

// RealityCheck bootstraps the loss differences of each try, rival's loss minus the try's at each target. The studentising deviations of SPA are those of the
// bootstrap. Tries that are the rival itself (no difference anywhere) are left out; without any other the numbers are NaN.
func (b *Blocks) RealityCheck(differences [][]float64) Luck {
	nan := math.NaN()
	l := Luck{Tries: len(differences), Best: nan, Luck: nan, White: nan, SPA: nan}
	root := math.Sqrt(float64(b.n))
	threshold := math.Sqrt(2 * math.Log(math.Log(max(float64(b.n), 3))))
	replicates := len(b.starts)
	highest, studentised := filled(replicates, math.Inf(-1)), make([]float64, replicates)
	best, t := math.Inf(-1), 0.0
	found := false
	for _, d := range differences {
		means := b.Means(d)
		mean, centre := Mean(d), Mean(means)
		square := 0.0
		for _, m := range means {
			square += float64((m - centre) * (m - centre))
		}
		omega := math.Sqrt(square/float64(replicates)) * root
		if !(omega > 0) {
			continue
		}
		found = true
		best, t = max(best, mean), max(t, root*mean/omega)
		recentred := 0.0
		if root*mean >= -omega*threshold {
			recentred = mean
		}
		for i, m := range means {
			highest[i] = max(highest[i], m-centre)
			// the bootstrap's own centre instead of the mean: moving blocks see the ends less often
			studentised[i] = max(studentised[i], root*(m-centre+mean-recentred)/omega)
		}
	}
	if !found {
		return l
	}
	l.Best, l.Luck = best, Mean(highest)
	l.White, l.SPA = beyond(highest, best), beyond(studentised, t)
	return l
}

// beyond is the p-value of a bound among so many replicates: the share of those at or above it, itself counted among them, so that it is never 0 (Davison and Hinkley 1997, 4.2).
func beyond(replicates []float64, bound float64) float64 {
	n := 1
	for _, v := range replicates {
		if v >= bound {
			n++
		}
	}
	return float64(n) / float64(len(replicates)+1)
}

func filled(n int, v float64) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = v
	}
	return values
}
