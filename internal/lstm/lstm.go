// Package lstm trains recurrent networks on windows of a series: layers of LSTM or GRU cells, each in one direction or both, then a dense layer, with mean
// squared error or quantile loss and Adam, as Keras 3 defines them: glorot-uniform, orthogonal and zero initialisers with forget biases of one, tanh and sigmoid, GRU with
// reset_after, epsilon added to the root of the uncorrected second moment. It sits under stages/train. It knows no units, scalers or files of series; its
// values are scaled already.
//
// A network is a list of parts (design.go), each one cell that runs over the time steps of one window, from the first to the last or back. A layer above
// another sees all its states, the dense layer sees the last state of each part of the uppermost layer. Nothing outlives a window, so no state carries
// what comes after a target.
//
// The dense layer has O outputs: one forecast, several horizons (direct), several quantiles, or horizons times quantiles. With attention it sees, before the last
// states, a mean of all states of the uppermost layer, weighted by a score of each (Bahdanau, Cho and Bengio, 2015): see head.go. Losses are in loss.go, learning rates over the epochs in schedule.go.
//
// How it is used:
//
//	m, err := Build(Design{Cell: LSTM, Features: F, Units: []int{50}, Outputs: O}, seed)   // or Import and FromTensors: weights of others
//	history, best, err := m.Train(ctx, training, validation, options, done)                // Windows.Targets is [N][O]
//	forecasts, err := m.Predict(ctx, windows, workers)                                     // [N][O]
//	data, err := m.RawONNX(lookBack, scales, scale)                                        // values of the series in and out
//
// A training that may be interrupted is NewTraining, Run (State after each epoch), Finish; later Resume, Run, Finish. Options.Open says whether more epochs may go on
// from the state of fewer. Import reads weights that others trained; SetTensors puts weights into a network. Quantiles of one horizon are learned apart and may cross: who
// uses them as an interval sorts them.
//
// Dimension letters, here and in every comment of the package:
//
//	B  batch: samples of one step of Adam, padded with zero gradients to a multiple of 16 lanes
//	T  time steps of a window (look-back)
//	F  features of one time step
//	   or inputs of a layer: the states of the layer below
//	H  hidden units of a part
//	K  the rows that a gate sums over: the H states, the F inputs, a one for each bias: H+F+1 (LSTM), H+F+2 (GRU)
//	W  K rounded up to a multiple of 8, the width of a row of weights; the padding is zero and stays zero
//	O  outputs   N  states of the uppermost layer, of both directions   A  units of the attention
//
// # The arithmetic contract
//
// Training gives the same bits on every machine and for every number of workers. Each output element is one sequential chain of float32 fused
// multiply-adds from +0, in the order written beside the kernel (kernels.go); samples are independent lanes; nothing is summed across lanes. All other
// operations are single float32 additions, subtractions, multiplications, divisions and roots, each rounded. tanh is a quotient of polynomials evaluated by fused multiply-adds
// (tanh.go), sigmoid is 1/2 + tanh(x/2)/2. portable.go is the definition; a faster kernel must equal it bit for bit.
//
// # Randomness
//
// Weights come from PCG(seed, 1). The order of the samples in epoch e (from 1) is a Fisher-Yates shuffle of 0..N-1 by PCG(seed, 1<<32 + e): it depends on
// no earlier epoch, so that a training can go on from its weights and moments alone. Both are math/rand/v2's PCG-DXSM with the package's own reductions.
package lstm

import "slices"

// Model is the network's parameters. It is not safe for concurrent use while it is trained.
type Model struct {
	design  Design
	parts   []part
	weights []float32 // of the parts, one after the other, each [4H][W]; see part
	head    []float32 // of the head's matrices, one after the other, each [R][W]; see head.go
	kernels *kernels
}

// New makes the network LSTM(units) -> Dense(1); see Build.
func New(units, features int, seed int64) (*Model, error) {
	return Build(Design{Cell: LSTM, Features: features, Units: []int{units}}, seed)
}

// Build makes a network with Keras' initial weights from a seed. A design outside the bounds is an error.
func Build(d Design, seed int64) (*Model, error) {
	m, err := empty(d)
	if err != nil {
		return nil, err
	}
	m.initialise(newSource(seed, weightStream))
	return m, nil
}

// empty is a network of zeros.
func empty(d Design) (*Model, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	d.Units, d.Outputs = slices.Clone(d.Units), d.outputs()
	m := &Model{design: d, parts: d.parts(), kernels: &selected}
	last := m.parts[len(m.parts)-1]
	m.weights = make([]float32, last.offset+last.size())
	m.head = make([]float32, d.headSize())
	return m, nil
}

// Design is what the network is made of.
func (m *Model) Design() Design { return m.design }

func roundUp(n, to int) int { return (n + to - 1) / to * to }

// Parameters is the number of trainable weights.
func (m *Model) Parameters() int {
	n := 0
	for _, t := range m.design.tensors() {
		n += product(t.Shape)
	}
	return n
}

// Clone returns a copy that shares no weights with m.
func (m *Model) Clone() *Model {
	return &Model{m.design, m.parts, slices.Clone(m.weights), slices.Clone(m.head), m.kernels}
}
