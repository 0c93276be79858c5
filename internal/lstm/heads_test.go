package lstm

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"
)

// kerasCase is a network of testdata/heads.json, which testdata/heads.py writes.
type kerasCase struct {
	Cell       string
	Units      []int
	Both       bool
	Features   int
	Outputs    int
	Attention  int
	Quantiles  []float64
	LookBack   int `json:"look_back"`
	Inputs     []float64
	Targets    []float64
	Initial    [][]float64
	Prediction []float64
	Loss       float64
	Gradients  [][]float64
	After      [][]float64 // four steps of Adam, exponential schedule
}

func readHeads(t *testing.T) (cases map[string]kerasCase, rates map[string][]float64) {
	t.Helper()
	data, err := os.ReadFile("testdata/heads.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases map[string]kerasCase
		Rates map[string][]float64
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return file.Cases, file.Rates
}

func (c kerasCase) build(t *testing.T) (*Model, *Windows) {
	t.Helper()
	d := Design{Cell: LSTM, Features: c.Features, Units: c.Units, Bidirectional: c.Both, Outputs: c.Outputs, Attention: c.Attention}
	if c.Cell == "GRU" {
		d.Cell = GRU
	}
	tensors := d.tensors()
	for i := range tensors {
		tensors[i].Data = single(c.Initial[i])
	}
	m, err := FromTensors(tensors)
	if err != nil {
		t.Fatal(err)
	}
	w := &Windows{Rows: single(c.Inputs), Features: c.Features, LookBack: c.LookBack, Targets: single(c.Targets)}
	for end := c.LookBack; end <= len(w.Rows)/c.Features; end += c.LookBack {
		w.Ends = append(w.Ends, end)
	}
	return m, w
}

// TestHeads compares several outputs, quantile loss, attention and a schedule with Keras in float64.
func TestHeads(t *testing.T) {
	cases, _ := readHeads(t)
	if len(cases) != 4 {
		t.Fatalf("%d cases", len(cases))
	}
	for name, c := range cases {
		for _, k := range available() {
			m, w := c.build(t)
			b := newBatch(m, &k, w.LookBack, w.Len(), 1, true)
			b.loss = newLoss(c.Quantiles)
			b.load(w, counting(w.Len()))
			loss := math.Abs(b.learn(func(int, int) {})/float64(len(w.Targets)) - c.Loss)
			distance := func(got []Tensor, want [][]float64) (relative, largest float64) {
				var diff, norm float64
				for i, tensor := range got {
					for j, v := range want[i] {
						d := float64(tensor.Data[j]) - v
						diff, norm, largest = diff+d*d, norm+v*v, max(largest, math.Abs(d))
					}
				}
				return math.Sqrt(diff / norm), largest
			}
			gradients, _ := distance(m.unpack(b.sum, b.headSum), c.Gradients)
			forecasts, err := m.predict(context.Background(), w, 1, &k)
			if err != nil {
				t.Fatal(err)
			}
			worst := 0.0
			for i, p := range c.Prediction {
				worst = max(worst, math.Abs(float64(forecasts[i])-p))
			}
			o := Options{Epochs: 4, Batch: w.Len(), LearningRate: 0.01, Schedule: Schedule{Exponential, 0.5, 2}, Quantiles: c.Quantiles, Workers: 1}
			if _, _, err := m.train(context.Background(), w, nil, o, nil, &k); err != nil {
				t.Fatal(err)
			}
			_, after := distance(m.Tensors(), c.After)
			t.Logf("%s %s: prediction %.1e, loss %.1e, gradients %.1e (relative L2), weights after 4 epochs %.1e", k.name, name, worst, loss, gradients, after)
			if worst > 3e-7 || loss > 3e-7 || gradients > 1e-6 || after > 2e-6 {
				t.Errorf("%s %s: too far from Keras", k.name, name)
			}
		}
	}
}

// TestSchedules compares the rates of ten epochs with Keras', which computes in float32.
func TestSchedules(t *testing.T) {
	_, rates := readHeads(t)
	for name, want := range rates {
		s := Schedule{Decay: Decay(name)}
		if s.Decay != Cosine {
			s.Factor, s.Every = 0.5, 3
		}
		if err := s.Check(); err != nil {
			t.Error(err)
		}
		for i, w := range want {
			if got := s.Rate(0.01, i+1, 10); math.Abs(got-w) > 2e-9 {
				t.Errorf("%s: epoch %d has rate %v, expected %v", name, i+1, got, w)
			}
		}
		if s.Open() != (s.Decay != Cosine) {
			t.Errorf("%s: open is %v", name, s.Open())
		}
	}
	if got := (Schedule{}).Rate(0.01, 7, 10); got != 0.01 {
		t.Errorf("constant: %v", got)
	}
	if got, want := (Schedule{Exponential, 0.9, 7}).Rate(1, 100, 100), math.Pow(0.9, 99.0/7); math.Abs(got-want) > 1e-14 {
		t.Errorf("exponential: %v, expected %v", got, want)
	}
	for _, s := range []Schedule{{"linear", 0, 0}, {Constant, 0.5, 0}, {Cosine, 0, 1}, {Exponential, 0, 1}, {Step, 1.5, 1}, {Step, math.NaN(), 1}, {Step, 0.5, 0}} {
		if s.Check() == nil {
			t.Errorf("%+v is taken", s)
		}
	}
}

// TestExp measures the error over float32 values from 0 to the limit.
func TestExp(t *testing.T) {
	worst := 0.0
	for b := uint32(0x80000000); b < math.Float32bits(expLimit); b += 5003 {
		x := math.Float32frombits(b)
		want := math.Exp(float64(x))
		_, e := math.Frexp(want)
		worst = max(worst, math.Abs(float64(exp(x))-want)/math.Ldexp(1, e-24))
	}
	t.Logf("at most %.2f ulp", worst)
	if worst > 2 {
		t.Error("too inexact")
	}
	if v := exp(float32(math.NaN())); v == v || exp(0) != 1 || exp(float32(math.Inf(-1))) != 0 || exp(-88) != 0 {
		t.Error("edges")
	}
}

// TestEqualHeads shows that kernels and workers do not change a bit under heads either. A share of nothing makes workers of small batches, too.
func TestEqualHeads(t *testing.T) {
	for _, c := range []struct {
		design    Design
		quantiles []float64
		batch     int
	}{
		{Design{Cell: LSTM, Features: 1, Units: []int{5}, Outputs: 7}, nil, 33},
		{Design{Cell: GRU, Features: 2, Units: []int{9}, Outputs: 6}, []float64{0.1, 0.5, 0.9}, 64},
		{Design{Cell: LSTM, Features: 1, Units: []int{6, 3}, Bidirectional: true, Outputs: 2, Attention: 5}, nil, 48},
		{Design{Cell: GRU, Features: 1, Units: []int{50}, Attention: 50}, nil, 64},
	} {
		var want []byte
		for _, k := range available() {
			k.share = 1
			for _, workers := range []int{1, 4} {
				m, err := Build(c.design, 1)
				if err != nil {
					t.Fatal(err)
				}
				w := noiseFor(c.design.Features, 4, 70, m.design.Outputs)
				o := Options{Epochs: 2, Batch: c.batch, Seed: 1, LearningRate: 0.01, Quantiles: c.quantiles, Patience: 2, Workers: workers}
				training := NewTraining(m, o)
				if err := training.run(context.Background(), w, samplesOf(w, 0, 20), nil, &k); err != nil {
					t.Fatal(err)
				}
				if want == nil {
					want = training.State()
				} else if !bytes.Equal(training.State(), want) {
					t.Errorf("%v: %s with %d workers differs from portable with one", c.design, k.name, workers)
				}
			}
		}
	}
}

// TestQuantiles learns the quantiles of noise that no window tells anything about.
func TestQuantiles(t *testing.T) {
	m, err := Build(Design{Cell: LSTM, Features: 1, Units: []int{2}, Outputs: 2}, 1)
	if err != nil {
		t.Fatal(err)
	}
	w := noiseFor(1, 2, 400, 2)
	for i := 0; i < len(w.Targets); i += 2 {
		w.Targets[i+1] = w.Targets[i]
	}
	o := Options{Epochs: 60, Batch: 40, Seed: 1, LearningRate: 0.02, Schedule: Schedule{Decay: Cosine}, Quantiles: []float64{0.1, 0.8}, Workers: 1}
	if _, _, err := m.Train(context.Background(), w, nil, o, nil); err != nil {
		t.Fatal(err)
	}
	forecasts, err := m.Predict(context.Background(), w, 1)
	if err != nil {
		t.Fatal(err)
	}
	var below [2]float64
	for i, f := range forecasts {
		if w.Targets[i] < f {
			below[i%2] += 1.0 / 400
		}
	}
	if math.Abs(below[0]-0.1) > 0.04 || math.Abs(below[1]-0.8) > 0.04 {
		t.Errorf("%v of the targets are below the quantiles 0.1 and 0.8", below)
	}
}

// TestFeatures shows that a second feature is seen: the target is that feature two steps ago, the first feature is noise.
func TestFeatures(t *testing.T) {
	m, err := Build(Design{Cell: GRU, Features: 2, Units: []int{8}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	w := noise(2, 4, 300)
	for n, end := range w.Ends {
		w.Targets[n] = w.Rows[2*(end-2)+1]
	}
	training, test := samplesOf(w, 0, 250), samplesOf(w, 250, 300)
	o := Options{Epochs: 150, Batch: 25, Seed: 1, LearningRate: 0.01, Workers: 1}
	if _, _, err := m.Train(context.Background(), training, nil, o, nil); err != nil {
		t.Fatal(err)
	}
	if loss, err := m.loss(context.Background(), test, o, &portable); err != nil || loss > 0.002 { // a forecast by the mean has 1/12
		t.Errorf("loss %v (%v)", loss, err)
	}
}

func TestMinDelta(t *testing.T) {
	w := noise(1, 4, 40)
	training, validation := samplesOf(w, 0, 20), samplesOf(w, 20, 40)
	o := Options{Epochs: 60, Batch: 8, Seed: 1, LearningRate: 0.01, Patience: 3, MinDelta: 0.002, Workers: 1}
	m, err := New(8, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	history, best, err := m.Train(context.Background(), training, validation, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	// As Keras' EarlyStopping: an epoch counts when it is better than the last that counted by more than min_delta.
	least, want, stop := math.Inf(1), 0, 0
	for _, e := range history {
		if e.Validation+o.MinDelta < least {
			least, want = e.Validation, e.Epoch
		}
		if stop == 0 && e.Epoch-want >= o.Patience {
			stop = e.Epoch
		}
	}
	if best != want || len(history) != stop || stop == o.Epochs {
		t.Errorf("%d epochs, kept %d; expected %d and %d", len(history), best, stop, want)
	}
}

func TestLossMistakes(t *testing.T) {
	m, err := Build(Design{Cell: LSTM, Features: 1, Units: []int{1}, Outputs: 4}, 1)
	if err != nil {
		t.Fatal(err)
	}
	good := Options{Epochs: 1, Batch: 4, LearningRate: 0.1, Quantiles: []float64{0.5, 0.9}}
	w := noiseFor(1, 2, 6, 4)
	if _, _, err := m.Train(context.Background(), w, nil, good, nil); err != nil {
		t.Error(err)
	}
	for i, change := range []func(*Options, *Windows){
		func(o *Options, _ *Windows) { o.Quantiles = []float64{0.1, 0.2, 0.3} }, func(o *Options, _ *Windows) { o.Quantiles = []float64{1} },
		func(o *Options, _ *Windows) { o.Quantiles = []float64{math.NaN()} }, func(o *Options, _ *Windows) { o.MinDelta = -1 },
		func(o *Options, _ *Windows) { o.Schedule.Decay = "x" }, func(_ *Options, w *Windows) { w.Targets = w.Targets[:6] },
	} {
		o, w := good, *w
		change(&o, &w)
		if _, _, err := m.Train(context.Background(), &w, nil, o, nil); err == nil {
			t.Errorf("change %d: no error", i)
		}
	}
	w.Targets[3] = float32(math.NaN())
	if _, _, err := m.Train(context.Background(), w, nil, good, nil); err == nil || fmt.Sprintf("%T", err) != "*lstm.DivergedError" {
		t.Errorf("a target that is not a number: %v", err)
	}
}

// TestCurve compares tanh and its slope over rows with the definition, bit by bit, also for values that are large, tiny or no numbers.
func TestCurve(t *testing.T) {
	s := newSource(1, 1)
	x := []float32{0, float32(math.Copysign(0, -1)), 9.02, 9.03, -50, 1e-20, math.MaxFloat32, float32(math.Inf(1)), float32(math.Inf(-1)), 0.3, 1e-42, -8.9, 1, -1, 5, 0.01}
	for len(x) < 160 {
		x = append(x, float32(20*s.uniform()-10))
	}
	for _, k := range available() {
		got, d := append([]float32(nil), x...), append([]float32(nil), x...)
		k.curve(got)
		for i, v := range x {
			if math.Float32bits(got[i]) != math.Float32bits(tanh(v)) {
				t.Errorf("%s: tanh(%v) is %v, expected %v", k.name, v, got[i], tanh(v))
			}
		}
		k.slope(d, got)
		for i, v := range x {
			if want := v * fma(-got[i], got[i], 1); math.Float32bits(d[i]) != math.Float32bits(want) && want == want {
				t.Errorf("%s: %v with slope at %v is %v, expected %v", k.name, v, got[i], d[i], want)
			}
		}
		nan := make([]float32, 16)
		fill(nan, float32(math.NaN()))
		if k.curve(nan); nan[3] == nan[3] {
			t.Errorf("%s: tanh(NaN) is %v", k.name, nan[3])
		}
	}
}
