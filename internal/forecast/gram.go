package forecast

import (
	"fmt"
	"math"
)

// gram holds the sums of products of the columns of a regression, all centred: the lags x[t-h], x[t-h-1] ..., then covariates, then waves, then the target x[t].
type gram struct {
	rows, lags int
	mean       []float64
	sum        [][]float64 // lower triangle: sum[i][j], j <= i
}

// newGram adds them up over rows, each of which has p+h-1 points before it. Sums of two lags follow from those of two later ones by what enters and leaves at the ends of
// each run of rows, so that the work grows with p, not with its square. Values are shifted by their mean first, which keeps the digits.
func newGram(d *Data, rows []int, m Model, p, h int) *gram {
	shift := Mean(d.At(rows))
	v := make([]float64, d.Len())
	for i, x := range d.Values {
		v[i] = x - shift
	}
	others := m.others(d, rows, h)
	k := p + len(others) + 1
	g := &gram{rows: len(rows), lags: p, mean: make([]float64, k), sum: make([][]float64, k)}
	for i := range g.sum {
		g.sum[i] = make([]float64, i+1)
	}
	g.lagged(v, rows, h)
	target := make([]float64, len(rows))
	for i, t := range rows {
		target[i] = v[t]
	}
	for i, c := range append(others, target) {
		at := g.sum[p+i]
		for l, t := range rows {
			g.mean[p+i] += c[l]
			for j := range p {
				at[j] += float64(c[l] * v[t-h-j])
			}
		}
		for j, o := range append(others[:len(others):len(others)], target)[:i+1] {
			for l := range rows {
				at[p+j] += float64(c[l] * o[l])
			}
		}
	}
	n := float64(len(rows))
	for i := range g.mean {
		g.mean[i] /= n
	}
	for i := range g.sum {
		for j := range g.sum[i] {
			g.sum[i][j] -= float64(n * float64(g.mean[i]*g.mean[j]))
		}
	}
	for j := range p {
		g.mean[j] += shift
	}
	g.mean[k-1] += shift
	return g
}

// lagged fills the sums of the lags.
func (g *gram) lagged(v []float64, rows []int, h int) {
	p := g.lags
	for _, t := range rows {
		for j := range p {
			g.sum[j][0] += float64(v[t-h] * v[t-h-j])
			g.mean[j] += v[t-h-j]
		}
	}
	type run struct{ first, last int }
	var runs []run
	for i, t := range rows {
		if i == 0 || t != rows[i-1]+1 {
			runs = append(runs, run{first: t})
		}
		runs[len(runs)-1].last = t
	}
	for i := range p - 1 {
		for j := range i + 1 {
			s := g.sum[i][j]
			for _, r := range runs {
				a, b := r.first-h-1, r.last-h
				s += float64(v[a-i]*v[a-j]) - float64(v[b-i]*v[b-j])
			}
			g.sum[i+1][j+1] = s
		}
	}
}

// others are the columns besides the lags: covariates, then waves.
func (m Model) others(d *Data, rows []int, h int) [][]float64 {
	var columns [][]float64
	if m.Covariates {
		for k := range d.Covariates {
			c := make([]float64, len(rows))
			for i, t := range rows {
				c[i] = d.Covariates[k].seen(t, h)
			}
			columns = append(columns, c)
		}
	}
	first, w := len(columns), newWaves(m, m.waves())
	for range m.waves() {
		columns = append(columns, make([]float64, len(rows)))
	}
	if w != nil {
		for i, t := range rows {
			for k, v := range w.at(d, t) {
				columns[first+k][i] = v
			}
		}
	}
	return columns
}

// columns is how many there are before the target.
func (g *gram) columns() int { return len(g.mean) - 1 }

// deviation is the population standard deviation of column j.
func (g *gram) deviation(j int) float64 { return math.Sqrt(max(0, g.sum[j][j]) / float64(g.rows)) }

// ridge minimises squared errors + penalty times the sum of squared coefficients of the columns divided by their deviations (Hoerl and Kennard 1970; as scikit-learn's
// Ridge after its StandardScaler), on the first k columns. A constant column gets 0.
func (g *gram) ridge(k int, penalty float64) []float64 {
	a, y, scale := square(k), make([]float64, k), make([]float64, k)
	for i := range k {
		scale[i] = g.deviation(i)
		if float64(scale[i]*scale[i]) <= 1e-24*float64(g.mean[i]*g.mean[i]) {
			scale[i] = 0
		}
	}
	target := g.sum[g.columns()]
	for i := range k {
		if scale[i] == 0 {
			continue // row and column of zeros
		}
		for j := range i + 1 {
			if scale[j] != 0 {
				a[i][j] = g.sum[i][j] / float64(scale[i]*scale[j])
			}
		}
		a[i][i] += penalty
		y[i] = target[i] / scale[i]
	}
	b := newCholesky(a).solve(y)
	for i := range b {
		if scale[i] != 0 {
			b[i] /= scale[i]
		}
	}
	return b
}

// affine makes the forecast of the coefficients of all columns.
func (g *gram) affine(b []float64, covariates int) affine {
	a := affine{constant: g.mean[g.columns()], lag: b[:g.lags:g.lags], covariate: b[g.lags : g.lags+covariates : g.lags+covariates], wave: b[g.lags+covariates:]}
	for j, c := range b {
		a.constant -= float64(c * g.mean[j])
	}
	return a
}

func square(k int) [][]float64 { return zeros(k, k) }

func zeros(rows, columns int) [][]float64 {
	a := make([][]float64, rows)
	for i := range a {
		a[i] = make([]float64, columns)
	}
	return a
}

// cholesky is the lower triangle L of a symmetric matrix L Lᵀ, with a zero column where the matrix has, to rounding, no more rank.
type cholesky [][]float64

// newCholesky reads the lower triangle of a and overwrites it. Golub and Van Loan, Matrix Computations, algorithm 4.2.1.
func newCholesky(a [][]float64) cholesky {
	for j := range a {
		whole := a[j][j]
		s := whole
		for l := range j {
			s -= float64(a[j][l] * a[j][l])
		}
		if !(s > 1e-13*whole) {
			for i := j; i < len(a); i++ {
				a[i][j] = 0
			}
			continue
		}
		root := math.Sqrt(s)
		a[j][j] = root
		for i := j + 1; i < len(a); i++ {
			s := a[i][j]
			for l := range j {
				s -= float64(a[i][l] * a[j][l])
			}
			a[i][j] = s / root
		}
	}
	return a
}

// forward solves L u = y, 0 where L has no rank.
func (c cholesky) forward(y []float64) []float64 {
	u := make([]float64, len(c))
	for i := range c {
		if c[i][i] == 0 {
			continue
		}
		s := y[i]
		for j := range i {
			s -= float64(c[i][j] * u[j])
		}
		u[i] = s / c[i][i]
	}
	return u
}

// solve gives x with L Lᵀ x = y.
func (c cholesky) solve(y []float64) []float64 {
	x := c.forward(y)
	for i := len(c) - 1; i >= 0; i-- {
		if c[i][i] == 0 {
			continue
		}
		s := x[i]
		for j := i + 1; j < len(c); j++ {
			s -= float64(c[j][i] * x[j])
		}
		x[i] = s / c[i][i]
	}
	return x
}

// enough says whether there are rows to fit so many columns.
func (m Model) enough(rows, columns, history int) error {
	least := columns + 1
	if m.Penalty > 0 {
		least = 2
	}
	if rows < least {
		return fmt.Errorf("%d columns need at least %d training rows with %d points before them, there are %d", columns, least, history, rows)
	}
	return nil
}
