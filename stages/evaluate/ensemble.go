package evaluate

import (
	"fmt"
	"slices"

	"weir/internal/forecast"
)

// maxMembers bounds the ensemble: many tries of one sort would outweigh everything else.
const maxMembers = 10

// weight is a member's share in the ensemble.
type weight struct {
	of    *model
	share float64
}

// combined says that the model is the ensemble.
func (m *model) combined() bool { return m.config.Model == ensemble }

// combine makes the ensemble of a strict field with a validation part: the mean of its members' forecasts (of a configuration: the mean over its seeds), weighted by the inverse of
// their mean squared error on the validation part, that of the first fold (Bates and Granger 1969, Operational Research Quarterly 20, 451-468, without covariances). Members are the linear models and the best configuration of each
// kind of trained model, those whose validation error is at most a tenth above the smallest, at most ten. Nil when there are fewer than two.
func (f *field) combine() *model {
	if f.protocol == forecast.Published || len(f.validate) == 0 {
		return nil
	}
	var members []*model
	kinds := map[string]int{}
	for _, m := range f.models {
		switch {
		case !m.trained && !m.config.linear() || missing([]float64{m.validation}) > 0 || len(m.runs[0].checked) != len(f.validate):
			continue
		case m.trained:
			kind := fmt.Sprint(m.config.Model, m.config.Both, m.config.Layers)
			if at, ok := kinds[kind]; ok {
				if m.validation < members[at].validation {
					members[at] = m
				}
				continue
			}
			kinds[kind] = len(members)
		}
		members = append(members, m)
	}
	if len(members) < 2 {
		return nil
	}
	slices.SortStableFunc(members, func(a, b *model) int { return less(a.validation, b.validation) })
	near := 1.1 * members[0].validation
	members = slices.DeleteFunc(members, func(m *model) bool { return m.validation > near })
	members = members[:min(len(members), maxMembers)]
	if len(members) < 2 || !(members[0].validation > 0) {
		return nil
	}
	e := &model{config: config{Model: ensemble}, labels: []string{"model", ensemble}, field: f}
	total := 0.0
	for _, m := range members {
		total += 1 / m.validation
	}
	r := run{forecast: make([]float64, len(f.test)), checked: make([]float64, len(f.validate))}
	for _, m := range members {
		w := weight{m, 1 / m.validation / total}
		e.weights = append(e.weights, w)
		accumulate(r.forecast, m.average(func(r run) []float64 { return r.forecast }), w.share)
		accumulate(r.checked, m.average(func(r run) []float64 { return r.checked }), w.share)
	}
	e.runs = []run{r}
	e.calibrate()
	return e
}

// average is the mean over the seeds of one of their slices.
func (m *model) average(of func(run) []float64) []float64 {
	if len(m.runs) == 1 {
		return of(m.runs[0])
	}
	mean := make([]float64, len(of(m.runs[0])))
	for _, r := range m.runs {
		accumulate(mean, of(r), 1/float64(len(m.runs)))
	}
	return mean
}

// accumulate adds share times values.
func accumulate(sum, values []float64, share float64) {
	for i, v := range values {
		sum[i] += float64(share * v)
	}
}
