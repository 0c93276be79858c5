package evaluate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"weir/internal/forecast"
	"weir/internal/series"
	"weir/stages"
)

// run is one set of forecasts: of one seed, or a baseline's.
type run struct {
	seed       int64
	trial      *trial    // nil for a baseline
	forecast   []float64 // at the field's test targets
	errors     []float64
	score      forecast.Score
	validation float64 // MSE on the validation targets; NaN: none
	without    float64 // MSE without the last target; NaN: that is the only one
	lag        forecast.Lag
}

// model is one competitor: a baseline or a configuration with all its seeds.
type model struct {
	config  config
	labels  []string // key, value, ...; without protocol
	trained bool
	runs    []run
	field   *field

	test, validation float64 // mean MSE over the seeds
	against          map[string]forecast.Comparison
	holm             map[string]float64
	rank             int
}

// field is what is compared on one set of targets: everything in strict, one look-back in published.
type field struct {
	protocol forecast.Protocol
	lookBack int // 0: all
	data     *forecast.Data
	end      int // the training part is rows [0, end)
	test     []int
	validate []int
	scale    float64 // MASE's
	models   []*model
	naive    *model
	ar       *model // nil where the training part is too short for it
}

// contest is the evaluation of one protocol.
type contest struct {
	protocol forecast.Protocol
	series   *series.Series
	data     *forecast.Data
	fields   []*field
	sweep    []*model // all trained models, in order
	selected *model   // of the sweep
	best     *model   // of the field of selected, baselines included
	on       string   // the part that selected and best were chosen on: validation or test
}

// prepare makes the fields of one protocol, with targets but without models.
func (e *Evaluate) prepare(s *series.Series, p forecast.Protocol, trials []*trial) (*contest, error) {
	column := e.Column
	if len(trials) > 0 && trials[0].p.Trial.Column != "" {
		of := trials[0].p.Trial.Column
		if column != "" && column != of {
			return nil, fmt.Errorf("column is %q, the trials (%s, ...) forecast %q", column, trials[0].from, of)
		}
		column = of
	}
	d, err := forecast.Prepare(s, p, column)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.Series.From, err)
	}
	c := &contest{protocol: p, series: s, data: d}
	if len(trials) == 0 {
		split, err := d.Split(p, 1, forecast.DefaultSplit)
		if errors.Is(err, forecast.ErrShort) || len(split.Test) < few { // there are no trials to agree with: any history will do
			split, err = d.Split(p, 1, forecast.SplitOptions{Test: forecast.DefaultSplit.Test, Validation: forecast.DefaultSplit.Validation, History: 1})
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Series.From, err)
		}
		c.fields = []*field{{protocol: p, data: d, end: split.End(), test: split.Test, validate: split.Validation}}
		return c, nil
	}
	for _, t := range trials {
		if err := t.place(d); err != nil {
			return nil, err
		}
	}
	groups := [][]*trial{trials}
	if p == forecast.Published {
		groups = byLookBack(trials)
	}
	for _, group := range groups {
		f := &field{protocol: p, data: d, test: common(group, forecast.Test), validate: common(group, forecast.Validation), end: group[0].trained()}
		for _, t := range group {
			f.end = min(f.end, t.trained())
		}
		if p == forecast.Published {
			f.lookBack = group[0].p.Trial.LookBack
		}
		if len(f.test) == 0 {
			return nil, fmt.Errorf("the %d trials of protocol %s (%s, ...) have no test target that all of them forecast", len(group), p, group[0].from)
		}
		f.add(group)
		c.fields = append(c.fields, f)
	}
	return c, nil
}

// byLookBack groups trials, smallest look-back first, keeping their order.
func byLookBack(trials []*trial) [][]*trial {
	var looks []int
	for _, t := range trials {
		if !slices.Contains(looks, t.p.Trial.LookBack) {
			looks = append(looks, t.p.Trial.LookBack)
		}
	}
	slices.Sort(looks)
	groups := make([][]*trial, len(looks))
	for _, t := range trials {
		i, _ := slices.BinarySearch(looks, t.p.Trial.LookBack)
		groups[i] = append(groups[i], t)
	}
	return groups
}

// add appends the trials, sorted by configuration and seed, as models.
func (f *field) add(trials []*trial) {
	varies := func(of func(forecast.Trial) float64) bool {
		return slices.ContainsFunc(trials, func(t *trial) bool { return of(t.p.Trial) != of(trials[0].p.Trial) })
	}
	rates := varies(func(t forecast.Trial) float64 { return t.LearningRate })
	patience := varies(func(t forecast.Trial) float64 { return float64(t.Patience) })
	for _, t := range trials {
		c := configOf(t.p.Trial)
		m := &model{config: c, field: f, trained: !slices.Contains(baselines, c.Model)}
		if last := len(f.models) - 1; last >= 0 && f.models[last].config == c {
			m = f.models[last]
		} else {
			m.labels = labels(c, m.trained)
			if rates && m.trained {
				m.labels = append(m.labels, "learning_rate", strconv.FormatFloat(c.LearningRate, 'g', -1, 64))
			}
			if patience && m.trained {
				m.labels = append(m.labels, "patience", text(c.Patience))
			}
			f.models = append(f.models, m)
		}
		r := run{seed: t.p.Trial.Seed, trial: t, forecast: t.at(forecast.Test, f.test)}
		r.validation = math.NaN()
		if len(f.validate) > 0 {
			r.validation = mse(f.data.At(f.validate), t.at(forecast.Validation, f.validate))
		}
		m.runs = append(m.runs, r)
	}
}

