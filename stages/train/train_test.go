package train

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"weir/internal/forecast"
	"weir/internal/lstm"
	"weir/internal/modelfile"
	"weir/internal/series"
	"weir/stages"
)

var full = flag.Bool("full", false, "compare all configurations of accuracy.tsv with Keras, not only the quick ones")

// wave is a series without gaps of n seconds: two waves and noise from a small generator.
func wave(n int) *series.Series {
	s := &series.Series{Step: time.Second, Columns: []series.Column{{Name: "wire_bytes", Unit: "B"}}}
	state := uint32(1)
	for i := range n {
		state = state*1664525 + 1013904223
		saw, square := float64(i%30), float64(i/45%2)
		s.Time = append(s.Time, int64(i)*1e9)
		s.Coverage = append(s.Coverage, 1)
		s.Columns[0].Values = append(s.Columns[0].Values, 1000+10*saw+200*square+float64(state>>24))
	}
	return s
}

// run trains on s in a folder of its own and returns the stage, whose outputs can be read.
func run(t *testing.T, s *series.Series, change func(*Train)) (*Train, *stages.Env, error) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "series.parquet")
	if err := s.Write(path); err != nil {
		t.Fatal(err)
	}
	k := Kind().New().(*Train)
	k.Series = stages.Input{Path: path, From: "series.parquet"}
	k.File.Path, k.ONNX.Path = filepath.Join(dir, "model.weir"), filepath.Join(dir, "model.onnx")
	k.Predictions.Path, k.Losses.Path = filepath.Join(dir, "predictions.parquet"), filepath.Join(dir, "history.json")
	k.Model.Name = "lstm"
	change(k)
	env := stages.Quiet(dir)
	return k, env, k.Run(context.Background(), env)
}

func small(k *Train) {
	k.Model.Units, k.LookBack, k.Epochs, k.Batch, k.History = 6, 8, 3, 16, 12
}

// TestBytes fails when bytes change and Version did not, or when another machine makes other ones.
func TestBytes(t *testing.T) {
	plain := func(*Train) {}
	rich := func(k *Train) {
		k.Horizons, k.Covariates, k.Intervals = []int{1, 4}, []string{"packets", "time_of_day"}, "adaptive"
	}
	for _, c := range []struct {
		model  string
		change func(*Train)
		want   [3]string // model, predictions, history
	}{
		{"lstm", plain, [3]string{"02e082678a3c", "9af7ce3aea45", "5d1510ce9c56"}},
		{"ar", plain, [3]string{"35b9709f981d", "846f209d78fd", "bed95f62a21a"}},
		{"gru", func(k *Train) {
			rich(k)
			k.Model.Attention, k.Quantiles, k.Decay, k.Patience = true, []float64{0.1, 0.5, 0.9}, "cosine", 2
		}, [3]string{"afaf19fc72e4", "3e54294803f4", "9e6d4c433be3"}},
		{"lstm", func(k *Train) {
			k.Horizons, k.Strategy, k.Decay, k.DecayEvery = []int{1, 3}, "recursive", "exponential", 2
		}, [3]string{"3c423c4c5a8f", "29e4876a5b8b", "2327566330f2"}},
		{"boosting", rich, [3]string{"234d510997e5", "4820f49adf4b", "7054bd4552c6"}},
		{"forest", func(k *Train) { k.Model.Columns, k.Control = 0.5, "shuffled" }, [3]string{"143298c82539", "86b97446a1dc", "54a98ff6d489"}},
		{"ridge", rich, [3]string{"a4e79453c334", "21f307459e1a", "68cdea3b76a2"}},
		{"arima", plain, [3]string{"108c1c3ddef8", "a9a484e1530b", "e98546270027"}},
		{"auto", func(k *Train) { rich(k); k.Model.Period = 12 }, [3]string{"d18690a8b0d8", "2c11e4181ce0", "c173d24777b9"}},
	} {
		s := wave(200)
		s.Columns = append(s.Columns, series.Column{Name: "packets", Unit: "packets"})
		for i := range s.Time {
			s.Columns[1].Values = append(s.Columns[1].Values, float64(i*i%41))
		}
		k, _, err := run(t, s, func(k *Train) { small(k); k.Model.Name, k.Model.Order, k.Model.Trees = c.model, 3, 8; c.change(k) })
		if err != nil {
			t.Fatal(err)
		}
		for i, path := range []string{k.File.Path, k.Predictions.Path, k.Losses.Path} {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(data)
			if got := fmt.Sprintf("%x", sum[:6]); Version == 2 && got != c.want[i] {
				t.Errorf("%s: %s hashes to %s, want %s", c.model, filepath.Base(path), got, c.want[i])
			}
		}
	}
}

