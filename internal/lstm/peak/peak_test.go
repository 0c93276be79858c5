package peak

import (
	"testing"
	"time"
)

func TestLoops(t *testing.T) {
	for _, l := range Loops() {
		const rounds = 100_000
		best := 0.0
		for range 20 {
			began := time.Now()
			l.Run(rounds)
			best = max(best, rounds*l.Operations/time.Since(began).Seconds()/1e9)
		}
		t.Logf("%s: %.0f GFLOP/s", l.Name, best)
		if best < 1 || best > 10_000 {
			t.Error("that is no limit of a core")
		}
	}
}
