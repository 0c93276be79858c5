package evaluate

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"sort"
	"strconv"
	"time"

	"weir/internal/forecast"
	"weir/stages"
)

// maxTrials bounds the sweep that one stage compares.
const maxTrials = 20_000

// trial is one file of predictions and the model that made them.
type trial struct {
	from  string // for messages
	p     *forecast.Predictions
	model stages.Input // not given: no such output
	index []int        // row of the data for each row of the predictions, set by place
}

// collect finds the trials in a tree: a node with an output named predictions (and perhaps model), or a bare file. Named branches
// are visited by name, lists in order. A trial without forecasts (train's too_short = "skip") is counted in left, not kept.
func collect(t stages.Tree) (found []*trial, left int, err error) {
	var walk func(t stages.Tree) error
	add := func(in, model *stages.Input) error {
		if len(found) == maxTrials {
			return fmt.Errorf("trials: more than %d", maxTrials)
		}
		p, err := forecast.ReadPredictions(in.Path)
		if err != nil {
			return fmt.Errorf("%s: %w", in.From, err)
		}
		if len(p.Time) == 0 {
			left++
			return nil
		}
		one := &trial{from: in.From, p: p}
		if model != nil {
			one.model = *model
		}
		found = append(found, one)
		return nil
	}
	walk = func(t stages.Tree) error {
		if t.Leaf != nil {
			return add(t.Leaf, nil)
		}
		if node, ok := t.Named["predictions"]; ok && node.Leaf != nil {
			return add(node.Leaf, t.Named["model"].Leaf)
		}
		for _, name := range slices.Sorted(maps.Keys(t.Named)) {
			if err := walk(t.Named[name]); err != nil {
				return err
			}
		}
		for _, node := range t.List {
			if err := walk(node); err != nil {
				return err
			}
		}
		return nil
	}
	err = walk(t)
	return found, left, err
}

// config is a trial without its seed and without what was fitted.
type config struct {
	Model                                                 string
	Units, Order, Period, Window, LookBack, Epochs, Batch int
	LearningRate                                          float64
	Patience                                              int
}

func configOf(t forecast.Trial) config {
	return config{t.Model, t.Units, t.Order, t.Period, t.Window, t.LookBack, t.Epochs, t.Batch, t.LearningRate, t.Patience}
}

func (c config) compare(o config) int {
	return cmp.Or(cmp.Compare(c.Model, o.Model), cmp.Compare(c.Units, o.Units), cmp.Compare(c.Order, o.Order), cmp.Compare(c.Period, o.Period),
		cmp.Compare(c.Window, o.Window), cmp.Compare(c.LookBack, o.LookBack), cmp.Compare(c.Epochs, o.Epochs), cmp.Compare(c.Batch, o.Batch),
		cmp.Compare(c.LearningRate, o.LearningRate), cmp.Compare(c.Patience, o.Patience))
}

// baselines are models of package forecast: a trial of one is a rival, not a try.
var baselines = []string{"naive", "drift", "mean", "seasonal_naive", "moving_average", "ses", "holt", "ar"}

// arrange sorts the trials by configuration and seed and refuses what cannot be compared: two files for one trial, different columns, units, steps or splits.
func arrange(trials []*trial) error {
	slices.SortStableFunc(trials, func(a, b *trial) int {
		return cmp.Or(configOf(a.p.Trial).compare(configOf(b.p.Trial)), cmp.Compare(a.p.Trial.Seed, b.p.Trial.Seed))
	})
	for i := 1; i < len(trials); i++ {
		a, b := trials[i-1], trials[i]
		if configOf(a.p.Trial) == configOf(b.p.Trial) && a.p.Trial.Seed == b.p.Trial.Seed {
			return fmt.Errorf("trials %s and %s have the same options and seed %d: give each trial once", a.from, b.from, a.p.Trial.Seed)
		}
	}
	for _, b := range trials {
		a := trials[0]
		s, t := a.p.Trial, b.p.Trial
		differ := ""
		switch {
		case s.Column != t.Column:
			differ = fmt.Sprintf("the first forecasts column %q, the second %q", s.Column, t.Column)
		case s.StepNS != t.StepNS:
			differ = fmt.Sprintf("the first has steps of %s, the second of %s", time.Duration(s.StepNS), time.Duration(t.StepNS))
		case s.Split != t.Split:
			differ = fmt.Sprintf("the first splits with %s, the second with %s", describe(s.Split), describe(t.Split))
		}
		if differ != "" {
			return fmt.Errorf("trials %s and %s (protocol %s) cannot be compared: %s", a.from, b.from, t.Protocol, differ)
		}
	}
	return nil
}

func describe(o forecast.SplitOptions) string {
	return fmt.Sprintf("test %v, validation %v, history %d", o.Test, o.Validation, o.History)
}

// place finds the rows of the data that a trial's forecasts are for, and refuses a trial of another series.
func (t *trial) place(d *forecast.Data) error {
	t.index = make([]int, len(t.p.Time))
	for i, at := range t.p.Time {
		k := sort.Search(len(d.Time), func(k int) bool { return d.Time[k] >= at })
		switch {
		case k == len(d.Time) || d.Time[k] != at:
			return fmt.Errorf("trial %s is of another series: it forecasts %s, where column %s has no row under protocol %s",
				t.from, instant(at), d.Column, t.p.Trial.Protocol)
		case math.Abs(t.p.Actual[i]-d.Values[k]) > 1e-6*max(1, math.Abs(d.Values[k])):
			return fmt.Errorf("trial %s is of another series: at %s it has %v, column %s has %v", t.from, instant(at), t.p.Actual[i], d.Column, d.Values[k])
		}
		t.index[i] = k
	}
	return nil
}

func instant(ns int64) string { return time.Unix(0, ns).UTC().Format("2006-01-02 15:04:05.999999999") }

// rows returns the data rows of one part for which the trial has a forecast, and the forecasts.
func (t *trial) rows(part string) (index []int, predicted []float64) {
	for i, k := range t.index {
		if t.p.Part[i] == part && t.p.Horizon[i] == 1 && !math.IsNaN(t.p.Predicted[i]) && !math.IsInf(t.p.Predicted[i], 0) {
			index = append(index, k)
			predicted = append(predicted, t.p.Predicted[i])
		}
	}
	return index, predicted
}

// trained is the end of the training part: after the last training row, or before the first other one where the file has none.
func (t *trial) trained() int {
	end, first := 0, 0
	for i, k := range t.index {
		switch {
		case t.p.Part[i] == forecast.Train:
			end = k + 1
		case first == 0:
			first = k
		}
	}
	return cmp.Or(end, first)
}

// common lists the rows of a part that every trial forecasts.
func common(trials []*trial, part string) []int {
	var shared []int
	for i, t := range trials {
		rows, _ := t.rows(part)
		if i == 0 {
			shared = rows
			continue
		}
		shared = slices.DeleteFunc(slices.Clone(shared), func(k int) bool {
			_, ok := slices.BinarySearch(rows, k)
			return !ok
		})
	}
	return shared
}

// at returns the trial's forecasts at the given rows, which it has.
func (t *trial) at(part string, rows []int) []float64 {
	index, predicted := t.rows(part)
	values := make([]float64, len(rows))
	for i, k := range rows {
		j, _ := slices.BinarySearch(index, k)
		values[i] = predicted[j]
	}
	return values
}

func text(n int) string { return strconv.Itoa(n) }
