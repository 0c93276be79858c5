package lstm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"
)

// TestResume stops a training after each epoch and goes on from the bytes of its state, on other kernels and workers, also with more epochs than were asked for
// at first: all bits are those of a training in one go.
func TestResume(t *testing.T) {
	for _, c := range []struct {
		design Design
		change func(*Options)
	}{
		{Design{Cell: LSTM, Features: 1, Units: []int{5}}, func(o *Options) {}},
		{Design{Cell: LSTM, Features: 1, Units: []int{9}}, func(o *Options) { o.Patience = 2 }},
		{Design{Cell: GRU, Features: 2, Units: []int{4, 3}, Bidirectional: true}, func(o *Options) { o.Patience, o.Schedule = 3, Schedule{Exponential, 0.7, 2} }},
		{Design{Cell: LSTM, Features: 2, Units: []int{5}, Outputs: 4}, func(o *Options) { o.Schedule, o.Quantiles = Schedule{Step, 0.5, 3}, []float64{0.1, 0.9} }},
		{Design{Cell: GRU, Features: 1, Units: []int{4}, Outputs: 3, Attention: 5}, func(o *Options) { o.Schedule, o.Patience, o.MinDelta = Schedule{Decay: Cosine}, 4, 0.001 }},
		{Design{Cell: LSTM, Features: 1, Units: []int{4, 3}, Bidirectional: true, Attention: 2}, func(o *Options) { o.Schedule.Decay = Constant }},
	} {
		t.Run(fmt.Sprint(c.design), func(t *testing.T) {
			m, err := Build(c.design, 1)
			if err != nil {
				t.Fatal(err)
			}
			w := noiseFor(c.design.Features, 4, 45, m.design.Outputs)
			training, validation := samplesOf(w, 0, 30), samplesOf(w, 30, 45)
			o := Options{Epochs: 7, Batch: 8, Seed: 3, LearningRate: 0.05, Workers: 1}
			c.change(&o)
			whole := NewTraining(m, o)
			var states [][]byte
			if err := whole.Run(context.Background(), training, validation, func(Epoch) { states = append(states, whole.State()) }); err != nil {
				t.Fatal(err)
			}
			end := whole.State()
			history, best := whole.Finish()
			for i, state := range states {
				o := o
				o.Workers = 3
				again, err := Resume(state, o)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(again.State(), state) || len(again.Epochs()) != i+1 {
					t.Fatalf("epoch %d: the state does not come back", i+1)
				}
				if err := again.Model().UseKernels("portable"); err != nil {
					t.Fatal(err)
				}
				if err := again.Run(context.Background(), training, validation, nil); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(again.State(), end) {
					t.Errorf("resumed after epoch %d, the training ends in another state", i+1)
				}
				h, b := again.Finish()
				if b != best || len(h) != len(history) || !slices.Equal(again.Model().weights, m.weights) || !slices.Equal(again.Model().head, m.head) {
					t.Errorf("resumed after epoch %d, the model is another one", i+1)
				}
			}
		})
	}
}

// samplesOf is some of the samples.
func samplesOf(w *Windows, lo, hi int) *Windows {
	outputs := len(w.Targets) / len(w.Ends)
	return &Windows{Rows: w.Rows, Features: w.Features, LookBack: w.LookBack, Ends: w.Ends[lo:hi], Targets: w.Targets[lo*outputs : hi*outputs]}
}

// TestLonger shows what Options.Open promises: the state of a short training is that of a long one after as many epochs, or, where they are not open, Resume refuses.
func TestLonger(t *testing.T) {
	for _, schedule := range []Schedule{{}, {Exponential, 0.9, 3}, {Step, 0.5, 2}, {Decay: Cosine}} {
		w := noise(1, 3, 20)
		after := func(epochs, stop int) (state []byte) {
			m, err := New(3, 1, 1)
			if err != nil {
				t.Fatal(err)
			}
			training := NewTraining(m, Options{Epochs: epochs, Batch: 8, Seed: 1, LearningRate: 0.01, Schedule: schedule, Workers: 1})
			if err := training.Run(context.Background(), w, nil, func(e Epoch) {
				if e.Epoch == stop {
					state = training.State()
				}
			}); err != nil {
				t.Fatal(err)
			}
			return state
		}
		short, long := after(3, 3), after(6, 3)
		o := Options{Epochs: 6, Batch: 8, Seed: 1, LearningRate: 0.01, Schedule: schedule}
		_, err := Resume(short, o)
		if bytes.Equal(short, long) != o.Open() || (err == nil) != o.Open() {
			t.Errorf("%+v: open is %v, states are equal: %v, resume: %v", schedule, o.Open(), bytes.Equal(short, long), err)
		}
	}
}

