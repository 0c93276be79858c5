package forest

import (
	"context"
	"errors"
)

var errLater = errors.New("forest: not there yet")

// FitBoosted fits trees one after the other, each to what those before it leave (Friedman 2001). validation may be nil. done, which may be nil, is called after each round.
// A cancelled ctx is its error.
func FitBoosted(ctx context.Context, train Examples, validation *Examples, o Options, done func(Round)) (*Model, error) {
	return nil, errLater
}

// FitForest fits trees on bootstrap samples, each split on features drawn for it; the answer is their mean (Breiman 2001). done, which may be nil, is called after each
// tree with losses that are NaN.
func FitForest(ctx context.Context, train Examples, o Options, done func(Round)) (*Model, error) {
	return nil, errLater
}

// FitTree fits one tree on all rows and features (CART).
func FitTree(ctx context.Context, train Examples, o Options) (*Model, error) { return nil, errLater }

func normalise(row []float64) {}

const maxBins = 255
