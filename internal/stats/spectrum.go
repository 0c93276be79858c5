package stats

import "math/bits"

// MaxPeriodogram bounds the points of one transform; its work space is about 200 bytes a point.
const MaxPeriodogram = 1 << 23

// Periodogram is the one-sided power spectral density of a series at the frequencies k*fs/n, k = 0..n/2 (fs samples per unit of time), as
// scipy.signal.periodogram(window="boxcar", detrend="constant", scaling="density"): in squared units of x per unit of frequency. Power[0] is 0, because
// the mean is removed. ErrShort for fewer than 2 points, ErrLong for more than MaxPeriodogram.
func Periodogram(x []float64, fs float64) (power []float64, err error) {
	n := len(x)
	if n < 2 {
		return nil, ErrShort
	}
	if n > MaxPeriodogram {
		return nil, ErrLong
	}
	mean := Mean(Single(x))
	re, im := make([]float64, n), make([]float64, n)
	for i, v := range x {
		re[i] = v - mean
	}
	re, im = transform(re, im)
	power = make([]float64, n/2+1)
	scale := float64(fs * float64(n))
	for k := 1; k < len(power); k++ {
		p := (float64(re[k]*re[k]) + float64(im[k]*im[k])) / scale
		if 2*k != n { // its mirror image is folded onto it
			p *= 2
		}
		power[k] = p
	}
	return power, nil
}

// transform is the discrete Fourier transform sum_t x[t] e^(-2 pi i k t/n) of any length; the arguments may be overwritten and returned. A power of two
// is transformed directly, another length as a convolution with a chirp (Bluestein 1970).
func transform(re, im []float64) ([]float64, []float64) {
	n := len(re)
	if n&(n-1) == 0 {
		newRadix2(n).forward(re, im)
		return re, im
	}
	m := 1 << bits.Len(uint(2*n-2))
	f := newRadix2(m)
	ar, ai := make([]float64, m), make([]float64, m) // x[t] w[t], w[t] = e^(-pi i t^2/n)
	br, bi := make([]float64, m), make([]float64, m) // conj w, wrapped
	wr, wi := make([]float64, n), make([]float64, n)
	square := 0 // t^2 mod 2n, kept by differences so that it never overflows
	for t := range n {
		c, s := Turn(square, 2*n)
		wr[t], wi[t] = c, -s
		ar[t], ai[t] = times(re[t], im[t], wr[t], wi[t])
		br[t], bi[t] = c, s
		if t > 0 {
			br[m-t], bi[m-t] = c, s
		}
		square = (square + 2*t + 1) % (2 * n)
	}
	f.forward(ar, ai)
	f.forward(br, bi)
	for i := range ar { // conjugated, so that a forward transform inverts
		ar[i], ai[i] = times(ar[i], ai[i], br[i], bi[i])
		ai[i] = -ai[i]
	}
	f.forward(ar, ai)
	for k := range n {
		re[k], im[k] = times(ar[k]/float64(m), -ai[k]/float64(m), wr[k], wi[k])
	}
	return re, im
}

func times(ar, ai, br, bi float64) (re, im float64) {
	return float64(ar*br) - float64(ai*bi), float64(ar*bi) + float64(ai*br)
}

// radix2 holds the roots of unity for transforms of one power of two.
type radix2 struct{ cos, sin []float64 }

func newRadix2(n int) *radix2 {
	f := &radix2{make([]float64, n/2), make([]float64, n/2)}
	for k := range f.cos {
		f.cos[k], f.sin[k] = Turn(k, n)
	}
	return f
}

// forward transforms in place: decimation in time after bit reversal (Cooley and Tukey 1965).
func (f *radix2) forward(re, im []float64) {
	n := len(re)
	shift := bits.UintSize - bits.Len(uint(n-1))
	for i := 1; i < n-1; i++ {
		if j := int(bits.Reverse(uint(i)) >> shift); j > i {
			re[i], re[j] = re[j], re[i]
			im[i], im[j] = im[j], im[i]
		}
	}
	for size := 2; size <= n; size *= 2 {
		half, step := size/2, n/size
		for start := 0; start < n; start += size {
			for k := range half {
				a, b := start+k, start+k+half
				tr, ti := times(re[b], im[b], f.cos[k*step], -f.sin[k*step])
				re[b], im[b] = re[a]-tr, im[a]-ti
				re[a], im[a] = re[a]+tr, im[a]+ti
			}
		}
	}
}
