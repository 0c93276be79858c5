package train

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"weir/artifacts"
	"weir/internal/forecast"
	"weir/internal/predictor"
	"weir/internal/series"
	"weir/stages"
)

// job is one training: the stage with its data and what became of it.
type job struct {
	stage    *Train
	env      *stages.Env
	protocol forecast.Protocol
	data     *forecast.Data
	split    forecast.Split
	targets  []int // train, validation, test
	trial    forecast.Trial

	fitted    *predictor.Fitted
	forecasts []predictor.Forecast // of targets, for each horizon
	low, high [][]float64          // likewise, nil without intervals
	history   history
}

// load reads and splits the series. With forecast.ErrShort the job is there too, for a trial that is left out.
func (s *Train) load(env *stages.Env) (*job, error) {
	j := &job{stage: s, env: env, protocol: forecast.Protocol(s.Protocol), data: &forecast.Data{}, history: history{Epochs: []epoch{}}}
	err := j.read()
	j.targets = slices.Concat(j.split.Train, j.split.Validation, j.split.Test)
	j.describe()
	if failed := j.others(); failed != nil {
		return j, failed
	}
	return j, err
}

func (j *job) read() error {
	s := j.stage
	data, err := j.prepare(&s.Series)
	if err != nil {
		return err
	}
	if s.TrainSeries.Given() {
		other, err := j.prepare(&s.TrainSeries)
		if err != nil {
			return err
		}
		if n := repeated(other, data); n > 0 {
			return mistake("train_series", "%s has %s of series %s: what tests would train too", s.TrainSeries.From, series.Count(n, "row"), s.Series.From)
		}
		if data, err = forecast.Join(other, data); err != nil {
			return fmt.Errorf("train_series %s and series %s: %w", s.TrainSeries.From, s.Series.From, err)
		}
	}
	j.data = data
	if j.split, err = data.Split(j.protocol, s.LookBack, s.split()); err != nil {
		return fmt.Errorf("%s: %w", s.Series.From, err)
	}
	return nil
}

// fewRepeated is how many equal rows may be chance.
const fewRepeated = 10

// repeated is the number of rows that two series have in common: those of the same time, when all of them have the same value, and not always the same one; else 0.
func repeated(a, b *forecast.Data) int {
	n, varies := 0, false
	last := 0.0
	for i, t := range b.Time {
		k, ok := slices.BinarySearch(a.Time, t)
		if !ok {
			continue
		}
		if a.Values[k] != b.Values[i] {
			return 0
		}
		varies = varies || n > 0 && b.Values[i] != last
		last = b.Values[i]
		n++
	}
	if n <= fewRepeated || !varies {
		return 0
	}
	return n
}

// prepare reads one series.
func (j *job) prepare(in *stages.Input) (*forecast.Data, error) {
	all, err := series.Read(in.Path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.From, err)
	}
	d, err := forecast.Prepare(all, j.protocol, j.stage.Column, j.stage.Covariates...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.From, err)
	}
	if j.stage.Strategy == forecast.Recursive {
		for _, c := range d.Covariates {
			if !c.Known {
				return nil, mistake("strategy", "recursive forecasts would need covariate %s of times to come; direct does not", c.Name)
			}
		}
	}
	return d, nil
}

// describe fills the trial.
func (j *job) describe() {
	s, m := j.stage, &j.stage.Model
	j.trial = forecast.Trial{
		Model: m.Name, LookBack: s.LookBack, Options: s.options(), Covariates: s.Covariates, Protocol: j.protocol, Column: j.data.Column, Unit: j.data.Unit,
		StepNS: int64(j.data.Step), Split: s.split(),
	}
	t := &j.trial
	if len(s.Horizons) > 1 || s.Horizons[0] > 1 {
		t.Horizons = s.Horizons
	}
	if s.Control != none {
		t.Control = s.Control
	}
	switch m.family() {
	case networks:
		t.Units, t.Epochs, t.Batch, t.LearningRate, t.Patience, t.Seed, t.Both = m.Units, s.Epochs, s.Batch, s.LearningRate, s.Patience, s.Seed, m.Both
		if m.Layers > 1 {
			t.Layers = m.Layers
		}
	case trees:
		t.Seed = s.Seed
		if m.Name == predictor.Boosting {
			t.Patience = s.Patience
		}
	}
	if m.proper("order") {
		t.Order = m.Order
	}
	if m.proper("period") {
		t.Period = m.Period
	}
	if m.proper("window") {
		t.Window = m.Window
	}
}

// name is a short name of an input by its content: the same wherever it lies, and whoever runs the stage.
func name(in stages.Input) (string, error) {
	if !in.ID.IsZero() {
		return in.ID.Short(), nil
	}
	f, err := os.Open(in.Path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	digest := sha256.New()
	if _, err := io.Copy(digest, f); err != nil {
		return "", err
	}
	return artifacts.OutputID(digest.Sum(nil)).Short(), nil
}

// others names the inputs beside the series in the trial.
func (j *job) others() (err error) {
	s, t := j.stage, &j.trial
	if s.TrainSeries.Given() {
		if t.TrainedOn, err = name(s.TrainSeries); err != nil {
			return err
		}
	}
	add := func(option string, in stages.Input) {
		value, failed := name(in)
		err = errors.Join(err, failed)
		t.Options = append(t.Options, forecast.Option{Name: option, Value: value})
	}
	if s.Start.Given() {
		add("start", s.Start)
	}
	for _, in := range inputs(s.Pool) {
		add("pool", in)
	}
	return err
}

// inputs lists the series of a tree: outputs named series, or bare files.
func inputs(t stages.Tree) []stages.Input {
	if t.Leaf != nil {
		return []stages.Input{*t.Leaf}
	}
	if one, ok := t.Named["series"]; ok {
		return inputs(one)
	}
	var list []stages.Input
	for _, key := range slices.Sorted(maps.Keys(t.Named)) {
		list = append(list, inputs(t.Named[key])...)
	}
	for _, one := range t.List {
		list = append(list, inputs(one)...)
	}
	return list
}

// seen are the rows that scalers are fitted on: all (published), or those up to the last training target (strict).
func (j *job) seen() *forecast.Data {
	if j.protocol == forecast.Published {
		return j.data
	}
	return j.data.Head(j.split.End())
}

// model puts what was fitted together with what it is applied to.
func (j *job) model(m predictor.Model) {
	features := []string{j.data.Column}
	for _, c := range j.data.Covariates {
		features = append(features, c.Name)
	}
	j.fitted = &predictor.Fitted{Model: m, Horizons: j.stage.Horizons, LookBack: j.stage.LookBack, Features: features,
		Scalers: forecast.FitWindow(j.seen(), j.stage.LookBack, j.stage.Horizons).Scalers}
	if j.stage.recursive() {
		j.fitted.Strategy = forecast.Recursive
	}
}
