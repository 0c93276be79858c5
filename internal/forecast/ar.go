package forecast

import "fmt"

// fitAR fits AR(p) by ordinary least squares, x[t] = c + sum over j of lag_j x[t-h-j+1], for horizon 1 or, direct, for each horizon. Columns are centred
// (the raw design of a series far from zero has a condition number of 1e10) and decomposed by Householder QR, block by block, so that memory does not grow with
// the series. Fewer rows than p + 1 is an error. A lag that is a combination of the earlier ones (a constant series) gets coefficient 0.
func fitAR(d *Data, train []int, m Model, horizons []int) (*regression, error) {
	g := &regression{model: m, recursive: m.recursive()}
	if g.recursive {
		horizons = []int{1}
	}
	for _, h := range horizons {
		a, sse, err := leastSquaresAR(d, train, m.Order, h)
		if err != nil {
			return nil, err
		}
		g.add(h, a, sse)
	}
	return g, nil
}

func leastSquaresAR(d *Data, train []int, p, h int) (affine, float64, error) {
	rows := withHistory(d, train, p+h-1)
	if len(rows) < p+1 {
		return affine{}, 0, fmt.Errorf("order %d needs at least %d training rows with %d points before them, there are %d", p, p+1, p+h-1, len(rows))
	}
	mean := make([]float64, p+1) // of the lags, then of x[t]
	for _, t := range rows {
		for j := range p {
			mean[j] += d.Values[t-h-j]
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
			row[j] = d.Values[t-h-j] - mean[j]
		}
		row[p] = d.Values[t] - mean[p]
		q.add(row)
	}
	a := affine{constant: mean[p], lag: q.solve()}
	for j, c := range a.lag {
		a.constant -= float64(c * mean[j])
	}
	return a, a.sse(d, rows, h, nil), nil
}

// withHistory keeps the targets with so many points before them in their segment.
func withHistory(d *Data, targets []int, points int) []int {
	kept := make([]int, 0, len(targets))
	for _, t := range targets {
		if t-d.Start(t) >= points {
			kept = append(kept, t)
		}
	}
	return kept
}
