package evaluate

import (
	"math"
	"slices"
	"strconv"

	"weir/internal/forecast"
	"weir/internal/metric"
	"weir/internal/series"
)

// residualLags is how far residual autocorrelations are drawn; Ljung and Box's test takes at most ljungLags.
const (
	residualLags = 40
	ljungLags    = 20
)

// score is one of the numbers that exist for each run and as a mean over the seeds.
type score struct {
	name, unit string
	of         func(run) float64
}

// scores lists them in the order of the catalogue.
func (c *contest) scores(f *field) []score {
	u := c.data.Unit
	uu := forecast.Square(u)
	naive := f.naive.runs[0].score
	bits := c.megabits()
	list := []score{
		{"mse", uu, func(r run) float64 { return r.score.MSE }},
		{"rmse", u, func(r run) float64 { return r.score.RMSE }},
		{"mae", u, func(r run) float64 { return r.score.MAE }},
		{"bias", u, func(r run) float64 { return r.score.Bias }},
		{"mase", "", func(r run) float64 { return r.score.MASE }},
		{"r2", "", func(r run) float64 { return r.score.R2 }},
		{"skill", "", func(r run) float64 { return forecast.Skill(r.score.MSE, naive.MSE) }},
		{"rmse_gain", "", func(r run) float64 { return forecast.Skill(r.score.RMSE, naive.RMSE) }},
	}
	if bits > 0 {
		list = append(list,
			score{"rmse_mbit", "Mbit/s", func(r run) float64 { return float64(bits * r.score.RMSE) }},
			score{"mae_mbit", "Mbit/s", func(r run) float64 { return float64(bits * r.score.MAE) }})
	}
	if len(f.validate) > 0 {
		list = append(list, score{"validation_mse", uu, func(r run) float64 { return r.validation }})
	}
	if c.protocol == forecast.Published {
		list = append(list, score{"mse_without_last", uu, func(r run) float64 { return r.without }})
	}
	return append(list,
		score{"lag_copy", "", func(r run) float64 { return r.lag.Copy }},
		score{"lag_shift", "steps", func(r run) float64 { return float64(r.lag.Shift) }})
}

// labelsOf are all labels of a model's metrics.
func (c *contest) labelsOf(m *model, more ...string) []string {
	l := append(c.place(), m.labels...)
	if !m.trained && m.field.lookBack != 0 {
		l = append(l, "look_back", text(m.field.lookBack))
	}
	return append(l, more...)
}

// metrics lists everything about the protocol, as the package comment's catalogue says.
func (c *contest) metrics(e *Evaluate) []metric.Metric {
	list := c.overall(e)
	for _, f := range c.fields {
		for _, m := range f.models {
			if !m.trained {
				list = append(list, c.about(m)...)
			}
		}
	}
	for _, m := range c.sweep {
		list = append(list, c.about(m)...)
	}
	list = append(list, c.choices()...)
	list = append(list, c.doubts()...)
	return append(list, c.verdicts()...)
}

// megabits turns the series' unit to Mbit/s, 0 for a column that does not count bytes.
func (c *contest) megabits() float64 {
	if c.data.Unit != "B" && c.data.Unit != "B/s" {
		return 0
	}
	return 8e-6 / c.data.Step.Seconds()
}

