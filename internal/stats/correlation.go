package stats

import "math"

// Z95 is the 0.975 quantile of the normal distribution.
const Z95 = 1.959963984540054

// Correlation is an autocorrelation function with its 95 % interval.
type Correlation struct {
	R         []float64 // lags 0..k; R[0] is 1
	Low, High []float64 // around R[k], by Bartlett's (1946) formula for a short memory: see Band
	N         int       // points used
}

// Band is the half-width of Bartlett's interval: the variance is 0 at lag 0, 1/n at lag 1 and (1 + 2 sum_{j<k} R[j]^2)/n after. A value of R
// further from zero than this is significant at 5 %, if the process forgets after lag k-1; for a long memory the band is too narrow.
func (c *Correlation) Band(k int) float64 { return c.High[k] - c.R[k] }

// ACF is the autocorrelation for lags 0..lags as statsmodels' acf(adjusted=False, bartlett_confint=True): products over n, one mean for all runs,
// pairs within runs only. The pooled sequence is positive semidefinite like that of one run. ErrShort when no run has lags+1 points, ErrConstant
// without variance.
func ACF(runs []Run, lags int) (*Correlation, error) {
	cov, n, err := autocovariance(runs, lags, false)
	if err != nil {
		return nil, err
	}
	c := &Correlation{R: make([]float64, lags+1), Low: make([]float64, lags+1), High: make([]float64, lags+1), N: n}
	squares := 0.0
	for k := range c.R {
		c.R[k] = cov[k] / cov[0]
		band := 0.0
		if k > 0 {
			band = float64(Z95 * math.Sqrt((1+float64(2*squares))/float64(n)))
			squares += float64(c.R[k] * c.R[k])
		}
		c.Low[k], c.High[k] = c.R[k]-band, c.R[k]+band
	}
	return c, nil
}

// autocovariance gives the lag products of the centred points over n, or over the number of pairs when adjusted.
func autocovariance(runs []Run, lags int, adjusted bool) (cov []float64, n int, err error) {
	n = Count(runs)
	if lags < 0 || len(Longest(runs).Values) <= lags {
		return nil, n, ErrShort
	}
	mean := Mean(runs)
	totals, pairs := make([]sum, lags+1), make([]int, lags+1)
	constant := true
	for _, r := range runs {
		x := make([]float64, len(r.Values))
		for i, v := range r.Values {
			x[i] = v - mean
			constant = constant && v == runs[0].Values[0]
		}
		for k := 0; k <= lags && k < len(x); k++ {
			pairs[k] += len(x) - k
			t := totals[k]
			for i := k; i < len(x); i++ {
				t.addProduct(x[i], x[i-k])
			}
			totals[k] = t
		}
	}
	cov = make([]float64, lags+1)
	for k := range cov {
		divisor := n
		if adjusted {
			divisor = pairs[k]
		}
		cov[k] = totals[k].value() / float64(divisor)
	}
	if constant || cov[0] == 0 {
		return nil, n, ErrConstant
	}
	return cov, n, nil
}

// PACFMethod says how partial autocorrelations are estimated; the names are statsmodels'.
type PACFMethod uint8

const (
	YuleWalker   PACFMethod = iota // "ywm", "ldb": Levinson-Durbin on biased autocovariances; what plot_pacf draws
	Adjusted                       // "ld", "yw": the same on autocovariances divided by the number of pairs
	LeastSquares                   // "ols": the last coefficient of a regression on lags 1..k with a constant
)

// PACF is the partial autocorrelation for lags 0..lags (the first is 1). Its 95 % band around zero is Z95/sqrt(n). A series that its past
// determines exactly has no partial autocorrelation beyond that lag: the result is then shorter. Errors as ACF; LeastSquares also wants more rows
// than coefficients.
func PACF(runs []Run, lags int, method PACFMethod) ([]float64, error) {
	if method == LeastSquares {
		return leastSquaresPACF(runs, lags)
	}
	cov, _, err := autocovariance(runs, lags, method == Adjusted)
	if err != nil {
		return nil, err
	}
	return levinson(cov), nil
}

// levinson is the Durbin-Levinson recursion (Brockwell and Davis 1991, 5.2.1) in double precision with compensated sums.
func levinson(cov []float64) []float64 {
	pacf := []float64{1}
	phi, next := make([]float64, len(cov)), make([]float64, len(cov))
	variance := cov[0]
	for k := 1; k < len(cov); k++ {
		if variance <= 0 {
			break
		}
		var s sum
		s.add(cov[k])
		for j := 1; j < k; j++ {
			s.addProduct(-phi[j], cov[k-j])
		}
		last := s.value() / variance
		for j := 1; j < k; j++ {
			next[j] = phi[j] - float64(last*phi[k-j])
		}
		next[k] = last
		copy(phi[1:k+1], next[1:k+1])
		variance = float64(variance * (1 - float64(last*last)))
		pacf = append(pacf, last)
	}
	return pacf
}

func leastSquaresPACF(runs []Run, lags int) ([]float64, error) {
	if lags < 0 || len(Longest(runs).Values) <= lags {
		return nil, ErrShort
	}
	pacf := []float64{1}
	for k := 1; k <= lags; k++ {
		columns := make([][]float64, k+2) // constant, lags 1..k, target
		for _, r := range runs {
			for i := k; i < len(r.Values); i++ {
				columns[0] = append(columns[0], 1)
				for j := 1; j <= k; j++ {
					columns[j] = append(columns[j], r.Values[i-j])
				}
				columns[k+1] = append(columns[k+1], r.Values[i])
			}
		}
		fit, err := leastSquares(columns[:k+1], columns[k+1])
		if err != nil {
			return nil, err
		}
		pacf = append(pacf, fit.coefficients[k])
	}
	return pacf, nil
}

// Portmanteau is a test that the first k autocorrelations are zero.
type Portmanteau struct {
	Lags int
	Q    float64
	P    float64 // chi-squared with Lags degrees of freedom; no correction for fitted parameters
}

// LjungBox is the test of Ljung and Box (1978) for each number of lags 1..len(c.R)-1: Q = n(n+2) sum_j R[j]^2/(n-j).
func LjungBox(c *Correlation) []Portmanteau {
	tests := make([]Portmanteau, 0, len(c.R)-1)
	n := float64(c.N)
	var s sum
	for k := 1; k < len(c.R); k++ {
		s.add(float64(c.R[k]*c.R[k]) / (n - float64(k)))
		q := float64(float64(n*(n+2)) * s.value())
		tests = append(tests, Portmanteau{Lags: k, Q: q, P: gammaQ(k, q/2)})
	}
	return tests
}
