package peak

import "testing"

func TestPeak(t *testing.T) {
	for _, l := range Loops() {
		if g := l.GFLOPS(20); g < 1 || g > 10_000 {
			t.Errorf("%s: %.0f GFLOP/s", l.Name, g)
		} else {
			t.Logf("%s: %.0f GFLOP/s", l.Name, g)
		}
	}
}