// about lists the metrics of one model.
func (c *contest) about(m *model) (list []metric.Metric) {
	for _, s := range c.scores(m.field) {
		i := forecast.MeanInterval(m.each(s.of))
		of := metric.Of(s.name, i.Mean, s.unit, c.labelsOf(m)...)
		if m.trained {
			of = of.Over(i.Count)
		}
		switch {
		case s.name == "skill":
			of = of.Between(m.skillInterval())
		case i.Count > 1:
			of = of.Between(i.Low, i.High)
		}
		list = append(list, of)
		if m.trained && s.unit != "Mbit/s" {
			for _, r := range m.runs {
				list = append(list, metric.Of(s.name, s.of(r), s.unit, c.labelsOf(m, "seed", strconv.FormatInt(r.seed, 10))...))
			}
		}
	}
	list = append(list, c.byFold(m)...)
	list = append(list, metric.Of("copies_last_value", indicator(m.copies()), "", c.labelsOf(m)...))
	if c.horizon == 1 {
		acf1, q, p := m.residuals()
		list = append(list,
			metric.Of("residual_acf1", acf1, "", c.labelsOf(m)...),
			metric.Of("ljung_box", q, "", c.labelsOf(m)...),
			metric.Of("ljung_box_p", probability(p), "", c.labelsOf(m)...))
	}
	for _, name := range against {
		list = append(list, c.tests(m, name)...)
	}
	if m == m.field.linear {
		list = append(list, metric.Of("linear_rival", 1, "", c.labelsOf(m)...))
	}
	if c.ceiling.order > 0 {
		list = append(list, metric.Of("ceiling_share", c.ceilingShare(m), "", c.labelsOf(m)...))
	}
	list = append(list, c.intervals(m)...)
	if m.combined() {
		list = append(list, metric.Of("combined", 1, "", c.labelsOf(m)...))
		for _, w := range m.weights {
			list = append(list, metric.Of("ensemble_weight", w.share, "", c.labelsOf(w.of)...))
		}
		return list
	}
	return append(list, metric.Of("rank", float64(m.rank), "", c.labelsOf(m)...))
}

// tests lists what the comparison with a rival gave.
func (c *contest) tests(m *model, rival string) []metric.Metric {
	d, ok := m.against[rival]
	if !ok {
		return nil
	}
	l := c.labelsOf(m, "against", rival)
	list := []metric.Metric{metric.Of("dm", d.HLN, "", l...), metric.Of("dm_p", probability(d.P), "", l...).Over(d.N)}
	if m.trained {
		list = append(list, metric.Of("dm_p_holm", probability(m.holm[rival]), "", l...).Over(len(c.sweep)))
	}
	low, high := forecast.Percentiles(m.field.blocks.Means(m.difference(m.field.opponent(rival))), 0.95)
	gain := m.detectable(rival)
	return append(list,
		metric.Of("mse_difference", d.Difference, forecast.Square(c.data.Unit), l...).Between(low, high).Over(d.N),
		metric.Of("mde", gain, "", l...),
		metric.Of("mde_rmse", gainOfRMSE(gain), "", l...))
}

// skillInterval is the bootstrap interval of the skill.
func (m *model) skillInterval() (low, high float64) {
	return m.field.blocks.SkillInterval(m.losses, m.field.naive.losses)
}

// byFold lists the scores of each fold and their means.
func (c *contest) byFold(m *model) (list []metric.Metric) {
	f := m.field
	if len(f.folds) < 2 {
		return nil
	}
	uu := forecast.Square(c.data.Unit)
	var mses, rmses, skills []float64
	at := 0
	for k, one := range f.folds {
		l := c.labelsOf(m, "fold", text(k+1))
		to := at + len(one.test)
		square := forecast.Mean(m.losses[at:to])
		root := m.mean(func(r run) float64 { return math.Sqrt(forecast.SumSquares(r.errors[at:to]) / float64(to-at)) })
		absolute := m.mean(func(r run) float64 {
			sum := 0.0
			for _, e := range r.errors[at:to] {
				sum += math.Abs(e)
			}
			return sum / float64(to-at)
		})
		skill := forecast.Skill(square, forecast.Mean(f.naive.losses[at:to]))
		list = append(list, metric.Of("mse", square, uu, l...), metric.Of("rmse", root, c.data.Unit, l...), metric.Of("mae", absolute, c.data.Unit, l...), metric.Of("skill", skill, "", l...))
		mses, rmses, skills = append(mses, square), append(rmses, root), append(skills, skill)
		at = to
	}
	for _, s := range []struct {
		name, unit string
		values     []float64
	}{{"mse_folds", uu, mses}, {"rmse_folds", c.data.Unit, rmses}, {"skill_folds", "", skills}} {
		i := forecast.MeanInterval(s.values)
		list = append(list, metric.Of(s.name, i.Mean, s.unit, c.labelsOf(m)...).Between(i.Low, i.High).Over(i.Count))
	}
	return list
}

