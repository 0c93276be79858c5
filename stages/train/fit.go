package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"

	"weir/internal/forecast"
	"weir/internal/lstm"
	"weir/internal/modelfile"
	"weir/stages"
)

// job is one training: the stage with its data.
type job struct {
	stage    *Train
	env      *stages.Env
	protocol forecast.Protocol
	data     *forecast.Data
	split    forecast.Split
	targets  []int // train, validation, test
	trial    forecast.Trial
}

// history is history.json.
type history struct {
	Trial  forecast.Trial `json:"trial"`
	Kept   int            `json:"kept"` // the epoch whose weights are the model's; 0 for a baseline
	Epochs []epoch        `json:"epochs"`
}

// epoch is one pass; losses are mean squared errors of scaled values.
type epoch struct {
	Epoch      int      `json:"epoch"`
	Loss       float64  `json:"loss"`
	Validation *float64 `json:"validation_loss"` // null without a validation part
}

// network trains the layers of cells and the output above them.
func (j *job) network(ctx context.Context) error {
	s := j.stage
	j.trial.Units, j.trial.Epochs, j.trial.Batch, j.trial.LearningRate, j.trial.Patience = s.Model.Units, s.Epochs, s.Batch, s.LearningRate, s.Patience
	seen := j.data.Values
	if j.protocol == forecast.Strict {
		seen = seen[:j.split.End()]
	}
	scaler := forecast.FitScaler(seen)
	scaled := make([]float32, len(j.data.Values))
	for i, v := range j.data.Values {
		scaled[i] = float32(scaler.Scale(v))
	}
	windows := func(targets []int) *lstm.Windows {
		w := &lstm.Windows{Rows: scaled, Features: 1, LookBack: s.LookBack, Ends: targets, Targets: make([]float32, len(targets))}
		for i, t := range targets {
			w.Targets[i] = scaled[t]
		}
		return w
	}
	model, err := lstm.Build(s.Model.design(), s.Seed)
	if err != nil {
		return err
	}
	if err := model.UseKernels(s.kernels); err != nil {
		return err
	}
	h := history{Epochs: []epoch{}}
	j.env.Progress.Total(int64(s.Epochs), "epochs")
	options := lstm.Options{Epochs: s.Epochs, Batch: s.Batch, Seed: s.Seed, LearningRate: s.LearningRate, Patience: s.Patience, Workers: j.env.Workers}
	_, h.Kept, err = model.Train(ctx, windows(j.split.Train), windows(j.split.Validation), options, func(e lstm.Epoch) {
		h.add(e)
		j.env.Progress.Done(int64(e.Epoch))
		j.env.Progress.Note(fmt.Sprintf("loss %.4f", e.Loss))
		j.env.Log.Debug("epoch", "epoch", e.Epoch, "loss", e.Loss, "validation", e.Validation)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", s.Series.From, err)
	}
	outputs, err := model.Predict(ctx, windows(j.targets), j.env.Workers)
	if err != nil {
		return err
	}
	predicted := make([]float64, len(outputs))
	for i, v := range outputs {
		predicted[i] = scaler.Unscale(float64(v))
		if math.IsNaN(predicted[i]) || math.IsInf(predicted[i], 0) {
			return fmt.Errorf("%s: %w", s.Series.From, &lstm.DivergedError{Epoch: len(h.Epochs), LearningRate: s.LearningRate})
		}
	}
	j.trial.Parameters = map[string]float64{"weights": float64(model.Parameters()), "epoch": float64(h.Kept), "scaler_min": scaler.Min, "scaler_max": scaler.Max}
	file := modelfile.File{Header: modelfile.Header{Scaler: &modelfile.Scaler{Min: scaler.Min, Max: scaler.Max}}}
	for _, t := range model.Tensors() {
		file.Header.Tensors = append(file.Header.Tensors, modelfile.Shape{Name: t.Name, Shape: t.Shape})
		file.Data = append(file.Data, t.Data)
	}
	if err := j.onnx(model, scaler); err != nil {
		return err
	}
	j.env.Summarize(h.summary() + j.parts())
	return errors.Join(j.keep(&file), j.write(predicted, &h))
}

func (h *history) add(e lstm.Epoch) {
	one := epoch{Epoch: e.Epoch, Loss: e.Loss}
	if !math.IsNaN(e.Validation) {
		one.Validation = &e.Validation
	}
	h.Epochs = append(h.Epochs, one)
}

func (h *history) summary() string {
	last := h.Epochs[h.Kept-1]
	text := fmt.Sprintf("%d epochs, loss %.4f", len(h.Epochs), last.Loss)
	if last.Validation != nil {
		text += fmt.Sprintf(", validation %.4f", *last.Validation)
	}
	if h.Kept < len(h.Epochs) {
		text += fmt.Sprintf(" (stopped early, weights of epoch %d)", h.Kept)
	}
	return text
}

func (j *job) parts() string {
	return fmt.Sprintf("; %d train, %d validation, %d test", len(j.split.Train), len(j.split.Validation), len(j.split.Test))
}

// onnx writes the network for other programs. It takes and gives scaled values; the scaler is in its metadata.
func (j *job) onnx(model *lstm.Model, scaler forecast.Scaler) error {
	if j.stage.ONNX.Path == "" {
		return nil
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	data, err := model.ONNX(j.stage.LookBack, "column", j.data.Column, "unit", j.data.Unit, "step_ns", strconv.FormatInt(int64(j.data.Step), 10),
		"scaler_min", number(scaler.Min), "scaler_max", number(scaler.Max))
	if err != nil {
		return err
	}
	return os.WriteFile(j.stage.ONNX.Path, data, 0o666)
}

// baseline fits a forecaster of internal/forecast on the training part.
func (j *job) baseline() error {
	m := j.stage.Model
	b := forecast.Model{Name: m.Name}
	j.trial.Seed = 0
	switch m.Name {
	case "ar":
		b.Order, j.trial.Order = m.Order, m.Order
	case "seasonal_naive":
		b.Period, j.trial.Period = m.Period, m.Period
	case "moving_average":
		b.Window, j.trial.Window = m.Window, m.Window
	}
	fitted, err := b.Fit(j.data, forecast.Rows(0, j.split.End()), []int{1})
	if err != nil {
		return fmt.Errorf("%s: %w", j.stage.Series.From, err)
	}
	predicted := fitted.Forecast(j.data, j.targets, 1)
	parameters := fitted.Parameters()
	j.trial.Parameters = map[string]float64{}
	for name, v := range parameters {
		if !strings.HasPrefix(name, "lag_") { // for people: the few that say something
			j.trial.Parameters[name] = v
		}
	}
	missing := 0
	for _, v := range predicted {
		if math.IsNaN(v) {
			missing++
		}
	}
	if missing > 0 {
		j.env.Warn(fmt.Sprintf("%d of %d targets have too few points before them for a forecast; a larger look_back or history leaves them out", missing, len(predicted)))
	}
	file := modelfile.File{Header: modelfile.Header{Parameters: parameters}}
	j.env.Summarize(m.Name + j.parts())
	return errors.Join(j.keep(&file), j.write(predicted, &history{Epochs: []epoch{}}))
}

// skip leaves a trial without forecasts, so that the trials of a sweep for which the series is long enough can still be compared.
func (j *job) skip(why error) error {
	j.targets = nil
	if err := j.write(nil, &history{Epochs: []epoch{}}); err != nil {
		return err
	}
	j.env.Summarize("left out: " + why.Error())
	return nil
}

// keep writes the model.
func (j *job) keep(file *modelfile.File) error {
	trial, err := json.Marshal(j.trial)
	if err != nil {
		return err
	}
	file.Header.Model, file.Header.LookBack, file.Header.Features = j.trial.Model, j.trial.LookBack, []string{j.data.Column}
	file.Header.Unit, file.Header.StepNS, file.Header.Trial = j.data.Unit, int64(j.data.Step), trial
	return file.Write(j.stage.File.Path)
}

// write leaves the outputs that every trial has.
func (j *job) write(predicted []float64, h *history) error {
	h.Trial = j.trial
	losses, err := json.MarshalIndent(h, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(j.stage.Losses.Path, append(losses, '\n'), 0o666); err != nil {
		return err
	}
	p := &forecast.Predictions{Trial: j.trial, Actual: j.data.At(j.targets), Predicted: predicted}
	for i, t := range j.targets {
		p.Time = append(p.Time, j.data.Time[t])
		p.Horizon = append(p.Horizon, 1)
		part := forecast.Test
		if i < len(j.split.Train) {
			part = forecast.Train
		} else if i < len(j.split.Train)+len(j.split.Validation) {
			part = forecast.Validation
		}
		p.Part = append(p.Part, part)
	}
	return forecast.WritePredictions(j.stage.Predictions.Path, p)
}
