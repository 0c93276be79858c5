package lstm

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"testing"
)

// reference is the loss of the network in float64, straight from the formulas.
func reference(m *Model, w *Windows, quantiles []float64) float64 {
	sum, outputs := 0.0, m.design.outputs()
	for n := range w.Ends {
		for o, y := range referenceOutputs(m, w, n) {
			e := float64(w.Targets[n*outputs+o]) - y
			if len(quantiles) == 0 {
				sum += e * e
			} else {
				q := quantiles[o%len(quantiles)]
				sum += math.Max(q*e, (q-1)*e)
			}
		}
	}
	return sum / float64(len(w.Ends)*outputs)
}

// referenceOutputs are the forecasts of sample n.
func referenceOutputs(m *Model, w *Windows, n int) []float64 {
	end := w.Ends[n]
	// rows are what the layer sees at each time step.
	rows := make([][]float64, w.LookBack)
	for t := range rows {
		for _, v := range w.Rows[(end-w.LookBack+t)*w.Features:][:w.Features] {
			rows[t] = append(rows[t], float64(v))
		}
	}
	var last []float64
	for i := 0; i < len(m.parts); i += m.design.directions() {
		next := make([][]float64, w.LookBack)
		last = nil
		for _, p := range m.parts[i : i+m.design.directions()] {
			state, cell := make([]float64, p.units), make([]float64, p.units)
			for s := range w.LookBack {
				t := s
				if p.reverse {
					t = w.LookBack - 1 - s
				}
				state = referenceStep(m, &p, rows[t], state, cell)
				next[t] = append(next[t], state...)
			}
			last = append(last, state...)
		}
		rows = next
	}
	if m.design.Attention > 0 {
		last = append(referenceContext(m, rows), last...)
	}
	return referenceProduct(m, m.design.dense(), last)
}

func referenceContext(m *Model, rows [][]float64) []float64 {
	context, weights := make([]float64, len(rows[0])), 0.0
	for _, row := range rows {
		sums := referenceProduct(m, m.design.score(), row)
		for i, z := range sums {
			sums[i] = math.Tanh(z)
		}
		weight := math.Exp(referenceProduct(m, m.design.vector(), sums)[0])
		weights += weight
		for i, h := range row {
			context[i] += weight * h
		}
	}
	for i := range context {
		context[i] /= weights
	}
	return context
}

func referenceProduct(m *Model, x matrix, in []float64) []float64 {
	out := make([]float64, x.outputs)
	for o := range out {
		for r, v := range in {
			out[o] += float64(m.head[x.offset+r*x.width()+o]) * v
		}
		if x.ones == 1 {
			out[o] += float64(m.head[x.offset+len(in)*x.width()+o])
		}
	}
	return out
}

func referenceStep(m *Model, p *part, inputs, state, cell []float64) []float64 {
	sigmoid := func(z float64) float64 { return 1 / (1 + math.Exp(-z)) }
	next := make([]float64, p.units)
	for unit := range p.units {
		var z [gates]float64
		for gate := range gates {
			row := p.of(m.weights)[(gates*unit+gate)*p.width():]
			for k, s := range state {
				z[gate] += float64(row[k]) * s
			}
			for f, v := range inputs {
				z[gate] += float64(row[p.units+f]) * v
			}
			for _, bias := range row[p.units+p.features : p.rows()] {
				z[gate] += float64(bias)
			}
		}
		if p.cell == GRU {
			u := sigmoid(z[gateUpdate])
			next[unit] = u*state[unit] + (1-u)*math.Tanh(z[gateCandidate]+sigmoid(z[gateReset])*z[gateRecurrent])
			continue
		}
		cell[unit] = sigmoid(z[gateForget])*cell[unit] + sigmoid(z[gateInput])*math.Tanh(z[gateCell])
		next[unit] = sigmoid(z[gateOutput]) * math.Tanh(cell[unit])
	}
	return next
}

// noise are windows and targets without any pattern.
func noise(features, lookBack, samples int) *Windows { return noiseFor(features, lookBack, samples, 1) }

// noiseFor has targets for several outputs.
func noiseFor(features, lookBack, samples, outputs int) *Windows {
	s := newSource(2, 9)
	w := &Windows{Features: features, LookBack: lookBack}
	for range (samples + lookBack) * features {
		w.Rows = append(w.Rows, float32(s.uniform()))
	}
	for n := range samples {
		w.Ends = append(w.Ends, n+lookBack)
		for range outputs {
			w.Targets = append(w.Targets, float32(s.uniform()))
		}
	}
	return w
}