func TestOutputs(t *testing.T) {
	k, env, err := run(t, wave(200), small)
	if err != nil {
		t.Fatal(err)
	}
	if summary, _, _ := env.Said(); !strings.Contains(summary, "3 epochs, loss 0.") {
		t.Errorf("summary %q", summary)
	}
	p, err := forecast.ReadPredictions(k.Predictions.Path)
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]int{}
	for _, part := range p.Part {
		parts[part]++
	}
	if len(p.Time) != 188 || parts["train"] != 120 || parts["validation"] != 30 || parts["test"] != 38 {
		t.Errorf("%d rows, parts %v", len(p.Time), parts)
	}
	f, err := modelfile.Read(k.File.Path)
	if err != nil {
		t.Fatal(err)
	}
	// The model file is enough to repeat the last forecast.
	if got, want := lastForecast(t, f), p.Predicted[187]; got != want {
		t.Errorf("the model file forecasts %v, predictions.parquet has %v", got, want)
	}
	data, err := os.ReadFile(k.Losses.Path)
	if err != nil {
		t.Fatal(err)
	}
	var h history
	if err := json.Unmarshal(data, &h); err != nil {
		t.Fatal(err)
	}
	if len(h.Epochs) != 3 || h.Kept != 3 || h.Epochs[2].Validation == nil || h.Trial.Model != "lstm" || h.Trial.Units != 6 {
		t.Errorf("history %s", data)
	}
	if info, err := os.Stat(k.ONNX.Path); err != nil || info.Size() == 0 {
		t.Errorf("no ONNX: %v", err)
	}
}

// TestDesigns trains networks of other shapes; the model file is enough to repeat the last forecast.
func TestDesigns(t *testing.T) {
	for _, c := range []struct {
		title, name string
		layers      int
		both        bool
		want        string // of the model file
	}{
		{"gru", "gru", 1, false, "d625df213a5c"}, {"lstm_x2", "lstm", 2, false, "98ca3080539f"}, {"bilstm", "lstm", 1, true, "89b7e45bf006"}, {"bigru_x3", "gru", 3, true, "a8ba426cd233"},
	} {
		k, _, err := run(t, wave(200), func(k *Train) { small(k); k.Model.Name, k.Model.Layers, k.Model.Both = c.name, c.layers, c.both })
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(k.File.Path)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(data))[:12]; Version == 2 && got != c.want {
			t.Errorf("%s: the model file hashes to %s, want %s", c.title, got, c.want)
		}
		p, err := forecast.ReadPredictions(k.Predictions.Path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := modelfile.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if p.Trial.Model != c.name || f.Header.Model != c.name || max(1, p.Trial.Layers) != c.layers || p.Trial.Both != c.both {
			t.Errorf("%s: predictions of %+v, model file of %q", c.title, p.Trial, f.Header.Model)
		}
		if got, want := lastForecast(t, f), p.Predicted[187]; got != want {
			t.Errorf("%s: the model file forecasts %v, predictions.parquet has %v", c.title, got, want)
		}
		if info, err := os.Stat(k.ONNX.Path); err != nil || info.Size() == 0 {
			t.Errorf("%s: no ONNX: %v", c.title, err)
		}
	}
}

// lastForecast is the forecast of the last point of wave(200) by a model file.
func lastForecast(t *testing.T, f *modelfile.File) float64 {
	t.Helper()
	var tensors []lstm.Tensor
	for i, shape := range f.Header.Tensors {
		tensors = append(tensors, lstm.Tensor{Name: shape.Name, Shape: shape.Shape, Data: f.Data[i]})
	}
	m, err := lstm.FromTensors(tensors)
	if err != nil {
		t.Fatal(err)
	}
	scaler := forecast.Scaler(f.Header.Scalers[0])
	w := &lstm.Windows{Features: 1, LookBack: f.Header.LookBack, Ends: []int{f.Header.LookBack}}
	for _, v := range wave(200).Columns[0].Values[199-w.LookBack : 199] {
		w.Rows = append(w.Rows, float32(scaler.Scale(v)))
	}
	forecasts, err := m.Predict(context.Background(), w, 1)
	if err != nil {
		t.Fatal(err)
	}
	return scaler.Unscale(float64(forecasts[0]))
}

