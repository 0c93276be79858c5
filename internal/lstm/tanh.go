package lstm

// tanh is x P(x²) / Q(x²), with x clamped to ±tanhLimit and the quotient to ±1. It is at most 4.2 units in the last place off, near ±1, 2.5e-7 (TestTanh).
//
// P and Q minimise the largest relative error on [0, 9.02] over all quotients of degrees 5 and 4 (Lawson's weights on the linearised problem): 1.3e-9. Both
// are multiplied by a factor, 1.307..., for which rounding the coefficients to float32 adds least: 2.1e-9 in all.
const (
	tanhLimit = 9.02

	tanhP0, tanhP1, tanhP2 = 0x1.4e9aa0p+0, 0x1.6e303ap-3, 0x1.4b5b12p-8
	tanhP3, tanhP4, tanhP5 = 0x1.331520p-15, 0x1.57646cp-25, -0x1.189ae0p-36

	tanhQ0, tanhQ1, tanhQ2 = 0x1.4e9aa0p+0, 0x1.3a9dcep-1, 0x1.23baeep-5
	tanhQ3, tanhQ4         = 0x1.0de6fep-11, 0x1.c3aedap-20
)

// tanh takes 9 fused multiply-adds, two products and a division. NaN gives NaN (of any payload).
func tanh(x float32) float32 {
	x = min(max(x, -tanhLimit), tanhLimit)
	u := x * x
	p := fma(u, tanhP5, tanhP4)
	p = fma(u, p, tanhP3)
	p = fma(u, p, tanhP2)
	p = fma(u, p, tanhP1)
	p = fma(u, p, tanhP0)
	q := fma(u, tanhQ4, tanhQ3)
	q = fma(u, q, tanhQ2)
	q = fma(u, q, tanhQ1)
	q = fma(u, q, tanhQ0)
	return min(max(float32(x*p)/q, -1), 1)
}

// sigmoid is 1/(1+exp(-x)) through tanh; its error is absolute, at most 1.4e-7.
func sigmoid(x float32) float32 { return fma(0.5, tanh(0.5*x), 0.5) }
