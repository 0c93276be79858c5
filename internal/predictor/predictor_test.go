package predictor

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"testing"

	"weir/internal/forecast"
	"weir/internal/forest"
	"weir/internal/lstm"
	"weir/internal/modelfile"
	"weir/internal/series"
)

// data is 40 rows in two segments with a lagged and a known covariate.
func data(covariates int) *forecast.Data {
	d := &forecast.Data{Column: "wire_bytes", Unit: "B", Step: 1e9, Segments: []series.Span{{Lo: 0, Hi: 18}, {Lo: 18, Hi: 40}}}
	for i := range 40 {
		d.Values, d.Time = append(d.Values, float64(100+i*i%37)), append(d.Time, int64(i)*1e9)
	}
	for k := range covariates {
		c := forecast.Covariate{Name: string(rune('a' + k)), Known: k > 0}
		for i := range 40 {
			c.Values = append(c.Values, float64(i*(k+3)%11))
		}
		d.Covariates = append(d.Covariates, c)
	}
	return d
}

// models are one of each family, not trained.
func models(t testing.TB) []*Fitted {
	t.Helper()
	var all []*Fitted
	add := func(name string, m Model, d *forecast.Data, horizons []int, strategy string) {
		f := &Fitted{Model: m, Horizons: horizons, Strategy: strategy, LookBack: 3, Features: []string{"wire_bytes"}, Scalers: forecast.FitWindow(d, 3, horizons).Scalers,
			Trial:     forecast.Trial{Model: name, Protocol: forecast.Strict, Column: "wire_bytes", Unit: "B", StepNS: 1e9, LookBack: 3},
			Intervals: &modelfile.Intervals{Method: forecast.Conformal, Level: 0.9, Margins: slices.Repeat([]float64{2.5}, len(horizons))}}
		for _, c := range d.Covariates {
			f.Features, f.Trial.Covariates = append(f.Features, c.Name), append(f.Trial.Covariates, c.Name)
		}
		all = append(all, f)
	}
	network := func(d *forecast.Data, horizons []int, quantiles []float64) *Network {
		net, err := lstm.Build(lstm.Design{Cell: lstm.LSTM, Features: 1 + len(d.Covariates), Units: []int{2}, Outputs: len(horizons) * max(1, len(quantiles))}, 1)
		if err != nil {
			t.Fatal(err)
		}
		return &Network{Net: net, Window: forecast.FitWindow(d, 3, horizons), Quantiles: quantiles, Workers: 1}
	}
	plain, rich := data(0), data(2)
	add("lstm", network(rich, []int{1, 4}, []float64{0.1, 0.5, 0.9}), rich, []int{1, 4}, "")
	own := network(plain, []int{1}, nil)
	own.Recursive = true
	add("lstm", own, plain, []int{1, 4}, forecast.Recursive)
	trees := &Trees{Horizons: []int{1, 2}, LookBack: 3}
	for _, h := range trees.Horizons {
		x, kept := Examples(rich, forecast.Rows(0, 40), h, 3)
		e, err := forest.FitBoosted(context.Background(), forest.Examples{X: x, Y: rich.At(kept)}, nil, forest.Options{Trees: 3, MinLeaf: 2}, nil)
		if err != nil {
			t.Fatal(err)
		}
		trees.Ensembles = append(trees.Ensembles, e)
	}
	add(Boosting, trees, rich, trees.Horizons, "")
	options := forecast.Model{Name: "ridge", Order: 3, Penalty: 1, Covariates: true}
	fitted, err := options.Fit(rich, forecast.Rows(0, 40), []int{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	add("ridge", &Linear{Options: options, Fitted: fitted, Horizons: []int{1, 2}}, rich, []int{1, 2}, "")
	return all
}

func ask(t testing.TB, m *Fitted) ([]Forecast, error) {
	return m.Forecast(context.Background(), data(len(m.Features)-1), forecast.Rows(0, 40), m.Horizons)
}

func same(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) })
}

// TestFile: a model that was kept forecasts the same bits, has the same intervals and gives the same file again. Nothing is forecast from over a gap.
func TestFile(t *testing.T) {
	for _, m := range models(t) {
		f, err := m.File()
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := f.Encode()
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := modelfile.Decode(encoded)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Of(decoded)
		if err != nil {
			t.Fatalf("%s: %v", m.Trial.Model, err)
		}
		a, err1 := ask(t, m)
		b, err2 := ask(t, again)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		for k, h := range m.Horizons {
			if !same(a[k].Point, b[k].Point) || !same(a[k].Low, b[k].Low) || !same(a[k].High, b[k].High) {
				t.Errorf("%s, horizon %d: %v, from the file %v", m.Trial.Model, h, a[k], b[k])
			}
			for target, v := range a[k].Point {
				first := target
				if target >= 18 {
					first -= 18
				}
				if enough := first >= 3+h-1; enough == math.IsNaN(v) {
					t.Errorf("%s, horizon %d, row %d: %v", m.Trial.Model, h, target, v)
				}
			}
		}
		if margin, ok := again.Margin(m.Horizons[1]); !ok || margin != 2.5 {
			t.Errorf("%s: margin %v, %v", m.Trial.Model, margin, ok)
		}
		second, err := again.File()
		if err != nil {
			t.Fatal(err)
		}
		if data, err := second.Encode(); err != nil || string(data) != string(encoded) {
			t.Errorf("%s: another file, %v", m.Trial.Model, err)
		}
	}
}

