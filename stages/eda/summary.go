package eda

import (
	"encoding/json"
	"math"
	"os"

	"weir/internal/metric"
	"weir/internal/stats"
	"weir/internal/table"
)

// summary is eda.json. Numbers that do not exist are null, and Missing says why.
type summary struct {
	Protocol       string            `json:"protocol,omitempty"`
	Column         string            `json:"column,omitempty"`
	Unit           string            `json:"unit"` // of the values: per second at a step of one second, else per interval
	StepSeconds    float64           `json:"step_seconds,omitempty"`
	First          int64             `json:"first,omitempty"` // start of the first and of the last interval, ns since 1970 UTC
	Last           int64             `json:"last,omitempty"`
	Segments       int               `json:"segments,omitempty"`
	LongestSegment int               `json:"longest_segment,omitempty"` // points; what periodogram, hurst, adf and kpss use
	Describe       *description      `json:"describe"`
	ACF            []metric.Number   `json:"acf"` // lag 0, 1, ...
	ACFLow         []metric.Number   `json:"acf_low"`
	ACFHigh        []metric.Number   `json:"acf_high"`
	PACF           []metric.Number   `json:"pacf"`
	PACFBand       metric.Number     `json:"pacf_band"` // half-width around zero
	Decompositions []decomposition   `json:"decompositions"`
	Periodogram    *periodogram      `json:"periodogram"`
	Hurst          *hurst            `json:"hurst"`
	LjungBox       *portmanteau      `json:"ljung_box"`
	ADF            *unitRoot         `json:"adf"`
	KPSS           *unitRoot         `json:"kpss"`
	Histogram      *histogram        `json:"histogram"`
	Missing        []absence         `json:"missing,omitempty"`
	Published      *summary          `json:"published,omitempty"`
	Sizes          []sizeDescription `json:"sizes,omitempty"`
}

type description struct {
	Count int           `json:"count"`
	Mean  metric.Number `json:"mean"`
	Std   metric.Number `json:"std"`
	Min   metric.Number `json:"min"`
	P25   metric.Number `json:"p25"`
	P50   metric.Number `json:"p50"`
	P75   metric.Number `json:"p75"`
	Max   metric.Number `json:"max"`
}

type decomposition struct {
	Period        int            `json:"period"`
	Model         string         `json:"model"`
	Strength      *metric.Number `json:"strength"`
	PValue        *metric.Number `json:"p_value"`
	TrendStrength *metric.Number `json:"trend_strength"`
	NoiseStrength *metric.Number `json:"noise_strength"` // the mean in noise with the same short memory
	Cycles        metric.Number  `json:"cycles"`
	FewCycles     bool           `json:"few_cycles"`
	Refused       string         `json:"refused,omitempty"` // why there is none
}

// maxFrequencies bounds the list in eda.json; above, neighbours are averaged.
const maxFrequencies = 1 << 16

type periodogram struct {
	Unit      string          `json:"unit"`
	Averaged  int             `json:"averaged"`  // how many neighbouring frequencies make one; 1: none are averaged
	Frequency []metric.Number `json:"frequency"` // Hz, from 1/duration; the mean is not in it
	Power     []metric.Number `json:"power"`
}

type hurst struct {
	Value       metric.Number `json:"value"`
	Low         metric.Number `json:"low"`
	High        metric.Number `json:"high"`
	Method      string        `json:"method"`
	Frequencies int           `json:"frequencies"`
	Cycle       float64       `json:"cycle_seconds,omitempty"` // of a cycle that outweighs the memory
}

type portmanteau struct {
	Lags      int           `json:"lags"`
	Statistic metric.Number `json:"statistic"`
	PValue    metric.Number `json:"p_value"`
}

type unitRoot struct {
	Statistic metric.Number `json:"statistic"`
	PValue    metric.Number `json:"p_value"`
	Lags      int           `json:"lags"`
}

type histogram struct {
	Edges  []metric.Number `json:"edges"`
	Counts []int64         `json:"counts"`
}

func numbers(x []float64) []metric.Number {
	list := make([]metric.Number, len(x))
	for i, v := range x {
		list[i] = metric.Number(v)
	}
	return list
}

func number(x float64) *metric.Number {
	n := metric.Number(x)
	return &n
}

