// Package train is the stage kind "train": it fits one forecaster to a series and leaves the model, its forecasts of every target and how the
// training went. It sits between aggregate (or import) and evaluate. It judges nothing: baselines beside it, scores and choices are evaluate's.
//
// Which rows it sees and how they are split is internal/forecast's (see Prepare and Split). The scaler of a network is fitted on the whole series
// (published) or on the training part (strict). A network's values are scaled to [0, 1] and rounded to float32, as Keras does; see internal/lstm for its arithmetic.
//
//	stage "train" "lstm" {
//	  series     = stage.aggregate.traffic["demo"].series
//	  look_back  = 20
//	  epochs     = 50
//	  batch      = 64
//	  horizons   = [1, 5, 10]
//	  covariates = ["packets", "time_of_day"]
//	  model "lstm" { units = 50 }
//	}
//
// A network is LSTM or GRU layers below one linear layer: model "gru" { units = 20 }, model "lstm" { units = 50, layers = 2, bidirectional = true }. Both
// directions run inside the look_back points before a target, so that nothing after it is seen. Trees see the look_back last points and the last covariates. Linear models and
// smoothing are those of internal/forecast, which says what each is.
//
// # Horizons
//
// The forecast of x[t] at horizon h sees x[..t-h]. Direct: the network has an output for each horizon, trees have an ensemble, a regression its own coefficients. Recursive: the model of one step
// is applied to its own forecasts. A network's training sample has its targets within the training part, all of them.
// Origins of the first h-1 test targets lie before the test part: what was fitted or calibrated knows values up to h-1 steps after them. gap = h-1 leaves these out.
//
// # Another series
//
// With train_series everything is fitted on that series, and this one tests. With pool the training parts of further series train a network too, each scaled by its own range; validation and test are of
// this series alone. A series whose training rows are those that test, by time and value, is an error in both.
//
// # Intervals
//
// low and high of the test part (strict, with a validation part) are calibrated on the validation part: see forecast.Calibrate. Where a network stops early or boosting is cut back by the same part, they
// are a little too narrow for conformal; adaptive mends itself. In the model file an adaptive trial has the margins of its end.
//
// # Guards
//
// What train checks of itself, in the trial's guards (internal/forecast.Guard):
//
//	scaler         networks, strict: the ranges are those of the rows before validation and test
//	window         networks: no window of training and validation reaches over a segment's border or to its targets, and no training target is behind the training part
//	fit_poison     trees, and linear models that are fitted without a search: the same examples or parameters when everything behind the training part is replaced by wild values
//	future_poison  forecasts of some test targets, all horizons: the same bits when everything that must not be seen is replaced by wild values
//
// # Lost and longer trainings
//
// A network's state is kept after its epochs (stages.Checkpoints); an interrupted training, or one of more epochs, goes on from there with the same bytes as one that was never interrupted. Boosting
// starts again. Under decay = "cosine" the number of epochs changes every step, so that a longer training is another one.
//
// # Not there
//
// Checkpoints of boosting; recursive trees; a pool for models other than networks; ONNX of trees with several horizons, of smoothing, ARIMA and auto; intervals in the published protocol.
package train

import (
	"context"
	"errors"
	"fmt"
	"os"

	"weir/internal/forecast"
	"weir/internal/lstm"
	"weir/stages"
)

// Version changes when the same inputs would give other bytes.
const Version = 2

