//go:build amd64 && !purego

package lstm

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// BenchmarkProducts sets the three products of a time step beside the same products by gonum's BLAS, in turn on one thread: the sums of the gates, the derivatives
// for the states and those for the weights. It reports how many times as fast ours is; the smallest of the three is the one to look at. Ours pads a batch to a
// multiple of 16, and does not throw the padding's work out of the comparison.
func BenchmarkProducts(b *testing.B) {
	for name, m := range map[string]*machine{"AVX2": &avx2, "AVX-512": &avx512} {
		for _, units := range []int{1, 5, 50, 64, 128} {
			for _, batch := range []int{1, 7, 16, 32, 33, 64, 128} {
				b.Run(fmt.Sprintf("%s/units=%d/batch=%d", name, units, batch), func(b *testing.B) {
					if !runs(name) {
						b.Skip("not on this machine")
					}
					for range b.N {
						products(b, m, units, batch)
					}
					b.ReportMetric(0, "ns/op")
				})
			}
		}
	}
}

func runs(name string) bool {
	for _, k := range available() {
		if k.name == name {
			return true
		}
	}
	return false
}

func products(b *testing.B, m *machine, units, size int) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	model, err := New(units, 1, 1)
	if err != nil {
		b.Fatal(err)
	}
	k := m.kernels("", 1)
	batch := newBatch(model, &k, 2, size, 1, true)
	track := batch.tracks[0]
	used := batch.lanes
	d := track.step(0, used)
	track.put(d, 1)
	for _, values := range [][]float32{d.x, d.gates, d.turned} {
		for i := range values {
			values[i] = float32(i%13) / 16
		}
	}
	rows := gates * units
	dense := func(rows, columns int) blas32.General {
		return blas32.General{Rows: rows, Cols: columns, Stride: columns, Data: make([]float32, rows*columns)}
	}
	fresh := func(rows, columns int) blas32.General {
		g := dense(rows, columns)
		for i := range g.Data {
			g.Data[i] = float32(i%13) / 16
		}
		return g
	}
	w, x, z, dh, dw := fresh(rows, d.rows), fresh(d.rows, size), fresh(rows, size), dense(units, size), dense(rows, d.rows)
	g := gradient{width: d.width, lanes: d.lanes, used: used, hi: rows, z: d.gates, turned: d.turned, sum: batch.sum}
	for _, p := range []struct {
		name         string
		ours, theirs func()
	}{
		{"gates", func() { m.sums(d, 0, units) }, func() { blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, w, x, 0, z) }},
		{"states", func() { m.states(d) }, func() {
			blas32.Gemm(blas.Trans, blas.NoTrans, 1, blas32.General{Rows: rows, Cols: units, Stride: d.rows, Data: w.Data}, z, 0, dh)
		}},
		{"weights", func() { m.gradient(&g) }, func() { blas32.Gemm(blas.NoTrans, blas.Trans, 1, z, x, 1, dw) }},
	} {
		b.ReportMetric(fastest(p.theirs)/fastest(p.ours), p.name)
	}
}

// fastest is the seconds of a run, in the quickest of some rounds of about 0.1 ms.
func fastest(run func()) float64 {
	n, best := 1, 0.0
	for round := 0; round < 30; {
		began := time.Now()
		for range n {
			run()
		}
		s := time.Since(began).Seconds()
		if s < 1e-4 && n < 1<<20 {
			n *= 2
			continue
		}
		if s /= float64(n); round == 0 || s < best {
			best = s
		}
		round++
	}
	return best
}
