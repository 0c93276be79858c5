package lstm

// tanh is x P(u) / Q(u) with u = x², at most tanhEnd, and the quotient clamped to ±1, where it is from |x| = 8.500002 on. It is at most 3.9 units in the last
// place off (TestTanh).
//
// P and Q minimise the largest relative error on [0, 8.5] over all quotients of degrees 4 and 4 (Lawson's weights on the linearised problem): 1.2e-8. Both
// are multiplied by a factor, 1.114, for which rounding the coefficients to float32 adds least: 1.6e-8 in all.
const (
	tanhEnd = 8.5 * 8.5

	tanhP0, tanhP1, tanhP2 = 0x1.1d2f24p+0, 0x1.320508p-3, 0x1.02025cp-8
	tanhP3, tanhP4         = 0x1.8d2db0p-16, 0x1.111716p-26

	tanhQ0, tanhQ1, tanhQ2 = 0x1.1d2f24p+0, 0x1.0aa0acp-1, 0x1.daf632p-6
	tanhQ3, tanhQ4         = 0x1.872f8cp-12, 0x1.e723a8p-21
)

// fraction is numerator and denominator of tanh: 8 fused multiply-adds and two products. NaN gives NaN (of any payload).
func fraction(x float32) (p, q float32) {
	u := min(x*x, tanhEnd)
	p = fma(u, tanhP4, tanhP3)
	p = fma(u, p, tanhP2)
	p = fma(u, p, tanhP1)
	p = fma(u, p, tanhP0)
	q = fma(u, tanhQ4, tanhQ3)
	q = fma(u, q, tanhQ2)
	q = fma(u, q, tanhQ1)
	q = fma(u, q, tanhQ0)
	return x * p, q
}

func tanh(x float32) float32 {
	p, q := fraction(x)
	return clamp(p / q)
}

// tanh2 is tanh of two values with one division, which costs the processor most: 1/(qr) serves both. It is at most 4.6 units in the last place off.
func tanh2(x, y float32) (float32, float32) {
	p, q := fraction(x)
	s, r := fraction(y)
	d := 1 / (q * r)
	return clamp((p * r) * d), clamp((s * q) * d)
}

func clamp(t float32) float32 { return min(max(t, -1), 1) }

// lift makes sigmoid(x) = 1/(1+exp(-x)) of tanh(x/2). Its error is absolute, at most 1.5e-7.
func lift(t float32) float32 { return fma(0.5, t, 0.5) }
