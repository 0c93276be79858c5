package evaluate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"weir/internal/forecast"
	"weir/internal/metric"
	"weir/stages"
)

// verdict is the outcome of a guard.
type verdict struct {
	forecast.Guard
	why string // a failed one: what was found
}

// guard makes a verdict; why is empty when it passed.
func guard(name string, count int, why string) verdict {
	return verdict{forecast.Guard{Name: name, Passed: why == "", Count: count}, why}
}

// guard runs the checks for leaks.
func (c *contest) guard() {
	if c.first {
		c.guards = c.trialsOwn()
	}
	poison := c.poisoned()
	if i := slices.IndexFunc(c.guards, func(v verdict) bool { return v.Name == poison.Name }); i >= 0 {
		g := &c.guards[i]
		g.Count += poison.Count
		if g.Passed {
			g.Passed, g.why = poison.Passed, poison.why
		}
	} else {
		c.guards = append(c.guards, poison)
	}
	if c.protocol == forecast.Strict {
		c.guards = append(c.guards, c.selection())
	}
	f := c.fields[0]
	if f.linear != nil && f.linear.fitted != nil {
		c.guards = append(c.guards, f.shuffled(f.linear.config.rules()))
	}
	if controls := c.study.controls; len(controls) > 0 && c.first {
		c.guards = append(c.guards, c.control(controls))
	}
	if c.selected != nil {
		c.guards = append(c.guards, c.copied())
	}
	if c.ceiling.order > 0 {
		c.guards = append(c.guards, c.tooGood())
	}
}

