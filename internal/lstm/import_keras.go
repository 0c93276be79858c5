package lstm

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"weir/internal/hdf5"
)

// named is an array of weights under its name in Import's JSON.
type named struct {
	Shape []int     `json:"shape"`
	Data  []float32 `json:"data"`
}

// importKeras reads a .keras file: a ZIP archive without compression of config.json, which says what the layers are, and model.weights.h5.
func importKeras(data []byte) (Design, []Tensor, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return Design{}, nil, err
	}
	config, err := stored(archive, "config.json")
	if err != nil {
		return Design{}, nil, err
	}
	if err := checkKeras(config); err != nil {
		return Design{}, nil, fmt.Errorf("config.json: %w", err)
	}
	weights, err := stored(archive, "model.weights.h5")
	if err != nil {
		return Design{}, nil, err
	}
	return importHDF5(weights)
}

// stored is a file of the archive. One that is compressed is refused: Keras compresses none, and so nothing grows.
func stored(archive *zip.Reader, name string) ([]byte, error) {
	for _, f := range archive.File {
		if f.Name != name {
			continue
		}
		if f.Method != zip.Store || f.UncompressedSize64 != f.CompressedSize64 {
			return nil, fmt.Errorf("%s is compressed: Keras leaves it as it is", name)
		}
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(r)
		return data, errors.Join(err, r.Close())
	}
	return nil, fmt.Errorf("the archive has no %s", name)
}

// kerasLayer is a layer of config.json.
type kerasLayer struct {
	Class  string `json:"class_name"`
	Config struct {
		Name       string          `json:"name"`
		Activation json.RawMessage `json:"activation"`
		Recurrent  json.RawMessage `json:"recurrent_activation"`
		Bias       *bool           `json:"use_bias"`
		Sequences  bool            `json:"return_sequences"`
		Backwards  bool            `json:"go_backwards"`
		ResetAfter *bool           `json:"reset_after"`
		MergeMode  string          `json:"merge_mode"`
		Layer      *kerasLayer     `json:"layer"`
	} `json:"config"`
}

// checkKeras checks that a model is layers of cells as this package has them, and a dense layer.
func checkKeras(config []byte) error {
	var model struct {
		Class  string `json:"class_name"`
		Config struct {
			Layers []kerasLayer `json:"layers"`
		} `json:"config"`
	}
	if err := json.Unmarshal(config, &model); err != nil {
		return err
	}
	if model.Class != "Sequential" {
		return fmt.Errorf("the model is %.40q: expected Sequential", model.Class)
	}
	layers := slices.DeleteFunc(model.Config.Layers, func(l kerasLayer) bool { return l.Class == "InputLayer" || l.Class == "Dropout" })
	for i, l := range layers {
		last := i+1 == len(layers)
		if err := l.check(last, i+2 == len(layers)); err != nil {
			return fmt.Errorf("layer %.60q (%.40s): %w", l.Config.Name, l.Class, err)
		}
	}
	if len(layers) < 2 {
		return fmt.Errorf("%d layers: expected cells and a dense layer", len(layers))
	}
	return nil
}

func (l *kerasLayer) check(last, top bool) error {
	is := func(v json.RawMessage, want string) bool { return string(v) == strconv.Quote(want) }
	if l.Config.Bias != nil && !*l.Config.Bias {
		return errors.New("use_bias is false: expected a bias")
	}
	if last {
		if l.Class != "Dense" || !is(l.Config.Activation, "linear") {
			return fmt.Errorf("activation %.40s: expected a dense layer that is linear, as the last", l.Config.Activation)
		}
		return nil
	}
	cell := l
	if l.Class == "Bidirectional" {
		if cell = l.Config.Layer; l.Config.MergeMode != "concat" || cell == nil {
			return fmt.Errorf("merge_mode %.40q: expected concat", l.Config.MergeMode)
		}
	}
	c := cell.Config
	switch {
	case cell.Class != "LSTM" && cell.Class != "GRU":
		return errors.New("is not understood: expected LSTM, GRU, Bidirectional, Dropout and a last Dense")
	case !is(c.Activation, "tanh") || !is(c.Recurrent, "sigmoid"):
		return fmt.Errorf("activations %.40s and %.40s: expected tanh and sigmoid", c.Activation, c.Recurrent)
	case c.Backwards || cell.Class == "GRU" && (c.ResetAfter == nil || !*c.ResetAfter):
		return errors.New("expected go_backwards false, and reset_after of a GRU")
	case c.Sequences == top:
		return fmt.Errorf("return_sequences is %v: expected true below another layer of cells, false below the dense one", c.Sequences)
	}
	return nil
}

