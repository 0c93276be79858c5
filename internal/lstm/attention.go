package lstm

import "math"

// attention is the weighted mean of all states in a batch; see head.go for its formulas. Arrays are indexed by time.
type attention struct {
	score, vector *linear
	steps         int // T

	states perStep // [T][R][lanes]: of the uppermost layer, ones, zeros
	curved perStep // [T][A rounded up to 4][lanes]: tanh(W h + b)
	alpha  perStep // [T][4][lanes]: the scores, then their softmax, in the first row

	turnedSums   perStep   // [T][lanes][W of score]: the derivatives for W h + b
	turnedScores perStep   // [T][lanes][W of vector]: the derivatives for the scores
	dAlpha       perStep   // [T][4][lanes]: those for alpha, then those for the scores, in the first row; the others are zero
	dCurved      []float32 // [A rounded up to 4][lanes]
	dStates      []float32 // [N rounded up to 4][lanes]
	mean         []float32 // [lanes]
}

func newAttention(m *Model, steps, lanes int, training bool) *attention {
	a := &attention{score: newLinear(m, m.design.score(), lanes, training), vector: newLinear(m, m.design.vector(), lanes, training), steps: steps}
	a.states = newPerStep(steps, a.score.rows()*lanes)
	for t := range steps {
		fill(a.states.at(t)[a.score.inputs*lanes:][:lanes], 1)
	}
	a.curved, a.alpha = newPerStep(steps, a.vector.rows()*lanes), newPerStep(steps, 4*lanes)
	a.mean = make([]float32, lanes)
	if training {
		a.turnedSums, a.turnedScores = newPerStep(steps, lanes*a.score.width()), newPerStep(steps, lanes*a.vector.width())
		a.dAlpha = newPerStep(steps, 4*lanes)
		a.dCurved, a.dStates = make([]float32, a.vector.rows()*lanes), make([]float32, roundUp(a.score.inputs, 4)*lanes)
	}
	return a
}

// attentionRows is how many values a step of the attention keeps for each lane.
func (d Design) attentionRows() int {
	if d.Attention == 0 {
		return 0
	}
	return d.score().rows() + d.vector().rows() + d.score().width() + d.vector().width() + 8 + d.states()
}

// forward leaves the context in the first N rows of seen.
func (a *attention) forward(k *kernels, top []*track, seen []float32, lo, hi int) {
	lanes := a.score.lanes
	for t := range a.steps {
		states, row := a.states.at(t), 0
		for _, from := range top {
			x := from.x.at(from.part.time(t, a.steps) + 1)
			for unit := range from.part.units {
				copy(states[row*lanes+lo:row*lanes+hi], x[unit*lanes+lo:])
				row++
			}
		}
		curved := a.curved.at(t)
		a.score.forward(k, states, curved, lo, hi)
		for row := range a.vector.inputs {
			k.curve(curved[row*lanes+lo : row*lanes+hi])
		}
		a.vector.forward(k, curved, a.alpha.at(t), lo, hi)
	}
	a.softmax(lo, hi)
	for n := range a.score.inputs {
		context := seen[n*lanes+lo : n*lanes+hi]
		clear(context)
		for t := range a.steps {
			addProducts(context, a.alpha.at(t)[lo:hi], a.states.at(t)[n*lanes+lo:])
		}
	}
}

// softmax over the time steps: exp(e-m) / sum, with m the largest score; the sum is in the order of time.
func (a *attention) softmax(lo, hi int) {
	for lane := lo; lane < hi; lane++ {
		largest := float32(math.Inf(-1))
		for t := range a.steps {
			largest = max(largest, a.alpha.at(t)[lane])
		}
		sum := float32(0)
		for t := range a.steps {
			e := exp(a.alpha.at(t)[lane] - largest)
			a.alpha.at(t)[lane] = e
			sum += e
		}
		for t := range a.steps {
			a.alpha.at(t)[lane] /= sum
		}
	}
}

// backward reads the derivatives of the context in the first N rows of dSeen and leaves those of all states in above.
func (a *attention) backward(k *kernels, top []*track, dSeen []float32, lo, hi int) {
	lanes := a.score.lanes
	mean := a.mean[lo:hi]
	clear(mean)
	for t := range a.steps {
		d := a.dAlpha.at(t)[lo:hi]
		clear(d)
		for n := range a.score.inputs {
			addProducts(d, dSeen[n*lanes+lo:n*lanes+hi], a.states.at(t)[n*lanes+lo:])
		}
		addProducts(mean, a.alpha.at(t)[lo:hi], d)
	}
	for t := range a.steps {
		d, alpha := a.dAlpha.at(t), a.alpha.at(t)
		for i, m := range mean {
			d[lo+i] = alpha[lo+i] * (d[lo+i] - m)
		}
		a.vector.turn(k, d, a.turnedScores.at(t), lo, hi)
		a.vector.backward(k, d, a.dCurved, lo, hi)
		for row := range a.vector.inputs {
			k.slope(a.dCurved[row*lanes+lo:row*lanes+hi], a.curved.at(t)[row*lanes+lo:])
		}
		a.score.turn(k, a.dCurved, a.turnedSums.at(t), lo, hi)
		a.score.backward(k, a.dCurved, a.dStates, lo, hi)
		row := 0
		for _, to := range top {
			above := to.above.at(t)
			for unit := range to.part.units {
				d := above[unit*lanes+lo : unit*lanes+hi]
				copy(d, a.dStates[row*lanes+lo:])
				addProducts(d, alpha[lo:hi], dSeen[row*lanes+lo:])
				row++
			}
		}
	}
}

// addProducts adds a[i]*b[i], rounded, to sum[i].
func addProducts(sum, a, b []float32) {
	for i, v := range a {
		sum[i] += float32(v * b[i])
	}
}

// Parameters of exp: the nearest multiple of ln 2 is found by adding and subtracting expShift; ln 2 is in two parts, the first of 15 bits, so that its products
// are exact.
const (
	expLimit = -87 // e^-87 is 1.6e-38, still normal
	expShift = 0x1.8p23
	log2e    = 0x1.715476p+0
	ln2Hi    = 0x1.62e4p-1
	ln2Lo    = 0x1.7f7d1cp-20
)

// exp is e^x for x <= 0, below expLimit zero: x = n ln 2 + r, e^r by Taylor's polynomial of degree 7 (|r| < 0.35: 6e-9), times 2^n. It is less than 2 units in the
// last place off (TestExp). NaN gives NaN.
func exp(x float32) float32 {
	if x < expLimit {
		return 0
	}
	if x != x {
		return x
	}
	n := float32(float32(x*log2e)+expShift) - expShift
	r := fma(n, -ln2Hi, x)
	r = fma(n, -ln2Lo, r)
	p := fma(r, 1.0/5040, 1.0/720)
	p = fma(r, p, 1.0/120)
	p = fma(r, p, 1.0/24)
	p = fma(r, p, 1.0/6)
	p = fma(r, p, 0.5)
	p = fma(r, p, 1)
	p = fma(r, p, 1)
	return p * math.Float32frombits(uint32(int32(n)+127)<<23)
}
