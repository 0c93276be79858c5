// Package forest grows decision trees on dense features: gradient boosting and random forests, for numbers and for classes.
//
// stages/train calls it with windows of lags and covariates, classification with labelled rows. FitBoosted, FitForest and FitTree return a Model; Predict
// answers; Tensors and FromTensors keep it; ONNX exports it. It knows no series, no file format and no split into parts, and it ranks no models.
//
// Features are rounded to float32, sorted into bins, 255 unless more are asked for (one per distinct value where there are no more), and a tree sees bins alone. A split sends x <= threshold to the left; a missing value
// (NaN) goes to the side that was better for those seen in training, or with the larger side where none was. What is summed per bin are integers: gradients in
// fixed point, counts and class counts, several to a 64-bit word. So sums are exact, their order does not matter, a node's histogram is its parent's less its sibling's to the bit, and a model
// is the same on every machine and for every number of workers. The leaves' values are float64 sums in row order, rounded to float32.
//
// Letters: N rows, F features, K outputs (1, or one for each class), T trees.
//
// References: Breiman, Friedman, Olshen, Stone: Classification and Regression Trees (1984); Breiman: Random Forests (2001); Friedman: Greedy Function Approximation (2001);
// Ke et al.: LightGBM (2017), for histograms, their subtraction and best-first growth.
package forest

import (
	"fmt"
	"math"
)

// Bounds of what is fitted and read.
const (
	MaxRows    = 1 << 24 // also the sum of the weights
	MaxColumns = 1 << 16
	MaxTrees   = 100_000
	MaxClasses = 255
	MaxNodes   = 1 << 23 // of all trees together
	MaxValues  = 1 << 24 // in the leaves of all trees together
)

// Matrix is N rows of F features, row-major [Rows][Columns]. NaN is a missing value; an infinite one, or one beyond float32, is an error where a model is fitted.
type Matrix struct {
	Rows, Columns int
	Values        []float64
}

// Examples are rows with what is to be predicted. Nothing in them is changed.
type Examples struct {
	X Matrix
	Y []float64 // one per row, finite; of classes: 0, 1 ... Classes-1
}

// Options of a fit. The zero value of each field stands for what its comment gives first.
type Options struct {
	Trees   int     // 100; boosting: rounds (a round has a tree for each class)
	Depth   int     // splits between root and leaf, 0: no limit
	Leaves  int     // of a tree, grown best first; 0: boosting 31, forest no limit; negative: no limit
	Rate    float64 // boosting: 0.1, the share of a tree's answer that is added
	MinLeaf int     // rows in a leaf; 0: boosting 20, forest 1
	Bins    int     // 255; up to 65535, which takes about twice the time
	Rows    float64 // share of the rows a tree sees; 0: 1. Boosting draws without, forest with replacement
	Columns float64 // share of the features, drawn for each tree (boosting) or for each split (forest); 0: all, forest of classes the square root of their number
	L2      float64 // boosting: added to the rows (or second derivatives) of a leaf when its value and gain are computed
	Seed    int64
	Workers int // 0: 1. The model does not depend on it
	// Quantile in (0, 1) makes boosting minimise the pinball loss of that quantile; 0: squared error.
	Quantile float64
	// Patience is the number of rounds without a lower loss on the validation part after which boosting stops; 0: never. With a validation part the model is cut
	// back to the round where that loss was lowest.
	Patience int
	Classes  int // 0: Y are numbers; at least 2: Y are classes
}

// Round reports a tree (boosting: a round). Losses are means over rows: squared error, pinball, or log loss (natural logarithm) of classes; NaN where they are not computed.
type Round struct {
	Tree             int // from 1
	Loss, Validation float64
}

// large is an error where a model has become too large to be kept.
func (m *Model) large() error { return tooLarge(len(m.nodes), len(m.values)) }

func tooLarge(nodes, values int) error {
	if nodes > MaxNodes || values > MaxValues {
		return fmt.Errorf("the trees have more than %d nodes or %d values in their leaves: take fewer trees, fewer leaves or more rows in a leaf", MaxNodes, MaxValues)
	}
	return nil
}

// check gives the first mistake of examples.
func (e *Examples) check(classes int) error {
	x := &e.X
	switch {
	case x.Rows < 1 || x.Columns < 1:
		return fmt.Errorf("%d rows of %d features: expected at least one of each", x.Rows, x.Columns)
	case x.Rows > MaxRows || x.Columns > MaxColumns:
		return fmt.Errorf("%d rows of %d features: at most %d of %d are allowed", x.Rows, x.Columns, MaxRows, MaxColumns)
	case len(x.Values) != x.Rows*x.Columns || len(e.Y) != x.Rows:
		return fmt.Errorf("%d rows of %d features, but %d values and %d targets", x.Rows, x.Columns, len(x.Values), len(e.Y))
	}
	for i, v := range x.Values {
		if v > math.MaxFloat32 || v < -math.MaxFloat32 {
			return fmt.Errorf("row %d, feature %d is %g: expected a value within ±%g, or NaN for a missing one", i/x.Columns+1, i%x.Columns+1, v, math.MaxFloat32)
		}
	}
	for i, y := range e.Y {
		switch {
		case y-y != 0 || math.Abs(y) > math.MaxFloat32:
			return fmt.Errorf("the target of row %d is %g: expected a number within ±%g", i+1, y, math.MaxFloat32)
		case classes > 0 && (y != math.Trunc(y) || y < 0 || y >= float64(classes)):
			return fmt.Errorf("the class of row %d is %g: expected a whole number from 0 to %d", i+1, y, classes-1)
		}
	}
	return nil
}

// check gives the first mistake of options.
func (o *Options) check() error {
	share := func(v float64) bool { return v >= 0 && v <= 1 }
	switch {
	case o.Trees < 0 || o.Trees > MaxTrees:
		return fmt.Errorf("trees = %d: expected 1 to %d", o.Trees, MaxTrees)
	case o.Depth < 0:
		return fmt.Errorf("depth = %d: expected at least 1, or 0 for no limit", o.Depth)
	case o.Leaves == 1:
		return fmt.Errorf("leaves = 1: expected at least 2, or 0")
	case !(o.Rate >= 0 && o.Rate <= 1):
		return fmt.Errorf("rate = %g: expected more than 0 and at most 1", o.Rate)
	case o.MinLeaf < 0:
		return fmt.Errorf("min_leaf = %d: expected at least 1", o.MinLeaf)
	case o.Bins < 0 || o.Bins == 1 || o.Bins > mostBins:
		return fmt.Errorf("bins = %d: expected 2 to %d", o.Bins, mostBins)
	case !share(o.Rows) || !share(o.Columns):
		return fmt.Errorf("rows = %g, columns = %g: expected shares, more than 0 and at most 1", o.Rows, o.Columns)
	case !(o.L2 >= 0 && o.L2 <= math.MaxFloat32):
		return fmt.Errorf("l2 = %g: expected at least 0", o.L2)
	case !(o.Quantile >= 0 && o.Quantile < 1):
		return fmt.Errorf("quantile = %g: expected a number between 0 and 1, or 0 for the squared error", o.Quantile)
	case o.Patience < 0:
		return fmt.Errorf("patience = %d: expected at least 1, or 0", o.Patience)
	case o.Classes < 0 || o.Classes == 1 || o.Classes > MaxClasses:
		return fmt.Errorf("%d classes: expected 2 to %d", o.Classes, MaxClasses)
	case o.Classes > 0 && o.Quantile > 0:
		return fmt.Errorf("quantile = %g: classes have none", o.Quantile)
	}
	return nil
}
