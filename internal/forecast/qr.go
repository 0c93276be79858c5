package forecast

import "math"

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