// TestScaler shows what the protocols fit the scaler on: the strict one does not see a peak in the test part.
func TestScaler(t *testing.T) {
	s := wave(200)
	s.Columns[0].Values[190] = 1e6
	for protocol, want := range map[string]bool{"strict": false, "published": true} {
		k, _, err := run(t, s, func(k *Train) { small(k); k.Protocol = protocol })
		if err != nil {
			t.Fatal(err)
		}
		f, err := modelfile.Read(k.File.Path)
		if err != nil {
			t.Fatal(err)
		}
		if sees := f.Header.Scalers[0].Max == 1e6; sees != want {
			t.Errorf("%s: scaler up to %v", protocol, f.Header.Scalers[0].Max)
		}
	}
}

func TestModels(t *testing.T) {
	for _, name := range append([]string{"boosting", "forest"}, forecast.Models...) {
		k, _, err := run(t, wave(200), func(k *Train) { small(k); k.Model.Name, k.Model.Order, k.Model.Period = name, 5, 12 })
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		p, err := forecast.ReadPredictions(k.Predictions.Path)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range p.Predicted {
			if math.IsNaN(v) {
				t.Errorf("%s: row %d has no forecast", name, i+1)
				break
			}
		}
		f, err := modelfile.Read(k.File.Path)
		if err != nil || f.Header.Model != name || name == "ar" && f.Header.Parameters["lag_5"] == 0 {
			t.Errorf("%s: model file %+v, %v", name, f, err)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		say    string
		change func(*Train)
	}{
		{"unknown", func(k *Train) { k.Model.Name = "lstn" }},
		{"look_back: 0", func(k *Train) { k.LookBack = 0 }},
		{"units", func(k *Train) { k.Model.Units = 0 }},
		{"model.layers: 9", func(k *Train) { k.Model.Layers = 9 }},
		{"batch", func(k *Train) { k.Batch = 0 }},
		{"learning_rate", func(k *Train) { k.LearningRate = math.NaN() }},
		{"validation part", func(k *Train) { k.Patience, k.Validation = 3, 0 }},
		{"50 rows", func(k *Train) { k.LookBack = 49 }},
		{"wire_bytes", func(k *Train) { k.Column = "wire_byte" }},
	} {
		_, _, err := run(t, wave(50), func(k *Train) { small(k); c.change(k) })
		if err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: got %v", c.say, err)
		}
	}
	var option *stages.OptionError
	_, _, err := run(t, wave(50), func(k *Train) { k.Epochs = 0 })
	if !errors.As(err, &option) || option.Option != "epochs" {
		t.Errorf("epochs: got %v", err)
	}
}

// TestCancelled shows that a cancelled training leaves no output.
func TestCancelled(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "series.parquet")
	if err := wave(200).Write(path); err != nil {
		t.Fatal(err)
	}
	k := Kind().New().(*Train)
	small(k)
	k.Model.Name, k.Series = "lstm", stages.Input{Path: path, From: "series.parquet"}
	k.File.Path = filepath.Join(dir, "model.weir")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := k.Run(ctx, stages.Quiet(dir)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(k.File.Path); err == nil {
		t.Error("a model is there")
	}
}

// shared finds a reference file kept outside the repository, or skips.
func shared(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is absent", name)
	}
	return path
}

func rows(t *testing.T, path string, comma rune) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma = comma
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all[1:]
}

