// Command avo writes ../vector_amd64.s and ../vector_amd64.go, the kernels of internal/lstm for AVX2 with FMA and for AVX-512. It is a module of its own,
// so that the program does not depend on the assembler:
//
//	cd internal/lstm/avo && go run . -out ../vector_amd64.s -stubs ../vector_amd64.go -pkg lstm
//
// Each kernel computes what portable.go defines, operation by operation. The vectors hold 8 (AVX2) or 16 (AVX-512) samples; a block is the number of
// vectors whose sums fit into the registers.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!purego")
	forward(avx2, 2)
	gateGradients(avx2)
	stateGradients(avx2, 2)
	for vectors := 1; vectors <= 3; vectors++ {
		weightGradients(avx2, vectors, false)
	}
	transpose()
	adam()
	for _, vectors := range []int{1, 2, 4} {
		forward(avx512, vectors)
		stateGradients(avx512, vectors)
	}
	gateGradients(avx512)
	for vectors := 1; vectors <= 4; vectors++ {
		weightGradients(avx512, vectors, false)
	}
	for vectors := 1; vectors <= 3; vectors++ {
		weightGradients(avx512, vectors, true)
	}
	forwardGRU(avx2, 2)
	gateGradientsGRU(avx2)
	for _, vectors := range []int{1, 2, 4} {
		forwardGRU(avx512, vectors)
	}
	gateGradientsGRU(avx512)
	Generate()
}

// machine is one width of vector.
type machine struct {
	name   string
	bytes  int // of a vector
	vector func() VecVirtual
}

var (
	avx2   = machine{"AVX2", 32, YMM}
	avx512 = machine{"AVX512", 64, ZMM}
)

// digit is a small number as text, for names.
func digit(n int) string { return string(rune('0' + n)) }

func (m machine) zero() VecVirtual {
	a := m.vector()
	if m.bytes == 64 {
		VPXORD(a, a, a)
	} else {
		VXORPS(a, a, a)
	}
	return a
}

// constants are vectors of sixteen equal values in read-only memory.
var constants = map[string]Mem{}

func constant(name string, v float32) Mem {
	if m, ok := constants[name]; ok {
		return m
	}
	m := GLOBL(name, RODATA|NOPTR)
	for i := range 16 {
		DATA(4*i, F32(v))
	}
	constants[name] = m
	return m
}

// tanh replaces each vector by its tanh; see tanh.go.
func (m machine) tanh(vectors ...VecVirtual) {
	limit := func(name string, low, high float32) {
		c := m.vector()
		VMOVUPS(constant(name+"Low", low), c)
		for _, x := range vectors {
			VMAXPS(x, c, x) // NaN in x stays: the second operand is returned
		}
		c = m.vector()
		VMOVUPS(constant(name+"High", high), c)
		for _, x := range vectors {
			VMINPS(x, c, x)
		}
	}
	limit("limit", -9.02, 9.02)
	var u []VecVirtual
	for _, x := range vectors {
		s := m.vector()
		VMULPS(x, x, s)
		u = append(u, s)
	}
	chain := func(name string, coefficients ...float32) (values []VecVirtual) {
		for range vectors {
			values = append(values, m.vector())
		}
		for i, c := range coefficients {
			at := constant(name+digit(len(coefficients)-1-i), c)
			for j := range vectors {
				if i == 0 {
					VMOVUPS(at, values[j])
				} else {
					VFMADD213PS(at, u[j], values[j])
				}
			}
		}
		return values
	}
	p := chain("tanhP", -0x1.189ae0p-36, 0x1.57646cp-25, 0x1.331520p-15, 0x1.4b5b12p-8, 0x1.6e303ap-3, 0x1.4e9aa0p+0)
	for i, x := range vectors {
		VMULPS(p[i], x, x)
	}
	q := chain("tanhQ", 0x1.c3aedap-20, 0x1.0de6fep-11, 0x1.23baeep-5, 0x1.3a9dcep-1, 0x1.4e9aa0p+0)
	for i, x := range vectors {
		VDIVPS(q[i], x, x)
	}
	limit("one", -1, 1)
}

func (m machine) sigmoid(vectors ...VecVirtual) {
	half := m.vector()
	VMOVUPS(constant("half", 0.5), half)
	for _, x := range vectors {
		VMULPS(half, x, x)
	}
	m.tanh(vectors...)
	half = m.vector()
	VMOVUPS(constant("half", 0.5), half)
	for _, x := range vectors {
		VFMADD213PS(half, half, x)
	}
}

