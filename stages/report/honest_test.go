package report

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"weir/internal/metric"
	"weir/stages"
)

// with is a metric with one more label.
func with(m metric.Metric, key, value string) metric.Metric {
	m.Labels = maps.Clone(m.Labels)
	m.Labels[key] = value
	return m
}

// honestMetrics are those of an evaluation with all it can have: two horizons, three folds, a sweep of many kinds, intervals, bursts, guards (the
// last of which has that verdict).
func honestMetrics(verdict float64, bursts int) (list []metric.Metric) {
	strict := forecastMetrics([]string{"strict"}, -0.01, 0.3)
	for i := range 14 {
		m := []string{"protocol", "strict", "model", "gru", "look_back", "20", "units", "50", "epochs", "50", "batch", "64", "layers", "2", "bidirectional", "true", "covariates", fmt.Sprintf("packets,x_%d", i)}
		rmse := 95e3 + float64(i)*100
		strict = append(strict, metric.Of("rmse", rmse, "B/s", m...), metric.Of("rmse_gain", 1-rmse/93.8e3, "", m...), metric.Of("selected", 0, "", append(m, "selected_on", "validation")...),
			metric.Of("dm", -1, "", append(m, "against", "naive")...), metric.Of("dm_p", 0.3, "", append(m, "against", "naive")...), metric.Of("dm_p_holm", 1, "", append(m, "against", "naive")...))
	}
	for _, horizon := range []string{"1", "5"} {
		far := map[string]float64{"1": 1, "5": 1.4}[horizon]
		for _, m := range strict {
			if m.Labels["protocol"] != "strict" {
				continue
			}
			if m.Name == "rmse" {
				m.Value *= metric.Number(far)
			}
			list = append(list, with(m, "horizon", horizon))
			if m.Name != "rmse" || m.Labels["seed"] != "" || m.Labels["model"] == "gru" {
				continue
			}
			about := func(name string, value float64, unit string) metric.Metric {
				n := m
				n.Name, n.Value, n.Unit, n.Low, n.High, n.Count = name, metric.Number(value), unit, nil, nil, nil
				return with(n, "horizon", horizon)
			}
			for fold := 1; fold <= 3; fold++ {
				list = append(list, with(about("skill", 0.05*float64(fold), ""), "fold", strconv.Itoa(fold)))
			}
			list = append(list, about("skill_folds", 0.1, "").Between(-0.02, 0.22).Over(3), about("skill", 0.1, "").Between(-0.1, 0.3), about("rmse_mbit", 0.75, "Mbit/s"), about("mae_mbit", 0.5, "Mbit/s"),
				about("ceiling_share", 0.66, ""), with(about("mde_rmse", 0.14, ""), "against", "naive"))
			if m.Labels["model"] == "lstm" {
				list = append(list, with(about("coverage", 0.92, ""), "level", "0.9").Between(0.871, 0.958).Over(179), with(about("interval_width", 4.1e5, "B/s"), "level", "0.9"), with(about("interval_score", 5e5, "B/s"), "level", "0.9"))
			}
		}
		on := []string{"protocol", "strict", "horizon", horizon}
		ensemble := append([]string{"model", "ensemble"}, on...)
		for _, rival := range []string{"naive", "linear"} {
			list = append(list, metric.Of("best_of_n", 0.08, "", append(on, "against", rival)...), metric.Of("best_of_n_luck", 0.05, "", append(on, "against", rival)...), metric.Of("reality_check_p", 0.21, "", append(on, "against", rival)...))
		}
		list = append(list, metric.Of("ceiling", 0.19, "", on...), metric.Of("ceiling_order", 40, "steps", on...), metric.Of("folds", 3, "", on...), metric.Of("rank_p", 0.004, "", on...),
			metric.Of("rmse", 86e3, "B/s", ensemble...), metric.Of("combined", 1, "", ensemble...), metric.Of("dm", 1, "", append(ensemble, "against", "linear")...), metric.Of("dm_p", 0.4, "", append(ensemble, "against", "linear")...))
		for i, guard := range []string{"future_poison", "scaler", "a_new_one", "too_good"} {
			v := 1.0
			if i == 3 && horizon == "5" {
				v = verdict
			}
			list = append(list, metric.Of("guard", v, "", append(on, "guard", guard)...).Over(420))
		}
	}
	for _, m := range strict {
		if m.Name == "rmse" && m.Labels["seed"] == "" && m.Labels["model"] != "gru" {
			for name, v := range map[string]float64{"event_average_precision": 0.16, "event_brier": 0.02, "event_found": 0.4, "event_lead": 2.5} {
				n := m
				n.Name, n.Value, n.Unit, n.Low, n.High, n.Count = name, metric.Number(v), "", nil, nil, nil
				list = append(list, n.Over(bursts))
			}
		}
	}
	list = append(list, metric.Of("trials_left_out", 2, "", "protocol", "strict", "reason", "diverged"), metric.Of("trials_left_out", 1, "", "protocol", "strict", "reason", "too_short"), metric.Of("guard", 0, "", "protocol", "strict", "horizon", "1", "guard", "lag_copy"))
	return append(list, metric.Of("event_level", 9e5, "B/s", "protocol", "strict"), metric.Of("event_rate", 0.05, "", "protocol", "strict"), metric.Of("step", 1, "s"))
}

