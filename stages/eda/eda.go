package eda

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"weir/internal/forecast"
	"weir/internal/metric"
	"weir/internal/series"
	"weir/internal/stats"
	"weir/internal/table"
	"weir/stages"
)

// Explore is the kind's struct: its fields are its whole interface.
type Explore struct {
	Series stages.Input `hcl:"series,optional" doc:"the series to look at, from aggregate or import"`
	Sizes  stages.Input `hcl:"sizes,optional" doc:"packet sizes from aggregate"`

	Period   int    `hcl:"period,optional" doc:"a period to decompose by, in intervals; 0: none"`
	Periods  []int  `hcl:"periods,optional" doc:"several periods to decompose by, in intervals"`
	Model    string `hcl:"model,optional" enum:"additive multiplicative both" doc:"how trend, season and rest make up the series"`
	Column   string `hcl:"column,optional" doc:"column of the series; default: wire_bytes (strict) and captured_bytes (published), or the only one"`
	Lags     int    `hcl:"lags,optional" doc:"lags of the autocorrelations"`
	Seed     int    `hcl:"seed,optional" doc:"seed of the bootstrap that tests a season against noise"`
	Language string `hcl:"language,optional" enum:"en pt es" doc:"language of the text in figures"`

	Summary       stages.Output    `hcl:"summary" file:"eda.json" doc:"everything found, under the strict protocol; the published one inside where it differs"`
	Decomposition stages.Output    `hcl:"decomposition,optional" file:"decomposition.parquet" doc:"time, period, model, observed, trend, seasonal, residual; null where there is none"`
	Metrics       stages.Output    `hcl:"metrics" file:"metrics.json" doc:"the numbers for the report; see the package's catalogue"`
	Figures       stages.OutputDir `hcl:"figures" file:"figures" doc:"series, decompositions, ACF and PACF, periodogram, packet sizes as PDF and SVG"`
}

// Kind is the row for the table of kinds.
func Kind() stages.Kind {
	return stages.Kind{Name: "eda", Version: 1, Summary: "describe a series: statistics, correlation, seasons and whether they are more than noise, spectrum, long memory",
		New: func() stages.Stage { return &Explore{Model: "additive", Lags: 40, Seed: 1, Language: "en"} }}
}

const (
	maxLags    = 1000
	maxPeriods = 100
	resamples  = 2000 // of the bootstrap; p is then good to 0.01
	largest    = 1e75 // fourth powers of larger values leave float64
)

// Validate implements stages.Validator.
func (e *Explore) Validate() error {
	if e.Lags < 1 || e.Lags > maxLags {
		return &stages.OptionError{Option: "lags", Message: fmt.Sprintf("%d, expected 1 to %d", e.Lags, maxLags)}
	}
	if e.Period != 0 && e.Period < 2 {
		return &stages.OptionError{Option: "period", Message: fmt.Sprintf("%d, expected at least 2 intervals", e.Period)}
	}
	if len(e.Periods) > maxPeriods {
		return &stages.OptionError{Option: "periods", Message: fmt.Sprintf("%d of them, expected at most %d", len(e.Periods), maxPeriods)}
	}
	for _, p := range e.Periods {
		if p < 2 {
			return &stages.OptionError{Option: "periods", Message: fmt.Sprintf("%d, expected at least 2 intervals", p)}
		}
	}
	return nil
}

