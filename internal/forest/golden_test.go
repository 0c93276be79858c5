package forest

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// TestAccuracy: errors on data of the test part are those of scikit-learn 1.9.1 within 2 %. Its figures are of
//
//	HistGradientBoostingRegressor(early_stopping=False, random_state=0), RandomForestRegressor(20, random_state=0),
//	HistGradientBoostingRegressor(loss="quantile", quantile=0.9, early_stopping=False, random_state=0)
//
// on the same rows: docs/benchmarks/forest.sh prints both sides.
func TestAccuracy(t *testing.T) {
	within := func(name string, got, want float64) {
		t.Helper()
		t.Logf("%s: %.6g, %.4f of scikit-learn's %.6g", name, got, got/want, want)
		if got > 1.02*want {
			t.Errorf("%s is more than 2 %% above", name)
		}
	}
	train, test := friedman(10000, 1), friedman(5000, 1<<32)
	within("friedman boosted", rmse(boosted(t, train, nil, Options{Workers: 2}), test), friedmanBoosted)
	within("friedman forest", rmse(bagged(t, train, Options{Trees: 20, Workers: 2}), test), friedmanForest)
	within("friedman quantile", (&pinball{q: 0.9}).mean(boosted(t, train, nil, Options{Quantile: 0.9, Workers: 2}).Predict(&test.X), distinct(nil, test.Y)), friedmanQuantile)
	train, test = lags(t)
	within("lags boosted", rmse(boosted(t, train, nil, Options{Workers: 2}), test), lagsBoosted)
	within("lags forest", rmse(bagged(t, train, Options{Trees: 20, Workers: 2}), test), lagsForest)
}

const (
	friedmanBoosted, friedmanForest, friedmanQuantile = 1.13121, 1.5234, 0.24034
	lagsBoosted, lagsForest                           = 15400942.927552223, 16117079.157567497
)

// goldenNode is a node of tiny200.json.
type goldenNode struct {
	Feature     string
	Threshold   float64
	Left, Right int
	Leaf        bool
	Counts      []float64
	Value       float64
	N           int
	Impurity    float64
}

type goldenTree struct {
	Nodes       []goldenNode
	Predictions []int
	Decrease    []float64 `json:"decrease_importance"`
}

type golden struct {
	Cart map[string]goldenTree
	Gbt  struct {
		Trees    [][][]goldenNode
		Accuracy []float64   `json:"staged_accuracy"`
		Loss     []float64   `json:"staged_log_loss"`
		After    [][]float64 `json:"proba_after_5"`
	} `json:"sklearn_gbt"`
}

// tiny are the 200 rows and what scikit-learn and XGBoost make of them.
func tiny(t *testing.T) (Examples, golden) {
	e := Examples{X: Matrix{Columns: 2}}
	for _, row := range table(t, shared(t, "golden/classify/tiny200.csv"), ',') {
		e.X.Rows++
		e.X.Values = append(e.X.Values, number(t, row[2]), number(t, row[3]))
		e.Y = append(e.Y, number(t, row[1])-1)
	}
	text, err := os.ReadFile(shared(t, "golden/classify/tiny200.json"))
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return e, g
}

// TestGoldenCart: the same tree as scikit-learn's, node by node.
func TestGoldenCart(t *testing.T) {
	e, g := tiny(t)
	for name, depth := range map[string]int{"depth3": 3, "unlimited": 0} {
		want := g.Cart[name]
		m := single(t, e, Options{Classes: 3, Depth: depth})
		if len(m.nodes) != len(want.Nodes) {
			t.Fatalf("%s: %d nodes, want %d", name, len(m.nodes), len(want.Nodes))
		}
		for i, w := range want.Nodes {
			n := m.nodes[i]
			if w.Leaf {
				for k, count := range w.Counts {
					if n.feature >= 0 || m.values[int(n.right)+k] != float32(count/float64(w.N)) {
						t.Errorf("%s: node %d is %+v, want a leaf with %v", name, i, n, w.Counts)
					}
				}
				continue
			}
			if n.feature != featureNumber(w.Feature) || float64(n.threshold) != w.Threshold || int(n.right) != w.Right {
				t.Errorf("%s: node %d is %+v, want %+v", name, i, n, w)
			}
		}
		for i, class := range classesOf(m, e) {
			if class+1 != want.Predictions[i] {
				t.Errorf("%s: row %d is class %d, want %d", name, i, class+1, want.Predictions[i])
			}
		}
		for f, share := range m.Importance() {
			if math.Abs(share-want.Decrease[f]) > 1e-7 {
				t.Errorf("%s: importance %v, want %v", name, m.Importance(), want.Decrease)
			}
		}
	}
}

