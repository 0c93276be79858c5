package predictor

import (
	"context"
	"fmt"
	"math"
	"slices"

	"weir/internal/forecast"
	"weir/internal/lstm"
	"weir/internal/modelfile"
)

// Network is a recurrent network over scaled windows. Its outputs are the horizons of the window, for each the quantiles if there are any. A recursive one has
// horizon 1 alone; later ones see its forecasts where the values are not known yet.
type Network struct {
	Net       *lstm.Model
	Window    *forecast.Window
	Recursive bool
	Quantiles []float64 // increasing, 0.5 among them: the forecast
	Workers   int
}

// Forecast implements Model.
func (n *Network) Forecast(ctx context.Context, d *forecast.Data, targets, horizons []int) ([]Forecast, error) {
	if len(d.Covariates)+1 != n.Window.Features() {
		return nil, fmt.Errorf("the network has %d features, the data %d", n.Window.Features(), len(d.Covariates)+1)
	}
	if n.Recursive {
		return n.recursive(ctx, d, targets, horizons)
	}
	for _, h := range horizons {
		if !slices.Contains(n.Window.Horizons, h) {
			return nil, fmt.Errorf("horizon %d: the network forecasts %v", h, n.Window.Horizons)
		}
	}
	ends := n.ends(d, targets, horizons)
	outputs, err := n.Net.Predict(ctx, &lstm.Windows{Rows: n.Window.Rows(d), Features: n.Window.Features(), LookBack: n.Window.LookBack, Ends: ends}, n.Workers)
	if err != nil {
		return nil, err
	}
	return n.scatter(d, targets, horizons, ends, func(sample, h int) []float32 {
		k := slices.Index(n.Window.Horizons, h)
		q := max(1, len(n.Quantiles))
		return outputs[(sample*len(n.Window.Horizons)+k)*q:][:q]
	}), nil
}

// ends lists the ends of all windows that the targets need, once each, increasing.
func (n *Network) ends(d *forecast.Data, targets, horizons []int) []int {
	var ends []int
	for _, h := range horizons {
		for _, t := range targets {
			if n.Window.Fits(d, t, h) {
				ends = append(ends, forecast.End(t, h))
			}
		}
	}
	slices.Sort(ends)
	return slices.Compact(ends)
}

// scatter brings the outputs of windows to targets and horizons.
func (n *Network) scatter(d *forecast.Data, targets, horizons, ends []int, output func(sample, h int) []float32) []Forecast {
	all := make([]Forecast, len(horizons))
	for k, h := range horizons {
		f := Forecast{Point: missing(len(targets))}
		if len(n.Quantiles) > 0 {
			f.Low, f.High = missing(len(targets)), missing(len(targets))
		}
		for i, t := range targets {
			if !n.Window.Fits(d, t, h) {
				continue
			}
			sample, _ := slices.BinarySearch(ends, forecast.End(t, h))
			values := output(sample, h)
			f.Point[i] = n.unscale(values[n.middle()])
			if len(n.Quantiles) > 0 { // quantiles that cross are put in order (Chernozhukov, Fernandez-Val and Galichon 2010)
				f.Low[i], f.High[i] = n.unscale(slices.Min(values)), n.unscale(slices.Max(values))
			}
		}
		all[k] = f
	}
	return all
}

// middle is the output that is the forecast.
func (n *Network) middle() int { return max(0, slices.Index(n.Quantiles, 0.5)) }

func (n *Network) unscale(v float32) float64 { return n.Window.Scalers[0].Unscale(float64(v)) }

// recursive answers block by block, which bounds the memory of the windows.
func (n *Network) recursive(ctx context.Context, d *forecast.Data, targets, horizons []int) ([]Forecast, error) {
	ends, rows := n.ends(d, targets, horizons), n.Window.Rows(d)
	outputs := make([][]float32, len(horizons))
	size := max(1, maxOwn/((n.Window.LookBack+horizons[len(horizons)-1])*n.Window.Features()))
	for at := 0; at < len(ends); at += size {
		if err := n.feed(ctx, rows, ends[at:min(at+size, len(ends))], horizons, outputs); err != nil {
			return nil, err
		}
	}
	q := max(1, len(n.Quantiles))
	return n.scatter(d, targets, horizons, ends, func(sample, h int) []float32 { return outputs[slices.Index(horizons, h)][sample*q:][:q] }), nil
}

