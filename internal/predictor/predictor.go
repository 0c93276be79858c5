// Package predictor is a fitted forecaster of any family, network, linear model or trees, behind one method, and its way into model.weir and back. stages/train makes one, looks for leaks in it
// and keeps it; stages/predict reads it. It fits nothing.
//
// What a Model gives is the same before and after the file, to the bit, on every machine and for every number of workers.
package predictor

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"weir/internal/forecast"
	"weir/internal/modelfile"
)

// Model forecasts.
type Model interface {
	// Forecast gives x[t] for each target (increasing) at each horizon, from x[..t-h] and what a forecast at horizon h may see of the covariates. A forecast without enough history in t's segment
	// is NaN. d is as the model was fitted to it: same column, same covariates. A horizon that the model does not have is an error.
	Forecast(ctx context.Context, d *forecast.Data, targets, horizons []int) ([]Forecast, error)
	// save fills the parts of a file that belong to the family.
	save(f *modelfile.File) error
}

// Forecast is that of one horizon, one value for each target, in the unit of the series. Low and High are the lowest and highest quantile of a model that has some, else nil.
type Forecast struct {
	Point, Low, High []float64
}

// Band is the forecast's range before calibration: its quantiles, or twice the forecast.
func (f *Forecast) Band(targets []int) forecast.Band {
	if f.Low == nil {
		return forecast.Band{Targets: targets, Low: f.Point, High: f.Point}
	}
	return forecast.Band{Targets: targets, Low: f.Low, High: f.High}
}

// Fitted is a model with what is needed to apply it to another series.
type Fitted struct {
	Model
	Trial     forecast.Trial
	Horizons  []int // that it was fitted for
	Strategy  string
	LookBack  int
	Scalers   []forecast.Scaler // the range of x and of each covariate that training saw
	Features  []string          // the column and the covariates
	Intervals *modelfile.Intervals
}

// File is the model as model.weir keeps it.
func (m *Fitted) File() (*modelfile.File, error) {
	trial, err := json.Marshal(m.Trial)
	if err != nil {
		return nil, err
	}
	f := &modelfile.File{Header: modelfile.Header{
		Model: m.Trial.Model, LookBack: m.LookBack, Features: m.Features, Unit: m.Trial.Unit, StepNS: m.Trial.StepNS, Horizons: m.Horizons,
		Strategy: m.Strategy, Covariates: m.Trial.Covariates, Intervals: m.Intervals, Trial: trial,
	}}
	for _, s := range m.Scalers {
		f.Header.Scalers = append(f.Header.Scalers, modelfile.Scaler(s))
	}
	return f, m.save(f)
}

// Of makes the model of a file. Files come from anywhere: what does not fit is an error that wraps modelfile.ErrFormat.
func Of(f *modelfile.File) (*Fitted, error) {
	m, err := of(f)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", modelfile.ErrFormat, err)
	}
	return m, nil
}

func of(f *modelfile.File) (*Fitted, error) {
	h := &f.Header
	m := &Fitted{Horizons: h.Horizons, Strategy: h.Strategy, LookBack: h.LookBack, Features: h.Features, Intervals: h.Intervals}
	if err := json.Unmarshal(h.Trial, &m.Trial); err != nil {
		return nil, fmt.Errorf("trial: %w", err)
	}
	if m.Horizons == nil {
		m.Horizons = []int{1}
	}
	if m.Strategy != "" && m.Strategy != forecast.Recursive && m.Strategy != forecast.Direct {
		return nil, fmt.Errorf("strategy %.40q", m.Strategy)
	}
	if err := m.check(h); err != nil {
		return nil, err
	}
	var err error
	switch h.Model {
	case Boosting, Forest:
		m.Model, err = treesOf(f, m)
	default:
		if len(h.Tensors) > 0 {
			m.Model, err = networkOf(f, m)
		} else {
			m.Model, err = linearOf(f, m)
		}
	}
	return m, err
}

func (m *Fitted) check(h *modelfile.Header) error {
	if err := CheckHorizons(m.Horizons); err != nil {
		return err
	}
	switch {
	case m.Trial.Protocol != forecast.Strict && m.Trial.Protocol != forecast.Published:
		return fmt.Errorf("protocol %.40q", string(m.Trial.Protocol))
	case len(h.Features) == 0 || h.StepNS <= 0 || m.Trial.Column != h.Features[0] || m.Trial.StepNS != h.StepNS:
		return fmt.Errorf("features %.200q and a step of %d ns for a trial of column %.80q and %d ns", h.Features, h.StepNS, m.Trial.Column, m.Trial.StepNS)
	case h.LookBack < 1 || h.LookBack > MaxLookBack:
		return fmt.Errorf("look_back %d: expected 1 to %d", h.LookBack, MaxLookBack)
	case len(h.Scalers) != 0 && len(h.Scalers) != len(h.Features):
		return fmt.Errorf("%d scalers for %d features", len(h.Scalers), len(h.Features))
	case m.Intervals != nil && (len(m.Intervals.Margins) != len(m.Horizons) || !(m.Intervals.Level > 0 && m.Intervals.Level < 1)):
		return fmt.Errorf("intervals of level %v with %d margins for %d horizons", m.Intervals.Level, len(m.Intervals.Margins), len(m.Horizons))
	}
	for _, s := range h.Scalers {
		if !(s.Min <= s.Max) || math.IsInf(s.Max-s.Min, 0) {
			return fmt.Errorf("scaler from %v to %v", s.Min, s.Max)
		}
		m.Scalers = append(m.Scalers, forecast.Scaler(s))
	}
	return nil
}

// MaxLookBack bounds the points that a model sees.
const MaxLookBack = 4096

// CheckHorizons says what is wrong with a list of horizons.
func CheckHorizons(horizons []int) error {
	if len(horizons) == 0 || len(horizons) > forecast.MaxHorizon {
		return fmt.Errorf("%d of them: expected 1 to %d horizons", len(horizons), forecast.MaxHorizon)
	}
	for i, h := range horizons {
		if h < 1 || h > forecast.MaxHorizon || i > 0 && h <= horizons[i-1] {
			return fmt.Errorf("%v: expected increasing horizons from 1 to %d", horizons, forecast.MaxHorizon)
		}
	}
	return nil
}

func missing(n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = math.NaN()
	}
	return values
}

// Margin is what the interval at horizon h reaches beyond the forecast's band; false where there is none.
func (m *Fitted) Margin(h int) (margin float64, ok bool) {
	i := slices.Index(m.Horizons, h)
	if m.Intervals == nil || i < 0 {
		return 0, false
	}
	return m.Intervals.Margins[i], true
}
