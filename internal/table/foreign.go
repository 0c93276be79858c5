package table

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// leaf is a column of a file and how its values become ours.
type leaf struct {
	name     string
	index    int // among all leaf columns of the file
	typ      Type
	nullable bool
	kind     parquet.Kind
	width    int    // bytes of a FIXED_LEN_BYTE_ARRAY
	unread   string // why it cannot be read; "" when it can
	convert  func(c *Column, p *values, i int) error
}

// leavesOf lists the file's columns; a nested one is named by its path with dots.
func leavesOf(file *parquet.File) (leaves []leaf, err error) {
	var walk func(c *parquet.Column, path string, nested bool)
	walk = func(c *parquet.Column, path string, nested bool) {
		if !c.Leaf() {
			for _, child := range c.Columns() {
				walk(child, path+child.Name()+".", nested || c.Repeated())
			}
			return
		}
		l := leaf{name: strings.TrimSuffix(path, "."), index: len(leaves), nullable: c.Optional(), kind: -1}
		if nested || c.Repeated() || strings.Count(path, ".") > strings.Count(c.Name(), ".")+1 {
			l.unread = "it is part of a list, map or struct"
		} else {
			l.kind, l.width = c.Type().Kind(), c.Type().Length()
			l.adopt(c)
		}
		leaves = append(leaves, l)
	}
	walk(file.Root(), "", false)
	if len(leaves) > maxColumns {
		return nil, fmt.Errorf("%d columns, at most %d are possible", len(leaves), maxColumns)
	}
	return leaves, nil
}

// choose returns the named leaves in that order, or for nil all that can be read.
func choose(all []leaf, names []string) (chosen []leaf, err error) {
	var known []string
	at := map[string]leaf{}
	for _, l := range all {
		if l.unread == "" {
			known = append(known, l.name)
			if names == nil {
				chosen = append(chosen, l)
			}
		}
		at[l.name] = l
	}
	for _, name := range names {
		l, ok := at[name]
		if !ok {
			return nil, unknown(name, known)
		}
		if l.unread != "" {
			return nil, fmt.Errorf("column %q cannot be read: %s", name, l.unread)
		}
		chosen = append(chosen, l)
	}
	return chosen, nil
}

// appendNull adds a null.
func (c *Column) appendNull() {
	for len(c.Null) < c.Len() {
		c.Null = append(c.Null, false)
	}
	c.Null = append(c.Null, true)
	switch c.Type {
	case Float64:
		c.Floats = append(c.Floats, math.NaN())
	case Text:
		c.Texts = append(c.Texts, "")
	default:
		c.Ints = append(c.Ints, 0)
	}
}

// adopt sets the leaf's type and conversion from the column's physical and logical type.
func (l *leaf) adopt(c *parquet.Column) {
	var logical format.LogicalTypeValue
	if t := c.Type().LogicalType(); t != nil {
		logical = t.Value
	}
	if d, ok := logical.(*format.DecimalType); ok && l.kind != parquet.Float && l.kind != parquet.Double && l.kind != parquet.Int96 {
		l.typ, l.convert = Float64, decimal(int(d.Scale))
		return
	}
	switch l.kind {
	case parquet.Boolean:
		l.typ, l.convert = Uint8, func(c *Column, p *values, i int) error {
			c.Ints = append(c.Ints, p.ints[i])
			return nil
		}
	case parquet.Int32:
		l.adoptInt32(logical)
	case parquet.Int64:
		l.adoptInt64(logical)
	case parquet.Int96:
		l.typ, l.convert = Timestamp, int96
	case parquet.Float, parquet.Double:
		l.typ, l.convert = Float64, func(c *Column, p *values, i int) error {
			c.Floats = append(c.Floats, p.floats[i])
			return nil
		}
	case parquet.ByteArray:
		l.typ, l.convert = Text, func(c *Column, p *values, i int) error {
			if n := len(p.texts[i]); n > maxText {
				return fmt.Errorf("a text of %d bytes, at most %d are possible", n, maxText)
			}
			c.Texts = append(c.Texts, p.texts[i])
			return nil
		}
	default:
		l.unread = fmt.Sprintf("weir has no use for %s", c.Type())
	}
}

