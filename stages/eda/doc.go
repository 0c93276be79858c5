// Package eda is the stage kind "eda": what a traffic series looks like before anybody forecasts it. It stands after aggregate or import
// and before the report, in parallel with train.
//
//	weir do eda series=out/series.parquet period=60 -o out
//	weir do eda series=out/series.parquet sizes=out/sizes.parquet periods='[60, 300]' language=pt -o out
//
// Given a series it describes it, correlates it with its past, takes it apart into trend, season and rest, looks for periods and estimates
// the Hurst exponent; given packet sizes it draws their distribution by protocol. Either input may be missing, not both. The stage
// chooses no model and removes nothing from the data.
//
// # Two protocols
//
// A series is analysed under both protocols: "strict" (wire_bytes, partial edge intervals trimmed, gaps kept as gaps) and "published"
// (captured_bytes, intervals without packets dropped, edges kept, one segment: what the document's author did). The option
// column overrides both, and a series with one value column of its own (import) uses that. eda.json, decomposition.parquet and the
// figures without a suffix are the strict ones; where the published series has other numbers, eda.json holds them under "published" and the
// figures exist again with the suffix _published. metrics.json always has both.
//
// # Gaps
//
// Describe, histogram, ACF, PACF and Ljung-Box use every point; a lag product whose two points lie in different segments does not
// exist. The decomposition runs in every segment of at least two periods, with one seasonal figure for all (phases go on through the gap by the
// clock); other points have no trend. Periodogram, Hurst exponent, ADF and KPSS use the longest segment only, and the metric
// longest_segment says how long it is. See internal/stats for the formulas.
//
// # Metrics
//
// Every metric carries protocol ("published", "strict") and column, except those of sizes. A number that does not exist (the ACF of a constant, the
// Hurst exponent of 50 points) is absent, and a metric "missing" with value 1 and labels what and reason says why. Units: U is "B/s" for a series of bytes at
// one second and the column's own unit, per interval, at any other step.
//
//	name                    labels besides protocol, column    unit      value
//	describe_count          -                                  points    number of intervals
//	describe_mean           -                                  U         mean (divided by step_seconds and 1024 it is the document's KiB/s)
//	describe_std            -                                  U         standard deviation, n-1
//	describe_min, _p25, _p50, _p75, _max
//	                        -                                  U         quantiles, linear (type 7)
//	describe_sum            -                                  B, ...    sum of all intervals
//	describe_cv             -                                  -         std/mean
//	skewness, kurtosis      -                                  -         of the values, biased; kurtosis is the excess over 3
//	zeros                   -                                  points    intervals whose value is 0
//	step_seconds            -                                  s         width of an interval
//	duration_seconds        -                                  s         start of the first to the end of the last interval
//	first_time, last_time   -                                  s         start of the first and of the last interval, seconds since 1970 UTC
//	segments                -                                  -         1 + number of gaps
//	gap_seconds             -                                  s         time between segments, summed (strict only, when there are gaps)
//	longest_segment         -                                  points    length of the longest segment
//	partial_edges           -                                  points    intervals at the ends that the capture covers only in part (trimmed under strict, kept under published)
//	edges_kept              (strict)                           -         1 when every interval is partial, so that trimming would leave nothing: they are kept
//	captured_share          (only column wire_bytes, strict)   -         captured bytes / wire bytes over the whole series, when both are there
//	acf                     lag (0..lags)                      -         autocorrelation; low, high: Bartlett's 95 % interval around it
//	acf_band                lag (1..lags)                      -         half-width of that interval: |acf| beyond it is significant
//	pacf                    lag (0..lags)                      -         partial autocorrelation (Yule-Walker, biased); low, high: 1.96/sqrt(n) around it
//	acf_significant         lags                               -         how many of the lags 1..lags lie beyond Bartlett's band
//	pacf_significant        lags                               -         the same for the PACF
//	acf_first_inside        lags                               -         the first lag within the band; 0 when none of them is
//	pacf_last_before        lags                               -         the last lag before the first insignificant one: the order of AR that the PACF suggests
//	ljung_box, ljung_box_p  lags (10, 20, lags)                -         Q and p: small p says that the series is no white noise
//	seasonal_strength       period (in intervals), model       -         Wang, Smith, Hyndman 2006, 0..1
//	trend_strength          period, model                      -         the same for the trend
//	seasonal_p              period, model                      -         share of noise with the same short memory (moving-block bootstrap) that looks as seasonal; count: resamples
//	seasonal_null           period, model                      -         mean strength in that noise
//	seasonal_beats_noise    period, model                      -         1 when seasonal_p < 0.05, else 0
//	seasonal_amplitude      period, model                      U or -    largest minus smallest value of the seasonal figure
//	seasonal_cycles         period                             -         how many periods the analysed segments hold
//	seasonal_few_cycles     period                             -         1 when that is under 5: a figure from so few cycles is mostly noise
//	seasonal_refused        period, reason                     -         1: not decomposed; reason "short" (under 2 cycles), "constant", "not positive" (multiplicative; also label model)
//	period_seconds          period                             s         the period in time
//	peak_period             rank (1..5)                        s         period of the highest local maxima of the periodogram
//	peak_share              rank (1..5)                        -         their share of the whole power
//	hurst                   method "local whittle"             -         Hurst exponent; low, high: 95 %; count: frequencies used
//	hurst_long_memory       -                                  -         1 when low > 0.5: Bartlett's and Ljung-Box's intervals are then too narrow (they assume short memory)
//	hurst_nonstationary     -                                  -         1 when the estimate is 1 or more; both flags are 0 when there is a hurst_cycle
//	hurst_cycle             -                                  s         present when a cycle of that period outweighs the memory: do not quote the exponent then
//	adf, adf_p, adf_lags    -                                  -         augmented Dickey-Fuller, constant, lags by AIC: small p speaks against a unit root
//	kpss, kpss_p, kpss_lags -                                  -         KPSS for a constant level, automatic lags: small p speaks against stationarity; p is cut to 0.01..0.1
//	missing                 what, reason                       -         1; what is acf, hurst, adf, kpss or periodogram, reason "short", "long", "constant" or "undefined"
//
// From sizes (labels of = "wire", "captured"; type = "TCP", "UDP", "Other"):
//
//	size_packets            of, type                           packets   number of packets
//	size_share              of, type                           -         their share of all packets
//	size_mean, size_min, size_p50, size_max
//	                        of, type                           B         of the packet length
//	size_mode               of, type                           B         the commonest length
//
// # Figures
//
// Each as NAME.svg and NAME.pdf: series, decomposition_P (P the period in intervals), decomposition_P_multiplicative, acf_pacf,
// periodogram, and the same with _published at the end where the published series differs; sizes_wire, sizes_captured.
package eda
