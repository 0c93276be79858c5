package evaluate

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"weir/internal/forecast"
)

// rivals lists the baselines of a field. Those that published documents do not have stand beside strict ones only.
func (e *Evaluate) rivals(f *field) []config {
	list := []config{
		{Model: "naive"}, {Model: "drift"}, {Model: "mean"}, {Model: "seasonal_naive", Period: e.Season}, {Model: "moving_average", Window: e.Window},
		{Model: "ses"}, {Model: "holt"}, {Model: "ar", Order: e.Order},
	}
	if f.lookBack != 0 && f.lookBack != e.Order {
		list = append(list, config{Model: "ar", Order: f.lookBack})
	}
	if f.protocol == forecast.Strict {
		for _, c := range []config{{Model: "ridge", Order: ridgeOrder}, {Model: "theta"}, {Model: "auto", Period: e.Season}} {
			if slices.Contains(forecast.Models, c.Model) {
				list = append(list, c)
			}
		}
	}
	return list
}

// usualLevel is the nominal coverage of the baselines' intervals where no trial has any.
const usualLevel = 0.9

// ridgeOrder is the order of the ridge baseline: longer than least squares would bear on a short capture.
const ridgeOrder = 60

// compete adds the baselines in front of the trained models, and the ensemble behind them, and scores everything. A baseline that cannot forecast each target is left out.
func (e *Evaluate) compete(ctx context.Context, f *field) error {
	var first []*model
	known := func(c config) bool {
		return slices.ContainsFunc(first, func(m *model) bool {
			o := m.config
			return c.Model == o.Model && c.Order == o.Order && c.Period == o.Period && c.Window == o.Window && c.Options == o.Options && c.Covariates == o.Covariates
		})
	}
	for _, c := range e.rivals(f) {
		if err := ctx.Err(); err != nil {
			return err
		}
		m, why := f.baseline(c)
		if why != "" {
			f.left = append(f.left, fmt.Sprintf("%s is left out: %s", name(c), why))
			continue
		}
		first = append(first, m)
		if c.Model == "naive" {
			f.naive = m
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
	f.scale = forecast.MASEScale(f.data, f.folds[0].end, e.MASE)
	for _, m := range f.models {
		f.score(m)
	}
	f.linear = f.rival(e.Order)
	if m := f.combine(); m != nil {
		f.score(m)
		f.models = append(f.models, m)
	}
	f.blocks = forecast.NewBlocks(len(f.test), forecast.BlockLength(len(f.test), f.horizon), replicates, uint64(f.horizon))
	f.place()
	return nil
}

// replicates of the bootstrap.
const replicates = 1000

// rival is the linear model with the smallest error on the validation part, AR(order) without one.
func (f *field) rival(order int) *model {
	linear := slices.DeleteFunc(slices.Clone(f.models), func(m *model) bool { return !m.config.linear() })
	if f.protocol == forecast.Published || len(f.validate) == 0 {
		linear = slices.DeleteFunc(linear, func(m *model) bool { return m.config.Model != "ar" || m.config.Order != order })
		return least(linear, func(m *model) float64 { return m.test })
	}
	return least(linear, func(m *model) float64 { return m.validation })
}

// rules makes the model of package forecast from a configuration.
func (c config) rules() forecast.Model {
	m := forecast.DefaultModel
	m.Name = c.Model
	m.Order, m.Period, m.Window = cmp.Or(c.Order, m.Order), cmp.Or(c.Period, m.Period), cmp.Or(c.Window, m.Window)
	return m
}

// baseline forecasts the field's targets, or says why it cannot.
func (f *field) baseline(c config) (*model, string) {
	m := &model{config: c, labels: labels(c, false, nil), field: f}
	var r run
	checked := true
	for _, one := range f.folds {
		b, err := c.rules().Fit(f.data, forecast.Rows(one.from, one.end), []int{f.horizon})
		if err != nil {
			return nil, err.Error()
		}
		values := b.Forecast(f.data, one.test, f.horizon)
		if n := missing(values); n > 0 {
			return nil, fmt.Sprintf("%d of %d targets have too little history in their segment", n, len(values))
		}
		m.fitted = append(m.fitted, b)
		r.forecast = append(r.forecast, values...)
		if len(one.validate) > 0 {
			values = b.Forecast(f.data, one.validate, f.horizon)
			checked = checked && missing(values) == 0
			r.checked = append(r.checked, values...)
		}
	}
	if !checked {
		r.checked = nil
	}
	m.runs = []run{r}
	m.calibrate()
	return m, ""
}

// calibrate gives a strict model without intervals of its own those of split conformal prediction, at the level of the trials' intervals.
func (m *model) calibrate() {
	f, r := m.field, &m.runs[0]
	if f.protocol == forecast.Published || len(r.checked) != len(f.validate) {
		return
	}
	test, checked := 0, 0
	var low, high []float64
	for _, one := range f.folds {
		band := func(targets []int, of []float64) forecast.Band {
			return forecast.Band{Targets: targets, Low: of, High: of}
		}
		c, err := forecast.Calibrate(forecast.Conformal, f.data, band(one.validate, r.checked[checked:checked+len(one.validate)]), band(one.test, r.forecast[test:test+len(one.test)]), f.horizon, f.level)
		if err != nil { // too few validation targets
			return
		}
		low, high = append(low, c.Low...), append(high, c.High...)
		test, checked = test+len(one.test), checked+len(one.validate)
	}
	r.low, r.high, m.level = low, high, f.level
}
