package forecast

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"weir/internal/series"
)

// shared finds a reference file beside the repository, or skips.
func shared(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("reference data not here: %v", err)
	}
	return path
}

// column reads one column of a CSV file with a header.
func column(t testing.TB, path, name string) []float64 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for j, head := range rows[0] {
		if head != name {
			continue
		}
		values := make([]float64, len(rows)-1)
		for i, row := range rows[1:] {
			if values[i], err = strconv.ParseFloat(row[j], 64); err != nil {
				t.Fatal(err)
			}
		}
		return values
	}
	t.Fatalf("%s has no column %s", path, name)
	return nil
}

// plain is one segment of values, a second apart.
func plain(values []float64) *Data {
	d := &Data{Values: values, Time: make([]int64, len(values)), Segments: []series.Span{{Lo: 0, Hi: len(values)}}, Column: "x", Step: time.Second}
	for i := range d.Time {
		d.Time[i] = int64(i) * int64(time.Second)
	}
	return d
}

func golden(t testing.TB, name string, v any) {
	t.Helper()
	data, err := os.ReadFile(shared(t, "golden/forecast/"+name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatal(err)
	}
}

// apart is the relative difference.
func apart(got, want float64) float64 {
	if got == want {
		return 0
	}
	return math.Abs(got-want) / math.Max(math.Abs(want), 1e-300)
}

type dm struct {
	N    int     `json:"n"`
	H    int     `json:"h"`
	Mean float64 `json:"mean_loss_difference"`
	DM   float64 `json:"dm"`
	HLN  float64 `json:"dm_hln"`
	P    float64 `json:"p_two_sided"`
}

type reference struct {
	N       int     `json:"n"`
	NTrain  int     `json:"n_train"`
	Scale   float64 `json:"mase_scale"`
	Metrics map[string]struct {
		N                              int
		MSE, MAE, Bias, RMSE, MASE, R2 float64
	}
	Parameters map[string]struct {
		Intercept    float64
		Coefficients []float64
		Alpha, Beta  float64
		Level        float64 `json:"initial_level"`
		Trend        float64 `json:"initial_trend"`
		SSE          float64 `json:"train_sse"`
	}
	DM struct {
		AR20  map[string]dm  `json:"naive_vs_ar_20"`
		Every map[string]*dm `json:"every_model_vs_naive_h1"`
	} `json:"diebold_mariano"`
}

func TestGolden(t *testing.T) {
	for _, c := range []struct {
		name, file, column string
		trim               int
		seasons            []int
	}{
		{"mawi", "mawi_200701251400_captured_bytes_per_second_DIGITISED.csv", "captured_bytes_approx", 1, []int{60}},
		{"isp", "isp_it_eu_5m.csv", "bytes", 0, []int{288, 2016}},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := column(t, shared(t, "data/series/"+c.file), c.column)
			d := plain(x[c.trim : len(x)-c.trim])
			var want reference
			golden(t, c.name+"_golden.json", &want)
			forecasts := shared(t, "golden/forecast/"+c.name+"_forecasts.csv")
			end := want.NTrain
			var targets []int
			for i := end; i < d.Len(); i++ {
				targets = append(targets, i)
			}
			actual := d.At(targets)
			scale := MASEScale(d, end, 1)
			if apart(scale, want.Scale) > 1e-12 {
				t.Errorf("MASE scale %v, want %v", scale, want.Scale)
			}
			naive := Errors(actual, d.Before(targets))
			of := func(m Model) []float64 {
				f, err := fitted(m, d, end, targets)
				if err != nil {
					t.Fatal(err)
				}
				return f
			}
			worst := map[string]float64{}
			check := func(model string, f []float64, tolerance float64) {
				for i, w := range column(t, forecasts, model) {
					worst["forecast"] = max(worst["forecast"], apart(f[i], w))
					if apart(f[i], w) > tolerance {
						t.Fatalf("%s: forecast of x[%d] %v, want %v", model, targets[i], f[i], w)
					}
				}
				s, w := Measure(actual, f, scale), want.Metrics[model]
				for _, m := range []struct {
					name      string
					got, want float64
				}{{"mse", s.MSE, w.MSE}, {"rmse", s.RMSE, w.RMSE}, {"mae", s.MAE, w.MAE}, {"mase", s.MASE, w.MASE}, {"r2", s.R2, w.R2}} {
					worst[m.name] = max(worst[m.name], apart(m.got, m.want))
					if apart(m.got, m.want) > 1e-9 {
						t.Errorf("%s: %s %v, want %v", model, m.name, m.got, m.want)
					}
				}
				if math.Abs(s.Bias-w.Bias) > 1e-12*want.Scale {
					t.Errorf("%s: bias %v, want %v", model, s.Bias, w.Bias)
				}
				if g := want.DM.Every[model]; g != nil {
					compare(t, model, DieboldMariano(naive, Errors(actual, f), 1), *g, worst)
				}
			}
			check("naive", of(Model{Name: "naive"}), 0)
			check("drift", of(Model{Name: "drift"}), 1e-14)
			check("mean_train", of(Model{Name: "mean"}), 1e-13)
			for _, m := range c.seasons {
				check("seasonal_naive_"+strconv.Itoa(m), of(Model{Name: "seasonal_naive", Period: m}), 0)
			}
			check("moving_average_10", of(Model{Name: "moving_average", Window: 10}), 1e-14)
			for _, p := range []int{10, 20, 60} {
				fit, err := Model{Name: "ar", Order: p}.Fit(d, Rows(0, end), []int{1})
				if err != nil {
					t.Fatal(err)
				}
				name := "ar_" + strconv.Itoa(p)
				f := fit.Forecast(d, targets, 1)
				check(name, f, 1e-11)
				for j, w := range want.Parameters[name].Coefficients {
					worst["coefficient"] = max(worst["coefficient"], math.Abs(fit.Parameters()["lag_"+strconv.Itoa(j+1)]-w))
				}
				if p == 20 {
					for _, g := range want.DM.AR20 {
						compare(t, "naive against ar_20", DieboldMariano(naive, Errors(actual, f), g.H), g, worst)
					}
				}
			}
			check("ridge_ar_60", of(Model{Name: "ridge", Order: 60, Penalty: 1}), 1e-10)
			if worst["coefficient"] > 1e-11 {
				t.Errorf("coefficients of AR differ by %g", worst["coefficient"])
			}
			for _, model := range []string{"ses", "ses_legacy-heuristic", "holt", "ses_exact", "holt_exact"} {
				w := want.Parameters[model]
				s := smoothing{alpha: w.Alpha, beta: w.Beta, level: w.Level, trend: w.Trend}
				check(model, s.Forecast(d, targets, 1), 1e-12)
				if e := apart(s.sse(d.Head(end), 0), w.SSE); e > 1e-9 {
					t.Errorf("%s: SSE with the reference's parameters differs by %g", model, e)
				}
			}
			for model, name := range map[string]string{"ses_exact": "ses", "holt_exact": "holt"} {
				begin := time.Now()
				fit, err := Model{Name: name}.Fit(d, Rows(0, end), []int{1})
				if err != nil {
					t.Fatal(err)
				}
				s, w := fit.(*smoothing), want.Parameters[model]
				t.Logf("%s: SSE/reference - 1 = %.3g, alpha %v (%v) beta %v (%v), %v", model, s.total/w.SSE-1, s.alpha, w.Alpha, s.beta, w.Beta, time.Since(begin))
				if s.total > w.SSE*(1+1e-6) {
					t.Errorf("%s: SSE %v, want at most %v", model, s.total, w.SSE)
				}
			}
			t.Logf("largest relative differences: %v", worst)
		})
	}
}

