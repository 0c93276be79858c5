package forecast

import (
	"math"

	"weir/internal/series"
)

// arma is w[t] = constant + sum phi[i] w[t-1-i] + e[t] + sum theta[j] e[t-1-j].
type arma struct {
	constant   float64
	phi, theta []float64
}

// conditional is the problem of fitting an arma to a series by its conditional sum of squares (Box and Jenkins 1976, 7.1): errors before a segment's first one are zero.
type conditional struct {
	w        []float64
	segments []series.Span
	from     int  // only errors of rows from here on count
	skip     bool // the first len(phi) rows of a segment have no error; otherwise w is zero before its segment
	constant bool // the constant is fitted, else 0
}

// errors calls each with every row's error.
func (c *conditional) errors(a *arma, each func(t int, e float64)) {
	p, q := len(a.phi), len(a.theta)
	e := make([]float64, len(c.w))
	for _, span := range c.segments {
		first := span.Lo
		if c.skip {
			first += p
		}
		for t := first; t < span.Hi; t++ {
			v := c.w[t] - a.constant
			for i, b := range a.phi[:min(p, t-span.Lo)] {
				v -= float64(b * c.w[t-1-i])
			}
			for j, b := range a.theta[:min(q, t-first)] {
				v -= float64(b * e[t-1-j])
			}
			e[t] = v
			each(t, v)
		}
	}
}

func (c *conditional) sse(a *arma) float64 {
	sum := 0.0
	c.errors(a, func(t int, e float64) {
		if t >= c.from {
			sum += float64(e * e)
		}
	})
	return sum
}

// normal adds up JᵀJ (lower triangle) and Jᵀe of the errors with respect to constant, phi and theta. The derivatives follow the recursion of the errors.
func (c *conditional) normal(a *arma) (jj [][]float64, je []float64) {
	p, q := len(a.phi), len(a.theta)
	k := 1 + p + q
	jj, je = square(k), make([]float64, k)
	e := make([]float64, len(c.w))
	ring := make([][]float64, q+1) // derivatives of the last errors
	for i := range ring {
		ring[i] = make([]float64, k)
	}
	for _, span := range c.segments {
		first := span.Lo
		if c.skip {
			first += p
		}
		for t := first; t < span.Hi; t++ {
			g := ring[t%(q+1)]
			clear(g)
			if c.constant {
				g[0] = -1
			}
			v := c.w[t] - a.constant
			for i, b := range a.phi[:min(p, t-span.Lo)] {
				v -= float64(b * c.w[t-1-i])
				g[1+i] = -c.w[t-1-i]
			}
			for j, b := range a.theta[:min(q, t-first)] {
				v -= float64(b * e[t-1-j])
				g[1+p+j] = -e[t-1-j]
			}
			for j, b := range a.theta[:min(q, t-first)] {
				for l, o := range ring[(t-1-j)%(q+1)] {
					g[l] -= float64(b * o)
				}
			}
			e[t] = v
			if t < c.from {
				continue
			}
			for l, x := range g {
				je[l] += float64(x * v)
				for r := range l + 1 {
					jj[l][r] += float64(x * g[r])
				}
			}
		}
	}
	return jj, je
}

// fit finds the least sum of squares from each start by Levenberg's and Marquardt's method; a step that leaves the stationary and invertible
// models, or makes the sum larger, is tried again shorter.
func (c *conditional) fit(starts ...arma) (arma, float64) {
	best, least := arma{}, math.Inf(1)
	for _, a := range starts {
		a.phi, a.theta = inside(a.phi, 1), inside(a.theta, -1)
		if !c.constant {
			a.constant = 0
		}
		sse := c.sse(&a)
		damping := 1e-4
		for range 200 {
			jj, je := c.normal(&a)
			gain := 0.0
			for gain == 0 && damping < 1e12 {
				b := a.step(jj, je, damping)
				if next := c.sse(&b); stable(b.phi, 1) && stable(b.theta, -1) && next < sse {
					a, gain, sse = b, 1-next/sse, next
					damping = max(damping/10, 1e-10)
				} else {
					damping *= 10
				}
			}
			if gain < 1e-13 {
				break
			}
		}
		if sse < least || len(starts) == 1 {
			best, least = a, sse
		}
	}
	return best, least
}

