package train

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"

	"weir/internal/forecast"
	"weir/internal/lstm"
	"weir/internal/predictor"
	"weir/internal/series"
	"weir/stages"
)

// network trains layers of cells and the linear layer above them.
func (j *job) network(ctx context.Context) error {
	s := j.stage
	window := forecast.FitWindow(j.seen(), s.LookBack, s.trained())
	training, at := j.windows(window, j.data, j.split.Train, 0)
	var validation *lstm.Windows
	var validationAt []int
	if len(j.split.Validation) > 0 {
		validation, validationAt = j.windows(window, j.data, j.split.Validation, j.split.Validation[0])
		if validation.Len() == 0 {
			return fmt.Errorf("%w: the validation part of %d targets is shorter than the horizons %v", forecast.ErrShort, len(j.split.Validation), s.Horizons)
		}
	}
	limit := len(window.Horizons)
	j.guard(scalerGuard(j.protocol, window, j.data, j.split), windowGuard(j.data, j.split.Train, training, at, limit), windowGuard(j.data, j.split.Validation, validation, validationAt, limit))
	if s.Control == "shuffled" {
		shuffle(training.Targets, training.Len(), s.Seed)
	}
	if err := j.pool(training); err != nil {
		return err
	}
	net, kept, err := j.train(ctx, training, validation, s.design(window.Features()))
	if err != nil {
		return err
	}
	j.history.Kept = kept
	j.trial.Parameters = map[string]float64{"weights": float64(net.Parameters()), "epoch": float64(kept), "scaler_min": window.Scalers[0].Min, "scaler_max": window.Scalers[0].Max}
	j.model(&predictor.Network{Net: net, Window: window, Recursive: s.recursive(), Quantiles: s.Quantiles, Workers: j.env.Workers})
	return nil
}

// design is the network on so many features.
func (s *Train) design(features int) lstm.Design {
	m := &s.Model
	d := lstm.Design{Cell: lstm.Cell(m.Name), Features: features, Units: slices.Repeat([]int{m.Units}, m.Layers), Bidirectional: m.Both, Outputs: len(s.trained()) * max(1, len(s.Quantiles))}
	if m.Attention {
		d.Attention = m.Units
	}
	return d
}

// windows makes the samples of a part. The rows of their targets are returned too, one for each horizon, sample by sample.
func (j *job) windows(window *forecast.Window, d *forecast.Data, targets []int, from int) (*lstm.Windows, []int) {
	w := &lstm.Windows{Rows: window.Rows(d), Features: window.Features(), LookBack: window.LookBack}
	var at []int
	w.Ends, at = window.Samples(d, targets, from)
	for _, row := range at {
		for range max(1, len(j.stage.Quantiles)) {
			w.Targets = append(w.Targets, w.Rows[row*w.Features])
		}
	}
	return w, at
}

// shuffle puts the targets of n samples in an order that has nothing to do with their windows (Fisher-Yates, PCG-DXSM).
func shuffle(targets []float32, n int, seed int64) {
	source := rand.NewPCG(uint64(seed), shuffleStream)
	size := len(targets) / max(1, n)
	for i := n - 1; i > 0; i-- {
		k := int(source.Uint64() % uint64(i+1))
		for o := range size {
			targets[i*size+o], targets[k*size+o] = targets[k*size+o], targets[i*size+o]
		}
	}
}

// shuffleStream tells the order of shuffled targets from other random numbers of the same seed.
const shuffleStream = 3 << 32

// pool adds the training parts of further series, each in the scale of its own range.
func (j *job) pool(training *lstm.Windows) error {
	for _, in := range inputs(j.stage.Pool) {
		d, err := j.prepare(&in)
		if err != nil {
			return err
		}
		if d.Step != j.data.Step || d.Column != j.data.Column {
			return fmt.Errorf("pool: %s has column %s every %s, the series has %s every %s", in.From, d.Column, d.Step, j.data.Column, j.data.Step)
		}
		o := j.stage.split()
		o.Folds, o.Fold, o.Sliding = 0, 0, false
		split, err := d.Split(j.protocol, j.stage.LookBack, o)
		if err != nil {
			return fmt.Errorf("pool: %s: %w", in.From, err)
		}
		if n := repeated(d.Head(split.End()), j.tested()); n > 0 {
			return mistake("pool", "the training part of %s has %s of what validates or tests here", in.From, series.Count(n, "row"))
		}
		window := forecast.FitWindow(d.Head(split.End()), training.LookBack, j.stage.trained())
		more, _ := j.windows(window, d, split.Train, 0)
		before := len(training.Rows) / training.Features
		for _, end := range more.Ends {
			training.Ends = append(training.Ends, before+end)
		}
		training.Rows, training.Targets = append(training.Rows, more.Rows...), append(training.Targets, more.Targets...)
	}
	return nil
}

