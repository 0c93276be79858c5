package forest

import (
	"context"
	"math"
	"testing"

	"pgregory.net/rapid"
)

var nan = math.NaN()

// TestGreedy: at every node of a tree the split is as good as the best of all that there are, found by trying each threshold between two values and both sides for
// missing ones; and no leaf could be split. Sizes are on both sides of the bound between lists and histograms.
func TestGreedy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.OneOf(rapid.IntRange(1, 30), rapid.IntRange(90, 300)).Draw(t, "rows")
		columns := rapid.IntRange(1, 10).Draw(t, "columns")
		values := rapid.IntRange(1, 40).Draw(t, "values")
		classes := rapid.SampledFrom([]int{0, 0, 2, 3, 9}).Draw(t, "classes")
		s := stream(rapid.Uint64().Draw(t, "seed"))
		missing := rapid.SampledFrom([]float64{0, 0.2}).Draw(t, "missing")
		e := Examples{X: Matrix{Rows: rows, Columns: columns}}
		for range rows * columns {
			v := math.Floor(s.uniform()*float64(values))/8 - 2
			if s.uniform() < missing {
				v = nan
			}
			e.X.Values = append(e.X.Values, v)
		}
		for range rows {
			if classes > 0 {
				e.Y = append(e.Y, math.Floor(s.uniform()*float64(classes)))
			} else {
				e.Y = append(e.Y, math.Floor(s.uniform()*64)/4)
			}
		}
		o := Options{Classes: classes, MinLeaf: rapid.IntRange(1, 4).Draw(t, "leaf"), Depth: rapid.IntRange(1, 9).Draw(t, "depth")}
		m, err := FitTree(context.Background(), e, o)
		if err != nil {
			t.Fatal(err)
		}
		all := make([]int, rows)
		for i := range all {
			all[i] = i
		}
		greedy(t, m, e, o, 0, 0, all)
	})
}

// greedy checks a node that these rows reach, and those below it.
func greedy(t *rapid.T, m *Model, e Examples, o Options, at int32, depth int, rows []int) {
	best, found := exhaustive(e, o, rows)
	n := m.nodes[at]
	whole := impurity(e, o, rows)
	if n.feature < 0 {
		if found && depth < o.Depth && whole > 1e-9 {
			t.Fatalf("node %d is a leaf of %d rows with impurity %g; they can be split", at, len(rows), whole)
		}
		want := answer(e, o, rows)
		for k, v := range m.values[n.right:][:m.width()] {
			if math.Abs(float64(v)-want[k]) > 1e-6*(1+math.Abs(want[k])) {
				t.Fatalf("leaf %d has %g, want %g", at, v, want[k])
			}
		}
		return
	}
	var left, right []int
	for _, r := range rows {
		x := float32(e.X.Values[r*e.X.Columns+int(n.feature)])
		if x <= n.threshold || x != x && n.missingLeft {
			left = append(left, r)
		} else {
			right = append(right, r)
		}
	}
	if len(left) < o.MinLeaf || len(right) < o.MinLeaf {
		t.Fatalf("node %d has %d and %d rows", at, len(left), len(right))
	}
	if got := impurity(e, o, left) + impurity(e, o, right); got > best+1e-9*(1+whole) {
		t.Fatalf("node %d of %d rows: impurity %g goes to %g, the best split to %g", at, len(rows), whole, got, best)
	}
	greedy(t, m, e, o, at+1, depth+1, left)
	greedy(t, m, e, o, n.right, depth+1, right)
}

// exhaustive tries every split.
func exhaustive(e Examples, o Options, rows []int) (best float64, found bool) {
	best = math.Inf(1)
	for f := range e.X.Columns {
		for _, border := range rows {
			b := e.X.Values[border*e.X.Columns+f]
			if b != b {
				continue
			}
			for _, missingLeft := range []bool{false, true} {
				var left, right []int
				for _, r := range rows {
					if x := e.X.Values[r*e.X.Columns+f]; x <= b || x != x && missingLeft {
						left = append(left, r)
					} else {
						right = append(right, r)
					}
				}
				if len(left) >= o.MinLeaf && len(right) >= o.MinLeaf {
					found = true
					best = min(best, impurity(e, o, left)+impurity(e, o, right))
				}
			}
		}
	}
	return best, found
}

// answer is what a leaf should say: the mean, or the classes' shares.
func answer(e Examples, o Options, rows []int) []float64 {
	out := make([]float64, max(o.Classes, 1))
	for _, r := range rows {
		if o.Classes > 0 {
			out[int(e.Y[r])] += 1 / float64(len(rows))
		} else {
			out[0] += e.Y[r] / float64(len(rows))
		}
	}
	return out
}

