package forecast

import (
	"encoding/json"
	"os"
	"testing"
)

// TestReference compares with testdata/reference.json, made by reference.py: with the reference's parameters the forecasts are the same, and our own parameters fit at
// least as well. What has one solution only, the regressions, has the reference's forecasts after fitting.
func TestReference(t *testing.T) {
	data, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		X, Covariate []float64
		End          int
		Models       []struct {
			Model
			Horizon    int
			Forecasts  []float64
			Parameters map[string]float64
			SSE        float64
		}
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	d := plain(want.X)
	d.Covariates = []Covariate{{Name: "c", Values: want.Covariate}}
	train, targets := Rows(0, want.End), Rows(want.End, len(want.X))
	for _, w := range want.Models {
		f, err := w.Fit(d, train, []int{1, 5})
		if err != nil {
			t.Fatal(err)
		}
		fitted := f.Parameters()
		if w.Parameters != nil {
			if f, err = Restore(w.Model, w.Parameters); err != nil {
				t.Fatal(err)
			}
		}
		worst := 0.0
		for i, v := range f.Forecast(d, targets, w.Horizon) {
			worst = max(worst, apart(v, w.Forecasts[i]))
		}
		t.Logf("%s %d %d %d, horizon %d: forecasts differ by %.2g, SSE/reference - 1 = %.2g", w.Name, w.Order, w.Difference, w.Average, w.Horizon, worst, fitted["sse"]/w.SSE-1)
		if !(worst < 1e-9) {
			t.Errorf("%s at horizon %d: a forecast differs by %g", w.Name, w.Horizon, worst)
		}
		if w.SSE != 0 && !(fitted["sse"] <= w.SSE*(1+1e-6)) {
			t.Errorf("%s: SSE %v, want at most %v (%v)", w.Name, fitted["sse"], w.SSE, fitted)
		}
		if w.Name == "theta" && apart(fitted["slope"], w.Parameters["slope"]) > 1e-9 {
			t.Errorf("theta: slope %v, want %v", fitted["slope"], w.Parameters["slope"])
		}
	}
}