// TestFiniteDifferences compares every gradient with central differences of the float64 reference.
func TestFiniteDifferences(t *testing.T) {
	for _, c := range []struct {
		design    Design
		quantiles []float64
	}{
		{Design{Cell: LSTM, Features: 2, Units: []int{6}}, nil},
		{Design{Cell: LSTM, Features: 2, Units: []int{5, 3, 4}}, nil},
		{Design{Cell: LSTM, Features: 1, Units: []int{5, 2}, Bidirectional: true}, nil},
		{Design{Cell: GRU, Features: 2, Units: []int{6}}, nil},
		{Design{Cell: GRU, Features: 1, Units: []int{3, 4}, Bidirectional: true}, nil},
		{Design{Cell: LSTM, Features: 3, Units: []int{5}, Outputs: 9}, nil},
		{Design{Cell: GRU, Features: 1, Units: []int{5}, Outputs: 3}, []float64{0.1, 0.5, 0.9}},
		{Design{Cell: LSTM, Features: 2, Units: []int{3, 4}, Bidirectional: true, Outputs: 6}, []float64{0.05, 0.8}},
		{Design{Cell: LSTM, Features: 2, Units: []int{6}, Attention: 5}, nil},
		{Design{Cell: LSTM, Features: 1, Units: []int{4, 3}, Bidirectional: true, Attention: 9, Outputs: 2}, nil},
		{Design{Cell: GRU, Features: 1, Units: []int{4, 5}, Attention: 3, Outputs: 4}, []float64{0.3, 0.6}},
		{Design{Cell: GRU, Features: 2, Units: []int{4}, Bidirectional: true, Attention: 1}, nil},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) { finiteDifferences(t, c.design, c.quantiles) })
	}
}

func finiteDifferences(t *testing.T, d Design, quantiles []float64) {
	m, err := Build(d, 3)
	if err != nil {
		t.Fatal(err)
	}
	w := noiseFor(d.Features, 5, 9, m.design.Outputs)
	b := newBatch(m, &selected, w.LookBack, w.Len(), 1, true)
	b.loss = newLoss(quantiles)
	b.load(w, counting(w.Len()))
	sum := b.learn(func(int, int) {}) / float64(w.Len()*m.design.Outputs)
	if want := reference(m, w, quantiles); math.Abs(sum-want) > 1e-6*want {
		t.Errorf("loss %v, expected %v", sum, want)
	}
	free, freeHead := make([]bool, len(m.weights)), make([]bool, len(m.head))
	for _, p := range m.parts {
		for _, tensor := range p.regions() {
			p.each(tensor, func(_, weight int) { free[weight] = true })
		}
	}
	for _, h := range m.design.headTensors() {
		h.each(h.first, h.count, func(_, weight int) { freeHead[weight] = true })
	}
	var diff, norm float64
	check := func(parameters, gradients []float32, free []bool) {
		for i, v := range parameters {
			if !free[i] {
				if v != 0 || gradients[i] != 0 {
					t.Fatalf("padding %d is not zero", i)
				}
				continue
			}
			at := func(step float32) (loss, where float64) {
				parameters[i] = v + step
				loss, where = reference(m, w, quantiles), float64(parameters[i])
				parameters[i] = v
				return loss, where
			}
			step := float32(0x1p-9)
			if len(quantiles) > 0 {
				step = 0x1p-13 // the loss has corners
			}
			high, up := at(step)
			low, down := at(-step)
			inner, innerUp := at(step / 2)
			outer, innerDown := at(-step / 2)
			// Richardson: the error of the difference is of fourth order in the step.
			want := (4*(inner-outer)/(innerUp-innerDown) - (high-low)/(up-down)) / 3
			diff += (float64(gradients[i]) - want) * (float64(gradients[i]) - want)
			norm += want * want
		}
	}
	check(m.weights, b.sum, free)
	check(m.head, b.headSum, freeHead)
	relative := math.Sqrt(diff / norm)
	t.Logf("relative L2 %.1e", relative)
	if relative > 1e-6 {
		t.Errorf("gradients are %.1e from finite differences", relative)
	}
}