func featureNumber(name string) int32 {
	if name == "length" {
		return 1
	}
	return 0
}

// classesOf are the most probable classes, the first of equal ones.
func classesOf(m *Model, e Examples) []int {
	p, k := m.Predict(&e.X), m.Outputs()
	out := make([]int, e.X.Rows)
	for i := range out {
		for j := range k {
			if p[i*k+j] > p[i*k+out[i]] {
				out[i] = j
			}
		}
	}
	return out
}

// TestGoldenBoosting: scikit-learn's gradient boosting of three classes, round by round. Its trees also divide nodes that rounding alone makes impure; those are leaves here,
// with the same values.
func TestGoldenBoosting(t *testing.T) {
	e, g := tiny(t)
	for rounds := 1; rounds <= 5; rounds++ {
		m := boosted(t, e, nil, Options{Trees: rounds, Depth: 2, Leaves: -1, MinLeaf: 1, Classes: 3})
		right, loss := 0, 0.0
		p := m.Predict(&e.X)
		for i, class := range classesOf(m, e) {
			if float64(class) == e.Y[i] {
				right++
			}
			loss -= math.Log(p[3*i+int(e.Y[i])]) / float64(len(e.Y))
		}
		if got := float64(right) / float64(len(e.Y)); got != g.Gbt.Accuracy[rounds-1] || math.Abs(loss-g.Gbt.Loss[rounds-1]) > 1e-7 {
			t.Errorf("round %d: accuracy %g, loss %.9g, want %g, %.9g", rounds, got, loss, g.Gbt.Accuracy[rounds-1], g.Gbt.Loss[rounds-1])
		}
		if rounds < 5 {
			continue
		}
		for i, row := range g.Gbt.After {
			for k, want := range row {
				if math.Abs(p[3*i+k]-want) > 1e-7 {
					t.Errorf("row %d class %d: %.9g, want %.9g", i, k, p[3*i+k], want)
				}
			}
		}
		all := make([]int, e.X.Rows)
		for i := range all {
			all[i] = i
		}
		for tree, root := range m.roots {
			same(t, m, root, g.Gbt.Trees[tree/3][tree%3], 0, &e.X, all)
		}
	}
}

// same compares a subtree with a golden one, for the rows that reach it. Where two splits divide the rows alike, either may have been taken.
func same(t *testing.T, m *Model, at int32, want []goldenNode, id int, x *Matrix, rows []int) {
	t.Helper()
	n, w := m.nodes[at], want[id]
	if n.feature < 0 {
		if !w.Leaf && w.Impurity > 1e-12 {
			t.Errorf("node %d is a leaf, want %+v", at, w)
		}
		for ; !w.Leaf; w = want[w.Left] {
		}
		if math.Abs(float64(m.values[n.right])-0.1*w.Value) > 1e-7 {
			t.Errorf("node %d: %g, want %g", at, m.values[n.right], 0.1*w.Value)
		}
		return
	}
	var left, right []int
	for _, r := range rows {
		goes := x.Values[2*r+int(n.feature)] <= float64(n.threshold)
		if goes != (x.Values[2*r+int(featureNumber(w.Feature))] <= w.Threshold) || w.Leaf {
			t.Fatalf("node %d of %d rows: %+v, want %+v", at, len(rows), n, w)
		}
		if goes {
			left = append(left, r)
		} else {
			right = append(right, r)
		}
	}
	same(t, m, at+1, want, w.Left, x, left)
	same(t, m, n.right, want, w.Right, x, right)
}
