package eda

import (
	"fmt"
	"math"

	"weir/internal/metric"
	"weir/internal/table"
)

// The columns of and type of sizes.parquet, in the order in which they are shown.
var (
	sizeLengths = []string{"wire", "captured"}
	sizeTypes   = []string{"TCP", "UDP", "Other"}
)

// maxSizeRows bounds what is read of sizes.parquet.
const maxSizeRows = 1 << 23

// sizeTable holds packet counts by length for each of (wire, captured) and type.
type sizeTable [2][3]sizeCounts

type sizeCounts struct {
	lengths, packets []int64 // increasing lengths
}

func index(list []string, name string) int {
	for i, v := range list {
		if v == name {
			return i
		}
	}
	return -1
}

func readSizes(path string) (*sizeTable, error) {
	s := &sizeTable{}
	row := 0
	err := table.Scan(path, []string{"of", "type", "length", "packets"}, func(t *table.Table) error {
		c := t.Columns
		if c[0].Type != table.Text || c[1].Type != table.Text || c[2].Ints == nil && t.Rows() > 0 || c[3].Ints == nil && t.Rows() > 0 {
			return fmt.Errorf("columns of and type must be text, length and packets whole numbers, as aggregate writes them")
		}
		for i := range t.Rows() {
			if row++; row > maxSizeRows {
				return fmt.Errorf("more than %d rows", maxSizeRows)
			}
			of, kind := index(sizeLengths, c[0].Texts[i]), index(sizeTypes, c[1].Texts[i])
			length, packets := c[2].Ints[i], c[3].Ints[i]
			if of < 0 || kind < 0 || length < 0 || length > math.MaxUint32 || packets < 0 || packets > 1<<52 {
				return fmt.Errorf("row %d: of %.20q, type %.20q, length %d, packets %d; expected wire or captured, TCP, UDP or Other, and no negative numbers", row, c[0].Texts[i], c[1].Texts[i], length, packets)
			}
			n := &s[of][kind]
			if k := len(n.lengths); k > 0 && n.lengths[k-1] >= length {
				return fmt.Errorf("row %d: length %d after %d, expected increasing lengths", row, length, n.lengths[k-1])
			}
			if packets > 0 {
				n.lengths, n.packets = append(n.lengths, length), append(n.packets, packets)
			}
		}
		return nil
	})
	return s, err
}

// sizeDescription describes the lengths of the packets of one type.
type sizeDescription struct {
	Of      string  `json:"of"`
	Type    string  `json:"type"`
	Packets int64   `json:"packets"`
	Mean    float64 `json:"mean"`
	Min     int64   `json:"min"`
	P50     int64   `json:"p50"` // the smallest length that at least half of the packets do not exceed
	Max     int64   `json:"max"`
	Mode    int64   `json:"mode"` // the shortest of several
}

func (n *sizeCounts) describe() sizeDescription {
	d := sizeDescription{}
	bytes, most := 0.0, int64(0)
	for i, length := range n.lengths {
		d.Packets += n.packets[i]
		bytes += float64(float64(length) * float64(n.packets[i]))
		if n.packets[i] > most {
			most, d.Mode = n.packets[i], length
		}
	}
	if d.Packets == 0 {
		return d
	}
	d.Mean, d.Min, d.Max = bytes/float64(d.Packets), n.lengths[0], n.lengths[len(n.lengths)-1]
	seen := int64(0)
	for i, p := range n.packets {
		if seen += p; 2*seen >= d.Packets {
			d.P50 = n.lengths[i]
			break
		}
	}
	return d
}

func (s *sizeTable) list() []sizeDescription {
	var list []sizeDescription
	for i, of := range sizeLengths {
		for j, kind := range sizeTypes {
			d := s[i][j].describe()
			d.Of, d.Type = of, kind
			list = append(list, d)
		}
	}
	return list
}

func (s *sizeTable) metrics() []metric.Metric {
	c := &collector{}
	all := s.list()
	totals := map[string]float64{}
	for _, d := range all {
		totals[d.Of] += float64(d.Packets)
	}
	for _, d := range all {
		labels := []string{"of", d.Of, "type", d.Type}
		c.add("size_packets", float64(d.Packets), "packets", labels...)
		if totals[d.Of] > 0 {
			c.add("size_share", float64(d.Packets)/totals[d.Of], "", labels...)
		}
		if d.Packets > 0 {
			c.add("size_mean", d.Mean, "B", labels...)
			c.add("size_min", float64(d.Min), "B", labels...)
			c.add("size_p50", float64(d.P50), "B", labels...)
			c.add("size_max", float64(d.Max), "B", labels...)
			c.add("size_mode", float64(d.Mode), "B", labels...)
		}
	}
	return c.list
}

// bins counts a type's packets in bins [i*width, (i+1)*width).
func (n *sizeCounts) bins(width int64, count int) []float64 {
	b := make([]float64, count)
	for i, length := range n.lengths {
		b[length/width] += float64(n.packets[i])
	}
	return b
}

// binning chooses one width for all types: the finest of 1, 2, 5, 10, ... that needs at most most bins.
func binning(types [3]sizeCounts, most int64) (width int64, count int) {
	longest := int64(0)
	for _, n := range types {
		if len(n.lengths) > 0 {
			longest = max(longest, n.lengths[len(n.lengths)-1])
		}
	}
	for decade := int64(1); ; decade *= 10 {
		for _, digit := range []int64{1, 2, 5} {
			if width = digit * decade; longest/width < most {
				return width, int(longest/width) + 1
			}
		}
	}
}
