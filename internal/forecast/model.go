package forecast

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Model says what to fit. Zero fields that a model does not use are ignored; Describe says what each model is.
type Model struct {
	Name       string
	Order      int     // p: lags of a regression
	Difference int     // d: how often the series is differenced
	Average    int     // q: lags of the moving average of errors
	Period     int     // steps of a season, counted on the clock (start of the interval divided by the step), so that gaps do not shift it
	Window     int     // points that a mean is over
	Harmonics  int     // pairs of cosine and sine
	Penalty    float64 // ridge: weight of the sum of squared coefficients of standardised columns, beside the sum of squared errors
	Strategy   string  // Direct, Recursive or empty: the model's own; for regressions beyond horizon 1
	Covariates bool    // regressions on lags also see the covariates of the data: known ones at the target, others at the last row seen
}

// Strategies of regressions for horizons beyond 1: one regression for each horizon, or that of horizon 1 applied to its own forecasts.
const (
	Direct    = "direct"
	Recursive = "recursive"
)

// DefaultModel holds the fields that a model has when nobody says otherwise.
var DefaultModel = Model{Order: 20, Period: 60, Window: 10, Harmonics: 3, Penalty: 1}

// Bounds of a Model's fields and of horizons.
const (
	MaxOrder     = 2000
	MaxPeriod    = 1 << 20
	MaxHarmonics = 500
	MaxARMA      = 30 // p and q of arima and arfima
	MaxPenalty   = 1e15
	MaxHorizon   = 4096
)

// Fitted is a model with its parameters.
type Fitted interface {
	// Forecast gives the forecasts of x[t] from x[..t-h] of its segment for each target (increasing). It is NaN where there is too little history, for a
	// horizon that a direct regression was not fitted for, and for data without the covariates that it was fitted with.
	Forecast(d *Data, targets []int, h int) []float64
	// Parameters are all numbers that were fitted, finite, by name: Restore makes the same model of them.
	Parameters() map[string]float64
	// Needs is how many points before a target the model sees at least at horizon 1; h-1 more at horizon h.
	Needs() int
}

// Models are the names, in the order of the documentation.
var Models = []string{"naive", "drift", "mean", "seasonal_naive", "moving_average", "ar", "ses", "holt", "holt_winters", "theta", "ridge", "nlinear", "rlinear", "dlinear", "fourier", "arima", "arfima", "auto"}

// Describe is one line about a model: what it forecasts and which fields it uses; "" for an unknown name.
func Describe(name string) string {
	switch name {
	case "naive":
		return "the last value"
	case "drift":
		return "the last value and the mean step of the segment so far"
	case "mean":
		return "the mean of the training part"
	case "seasonal_naive":
		return "the value one period ago (period)"
	case "moving_average":
		return "the mean of the last values (window)"
	case "ar":
		return "autoregression by least squares (order)"
	case "ses":
		return "simple exponential smoothing"
	case "holt":
		return "exponential smoothing with Holt's linear trend"
	case "holt_winters":
		return "exponential smoothing with trend and additive season (period)"
	case "theta":
		return "simple exponential smoothing with half the slope of a line through the training part"
	case "arima":
		return "ARIMA(p, d, q) by conditional sum of squares (order, difference, average)"
	case "arfima":
		return "ARMA(p, q) of the fractionally differenced series, for long memory (order, average)"
	case "ridge":
		return "regression with a penalty on lags and, if wanted, covariates (order, penalty, covariates, strategy)"
	case "nlinear":
		return "autoregression on the window less its last value, which is added back (order, penalty, strategy)"
	case "rlinear":
		return "autoregression on the window less the mean of its last values, which is added back (order, window, penalty, strategy)"
	case "auto":
		return "many of the other linear models, weighted by their errors on held-out training targets and on what was seen since (period, harmonics, covariates)"
	case "dlinear":
		return "autoregression on a window's moving average and remainder, each with a map of its own (order, window, penalty, strategy)"
	case "fourier":
		return "regression with a penalty on the first harmonics of a season, lags and, if wanted, covariates (period, harmonics, order, penalty, covariates)"
	}
	return ""
}

