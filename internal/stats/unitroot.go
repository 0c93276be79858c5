package stats

import "math"

// UnitRoot is the result of a test for or against a unit root.
type UnitRoot struct {
	Statistic float64
	P         float64
	Lags      int
	N         int                // points in the regression
	Critical  map[string]float64 // at "1%", "5%", "10%"
}

// Criterion says how ADF chooses its lags.
type Criterion uint8

const (
	AIC   Criterion = iota // Akaike, from 0 to the largest lag
	BIC                    // Schwarz
	Fixed                  // the largest lag
)

// The response surfaces of MacKinnon (1994, table 1-3: p-values) and MacKinnon (2010, table 2: critical values) for one series.
type surface struct {
	highest, lowest, split float64    // above: p = 1; below: p = 0; where small meets large
	small                  [3]float64 // polynomials whose normal distribution function is p
	large                  [4]float64
	critical               [3][4]float64 // 1 %, 5 %, 10 % in powers of 1/n
}

var withConstant = surface{2.74, -18.83, -1.61, [3]float64{2.1659, 1.4412, 0.038269}, [4]float64{1.7339, 0.93202, -0.12745, -0.010368},
	[3][4]float64{{-3.43035, -6.5393, -16.786, -79.433}, {-2.86154, -2.8903, -4.234, -40.040}, {-2.56677, -1.5384, -2.809, 0}}}

var withTrend = surface{0.7, -16.18, -2.89, [3]float64{3.2512, 1.6047, 0.049588}, [4]float64{2.5261, 0.61654, -0.37956, -0.060285},
	[3][4]float64{{-3.95877, -9.0531, -28.428, -134.155}, {-3.41049, -4.3904, -9.036, -45.374}, {-3.12705, -2.5856, -3.925, -22.380}}}

// MaxADF bounds the series that ADF accepts: the regression holds n rows of about 12 (n/100)^(1/4) columns in memory.
const MaxADF = 100_000

// ADF is the augmented Dickey-Fuller test with a constant, and with a linear trend when trend is set, as statsmodels' adfuller. A small P
// speaks against a unit root. maxLag < 0 is ceil(12 (n/100)^(1/4)) (Schwert 1989), cut to what n allows. ErrShort, ErrLong or
// ErrConstant, also when the series is exactly predictable.
func ADF(x []float64, trend bool, maxLag int, criterion Criterion) (*UnitRoot, error) {
	n := len(x)
	if n > MaxADF {
		return nil, ErrLong
	}
	terms := 1
	if trend {
		terms = 2
	}
	limit := n/2 - terms - 1
	if maxLag < 0 && n > 0 {
		maxLag = min(limit, int(math.Ceil(12*math.Sqrt(math.Sqrt(float64(n)/100)))))
	}
	if maxLag > limit || maxLag < 0 {
		return nil, ErrShort
	}
	if constant(x) {
		return nil, ErrConstant
	}
	lags := maxLag
	if criterion != Fixed {
		columns, target := dickeyFuller(x, trend, maxLag)
		f, err := leastSquares(columns, target)
		if err != nil {
			return nil, err
		}
		lags = chooseLags(f.residual[terms+1:], len(target), terms+1, criterion)
	}
	columns, target := dickeyFuller(x, trend, lags)
	columns[0], columns[terms] = columns[terms], columns[0] // the level first, whose error is wanted
	f, err := leastSquares(columns, target)
	if err != nil {
		return nil, err
	}
	if !(f.firstError > 0) {
		return nil, ErrConstant
	}
	table := withConstant
	if trend {
		table = withTrend
	}
	t := f.coefficients[0] / f.firstError
	return &UnitRoot{Statistic: t, P: table.p(t), Lags: lags, N: len(target), Critical: table.values(len(target))}, nil
}

// dickeyFuller builds the regression: constant, trend 1, 2, ..., the level before, and lagged differences explain the difference.
func dickeyFuller(x []float64, trend bool, lags int) (columns [][]float64, target []float64) {
	rows := len(x) - 1 - lags
	column := func(value func(i int) float64) {
		c := make([]float64, rows)
		for i := range c {
			c[i] = value(i)
		}
		columns = append(columns, c)
	}
	column(func(int) float64 { return 1 })
	if trend {
		column(func(i int) float64 { return float64(i + 1) })
	}
	column(func(i int) float64 { return x[lags+i] })
	for j := 0; j <= lags; j++ {
		column(func(i int) float64 { return x[lags+i-j+1] - x[lags+i-j] })
	}
	target = columns[len(columns)-1-lags]
	return append(columns[:len(columns)-1-lags], columns[len(columns)-lags:]...), target
}