// bytesOf loads a count of float32 values as a number of bytes.
func bytesOf(name string) GPVirtual {
	r := GP64()
	Load(Param(name), r)
	SHLQ(Imm(2), r)
	return r
}

func pointer(name string) GPVirtual { return Load(Param(name), GP64()).(GPVirtual) }

func copyOf(r GPVirtual) GPVirtual {
	c := GP64()
	MOVQ(r, c)
	return c
}

// rows4 addresses four rows at a stride from p: p, p+s, p+2s and, through a pointer of its own, p+3s.
type rows4 struct{ p, p3, s GPVirtual }

func newRows4(p, s GPVirtual) rows4 {
	r := rows4{p: copyOf(p), s: s}
	r.p3 = GP64()
	LEAQ(Mem{Base: s, Index: s, Scale: 2}, r.p3)
	ADDQ(p, r.p3)
	return r
}

func (r rows4) at(i, disp int) Mem {
	switch i {
	case 0:
		return Mem{Base: r.p, Disp: disp}
	case 3:
		return Mem{Base: r.p3, Disp: disp}
	}
	return Mem{Base: r.p, Index: r.s, Scale: uint8(i), Disp: disp}
}

func (r rows4) advance(n int) {
	ADDQ(U32(uint32(n)), r.p)
	ADDQ(U32(uint32(n)), r.p3)
}

func forward(m machine, vectors int) {
	name := "forward" + digit(vectors) + m.name
	TEXT(name, NOSPLIT, "func(w *float32, width int, x *float32, lanes, k, blocks int, gates, cell, cells, curved, next *float32)")
	Pragma("noescape")
	Doc(name + " is step.forward for one unit and blocks of so many vectors of lanes; w and x are at the chain's first row, k is its length.")
	m.blocks(vectors, func(acc [4][]VecVirtual, g rows4, at vectorOf) { // by gate: i, f, g, o
		for i := range acc {
			if i == 2 {
				m.tanh(acc[i]...)
			} else {
				m.sigmoid(acc[i]...)
			}
		}
		m.leave(acc, g)
		c := acc[0]
		for v := range vectors {
			VMULPS(acc[2][v], c[v], c[v])
			VFMADD231PS(at("cell", v), acc[1][v], c[v])
		}
		for v := range vectors {
			VMOVUPS(c[v], at("cells", v))
		}
		m.tanh(c...)
		for v := range vectors {
			VMOVUPS(c[v], at("curved", v))
			VMULPS(c[v], acc[3][v], c[v])
			VMOVUPS(c[v], at("next", v))
		}
	})
}

func forwardGRU(m machine, vectors int) {
	name := "forwardGRU" + digit(vectors) + m.name
	TEXT(name, NOSPLIT, "func(w *float32, width int, x *float32, lanes, k, blocks int, gates, before, next *float32)")
	Pragma("noescape")
	Doc(name + " is forward of a GRU for one unit and blocks of so many vectors of lanes; w and x are at the chain's first row, k is its length; before is the unit's state.")
	m.blocks(vectors, func(acc [4][]VecVirtual, g rows4, at vectorOf) { // u, r, q, p
		m.sigmoid(acc[0]...)
		m.sigmoid(acc[1]...)
		for v := range vectors {
			VFMADD231PS(acc[2][v], acc[1][v], acc[3][v])
		}
		m.tanh(acc[3]...)
		m.leave(acc, g)
		for v := range vectors {
			h := m.vector()
			VMOVUPS(at("before", v), h)
			VSUBPS(acc[3][v], h, h)
			VFMADD213PS(acc[3][v], acc[0][v], h)
			VMOVUPS(h, at("next", v))
		}
	})
}

// vectorOf is vector v of the block in the row of a parameter.
type vectorOf func(parameter string, v int) Mem

