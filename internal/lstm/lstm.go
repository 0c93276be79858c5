// Package lstm trains the network LSTM(H) -> Dense(1) on windows of a series, with mean squared error and Adam, as Keras 3 defines them:
// glorot-uniform, orthogonal and zero initialisers with forget biases of one, tanh and sigmoid, epsilon added to the root of the
// uncorrected second moment. It sits under stages/train. It knows no units, scalers or files of series; its values are scaled already.
//
// Dimension letters, here and in every comment of the package:
//
//	B  batch: samples of one step of Adam, padded with zero gradients to a multiple of 16 lanes
//	T  time steps of a window (look-back)
//	F  features of one time step
//	H  hidden units
//	K  H+F+1, the rows that a gate sums over: the H states, the F inputs, a one for the bias
//	W  K rounded up to a multiple of 8, the width of a row of weights; the padding is zero and stays zero
//
// # The arithmetic contract
//
// Training gives the same bits on every machine and for every number of workers. Each output element is one sequential chain of float32 fused
// multiply-adds from +0, in the order written beside the kernel (kernels.go); samples are independent lanes; nothing is summed across lanes. All other
// operations are single float32 additions, subtractions, multiplications, divisions and roots, each rounded. tanh is a quotient of polynomials evaluated by fused multiply-adds,
// sigmoid is 1/2 + tanh(x/2)/2. portable.go is the definition; a faster kernel must equal it bit for bit.
//
// # Randomness
//
// Weights come from PCG(seed, 1). The order of the samples in epoch e (from 1) is a Fisher-Yates shuffle of 0..N-1 by PCG(seed, 1<<32 + e): it depends on
// no earlier epoch, so that a training can go on from its weights and moments alone. Both are math/rand/v2's PCG-DXSM with the package's own reductions.
package lstm

import (
	"fmt"
	"slices"
)

// Gates of a unit, in Keras' order. Row 4*unit+gate of the weights belongs to them.
const (
	gateInput = iota
	gateForget
	gateCell
	gateOutput
	gates
)

// Bounds of what New accepts.
const (
	MaxUnits    = 1024
	MaxFeatures = 256
)

// Model is the network's parameters. It is not safe for concurrent use while it is trained.
type Model struct {
	units, features int
	weights         []float32 // [4H][W]: row 4*unit+gate holds H recurrent weights, F input weights, the bias, zeros
	dense           []float32 // [H+1]: H weights, the bias
	kernels         *kernels
}

// Tensor is a named array, row-major.
type Tensor struct {
	Name  string
	Shape []int
	Data  []float32
}

// New makes a network with Keras' initial weights from a seed. It fails for sizes outside 1..MaxUnits and 1..MaxFeatures.
func New(units, features int, seed int64) (*Model, error) {
	m, err := empty(units, features)
	if err != nil {
		return nil, err
	}
	m.initialise(newSource(seed, weightStream))
	return m, nil
}

func empty(units, features int) (*Model, error) {
	if units < 1 || units > MaxUnits {
		return nil, fmt.Errorf("units %d: expected 1 to %d", units, MaxUnits)
	}
	if features < 1 || features > MaxFeatures {
		return nil, fmt.Errorf("features %d: expected 1 to %d", features, MaxFeatures)
	}
	m := &Model{units: units, features: features, kernels: &selected}
	m.weights = make([]float32, gates*units*m.width())
	m.dense = make([]float32, units+1)
	return m, nil
}

// Units is H.
func (m *Model) Units() int { return m.units }

// Features is F.
func (m *Model) Features() int { return m.features }

// rows is K.
func (m *Model) rows() int { return m.units + m.features + 1 }

// width is W.
func (m *Model) width() int { return roundUp(m.rows(), 8) }

func roundUp(n, to int) int { return (n + to - 1) / to * to }

// Parameters is the number of trainable weights.
func (m *Model) Parameters() int { return gates*m.units*m.rows() + m.units + 1 }