// intervals lists how good a model's prediction intervals are, means over the seeds; the coverage's interval is that of the first seed's count.
func (c *contest) intervals(m *model) []metric.Metric {
	if m.level == 0 || m.runs[0].low == nil {
		return nil
	}
	actual := c.data.At(m.field.test)
	var coverage, width, winkler, quantile []float64
	inside, n := 0, 0
	for _, r := range m.runs {
		if r.low == nil {
			continue
		}
		s := forecast.MeasureIntervals(actual, r.low, r.high, m.level)
		coverage, width = append(coverage, s.Coverage), append(width, s.Width)
		winkler, quantile = append(winkler, s.Winkler), append(quantile, s.QuantileLoss)
		inside, n = inside+s.Inside, n+s.N
	}
	seeds := len(coverage)
	low, high := forecast.Binomial((inside+seeds/2)/seeds, n/seeds)
	l := c.labelsOf(m, "level", strconv.FormatFloat(m.level, 'g', -1, 64))
	return []metric.Metric{
		metric.Of("coverage", forecast.Mean(coverage), "", l...).Between(low, high).Over(n / seeds),
		metric.Of("interval_width", forecast.Mean(width), c.data.Unit, l...),
		metric.Of("interval_score", forecast.Mean(winkler), c.data.Unit, l...),
		metric.Of("quantile_loss", forecast.Mean(quantile), c.data.Unit, l...),
	}
}

// residuals gives the lag-1 autocorrelation of the residuals and Ljung and Box's test, means over the seeds (of p-values too: they only say whether
// something is left).
func (m *model) residuals() (acf1, q, p float64) {
	var acfs, qs, ps []float64
	for _, r := range m.runs {
		n := len(r.errors)
		acf := forecast.ACF(r.errors, ljungLags)
		rq, rp := forecast.LjungBox(acf, n, min(ljungLags, n/5))
		first := math.NaN()
		if len(acf) > 1 {
			first = acf[1]
		}
		acfs, qs, ps = append(acfs, first), append(qs, rq), append(ps, rp)
	}
	return forecast.Mean(acfs), forecast.Mean(qs), forecast.Mean(ps)
}

// copies says whether the model is the last value in disguise: nearer to it than to the value it forecasts at more targets than chance allows (a one-sided sign
// test), and not shown to be better than it.
func (m *model) copies() bool {
	chance := 0.5 + 1.645*0.5/math.Sqrt(float64(len(m.field.test)))
	if !(m.mean(func(r run) float64 { return r.lag.Copy }) > chance) {
		return false
	}
	d, ok := m.against[againstNaive]
	if !ok {
		return true // naive itself
	}
	return !(d.HLN > 0 && d.P < significant)
}

// significant is the level below which a difference is called one.
const significant = 0.05

