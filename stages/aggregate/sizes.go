package aggregate

import (
	"fmt"
	"maps"
	"slices"

	"weir/internal/series"
	"weir/internal/table"
)

const (
	wireLength = iota
	capturedLength
	lengths
)

// maxJumbo bounds the different lengths beyond 65,535 that are kept.
const maxJumbo = 1 << 20

// sizes counts packets by length: wire and captured, by protocol.
type sizes [lengths][protocols]histogram

type histogram struct {
	usual []int64         // by length below 2^16
	jumbo map[int64]int64 // the others
}

func (s *sizes) add(protocol int, wire, captured int64) error {
	if err := s[wireLength][protocol].add(wire); err != nil {
		return err
	}
	return s[capturedLength][protocol].add(captured)
}

func (h *histogram) add(length int64) error {
	if length < 1<<16 {
		if h.usual == nil {
			h.usual = make([]int64, 1<<16)
		}
		h.usual[length]++
		return nil
	}
	if h.jumbo == nil {
		h.jumbo = map[int64]int64{}
	}
	if h.jumbo[length]++; len(h.jumbo) > maxJumbo {
		return fmt.Errorf("more than %s different packet lengths beyond 65,535 bytes", series.Count(maxJumbo, ""))
	}
	return nil
}

// table lists the lengths that occur: of (wire, captured), type (TCP, UDP, Other), length in bytes, packets; in that order.
func (s *sizes) table() *table.Table {
	t := &table.Table{Columns: []table.Column{
		{Name: "of", Type: table.Text}, {Name: "type", Type: table.Text},
		{Name: "length", Unit: "B", Type: table.Uint32}, {Name: "packets", Unit: "packets", Type: table.Int64}}}
	c := t.Columns
	row := func(of string, protocol int, length, packets int64) {
		c[0].Texts = append(c[0].Texts, of)
		c[1].Texts = append(c[1].Texts, types[protocol])
		c[2].Ints = append(c[2].Ints, length)
		c[3].Ints = append(c[3].Ints, packets)
	}
	for i, of := range [lengths]string{"wire", "captured"} {
		for p := range protocols {
			h := &s[i][p]
			for length, n := range h.usual {
				if n > 0 {
					row(of, p, int64(length), n)
				}
			}
			for _, length := range slices.Sorted(maps.Keys(h.jumbo)) {
				row(of, p, length, h.jumbo[length])
			}
		}
	}
	return t
}
