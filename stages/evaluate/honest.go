package evaluate

import (
	"math"

	"weir/internal/forecast"
	"weir/internal/metric"
)

// ceiling is what the best long AR reaches: the predictability that is linear.
type ceiling struct {
	order  int // 0: none
	skill  float64
	errors []float64
}

// doubt asks how sure the comparison is: what linear prediction reaches at best, and what luck the best of so many tries has.
func (c *contest) doubt() {
	c.luck = map[string]forecast.Luck{}
	if c.protocol == forecast.Published || len(c.fields) != 1 {
		return
	}
	f := c.fields[0]
	c.ceiling = f.ceiling()
	c.ranks = c.ranking()
	if len(c.sweep) == 0 {
		return
	}
	for _, name := range against {
		rival := f.opponent(name)
		if rival == nil {
			continue
		}
		differences := make([][]float64, len(c.sweep))
		for i, m := range c.sweep {
			differences[i] = m.difference(rival)
		}
		c.luck[name] = f.blocks.RealityCheck(differences)
	}
}

// ceiling fits the long AR in each fold and scores it on all test targets.
func (f *field) ceiling() ceiling {
	var all []float64
	first := 0
	for _, one := range f.folds {
		order, values, err := forecast.Ceiling(f.data, one.end, f.horizon, one.validate, one.test)
		if err != nil {
			return ceiling{}
		}
		if first == 0 {
			first = order
		}
		all = append(all, values...)
	}
	errors := forecast.Errors(f.data.At(f.test), all)
	return ceiling{first, forecast.Skill(forecast.SumSquares(errors)/float64(len(errors)), f.naive.test), errors}
}

// gainOfRMSE turns a gain in mean squared error, as share, into that of its root.
func gainOfRMSE(gain float64) float64 { return 1 - math.Sqrt(1-min(gain, 1)) }

// detectable is the smallest gain over a rival that the test would have found, as share of the rival's mean squared error.
func (m *model) detectable(rival string) float64 {
	d, ok := m.against[rival]
	if !ok {
		return math.NaN()
	}
	return d.Detectable() / m.field.opponent(rival).test
}

// doubts lists the metrics of the ceiling and of luck.
func (c *contest) doubts() (list []metric.Metric) {
	p := c.place()
	if c.ceiling.order > 0 {
		list = append(list,
			metric.Of("ceiling", c.ceiling.skill, "", p...),
			metric.Of("ceiling_order", float64(c.ceiling.order), "steps", p...))
	}
	if c.ranks != nil {
		list = append(list,
			metric.Of("rank_p", probability(c.ranks.ranks.P), "", p...).Over(c.ranks.ranks.Blocks),
			metric.Of("critical_difference", c.ranks.ranks.Difference, "", p...).Over(len(c.ranks.models)))
		for i, m := range c.ranks.models {
			list = append(list, metric.Of("mean_rank", c.ranks.ranks.Mean[i], "", c.labelsOf(m)...).Over(c.ranks.ranks.Blocks))
		}
	}
	for _, name := range against {
		l, ok := c.luck[name]
		if !ok || math.IsNaN(l.Best) {
			continue
		}
		of := c.fields[0].opponent(name).test
		at := append(c.place(), "against", name)
		list = append(list,
			metric.Of("best_of_n", l.Best/of, "", at...).Over(l.Tries),
			metric.Of("best_of_n_luck", l.Luck/of, "", at...).Over(l.Tries),
			metric.Of("reality_check_p", probability(l.White), "", at...),
			metric.Of("spa_p", probability(l.SPA), "", at...))
	}
	return list
}

// place are the labels of what concerns the whole contest.
func (c *contest) place() []string {
	l := []string{"protocol", string(c.protocol)}
	if c.several {
		l = append(l, "horizon", text(c.horizon))
	}
	return l
}

// ceilingShare is how much of what linear prediction reaches a model has.
func (c *contest) ceilingShare(m *model) float64 {
	if !(c.ceiling.skill > 0) || c.ceiling.order == 0 {
		return math.NaN()
	}
	return forecast.Skill(m.test, m.field.naive.test) / c.ceiling.skill
}