// overall lists what concerns the whole protocol.
func (c *contest) overall(e *Evaluate) []metric.Metric {
	p := c.place()
	u := c.data.Unit
	seeds, runs := 0, 0
	for _, m := range c.sweep {
		seeds, runs = max(seeds, len(m.runs)), runs+len(m.runs)
	}
	list := []metric.Metric{
		metric.Of("rows", float64(c.data.Len()), "rows", p...),
		metric.Of("rows_left_out", float64(c.data.Dropped), "rows", p...),
		metric.Of("segments", float64(len(c.data.Segments)), "", p...),
		metric.Of("tries", float64(len(c.sweep)), "", p...),
		metric.Of("trials", float64(runs), "", p...),
		metric.Of("seeds", float64(seeds), "", p...),
		metric.Of("folds", float64(len(c.fields[0].folds)), "", p...),
		metric.Of("mase_m", float64(e.MASE), "steps", p...),
		metric.Of("horizon", float64(c.horizon), "steps", p...),
	}
	if c.data.Border > 0 {
		list = append(list, metric.Of("train_series_rows", float64(c.data.Border), "rows", p...))
	}
	if c.first {
		for _, why := range reasons {
			if n := c.study.left[why]; n > 0 {
				list = append(list, metric.Of("trials_left_out", float64(n), "", "protocol", string(c.protocol), "reason", why))
			}
		}
	}
	for _, f := range c.fields {
		l := slices.Clone(p)
		if f.lookBack != 0 {
			l = append(l, "look_back", text(f.lookBack))
		}
		list = append(list,
			metric.Of("targets", float64(len(f.test)), "targets", l...),
			metric.Of("validation_targets", float64(len(f.validate)), "targets", l...),
			metric.Of("train_rows", float64(f.folds[0].end-f.folds[0].from), "rows", l...),
			metric.Of("mase_scale", f.scale, u, l...),
			metric.Of("last_point_share", f.share(len(f.test)-1), "", l...),
			metric.Of("largest_share", f.share(f.hardest()), "", l...))
		if len(f.folds) > 1 {
			for k, one := range f.folds {
				at := append(slices.Clone(l), "fold", text(k+1))
				list = append(list,
					metric.Of("targets", float64(len(one.test)), "targets", at...),
					metric.Of("validation_targets", float64(len(one.validate)), "targets", at...),
					metric.Of("train_rows", float64(one.end-one.from), "rows", at...))
			}
		}
		if c.protocol == forecast.Published {
			whole, seen := forecast.FitScaler(f.data.Values), forecast.FitScaler(f.data.Values[:f.folds[0].end])
			list = append(list, metric.Of("scaler_leak", indicator(whole != seen), "", l...))
		}
	}
	if c.protocol == forecast.Published {
		list = append(list, metric.Of("last_coverage", coverage(c.series, c.data.Time[c.data.Len()-1]), "", p...))
	}
	return list
}

// share is the part of naive's squared error that one target makes.
func (f *field) share(i int) float64 {
	e := f.naive.runs[0].errors
	return float64(e[i]*e[i]) / forecast.SumSquares(e)
}

// hardest is the target on which naive errs most.
func (f *field) hardest() int {
	e, at := f.naive.runs[0].errors, 0
	for i := range e {
		if math.Abs(e[i]) > math.Abs(e[at]) {
			at = i
		}
	}
	return at
}

// coverage is the fraction of an interval inside the capture, NaN when the series does not say.
func coverage(s *series.Series, at int64) float64 {
	i, ok := slices.BinarySearch(s.Time, at)
	if !ok || i >= len(s.Coverage) {
		return math.NaN()
	}
	return s.Coverage[i]
}

// choices lists what was chosen and what choosing on the test part would have flattered.
func (c *contest) choices() (list []metric.Metric) {
	for _, m := range c.sweep {
		list = append(list, metric.Of("selected", indicator(m == c.selected), "", c.labelsOf(m, "selected_on", c.on)...))
	}
	if c.best != nil {
		list = append(list, metric.Of("best", 1, "", c.labelsOf(c.best, "selected_on", c.on)...))
	}
	_, best := c.schedules()
	for _, m := range best {
		list = append(list, metric.Of("selected_in_schedule", 1, "", c.labelsOf(m, "seed", strconv.FormatInt(c.shown(m).seed, 10))...))
	}
	if c.on == forecast.Validation && c.selected != nil {
		onTest := least(c.sweep, func(m *model) float64 { return m.test })
		p := c.place()
		list = append(list,
			metric.Of("selection_optimism", onTest.test-c.selected.test, forecast.Square(c.data.Unit), p...),
			metric.Of("selection_same", indicator(onTest == c.selected), "", p...))
	}
	return list
}

// whole lists what concerns the series: its step, and how much of the wire's bytes were captured.
func whole(s *series.Series) []metric.Metric {
	list := []metric.Metric{metric.Of("step", s.Step.Seconds(), "s")}
	captured, err := s.Column("captured_bytes")
	if err != nil {
		return list
	}
	wire, err := s.Column("wire_bytes")
	if err != nil {
		return list
	}
	var c, w float64
	for i := range wire.Values {
		c += captured.Values[i]
		w += wire.Values[i]
	}
	if w == 0 {
		return list
	}
	return append(list, metric.Of("captured_ratio", c/w, ""))
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// probability rounds a p-value: its last digits depend on the processor.
func probability(p float64) float64 { return forecast.Significant(p, 8) }
