package evaluate

import (
	"fmt"
	"math"
	"strings"
	"time"

	"weir/internal/locale"
	"weir/internal/series"
)

// few is the number of test targets below which nothing is claimed.
const few = 20

// findings are the two sentences that a reader wants first: which model forecasts best, and what the trained ones are worth.
func (c *contest) findings(english *locale.Locale) []string {
	f := c.best.field
	if n := len(f.test); n < few {
		left := fmt.Sprintf("Only %d targets are", n)
		if n == 1 {
			left = "Only one target is"
		}
		return []string{fmt.Sprintf("%s left to test on: too few to say which model forecasts the next %s best.", left, step(c.data.Step))}
	}
	sentences := []string{c.winner(english)}
	if c.selected != nil {
		sentences = append(sentences, c.verdict())
	} else {
		sentences = append(sentences, fmt.Sprintf("No trained model was given: this compares %d baselines.", len(f.models)))
	}
	return sentences
}

// winner is the sentence about the best model of all.
func (c *contest) winner(english *locale.Locale) string {
	m, f, next := c.best, c.best.field, step(c.data.Step)
	quantity := func(m *model) string {
		return strings.ReplaceAll(english.Quantity(m.rmse(), c.data.Unit, 3), locale.NoBreak, " ")
	}
	lowest := least(f.models, func(m *model) float64 { return m.test })
	also := ""
	if lowest.test < m.test {
		also = fmt.Sprintf("; on the test part %s is lower (%s)", c.full(lowest), quantity(lowest))
	}
	chosen := ""
	if also != "" {
		chosen = ", chosen on the " + c.on + " part,"
	}
	if m == f.naive {
		if also == "" {
			return fmt.Sprintf("Nothing forecasts the next %s better than repeating the last value: RMSE %s.", next, quantity(m))
		}
		return fmt.Sprintf("Repeating the last value%s forecasts the next %s with RMSE %s%s.", chosen, next, quantity(m), also)
	}
	d := m.against[againstNaive]
	how := compared(m.rmse(), f.naive.rmse()) + " repeating the last value"
	if d.HLN > 0 && d.P >= significant {
		how += ", which chance can explain"
	}
	p := probabilityText(d.P)
	if m.trained {
		p = probabilityText(m.holm[againstNaive]) + c.corrected()
	}
	verb := "forecasts the next " + next + " best: RMSE "
	if also != "" {
		verb = "forecasts the next " + next + " with RMSE "
	}
	return fmt.Sprintf("%s%s %s%s, %s (%s)%s.", capital(c.full(m)), chosen, verb, quantity(m), how, p, also)
}

// verdict is the sentence about the chosen configuration of the sweep against the linear rival, or naive where there is none.
func (c *contest) verdict() string {
	m, f := c.selected, c.selected.field
	rival, against := f.linear, againstLinear
	if rival == nil {
		rival, against = f.naive, againstNaive
	}
	d, p := m.against[against], m.holm[against]
	who := "The best " + c.full(m)
	if len(c.sweep) == 1 {
		who = "The " + c.full(m)
	}
	tail := fmt.Sprintf("(%s%s).", probabilityText(p), c.corrected())
	switch {
	case math.IsNaN(p):
		return fmt.Sprintf("%s cannot be compared with %s: their errors do not differ enough to test.", who, name(rival.config))
	case p >= significant:
		return fmt.Sprintf("%s is not better than %s %s", who, name(rival.config), tail)
	}
	verb := " is better than "
	if d.HLN < 0 {
		verb = " is worse than "
	}
	if math.Abs(1-m.rmse()/rival.rmse()) < 0.0005 {
		return fmt.Sprintf("%s%s%s %s", who, verb, name(rival.config), tail)
	}
	side := "lower"
	if m.rmse() > rival.rmse() {
		side = "higher"
	}
	return fmt.Sprintf("%s%s%s: RMSE %s %s %s", who, verb, name(rival.config), percent(math.Abs(1-m.rmse()/rival.rmse())), side, tail)
}

// rmse is the mean over the seeds.
func (m *model) rmse() float64 { return m.mean(func(r run) float64 { return r.score.RMSE }) }

func (c *contest) corrected() string {
	if len(c.sweep) < 2 {
		return ""
	}
	return fmt.Sprintf(" after correcting for %d tries", len(c.sweep))
}

// compared says how an error differs from a reference: "7.0 % better than", "as good as".
func compared(rmse, reference float64) string {
	gain := 1 - rmse/reference
	switch {
	case math.IsNaN(gain) || math.Abs(gain) < 0.0005:
		return "as good as"
	case gain < 0:
		return percent(-gain) + " worse than"
	}
	return percent(gain) + " better than"
}

func percent(fraction float64) string {
	if fraction >= 0.995 {
		return fmt.Sprintf("%.0f %%", 100*fraction)
	}
	return fmt.Sprintf("%.1f %%", 100*fraction)
}

// probabilityText never rounds a p-value across the level of significance.
func probabilityText(p float64) string {
	switch {
	case math.IsNaN(p):
		return "p unknown"
	case p < 0.001:
		return "p < 0.001"
	case p < 0.01 || math.Abs(p-significant) < 0.005:
		s := fmt.Sprintf("%.3f", p)
		if s == "0.050" && p < significant {
			return "p < 0.05"
		}
		return "p = " + s
	}
	return fmt.Sprintf("p = %.2f", p)
}

// step names the interval: "second", "5 minutes", "100 ms".
func step(d time.Duration) string {
	for _, u := range []struct {
		d    time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if d < u.d || d%u.d != 0 {
			continue
		}
		if d == u.d {
			return u.name
		}
		return fmt.Sprintf("%d %ss", d/u.d, u.name)
	}
	if d%time.Millisecond == 0 {
		return fmt.Sprintf("%d ms", d/time.Millisecond)
	}
	return d.String()
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// summary is the line behind the stage's name.
func (c *contest) summary() string {
	runs, rivals := 0, 0
	for _, m := range c.sweep {
		runs += len(m.runs)
	}
	for _, m := range c.best.field.models {
		if !m.trained {
			rivals++
		}
	}
	targets := len(c.best.field.test)
	if len(c.sweep) == 0 {
		return fmt.Sprintf("%s: %s on %s", c.protocol, series.Count(rivals, "baseline"), series.Count(targets, "target"))
	}
	return fmt.Sprintf("%s: %s (%s), %s, %s", c.protocol, series.Count(len(c.sweep), "configuration"), series.Count(runs, "trial"),
		series.Count(rivals, "baseline"), series.Count(targets, "target"))
}
