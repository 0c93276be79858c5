package table

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// chunkReader reads the values of one column in one row group, page by page.
type chunkReader struct {
	leaf       leaf
	file       io.ReaderAt
	offset     int64 // of the next page
	end        int64
	codec      format.CompressionCodec
	zstd       *zstd.Decoder // shared by the readers of a scan
	left       int64         // values of the pages that are not read yet
	dict       *values
	head       []byte
	page       values // of the current page, without nulls
	null       []bool // by row of the page; nil: no nulls
	rows       int    // of the page
	row, value int    // what is next
}

func (s *scanner) newChunkReader(l leaf, meta *format.ColumnMetaData) (*chunkReader, error) {
	size := s.file.Size()
	r := &chunkReader{leaf: l, file: s.file, offset: meta.DataPageOffset, codec: meta.Codec, zstd: s.zstd, left: meta.NumValues}
	if d := meta.DictionaryPageOffset; d > 0 && d < r.offset {
		r.offset = d
	}
	if meta.TotalCompressedSize < 0 || r.offset < 4 || r.offset > size || meta.TotalCompressedSize > size-r.offset {
		return nil, damaged("%d bytes at %d in a file of %d", meta.TotalCompressedSize, r.offset, size)
	}
	if meta.Type != format.Type(l.kind) {
		return nil, damaged("values of %s in a column of %s", meta.Type, l.kind)
	}
	r.end = r.offset + meta.TotalCompressedSize
	return r, nil
}

// read replaces the column's values with the next n.
func (r *chunkReader) read(c *Column, n int) error {
	c.Ints, c.Floats, c.Texts, c.Null = c.Ints[:0], c.Floats[:0], c.Texts[:0], nil
	for done := 0; done < n; done++ {
		for r.row == r.rows {
			if err := r.nextPage(); err != nil {
				return err
			}
		}
		if r.null != nil && r.null[r.row] {
			c.appendNull()
		} else {
			if c.Null != nil {
				c.Null = append(c.Null, false)
			}
			if err := r.leaf.convert(c, &r.page, r.value); err != nil {
				return err
			}
			r.value++
		}
		r.row++
	}
	return nil
}

// nextPage reads pages up to the next data page.
func (r *chunkReader) nextPage() error {
	h, body, err := r.block()
	if err != nil {
		return err
	}
	switch {
	case h.Type == format.DataPage && h.DataPageHeader.Valid:
		return r.pageV1(h, body)
	case h.Type == format.DataPageV2 && h.DataPageHeaderV2.Valid:
		return r.pageV2(h, body)
	case h.Type == format.DictionaryPage && h.DictionaryPageHeader.Valid && r.dict == nil:
		d := h.DictionaryPageHeader.V
		if d.NumValues < 0 || d.NumValues > maxPageValues {
			return damaged("a dictionary of %d values", d.NumValues)
		}
		if body, err = r.decompress(body, int(h.UncompressedPageSize)); err != nil {
			return err
		}
		v, err := decodePlain(body, int(d.NumValues), r.leaf.kind, r.leaf.width)
		r.dict = &v
		return err
	case h.Type == format.IndexPage:
		return nil
	}
	return damaged("a page of type %s", h.Type)
}

// block reads a page's header and its bytes as stored.
func (r *chunkReader) block() (*format.PageHeader, []byte, error) {
	if r.offset >= r.end || r.left == 0 {
		return nil, nil, damaged("values are missing")
	}
	if r.head == nil {
		r.head = make([]byte, 64<<10)
	}
	head := r.head[:min(int64(len(r.head)), r.end-r.offset)]
	if n, err := r.file.ReadAt(head, r.offset); n < len(head) {
		return nil, nil, err
	}
	if err := checkThrift(head, false); err != nil {
		return nil, nil, err
	}
	h := new(format.PageHeader)
	source := (&thrift.CompactProtocol{}).NewReaderFromBytes(head)
	if err := thrift.NewDecoder(source).Decode(h); err != nil {
		return nil, nil, damaged("page header: %v", err)
	}
	r.offset += int64(source.BytesRead())
	if n := int64(h.CompressedPageSize); n < 0 || n > maxPage || n > r.end-r.offset || h.UncompressedPageSize < 0 || h.UncompressedPageSize > maxPage {
		return nil, nil, damaged("a page of %d bytes, %d unpacked, at %d", n, h.UncompressedPageSize, r.offset)
	}
	body := make([]byte, h.CompressedPageSize)
	if n, err := r.file.ReadAt(body, r.offset); n < len(body) {
		return nil, nil, err
	}
	if h.CRC != 0 && uint32(h.CRC) != crc32.ChecksumIEEE(body) {
		return nil, nil, damaged("wrong checksum of the page at %d", r.offset)
	}
	r.offset += int64(len(body))
	return h, body, nil
}

