package stats

import "math"

// fit is a regression by Householder's QR, columns in the order given.
type fit struct {
	coefficients []float64
	residual     []float64 // residual[k]: sum of squares left by the first k columns, k = 0..p
	firstError   float64   // standard error of the first coefficient: residual over (rows - p)
}

// leastSquares regresses target on columns (p of them, each as long as target; neither is changed). ErrShort when there are not more rows
// than columns, ErrConstant when the columns depend on each other to rounding.
func leastSquares(columns [][]float64, target []float64) (*fit, error) {
	p, rows := len(columns), len(target)
	if rows <= p {
		return nil, ErrShort
	}
	a := make([][]float64, p+1)
	for j, c := range columns {
		a[j] = append([]float64(nil), c...)
	}
	a[p] = append([]float64(nil), target...)
	diagonal := make([]float64, p)
	for j := range p {
		v := a[j][j:]
		norm := math.Sqrt(dot(v, v))
		if whole := math.Sqrt(dot(columns[j], columns[j])); !(norm > 1e-13*whole) {
			return nil, ErrConstant
		}
		if v[0] > 0 {
			norm = -norm
		}
		diagonal[j] = norm
		v[0] -= norm
		scale := -1 / float64(norm*v[0]) // 2/(v.v)
		for _, c := range a[j+1:] {
			w := c[j:]
			f := float64(scale * dot(v, w))
			for i := range w {
				w[i] -= float64(f * v[i])
			}
		}
	}
	return solve(a, diagonal), nil
}

// solve finishes a factored system: a's strict upper part is R, a[p] the rotated target.
func solve(a [][]float64, diagonal []float64) *fit {
	p := len(diagonal)
	y := a[p]
	f := &fit{coefficients: make([]float64, p), residual: make([]float64, p+1)}
	f.residual[p] = dot(y[p:], y[p:])
	for k := p - 1; k >= 0; k-- {
		f.residual[k] = f.residual[k+1] + float64(y[k]*y[k])
	}
	for k := p - 1; k >= 0; k-- {
		s := y[k]
		for j := k + 1; j < p; j++ {
			s -= float64(a[j][k] * f.coefficients[j])
		}
		f.coefficients[k] = s / diagonal[k]
	}
	// the first row of R's inverse is z with z R = e1; its length gives the first coefficient's variance
	z := make([]float64, p)
	for j := range p {
		s := 0.0
		if j == 0 {
			s = 1
		}
		for i := range j {
			s -= float64(z[i] * a[j][i])
		}
		z[j] = s / diagonal[j]
	}
	f.firstError = math.Sqrt(f.residual[p] / float64(len(y)-p) * dot(z, z))
	return f
}

func dot(x, y []float64) float64 {
	s := 0.0
	for i := range x {
		s += float64(x[i] * y[i])
	}
	return s
}
