// Package train is the stage kind "train": it fits one forecaster to a series and leaves the model, its forecasts of every target and how the
// training went. It sits between aggregate (or import) and evaluate. It judges nothing: baselines beside it, scores and choices are evaluate's.
//
// Which rows it sees and how they are split is internal/forecast's (see Prepare and Split). The scaler of a network is fitted on the whole series
// (published) or on the training part (strict). A network's values are scaled to [0, 1] and rounded to float32, as Keras does; see internal/lstm for its arithmetic.
//
//	stage "train" "lstm" {
//	  series    = stage.aggregate.traffic["demo"].series
//	  look_back = 20
//	  epochs    = 50
//	  batch     = 64
//	  model "lstm" { units = 50 }
//	}
//
// A network is LSTM or GRU layers below one linear output: model "gru" { units = 20 }, model "lstm" { units = 50, layers = 2, bidirectional = true }. Both
// directions run inside the look_back points before a target, so that nothing after it is seen. In predictions, model file and tables a network of
// several layers has a name of its own, lstm_x2, and one of both directions too, bilstm, bigru_x2: they are other models than lstm and gru.
package train

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"weir/internal/forecast"
	"weir/internal/lstm"
	"weir/internal/series"
	"weir/stages"
)

// Version changes when the same inputs would give other bytes.
const Version = 1

// Train is the stage's interface.
type Train struct {
	Series stages.Input `hcl:"series" doc:"the series to forecast"`
	Model  Model        `hcl:"model,block" doc:"the forecaster: model \"lstm\" { units = 50 }"`

	LookBack     int     `hcl:"look_back,optional" doc:"points before a target that the model sees"`
	Epochs       int     `hcl:"epochs,optional" doc:"passes over the training part (networks)"`
	Batch        int     `hcl:"batch,optional" doc:"samples of one step of Adam (networks)"`
	Seed         int64   `hcl:"seed,optional" doc:"seed of the initial weights and of the order of samples (networks)"`
	LearningRate float64 `hcl:"learning_rate,optional" doc:"Adam's learning rate (networks)"`
	Patience     int     `hcl:"patience,optional" doc:"stop after so many epochs without a smaller validation loss and keep the best weights; 0: never stop early (networks)"`

	Protocol   string  `hcl:"protocol,optional" enum:"strict published" doc:"strict: edges trimmed, nothing fitted on test data; published: as the reproduced document did"`
	Column     string  `hcl:"column,optional" doc:"column of the series; default: wire_bytes (strict), captured_bytes (published), or the only one"`
	Test       float64 `hcl:"test,optional" doc:"share of the targets that test (strict)"`
	Validation float64 `hcl:"validation,optional" doc:"share of the other targets that validate (strict)"`
	History    int     `hcl:"history,optional" doc:"points before every target (strict); look-backs up to it share their targets"`

	Short string `hcl:"too_short,optional" enum:"fail skip" doc:"a series with too few points for this look_back: an error, or a trial without forecasts and model, which evaluate leaves out"`

	// Options come before outputs of the same name: a reader of the pipeline gives "model" and "history", others refer to stage.train.x.model.
	File        stages.Output `hcl:"model,optional" file:"model.weir" doc:"the model: a JSON header and float32 tensors"`
	ONNX        stages.Output `hcl:"onnx,optional" file:"model.onnx" doc:"the network for other programs (networks)"`
	Predictions stages.Output `hcl:"predictions" file:"predictions.parquet" doc:"the forecast of every target, one row each"`
	Losses      stages.Output `hcl:"history" file:"history.json" doc:"the loss of each epoch"`

	kernels string // what KernelsVariable asks for; the results are the same
}

// Model chooses the forecaster. Fields that it does not use are ignored.
type Model struct {
	Name   string `hcl:"name,label" enum:"lstm gru naive drift mean seasonal_naive moving_average ar ses holt" doc:"a network: lstm, gru; or a baseline: naive, drift, mean, seasonal_naive, moving_average, ar, ses, holt"`
	Units  int    `hcl:"units,optional" doc:"hidden units of a layer, in each direction (networks)"`
	Layers int    `hcl:"layers,optional" doc:"recurrent layers, each above the first sees all states of the one below; predictions call two of them lstm_x2 (networks)"`
	Both   bool   `hcl:"bidirectional,optional" doc:"each layer also reads the window from its last point to its first, inside look_back only; predictions call it bilstm (networks)"`
	Order  int    `hcl:"order,optional" doc:"p of AR(p)"`
	Period int    `hcl:"period,optional" doc:"steps of a season (seasonal_naive)"`
	Window int    `hcl:"window,optional" doc:"points that the mean is over (moving_average)"`
}

var names = []string{string(lstm.LSTM), string(lstm.GRU), "naive", "drift", "mean", "seasonal_naive", "moving_average", "ar", "ses", "holt"}

// network says that the model is made of cells.
func (m *Model) network() bool { return m.Name == string(lstm.LSTM) || m.Name == string(lstm.GRU) }

// title names the model in outputs: a network of several layers or both directions is another model than one of a single layer.
func (m *Model) title() string {
	title := m.Name
	if !m.network() {
		return title
	}
	if m.Both {
		title = "bi" + title
	}
	if m.Layers > 1 {
		title += fmt.Sprintf("_x%d", m.Layers)
	}
	return title
}

