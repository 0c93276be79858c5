package forecast

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"weir/internal/table"
)

// Trial says which model, with which options, made a file of predictions. It is the JSON in the metadata "weir.trial" of predictions.parquet and
// in the header of history.json. Its numbers are finite: JSON has no others.
type Trial struct {
	Model        string             `json:"model"` // lstm, naive, drift, mean, seasonal_naive, moving_average, ar, ses, holt, or any other name
	LookBack     int                `json:"look_back"`
	Units        int                `json:"units,omitempty"`
	Layers       int                `json:"layers,omitempty"`        // networks; 0 and 1 are one
	Both         bool               `json:"bidirectional,omitempty"` // networks
	Order        int                `json:"order,omitempty"`         // ar
	Period       int                `json:"period,omitempty"`        // seasonal_naive
	Window       int                `json:"window,omitempty"`        // moving_average
	Epochs       int                `json:"epochs,omitempty"`
	Batch        int                `json:"batch,omitempty"`
	LearningRate float64            `json:"learning_rate,omitempty"`
	Patience     int                `json:"patience,omitempty"`   // 0: no early stop
	Options      []Option           `json:"options,omitempty"`    // all others that make it another configuration, in the order of train's documentation, defaults left out
	Covariates   []string           `json:"covariates,omitempty"` // as asked for
	Horizons     []int              `json:"horizons,omitempty"`   // increasing; none: 1
	Level        float64            `json:"level,omitempty"`      // nominal coverage of low to high; 0: no intervals
	TrainedOn    string             `json:"trained_on,omitempty"` // name of another series that it was trained on
	Control      string             `json:"control,omitempty"`    // not a competitor but a check of the procedure: "shuffled" targets
	Guards       []Guard            `json:"guards,omitempty"`     // checks for leaks that train made
	Seed         int64              `json:"seed"`
	Protocol     Protocol           `json:"protocol"`
	Column       string             `json:"column"`
	Unit         string             `json:"unit"`
	StepNS       int64              `json:"step_ns"`
	Split        SplitOptions       `json:"split"`
	Parameters   map[string]float64 `json:"parameters,omitempty"` // what was fitted, for people; not part of the configuration
}

// Option is a setting as a person would write it.
type Option struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Guard is the verdict of a check for leaks.
type Guard struct {
	Name   string `json:"name"` // scaler, future_poison, ...
	Passed bool   `json:"passed"`
	Count  int    `json:"count"` // how many forecasts, values ... were checked
}

// Parts of a split, the values of Predictions.Part.
const (
	Train      = "train"
	Validation = "validation"
	Test       = "test"
)

// Predictions are one trial's forecasts in the unit of the series: for each horizon, smallest first, one row a target, by time. All slices have the same length.
type Predictions struct {
	Trial     Trial
	Time      []int64   // start of the target's interval, ns UTC
	Horizon   []int     // steps ahead: the forecast sees nothing later than Time - Horizon steps
	Actual    []float64 // the series' value, not a rescaled one
	Predicted []float64 // NaN: no forecast
	Low, High []float64 // prediction interval; nil or NaN: none
	Part      []string  // Train, Validation or Test
}

// TrialKey is the metadata key of the trial's JSON.
const TrialKey = "weir.trial"

// maxTrial bounds the metadata that is parsed, in bytes.
const maxTrial = 1 << 20

// WritePredictions writes predictions.parquet: time, horizon, actual, predicted, low, high, part; NaN becomes null.
func WritePredictions(path string, p *Predictions) error {
	n := len(p.Time)
	low, high := p.Low, p.High
	if low == nil {
		low = missing(n)
	}
	if high == nil {
		high = missing(n)
	}
	if len(p.Horizon) != n || len(p.Actual) != n || len(p.Predicted) != n || len(low) != n || len(high) != n || len(p.Part) != n {
		return fmt.Errorf("predictions: columns of different length (time has %d)", n)
	}
	trial, err := json.Marshal(p.Trial)
	if err != nil {
		return fmt.Errorf("predictions: trial: %w", err)
	}
	horizon := make([]int64, n)
	for i, h := range p.Horizon {
		horizon[i] = int64(h)
	}
	unit := p.Trial.Unit
	return table.Write(path, &table.Table{
		Columns: []table.Column{
			{Name: "time", Type: table.Timestamp, Ints: p.Time},
			{Name: "horizon", Type: table.Uint16, Ints: horizon},
			floats("actual", unit, p.Actual),
			floats("predicted", unit, p.Predicted),
			floats("low", unit, low),
			floats("high", unit, high),
			{Name: "part", Type: table.Text, Texts: p.Part},
		},
		Meta: map[string]string{TrialKey: string(trial)},
	})
}

