// Package evaluate is the stage kind "evaluate": it scores the trials of a sweep and the baselines that they have to beat on the same targets, tests
// the differences, looks for leaks, chooses a model and draws the figures. It sits between train and report; it trains nothing but the baselines.
//
// Give it the series the trials were trained on and the trials themselves, as deep as the reference gives them:
//
//	stage "evaluate" "forecast" {
//	  series = stage.aggregate.traffic["demo"].series
//	  trials = stage.train.lstm["demo"][*]
//	}
//
// Each protocol found among the trials is evaluated by itself (strict alone when there are none), each horizon of a protocol too:
//
//   - published, the document's way: each look-back has its own test targets, baselines are repeated for each of them, the model is chosen by its
//     error on the test part.
//   - strict: all configurations, all seeds and all baselines are scored on the targets that every one of them has; the model is
//     chosen by its error on the validation part.
//
// A configuration is a trial without its seed and its fold. Baselines are fitted on the training part of the trials (without validation) and cannot be switched off. The
// linear rival is the linear model with the smallest error on the validation part (AR(order) where there is none).
//
// Trials with folds (rolling origin) are put together: in each fold the baselines are fitted on its own training part; scores and tests are over the targets of all
// folds in their order, and once more for each fold. Trials of another series (train_series) are scored on this one, beside baselines fitted on the other.
//
// A trial whose control is "shuffled" is no competitor: it must have learnt nothing.
//
// # Metrics
//
// metrics.json, in this order of protocols (published, strict), horizons, baselines first, then configurations by units, look-back, epochs, batch and the rest, then the ensemble.
// Labels: protocol (published, strict); horizon (steps) where a protocol has more than one, on everything but the metrics marked "all horizons"; model (naive, drift, mean, seasonal_naive,
// moving_average, ses, holt, theta, ar, ridge, auto, lstm, gru, ..., ensemble); for trained models look_back, units, epochs, batch, layers above 1, bidirectional ("true"), covariates
// ("packets,time_of_day"), every other option by its name unless it has its default value, and, where it varies within a protocol, learning_rate and patience; for baselines order (ar,
// ridge), period (seasonal_naive), window (moving_average); in published, baselines have the look_back whose targets they were scored on (and a second ar has order = look_back). A metric
// with the label seed is one trial; without it it is the mean over the seeds, count is their number, low and high the 95 % t interval (none for one seed).
// A metric with the label fold (from 1) is of that fold's targets alone, mean over the seeds. Text of whole numbers is plain ("20"). Unit U is the series' ("B/s"), U² its
// square ("B²/s²"). Values that do not exist are null.
//
// Per model and per trial (labels as above; * = also per seed, + = also per fold):
//
//	mse*+            U²  mean squared error on the test targets
//	rmse*+           U   its root (mean over seeds: of the roots)
//	mae*+            U   mean absolute error
//	rmse_mbit mae_mbit Mbit/s  rmse and mae for a column of bytes, 8 bits a byte over the step
//	bias*            U   mean of actual - forecast
//	mase*                mae / mean |x[t]-x[t-m]| over the (first fold's) training part, m = 1 (mase_m)
//	r2*                  1 - SSE/SST around the test mean
//	skill*+              1 - mse/mse of naive on the same targets; above 0: better than repeating the last value. Without seed: low and high are the 95 % moving-block bootstrap interval over
//	                     the targets (not that over the seeds), count the seeds
//	rmse_gain*           1 - rmse/rmse of naive
//	validation_mse*  U²  mse on the validation targets (strict with a validation part; with folds those of the first, which are before everything that tests)
//	mse_without_last* U² published: mse without the last target, which may be a partial second
//	mse_folds rmse_folds skill_folds  mean over the folds of the metrics with the label fold, 95 % t interval over the folds; count: folds
//	lag_copy*            share of targets whose forecast is nearer to the last value x[t-h] than to the value it is of: 1 for naive, 0.5 for a forecast unrelated to both
//	lag_shift*       steps  the shift k = 0..10 at which forecast[t] and x[t-k] correlate most: the forecast's delay (0: none)
//	copies_last_value    1 when lag_copy is above one half (sign test, one-sided 5 %) and the model is not shown to be better than naive (dm_p >= 0.05), else 0
//	residual_acf1        autocorrelation of the residuals at lag 1 (seeds: mean); at horizon 1 alone, as the next two
//	ljung_box            Ljung-Box Q of the residuals over min(20, n/5) lags; labels as above. ljung_box_p its p-value
//	dm                   Diebold-Mariano with the HLN correction at the horizon, squared loss (over seeds: mean loss); label against (naive, linear). Positive: the model is better. null
//	                     when the estimated variance is not positive or far too small to be believed (horizons beyond 1, few targets)
//	dm_p                 two-sided p-value of dm; count = number of targets
//	dm_p_holm            the same after Holm over all configurations of the protocol and horizon against that rival (trained models only); count = tries
//	mse_difference   U²  label against: mse of the rival minus that of the model, 95 % moving-block bootstrap interval; count = targets
//	mde                  label against: smallest gain, as share of the rival's mse, that the test would have found with 80 % power at 5 % (one try); mde_rmse the same as share of its rmse
//	ceiling_share        skill of the model / skill of the best long AR; null where that is not positive
//	coverage             share of targets inside [low, high]; label level (nominal, "0.9"); low and high: 95 % Clopper-Pearson; count: forecasts (over seeds: of one seed). Trials
//	                     with intervals of their own; strict baselines and the ensemble with those of split conformal prediction at the trials' level (0.9)
//	interval_width   U   mean of high - low; label level
//	interval_score   U   mean of the width plus 2/(1-level) times the distance of a value outside it (Winkler 1972); lower is better; label level
//	quantile_loss    U   mean pinball loss of low and high as the (1-level)/2 and (1+level)/2 quantiles; label level
//	linear_rival         1 for the model that "against linear" means
//	rank                 place by test mse among baselines and configurations of the protocol (in published: of the look-back's targets), from 1
//	selected             1 for the chosen configuration of the protocol, 0 for the other configurations (label selected_on: validation, test)
//	selected_in_schedule 1 with label seed for the trial that forecast_<protocol>_<epochs>x<batch> shows: the best of its schedule
//	best                 1 for the one model of the protocol, baselines included, that is best on the part named by label selected_on; never the ensemble
//	combined             1 for the ensemble: a weighted mean of configurations (seed means) and linear models, which is chosen and weighted on the validation part and trains nothing
//	ensemble_weight      share of the model in the ensemble, for its members
//	event_average_precision event_brier  all horizons: how well the model foretells bursts, see Events; count = origins. Absent, as the next, when the test part has no burst
//	event_found event_lead   all horizons: share of bursts announced before they begin (count = bursts); mean steps between the first alarm and the burst (steps)
//
// Per protocol (labels protocol and horizon only, unless said otherwise):
//
//	targets          test targets common to all models (published: label look_back); 0, and nothing else, when there are no trials and the series is too short; also label fold
//	validation_targets, train_rows  targets that validate; rows [0, train_rows) that the baselines were fitted on (published: label look_back; with folds: label fold)
//	tries            configurations compared; trials: trained models (configurations times seeds); seeds: the largest number for one configuration; folds: 1 without any
//	trials_left_out  all horizons: trials that are not compared; label reason (too_short, diverged); absent when none
//	horizon steps    how far ahead is forecast
//	mase_m           the m of mase. mase_scale U: its denominator (published: label look_back)
//	rows, rows_left_out   rows used; rows dropped as empty (published) or trimmed and missing (strict); segments
//	train_series_rows rows of the other series that everything was trained on; absent when it was this one
//	selection_optimism U² test mse of the configuration best on the test part minus that of the one chosen (0 or negative; strict). What choosing on the test part would have flattered
//	selection_same   1 when both choices are the same configuration (strict)
//	last_point_share share of naive's squared error in the last target (published: label look_back)
//	largest_share    the largest share of naive's squared error in one target (published: label look_back); from 0.25 on the stage warns
//	last_coverage    published: fraction of the last row's interval inside the capture
//	scaler_leak      published: 1 when the range of the whole series (which its scaler saw) is wider than that of the training part, else 0; label look_back
//	ceiling          skill of the best long AR, order by validation up to a tenth of the training rows: what linear prediction reaches; ceiling_order steps. Strict with a validation part
//	best_of_n        label against (naive, linear): the largest gain of one configuration over the rival on the test part, as share of the rival's mse; count = tries
//	best_of_n_luck   label against: the mean of the same under no difference (bootstrap of centred loss differences): what the best of so many tries gains by luck alone
//	reality_check_p spa_p  label against: p-value that no configuration is better than the rival (White 2000; Hansen 2005, consistent)
//	mean_rank        the best models (a configuration of each kind) by loss in consecutive blocks of the test part, with their labels; count = blocks; rank_p Friedman's test that all are alike;
//	                 critical_difference Nemenyi's at 5 % (Demsar 2006), count = models
//	guard            1 passed, 0 failed; label guard, count = what was checked (forecasts, models, values): see Guards
//	event_level U    all horizons: what a burst exceeds; event_within steps; event_rate: share of origins before a burst; event_quantile: option burst
//
// Without labels:
//
//	captured_ratio   captured bytes / wire bytes over the whole series, where it has both
//	step             s, the series' interval
//
// # Guards
//
// Checks for leaks, on every evaluation. A failed one is a warning and stands in the findings.
//
//	scaler, window, ...  the trials' own checks, all must have passed (count: their sum)
//	selection        strict: everything that chooses or weighs models is before the first test target, and the training part too; fails where the test part chooses
//	future_poison    baselines' forecasts, and the trials' own checks: unchanged to the bit when what comes after their origin is replaced; baselines also keep their parameters when all but the training
//	                 part is replaced
//	shuffled         the linear rival fitted to the series in random order forecasts no better than the training mean (one-sided p >= 0.001)
//	shuffled_control trials trained on shuffled targets are not better than the training mean by more than chance
//	lag_copy         the chosen configuration is not the last value in disguise (copies_last_value = 0); not about a leak
//	too_good         no trial is better than the best long AR and every baseline by more than noise (Diebold-Mariano, Holm, one-sided 1 %): such a one is suspected of a leak first
//
// # Events
//
// A burst is a value above event_level, the quantile burst of the training part. At each origin o the model says how probable one is within the next n steps: F is the largest of its forecasts for
// o+1..o+n, and the probability the share of validation residuals max(x[o+1..o+n]) - F that would lift it over the level. n is the option within, by default the largest horizon.
// An alarm is a probability at or above that which has the best F1 on the validation part.
//
// # Table
//
// trials.csv: one row a protocol, horizon and model, best first within a protocol and horizon (chosen part's error for configurations, then test error): protocol, horizon, rank, model, kind (baseline,
// trial, ensemble), a column for every option that some model has, seeds, selected, validation_rmse, rmse with _low and _high, mae, skill with _low and _high, dm_p_naive, dm_p_linear,
// holm_p_naive, holm_p_linear, validation_mse and mse with _low and _high. Numbers have 12 significant digits, what does not exist is empty.
//
// # Figures
//
// Each as NAME.svg and NAME.pdf: forecast_<protocol>_<epochs>x<batch> (test part: actual, best model of the schedule, naive in grey; a model
// without epochs: forecast_<protocol>_<model>), forecast_<protocol> when there are no
// trials (best baseline), sweep_<protocol> (test MSE per look-back, where one model has two, with intervals over seeds, baselines in grey), residual_acf_<protocol> (of the chosen model). With horizons: the smallest one's.
// zoom_<protocol> (the 60 test steps that vary most, with the interval), skill_<protocol> (skill of the best of each kind with bootstrap intervals), error_by_horizon_<protocol> (RMSE, more than
// one horizon), loss_<protocol> (training and validation loss by epoch of the seeds of the best configuration of each network, at most eight), events_<protocol> (precision over recall), heatmap_<protocol>_<option>_<option>
// (validation RMSE over two options that vary), ranks_<protocol> (mean ranks over blocks of the test part with the critical difference, Demsar 2006).
package evaluate

