package forecast

import (
	"fmt"
	"math"
)

// memoryLags is how far an arfima looks back.
const memoryLags = 1000

// arfima is an arma of the fractionally differenced series (Granger and Joyeux 1980; Hosking 1981): phi(L) (1-L)^memory (x - mean) = theta(L) e, with x at its mean before the
// segment and the filter cut off after memoryLags. Written out it is one long autoregression, with which it forecasts.
type arfima struct {
	arma
	memory, mean, total float64
	lag                 []float64 // of the autoregression on x - mean
}

// fitARFIMA finds the memory in [-0.45, 0.95] with the least conditional sum of squares, the arma fitted for each that is tried (Chung and Baillie 1993): a grid on the
// first rows, then golden sections around its best point on all.
func fitARFIMA(d *Data, train []int, m Model) (*arfima, error) {
	from := train[0]
	if least := 2*(m.Order+m.Average) + 10; len(train) < least {
		return nil, fmt.Errorf("p %d and q %d need at least %d training rows, there are %d", m.Order, m.Average, least, len(train))
	}
	mean, scale := Mean(d.At(train)), 0.0
	for _, t := range train {
		scale += float64((d.Values[t] - mean) * (d.Values[t] - mean))
	}
	if scale = math.Sqrt(scale / float64(len(train))); !(scale > 0) {
		scale = 1
	}
	try := func(rows int, memory float64) (arma, float64) {
		head := d.Head(rows)
		v := make([]float64, rows)
		for i, x := range head.Values {
			v[i] = (x - mean) / scale
		}
		c := &conditional{w: head.filter(v, fractional(memory, memoryLags)), segments: head.Segments, from: from}
		return c.fit(c.starts(m.Order, m.Average)...)
	}
	const cells, step = 14, 0.1
	best, least := 0.0, math.Inf(1)
	for i := range cells + 1 {
		memory := float64(float64(i)*step) - 0.45
		if _, sse := try(min(d.Len(), from+gridRows), memory); sse < least {
			best, least = memory, sse
		}
	}
	best = section(func(memory float64) float64 { _, sse := try(d.Len(), memory); return sse }, max(best-step, -0.45), min(best+step, 0.95), 5e-3)
	a, sse := try(d.Len(), best)
	f := &arfima{arma: a, memory: best, mean: mean, total: float64(sse * float64(scale*scale))}
	f.expand()
	return f, nil
}

// fractional gives the coefficients of (1-L)^memory.
func fractional(memory float64, lags int) []float64 {
	c := make([]float64, lags+1)
	c[0] = 1
	for k := 1; k <= lags; k++ {
		c[k] = float64(c[k-1]*(float64(k-1)-memory)) / float64(k)
	}
	return c
}

// filter gives sum over k of c[k] v[t-k] inside each segment, added up in the order of k; four coefficients a pass, for speed.
func (d *Data) filter(v, c []float64) []float64 {
	w := make([]float64, len(v))
	for _, s := range d.Segments {
		in, out := v[s.Lo:s.Hi], w[s.Lo:s.Hi]
		k := 0
		for ; k+4 <= len(c) && k+4 <= len(in); k += 4 {
			for i := k; i < k+3; i++ { // rows that do not have all four
				for j := k; j <= i; j++ {
					out[i] += float64(c[j] * in[i-j])
				}
			}
			b0, b1, b2, b3 := c[k], c[k+1], c[k+2], c[k+3]
			to := out[k+3:]
			n := len(to)
			x0, x1, x2, x3 := in[3:][:n], in[2:][:n], in[1:][:n], in[:n]
			for i := range to {
				to[i] = to[i] + float64(b0*x0[i]) + float64(b1*x1[i]) + float64(b2*x2[i]) + float64(b3*x3[i])
			}
		}
		for ; k < len(c) && k < len(in); k++ {
			for i := k; i < len(in); i++ {
				out[i] += float64(c[k] * in[i-k])
			}
		}
	}
	return w
}

// expand makes the long autoregression: the coefficients of fractional, times phi, divided by theta.
func (f *arfima) expand() {
	c := fractional(f.memory, memoryLags)
	for k := len(c) - 1; k > 0; k-- {
		for i, b := range f.phi[:min(k, len(f.phi))] {
			c[k] -= float64(b * c[k-1-i])
		}
	}
	for k := range c {
		for j, b := range f.theta[:min(k, len(f.theta))] {
			c[k] -= float64(b * c[k-1-j])
		}
	}
	f.lag = make([]float64, memoryLags)
	for k := range f.lag {
		f.lag[k] = -c[k+1]
	}
}

func (f *arfima) Needs() int { return 1 }

func (f *arfima) Parameters() map[string]float64 {
	p := (&arima{arma: f.arma, total: f.total}).Parameters()
	delete(p, "constant")
	p["memory"], p["mean"] = f.memory, f.mean
	return p
}

func restoreARFIMA(m Model, r *numbers) *arfima {
	f := &arfima{arma: arma{phi: r.list("ar_"), theta: r.list("ma_")}, memory: r.between("memory", -1, 1), mean: r.any("mean"), total: r.any("sse")}
	if r.err == nil && (len(f.phi) != m.Order || len(f.theta) != m.Average) {
		r.err = fmt.Errorf("%d ar and %d ma, expected %d and %d", len(f.phi), len(f.theta), m.Order, m.Average)
	}
	f.expand()
	return f
}

func (f *arfima) Forecast(d *Data, targets []int, h int) []float64 {
	out := missing(len(targets))
	a := (&affine{lag: f.lag}).iterate(h)
	for i, t := range targets {
		o := t - h
		n := min(len(a.lag), o-d.Start(t)+1)
		if n < 1 {
			continue
		}
		sum := 0.0
		for k, b := range a.lag[:n] {
			sum += float64(b * (d.Values[o-k] - f.mean))
		}
		out[i] = f.mean + sum
	}
	return out
}

// section finds a minimum of f between low and high: golden sections down to the width, then the lowest point of the parabola through three points that far apart.
func section(f func(float64) float64, low, high, width float64) float64 {
	const share = 0.6180339887498949
	from, to := low, high
	a, b := high-float64(share*(high-low)), low+float64(share*(high-low))
	fa, fb := f(a), f(b)
	for high-low > width {
		if fa <= fb {
			high, b, fb = b, a, fa
			a = high - float64(share*(high-low))
			fa = f(a)
		} else {
			low, a, fa = a, b, fb
			b = low + float64(share*(high-low))
			fb = f(b)
		}
	}
	x := min(max((low+high)/2, from+width), to-width)
	l, m, r := f(x-width), f(x), f(x+width)
	if bend := l - 2*m + r; bend > 0 {
		x += float64(width * (l - r) / (2 * bend))
	}
	return min(max(x, from), to)
}