// blocks multiplies x by the four rows of a unit, for each block of vectors, and has the sums finished, which must call leave.
func (m machine) blocks(vectors int, finish func(acc [4][]VecVirtual, gates rows4, at vectorOf)) {
	w, width := pointer("w"), bytesOf("width")
	x, lanes := pointer("x"), bytesOf("lanes")
	blocks := pointer("blocks")
	g := newRows4(pointer("gates"), lanes)
	offset := GP64() // bytes from the first lane
	XORQ(offset, offset)

	Label("block")
	var acc [4][]VecVirtual
	for i := range acc {
		for range vectors {
			acc[i] = append(acc[i], m.zero())
		}
	}
	row := newRows4(w, width)
	xp := GP64()
	LEAQ(Mem{Base: x, Index: offset, Scale: 1}, xp)
	k := pointer("k")
	Label("k")
	m.multiply(acc[:], xp, func(i int) Mem { return row.at(i, 0) })
	row.advance(4)
	ADDQ(lanes, xp)
	DECQ(k)
	JNZ(LabelRef("k"))

	finish(acc, g, func(parameter string, v int) Mem {
		return Mem{Base: pointer(parameter), Index: offset, Scale: 1, Disp: m.bytes * v}
	})
	ADDQ(U32(uint32(m.bytes*vectors)), offset)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// leave stores the four gates and moves on.
func (m machine) leave(acc [4][]VecVirtual, gates rows4) {
	for i := range acc {
		for v := range acc[i] {
			VMOVUPS(acc[i][v], gates.at(i, m.bytes*v))
		}
	}
	gates.advance(m.bytes * len(acc[0]))
}

// multiply continues the sums of each row i by w(i) times the vectors at x.
func (m machine) multiply(sums [][]VecVirtual, x GPVirtual, w func(i int) Mem) {
	var h []VecVirtual
	for v := range sums[0] {
		r := m.vector()
		VMOVUPS(Mem{Base: x, Disp: m.bytes * v}, r)
		h = append(h, r)
	}
	for i := range sums {
		b := m.vector()
		VBROADCASTSS(w(i), b)
		for v := range h {
			VFMADD231PS(h[v], b, sums[i][v])
		}
	}
}

func gateGradients(m machine) {
	name := "gateGradients" + m.name
	TEXT(name, NOSPLIT, "func(gates *float32, lanes, vectors int, cell, curved, dh, dc *float32)")
	Pragma("noescape")
	Doc(name + " is the first part of step.backward for one unit and so many vectors of lanes.")
	lanes, vectors := bytesOf("lanes"), pointer("vectors")
	z := newRows4(pointer("gates"), lanes)
	cell, curved, dhs, dcs := pointer("cell"), pointer("curved"), pointer("dh"), pointer("dc")
	one := m.vector()
	VMOVUPS(constant("oneHigh", 1), one)
	Label("vector")
	i, f, g, o := m.load(z.at(0, 0)), m.load(z.at(1, 0)), m.load(z.at(2, 0)), m.load(z.at(3, 0))
	dh, c := m.load(Mem{Base: dhs}), m.load(Mem{Base: curved})
	d := m.vector()
	VMULPS(o, dh, d)
	VFMADD213PS(Mem{Base: dcs}, m.less(one, c), d)
	t := m.vector()
	VMULPS(f, d, t)
	VMOVUPS(t, Mem{Base: dcs})
	derive := func(to Mem, a, b VecVirtual, slope VecVirtual) {
		r := m.vector()
		VMULPS(b, a, r)
		VMULPS(slope, r, r)
		VMOVUPS(r, to)
	}
	derive(z.at(0, 0), d, g, m.less(i, i))
	derive(z.at(1, 0), d, m.load(Mem{Base: cell}), m.less(f, f))
	derive(z.at(2, 0), d, i, m.less(one, g))
	derive(z.at(3, 0), dh, c, m.less(o, o))
	z.advance(m.bytes)
	for _, p := range []GPVirtual{cell, curved, dhs, dcs} {
		ADDQ(U32(uint32(m.bytes)), p)
	}
	DECQ(vectors)
	JNZ(LabelRef("vector"))
	VZEROUPPER()
	RET()
}

// load reads a vector.
func (m machine) load(at Mem) VecVirtual {
	v := m.vector()
	VMOVUPS(at, v)
	return v
}

// less returns from - v*v.
func (m machine) less(from, v VecVirtual) VecVirtual {
	r := m.vector()
	VMOVUPS(from, r)
	VFNMADD231PS(v, v, r)
	return r
}

func gateGradientsGRU(m machine) {
	name := "gateGradientsGRU" + m.name
	TEXT(name, NOSPLIT, "func(gates *float32, lanes, vectors int, before, dh, dc *float32)")
	Pragma("noescape")
	Doc(name + " is backward of a GRU for one unit and so many vectors of lanes.")
	lanes, vectors := bytesOf("lanes"), pointer("vectors")
	z := newRows4(pointer("gates"), lanes)
	before, dhs, dcs := pointer("before"), pointer("dh"), pointer("dc")
	one := m.vector()
	VMOVUPS(constant("oneHigh", 1), one)
	Label("vector")
	u, r, q, g := m.load(z.at(0, 0)), m.load(z.at(1, 0)), m.load(z.at(2, 0)), m.load(z.at(3, 0))
	d := m.load(Mem{Base: dhs})
	VADDPS(Mem{Base: dcs}, d, d)
	t := m.vector()
	VMULPS(u, d, t)
	VMOVUPS(t, Mem{Base: dcs})
	p := m.vector()
	VMOVUPS(d, p)
	VFNMADD231PS(u, d, p)
	VMULPS(m.less(one, g), p, p)
	VMOVUPS(p, z.at(3, 0))
	s := m.load(Mem{Base: before})
	VSUBPS(g, s, s)
	VMULPS(s, d, d)
	VMULPS(m.less(u, u), d, d)
	VMOVUPS(d, z.at(0, 0))
	VMULPS(p, q, q)
	VMULPS(m.less(r, r), q, q)
	VMOVUPS(q, z.at(1, 0))
	VMULPS(r, p, p)
	VMOVUPS(p, z.at(2, 0))
	z.advance(m.bytes)
	for _, p := range []GPVirtual{before, dhs, dcs} {
		ADDQ(U32(uint32(m.bytes)), p)
	}
	DECQ(vectors)
	JNZ(LabelRef("vector"))
	VZEROUPPER()
	RET()
}

func stateGradients(m machine, vectors int) {
	name := "stateGradients" + digit(vectors) + m.name
	TEXT(name, NOSPLIT, "func(w *float32, width int, z *float32, lanes, rows, blocks int, dh *float32)")
	Pragma("noescape")
	Doc(name + " is the second part of step.backward for four states, whose columns w points at, and blocks of so many vectors of lanes.")
	w, width := pointer("w"), bytesOf("width")
	z, lanes := pointer("z"), bytesOf("lanes")
	blocks := pointer("blocks")
	out := newRows4(pointer("dh"), lanes)
	Label("block")
	var acc [4][]VecVirtual
	for i := range acc {
		for range vectors {
			acc[i] = append(acc[i], m.zero())
		}
	}
	wp, zp, rows := copyOf(w), copyOf(z), pointer("rows")
	Label("row")
	m.multiply(acc[:], zp, func(i int) Mem { return Mem{Base: wp, Disp: 4 * i} })
	ADDQ(width, wp)
	ADDQ(lanes, zp)
	DECQ(rows)
	JNZ(LabelRef("row"))
	for i := range acc {
		for v := range vectors {
			VMOVUPS(acc[i][v], out.at(i, m.bytes*v))
		}
	}
	out.advance(m.bytes * vectors)
	ADDQ(U32(uint32(m.bytes*vectors)), z)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// weightGradients may have half a vector of columns after the whole ones.
func weightGradients(m machine, vectors int, half bool) {
	name := "weightGradients" + digit(vectors) + m.name
	more := ""
	if half {
		name = "weightGradients" + digit(vectors) + "Half" + m.name
		more = " and a half"
	}
	TEXT(name, NOSPLIT, "func(z *float32, lanes, used int, turned *float32, width int, sum *float32)")
	Pragma("noescape")
	Doc(name + " continues the sums of four rows and so many vectors" + more + " of columns by one time step.")
	lanes, width := bytesOf("lanes"), bytesOf("width")
	z := newRows4(pointer("z"), lanes)
	turned, used := pointer("turned"), pointer("used")
	sum := newRows4(pointer("sum"), width)
	columns := vectors
	vector := func(v int) VecVirtual { return m.vector() }
	if half {
		columns++
		vector = func(v int) VecVirtual {
			if v == vectors {
				return YMM()
			}
			return m.vector()
		}
	}
	var acc [4][]VecVirtual
	for i := range acc {
		for v := range columns {
			a := vector(v)
			VMOVUPS(sum.at(i, m.bytes*v), a)
			acc[i] = append(acc[i], a)
		}
	}
	Label("lane")
	var x []VecVirtual
	for v := range columns {
		r := vector(v)
		VMOVUPS(Mem{Base: turned, Disp: m.bytes * v}, r)
		x = append(x, r)
	}
	for i := range acc {
		b := m.vector()
		VBROADCASTSS(z.at(i, 0), b)
		for v := range columns {
			if v == vectors {
				VFMADD231PS(x[v], b.AsY(), acc[i][v])
			} else {
				VFMADD231PS(x[v], b, acc[i][v])
			}
		}
	}
	z.advance(4)
	ADDQ(width, turned)
	DECQ(used)
	JNZ(LabelRef("lane"))
	for i := range acc {
		for v := range columns {
			VMOVUPS(acc[i][v], sum.at(i, m.bytes*v))
		}
	}
	VZEROUPPER()
	RET()
}

func transpose() {
	TEXT("transposeAVX2", NOSPLIT, "func(x *float32, lanes, tiles int, turned *float32, width int)")
	Pragma("noescape")
	Doc("transposeAVX2 turns eight rows of x, tiles of 8 lanes, into columns of turned.")
	lanes, width := bytesOf("lanes"), bytesOf("width")
	x, tiles, turned := pointer("x"), pointer("tiles"), pointer("turned")
	Label("tile")
	upper := GP64()
	LEAQ(Mem{Base: x, Index: lanes, Scale: 4}, upper)
	low, high := newRows4(x, lanes), newRows4(upper, lanes)
	var r [8]VecVirtual
	for i := range r {
		r[i] = YMM()
		if i < 4 {
			VMOVUPS(low.at(i, 0), r[i])
		} else {
			VMOVUPS(high.at(i-4, 0), r[i])
		}
	}
	var a [8]VecVirtual
	for i := 0; i < 8; i += 2 {
		a[i], a[i+1] = YMM(), YMM()
		VUNPCKLPS(r[i+1], r[i], a[i])
		VUNPCKHPS(r[i+1], r[i], a[i+1])
	}
	// b[4h+c] holds column c (and c+4 in the upper half) of rows 4h..4h+3.
	var b [8]VecVirtual
	for h := range 2 {
		for c := range 4 {
			b[4*h+c] = YMM()
			pairs := []uint8{0x44, 0xee}[c%2]
			VSHUFPS(Imm(uint64(pairs)), a[4*h+2+c/2], a[4*h+c/2], b[4*h+c])
		}
	}
	out := newRows4(turned, width)
	far := GP64()
	LEAQ(Mem{Base: turned, Index: width, Scale: 4}, far)
	outer := newRows4(far, width)
	for c := range 4 {
		lo, hi := YMM(), YMM()
		VPERM2F128(Imm(0x20), b[4+c], b[c], lo)
		VPERM2F128(Imm(0x31), b[4+c], b[c], hi)
		VMOVUPS(lo, out.at(c, 0))
		VMOVUPS(hi, outer.at(c, 0))
	}
	ADDQ(Imm(32), x)
	LEAQ(Mem{Base: turned, Index: width, Scale: 8}, turned)
	DECQ(tiles)
	JNZ(LabelRef("tile"))
	VZEROUPPER()
	RET()
}

func adam() {
	TEXT("adamAVX2", NOSPLIT, "func(gradient, m, v, w *float32, vectors int, rate float32)")
	Pragma("noescape")
	Doc("adamAVX2 is one step of Adam for vectors of 8 elements.")
	g, m, v, w, vectors := pointer("gradient"), pointer("m"), pointer("v"), pointer("w"), pointer("vectors")
	rate := YMM()
	address, err := Param("rate").Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(address.Addr, rate)
	c1, c2, eps := YMM(), YMM(), YMM()
	VMOVUPS(constant("oneLessBeta1", 0.1), c1)
	VMOVUPS(constant("oneLessBeta2", 0.001), c2)
	VMOVUPS(constant("epsilon", 1e-7), eps)
	Label("vector")
	gv, mv, vv := YMM(), YMM(), YMM()
	VMOVUPS(Mem{Base: g}, gv)
	VMOVUPS(Mem{Base: m}, mv)
	VMOVUPS(Mem{Base: v}, vv)
	d := YMM()
	VSUBPS(mv, gv, d)
	VFMADD231PS(c1, d, mv)
	VMOVUPS(mv, Mem{Base: m})
	q := YMM()
	VMOVAPS(gv, q)
	VFMSUB213PS(vv, gv, q)
	VFMADD231PS(c2, q, vv)
	VMOVUPS(vv, Mem{Base: v})
	root := YMM()
	VSQRTPS(vv, root)
	VADDPS(eps, root, root)
	VMULPS(mv, rate, mv)
	VDIVPS(root, mv, mv)
	wv := YMM()
	VMOVUPS(Mem{Base: w}, wv)
	VSUBPS(mv, wv, wv)
	VMOVUPS(wv, Mem{Base: w})
	for _, p := range []GPVirtual{g, m, v, w} {
		ADDQ(Imm(32), p)
	}
	DECQ(vectors)
	JNZ(LabelRef("vector"))
	VZEROUPPER()
	RET()
}
