package aggregate

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"weir/internal/packet"
	"weir/internal/series"
	"weir/internal/table"
)

const (
	blockLen  = 64      // intervals of a block
	maxBlocks = 1 << 16 // so at most 4,194,304 intervals in 440 MB
	maxRows   = maxBlocks * blockLen
)

// Protocols, in the order of the series' columns.
const (
	tcp = iota
	udp
	other
	protocols
)

var names = [protocols]string{"tcp", "udp", "other"}
var types = [protocols]string{"TCP", "UDP", "Other"}

// cell is one interval's sums.
type cell struct {
	wire, captured, packets [protocols]int64
	syn, flows              int64
	first, last             int64 // times of its packets; meaningless without packets
}

func (c *cell) empty() bool { return c.packets == [protocols]int64{} }

// tally sums packets by interval. Intervals are kept in blocks, so that a clock that jumps by years costs a block, not the years.
type tally struct {
	every      int64
	limit      int                       // blocks
	blocks     map[int64]*[blockLen]cell // by interval number / blockLen
	near       *[blockLen]cell           // the block of the last packet
	nearKey    int64
	previous   int64
	seen       bool
	disordered int // packets whose time is before that of the packet before them
	timeless   int // packets without a time
	sizes      sizes
	flows      *flows // nil: the table has no five-tuples
	flags      bool   // the table has TCP's flags
}

func newTally(every int64) *tally {
	return &tally{every: every, limit: maxBlocks, blocks: map[int64]*[blockLen]cell{}}
}

// sumColumns are what add wants first; flowColumns follow where flows are counted, then flagsColumn where there are flags.
var sumColumns = []string{"timestamp", "wire_length", "captured_length", "type"}

const flagsColumn = "tcp_flags"

// add sums a batch.
func (t *tally) add(batch *table.Table) error {
	when, wire, captured, typ := &batch.Columns[0], &batch.Columns[1], &batch.Columns[2], &batch.Columns[3]
	if when.Type != table.Timestamp || wire.Ints == nil && wire.Len() > 0 || captured.Ints == nil && captured.Len() > 0 || typ.Type != table.Text {
		return errors.New("not a packets table: timestamp must be a timestamp, wire_length and captured_length integers, type text")
	}
	rest := batch.Columns[len(sumColumns):]
	flags := &table.Column{}
	if t.flags {
		flags = &rest[len(rest)-1]
	}
	for i, at := range when.Ints {
		p, err := protocol(typ.Texts[i])
		if err != nil {
			return err
		}
		w, c := wire.Ints[i], captured.Ints[i]
		if w < 0 || c < 0 || w >= 1<<32 || c >= 1<<32 || wire.IsNull(i) || captured.IsNull(i) {
			return fmt.Errorf("a packet of %d bytes, %d captured", w, c)
		}
		if err := t.sizes.add(p, w, c); err != nil {
			return err
		}
		if when.IsNull(i) {
			t.timeless++
			continue
		}
		cell, err := t.cell(at)
		if err != nil {
			return err
		}
		if t.seen && at < t.previous {
			t.disordered++
		}
		t.previous, t.seen = at, true
		if cell.empty() {
			cell.first, cell.last = at, at
		}
		cell.first, cell.last = min(cell.first, at), max(cell.last, at)
		cell.wire[p] += w
		cell.captured[p] += c
		cell.packets[p]++
		if t.flags && p == tcp && !flags.IsNull(i) && flags.Ints[i]&(packet.SYN|packet.ACK) == packet.SYN {
			cell.syn++
		}
		if t.flows != nil {
			if err := t.flows.add(floorDiv(at, t.every), rest, i); err != nil {
				return err
			}
		}
	}
	return nil
}

func protocol(name string) (int, error) {
	for p, n := range types {
		if n == name {
			return p, nil
		}
	}
	return 0, fmt.Errorf("not a packets table: type %.40q, expected TCP, UDP or Other", name)
}

