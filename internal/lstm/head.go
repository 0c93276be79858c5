package lstm

// The head is what stands on the uppermost layer. Without attention it is the dense layer on the last state of each part. With attention, h_t the states of the
// uppermost layer at time t (both directions), N of them (additive attention: Bahdanau, Cho and Bengio, Neural machine translation by jointly learning to align and
// translate, 2015, with one query for all windows):
//
//	e_t = v . tanh(W h_t + b)   alpha = softmax(e)   context = sum over t of alpha_t h_t   y = dense [context, last states]
//
// Its products are those kernels of the cells that only multiply and add (kernels.go): states, transpose and gradient.

// matrix is one product: outputs from inputs and, where it has a bias, a one. Its weights are [R][W]: row r belongs to input r, then the bias, then zeros; R is
// the rows rounded up to 4, W the outputs rounded up to 8.
type matrix struct {
	inputs, outputs int
	ones            int // 1 with a bias, 0 without
	offset          int // of its weights in those of the head
}

func (x matrix) rows() int  { return roundUp(x.inputs+x.ones, 4) }
func (x matrix) width() int { return roundUp(x.outputs, 8) }
func (x matrix) size() int  { return x.rows() * x.width() }

// of cuts the matrix's weights, or what lies as they do, out of the head's.
func (x matrix) of(all []float32) []float32 { return all[x.offset : x.offset+x.size()] }

// each visits the elements of inputs first..first+count-1 in Keras' order, row by row: at counts them, weight is where they lie in the head's weights.
func (x matrix) each(first, count int, visit func(at, weight int)) {
	for r := range count {
		for o := range x.outputs {
			visit(r*x.outputs+o, x.offset+(first+r)*x.width()+o)
		}
	}
}

// states is N, the states of the uppermost layer in all directions.
func (d Design) states() int { return d.directions() * d.Units[len(d.Units)-1] }

// outputs is O.
func (d Design) outputs() int { return max(d.Outputs, 1) }

// dense is the dense layer.
func (d Design) dense() matrix {
	inputs := d.states()
	if d.Attention > 0 {
		inputs *= 2
	}
	return matrix{inputs: inputs, outputs: d.outputs(), ones: 1}
}

// score is W and b of the attention, vector its v.
func (d Design) score() matrix {
	return matrix{inputs: d.states(), outputs: d.Attention, ones: 1, offset: d.dense().size()}
}

func (d Design) vector() matrix {
	score := d.score()
	return matrix{inputs: d.Attention, outputs: 1, offset: score.offset + score.size()}
}

// headSize is the number of values of the head's weights, with the padding.
func (d Design) headSize() int {
	if d.Attention == 0 {
		return d.dense().size()
	}
	vector := d.vector()
	return vector.offset + vector.size()
}

// linear is a matrix in a batch.
type linear struct {
	matrix
	weights []float32 // of the model
	back    []float32 // the same transposed, [outputs rounded up to 4][R rounded up to 8]; nil where nothing is learned
	lanes   int
}

func newLinear(m *Model, x matrix, lanes int, training bool) *linear {
	p := &linear{matrix: x, weights: x.of(m.head), lanes: lanes}
	if training {
		p.back = make([]float32, roundUp(x.outputs, 4)*roundUp(x.rows(), 8))
	}
	return p
}

// refresh follows the weights.
func (p *linear) refresh() {
	width := roundUp(p.rows(), 8)
	p.each(0, p.inputs, func(at, weight int) {
		p.back[at%p.outputs*width+at/p.outputs] = p.weights[weight-p.offset]
	})
}

// forward sets out[o][lane] to the chain over r = 0..R-1 of weights[r][o] * in[r][lane], for outputs rounded up to 4.
func (p *linear) forward(k *kernels, in, out []float32, lo, hi int) {
	k.states(&step{units: p.rows() / gates, width: p.width(), lanes: p.lanes, lo: lo, hi: hi, to: p.outputs, weights: p.weights, gates: in, dh: out})
}

// backward sets in[r][lane], the derivatives for the inputs (rounded up to 4), to the chain over o of weights[r][o] * d[o][lane], outputs rounded up to 4.
func (p *linear) backward(k *kernels, d, in []float32, lo, hi int) {
	k.states(&step{units: roundUp(p.outputs, gates) / gates, width: roundUp(p.rows(), 8), lanes: p.lanes, lo: lo, hi: hi, to: p.inputs, weights: p.back, gates: d, dh: in})
}

// turn sets turned[lane][o] to d[o][lane].
func (p *linear) turn(k *kernels, d, turned []float32, lo, hi int) {
	k.transpose(&step{rows: p.outputs, width: p.width(), lanes: p.lanes, lo: lo, hi: hi, x: d, turned: turned})
}

