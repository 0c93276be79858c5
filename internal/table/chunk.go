package table

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// chunk collects one column's pages of a row group.
type chunk struct {
	encoding     format.Encoding
	narrow       bool // stored as INT32
	pages        []byte
	uncompressed int64 // with page headers
	values       int64
	nulls        int64
	low, high    int64 // of Ints; low > high when there are none
	dict         dictionary
	buffer, body []byte
	ints         []int64
	indexes      []uint32
}

// start chooses the encoding by the column's first page.
func (k *chunk) start(c *Column) {
	k.low, k.high = math.MaxInt64, math.MinInt64
	k.narrow = c.Type == Uint32 || c.Type == Uint16 || c.Type == Uint8
	switch {
	case c.Type == Float64:
		k.encoding = format.Plain
	case c.Type == Timestamp || c.Type == Int64 || c.Type == Uint32 && slices.IsSorted(c.Ints):
		k.encoding = format.DeltaBinaryPacked
	default:
		k.encoding = format.RLEDictionary
	}
}

// addPage encodes and compresses the column as a data page (version 1).
func (k *chunk) addPage(c *Column, z *zstd.Encoder) error {
	n := c.Len()
	b := k.buffer[:0]
	if c.Nullable {
		b = append(b, 0, 0, 0, 0)
		b = appendRuns(b, k.levels(c), 1)
		binary.LittleEndian.PutUint32(b, uint32(len(b)-4))
	}
	k.buffer = k.appendValues(b, c)
	k.values += int64(n)
	return k.addBlock(&format.PageHeader{Type: format.DataPage, DataPageHeader: thrift.New(format.DataPageHeader{
		NumValues: int32(n), Encoding: k.encoding, DefinitionLevelEncoding: format.RLE, RepetitionLevelEncoding: format.RLE,
	})}, k.buffer, z)
}

// levels gives 1 for a value and 0 for a null.
func (k *chunk) levels(c *Column) []uint32 {
	levels := k.indexes[:0]
	for i := range c.Len() {
		level := uint32(1)
		if c.IsNull(i) {
			level = 0
			k.nulls++
		}
		levels = append(levels, level)
	}
	k.indexes = levels
	return levels
}

func (k *chunk) appendValues(b []byte, c *Column) []byte {
	switch c.Type {
	case Float64:
		for i, v := range c.Floats {
			if !c.IsNull(i) {
				b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
			}
		}
		return b
	case Text:
		indexes := k.indexes[:0]
		for i, v := range c.Texts {
			if !c.IsNull(i) {
				indexes = append(indexes, k.dict.text(v))
			}
		}
		k.indexes = indexes
		return appendIndexes(b, indexes)
	}
	ints := k.ints[:0]
	for i, v := range c.Ints {
		if !c.IsNull(i) {
			ints = append(ints, v)
			k.low, k.high = min(k.low, v), max(k.high, v)
		}
	}
	k.ints = ints
	if k.encoding == format.DeltaBinaryPacked {
		return appendDeltas(b, ints, k.narrow)
	}
	indexes := k.indexes[:0]
	for _, v := range ints {
		indexes = append(indexes, k.dict.int(v))
	}
	k.indexes = indexes
	return appendIndexes(b, indexes)
}

// addBlock appends a page with its header to the chunk.
func (k *chunk) addBlock(h *format.PageHeader, data []byte, z *zstd.Encoder) error {
	k.body = z.EncodeAll(data, k.body[:0])
	h.UncompressedPageSize, h.CompressedPageSize = int32(len(data)), int32(len(k.body))
	header, err := thrift.Marshal(&thrift.CompactProtocol{}, h)
	if err != nil {
		return err
	}
	k.pages = append(append(k.pages, header...), k.body...)
	k.uncompressed += int64(len(header) + len(data))
	return nil
}

// finish returns the chunk's description and bytes, and empties the chunk for the next row group.
func (k *chunk) finish(c *Column, offset int64, z *zstd.Encoder) (meta format.ColumnMetaData, parts [][]byte, err error) {
	meta = format.ColumnMetaData{Type: k.physical(c), PathInSchema: []string{c.Name}, Codec: format.Zstd, NumValues: k.values, DataPageOffset: offset}
	meta.Statistics = k.statistics(c)
	meta.Encoding = append(meta.Encoding, k.encoding)
	if c.Nullable {
		meta.Encoding = append(meta.Encoding, format.RLE)
	}
	parts = [][]byte{slices.Clone(k.pages)}
	if k.encoding == format.RLEDictionary {
		meta.Encoding = append(meta.Encoding, format.Plain)
		k.pages = k.pages[:0]
		err := k.addBlock(&format.PageHeader{Type: format.DictionaryPage, DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{
			NumValues: int32(k.dict.n), Encoding: format.Plain})}, k.dict.plain(k.narrow), z)
		if err != nil {
			return meta, nil, err
		}
		parts = [][]byte{slices.Clone(k.pages), parts[0]}
		meta.DictionaryPageOffset = offset
		meta.DataPageOffset += int64(len(parts[0]))
	}
	for _, part := range parts {
		meta.TotalCompressedSize += int64(len(part))
	}
	meta.TotalUncompressedSize = k.uncompressed
	k.pages, k.uncompressed, k.values, k.nulls = k.pages[:0], 0, 0, 0
	k.low, k.high = math.MaxInt64, math.MinInt64
	k.dict.reset()
	return meta, parts, nil
}

