package forecast

import (
	"fmt"
	"slices"
)

// affine is a forecast at one horizon h:
//
//	x[t] = constant + sum over j of lag[j] x[t-h-j] + sum over k of covariate[k] c_k + sum over i of wave[i] w_i(t)
//
// c_k is taken at t where it is known in advance, else at t-h; w are cosine and sine of each harmonic of the period, see waves.
type affine struct {
	constant             float64
	lag, covariate, wave []float64
}

// at is the forecast of x[t], added up in the order of the formula.
func (a *affine) at(d *Data, t, h int, w *waves) float64 {
	sum := a.constant
	for j, c := range a.lag {
		sum += float64(c * d.Values[t-h-j])
	}
	for k, c := range a.covariate {
		sum += float64(c * d.Covariates[k].seen(t, h))
	}
	if w != nil {
		for i, v := range w.at(d, t) {
			sum += float64(a.wave[i] * v)
		}
	}
	return sum
}

// seen is the covariate's value that a forecast of x[t] at horizon h may use.
func (c *Covariate) seen(t, h int) float64 {
	if c.Known {
		return c.Values[t]
	}
	return c.Values[t-h]
}

// sse is the sum of squared errors at targets that have the history.
func (a *affine) sse(d *Data, targets []int, h int, w *waves) float64 {
	sum := 0.0
	for _, t := range targets {
		e := d.Values[t] - a.at(d, t, h, w)
		sum += float64(e * e)
	}
	return sum
}

// regression is every model that is linear in what it sees: one affine forecast for each horizon, or that of horizon 1 applied to its own forecasts.
type regression struct {
	model     Model
	recursive bool
	horizons  []int
	list      []affine
	sums      []float64 // sum of squared errors over the training targets, for each horizon
}

func (g *regression) add(h int, a affine, sse float64) {
	g.horizons, g.list, g.sums = append(g.horizons, h), append(g.list, a), append(g.sums, sse)
}

func (g *regression) Needs() int { return len(g.list[0].lag) }

func (g *regression) Forecast(d *Data, targets []int, h int) []float64 {
	f := missing(len(targets))
	a, ok := g.affine(h)
	if !ok || len(a.covariate) > 0 && len(a.covariate) != len(d.Covariates) {
		return f
	}
	w := newWaves(g.model, len(a.wave))
	for i, t := range targets {
		if t-d.Start(t) >= len(a.lag)+h-1 && t-d.Start(t) >= h {
			f[i] = a.at(d, t, h, w)
		}
	}
	return f
}

// affine finds or makes the forecast at horizon h.
func (g *regression) affine(h int) (*affine, bool) {
	if i := slices.Index(g.horizons, h); i >= 0 {
		return &g.list[i], true
	}
	if !g.recursive || h < 1 || h > MaxHorizon {
		return nil, false
	}
	a := g.list[0].iterate(h)
	return &a, true
}

// iterate applies a one-step forecast on lags to its own forecasts until horizon h, which is affine again: with f the forecast one step nearer, a step
// replaces the newest value that f sees by its forecast.
func (a *affine) iterate(h int) affine {
	p := len(a.lag)
	constant, lag := a.constant, slices.Clone(a.lag)
	for range h - 1 {
		newest := lag[0]
		constant += float64(newest * a.constant)
		for j := range p {
			next := 0.0
			if j+1 < p {
				next = lag[j+1]
			}
			lag[j] = next + float64(newest*a.lag[j])
		}
	}
	return affine{constant: constant, lag: lag}
}

// Parameters of horizon 1 are intercept, lag_1 ..., covariate_1 ..., wave_1 ... and sse; those of another horizon h have the prefix "h_".
func (g *regression) Parameters() map[string]float64 {
	p := map[string]float64{}
	for i, h := range g.horizons {
		prefix, a := prefixOf(h), g.list[i]
		p[prefix+"intercept"], p[prefix+"sse"] = a.constant, g.sums[i]
		for name, list := range map[string][]float64{"lag_": a.lag, "covariate_": a.covariate, "wave_": a.wave} {
			for j, v := range list {
				p[fmt.Sprint(prefix, name, j+1)] = v
			}
		}
	}
	return p
}

func prefixOf(h int) string {
	if h == 1 {
		return ""
	}
	return fmt.Sprint(h, "_")
}

func restoreRegression(m Model, r *numbers) *regression {
	g := &regression{model: m, recursive: m.recursive()}
	for h := 1; h <= MaxHorizon && r.err == nil; h++ {
		prefix := prefixOf(h)
		if !r.has(prefix + "intercept") {
			continue
		}
		a := affine{constant: r.any(prefix + "intercept"), lag: r.list(prefix + "lag_"), covariate: r.list(prefix + "covariate_"), wave: r.list(prefix + "wave_")}
		g.add(h, a, r.any(prefix+"sse"))
		if r.err == nil && (len(a.lag) != m.lags() || len(a.wave) != m.waves() || len(a.covariate) != len(g.list[0].covariate) || m.Covariates != (len(a.covariate) > 0)) {
			r.err = fmt.Errorf("horizon %d has %d lags, %d covariates and %d waves, expected %d lags and %d waves", h, len(a.lag), len(a.covariate), len(a.wave), m.lags(), m.waves())
		}
	}
	if r.err == nil && (len(g.list) == 0 || g.recursive && g.horizons[0] != 1) {
		r.err = fmt.Errorf("parameter intercept is missing")
	}
	return g
}
