package lstm

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
)

// longSeries are windows over points of noise with memory, scaled to 0..1 about.
func longSeries(points, lookBack int) *Windows {
	r := rand.New(rand.NewPCG(3, 4))
	w := &Windows{Features: 1, LookBack: lookBack}
	v := 0.5
	for range points {
		v = 0.1 + 0.8*v + 0.1*(r.Float64()-0.5)
		w.Rows = append(w.Rows, float32(v))
	}
	for t := lookBack; t < points; t++ {
		w.Ends = append(w.Ends, t)
		w.Targets = append(w.Targets, w.Rows[t])
	}
	return w
}

// operations is the arithmetic of one epoch: two for each multiply-add of the three matrix products of each part (forward, back, weights).
func operations(m *Model, w *Windows) float64 {
	n := 0
	for _, p := range m.parts {
		n += 3 * 2 * gates * p.units * p.rows()
	}
	return float64(w.Len()) * float64(w.LookBack) * float64(n)
}

// BenchmarkEpoch is one epoch of LSTM(50) over 36,815 points, look-back 20, batch 64, on one worker. The portable kernels do a tenth of it.
func BenchmarkEpoch(b *testing.B) {
	for _, k := range available() {
		points := 36_815
		if k.name == portable.name {
			points = 3_700
		}
		b.Run(k.name, func(b *testing.B) {
			m, err := New(50, 1, 1)
			if err != nil {
				b.Fatal(err)
			}
			w := longSeries(points, 20)
			o := Options{Epochs: 1, Batch: 64, Seed: 1, LearningRate: DefaultRate, Workers: 1}
			for b.Loop() {
				if _, _, err := m.train(context.Background(), w, nil, o, nil, &k); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(operations(m, w)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}

// BenchmarkDesigns is one epoch of other networks over a tenth of the points, on one worker.
func BenchmarkDesigns(b *testing.B) {
	for _, d := range []Design{{Cell: LSTM, Features: 1, Units: []int{50, 50}}, {Cell: LSTM, Features: 1, Units: []int{50}, Bidirectional: true}, {Cell: GRU, Features: 1, Units: []int{50}}} {
		b.Run(fmt.Sprint(d.Cell, d.Units, d.Bidirectional), func(b *testing.B) {
			m, err := Build(d, 1)
			if err != nil {
				b.Fatal(err)
			}
			w := longSeries(3_700, 20)
			o := Options{Epochs: 1, Batch: 64, Seed: 1, LearningRate: DefaultRate, Workers: 1}
			for b.Loop() {
				if _, _, err := m.Train(context.Background(), w, nil, o, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(operations(m, w)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}
