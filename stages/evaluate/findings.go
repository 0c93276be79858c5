package evaluate

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"weir/internal/locale"
	"weir/internal/series"
)

// few is the number of test targets below which nothing is claimed.
const few = 20

// findings are the sentences that a reader wants first: which model forecasts best, what the trained ones are worth, whether there is a leak, and how sure all that is. The group is
// the protocol's contests, c the first of them.
func (c *contest) findings(group []*contest, english *locale.Locale) []string {
	if n := len(c.best.field.test); n < few {
		left := fmt.Sprintf("Only %d targets are", n)
		if n == 1 {
			left = "Only one target is"
		}
		return []string{fmt.Sprintf("%s left to test on: too few to say which model forecasts %s best.", left, c.ahead())}
	}
	sentences := []string{c.winner(english)}
	if c.selected != nil {
		sentences = append(sentences, c.verdict())
	} else {
		sentences = append(sentences, fmt.Sprintf("No trained model was given: this compares %d baselines.", c.baselines()))
	}
	guarded := c.guarded()
	for _, third := range []string{c.failed(guarded), c.farther(group), c.lucky(), guarded} {
		if third != "" {
			return append(sentences, third)
		}
	}
	return sentences
}

// failed is what guarded says when a check failed.
func (c *contest) failed(guarded string) string {
	if slices.ContainsFunc(c.guards, func(v verdict) bool { return !v.Passed }) {
		return guarded
	}
	return ""
}

// ahead names what is forecast: "the next second", "30 seconds ahead".
func (c *contest) ahead() string {
	if c.horizon == 1 {
		return "the next " + step(c.data.Step)
	}
	return c.away() + " ahead"
}

// away is the horizon as time: "1 second", "30 seconds".
func (c *contest) away() string {
	text := step(time.Duration(c.horizon) * c.data.Step)
	if text[0] > '9' {
		return "1 " + text
	}
	return text
}

// guarded says what the guards found.
func (c *contest) guarded() string {
	var passed, failed []string
	copied := false
	for _, v := range c.guards {
		label := strings.ReplaceAll(v.Name, "_", " ")
		switch {
		case v.Passed:
			passed = append(passed, label)
		case v.Name == lagCopy:
			copied = true
		default:
			failed = append(failed, label)
		}
	}
	text := fmt.Sprintf("No leak found: %s passed", enumerate(passed))
	switch {
	case len(failed) > 0 && len(passed) > 0:
		text = fmt.Sprintf("A leak is possible: %s failed, %s passed", enumerate(failed), enumerate(passed))
	case len(failed) > 0:
		text = fmt.Sprintf("A leak is possible: %s failed", enumerate(failed))
	}
	if copied {
		text += fmt.Sprintf("; but %s only repeats the last value (lag copy)", c.full(c.selected))
	}
	return text + "."
}

// enumerate joins words: "a, b and c".
func enumerate(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}

// farther says what is left of the best model's gain at the largest horizon.
func (c *contest) farther(group []*contest) string {
	far := group[len(group)-1]
	if far == c {
		return ""
	}
	gain := func(c *contest) string { return compared(c.best.rmse(), c.best.field.naive.rmse()) }
	return fmt.Sprintf("%s ahead the best model, %s, is %s repeating the last value; at %s it is %s.", capital(far.away()), far.full(far.best), gain(far), c.away(), strings.TrimSuffix(strings.TrimSuffix(gain(c), " than"), " as"))
}

// lucky says how much of the gain of the best of several tries is luck.
func (c *contest) lucky() string {
	l, ok := c.luck[againstLinear]
	rival := c.fields[0].linear
	if !ok || l.Tries < 2 || math.IsNaN(l.Best) {
		return ""
	}
	luck := percent(gainOfRMSE(l.Luck / rival.test))
	if l.Best <= 0 {
		return fmt.Sprintf("None of %d configurations beats %s on the test part, where luck alone would let the best gain %s.", l.Tries, name(rival.config), luck)
	}
	return fmt.Sprintf("The best of %d configurations gains %s over %s on the test part; luck alone would give it %s (%s).",
		l.Tries, percent(gainOfRMSE(l.Best/rival.test)), name(rival.config), luck, probabilityText(l.SPA))
}

// winner is the sentence about the best model of all.
func (c *contest) winner(english *locale.Locale) string {
	m, f, next := c.best, c.best.field, c.ahead()
	quantity := func(m *model) string {
		return strings.ReplaceAll(english.Quantity(m.rmse(), c.data.Unit, 3), locale.NoBreak, " ")
	}
	lowest := least(f.models, func(m *model) float64 { return m.test })
	also := ""
	if lowest.test < m.test {
		by := percent(1 - lowest.rmse()/m.rmse())
		if by == "0.0 %" {
			by = "hardly"
		}
		also = fmt.Sprintf("; on the test part %s is %s lower", c.full(lowest), by)
	}
	chosen := ""
	if also != "" {
		chosen = ", chosen on the " + c.on + " part,"
	}
	if m == f.naive {
		if also == "" {
			return fmt.Sprintf("Nothing forecasts %s better than repeating the last value: RMSE %s.", next, quantity(m))
		}
		return fmt.Sprintf("Repeating the last value%s forecasts %s with RMSE %s%s.", chosen, next, quantity(m), also)
	}
	d := m.against[againstNaive]
	how := compared(m.rmse(), f.naive.rmse()) + " repeating the last value"
	chance, of := d.P, ""
	if m.trained {
		chance, of = m.holm[againstNaive], c.corrected()
	}
	if d.HLN > 0 && chance >= significant {
		how += ", which chance can explain"
	}
	p := probabilityText(chance) + of
	verb := "forecasts " + next + " best: RMSE "
	if also != "" {
		verb = "forecasts " + next + " with RMSE "
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
		unseen := ""
		if gain := gainOfRMSE(m.detectable(against)); gain > 0 && gain < 1 {
			unseen = fmt.Sprintf("; a gain below %s would have gone unnoticed", percent(gain))
		}
		return fmt.Sprintf("%s is not better than %s %s%s.", who, name(rival.config), strings.TrimSuffix(tail, "."), unseen)
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
	runs, rivals := 0, c.baselines()
	for _, m := range c.sweep {
		runs += len(m.runs)
	}
	targets := len(c.best.field.test)
	setting := string(c.protocol)
	if c.data.Border > 0 {
		setting += ", trained on another series"
	}
	if folds := len(c.best.field.folds); folds > 1 {
		setting += fmt.Sprintf(", %d folds", folds)
	}
	if len(c.sweep) == 0 {
		return fmt.Sprintf("%s: %s on %s", setting, series.Count(rivals, "baseline"), series.Count(targets, "target"))
	}
	return fmt.Sprintf("%s: %s (%s), %s, %s", setting, series.Count(len(c.sweep), "configuration"), series.Count(runs, "trial"),
		series.Count(rivals, "baseline"), series.Count(targets, "target"))
}

// baselines counts them in the field of the best model.
func (c *contest) baselines() (n int) {
	for _, m := range c.best.field.models {
		if !m.trained && !m.combined() {
			n++
		}
	}
	return n
}
