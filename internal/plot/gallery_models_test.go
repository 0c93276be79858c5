package plot

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// pictures are the gallery of what evaluate draws of many models, each also as small as it is still to be read.
func pictures() map[string]Picture {
	all := map[string]Picture{
		"heatmap":       heatFigure(Sheet{Language: "pt"}),
		"heatmap8":      heatFigure(Sheet{Language: "pt", Width: 8}),
		"heatmapmany":   manyCells(),
		"heatmapone":    &HeatMap{Label: "RMSE", Columns: []string{"20"}, Rows: []string{"64"}, Values: [][]float64{{math.NaN()}}},
		"ranking":       rankingFigure(Sheet{}, Bars),
		"ranking8":      rankingFigure(Sheet{Width: 8, Language: "es"}, Bars),
		"rankingpoints": rankingFigure(Sheet{Width: 12, Title: "Skill"}, Points),
		"rankingempty":  &Ranking{Axis: Axis{Label: "skill"}, Rows: []Row{{Name: "LSTM(50)", Value: math.NaN(), Low: math.NaN(), High: math.NaN()}}},
		"difference":    differenceFigure(Sheet{}),
		"difference8":   differenceFigure(Sheet{Width: 8, Language: "pt"}),
		"difference2":   &CriticalDifference{Names: []string{"a", "b"}, Ranks: []float64{1.5, 1.5}, Groups: [][]int{{0, 1}}},
		"losses":        lossesFigure(0, "en"),
		"losses8":       lossesFigure(8, "pt"),
		"zoom8":         zoomFigure(),
	}
	for name, f := range gallery() {
		all[name] = f
	}
	return all
}

func heatFigure(s Sheet) *HeatMap {
	h := &HeatMap{Sheet: s, Label: "RMSE de validação (kB/s)", X: "janela de entrada (s)", Y: "épocas, lote", Columns: []string{"10", "20", "30", "60"},
		Rows: []string{"20, 32", "20, 64", "50, 32", "50, 64"}, Marked: []Cell{{3, 2}}}
	r := rand.New(rand.NewPCG(11, 1))
	for range h.Rows {
		var row []float64
		for range h.Columns {
			row = append(row, 52+float64(9*r.Float64()))
		}
		h.Values = append(h.Values, row)
	}
	h.Values[1][3] = math.NaN()
	h.Values[3][2] = 50.4
	return h
}

func manyCells() *HeatMap {
	h := &HeatMap{Sheet: Sheet{Width: 8}, Label: "skill at each horizon", X: "horizon (s)"}
	for j := range 30 {
		h.Columns = append(h.Columns, fmt.Sprint(j+1))
	}
	for i := range 24 {
		h.Rows = append(h.Rows, fmt.Sprintf("model number %d", i))
		var row []float64
		for j := range 30 {
			row = append(row, float64(float64((i*7)%24)/float64(j+3)))
		}
		h.Values = append(h.Values, row)
	}
	return h
}

func rankingFigure(s Sheet, mark Kind) *Ranking {
	r := &Ranking{Sheet: s, Mark: mark, Axis: Axis{Label: "skill against the last value (%)"}}
	for _, m := range []struct {
		name  string
		value float64
		half  float64
		style Style
	}{{"AR(20)", 7.1, 2.2, Linear}, {"ensemble of 5", 6.4, 2.4, Best}, {"gradient boosting, lags 1–60, hour of day", 5.2, 2.9, Model}, {"LSTM(50), look-back 20", 4.4, 3.5, Model},
		{"SES", 3.2, 1.2, Baseline}, {"last value", 0, 0, Baseline}, {"moving average", -3.9, 2, Baseline2}, {"seasonal naive", -38, 6, Baseline3}} {
		r.Rows = append(r.Rows, Row{Name: m.name, Value: m.value, Low: m.value - m.half, High: m.value + m.half, Style: m.style, Note: fmt.Sprintf("%.1f", m.value)})
	}
	r.Rows[5].Low, r.Rows[5].High = math.NaN(), math.NaN()
	low := -20.0
	r.Axis.Min = &low
	return r
}

func differenceFigure(s Sheet) *CriticalDifference {
	return &CriticalDifference{Sheet: s, Label: "average rank over 12 series", Difference: 2.1,
		Names:  []string{"AR(20)", "LSTM(50)", "GRU(50)", "last value", "SES", "gradient boosting", "DLinear", "seasonal naive", "theta"},
		Ranks:  []float64{2.25, 3.1, 3.2, 6.9, 5.1, 2.9, 4.05, 8.6, 5.6},
		Styles: []Style{Linear, Model, Model, Baseline, Baseline, Model, Model, Baseline, Baseline},
		Groups: [][]int{{0, 5, 1, 2, 6}, {1, 2, 6, 4}, {6, 4, 8}, {3, 8, 4}, {7, 3}, {1, 2}, {0}}}
}

func lossesFigure(width float64, language string) *Figure {
	f := &Figure{Columns: 2, SharedX: true, SharedY: true, Language: language, Width: width}
	r := rand.New(rand.NewPCG(4, 4))
	for _, look := range []int{10, 20, 30, 60} {
		p := Panel{Title: fmt.Sprintf("look-back %d s", look), X: Axis{Label: "epoch"}, Y: Axis{Label: "loss (MSE, scaled)", Log: true}}
		for seed := range 5 {
			var train, val []float64
			a := 0.002 + 0.0004*r.Float64()
			for i := range 50 {
				train = append(train, a+0.05/float64(1+i*i))
				val = append(val, a+0.0004+0.04/float64(1+i*i)+float64(0.0003*r.Float64()*float64(look)/60))
			}
			names := [2]string{"training", "validation"}
			if seed > 0 {
				names = [2]string{}
			}
			p.Layers = append(p.Layers, Layer{Y: train, Style: Train, Width: 0.5, Label: names[0]}, Layer{Y: val, Style: Validation, Width: 0.5, Label: names[1]})
		}
		f.Panels = append(f.Panels, p)
	}
	return f
}

func zoomFigure() *Figure {
	traffic := fakeTraffic(900)
	f := forecastFigure(fakeClock(900), traffic)
	f.Width, f.Height, f.Language = 8, 6, "pt"
	for i := range f.Panels[0].Layers {
		l := &f.Panels[0].Layers[i]
		l.X = l.X[:60]
		if l.Kind == Band {
			l.Low, l.High = l.Low[:60], l.High[:60]
		} else {
			l.Y = l.Y[:60]
		}
	}
	return f
}
