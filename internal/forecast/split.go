package forecast

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Split is a partition of the targets, each part increasing and all of it before the next.
type Split struct{ Train, Validation, Test []int }

// SplitOptions says how large the parts are. It is part of a Trial, so that who reads the predictions can repeat the split.
type SplitOptions struct {
	Test       float64 `json:"test"`              // share of the targets that test, 0 < Test < 1
	Validation float64 `json:"validation"`        // share of the remaining targets that validate, 0 <= Validation < 1
	History    int     `json:"history"`           // points before every strict target in its segment; at least the largest look-back makes all look-backs share targets
	Horizon    int     `json:"horizon,omitempty"` // the largest horizon, 0 for 1: so many points fewer are seen, and all horizons share targets
	Gap        int     `json:"gap,omitempty"`     // targets left out before the test part
	Folds      int     `json:"folds,omitempty"`   // rolling origin: the test part is cut into so many blocks, 0 for 1
	Fold       int     `json:"fold,omitempty"`    // which of them tests, from 1; what comes before it trains and validates
	Sliding    bool    `json:"sliding,omitempty"` // every fold trains on as many targets as the first, the latest ones; else on all before (expanding)
}

// DefaultSplit is what train and evaluate use when nothing else is said: the last fifth tests, as in the published split, the last fifth of the
// rest validates, and 60 points of history, the largest look-back of the published sweep.
var DefaultSplit = SplitOptions{Test: 0.2, Validation: 0.2, History: 60}

// Check returns nil or what is wrong with the options.
func (o SplitOptions) Check() error {
	switch {
	case !(o.Test > 0 && o.Test < 1):
		return fmt.Errorf("test share %v: expected more than 0 and less than 1", o.Test)
	case !(o.Validation >= 0 && o.Validation < 1):
		return fmt.Errorf("validation share %v: expected 0 or more and less than 1", o.Validation)
	case o.History < 0:
		return fmt.Errorf("history %d: expected 0 or more", o.History)
	case o.Horizon < 0:
		return fmt.Errorf("horizon %d: expected 0 or more", o.Horizon)
	case o.Gap < 0:
		return fmt.Errorf("gap %d: expected 0 or more", o.Gap)
	case o.Folds < 0 || o.Fold < 0 || o.Fold > max(o.Folds, 1) || o.Folds > 1 && o.Fold == 0:
		return fmt.Errorf("fold %d of %d: expected 1 to the number of folds", o.Fold, o.Folds)
	}
	return nil
}

// ErrShort is wrapped by the errors of Prepare and Split about a series with no rows or too few targets.
var ErrShort = errors.New("series too short to split")

// Split chooses the targets.
//
//   - published: windows of lookBack first, the first int(0.8 (n - lookBack)) of them train, the rest test, nothing validates; o is not used.
//   - strict: a target has max(lookBack, o.History) points (at least one), and one more for each step of o.Horizon beyond the first, before it in its segment. The
//     first int((1 - Test) m) of the m targets train, of which the last ones validate: int((1 - Validation) k) of those k are left. Every look-back <= History gets the
//     same test targets.
//   - strict with Folds (rolling origin; Tashman 2000): the test part is cut into Folds blocks of equal length (the last ones one longer where it does not divide); block Fold tests, all
//     targets before it train and validate, or with Sliding the last of them, as many as in the first fold.
//   - strict on joined series: all targets of the first train and validate, all of the second test; Test and Folds are not used.
//
// Gap targets before the test part are left out. A part that would have no targets (but for Validation 0) is an error that says how many rows there are.
func (d *Data) Split(p Protocol, lookBack int, o SplitOptions) (Split, error) {
	if lookBack < 1 || lookBack > math.MaxInt32 {
		return Split{}, fmt.Errorf("look_back %d: expected at least 1", lookBack)
	}
	history := lookBack
	if p == Strict {
		if err := o.Check(); err != nil {
			return Split{}, err
		}
		history = max(lookBack, o.History) + max(o.Horizon, 1) - 1
	} else {
		o = SplitOptions{Test: 0.2}
	}
	var targets []int
	for _, span := range d.Segments {
		for t := span.Lo + history; t < span.Hi; t++ {
			targets = append(targets, t)
		}
	}
	first, from, to := d.blocks(targets, o)
	begin, cut := 0, max(0, from-o.Gap)
	if o.Sliding {
		begin = max(0, cut-max(0, first-o.Gap))
	}
	train := begin + int(float64(cut-begin)*(1-o.Validation))
	s := Split{Train: targets[begin:train:train], Validation: targets[train:cut:cut], Test: targets[from:to:to]}
	if len(s.Train) == 0 || len(s.Test) == 0 || o.Validation > 0 && len(s.Validation) == 0 {
		return Split{}, fmt.Errorf("%w: of %d rows (segments: %d), %d have %d points before them to forecast from (train %d, validation %d, test %d); a smaller look_back, history, horizon or gap, or a longer capture, gives more",
			ErrShort, len(d.Values), len(d.Segments), len(targets), history, len(s.Train), len(s.Validation), len(s.Test))
	}
	return s, nil
}

// blocks says where the test part of all folds begins and which targets test in this one.
func (d *Data) blocks(targets []int, o SplitOptions) (first, from, to int) {
	n := len(targets)
	if d.Border > 0 {
		first, _ = slices.BinarySearch(targets, d.Border)
		return first, first, n
	}
	first = int(float64(n) * (1 - o.Test))
	if o.Folds <= 1 {
		return first, first, n
	}
	return first, first + (n-first)*(o.Fold-1)/o.Folds, first + (n-first)*o.Fold/o.Folds
}

// End is the length of the training part: everything before and including the last training target. Parameters are fitted on rows [0, End).
func (s Split) End() int {
	if len(s.Train) == 0 {
		return 0
	}
	return s.Train[len(s.Train)-1] + 1
}

// Scaler maps [Min, Max] to [0, 1], as scikit-learn's MinMaxScaler does.
type Scaler struct {
	Min float64 `json:"min"`
	Max float64 `json:"max"`
}

// FitScaler takes the range of the finite values; the caller decides which: all of them (published) or the training part (strict). Without any it is 0 to 0.
func FitScaler(values []float64) Scaler {
	s := Scaler{math.Inf(1), math.Inf(-1)}
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			s.Min, s.Max = min(s.Min, v), max(s.Max, v)
		}
	}
	if s.Min > s.Max {
		return Scaler{}
	}
	return s
}

// span is the divisor: 1 for a constant, as in scikit-learn.
func (s Scaler) span() float64 {
	if s.Max == s.Min {
		return 1
	}
	return s.Max - s.Min
}

// Scale returns (v - Min) / (Max - Min); values outside the fitted range leave [0, 1].
func (s Scaler) Scale(v float64) float64 { return (v - s.Min) / s.span() }

// Unscale is the inverse of Scale up to rounding.
func (s Scaler) Unscale(v float64) float64 { return float64(v*s.span()) + s.Min }
