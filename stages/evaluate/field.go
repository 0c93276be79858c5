package evaluate

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"weir/internal/forecast"
	"weir/internal/series"
	"weir/stages"
)

// run is one set of forecasts: of one seed, or a baseline's.
type run struct {
	seed       int64
	trials     []*trial  // one a fold; nil for a baseline
	forecast   []float64 // at the field's test targets
	checked    []float64 // at its validation targets; nil: none
	low, high  []float64 // prediction interval of forecast; nil: none
	errors     []float64
	score      forecast.Score
	validation float64 // MSE on the validation targets; NaN: none
	without    float64 // MSE without the last target; NaN: that is the only one
	lag        forecast.Lag
}

// model is one competitor: a baseline, a configuration with all its seeds, or the ensemble.
type model struct {
	config  config
	labels  []string // key, value, ...; without protocol and horizon
	trained bool
	level   float64 // nominal, of its intervals; 0: none
	runs    []run
	field   *field
	fitted  []forecast.Fitted // baselines: one a fold
	weights []weight          // the ensemble's

	losses           []float64 // squared error at each target, mean over the seeds
	test, validation float64   // mean MSE over the seeds
	against          map[string]forecast.Comparison
	holm             map[string]float64
	rank             int
}

// fold is what is trained and tested once: all of it without a rolling origin.
type fold struct {
	from, end      int // training rows [from, end)
	test, validate []int
}

// field is what is compared on one set of targets: everything at one horizon in strict, one look-back in published.
type field struct {
	protocol forecast.Protocol
	lookBack int // 0: all
	horizon  int
	level    float64 // nominal coverage of intervals
	data     *forecast.Data
	folds    []fold
	test     []int // those of all folds, one after the other
	validate []int
	scale    float64 // MASE's
	models   []*model
	naive    *model
	linear   *model // the linear rival; nil where the training part is too short for any
	blocks   *forecast.Blocks
	left     []string // baselines that are left out, and why
}

// contest is the evaluation of one protocol at one horizon.
type contest struct {
	protocol forecast.Protocol
	horizon  int
	several  bool // there are other horizons
	first    bool // this is the smallest
	study    *study
	series   *series.Series
	data     *forecast.Data
	fields   []*field
	sweep    []*model // all trained models, in order
	selected *model   // of the sweep
	best     *model   // of the field of selected, baselines included
	on       string   // the part that selected and best were chosen on: validation or test
	ceiling  ceiling
	luck     map[string]forecast.Luck
	guards   []verdict
	ranks    *ranked // nil for too few targets
}

// entry is one configuration with one seed: a trial for each fold.
type entry struct {
	config config
	seed   int64
	trials []*trial
}

// entries groups the trials by configuration and seed and refuses two files for one trial. One without all folds is left out.
func (w *study) entries() (list []entry, err error) {
	slices.SortStableFunc(w.trials, func(a, b *trial) int {
		return cmp.Or(configOf(a.about).compare(configOf(b.about)), cmp.Compare(a.about.Seed, b.about.Seed), cmp.Compare(a.about.Split.Fold, b.about.Split.Fold))
	})
	for i, t := range w.trials {
		c, last := configOf(t.about), len(list)-1
		if last < 0 || list[last].config != c || list[last].seed != t.about.Seed {
			list = append(list, entry{config: c, seed: t.about.Seed})
			last++
		} else if a := w.trials[i-1]; a.about.Split.Fold == t.about.Split.Fold {
			return nil, fmt.Errorf("trials %s and %s have the same options and seed %d: give each trial once", a.from, t.from, t.about.Seed)
		}
		list[last].trials = append(list[last].trials, t)
	}
	folds := 0
	for _, e := range list {
		folds = max(folds, len(e.trials), e.trials[0].about.Split.Folds)
	}
	return slices.DeleteFunc(list, func(e entry) bool {
		if len(e.trials) < folds {
			w.left["incomplete"] += len(e.trials)
			return true
		}
		return false
	}), nil
}

// maxHorizons bounds the evaluations of one protocol.
const maxHorizons = 100

// contests makes one a horizon, with targets but without baselines.
func (w *study) contests(e *Evaluate, other *series.Series) ([]*contest, error) {
	if w.data == nil {
		if err := w.prepare(e, e.Column, other, nil); err != nil {
			return nil, err
		}
	}
	if len(w.trials) == 0 {
		return w.alone(e)
	}
	entries, err := w.entries()
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("no trial of protocol %s has all its folds", w.protocol)
	}
	var horizons []int
	for _, n := range entries {
		for _, t := range n.trials {
			horizons = append(horizons, t.horizons()...)
		}
	}
	slices.Sort(horizons)
	horizons = slices.Compact(horizons)
	if len(horizons) > maxHorizons {
		return nil, fmt.Errorf("the trials of protocol %s (%s, ...) forecast %d horizons, expected at most %d", w.protocol, entries[0].trials[0].from, len(horizons), maxHorizons)
	}
	var list []*contest
	for i, h := range horizons {
		c := &contest{protocol: w.protocol, horizon: h, several: len(horizons) > 1, first: i == 0, study: w, series: w.series, data: w.data}
		there := slices.DeleteFunc(slices.Clone(entries), func(n entry) bool {
			return slices.ContainsFunc(n.trials, func(t *trial) bool { return len(t.parts[section{forecast.Test, h}].rows) == 0 })
		})
		for _, group := range byLookBack(there, w.protocol) {
			f, err := w.field(group, h)
			if err != nil {
				return nil, err
			}
			c.fields = append(c.fields, f)
		}
		if len(c.fields) > 0 {
			list = append(list, c)
		}
	}
	return list, nil
}