// chooseLags finds the smallest criterion; residual[k] is the sum of squares with k lags, the model then has base+k coefficients.
func chooseLags(residual []float64, rows, base int, criterion Criterion) int {
	best, lags := math.Inf(1), 0
	price := 2.0
	if criterion == BIC {
		price = log(float64(rows))
	}
	for k, r := range residual {
		if c := float64(float64(rows)*log(r/float64(rows))) + float64(price*float64(base+k)); c < best {
			best, lags = c, k
		}
	}
	return lags
}

func (s *surface) p(t float64) float64 {
	switch {
	case t > s.highest:
		return 1
	case t < s.lowest:
		return 0
	case t <= s.split:
		return normalCDF(polynomial(s.small[:], t))
	}
	return normalCDF(polynomial(s.large[:], t))
}

func (s *surface) values(n int) map[string]float64 {
	v := map[string]float64{}
	for i, level := range []string{"1%", "5%", "10%"} {
		v[level] = polynomial(s.critical[i][:], 1/float64(n))
	}
	return v
}

// polynomial is c[0] + c[1] x + c[2] x^2 + ...
func polynomial(c []float64, x float64) float64 {
	y := 0.0
	for i := len(c) - 1; i >= 0; i-- {
		y = float64(y*x) + c[i]
	}
	return y
}

// KPSS is the test of Kwiatkowski, Phillips, Schmidt and Shin (1992) for stationarity around a constant level, as statsmodels' kpss(regression="c",
// nlags="auto"): Bartlett's kernel, lags after Hobijn, Franses and Ooms (1998). A small P speaks against stationarity; it is interpolated in the
// paper's table and cut to 0.01..0.1.
func KPSS(x []float64) (*UnitRoot, error) {
	n := len(x)
	if n < 3 {
		return nil, ErrShort
	}
	if constant(x) {
		return nil, ErrConstant
	}
	mean := Mean(Single(x))
	e := make([]float64, n)
	level, squares := 0.0, sum{}
	for i, v := range x {
		e[i] = v - mean
		level += e[i]
		squares.addProduct(level, level)
	}
	lags := kpssLags(e)
	var s sum
	s.add(lagProduct(e, 0))
	for k := 1; k <= lags; k++ {
		s.add(float64(2 * lagProduct(e, k) * (1 - float64(k)/float64(lags+1))))
	}
	eta := squares.value() / float64(float64(n)*float64(n)) / (s.value() / float64(n))
	values, ps := []float64{0.347, 0.463, 0.574, 0.739}, []float64{0.10, 0.05, 0.025, 0.01}
	return &UnitRoot{Statistic: eta, P: interpolate(values, ps, eta), Lags: lags, N: n,
		Critical: map[string]float64{"10%": values[0], "5%": values[1], "2.5%": values[2], "1%": values[3]}}, nil
}

func kpssLags(e []float64) int {
	n := float64(len(e))
	s0, s1 := lagProduct(e, 0)/n, 0.0
	for i := 1; i <= int(pow(n, 2.0/9)) && i < len(e); i++ {
		p := lagProduct(e, i) / (n / 2)
		s0 += p
		s1 += float64(float64(i) * p)
	}
	ratio := s1 / s0
	gamma := 1.1447 * pow(float64(ratio*ratio), 1.0/3)
	return max(0, min(int(float64(gamma*pow(n, 1.0/3))), len(e)-1))
}

func lagProduct(e []float64, k int) float64 {
	var s sum
	for i := k; i < len(e); i++ {
		s.addProduct(e[i], e[i-k])
	}
	return s.value()
}

// interpolate reads y at x from a table with increasing xs; beyond its ends it stays at the end values.
func interpolate(xs, ys []float64, x float64) float64 {
	if x <= xs[0] {
		return ys[0]
	}
	for i := 1; i < len(xs); i++ {
		if x <= xs[i] {
			return ys[i-1] + float64((ys[i]-ys[i-1])*((x-xs[i-1])/(xs[i]-xs[i-1])))
		}
	}
	return ys[len(ys)-1]
}
