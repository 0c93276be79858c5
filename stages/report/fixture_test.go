package report

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"weir/artifacts"
	"weir/internal/metric"
	"weir/stages"
)

// put writes a file and makes it an input.
func put(t testing.TB, from, content string) stages.Input {
	t.Helper()
	path := filepath.Join(t.TempDir(), "artifact")
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	return stages.Input{ID: artifacts.OutputID(sha256.Sum256([]byte(content))), Path: path, From: from}
}

func leafOf(in stages.Input) stages.Tree { return stages.Tree{Leaf: &in} }

func metricsOf(t testing.TB, from string, list []metric.Metric) stages.Tree {
	t.Helper()
	path := filepath.Join(t.TempDir(), "metrics.json")
	if err := metric.Write(path, list); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return leafOf(put(t, from, string(data)))
}

const smallSVG = `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="160" height="60" viewBox="0 0 160 60"><defs><clipPath id="a"><rect width="160" height="60"/></clipPath></defs><path clip-path="url(#a)" d="M0 50L40 20 80 40 120 10 160 30" fill="none" stroke="#1b5282"/><text x="4" y="12">%s</text></svg>`

// smallPDF is a whole page with a line on it.
func smallPDF() string {
	var b strings.Builder
	var at []int
	b.WriteString("%PDF-1.4\n")
	stream := "0 50 m 80 20 l 160 40 l S"
	for i, object := range []string{"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 360 120]/Contents 4 0 R/Resources<<>>>>", fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", len(stream), stream)} {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj%s endobj\n", i+1, object)
	}
	start := b.Len()
	b.WriteString("xref\n0 5\n0000000000 65535 f \n")
	for _, offset := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", start)
	return b.String()
}

func figuresOf(t testing.TB, from string, names ...string) stages.Tree {
	files := map[string]stages.Input{}
	for _, name := range names {
		files[name+".svg"] = put(t, from, fmt.Sprintf(smallSVG, name))
		files[name+".pdf"] = put(t, from, smallPDF())
	}
	return leafOf(stages.Input{ID: artifacts.OutputID(sha256.Sum256([]byte(from))), From: from, Files: files})
}

func edaMetrics(column string, refused bool) []metric.Metric {
	var list []metric.Metric
	add := func(m metric.Metric) { list = append(list, m) }
	for p, scale := range []float64{1, 1.0 / 12} {
		protocol := []string{"strict", "published"}[p]
		on := []string{"protocol", protocol, "column", column}
		add(metric.Of("describe_count", 898+4*float64(p), "points", on...))
		for _, s := range []struct {
			name  string
			value float64
		}{{"mean", 1.2777e6}, {"std", 124.3e3}, {"min", 147.1e3}, {"p25", 1.186e6}, {"p50", 1.268e6}, {"p75", 1.379e6}, {"max", 1.5389e6}} {
			add(metric.Of("describe_"+s.name, 12*scale*s.value, "B/s", on...))
		}
		add(metric.Of("describe_cv", 0.0973, "", on...))
		add(metric.Of("duration_seconds", 898, "s", on...))
		add(metric.Of("segments", 1, "", on...))
		add(metric.Of("partial_edges", 2, "points", on...))
		add(metric.Of("hurst", 0.94, "", append(on, "method", "local whittle")...).Between(0.84, 1.04))
		add(metric.Of("hurst_long_memory", 1, "", on...))
		add(metric.Of("pacf_last_before", 9, "", append(on, "lags", "40")...))
		if refused {
			add(metric.Of("seasonal_refused", 1, "", append(on, "period", "3600", "reason", "short")...))
		} else {
			season := append(on, "period", "60", "model", "additive")
			add(metric.Of("seasonal_strength", 0.069, "", season...))
			add(metric.Of("seasonal_p", 0.40, "", season...).Over(999))
			add(metric.Of("seasonal_cycles", 14.97, "", append(on, "period", "60")...))
			add(metric.Of("seasonal_few_cycles", 0, "", append(on, "period", "60")...))
			add(metric.Of("period_seconds", 60, "s", append(on, "period", "60")...))
		}
	}
	for _, kind := range []string{"TCP", "UDP", "Other"} {
		on := []string{"of", "wire", "type", kind}
		n := map[string]float64{"TCP": 801233, "UDP": 98120, "Other": 9380}[kind]
		add(metric.Of("size_packets", n, "packets", on...))
		add(metric.Of("size_share", n/908733, "", on...))
		add(metric.Of("size_mean", 700.4, "B", on...))
		add(metric.Of("size_mode", 1500, "B", on...))
	}
	return list
}

