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
	trials, left, err := collect(e.Trials)
	if err != nil {
		return err
	}
	if left > 0 {
		env.Warn(fmt.Sprintf("the series is too short for %d of %d trials: they have no forecasts", left, left+len(trials)))
	}
	metrics := whole(s)
	contests, err := e.contests(s, trials)
	if errors.Is(err, forecast.ErrShort) && len(trials) == 0 {
		return e.tooShort(env, err, metrics)
	}
	if err != nil {
		return err
	}
	for _, c := range contests {
		for i, f := range c.fields {
			env.Progress.Total(int64(len(c.fields)), "sets of targets")
			if err := e.compete(ctx, env, f); err != nil {
				return err
			}
			env.Progress.Done(int64(i + 1))
		}
		c.fields[0].warn(env)
		c.decide()
		metrics = append(metrics, c.metrics(e)...)
		if err := c.draw(e.Figures.Path, e.Language); err != nil {
			return err
		}
	}
	if err := metric.Write(e.Metrics.Path, metrics); err != nil {
		return err
	}
	main := contests[len(contests)-1] // strict where there is one
	english, err := locale.Of("en")
	if err != nil {
		return err
	}
	for _, sentence := range main.findings(english) {
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

// contests prepares one evaluation a protocol: published before strict, strict alone without trials.
func (e *Evaluate) contests(s *series.Series, trials []*trial) ([]*contest, error) {
	of := map[forecast.Protocol][]*trial{}
	for _, t := range trials {
		of[t.p.Trial.Protocol] = append(of[t.p.Trial.Protocol], t)
	}
	var list []*contest
	for _, p := range []forecast.Protocol{forecast.Published, forecast.Strict} {
		if len(of[p]) == 0 && (p == forecast.Published || len(trials) > 0) {
			continue
		}
		if err := arrange(of[p]); err != nil {
			return nil, err
		}
		c, err := e.prepare(s, p, of[p])
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// keep copies the model of the chosen configuration, the run that is best on the part it was chosen on.
func (e *Evaluate) keep(c *contest) error {
	if c.selected == nil || e.Best.Path == "" {
		return nil
	}
	t := c.shown(c.selected).trial
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
