package eda

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"weir/internal/forecast"
	"weir/internal/series"
	"weir/internal/stats"
)

// analysis is all that is known about one column under one protocol. A nil part could not be computed; missing says why.
type analysis struct {
	protocol forecast.Protocol
	data     *forecast.Data
	runs     []stats.Run

	describe  *stats.Description
	histogram *stats.Histogram
	zeros     int
	lags      int // of acf and pacf: those asked for, or as many as the series allows
	acf       *stats.Correlation
	pacf      []float64
	ljungBox  []stats.Portmanteau
	seasons   []season
	power     []float64 // of the longest segment, per hertz
	hurst     *stats.Memory
	adf, kpss *stats.UnitRoot
	missing   []absence

	partial       int
	edgesKept     bool
	capturedShare float64 // NaN where it means nothing
}

// season is one decomposition, or the reason why there is none.
type season struct {
	period int
	model  stats.Model
	cycles float64
	parts  *stats.Decomposition
	test   *stats.SeasonTest
	reason string // "short", "constant", "not positive"
}

type absence struct {
	What   string `json:"what"`
	Reason string `json:"reason"`
}

// prepare takes what a protocol uses of a series, all of it finite and moderate.
func (e *Explore) prepare(s *series.Series, protocol forecast.Protocol) (*forecast.Data, error) {
	data, err := forecast.Prepare(s, protocol, e.Column)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.Series.From, err)
	}
	for i, v := range data.Values {
		if !(math.Abs(v) <= largest) {
			return nil, fmt.Errorf("%s: column %s, row %d: %v is beyond %g, whose powers no longer fit", e.Series.From, data.Column, i+1, v, largest)
		}
	}
	if len(data.Values) == 0 {
		return nil, fmt.Errorf("%s: column %s has no values under the %s protocol", e.Series.From, data.Column, protocol)
	}
	return data, nil
}

// look analyses what a protocol uses and calls step after each part.
func (e *Explore) look(ctx context.Context, data *forecast.Data, protocol forecast.Protocol, step func()) (*analysis, error) {
	a := &analysis{protocol: protocol, data: data, runs: runs(data), capturedShare: math.NaN()}
	var err error
	if a.describe, err = stats.Describe(data.Values); err != nil {
		return nil, err
	}
	a.histogram, err = stats.AutoHistogram(data.Values)
	a.expect("histogram", err)
	for _, v := range data.Values {
		if v == 0 {
			a.zeros++
		}
	}
	a.correlate(e.Lags)
	longest := stats.Longest(a.runs).Values
	if constant(longest) && len(longest) > 1 {
		a.expect("periodogram", stats.ErrConstant) // its power is rounding
	} else {
		a.power, err = stats.Periodogram(longest, 1/data.Step.Seconds())
		a.expect("periodogram", err)
	}
	a.hurst, err = stats.Hurst(longest)
	a.expect("hurst", err)
	a.adf, err = stats.ADF(longest, false, -1, stats.AIC)
	a.expect("adf", err)
	a.kpss, err = stats.KPSS(longest)
	a.expect("kpss", err)
	step()
	for _, period := range e.periods() {
		for _, model := range e.models() {
			if err := a.decompose(ctx, period, model, uint64(e.Seed)); err != nil {
				return nil, err
			}
			step()
		}
	}
	return a, ctx.Err()
}

// runs places the segments on the grid of the first row.
func runs(d *forecast.Data) []stats.Run {
	list := make([]stats.Run, len(d.Segments))
	for i, s := range d.Segments {
		list[i] = stats.Run{Start: int((d.Time[s.Lo] - d.Time[0]) / int64(d.Step)), Values: d.Values[s.Lo:s.Hi]}
	}
	return list
}

func constant(x []float64) bool {
	return !slices.ContainsFunc(x, func(v float64) bool { return v != x[0] })
}

// expect notes why a part is missing.
func (a *analysis) expect(what string, err error) {
	if err != nil {
		a.missing = append(a.missing, absence{what, reason(err)})
	}
}

func reason(err error) string {
	switch {
	case errors.Is(err, stats.ErrShort):
		return "short"
	case errors.Is(err, stats.ErrLong):
		return "long"
	case errors.Is(err, stats.ErrConstant):
		return "constant"
	case errors.Is(err, stats.ErrNotPositive):
		return "not positive"
	}
	return "undefined"
}

// correlate computes as many lags as the longest segment carries: half its length.
func (a *analysis) correlate(lags int) {
	a.lags = min(lags, len(stats.Longest(a.runs).Values)/2)
	if a.lags == 0 {
		a.expect("acf", stats.ErrShort)
		return
	}
	acf, err := stats.ACF(a.runs, a.lags)
	if err != nil {
		a.expect("acf", err)
		return
	}
	a.acf, a.ljungBox = acf, stats.LjungBox(acf)
	a.pacf, err = stats.PACF(a.runs, a.lags, stats.YuleWalker)
	a.expect("pacf", err)
}

func (a *analysis) decompose(ctx context.Context, period int, model stats.Model, seed uint64) error {
	s := season{period: period, model: model}
	d, err := stats.Decompose(a.runs, period, model)
	if err != nil {
		s.reason = reason(err)
		s.cycles = float64(len(stats.Longest(a.runs).Values)) / float64(period)
	} else {
		s.parts, s.cycles = d, d.Cycles
		if s.test = d.NoiseTest(resamples, seed, func() bool { return ctx.Err() != nil }); s.test == nil {
			return ctx.Err()
		}
	}
	a.seasons = append(a.seasons, s)
	return nil
}

// band is the half-width of the PACF's 95 % interval.
func (a *analysis) band() float64 { return stats.Z95 / math.Sqrt(float64(a.acf.N)) }

// same says that two protocols saw the same numbers, so that nothing needs to be shown twice.
func same(a, b *forecast.Data) bool {
	return a.Column == b.Column && slices.Equal(a.Values, b.Values) && slices.Equal(a.Time, b.Time) && slices.Equal(a.Segments, b.Segments)
}

// peak is a local maximum of the periodogram.
type peak struct{ period, share float64 } // seconds; share of all power

// peaks lists the highest local maxima, at most five.
func (a *analysis) peaks() []peak {
	total := 0.0
	var at []int
	for k := 1; k < len(a.power); k++ {
		total += a.power[k]
		if (k == 1 || a.power[k] > a.power[k-1]) && (k+1 == len(a.power) || a.power[k] >= a.power[k+1]) {
			at = append(at, k)
		}
	}
	slices.SortStableFunc(at, func(i, j int) int {
		switch {
		case a.power[i] > a.power[j]:
			return -1
		case a.power[i] < a.power[j]:
			return 1
		}
		return 0
	})
	var list []peak
	n := float64(len(stats.Longest(a.runs).Values))
	for _, k := range at[:min(5, len(at))] {
		if a.power[k] > 0 {
			list = append(list, peak{n * a.data.Step.Seconds() / float64(k), a.power[k] / total})
		}
	}
	return list
}

// gaps is the time between segments, in seconds.
func (a *analysis) gaps() float64 {
	ns := int64(0)
	for i := 1; i < len(a.data.Segments); i++ {
		s := a.data.Segments[i]
		ns += a.data.Time[s.Lo] - a.data.Time[s.Lo-1] - int64(a.data.Step)
	}
	return seconds(ns)
}

func seconds(ns int64) float64 { return float64(ns) / 1e9 }
