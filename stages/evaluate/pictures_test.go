package evaluate

import (
	"fmt"
	"slices"
	"testing"

	"weir/internal/forecast"
)

func TestEventful(t *testing.T) {
	values := make([]float64, 50)
	for i := 20; i < 25; i++ {
		values[i] = float64(10 * (i % 2))
	}
	if at := eventful(values, 8); at > 20 || at+8 < 25 {
		t.Errorf("the wild part of 20 to 25 is not in [%d, %d)", at, at+8)
	}
	if at := eventful(values[:5], 5); at != 0 {
		t.Errorf("a short series begins at %d", at)
	}
}

// TestDiagram: groups are the longest runs within the critical difference, none inside another.
func TestDiagram(t *testing.T) {
	c := &contest{}
	f := &field{}
	r := &ranked{ranks: forecast.Ranks{Mean: []float64{4.2, 1, 1.8, 4, 2.7}, Blocks: 20, Difference: 1}}
	for i := range r.ranks.Mean {
		r.models = append(r.models, &model{config: config{Model: "ar", Order: i + 1}, field: f})
	}
	d := r.diagram(c, languages["en"], "en")
	if got, want := fmt.Sprint(d.Groups), "[[1 2] [2 4] [3 0]]"; got != want {
		t.Errorf("groups %s, want %s", got, want)
	}
}

// TestAxes: options that change together are one.
func TestAxes(t *testing.T) {
	var models []*model
	for _, look := range []int{100, 20} {
		for _, s := range [][2]int{{50, 64}, {20, 32}} {
			models = append(models, &model{config: config{Model: "lstm", Units: 50, LookBack: look, Epochs: s[0], Batch: s[1], Options: "dropout=0.1"}})
		}
	}
	list := axes(models)
	if len(list) != 2 || list[0].name != "look_back" || !slices.Equal(list[0].values, []string{"20", "100"}) || list[1].name != "epochs-batch" || !slices.Equal(list[1].values, []string{"50/64", "20/32"}) {
		t.Errorf("axes %+v", list)
	}
}

func TestNames(t *testing.T) {
	for want, c := range map[string]config{
		"bidirectional LSTM of 2 layers": {Model: "lstm", Both: true, Layers: 2},
		"GRU":                            {Model: "gru"},
		"gradient boosting":              {Model: "boosting"},
		"random forest":                  {Model: "forest"},
		"ridge AR(60)":                   {Model: "ridge", Order: 60},
		"ARIMA(3,1,1)":                   {Model: "arima", Options: "p=3"},
		"DLinear":                        {Model: "dlinear"},
		"Holt-Winters":                   {Model: "holt_winters"},
	} {
		if got := name(c); got != want {
			t.Errorf("%+v is called %q, want %q", c, got, want)
		}
	}
	c := &contest{}
	for _, o := range []config{{Model: "lstm", Both: true, Layers: 2, Units: 50, LookBack: 20, Epochs: 50, Batch: 64}, {Model: "lstm", Units: 20, LookBack: 20, Epochs: 50, Batch: 64, Covariates: "packets"}} {
		c.sweep = append(c.sweep, &model{config: o, trained: true})
	}
	for i, want := range []string{"bidirectional LSTM of 2 layers (50 units, look-back 20)", "LSTM (20 units, look-back 20, packets)"} {
		if got := c.full(c.sweep[i]); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	twice := forecast.Trial{Model: "lstm", Options: []forecast.Option{{Name: "pool", Value: "a"}, {Name: "pool", Value: "b"}, {Name: "seed", Value: "7"}}}
	if got := fmt.Sprint(labels(configOf(twice), true, nil)); got != "[model lstm pool a,b]" {
		t.Errorf("labels %s", got)
	}
}
