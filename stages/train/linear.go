package train

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"weir/internal/forecast"
	"weir/internal/predictor"
)

// linear fits a model of internal/forecast on the training part.
func (j *job) linear() error {
	m, from := j.stage.linear(), 0
	if j.trial.Split.Sliding {
		from = j.split.Train[0]
	}
	rows := forecast.Rows(from, j.split.End())
	fitted, err := m.Fit(j.learnt(), rows, j.stage.Horizons)
	if err != nil {
		return err
	}
	if !slow(m.Name) {
		g, err := fitGuard(j.data, j.split.End(), func(d *forecast.Data) ([]float64, error) {
			again, err := m.Fit(d, rows, j.stage.Horizons)
			if err != nil {
				return nil, err
			}
			parameters, numbers := again.Parameters(), []float64(nil)
			for _, name := range slices.Sorted(maps.Keys(parameters)) {
				numbers = append(numbers, parameters[name])
			}
			return numbers, nil
		})
		if err != nil {
			return err
		}
		j.guard(g)
	}
	j.trial.Parameters = map[string]float64{}
	for name, v := range fitted.Parameters() {
		if !strings.Contains(name, "_") { // for people: the few that say something
			j.trial.Parameters[name] = v
		}
	}
	j.model(&predictor.Linear{Options: m, Fitted: fitted, Horizons: j.stage.Horizons})
	return nil
}

// slow says that a model is fitted by a search, too long to do it twice more.
func slow(name string) bool {
	return slices.Contains([]string{"auto", "arima", "arfima", "holt_winters"}, name)
}

// learnt is the data that linear models and trees are fitted to: the series itself, or for a control its training part in random order.
func (j *job) learnt() *forecast.Data {
	if j.stage.Control != "shuffled" {
		return j.data
	}
	d := *j.data.Head(j.split.End())
	d.Values = slices.Clone(d.Values)
	source := rand.NewPCG(uint64(j.stage.Seed), shuffleStream)
	for i := len(d.Values) - 1; i > 0; i-- {
		k := int(source.Uint64() % uint64(i+1))
		d.Values[i], d.Values[k] = d.Values[k], d.Values[i]
	}
	return &d
}

// warn tells of targets without a forecast.
func (j *job) warn() {
	missing, total := 0, 0
	for _, f := range j.forecasts {
		for _, v := range f.Point {
			if total++; math.IsNaN(v) {
				missing++
			}
		}
	}
	if missing > 0 {
		j.env.Warn(fmt.Sprintf("%d of %d targets have too few points before them for a forecast; a larger look_back or history leaves them out", missing, total))
	}
}