// OptionError is what Check returns: a field that does not fit the model, by its name in lower case.
type OptionError struct{ Option, Message string }

func (e *OptionError) Error() string { return e.Option + ": " + e.Message }

// Check returns nil or an *OptionError about the first field that the model uses and cannot have its value.
func (m Model) Check() error {
	if !slices.Contains(Models, m.Name) {
		return &OptionError{"name", fmt.Sprintf("%.40q is unknown, expected one of %s", m.Name, strings.Join(Models, ", "))}
	}
	within := func(option string, v, low, high int) error {
		if v < low || v > high {
			return &OptionError{option, fmt.Sprintf("%d, expected %d to %d", v, low, high)}
		}
		return nil
	}
	var errs []error
	switch m.Name {
	case "seasonal_naive":
		errs = append(errs, within("period", m.Period, 1, MaxPeriod))
	case "moving_average":
		errs = append(errs, within("window", m.Window, 1, MaxPeriod))
	case "ar":
		errs = append(errs, within("order", m.Order, 1, MaxOrder))
	case "holt_winters":
		errs = append(errs, within("period", m.Period, 2, MaxSeason))
	case "arima":
		errs = append(errs, within("order", m.Order, 0, MaxARMA), within("difference", m.Difference, 0, 2), within("average", m.Average, 0, MaxARMA))
	case "arfima":
		errs = append(errs, within("order", m.Order, 0, MaxARMA), within("average", m.Average, 0, MaxARMA))
	case "ridge", "nlinear":
		errs = append(errs, within("order", m.Order, 1, MaxOrder))
	case "rlinear":
		errs = append(errs, within("order", m.Order, 1, MaxOrder), within("window", m.Window, 2, MaxOrder))
	case "auto":
		errs = append(errs, within("period", m.Period, 0, MaxPeriod), within("harmonics", m.Harmonics, 0, MaxHarmonics))
	case "dlinear":
		errs = append(errs, within("order", m.Order, 1, MaxOrder), within("window", m.Window, 1, MaxOrder))
	case "fourier":
		errs = append(errs, within("order", m.Order, 0, MaxOrder), within("period", m.Period, 2, MaxPeriod), within("harmonics", m.Harmonics, 1, min(m.Period/2, MaxHarmonics)))
	}
	if !(m.Penalty >= 0 && m.Penalty <= MaxPenalty) {
		errs = append(errs, &OptionError{"penalty", fmt.Sprintf("%v, expected 0 to %v", m.Penalty, MaxPenalty)})
	}
	if m.Covariates && m.Name != "ridge" && m.Name != "fourier" && m.Name != "auto" {
		errs = append(errs, &OptionError{"covariates", m.Name + " sees none, ridge, fourier and auto do"})
	}
	if m.Strategy == Recursive && (m.Covariates || m.Name == "fourier" || m.Name == "auto") {
		errs = append(errs, &OptionError{"strategy", "recursive needs forecasts of lags only; direct works with covariates and harmonics"})
	}
	if m.Strategy != "" && m.Strategy != Direct && m.Strategy != Recursive {
		errs = append(errs, &OptionError{"strategy", fmt.Sprintf("%.40q, expected direct or recursive", m.Strategy)})
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Fit estimates the model's parameters on the training targets (increasing): it makes the forecasts of these good, and what comes before each
// in its segment is history. Rows after the last are never read. Regressions leave out training targets with too little history. Horizons are increasing; only
// direct regressions need to know them. Impossible options and too few targets are errors.
func (m Model) Fit(d *Data, train []int, horizons []int) (Fitted, error) {
	if err := m.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	if err := checkTargets(d, train, horizons); err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	f, err := m.fit(d.Head(train[len(train)-1]+1), train, horizons)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	for name, v := range f.Parameters() {
		if !finite(v) {
			return nil, fmt.Errorf("%s: parameter %s is not finite: the values of the series are too large or too alike", m.Name, name)
		}
	}
	return f, nil
}

func checkTargets(d *Data, train, horizons []int) error {
	if len(train) == 0 || train[0] < 0 || train[len(train)-1] >= d.Len() {
		return fmt.Errorf("%d training targets in %d rows", len(train), d.Len())
	}
	for i, t := range train[1:] {
		if t <= train[i] {
			return fmt.Errorf("training target %d follows %d: expected increasing ones", t, train[i])
		}
	}
	if len(horizons) == 0 {
		return fmt.Errorf("no horizon to fit")
	}
	for i, h := range horizons {
		if h < 1 || h > MaxHorizon || i > 0 && h <= horizons[i-1] {
			return fmt.Errorf("horizons %v: expected increasing ones from 1 to %d", horizons, MaxHorizon)
		}
	}
	return nil
}

// fit is Fit on checked arguments; d ends with the last training target.
func (m Model) fit(d *Data, train, horizons []int) (Fitted, error) {
	switch m.Name {
	case "mean":
		return &simple{model: m, mean: Mean(d.At(train))}, nil
	case "ar":
		return fitAR(d, train, m, horizons)
	case "ridge", "nlinear", "rlinear", "dlinear", "fourier":
		return fitRidge(d, train, m, horizons)
	case "ses", "holt":
		return fitSmoothing(d, train[0], m.Name == "holt")
	case "holt_winters":
		return fitWinters(d, train, m)
	case "theta":
		return fitTheta(d, train)
	case "arima":
		return fitARIMA(d, train[0], m)
	case "arfima":
		return fitARFIMA(d, train, m)
	case "auto":
		return fitAuto(d, train, m, horizons)
	}
	return &simple{model: m}, nil
}

// Restore makes the model that gave these parameters; its forecasts have the same bits. Parameters may come from anywhere: a missing, unknown or impossible one is an error.
func Restore(m Model, parameters map[string]float64) (Fitted, error) {
	if err := m.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	r := &numbers{left: len(parameters), from: parameters}
	f := m.restore(r)
	if r.err == nil && r.left != 0 {
		r.err = fmt.Errorf("%d of %d parameters are not of this model or given twice", r.left, len(parameters))
	}
	if r.err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, r.err)
	}
	return f, nil
}

