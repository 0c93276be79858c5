package runner

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"weir/artifacts"
)

// stagesOf makes a project with n small stages that each read a file, and one that reads them all, everything cached.
func stagesOf(b *testing.B, n int) *project {
	p := newProject(b, fmt.Sprintf(`stage "command" "one" {
  for_each = { for i in range(%d) : "s${i}" => i %% 7 }
  command  = ["sh", "s.sh", "in/${each.key}.txt", each.value, "out.txt"]
  inputs   = ["s.sh", "in/${each.key}.txt"]
  outputs  = { out = "out.txt" }
}
stage "command" "join" {
  command = ["sh", "-c", "cat out/*.txt > join.txt"]
  inputs  = { for k, s in stage.command.one : "out/${k}.txt" => s.out }
  outputs = { join = "join.txt" }
}
`, n))
	p.write("s.sh", "")
	for i := range n {
		p.write(fmt.Sprintf("in/s%d.txt", i), fmt.Sprintf("%d %s", i, strings.Repeat("x", 1000)))
	}
	old := time.Now().Add(-time.Hour)
	for i := range n {
		if err := os.Chtimes(filepath.Join(p.Dir, fmt.Sprintf("in/s%d.txt", i)), old, old); err != nil {
			b.Fatal(err)
		}
	}
	p.must()
	time.Sleep(2 * 100 * time.Millisecond) // files younger than the clock's grain are hashed again
	p.plan()
	p.reopen()
	return p
}

// limit is what no runner can do without: the state of n inputs and n outputs, and n digests of 1 KiB.
func limit(b *testing.B, p *project, n int) time.Duration {
	block := make([]byte, 1024)
	began := time.Now()
	for i := range n {
		for range 2 {
			if _, err := os.Lstat(filepath.Join(p.Dir, "in", fmt.Sprintf("s%d.txt", i))); err != nil {
				b.Fatal(err)
			}
		}
		block[0] = sha256.Sum256(block)[0]
	}
	return time.Since(began)
}

func benchmarkPlan(b *testing.B, n int, before func(p *project, turn int)) {
	p := stagesOf(b, n)
	floor := limit(b, p, n)
	b.ReportAllocs()
	turn := 0
	for b.Loop() {
		b.StopTimer()
		before(p, turn)
		turn++
		runtime.GC()
		b.StartTimer()
		store, err := artifacts.Open(p.Store.Root())
		if err != nil {
			b.Fatal(err)
		}
		p.Store = store
		p.Remember(p.plan())
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/floor.Seconds(), "x-limit")
}

// BenchmarkNoop is load, plan and nothing to do, in a new process each time, beside the limit measured in the same run.
func BenchmarkNoop(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchmarkPlan(b, n, func(*project, int) {}) })
	}
}

// BenchmarkPlanOneChanged is the plan with its reason after one of n inputs changed.
func BenchmarkPlanOneChanged(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			benchmarkPlan(b, n, func(p *project, turn int) { p.write(fmt.Sprintf("in/s%d.txt", n/2), fmt.Sprint("turn ", turn)) })
		})
	}
}

// BenchmarkMatrix is load and plan of a matrix of 1,000 trials whose input is there, in a new process each time: none of them computed, and all.
func BenchmarkMatrix(b *testing.B) {
	for _, state := range []string{"new", "cached"} {
		b.Run(state, func(b *testing.B) {
			p := newProject(b, `stage "text" "up" { text = "up" }
stage "long" "a" {
  matrix = { units = range(0, 100), seed = range(0, 10) }
  text   = "a"
  in     = stage.text.up.out
  units  = matrix.units
  seed   = matrix.seed
  epochs = 0
}
stage "tree" "all" { inputs = stage.long.a }
`)
			plan := p.plan("text.up")
			if state == "cached" {
				plan = p.plan()
			}
			if r := p.Run(b.Context(), plan, RunOptions{Jobs: 2, Memory: 1 << 40}, &watcher{}); r.Err != nil {
				b.Fatal(r.Err)
			}
			p.reopen()
			for b.Loop() {
				b.StopTimer()
				runtime.GC()
				b.StartTimer()
				store, err := artifacts.Open(p.Store.Root())
				if err != nil {
					b.Fatal(err)
				}
				p.Store = store
				if n := p.plan().Pending(); n != 0 && state == "cached" {
					b.Fatal(n)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms/plan")
		})
	}
}

// BenchmarkStage is what the runner does for one tiny stage, cold: key, lock, folder, log, outputs and record on disk. The work itself is nothing.
func BenchmarkStage(b *testing.B) {
	const n = 200
	turn := 0
	for b.Loop() {
		b.StopTimer()
		turn++
		p := newProject(b, fmt.Sprintf("stage \"text\" \"t\" {\n  for_each = toset([for i in range(%d) : \"s${i}\"])\n  text     = each.key\n}\n", n))
		plan := p.plan()
		b.StartTimer()
		if r := p.Run(b.Context(), plan, RunOptions{Jobs: 2, Memory: 1 << 40}, &watcher{}); r.Err != nil {
			b.Fatal(r.Err)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N)/n, "ms/stage")
}
