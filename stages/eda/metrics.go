package eda

import (
	"fmt"
	"math"
	"strconv"

	"weir/internal/metric"
	"weir/internal/stats"
	"weir/stages"
)

// collector gathers metrics with common labels and leaves out what is not finite.
type collector struct {
	labels []string
	list   []metric.Metric
}

func (c *collector) add(name string, value float64, unit string, labels ...string) *metric.Metric {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		c.list = append(c.list, metric.Of("missing", 1, "", append(append([]string(nil), c.labels...), "what", name, "reason", "undefined")...))
		return &metric.Metric{}
	}
	c.list = append(c.list, metric.Of(name, value, unit, append(append([]string(nil), c.labels...), labels...)...))
	return &c.list[len(c.list)-1]
}

func (c *collector) between(name string, value, low, high float64, labels ...string) *metric.Metric {
	m := c.add(name, value, "", labels...)
	*m = m.Between(low, high)
	return m
}

func (c *collector) flag(name string, set bool, labels ...string) {
	value := 0.0
	if set {
		value = 1
	}
	c.add(name, value, "", labels...)
}

// metrics lists the catalogue of the package's comment for one protocol.
func (a *analysis) metrics() []metric.Metric {
	c := &collector{labels: []string{"protocol", string(a.protocol), "column", a.data.Column}}
	a.describeMetrics(c)
	a.timeMetrics(c)
	a.correlationMetrics(c)
	for i, s := range a.seasons {
		a.seasonMetrics(c, s, i == 0 || a.seasons[i-1].period != s.period)
	}
	for i, p := range a.peaks() {
		c.add("peak_period", p.period, "s", "rank", strconv.Itoa(i+1))
		c.add("peak_share", p.share, "", "rank", strconv.Itoa(i+1))
	}
	if h := a.hurst; h != nil {
		m := c.between("hurst", h.H, h.Low, h.High, "method", hurstMethod)
		*m = m.Over(h.Frequencies)
		c.flag("hurst_long_memory", h.Cycle == 0 && h.Low > 0.5)
		c.flag("hurst_nonstationary", h.Cycle == 0 && h.H >= 1)
		if h.Cycle > 0 {
			c.add("hurst_cycle", a.hurstCycle(), "s")
		}
	}
	for _, t := range []struct {
		name string
		test *stats.UnitRoot
	}{{"adf", a.adf}, {"kpss", a.kpss}} {
		if t.test != nil {
			c.add(t.name, t.test.Statistic, "")
			c.add(t.name+"_p", t.test.P, "")
			c.add(t.name+"_lags", float64(t.test.Lags), "")
		}
	}
	for _, m := range a.missing {
		c.add("missing", 1, "", "what", m.What, "reason", m.Reason)
	}
	return c.list
}

// hurstCycle is the period in seconds of the cycle that outweighs the memory; 0 when there is none.
func (a *analysis) hurstCycle() float64 {
	if a.hurst == nil || a.hurst.Cycle == 0 {
		return 0
	}
	return float64(len(stats.Longest(a.runs).Values)) * a.data.Step.Seconds() / float64(a.hurst.Cycle)
}

const hurstMethod = "local whittle"

func (a *analysis) describeMetrics(c *collector) {
	d, unit := a.describe, a.data.Unit
	c.add("describe_count", float64(d.Count), "points")
	c.add("describe_mean", d.Mean, unit)
	if d.Count > 1 {
		c.add("describe_std", d.Std, unit)
	}
	c.add("describe_min", d.Min, unit)
	c.add("describe_p25", d.P25, unit)
	c.add("describe_p50", d.P50, unit)
	c.add("describe_p75", d.P75, unit)
	c.add("describe_max", d.Max, unit)
	c.add("describe_sum", d.Sum, a.sumUnit())
	if d.Count > 1 && d.Mean != 0 {
		c.add("describe_cv", d.Std/d.Mean, "")
	}
	if d.Min != d.Max {
		c.add("skewness", d.Skewness, "")
		c.add("kurtosis", d.Kurtosis, "")
	}
	c.add("zeros", float64(a.zeros), "points")
}

// sumUnit is the unit of a sum over intervals: B for B/s at one second.
func (a *analysis) sumUnit() string {
	if a.data.Unit == "B/s" {
		return "B"
	}
	return a.data.Unit
}

func (a *analysis) timeMetrics(c *collector) {
	t := a.data.Time
	first, last := t[0], t[len(t)-1]
	c.add("step_seconds", a.data.Step.Seconds(), "s")
	c.add("duration_seconds", seconds(last-first+int64(a.data.Step)), "s")
	c.add("first_time", seconds(first), "s")
	c.add("last_time", seconds(last), "s")
	c.add("segments", float64(len(a.runs)), "")
	if len(a.runs) > 1 {
		c.add("gap_seconds", a.gaps(), "s")
	}
	c.add("longest_segment", float64(len(stats.Longest(a.runs).Values)), "points")
	c.add("partial_edges", float64(a.partial), "points")
	if a.edgesKept {
		c.flag("edges_kept", true)
	}
	if !math.IsNaN(a.capturedShare) {
		c.add("captured_share", a.capturedShare, "")
	}
}

