package plot

import (
	"math"
	"math/rand/v2"
	"strings"
)

// gallery is one figure of each sort that the reports use, and some that test the layout. Data is made with
// plain arithmetic, so the golden digests hold on every machine.
func gallery() map[string]*Figure {
	traffic, clock := fakeTraffic(900), fakeClock(900)
	return map[string]*Figure{
		"series":        seriesFigure(clock, traffic),
		"decomposition": decompositionFigure(clock, traffic),
		"acf":           acfFigure(),
		"sizes":         sizesFigure(),
		"sizebars":      sizeBarsFigure(),
		"forecast":      forecastFigure(clock, traffic),
		"sweep":         sweepFigure(),
		"models":        modelsFigure(),
		"periodogram":   periodogramFigure(),
		"history":       historyFigure(),
		"scatter":       scatterFigure(),
		"days":          daysFigure(),
		"long":          longFigure(),
		"huge":          {Panels: []Panel{{X: Axis{Label: "n"}, Y: Axis{Label: "B²/s²"}, Layers: []Layer{{Y: []float64{1e17, 3e17, 2e17}, Style: Observed}}}}},
		"words": {Title: strings.Repeat("título ", 40), Width: 8, Height: 5, Panels: []Panel{{X: Axis{Label: strings.Repeat("eixo ", 40)}, Y: Axis{Label: strings.Repeat("coluna ", 40)},
			Layers: []Layer{{Y: []float64{1, 2, 3}, Label: strings.Repeat("nome ", 40)}, {Kind: VLine, X: []float64{1}, Label: "α <b> & 日本"}}}}},
		"empty": {Language: "pt", Panels: []Panel{{X: Axis{Label: "tempo"}, Y: Axis{Label: "kB/s"}}}},
	}
}

func fakeClock(n int) []float64 {
	t := make([]float64, n)
	for i := range t {
		t[i] = 1169733600 + float64(i)
	}
	return t
}

func fakeTraffic(n int) []float64 {
	r := rand.New(rand.NewPCG(1, 2))
	y := make([]float64, n)
	slow, fast := 0.0, 0.0
	for i := range y {
		slow = float64(0.98*slow) + r.Float64() - 0.5
		fast = float64(0.6*fast) + r.Float64() - 0.5
		y[i] = 780 + float64(25*slow) + float64(60*fast)
	}
	return y
}

func seriesFigure(clock, traffic []float64) *Figure {
	return &Figure{
		Description: "Traffic per second over fifteen minutes",
		Panels:      []Panel{{X: Axis{Label: "time (UTC)", Clock: true}, Y: Axis{Label: "traffic (kB/s)", Zero: true}, Layers: []Layer{{X: clock, Y: traffic, Style: Observed}}}},
	}
}

func decompositionFigure(clock, y []float64) *Figure {
	n, period := len(y), 60
	trend, season, rest := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range y {
		trend[i], rest[i] = math.NaN(), math.NaN()
		phase := float64(i%period)/30 - 1
		season[i] = float64(40 * phase * (1 - phase*phase))
		if i >= 30 && i < n-30 {
			sum := 0.0
			for j := i - 30; j < i+30; j++ {
				sum += y[j]
			}
			trend[i] = sum / 60
			rest[i] = y[i] - trend[i] - season[i]
		}
	}
	one := func(label string, y []float64, s Style) Panel {
		return Panel{X: Axis{Label: "hora (UTC)", Clock: true}, Y: Axis{Label: label + " (kB/5 min)"}, Layers: []Layer{{X: clock, Y: y, Style: s}}}
	}
	f := &Figure{Height: 11, SharedX: true, Language: "pt", Panels: []Panel{
		one("observado", y, Observed), one("tendência", trend, Trend), one("sazonal", season, Seasonal), one("resíduo", rest, Residual)}}
	f.Panels[3].Layers = append(f.Panels[3].Layers, Layer{Kind: HLine, Y: []float64{0}, Style: Reference})
	return f
}

func acfFigure() *Figure {
	lag, acf, pacf, low, high := make([]float64, 41), make([]float64, 41), make([]float64, 41), make([]float64, 41), make([]float64, 41)
	r, v := rand.New(rand.NewPCG(3, 4)), 1.0
	for i := range lag {
		lag[i], acf[i] = float64(i), v
		pacf[i] = 0.12*(r.Float64()-0.5) + 0.4/float64(1+i*i)
		low[i], high[i] = -0.065-float64(0.002*float64(i)), 0.065+float64(0.002*float64(i))
		v = float64(v*0.9) + 0.02*(r.Float64()-0.5)
	}
	low[0], high[0] = math.NaN(), math.NaN()
	pacf[0] = 1
	panel := func(label string, y []float64) Panel {
		return Panel{X: Axis{Label: "lag (s)"}, Y: Axis{Label: label}, Layers: []Layer{
			{Kind: Band, X: lag, Low: low, High: high, Style: Interval}, {Kind: Stems, X: lag, Y: y, Style: Observed}}}
	}
	return &Figure{Height: 8, SharedX: true, Panels: []Panel{panel("ACF", acf), panel("PACF", pacf)}}
}