// forecastMetrics are those of evaluate. The trained models are better than the baselines by the gain (negative: worse), with p-values given.
func forecastMetrics(protocols []string, gain, p float64) []metric.Metric {
	var list []metric.Metric
	both := func(labels []string, rmse float64, seeds bool) {
		interval := func(m metric.Metric) metric.Metric {
			if seeds {
				m = m.Between(float64(m.Value)*0.97, float64(m.Value)*1.03).Over(5)
			}
			return m
		}
		list = append(list, interval(metric.Of("mse", rmse*rmse, "B²/s²", labels...)), interval(metric.Of("rmse", rmse, "B/s", labels...)),
			interval(metric.Of("mae", rmse*0.78, "B/s", labels...)), metric.Of("mase", rmse/93e3, "", labels...), metric.Of("r2", 0.21, "", labels...),
			metric.Of("rmse_gain", 1-rmse/93.8e3, "", labels...), metric.Of("lag_copy", 0.8, "", labels...))
		if seeds {
			for seed := 1; seed <= 5; seed++ {
				list = append(list, metric.Of("rmse", rmse*(0.98+0.01*float64(seed)), "B/s", append(labels[:len(labels):len(labels)], "seed", strconv.Itoa(seed))...))
			}
		}
	}
	test := func(labels []string, rival string, dm, p float64, holm bool) {
		labels = append(labels[:len(labels):len(labels)], "against", rival)
		list = append(list, metric.Of("dm", dm, "", labels...), metric.Of("dm_p", p, "", labels...))
		if holm {
			list = append(list, metric.Of("dm_p_holm", min(1, 4*p), "", labels...))
		}
	}
	for _, protocol := range protocols {
		bases := []string{""}
		if protocol == "published" {
			bases = []string{"10", "20", "30", "60"}
		}
		for _, b := range bases {
			for _, m := range [][]string{{"naive"}, {"drift"}, {"ar", "order", "20"}, {"moving_average", "window", "5"}} {
				labels := append([]string{"protocol", protocol, "model", m[0]}, m[1:]...)
				if b != "" {
					labels = append(labels, "look_back", b)
				}
				rmse := map[string]float64{"naive": 93.8e3, "drift": 93.9e3, "ar": 87.2e3, "moving_average": 90e3}[m[0]]
				both(labels, rmse, false)
				best := 0.0
				if m[0] == "ar" && gain <= 0 {
					best = 1
				}
				list = append(list, metric.Of("best", best, "", append(labels, "selected_on", "validation")...))
				if m[0] == "ar" {
					list = append(list, metric.Of("linear_rival", 1, "", labels...))
				}
				if m[0] != "naive" {
					test(labels, "naive", 2.4, 0.016, false)
				}
			}
		}
		for i, b := range []string{"10", "20", "30", "60"} {
			labels := []string{"protocol", protocol, "model", "lstm", "look_back", b, "units", "50", "epochs", "50", "batch", "64"}
			both(labels, 87.2e3*(1-gain)+float64(i*i)*500, protocol == "strict")
			chosen := 0.0
			if b == "10" {
				chosen = 1
			}
			list = append(list, metric.Of("selected", chosen, "", append(labels, "selected_on", "validation")...), metric.Of("copies_last_value", 0, "", labels...))
			if gain > 0 {
				list = append(list, metric.Of("best", chosen, "", append(labels, "selected_on", "validation")...))
			}
			test(labels, "naive", 2.1, 0.03, true)
			test(labels, "linear", 10*gain, p, true)
		}
		on := []string{"protocol", protocol}
		list = append(list, metric.Of("tries", 4, "", on...), metric.Of("trials", 20, "", on...), metric.Of("seeds", 5, "", on...))
		if protocol == "strict" {
			list = append(list, metric.Of("targets", 179, "points", on...), metric.Of("selection_optimism", -1.2e8, "B²/s²", on...), metric.Of("selection_same", 0, "", on...))
		}
	}
	return append(list, metric.Of("captured_ratio", 0.0834, ""), metric.Of("step", 1, "s"))
}