// tested are the rows behind the training part.
func (j *job) tested() *forecast.Data {
	end := j.split.End()
	return &forecast.Data{Values: j.data.Values[end:], Time: j.data.Time[end:]}
}

// train fits the network, from a checkpoint where there is one, and keeps states.
func (j *job) train(ctx context.Context, training, validation *lstm.Windows, design lstm.Design) (net *lstm.Model, kept int, err error) {
	s := j.stage
	options := lstm.Options{Epochs: s.Epochs, Batch: s.Batch, Seed: s.Seed, LearningRate: s.LearningRate, Schedule: s.schedule(), Quantiles: s.Quantiles,
		Patience: s.Patience, MinDelta: s.MinDelta, Workers: j.env.Workers}
	t := j.resume(design, options)
	if t == nil {
		model, err := j.start(design)
		if err != nil {
			return nil, 0, err
		}
		t = lstm.NewTraining(model, options)
	}
	if err := t.Model().UseKernels(s.kernels); err != nil {
		return nil, 0, err
	}
	j.env.Progress.Total(int64(s.Epochs), "epochs")
	j.env.Progress.Done(int64(len(t.Epochs())))
	var unkept error
	err = t.Run(ctx, training, validation, func(e lstm.Epoch) {
		j.env.Progress.Done(int64(e.Epoch))
		j.env.Progress.Note(fmt.Sprintf("loss %.4f", e.Loss))
		j.env.Log.Debug("epoch", "epoch", e.Epoch, "loss", e.Loss, "validation", e.Validation)
		if options.Open() && unkept == nil {
			unkept = j.env.Checkpoints.Keep(e.Epoch, t.State())
		}
	})
	if err := errors.Join(err, unkept); err != nil {
		return nil, 0, err
	}
	epochs, kept := t.Finish()
	for _, e := range epochs {
		j.history.add(e.Epoch, e.Loss, e.Validation)
	}
	return t.Model(), kept, nil
}

// maxState bounds the checkpoint that is read, in bytes.
const maxState = 1 << 30

// resume goes on with an earlier state of this training; nil where there is none, or none that fits.
func (j *job) resume(design lstm.Design, options lstm.Options) *lstm.Training {
	epoch, path, ok := j.env.Checkpoints.Latest(options.Epochs)
	if !ok || !options.Open() {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	state, err := io.ReadAll(io.LimitReader(f, maxState))
	if err != nil {
		return nil
	}
	t, err := lstm.Resume(state, options)
	if err != nil || !reflect.DeepEqual(t.Model().Design(), normal(design)) {
		j.env.Log.Warn("checkpoint does not fit", "epoch", epoch, "error", err)
		return nil
	}
	return t
}

// normal is a design as a state has it.
func normal(d lstm.Design) lstm.Design {
	d.Outputs = max(1, d.Outputs)
	return d
}

// start makes the network with the weights that it begins with.
func (j *job) start(design lstm.Design) (*lstm.Model, error) {
	in := j.stage.Start
	if !in.Given() {
		return lstm.Build(design, j.stage.Seed)
	}
	data, err := readAll(in)
	if err != nil {
		return nil, err
	}
	found, tensors, err := lstm.Import(data)
	if err != nil {
		return nil, fmt.Errorf("start: %s: %w", in.From, err)
	}
	if !reflect.DeepEqual(normal(found), normal(design)) {
		return nil, fmt.Errorf("start: %s has %s, this trains %s", in.From, words(found), words(design))
	}
	return lstm.FromTensors(tensors)
}

func readAll(in stages.Input) ([]byte, error) {
	f, err := os.Open(in.Path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, lstm.MaxImport+1))
	if err == nil && len(data) > lstm.MaxImport {
		err = fmt.Errorf("%s: more than %d bytes", in.From, lstm.MaxImport)
	}
	return data, err
}

// words describe a design.
func words(d lstm.Design) string {
	text := fmt.Sprintf("%s of %v units, %d features and %d outputs", d.Cell, d.Units, d.Features, max(1, d.Outputs))
	if d.Bidirectional {
		text += ", bidirectional"
	}
	if d.Attention > 0 {
		text += ", with attention"
	}
	return text
}

// finite refuses forecasts of a network that are no numbers.
func (j *job) finite() error {
	if j.stage.Model.family() != networks {
		return nil
	}
	for k, f := range j.forecasts {
		for i, v := range f.Point {
			if math.IsInf(v, 0) || math.IsNaN(v) && j.fitted.Model.(*predictor.Network).Window.Fits(j.data, j.targets[i], j.fitted.Horizons[k]) {
				return &lstm.DivergedError{Epoch: len(j.history.Epochs), LearningRate: j.stage.LearningRate}
			}
		}
	}
	return nil
}
