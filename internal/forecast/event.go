package forecast

import (
	"math"
	"slices"
	"sort"
)

// Curve is precision over recall of an alarm, threshold by threshold from the highest probability down: raised where the probability is at least Threshold[i].
type Curve struct {
	Threshold, Precision, Recall []float64
}

// PrecisionRecall sorts origins by their probability; equal ones are one step. Without a positive origin it is empty.
func PrecisionRecall(happened []bool, probability []float64) Curve {
	order, positives := make([]int, len(happened)), 0
	for i, h := range happened {
		order[i] = i
		if h {
			positives++
		}
	}
	var c Curve
	if positives == 0 {
		return c
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case probability[a] > probability[b]:
			return -1
		case probability[a] < probability[b]:
			return 1
		}
		return 0
	})
	hits := 0
	for k, i := range order {
		if happened[i] {
			hits++
		}
		if k+1 < len(order) && probability[order[k+1]] == probability[i] {
			continue
		}
		c.Threshold = append(c.Threshold, probability[i])
		c.Precision = append(c.Precision, float64(hits)/float64(k+1))
		c.Recall = append(c.Recall, float64(hits)/float64(positives))
	}
	return c
}

// AveragePrecision is the sum of precision times the step of recall, not interpolated, as scikit-learn's average_precision_score. An uninformed alarm has the
// base rate. NaN without a positive origin.
func (c Curve) AveragePrecision() float64 {
	if len(c.Recall) == 0 {
		return math.NaN()
	}
	sum, last := 0.0, 0.0
	for i, r := range c.Recall {
		sum += float64(c.Precision[i] * (r - last))
		last = r
	}
	return sum
}

// BestThreshold is the threshold with the largest F1, the highest of several; +Inf (no alarm) for an empty curve.
func (c Curve) BestThreshold() float64 {
	at, best := math.Inf(1), 0.0
	for i, p := range c.Precision {
		if f := 2 * p * c.Recall[i] / (p + c.Recall[i]); f > best {
			at, best = c.Threshold[i], f
		}
	}
	return at
}

// Exceedance is the probability that value = forecast + residual is above the level, when the residuals, sorted, are as likely as each other: for each forecast the
// share of residuals that lift it over the level, (count + 1/2)/(n + 1) so that nothing is impossible or certain.
func Exceedance(forecast, residuals []float64, level float64) []float64 {
	p := make([]float64, len(forecast))
	n := len(residuals)
	for i, f := range forecast {
		below := sort.Search(n, func(k int) bool { return f+residuals[k] > level })
		p[i] = (float64(n-below) + 0.5) / float64(n+1)
	}
	return p
}

// Brier is the mean squared difference of probability and outcome (Brier 1950). NaN without origins.
func Brier(happened []bool, probability []float64) float64 {
	sum := 0.0
	for i, p := range probability {
		if happened[i] {
			p = 1 - p
		}
		sum += float64(p * p)
	}
	return sum / float64(len(probability))
}
