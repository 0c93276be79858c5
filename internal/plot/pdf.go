package plot

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
)

// PDF draws the figure as a PDF 1.4 document of one page of its size, for \includegraphics. The font is embedded with the characters
// used, and can be searched and copied. There is no date, producer or identifier in it.
func (f *Figure) PDF() ([]byte, error) { return pdf(f) }

func pdf(d drawing) ([]byte, error) {
	s, err := d.scene()
	if err != nil {
		return nil, err
	}
	w := &pdfWriter{font: liberation(), scene: s}
	w.collect()
	return w.document(), nil
}

type pdfWriter struct {
	font       font
	scene      *scene
	runes      []rune   // used, sorted
	glyphs     []uint16 // embedded, sorted: a glyph's index is its code
	lastPaint  string
	lastStroke string
	content    bytes.Buffer
}

// collect finds the characters and glyphs to embed.
func (w *pdfWriter) collect() {
	for _, m := range w.scene.marks {
		for _, r := range m.text.body + m.text.raised {
			if plain, ok := w.font.raised(r); ok {
				r = plain
			}
			w.runes = append(w.runes, r)
		}
	}
	slices.Sort(w.runes)
	w.runes = slices.Compact(w.runes)
	wanted := make([]uint16, len(w.runes))
	for i, r := range w.runes {
		wanted[i] = w.font.glyph(r)
	}
	w.glyphs = w.font.closure(wanted)
}

func (w *pdfWriter) code(r rune) int {
	i, _ := slices.BinarySearch(w.glyphs, w.font.glyph(r))
	return i
}

// The numbers of the document's objects.
const (
	catalogObject = 1 + iota
	pagesObject
	pageObject
	contentObject
	fontObject
	cidFontObject
	descriptorObject
	fontFileObject
	unicodeObject
	pdfObjects = iota
)

func (w *pdfWriter) document() []byte {
	for _, m := range w.scene.marks {
		w.draw(m)
	}
	subset := w.font.subset(w.glyphs)
	name := w.fontName(subset)
	objects := []string{
		fmt.Sprintf("<</Type/Catalog/Pages %d 0 R>>", pagesObject),
		fmt.Sprintf("<</Type/Pages/Kids[%d 0 R]/Count 1>>", pageObject),
		fmt.Sprintf("<</Type/Page/Parent %d 0 R/MediaBox[0 0 %s %s]/Contents %d 0 R/Resources<</ProcSet[/PDF/Text]/Font<</F %d 0 R>>/ExtGState<<%s>>>>>>",
			pagesObject, number(w.scene.width), number(w.scene.height), contentObject, fontObject, w.opacities()),
		stream(w.content.Bytes(), ""),
		fmt.Sprintf("<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>", name, cidFontObject, unicodeObject),
		fmt.Sprintf("<</Type/Font/Subtype/CIDFontType2/BaseFont/%s/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor %d 0 R/CIDToGIDMap/Identity/W[0[%s]]>>",
			name, descriptorObject, w.widths()),
		fmt.Sprintf("<</Type/FontDescriptor/FontName/%s/Flags 4/FontBBox[%s]/ItalicAngle 0/Ascent 905/Descent -212/CapHeight 729/StemV 80/FontFile2 %d 0 R>>",
			name, w.box(), fontFileObject),
		stream(subset, fmt.Sprintf("/Length1 %d", len(subset))),
		stream(w.unicode(), ""),
	}
	var out bytes.Buffer
	out.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	offsets := make([]int, 0, pdfObjects)
	for i, o := range objects {
		offsets = append(offsets, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", pdfObjects+1)
	for _, offset := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&out, "trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n", pdfObjects+1, catalogObject, xref)
	return out.Bytes()
}

func stream(data []byte, more string) string {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed) // a bytes.Buffer takes everything: no error is possible
	z.Write(data)
	z.Close()
	return fmt.Sprintf("<</Length %d/Filter/FlateDecode%s>>\nstream\n%s\nendstream", packed.Len(), more, packed.Bytes())
}

// fontName tags the name with six letters that stand for this subset, as the standard asks.
func (w *pdfWriter) fontName(subset []byte) string {
	h := fnv.New64a()
	h.Write(subset)
	sum, tag := h.Sum64(), make([]byte, 6)
	for i := range tag {
		tag[i] = 'A' + byte(sum%26)
		sum /= 26
	}
	return string(tag) + "+LiberationSans"
}

func (w *pdfWriter) thousandths(v int) int { return (v*1000 + w.font.em/2) / w.font.em }

func (w *pdfWriter) widths() string {
	var b strings.Builder
	for i, g := range w.glyphs {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprint(&b, w.thousandths(w.font.advance(g)))
	}
	return b.String()
}