// alone is the contest of the baselines without trials.
func (w *study) alone(e *Evaluate) ([]*contest, error) {
	o := forecast.DefaultSplit
	split, err := w.data.Split(w.protocol, 1, o)
	if errors.Is(err, forecast.ErrShort) || len(split.Test) < few { // there are no trials to agree with: any history will do
		split, err = w.data.Split(w.protocol, 1, forecast.SplitOptions{Test: o.Test, Validation: o.Validation, History: 1})
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.Series.From, err)
	}
	f := &field{protocol: w.protocol, horizon: 1, level: usualLevel, data: w.data, folds: []fold{{end: split.End(), test: split.Test, validate: split.Validation}}, test: split.Test, validate: split.Validation}
	return []*contest{{protocol: w.protocol, horizon: 1, first: true, study: w, series: w.series, data: w.data, fields: []*field{f}}}, nil
}

// byLookBack groups entries in published, smallest look-back first, keeping their order; in strict all are one group.
func byLookBack(entries []entry, p forecast.Protocol) [][]entry {
	if p == forecast.Strict && len(entries) > 0 {
		return [][]entry{entries}
	}
	var looks []int
	for _, n := range entries {
		looks = append(looks, n.config.LookBack)
	}
	slices.Sort(looks)
	looks = slices.Compact(looks)
	groups := make([][]entry, len(looks))
	for _, n := range entries {
		i, _ := slices.BinarySearch(looks, n.config.LookBack)
		groups[i] = append(groups[i], n)
	}
	return groups
}

// field finds the targets that all entries have and adds these as models.
func (w *study) field(group []entry, h int) (*field, error) {
	f := &field{protocol: w.protocol, horizon: h, level: usualLevel, data: w.data}
	for _, n := range group {
		if l := n.trials[0].about.Level; l > 0 && l < 1 {
			f.level = l
			break
		}
	}
	if w.protocol == forecast.Published {
		f.lookBack = group[0].config.LookBack
	}
	for k := range group[0].trials {
		var trials []*trial
		for _, n := range group {
			trials = append(trials, n.trials[k])
		}
		one := fold{test: common(trials, section{forecast.Test, h}), validate: common(trials, section{forecast.Validation, h}), end: trials[0].end}
		for _, t := range trials {
			one.end = min(one.end, t.end)
			if t.about.Split.Sliding {
				one.from = max(one.from, t.from0)
			}
		}
		if len(one.test) == 0 {
			return nil, fmt.Errorf("the %d trials of protocol %s (%s, ...) have no test target that all of them forecast%s", len(trials), w.protocol, trials[0].from, ahead(h))
		}
		f.folds = append(f.folds, one)
		f.test, f.validate = append(f.test, one.test...), append(f.validate, one.validate...)
	}
	if len(f.folds) == 1 { // shared with the trials
		f.test, f.validate = f.folds[0].test, f.folds[0].validate
	}
	f.add(group)
	return f, nil
}

// ahead names a horizon beyond the next step, in an error.
func ahead(h int) string {
	if h == 1 {
		return ""
	}
	return fmt.Sprintf(" %d steps ahead", h)
}

// add appends the entries, sorted by configuration and seed, as models.
func (f *field) add(group []entry) {
	varies := map[string]bool{}
	first := map[string]config{}
	for _, n := range group {
		o, ok := first[n.config.Model]
		if !ok {
			first[n.config.Model] = n.config
			continue
		}
		varies["learning_rate"] = varies["learning_rate"] || n.config.LearningRate != o.LearningRate
		varies["patience"] = varies["patience"] || n.config.Patience != o.Patience
	}
	for _, n := range group {
		m := &model{config: n.config, field: f, trained: n.config.trained()}
		if last := len(f.models) - 1; last >= 0 && f.models[last].config == n.config {
			m = f.models[last]
		} else {
			m.labels = labels(n.config, m.trained, varies)
			f.models = append(f.models, m)
		}
		r := run{seed: n.seed, trials: n.trials}
		intervals := true
		for k, t := range n.trials {
			test := t.at(section{forecast.Test, f.horizon}, f.folds[k].test)
			checked := t.at(section{forecast.Validation, f.horizon}, f.folds[k].validate)
			intervals = intervals && test.low != nil
			if len(n.trials) == 1 {
				r.forecast, r.checked, r.low, r.high = test.predicted, checked.predicted, test.low, test.high
				continue
			}
			r.forecast, r.checked = append(r.forecast, test.predicted...), append(r.checked, checked.predicted...)
			r.low, r.high = append(r.low, test.low...), append(r.high, test.high...)
		}
		if !intervals {
			r.low, r.high = nil, nil
		} else if l := n.trials[0].about.Level; l > 0 && l < 1 {
			m.level = l
		}
		m.runs = append(m.runs, r)
	}
}

// warn says which baselines are left out, and when one target decides the squared errors, as a partial second at the end of a capture does.
func (f *field) warn(env *stages.Env) {
	for _, text := range f.left {
		env.Warn(fmt.Sprintf("%s: %s", f, text))
	}
	if i := f.hardest(); len(f.test) >= few && f.share(i) >= 0.25 {
		env.Warn(fmt.Sprintf("%s: one of %d targets, %s, makes %.0f %% of the last value's squared error: squared errors and tests hang on it",
			f, len(f.test), instant(f.data.Time[f.test[i]]), 100*f.share(i)))
	}
}

func (f *field) String() string {
	text := "protocol " + string(f.protocol)
	if f.lookBack != 0 {
		text += fmt.Sprintf(", look-back %d", f.lookBack)
	}
	if f.horizon != 1 {
		text += fmt.Sprintf(", horizon %d", f.horizon)
	}
	return text
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
