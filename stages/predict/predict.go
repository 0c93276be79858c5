// Package predict is the stage kind "predict": it applies a model that train left to a series, the one it was trained on or another, and writes forecasts with intervals. It fits nothing and
// scores nothing.
//
//	weir do predict model=m/model.weir series=s.parquet -o out
//
// The series is prepared as it was for the training (protocol, column, covariates: all in the model). Forecasts are for what comes after its last row (targets = "future"), or from every row that has
// enough before it (targets = "all"): on the series that the model was trained on, those of its test part equal the trial's own to the bit.
//
// Intervals have the margins that train calibrated: of an adaptive trial, those at the end of its test part; they do not adapt here.
//
// # Output
//
// predictions.parquet: by horizon, then time: time (of the forecast interval), horizon (steps), actual (null where it is not known yet), predicted, low, high (null without intervals). The metadata weir.trial says
// which model it was.
package predict

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"weir/internal/forecast"
	"weir/internal/locale"
	"weir/internal/modelfile"
	"weir/internal/predictor"
	"weir/internal/series"
	"weir/internal/table"
	"weir/stages"
)

// Version changes when the same inputs would give other bytes.
const Version = 1

// Predict is the stage's interface.
type Predict struct {
	Model  stages.Input `hcl:"model" doc:"model.weir, from train or evaluate"`
	Series stages.Input `hcl:"series" doc:"the series to forecast: the model's interval and column"`

	Targets  string `hcl:"targets,optional" enum:"future all" doc:"future: what comes after the last row; all: from every row that has enough before it"`
	Horizons []int  `hcl:"horizons,optional" doc:"steps ahead, increasing; default: the model's. Others can be had of recursive and smoothing models"`
	Last     int    `hcl:"last,optional" doc:"only forecasts made at the last so many rows; 0: no limit (all)"`
	From     string `hcl:"from,optional" doc:"only forecasts made at or after this time, such as 2007-01-25T05:00:00Z (all)"`

	Predictions stages.Output `hcl:"predictions" file:"predictions.parquet" doc:"time, horizon, actual, predicted, low, high"`
}

// Kind is the row of the table of kinds.
func Kind() stages.Kind {
	return stages.Kind{
		Name: "predict", Version: Version,
		Summary: "apply a trained model to a series: forecasts with intervals",
		New:     func() stages.Stage { return &Predict{Targets: "future"} },
	}
}

// Validate implements stages.Validator.
func (s *Predict) Validate() error {
	if len(s.Horizons) > 0 {
		if err := predictor.CheckHorizons(s.Horizons); err != nil {
			return &stages.OptionError{Option: "horizons", Message: err.Error()}
		}
	}
	if s.Last < 0 {
		return &stages.OptionError{Option: "last", Message: fmt.Sprintf("%d, expected 0 or more", s.Last)}
	}
	if _, err := s.from(); err != nil {
		return err
	}
	return nil
}

func (s *Predict) from() (int64, error) {
	if s.From == "" {
		return math.MinInt64, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s.From)
	if err != nil {
		return 0, &stages.OptionError{Option: "from", Message: fmt.Sprintf("%.40q is no time: write it as 2007-01-25T05:00:00Z", s.From)}
	}
	if t.Year() < 1700 || t.Year() > 2200 {
		return 0, &stages.OptionError{Option: "from", Message: fmt.Sprintf("%.40q: expected a year from 1700 to 2200", s.From)}
	}
	return t.UnixNano(), nil
}

// Run implements stages.Stage.
func (s *Predict) Run(ctx context.Context, env *stages.Env) error {
	if err := s.Validate(); err != nil {
		return err
	}
	m, err := s.read(env)
	if err != nil {
		return err
	}
	all, err := series.Read(s.Series.Path)
	if err != nil {
		return fmt.Errorf("%s: %w", s.Series.From, err)
	}
	horizons := s.Horizons
	if len(horizons) == 0 {
		horizons = m.Horizons
	}
	d, rows, err := prepare(all, m, horizons[len(horizons)-1])
	if err != nil {
		return fmt.Errorf("%s: %w", s.Series.From, err)
	}
	warning, err := compareScales(m, d.Head(rows))
	if err != nil {
		return fmt.Errorf("%s: %w", s.Series.From, err)
	}
	if warning != "" {
		env.Warn(warning)
	}
	out, err := s.forecast(ctx, m, d, rows, horizons)
	if err != nil {
		return fmt.Errorf("%s: %w", s.Series.From, err)
	}
	if len(out.time) == 0 {
		return fmt.Errorf("%s: no row has enough points before it for %s: %s", s.Series.From, m.Trial.Model, needs(m, horizons))
	}
	env.Summarize(out.summary(m, d.Unit))
	return out.write(s.Predictions.Path, m)
}

