package train

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"weir/internal/forecast"
	"weir/internal/lstm"
	"weir/internal/predictor"
	"weir/stages"
)

// family of a model.
type family int

const (
	linear family = iota // the models of package forecast
	networks
	trees
)

func (m *Model) family() family {
	switch m.Name {
	case string(lstm.LSTM), string(lstm.GRU):
		return networks
	case predictor.Boosting, predictor.Forest:
		return trees
	}
	return linear
}

// uses lists the options, of the stage and of the model's block, that change this model but are not proper fields of a trial.
func (s *Train) uses() []string {
	switch s.Model.Name {
	case "lstm", "gru":
		return []string{"strategy", "decay", "decay_factor", "decay_every", "min_delta", "quantiles", "attention"}
	case predictor.Boosting:
		return []string{"quantiles", "trees", "depth", "leaves", "min_leaf", "rate", "rows", "columns"}
	case predictor.Forest:
		return []string{"trees", "depth", "leaves", "min_leaf", "rows", "columns"}
	case "ar":
		return []string{"strategy"}
	case "ridge", "nlinear", "rlinear", "dlinear":
		return []string{"strategy", "penalty"}
	case "fourier":
		return []string{"penalty", "harmonics"}
	case "auto":
		return []string{"harmonics"}
	case "arima":
		return []string{"p", "d", "q"}
	case "arfima":
		return []string{"p", "q"}
	}
	return nil
}

// proper says whether one of the trial's own fields is used by the model.
func (m *Model) proper(field string) bool {
	switch field {
	case "order":
		return slices.Contains([]string{"ar", "ridge", "nlinear", "rlinear", "dlinear", "fourier"}, m.Name)
	case "period":
		return slices.Contains([]string{"seasonal_naive", "holt_winters", "fourier", "auto"}, m.Name)
	case "window":
		return slices.Contains([]string{"moving_average", "rlinear", "dlinear"}, m.Name)
	}
	return false
}

// options are the settings that make this another configuration and have no field of their own in a trial: in the order of the documentation, those with their default value left out.
func (s *Train) options() []forecast.Option {
	var list []forecast.Option
	used := append(s.uses(), "intervals")
	collect := func(now, usual reflect.Value, fields []stages.Field) {
		for _, f := range fields {
			if f.Class == stages.Option && slices.Contains(used, f.Name) && stages.Text(f.Of(now)) != stages.Text(f.Of(usual)) {
				list = append(list, forecast.Option{Name: f.Name, Value: stages.Text(f.Of(now))})
			}
		}
	}
	fields, usual := stages.Fields(s), defaults()
	collect(reflect.ValueOf(*s), reflect.ValueOf(*usual), fields)
	for _, f := range fields {
		if f.Class == stages.Block {
			collect(reflect.ValueOf(s.Model), reflect.ValueOf(usual.Model), f.Fields)
		}
	}
	return list
}

// linear is the model of package forecast, with the fields that it uses.
func (s *Train) linear() forecast.Model {
	m := forecast.Model{Name: s.Model.Name, Covariates: len(s.Covariates) > 0}
	uses := s.uses()
	if s.Model.proper("order") {
		m.Order = s.Model.Order
	}
	if s.Model.proper("period") {
		m.Period = s.Model.Period
	}
	if s.Model.proper("window") {
		m.Window = s.Model.Window
	}
	if slices.Contains(uses, "p") {
		m.Order, m.Average = s.Model.P, s.Model.Q
	}
	if slices.Contains(uses, "d") {
		m.Difference = s.Model.D
	}
	if slices.Contains(uses, "penalty") {
		m.Penalty = s.Model.Penalty
	}
	if slices.Contains(uses, "harmonics") {
		m.Harmonics = s.Model.Harmonics
	}
	if s.Strategy != "default" {
		m.Strategy = s.Strategy
	}
	return m
}

// recursive says that a network forecasts one step and is fed its own forecasts.
func (s *Train) recursive() bool { return s.Strategy == forecast.Recursive }

// trained are the horizons that a network has outputs for.
func (s *Train) trained() []int {
	if s.recursive() {
		return []int{1}
	}
	return s.Horizons
}

// schedule is how the learning rate falls.
func (s *Train) schedule() lstm.Schedule {
	o := lstm.Schedule{Decay: lstm.Decay(s.Decay)}
	if o.Decay == lstm.Exponential || o.Decay == lstm.Step {
		o.Factor, o.Every = s.DecayFactor, s.DecayEvery
	}
	return o
}