// TestAccuracy trains on the digitised series and compares the mean test error over the seeds with that of Keras: within three of its standard
// deviations over the seeds. Two quick configurations by default, all with -full.
func TestAccuracy(t *testing.T) {
	digitised := &series.Series{Step: time.Second, Columns: []series.Column{{Name: "captured_bytes", Unit: "B"}}}
	for _, row := range rows(t, shared(t, "data/series/mawi_200701251400_captured_bytes_per_second_DIGITISED.csv"), ',') {
		second, err1 := strconv.ParseInt(row[0], 10, 64)
		value, err2 := strconv.ParseFloat(row[1], 64)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		digitised.Time, digitised.Coverage = append(digitised.Time, second*1e9), append(digitised.Coverage, 1)
		digitised.Columns[0].Values = append(digitised.Columns[0].Values, value)
	}
	n := digitised.Len()
	digitised.Coverage[0], digitised.Coverage[n-1] = 0.4, 0.4 // partial seconds: strict drops them
	for _, row := range rows(t, shared(t, "golden/lstm/accuracy.tsv"), '\t') {
		if row[0] != "mawi" {
			continue
		}
		protocol := row[1]
		var number [9]float64
		for i := range number {
			var err error
			if number[i], err = strconv.ParseFloat(row[2+i], 64); err != nil {
				t.Fatal(err)
			}
		}
		lookBack, epochs, batch, mean, sd := int(number[0]), int(number[1]), int(number[2]), number[4], number[5]
		quick := lookBack == 10 && epochs == 20 || lookBack == 20 && epochs == 50 && protocol == "published" && lstm.Kernels() != "portable"
		if testing.Short() || !*full && !quick {
			continue
		}
		t.Run(strings.Join(row[1:5], "-"), func(t *testing.T) {
			t.Parallel()
			sum, list := 0.0, []string{}
			for seed := range int64(5) {
				k, _, err := run(t, digitised, func(k *Train) {
					k.LookBack, k.Epochs, k.Batch, k.Seed, k.Protocol, k.Validation, k.Column = lookBack, epochs, batch, seed+1, protocol, 0, "captured_bytes"
				})
				if err != nil {
					t.Fatal(err)
				}
				mse := testError(t, k.Predictions.Path)
				sum += mse
				list = append(list, fmt.Sprintf("%.2f", mse/1e9))
			}
			z := (sum/5 - mean) / sd
			t.Logf("MSE %.3fe9 (%s), Keras %.3fe9 ± %.3f: %+.2f sd", sum/5e9, strings.Join(list, " "), mean/1e9, sd/1e9, z)
			if math.Abs(z) > 3 {
				t.Error("not what Keras reaches")
			}
		})
	}
}

func testError(t *testing.T, path string) float64 {
	t.Helper()
	p, err := forecast.ReadPredictions(path)
	if err != nil {
		t.Fatal(err)
	}
	sum, n := 0.0, 0
	for i, part := range p.Part {
		if part == forecast.Test {
			e := p.Actual[i] - p.Predicted[i]
			sum, n = sum+e*e, n+1
		}
	}
	return sum / float64(n)
}

// TestKernels shows that the environment variable is heard, that a mistake in it is told, and that the kernels leave no trace.
func TestKernels(t *testing.T) {
	var models [][]byte
	for _, name := range []string{"", "portable"} {
		t.Setenv(KernelsVariable, name)
		k, _, err := run(t, wave(200), small)
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(k.File.Path)
		if err != nil {
			t.Fatal(err)
		}
		models = append(models, data)
	}
	if !bytes.Equal(models[0], models[1]) {
		t.Error("the kernels change the model")
	}
	t.Setenv(KernelsVariable, "fast")
	if _, _, err := run(t, wave(200), small); err == nil || !strings.Contains(err.Error(), "WEIR_KERNELS") || !strings.Contains(err.Error(), "avx512") {
		t.Errorf("got %v", err)
	}
}

// TestTooShort: a series without room for the look-back is an error, or, where a sweep asks for it, a trial without forecasts and model.
func TestTooShort(t *testing.T) {
	for _, how := range []string{"fail", "skip"} {
		s, _, err := run(t, wave(30), func(k *Train) { k.LookBack, k.Short = 40, how })
		if how == "fail" {
			if !errors.Is(err, forecast.ErrShort) {
				t.Errorf("fail: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		p, err := forecast.ReadPredictions(s.Predictions.Path)
		if err != nil || len(p.Time) != 0 || p.Trial.LookBack != 40 {
			t.Errorf("%+v, %v", p, err)
		}
		if _, err := os.Stat(s.File.Path); !errors.Is(err, os.ErrNotExist) {
			t.Error("a model that saw nothing")
		}
	}
}