// floats is a nullable column in which NaN is null.
func floats(name, unit string, values []float64) table.Column {
	c := table.Column{Name: name, Unit: unit, Type: table.Float64, Nullable: true, Floats: make([]float64, len(values)), Null: make([]bool, len(values))}
	for i, v := range values {
		if c.Null[i] = math.IsNaN(v); !c.Null[i] {
			c.Floats[i] = v
		}
	}
	return c
}

func missing(n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = math.NaN()
	}
	return values
}

// ReadPredictions reads what WritePredictions, or anybody's own program, wrote: low and high may be missing, a missing horizon is 1. The trial, increasing
// times (of each horizon), known parts and finite actual values are required. Errors name the file.
func ReadPredictions(path string) (*Predictions, error) {
	t, err := table.Read(path)
	if err != nil {
		return nil, err
	}
	p, err := predictions(t)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

func predictions(t *table.Table) (*Predictions, error) {
	p := &Predictions{}
	text, ok := t.Meta[TrialKey]
	if !ok {
		return nil, fmt.Errorf("no %q in the file's metadata: not the predictions of a trial", TrialKey)
	}
	if len(text) > maxTrial {
		return nil, fmt.Errorf("%s has %d bytes, expected at most %d", TrialKey, len(text), maxTrial)
	}
	d := json.NewDecoder(strings.NewReader(text))
	if err := d.Decode(&p.Trial); err != nil {
		return nil, fmt.Errorf("%s: %w", TrialKey, err)
	}
	if p.Trial.Protocol != Published && p.Trial.Protocol != Strict {
		return nil, fmt.Errorf("%s: protocol %q, expected published or strict", TrialKey, string(p.Trial.Protocol))
	}
	if p.Trial.Model == "" || len(p.Trial.Model) > 64 {
		return nil, fmt.Errorf("%s: model %.64q, expected a name of at most 64 bytes", TrialKey, p.Trial.Model)
	}
	times, err := t.Column("time")
	if err != nil {
		return nil, err
	}
	part, err := t.Column("part")
	if err != nil {
		return nil, err
	}
	n := t.Rows()
	if len(times.Ints) != n || len(part.Texts) != n {
		return nil, fmt.Errorf("columns time and part: expected a timestamp and a text for each of the %d rows", n)
	}
	if p.Actual, err = readFloats(t, "actual"); err != nil {
		return nil, err
	}
	if p.Predicted, err = readFloats(t, "predicted"); err != nil {
		return nil, err
	}
	p.Time, p.Part, p.Low, p.High, p.Horizon = times.Ints, part.Texts, missing(n), missing(n), make([]int, n)
	for i := range p.Horizon {
		p.Horizon[i] = 1
	}
	for _, c := range t.Columns {
		switch {
		case c.Name == "low" && len(c.Floats) == n:
			p.Low, err = readFloats(t, "low")
		case c.Name == "high" && len(c.Floats) == n:
			p.High, err = readFloats(t, "high")
		case c.Name == "horizon" && len(c.Ints) == n:
			for i, h := range c.Ints {
				p.Horizon[i] = int(h)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return p, p.check()
}

func readFloats(t *table.Table, name string) ([]float64, error) {
	c, err := t.Column(name)
	if err != nil {
		return nil, err
	}
	if len(c.Floats) != t.Rows() {
		return nil, fmt.Errorf("column %s: expected a float64 in each of the %d rows", name, t.Rows())
	}
	values := make([]float64, len(c.Floats))
	for i, v := range c.Floats {
		values[i] = v
		if c.Null != nil && c.Null[i] {
			values[i] = math.NaN()
		}
	}
	return values, nil
}

func (p *Predictions) check() error {
	for i, t := range p.Time {
		same := i > 0 && p.Horizon[i] == p.Horizon[i-1] && (p.Trial.TrainedOn == "" || (p.Part[i] == Test) == (p.Part[i-1] == Test))
		switch {
		case i > 0 && p.Horizon[i] < p.Horizon[i-1] || p.Horizon[i] < 1:
			return fmt.Errorf("row %d: horizon %d after %d: expected rows by horizon, the smallest (at least 1) first", i+1, p.Horizon[i], p.Horizon[max(i-1, 0)])
		case same && t <= p.Time[i-1]: // the test part may be of another series than the rest
			return fmt.Errorf("row %d: time does not increase", i+1)
		case math.IsNaN(p.Actual[i]) || math.IsInf(p.Actual[i], 0):
			return fmt.Errorf("row %d: no actual value", i+1)
		case p.Part[i] != Train && p.Part[i] != Validation && p.Part[i] != Test:
			return fmt.Errorf("row %d: part %.40q, expected train, validation or test", i+1, p.Part[i])
		}
	}
	return nil
}