// step is a + s with (JJ + damping diag JJ) s = -Je.
func (a *arma) step(jj [][]float64, je []float64, damping float64) arma {
	k := len(je)
	m, y := square(k), make([]float64, k)
	for i := range k {
		copy(m[i], jj[i][:i+1])
		m[i][i] += float64(damping * m[i][i])
		y[i] = -je[i]
	}
	s := newCholesky(m).solve(y)
	b := arma{constant: a.constant + s[0], phi: make([]float64, len(a.phi)), theta: make([]float64, len(a.theta))}
	for i := range b.phi {
		b.phi[i] = a.phi[i] + s[1+i]
	}
	for j := range b.theta {
		b.theta[j] = a.theta[j] + s[1+len(a.phi)+j]
	}
	return b
}

// border is how large a partial autocorrelation of a stationary or invertible model may be here.
const border = 0.99999

// stable says whether 1 - sign sum c[i] z^(i+1) has all roots outside the unit circle: Levinson's recursion backwards gives partial autocorrelations, all of which
// are then below 1 (Barndorff-Nielsen and Schou 1973).
func stable(c []float64, sign float64) bool {
	a := make([]float64, len(c))
	for i, v := range c {
		a[i] = float64(sign * v)
	}
	for k := len(a) - 1; k >= 0; k-- {
		r := a[k]
		if !(math.Abs(r) < border) {
			return false
		}
		rest := 1 - float64(r*r)
		next := make([]float64, k)
		for i := range k {
			next[i] = (a[i] + float64(r*a[k-1-i])) / rest
		}
		a = next
	}
	return true
}

// inside shrinks coefficients until they are stable, which moves all roots outwards.
func inside(c []float64, sign float64) []float64 {
	c = append([]float64(nil), c...)
	for range 200 {
		if stable(c, sign) {
			return c
		}
		factor := 1.0
		for i := range c {
			factor *= 0.95
			c[i] *= factor
		}
	}
	return make([]float64, len(c))
}

// hannanRissanen is a start: errors of a long autoregression stand in for the true ones in a regression on p lags of the series and q of the errors (Hannan and
// Rissanen 1982). The second result is the autoregression without moving average.
func (c *conditional) hannanRissanen(p, q int) (with, without arma) {
	d := &Data{Values: c.w, Segments: c.segments}
	targets := Rows(c.from, len(c.w))
	pure := func(p int) (arma, bool) {
		rows := withHistory(d, targets, p)
		if len(rows) < 2*p+2 {
			return arma{phi: make([]float64, p)}, false
		}
		g := newGram(d, rows, Model{}, p, 1)
		a := g.affine(g.ridge(p, 0), 0)
		return arma{constant: a.constant, phi: a.lag}, true
	}
	without, _ = pure(p)
	without.theta = make([]float64, q)
	with = without
	long, ok := pure(max(20, 2*(p+q)))
	if !ok || q == 0 {
		return with, without
	}
	e := make([]float64, len(c.w))
	(&conditional{w: c.w, segments: c.segments, skip: true}).errors(&long, func(t int, v float64) { e[t] = v })
	k := p + q + 2
	sums := newQR(k)
	row := make([]float64, k)
	for _, t := range withHistory(d, targets, len(long.phi)+q+p) {
		for i := range p {
			row[i] = c.w[t-1-i]
		}
		for j := range q {
			row[p+j] = e[t-1-j]
		}
		row[p+q], row[k-1] = 1, c.w[t]
		sums.add(row)
	}
	b := sums.solve()
	return arma{constant: b[p+q], phi: b[:p:p], theta: b[p : p+q : p+q]}, without
}