func sizeCounts(seed uint64, peaks ...float64) (edges, counts []float64) {
	r := rand.New(rand.NewPCG(seed, 1))
	for x := 40.0; x < 1520; x += 20 {
		c := float64(5*r.Float64()*r.Float64()*100) - 60
		for _, p := range peaks {
			d := (x - p) / 30
			c += 300000 / (1 + float64(d*d*d*d))
		}
		edges, counts = append(edges, x), append(counts, max(0, math.Floor(c)))
	}
	return edges, counts
}

func sizesFigure() *Figure {
	var layers []Layer
	for i, s := range []Style{TCP, UDP, Other} {
		x, y := sizeCounts(uint64(i+1), [][]float64{{60, 1500}, {120, 600}, {80}}[i]...)
		layers = append(layers, Layer{Kind: Steps, X: x, Y: y, Style: s, Label: []string{"TCP", "UDP", "other"}[i]})
	}
	return &Figure{Panels: []Panel{{X: Axis{Label: "packet size (B)"}, Y: Axis{Label: "packets", Log: true}, Layers: layers}}}
}

func sizeBarsFigure() *Figure {
	var layers []Layer
	for i, s := range []Style{TCP, UDP, Other} {
		x, y := sizeCounts(uint64(i+1), [][]float64{{60, 1500}, {120, 600}, {80}}[i]...)
		var cx, cy []float64
		for j := 0; j+5 <= len(x); j += 5 {
			sum := 0.0
			for k := j; k < j+5; k++ {
				sum += y[k]
			}
			cx, cy = append(cx, x[j]+50), append(cy, sum)
		}
		layers = append(layers, Layer{Kind: Bars, X: cx, Y: cy, Style: s, Label: []string{"TCP", "UDP", "outros"}[i]})
	}
	return &Figure{Language: "pt", Panels: []Panel{{X: Axis{Label: "tamanho do pacote (B)"}, Y: Axis{Label: "pacotes", Log: true}, Layers: layers}}}
}

func forecastFigure(clock, traffic []float64) *Figure {
	x, y := clock[700:], traffic[700:]
	naive, model, low, high := make([]float64, 200), make([]float64, 200), make([]float64, 200), make([]float64, 200)
	for i := range x {
		naive[i] = traffic[699+i]
		model[i] = 780 + float64(0.7*(traffic[699+i]-780))
		low[i], high[i] = model[i]-60, model[i]+60
	}
	return &Figure{Language: "en", Panels: []Panel{{X: Axis{Label: "time (UTC)", Clock: true}, Y: Axis{Label: "traffic (kB/s)"}, Layers: []Layer{
		{Kind: Band, X: x, Low: low, High: high, Style: Interval, Label: "95 % interval"},
		{X: x, Y: naive, Style: Baseline, Label: "last value"}, {X: x, Y: y, Style: Observed, Label: "observed"}, {X: x, Y: model, Style: Model, Label: "LSTM(50)"}}}}}
}

func sweepFigure() *Figure {
	x := []float64{10, 20, 30, 60}
	line := func(name string, s Style, y ...float64) Layer {
		l := Layer{Kind: LinePoints, X: x, Y: y, Style: s, Label: name}
		for i, v := range y {
			l.Low, l.High = append(l.Low, v-1.5-float64(i)*0.3), append(l.High, v+2)
		}
		return l
	}
	return &Figure{Language: "es", Width: 12, Panels: []Panel{{
		X: Axis{Label: "ventana (s)", Ticks: []Tick{{10, "10"}, {20, "20"}, {30, "30"}, {60, "60"}}}, Y: Axis{Label: "RMSE (kB/s)"},
		Layers: []Layer{
			{Kind: HLine, Y: []float64{58.2}, Style: Baseline, Label: "último valor"},
			{Kind: HLine, Y: []float64{54.1}, Style: Linear, Label: "AR(20)"},
			line("50 épocas, lote 64", Category(0), 57.5, 56.1, 55.6, 55.9), line("20 épocas, lote 32", Category(1), 58.9, 57.3, 57.9, 57),
		}}}}
}