// importHDF5 reads Keras' .weights.h5 or .h5. Such a file says no activations; its layers of cells are in the order of the numbers that Keras gives to names.
func importHDF5(data []byte) (Design, []Tensor, error) {
	arrays, err := hdf5.Read(data)
	if err != nil {
		return Design{}, nil, err
	}
	type cell struct {
		class  string
		number int
	}
	type place struct {
		cell
		direction, kind string
	}
	places, cells := map[place]hdf5.Array{}, map[cell]bool{}
	weights := map[string]named{}
	paths := []*regexp.Regexp{ // of cells and of the dense layer, in .weights.h5 and in .h5
		regexp.MustCompile(`^layers/(lstm|gru|bidirectional)(?:_(\d{1,6}))?/(?:(forward|backward)_layer/)?cell/vars/([012])$`),
		regexp.MustCompile(`^model_weights/(lstm|gru|bidirectional)(?:_(\d{1,6}))?/(?:.*?/)?(?:(forward|backward)_[^/]+/)?[^/]*cell[^/]*/(kernel|recurrent_kernel|bias)(?::0)?$`),
		regexp.MustCompile(`^(?:layers/dense(?:_\d+)?/vars|model_weights/dense(?:_\d+)?/.*)/([01]|kernel|bias)(?::0)?$`),
		regexp.MustCompile(`^(?:layers|model_weights)/`),
	}
	kinds := map[string]string{"0": "kernel", "1": "recurrent_kernel", "2": "bias", "kernel": "kernel", "recurrent_kernel": "recurrent_kernel", "bias": "bias"}
	for _, path := range slices.Sorted(maps.Keys(arrays)) {
		a := arrays[path]
		m := paths[0].FindStringSubmatch(path)
		if m == nil {
			m = paths[1].FindStringSubmatch(path)
		}
		if m != nil {
			number, _ := strconv.Atoi("0" + m[2])
			at := place{cell{m[1], number}, m[3], kinds[m[4]]}
			if _, twice := places[at]; twice {
				return Design{}, nil, fmt.Errorf("%.60q is there twice", path)
			}
			places[at], cells[at.cell] = a, true
			continue
		}
		if m := paths[2].FindStringSubmatch(path); m != nil {
			name := map[string]string{"0": "dense/kernel", "1": "dense/bias", "kernel": "dense/kernel", "bias": "dense/bias"}[m[1]]
			if _, twice := weights[name]; twice {
				return Design{}, nil, errors.New("more than one dense layer is not understood")
			}
			weights[name] = named{a.Shape, a.Data}
		} else if paths[3].MatchString(path) {
			return Design{}, nil, fmt.Errorf("the weights %.60q are not understood: expected layers called lstm, gru or bidirectional, and dense", path)
		}
	}
	var order []cell
	for c := range cells {
		order = append(order, c)
	}
	slices.SortFunc(order, func(a, b cell) int { return cmp.Or(strings.Compare(a.class, b.class), a.number-b.number) })
	if n := len(order); n > 0 && order[0].class != order[n-1].class {
		return Design{}, nil, fmt.Errorf("layers %s and %s: in which order is not known", order[0].class, order[n-1].class)
	}
	for at, a := range places {
		name := fmt.Sprintf("layer%d/", slices.Index(order, at.cell))
		if at.direction != "" {
			name += at.direction + "/"
		}
		weights[name+at.kind] = named{a.Shape, a.Data}
	}
	return importNamed(weights)
}
