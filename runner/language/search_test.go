package language

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestRungs(t *testing.T) {
	const huge = 1 << (bits.UintSize - 2)
	for _, test := range []struct {
		n, factor, full, least int
		lengths, sizes         []int
	}{
		{12, 3, 81, 0, []int{9, 27, 81}, []int{12, 4, 1}},
		{12, 3, 81, 9, []int{9, 27, 81}, []int{12, 4, 1}},
		{12, 3, 50, 0, []int{5, 16, 50}, []int{12, 4, 1}},
		{12, 3, 50, 40, []int{40, 50}, []int{12, 4}},
		{12, 3, 81, 1, []int{1, 3, 81}, []int{12, 4, 1}}, // one is left after the second
		{81, 3, 5, 0, []int{1, 5}, []int{81, 27}},        // no length below 1
		{1, 3, 50, 0, []int{50}, []int{1}},
		{1, 3, 50, 2, []int{50}, []int{1}},
		{2, 3, 50, 0, []int{16, 50}, []int{2, 1}},
		{2, 2, 1, 0, []int{1}, []int{2}},
		{7, 2, huge, huge / 2, []int{huge / 2, huge}, []int{7, 3}},
	} {
		lengths, sizes := rungs(test.n, test.factor, test.full, test.least)
		if diff := cmp.Diff([2][]int{test.lengths, test.sizes}, [2][]int{lengths, sizes}); diff != "" {
			t.Errorf("%+v: %s", test, diff)
		}
	}
}

// TestRungsProperties: lengths grow to the full one, sizes fall by the factor, whatever is asked for.
func TestRungsProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, factor := rapid.IntRange(1, 10_000).Draw(t, "n"), rapid.IntRange(2, 10).Draw(t, "factor")
		full := rapid.IntRange(2, 1<<20).Draw(t, "full")
		least := rapid.IntRange(0, full-1).Draw(t, "least")
		lengths, sizes := rungs(n, factor, full, least)
		if len(lengths) != len(sizes) || lengths[len(lengths)-1] != full || sizes[0] != n || lengths[0] < 1 {
			t.Fatalf("%v %v", lengths, sizes)
		}
		for i := 1; i < len(lengths); i++ {
			if lengths[i] <= lengths[i-1] || sizes[i] != max(1, sizes[i-1]/factor) {
				t.Fatalf("%v %v", lengths, sizes)
			}
		}
	})
}

// grid is a matrix of a by b values.
func grid(a, b int, seeds ...int) (all []combination) {
	for i := range a {
		for j := range b {
			for _, s := range append(seeds, 0)[:max(1, len(seeds))] {
				c := combination{labels: []string{fmt.Sprint("a=", i), fmt.Sprint("b=", j)}}
				if len(seeds) > 0 {
					c.labels = append(c.labels, fmt.Sprint("seed=", s))
				}
				all = append(all, c)
			}
		}
	}
	return all
}

func chosen(s search, all []combination) (labels []string) {
	for _, c := range s.sample(all) {
		for _, one := range c.seeds {
			labels = append(labels, strings.Join(one.labels, " "))
		}
	}
	return labels
}

// TestSample: a sample is reproducible, in the order of the matrix, grows with the budget, hardly changes when a value is added, and has all seeds.
func TestSample(t *testing.T) {
	all := grid(10, 10)
	forty := chosen(search{budget: 40, seed: 1}, all)
	if len(forty) != 40 || !slices.IsSorted(forty) || len(slices.Compact(slices.Clone(forty))) != 40 {
		t.Errorf("%d: %q", len(forty), forty)
	}
	turned := slices.Clone(all)
	slices.Reverse(turned)
	for i, c := range turned {
		turned[i].labels = []string{c.labels[1], c.labels[0]}
	}
	other := (&search{budget: 40, seed: 1}).sample(turned)
	for i, c := range other {
		if want := forty[39-i]; strings.Join([]string{c.seeds[0].labels[1], c.seeds[0].labels[0]}, " ") != want {
			t.Errorf("another order of the matrix: %q, want %q", c.seeds[0].labels, want)
		}
	}
	if slices.Equal(forty, chosen(search{budget: 40, seed: 2}, all)) {
		t.Error("two seeds give one sample")
	}
	fifty := chosen(search{budget: 50, seed: 1}, all)
	for _, c := range forty {
		if !slices.Contains(fifty, c) {
			t.Errorf("%q is not in the greater sample", c)
		}
	}
	kept := 0
	for _, c := range chosen(search{budget: 40, seed: 1}, grid(10, 11)) {
		if slices.Contains(forty, c) {
			kept++
		}
	}
	if kept < 30 {
		t.Errorf("a new value left %d of 40", kept)
	}
	seeded := (&search{budget: 40, seed: 1}).sample(grid(10, 10, 1, 2, 3))
	for i, c := range seeded {
		if len(c.seeds) != 3 || strings.Join(c.seeds[0].labels[:2], " ") != forty[i] {
			t.Errorf("with seeds: %v, want %q", c.seeds, forty[i])
		}
	}
	if got := chosen(search{budget: 1000, seed: 1}, all); len(got) != 100 {
		t.Errorf("all: %d", len(got))
	}
}

// TestSampleUniform: over many seeds each combination of 25 is chosen about as often; chi-squared with 24 degrees of freedom is below 51.2 with probability 0.999,
// and the seeds are fixed.
func TestSampleUniform(t *testing.T) {
	all := grid(5, 5)
	counts := map[string]int{}
	const rounds = 2000
	for seed := range rounds {
		for _, c := range chosen(search{budget: 5, seed: seed}, all) {
			counts[c]++
		}
	}
	const mean = rounds * 5 / 25.0
	chi := 0.0
	for _, c := range all {
		d := float64(counts[strings.Join(c.labels, " ")]) - mean
		chi += d * d / mean
	}
	if chi > 51.2 {
		t.Errorf("chi-squared %.1f", chi)
	}
}
