package lstm

// perStep holds one array for each step, one after the other.
type perStep struct {
	size int
	data []float32
}

func newPerStep(steps, size int) perStep { return perStep{size, make([]float32, steps*size)} }

// at is the array of step s; nil where there are none.
func (a perStep) at(s int) []float32 {
	if a.data == nil {
		return nil
	}
	return a.data[s*a.size : (s+1)*a.size]
}

// track is what one part keeps of its run over the window, for its run back. Arrays are indexed by the part's own steps, except above.
type track struct {
	part    *part
	weights []float32 // [4H][W] of the model
	steps   int       // T
	lanes   int

	x      perStep   // [T+1][K][lanes]
	gates  perStep   // [T][4H][lanes]
	cells  perStep   // [T+1][H][lanes], the first is zero (LSTM)
	curved perStep   // [T][H][lanes] (LSTM)
	turned perStep   // [T][lanes][W]
	above  perStep   // by time, [T][H][lanes]: the derivatives for the states from the layer above or the attention, where there is one
	dh     []float32 // [C rounded up to 4][lanes], C: H in the lowest layer, H+F above it
	dc     []float32 // [H][lanes]
}

func newTrack(m *Model, p *part, steps, lanes int, training bool) *track {
	k := &track{part: p, weights: p.of(m.weights), steps: steps, lanes: lanes}
	k.x = newPerStep(steps+1, p.rows()*lanes)
	for s := range steps + 1 {
		fill(k.x.at(s)[(p.units+p.features)*lanes:], 1)
	}
	k.gates = newPerStep(steps, gates*p.units*lanes)
	if p.cell == LSTM {
		k.cells = newPerStep(steps+1, p.units*lanes)
		k.curved = newPerStep(steps, p.units*lanes)
	}
	if training {
		k.turned = newPerStep(steps, lanes*p.width())
		k.dh = make([]float32, roundUp(p.columns(), 4)*lanes)
		k.dc = make([]float32, p.units*lanes)
		if p.layer+1 < len(m.design.Units) || m.design.Attention > 0 {
			k.above = newPerStep(steps, p.units*lanes)
		}
	}
	return k
}

// columns is the number of columns of the weights through which derivatives go back: to the states and, above the lowest layer, to the inputs.
func (p *part) columns() int {
	if p.layer == 0 {
		return p.units
	}
	return p.units + p.features
}

// step makes the description of a step for lanes lo..hi-1; put sets which.
func (k *track) step(lo, hi int) *step {
	p := k.part
	return &step{units: p.units, rows: p.rows(), width: p.width(), lanes: k.lanes, lo: lo, hi: hi, to: p.columns(), weights: k.weights, dh: k.dh, dc: k.dc}
}

// put makes d describe step s.
func (k *track) put(d *step, s int) {
	d.first = 0
	if s == 0 {
		d.first = k.part.units
	}
	d.x, d.gates, d.next, d.turned = k.x.at(s), k.gates.at(s), k.x.at(s+1), k.turned.at(s)
	if k.part.cell == LSTM {
		d.cell, d.cells, d.curved = k.cells.at(s), k.cells.at(s+1), k.curved.at(s)
	}
}

// load puts the samples into the inputs of the lowest layer.
func (k *track) load(w *Windows, order []int) {
	features := k.part.features
	for s := range k.steps {
		inputs := k.x.at(s)[k.part.units*k.lanes:]
		t := k.part.time(s, k.steps)
		for lane, n := range order {
			row := w.Rows[(w.Ends[n]-k.steps+t)*features:]
			for f := range features {
				inputs[f*k.lanes+lane] = row[f]
			}
		}
	}
}

// listen copies the states of the layer below at the time of step s into the inputs.
func (k *track) listen(below []*track, s, lo, hi int) {
	t, row := k.part.time(s, k.steps), k.part.units
	for _, from := range below {
		states := from.x.at(from.part.time(t, k.steps) + 1)
		for unit := range from.part.units {
			copy(k.x.at(s)[row*k.lanes+lo:row*k.lanes+hi], states[unit*k.lanes+lo:])
			row++
		}
	}
}

// start clears what the run back adds to. Where no layer and no attention is above, dh holds the derivatives of the last states.
func (k *track) start(lo, hi int) {
	for unit := range k.part.units {
		clear(k.dc[unit*k.lanes+lo : unit*k.lanes+hi])
		if k.above.data != nil {
			clear(k.dh[unit*k.lanes+lo : unit*k.lanes+hi])
		}
	}
}

// hear adds what the layer above has told about the states after step s.
func (k *track) hear(s, lo, hi int) {
	above := k.above.at(k.part.time(s, k.steps))
	if above == nil {
		return
	}
	for unit := range k.part.units {
		add(k.dh[unit*k.lanes+lo:unit*k.lanes+hi], above[unit*k.lanes+lo:])
	}
}

// tell leaves the derivatives for the inputs of step s with the layer below: those of the backward part, which comes first, and those of the forward one added.
func (k *track) tell(below []*track, s, lo, hi int) {
	t, row := k.part.time(s, k.steps), k.part.units
	first := k.part.reverse || len(below) == 1
	for _, to := range below {
		above := to.above.at(t)
		for unit := range to.part.units {
			d := k.dh[row*k.lanes+lo : row*k.lanes+hi]
			if first {
				copy(above[unit*k.lanes+lo:], d)
			} else {
				add(above[unit*k.lanes+lo:], d)
			}
			row++
		}
	}
}

// add adds b to a, as far as the shorter goes.
func add(a, b []float32) {
	n := min(len(a), len(b))
	for i, v := range b[:n] {
		a[i] += v
	}
}

// gradient sets elements lo..hi-1, whole rows of four, of the gradient of the part's weights.
func (k *track) gradient(kernels *kernels, sum []float32, used, lo, hi int) {
	p := k.part
	clear(sum[lo:hi])
	g := gradient{width: p.width(), lanes: k.lanes, used: used, lo: lo / p.width(), hi: hi / p.width(), sum: sum,
		zStep: k.gates.size, turnedStep: k.turned.size, z: k.gates.data, turned: k.turned.data, first: p.units / 8 * 8}
	kernels.gradient(&g)
	if k.steps > 1 {
		g.z, g.turned, g.first, g.more = k.gates.data[g.zStep:], k.turned.data[g.turnedStep:], 0, k.steps-2
		kernels.gradient(&g)
	}
	if p.cell == GRU {
		p.clearFixed(sum, g.lo, g.hi)
	}
}