// split is how targets become parts. What makes no difference is zero, so that equal splits look alike.
func (s *Train) split() forecast.SplitOptions {
	o := forecast.SplitOptions{Test: s.Test, Validation: s.Validation, History: s.History, Gap: s.Gap}
	if last := s.Horizons[len(s.Horizons)-1]; last > 1 {
		o.Horizon = last
	}
	if s.Folds > 1 {
		o.Folds, o.Fold, o.Sliding = s.Folds, s.Fold, s.Sliding
	}
	return o
}

// Length implements stages.Lengthy: a network may go on from the state of fewer epochs where its learning rate does not depend on their number.
func (s *Train) Length() (option string, n int) {
	if s.Model.family() != networks || !s.schedule().Open() {
		return "", 0
	}
	return "epochs", s.Epochs
}

// Cost implements stages.Costly: multiplications for one row of the series, or what takes as long; measured once on 36,815 rows.
func (s *Train) Cost() float64 {
	m := &s.Model
	outputs := float64(len(s.Horizons) * max(1, len(s.Quantiles)))
	switch m.Name {
	case "lstm", "gru":
		passes := 3 * s.Epochs
		if s.recursive() {
			passes += s.Horizons[len(s.Horizons)-1]
		}
		return float64(passes) * float64(s.LookBack) * s.weights()
	case predictor.Boosting:
		return 250 * outputs * float64(m.Trees*(s.LookBack+len(s.Covariates)))
	case predictor.Forest:
		return 1500 * outputs * float64(m.Trees*(s.LookBack+len(s.Covariates)))
	case "arima", "arfima":
		return 250_000 * float64(m.P+m.Q+1)
	case "auto":
		return 3_000_000 * outputs
	}
	return 20_000 + float64(m.Order*m.Order)*outputs
}

// weights is about how many a network has.
func (s *Train) weights() float64 {
	m := &s.Model
	directions := 1
	if m.Both {
		directions = 2
	}
	total, inputs := 0, 1+len(s.Covariates)
	for range m.Layers {
		total += directions * 4 * m.Units * (m.Units + inputs + 1)
		inputs = directions * m.Units
	}
	return float64(total)
}

// Memory implements stages.Sized: a series of 100,000 rows, and what a step of Adam or a matrix of examples needs.
func (s *Train) Memory() int64 {
	const base = 96 << 20
	m := &s.Model
	switch m.family() {
	case networks:
		state := float64(s.LookBack*s.Batch*m.Layers) * float64(12*m.Units)
		if m.Both {
			state *= 2
		}
		return base + int64(4*state+20*s.weights())
	case trees:
		return base + int64(s.LookBack+len(s.Covariates))*100_000*14
	}
	return base + int64(m.Order)*int64(m.Order)*24
}