// Train is the stage's interface.
type Train struct {
	Series      stages.Input `hcl:"series" doc:"the series to forecast"`
	TrainSeries stages.Input `hcl:"train_series,optional" doc:"another series, which trains and validates instead; series tests alone (strict)"`
	Pool        stages.Tree  `hcl:"pool,optional" doc:"further series whose training parts train too, each scaled by its own range: one model for all (networks, strict)"`
	Start       stages.Input `hcl:"start,optional" doc:"weights to start from: a model.weir, an ONNX graph, a .keras or .h5 file or Keras' weights as JSON, of the same design (networks)"`
	Model       Model        `hcl:"model,block" doc:"the forecaster: model \"lstm\" { units = 50 }. lstm, gru: recurrent networks; boosting, forest: trees; naive: the last value; drift: with the mean step; mean: of the training part; seasonal_naive: a period ago; moving_average; ar: autoregression; ses, holt, holt_winters: exponential smoothing, plain, with trend, with trend and season; theta: with half the trend; ridge: regression on lags and covariates; nlinear, rlinear: on lags less the last value or the recent mean; dlinear: on moving average and remainder; fourier: on waves of a season too; arima; arfima: for long memory; auto: a mixture of the linear ones, weighted by how they did"`

	LookBack   int      `hcl:"look_back,optional" doc:"points before a target that the model sees (networks, trees)"`
	Covariates []string `hcl:"covariates,optional" doc:"what else it sees: columns of the series as far as the series itself, or tcp_share, udp_share, time_of_day, time_of_week (networks, trees, ridge, fourier, auto)"`
	Horizons   []int    `hcl:"horizons,optional" doc:"steps ahead to forecast, increasing (strict)"`
	Strategy   string   `hcl:"strategy,optional" enum:"default direct recursive" doc:"beyond one step: direct has a part of the model for each horizon, recursive feeds forecasts back; default: recursive for ar, direct for the rest"`

	Epochs       int       `hcl:"epochs,optional" doc:"passes over the training part (networks)"`
	Batch        int       `hcl:"batch,optional" doc:"samples of one step of Adam (networks)"`
	Seed         int64     `hcl:"seed,optional" doc:"seed of everything random: initial weights, order of samples, samples of trees (networks, trees)"`
	LearningRate float64   `hcl:"learning_rate,optional" doc:"Adam's learning rate in the first epoch (networks)"`
	Decay        string    `hcl:"decay,optional" enum:"constant exponential step cosine" doc:"how the learning rate falls: by decay_factor every decay_every epochs, smoothly or in steps, or along half a cosine to 0 (networks)"`
	DecayFactor  float64   `hcl:"decay_factor,optional" doc:"see decay (exponential, step)"`
	DecayEvery   int       `hcl:"decay_every,optional" doc:"see decay, in epochs (exponential, step)"`
	Patience     int       `hcl:"patience,optional" doc:"stop after so many epochs, or trees of boosting, without a smaller validation loss and keep the best; 0: never stop early (networks, boosting)"`
	MinDelta     float64   `hcl:"min_delta,optional" doc:"a validation loss counts as smaller when it is so by more than this (networks)"`
	Quantiles    []float64 `hcl:"quantiles,optional" doc:"learn these levels, such as [0.05, 0.5, 0.95], by the pinball loss; 0.5 is the forecast, the outer ones become the interval (networks, boosting)"`

	Protocol   string  `hcl:"protocol,optional" enum:"strict published" doc:"strict: edges trimmed, nothing fitted on test data; published: as the reproduced document did"`
	Column     string  `hcl:"column,optional" doc:"column of the series; default: wire_bytes (strict), captured_bytes (published), or the only one"`
	Test       float64 `hcl:"test,optional" doc:"share of the targets that test (strict)"`
	Validation float64 `hcl:"validation,optional" doc:"share of the other targets that validate (strict)"`
	History    int     `hcl:"history,optional" doc:"points before every target (strict); look-backs up to it share their targets"`
	Gap        int     `hcl:"gap,optional" doc:"targets left out before the test part (strict)"`
	Folds      int     `hcl:"folds,optional" doc:"rolling origin: cut the test part into so many blocks, each tested after training on what is before it (strict)"`
	Fold       int     `hcl:"fold,optional" doc:"which block tests, from 1: matrix = { fold = range(1, 6) } with folds = 5"`
	Sliding    bool    `hcl:"sliding,optional" doc:"every fold trains on as many targets as the first, the latest ones; else on all before it"`

	Intervals string  `hcl:"intervals,optional" enum:"conformal adaptive none" doc:"prediction intervals from the validation part: conformal has one width, adaptive follows the errors of the test part (strict)"`
	Level     float64 `hcl:"level,optional" doc:"share of the values that the intervals are to hold"`
	Control   string  `hcl:"control,optional" enum:"none shuffled" doc:"shuffled: no competitor but a check, trained on targets in random order; what it learns is a leak (networks, trees, ar, ridge)"`

	Short    string `hcl:"too_short,optional" enum:"fail skip" doc:"a series with too few points for this look_back: an error, or a trial without forecasts and model, which evaluate leaves out"`
	Diverged string `hcl:"diverged,optional" enum:"fail skip" doc:"a loss that is no number any more: an error, or a trial without forecasts and model, which evaluate leaves out (networks)"`

	// Options come before outputs of the same name: a reader of the pipeline gives "model" and "history", others refer to stage.train.x.model.
	File        stages.Output `hcl:"model,optional" file:"model.weir" doc:"the model: a JSON header and float32 tensors, for predict"`
	ONNX        stages.Output `hcl:"onnx,optional" file:"model.onnx" doc:"the model for other programs, scaler included, where ONNX can say it: networks, trees of one horizon, ar, ridge, nlinear, rlinear, dlinear"`
	Predictions stages.Output `hcl:"predictions" file:"predictions.parquet" doc:"the forecast of every target at every horizon, one row each"`
	Losses      stages.Output `hcl:"history" file:"history.json" doc:"the loss of each epoch"`

	kernels string // what KernelsVariable asks for; the results are the same
}

