package forecast

import "fmt"

// fitRidge fits the regressions with a penalty, on the lags and, for ridge and fourier, on covariates and waves; for horizon 1 or, direct, for each horizon.
//
//   - ridge and fourier penalise each standardised coefficient.
//   - nlinear (Zeng, Chen, Zhang and Xu 2023, "Are Transformers effective for time series forecasting?") subtracts the last value from the window and adds it to the
//     output. That is an autoregression whose coefficients add up to one: a forecast follows the level.
//   - rlinear (after Li, Qi, Li and Xu 2023, "Revisiting long-term time series forecasting: an investigation on linear mapping") does the same with the mean of the
//     last points, window of them, in the place of the last value: it is not misled by a single one. Windows are not divided by their deviation.
//   - dlinear (Zeng and others, too) splits the window into its moving average, edges repeated, and the remainder, with a linear map on each. Both are linear in the window, so this is an
//     autoregression too, and without a penalty the same one; the penalty is on both maps, in units of the series' deviation.
func fitRidge(d *Data, train []int, m Model, horizons []int) (*regression, error) {
	covariates := 0
	if m.Covariates {
		if covariates = len(d.Covariates); covariates == 0 {
			return nil, fmt.Errorf("covariates are asked for, the data have none")
		}
	}
	g := &regression{model: m, recursive: m.recursive()}
	if g.recursive {
		horizons = []int{1}
	}
	for _, h := range horizons {
		lags := m.lags()
		rows := withHistory(d, train, lags+h-1)
		if err := m.enough(len(rows), m.Order+covariates+m.waves(), lags+h-1); err != nil {
			return nil, err
		}
		sums := newGram(d, rows, m, lags, h)
		var b []float64
		switch m.Name {
		case "nlinear":
			b = sums.around(m.Order, 1, m.Penalty)
		case "rlinear":
			b = sums.around(m.Order, m.Window, m.Penalty)
		case "dlinear":
			b = dlinear(sums, m.Penalty, m.Window)
		default:
			b = sums.ridge(sums.columns(), m.Penalty)
		}
		a := sums.affine(b, covariates)
		g.add(h, a, a.sse(d, rows, h, newWaves(m, m.waves())))
	}
	return g, nil
}

// lags is how many lags a regression's forecast is made of.
func (m Model) lags() int {
	if m.Name == "rlinear" {
		return max(m.Order, m.Window)
	}
	return m.Order
}

// around regresses the target less the mean of the first window lags on the first p lags less that mean. With a window of 1 the first of them is always 0.
func (g *gram) around(p, window int, penalty float64) []float64 {
	first := 0
	if window == 1 {
		first = 1
	}
	n := p - first
	c := zeros(n+1, g.lags+1) // combinations of columns; the last is the target's
	for i := range c {
		for j := range window {
			c[i][j] = -1 / float64(window)
		}
		if i < n {
			c[i][first+i]++
		}
	}
	c[n][g.lags]++
	b := make([]float64, g.lags)
	sum := 0.0
	for i, v := range g.combine(c).ridge(n, penalty) {
		b[first+i] = v
		sum += v
	}
	for j := range window {
		b[j] += (1 - sum) / float64(window)
	}
	return b
}

// dlinear: the two maps w are on A x with A = [M; I-M] and M the moving average, so the window has the coefficients b = Aᵀw, and the smallest |w|² of a b is bᵀ(AᵀA)⁻¹b. With
// AᵀA = L Lᵀ and b = L v that is |v|²: a ridge regression on Lᵀx with one scale for all.
func dlinear(g *gram, penalty float64, window int) []float64 {
	p := g.lags
	m := average(p, window)
	a := square(p)
	for i := range p {
		for j := range i + 1 {
			for l := range p {
				r, s := -m[l][i], -m[l][j]
				if l == i {
					r++
				}
				if l == j {
					s++
				}
				a[i][j] += float64(m[l][i]*m[l][j]) + float64(r*s)
			}
		}
	}
	l := newCholesky(a)
	c := square(p + 1)
	for j := range p {
		for i := j; i < p; i++ {
			c[j][i] = l[i][j]
		}
	}
	c[p][p] = 1
	inner := g.combine(c)
	s := square(p)
	for i := range p {
		copy(s[i], inner.sum[i])
		s[i][i] += float64(penalty * float64(g.deviation(p)*g.deviation(p)))
	}
	v := newCholesky(s).solve(inner.sum[p][:p])
	b := make([]float64, p)
	for i := range p {
		for j := range i + 1 {
			b[i] += float64(l[i][j] * v[j])
		}
	}
	return b
}

// average is the matrix of a moving average over a window of p points, edges repeated; an even window reaches one further back than forward.
func average(p, window int) [][]float64 {
	m := square(p)
	for i := range p { // i counts backwards in time, as lags do
		for o := range window {
			j := min(max(i+o-(window-1)/2, 0), p-1)
			m[i][j] += 1 / float64(window)
		}
	}
	return m
}

// combine gives the sums of linear combinations of the columns and the target: row i of c is the i-th combination. Means are not needed and left out.
func (g *gram) combine(c [][]float64) *gram {
	k := len(c)
	out := &gram{rows: g.rows, lags: k - 1, mean: make([]float64, k), sum: make([][]float64, k)}
	half := make([][]float64, k) // c times the sums
	for i := range c {
		half[i] = make([]float64, len(g.sum))
		for l, v := range c[i] {
			if v == 0 {
				continue
			}
			for j := range g.sum {
				half[i][j] += float64(v * g.sum[max(l, j)][min(l, j)])
			}
		}
	}
	for i := range c {
		out.sum[i] = make([]float64, i+1)
		for j := range i + 1 {
			for l, v := range c[j] {
				out.sum[i][j] += float64(v * half[i][l])
			}
		}
	}
	return out
}
