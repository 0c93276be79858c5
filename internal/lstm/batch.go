package lstm

import (
	"math"
	"sync"
)

// group is the number of lanes that a kernel handles together: the padding of a batch.
const group = 16

// Windows are the samples of a training or a forecast: sample n sees rows Ends[n]-LookBack..Ends[n]-1 of Rows and is to give row n of Targets.
type Windows struct {
	Rows     []float32 // [rows][F], scaled
	Features int       // F
	LookBack int       // T
	Ends     []int     // LookBack <= Ends[n] <= rows
	Targets  []float32 // [N][O], a row for each sample; nil where only forecasts are wanted
}

// Len is the number of samples.
func (w *Windows) Len() int { return len(w.Ends) }

// batch is the memory of one step of Adam or of one forecast.
type batch struct {
	model   *Model
	kernels *kernels
	steps   int // T
	lanes   int // B rounded up to group
	used    int // samples of this batch
	workers int
	tracks  []*track // one for each part of the model

	head     *head
	loss     loss
	residual []float32 // [O][lanes]: output - target
	target   []float32 // [O][lanes]

	sum     []float32 // gradient of the weights, as they lie
	headSum []float32 // gradient of the head's weights
}

func newBatch(m *Model, k *kernels, steps, size, workers int, training bool) *batch {
	b := &batch{model: m, kernels: k, steps: steps, lanes: roundUp(size, group), workers: k.goroutines(m, steps, roundUp(size, group), workers)}
	n := b.lanes
	b.head = newHead(m, steps, n, training)
	for i := range m.parts {
		b.tracks = append(b.tracks, newTrack(m, &m.parts[i], steps, n, training))
	}
	if training {
		outputs := m.design.outputs()
		b.residual, b.target = make([]float32, outputs*n), make([]float32, outputs*n)
		b.sum, b.headSum = make([]float32, len(m.weights)), make([]float32, len(m.head))
	}
	return b
}

func fill(values []float32, v float32) {
	for i := range values {
		values[i] = v
	}
}

// layer is the tracks of one layer, bottom 0; none below the lowest.
func (b *batch) layer(i int) []*track {
	if i < 0 {
		return nil
	}
	n := b.model.design.directions()
	return b.tracks[n*i : n*(i+1)]
}

// top is the tracks that the head sees.
func (b *batch) top() []*track { return b.layer(len(b.model.design.Units) - 1) }

// load puts the samples order[0..] of w into the lanes.
func (b *batch) load(w *Windows, order []int) {
	b.used = len(order)
	for _, k := range b.layer(0) {
		k.load(w, order)
	}
	if w.Targets != nil && b.target != nil {
		outputs := b.model.design.outputs()
		for lane, n := range order {
			for o, v := range w.Targets[n*outputs : (n+1)*outputs] {
				b.target[o*b.lanes+lane] = v
			}
		}
	}
}

// predict runs the network forward.
func (b *batch) predict() {
	parallel(b.workers, roundUp(b.used, group), group, b.forward)
}

func (b *batch) forward(lo, hi int) {
	for _, k := range b.tracks {
		below, cell, d := b.layer(k.part.layer-1), b.kernels.cell(k.part.cell), k.step(lo, hi)
		for s := range b.steps {
			k.listen(below, s, lo, hi)
			k.put(d, s)
			cell.forward(d)
		}
	}
	b.head.forward(b.kernels, b.top(), lo, hi)
}

