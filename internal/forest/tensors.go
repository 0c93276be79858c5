package forest

// Tensor is a named array, row-major.
type Tensor struct {
	Name  string
	Shape []int
	Data  []float32
}

// Tensors returns the model as arrays; their data are copies. Every number in a model is one of float32, so what FromTensors makes of them predicts the same bits.
func (m *Model) Tensors() []Tensor { return nil }

// FromTensors makes a model from what Tensors returned. Names, order, shapes and values are checked.
func FromTensors(tensors []Tensor) (*Model, error) { return nil, errLater }
