package forecast

import (
	"fmt"
	"math"
)

// LongAR is a family of autoregressions of all orders up to one, by Yule and Walker's equations: what past values can say linearly about the next one. Durbin 1960, Revue de
// l'Institut International de Statistique 28, 233-244.
type LongAR struct {
	mean  float64
	coefs map[int][]float64
}

// LongOrders lists orders up to limit, each about a quarter above the one before.
func LongOrders(limit int) (orders []int) {
	for p := 1; p <= limit; p = max(p+1, p*5/4) {
		orders = append(orders, p)
	}
	return orders
}

// FitLongAR solves for the given orders, increasing, on the training part, rows [0, end). Autocovariances are sums over pairs within a segment divided by the number of
// rows, so that every solution is stable. A constant series is an error.
func FitLongAR(d *Data, end int, orders []int) (*LongAR, error) {
	limit := 0
	if len(orders) > 0 {
		limit = orders[len(orders)-1]
	}
	if limit < 1 || limit >= end {
		return nil, fmt.Errorf("long AR: order %d of %d rows", limit, end)
	}
	a := &LongAR{mean: Mean(d.Values[:end]), coefs: map[int][]float64{}}
	g := make([]float64, limit+1)
	for _, s := range d.Segments {
		hi := min(s.Hi, end)
		for k := range g {
			for t := s.Lo + k; t < hi; t++ {
				g[k] += float64((d.Values[t] - a.mean) * (d.Values[t-k] - a.mean))
			}
		}
	}
	if !(g[0] > 1e-24*a.mean*a.mean*float64(end)) {
		return nil, fmt.Errorf("long AR: the training part is constant")
	}
	phi, last, error := make([]float64, 0, limit), make([]float64, 0, limit), g[0]
	next := 0
	for p := 1; p <= limit; p++ {
		last = append(last[:0], phi...)
		k := g[p]
		for j, c := range last {
			k -= float64(c * g[p-1-j])
		}
		k /= error
		for j := range phi {
			phi[j] = last[j] - float64(k*last[p-2-j])
		}
		phi = append(phi, k)
		error -= float64(float64(k*k) * error)
		if p == orders[next] {
			a.coefs[p] = append([]float64(nil), phi...)
			next++
		}
		if !(error > 0) {
			break
		}
	}
	return a, nil
}

// Forecast gives the forecasts h steps ahead of an order that was fitted, NaN where the segment has too few points. The weights of step k+1 follow from those of step k,
// w[j] = w'[0] phi[j] + w'[j+1], so that a far horizon costs no more than the next.
func (a *LongAR) Forecast(d *Data, order, h int, targets []int) []float64 {
	phi, ok := a.coefs[order]
	if !ok {
		return missing(len(targets))
	}
	w := append([]float64(nil), phi...)
	for range h - 1 {
		first := w[0]
		for j := range w {
			after := 0.0
			if j+1 < len(w) {
				after = w[j+1]
			}
			w[j] = float64(first*phi[j]) + after
		}
	}
	f := make([]float64, len(targets))
	for i, t := range targets {
		f[i] = math.NaN()
		last := t - h // the newest value that is seen
		if last-d.Start(t)+1 < order {
			continue
		}
		sum := 0.0
		for j, c := range w {
			sum += float64(c * (d.Values[last-j] - a.mean))
		}
		f[i] = a.mean + sum
	}
	return f
}

// Ceiling is the best long AR: the order, up to a tenth of the training rows and to what every target has before it, with the smallest error on the validation targets h steps ahead. It
// returns the order and the forecasts of the test targets. Without validation targets, or where nothing fits, it is an error.
func Ceiling(d *Data, end, h int, validate, test []int) (order int, forecast []float64, err error) {
	limit := min(end/10, MaxOrder)
	for _, targets := range [][]int{validate, test} {
		for _, t := range targets {
			limit = min(limit, t-h-d.Start(t)+1)
		}
	}
	if len(validate) == 0 || limit < 1 {
		return 0, nil, fmt.Errorf("%w: no order of a long AR fits", ErrShort)
	}
	orders := LongOrders(limit)
	a, err := FitLongAR(d, end, orders)
	if err != nil {
		return 0, nil, err
	}
	actual, least := d.At(validate), math.Inf(1)
	for _, p := range orders {
		if sse := SumSquares(Errors(actual, a.Forecast(d, p, h, validate))); sse < least {
			order, least = p, sse
		}
	}
	if order == 0 {
		return 0, nil, fmt.Errorf("%w: no order of a long AR fits", ErrShort)
	}
	return order, a.Forecast(d, order, h, test), nil
}
