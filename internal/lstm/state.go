package lstm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// ErrState is wrapped by every error about bytes that State did not write.
var ErrState = errors.New("not the state of a training")

const (
	stateMagic   = "weirtrai"
	stateVersion = 2
	maxEpochs    = 1 << 20
)

// State writes down a training between two epochs: the options that its weights depend on, weights, Adam's moments, the losses so far and, with Patience,
// the best weights. Equal trainings have equal bytes, whatever kernels and workers they ran on, and however often they stopped. The number of epochs to come is
// not in it, unless the schedule depends on it (Options.Open). Layout, little-endian:
//
//	8 bytes   "weirtrai"
//	uint32    version, 2
//	uint64s   cell (0 LSTM, 1 GRU), features, directions, outputs, attention, layers, units of each layer,
//	          batch, seed, bits of the learning rate, decay (0 constant, 1 exponential, 2 step, 3 cosine), bits of its factor, its every,
//	          all epochs of cosine or 0, number of quantiles, bits of each, patience, bits of min delta,
//	          samples, bits of Adam's beta1^t and beta2^t, epochs E, best epoch, bits of its validation loss, whether the best weights follow
//	float64s  loss and validation loss of each epoch, 2E
//	float32s  weights of the parts and the head as the model holds them, first moments of both, second moments of both, best weights of both
//
// Nothing follows.
func (t *Training) State() []byte {
	d, o := t.model.design, t.options
	cell, kept := uint64(0), uint64(0)
	if d.Cell == GRU {
		cell = 1
	}
	if t.kept != nil {
		kept = 1
	}
	out := binary.LittleEndian.AppendUint32([]byte(stateMagic), stateVersion)
	numbers := []uint64{cell, uint64(d.Features), uint64(d.directions()), uint64(d.outputs()), uint64(d.Attention), uint64(len(d.Units))}
	for _, units := range d.Units {
		numbers = append(numbers, uint64(units))
	}
	numbers = append(numbers, uint64(o.Batch), uint64(o.Seed), math.Float64bits(o.LearningRate))
	numbers = append(numbers, uint64(slices.Index(decays[:], o.Schedule.decay())), math.Float64bits(o.Schedule.Factor), uint64(o.Schedule.Every), uint64(o.length()))
	numbers = append(numbers, uint64(len(o.Quantiles)))
	for _, q := range o.Quantiles {
		numbers = append(numbers, math.Float64bits(q))
	}
	numbers = append(numbers, uint64(o.Patience), math.Float64bits(o.MinDelta), uint64(t.samples),
		math.Float64bits(t.adam.power1), math.Float64bits(t.adam.power2), uint64(len(t.history)), uint64(t.best), math.Float64bits(t.least), kept)
	for _, e := range t.history {
		numbers = append(numbers, math.Float64bits(e.Loss), math.Float64bits(e.Validation))
	}
	for _, v := range numbers {
		out = binary.LittleEndian.AppendUint64(out, v)
	}
	arrays := t.arrays()
	for _, array := range arrays {
		out = slices.Grow(out, 4*len(array))
		for _, v := range array {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
		}
	}
	return out
}

// arrays of a state, in its order.
func (t *Training) arrays() [][]float32 {
	a := t.adam
	all := [][]float32{t.model.weights, t.model.head, a.m, a.dm, a.v, a.dv}
	if t.kept != nil {
		all = append(all, t.kept.weights, t.kept.head)
	}
	return all
}

// length is the number of epochs where the weights depend on it, else 0.
func (o Options) length() int {
	if o.Open() {
		return 0
	}
	return o.Epochs
}

// settings are the options on which the weights after an epoch depend, as a person reads them.
func (o Options) settings() []string {
	s := o.Schedule
	all := []string{fmt.Sprintf("batch %d", o.Batch), fmt.Sprintf("seed %d", o.Seed), fmt.Sprintf("learning_rate %v", o.LearningRate),
		fmt.Sprintf("schedule %s with factor %v every %d", s.decay(), s.Factor, s.Every), fmt.Sprintf("quantiles %v", o.Quantiles),
		fmt.Sprintf("patience %d", o.Patience), fmt.Sprintf("min_delta %v", o.MinDelta)}
	if !o.Open() {
		all = append(all, fmt.Sprintf("%d epochs of %s", o.Epochs, s.Decay))
	}
	return all
}

// Resume makes the training that State wrote down, with a model of its own (see Model). Options must be those of the training but for Workers and, where
// they are Open, Epochs.
func Resume(state []byte, o Options) (*Training, error) {
	t, err := decode(state)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrState, err)
	}
	was := t.options.settings()
	for i, now := range o.settings() {
		if now != was[i] {
			return nil, fmt.Errorf("the training had %s; it cannot go on with %s", was[i], now)
		}
	}
	t.options = o
	return t, nil
}