// begin checks a data page's number of values.
func (r *chunkReader) begin(n int32) error {
	if n < 0 || n > maxPageValues || int64(n) > r.left {
		return damaged("a page of %d values, %d are left", n, r.left)
	}
	r.left -= int64(n)
	r.row, r.value, r.rows, r.null = 0, 0, int(n), nil
	return nil
}

func (r *chunkReader) pageV1(h *format.PageHeader, body []byte) (err error) {
	d := h.DataPageHeader.V
	if err := r.begin(d.NumValues); err != nil {
		return err
	}
	if body, err = r.decompress(body, int(h.UncompressedPageSize)); err != nil {
		return err
	}
	if r.leaf.nullable {
		if len(body) < 4 || uint64(binary.LittleEndian.Uint32(body)) > uint64(len(body)-4) {
			return damaged("a page of %d bytes without its levels", len(body))
		}
		if d.DefinitionLevelEncoding != format.RLE {
			return fmt.Errorf("levels in the encoding %s are not supported", d.DefinitionLevelEncoding)
		}
		levels := body[4 : 4+binary.LittleEndian.Uint32(body)]
		body = body[4+len(levels):]
		if err := r.setNulls(levels); err != nil {
			return err
		}
	}
	return r.setValues(body, d.Encoding)
}

func (r *chunkReader) pageV2(h *format.PageHeader, body []byte) (err error) {
	d := h.DataPageHeaderV2.V
	if err := r.begin(d.NumValues); err != nil {
		return err
	}
	a, b := int(d.RepetitionLevelsByteLength), int(d.DefinitionLevelsByteLength)
	if a < 0 || b < 0 || a > len(body) || b > len(body)-a || a+b > int(h.UncompressedPageSize) {
		return damaged("levels of %d and %d bytes in a page of %d", a, b, len(body))
	}
	levels := body[a : a+b]
	body = body[a+b:]
	if !d.IsCompressed.Valid || d.IsCompressed.V {
		if body, err = r.decompress(body, int(h.UncompressedPageSize)-a-b); err != nil {
			return err
		}
	}
	if r.leaf.nullable {
		if err := r.setNulls(levels); err != nil {
			return err
		}
	}
	return r.setValues(body, d.Encoding)
}

func (r *chunkReader) setNulls(levels []byte) error {
	defined, err := decodeRuns(levels, r.rows, 1)
	if err != nil {
		return err
	}
	r.null = make([]bool, r.rows)
	for i, d := range defined {
		r.null[i] = d == 0
	}
	return nil
}

func (r *chunkReader) setValues(body []byte, enc format.Encoding) (err error) {
	n := r.rows
	for _, null := range r.null {
		if null {
			n--
		}
	}
	if n == 0 {
		r.page = values{}
		return nil
	}
	r.page, err = decode(body, n, r.leaf.kind, r.leaf.width, enc, r.dict)
	if err == nil && r.page.len() < n {
		err = damaged("%d values instead of %d", r.page.len(), n)
	}
	return err
}

// decompress unpacks a page to exactly size bytes.
func (r *chunkReader) decompress(src []byte, size int) ([]byte, error) {
	var out []byte
	var err error
	switch r.codec {
	case format.Uncompressed:
		out = src
	case format.Snappy:
		n, e := snappy.DecodedLen(src)
		if e == nil && n != size {
			return nil, damaged("a page of %d bytes instead of %d", n, size)
		}
		out, err = snappy.Decode(nil, src)
	case format.Zstd:
		out, err = r.zstd.DecodeAll(src, make([]byte, 0, size))
	case format.Gzip:
		z, e := gzip.NewReader(bytes.NewReader(src))
		if e != nil {
			return nil, damaged("%v", e)
		}
		out, err = io.ReadAll(io.LimitReader(z, int64(size)+1))
	default:
		return nil, fmt.Errorf("the compression %s is not supported: write the file with zstd, snappy, gzip or none", r.codec)
	}
	if err != nil {
		return nil, damaged("%v", err)
	}
	if len(out) != size {
		return nil, damaged("a page of %d bytes instead of %d", len(out), size)
	}
	return out, nil
}
