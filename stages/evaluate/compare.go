package evaluate

import (
	"fmt"
	"math"
	"slices"

	"weir/internal/forecast"
)

// score fills what each run of a model scores on the field's targets and the means over its seeds.
func (f *field) score(m *model) {
	actual, checked := f.data.At(f.test), f.data.At(f.choosing())
	last := len(actual) - 1
	m.losses = make([]float64, len(actual))
	for i := range m.runs {
		r := &m.runs[i]
		r.errors = forecast.Errors(actual, r.forecast)
		r.score = forecast.Measure(actual, r.forecast, f.scale)
		r.without = mse(actual[:last], r.forecast[:last])
		r.lag = forecast.LagCopy(f.data, f.test, r.forecast, f.horizon)
		r.validation = math.NaN()
		if len(checked) > 0 && len(r.checked) == len(f.validate) {
			r.validation = mse(checked, r.checked[:len(checked)])
		}
		for k, e := range r.errors {
			m.losses[k] += float64(e * e)
		}
	}
	for k := range m.losses {
		m.losses[k] /= float64(len(m.runs))
	}
	m.test = m.mean(func(r run) float64 { return r.score.MSE })
	m.validation = m.mean(func(r run) float64 { return r.validation })
}

// choosing are the validation targets that models are chosen by: those of the first fold, as those of a later one test in an earlier one.
func (f *field) choosing() []int { return f.folds[0].validate }

// mean is over the seeds.
func (m *model) mean(of func(run) float64) float64 { return forecast.Mean(m.each(of)) }

func (m *model) each(of func(run) float64) []float64 {
	values := make([]float64, len(m.runs))
	for i, r := range m.runs {
		values[i] = of(r)
	}
	return values
}

// Rivals that every model is tested against, as the label against calls them.
const (
	againstNaive  = "naive"
	againstLinear = "linear"
)

var against = []string{againstNaive, againstLinear}

// opponent is the rival of that name, nil for none.
func (f *field) opponent(name string) *model {
	if name == againstLinear {
		return f.linear
	}
	return f.naive
}

// place ranks the models by their test error and compares each with naive and the linear rival.
func (f *field) place() {
	order := slices.DeleteFunc(slices.Clone(f.models), func(m *model) bool { return m.combined() })
	slices.SortStableFunc(order, func(a, b *model) int { return less(a.test, b.test) })
	for i, m := range order {
		m.rank = i + 1
	}
	for _, m := range f.models {
		m.against = map[string]forecast.Comparison{}
		m.holm = map[string]float64{}
		for _, name := range against {
			if rival := f.opponent(name); rival != nil && rival != m {
				m.against[name] = forecast.DieboldMarianoLoss(m.difference(rival), f.horizon)
			}
		}
	}
}

// less orders errors, what is not a number last.
func less(a, b float64) int {
	switch {
	case math.IsNaN(a) && math.IsNaN(b):
		return 0
	case math.IsNaN(b) || a < b:
		return -1
	case math.IsNaN(a) || a > b:
		return 1
	}
	return 0
}

// difference is how much more a rival loses at each target. The loss of a configuration at a target is the mean squared error over its seeds, so that
// it is the expected model that is tested, not an average of forecasts that nobody has.
func (m *model) difference(rival *model) []float64 { return forecast.Errors(rival.losses, m.losses) }

// decide corrects the p-values over the sweep and chooses: the configuration of the sweep and the best model of all.
func (c *contest) decide() {
	for _, f := range c.fields {
		for _, m := range f.models {
			if m.trained {
				c.sweep = append(c.sweep, m)
			}
		}
	}
	slices.SortStableFunc(c.sweep, func(a, b *model) int { return a.config.compare(b.config) })
	for _, rival := range against {
		p := make([]float64, len(c.sweep))
		for i, m := range c.sweep {
			p[i] = math.NaN()
			if d, ok := m.against[rival]; ok {
				p[i] = d.P
			}
		}
		for i, v := range forecast.Holm(p) {
			c.sweep[i].holm[rival] = v
		}
	}
	c.on = forecast.Test
	if c.protocol == forecast.Strict && len(c.fields[0].validate) > 0 {
		c.on = forecast.Validation
	}
	c.selected = least(c.sweep, c.choice)
	f := c.fields[0]
	if c.selected != nil {
		f = c.selected.field
	}
	candidates := slices.DeleteFunc(slices.Clone(f.models), func(m *model) bool { return m.trained && m != c.selected || m.combined() })
	c.best = least(candidates, c.choice)
	c.doubt()
}

// choice is the error that models are chosen by.
func (c *contest) choice(m *model) float64 {
	if c.on == forecast.Validation {
		return m.validation
	}
	return m.test
}

// least is the first model with the smallest error, nil for none.
func least(models []*model, of func(*model) float64) *model {
	if len(models) == 0 {
		return nil
	}
	return slices.MinFunc(models, func(a, b *model) int { return less(of(a), of(b)) })
}

// shown is the run of a model with the smallest error on the part that models are chosen by: the one that is drawn and kept.
func (c *contest) shown(m *model) *run {
	best := 0
	for i, r := range m.runs {
		if less(c.errorOf(r), c.errorOf(m.runs[best])) < 0 {
			best = i
		}
	}
	return &m.runs[best]
}

func (c *contest) errorOf(r run) float64 {
	if c.on == forecast.Validation {
		return r.validation
	}
	return r.score.MSE
}

// schedule is a training schedule of the sweep; a model without epochs is one of its own.
type schedule struct {
	epochs, batch int
	model         string // of a model without epochs
}

func (c config) schedule() schedule {
	if c.Epochs == 0 {
		return schedule{model: c.Model}
	}
	return schedule{epochs: c.Epochs, batch: c.Batch}
}

func (s schedule) String() string {
	if s.epochs == 0 {
		return s.model
	}
	return fmt.Sprintf("%dx%d", s.epochs, s.batch)
}

// schedules lists the sweep's schedules in its order, each with its best configuration.
func (c *contest) schedules() (list []schedule, best []*model) {
	for _, m := range c.sweep {
		if s := m.config.schedule(); !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	for _, s := range list {
		of := slices.DeleteFunc(slices.Clone(c.sweep), func(m *model) bool { return m.config.schedule() != s })
		best = append(best, least(of, c.choice))
	}
	return list, best
}