// Model chooses the forecaster. Fields that it does not use are ignored.
type Model struct {
	Name      string  `hcl:"name,label" enum:"lstm gru boosting forest naive drift mean seasonal_naive moving_average ar ses holt holt_winters theta ridge nlinear rlinear dlinear fourier arima arfima auto" doc:"networks: lstm, gru; trees: boosting, forest; and the models of internal/forecast, naive to auto"`
	Units     int     `hcl:"units,optional" doc:"hidden units of a layer, in each direction (networks)"`
	Layers    int     `hcl:"layers,optional" doc:"recurrent layers, each above the first sees all states of the one below (networks)"`
	Both      bool    `hcl:"bidirectional,optional" doc:"each layer also reads the window from its last point to its first, inside look_back only (networks)"`
	Attention bool    `hcl:"attention,optional" doc:"the last layer also sees a mean of all states of the window, weighted by a score of each (networks)"`
	Order     int     `hcl:"order,optional" doc:"lags of a regression (ar, ridge, nlinear, rlinear, dlinear, fourier)"`
	Penalty   float64 `hcl:"penalty,optional" doc:"weight of the squared coefficients of standardised columns (ridge, nlinear, rlinear, dlinear, fourier)"`
	Period    int     `hcl:"period,optional" doc:"steps of a season (seasonal_naive, holt_winters, fourier, auto)"`
	Harmonics int     `hcl:"harmonics,optional" doc:"waves of a season, each a cosine and a sine (fourier, auto)"`
	Window    int     `hcl:"window,optional" doc:"points that a mean is over (moving_average, rlinear, dlinear)"`
	P         int     `hcl:"p,optional" doc:"lags (arima, arfima)"`
	D         int     `hcl:"d,optional" doc:"how often the series is differenced (arima)"`
	Q         int     `hcl:"q,optional" doc:"lags of the errors (arima, arfima)"`
	Trees     int     `hcl:"trees,optional" doc:"how many (boosting, forest)"`
	Depth     int     `hcl:"depth,optional" doc:"splits between root and leaf; 0: no limit (boosting, forest)"`
	Leaves    int     `hcl:"leaves,optional" doc:"leaves of a tree; 0: 31 for boosting, no limit for forest (boosting, forest)"`
	MinLeaf   int     `hcl:"min_leaf,optional" doc:"rows in a leaf (boosting, forest)"`
	Rate      float64 `hcl:"rate,optional" doc:"share of a tree's answer that is added (boosting)"`
	Rows      float64 `hcl:"rows,optional" doc:"share of the rows that a tree sees (boosting, forest)"`
	Columns   float64 `hcl:"columns,optional" doc:"share of the columns that a tree (boosting) or a split (forest) may use"`
}

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
			s := defaults()
			s.kernels = kernels
			return s
		},
	}
}

// defaults is the stage before anything is set.
func defaults() *Train {
	o, m := forecast.DefaultSplit, forecast.DefaultModel
	return &Train{
		Model: Model{Units: 50, Layers: 1, Order: m.Order, Penalty: m.Penalty, Period: m.Period, Harmonics: m.Harmonics, Window: m.Window, P: 2, D: 1, Q: 1,
			Trees: 100, MinLeaf: 20, Rate: 0.1, Rows: 1, Columns: 1},
		LookBack: 20, Horizons: []int{1}, Strategy: "default", Epochs: 50, Batch: 64, Seed: 1,
		LearningRate: lstm.DefaultRate, Decay: string(lstm.Constant), DecayFactor: 0.5, DecayEvery: 10,
		Protocol: string(forecast.Strict), Test: o.Test, Validation: o.Validation, History: o.History, Fold: 1,
		Intervals: forecast.Conformal, Level: 0.9, Control: none, Short: "fail", Diverged: "fail",
	}
}

// none is the text of an option that is switched off.
const none = "none"

// Run implements stages.Stage.
func (s *Train) Run(ctx context.Context, env *stages.Env) error {
	if err := s.Validate(); err != nil {
		return err
	}
	j, err := s.load(env)
	if err == nil {
		if err = j.fit(ctx); err != nil {
			err = fmt.Errorf("%s: %w", s.Series.From, err)
		}
	}
	var diverged *lstm.DivergedError
	switch {
	case errors.Is(err, forecast.ErrShort) && s.Short == "skip":
		return j.skip(err, "too few points")
	case errors.As(err, &diverged) && s.Diverged == "skip":
		j.trial.Parameters = map[string]float64{"diverged": float64(diverged.Epoch)}
		return j.skip(diverged, diverged.Error())
	case err != nil:
		return err
	}
	return j.finish(ctx)
}

// fit makes the model and its forecasts.
func (j *job) fit(ctx context.Context) (err error) {
	switch j.stage.Model.family() {
	case networks:
		err = j.network(ctx)
	case trees:
		err = j.trees(ctx)
	default:
		err = j.linear()
	}
	if err != nil {
		return err
	}
	j.forecasts, err = j.fitted.Forecast(ctx, j.data, j.targets, j.fitted.Horizons)
	if err != nil {
		return err
	}
	return j.finite()
}
