package lstm

import (
	"math"
	"sync"
)

// group is the number of lanes that a kernel handles together: the padding of a batch.
const group = 16

// Windows are the samples of a training or a forecast: sample n sees rows Ends[n]-LookBack..Ends[n]-1 of Rows and is to give Targets[n].
type Windows struct {
	Rows     []float32 // [rows][F], scaled
	Features int       // F
	LookBack int       // T
	Ends     []int     // LookBack <= Ends[n] <= rows
	Targets  []float32 // nil where only forecasts are wanted
}

// Len is the number of samples.
func (w *Windows) Len() int { return len(w.Ends) }

// batch is the memory of one step: what forward keeps for backward. Arrays over time hold T slices one after the other.
type batch struct {
	model   *Model
	kernels *kernels
	steps   int // T
	lanes   int // B rounded up to group
	used    int // samples of this batch
	workers int

	x        []float32 // [T+1][K][lanes]
	gates    []float32 // [T][4H][lanes]
	cells    []float32 // [T+1][H][lanes]; the first is zero
	curved   []float32 // [T][H][lanes]
	turned   []float32 // [T][lanes][W]
	dh, dc   []float32
	output   []float32 // [lanes]
	residual []float32 // [lanes]: output - target
	dOut     []float32 // [lanes]: 2/B (output - target), zero in the padding
	target   []float32 // [lanes]

	sum   []float32 // gradient of the weights, [4H][W]
	dense []float32 // gradient of the dense layer, [H+1]
}

func newBatch(m *Model, k *kernels, steps, size, workers int, training bool) *batch {
	b := &batch{model: m, kernels: k, steps: steps, lanes: roundUp(size, group), workers: max(workers, 1)}
	h, n := m.units, b.lanes
	b.x = make([]float32, (steps+1)*m.rows()*n)
	for t := range steps + 1 {
		ones := b.at(b.x, t, m.rows())[(m.rows()-1)*n:]
		for i := range ones {
			ones[i] = 1
		}
	}
	b.gates = make([]float32, steps*gates*h*n)
	b.cells = make([]float32, (steps+1)*h*n)
	b.curved = make([]float32, steps*h*n)
	b.output = make([]float32, n)
	if training {
		b.turned = make([]float32, steps*n*m.width())
		b.dh = make([]float32, roundUp(h, 4)*n)
		b.dc = make([]float32, h*n)
		b.residual, b.dOut, b.target = make([]float32, n), make([]float32, n), make([]float32, n)
		b.sum, b.dense = make([]float32, len(m.weights)), make([]float32, len(m.dense))
	}
	return b
}

// at is slice t of an array over time whose slices have the given number of rows.
func (b *batch) at(array []float32, t, rows int) []float32 {
	return array[t*rows*b.lanes : (t+1)*rows*b.lanes]
}

// load puts the samples order[0..] of w into the lanes.
func (b *batch) load(w *Windows, order []int) {
	m := b.model
	b.used = len(order)
	for t := range b.steps {
		inputs := b.at(b.x, t, m.rows())[m.units*b.lanes:]
		for lane, n := range order {
			row := w.Rows[(w.Ends[n]-b.steps+t)*m.features:]
			for f := range m.features {
				inputs[f*b.lanes+lane] = row[f]
			}
		}
	}
	if w.Targets != nil && b.target != nil {
		for lane, n := range order {
			b.target[lane] = w.Targets[n]
		}
	}
}

// step describes time step t for lanes lo..hi-1.
func (b *batch) step(t, lo, hi int) *step {
	m := b.model
	s := &step{units: m.units, rows: m.rows(), width: m.width(), lanes: b.lanes, lo: lo, hi: hi, weights: m.weights,
		x: b.at(b.x, t, m.rows()), cell: b.at(b.cells, t, m.units), gates: b.at(b.gates, t, gates*m.units),
		cells: b.at(b.cells, t+1, m.units), curved: b.at(b.curved, t, m.units), next: b.at(b.x, t+1, m.rows()),
		dh: b.dh, dc: b.dc}
	if t == 0 {
		s.first = m.units
	}
	if b.turned != nil {
		s.turned = b.turned[t*b.lanes*s.width : (t+1)*b.lanes*s.width]
	}
	return s
}

