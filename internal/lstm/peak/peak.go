// Package peak measures how many float32 operations a core does when nothing but independent fused multiply-adds is asked of it, the limit that
// benchmarks of internal/lstm are shares of. The program does not use it.
package peak

import "time"

// Loop is one width of vectors.
type Loop struct {
	Name       string  // as lstm.Kernels
	operations float64 // of a round
	run        func(rounds int)
}

// GFLOPS is the best of tries loops of about a millisecond each, in 10^9 operations a second; a multiply-add is two.
func (l *Loop) GFLOPS(tries int) float64 {
	const rounds = 100_000
	best := 0.0
	for range tries {
		began := time.Now()
		l.run(rounds)
		best = max(best, rounds*l.operations/time.Since(began).Seconds()/1e9)
	}
	return best
}
