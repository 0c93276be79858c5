package lstm

import (
	"context"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"weir/internal/lstm/peak"
)

// cpuTime is what this thread has computed for, which other work on the machine does not count in.
func cpuTime() time.Duration {
	var r syscall.Rusage
	const thread = 1 // RUSAGE_THREAD
	if err := syscall.Getrusage(thread, &r); err != nil {
		panic(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// cpuOf runs the benchmark on one thread and returns the CPU nanoseconds of a run.
func cpuOf(b *testing.B, run func()) float64 {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	began := cpuTime()
	for b.Loop() {
		run()
	}
	return float64(cpuTime()-began) / float64(b.N)
}

// BenchmarkKernels is each kernel over the time steps of LSTM(50), 64 lanes, look-back 20, with the operations of its product where it has one.
func BenchmarkKernels(b *testing.B) {
	const steps, lanes = 20, 64
	for _, k := range available()[1:] {
		m, err := New(50, 1, 1)
		if err != nil {
			b.Fatal(err)
		}
		batch := newBatch(m, &k, steps, lanes, 1, true)
		order := make([]int, lanes)
		for i := range order {
			order[i] = i
		}
		batch.load(longSeries(200, steps), order)
		batch.learn(func(lo, hi int) {})
		track := batch.tracks[0]
		d := track.step(0, lanes)
		track.put(d, 1)
		report := func(name string, operations float64, run func()) {
			b.Run(k.name+"/"+name, func(b *testing.B) {
				ns := cpuOf(b, run) / steps
				b.ReportMetric(ns, "ns/step")
				b.ReportMetric(operations/ns, "GFLOP/s")
			})
		}
		each := func(name string, operations float64, run func(s int)) {
			report(name, operations, func() {
				for s := range steps {
					track.put(d, 1+s%(steps-1))
					run(s)
				}
			})
		}
		each("forward", lanes*2*200*51, func(int) { k.lstm.forward(d) })
		each("transpose", 0, func(int) { k.transpose(d) })
		gates := make([]float32, len(d.gates))
		each("backward", 0, func(int) {
			was := d.gates
			copy(gates, d.gates)
			d.gates = gates
			k.lstm.backward(d)
			d.gates = was
		})
		each("copy", 0, func(int) { copy(gates, d.gates) })
		each("states", lanes*2*200*50, func(int) { k.states(d) })
		report("gradient", lanes*2*200*(50*(steps-1.)/steps+2), func() { track.gradient(&k, batch.sum, lanes, 0, len(batch.sum)) })
		o := newOptimiser(m, 1e-3)
		report("adam", 0, func() {
			k.adam(&adam{lo: 0, hi: len(m.weights), rate: 1e-3, g: batch.sum, m: o.m, v: o.v, w: m.weights})
		})
	}
}

// BenchmarkPeak is one epoch of LSTM(50) over 36,815 points, batch 64, on one worker, as a share of what the core does when nothing but multiply-adds is asked
// of it (package peak), measured before and after. Operations are those that have to be done: in the first time step the states are zero.
func BenchmarkPeak(b *testing.B) {
	for _, lookBack := range []int{20, 60} {
		for _, k := range available()[1:] {
			b.Run(fmt.Sprintf("%s/%d", k.name, lookBack), func(b *testing.B) {
				m, err := New(50, 1, 1)
				if err != nil {
					b.Fatal(err)
				}
				w := longSeries(36_815, lookBack)
				o := Options{Epochs: 1, Batch: 64, Seed: 1, LearningRate: DefaultRate, Workers: 1}
				limit := peakOf(k.name)
				ns := cpuOf(b, func() {
					if _, _, err := m.train(context.Background(), w, nil, o, nil, &k); err != nil {
						b.Fatal(err)
					}
				})
				limit = max(limit, peakOf(k.name))
				operations := float64(w.Len()) * 2 * 200 * float64(3*(lookBack-1)*50+2*lookBack)
				b.ReportMetric(operations/ns, "GFLOP/s")
				b.ReportMetric(limit, "peak")
				b.ReportMetric(100*operations/ns/limit, "%")
			})
		}
	}
}

// peakOf is the best of a hundred loops of less than a millisecond, in 10^9 operations a second.
func peakOf(name string) (best float64) {
	for _, l := range peak.Loops() {
		for range 100 {
			if l.Name == name {
				const rounds = 100_000
				began := time.Now() // less than a tick, which CPU time is counted in
				l.Run(rounds)
				best = max(best, rounds*l.Operations/float64(time.Since(began)))
			}
		}
	}
	return best
}