// predict runs the network forward: output[lane] = the chain over the units j of dense[j] * h[j], then dense[H] * 1.
func (b *batch) predict() {
	parallel(b.workers, roundUp(b.used, group), group, b.forward)
}

func (b *batch) forward(lo, hi int) {
	for t := range b.steps {
		b.kernels.forward(b.step(t, lo, hi))
	}
	h := b.at(b.x, b.steps, b.model.rows())
	out := b.output[lo:hi]
	clear(out)
	for j, w := range b.model.dense {
		row := h[j*b.lanes:]
		if j == b.model.units {
			row = h[(b.model.rows()-1)*b.lanes:]
		}
		for i := range out {
			out[i] = fma(w, row[lo+i], out[i])
		}
	}
}

// learn runs the network forward and back: afterwards sum and dense hold the gradient of the mean squared error of the batch, and the result
// is its sum of squared errors (in float64, over the lanes in order). The gradient of the weights is a chain over t = 0..T-1 and in each over the lanes,
// that of the dense layer a chain over the lanes. Work is shared by lanes, then by rows; after is called for each share of rows.
func (b *batch) learn(after func(lo, hi int)) float64 {
	m := b.model
	scale := 2 / float32(b.used)
	clear(b.dOut)
	parallel(b.workers, roundUp(b.used, group), group, func(lo, hi int) {
		b.forward(lo, hi)
		for i := lo; i < min(hi, b.used); i++ {
			b.residual[i] = b.output[i] - b.target[i]
			b.dOut[i] = scale * b.residual[i]
		}
		b.backward(lo, hi)
	})
	sum := 0.0
	for _, e := range b.residual[:b.used] {
		sum += float64(float64(e) * float64(e))
	}
	h := b.at(b.x, b.steps, m.rows())
	for j := range b.dense {
		row := h[j*b.lanes:]
		if j == m.units {
			row = h[(m.rows()-1)*b.lanes:]
		}
		g := float32(0)
		for i, d := range b.dOut[:b.used] {
			g = fma(d, row[i], g)
		}
		b.dense[j] = g
	}
	parallel(b.workers, gates*m.units, gates, func(lo, hi int) {
		clear(b.sum[lo*m.width() : hi*m.width()])
		g := gradient{width: m.width(), lanes: b.lanes, used: roundUp(b.used, group), lo: lo, hi: hi, sum: b.sum}
		for t := range b.steps {
			s := b.step(t, 0, 0)
			g.z, g.turned, g.first = s.gates, s.turned, s.first/8*8
			b.kernels.gradient(&g)
		}
		after(lo*m.width(), hi*m.width())
	})
	return sum
}

func (b *batch) backward(lo, hi int) {
	for j, w := range b.model.dense[:b.model.units] {
		for i := lo; i < hi; i++ {
			b.dh[j*b.lanes+i] = w * b.dOut[i]
			b.dc[j*b.lanes+i] = 0
		}
	}
	for t := b.steps - 1; t >= 0; t-- {
		s := b.step(t, lo, hi)
		b.kernels.transpose(s)
		b.kernels.backward(s)
	}
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
		m: make([]float32, len(m.weights)), v: make([]float32, len(m.weights)), dm: make([]float32, len(m.dense)), dv: make([]float32, len(m.dense))}
}

// next starts a step and returns its rate, lr sqrt(1-beta2^t)/(1-beta1^t).
func (o *optimiser) next() float32 {
	o.power1 = float64(o.power1 * float64(float32(beta1)))
	o.power2 = float64(o.power2 * float64(float32(beta2)))
	return float32(o.rate * math.Sqrt(1-o.power2) / (1 - o.power1))
}

// train does one step of Adam on the loaded batch and returns its sum of squared errors.
func (o *optimiser) train(b *batch) float64 {
	m, rate := b.model, o.next()
	sum := b.learn(func(lo, hi int) {
		b.kernels.adam(&adam{lo: lo, hi: hi, rate: rate, g: b.sum, m: o.m, v: o.v, w: m.weights})
	})
	adamStep(&adam{hi: len(m.dense), rate: rate, g: b.dense, m: o.dm, v: o.dv, w: m.dense})
	return sum
}