// trialsOwn merges the checks that train made.
func (c *contest) trialsOwn() (list []verdict) {
	for _, t := range slices.Concat(c.study.trials, c.study.controls) {
		for _, g := range t.about.Guards {
			i := slices.IndexFunc(list, func(v verdict) bool { return v.Name == g.Name })
			if i < 0 {
				i = len(list)
				list = append(list, guard(g.Name, 0, ""))
			}
			list[i].Count += g.Count
			if !g.Passed && list[i].Passed {
				list[i].Passed, list[i].why = false, fmt.Sprintf("trial %s failed it", t.from)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b verdict) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// selection says whether models were chosen, weighted and fitted on what comes before everything that tests.
func (c *contest) selection() verdict {
	f := c.fields[0]
	choosing, test := f.choosing(), slices.Min(f.test)
	switch {
	case c.on == forecast.Test:
		return guard("selection", 0, "there is no validation part: models are chosen on the test part, which flatters the one chosen")
	case slices.Max(choosing) >= test:
		return guard("selection", len(choosing), fmt.Sprintf("models are chosen by their error at %s, when testing has begun", instant(f.data.Time[slices.Max(choosing)])))
	case f.folds[0].end > test:
		return guard("selection", len(choosing), "the training part reaches into the test part")
	}
	return guard("selection", len(choosing), "")
}

// poisonTargets is how many forecasts of each baseline and fold are made again on poisoned data.
const poisonTargets = 5

// poisoned replaces what a baseline must not see: everything behind the training part when it is fitted, everything after the origin when it forecasts.
func (c *contest) poisoned() verdict {
	count := 0
	for _, f := range c.fields {
		for _, m := range f.models {
			for k, fitted := range m.fitted {
				one := f.folds[k]
				again, err := m.config.rules().Fit(poison(f.data, one.end), forecast.Rows(one.from, one.end), []int{f.horizon})
				if err != nil {
					return guard("future_poison", count, fmt.Sprintf("%s cannot be fitted when the values after its training part are replaced: %v", name(m.config), err))
				}
				for i := range poisonTargets {
					t := []int{one.test[i*(len(one.test)-1)/(poisonTargets-1)]}
					want := fitted.Forecast(f.data, t, f.horizon)[0]
					count += 2
					if got := again.Forecast(f.data, t, f.horizon)[0]; math.Float64bits(got) != math.Float64bits(want) {
						return guard("future_poison", count, fmt.Sprintf("%s has other parameters when the values after its training part are replaced", name(m.config)))
					}
					if got := fitted.Forecast(poison(f.data, t[0]-f.horizon+1), t, f.horizon)[0]; math.Float64bits(got) != math.Float64bits(want) {
						return guard("future_poison", count, fmt.Sprintf("%s forecasts %s differently when what comes after its origin is replaced", name(m.config), instant(f.data.Time[t[0]])))
					}
				}
			}
		}
	}
	return guard("future_poison", count, "")
}

// poison is the data with rows [from, n) replaced by values that no sum hides.
func poison(d *forecast.Data, from int) *forecast.Data {
	p := *d
	p.Values = slices.Clone(d.Values)
	high := 1.0
	for _, v := range d.Values[:from] {
		high = max(high, math.Abs(v))
	}
	for i := from; i < len(p.Values); i++ {
		p.Values[i] = high * float64(3+(i-from)%7)
	}
	return &p
}

// forecaster is a forecast.Model.
type forecaster interface {
	Fit(d *forecast.Data, train []int, horizons []int) (forecast.Fitted, error)
}

// chance is the one-sided p-value below which skill on random order is no chance.
const chance = 0.001

// shuffled fits a model to the series in random order, where nothing can be known but the mean: being better than that shows a leak.
func (f *field) shuffled(m forecaster) verdict {
	d := *f.data
	d.Values = slices.Clone(d.Values)
	r := rand.New(rand.NewPCG(uint64(f.horizon), 0x73687566666c65))
	for i := len(d.Values) - 1; i > 0; i-- {
		j := r.IntN(i + 1)
		d.Values[i], d.Values[j] = d.Values[j], d.Values[i]
	}
	one := f.folds[0]
	fitted, err := m.Fit(&d, forecast.Rows(one.from, one.end), []int{f.horizon})
	if err != nil {
		return guard("shuffled", 0, "")
	}
	actual := d.At(one.test)
	errors, of := forecast.Errors(actual, fitted.Forecast(&d, one.test, f.horizon)), make([]float64, len(actual))
	mean := forecast.Mean(d.Values[one.from:one.end])
	for i, v := range actual {
		of[i] = v - mean
	}
	if beats(forecast.DieboldMariano(of, errors, f.horizon), chance) {
		gain := forecast.Skill(forecast.SumSquares(errors), forecast.SumSquares(of))
		return guard("shuffled", len(actual), fmt.Sprintf("%s forecasts the series in random order %s better than its mean: it sees what it must not", name(f.linear.config), percent(gain)))
	}
	return guard("shuffled", len(actual), "")
}

// beats says whether the second forecast is better, one-sided.
func beats(d forecast.Comparison, level float64) bool { return d.HLN > 0 && d.P/2 < level }

// controlSkill is the skill against the training mean that a trial trained on shuffled targets may have by chance: it has some slope of its own.
const controlSkill = 0.1

// control checks the trials that were trained on shuffled targets.
func (c *contest) control(trials []*trial) verdict {
	count := 0
	for _, t := range trials {
		own := t.parts[section{forecast.Test, c.horizon}]
		if len(own.rows) == 0 {
			continue
		}
		actual, mean := c.data.At(own.rows), forecast.Mean(c.data.Values[t.from0:t.end])
		errors, of := forecast.Errors(actual, own.predicted), make([]float64, len(actual))
		for i, v := range actual {
			of[i] = v - mean
		}
		count += len(actual)
		skill := forecast.Skill(forecast.SumSquares(errors), forecast.SumSquares(of))
		if skill > controlSkill && beats(forecast.DieboldMariano(of, errors, c.horizon), chance) {
			return guard("shuffled_control", count, fmt.Sprintf("trial %s was trained on shuffled targets and is still %s better than the mean: what it knows does not come from training", t.from, percent(skill)))
		}
	}
	return guard("shuffled_control", count, "")
}

// copied says whether the chosen configuration is the last value in disguise.
func (c *contest) copied() verdict {
	m := c.selected
	n := len(m.field.test)
	if m.copies() {
		return guard(lagCopy, n, fmt.Sprintf("%s is nearer to the last value than to the one it forecasts at %s of the targets: a copy", c.full(m), percent(m.mean(func(r run) float64 { return r.lag.Copy }))))
	}
	return guard(lagCopy, n, "")
}

// lagCopy is the one guard that is not about a leak, selection one about the procedure.
const lagCopy = "lag_copy"

// suspicious is the one-sided p-value, after Holm, below which a trial better than everything linear is suspected.
const suspicious = 0.01

// tooGood suspects a trial that is better than the best long AR and every linear model, also the one that only the test part shows to be the best, by more than noise. Baselines are checked by
// future_poison.
func (c *contest) tooGood() verdict {
	f := c.fields[0]
	bound, who := make([]float64, len(c.ceiling.errors)), fmt.Sprintf("the best long AR (order %d)", c.ceiling.order)
	for i, e := range c.ceiling.errors {
		bound[i] = float64(e * e)
	}
	for _, m := range f.models {
		if m.fitted != nil && m.test < forecast.Mean(bound) {
			bound, who = m.losses, name(m.config)
		}
	}
	p, worst := make([]float64, len(c.sweep)), -1
	for i, m := range c.sweep {
		d := forecast.DieboldMarianoLoss(forecast.Errors(bound, m.losses), f.horizon)
		if p[i] = d.P / 2; !(d.HLN > 0) {
			p[i] = 1
		}
	}
	for i, v := range forecast.Holm(p) {
		if v < suspicious && (worst < 0 || c.sweep[i].test < c.sweep[worst].test) {
			worst = i
		}
	}
	if worst < 0 {
		return guard("too_good", len(c.sweep), "")
	}
	m := c.sweep[worst]
	return guard("too_good", len(c.sweep), fmt.Sprintf("%s has an RMSE %s lower than %s: look for a leak before believing it", c.full(m), percent(1-math.Sqrt(m.test/forecast.Mean(bound))), who))
}

// verdicts are the metrics of the guards.
func (c *contest) verdicts() (list []metric.Metric) {
	for _, v := range c.guards {
		list = append(list, metric.Of("guard", indicator(v.Passed), "", append(c.place(), "guard", v.Name)...).Over(v.Count))
	}
	return list
}

// warnGuards tells every failed guard. That the model of another protocol or horizon copies the last value is a number among others.
func (c *contest) warnGuards(env *stages.Env) {
	for _, v := range c.guards {
		if !v.Passed && (v.Name != lagCopy || c.protocol == forecast.Strict && c.first) {
			env.Warn(fmt.Sprintf("%s: guard %s failed: %s", c, v.Name, v.why))
		}
	}
}

func (c *contest) String() string {
	text := "protocol " + string(c.protocol)
	if c.several {
		text += fmt.Sprintf(", horizon %d", c.horizon)
	}
	return text
}