func (k *chunk) physical(c *Column) format.Type {
	switch {
	case c.Type == Float64:
		return format.Double
	case c.Type == Text:
		return format.ByteArray
	case k.narrow:
		return format.Int32
	}
	return format.Int64
}

func (k *chunk) statistics(c *Column) format.Statistics {
	s := format.Statistics{NullCount: k.nulls}
	if k.low <= k.high {
		s.MinValue, s.MaxValue = appendPlain(nil, []int64{k.low}, k.narrow), appendPlain(nil, []int64{k.high}, k.narrow)
	}
	return s
}

// dictionary numbers the distinct values of a row group in order of their first appearance.
type dictionary struct {
	n     uint32
	small []uint32 // index + 1 of the integers below 2^16
	ints  map[int64]uint32
	texts map[string]uint32
	order []int64 // the integers by index
	bytes []byte  // the texts, plain encoded
}

func (d *dictionary) int(v int64) uint32 {
	if v < 1<<16 {
		if d.small == nil {
			d.small = make([]uint32, 1<<16)
		}
		if i := d.small[v]; i != 0 {
			return i - 1
		}
		d.small[v] = d.n + 1
	} else {
		if i, ok := d.ints[v]; ok {
			return i
		}
		if d.ints == nil {
			d.ints = map[int64]uint32{}
		}
		d.ints[v] = d.n
	}
	d.order = append(d.order, v)
	d.n++
	return d.n - 1
}

func (d *dictionary) text(v string) uint32 {
	if i, ok := d.texts[v]; ok {
		return i
	}
	if d.texts == nil {
		d.texts = map[string]uint32{}
	}
	d.texts[v] = d.n
	d.bytes = append(binary.LittleEndian.AppendUint32(d.bytes, uint32(len(v))), v...)
	d.n++
	return d.n - 1
}

func (d *dictionary) plain(narrow bool) []byte {
	if d.bytes != nil {
		return d.bytes
	}
	return appendPlain(nil, d.order, narrow)
}

func (d *dictionary) reset() {
	for _, v := range d.order {
		if v < 1<<16 {
			d.small[v] = 0
		}
	}
	*d = dictionary{small: d.small, order: d.order[:0]}
}

// writeFooter writes the schema, the row groups and the metadata, keys in order.
func (w *Writer) writeFooter() error {
	if w.offset == 0 {
		if err := w.write([]byte(magic)); err != nil {
			return err
		}
	}
	meta := format.FileMetaData{Version: 1, NumRows: w.rows, RowGroups: w.groups, CreatedBy: createdBy}
	meta.Schema = append(meta.Schema, format.SchemaElement{Name: "weir", NumChildren: thrift.New(int32(len(w.schema)))})
	keys := maps.Clone(w.meta)
	if keys == nil {
		keys = map[string]string{}
	}
	for i := range w.schema {
		c := &w.schema[i]
		meta.Schema = append(meta.Schema, c.element())
		meta.ColumnOrders = append(meta.ColumnOrders, format.ColumnOrder{Value: &format.TypeDefinedOrder{}})
		if c.Unit != "" {
			keys[unitKey+c.Name] = c.Unit
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		meta.KeyValueMetadata = append(meta.KeyValueMetadata, format.KeyValue{Key: key, Value: keys[key]})
	}
	footer, err := thrift.Marshal(&thrift.CompactProtocol{}, &meta)
	if err != nil {
		return err
	}
	footer = binary.LittleEndian.AppendUint32(footer, uint32(len(footer)))
	return w.write(append(footer, magic...))
}

// element describes the column in the file's schema.
func (c *Column) element() format.SchemaElement {
	types := map[Type]parquet.Type{
		Timestamp: parquet.Timestamp(parquet.Nanosecond).Type(), Int64: parquet.Int(64).Type(), Float64: parquet.DoubleType, Text: parquet.String().Type(),
		Uint32: parquet.Uint(32).Type(), Uint16: parquet.Uint(16).Type(), Uint8: parquet.Uint(8).Type(),
	}
	t := types[c.Type]
	e := format.SchemaElement{Name: c.Name, RepetitionType: thrift.New(format.Required), Type: thrift.New(format.Type(t.Kind()))}
	if c.Nullable {
		e.RepetitionType = thrift.New(format.Optional)
	}
	if l := t.LogicalType(); l != nil {
		e.LogicalType = *l
	}
	if v := t.ConvertedType(); v != nil {
		e.ConvertedType = thrift.New(*v)
	}
	return e
}
