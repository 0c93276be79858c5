// Package modelfile reads and writes model.weir, the self-describing file of a forecaster: what it is, what it was trained on, and its parameters.
// stages/train writes it; whoever predicts reads it (internal/predictor makes a forecaster of it). It knows no model: tensors are named arrays, and their meaning is their owner's.
//
// Layout, integers and floats little-endian:
//
//	8 bytes   "weirmodl"
//	uint32    version, 2
//	uint32    length of the header
//	header    JSON, one object: see Header
//	tensors   float32 values of each tensor of the header, in its order, row-major
//
// Nothing follows. Equal models have equal bytes. A file of version 1 is read too: it has one horizon, no covariates and no intervals, one scaler instead of scalers, and no options of the
// model but those of its trial.
package modelfile

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

const (
	magic   = "weirmodl"
	version = 2
)

// Bounds of what Read accepts.
const (
	MaxHeader  = 1 << 24 // bytes
	MaxTensors = 1 << 16
	MaxValues  = 1 << 26 // float32 values in all tensors together
)

// ErrFormat is wrapped by every error about bytes that are no model file.
var ErrFormat = errors.New("not a model file")

// Header describes the model. Numbers are finite.
type Header struct {
	Model      string             `json:"model"`     // lstm, ar, naive ...
	LookBack   int                `json:"look_back"` // points before a target that it sees (networks and trees)
	Features   []string           `json:"features"`  // the column of the series, then a name for each covariate
	Unit       string             `json:"unit"`
	StepNS     int64              `json:"step_ns"` // interval of the series
	Horizons   []int              `json:"horizons,omitempty"`
	Strategy   string             `json:"strategy,omitempty"`   // recursive: forecasts beyond the first horizon are made of its own forecasts
	Covariates []string           `json:"covariates,omitempty"` // as train was asked for them
	Scalers    []Scaler           `json:"scalers,omitempty"`    // the range that training saw of each feature; networks are scaled by it
	Scaler     *Scaler            `json:"scaler,omitempty"`     // of version 1; Decode moves it to Scalers
	Quantiles  []float64          `json:"quantiles,omitempty"`  // levels of the outputs of each horizon
	Intervals  *Intervals         `json:"intervals,omitempty"`
	Options    json.RawMessage    `json:"options,omitempty"`    // of the model, as its owner writes them
	Parameters map[string]float64 `json:"parameters,omitempty"` // of models without tensors
	Trial      json.RawMessage    `json:"trial"`                // the trial's options as in predictions.parquet
	Tensors    []Shape            `json:"tensors,omitempty"`
}

// Intervals say how far prediction intervals reach beyond the forecast, or beyond its lowest and highest quantile.
type Intervals struct {
	Method  string    `json:"method"`
	Level   float64   `json:"level"`   // nominal coverage
	Margins []float64 `json:"margins"` // one for each horizon, in the unit of the series
}

// Scaler maps a value v of the series to (v-Min)/(Max-Min), the scale of the network.
type Scaler struct {
	Min float64 `json:"min"`
	Max float64 `json:"max"`
}

// Shape announces a tensor.
type Shape struct {
	Name  string `json:"name"`
	Shape []int  `json:"shape"`
}

// File is a model in memory: Data[i] belongs to Header.Tensors[i], row-major.
type File struct {
	Header Header
	Data   [][]float32
}

// Encode returns the bytes of the file. Data that do not fit their shapes, or that Decode would refuse, are an error.
func (f *File) Encode() ([]byte, error) {
	header, err := json.Marshal(f.Header)
	if err != nil {
		return nil, fmt.Errorf("model file: %w", err)
	}
	sizes, err := f.Header.sizes()
	if err != nil {
		return nil, err
	}
	if len(header) > MaxHeader || len(sizes) != len(f.Data) {
		return nil, fmt.Errorf("model file: header of %d bytes, %d tensors for %d shapes", len(header), len(f.Data), len(sizes))
	}
	out := binary.LittleEndian.AppendUint32([]byte(magic), version)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(header)))
	out = append(out, header...)
	for i, data := range f.Data {
		if len(data) != sizes[i] {
			return nil, fmt.Errorf("model file: tensor %s has %d values, its shape says %d", f.Header.Tensors[i].Name, len(data), sizes[i])
		}
		for _, v := range data {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
		}
	}
	return out, nil
}

// sizes gives the number of values of each tensor, within the bounds.
func (h *Header) sizes() ([]int, error) {
	if len(h.Tensors) > MaxTensors {
		return nil, fmt.Errorf("%w: %d tensors, at most %d are allowed", ErrFormat, len(h.Tensors), MaxTensors)
	}
	sizes, total := make([]int, len(h.Tensors)), 0
	for i, t := range h.Tensors {
		n := 1
		for _, d := range t.Shape {
			if d < 1 || d > MaxValues || n > MaxValues/d {
				return nil, fmt.Errorf("%w: tensor %.40q has shape %v", ErrFormat, t.Name, t.Shape)
			}
			n *= d
		}
		if total += n; total > MaxValues {
			return nil, fmt.Errorf("%w: more than %d values", ErrFormat, MaxValues)
		}
		sizes[i] = n
	}
	return sizes, nil
}

// Decode reads what Encode wrote. It never panics and allocates no more than a few times the length of data.
func Decode(data []byte) (*File, error) {
	fixed := len(magic) + 8
	if len(data) < fixed || string(data[:len(magic)]) != magic {
		return nil, fmt.Errorf("%w: expected it to start with %q", ErrFormat, magic)
	}
	if v := binary.LittleEndian.Uint32(data[len(magic):]); v < 1 || v > version {
		return nil, fmt.Errorf("%w: version %d, this program reads 1 to %d", ErrFormat, v, version)
	}
	length := int64(binary.LittleEndian.Uint32(data[len(magic)+4:]))
	data = data[fixed:]
	if length > MaxHeader || length > int64(len(data)) {
		return nil, fmt.Errorf("%w: header of %d bytes claimed, %d are there", ErrFormat, length, len(data))
	}
	f := &File{}
	d := json.NewDecoder(bytes.NewReader(data[:length]))
	d.DisallowUnknownFields()
	if err := d.Decode(&f.Header); err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrFormat, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows the header's object", ErrFormat)
	}
	if s := f.Header.Scaler; s != nil {
		f.Header.Scalers, f.Header.Scaler = []Scaler{*s}, nil
	}
	data = data[length:]
	sizes, err := f.Header.sizes()
	if err != nil {
		return nil, err
	}
	total := 0
	for _, n := range sizes {
		total += n
	}
	if len(data) != 4*total {
		return nil, fmt.Errorf("%w: %d bytes of tensors, the header announces %d", ErrFormat, len(data), 4*total)
	}
	for _, n := range sizes {
		values := make([]float32, n)
		for i := range values {
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
		data = data[4*n:]
		f.Data = append(f.Data, values)
	}
	return f, nil
}

// Write writes the file.
func (f *File) Write(path string) error {
	data, err := f.Encode()
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o666)
}

// Read reads a file of bounded size; its errors name the path.
func Read(path string) (*File, error) {
	r, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	limit := int64(len(magic) + 8 + MaxHeader + 4*MaxValues)
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s: %w: more than %d bytes", path, ErrFormat, limit)
	}
	f, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}