import "weir/stages"

// Version changes when the same inputs would give other bytes.
const Version = 2

// Evaluate is the stage's interface.
type Evaluate struct {
	Series stages.Input `hcl:"series" doc:"the series that the trials were trained on"`
	Trials stages.Tree  `hcl:"trials,optional" doc:"the trials, such as stage.train.lstm[*]; without any, the baselines are compared"`

	Other stages.Input `hcl:"train_series,optional" doc:"another series that the trials were trained on: baselines are fitted on it and scored on this one"`

	Column   string  `hcl:"column,optional" doc:"the series' column; default: the trials', else wire_bytes or the only one"`
	Order    int     `hcl:"order,optional" doc:"order p of the AR(p) baseline"`
	Season   int     `hcl:"season,optional" doc:"period in steps of the seasonal naive baseline"`
	Window   int     `hcl:"window,optional" doc:"steps that the moving average baseline spans"`
	MASE     int     `hcl:"mase_m,optional" doc:"m of MASE: errors are scaled by the training part's mean |x[t]-x[t-m]|"`
	Burst    float64 `hcl:"burst,optional" doc:"what exceeds this quantile of the training part is a burst, which models are asked to foretell"`
	Within   int     `hcl:"within,optional" doc:"steps within which a burst is foretold; 0: the largest horizon"`
	Language string  `hcl:"language,optional" enum:"en pt es" doc:"language of the text in figures"`

	Metrics stages.Output    `hcl:"metrics" file:"metrics.json" doc:"the scores, tests and choices; see the package's catalogue"`
	Figures stages.OutputDir `hcl:"figures" file:"figures" doc:"forecasts, sweep and residuals as PDF and SVG"`
	Table   stages.Output    `hcl:"table,optional" file:"trials.csv" doc:"one row for each configuration and baseline, best first"`
	Best    stages.Output    `hcl:"best,optional" file:"best.weir" doc:"the chosen model (strict if there is one, else published)"`
}

// Kind is the row of the table of kinds.
func Kind() stages.Kind {
	return stages.Kind{
		Name:    "evaluate",
		Version: Version,
		Summary: "score trials and baselines on the same targets, test the differences, choose a model",
		New: func() stages.Stage {
			return &Evaluate{Order: 20, Season: 60, Window: 10, MASE: 1, Burst: 0.95, Language: "en"}
		},
	}
}