// Clone returns a copy that shares nothing with m.
func (m *Model) Clone() *Model {
	return &Model{m.units, m.features, slices.Clone(m.weights), slices.Clone(m.dense), m.kernels}
}

// Names of the tensors, in Keras' order of weights.
const (
	Kernel          = "lstm/kernel"           // [F, 4H], blocks of H columns in the order i, f, c, o
	RecurrentKernel = "lstm/recurrent_kernel" // [H, 4H], likewise
	Bias            = "lstm/bias"             // [4H]
	DenseKernel     = "dense/kernel"          // [H, 1]
	DenseBias       = "dense/bias"            // [1]
)

// Tensors returns the parameters in Keras' names, order and layout. The data are copies.
func (m *Model) Tensors() []Tensor { return m.unpack(m.weights, m.dense) }

// shapes lists what Tensors holds for H units and F features.
func shapes(units, features int) []Tensor {
	return []Tensor{
		{Name: Kernel, Shape: []int{features, gates * units}},
		{Name: RecurrentKernel, Shape: []int{units, gates * units}},
		{Name: Bias, Shape: []int{gates * units}},
		{Name: DenseKernel, Shape: []int{units, 1}},
		{Name: DenseBias, Shape: []int{1}},
	}
}

// unpack turns weights [4H][W] and dense [H+1], or gradients in that layout, into tensors.
func (m *Model) unpack(weights, dense []float32) []Tensor {
	all := shapes(m.units, m.features)
	columns := gates * m.units
	block := func(first, rows int) []float32 {
		data := make([]float32, rows*columns)
		m.each(first, rows, func(at, weight int) { data[at] = weights[weight] })
		return data
	}
	all[0].Data = block(m.units, m.features)
	all[1].Data = block(0, m.units)
	all[2].Data = block(m.units+m.features, 1)
	all[3].Data = slices.Clone(dense[:m.units])
	all[4].Data = slices.Clone(dense[m.units:])
	return all
}

// each visits the elements of rows first..first+rows-1: at in Keras' layout [rows, 4H], weight in that of the model.
func (m *Model) each(first, rows int, visit func(at, weight int)) {
	for k := range rows {
		for gate := range gates {
			for unit := range m.units {
				visit(k*gates*m.units+gate*m.units+unit, (gates*unit+gate)*m.width()+first+k)
			}
		}
	}
}

// FromTensors makes a network from what Tensors returned. Names, order and shapes must be exact, values finite.
func FromTensors(tensors []Tensor) (*Model, error) {
	if len(tensors) != 5 || len(tensors[0].Shape) != 2 || len(tensors[3].Shape) != 2 {
		return nil, fmt.Errorf("%d tensors: expected the five of LSTM -> Dense(1)", len(tensors))
	}
	m, err := empty(tensors[3].Shape[0], tensors[0].Shape[0])
	if err != nil {
		return nil, err
	}
	for i, want := range shapes(m.units, m.features) {
		t := tensors[i]
		if t.Name != want.Name || !slices.Equal(t.Shape, want.Shape) {
			return nil, fmt.Errorf("tensor %d is %.40q %v: expected %q %v", i+1, t.Name, t.Shape, want.Name, want.Shape)
		}
		if len(t.Data) != product(t.Shape) {
			return nil, fmt.Errorf("tensor %s has %d values: expected %d", t.Name, len(t.Data), product(t.Shape))
		}
		for _, v := range t.Data {
			if v-v != 0 {
				return nil, fmt.Errorf("tensor %s has a value that is not finite", t.Name)
			}
		}
	}
	block := func(data []float32, first, rows int) {
		m.each(first, rows, func(at, weight int) { m.weights[weight] = data[at] })
	}
	block(tensors[0].Data, m.units, m.features)
	block(tensors[1].Data, 0, m.units)
	block(tensors[2].Data, m.units+m.features, 1)
	copy(m.dense, tensors[3].Data)
	m.dense[m.units] = tensors[4].Data[0]
	return m, nil
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