func (m Model) restore(r *numbers) Fitted {
	switch m.Name {
	case "mean":
		return &simple{model: m, mean: r.any("mean")}
	case "ar", "ridge", "nlinear", "rlinear", "dlinear", "fourier":
		return restoreRegression(m, r)
	case "ses", "holt":
		return restoreSmoothing(m, r)
	case "holt_winters":
		return restoreWinters(m, r)
	case "theta":
		return restoreTheta(m, r)
	case "arima":
		return restoreARIMA(m, r)
	case "arfima":
		return restoreARFIMA(m, r)
	case "auto":
		return restoreAuto(m, r)
	}
	return &simple{model: m}
}

// Rows lists the rows [from, to): the training targets of who trains on all of them.
func Rows(from, to int) []int {
	rows := make([]int, max(0, to-from))
	for i := range rows {
		rows[i] = from + i
	}
	return rows
}

// numbers takes parameters one by one and keeps the first error.
type numbers struct {
	from map[string]float64
	left int // not taken yet
	err  error
}

func (r *numbers) has(name string) bool { _, ok := r.from[name]; return ok }

// any is a finite number.
func (r *numbers) any(name string) float64 {
	return r.between(name, -math.MaxFloat64, math.MaxFloat64)
}

func (r *numbers) between(name string, low, high float64) float64 {
	v, ok := r.from[name]
	r.left--
	switch {
	case r.err != nil:
	case !ok:
		r.err = fmt.Errorf("parameter %s is missing", name)
	case !(v >= low && v <= high):
		r.err = fmt.Errorf("parameter %s is %v, expected %v to %v", name, v, low, high)
	}
	return v
}

// list takes prefix1, prefix2 ... as long as there are any.
func (r *numbers) list(prefix string) []float64 {
	var values []float64
	for r.has(fmt.Sprint(prefix, len(values)+1)) {
		values = append(values, r.any(fmt.Sprint(prefix, len(values)+1)))
	}
	return values
}
