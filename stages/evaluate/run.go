package evaluate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"weir/internal/forecast"
	"weir/internal/locale"
	"weir/internal/metric"
	"weir/internal/series"
	"weir/stages"
)

// Validate implements stages.Validator.
func (e *Evaluate) Validate() error {
	for _, o := range []struct {
		name         string
		value, limit int
	}{{"order", e.Order, forecast.MaxOrder}, {"season", e.Season, 1 << 30}, {"window", e.Window, 1 << 30}, {"mase_m", e.MASE, 1 << 30}} {
		if o.value < 1 || o.value > o.limit {
			return &stages.OptionError{Option: o.name, Message: fmt.Sprintf("%d, expected 1 to %d", o.value, o.limit)}
		}
	}
	switch {
	case !(e.Burst > 0 && e.Burst < 1):
		return &stages.OptionError{Option: "burst", Message: fmt.Sprintf("%v, expected a quantile above 0 and below 1", e.Burst)}
	case e.Within < 0 || e.Within > forecast.MaxHorizon:
		return &stages.OptionError{Option: "within", Message: fmt.Sprintf("%d, expected 0 to %d", e.Within, forecast.MaxHorizon)}
	}
	if _, ok := languages[e.Language]; !ok {
		return &stages.OptionError{Option: "language", Message: fmt.Sprintf("%q, expected en, pt or es", e.Language)}
	}
	return nil
}

// Run implements stages.Stage.
func (e *Evaluate) Run(ctx context.Context, env *stages.Env) error {
	if err := e.Validate(); err != nil {
		return err
	}
	s, err := series.Read(e.Series.Path)
	if err != nil {
		return fmt.Errorf("%s: %w", e.Series.From, err)
	}
	var other *series.Series
	if e.Other.Given() {
		if other, err = series.Read(e.Other.Path); err != nil {
			return fmt.Errorf("%s: %w", e.Other.From, err)
		}
	}
	sweeps, err := e.sweeps(s, other)
	if err != nil {
		return err
	}
	metrics := whole(s)
	contests, err := e.contests(s, other, sweeps)
	tell(env, sweeps)
	if errors.Is(err, forecast.ErrShort) && !any(sweeps) {
		return e.tooShort(env, err, metrics)
	}
	if err != nil {
		return err
	}
	env.Progress.Total(int64(len(contests)), "sets of targets")
	for i, c := range contests {
		for _, f := range c.fields {
			if err := e.compete(ctx, f); err != nil {
				return err
			}
		}
		if c.first {
			c.fields[0].warn(env)
		}
		c.decide()
		c.guard()
		c.warnGuards(env)
		metrics = append(metrics, c.metrics(e)...)
		env.Progress.Done(int64(i + 1))
	}
	var last []*contest // strict where there is one
	for _, group := range byProtocol(contests) {
		last = group
		bursts := e.bursts(group)
		if bursts != nil {
			metrics = append(metrics, bursts.metrics(e)...)
		}
		if err := draw(group, bursts, e.Figures.Path, e.Language); err != nil {
			return err
		}
	}
	if e.Table.Path != "" {
		if err := writeTable(e.Table.Path, contests); err != nil {
			return err
		}
	}
	if err := metric.Write(e.Metrics.Path, metrics); err != nil {
		return err
	}
	english, err := locale.Of("en")
	if err != nil {
		return err
	}
	main := last[0] // the smallest horizon
	for _, sentence := range main.findings(last, english) {
		env.Find(sentence)
	}
	env.Summarize(main.summary())
	return e.keep(main)
}

// tooShort says that nothing can be forecast, for a series that no trial was made of either: a report of many captures goes on without this one.
func (e *Evaluate) tooShort(env *stages.Env, why error, metrics []metric.Metric) error {
	env.Warn(why.Error())
	env.Summarize("series too short to forecast")
	env.Find("The series is too short to forecast.")
	return metric.Write(e.Metrics.Path, append(metrics, metric.Of("targets", 0, "targets", "protocol", string(forecast.Strict))))
}

// any says whether there is a trial to compare.
func any(sweeps map[forecast.Protocol]*study) bool {
	for _, w := range sweeps {
		if len(w.trials) > 0 {
			return true
		}
	}
	return false
}

// protocols in the order of outputs.
var protocols = []forecast.Protocol{forecast.Published, forecast.Strict}

// tell says how many trials are not compared, and why.
func tell(env *stages.Env, sweeps map[forecast.Protocol]*study) {
	total, left := 0, map[string]int{}
	for _, w := range sweeps {
		total += len(w.trials)
		for why, n := range w.left {
			left[why] += n
			if why != "incomplete" { // these are among the trials
				total += n
			}
		}
	}
	for _, why := range reasons {
		switch n := left[why]; {
		case n == 0:
		case why == "diverged":
			env.Warn(fmt.Sprintf("%d of %s diverged: not compared", n, series.Count(total, "trial")))
		case why == "too_short":
			env.Warn(fmt.Sprintf("the series is too short for %d of %s: they have no forecasts", n, series.Count(total, "trial")))
		case why == "incomplete":
			env.Warn(fmt.Sprintf("%d of %s do not have all folds: not compared", n, series.Count(total, "trial")))
		}
	}
}

// contests prepares one evaluation a protocol and horizon: published before strict, strict alone without trials.
func (e *Evaluate) contests(s, other *series.Series, sweeps map[forecast.Protocol]*study) ([]*contest, error) {
	if !any(sweeps) {
		left := map[string]int{}
		if w := sweeps[forecast.Strict]; w != nil {
			left = w.left
		}
		sweeps = map[forecast.Protocol]*study{forecast.Strict: {protocol: forecast.Strict, series: s, left: left}}
	}
	var list []*contest
	for _, p := range protocols {
		w := sweeps[p]
		if w == nil || len(w.trials) == 0 && (p == forecast.Published || any(sweeps)) {
			continue
		}
		of, err := w.contests(e, other)
		if err != nil {
			return nil, err
		}
		list = append(list, of...)
	}
	return list, nil
}

// byProtocol groups contests, the smallest horizon first.
func byProtocol(list []*contest) (groups [][]*contest) {
	for _, c := range list {
		if last := len(groups) - 1; last >= 0 && groups[last][0].protocol == c.protocol {
			groups[last] = append(groups[last], c)
			continue
		}
		groups = append(groups, []*contest{c})
	}
	return groups
}

// keep copies the model of the chosen configuration, the run that is best on the part it was chosen on.
func (e *Evaluate) keep(c *contest) error {
	if c.selected == nil || e.Best.Path == "" {
		return nil
	}
	trials := c.shown(c.selected).trials
	t := trials[len(trials)-1] // of the last fold, which has seen most
	if !t.model.Given() || t.model.Path == "" {
		return nil
	}
	in, err := os.Open(t.model.Path)
	if err != nil {
		return fmt.Errorf("%s: %w", t.model.From, err)
	}
	defer in.Close()
	out, err := os.Create(e.Best.Path)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
