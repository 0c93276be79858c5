// Package evaluate is the stage kind "evaluate": it scores the trials of a sweep and the baselines that they have to beat on the same targets, tests
// the differences, chooses a model and draws the figures. It sits between train and report; it trains nothing but the baselines.
//
// Give it the series the trials were trained on and the trials themselves, as deep as the reference gives them:
//
//	stage "evaluate" "forecast" {
//	  series = stage.aggregate.traffic["demo"].series
//	  trials = stage.train.lstm["demo"][*]
//	}
//
// Each protocol found among the trials is evaluated by itself (strict alone when there are none):
//
//   - published, the document's way: each look-back has its own test targets, baselines are repeated for each of them, the model is chosen by its
//     error on the test part.
//   - strict: all configurations, all seeds and all baselines are scored on the targets that every one of them has; the model is
//     chosen by its error on the validation part.
//
// A configuration is a trial without its seed. Baselines are fitted on the training part of the trials (without validation) and cannot be switched off.
//
// # Metrics
//
// metrics.json, in this order of protocols (published, strict), baselines first, then configurations by units, look-back, epochs, batch.
// Labels: protocol (published, strict); model (naive, drift, mean, seasonal_naive, moving_average, ses, holt, ar, lstm, ...); for trained models
// look_back, units, epochs, batch and, where it varies within a protocol, learning_rate and patience; for baselines order (ar), period (seasonal_naive), window
// (moving_average); in published, baselines have the look_back whose targets they were scored on (and a second ar has order = look_back). A metric
// with the label seed is one trial; without it it is the mean over the seeds, count is their number, low and high the 95 % t interval (none for one seed).
// Text of whole numbers is plain ("20"). Unit U is the series' ("B/s"), U² its square ("B²/s²"). Values that do not exist are null.
//
// Per model and per trial (labels as above; * = also per seed):
//
//	mse*             U²  mean squared error on the test targets
//	rmse*            U   its root (mean over seeds: of the roots)
//	mae*             U   mean absolute error
//	bias*            U   mean of actual - forecast
//	mase*                mae / mean |x[t]-x[t-m]| over the training part, m = 1 (mase_m)
//	r2*                  1 - SSE/SST around the test mean
//	skill*               1 - mse/mse of naive on the same targets; above 0: better than repeating the last value
//	rmse_gain*           1 - rmse/rmse of naive
//	validation_mse*  U²  mse on the validation targets (strict with a validation part)
//	mse_without_last* U² published: mse without the last target, which may be a partial second
//	lag_copy*            share of targets whose forecast is nearer to the last value x[t-1] than to the value it is of: 1 for naive, 0.5 for a forecast unrelated to both
//	lag_shift*       steps  the shift k = 0..10 at which forecast[t] and x[t-k] correlate most: the forecast's delay (0: none)
//	copies_last_value    1 when lag_copy is above one half (sign test, one-sided 5 %) and the model is not shown to be better than naive (dm_p_holm, for baselines dm_p, >= 0.05), else 0
//	residual_acf1        autocorrelation of the residuals at lag 1 (seeds: mean)
//	ljung_box            Ljung-Box Q of the residuals over min(20, n/5) lags; labels as above. ljung_box_p its p-value
//	dm                   Diebold-Mariano with the HLN correction, h = 1, squared loss (over seeds: mean loss); label against (naive, ar). Positive: the model is better
//	dm_p                 two-sided p-value of dm; count = number of targets
//	dm_p_holm            the same after Holm over all configurations of the protocol against that rival (trained models only); count = tries
//	linear_rival         1 for the autoregression that "against ar" means (another ar can be a trial)
//	rank                 place by test mse among baselines and configurations of the protocol (in published: of the look-back's targets), from 1
//	selected             1 for the chosen configuration of the protocol, 0 for the other configurations (label selected_on: validation, test)
//	selected_in_schedule 1 with label seed for the trial that forecast_<protocol>_<epochs>x<batch> shows: the best of its schedule
//	best                 1 for the one model of the protocol, baselines included, that is best on the part named by label selected_on
//
// Per protocol (label protocol only, unless said otherwise):
//
//	targets          test targets common to all models (published: label look_back); 0, and nothing else, when there are no trials and the series is too short
//	validation_targets, train_rows  targets that validate; rows [0, train_rows) that the baselines were fitted on (published: label look_back)
//	tries            configurations compared; trials: trained models (configurations times seeds); seeds: the largest number for one configuration
//	mase_m           the m of mase. mase_scale U: its denominator (published: label look_back)
//	rows, rows_left_out   rows used; rows dropped as empty (published) or trimmed and missing (strict); segments
//	selection_optimism U² test mse of the configuration best on the test part minus that of the one chosen (0 or negative; strict). What choosing on the test part would have flattered
//	selection_same   1 when both choices are the same configuration (strict)
//	last_point_share share of naive's squared error in the last target (published: label look_back)
//	largest_share    the largest share of naive's squared error in one target (published: label look_back); from 0.25 on the stage warns
//	last_coverage    published: fraction of the last row's interval inside the capture
//	scaler_leak      published: 1 when the range of the whole series (which its scaler saw) is wider than that of the training part, else 0; label look_back
//
// Without labels:
//
//	captured_ratio   captured bytes / wire bytes over the whole series, where it has both
//	step             s, the series' interval
//
// # Figures
//
// Each as NAME.svg and NAME.pdf: forecast_<protocol>_<epochs>x<batch> (test part: actual, best model of the schedule, naive in grey), forecast_<protocol> when there are no
// trials (best baseline), sweep_<protocol> (test MSE per look-back with intervals over seeds, baselines in grey), residual_acf_<protocol> (of the chosen model).
package evaluate

import "weir/stages"

// Version changes when the same inputs would give other bytes.
const Version = 1

// Evaluate is the stage's interface.
type Evaluate struct {
	Series stages.Input `hcl:"series" doc:"the series that the trials were trained on"`
	Trials stages.Tree  `hcl:"trials,optional" doc:"the trials, such as stage.train.lstm[*]; without any, the baselines are compared"`

	Column   string `hcl:"column,optional" doc:"the series' column; default: the trials', else wire_bytes or the only one"`
	Order    int    `hcl:"order,optional" doc:"order p of the AR(p) baseline"`
	Season   int    `hcl:"season,optional" doc:"period in steps of the seasonal naive baseline"`
	Window   int    `hcl:"window,optional" doc:"steps that the moving average baseline spans"`
	MASE     int    `hcl:"mase_m,optional" doc:"m of MASE: errors are scaled by the training part's mean |x[t]-x[t-m]|"`
	Language string `hcl:"language,optional" enum:"en pt es" doc:"language of the text in figures"`

	Metrics stages.Output    `hcl:"metrics" file:"metrics.json" doc:"the scores, tests and choices; see the package's catalogue"`
	Figures stages.OutputDir `hcl:"figures" file:"figures" doc:"forecasts, sweep and residuals as PDF and SVG"`
	Best    stages.Output    `hcl:"best,optional" file:"best.weir" doc:"the chosen model (strict if there is one, else published)"`
}

// Kind is the row of the table of kinds.
func Kind() stages.Kind {
	return stages.Kind{
		Name:    "evaluate",
		Version: Version,
		Summary: "score trials and baselines on the same targets, test the differences, choose a model",
		New: func() stages.Stage {
			return &Evaluate{Order: 20, Season: 60, Window: 10, MASE: 1, Language: "en"}
		},
	}
}
