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

// tensors lists names and shapes of a network's tensors, in Keras' order and layout. C is 4 (LSTM) or 3 (GRU), N the states that the dense layer sees;
// PART is lstm or gru, then /layer0, /layer1 ... where there are several, then /forward or /backward where both are:
//
//	PART/kernel            [F, C*H], blocks of H columns: LSTM i, f, c, o; GRU z, r, h
//	PART/recurrent_kernel  [H, C*H], likewise
//	PART/bias              [4H]; GRU [2, 3H], for inputs and states
//	dense/kernel           [N, 1]
//	dense/bias             [1]
func (d Design) tensors() []Tensor {
	var all []Tensor
	states := 0
	for _, p := range d.parts() {
		columns, bias := gates*p.units, []int{gates * p.units}
		if d.Cell == GRU {
			columns, bias = 3*p.units, []int{2, 3 * p.units}
		}
		name := d.name(&p)
		all = append(all, Tensor{Name: name + "/kernel", Shape: []int{p.features, columns}},
			Tensor{Name: name + "/recurrent_kernel", Shape: []int{p.units, columns}}, Tensor{Name: name + "/bias", Shape: bias})
		states = d.directions() * p.units
	}
	return append(all, Tensor{Name: "dense/kernel", Shape: []int{states, 1}}, Tensor{Name: "dense/bias", Shape: []int{1}})
}

// Tensors returns the parameters in Keras' order and layout. The data are copies.
func (m *Model) Tensors() []Tensor { return m.unpack(m.weights, m.dense) }

// unpack turns weights and the dense layer, or gradients that lie as they do, into tensors.
func (m *Model) unpack(weights, dense []float32) []Tensor {
	all := m.design.tensors()
	m.each(all, func(t *Tensor, p *part, tensor []region) {
		t.Data = make([]float32, product(t.Shape))
		p.each(tensor, func(at, weight int) { t.Data[at] = weights[weight] })
	})
	states := len(dense) - 1
	all[len(all)-2].Data = slices.Clone(dense[:states])
	all[len(all)-1].Data = slices.Clone(dense[states:])
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
	want := d.tensors()
	if len(want) != len(tensors) {
		return nil, fmt.Errorf("%d tensors: expected %d", len(tensors), len(want))
	}
	for i, t := range tensors {
		if t.Name != want[i].Name || !slices.Equal(t.Shape, want[i].Shape) {
			return nil, fmt.Errorf("tensor %d is %.40q %v: expected %q %v", i+1, t.Name, t.Shape, want[i].Name, want[i].Shape)
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
	m, err := empty(d)
	if err != nil {
		return nil, err
	}
	m.each(tensors, func(t *Tensor, p *part, tensor []region) {
		p.each(tensor, func(at, weight int) { m.weights[weight] = t.Data[at] })
	})
	states := len(m.dense) - 1
	copy(m.dense, tensors[len(tensors)-2].Data)
	m.dense[states] = tensors[len(tensors)-1].Data[0]
	return m, nil
}

// designOf reads a design from names and shapes. The caller compares all of them with what the design has.
func designOf(tensors []Tensor) (Design, error) {
	n := len(tensors)
	if n < 5 || n > 2+6*MaxLayers || (n-2)%3 != 0 {
		return Design{}, fmt.Errorf("%d tensors: expected three of each layer and direction, and two of the dense layer", n)
	}
	for i := 0; i < n-2; i += 3 {
		if len(tensors[i].Shape) != 2 || len(tensors[i+1].Shape) != 2 {
			return Design{}, fmt.Errorf("tensors %d and %d have shapes %v and %v: expected rows and columns", i+1, i+2, tensors[i].Shape, tensors[i+1].Shape)
		}
	}
	cell, rest, _ := strings.Cut(tensors[0].Name, "/")
	d := Design{Cell: Cell(cell), Features: tensors[0].Shape[0], Bidirectional: strings.HasSuffix(rest, "forward/kernel")}
	for i := 0; i < n-2; i += 3 * d.directions() {
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
