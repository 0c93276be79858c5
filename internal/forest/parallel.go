package forest

import (
	"sync"
	"sync/atomic"
)

// parallel calls work for 0..n-1, each once, from up to so many goroutines, and waits for them. What is computed for an index must not depend on who does it.
func parallel(workers, n int, work func(i int)) {
	if workers = min(workers, n); workers <= 1 {
		for i := range n {
			work(i)
		}
		return
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				work(i)
			}
		})
	}
	wait.Wait()
}
