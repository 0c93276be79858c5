package importer

import (
	"strconv"
	"time"

	"weir/internal/table"
)

// startParquet takes names and sample from the table that open has read. Its cells are seen as text, which loses nothing: the shortest
// text of a float reads back to the same bits.
func (s *source) startParquet() error {
	s.decimal = "."
	for _, c := range s.parquet.Columns {
		s.names = append(s.names, c.Name)
	}
	for i := range min(sampleRows, s.parquet.Rows()) {
		s.sample = append(s.sample, s.parquetRow(i))
	}
	return s.checkSample()
}

func (s *source) parquetRow(i int) record {
	cells := make([]string, len(s.names))
	for j := range s.parquet.Columns {
		c := &s.parquet.Columns[j]
		switch {
		case c.IsNull(i):
		case c.Type == table.Text:
			cells[j] = c.Texts[i]
		case c.Type == table.Float64:
			cells[j] = strconv.FormatFloat(c.Floats[i], 'g', -1, 64)
		case c.Type == table.Timestamp:
			cells[j] = time.Unix(0, c.Ints[i]).UTC().Format(time.RFC3339Nano)
		default:
			cells[j] = strconv.FormatInt(c.Ints[i], 10)
		}
	}
	return record{i + 1, cells}
}