func (w *pdfWriter) box() string {
	head := w.font.tables["head"]
	at := func(i int) int { return int(int16(be16(head, i))) * 1000 / w.font.em }
	return fmt.Sprintf("%d %d %d %d", at(36), at(38), at(40), at(42))
}

// unicode is the CMap from codes back to characters, for searching and copying.
func (w *pdfWriter) unicode() []byte {
	var b bytes.Buffer
	b.WriteString("/CIDInit/ProcSet findresource begin 12 dict begin begincmap\n/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def\n" +
		"/CMapName/Adobe-Identity-UCS def/CMapType 2 def\n1 begincodespacerange<0000><FFFF>endcodespacerange\n")
	for part := range slices.Chunk(w.runes, 100) {
		fmt.Fprintf(&b, "%d beginbfchar\n", len(part))
		for _, r := range part {
			fmt.Fprintf(&b, "<%04X><%s>\n", w.code(r), strings.ToUpper(hex.EncodeToString(utf16be(r))))
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap CMapName currentdict/CMap defineresource pop end end")
	return b.Bytes()
}

func utf16be(r rune) []byte {
	if r > 0xffff {
		r = 0xfffd
	}
	return []byte{byte(r >> 8), byte(r)}
}

// opacities declares a graphics state for each opacity in use.
func (w *pdfWriter) opacities() string {
	var used []int
	for _, m := range w.scene.marks {
		used = append(used, m.opacity)
	}
	slices.Sort(used)
	var b strings.Builder
	for _, o := range slices.Compact(used) {
		fmt.Fprintf(&b, "/G%d<</ca %s/CA %s>>", o, number(unit(o)), number(unit(o)))
	}
	return b.String()
}

func (w *pdfWriter) draw(m mark) {
	c := &w.content
	if p := fmt.Sprintf("%s rg %s RG /G%d gs\n", colour(m.paint), colour(m.paint), m.opacity); p != w.lastPaint {
		c.WriteString(p)
		w.lastPaint = p
	}
	if m.runs == nil {
		w.text(m.text)
		return
	}
	if !m.fill {
		cap := 1
		if m.dash != nil {
			cap = 0
		}
		if p := fmt.Sprintf("%s w %d J 1 j [%s] 0 d\n", number(m.width), cap, dashes(m.dash)); p != w.lastStroke {
			c.WriteString(p)
			w.lastStroke = p
		}
	}
	for _, run := range m.runs {
		w.run(run, m.closed)
	}
	if m.fill {
		c.WriteString("f\n")
	} else {
		c.WriteString("S\n")
	}
}

func colour(p paint) string {
	part := func(shift int) string { return number(unit((int(p.rgb>>shift&0xff)*100 + 127) / 255)) }
	return part(16) + " " + part(8) + " " + part(0)
}

func (w *pdfWriter) run(run []spot, closed bool) {
	for i, p := range run {
		operator := "l"
		if i == 0 {
			operator = "m"
		}
		fmt.Fprintf(&w.content, "%s %s %s\n", number(p.x), number(w.scene.height-p.y), operator)
	}
	switch {
	case len(run) == 1:
		fmt.Fprintf(&w.content, "%s %s l\n", number(run[0].x), number(w.scene.height-run[0].y))
	case closed:
		w.content.WriteString("h\n")
	}
}

func (w *pdfWriter) text(t text) {
	size := float64(t.size) / 100
	width := w.font.width(t.body, size) + w.font.width(t.raised, size*raisedSize)
	shift := unit(0)
	switch t.anchor {
	case middle:
		shift = units(width / 2)
	case end:
		shift = units(width)
	}
	x, y, matrix := t.at.x-shift, w.scene.height-t.at.y, "1 0 0 1"
	if t.turned {
		x, y, matrix = t.at.x, w.scene.height-t.at.y-shift, "0 1 -1 0"
	}
	fmt.Fprintf(&w.content, "BT %s %s %s Tm", matrix, number(x), number(y))
	w.show(t.body, size, false)
	w.show(t.raised, size, true)
	w.content.WriteString(" ET\n")
}

// show writes characters after those before, in pieces where some are raised because the font has no superscript.
func (w *pdfWriter) show(s string, size float64, raised bool) {
	var codes strings.Builder
	flush := func(raised bool) {
		switch {
		case codes.Len() == 0:
		case raised:
			fmt.Fprintf(&w.content, " /F %s Tf %s Ts <%s> Tj 0 Ts", number(units(size*raisedSize)), number(units(size*raisedBy)), codes.String())
		default:
			fmt.Fprintf(&w.content, " /F %s Tf <%s> Tj", number(units(size)), codes.String())
		}
		codes.Reset()
	}
	up := raised
	for _, r := range s {
		plain, ok := w.font.raised(r)
		if ok {
			r = plain
		}
		if now := raised || ok; now != up {
			flush(up)
			up = now
		}
		fmt.Fprintf(&codes, "%04X", w.code(r))
	}
	flush(up)
}
