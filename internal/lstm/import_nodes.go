package lstm

import (
	"fmt"
	"slices"

	"weir/internal/onnx"
)

// reshape follows nodes that move, drop or choose axes.
func (g *graphImport) reshape(o *onnx.Operator) (signal, error) {
	s, ok := g.signals[o.Inputs[0]]
	if !ok {
		return s, fmt.Errorf("is not understood here")
	}
	if s.meaning != states {
		if o.Op == "Slice" || o.Op == "Gather" || o.Op == "Concat" {
			return s, fmt.Errorf("is not understood here")
		}
		return s, nil
	}
	s.axes, s.parts = slices.Clone(s.axes), slices.Clone(s.parts)
	switch o.Op {
	case "Transpose":
		return s.transpose(o.Attributes["perm"].Ints)
	case "Squeeze":
		axes, known := g.integers(o, 1, "axes")
		return s.squeeze(axes, known)
	case "Unsqueeze":
		axes, _ := g.integers(o, 1, "axes")
		if len(axes) != 1 || axes[0] < 0 || axes[0] > int64(len(s.axes)) {
			return s, fmt.Errorf("axes %v are not understood", axes)
		}
		s.axes = slices.Insert(s.axes, int(axes[0]), oneAxis)
		return s, nil
	case "Slice":
		return g.slice(o, s)
	case "Gather":
		index, known := g.integers(o, 1, "")
		if !known || len(index) != 1 {
			return s, fmt.Errorf("chooses by what is no constant")
		}
		at, ok := s.axis(o.Int("axis", 0))
		if !ok {
			return s, fmt.Errorf("axis %d is not there", o.Int("axis", 0))
		}
		s, err := g.choose(s, at, index[0], index[0]+1)
		if err == nil && len(g.values[o.Inputs[1]].Shape) == 0 {
			s.axes = slices.Delete(s.axes, at, at+1)
		}
		return s, err
	case "Concat":
		return g.concat(o, s)
	}
	return s.merge()
}

// integers is a constant input, or the attribute of that name in older opsets.
func (g *graphImport) integers(o *onnx.Operator, input int, attribute string) (list []int64, known bool) {
	if v, ok := o.Attributes[attribute]; ok {
		return v.Ints, true
	}
	if input >= len(o.Inputs) {
		return nil, false
	}
	a, ok := g.values[o.Inputs[input]]
	return a.Integers, ok && len(a.Numbers) == 0
}

func (s signal) transpose(perm []int64) (signal, error) {
	if len(perm) != len(s.axes) {
		return s, fmt.Errorf("perm %v for %d axes", perm, len(s.axes))
	}
	axes := make([]axis, len(perm))
	seen := map[int64]bool{}
	for i, p := range perm {
		if p < 0 || p >= int64(len(perm)) || seen[p] {
			return s, fmt.Errorf("perm %v is none", perm)
		}
		seen[p] = true
		axes[i] = s.axes[p]
	}
	s.axes = axes
	return s, nil
}

// single says that an axis has one index.
func (s signal) single(a axis) bool {
	return a == oneAxis || a == partAxis && len(s.parts) == 1 || a == timeAxis && s.at != always
}

// squeeze drops axes of one index: those named, or all.
func (s signal) squeeze(list []int64, known bool) (signal, error) {
	drop := make([]bool, len(s.axes))
	for i, a := range s.axes {
		drop[i] = !known && s.single(a)
	}
	for _, v := range list {
		i, ok := s.axis(v)
		if !ok || !s.single(s.axes[i]) {
			return s, fmt.Errorf("drops axis %d, which has more than one index", v)
		}
		drop[i] = true
	}
	var axes []axis
	for i, a := range s.axes {
		if !drop[i] {
			axes = append(axes, a)
		}
	}
	s.axes = axes
	return s, nil
}