func (a *analysis) summary() summary {
	d, t := a.describe, a.data.Time
	s := summary{Protocol: string(a.protocol), Column: a.data.Column, Unit: a.data.Unit, StepSeconds: a.data.Step.Seconds(), First: t[0], Last: t[len(t)-1],
		Segments: len(a.runs), LongestSegment: len(stats.Longest(a.runs).Values),
		Describe: &description{d.Count, metric.Number(d.Mean), metric.Number(d.Std), metric.Number(d.Min), metric.Number(d.P25), metric.Number(d.P50),
			metric.Number(d.P75), metric.Number(d.Max)},
		PACFBand: metric.Number(math.NaN()), Decompositions: []decomposition{}, Periodogram: a.spectrum(), ADF: root(a.adf), KPSS: root(a.kpss), Missing: a.missing}
	if a.acf != nil {
		s.ACF, s.ACFLow, s.ACFHigh, s.PACF = numbers(a.acf.R), numbers(a.acf.Low), numbers(a.acf.High), numbers(a.pacf)
		s.PACFBand = metric.Number(a.band())
		b := a.ljungBox[len(a.ljungBox)-1]
		s.LjungBox = &portmanteau{b.Lags, metric.Number(b.Q), metric.Number(b.P)}
	}
	for _, p := range a.seasons {
		s.Decompositions = append(s.Decompositions, p.entry())
	}
	if h := a.hurst; h != nil {
		s.Hurst = &hurst{metric.Number(h.H), metric.Number(h.Low), metric.Number(h.High), hurstMethod, h.Frequencies, a.hurstCycle()}
	}
	if a.histogram != nil {
		s.Histogram = &histogram{numbers(a.histogram.Edges), a.histogram.Counts}
	}
	return s
}

func root(t *stats.UnitRoot) *unitRoot {
	if t == nil {
		return nil
	}
	return &unitRoot{metric.Number(t.Statistic), metric.Number(t.P), t.Lags}
}

func (s season) entry() decomposition {
	d := decomposition{Period: s.period, Model: s.model.String(), Cycles: metric.Number(s.cycles), FewCycles: s.cycles < stats.FewCycles, Refused: s.reason}
	if s.parts != nil {
		d.Strength, d.TrendStrength = number(s.parts.SeasonalStrength), number(s.parts.TrendStrength)
		d.PValue, d.NoiseStrength = number(s.test.P), number(s.test.Null)
	}
	return d
}

// spectrum lists the power of the frequencies above zero.
func (a *analysis) spectrum() *periodogram {
	if len(a.power) < 2 {
		return nil
	}
	n := len(a.power) - 1
	group := (n + maxFrequencies - 1) / maxFrequencies
	p := &periodogram{Unit: a.powerUnit(), Averaged: group}
	duration := float64(len(stats.Longest(a.runs).Values)) * a.data.Step.Seconds()
	for k := 1; k <= n; k += group {
		end := min(k+group, n+1)
		middle := float64(k+end-1) / 2
		p.Frequency = append(p.Frequency, metric.Number(middle/duration))
		p.Power = append(p.Power, metric.Number(stats.Mean(stats.Single(a.power[k:end]))))
	}
	return p
}

func (a *analysis) powerUnit() string {
	if a.data.Unit == "" {
		return ""
	}
	return "(" + a.data.Unit + ")²/Hz"
}

func (s *summary) write(path string) error {
	data, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o666)
}

// table is decomposition.parquet: the rows of each decomposition that exists, one below the other.
func (a *analysis) table() *table.Table {
	unit := a.data.Unit
	t := &table.Table{Columns: []table.Column{
		{Name: "time", Type: table.Timestamp}, {Name: "period", Type: table.Int64}, {Name: "model", Type: table.Text}, {Name: "observed", Type: table.Float64, Unit: unit},
		{Name: "trend", Type: table.Float64, Unit: unit, Nullable: true}, {Name: "seasonal", Type: table.Float64, Unit: unit, Nullable: true},
		{Name: "residual", Type: table.Float64, Unit: unit, Nullable: true}}}
	c := t.Columns
	for i := range c[4:] {
		c[4+i].Null = []bool{}
	}
	for _, s := range a.seasons {
		if s.parts == nil {
			continue
		}
		c[0].Ints = append(c[0].Ints, a.data.Time...)
		for range a.data.Values {
			c[1].Ints = append(c[1].Ints, int64(s.period))
			c[2].Texts = append(c[2].Texts, s.model.String())
		}
		c[3].Floats = append(c[3].Floats, a.data.Values...)
		for i, part := range [][]float64{s.parts.Trend, s.parts.Seasonal, s.parts.Residual} {
			c[4+i].Floats = append(c[4+i].Floats, part...)
			for _, v := range part {
				c[4+i].Null = append(c[4+i].Null, math.IsNaN(v))
			}
		}
	}
	return t
}