// TestRecursive: the forecast of three steps is that of one step on a series whose two last values are forecasts.
func TestRecursive(t *testing.T) {
	m := models(t)[1]
	const target = 30
	want := make([]float64, 4)
	d := data(0)
	for h := 1; h <= 3; h++ {
		f, err := m.Forecast(context.Background(), d, []int{target - 3 + h}, []int{1})
		if err != nil {
			t.Fatal(err)
		}
		want[h] = f[0].Point[0]
		d.Values[target-3+h] = want[h]
	}
	f, err := m.Forecast(context.Background(), data(0), []int{target}, []int{1, 3})
	if err != nil {
		t.Fatal(err)
	}
	if got := f[1].Point[0]; math.Abs(got-want[3]) > 1e-4 || math.Abs(want[3]-want[1]) < 1e-3 {
		t.Errorf("three steps: %v, step by step %v", got, want)
	}
}

// TestVersion1: files of the version before have one scaler, no horizons, and the options of a model in its trial.
func TestVersion1(t *testing.T) {
	net, err := lstm.New(2, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	old := modelfile.File{Header: modelfile.Header{Model: "bilstm", LookBack: 3, Features: []string{"wire_bytes"}, Unit: "B", StepNS: 1e9, Scaler: &modelfile.Scaler{Min: 90, Max: 140},
		Trial: json.RawMessage(`{"model":"bilstm","look_back":3,"protocol":"strict","column":"wire_bytes","unit":"B","step_ns":1000000000,"seed":1,"split":{"test":0.2,"validation":0.2,"history":60}}`)}}
	for _, tensor := range net.Tensors() {
		old.Header.Tensors, old.Data = append(old.Header.Tensors, modelfile.Shape{Name: tensor.Name, Shape: tensor.Shape}), append(old.Data, tensor.Data)
	}
	linear := modelfile.File{Header: modelfile.Header{Model: "ar", LookBack: 3, Features: []string{"wire_bytes"}, Unit: "B", StepNS: 1e9, Parameters: map[string]float64{"intercept": 1, "lag_1": 0.5, "lag_2": 0.25, "sse": 4},
		Trial: json.RawMessage(`{"model":"ar","look_back":3,"order":2,"protocol":"strict","column":"wire_bytes","unit":"B","step_ns":1000000000,"seed":0,"split":{"test":0.2,"validation":0.2,"history":60}}`)}}
	for _, f := range []*modelfile.File{&old, &linear} {
		encoded, err := f.Encode()
		if err != nil {
			t.Fatal(err)
		}
		encoded[8] = 1 // the version
		decoded, err := modelfile.Decode(encoded)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Of(decoded)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ask(t, m)
		if err != nil || len(got) != 1 || math.IsNaN(got[0].Point[10]) {
			t.Fatalf("%s: %v, %v", f.Header.Model, got, err)
		}
		if d := data(0); f.Header.Model == "ar" && got[0].Point[10] != 1+0.5*d.Values[9]+0.25*d.Values[8] {
			t.Errorf("ar forecasts %v", got[0].Point[10])
		}
	}
}

// FuzzOf: a file that Decode takes is an error or a model that forecasts without panic. The header and the values of the tensors are fuzzed, the frame around them is right.
func FuzzOf(f *testing.F) {
	for _, m := range models(f) {
		file, err := m.File()
		if err != nil {
			f.Fatal(err)
		}
		encoded, err := file.Encode()
		if err != nil {
			f.Fatal(err)
		}
		length := binary.LittleEndian.Uint32(encoded[12:])
		f.Add(string(encoded[16:16+length]), encoded[16+length:])
	}
	for _, name := range forecast.Models {
		m := forecast.DefaultModel
		m.Name, m.Order, m.Period, m.Window = name, 2, 4, 3
		fitted, err := m.Fit(data(0), forecast.Rows(0, 40), []int{1, 2})
		if err != nil {
			continue
		}
		linear := &Fitted{Model: &Linear{Options: m, Fitted: fitted}, Horizons: []int{1, 2}, LookBack: 3, Features: []string{"wire_bytes"},
			Trial: forecast.Trial{Model: name, Protocol: forecast.Strict, Column: "wire_bytes", Unit: "B", StepNS: 1e9, LookBack: 3}}
		file, err := linear.File()
		if err != nil {
			f.Fatal(err)
		}
		header, err := json.Marshal(file.Header)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(header), []byte{})
	}
	f.Fuzz(func(t *testing.T, header string, values []byte) {
		encoded := append([]byte("weirmodl"), 2, 0, 0, 0)
		encoded = binary.LittleEndian.AppendUint32(encoded, uint32(len(header)))
		file, err := modelfile.Decode(append(append(encoded, header...), values...))
		if err != nil {
			return
		}
		m, err := Of(file)
		if err != nil {
			if !errors.Is(err, modelfile.ErrFormat) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		if len(m.Features) > 20 || m.Horizons[len(m.Horizons)-1] > 50 || m.LookBack > 100 {
			return
		}
		got, err := ask(t, m)
		if err == nil && len(got) != len(m.Horizons) {
			t.Fatalf("%d forecasts for %v", len(got), m.Horizons)
		}
	})
}