func compare(t *testing.T, what string, c Comparison, want dm, worst map[string]float64) {
	t.Helper()
	for _, m := range []struct {
		name      string
		got, want float64
	}{{"difference", c.Difference, want.Mean}, {"dm", c.DM, want.DM}, {"hln", c.HLN, want.HLN}, {"p", c.P, want.P}} {
		// A difference of means is small beside the losses: what was lost there stays lost.
		worst["dm "+m.name] = max(worst["dm "+m.name], apart(m.got, m.want))
		if apart(m.got, m.want) > 1e-9 {
			t.Errorf("%s: %s %v, want %v", what, m.name, m.got, m.want)
		}
	}
}

// TestPublished repeats the published split on the published series: the last value as forecast has a lower error than the best LSTM reported.
func TestPublished(t *testing.T) {
	x := column(t, shared(t, "data/series/mawi_200701251400_captured_bytes_per_second_DIGITISED.csv"), "captured_bytes_approx")
	var want map[string]struct {
		N       int     `json:"n_test"`
		LSTM    float64 `json:"report_table3_lstm_mse"`
		Naive   float64
		Average float64 `json:"moving_average_10"`
		Mean    float64 `json:"mean_train"`
		AR      float64 `json:"ar_look_back"`
		Without struct {
			Naive, AR float64
		} `json:"without_the_last_point"`
		Share float64 `json:"share_of_naive_squared_error_in_last_point"`
	}
	golden(t, "mawi_published_protocol.json", &want)
	d := plain(x)
	for key, w := range want {
		p, _ := strconv.Atoi(key)
		s, err := d.Split(Published, p, SplitOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Test) != w.N || s.End() != s.Test[0] {
			t.Fatalf("look-back %d: %d test targets from %d, want %d from %d", p, len(s.Test), s.Test[0], w.N, s.End())
		}
		actual := d.At(s.Test)
		for model, mse := range map[string]float64{"naive": w.Naive, "moving_average": w.Average, "mean": w.Mean, "ar": w.AR} {
			f, err := fitted(Model{Name: model, Order: p, Window: 10}, d, s.End(), s.Test)
			if err != nil {
				t.Fatal(err)
			}
			if got := Measure(actual, f, 1).MSE; apart(got, mse) > 1e-9 {
				t.Errorf("look-back %d: %s %v, want %v", p, model, got, mse)
			}
		}
		if w.Naive >= w.LSTM {
			t.Errorf("look-back %d: naive %g is not below the LSTM's %g", p, w.Naive, w.LSTM)
		}
	}
}