const decodeJSON = `{"format":"pcap","link_types":["Ethernet"],"snap_length":96,"packets_read":912448,"rows":908733,"skipped":{"ARP":3650,"bad IHL":65},"ipv4":900000,"ipv6":8733,
"tcp":801233,"udp":98120,"other":9380,"wire_bytes":1146432112,"captured_bytes":95612345,"first":1169701200000250000,"last":1169702100999000000,"out_of_order":0,"complete":true}`

// whole is everything about one capture.
func whole(t testing.TB, key string, protocols []string, gain, p float64, refused bool) map[string]stages.Tree {
	at := func(kind, output string) string { return fmt.Sprintf("%s[%q].%s", kind, key, output) }
	return map[string]stages.Tree{
		"eda": {Named: map[string]stages.Tree{"metrics": metricsOf(t, at("eda.traffic", "metrics"), edaMetrics("wire_bytes", refused)),
			"figures": figuresOf(t, at("eda.traffic", "figures"), "series", "acf_pacf", "decomposition_60", "sizes_wire", "periodogram"), "summary": leafOf(put(t, at("eda.traffic", "summary"), `{"unit":"B/s"}`))}},
		"forecast": {Named: map[string]stages.Tree{"metrics": metricsOf(t, at("evaluate.forecast", "metrics"), forecastMetrics(protocols, gain, p)),
			"figures": figuresOf(t, at("evaluate.forecast", "figures"), "forecast_strict_50x64", "sweep_strict", "forecast_published_50x64")}},
		"decode": {Named: map[string]stages.Tree{"summary": leafOf(put(t, at("decode.packets", "summary"), decodeJSON)), "packets": leafOf(put(t, at("decode.packets", "packets"), "PAR1..."))}},
	}
}

// inputs joins captures: inputs.eda.demo.metrics.
func inputs(captures map[string]map[string]stages.Tree) stages.Tree {
	tree := map[string]stages.Tree{}
	for key, stagesOf := range captures {
		for name, sub := range stagesOf {
			if tree[name].Named == nil {
				tree[name] = stages.Tree{Named: map[string]stages.Tree{}}
			}
			tree[name].Named[key] = sub
		}
	}
	return stages.Tree{Named: tree}
}

// run runs the stage into a folder of its own.
func run(t testing.TB, r *Report) (dir string, env *stages.Env, err error) {
	t.Helper()
	dir = t.TempDir()
	at := func(name string) stages.Output { return stages.Output{Path: filepath.Join(dir, name)} }
	r.HTML, r.TeX, r.Numbers, r.Metrics = at("report.html"), at("report.tex"), at("numbers.tex"), at("metrics.json")
	r.Tables, r.Figures = stages.OutputDir{Path: filepath.Join(dir, "tables")}, stages.OutputDir{Path: filepath.Join(dir, "figures")}
	for _, d := range []string{r.Tables.Path, r.Figures.Path} {
		if err := os.Mkdir(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	env = stages.Quiet(t.TempDir())
	return dir, env, r.Run(t.Context(), env)
}