// read restores the model.
func (s *Predict) read(env *stages.Env) (*predictor.Fitted, error) {
	file, err := modelfile.Read(s.Model.Path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Model.From, err)
	}
	m, err := predictor.Of(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Model.From, err)
	}
	if n, ok := m.Model.(*predictor.Network); ok {
		n.Workers = env.Workers
	}
	return m, nil
}

// prepare makes the data as the training saw them, and behind their rows those of the times to come, with covariates where these are known and ones elsewhere: no forecast sees a one.
func prepare(all *series.Series, m *predictor.Fitted, far int) (d *forecast.Data, rows int, err error) {
	if all.Step != time.Duration(m.Trial.StepNS) {
		return nil, 0, fmt.Errorf("the series has an interval of %s, the model was trained on %s: aggregate with every = %q", series.Interval(all.Step), series.Interval(m.Trial.StepNS), series.Interval(m.Trial.StepNS))
	}
	known, err := forecast.Prepare(all, m.Trial.Protocol, m.Features[0], m.Trial.Covariates...)
	if err != nil {
		return nil, 0, err
	}
	if known.Unit != m.Trial.Unit && known.Unit != "" && m.Trial.Unit != "" {
		return nil, 0, fmt.Errorf("column %s is in %s, the model was trained on %s", known.Column, known.Unit, m.Trial.Unit)
	}
	rows = known.Len()
	if d, err = forecast.Prepare(future(all, known.Time[rows-1], far), m.Trial.Protocol, m.Features[0], m.Trial.Covariates...); err != nil {
		return nil, 0, err
	}
	if d.Len() != rows+far {
		return nil, 0, fmt.Errorf("%d rows to forecast from, %d with those to come: expected %d", rows, d.Len(), rows+far)
	}
	return d, rows, nil
}

// future is the series up to the row of a time, and further rows of ones.
func future(all *series.Series, last int64, far int) *series.Series {
	n, _ := slices.BinarySearch(all.Time, last)
	f := &series.Series{Step: all.Step, Time: slices.Clone(all.Time[:n+1]), Coverage: slices.Clone(all.Coverage[:n+1])}
	for _, c := range all.Columns {
		values := slices.Clone(c.Values[:n+1])
		for range far {
			values = append(values, 1)
		}
		f.Columns = append(f.Columns, series.Column{Name: c.Name, Unit: c.Unit, Values: values})
	}
	for k := range far {
		f.Time, f.Coverage = append(f.Time, last+int64(k+1)*int64(all.Step)), append(f.Coverage, 1)
	}
	return f
}

// Bounds of a scale, in ranges of the training part.
const (
	farScale  = 1    // beyond: a warning
	wildScale = 1000 // beyond: an error
)

// compareScales says whether the series has the size of what the model was trained on.
func compareScales(m *predictor.Fitted, d *forecast.Data) (warning string, err error) {
	if len(m.Scalers) == 0 {
		return "", nil
	}
	was, is := m.Scalers[0], forecast.FitScaler(d.Values)
	span := was.Max - was.Min
	if span == 0 {
		span = max(1, math.Abs(was.Max))
	}
	ranges := fmt.Sprintf("the series goes from %s to %s, the model was trained on %s to %s", quantity(is.Min, d.Unit), quantity(is.Max, d.Unit), quantity(was.Min, d.Unit), quantity(was.Max, d.Unit))
	switch beyond := max(was.Min-is.Min, is.Max-was.Max) / span; {
	case beyond > wildScale:
		return "", fmt.Errorf("%s: is this another unit?", ranges)
	case beyond > farScale:
		return ranges + ": forecasts so far outside are guesses", nil
	case is.Max-is.Min < span/wildScale:
		return ranges + ": is this another unit?", nil
	}
	return "", nil
}

// forecasts are the columns of the output.
type forecasts struct {
	time                         []int64
	horizon                      []int64
	actual, predicted, low, high []float64
}

