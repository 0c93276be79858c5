//go:build unix

package forest

import (
	"flag"
	"math"
	"syscall"
	"testing"
)

var large = flag.String("large", "no", `"large" benchmarks a million rows too`)

// cpu is the process' CPU time in seconds.
func cpu(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// wide are a million rows of thirty features and two classes.
func wide(rows int, s stream) Examples {
	e := Examples{X: Matrix{Rows: rows, Columns: 30, Values: make([]float64, 30*rows)}, Y: make([]float64, rows)}
	for i := range rows {
		x := e.X.Values[30*i:][:30]
		for j := range x {
			x[j] = s.uniform()
		}
		y := x[0] + x[1]*x[2] + .5*x[5]
		if x[4] > .5 {
			y += x[3]
		}
		if y > 1.25 {
			e.Y[i] = 1
		}
	}
	return e
}

// BenchmarkPeers is one half of docs/benchmarks/forest.sh: the least CPU seconds of a fit and of the answers for the test rows with one worker, and the error.
func BenchmarkPeers(b *testing.B) {
	wrong := func(m *Model, e Examples) float64 {
		n := 0
		for i, class := range classesOf(m, e) {
			if float64(class) != e.Y[i] {
				n++
			}
		}
		return float64(n) / float64(len(e.Y))
	}
	lagged := func() (train, test Examples) { return lags(b) }
	made := func() (train, test Examples) { return friedman(10000, 1), friedman(5000, 1<<32) }
	wider := func() (train, test Examples) {
		if *large != "large" {
			b.Skip("large only")
		}
		return wide(1_000_000, 1), wide(100_000, 1<<40)
	}
	labelled := func() (train, test Examples) { return packets(b) }
	boost := func(o Options) func(e Examples) *Model {
		return func(e Examples) *Model { return boosted(b, e, nil, o) }
	}
	bag := func(e Examples) *Model { return bagged(b, e, Options{Trees: 20}) }
	for _, c := range []struct {
		name  string
		data  func() (train, test Examples)
		fit   func(e Examples) *Model
		error func(m *Model, e Examples) float64
	}{
		{"lags_boosted", lagged, boost(Options{}), rmse},
		{"lags_forest", lagged, bag, rmse},
		{"friedman_boosted", made, boost(Options{}), rmse},
		{"friedman_quantile", made, boost(Options{Quantile: 0.9}), func(m *Model, e Examples) float64 {
			return (&pinball{q: 0.9}).mean(m.Predict(&e.X), distinct(nil, e.Y))
		}},
		{"friedman_forest", made, bag, rmse},
		{"packets_forest", labelled, func(e Examples) *Model { return bagged(b, e, Options{Classes: 3, Bins: mostBins}) }, wrong},
		{"packets_boosted", labelled, boost(Options{Classes: 3}), wrong},
		{"large_boosted", wider, boost(Options{}), rmse},
		{"large_classes", wider, boost(Options{Classes: 2}), wrong},
	} {
		b.Run(c.name, func(b *testing.B) {
			train, test := c.data()
			fit, answers := math.Inf(1), math.Inf(1)
			var m *Model
			for b.Loop() {
				begin := cpu(b)
				m = c.fit(train)
				middle := cpu(b)
				m.Predict(&test.X)
				fit, answers = min(fit, middle-begin), min(answers, cpu(b)-middle)
			}
			b.ReportMetric(fit, "fit_s")
			b.ReportMetric(answers, "answers_s")
			b.ReportMetric(c.error(m, test), "error")
		})
	}
}
