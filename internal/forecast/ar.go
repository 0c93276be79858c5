package forecast

import (
	"fmt"
	"math"
)

// MaxOrder bounds p of AR(p).
const MaxOrder = 2000

// AR is an autoregression of order p = len(Coef) with intercept: x[t] = Intercept + sum over j of Coef[j] x[t-1-j].
type AR struct {
	Intercept float64
	Coef      []float64 // Coef[j] belongs to lag j+1
	SSE       float64   // sum of squares over the rows it was fitted on
	Rows      int       // how many these were
}

// FitAR fits AR(p) by ordinary least squares on every t of the training part, rows [0, end), that has p points before it in its segment. Columns are centred
// (the raw design of a series far from zero has a condition number of 1e10) and decomposed by Householder QR, block by block, so that memory does not grow with
// the series. Fewer rows than p + 1 is an error. A lag that is a combination of the earlier ones (a constant series) gets coefficient 0.
func FitAR(d *Data, end, p int) (*AR, error) {
	if p < 1 || p > MaxOrder {
		return nil, fmt.Errorf("ar: order %d, expected 1 to %d", p, MaxOrder)
	}
	var rows []int
	for _, span := range d.Segments {
		for t := span.Lo + p; t < min(span.Hi, end); t++ {
			rows = append(rows, t)
		}
	}
	if len(rows) < p+1 {
		return nil, fmt.Errorf("ar: order %d needs at least %d training rows with as many points before them, there are %d", p, p+1, len(rows))
	}
	mean := make([]float64, p+1) // of lag 1..p, then of x[t]
	for _, t := range rows {
		for j := range p {
			mean[j] += d.Values[t-1-j]
		}
		mean[p] += d.Values[t]
	}
	for j := range mean {
		mean[j] /= float64(len(rows))
	}
	q := newQR(p + 1)
	row := make([]float64, p+1)
	for _, t := range rows {
		for j := range p {
			row[j] = d.Values[t-1-j] - mean[j]
		}
		row[p] = d.Values[t] - mean[p]
		q.add(row)
	}
	coef := q.solve()
	a := &AR{Coef: coef, Rows: len(rows), Intercept: mean[p]}
	for j, c := range coef {
		a.Intercept -= float64(c * mean[j])
	}
	a.SSE = SumSquares(Errors(d.At(rows), a.Forecast(d, rows)))
	return a, nil
}

// Forecast gives the forecasts at the targets, NaN where the segment has fewer than p points before one.
func (a *AR) Forecast(d *Data, targets []int) []float64 {
	f := make([]float64, len(targets))
	for i, t := range targets {
		if t-d.Start(t) < len(a.Coef) {
			f[i] = math.NaN()
			continue
		}
		sum := a.Intercept
		for j, c := range a.Coef {
			sum += float64(c * d.Values[t-1-j])
		}
		f[i] = sum
	}
	return f
}

// qr reduces rows of a least-squares problem (k-1 unknowns, the right side in the last column) to a triangle. Rows are collected under the
// triangle and folded in when the block is full.
type qr struct {
	k     int
	cols  [][]float64 // column-major: k triangle rows, then the block's
	rows  int         // rows in use, the first min(rows, k) being the triangle once it exists
	scale []float64   // sum of squares of each column, to tell what is zero
}

const qrBlock = 512

func newQR(k int) *qr {
	q := &qr{k: k, cols: make([][]float64, k), scale: make([]float64, k)}
	for j := range q.cols {
		q.cols[j] = make([]float64, k+qrBlock)
	}
	return q
}

func (q *qr) add(row []float64) {
	if q.rows == q.k+qrBlock {
		q.fold()
	}
	for j, v := range row {
		q.cols[j][q.rows] = v
		q.scale[j] += float64(v * v)
	}
	q.rows++
}

// fold applies Householder reflections that clear everything below the diagonal. Golub and Van Loan, Matrix Computations, algorithm 5.2.1.
func (q *qr) fold() {
	for j := 0; j < q.k && j < q.rows; j++ {
		c := q.cols[j][:q.rows]
		norm := math.Sqrt(SumSquares(c[j:]))
		if norm == 0 {
			continue
		}
		alpha := -norm
		if c[j] < 0 {
			alpha = norm
		}
		c[j] -= alpha // c[j:] is the reflection's vector v now
		vv := SumSquares(c[j:])
		for l := j + 1; l < q.k; l++ {
			o := q.cols[l][:q.rows]
			dot := 0.0
			for i := j; i < q.rows; i++ {
				dot += float64(c[i] * o[i])
			}
			f := 2 * dot / vv
			for i := j; i < q.rows; i++ {
				o[i] -= float64(f * c[i])
			}
		}
		c[j] = alpha
		clear(c[j+1:])
	}
	q.rows = min(q.rows, q.k)
}

// solve folds what is left and returns the k-1 unknowns by back substitution.
func (q *qr) solve() []float64 {
	q.fold()
	x := make([]float64, q.k-1)
	for j := q.k - 2; j >= 0; j-- {
		r := q.cols[j][j]
		if float64(r*r) <= 1e-24*q.scale[j] {
			continue
		}
		sum := q.cols[q.k-1][j]
		for l := j + 1; l < q.k-1; l++ {
			sum -= float64(q.cols[l][j] * x[l])
		}
		x[j] = sum / r
	}
	return x
}