func (l *leaf) adoptInt32(logical format.LogicalTypeValue) {
	l.typ = Int64
	l.convert = func(c *Column, p *values, i int) error {
		c.Ints = append(c.Ints, p.ints[i])
		return nil
	}
	switch t := logical.(type) {
	case *format.DateType:
		l.typ = Timestamp
		l.convert = func(c *Column, p *values, i int) error { return appendScaled(c, p.ints[i], 86_400_000_000_000) }
	case *format.IntType:
		if t.IsSigned {
			return
		}
		width := t.BitWidth
		l.typ = map[int8]Type{8: Uint8, 16: Uint16, 32: Uint32}[width]
		if l.typ == 0 {
			l.typ = Int64
		}
		l.convert = func(c *Column, p *values, i int) error {
			u := uint32(p.ints[i])
			if width < 32 && u>>uint(width) != 0 {
				return fmt.Errorf("damaged Parquet file: %d does not fit in %d bits", u, width)
			}
			c.Ints = append(c.Ints, int64(u))
			return nil
		}
	}
}

func (l *leaf) adoptInt64(logical format.LogicalTypeValue) {
	l.typ = Int64
	l.convert = func(c *Column, p *values, i int) error {
		c.Ints = append(c.Ints, p.ints[i])
		return nil
	}
	switch t := logical.(type) {
	case *format.TimestampType:
		scale := int64(1)
		switch t.Unit.Value.(type) {
		case *format.MilliSeconds:
			scale = 1_000_000
		case *format.MicroSeconds:
			scale = 1_000
		}
		l.typ = Timestamp
		l.convert = func(c *Column, p *values, i int) error { return appendScaled(c, p.ints[i], scale) }
	case *format.IntType:
		if t.IsSigned {
			return
		}
		l.convert = func(c *Column, p *values, i int) error {
			if p.ints[i] < 0 {
				return fmt.Errorf("%d is beyond 2^63-1", uint64(p.ints[i]))
			}
			c.Ints = append(c.Ints, p.ints[i])
			return nil
		}
	}
}

// appendScaled appends v units of scale nanoseconds.
func appendScaled(c *Column, v, scale int64) error {
	if v > math.MaxInt64/scale || v < math.MinInt64/scale {
		return fmt.Errorf("a time of %d x %d ns since 1970 is outside 1677..2262", v, scale)
	}
	c.Ints = append(c.Ints, v*scale)
	return nil
}

// int96 reads Impala's timestamp: nanoseconds of the day and the Julian day.
func int96(c *Column, p *values, i int) error {
	b := []byte(p.texts[i])
	nanos, julian := int64(binary.LittleEndian.Uint64(b)), binary.LittleEndian.Uint32(b[8:])
	days := int64(julian) - 2_440_588 // Julian day number of 1970-01-01
	if days < -106_751 || days > 106_750 || nanos < 0 || nanos > 86_400_000_000_000 {
		return fmt.Errorf("a time of Julian day %d is outside 1677..2262", julian)
	}
	c.Ints = append(c.Ints, days*86_400_000_000_000+nanos)
	return nil
}

// decimal converts unscaled integers (binary ones are big-endian two's complement) to the nearest float64.
func decimal(scale int) func(*Column, *values, int) error {
	return func(c *Column, p *values, i int) error {
		if scale < 0 || scale > 76 {
			return fmt.Errorf("damaged Parquet file: decimal scale %d", scale)
		}
		unscaled := new(big.Int)
		if p.texts == nil {
			unscaled.SetInt64(p.ints[i])
		} else {
			b := []byte(p.texts[i])
			if len(b) > 32 {
				return fmt.Errorf("a decimal of %d bytes, at most 32 are possible", len(b))
			}
			unscaled.SetBytes(b)
			if len(b) > 0 && b[0] >= 0x80 {
				unscaled.Sub(unscaled, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
			}
		}
		f, _ := new(big.Rat).SetFrac(unscaled, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)).Float64()
		c.Floats = append(c.Floats, f)
		return nil
	}
}