// maxOwn bounds the values of windows that are fed their forecasts at once.
const maxOwn = 1 << 22

// feed gives every window rows of its own, into which its forecasts are written, and appends the outputs at the horizons.
func (n *Network) feed(ctx context.Context, rows []float32, ends, horizons []int, outputs [][]float32) error {
	width, far := n.Window.Features(), horizons[len(horizons)-1]
	span, q := n.Window.LookBack+far-1, max(1, len(n.Quantiles))
	own := make([]float32, len(ends)*span*width)
	for i, end := range ends {
		copy(own[i*span*width:(i+1)*span*width], rows[(end-n.Window.LookBack)*width:min(len(rows), (end+far-1)*width)])
		for k := range far - 1 { // the values of x to come are not seen
			own[(i*span+n.Window.LookBack+k)*width] = float32(math.NaN())
		}
	}
	w := &lstm.Windows{Rows: own, Features: width, LookBack: n.Window.LookBack, Ends: make([]int, len(ends))}
	for k := range far {
		for i := range ends {
			w.Ends[i] = i*span + n.Window.LookBack + k
		}
		step, err := n.Net.Predict(ctx, w, n.Workers)
		if err != nil {
			return err
		}
		if at := slices.Index(horizons, k+1); at >= 0 {
			outputs[at] = append(outputs[at], step...)
		}
		for i := range ends {
			if k+1 < far {
				own[w.Ends[i]*width] = step[i*q+n.middle()]
			}
		}
	}
	return nil
}

func (n *Network) save(f *modelfile.File) error {
	f.Header.Quantiles = n.Quantiles
	for _, t := range n.Net.Tensors() {
		f.Header.Tensors = append(f.Header.Tensors, modelfile.Shape{Name: t.Name, Shape: t.Shape})
		f.Data = append(f.Data, t.Data)
	}
	return nil
}

func networkOf(f *modelfile.File, m *Fitted) (*Network, error) {
	var tensors []lstm.Tensor
	for i, shape := range f.Header.Tensors {
		tensors = append(tensors, lstm.Tensor{Name: shape.Name, Shape: shape.Shape, Data: f.Data[i]})
	}
	net, err := lstm.FromTensors(tensors)
	if err != nil {
		return nil, err
	}
	n := &Network{Net: net, Recursive: m.Strategy == forecast.Recursive, Quantiles: f.Header.Quantiles, Workers: 1,
		Window: &forecast.Window{LookBack: m.LookBack, Horizons: m.Horizons, Scalers: m.Scalers}}
	if n.Recursive {
		n.Window.Horizons = []int{1}
	}
	if err := CheckQuantiles(n.Quantiles); err != nil {
		return nil, err
	}
	want := len(n.Window.Horizons) * max(1, len(n.Quantiles))
	if design := net.Design(); design.Features != len(m.Scalers) || max(1, design.Outputs) != want {
		return nil, fmt.Errorf("a network of %d features and %d outputs for %d scalers and %d outputs", design.Features, max(1, design.Outputs), len(m.Scalers), want)
	}
	return n, nil
}

// CheckQuantiles says what is wrong with the levels of a network; none is right.
func CheckQuantiles(levels []float64) error {
	for i, q := range levels {
		if !(q > 0 && q < 1) || i > 0 && q <= levels[i-1] {
			return fmt.Errorf("%v: expected increasing levels between 0 and 1", levels)
		}
	}
	if len(levels) > 0 && (len(levels) < 3 || !slices.Contains(levels, 0.5) || levels[0] == 0.5 || levels[len(levels)-1] == 0.5) {
		return fmt.Errorf("%v: expected 0.5, which is the forecast, and levels below and above it", levels)
	}
	return nil
}
