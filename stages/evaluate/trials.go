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
	"weir/internal/series"
	"weir/stages"
)

// maxTrials bounds the sweep that one stage compares.
const maxTrials = 20_000

// trial is what one file of predictions says, as rows of the data, and the outputs beside it. Forecasts of the training part are not kept.
type trial struct {
	from           string // for messages
	about          forecast.Trial
	model, history stages.Input // not given: no such output
	parts          map[section]forecasts
	from0, end     int // training rows [from0, end)
}

// section is one part of a trial's forecasts: Validation or Test at one horizon.
type section struct {
	part    string
	horizon int
}

// forecasts are those of one section, by row.
type forecasts struct {
	rows      []int // of the data, increasing
	predicted []float64
	low, high []float64 // nil: no intervals
}

// inputs are the files of one trial.
type inputs struct{ predictions, model, history *stages.Input }

// find lists the trials in a tree: a node with an output named predictions (and perhaps model and history), or a bare file. Named branches
// are visited by name, lists in order.
func find(t stages.Tree) (found []inputs, err error) {
	var walk func(t stages.Tree) error
	walk = func(t stages.Tree) error {
		if len(found) > maxTrials {
			return fmt.Errorf("trials: more than %d", maxTrials)
		}
		if t.Leaf != nil {
			found = append(found, inputs{predictions: t.Leaf})
			return nil
		}
		if node, ok := t.Named["predictions"]; ok && node.Leaf != nil {
			found = append(found, inputs{node.Leaf, t.Named["model"].Leaf, t.Named["history"].Leaf})
			return nil
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
	return found, err
}

// study is what was trained under one protocol.
type study struct {
	protocol forecast.Protocol
	series   *series.Series
	data     *forecast.Data
	trials   []*trial
	controls []*trial
	left     map[string]int // trials that are not compared, by reason
}

// Reasons of study.left, in the order in which they are told.
var reasons = []string{"too_short", "diverged", "incomplete"}

// sweeps reads all trials, a file at a time, and keeps what is needed of them by protocol.
func (e *Evaluate) sweeps(s, other *series.Series) (map[forecast.Protocol]*study, error) {
	files, err := find(e.Trials)
	if err != nil {
		return nil, err
	}
	all := map[forecast.Protocol]*study{}
	var last *trial
	for _, f := range files {
		p, err := forecast.ReadPredictions(f.predictions.Path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.predictions.From, err)
		}
		t := &trial{from: f.predictions.From, about: p.Trial}
		if f.model != nil {
			t.model = *f.model
		}
		if f.history != nil {
			t.history = *f.history
		}
		w := all[p.Trial.Protocol]
		if w == nil {
			w = &study{protocol: p.Trial.Protocol, series: s, left: map[string]int{}}
			all[w.protocol] = w
		}
		if len(p.Time) == 0 {
			w.left[shortOrDiverged(p.Trial)]++
			continue
		}
		if err := w.admit(e, t, other); err != nil {
			return nil, err
		}
		whole, err := t.place(p, w.data, last)
		switch {
		case err != nil:
			return nil, err
		case !whole:
			w.left["diverged"]++
		case t.about.Control != "":
			w.controls = append(w.controls, t)
		default:
			w.trials = append(w.trials, t)
			last = t
		}
	}
	return all, nil
}

// shortOrDiverged is why a trial has no forecasts: its parameters say at which epoch its loss was no number.
func shortOrDiverged(t forecast.Trial) string {
	if t.Parameters["diverged"] > 0 {
		return "diverged"
	}
	return "too_short"
}

// admit prepares the data for the first trial and refuses one that cannot be compared with it.
func (w *study) admit(e *Evaluate, t *trial, other *series.Series) error {
	if w.data == nil {
		column := e.Column
		if of := t.about.Column; of != "" {
			if column != "" && column != of {
				return fmt.Errorf("column is %q, the trials (%s, ...) forecast %q", column, t.from, of)
			}
			column = of
		}
		return w.prepare(e, column, other, t)
	}
	first := w.first()
	if first == nil {
		return nil
	}
	a, b := first.about, t.about
	differ := ""
	switch {
	case a.Column != b.Column:
		differ = fmt.Sprintf("the first forecasts column %q, the second %q", a.Column, b.Column)
	case a.StepNS != b.StepNS:
		differ = fmt.Sprintf("the first has steps of %s, the second of %s", time.Duration(a.StepNS), time.Duration(b.StepNS))
	case a.TrainedOn != b.TrainedOn:
		differ = fmt.Sprintf("the first was trained on %s, the second on %s", trainedOn(a), trainedOn(b))
	case shared(a.Split) != shared(b.Split):
		differ = fmt.Sprintf("the first splits with %s, the second with %s", describe(a.Split), describe(b.Split))
	}
	if differ != "" {
		return fmt.Errorf("trials %s and %s (protocol %s) cannot be compared: %s", first.from, t.from, w.protocol, differ)
	}
	return nil
}

func trainedOn(t forecast.Trial) string { return cmp.Or(t.TrainedOn, "the series itself") }

func (w *study) first() *trial {
	for _, list := range [][]*trial{w.trials, w.controls} {
		if len(list) > 0 {
			return list[0]
		}
	}
	return nil
}

// prepare makes the data, behind that of the other series where the trials were trained on one.
func (w *study) prepare(e *Evaluate, column string, other *series.Series, t *trial) (err error) {
	if w.data, err = forecast.Prepare(w.series, w.protocol, column); err != nil {
		return fmt.Errorf("%s: %w", e.Series.From, err)
	}
	elsewhere := t != nil && t.about.TrainedOn != ""
	switch {
	case elsewhere && other == nil:
		return fmt.Errorf("trial %s was trained on another series, %s: give that as train_series", t.from, t.about.TrainedOn)
	case other == nil || t != nil && !elsewhere:
		return nil
	}
	d, err := forecast.Prepare(other, w.protocol, column)
	if err != nil {
		return fmt.Errorf("%s: %w", e.Other.From, err)
	}
	if w.data, err = forecast.Join(d, w.data); err != nil {
		return fmt.Errorf("%s and %s: %w", e.Other.From, e.Series.From, err)
	}
	return nil
}

// shared is what the splits of trials that are compared must have in common: targets of another fold or horizon are told apart.
func shared(o forecast.SplitOptions) forecast.SplitOptions {
	o.Fold, o.Horizon = 0, 0
	return o
}

func describe(o forecast.SplitOptions) string {
	text := fmt.Sprintf("test %v, validation %v, history %d", o.Test, o.Validation, o.History)
	if o.Gap > 0 {
		text += fmt.Sprintf(", gap %d", o.Gap)
	}
	if o.Folds > 1 {
		text += fmt.Sprintf(", %d folds", o.Folds)
	}
	if o.Sliding {
		text += ", sliding"
	}
	return text
}

// place finds the rows of the data that a trial's forecasts are for, and refuses a trial of another series. It is not whole when a forecast is no number. Rows that another
// trial has too are shared with it.
func (t *trial) place(p *forecast.Predictions, d *forecast.Data, other *trial) (whole bool, err error) {
	t.parts, t.from0 = map[section]forecasts{}, math.MaxInt
	whole = true
	border := 0
	if t.about.TrainedOn != "" {
		border = d.Border
	}
	first, next := -1, 0
	for i, at := range p.Time {
		lo, hi := 0, d.Len()
		switch {
		case border > 0 && p.Part[i] == forecast.Test:
			lo = border
		case border > 0:
			hi = border
		}
		k := next
		if k < lo || k >= hi || d.Time[k] != at { // mostly the row after the last one
			k = lo + sort.Search(hi-lo, func(k int) bool { return d.Time[lo+k] >= at })
		}
		next = k + 1
		switch {
		case k == hi || d.Time[k] != at:
			return false, fmt.Errorf("trial %s is of another series: it forecasts %s, where column %s has no row under protocol %s",
				t.from, instant(at), d.Column, t.about.Protocol)
		case math.Abs(p.Actual[i]-d.Values[k]) > 1e-6*max(1, math.Abs(d.Values[k])) && t.about.Control == "":
			return false, fmt.Errorf("trial %s is of another series: at %s it has %v, column %s has %v", t.from, instant(at), p.Actual[i], d.Column, d.Values[k])
		}
		if p.Part[i] == forecast.Train {
			t.from0, t.end = min(t.from0, k), max(t.end, k+1)
			continue
		}
		if first < 0 || k < first {
			first = k
		}
		v := p.Predicted[i]
		switch {
		case math.IsInf(v, 0):
			whole = false
			continue
		case math.IsNaN(v):
			continue
		}
		key := section{p.Part[i], p.Horizon[i]}
		f := t.parts[key]
		f.rows, f.predicted = append(f.rows, k), append(f.predicted, v)
		f.low, f.high = append(f.low, p.Low[i]), append(f.high, p.High[i])
		t.parts[key] = f
	}
	if t.end == 0 {
		t.from0, t.end = 0, first
	}
	if t.horizons() == nil {
		whole = false
	}
	for key, f := range t.parts {
		if !slices.ContainsFunc(f.low, func(v float64) bool { return !math.IsNaN(v) }) {
			f.low, f.high = nil, nil
		}
		if other != nil && slices.Equal(other.parts[key].rows, f.rows) {
			f.rows = other.parts[key].rows
		}
		f.rows, f.predicted, f.low, f.high = slices.Clip(f.rows), slices.Clip(f.predicted), slices.Clip(f.low), slices.Clip(f.high)
		t.parts[key] = f
	}
	return whole, nil
}

func instant(ns int64) string { return time.Unix(0, ns).UTC().Format("2006-01-02 15:04:05.999999999") }

// horizons lists those that the trial forecasts test targets at, increasing.
func (t *trial) horizons() (list []int) {
	for key := range t.parts {
		if key.part == forecast.Test {
			list = append(list, key.horizon)
		}
	}
	slices.Sort(list)
	return list
}

// common lists the rows of a section that every trial forecasts.
func common(trials []*trial, s section) []int {
	var shared []int
	for i, t := range trials {
		rows := t.parts[s].rows
		if i == 0 || slices.Equal(shared, rows) {
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

// at returns the trial's forecasts at the given rows, which it has; the slices may be its own.
func (t *trial) at(s section, rows []int) forecasts {
	f := t.parts[s]
	if len(f.rows) == len(rows) {
		return f
	}
	part := forecasts{rows: rows}
	for _, k := range rows {
		j, _ := slices.BinarySearch(f.rows, k)
		part.predicted = append(part.predicted, f.predicted[j])
		if f.low != nil {
			part.low, part.high = append(part.low, f.low[j]), append(part.high, f.high[j])
		}
	}
	return part
}

func text(n int) string { return strconv.Itoa(n) }
