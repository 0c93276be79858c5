package plot

import (
	"encoding/binary"
	"slices"

	"codeberg.org/go-fonts/liberation/liberationsansregular"
)

// A font is a TrueType font's tables. It is only ever the embedded Liberation Sans (SIL OFL 1.1), whose widths are those of
// Helvetica and Arial, so a page that lacks it looks the same; hence no defence against damaged tables.
type font struct {
	tables  map[string][]byte // looked up, never iterated
	em      int
	metrics int // entries in hmtx
	long    bool
}

func liberation() font {
	data := liberationsansregular.TTF
	f := font{tables: map[string][]byte{}}
	for i := range int(be16(data, 4)) {
		entry := data[12+16*i:]
		offset, length := be32(entry, 8), be32(entry, 12)
		f.tables[string(entry[:4])] = data[offset : offset+length]
	}
	f.em = int(be16(f.tables["head"], 18))
	f.long = be16(f.tables["head"], 50) == 1
	f.metrics = int(be16(f.tables["hhea"], 34))
	return f
}

func be16(b []byte, i int) uint16 { return binary.BigEndian.Uint16(b[i:]) }
func be32(b []byte, i int) uint32 { return binary.BigEndian.Uint32(b[i:]) }

// glyph finds a character's glyph in the cmap's format 4 table (platform 3, encoding 1); 0 is the box for what is missing.
func (f *font) glyph(r rune) uint16 {
	cmap := f.tables["cmap"]
	for i := range int(be16(cmap, 2)) {
		record := cmap[4+8*i:]
		if be16(record, 0) == 3 && be16(record, 2) == 1 {
			return lookup4(cmap[be32(record, 4):], r)
		}
	}
	return 0
}

func lookup4(t []byte, r rune) uint16 {
	if r > 0xffff {
		return 0
	}
	twice := int(be16(t, 6)) // two bytes per segment
	ends, starts, deltas, offsets := 14, 16+twice, 16+2*twice, 16+3*twice
	for i := 0; i < twice; i += 2 {
		if uint16(r) > be16(t, ends+i) {
			continue
		}
		from := be16(t, starts+i)
		if uint16(r) < from {
			return 0
		}
		offset := be16(t, offsets+i)
		if offset == 0 {
			return uint16(r) + be16(t, deltas+i)
		}
		g := be16(t, offsets+i+int(offset)+2*int(uint16(r)-from))
		if g == 0 {
			return 0
		}
		return g + be16(t, deltas+i)
	}
	return 0
}

// advance is a glyph's width in the font's units.
func (f *font) advance(glyph uint16) int {
	return int(be16(f.tables["hmtx"], 4*min(int(glyph), f.metrics-1)))
}

// width measures a line of text in points.
func (f *font) width(s string, size float64) float64 {
	sum := 0.0
	for _, r := range s {
		if plain, ok := f.raised(r); ok {
			sum += float64(float64(f.advance(f.glyph(plain))) * raisedSize)
			continue
		}
		sum += float64(f.advance(f.glyph(r)))
	}
	return float64(sum*size) / float64(f.em)
}

// raised says which character stands, small and raised, for a superscript that the font lacks: it has some of them only.
func (f *font) raised(r rune) (plain rune, ok bool) {
	const superscripts, plains = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789−+"
	if r < '²' {
		return 0, false
	}
	i := slices.Index([]rune(superscripts), r)
	if i < 0 || f.glyph(r) != 0 {
		return 0, false
	}
	return []rune(plains)[i], true
}

// outline is a glyph's entry in glyf, empty for a space.
func (f *font) outline(glyph uint16) []byte {
	loca, g := f.tables["loca"], int(glyph)
	if f.long {
		return f.tables["glyf"][be32(loca, 4*g):be32(loca, 4*g+4)]
	}
	return f.tables["glyf"][2*int(be16(loca, 2*g)) : 2*int(be16(loca, 2*g+2))]
}

// A component of a composite glyph starts with flags and the glyph it uses.
const (
	wordArguments = 1 << 0
	scaled        = 1 << 3
	more          = 1 << 5
	scaledXY      = 1 << 6
	scaled2x2     = 1 << 7
	instructed    = 1 << 8
)

