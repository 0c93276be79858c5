package lstm

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// Options of a training. All but Workers change the result.
type Options struct {
	Epochs       int
	Batch        int
	Seed         int64
	LearningRate float64   // of the first epoch
	Schedule     Schedule  // of the later ones
	Quantiles    []float64 // levels in (0, 1), one for each output or for each of its share of them (see Loss); none: the loss is the mean squared error
	Patience     int       // stop after so many epochs without a smaller validation loss and keep the best weights; 0: never
	MinDelta     float64   // a validation loss counts as smaller when it is so by more than this, from 0
	Workers      int       // goroutines
}

// Open says that a training with these options and more epochs goes through the states of a shorter one, so that it may go on from the shorter one's State.
func (o Options) Open() bool { return o.Schedule.Open() }

// DefaultRate is Keras' learning rate for Adam.
const DefaultRate = 0.001

// MaxBatch bounds Options.Batch. maxState bounds what one batch keeps of its forward pass, in values: T times B times (8H + K + W) of all parts.
const (
	MaxBatch = 4096
	maxState = 1 << 29
)

// Epoch is what one pass over the samples left. Losses are of scaled values, means over samples and outputs: Loss while the weights were moving (as Keras
// prints it), Validation after the epoch, NaN without validation samples.
type Epoch struct {
	Epoch      int
	Loss       float64
	Validation float64
}

// DivergedError says that a loss is no longer a number.
type DivergedError struct {
	Epoch        int
	LearningRate float64
}

// Error implements error.
func (e *DivergedError) Error() string {
	return fmt.Sprintf("epoch %d: the loss is not a finite number any more; try a learning_rate below %v", e.Epoch, e.LearningRate)
}

// Train fits m to the training windows in place. After each epoch it calls done (which may be nil). It returns the epochs and the number of the one
// whose weights m holds: the last, or with Patience the one with the smallest validation loss. A cancelled context and a *DivergedError leave m half trained.
func (m *Model) Train(ctx context.Context, training, validation *Windows, o Options, done func(Epoch)) (history []Epoch, best int, err error) {
	return m.train(ctx, training, validation, o, done, m.kernels)
}

func (m *Model) train(ctx context.Context, training, validation *Windows, o Options, done func(Epoch), k *kernels) (history []Epoch, best int, err error) {
	t := NewTraining(m, o)
	if err := t.run(ctx, training, validation, done, k); err != nil {
		return t.history, 0, err
	}
	history, best = t.Finish()
	return history, best, nil
}

// Training is a training that may stop after any epoch and go on later, in another process (State, Resume) or for more epochs. Its model is not to be
// changed by others.
type Training struct {
	model   *Model
	options Options
	samples int // 0 before the first epoch
	adam    *optimiser
	history []Epoch
	best    int     // the epoch whose weights Finish leaves
	least   float64 // its validation loss, where Patience asks for it
	kept    *Model  // a copy of its weights, likewise
}

// NewTraining prepares the training of m from its present weights.
func NewTraining(m *Model, o Options) *Training {
	return &Training{model: m, options: o, adam: newOptimiser(m, o.LearningRate), least: math.Inf(1)}
}

// Run trains until Options.Epochs are done, those before a State counted, or until patience is at its end. After each epoch it calls done (which may be
// nil), which may call State. After a cancelled context or a *DivergedError the training cannot go on. Windows must be the same in all calls.
func (t *Training) Run(ctx context.Context, training, validation *Windows, done func(Epoch)) error {
	return t.run(ctx, training, validation, done, t.model.kernels)
}

func (t *Training) run(ctx context.Context, training, validation *Windows, done func(Epoch), k *kernels) error {
	m, o := t.model, t.options
	if err := m.check(training, o); err != nil {
		return err
	}
	if t.samples != 0 && t.samples != training.Len() {
		return fmt.Errorf("the training began with %d samples, now there are %d", t.samples, training.Len())
	}
	t.samples = training.Len()
	validating := validation != nil && validation.Len() > 0
	if validating && len(validation.Targets) != validation.Len()*m.design.outputs() {
		return fmt.Errorf("%d validation targets for %d samples and %d outputs", len(validation.Targets), validation.Len(), m.design.outputs())
	}
	if o.Patience > 0 && !validating {
		return fmt.Errorf("patience %d: needs validation samples, there are none", o.Patience)
	}
	b := newBatch(m, k, training.LookBack, min(o.Batch, training.Len()), o.Workers, true)
	b.loss = newLoss(o.Quantiles)
	order := make([]int, training.Len())
	for epoch := len(t.history) + 1; epoch <= o.Epochs && !t.stopped(); epoch++ {
		newSource(o.Seed, orderStream+uint64(epoch)).shuffle(order)
		t.adam.rate = o.Schedule.Rate(o.LearningRate, epoch, o.Epochs)
		sum := 0.0
		for at := 0; at < len(order); at += o.Batch {
			if err := ctx.Err(); err != nil {
				return err
			}
			b.load(training, order[at:min(at+o.Batch, len(order))])
			sum += t.adam.train(b)
		}
		e := Epoch{Epoch: epoch, Loss: sum / float64(len(order)*m.design.outputs()), Validation: math.NaN()}
		if validating {
			var err error
			if e.Validation, err = m.loss(ctx, validation, o, k); err != nil {
				return err
			}
		}
		if !finite(e.Loss) || validating && !finite(e.Validation) {
			return &DivergedError{epoch, o.LearningRate}
		}
		t.add(e)
		if done != nil {
			done(e)
		}
	}
	return nil
}