func (a *analysis) correlationMetrics(c *collector) {
	if a.acf == nil {
		return
	}
	acfOut, pacfOut, firstInside, lastBefore := 0, 0, 0, 0
	for k, r := range a.acf.R {
		lag := strconv.Itoa(k)
		c.between("acf", r, a.acf.Low[k], a.acf.High[k], "lag", lag)
		if k == 0 {
			continue
		}
		c.add("acf_band", a.acf.Band(k), "", "lag", lag)
		if math.Abs(r) > a.acf.Band(k) {
			acfOut++
		} else if firstInside == 0 {
			firstInside = k
		}
	}
	for k, r := range a.pacf {
		band := a.band()
		if k == 0 {
			band = 0
		}
		c.between("pacf", r, r-band, r+band, "lag", strconv.Itoa(k))
		if k > 0 && math.Abs(r) > band {
			pacfOut++
			if lastBefore == k-1 {
				lastBefore = k
			}
		}
	}
	lags := strconv.Itoa(a.lags)
	c.add("acf_significant", float64(acfOut), "", "lags", lags)
	c.add("pacf_significant", float64(pacfOut), "", "lags", lags)
	c.add("acf_first_inside", float64(firstInside), "", "lags", lags)
	c.add("pacf_last_before", float64(lastBefore), "", "lags", lags)
	for _, b := range a.ljungBox {
		if b.Lags == 10 || b.Lags == 20 || b.Lags == a.lags {
			c.add("ljung_box", b.Q, "", "lags", strconv.Itoa(b.Lags))
			c.add("ljung_box_p", b.P, "", "lags", strconv.Itoa(b.Lags))
		}
	}
}

func (a *analysis) seasonMetrics(c *collector, s season, first bool) {
	period, model := strconv.Itoa(s.period), s.model.String()
	if first {
		c.add("period_seconds", float64(s.period)*a.data.Step.Seconds(), "s", "period", period)
		c.add("seasonal_cycles", s.cycles, "", "period", period)
		c.flag("seasonal_few_cycles", s.cycles < stats.FewCycles, "period", period)
	}
	if s.parts == nil {
		c.add("seasonal_refused", 1, "", "period", period, "model", model, "reason", s.reason)
		return
	}
	unit := a.data.Unit
	if s.model == stats.Multiplicative {
		unit = ""
	}
	c.add("seasonal_strength", s.parts.SeasonalStrength, "", "period", period, "model", model)
	c.add("trend_strength", s.parts.TrendStrength, "", "period", period, "model", model)
	m := c.add("seasonal_p", s.test.P, "", "period", period, "model", model)
	*m = m.Over(s.test.Resamples)
	c.add("seasonal_null", s.test.Null, "", "period", period, "model", model)
	c.flag("seasonal_beats_noise", s.test.P < 0.05, "period", period, "model", model)
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range s.parts.Figure {
		low, high = min(low, v), max(high, v)
	}
	c.add("seasonal_amplitude", high-low, unit, "period", period, "model", model)
}

// tell says on the terminal what a reader wants first.
func (a *analysis) tell(env *stages.Env, from string) {
	text := fmt.Sprintf("%s of %s", plural(a.describe.Count, "interval"), a.data.Column)
	if len(a.runs) > 1 {
		text += fmt.Sprintf(", %d segments", len(a.runs))
	}
	if a.hurst != nil {
		text += fmt.Sprintf(", Hurst %.2f [%.2f, %.2f]", a.hurst.H, a.hurst.Low, a.hurst.High)
	}
	env.Summarize(text)
	if p := a.hurstCycle(); p > 0 {
		env.Warn(fmt.Sprintf("a cycle of %.4g s outweighs everything slower: the Hurst exponent describes the cycle, not a memory", p))
	}
	for _, s := range a.seasons {
		a.tellSeason(env, s)
	}
}

func (a *analysis) tellSeason(env *stages.Env, s season) {
	switch {
	case s.reason == "short":
		env.Warn(fmt.Sprintf("period %d: not decomposed, the longest segment holds %.1f cycles and %d are needed", s.period, s.cycles, stats.MinCycles))
	case s.reason != "":
		env.Warn(fmt.Sprintf("period %d, %s: not decomposed, the series is %s", s.period, s.model, s.reason))
	case s.cycles < stats.FewCycles:
		env.Warn(fmt.Sprintf("period %d: only %.1f cycles; from fewer than %d a seasonal figure is mostly noise", s.period, s.cycles, stats.FewCycles))
	case s.model == stats.Additive:
		verdict := "no more than noise shows"
		if s.test.P < 0.05 {
			verdict = "more than noise shows"
		}
		env.Find(fmt.Sprintf("The season of period %d has strength %.3f, %s (p = %.2g).", s.period, s.parts.SeasonalStrength, verdict, s.test.P))
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