// gradient continues rows lo..hi-1, multiples of 4, of the gradient sum by the chain over lanes 0..used-1 of in[r][lane] * turned[lane][o].
func (p *linear) gradient(k *kernels, in, turned, sum []float32, used, lo, hi int) {
	k.gradient(&gradient{width: p.width(), lanes: p.lanes, used: used, lo: lo, hi: hi, z: in, turned: turned, sum: sum})
}

// head is the dense layer in a batch, with the attention under it where there is one.
type head struct {
	dense     *linear
	attention *attention // nil without
	seen      []float32  // [R][lanes]: context, last states, ones, zeros
	output    []float32  // [O rounded up to 4][lanes]
	dOut      []float32  // likewise: derivatives, zero in the padding
	dSeen     []float32  // [inputs rounded up to 4][lanes]
	turned    []float32  // [lanes][W]: dOut transposed
}

func newHead(m *Model, steps, lanes int, training bool) *head {
	h := &head{dense: newLinear(m, m.design.dense(), lanes, training)}
	if m.design.Attention > 0 {
		h.attention = newAttention(m, steps, lanes, training)
	}
	h.seen = make([]float32, h.dense.rows()*lanes)
	fill(h.seen[h.dense.inputs*lanes:][:lanes], 1)
	h.output = make([]float32, roundUp(h.dense.outputs, 4)*lanes)
	if training {
		h.dOut = make([]float32, len(h.output))
		h.dSeen = make([]float32, roundUp(h.dense.inputs, 4)*lanes)
		h.turned = make([]float32, lanes*h.dense.width())
	}
	return h
}

// refresh follows the weights.
func (h *head) refresh() {
	h.dense.refresh()
	if h.attention != nil {
		h.attention.score.refresh()
		h.attention.vector.refresh()
	}
}

// forward computes the outputs from the states of the uppermost layer.
func (h *head) forward(k *kernels, top []*track, lo, hi int) {
	lanes, row := h.dense.lanes, 0
	if h.attention != nil {
		h.attention.forward(k, top, h.seen, lo, hi)
		row = h.attention.score.inputs
	}
	for _, t := range top {
		last := t.x.at(t.steps)
		for unit := range t.part.units {
			copy(h.seen[row*lanes+lo:row*lanes+hi], last[unit*lanes+lo:])
			row++
		}
	}
	h.dense.forward(k, h.seen, h.output, lo, hi)
}

// backward takes the derivatives of the outputs to the states of the uppermost layer: to the last alone in dh, or with attention to all of them in above.
func (h *head) backward(k *kernels, top []*track, lo, hi int) {
	lanes, row := h.dense.lanes, 0
	h.dense.turn(k, h.dOut, h.turned, lo, hi)
	h.dense.backward(k, h.dOut, h.dSeen, lo, hi)
	if h.attention != nil {
		h.attention.backward(k, top, h.dSeen, lo, hi)
		row = h.attention.score.inputs
	}
	for _, t := range top {
		for unit := range t.part.units {
			d := h.dSeen[row*lanes+lo : row*lanes+hi]
			if h.attention == nil {
				copy(t.dh[unit*lanes+lo:], d)
			} else {
				add(t.above.at(t.part.time(t.steps-1, t.steps))[unit*lanes+lo:unit*lanes+hi], d)
			}
			row++
		}
	}
}

// gradient sets the gradient of the head's weights: chains over the time steps, where there are several, and in each over the lanes.
func (h *head) gradient(k *kernels, sum []float32, used, workers int) {
	of := func(p *linear, steps int, in, turned func(s int) []float32) {
		share := p.matrix.of(sum)
		parallel(workers, p.rows(), gates, func(lo, hi int) {
			clear(share[lo*p.width() : hi*p.width()])
			for s := range steps {
				p.gradient(k, in(s), turned(s), share, used, lo, hi)
			}
		})
	}
	of(h.dense, 1, func(int) []float32 { return h.seen }, func(int) []float32 { return h.turned })
	if a := h.attention; a != nil {
		steps := a.steps
		of(a.score, steps, a.states.at, a.turnedSums.at)
		of(a.vector, steps, a.curved.at, a.turnedScores.at)
	}
}

// initialiseHead sets Keras' initial weights: uniform in ±sqrt(6/(inputs+outputs)) (glorot), row by row, biases zero; the attention's W and v before the dense layer.
func (m *Model) initialiseHead(s source) {
	matrices := []matrix{m.design.dense()}
	if m.design.Attention > 0 {
		matrices = []matrix{m.design.score(), m.design.vector(), m.design.dense()}
	}
	for _, x := range matrices {
		limit := glorot(x.inputs, x.outputs)
		x.each(0, x.inputs, func(_, weight int) { m.head[weight] = s.within(limit) })
	}
}
