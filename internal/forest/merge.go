package forest

// cases are the rows that trees are grown on. Rows of classes that have the same codes and the same class are one case, with a weight, where there are many such: sums over rows are
// sums over cases then, to the bit, and take a fraction of the time.
type cases struct {
	data   *binned
	y      []float64
	weight []int32 // rows of each case; nil: one each
	of     []int32 // the case of each row; nil: its own
	rows   int     // N
}

// times is the weight of a case.
func (c *cases) times(i int32) int {
	if c.weight == nil {
		return 1
	}
	return int(c.weight[i])
}

// distinct has every row as a case.
func distinct(data *binned, y []float64) *cases { return &cases{data: data, y: y, rows: len(y)} }

// merged makes cases in the order in which they first appear, or one of each row where that would not leave a quarter of them.
func merged(data *binned, y []float64) *cases {
	type mark struct {
		before int32
		codes  uint64
	}
	most := data.rows / 4
	of, first := make([]int32, data.rows), []int32(nil)
	for i, v := range y {
		of[i] = int32(v)
	}
	for g := range data.groups {
		seen := map[mark]int32{}
		first = first[:0]
		for i := range of {
			m := mark{of[i], data.codes[i*data.groups+g]}
			id, found := seen[m]
			if !found {
				if len(first) == most {
					return distinct(data, y)
				}
				id = int32(len(first))
				seen[m] = id
				first = append(first, int32(i))
			}
			of[i] = id
		}
	}
	c := &cases{data: data.pick(first), y: make([]float64, len(first)), weight: make([]int32, len(first)), of: of, rows: len(y)}
	for i, r := range first {
		c.y[i] = y[r]
	}
	for _, id := range of {
		c.weight[id]++
	}
	return c
}

// pick copies the codes of some rows.
func (b *binned) pick(rows []int32) *binned {
	p := *b
	p.rows, p.codes, p.columns = len(rows), nil, make([][]uint16, len(b.columns))
	for _, r := range rows {
		p.codes = append(p.codes, b.codes[int(r)*b.groups:][:b.groups]...)
	}
	for f, column := range b.columns {
		p.columns[f] = make([]uint16, len(rows))
		for i, r := range rows {
			p.columns[f][i] = column[r]
		}
	}
	return &p
}
