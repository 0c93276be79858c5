package train

import (
	"context"
	"fmt"
	"math"

	"weir/internal/forecast"
	"weir/internal/forest"
	"weir/internal/predictor"
)

// trees fits an ensemble for each horizon, and for each quantile of boosting.
func (j *job) trees(ctx context.Context) error {
	s, m := j.stage, &j.stage.Model
	levels := s.Quantiles
	if len(levels) == 0 {
		levels = []float64{0}
	}
	p := &predictor.Trees{Horizons: s.Horizons, Quantiles: s.Quantiles, LookBack: s.LookBack}
	j.env.Progress.Total(int64(len(s.Horizons)*len(levels)*m.Trees), "trees")
	j.trial.Parameters = map[string]float64{}
	done := int64(0)
	for k, h := range s.Horizons {
		learnt := j.learnt()
		examples := func(d *forecast.Data, targets []int) forest.Examples {
			x, kept := predictor.Examples(d, targets, h, s.LookBack)
			return forest.Examples{X: x, Y: d.At(kept)}
		}
		training := examples(learnt, j.split.Train)
		if k == 0 {
			g, err := fitGuard(j.data, j.split.End(), func(d *forecast.Data) ([]float64, error) {
				e := examples(d, j.split.Train)
				return append(e.X.Values, e.Y...), nil
			})
			if err != nil {
				return err
			}
			j.guard(g)
		}
		var validation *forest.Examples
		if len(j.split.Validation) > 0 && s.Patience > 0 {
			v := examples(j.data, j.split.Validation)
			validation = &v
		}
		for i, level := range levels {
			keeps := k == 0 && (len(s.Quantiles) == 0 || level == 0.5) // the losses that history.json has
			ensemble, err := j.ensemble(ctx, training, validation, level, func(r forest.Round) {
				j.env.Progress.Done(done + int64(r.Tree))
				if keeps && !math.IsNaN(r.Loss) { // a forest has none
					j.history.add(r.Tree, r.Loss, r.Validation)
				}
			})
			if err != nil {
				return err
			}
			if keeps {
				j.history.Kept = ensemble.Trees()
				j.trial.Parameters["trees"] = float64(ensemble.Trees())
			}
			p.Ensembles = append(p.Ensembles, ensemble)
			done = int64((k*len(levels) + i + 1) * m.Trees)
			j.env.Progress.Done(done)
		}
	}
	j.model(p)
	return nil
}

// ensemble fits one; level 0 is squared errors.
func (j *job) ensemble(ctx context.Context, training forest.Examples, validation *forest.Examples, level float64, report func(forest.Round)) (*forest.Model, error) {
	m := &j.stage.Model
	o := forest.Options{Trees: m.Trees, Depth: m.Depth, Leaves: m.Leaves, MinLeaf: m.MinLeaf, Rows: m.Rows, Columns: m.Columns, Seed: j.stage.Seed, Workers: j.env.Workers}
	if m.Name == predictor.Forest {
		return forest.FitForest(ctx, training, o, report)
	}
	o.Rate, o.Patience, o.Quantile = m.Rate, j.stage.Patience, level
	model, err := forest.FitBoosted(ctx, training, validation, o, report)
	if err != nil {
		return nil, fmt.Errorf("boosting: %w", err)
	}
	return model, nil
}