func TestOverfit(t *testing.T) {
	m, err := New(16, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	w := noise(1, 6, 12)
	history, best, err := m.Train(context.Background(), w, nil, Options{Epochs: 1500, Batch: 12, Seed: 1, LearningRate: 0.01, Workers: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if last := history[len(history)-1]; last.Loss > 1e-4 || best != 1500 || !math.IsNaN(last.Validation) {
		t.Errorf("after 1500 epochs on one batch: %+v, kept %d", last, best)
	}
}

// TestBytes fails when the same seed gives other weights: then the version of stages/train changes.
func TestBytes(t *testing.T) {
	m, err := New(9, 1, 42)
	if err != nil {
		t.Fatal(err)
	}
	w := noise(1, 8, 37)
	if _, _, err := m.Train(context.Background(), w, nil, Options{Epochs: 3, Batch: 16, Seed: 42, LearningRate: DefaultRate, Workers: 2}, nil); err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	for _, tensor := range m.Tensors() {
		if err := binary.Write(sum, binary.LittleEndian, tensor.Data); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := fmt.Sprintf("%x", sum.Sum(nil)[:8]), "f801f99ba696f2d0"; got != want {
		t.Errorf("weights hash to %s, want %s", got, want)
	}
}

func TestEarlyStop(t *testing.T) {
	m, err := New(8, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	w := noise(1, 4, 40)
	training := &Windows{Rows: w.Rows, Features: 1, LookBack: 4, Ends: w.Ends[:20], Targets: w.Targets[:20]}
	validation := &Windows{Rows: w.Rows, Features: 1, LookBack: 4, Ends: w.Ends[20:], Targets: w.Targets[20:]}
	o := Options{Epochs: 2000, Batch: 8, Seed: 1, LearningRate: 0.02, Patience: 5, Workers: 1}
	history, best, err := m.Train(context.Background(), training, validation, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(history) != best+5 {
		t.Fatalf("%d epochs, best is %d", len(history), best)
	}
	for _, e := range history {
		if e.Validation < history[best-1].Validation {
			t.Errorf("epoch %d has a smaller validation loss than the best, %d", e.Epoch, best)
		}
	}
	loss, err := m.loss(context.Background(), validation, o, &portable)
	if err != nil || loss != history[best-1].Validation {
		t.Errorf("the weights have validation loss %v, those of epoch %d had %v (%v)", loss, best, history[best-1].Validation, err)
	}
}

func TestDiverged(t *testing.T) {
	m, err := New(4, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	w := noise(1, 4, 20)
	w.Targets[3] = math.MaxFloat32
	_, _, err = m.Train(context.Background(), w, nil, Options{Epochs: 10, Batch: 8, Seed: 1, LearningRate: 1e30, Workers: 1}, nil)
	var diverged *DivergedError
	if !errors.As(err, &diverged) || diverged.Epoch < 1 {
		t.Errorf("got %v", err)
	}
}

func TestCancelled(t *testing.T) {
	m, err := New(4, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := m.Train(ctx, noise(1, 4, 20), nil, Options{Epochs: 1, Batch: 8, LearningRate: 0.1}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestInitial checks what Keras' initialisers promise.
func TestInitial(t *testing.T) {
	m, err := New(50, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	tensors := m.Tensors()
	within := func(data []float32, limit float64) {
		t.Helper()
		largest := 0.0
		for _, v := range data {
			largest = max(largest, math.Abs(float64(v)))
		}
		if largest > limit || largest < 0.9*limit {
			t.Errorf("largest weight %v, limit %v", largest, limit)
		}
	}
	within(tensors[0].Data, math.Sqrt(6.0/201))
	within(tensors[3].Data, math.Sqrt(6.0/51))
	for i := range 50 {
		for j := range i + 1 {
			d := 0.0
			for c := range 200 {
				d += float64(tensors[1].Data[i*200+c]) * float64(tensors[1].Data[j*200+c])
			}
			want := 0.0
			if i == j {
				want = 1
			}
			if math.Abs(d-want) > 1e-6 {
				t.Fatalf("rows %d and %d: product %v", i, j, d)
			}
		}
	}
	for i, v := range tensors[2].Data {
		want := float32(0)
		if i/50 == gateForget {
			want = 1
		}
		if v != want {
			t.Fatalf("bias %d is %v", i, v)
		}
	}
	again, err := FromTensors(tensors)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range again.weights {
		if v != m.weights[i] {
			t.Fatal("FromTensors does not undo Tensors")
		}
	}
}

func TestImpossible(t *testing.T) {
	for _, size := range [][2]int{{0, 1}, {MaxUnits + 1, 1}, {1, 0}, {1, MaxFeatures + 1}} {
		if _, err := New(size[0], size[1], 1); err == nil {
			t.Errorf("New%v succeeds", size)
		}
	}
	m, err := New(2, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	good := Options{Epochs: 1, Batch: 1, LearningRate: 0.1}
	outside := noise(1, 4, 3)
	outside.Ends[0] = 2
	for name, try := range map[string]func() error{
		"window":   func() error { _, _, err := m.Train(context.Background(), outside, nil, good, nil); return err },
		"features": func() error { _, _, err := m.Train(context.Background(), noise(2, 4, 3), nil, good, nil); return err },
		"epochs": func() error {
			_, _, err := m.Train(context.Background(), noise(1, 4, 3), nil, Options{Batch: 1, LearningRate: 1}, nil)
			return err
		},
		"memory": func() error {
			large, err := empty(Design{Cell: LSTM, Features: 1, Units: []int{MaxUnits}})
			if err != nil {
				return nil
			}
			_, _, err = large.Train(context.Background(), noise(1, 4000, 600), nil, Options{Epochs: 1, Batch: 512, LearningRate: 1}, nil)
			return err
		},
		"patience": func() error {
			_, _, err := m.Train(context.Background(), noise(1, 4, 3), nil, Options{Epochs: 1, Batch: 1, LearningRate: 1, Patience: 1}, nil)
			return err
		},
	} {
		if try() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