// merge is what Reshape and Flatten do with states in an export: axes of one index go, and parts come side by side.
func (s signal) merge() (signal, error) {
	if s, err := s.squeeze(nil, false); err != nil || !slices.Contains(s.axes, partAxis) {
		return s, err
	}
	n := len(s.axes)
	if n < 2 || s.axes[n-2] != partAxis || s.axes[n-1] != hiddenAxis {
		return s, fmt.Errorf("mixes axes of several directions")
	}
	s.axes = append(s.axes[:n-2], hiddenAxis)
	return s, nil
}

func (g *graphImport) slice(o *onnx.Operator, s signal) (signal, error) {
	starts, ok1 := g.integers(o, 1, "starts")
	ends, ok2 := g.integers(o, 2, "ends")
	axes, ok3 := g.integers(o, 3, "axes")
	steps, ok4 := g.integers(o, 4, "steps")
	if !ok4 {
		steps = []int64{1}
	}
	if !ok1 || !ok2 || !ok3 || len(starts) != 1 || len(ends) != 1 || len(axes) != 1 || len(steps) != 1 || steps[0] != 1 {
		return s, fmt.Errorf("expected one axis, in steps of 1, and constants")
	}
	at, ok := s.axis(axes[0])
	if !ok {
		return s, fmt.Errorf("axis %d is not there", axes[0])
	}
	return g.choose(s, at, starts[0], ends[0])
}

// choose keeps indices start..end-1 of an axis; negative ones count from its end (an end of 0 after -1 is the end, as Gather's index has it).
func (g *graphImport) choose(s signal, at int, start, end int64) (signal, error) {
	switch s.axes[at] {
	case partAxis:
		n := int64(len(s.parts))
		if start < 0 {
			if start += n; end <= 0 {
				end += n
			}
		} else if end < 0 {
			end += n
		}
		if end = min(end, n); start < 0 || start >= end {
			return s, fmt.Errorf("chooses %d to %d of %d directions", start, end, n)
		}
		s.parts = s.parts[start:end]
		return s, nil
	case timeAxis:
		last := int64(g.lookBack) - 1
		switch {
		case s.at != always:
		case start == 0 && end == 1:
			return s.moment(firstStep)
		case start == -1 && (end == 0 || end > last) || last > 0 && start == last && end > last:
			return s.moment(lastStep)
		}
		return s, fmt.Errorf("chooses time steps %d to %d: expected the last", start, end)
	}
	return s, fmt.Errorf("chooses of an axis that is neither time nor direction")
}

// moment keeps one time step, which must be the last of each part.
func (s signal) moment(at moment) (signal, error) {
	for _, p := range s.parts {
		if (p.direction == 0) != (at == lastStep) {
			return s, fmt.Errorf("takes a time step that is not the last one of a direction: the backward direction ends at the first point")
		}
	}
	s.at = ended
	return s, nil
}

// concat puts parts beside each other.
func (g *graphImport) concat(o *onnx.Operator, s signal) (signal, error) {
	at, ok := s.axis(o.Int("axis", 0))
	if !ok || s.axes[at] != partAxis && s.axes[at] != hiddenAxis || s.axes[at] == hiddenAxis && slices.Contains(s.axes, partAxis) && len(s.parts) > 1 {
		return s, fmt.Errorf("joins along an axis that is neither direction nor units")
	}
	for _, name := range o.Inputs[1:] {
		other, ok := g.signals[name]
		if !ok || other.meaning != states || other.at != s.at || !slices.Equal(other.axes, s.axes) {
			return s, fmt.Errorf("joins %.60q, which is not states of the same kind", name)
		}
		if s.parts = append(s.parts, other.parts...); len(s.parts) > 2*MaxLayers {
			return s, fmt.Errorf("joins more than %d parts", 2*MaxLayers)
		}
	}
	return s, nil
}

