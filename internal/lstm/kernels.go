package lstm

import (
	"fmt"
	"strings"
)

// kernels is the seam between the network and the machine: everything that costs time. portable is the definition; selected (kernels_*.go) is
// what this machine runs. Both give the same bits.
//
// Arrays are feature-major: a row holds one value for each of the lanes samples, rows follow each other at that stride. lo and hi, multiples of 16,
// bound the lanes that a call computes.
type kernels struct {
	name      string
	share     float64 // operations of a batch that are worth a goroutine: two milliseconds, a hundred times what it takes to start one and to wait for it
	lstm, gru cellKernels
	states    func(*step)
	transpose func(*step)
	gradient  func(*gradient)
	adam      func(*adam)
	curve     func(x []float32)    // x = tanh(x)
	slope     func(d, u []float32) // d = d * fma(-u, u, 1): what tanh, whose values are u, does to derivatives. Lengths are multiples of 16
}

// cellKernels is what differs between the kinds of cell.
type cellKernels struct{ forward, backward func(*step) }

func (k *kernels) cell(c Cell) *cellKernels {
	if c == GRU {
		return &k.gru
	}
	return &k.lstm
}

// step is one time step of one part for a batch.
//
// forward of an LSTM, for each unit and lane, with z(gate) = the chain over k = first..K-1 of weights[4*unit+gate][k] * x[k]:
//
//	i, f, o = sigmoid(z)   g = tanh(z)   (i with f and g with o by tanh2)   c' = fma(f, c, i*g)   c~ = tanh(c')   next = o*c~
//
// backward of an LSTM, for each unit and lane, reads dh and dc (the derivatives for next and c') and replaces the gates by the derivatives of their z:
//
//	d  = fma(dh*o, fma(-c~, c~, 1), dc)      dc = d*f
//	zi = (d*g) * fma(-i, i, i)   zf = (d*c) * fma(-f, f, f)   zg = (d*i) * fma(-g, g, 1)   zo = (dh*c~) * fma(-o, o, o)
//
// forward of a GRU, with z(gate) as above and x the state before (the row of x of the unit); q and p are the sums over the states and over the inputs:
//
//	u, r = sigmoid(z) by tanh2   q, p = z   g = tanh(fma(r, q, p))   next = fma(u, x-g, g)
//
// The gates are left as u, r, q, g. backward reads dh and dc, which add up to the derivative for next, and replaces them by the derivatives of z:
//
//	d  = dh+dc   dc = d*u
//	zu = (d*(x-g)) * fma(-u, u, u)   zp = fma(-d, u, d) * fma(-g, g, 1)   zq = zp*r   zr = (zp*q) * fma(-r, r, r)
//
// states: dh[k] = the chain over r = 0..4H-1 of weights[r][k] * z[r], for k from 0, in the first time step from H rounded down to 4, to C rounded up to 4; not
// at all when there is nothing to be told: in the first time step of the lowest layer.
//
// transpose copies x[k][lane] to turned[lane][k] for the K rows.
type step struct {
	units   int // H
	rows    int // K
	width   int // W
	lanes   int // stride of a row
	lo, hi  int
	first   int       // H in the first time step, where states are zero, else 0
	to      int       // C: H in the lowest layer, H+F above it
	weights []float32 // [4H][W]
	x       []float32 // [K][lanes]: states of the step before, inputs, ones
	cell    []float32 // [H][lanes]: c
	gates   []float32 // [4H][lanes]: i, f, g, o or u, r, q, g of each unit; backward leaves the derivatives of z
	cells   []float32 // [H][lanes]: c'
	curved  []float32 // [H][lanes]: tanh(c')
	next    []float32 // [H][lanes]: the new states
	dh      []float32 // [C rounded up to 4][lanes]
	dc      []float32 // [H][lanes]
	turned  []float32 // [lanes][W]
}

// gradient adds time steps to the derivatives of the weights: sum[r][k] is continued, for each step from the first, by the chain over the lanes b = 0..used-1
// of z[r][b] * turned[b][k], for rows lo..hi-1 (multiples of 4) and columns k = first..W-1. In the first time step all states are zero and change nothing.
type gradient struct {
	width, lanes int
	first        int // H rounded down to 8 in the first time step, else 0
	used         int // lanes that hold samples, rounded up to 16: the chain ends there
	lo, hi       int
	more         int       // time steps after the first
	zStep        int       // from one step to the next in z
	turnedStep   int       // and in turned
	z            []float32 // [steps][4H][lanes]
	turned       []float32 // [steps][lanes][W]
	sum          []float32 // [4H][W]
}

// adam is one step of Adam for elements lo..hi-1, a multiple of 8 where it is not the dense layer:
//
//	m = fma(g-m, 1-beta1, m)   v = fma(fma(g, g, -v), 1-beta2, v)   w = w - (rate*m) / (sqrt(v)+epsilon)
type adam struct {
	lo, hi     int
	rate       float32 // lr sqrt(1-beta2^t) / (1-beta1^t)
	g, m, v, w []float32
}

// Keras' defaults; the learning rate is an option.
const (
	beta1   = 0.9
	beta2   = 0.999
	epsilon = 1e-7
)

// Kernels names what this machine trains with ("AVX2", "portable"). Results do not depend on it, the time they take does.
func Kernels() string { return selected.name }

// kernelNames are the names that a user may give to the kernels: those in kernels.name, in lower case and without a hyphen.
var kernelNames = [...]string{"portable", "avx2", "avx512", "neon"}

// pick finds kernels by name. The empty name means the fastest.
func pick(name string) (*kernels, error) {
	if name == "" {
		return &selected, nil
	}
	has := []string{}
	for _, k := range available() {
		plain := strings.ReplaceAll(strings.ToLower(k.name), "-", "")
		if plain == name {
			return &k, nil
		}
		has = append(has, plain)
	}
	for _, known := range kernelNames {
		if name == known {
			return nil, fmt.Errorf("the kernels %s do not run on this machine, which has %s", name, strings.Join(has, ", "))
		}
	}
	return nil, fmt.Errorf("no kernels are called %.40q: expected %s", name, strings.Join(kernelNames[:], ", "))
}

// CheckKernels says whether UseKernels takes the name.
func CheckKernels(name string) error {
	_, err := pick(name)
	return err
}

// UseKernels makes m train and forecast with the kernels "portable", "avx2", "avx512" or "neon"; "" is the fastest, as without the call. An unknown name, and one
// that this machine has not, is an error. It is for tests: the results are the same.
func (m *Model) UseKernels(name string) error {
	k, err := pick(name)
	if err == nil {
		m.kernels = k
	}
	return err
}