// periods lists what to decompose by, each once, in the order given.
func (e *Explore) periods() []int {
	var all []int
	for _, p := range append([]int{e.Period}, e.Periods...) {
		if p != 0 && !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	return all
}

func (e *Explore) models() []stats.Model {
	switch e.Model {
	case "multiplicative":
		return []stats.Model{stats.Multiplicative}
	case "both":
		return []stats.Model{stats.Additive, stats.Multiplicative}
	}
	return []stats.Model{stats.Additive}
}

// Run implements stages.Stage.
func (e *Explore) Run(ctx context.Context, env *stages.Env) error {
	if !e.Series.Given() && !e.Sizes.Given() {
		return errors.New("nothing to look at: give series, sizes or both")
	}
	var s summary
	var metrics []metric.Metric
	rows := &table.Table{}
	if e.Series.Given() {
		strict, published, err := e.analyse(ctx, env)
		switch {
		case errors.Is(err, errEmpty) && e.Sizes.Given(): // a capture without IP packets, among others of a folder
			env.Warn("no IP packets with a time, so there is no series to describe")
			env.Summarize("nothing to describe")
			metrics = append(metrics, metric.Of("describe_count", 0, "", "protocol", string(forecast.Strict)))
		case err != nil:
			return err
		default:
			s = strict.summary()
			metrics = append(strict.metrics(), published.metrics()...)
			rows = strict.table()
			if err := e.draw(strict, ""); err != nil {
				return err
			}
			if !same(strict.data, published.data) {
				other := published.summary()
				s.Published = &other
				if err := e.draw(published, "_published"); err != nil {
					return err
				}
			}
			strict.tell(env, e.Series.From)
		}
	}
	if e.Sizes.Given() {
		sizes, err := readSizes(e.Sizes.Path)
		if err != nil {
			return fmt.Errorf("%s: %w", e.Sizes.From, err)
		}
		s.Sizes = sizes.list()
		metrics = append(metrics, sizes.metrics()...)
		if err := e.drawSizes(sizes); err != nil {
			return err
		}
	}
	if err := metric.Write(e.Metrics.Path, metrics); err != nil {
		return err
	}
	if e.Decomposition.Path != "" && len(rows.Columns) > 0 {
		if err := table.Write(e.Decomposition.Path, rows); err != nil {
			return err
		}
	}
	return s.write(e.Summary.Path)
}

var errEmpty = errors.New("the series has no intervals")

// analyse looks at the series under both protocols.
func (e *Explore) analyse(ctx context.Context, env *stages.Env) (strict, published *analysis, err error) {
	s, err := series.Read(e.Series.Path)
	if err != nil {
		return nil, nil, err
	}
	if s.Len() == 0 {
		return nil, nil, fmt.Errorf("%s: %w, so there is nothing to describe; does the capture hold IP packets?", e.Series.From, errEmpty)
	}
	total := int64(2 * (1 + len(e.periods())*len(e.models())))
	env.Progress.Total(total, "analyses")
	done := int64(0)
	step := func() { done++; env.Progress.Done(done) }
	kept := false
	trimmed := s
	if s.TrimEdges().Len() == 0 { // a capture shorter than an interval: better partial intervals than none
		whole := *s
		whole.Coverage = slices.Repeat([]float64{1}, s.Len())
		trimmed, kept = &whole, true
		env.Warn(fmt.Sprintf("every interval is covered only in part; strict keeps them all the same (%d)", s.Len()))
	}
	careful, err := e.prepare(trimmed, forecast.Strict)
	if err != nil {
		return nil, nil, err
	}
	faithful, err := e.prepare(s, forecast.Published)
	if err != nil {
		return nil, nil, err
	}
	if strict, err = e.look(ctx, careful, forecast.Strict, step); err != nil {
		return nil, nil, err
	}
	if same(careful, faithful) {
		again := *strict
		published, again.protocol = &again, forecast.Published
		env.Progress.Done(total)
	} else if published, err = e.look(ctx, faithful, forecast.Published, step); err != nil {
		return nil, nil, err
	}
	strict.edgesKept = kept
	strict.partial, published.partial = partialEdges(s), partialEdges(s)
	strict.capturedShare = capturedShare(s)
	return strict, published, nil
}

func partialEdges(s *series.Series) int { return s.Len() - s.TrimEdges().Len() }

// capturedShare is captured over wire bytes of the whole series; NaN where it does not count both.
func capturedShare(s *series.Series) float64 {
	wire, err := s.Column("wire_bytes")
	if err != nil {
		return math.NaN()
	}
	captured, err := s.Column("captured_bytes")
	if err != nil {
		return math.NaN()
	}
	return stats.Mean(stats.Single(captured.Values)) / stats.Mean(stats.Single(wire.Values))
}