// multiply follows the products with the weights of the dense layer and of the attention.
func (g *graphImport) multiply(o *onnx.Operator) (signal, error) {
	s, ok := g.signals[o.Inputs[0]]
	if !ok {
		return s, fmt.Errorf("expected the states first and the weights second")
	}
	a, err := g.weights(o, 1, 2)
	if err != nil {
		return s, err
	}
	kernel := Tensor{Shape: a.Shape, Data: a.Numbers}
	var bias *Tensor
	if o.Op == "Gemm" {
		one := func(name string) bool { v, ok := o.Attributes[name]; return !ok || v.Float == 1 }
		if !one("alpha") || !one("beta") || o.Int("transA", 0) != 0 {
			return s, fmt.Errorf("expected alpha 1, beta 1 and transA 0")
		}
		if o.Int("transB", 0) != 0 {
			kernel = Tensor{Shape: []int{a.Shape[1], a.Shape[0]}, Data: turned(a.Numbers, a.Shape[0], a.Shape[1])}
		}
		if len(o.Inputs) > 2 {
			if bias, err = g.biasOf(o, 2, kernel.Shape[1]); err != nil {
				return s, err
			}
		}
	}
	top := len(g.design.Units) - 1
	switch {
	case s.meaning == states && s.at == ended && s.is(batchAxis, hiddenAxis) && g.kernel == nil && g.seen(s.parts, top):
		g.kernel, g.bias = &kernel, bias
		return signal{meaning: output}, nil
	case s.meaning == states && s.at == always && s.is(batchAxis, timeAxis, hiddenAxis) && len(g.attention) == 0 && g.whole(s.parts, top) && bias == nil:
		g.attention = []Tensor{kernel}
		g.design.Attention = kernel.Shape[1]
		return signal{meaning: sums}, nil
	case s.meaning == curved && len(g.attention) == 2 && kernel.Shape[1] == 1 && bias == nil:
		g.attention = append(g.attention, kernel)
		return signal{meaning: scores}, nil
	}
	return s, fmt.Errorf("expected the last states of the uppermost layer, each direction once, in the order forward, backward")
}

// seen says that parts are what the dense layer sees.
func (g *graphImport) seen(parts []partName, top int) bool {
	if len(g.attention) > 0 {
		return len(parts) > 0 && parts[0] == contextPart && g.whole(parts[1:], top)
	}
	return g.whole(parts, top)
}

// biasOf is a constant of n numbers.
func (g *graphImport) biasOf(o *onnx.Operator, input, n int) (*Tensor, error) {
	a, ok := g.values[o.Inputs[input]]
	if !ok || len(a.Numbers) != n {
		return nil, fmt.Errorf("input %.60q is no constant of %d numbers", o.Inputs[input], n)
	}
	return &Tensor{Shape: []int{n}, Data: a.Numbers}, nil
}

// combine follows biases, the product of weights and states in an attention, and scalers around the network, whose constants are left out: imported weights are for scaled values.
func (g *graphImport) combine(o *onnx.Operator) (signal, error) {
	if len(o.Inputs) != 2 {
		return signal{}, fmt.Errorf("has %d inputs", len(o.Inputs))
	}
	a, okA := g.signals[o.Inputs[0]]
	b, okB := g.signals[o.Inputs[1]]
	if okA && okB {
		if o.Op == "Mul" && a.meaning == alphas && b.meaning == states && b.at == always && b.is(batchAxis, timeAxis, hiddenAxis) && g.whole(b.parts, len(g.design.Units)-1) {
			return signal{meaning: weighted}, nil
		}
		return a, fmt.Errorf("is not understood here")
	}
	constant := 1
	if okB {
		a, constant = b, 0
	}
	var err error
	switch {
	case a.meaning == window:
	case a.meaning == sums && o.Op == "Add" && len(g.attention) == 1:
		var bias *Tensor
		if bias, err = g.biasOf(o, constant, g.attention[0].Shape[1]); err == nil {
			g.attention = append(g.attention, *bias)
		}
	case a.meaning == output && o.Op == "Add" && g.bias == nil:
		g.bias, err = g.biasOf(o, constant, g.kernel.Shape[1])
	case a.meaning == output:
	default:
		err = fmt.Errorf("is not understood here")
	}
	return a, err
}