func modelsFigure() *Figure {
	names := []string{"naive", "drift", "seasonal naive", "moving average", "AR(20)", "SES", "Holt", "LSTM(50), 20 steps"}
	var ticks []Tick
	for i, n := range names {
		ticks = append(ticks, Tick{float64(i), n})
	}
	y := []float64{58.2, 58.3, 81.7, 60.2, 54.1, 56, 56.4, 55.6}
	low, high := make([]float64, len(y)), make([]float64, len(y))
	for i := range y {
		low[i], high[i] = y[i]-2, y[i]+3
	}
	bars := func(s Style, name string, keep func(i int) bool) Layer {
		l := Layer{Kind: Bars, Style: s, Label: name}
		for i := range y {
			v := math.NaN()
			if keep(i) {
				v = y[i]
			}
			l.X, l.Y, l.Low, l.High = append(l.X, float64(i)), append(l.Y, v), append(l.Low, v-2), append(l.High, v+3)
		}
		return l
	}
	strict := bars(Category(0), "strict", func(i int) bool { return true })
	published := bars(Category(4), "published", func(i int) bool { return i != 2 })
	return &Figure{Panels: []Panel{{X: Axis{Ticks: ticks}, Y: Axis{Label: "RMSE (kB/s)"}, Layers: []Layer{strict, published}}}}
}

func periodogramFigure() *Figure {
	var x, y []float64
	r := rand.New(rand.NewPCG(8, 8))
	for i := 1; i <= 450; i++ {
		f := float64(i) / 900
		x, y = append(x, f), append(y, 40/float64(f+0.002)*(0.02+r.Float64()*r.Float64()))
	}
	return &Figure{Height: 8, Language: "pt", Panels: []Panel{{X: Axis{Label: "frequência (Hz)", Log: true}, Y: Axis{Label: "potência ((kB/s)²/Hz)", Log: true}, Layers: []Layer{
		{X: x, Y: y, Style: Observed},
		{X: []float64{1. / 900, 0.5}, Y: []float64{16000, 30}, Style: Trend, Label: "inclinação −0,8"},
		{Kind: VLine, X: []float64{1. / 60}, Style: Reference, Label: "60 s"}}}}}
}

func historyFigure() *Figure {
	var train, val []float64
	for i := range 50 {
		train = append(train, 0.002+0.05/float64(1+i*i))
		val = append(val, 0.0026+0.04/float64(1+i*i))
	}
	return &Figure{Width: 10, Height: 6, Panels: []Panel{{X: Axis{Label: "epoch"}, Y: Axis{Label: "loss (MSE, scaled)", Log: true}, Layers: []Layer{
		{Y: train, Style: Train, Label: "training"}, {Y: val, Style: Validation, Label: "validation"}}}}}
}

func scatterFigure() *Figure {
	r := rand.New(rand.NewPCG(5, 5))
	var x, y []float64
	for range 600 {
		v := 500 + float64(400*r.Float64())
		x, y = append(x, v), append(y, v+float64(120*(r.Float64()-0.5)))
	}
	return &Figure{Width: 9, Height: 8, Title: "Actual against predicted", Panels: []Panel{{X: Axis{Label: "actual (kB/s)"}, Y: Axis{Label: "predicted (kB/s)"}, Layers: []Layer{
		{X: []float64{480, 920}, Y: []float64{480, 920}, Style: Reference}, {Kind: Points, X: x, Y: y, Style: Model}}}}}
}

func daysFigure() *Figure {
	r := rand.New(rand.NewPCG(6, 6))
	var x, y []float64
	for i := range 14 * 24 {
		x = append(x, 1169733600+float64(i)*3600)
		h := float64(i%24)/12 - 1
		v := 900 - float64(500*h*h) + float64(80*r.Float64())
		if i > 100 && i < 130 {
			v = math.NaN()
		}
		y = append(y, v*1e3)
	}
	scaled, unit := Scale(y, "bit/s")
	return &Figure{Height: 5, Language: "es", Panels: []Panel{{X: Axis{Clock: true}, Y: Axis{Label: "tráfico (" + unit + ")", Zero: true}, Layers: []Layer{
		{X: x, Y: scaled, Style: Observed}, {Kind: VLine, X: []float64{x[250]}, Style: Reference, Label: "prueba"}}}}}
}

func longFigure() *Figure {
	y := fakeTraffic(36815)
	return &Figure{Panels: []Panel{{X: Axis{Label: "time (UTC)", Clock: true}, Y: Axis{Label: "traffic (kB/s)"}, Layers: []Layer{{X: fakeClock(36815), Y: y, Style: Observed}}}}}
}
