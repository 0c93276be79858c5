package forecast

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Ranks compares several models over blocks: which is first in how many of them.
type Ranks struct {
	Mean       []float64 // average rank of each model, 1 is the best; equal losses share their ranks
	Blocks     int
	P          float64 // Friedman 1937, J. American Statistical Association 32, 675-701: p-value that all models are alike, with the correction for ties
	Difference float64 // Nemenyi's critical difference at 5 % (Demsar 2006, J. Machine Learning Research 7, 1-30): average ranks farther apart differ. NaN for more than ten models
}

// nemenyi are the critical values at 5 % for 2 to 10 models (Demsar 2006, table 5a): quantiles of the studentised range divided by the root of 2.
var nemenyi = [...]float64{1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164}

// MaxRanked is the number of models that Difference is known for.
const MaxRanked = len(nemenyi) + 1

// AverageRanks ranks the models in each block by their loss, losses[model][block], all finite. It is for two models and two blocks at least; else P and Difference are NaN.
func AverageRanks(losses [][]float64) Ranks {
	k := len(losses)
	r := Ranks{Mean: make([]float64, k), P: math.NaN(), Difference: math.NaN()}
	if k == 0 {
		return r
	}
	r.Blocks = len(losses[0])
	order := make([]int, k)
	ties := 0.0
	for b := range r.Blocks {
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(x, y int) int {
			switch {
			case losses[x][b] < losses[y][b]:
				return -1
			case losses[x][b] > losses[y][b]:
				return 1
			}
			return 0
		})
		for from := 0; from < k; {
			to := from + 1
			for to < k && losses[order[to]][b] == losses[order[from]][b] {
				to++
			}
			for _, i := range order[from:to] {
				r.Mean[i] += float64(float64(from+to+1) / 2)
			}
			t := float64(to - from)
			ties += float64(t*t*t) - t
			from = to
		}
	}
	n, K := float64(r.Blocks), float64(k)
	for i := range r.Mean {
		r.Mean[i] /= n
	}
	if k < 2 || r.Blocks < 2 {
		return r
	}
	chi := 0.0
	middle := float64((K + 1) / 2)
	for _, m := range r.Mean {
		chi += float64((m - middle) * (m - middle))
	}
	chi *= 12 * n / (K * (K + 1))
	if c := 1 - ties/(n*K*(float64(K*K)-1)); c > 0 {
		r.P = distuv.ChiSquared{K: K - 1}.Survival(chi / c)
	}
	if k <= MaxRanked {
		r.Difference = nemenyi[k-2] * math.Sqrt(K*(K+1)/(6*n))
	}
	return r
}