// honest is a capture with all of that, its figures and its table.
func honest(verdict float64, bursts int) func(t testing.TB) map[string]map[string]stages.Tree {
	return func(t testing.TB) map[string]map[string]stages.Tree {
		c := one("demo", []string{"strict"}, -0.01, 0.3, false)(t)
		c["demo"]["forecast"] = stages.Tree{Named: map[string]stages.Tree{
			"metrics": metricsOf(t, `evaluate.forecast["demo"].metrics`, honestMetrics(verdict, bursts)),
			"figures": figuresOf(t, `evaluate.forecast["demo"].figures`, "forecast_strict_50x64", "sweep_strict", "skill_strict", "heatmap_strict_look_back_units", "zoom_strict", "ranks_strict",
				"error_by_horizon_strict", "loss_strict", "events_strict"),
			"table": leafOf(put(t, `evaluate.forecast["demo"].table`, "protocol,model\nstrict,naive\n"))}}
		return c
	}
}

var honestSituations = []situation{
	{"honest", honest(1, 40), []string{"All checks for leaks passed", "further ones", `<a href="tables/demo-trials.csv"><code>tables/demo-trials.csv</code></a>`, "Further ahead", "At other times", "bidirectional GRU of 2 layers 20 · packets + x 0",
		"0.21", "a new one", "Precision over recall", "which is not distinguishable from the linear model", "Left out:", " trials that diverged, ", " trial for which the series is too short.", "failed", "reaches"}, []string{"x_13", "Checks that failed", "too few to say how well"}},
	{"leaking", honest(0, 3), []string{"Checks that failed: “nothing is too good to be true (horizon 5)”.", "too few to say how well"}, []string{"All checks", "Precision over recall"}},
}

// The file of all trials lies beside the page that links to it, byte for byte.
func TestTrials(t *testing.T) {
	dir, _, err := run(t, &Report{Language: "en", Inputs: inputs(honest(1, 40)(t))})
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "tables", "demo-trials.csv"))
	if err != nil || string(got) != "protocol,model\nstrict,naive\n" {
		t.Errorf("%q %v", got, err)
	}
	if page := read(t, dir, "report.html"); !strings.Contains(page, "tables have the ten best configurations") {
		t.Error("the page does not say that configurations are left out")
	}
}

// Ten thousand trials are read and tabulated in a moment, and the page stays small.
func TestManyTrials(t *testing.T) {
	var list []metric.Metric
	for i := range 2000 {
		m := []string{"protocol", "strict", "model", "lstm", "look_back", strconv.Itoa(1000 + i), "units", "50", "epochs", "50", "batch", "64"}
		list = append(list, metric.Of("rmse", 5e4+float64(i), "B/s", m...), metric.Of("selected", 0, "", append(m, "selected_on", "validation")...), metric.Of("dm", 1, "", append(m, "against", "naive")...),
			metric.Of("dm_p_holm", 1, "", append(m, "against", "naive")...), metric.Of("mae", 5e4, "B/s", m...))
		for seed := range 5 {
			list = append(list, metric.Of("rmse", 9e4, "B/s", append(m, "seed", strconv.Itoa(seed))...))
		}
	}
	c := whole(t, "demo", []string{"strict"}, -0.01, 0.3, false)
	c["forecast"].Named["metrics"] = metricsOf(t, "metrics", append(list, forecastMetrics([]string{"strict"}, -0.01, 0.3)...))
	dir, _, err := run(t, &Report{Language: "en", Inputs: inputs(map[string]map[string]stages.Tree{"demo": c})})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "report.html")); err != nil || info.Size() > 400<<10 {
		t.Errorf("%v: %v bytes", err, info.Size())
	}
	if page := read(t, dir, "report.html"); !strings.Contains(page, ">LSTM 10<") || !strings.Contains(page, ">LSTM 1009<") || strings.Contains(page, ">LSTM 1010<") {
		t.Error("the table has not the best and the chosen")
	}
}