// design is the network on one column.
func (m *Model) design() lstm.Design {
	return lstm.Design{Cell: lstm.Cell(m.Name), Features: 1, Units: slices.Repeat([]int{m.Units}, m.Layers), Bidirectional: m.Both}
}

// maxLookBack bounds look_back.
const maxLookBack = 4096

// KernelsVariable names the environment variable that chooses the arithmetic kernels of a network, for tests: "portable", "avx2" or "avx512"; unset or
// empty, the fastest that the machine has. Outputs do not depend on it, and it is no part of the key.
const KernelsVariable = "WEIR_KERNELS"

// Kind is the row of this kind in the table of kinds. It reads KernelsVariable.
func Kind() stages.Kind {
	kernels := os.Getenv(KernelsVariable)
	return stages.Kind{
		Name: "train", Version: Version,
		Summary: "fit a forecaster to a series: the model, its forecasts and its losses",
		New: func() stages.Stage {
			o := forecast.DefaultSplit
			return &Train{
				Model:    Model{Units: 50, Layers: 1, Order: 20, Period: 60, Window: 10},
				LookBack: 20, Epochs: 50, Batch: 64, Seed: 1, LearningRate: lstm.DefaultRate,
				Protocol: string(forecast.Strict), Test: o.Test, Validation: o.Validation, History: o.History, Short: "fail",
				kernels: kernels,
			}
		},
	}
}

// Validate implements stages.Validator.
func (s *Train) Validate() error {
	if !slices.Contains(names, s.Model.Name) {
		return &stages.OptionError{Option: "model", Message: fmt.Sprintf("%q is unknown, expected one of %v", s.Model.Name, names)}
	}
	if s.Protocol != string(forecast.Strict) && s.Protocol != string(forecast.Published) {
		return &stages.OptionError{Option: "protocol", Message: fmt.Sprintf("%q is unknown, expected strict or published", s.Protocol)}
	}
	within := func(option string, v, low, high int) error {
		if v < low || v > high {
			return &stages.OptionError{Option: option, Message: fmt.Sprintf("%d, expected %d to %d", v, low, high)}
		}
		return nil
	}
	errs := []error{
		within("look_back", s.LookBack, 1, maxLookBack),
		within("history", s.History, 0, 1<<20),
	}
	switch {
	case s.Model.network():
		if err := lstm.CheckKernels(s.kernels); err != nil {
			return fmt.Errorf("environment variable %s: %w", KernelsVariable, err)
		}
		errs = append(errs, within("model.units", s.Model.Units, 1, lstm.MaxUnits), within("model.layers", s.Model.Layers, 1, lstm.MaxLayers), within("epochs", s.Epochs, 1, 1<<20),
			within("batch", s.Batch, 1, lstm.MaxBatch), within("patience", s.Patience, 0, 1<<20))
		if !(s.LearningRate > 0 && s.LearningRate <= 1) {
			errs = append(errs, &stages.OptionError{Option: "learning_rate", Message: fmt.Sprintf("%v, expected more than 0 and at most 1", s.LearningRate)})
		}
		if s.Patience > 0 && (s.Protocol == string(forecast.Published) || s.Validation == 0) {
			errs = append(errs, &stages.OptionError{Option: "patience", Message: "stopping early needs a validation part: protocol strict and validation above 0"})
		}
	case s.Model.Name == "ar":
		errs = append(errs, within("model.order", s.Model.Order, 1, forecast.MaxOrder))
	case s.Model.Name == "seasonal_naive":
		errs = append(errs, within("model.period", s.Model.Period, 1, 1<<20))
	case s.Model.Name == "moving_average":
		errs = append(errs, within("model.window", s.Model.Window, 1, 1<<20))
	}
	if !(s.Test > 0 && s.Test < 1) {
		errs = append(errs, &stages.OptionError{Option: "test", Message: fmt.Sprintf("%v, expected more than 0 and less than 1", s.Test)})
	}
	if !(s.Validation >= 0 && s.Validation < 1) {
		errs = append(errs, &stages.OptionError{Option: "validation", Message: fmt.Sprintf("%v, expected 0 or more and less than 1", s.Validation)})
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Run implements stages.Stage.
func (s *Train) Run(ctx context.Context, env *stages.Env) error {
	if err := s.Validate(); err != nil {
		return err
	}
	in, err := series.Read(s.Series.Path)
	if err != nil {
		return fmt.Errorf("%s: %w", s.Series.From, err)
	}
	j := &job{stage: s, env: env, protocol: forecast.Protocol(s.Protocol)}
	options := forecast.SplitOptions{Test: s.Test, Validation: s.Validation, History: s.History}
	if j.data, err = forecast.Prepare(in, j.protocol, s.Column); err == nil {
		j.split, err = j.data.Split(j.protocol, s.LookBack, options)
	} else {
		j.data = &forecast.Data{}
	}
	skip := errors.Is(err, forecast.ErrShort) && s.Short == "skip"
	if err != nil && !skip {
		return fmt.Errorf("%s: %w", s.Series.From, err)
	}
	j.targets = slices.Concat(j.split.Train, j.split.Validation, j.split.Test)
	j.trial = forecast.Trial{
		Model: s.Model.title(), LookBack: s.LookBack, Protocol: j.protocol, Column: j.data.Column, Unit: j.data.Unit,
		StepNS: int64(j.data.Step), Split: options, Seed: s.Seed,
	}
	switch {
	case skip:
		return j.skip(err)
	case s.Model.network():
		return j.network(ctx)
	}
	return j.baseline()
}