// impurity is the sum of squared errors, or Gini's impurity times the rows.
func impurity(e Examples, o Options, rows []int) float64 {
	a, total := answer(e, o, rows), 0.0
	if o.Classes > 0 {
		total = float64(len(rows))
		for _, share := range a {
			total -= share * share * float64(len(rows))
		}
		return total
	}
	for _, r := range rows {
		total += (e.Y[r] - a[0]) * (e.Y[r] - a[0])
	}
	return total
}

// TestStump: one tree of depth 1, computed by hand. y has mean 5; less that, -4 -3 -2 | 1 2 6 in the order of x; the best place is after the third row
// (81/3 + 81/3 = 54; after the second 49/2 + 49/4 = 36.75, after the fifth 36/5 + 36 = 43.2); leaves are half of the means -3 and 3.
func TestStump(t *testing.T) {
	e := Examples{X: Matrix{Rows: 6, Columns: 1, Values: []float64{3, 1, 2, 10, 20, 15}}, Y: []float64{3, 1, 2, 6, 11, 7}}
	o := Options{Trees: 1, Depth: 1, Rate: 0.5, MinLeaf: 1}
	m := boosted(t, e, nil, o)
	if m.nodes[0] != (node{feature: 0, right: 2, threshold: 6.5, missingLeft: true}) || m.base[0] != 5 {
		t.Errorf("base %v, nodes %+v", m.base, m.nodes)
	}
	x := Matrix{Rows: 5, Columns: 1, Values: []float64{-100, 6.5, 6.5000005, 100, nan}}
	for i, want := range []float64{3.5, 3.5, 6.5, 6.5, 3.5} {
		if got := m.Predict(&x)[i]; got != want {
			t.Errorf("of %g: %g, want %g", x.Values[i], got, want)
		}
	}
	o.L2 = 3 // leaves are half of -9/6 and 9/6
	if m = boosted(t, e, nil, o); m.values[0] != -0.75 || m.values[1] != 0.75 {
		t.Errorf("with l2 the leaves are %v", m.values)
	}
	// A second tree: what is left is -2.5 -1.5 -0.5 | -0.5 0.5 4.5, best after the fifth row (4.5²/5 + 4.5² = 24.3; after the third 13.5): leaves -0.45, 2.25.
	o.L2, o.Trees = 0, 2
	m = boosted(t, e, nil, o)
	if m.nodes[3].threshold != 17.5 || m.values[2] != float32(-0.45) || m.values[3] != 2.25 {
		t.Errorf("second tree: %+v %v", m.nodes[3:], m.values[2:])
	}
}

// TestMissing: a missing value goes where those of the training part were better off, or with most rows where there were none.
func TestMissing(t *testing.T) {
	e := Examples{X: Matrix{Rows: 6, Columns: 1, Values: []float64{1, 2, 3, 4, nan, nan}}, Y: []float64{0, 0, 1, 1, 1, 1}}
	for _, swap := range []bool{false, true} {
		if swap {
			for i := range 4 {
				e.X.Values[i] = 5 - e.X.Values[i]
			}
		}
		m := single(t, e, Options{})
		if len(m.nodes) != 3 || m.nodes[0].threshold != 2.5 || m.nodes[0].missingLeft != swap {
			t.Errorf("swap %t: %+v", swap, m.nodes)
		}
	}
	alone := Examples{X: Matrix{Rows: 4, Columns: 1, Values: []float64{1, 2, nan, nan}}, Y: []float64{0, 0, 1, 1}}
	m := single(t, alone, Options{})
	if len(m.nodes) != 3 || m.nodes[0].threshold != math.MaxFloat32 || m.nodes[0].missingLeft {
		t.Errorf("missing against the rest: %+v", m.nodes)
	}
	none := Examples{X: Matrix{Rows: 3, Columns: 1, Values: []float64{1, 2, 3}}, Y: []float64{0, 1, 1}}
	if m := single(t, none, Options{}); m.nodes[0].missingLeft {
		t.Errorf("the left side has one row of three, and missing values: %+v", m.nodes)
	}
}

