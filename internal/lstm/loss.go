package lstm

import "fmt"

// Loss is what a training makes small: without quantiles the mean squared error, with quantiles the pinball loss (Koenker and Bassett, Regression quantiles,
// 1978), q(t-y) for a forecast y below its target t and (1-q)(y-t) above, each the mean over samples and outputs, as Keras' losses are. Output o has level
// o modulo the number of levels: three horizons with two levels are six outputs, horizon by horizon.
type loss struct {
	up, down []float32 // slopes above and below the target, 1-q and -q; none for squared errors
}

func newLoss(quantiles []float64) loss {
	var l loss
	for _, q := range quantiles {
		l.up, l.down = append(l.up, float32(1-q)), append(l.down, float32(-q))
	}
	return l
}

// checkQuantiles says what is wrong with the levels of a network of so many outputs.
func checkQuantiles(quantiles []float64, outputs int) error {
	if len(quantiles) > 0 && outputs%len(quantiles) != 0 {
		return fmt.Errorf("%d quantiles for %d outputs: expected as many, or a divisor", len(quantiles), outputs)
	}
	for _, q := range quantiles {
		if !(q > 0 && q < 1) {
			return fmt.Errorf("quantile %v: expected more than 0 and less than 1", q)
		}
	}
	return nil
}

// derivatives sets d for the errors e (forecast less target) of an output to scale, 1 / (samples times outputs), times the slope of the loss.
func (l loss) derivatives(d, e []float32, output int, scale float32) {
	if len(l.up) == 0 {
		for i, v := range e {
			d[i] = float32(2*scale) * v
		}
		return
	}
	up, down := float32(scale*l.up[output%len(l.up)]), float32(scale*l.down[output%len(l.down)])
	for i, v := range e {
		switch {
		case v > 0:
			d[i] = up
		case v < 0:
			d[i] = down
		case v == 0:
			d[i] = 0
		default:
			d[i] = v // not a number
		}
	}
}

// of is the loss of one error.
func (l loss) of(e float32, output int) float64 {
	switch {
	case len(l.up) == 0:
		return float64(float64(e) * float64(e))
	case e < 0:
		return float64(float64(e) * float64(l.down[output%len(l.down)]))
	}
	return float64(float64(e) * float64(l.up[output%len(l.up)]))
}