// TestDesignBytes fails when the same seed gives other weights, for other networks than TestBytes has: then the version of stages/train changes. The hashes are of
// weights and losses after three epochs.
func TestDesignBytes(t *testing.T) {
	for _, c := range []struct {
		design    Design
		schedule  Schedule
		quantiles []float64
		want      string
	}{
		{Design{Cell: LSTM, Features: 1, Units: []int{6, 4}}, Schedule{}, nil, "c1dca7c44718ce86"},
		{Design{Cell: LSTM, Features: 2, Units: []int{5}, Bidirectional: true}, Schedule{}, nil, "a7c4f9859f345df0"},
		{Design{Cell: GRU, Features: 1, Units: []int{9}}, Schedule{}, nil, "d88a78007adbfde8"},
		{Design{Cell: GRU, Features: 1, Units: []int{3, 2}, Bidirectional: true}, Schedule{}, nil, "871d99913b2855b3"},
		{Design{Cell: LSTM, Features: 2, Units: []int{7}, Outputs: 6}, Schedule{Step, 0.3, 2}, []float64{0.1, 0.9}, "298a97db8f5941a6"},
		{Design{Cell: LSTM, Features: 1, Units: []int{6}, Attention: 5}, Schedule{Decay: Cosine}, nil, "ae35e538d6228bef"},
		{Design{Cell: GRU, Features: 1, Units: []int{4, 3}, Bidirectional: true, Outputs: 3, Attention: 9}, Schedule{Exponential, 0.7, 5}, nil, "8b94e16c6ee46f99"},
	} {
		m, err := Build(c.design, 42)
		if err != nil {
			t.Fatal(err)
		}
		w := noiseFor(c.design.Features, 8, 37, m.design.Outputs)
		training := NewTraining(m, Options{Epochs: 3, Batch: 16, Seed: 42, LearningRate: DefaultRate, Schedule: c.schedule, Quantiles: c.quantiles, Workers: 2})
		if err := training.Run(context.Background(), w, w, nil); err != nil {
			t.Fatal(err)
		}
		sum := sha256.New()
		for _, tensor := range m.Tensors() {
			if err := binary.Write(sum, binary.LittleEndian, tensor.Data); err != nil {
				t.Fatal(err)
			}
		}
		for _, e := range training.Epochs() {
			if err := binary.Write(sum, binary.LittleEndian, []float64{e.Loss, e.Validation}); err != nil {
				t.Fatal(err)
			}
		}
		if got := fmt.Sprintf("%x", sum.Sum(nil)[:8]); got != c.want {
			t.Errorf("%v: weights and losses hash to %s, want %s", c.design, got, c.want)
		}
	}
}

// exampleState is the state of a small training after two epochs.
func exampleState(t testing.TB) ([]byte, Options) {
	t.Helper()
	m, err := Build(Design{Cell: GRU, Features: 1, Units: []int{2}, Outputs: 2, Attention: 1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Epochs: 2, Batch: 8, Seed: 3, LearningRate: 0.05, Schedule: Schedule{Decay: Cosine}, Quantiles: []float64{0.2, 0.7}, Patience: 2, MinDelta: 1e-6, Workers: 1}
	w := noiseFor(1, 2, 12, 2)
	training := NewTraining(m, o)
	if err := training.Run(context.Background(), w, w, nil); err != nil {
		t.Fatal(err)
	}
	return training.State(), o
}

func TestStateMistakes(t *testing.T) {
	state, o := exampleState(t)
	for n := range state {
		if _, err := Resume(state[:n], o); !errors.Is(err, ErrState) {
			t.Fatalf("first %d bytes: %v", n, err)
		}
	}
	if _, err := Resume(append(slices.Clone(state), 0), o); !errors.Is(err, ErrState) {
		t.Errorf("a byte too many: %v", err)
	}
	for _, change := range []func(*Options){
		func(o *Options) { o.Batch++ }, func(o *Options) { o.Seed++ }, func(o *Options) { o.LearningRate *= 2 }, func(o *Options) { o.Patience = 0 },
		func(o *Options) { o.MinDelta = 0 }, func(o *Options) { o.Quantiles = nil }, func(o *Options) { o.Quantiles = []float64{0.2, 0.8} },
		func(o *Options) { o.Epochs++ }, func(o *Options) { o.Schedule = Schedule{} }, func(o *Options) { o.Schedule = Schedule{Step, 0.5, 1} },
	} {
		other := o
		change(&other)
		if _, err := Resume(state, other); err == nil {
			t.Errorf("goes on with %+v", other)
		}
	}
	training, err := Resume(state, o)
	if err != nil {
		t.Fatal(err)
	}
	w := noiseFor(1, 2, 13, 2)
	if err := training.Run(context.Background(), w, w, nil); err == nil {
		t.Error("goes on with other samples")
	}
}

func FuzzResume(f *testing.F) {
	state, o := exampleState(f)
	f.Add(state)
	f.Add(state[:60])
	huge := slices.Clone(state)
	binary.LittleEndian.PutUint64(huge[len(stateMagic)+4+8*6:], MaxUnits)
	f.Add(huge)
	f.Fuzz(func(t *testing.T, data []byte) {
		training, err := Resume(data, o)
		if err == nil && !bytes.Equal(training.State(), data) {
			t.Error("the state does not come back")
		}
	})
}
