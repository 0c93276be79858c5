package forest

import (
	"math"
	"slices"
)

// loss is what boosting lowers. raw are the scores so far, [N][K].
type loss interface {
	// base are the scores before the first tree, [K], numbers of float32.
	base(c *cases) []float64
	// begin is called once a round, before targets.
	begin(raw, y []float64)
	// targets sets what a tree for output k is fitted to, [N]: the loss' negative gradient.
	targets(k int, raw, y, to []float64)
	// leaf is what a leaf of these cases adds to the score.
	leaf(k int, rows []int32, raw, targets []float64, c *cases) float64
	// mean of the loss over the rows.
	mean(raw []float64, c *cases) float64
}

// squared error: (y-raw)². A leaf is the mean of what is left, or with l2 its sum over n+l2.
type squared struct{ l2 float64 }

func (s squared) base(c *cases) []float64 { return []float64{float64(float32(average(c.y)))} }

func average(y []float64) float64 {
	total := 0.0
	for _, v := range y {
		total += v
	}
	return total / float64(len(y))
}

func (squared) begin(_, _ []float64) {}

func (squared) targets(_ int, raw, y, to []float64) {
	for i, v := range y {
		to[i] = v - raw[i]
	}
}

func (s squared) leaf(_ int, rows []int32, _, targets []float64, _ *cases) float64 {
	total := 0.0
	for _, r := range rows {
		total += targets[r]
	}
	return total / (float64(len(rows)) + s.l2)
}

func (squared) mean(raw []float64, c *cases) float64 {
	total := 0.0
	for i, v := range c.y {
		total += float64((v - raw[i]) * (v - raw[i]))
	}
	return total / float64(len(c.y))
}

// pinball is the loss whose minimum is the quantile q (Koenker, Bassett: Regression Quantiles, 1978): q d for d = y-raw >= 0, (q-1) d below. A leaf is the
// quantile of what is left in it: the smallest value that at least q of its rows do not exceed.
type pinball struct {
	q       float64
	scratch []float64
}

func (p *pinball) base(c *cases) []float64 {
	p.scratch = append(p.scratch[:0], c.y...)
	return []float64{float64(float32(p.quantile()))}
}

// quantile of scratch, which it sorts.
func (p *pinball) quantile() float64 {
	slices.Sort(p.scratch)
	return p.scratch[min(max(int(math.Ceil(p.q*float64(len(p.scratch))))-1, 0), len(p.scratch)-1)]
}

func (*pinball) begin(_, _ []float64) {}

func (p *pinball) targets(_ int, raw, y, to []float64) {
	for i, v := range y {
		to[i] = p.q
		if v < raw[i] {
			to[i] = p.q - 1
		}
	}
}

func (p *pinball) leaf(_ int, rows []int32, raw, _ []float64, c *cases) float64 {
	p.scratch = p.scratch[:0]
	for _, r := range rows {
		p.scratch = append(p.scratch, c.y[r]-raw[r])
	}
	return p.quantile()
}

func (p *pinball) mean(raw []float64, c *cases) float64 {
	total := 0.0
	for i, v := range c.y {
		d := v - raw[i]
		total += max(float64(p.q*d), float64((p.q-1)*d))
	}
	return total / float64(len(c.y))
}

// deviance is the log loss of K classes, y being their numbers (Friedman 2001, algorithm 6): each class has a score, probabilities are their softmax. A tree is fitted to
// r = [y=k] - p by least squares; a leaf is one Newton step, (K-1)/K sum r / (sum |r|(1-|r|) + l2).
type deviance struct {
	classes       int
	l2            float64
	probabilities []float64 // of this round, [N][K]
}

func (d *deviance) base(c *cases) []float64 {
	counts := make([]int, d.classes)
	for i, v := range c.y {
		counts[int(v)] += c.times(int32(i))
	}
	base := make([]float64, d.classes)
	for k, n := range counts {
		var share product
		share.times(max(float64(n), 0.5) / float64(c.rows)) // a class that is not there has half a row
		base[k] = float64(float32(share.logarithm()))
	}
	return base
}

func (d *deviance) begin(raw, _ []float64) {
	d.probabilities = append(d.probabilities[:0], raw...)
	for i := 0; i < len(raw); i += d.classes {
		normalise(d.probabilities[i : i+d.classes])
	}
}

func (d *deviance) targets(k int, _, y, to []float64) {
	for i, v := range y {
		to[i] = -d.probabilities[i*d.classes+k]
		if int(v) == k {
			to[i]++
		}
	}
}

func (d *deviance) leaf(_ int, rows []int32, _, targets []float64, c *cases) float64 {
	gradient, curvature := 0.0, d.l2
	for _, r := range rows {
		v, n := targets[r], float64(c.times(r))
		gradient += float64(n * v)
		curvature += float64(n * float64(math.Abs(v)*(1-math.Abs(v))))
	}
	if curvature < 1e-150 {
		return 0
	}
	return float64(float64(d.classes-1)/float64(d.classes)*gradient) / curvature
}

func (d *deviance) mean(raw []float64, c *cases) float64 {
	var likelihood product
	total, scores := 0.0, make([]float64, d.classes)
	for i, v := range c.y {
		copy(scores, raw[i*d.classes:])
		normalise(scores)
		p := max(scores[int(v)], 1e-300)
		if c.weight == nil {
			likelihood.times(p)
			continue
		}
		var one product
		one.times(p)
		total += float64(float64(c.weight[i]) * one.logarithm())
	}
	return -(total + likelihood.logarithm()) / float64(c.rows)
}
