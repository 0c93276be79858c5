package lstm

import (
	"fmt"
	"strings"
)

// Cell is a kind of recurrent cell.
type Cell string

// The kinds of cell. GRU is Keras' with reset_after, which has a bias for the inputs and one for the states.
const (
	LSTM Cell = "lstm"
	GRU  Cell = "gru"
)

// Design says what a network is made of.
type Design struct {
	Cell          Cell
	Features      int   // F of a window
	Units         []int // H of each layer, from the window up
	Bidirectional bool  // each layer has two parts; the second reads the window from its last point to its first
	Outputs       int   // O: several horizons, quantiles or both; 0 is 1
	Attention     int   // A, the units of the attention over the states of the uppermost layer; 0: none, the dense layer sees the last states alone
}

// Bounds of a design. maxWeights bounds all its parts together.
const (
	MaxUnits    = 1024
	MaxFeatures = 256
	MaxLayers   = 8
	MaxOutputs  = 1024
	maxWeights  = 1 << 25
)

func (d Design) check() error {
	if d.Cell != LSTM && d.Cell != GRU {
		return fmt.Errorf("cell %.40q: expected %s or %s", string(d.Cell), LSTM, GRU)
	}
	if len(d.Units) < 1 || len(d.Units) > MaxLayers {
		return fmt.Errorf("%d layers: expected 1 to %d", len(d.Units), MaxLayers)
	}
	for _, units := range d.Units {
		if units < 1 || units > MaxUnits {
			return fmt.Errorf("units %d: expected 1 to %d", units, MaxUnits)
		}
	}
	if d.Features < 1 || d.Features > MaxFeatures {
		return fmt.Errorf("features %d: expected 1 to %d", d.Features, MaxFeatures)
	}
	if d.Outputs < 0 || d.Outputs > MaxOutputs {
		return fmt.Errorf("outputs %d: expected 1 to %d", d.Outputs, MaxOutputs)
	}
	if d.Attention < 0 || d.Attention > MaxUnits {
		return fmt.Errorf("attention %d: expected 0 (none) to %d units", d.Attention, MaxUnits)
	}
	parts := d.parts()
	if last := parts[len(parts)-1]; last.offset+last.size() > maxWeights {
		return fmt.Errorf("%d layers of %v units have %d weights: expected at most %d", len(d.Units), d.Units, last.offset+last.size(), maxWeights)
	}
	return nil
}

// directions is the number of parts of a layer.
func (d Design) directions() int {
	if d.Bidirectional {
		return 2
	}
	return 1
}

// parts lays out the cells: layer by layer, in each the forward direction first.
func (d Design) parts() []part {
	var parts []part
	features, offset := d.Features, 0
	for layer, units := range d.Units {
		for direction := range d.directions() {
			p := part{cell: d.Cell, layer: layer, units: units, features: features, offset: offset, reverse: direction == 1}
			parts = append(parts, p)
			offset += p.size()
		}
		features = d.directions() * units
	}
	return parts
}

// part is one cell of the network: one direction of one layer. Its weights are [4H][W]: row 4*unit+gate holds H recurrent weights, F input weights, the
// biases, zeros.
type part struct {
	cell            Cell
	layer           int
	units, features int // H, F
	offset          int // of its weights in those of the model
	reverse         bool
}

// gates is the number of rows of a unit, for LSTM in Keras' order.
const gates = 4

const (
	gateInput = iota
	gateForget
	gateCell
	gateOutput
)

// The rows of a GRU: the candidate state is tanh(inputs + reset*recurrent), so the two sums are apart.
const (
	gateUpdate = iota
	gateReset
	gateRecurrent
	gateCandidate
)

// rows is K.
func (p *part) rows() int {
	if p.cell == GRU {
		return p.units + p.features + 2
	}
	return p.units + p.features + 1
}

// width is W.
func (p *part) width() int { return roundUp(p.rows(), 8) }

// size is the number of values of its weights, with the padding.
func (p *part) size() int { return gates * p.units * p.width() }

// of cuts the part's weights, or what lies as they do, out of the model's.
func (p *part) of(all []float32) []float32 { return all[p.offset : p.offset+p.size()] }

// time is the time step that the part reads at its own step s of n, and its own step at a time.
func (p *part) time(s, n int) int {
	if p.reverse {
		return n - 1 - s
	}
	return s
}

// region is where some rows of a tensor in Keras' layout lie: its row k and its column H*i+unit are at row 4*unit+gates[i], column first+k of the weights.
type region struct {
	first, count int
	gates        []int
}

// regions of kernel, recurrent kernel and bias.
func (p *part) regions() [3][]region {
	inputs, states := []int{gateInput, gateForget, gateCell, gateOutput}, []int{gateInput, gateForget, gateCell, gateOutput}
	if p.cell == GRU {
		inputs, states = []int{gateUpdate, gateReset, gateCandidate}, []int{gateUpdate, gateReset, gateRecurrent}
	}
	bias := []region{{p.units + p.features, 1, inputs}}
	if p.cell == GRU {
		bias = append(bias, region{p.units + p.features + 1, 1, states})
	}
	return [3][]region{{{p.units, p.features, inputs}}, {{0, p.units, states}}, bias}
}

// each visits the elements of a tensor in Keras' order: at counts them, weight is where they lie in the model's weights.
func (p *part) each(tensor []region, visit func(at, weight int)) {
	at := 0
	for _, r := range tensor {
		for k := range r.count {
			for _, gate := range r.gates {
				for unit := range p.units {
					visit(at, p.offset+(gates*unit+gate)*p.width()+r.first+k)
					at++
				}
			}
		}
	}
}

// name is the common first part of the names of a part's tensors: lstm, lstm/layer1, gru/forward, lstm/layer0/backward.
func (d Design) name(p *part) string {
	name := []string{string(d.Cell)}
	if len(d.Units) > 1 {
		name = append(name, fmt.Sprintf("layer%d", p.layer))
	}
	if p.reverse {
		name = append(name, "backward")
	} else if d.Bidirectional {
		name = append(name, "forward")
	}
	return strings.Join(name, "/")
}