// Model is the network that is trained.
func (t *Training) Model() *Model { return t.model }

// Epochs are those that are done. The slice is the training's.
func (t *Training) Epochs() []Epoch { return t.history }

// stateReader takes numbers off the front of a state; after the first failure it gives zeros.
type stateReader struct {
	data []byte
	err  error
}

func (r *stateReader) fail(format string, values ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, values...)
	}
}

func (r *stateReader) next() uint64 {
	if r.err != nil || len(r.data) < 8 {
		r.fail("it ends early")
		return 0
	}
	v := binary.LittleEndian.Uint64(r.data)
	r.data = r.data[8:]
	return v
}

func (r *stateReader) number() float64 { return math.Float64frombits(r.next()) }

// count is a number from low to high.
func (r *stateReader) count(what string, low, high int) int {
	v := r.next()
	if r.err == nil && (v < uint64(low) || v > uint64(high)) {
		r.fail("%s %d: expected %d to %d", what, v, low, high)
	}
	if r.err != nil {
		return low
	}
	return int(v)
}

func (r *stateReader) design() Design {
	d := Design{Cell: []Cell{LSTM, GRU}[r.count("cell", 0, 1)], Features: r.count("features", 1, MaxFeatures)}
	d.Bidirectional = r.count("directions", 1, 2) == 2
	d.Outputs, d.Attention = r.count("outputs", 1, MaxOutputs), r.count("attention", 0, MaxUnits)
	for range r.count("layers", 1, MaxLayers) {
		d.Units = append(d.Units, r.count("units", 1, MaxUnits))
	}
	return d
}

func (r *stateReader) options() Options {
	o := Options{Batch: r.count("batch", 1, MaxBatch), Seed: int64(r.next()), LearningRate: r.number()}
	o.Schedule = Schedule{Decay: decays[r.count("decay", 0, len(decays)-1)], Factor: r.number(), Every: r.count("every", 0, maxEpochs)}
	if length := r.count("all epochs", 0, maxEpochs); o.Open() != (length == 0) {
		r.fail("%d epochs in all of a schedule that is %s", length, o.Schedule.Decay)
	} else {
		o.Epochs = length
	}
	for range r.count("quantiles", 0, MaxOutputs) {
		o.Quantiles = append(o.Quantiles, r.number())
	}
	o.Patience, o.MinDelta = r.count("patience", 0, math.MaxInt32), r.number()
	return o
}

func decode(state []byte) (*Training, error) {
	fixed := len(stateMagic) + 4
	if len(state) < fixed || string(state[:len(stateMagic)]) != stateMagic {
		return nil, fmt.Errorf("expected it to start with %q", stateMagic)
	}
	if v := binary.LittleEndian.Uint32(state[len(stateMagic):]); v != stateVersion {
		return nil, fmt.Errorf("version %d, this program reads %d", v, stateVersion)
	}
	r := &stateReader{data: state[fixed:]}
	d := r.design()
	o := r.options()
	t := &Training{options: o, samples: r.count("samples", 0, math.MaxInt32)}
	power1, power2 := r.number(), r.number()
	epochs := r.count("epochs", 0, maxEpochs)
	t.best, t.least = r.count("best epoch", 0, epochs), r.number()
	kept := r.count("best weights", 0, 1) == 1
	if r.err == nil && len(r.data)/16 < epochs {
		r.fail("it ends early")
	}
	if r.err != nil {
		return nil, r.err
	}
	for i := range epochs {
		t.history = append(t.history, Epoch{Epoch: i + 1, Loss: r.number(), Validation: r.number()})
	}
	if err := errors.Join(d.check(), o.Schedule.Check(), checkQuantiles(o.Quantiles, d.outputs())); err != nil {
		return nil, err
	}
	if want := d.stateSize(kept); len(r.data) != want {
		return nil, fmt.Errorf("%d bytes of weights, expected %d", len(r.data), want)
	}
	t.model, r.err = empty(d)
	if r.err != nil {
		return nil, r.err
	}
	t.adam = newOptimiser(t.model, o.LearningRate)
	t.adam.power1, t.adam.power2 = power1, power2
	if kept {
		t.kept = t.model.Clone()
	}
	for _, array := range t.arrays() {
		for i := range array {
			array[i] = math.Float32frombits(binary.LittleEndian.Uint32(r.data[4*i:]))
		}
		r.data = r.data[4*len(array):]
	}
	return t, nil
}

// stateSize is the number of bytes of the arrays of a state.
func (d Design) stateSize(kept bool) int {
	parts := d.parts()
	last := parts[len(parts)-1]
	copies := 3
	if kept {
		copies = 4
	}
	return 4 * copies * (last.offset + last.size() + d.headSize())
}
