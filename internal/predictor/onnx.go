package predictor

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"weir/internal/forecast"
	"weir/internal/lstm"
	"weir/internal/onnx"
	"weir/internal/series"
)

// ErrONNX says that ONNX has no words for a model: smoothing, ARIMA, mixtures, trees of several horizons.
var ErrONNX = errors.New("not exported to ONNX")

// ONNX is the model for other programs, scaler included: values of the series go in and come out.
//
//	networks                     x [batch, look-back, features] -> y [batch, horizons times quantiles]; features as in forecast.Window: a covariate that is known in advance is that of the row
//	                             first horizon later. A recursive network forecasts one step; its user feeds the forecasts back
//	trees of one horizon         x [batch, look-back + covariates], x[0] the last value, x[1] the one before -> y [batch, 1]
//	ar, ridge, nlinear, rlinear, dlinear  x [batch, lags, 1], the last value last -> y [batch, horizons]
//
// Metadata: column, unit, step_ns, horizons, look_back, and strategy where it is recursive.
func (m *Fitted) ONNX() ([]byte, error) {
	metadata := []string{"column", m.Features[0], "unit", m.Trial.Unit, "step_ns", strconv.FormatInt(m.Trial.StepNS, 10), "horizons", fmt.Sprint(m.Horizons)}
	switch own := m.Model.(type) {
	case *Network:
		if own.Recursive {
			metadata = append(metadata, "strategy", forecast.Recursive)
		}
		return own.onnx(append(metadata, "look_back", strconv.Itoa(m.LookBack)))
	case *Trees:
		if len(own.Ensembles) == 1 {
			return own.Ensembles[0].ONNX(append(metadata, "look_back", strconv.Itoa(m.LookBack))...)
		}
	case *Linear:
		return own.onnx(metadata)
	}
	return nil, ErrONNX
}

func (n *Network) onnx(metadata []string) ([]byte, error) {
	var scales []lstm.Scale
	for _, s := range n.Window.Scalers {
		scale := lstm.Scale{Min: s.Min, Span: s.Max - s.Min}
		if scale.Span == 0 {
			scale.Span = 1
		}
		if float32(scale.Span) == 0 || !single(s.Min) || !single(scale.Span) {
			return nil, fmt.Errorf("%w: values from %g to %g are beyond float32", ErrONNX, s.Min, s.Max)
		}
		scales = append(scales, scale)
	}
	return n.Net.RawONNX(n.Window.LookBack, scales, scales[0], metadata...)
}

// single says that a value is finite as float32.
func single(v float64) bool { return math.Abs(v) <= math.MaxFloat32 }

// onnx writes a model that is affine in its last values as one matrix. Its coefficients are its answers to a window of zeros with a single one in it.
func (l *Linear) onnx(metadata []string) ([]byte, error) {
	switch l.Options.Name {
	case "ar", "ridge", "nlinear", "rlinear", "dlinear":
	default:
		return nil, ErrONNX
	}
	if l.Options.Covariates {
		return nil, ErrONNX
	}
	lags, last := l.Fitted.Needs(), l.Horizons[len(l.Horizons)-1]
	window := &forecast.Data{Values: make([]float64, lags+last), Time: make([]int64, lags+last), Segments: []series.Span{{Lo: 0, Hi: lags + last}}, Step: 1}
	outputs := len(l.Horizons)
	matrix, constant := make([]float32, lags*outputs), make([]float32, outputs)
	for k, h := range l.Horizons {
		answer := func() float64 { return l.Fitted.Forecast(window, []int{lags + h - 1}, h)[0] }
		base := answer()
		constant[k] = float32(base)
		if !single(base) && !math.IsNaN(base) {
			return nil, fmt.Errorf("%w: the constant %g is beyond float32", ErrONNX, base)
		}
		for i := range lags {
			window.Values[i] = 1
			matrix[i*outputs+k] = float32(answer() - base)
			window.Values[i] = 0
		}
		if math.IsNaN(base) {
			return nil, fmt.Errorf("onnx: %s has no forecast at horizon %d from %d points", l.Options.Name, h, lags)
		}
	}
	g := onnx.Graph{Name: l.Options.Name, Opset: lstm.Opset,
		Nodes: []onnx.Message{
			onnx.Node("Flatten", []string{"x"}, []string{"window"}),
			onnx.Node("Gemm", []string{"window", "coefficients", "constant"}, []string{"y"}),
		},
		Values: []onnx.Message{onnx.Tensor("coefficients", matrix, lags, outputs), onnx.Tensor("constant", constant, outputs)},
		Inputs: []onnx.Message{onnx.Port("x", onnx.Float32, -1, lags, 1)}, Outputs: []onnx.Message{onnx.Port("y", onnx.Float32, -1, outputs)},
	}
	return g.Encode(metadata...)
}
