package forecast

// theta is the theta method (Assimakopoulos and Nikolopoulos 2000) as Hyndman and Billah (2003) showed it to be: simple exponential smoothing plus half the slope of
// the least-squares line through the training part,
//
//	level + slope/2 (h - 1 + sum over i < n of (1-alpha)^i)
//
// with n the points seen in the segment. The season, if any, is not removed.
type theta struct {
	ses   smoothing
	slope float64 // of a step
}

func fitTheta(d *Data, train []int) (*theta, error) {
	s, err := fitSmoothing(d, train[0], false)
	if err != nil {
		return nil, err
	}
	// steps on the clock, counted from the first target so that the digits suffice
	at := func(t int) float64 { return float64((d.Time[t] - d.Time[train[0]]) / max(1, int64(d.Step))) }
	x, y := 0.0, Mean(d.At(train))
	for _, t := range train {
		x += at(t)
	}
	x /= float64(len(train))
	xx, xy := 0.0, 0.0
	for _, t := range train {
		xx += float64((at(t) - x) * (at(t) - x))
		xy += float64((at(t) - x) * (d.Values[t] - y))
	}
	f := &theta{ses: *s}
	if xx > 0 {
		f.slope = xy / xx
	}
	return f, nil
}

func (f *theta) Needs() int { return 1 }

func (f *theta) Parameters() map[string]float64 {
	p := f.ses.Parameters()
	p["slope"] = f.slope
	return p
}

func restoreTheta(m Model, r *numbers) *theta {
	return &theta{ses: *restoreSmoothing(m, r), slope: r.any("slope")}
}

func (f *theta) Forecast(d *Data, targets []int, h int) []float64 {
	out := f.ses.Forecast(d, targets, h)
	var sums []float64 // sums[n] of the first n powers
	for i, t := range targets {
		n := t - h - d.Start(t) + 1
		for len(sums) <= max(n, 0) {
			if len(sums) == 0 {
				sums = append(sums, 0)
				continue
			}
			sums = append(sums, 1+float64((1-f.ses.alpha)*sums[len(sums)-1]))
		}
		if n > 0 {
			out[i] += float64(f.slope / 2 * (float64(h-1) + sums[n]))
		}
	}
	return out
}