// learn runs the network forward and back: afterwards sum and headSum hold the gradient of the loss of the batch, and the result is the sum of the losses (in
// float64, output by output, in each over the lanes in order). The gradient of the weights is a chain over the steps of the part and in each over the
// lanes. Work is shared by lanes, then by rows; after is called for each share of rows.
func (b *batch) learn(after func(lo, hi int)) float64 {
	outputs := b.model.design.outputs()
	scale := 1 / float32(b.used*outputs)
	clear(b.head.dOut)
	b.head.refresh()
	parallel(b.workers, roundUp(b.used, group), group, func(lo, hi int) {
		b.forward(lo, hi)
		for o := range outputs {
			from, to := o*b.lanes+lo, o*b.lanes+min(hi, b.used)
			for i := from; i < to; i++ {
				b.residual[i] = b.head.output[i] - b.target[i]
			}
			b.loss.derivatives(b.head.dOut[from:to], b.residual[from:to], o, scale)
		}
		b.backward(lo, hi)
	})
	sum := 0.0
	for o := range outputs {
		for _, e := range b.residual[o*b.lanes:][:b.used] {
			sum += b.loss.of(e, o)
		}
	}
	b.head.gradient(b.kernels, b.headSum, roundUp(b.used, group), b.workers)
	for _, k := range b.tracks {
		p := k.part
		parallel(b.workers, gates*p.units, gates, func(lo, hi int) {
			lo, hi = lo*p.width(), hi*p.width()
			k.gradient(b.kernels, p.of(b.sum), roundUp(b.used, group), lo, hi)
			after(p.offset+lo, p.offset+hi)
		})
	}
	return sum
}

// backward runs from the uppermost layer down, in each part from its last step to its first.
func (b *batch) backward(lo, hi int) {
	b.head.backward(b.kernels, b.top(), lo, hi)
	for i := len(b.tracks) - 1; i >= 0; i-- {
		k := b.tracks[i]
		below, cell, d := b.layer(k.part.layer-1), b.kernels.cell(k.part.cell), k.step(lo, hi)
		k.start(lo, hi)
		for s := b.steps - 1; s >= 0; s-- {
			k.hear(s, lo, hi)
			k.put(d, s)
			b.kernels.transpose(d)
			cell.backward(d)
			b.kernels.states(d)
			k.tell(below, s, lo, hi)
		}
	}
}

// goroutines is how many of so many workers a batch keeps busy enough. A small one is faster on one: two that meet several times in a millisecond lose more
// by waiting than they gain, and the cores that they would take train other models.
func (k *kernels) goroutines(m *Model, steps, lanes, workers int) int {
	operations := 6 * float64(len(m.weights)) * float64(steps) * float64(lanes)
	return max(1, min(workers, int(operations/k.share)))
}

// parallel shares 0..n-1 in pieces of whole units among the workers and waits for them. What is computed for an index must not depend on the shares.
func parallel(workers, n, unit int, work func(lo, hi int)) {
	pieces := (n + unit - 1) / unit
	workers = min(workers, pieces)
	if workers <= 1 {
		work(0, n)
		return
	}
	var wait sync.WaitGroup
	for i := range workers - 1 {
		wait.Go(func() { work(i*pieces/workers*unit, (i+1)*pieces/workers*unit) })
	}
	work((workers-1)*pieces/workers*unit, n)
	wait.Wait()
}

// optimiser is Adam with Keras' defaults. Keras raises the float32 values of its betas to the power t.
type optimiser struct {
	rate           float64
	power1, power2 float64 // beta^t
	m, v, dm, dv   []float32
}

func newOptimiser(m *Model, rate float64) *optimiser {
	return &optimiser{rate: rate, power1: 1, power2: 1,
		m: make([]float32, len(m.weights)), v: make([]float32, len(m.weights)), dm: make([]float32, len(m.head)), dv: make([]float32, len(m.head))}
}

// next starts a step and returns its rate, lr sqrt(1-beta2^t)/(1-beta1^t).
func (o *optimiser) next() float32 {
	o.power1 = float64(o.power1 * float64(float32(beta1)))
	o.power2 = float64(o.power2 * float64(float32(beta2)))
	return float32(o.rate * math.Sqrt(1-o.power2) / (1 - o.power1))
}

// train does one step of Adam on the loaded batch and returns its sum of losses.
func (o *optimiser) train(b *batch) float64 {
	m, rate := b.model, o.next()
	sum := b.learn(func(lo, hi int) {
		b.kernels.adam(&adam{lo: lo, hi: hi, rate: rate, g: b.sum, m: o.m, v: o.v, w: m.weights})
	})
	b.kernels.adam(&adam{hi: len(m.head), rate: rate, g: b.headSum, m: o.dm, v: o.dv, w: m.head})
	return sum
}