// forecast asks the model, horizon by horizon.
func (s *Predict) forecast(ctx context.Context, m *predictor.Fitted, d *forecast.Data, rows int, horizons []int) (*forecasts, error) {
	from, err := s.from()
	if err != nil {
		return nil, err
	}
	first := 0 // origin
	if s.Last > 0 {
		first = max(0, rows-s.Last)
	}
	for first < rows && d.Time[first] < from {
		first++
	}
	if s.Targets == "future" {
		first = rows - 1
	}
	if first == rows {
		return nil, fmt.Errorf("no row at or after %s; the last is of %s", s.From, time.Unix(0, d.Time[rows-1]).UTC().Format(time.RFC3339Nano))
	}
	out := &forecasts{}
	for _, h := range horizons {
		targets := forecast.Rows(first+h, rows+h)
		f, err := m.Forecast(ctx, d, targets, []int{h})
		if err != nil {
			return nil, err
		}
		margin, bounded := m.Margin(h)
		band := f[0].Band(targets)
		for i, t := range targets {
			v := f[0].Point[i]
			if math.IsNaN(v) && !slices.Contains(m.Horizons, h) {
				return nil, fmt.Errorf("%s gives no forecast %s ahead: it was fitted for horizons %v", m.Trial.Model, series.Count(h, "step"), m.Horizons)
			}
			if math.IsNaN(v) && s.Targets == "future" {
				return nil, fmt.Errorf("%s gives no forecast %s after the last row: %s", m.Trial.Model, series.Count(h, "step"), needs(m, horizons))
			}
			if math.IsNaN(v) || math.IsInf(v, 0) {
				continue
			}
			actual, low, high := math.NaN(), math.NaN(), math.NaN()
			if t < rows {
				actual = d.Values[t]
			}
			if bounded {
				low, high = forecast.Widen(band.Low[i], band.High[i], margin)
			}
			out.time, out.horizon = append(out.time, d.Time[t]), append(out.horizon, int64(h))
			out.actual, out.predicted, out.low, out.high = append(out.actual, actual), append(out.predicted, v), append(out.low, low), append(out.high, high)
		}
	}
	return out, nil
}

// needs says what a model wants.
func needs(m *predictor.Fitted, horizons []int) string {
	text := fmt.Sprintf("the model was fitted for horizons %v", m.Horizons)
	points := m.LookBack
	if l, ok := m.Model.(*predictor.Linear); ok {
		points = l.Fitted.Needs()
	}
	return text + fmt.Sprintf(" and needs %d points without a gap before the first, %d with horizon %d", points, points+horizons[len(horizons)-1]-1, horizons[len(horizons)-1])
}

func (f *forecasts) summary(m *predictor.Fitted, unit string) string {
	text := fmt.Sprintf("%s: %s; the first %s", m.Trial.Model, series.Count(len(f.time), "forecast"), quantity(f.predicted[0], unit))
	if !math.IsNaN(f.low[0]) {
		text += fmt.Sprintf(" (%s to %s, %g %%)", quantity(f.low[0], unit), quantity(f.high[0], unit), 100*m.Intervals.Level)
	}
	return text + " at " + time.Unix(0, f.time[0]).UTC().Format("2006-01-02 15:04:05.999 UTC")
}

// quantity is a value for people: 54.1 kB/s.
func quantity(v float64, unit string) string {
	english, err := locale.Of("en")
	if err != nil {
		return fmt.Sprintf("%.3g %s", v, unit)
	}
	return strings.ReplaceAll(english.Quantity(v, unit, 3), locale.NoBreak, " ")
}

func (f *forecasts) write(path string, m *predictor.Fitted) error {
	trial, err := json.Marshal(m.Trial)
	if err != nil {
		return err
	}
	column := func(name string, values []float64) table.Column {
		c := table.Column{Name: name, Unit: m.Trial.Unit, Type: table.Float64, Nullable: true, Floats: slices.Clone(values), Null: make([]bool, len(values))}
		for i, v := range values {
			if math.IsNaN(v) {
				c.Floats[i], c.Null[i] = 0, true
			}
		}
		return c
	}
	return table.Write(path, &table.Table{
		Columns: []table.Column{
			{Name: "time", Type: table.Timestamp, Ints: f.time}, {Name: "horizon", Type: table.Uint16, Ints: f.horizon},
			column("actual", f.actual), column("predicted", f.predicted), column("low", f.low), column("high", f.high),
		},
		Meta: map[string]string{forecast.TrialKey: string(trial)},
	})
}