// cell finds the interval of a time.
func (t *tally) cell(at int64) (*cell, error) {
	if at < math.MinInt64+t.every {
		return nil, fmt.Errorf("a packet at %d ns: before 1678", at)
	}
	k := floorDiv(at, t.every)
	key := floorDiv(k, blockLen)
	if t.near == nil || key != t.nearKey {
		block := t.blocks[key]
		if block == nil {
			if len(t.blocks) == t.limit {
				return nil, t.tooMany()
			}
			block = new([blockLen]cell)
			t.blocks[key] = block
		}
		t.near, t.nearKey = block, key
	}
	return &t.near[k-key*blockLen], nil
}

func (t *tally) tooMany() error {
	return fmt.Errorf("more than %s intervals of %s: choose a longer `every`, or a shorter `gap` if long silences are in between",
		series.Count(maxRows, ""), series.Interval(t.every))
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// stretch is a segment before it becomes rows: intervals from..to, first and last packet.
type stretch struct{ from, to, first, last int64 }

// segments finds them in order of time.
func (t *tally) segments(gap int64) (found []stretch, err error) {
	var rows int64
	for _, key := range slices.Sorted(maps.Keys(t.blocks)) {
		block := t.blocks[key]
		for i := range block {
			c := &block[i]
			if c.empty() {
				continue
			}
			k := key*blockLen + int64(i)
			if n := len(found); n > 0 {
				s := &found[n-1]
				silence := uint64(c.first) - uint64(s.last) // never negative; may pass 2^63 across the range of int64
				if k == s.to+1 || silence < uint64(gap) {
					rows += k - s.to
					s.to, s.last = k, c.last
					if rows > maxRows {
						return nil, t.tooMany()
					}
					continue
				}
			}
			rows++
			found = append(found, stretch{k, k, c.first, c.last})
		}
	}
	return found, nil
}

// series makes the rows.
func (t *tally) series(gap int64) (*series.Series, error) {
	found, err := t.segments(gap)
	if err != nil {
		return nil, err
	}
	s := &series.Series{Step: time.Duration(t.every)}
	column := func(name, unit string) { s.Columns = append(s.Columns, series.Column{Name: name, Unit: unit}) }
	quantities := []struct{ name, unit string }{{"wire_bytes", "B"}, {"captured_bytes", "B"}, {"packets", "packets"}}
	for _, q := range quantities {
		column(q.name, q.unit)
	}
	for _, q := range quantities {
		for _, p := range names {
			column(q.name+"_"+p, q.unit)
		}
	}
	counts := []struct {
		name, unit string
		there      bool
		of         func(*cell) int64
	}{
		{"flows", "flows", t.flows != nil && t.flows.why == "", func(c *cell) int64 { return c.flows }},
		{"syn", "packets", t.flags, func(c *cell) int64 { return c.syn }},
	}
	for _, n := range counts {
		if n.there {
			column(n.name, n.unit)
		}
	}
	if counts[0].there {
		if err := t.flows.count(func(k, n int64) { t.blocks[floorDiv(k, blockLen)][k-floorDiv(k, blockLen)*blockLen].flows = n }); err != nil {
			return nil, err
		}
	}
	var none cell
	for _, g := range found {
		for k := g.from; k <= g.to; k++ {
			c := &none
			if block := t.blocks[floorDiv(k, blockLen)]; block != nil {
				c = &block[k-floorDiv(k, blockLen)*blockLen]
			}
			start := k * t.every
			s.Time = append(s.Time, start)
			s.Coverage = append(s.Coverage, t.coverage(g, k))
			for i, sums := range [...]*[protocols]int64{&c.wire, &c.captured, &c.packets} {
				total := int64(0)
				for p, v := range sums {
					total += v
					at := &s.Columns[len(quantities)+i*protocols+p].Values
					*at = append(*at, float64(v))
				}
				s.Columns[i].Values = append(s.Columns[i].Values, float64(total))
			}
			next := len(quantities) * (1 + protocols)
			for _, n := range counts {
				if n.there {
					s.Columns[next].Values = append(s.Columns[next].Values, float64(n.of(c)))
					next++
				}
			}
		}
	}
	return s, nil
}

// coverage is the fraction of interval k between the first and the last packet of its segment.
func (t *tally) coverage(g stretch, k int64) float64 {
	from, to := int64(0), t.every // within the interval
	if k == g.from {
		from = g.first - k*t.every
	}
	if k == g.to {
		to = g.last - k*t.every
	}
	return float64(to-from) / float64(t.every)
}
