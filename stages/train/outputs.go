package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"

	"weir/internal/forecast"
	"weir/internal/locale"
	"weir/internal/modelfile"
	"weir/internal/predictor"
	"weir/internal/series"
)

// history is history.json.
type history struct {
	Trial  forecast.Trial `json:"trial"`
	Kept   int            `json:"kept"` // the epoch whose weights are the model's, or the trees of an ensemble; 0 for a model without epochs
	Epochs []epoch        `json:"epochs"`
	Reason string         `json:"reason,omitempty"` // why there is no model
}

// epoch is one pass of a network or one tree; losses are mean squared errors of scaled values (networks) or values (boosting), or pinball losses of quantiles.
type epoch struct {
	Epoch      int      `json:"epoch"`
	Loss       *float64 `json:"loss"`            // null where none is computed
	Validation *float64 `json:"validation_loss"` // null without a validation part
}

func (h *history) add(n int, loss, validation float64) {
	number := func(v float64) *float64 {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		return &v
	}
	h.Epochs = append(h.Epochs, epoch{Epoch: n, Loss: number(loss), Validation: number(validation)})
}

// finish looks for leaks, makes intervals and writes everything.
func (j *job) finish(ctx context.Context) error {
	g, err := poisonGuard(ctx, j.fitted.Model, j.data, j.split.Test, j.fitted.Horizons)
	if err != nil {
		return err
	}
	j.guard(g)
	for _, g := range j.trial.Guards {
		if !g.Passed {
			j.env.Warn(fmt.Sprintf("guard %s failed: the model may have seen what it forecasts", g.Name))
		}
	}
	if err := j.intervals(); err != nil {
		return err
	}
	if j.stage.Model.family() != networks {
		j.warn()
	}
	if rmse, ok := j.validation(); ok {
		j.env.Score(rmse * rmse)
	}
	j.env.Summarize(j.summary())
	j.fitted.Trial = j.trial
	file, err := j.fitted.File()
	if err != nil {
		return err
	}
	return errors.Join(file.Write(j.stage.File.Path), j.onnx(), j.write())
}

// intervals calibrates low and high of the test targets on the validation part.
func (j *job) intervals() error {
	method, validates := j.stage.Intervals, len(j.split.Validation)
	if method == none || j.protocol == forecast.Published || validates == 0 {
		return nil
	}
	kept := &modelfile.Intervals{Method: method, Level: j.stage.Level}
	var low, high [][]float64
	first := len(j.split.Train)
	for k, h := range j.fitted.Horizons {
		band := func(targets []int, from int) forecast.Band {
			b := j.forecasts[k].Band(targets)
			b.Low, b.High = b.Low[from:from+len(targets)], b.High[from:from+len(targets)]
			return b
		}
		c, err := forecast.Calibrate(method, j.data, band(j.split.Validation, first), band(j.split.Test, first+validates), h, j.stage.Level)
		if errors.Is(err, forecast.ErrFew) {
			j.env.Warn(fmt.Sprintf("no prediction intervals: %v", err))
			return nil
		}
		if err != nil {
			return err
		}
		low, high, kept.Margins = append(low, c.Low), append(high, c.High), append(kept.Margins, c.Margin)
	}
	j.low, j.high, j.fitted.Intervals, j.trial.Level = low, high, kept, j.stage.Level
	return nil
}

// validation is the root mean squared error of the validation targets over all horizons.
func (j *job) validation() (rmse float64, ok bool) {
	sum, n := 0.0, 0
	for _, f := range j.forecasts {
		for i, t := range j.split.Validation {
			e := j.data.Values[t] - f.Point[len(j.split.Train)+i]
			sum += float64(e * e)
			n++
		}
	}
	rmse = math.Sqrt(sum / float64(n))
	return rmse, n > 0 && !math.IsNaN(rmse) && !math.IsInf(rmse, 0)
}

// summary is the line behind the stage's name.
func (j *job) summary() string {
	s, h := j.stage, &j.history
	text := s.Model.Name
	switch {
	case s.Model.family() == networks:
		text = series.Count(len(h.Epochs), "epoch")
		if len(h.Epochs) < s.Epochs {
			text += fmt.Sprintf(" (stopped early, weights of epoch %d)", h.Kept)
		} else if h.Kept < len(h.Epochs) {
			text += fmt.Sprintf(" (weights of epoch %d)", h.Kept)
		}
	case h.Kept > 0:
		text = series.Count(h.Kept, "tree")
		if h.Kept < s.Model.Trees {
			text += " (stopped early)"
		}
	}
	if h.Kept > 0 && h.Kept <= len(h.Epochs) {
		if last := h.Epochs[h.Kept-1]; last.Loss != nil {
			text += fmt.Sprintf(", loss %.4g", *last.Loss)
			if last.Validation != nil {
				text += fmt.Sprintf(", validation %.4g", *last.Validation)
			}
		}
	}
	if s.Control != none {
		text += ", targets " + s.Control
	}
	if rmse, ok := j.validation(); ok {
		text += ", validation RMSE " + quantity(rmse, j.data.Unit)
	}
	return text + fmt.Sprintf("; %d train, %d validation, %d test", len(j.split.Train), len(j.split.Validation), len(j.split.Test))
}

// quantity is a value for people: 54.1 kB/s.
func quantity(v float64, unit string) string {
	english, err := locale.Of("en")
	if err != nil {
		return fmt.Sprintf("%.3g %s", v, unit)
	}
	return strings.ReplaceAll(english.Quantity(v, unit, 3), locale.NoBreak, " ")
}

// onnx writes the model for other programs, where ONNX can say it.
func (j *job) onnx() error {
	if j.stage.ONNX.Path == "" {
		return nil
	}
	data, err := j.fitted.ONNX()
	if errors.Is(err, predictor.ErrONNX) {
		j.env.Log.Info("no onnx", "error", err)
		return nil
	}
	if err != nil {
		return err
	}
	return os.WriteFile(j.stage.ONNX.Path, data, 0o666)
}

// skip leaves a trial without forecasts, so that the other trials of a sweep can still be compared. The reason is what history.json says: the same wherever the series lies.
func (j *job) skip(why error, reason string) error {
	j.targets, j.forecasts, j.trial.Guards = nil, nil, nil
	j.history = history{Epochs: []epoch{}, Reason: reason}
	j.env.Summarize("left out: " + why.Error())
	return j.write()
}

// write leaves the outputs that every trial has.
func (j *job) write() error {
	j.history.Trial = j.trial
	losses, err := json.MarshalIndent(&j.history, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(j.stage.Losses.Path, append(losses, '\n'), 0o666); err != nil {
		return err
	}
	p := &forecast.Predictions{Trial: j.trial}
	trains, validates := len(j.split.Train), len(j.split.Validation)
	for k, f := range j.forecasts {
		for i, t := range j.targets {
			part, low, high := forecast.Train, math.NaN(), math.NaN()
			switch test := i - trains - validates; {
			case test >= 0:
				part = forecast.Test
				if j.low != nil {
					low, high = j.low[k][test], j.high[k][test]
				}
			case i >= trains:
				part = forecast.Validation
			}
			p.Time, p.Horizon, p.Part = append(p.Time, j.data.Time[t]), append(p.Horizon, j.fitted.Horizons[k]), append(p.Part, part)
			p.Actual, p.Predicted = append(p.Actual, j.data.Values[t]), append(p.Predicted, f.Point[i])
			p.Low, p.High = append(p.Low, low), append(p.High, high)
		}
	}
	return forecast.WritePredictions(j.stage.Predictions.Path, p)
}