// labels are what tells a model from the others of its field.
func labels(c config, trained bool) []string {
	l := []string{"model", c.Model}
	option := func(name string, v int) {
		if v != 0 {
			l = append(l, name, text(v))
		}
	}
	option("order", c.Order)
	option("period", c.Period)
	option("window", c.Window)
	if trained {
		option("units", c.Units)
		option("look_back", c.LookBack)
		option("epochs", c.Epochs)
		option("batch", c.Batch)
	}
	return l
}

// rivals lists the baselines of a field, the one with the role of "ar" among them.
func (e *Evaluate) rivals(f *field) []config {
	list := []config{
		{Model: "naive"}, {Model: "drift"}, {Model: "mean"}, {Model: "seasonal_naive", Period: e.Season}, {Model: "moving_average", Window: e.Window},
		{Model: "ses"}, {Model: "holt"}, {Model: "ar", Order: e.Order},
	}
	if f.lookBack != 0 && f.lookBack != e.Order {
		list = append(list, config{Model: "ar", Order: f.lookBack})
	}
	return list
}

// compete adds the baselines in front of the trained models and scores everything. A baseline that cannot forecast each target is left out with a warning.
func (e *Evaluate) compete(ctx context.Context, env *stages.Env, f *field) error {
	var first []*model
	known := func(c config) bool {
		return slices.ContainsFunc(first, func(m *model) bool {
			o := m.config
			return c.Model == o.Model && c.Order == o.Order && c.Period == o.Period && c.Window == o.Window
		})
	}
	for _, c := range e.rivals(f) {
		if err := ctx.Err(); err != nil {
			return err
		}
		m, why := f.baseline(c)
		if why != "" {
			env.Warn(fmt.Sprintf("%s: %s is left out: %s", f, name(c), why))
			continue
		}
		first = append(first, m)
		if c.Model == "naive" {
			f.naive = m
		}
		if c.Model == "ar" && c.Order == e.Order {
			f.ar = m
		}
	}
	if f.naive == nil {
		return fmt.Errorf("%s: the last value is no forecast for every test target: a target needs a row before it", f)
	}
	var trained []*model
	for _, m := range f.models {
		switch {
		case m.trained:
			trained = append(trained, m)
		case !known(m.config): // a trial of a baseline with other options
			m.config.LookBack = 0
			first = append(first, m)
		}
	}
	f.models = append(first, trained...)
	f.scale = forecast.MASEScale(f.data, f.end, e.MASE)
	for _, m := range f.models {
		f.score(m)
	}
	f.place()
	return nil
}

// warn says when one target decides the squared errors, as a partial second at the end of a capture does.
func (f *field) warn(env *stages.Env) {
	if i := f.hardest(); len(f.test) >= few && f.share(i) >= 0.25 {
		env.Warn(fmt.Sprintf("%s: one of %d targets, %s, makes %.0f %% of the last value's squared error: squared errors and tests hang on it",
			f, len(f.test), instant(f.data.Time[f.test[i]]), 100*f.share(i)))
	}
}

func (f *field) String() string {
	if f.lookBack != 0 {
		return fmt.Sprintf("protocol %s, look-back %d", f.protocol, f.lookBack)
	}
	return "protocol " + string(f.protocol)
}

// baseline forecasts the field's targets, or says why it cannot.
func (f *field) baseline(c config) (*model, string) {
	b, err := forecast.Model{Name: c.Model, Order: c.Order, Period: c.Period, Window: c.Window}.Fit(f.data, forecast.Rows(0, f.end), []int{1})
	if err != nil {
		return nil, err.Error()
	}
	values := b.Forecast(f.data, f.test, 1)
	if n := missing(values); n > 0 {
		return nil, fmt.Sprintf("%d of %d targets have too little history in their segment", n, len(values))
	}
	r := run{forecast: values, validation: math.NaN()}
	if len(f.validate) > 0 {
		values = b.Forecast(f.data, f.validate, 1)
		if missing(values) == 0 {
			r.validation = mse(f.data.At(f.validate), values)
		}
	}
	return &model{config: c, labels: labels(c, false), runs: []run{r}, field: f}, ""
}

func missing(values []float64) (n int) {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			n++
		}
	}
	return n
}

func mse(actual, predicted []float64) float64 {
	return forecast.SumSquares(forecast.Errors(actual, predicted)) / float64(len(actual))
}
