package lstm

import "testing"

func TestGoroutines(t *testing.T) {
	k := kernels{share: 2e8}
	for _, c := range []struct{ units, steps, lanes, workers, want int }{{50, 20, 64, 8, 1}, {50, 60, 64, 2, 1}, {128, 60, 64, 2, 2}, {128, 60, 64, 64, 8}, {1, 1, 16, 0, 1}} {
		m, err := New(c.units, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := k.goroutines(m, c.steps, c.lanes, c.workers); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}
