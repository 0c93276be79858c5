package forecast

import (
	"fmt"
	"math"
)

// mixer weights forecasters by how much better than their mixture they have been lately: ML-Poly of Gaillard, Stoltz and van Erven (2014, "A second-order bound with
// excess losses"), with past regrets discounted (Cesa-Bianchi and Lugosi 2006, 2.11). It has no other parameter, and for a long time loses little to the best mixture there is.
type mixer struct {
	discount        float64
	regret, squares []float64 // of each forecaster, discounted sums
}

func newMixer(discount float64, n int) mixer {
	return mixer{discount, make([]float64, n), make([]float64, n)}
}

// weights sets w, which adds up to 1 over the forecasters with a forecast (not NaN) and is 0 for others; all 0 when nobody has one. While nobody was better than the mixture,
// the first has it all.
func (m *mixer) weights(forecasts, w []float64) {
	total, first := 0.0, -1
	for i, f := range forecasts {
		w[i] = 0
		if math.IsNaN(f) {
			continue
		}
		if first < 0 {
			first = i
		}
		if m.regret[i] > 0 {
			w[i] = m.regret[i] / (1 + m.squares[i])
			total += w[i]
		}
	}
	if total == 0 && first >= 0 {
		w[first], total = 1, 1
	}
	for i := range w {
		w[i] /= max(total, math.SmallestNonzeroFloat64)
	}
}

// mix is the weighted sum, NaN when nobody has a forecast.
func mix(forecasts, w []float64) float64 {
	sum, any := 0.0, false
	for i, f := range forecasts {
		if w[i] > 0 {
			sum += float64(w[i] * f)
			any = true
		}
	}
	if !any {
		return math.NaN()
	}
	return sum
}

// learn takes what came, x, after the mixture of the forecasts was mixed. Regrets are slopes of the squared error along each forecaster, in units of scale.
func (m *mixer) learn(forecasts []float64, mixed, x, scale float64) {
	for i, f := range forecasts {
		r := 0.0
		if !math.IsNaN(f) {
			r = min(max(float64(2*(mixed-x)*(mixed-f))/scale, -1e50), 1e50) // the square of it is finite
		}
		m.regret[i] = float64(m.discount*m.regret[i]) + r
		m.squares[i] = float64(m.discount*m.squares[i]) + float64(r*r)
	}
}

// memories are the discounts: everything, and about the last 200, 100, 50 and 25 targets.
var memories = [...]float64{1, 0.995, 0.99, 0.98, 0.96}

// panel mixes forecasters with each of the memories, and the mixtures again.
type panel struct {
	scale float64
	each  [len(memories)]mixer
	top   mixer
}

func newPanel(n int, scale float64) *panel {
	p := &panel{scale: scale, top: newMixer(memories[2], len(memories))}
	for k, d := range memories {
		p.each[k] = newMixer(d, n)
	}
	return p
}

// clone copies the state.
func (p *panel) clone() *panel {
	c := newPanel(len(p.each[0].regret), p.scale)
	to := c.mixers()
	for k, m := range p.mixers() {
		copy(to[k].regret, m.regret)
		copy(to[k].squares, m.squares)
	}
	return c
}

func (p *panel) mixers() []*mixer {
	list := make([]*mixer, 0, len(memories)+1)
	for k := range p.each {
		list = append(list, &p.each[k])
	}
	return append(list, &p.top)
}

// opinion is what a panel forecast, to learn from when the value is seen.
type opinion struct {
	forecasts []float64
	mixed     [len(memories)]float64
	last      float64
}

func (p *panel) forecast(forecasts []float64) opinion {
	o := opinion{forecasts: forecasts}
	w := make([]float64, len(forecasts))
	for k := range p.each {
		p.each[k].weights(forecasts, w)
		o.mixed[k] = mix(forecasts, w)
	}
	top := make([]float64, len(memories))
	p.top.weights(o.mixed[:], top)
	o.last = mix(o.mixed[:], top)
	return o
}

func (p *panel) learn(o *opinion, x float64) {
	if math.IsNaN(o.last) {
		return
	}
	for k := range p.each {
		p.each[k].learn(o.forecasts, o.mixed[k], x, p.scale)
	}
	p.top.learn(o.mixed[:], o.last, x, p.scale)
}

// shares are the weights that all forecasters have in the end.
func (p *panel) shares() []float64 {
	n := len(p.each[0].regret)
	all, w, top := make([]float64, n), make([]float64, n), make([]float64, len(memories))
	p.top.weights(make([]float64, len(memories)), top)
	for k := range p.each {
		p.each[k].weights(make([]float64, n), w)
		for i := range all {
			all[i] += float64(top[k] * w[i])
		}
	}
	return all
}

// numbers lists the state under names that begin with prefix.
func (p *panel) numbers(prefix string, put func(name string, v float64)) {
	put(prefix+"scale", p.scale)
	for k, m := range p.mixers() {
		for i := range m.regret {
			put(fmt.Sprint(prefix, "regret_", k+1, "_", i+1), m.regret[i])
			put(fmt.Sprint(prefix, "squares_", k+1, "_", i+1), m.squares[i])
		}
	}
}

func restorePanel(n int, prefix string, r *numbers) *panel {
	p := newPanel(n, r.between(prefix+"scale", math.SmallestNonzeroFloat64, math.MaxFloat64))
	for k, m := range p.mixers() {
		for i := range m.regret {
			m.regret[i] = r.any(fmt.Sprint(prefix, "regret_", k+1, "_", i+1))
			m.squares[i] = r.between(fmt.Sprint(prefix, "squares_", k+1, "_", i+1), 0, math.MaxFloat64)
		}
	}
	return p
}
