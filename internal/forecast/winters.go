package forecast

import (
	"fmt"
	"math"
)

// MaxSeason bounds the period of holt_winters: a week of minutes.
const MaxSeason = 10080

// winters is Holt's and Winters' additive method in error-correction form (Hyndman, Koehler, Ord and Snyder 2008, 3.4.3):
//
//	f[t] = level + trend + season[t];  e = x[t] - f[t];  level += trend + alpha e;  trend += alpha beta e;  season[t] += gamma e
//
// season[t] is that of t's phase on the clock. The forecast h steps ahead is level + h trend + season. After a gap level and trend start anew from the first value, the seasons stay.
type winters struct {
	alpha, beta, gamma float64
	level, trend       float64 // before the first row
	season             []float64
	total              float64
}

// fitWinters takes the first seasons' means and deviations as the initial state and searches alpha, beta and gamma (gamma <= 1-alpha) with the least sum of squares: a
// grid, then Nelder and Mead's simplex from the two best points.
func fitWinters(d *Data, train []int, m Model) (*winters, error) {
	s := &winters{season: make([]float64, m.Period)}
	if err := s.start(d); err != nil {
		return nil, err
	}
	from := train[0]
	sse := func(rows int) func(q []float64) float64 {
		head := d.Head(rows)
		return func(q []float64) float64 { s.set(q); return s.sse(head, from) }
	}
	coarse := sse(min(d.Len(), from+max(gridRows, 4*m.Period)))
	var best [2][]float64
	low := [2]float64{math.Inf(1), math.Inf(1)}
	for _, a := range []float64{0.02, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95} {
		for _, b := range []float64{0, 0.01, 0.1, 0.3} {
			for _, g := range []float64{0.01, 0.05, 0.2, 0.5, 0.9} {
				q := []float64{a, b, g}
				switch v := coarse(q); {
				case v < low[0]:
					low[0], low[1], best[0], best[1] = v, low[0], q, best[0]
				case v < low[1]:
					low[1], best[1] = v, q
				}
			}
		}
	}
	least, at := math.Inf(1), []float64(nil)
	for _, q := range best {
		if q == nil {
			continue
		}
		if q, v := descend(sse(d.Len()), q, []float64{0.03, 0.01, 0.03}); v < least {
			least, at = v, q
		}
	}
	if at == nil {
		return nil, fmt.Errorf("the sum of squares is not finite")
	}
	s.set(at)
	s.total = least
	return s, nil
}

// set takes a point of the unit cube.
func (s *winters) set(q []float64) {
	s.alpha, s.beta, s.gamma = q[0], q[1], float64((1-q[0])*q[2])
}

// start takes up to five whole periods of the first segment that has two: a line through the means of the first and the last, and what the periods have in common beside it.
func (s *winters) start(d *Data) error {
	m := len(s.season)
	for i, span := range d.Segments {
		cycles := min((span.Hi-span.Lo)/m, 5)
		if cycles < 2 {
			continue
		}
		first := Mean(d.Values[span.Lo : span.Lo+m])
		trend := (Mean(d.Values[span.Lo+(cycles-1)*m:span.Lo+cycles*m]) - first) / float64((cycles-1)*m)
		level := first - float64(trend*float64(m+1)/2)
		for k := range cycles * m {
			t := span.Lo + k
			s.season[d.phase(t, m)] += (d.Values[t] - (level + float64(trend*float64(k+1)))) / float64(cycles)
		}
		s.level, s.trend = level, trend
		if i > 0 {
			s.level, s.trend = d.Values[0]-s.season[d.phase(0, m)], 0
		}
		return nil
	}
	return fmt.Errorf("period %d needs a segment of two periods in the training part", m)
}

func (s *winters) sse(d *Data, from int) float64 {
	sum := 0.0
	s.run(d, d.Len(), func(t int, level, trend float64, season []float64) {
		if t >= from {
			e := d.Values[t] - (level + trend + season[d.phase(t, len(season))])
			sum += float64(e * e)
		}
	})
	return sum
}

// run calls each with the state before every row up to end, the first of a later segment left out.
func (s *winters) run(d *Data, end int, each func(t int, level, trend float64, season []float64)) {
	level, trend, season := s.level, s.trend, append([]float64(nil), s.season...)
	gain := float64(s.alpha * s.beta)
	for i, span := range d.Segments {
		for t := span.Lo; t < min(span.Hi, end); t++ {
			x, k := d.Values[t], d.phase(t, len(season))
			if i > 0 && t == span.Lo {
				level, trend = x-season[k], 0
				continue
			}
			each(t, level, trend, season)
			e := x - (level + trend + season[k])
			level += trend + float64(s.alpha*e)
			trend += float64(gain * e)
			season[k] += float64(s.gamma * e)
		}
	}
}

func (s *winters) Needs() int { return 1 }

func (s *winters) Parameters() map[string]float64 {
	p := map[string]float64{"alpha": s.alpha, "beta": s.beta, "gamma": s.gamma, "level": s.level, "trend": s.trend, "sse": s.total}
	for k, v := range s.season {
		p[fmt.Sprint("season_", k+1)] = v
	}
	return p
}

func restoreWinters(m Model, r *numbers) *winters {
	s := &winters{alpha: r.between("alpha", 0, 1), beta: r.between("beta", 0, 1), gamma: r.between("gamma", 0, 1), level: r.any("level"), trend: r.any("trend"),
		season: r.list("season_"), total: r.any("sse")}
	if r.err == nil && len(s.season) != m.Period {
		r.err = fmt.Errorf("%d seasons, expected %d", len(s.season), m.Period)
	}
	return s
}

func (s *winters) Forecast(d *Data, targets []int, h int) []float64 {
	f := missing(len(targets))
	if len(targets) == 0 {
		return f
	}
	next := 0
	s.run(d, targets[len(targets)-1]-h+2, func(t int, level, trend float64, season []float64) {
		for next < len(targets) && targets[next]-h+1 < t {
			next++
		}
		if next < len(targets) && targets[next]-h+1 == t && targets[next]-d.Start(targets[next]) >= h {
			f[next] = level + float64(float64(h)*trend) + season[d.phase(targets[next], len(season))]
		}
	})
	return f
}
