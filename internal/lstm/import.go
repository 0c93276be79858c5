package lstm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"weir/internal/modelfile"
)

// ErrImport is wrapped by every error of Import.
var ErrImport = errors.New("weights cannot be imported")

// MaxImport bounds what Import takes, in bytes.
const MaxImport = 1 << 28

// Import reads the weights of a network that somebody trained, as a starting point: FromTensors makes a network of them, SetTensors puts them into one. data is
//
//   - an ONNX graph of LSTM or GRU layers and one dense layer above them, as this package writes it (with and without attention and scalers), as tf2onnx writes
//     Keras' LSTM and as torch.onnx writes both cells. Another node is an error that names it. Scalers around the network are left out: the weights are for
//     values that are scaled already;
//   - Keras' weights as JSON, {"initial_weights": {NAME: {"shape": [...], "data": [flat, row-major]}}}, with the names layer0/kernel, layer0/recurrent_kernel,
//     layer0/bias, layer1/kernel ... (of both directions: layer0/forward/kernel ..., layer0/backward/kernel ...), attention/kernel, attention/bias, attention/vector,
//     dense/kernel, dense/bias and Keras' layouts; other members are not read;
//   - a Sequential model of Keras 3 as .keras, or its weights as .weights.h5 or .h5 (internal/hdf5). The latter two say nothing of activations and are taken to be
//     of the layers that this package has;
//   - model.weir of a network (internal/modelfile).
//
// Tensors are those of the design, named and ordered as Tensors gives them, with finite values. It never panics and allocates no more than some times the length of data.
func Import(data []byte) (Design, []Tensor, error) {
	d, tensors, err := importAny(data)
	if err == nil {
		_, err = FromTensors(tensors)
	}
	if err != nil {
		return Design{}, nil, fmt.Errorf("%w: %w", ErrImport, err)
	}
	return d, tensors, nil
}

func importAny(data []byte) (Design, []Tensor, error) {
	switch trimmed := bytes.TrimLeft(data, " \t\r\n"); {
	case len(data) > MaxImport:
		return Design{}, nil, fmt.Errorf("%d bytes, at most %d are allowed", len(data), MaxImport)
	case bytes.HasPrefix(data, []byte("weirmodl")):
		return importFile(data)
	case bytes.HasPrefix(trimmed, []byte("{")):
		return importJSON(data)
	case bytes.HasPrefix(data, []byte("\x89HDF")):
		return importHDF5(data)
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return importKeras(data)
	}
	return importONNX(data)
}

func importFile(data []byte) (Design, []Tensor, error) {
	f, err := modelfile.Decode(data)
	if err != nil {
		return Design{}, nil, err
	}
	if len(f.Header.Tensors) == 0 {
		return Design{}, nil, fmt.Errorf("the model %.40q is no network", f.Header.Model)
	}
	var tensors []Tensor
	for i, t := range f.Header.Tensors {
		tensors = append(tensors, Tensor{Name: t.Name, Shape: t.Shape, Data: f.Data[i]})
	}
	m, err := FromTensors(tensors)
	if err != nil {
		return Design{}, nil, err
	}
	return m.design, tensors, nil
}

func importJSON(data []byte) (Design, []Tensor, error) {
	var file struct {
		Weights map[string]named `json:"initial_weights"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return Design{}, nil, err
	}
	d, tensors, err := importNamed(file.Weights)
	if err != nil {
		return d, nil, fmt.Errorf("\"initial_weights\": %w", err)
	}
	return d, tensors, nil
}

// importNamed finds the design of arrays by their names and shapes.
func importNamed(weights map[string]named) (Design, []Tensor, error) {
	dimension := func(name string, i int) int {
		if shape := weights[name].Shape; i < len(shape) {
			return shape[i]
		}
		return 0
	}
	_, both := weights["layer0/forward/kernel"]
	first := "/"
	if both {
		first = "/forward/"
	}
	d := Design{Cell: LSTM, Bidirectional: both, Features: dimension("layer0"+first+"kernel", 0), Outputs: dimension("dense/kernel", 1), Attention: dimension("attention/kernel", 1)}
	if len(weights["layer0"+first+"bias"].Shape) == 2 {
		d.Cell = GRU
	}
	for layer := range MaxLayers + 1 {
		if units := dimension(fmt.Sprintf("layer%d%srecurrent_kernel", layer, first), 0); units > 0 {
			d.Units = append(d.Units, units)
		}
	}
	if err := d.check(); err != nil {
		return Design{}, nil, fmt.Errorf("%w; expected layer0/kernel, layer0/recurrent_kernel and so on", err)
	}
	tensors := d.tensors()
	if len(tensors) != len(weights) {
		return Design{}, nil, fmt.Errorf("%d arrays, a network of %v units has %d", len(weights), d.Units, len(tensors))
	}
	for i, name := range d.plainNames() {
		w, ok := weights[name]
		if !ok || !slices.Equal(w.Shape, tensors[i].Shape) {
			return Design{}, nil, fmt.Errorf("%s has shape %v, expected %v", name, w.Shape, tensors[i].Shape)
		}
		tensors[i].Data = w.Data
	}
	return d, tensors, nil
}

// plainNames are the names of the tensors in Import's JSON.
func (d Design) plainNames() []string {
	var names []string
	for _, p := range d.parts() {
		name := fmt.Sprintf("layer%d/", p.layer)
		if p.reverse {
			name += "backward/"
		} else if d.Bidirectional {
			name += "forward/"
		}
		names = append(names, name+"kernel", name+"recurrent_kernel", name+"bias")
	}
	for _, h := range d.headTensors() {
		names = append(names, h.name)
	}
	return names
}
