package evaluate

import (
	"encoding/csv"
	"math"
	"os"
	"slices"
	"strconv"

	"weir/internal/forecast"
)

// writeTable writes trials.csv: one row a protocol, horizon and model, best first.
func writeTable(path string, contests []*contest) error {
	var options []string // columns that some model has, in the order of config.pairs
	for _, c := range contests {
		for _, m := range c.competitors() {
			for _, p := range m.config.pairs() {
				if p.value != "" && !slices.Contains(options, p.name) {
					options = append(options, p.name)
				}
			}
		}
	}
	order := []string{}
	for _, p := range (config{}).pairs() {
		if slices.Contains(options, p.name) {
			order = append(order, p.name)
		}
	}
	for _, name := range slices.Sorted(slices.Values(options)) {
		if !slices.Contains(order, name) {
			order = append(order, name)
		}
	}
	rows := [][]string{slices.Concat([]string{"protocol", "horizon", "rank", "model", "kind"}, order, []string{
		"seeds", "selected", "validation_rmse", "rmse", "rmse_low", "rmse_high", "mae", "skill", "skill_low", "skill_high", "dm_p_naive", "dm_p_linear", "holm_p_naive", "holm_p_linear",
		"validation_mse", "validation_mse_low", "validation_mse_high", "mse", "mse_low", "mse_high"})}
	for _, c := range contests {
		list := c.competitors()
		slices.SortStableFunc(list, func(a, b *model) int { return less(c.choice(a), c.choice(b)) })
		for _, m := range list {
			rows = append(rows, c.row(m, order))
		}
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	w := csv.NewWriter(file)
	if err := w.WriteAll(rows); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

// competitors are all models of all fields: in published, baselines are repeated for each look-back.
func (c *contest) competitors() (list []*model) {
	for _, f := range c.fields {
		list = append(list, f.models...)
	}
	return list
}

// row is one model's line of the table.
func (c *contest) row(m *model, options []string) []string {
	kind := "baseline"
	switch {
	case m.combined():
		kind = "ensemble"
	case m.trained:
		kind = "trial"
	}
	rank := ""
	if m.rank > 0 {
		rank = text(m.rank)
	}
	cells := []string{string(c.protocol), text(c.horizon), rank, m.config.Model, kind}
	values := m.config.pairs()
	for _, name := range options {
		v := option(values, name)
		if name == "look_back" && v == "" && m.field.lookBack != 0 {
			v = text(m.field.lookBack)
		}
		cells = append(cells, v)
	}
	number := func(v float64) string {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return ""
		}
		return strconv.FormatFloat(forecast.Significant(v, 12), 'g', -1, 64)
	}
	over := func(of func(run) float64) {
		i := forecast.MeanInterval(m.each(of))
		cells = append(cells, number(i.Mean), number(i.Low), number(i.High))
	}
	cells = append(cells, text(len(m.runs)), strconv.FormatBool(m == c.selected), number(m.mean(func(r run) float64 { return math.Sqrt(r.validation) })))
	over(func(r run) float64 { return r.score.RMSE })
	low, high := m.skillInterval()
	cells = append(cells, number(m.mean(func(r run) float64 { return r.score.MAE })), number(forecast.Skill(m.test, m.field.naive.test)), number(low), number(high))
	for _, name := range against {
		p := math.NaN()
		if d, ok := m.against[name]; ok {
			p = probability(d.P)
		}
		cells = append(cells, number(p))
	}
	for _, name := range against {
		p, ok := m.holm[name]
		if !ok {
			p = math.NaN()
		}
		cells = append(cells, number(probability(p)))
	}
	over(func(r run) float64 { return r.validation })
	over(func(r run) float64 { return r.score.MSE })
	return cells
}
