// Package peak has loops of nothing but independent fused multiply-adds, whose speed is the limit that benchmarks of internal/lstm are shares of. The program
// does not use it.
package peak

// Loop is one width of vectors.
type Loop struct {
	Name       string  // as lstm.Kernels
	Operations float64 // of a round; a multiply-add is two
	Run        func(rounds int)
}
