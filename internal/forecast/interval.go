package forecast

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
)

// Ways of making prediction intervals, see Calibrate.
const (
	Conformal = "conformal"
	Adaptive  = "adaptive"
)

// adaptiveStep is how far one miss moves the level of Adaptive (gamma of Gibbs and Candes, who use the same).
const adaptiveStep = 0.005

// Band is the range that a model gives for each target of one horizon before it is calibrated: two quantiles, or for a model without any twice its forecast.
type Band struct {
	Targets   []int // increasing
	Low, High []float64
}

// scores are how far the actual values are outside the band: max(low - x, x - high), negative inside it (Romano, Patterson and Candes 2019). For a band without
// width that is |x - forecast| (Lei et al. 2018). NaN where there is no forecast.
func (b Band) scores(d *Data) []float64 {
	scores := make([]float64, len(b.Targets))
	for i, t := range b.Targets {
		low, high := min(b.Low[i], b.High[i]), max(b.Low[i], b.High[i])
		scores[i] = max(low-d.Values[t], d.Values[t]-high)
	}
	return scores
}

// Margin is the margin of a split conformal interval (Vovk, Gammerman and Shafer 2005): the ceil((n+1) level)-th smallest of the n scores that are numbers, so that a further
// one exchangeable with them is at most that with a probability of at least level. It is false where n is too small for this level.
func Margin(scores []float64, level float64) (margin float64, ok bool) {
	kept := slices.DeleteFunc(slices.Clone(scores), math.IsNaN)
	slices.Sort(kept)
	k := rank(len(kept), level)
	if k > len(kept) {
		return 0, false
	}
	return kept[k-1], true
}

// rank is ceil((n+1) level), at least 1. A product that is whole but for rounding stays whole.
func rank(n int, level float64) int {
	return max(1, int(math.Ceil(float64(float64(n+1)*level)-1e-9)))
}

// NeedsFor is the number of scores below which Margin has none.
func NeedsFor(level float64) int {
	return max(1, int(math.Ceil(min((level-1e-9)/(1-level), math.MaxInt32)))) // (n+1) level - 1e-9 <= n
}

// ErrFew is wrapped by the error of Calibrate about too few scores.
var ErrFew = errors.New("too few validation targets")

// Calibrated is the prediction intervals of one horizon.
type Calibrated struct {
	Low, High []float64 // one for each target of test; NaN where there is no forecast
	Margin    float64   // what was added to the band last: for targets still to come
}

// Calibrate widens (or narrows) the band of the test targets so that it holds level of them, 0 < level < 1, by the scores of the validation targets:
//
//   - Conformal: by one margin, that of the validation scores. It holds where errors of both parts are exchangeable, for quantiles (Romano et al.) and forecasts alike.
//   - Adaptive: by that of the latest scores, as many as there are validation targets, at a level that falls after each target inside and rises after each one outside
//     (Gibbs and Candes 2021, step 0.005), so that the share inside tends to level whatever the series does. The interval for x[t] at horizon h knows the actual values of test targets up to x[t-h] only; the validation part is all known. Where the
//     level leaves (0, 1) the largest or smallest score is taken.
//
// ErrFew says that there are too few validation targets for the level (NeedsFor).
func Calibrate(method string, d *Data, validation, test Band, h int, level float64) (*Calibrated, error) {
	if method != Conformal && method != Adaptive || !(level > 0 && level < 1) {
		return nil, fmt.Errorf("intervals %.40q of level %v: expected %s or %s, and a level between 0 and 1", method, level, Conformal, Adaptive)
	}
	scores := slices.DeleteFunc(validation.scores(d), math.IsNaN)
	margin, ok := Margin(scores, level)
	if !ok {
		return nil, fmt.Errorf("%w: a level of %v needs %d, there are %d", ErrFew, level, NeedsFor(level), len(scores))
	}
	v := &Calibrated{Low: make([]float64, len(test.Targets)), High: make([]float64, len(test.Targets)), Margin: margin}
	if method == Conformal {
		for i := range test.Targets {
			v.Low[i], v.High[i] = Widen(test.Low[i], test.High[i], margin)
		}
		return v, nil
	}
	a := newAdapter(scores, level)
	outside, known := test.scores(d), 0
	used := make([]float64, len(test.Targets)) // the margin of each target
	for i, t := range test.Targets {
		for ; known < i && test.Targets[known] <= t-h; known++ {
			a.learn(outside[known], used[known])
		}
		used[i] = a.margin()
		v.Low[i], v.High[i] = Widen(test.Low[i], test.High[i], used[i])
	}
	for ; known < len(test.Targets); known++ {
		a.learn(outside[known], used[known])
	}
	v.Margin = a.margin()
	return v, nil
}

// Widen adds a margin to both ends of a band; ends that a negative margin would let cross meet in the middle.
func Widen(low, high, margin float64) (float64, float64) {
	low, high = min(low, high), max(low, high)
	if a, b := low-margin, high+margin; a <= b || math.IsNaN(a) || math.IsNaN(b) {
		return a, b
	}
	middle := low + float64((high-low)/2)
	return middle, middle
}

// adapter is adaptive conformal inference: the latest scores, in time and in order of size, and the level.
type adapter struct {
	latest, sorted []float64
	target, level  float64
}

func newAdapter(scores []float64, level float64) *adapter {
	a := &adapter{latest: slices.Clone(scores), sorted: slices.Clone(scores), target: level, level: level}
	slices.Sort(a.sorted)
	return a
}

func (a *adapter) margin() float64 {
	return a.sorted[min(rank(len(a.sorted), a.level), len(a.sorted))-1]
}

// learn takes the score of a target and the margin that it was given.
func (a *adapter) learn(score, margin float64) {
	if math.IsNaN(score) {
		return
	}
	miss := 0.0
	if score > margin {
		miss = 1
	}
	a.level += float64(adaptiveStep * (miss - (1 - a.target)))
	oldest := sort.SearchFloat64s(a.sorted, a.latest[0])
	a.sorted = slices.Delete(a.sorted, oldest, oldest+1)
	at := sort.SearchFloat64s(a.sorted, score)
	a.sorted = slices.Insert(a.sorted, at, score)
	a.latest = append(a.latest[1:], score)
}