// add ends an epoch.
func (t *Training) add(e Epoch) {
	t.history = append(t.history, e)
	if t.options.Patience == 0 {
		t.best = e.Epoch
	} else if e.Validation+t.options.MinDelta < t.least {
		t.least, t.best, t.kept = e.Validation, e.Epoch, t.model.Clone()
	}
}

// stopped says that patience is at its end.
func (t *Training) stopped() bool {
	return t.options.Patience > 0 && len(t.history)-t.best >= t.options.Patience
}

// Finish leaves the weights of the best epoch in the model, and returns all epochs and the number of that one. Nothing goes on afterwards.
func (t *Training) Finish() (history []Epoch, best int) {
	if t.kept != nil {
		copy(t.model.weights, t.kept.weights)
		copy(t.model.head, t.kept.head)
	}
	return t.history, t.best
}

func finite(v float64) bool { return v-v == 0 }

func (m *Model) check(w *Windows, o Options) error {
	switch {
	case o.Epochs < 1:
		return fmt.Errorf("epochs %d: expected at least 1", o.Epochs)
	case o.Batch < 1 || o.Batch > MaxBatch:
		return fmt.Errorf("batch %d: expected 1 to %d", o.Batch, MaxBatch)
	case o.Epochs > maxEpochs:
		return fmt.Errorf("epochs %d: expected at most %d", o.Epochs, maxEpochs)
	case !(o.LearningRate > 0) || !finite(o.LearningRate):
		return fmt.Errorf("learning_rate %v: expected more than 0", o.LearningRate)
	case o.Patience < 0:
		return fmt.Errorf("patience %d: expected 0 or more", o.Patience)
	case w.Len() == 0:
		return fmt.Errorf("no samples to train on")
	case len(w.Targets) != w.Len()*m.design.outputs():
		return fmt.Errorf("%d targets for %d samples and %d outputs", len(w.Targets), w.Len(), m.design.outputs())
	}
	if err := errors.Join(o.Schedule.Check(), checkQuantiles(o.Quantiles, m.design.outputs())); err != nil {
		return err
	}
	if !(o.MinDelta >= 0) || !finite(o.MinDelta) {
		return fmt.Errorf("min_delta %v: expected 0 or more", o.MinDelta)
	}
	rows := m.design.attentionRows()
	for _, p := range m.parts {
		rows += 7*p.units + p.rows() + p.width()
		if p.layer+1 < len(m.design.Units) || m.design.Attention > 0 {
			rows += p.units
		}
	}
	state := float64(w.LookBack) * float64(roundUp(min(o.Batch, w.Len()), group)) * float64(rows)
	if state > maxState {
		return fmt.Errorf("look_back %d, batch %d and layers of %v units need %.0f GB for one step; make one of them smaller", w.LookBack, o.Batch, m.design.Units, 4*state/1e9)
	}
	return m.fits(w)
}

// fits checks that every window lies inside the rows and has the network's features.
func (m *Model) fits(w *Windows) error {
	if w.Features != m.design.Features || w.LookBack < 1 || len(w.Rows)%w.Features != 0 {
		return fmt.Errorf("windows of %d steps and %d features in %d values: the network takes %d features", w.LookBack, w.Features, len(w.Rows), m.design.Features)
	}
	rows := len(w.Rows) / w.Features
	for n, end := range w.Ends {
		if end < w.LookBack || end > rows {
			return fmt.Errorf("sample %d: window of %d ends at row %d of %d", n, w.LookBack, end, rows)
		}
	}
	return nil
}

// predictBatch is how many samples are forecast at once. It does not change the forecasts.
const predictBatch = 64

// Predict returns the forecasts of each sample, scaled, [N][O]. It checks ctx between batches.
func (m *Model) Predict(ctx context.Context, w *Windows, workers int) ([]float32, error) {
	return m.predict(ctx, w, workers, m.kernels)
}

func (m *Model) predict(ctx context.Context, w *Windows, workers int, k *kernels) ([]float32, error) {
	if err := m.fits(w); err != nil {
		return nil, err
	}
	outputs := m.design.outputs()
	forecasts := make([]float32, 0, w.Len()*outputs)
	if w.Len() == 0 {
		return forecasts, nil
	}
	b := newBatch(m, k, w.LookBack, min(predictBatch, w.Len()), workers, false)
	order := make([]int, w.Len())
	for i := range order {
		order[i] = i
	}
	for at := 0; at < len(order); at += predictBatch {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b.load(w, order[at:min(at+predictBatch, len(order))])
		b.predict()
		for lane := range b.used {
			for o := range outputs {
				forecasts = append(forecasts, b.head.output[o*b.lanes+lane])
			}
		}
	}
	return forecasts, nil
}

// loss is the mean loss over the samples and outputs.
func (m *Model) loss(ctx context.Context, w *Windows, o Options, k *kernels) (float64, error) {
	forecasts, err := m.predict(ctx, w, o.Workers, k)
	if err != nil {
		return 0, err
	}
	sum, loss, outputs := 0.0, newLoss(o.Quantiles), m.design.outputs()
	for i, f := range forecasts {
		sum += loss.of(f-w.Targets[i], i%outputs)
	}
	return sum / float64(len(forecasts)), nil
}