// components calls each with the position of every component's flags; it returns the position after the last.
func components(outline []byte, each func(at int)) int {
	at := 10
	for {
		flags := be16(outline, at)
		each(at)
		at += 6
		if flags&wordArguments != 0 {
			at += 2
		}
		switch {
		case flags&scaled != 0:
			at += 2
		case flags&scaledXY != 0:
			at += 4
		case flags&scaled2x2 != 0:
			at += 8
		}
		if flags&more == 0 {
			return at
		}
	}
}

func composite(outline []byte) bool { return len(outline) > 0 && int16(be16(outline, 0)) < 0 }

// closure lists the wanted glyphs, glyph 0, and all they are composed of, sorted.
func (f *font) closure(wanted []uint16) []uint16 {
	all := append([]uint16{0}, wanted...)
	for i := 0; i < len(all); i++ {
		if o := f.outline(all[i]); composite(o) {
			components(o, func(at int) {
				if g := be16(o, at+2); !slices.Contains(all, g) {
					all = append(all, g)
				}
			})
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// subset makes a TrueType font of the given glyphs (a closure), renumbered in their order and without hints, as PDF embeds it.
func (f *font) subset(glyphs []uint16) []byte {
	var glyf, loca, hmtx []byte
	for _, g := range glyphs {
		loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
		glyf = append(glyf, plain(f.outline(g), glyphs)...)
		for len(glyf)%4 != 0 {
			glyf = append(glyf, 0)
		}
		hmtx = binary.BigEndian.AppendUint16(hmtx, uint16(f.advance(g)))
		hmtx = append(hmtx, 0, 0) // side bearing: only for hinting
	}
	loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
	head, hhea, maxp := slices.Clone(f.tables["head"]), slices.Clone(f.tables["hhea"]), slices.Clone(f.tables["maxp"])
	binary.BigEndian.PutUint32(head[8:], 0)
	binary.BigEndian.PutUint16(head[50:], 1) // long loca
	binary.BigEndian.PutUint16(hhea[34:], uint16(len(glyphs)))
	binary.BigEndian.PutUint16(maxp[4:], uint16(len(glyphs)))
	return assemble([]string{"glyf", "head", "hhea", "hmtx", "loca", "maxp"}, [][]byte{glyf, head, hhea, hmtx, loca, maxp})
}

// plain copies an outline without its instructions, components renumbered to their index in glyphs.
func plain(outline []byte, glyphs []uint16) []byte {
	if len(outline) == 0 {
		return nil
	}
	out := slices.Clone(outline)
	if composite(outline) {
		end := components(out, func(at int) {
			i, _ := slices.BinarySearch(glyphs, be16(out, at+2))
			binary.BigEndian.PutUint16(out[at+2:], uint16(i))
			binary.BigEndian.PutUint16(out[at:], be16(out, at)&^instructed)
		})
		return out[:end]
	}
	lengthAt := 10 + 2*int(be16(out, 0))
	length := int(be16(out, lengthAt))
	out[lengthAt], out[lengthAt+1] = 0, 0
	return slices.Delete(out, lengthAt+2, lengthAt+2+length)
}

// assemble writes a TrueType file of the named tables, which must be sorted.
func assemble(names []string, tables [][]byte) []byte {
	n := len(names)
	out := binary.BigEndian.AppendUint32(nil, 0x00010000)
	out = binary.BigEndian.AppendUint16(out, uint16(n))
	search, selector := 16, 0
	for search*2 <= 16*n {
		search, selector = search*2, selector+1
	}
	out = binary.BigEndian.AppendUint16(out, uint16(search))
	out = binary.BigEndian.AppendUint16(out, uint16(selector))
	out = binary.BigEndian.AppendUint16(out, uint16(16*n-search))
	offset := 12 + 16*n
	var body []byte
	for i, t := range tables {
		padded := append(slices.Clone(t), make([]byte, (4-len(t)%4)%4)...)
		var sum uint32
		for j := 0; j < len(padded); j += 4 {
			sum += be32(padded, j)
		}
		out = append(out, names[i]...)
		out = binary.BigEndian.AppendUint32(out, sum)
		out = binary.BigEndian.AppendUint32(out, uint32(offset+len(body)))
		out = binary.BigEndian.AppendUint32(out, uint32(len(t)))
		body = append(body, padded...)
	}
	return append(out, body...)
}