// Validate implements stages.Validator.
func (s *Train) Validate() error {
	if m := &s.Model; m.family() == linear && !slices.Contains(forecast.Models, m.Name) {
		return &stages.OptionError{Option: "model", Message: fmt.Sprintf("%q is unknown, expected lstm, gru, %s, %s or one of %v", m.Name, predictor.Boosting, predictor.Forest, forecast.Models)}
	}
	errs := []error{s.checkData(), s.checkModel(), s.checkRest()}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func mistake(option, format string, values ...any) error {
	return &stages.OptionError{Option: option, Message: fmt.Sprintf(format, values...)}
}

func within(option string, v, low, high int) error {
	if v < low || v > high {
		return mistake(option, "%d, expected %d to %d", v, low, high)
	}
	return nil
}

func above(option string, v, limit float64) error {
	if !(v > 0 && v <= limit) {
		return mistake(option, "%v, expected more than 0 and at most %v", v, limit)
	}
	return nil
}

// first is the first error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// checkData looks at what is seen and how it is split.
func (s *Train) checkData() error {
	if s.Protocol != string(forecast.Strict) && s.Protocol != string(forecast.Published) {
		return mistake("protocol", "%q is unknown, expected strict or published", s.Protocol)
	}
	if err := first(within("look_back", s.LookBack, 1, predictor.MaxLookBack), within("history", s.History, 0, 1<<20), within("gap", s.Gap, 0, 1<<24), within("folds", s.Folds, 0, 1000),
		within("fold", s.Fold, 1, max(1, s.Folds))); err != nil {
		return err
	}
	if !(s.Test > 0 && s.Test < 1) {
		return mistake("test", "%v, expected more than 0 and less than 1", s.Test)
	}
	if !(s.Validation >= 0 && s.Validation < 1) {
		return mistake("validation", "%v, expected 0 or more and less than 1", s.Validation)
	}
	if err := predictor.CheckHorizons(s.Horizons); err != nil {
		return mistake("horizons", "%v", err)
	}
	if s.Protocol == string(forecast.Published) {
		for _, needs := range []struct {
			option string
			strict bool
		}{{"horizons", s.Horizons[len(s.Horizons)-1] > 1}, {"folds", s.Folds > 1}, {"gap", s.Gap > 0}, {"train_series", s.TrainSeries.Given()}, {"pool", given(s.Pool)}} {
			if needs.strict {
				return mistake(needs.option, "protocol published has one way to split; this needs protocol strict")
			}
		}
	}
	if s.Folds > 1 && s.TrainSeries.Given() {
		return mistake("folds", "with train_series all of series tests")
	}
	return nil
}

// checkModel looks at the model and its training.
func (s *Train) checkModel() error {
	switch s.Model.family() {
	case networks:
		return s.checkNetwork()
	case trees:
		return s.checkTrees()
	}
	err := s.linear().Check()
	var option *forecast.OptionError
	if !errors.As(err, &option) {
		return err
	}
	switch option.Option {
	case "covariates", "strategy":
		return mistake(option.Option, "%s", option.Message)
	}
	name := option.Option
	if slices.Contains(s.uses(), "p") {
		name = map[string]string{"order": "p", "difference": "d", "average": "q"}[name]
	}
	return mistake("model."+name, "%s", option.Message)
}

func (s *Train) checkNetwork() error {
	if err := lstm.CheckKernels(s.kernels); err != nil {
		return fmt.Errorf("environment variable %s: %w", KernelsVariable, err)
	}
	if err := first(within("model.units", s.Model.Units, 1, lstm.MaxUnits), within("model.layers", s.Model.Layers, 1, lstm.MaxLayers), within("epochs", s.Epochs, 1, 1<<20),
		within("batch", s.Batch, 1, lstm.MaxBatch), above("learning_rate", s.LearningRate, 1), s.checkPatience()); err != nil {
		return err
	}
	if !(s.MinDelta >= 0 && s.MinDelta < 1) {
		return mistake("min_delta", "%v, expected 0 or more and less than 1", s.MinDelta)
	}
	if err := s.schedule().Check(); err != nil {
		return mistake("decay", "%v", err)
	}
	if err := predictor.CheckQuantiles(s.Quantiles); err != nil {
		return mistake("quantiles", "%v", err)
	}
	if n := len(s.trained()) * max(1, len(s.Quantiles)); n > lstm.MaxOutputs {
		return mistake("horizons", "%d outputs of the network (horizons times quantiles), expected at most %d", n, lstm.MaxOutputs)
	}
	return nil
}

func (s *Train) checkTrees() error {
	m := &s.Model
	boosting := m.Name == predictor.Boosting
	switch {
	case s.recursive():
		return mistake("strategy", "trees have an ensemble for each horizon: direct")
	case !boosting && len(s.Quantiles) > 0:
		return mistake("quantiles", "a forest has none, boosting and networks do")
	case m.Leaves == 1:
		return mistake("model.leaves", "1, expected 0 or at least 2")
	}
	if err := predictor.CheckQuantiles(s.Quantiles); err != nil {
		return mistake("quantiles", "%v", err)
	}
	if boosting {
		if err := s.checkPatience(); err != nil {
			return err
		}
	}
	return first(within("model.trees", m.Trees, 1, 10_000), within("model.depth", m.Depth, 0, 1000), within("model.leaves", m.Leaves, 0, 1<<20), within("model.min_leaf", m.MinLeaf, 1, 1<<24),
		above("model.rate", m.Rate, 1), above("model.rows", m.Rows, 1), above("model.columns", m.Columns, 1))
}

func (s *Train) checkPatience() error {
	if err := within("patience", s.Patience, 0, 1<<20); err != nil {
		return err
	}
	if s.Patience > 0 && (s.Protocol == string(forecast.Published) || s.Validation == 0) {
		return mistake("patience", "stopping early needs a validation part: protocol strict and validation above 0")
	}
	return nil
}

// checkRest looks at intervals, controls and inputs that only some models have.
func (s *Train) checkRest() error {
	network := s.Model.family() == networks
	switch {
	case !(s.Level > 0 && s.Level < 1):
		return mistake("level", "%v, expected a share between 0 and 1", s.Level)
	case s.Control == "shuffled" && s.Model.family() == linear && s.Model.Name != "ar" && s.Model.Name != "ridge":
		return mistake("control", "%s learns too little to be checked; networks, trees, ar and ridge can be", s.Model.Name)
	case given(s.Pool) && !network:
		return mistake("pool", "%s is fitted to one series; networks can be to several", s.Model.Name)
	case s.Start.Given() && !network:
		return mistake("start", "%s has no weights to start from; networks have", s.Model.Name)
	}
	return nil
}

// given says whether a tree has anything.
func given(t stages.Tree) bool { return t.Leaf != nil || t.Named != nil || t.List != nil }
