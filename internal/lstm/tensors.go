package lstm

import (
	"fmt"
	"slices"
	"strings"
)

// Tensor is a named array, row-major.
type Tensor struct {
	Name  string
	Shape []int
	Data  []float32
}

// tensors lists names and shapes of a network's tensors, in Keras' order and layout. C is 4 (LSTM) or 3 (GRU), N the states of the uppermost layer;
// PART is lstm or gru, then /layer0, /layer1 ... where there are several, then /forward or /backward where both are:
//
//	PART/kernel            [F, C*H], blocks of H columns: LSTM i, f, c, o; GRU z, r, h
//	PART/recurrent_kernel  [H, C*H], likewise
//	PART/bias              [4H]; GRU [2, 3H], for inputs and states
//	attention/kernel       [N, A], with attention, as the next two
//	attention/bias         [A]
//	attention/vector       [A, 1]
//	dense/kernel           [N, O], with attention [2N, O]: of the context, then of the last states
//	dense/bias             [O]
func (d Design) tensors() []Tensor {
	var all []Tensor
	for _, p := range d.parts() {
		columns, bias := gates*p.units, []int{gates * p.units}
		if d.Cell == GRU {
			columns, bias = 3*p.units, []int{2, 3 * p.units}
		}
		name := d.name(&p)
		all = append(all, Tensor{Name: name + "/kernel", Shape: []int{p.features, columns}},
			Tensor{Name: name + "/recurrent_kernel", Shape: []int{p.units, columns}}, Tensor{Name: name + "/bias", Shape: bias})
	}
	for _, h := range d.headTensors() {
		all = append(all, Tensor{Name: h.name, Shape: h.shape})
	}
	return all
}

// Tensors returns the parameters in Keras' order and layout. The data are copies.
func (m *Model) Tensors() []Tensor { return m.unpack(m.weights, m.head) }

// unpack turns weights of parts and head, or gradients that lie as they do, into tensors.
func (m *Model) unpack(weights, head []float32) []Tensor {
	all := m.design.tensors()
	m.each(all, func(t *Tensor, p *part, tensor []region) {
		t.Data = make([]float32, product(t.Shape))
		p.each(tensor, func(at, weight int) { t.Data[at] = weights[weight] })
	})
	tensors := m.design.headTensors()
	for i, h := range tensors {
		t := &all[len(all)-len(tensors)+i]
		t.Data = make([]float32, product(t.Shape))
		h.each(h.first, h.count, func(at, weight int) { t.Data[at] = head[weight] })
	}
	return all
}

// each visits the tensors of the parts.
func (m *Model) each(all []Tensor, visit func(t *Tensor, p *part, tensor []region)) {
	for i := range m.parts {
		for j, tensor := range m.parts[i].regions() {
			visit(&all[3*i+j], &m.parts[i], tensor)
		}
	}
}

// FromTensors makes a network from what Tensors returned. Names, order and shapes must be exact, values finite.
func FromTensors(tensors []Tensor) (*Model, error) {
	d, err := designOf(tensors)
	if err != nil {
		return nil, err
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	if err := d.fits(tensors); err != nil {
		return nil, err
	}
	m, err := empty(d)
	if err != nil {
		return nil, err
	}
	m.pack(tensors)
	return m, nil
}

// SetTensors puts weights into m. Names, order and shapes must be those of Tensors, values finite; otherwise m stays as it is.
func (m *Model) SetTensors(tensors []Tensor) error {
	if err := m.design.fits(tensors); err != nil {
		return err
	}
	m.pack(tensors)
	return nil
}

// fits checks that tensors are those of the design.
func (d Design) fits(tensors []Tensor) error {
	want := d.tensors()
	if len(want) != len(tensors) {
		return fmt.Errorf("%d tensors: expected %d", len(tensors), len(want))
	}
	for i, t := range tensors {
		if t.Name != want[i].Name || !slices.Equal(t.Shape, want[i].Shape) {
			return fmt.Errorf("tensor %d is %.40q %v: expected %q %v", i+1, t.Name, t.Shape, want[i].Name, want[i].Shape)
		}
		if len(t.Data) != product(t.Shape) {
			return fmt.Errorf("tensor %s has %d values: expected %d", t.Name, len(t.Data), product(t.Shape))
		}
		for _, v := range t.Data {
			if v-v != 0 {
				return fmt.Errorf("tensor %s has a value that is not finite", t.Name)
			}
		}
	}
	return nil
}

// pack sets the weights to those of tensors of the model's shapes.
func (m *Model) pack(tensors []Tensor) {
	m.each(tensors, func(t *Tensor, p *part, tensor []region) {
		p.each(tensor, func(at, weight int) { m.weights[weight] = t.Data[at] })
	})
	parts := m.design.headTensors()
	for i, h := range parts {
		data := tensors[len(tensors)-len(parts)+i].Data
		h.each(h.first, h.count, func(at, weight int) { m.head[weight] = data[at] })
	}
}

// headTensor is some rows of a matrix of the head.
type headTensor struct {
	matrix
	name         string
	shape        []int
	first, count int
}

func (d Design) headTensors() []headTensor {
	var all []headTensor
	list := func(x matrix, kernel, bias string) {
		all = append(all, headTensor{x, kernel, []int{x.inputs, x.outputs}, 0, x.inputs})
		if x.ones == 1 {
			all = append(all, headTensor{x, bias, []int{x.outputs}, x.inputs, 1})
		}
	}
	if d.Attention > 0 {
		list(d.score(), "attention/kernel", "attention/bias")
		list(d.vector(), "attention/vector", "")
	}
	list(d.dense(), "dense/kernel", "dense/bias")
	return all
}

// designOf reads a design from names and shapes. The caller compares all of them with what the design has.
func designOf(tensors []Tensor) (Design, error) {
	n, attention := len(tensors)-2, 0 // n are those of the parts
	if n >= 3 && tensors[n-1].Name == "attention/vector" {
		n -= 3
		if len(tensors[n].Shape) != 2 {
			return Design{}, fmt.Errorf("tensor %d has shape %v: expected rows and columns", n+1, tensors[n].Shape)
		}
		attention = tensors[n].Shape[1]
	}
	if n < 3 || n > 6*MaxLayers || n%3 != 0 {
		return Design{}, fmt.Errorf("%d tensors: expected three of each layer and direction, three of the attention or none, and two of the dense layer", len(tensors))
	}
	bias := tensors[len(tensors)-1].Shape
	if len(bias) != 1 {
		return Design{}, fmt.Errorf("tensor %d has shape %v: expected a bias for each output", len(tensors), bias)
	}
	for i := 0; i < n; i += 3 {
		if len(tensors[i].Shape) != 2 || len(tensors[i+1].Shape) != 2 {
			return Design{}, fmt.Errorf("tensors %d and %d have shapes %v and %v: expected rows and columns", i+1, i+2, tensors[i].Shape, tensors[i+1].Shape)
		}
	}
	cell, rest, _ := strings.Cut(tensors[0].Name, "/")
	d := Design{Cell: Cell(cell), Features: tensors[0].Shape[0], Bidirectional: strings.HasSuffix(rest, "forward/kernel"), Outputs: bias[0], Attention: attention}
	for i := 0; i < n; i += 3 * d.directions() {
		d.Units = append(d.Units, tensors[i+1].Shape[0])
	}
	return d, nil
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