// TestDegenerate: constant targets, one row, nothing but missing values: one leaf, no importance.
func TestDegenerate(t *testing.T) {
	for name, e := range map[string]Examples{
		"constant":   {Matrix{3, 2, []float64{1, 2, 3, 4, 5, 6}}, []float64{0.1, 0.1, 0.1}},
		"row":        {Matrix{1, 2, []float64{1, nan}}, []float64{0.1}},
		"missing":    {Matrix{3, 1, []float64{nan, nan, nan}}, []float64{0, 0.1, 0.2}},
		"same":       {Matrix{3, 1, []float64{7, 7, 7}}, []float64{0, 0.1, 0.2}},
		"minus zero": {Matrix{3, 1, []float64{0, math.Copysign(0, -1), 0}}, []float64{0, 0.1, 0.2}},
	} {
		for fit, m := range map[string]*Model{"boosted": boosted(t, e, nil, Options{MinLeaf: 1}), "quantile": boosted(t, e, nil, Options{MinLeaf: 1, Quantile: 0.5}), "tree": single(t, e, Options{})} {
			if len(m.nodes) != len(m.roots) || m.Importance()[0] != 0 {
				t.Errorf("%s, %s: %d nodes in %d trees", name, fit, len(m.nodes), len(m.roots))
			}
			if p := m.Predict(&e.X); math.Abs(p[0]-0.1) > 1e-6 {
				t.Errorf("%s, %s: %g, want 0.1", name, fit, p)
			}
		}
	}
	e := Examples{Matrix{3, 1, []float64{1, 2, 3}}, []float64{1, 1, 1}}
	for fit, m := range map[string]*Model{"boosted": boosted(t, e, nil, Options{Classes: 3, MinLeaf: 1}), "forest": bagged(t, e, Options{Classes: 3})} {
		if p := m.Predict(&e.X); p[1] < 0.6 || math.Abs(p[0]+p[1]+p[2]-1) > 1e-6 {
			t.Errorf("%s of one class: %v", fit, p)
		}
	}
}

// TestErrors: every mistake is named.
func TestErrors(t *testing.T) {
	good := func() Examples { return Examples{Matrix{2, 1, []float64{1, 2}}, []float64{0, 1}} }
	for name, spoil := range map[string]func(e *Examples, o *Options){
		"no rows":     func(e *Examples, _ *Options) { e.X.Rows = 0 },
		"targets":     func(e *Examples, _ *Options) { e.Y = e.Y[:1] },
		"values":      func(e *Examples, _ *Options) { e.X.Values = e.X.Values[:1] },
		"infinite":    func(e *Examples, _ *Options) { e.X.Values[1] = math.Inf(1) },
		"beyond":      func(e *Examples, _ *Options) { e.X.Values[1] = -1e39 },
		"target NaN":  func(e *Examples, _ *Options) { e.Y[1] = nan },
		"class":       func(e *Examples, o *Options) { o.Classes, e.Y[1] = 2, 2 },
		"half class":  func(e *Examples, o *Options) { o.Classes, e.Y[1] = 2, 0.5 },
		"one class":   func(_ *Examples, o *Options) { o.Classes = 1 },
		"bins":        func(_ *Examples, o *Options) { o.Bins = 65536 },
		"rate":        func(_ *Examples, o *Options) { o.Rate = nan },
		"rows":        func(_ *Examples, o *Options) { o.Rows = 1.5 },
		"leaves":      func(_ *Examples, o *Options) { o.Leaves = 1 },
		"quantile":    func(_ *Examples, o *Options) { o.Quantile = 1 },
		"two losses":  func(_ *Examples, o *Options) { o.Quantile, o.Classes = 0.5, 2 },
		"l2":          func(_ *Examples, o *Options) { o.L2 = -1 },
		"trees":       func(_ *Examples, o *Options) { o.Trees = MaxTrees + 1 },
		"depth":       func(_ *Examples, o *Options) { o.Depth = -1 },
		"smallest":    func(_ *Examples, o *Options) { o.MinLeaf = -1 },
		"no patience": func(_ *Examples, o *Options) { o.Patience = -1 },
	} {
		e, o := good(), Options{}
		spoil(&e, &o)
		if _, err := FitBoosted(context.Background(), e, nil, o, nil); err == nil {
			t.Errorf("%s: boosting takes it", name)
		}
		if _, err := FitForest(context.Background(), e, o, nil); err == nil && o.Patience == 0 {
			t.Errorf("%s: a forest takes it", name)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := FitBoosted(ctx, good(), nil, Options{}, nil); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := FitForest(ctx, good(), Options{}, nil); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
	wide := Examples{Matrix{1, 2, []float64{1, 2}}, []float64{0}}
	if _, err := FitBoosted(context.Background(), good(), &wide, Options{}, nil); err == nil {
		t.Error("a validation part with other features is taken")
	}
}
