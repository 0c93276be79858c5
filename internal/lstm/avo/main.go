// Command avo writes ../avx2_amd64.s and ../avx2_amd64.go, the kernels of internal/lstm for AVX2 with FMA. It is a module of its own, so that the
// program does not depend on the assembler:
//
//	cd internal/lstm/avo && go run . -out ../avx2_amd64.s -stubs ../avx2_amd64.go -pkg lstm
//
// Each kernel computes what portable.go defines, operation by operation. Lanes are vectors of 8 samples; a block is 16 of them.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!purego")
	forward()
	gateGradients()
	stateGradients()
	for vectors := 1; vectors <= 3; vectors++ {
		weightGradients(vectors)
	}
	transpose()
	adam()
	Generate()
}

// constants are vectors of eight equal values in read-only memory.
var constants = map[string]Mem{}

func constant(name string, v float32) Mem {
	if m, ok := constants[name]; ok {
		return m
	}
	m := GLOBL(name, RODATA|NOPTR)
	for i := range 8 {
		DATA(4*i, F32(v))
	}
	constants[name] = m
	return m
}

// tanh replaces each vector by its tanh; see tanh.go.
func tanh(vectors ...VecVirtual) {
	limit := func(name string, low, high float32) {
		c := YMM()
		VMOVUPS(constant(name+"Low", low), c)
		for _, x := range vectors {
			VMAXPS(x, c, x) // NaN in x stays: the second operand is returned
		}
		c = YMM()
		VMOVUPS(constant(name+"High", high), c)
		for _, x := range vectors {
			VMINPS(x, c, x)
		}
	}
	limit("limit", -9.02, 9.02)
	var u []VecVirtual
	for _, x := range vectors {
		s := YMM()
		VMULPS(x, x, s)
		u = append(u, s)
	}
	chain := func(name string, coefficients ...float32) (values []VecVirtual) {
		for range vectors {
			values = append(values, YMM())
		}
		for i, c := range coefficients {
			m := constant(name+string(rune('0'+len(coefficients)-1-i)), c)
			for j := range vectors {
				if i == 0 {
					VMOVUPS(m, values[j])
				} else {
					VFMADD213PS(m, u[j], values[j])
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

func sigmoid(vectors ...VecVirtual) {
	half := YMM()
	VMOVUPS(constant("half", 0.5), half)
	for _, x := range vectors {
		VMULPS(half, x, x)
	}
	tanh(vectors...)
	half = YMM()
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
	ADDQ(Imm(uint64(n)), r.p)
	ADDQ(Imm(uint64(n)), r.p3)
}

func zero() VecVirtual {
	a := YMM()
	VXORPS(a, a, a)
	return a
}

func forward() {
	TEXT("forwardAVX2", NOSPLIT, "func(w *float32, width int, x *float32, lanes, k, blocks int, gates, cell, cells, curved, next *float32)")
	Pragma("noescape")
	Doc("forwardAVX2 is step.forward for one unit and blocks of 16 lanes; w and x are at the chain's first row, k is its length.")
	w, width := pointer("w"), bytesOf("width")
	x, lanes := pointer("x"), bytesOf("lanes")
	blocks := pointer("blocks")
	g := newRows4(pointer("gates"), lanes)
	offset := GP64() // bytes from the first lane
	XORQ(offset, offset)

	Label("block")
	var acc [8]VecVirtual
	for i := range acc {
		acc[i] = zero()
	}
	row := newRows4(w, width)
	xp := GP64()
	LEAQ(Mem{Base: x, Index: offset, Scale: 1}, xp)
	k := pointer("k")
	Label("k")
	h0, h1 := YMM(), YMM()
	VMOVUPS(Mem{Base: xp}, h0)
	VMOVUPS(Mem{Base: xp, Disp: 32}, h1)
	for i := range 4 {
		b := YMM()
		VBROADCASTSS(row.at(i, 0), b)
		VFMADD231PS(h0, b, acc[2*i])
		VFMADD231PS(h1, b, acc[2*i+1])
	}
	row.advance(4)
	ADDQ(lanes, xp)
	DECQ(k)
	JNZ(LabelRef("k"))

	sigmoid(acc[0], acc[1])
	sigmoid(acc[2], acc[3])
	tanh(acc[4], acc[5])
	sigmoid(acc[6], acc[7])
	for i := range acc {
		VMOVUPS(acc[i], g.at(i/2, i%2*32))
	}
	g.advance(64)
	at := func(name string, i int) Mem { return Mem{Base: pointer(name), Index: offset, Scale: 1, Disp: 32 * i} }
	for i := range 2 {
		VMULPS(acc[4+i], acc[i], acc[i])
		VFMADD231PS(at("cell", i), acc[2+i], acc[i])
	}
	for i := range 2 {
		VMOVUPS(acc[i], at("cells", i))
	}
	tanh(acc[0], acc[1])
	for i := range 2 {
		VMOVUPS(acc[i], at("curved", i))
		VMULPS(acc[i], acc[6+i], acc[i])
		VMOVUPS(acc[i], at("next", i))
	}
	ADDQ(Imm(64), offset)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

func gateGradients() {
	TEXT("gateGradientsAVX2", NOSPLIT, "func(gates *float32, lanes, vectors int, cell, curved, dh, dc *float32)")
	Pragma("noescape")
	Doc("gateGradientsAVX2 is the first part of step.backward for one unit and vectors of 8 lanes.")
	lanes, vectors := bytesOf("lanes"), pointer("vectors")
	z := newRows4(pointer("gates"), lanes)
	cell, curved, dhs, dcs := pointer("cell"), pointer("curved"), pointer("dh"), pointer("dc")
	one := YMM()
	VMOVUPS(constant("oneHigh", 1), one)
	Label("vector")
	load := func(m Mem) VecVirtual {
		v := YMM()
		VMOVUPS(m, v)
		return v
	}
	i, f, g, o := load(z.at(0, 0)), load(z.at(1, 0)), load(z.at(2, 0)), load(z.at(3, 0))
	dh, c := load(Mem{Base: dhs}), load(Mem{Base: curved})
	// less returns from - v*v.
	less := func(from, v VecVirtual) VecVirtual {
		r := YMM()
		VMOVAPS(from, r)
		VFNMADD231PS(v, v, r)
		return r
	}
	d := YMM()
	VMULPS(o, dh, d)
	VFMADD213PS(Mem{Base: dcs}, less(one, c), d)
	t := YMM()
	VMULPS(f, d, t)
	VMOVUPS(t, Mem{Base: dcs})
	derive := func(to Mem, a, b VecVirtual, slope VecVirtual) {
		r := YMM()
		VMULPS(b, a, r)
		VMULPS(slope, r, r)
		VMOVUPS(r, to)
	}
	derive(z.at(0, 0), d, g, less(i, i))
	derive(z.at(1, 0), d, load(Mem{Base: cell}), less(f, f))
	derive(z.at(2, 0), d, i, less(one, g))
	derive(z.at(3, 0), dh, c, less(o, o))
	z.advance(32)
	for _, p := range []GPVirtual{cell, curved, dhs, dcs} {
		ADDQ(Imm(32), p)
	}
	DECQ(vectors)
	JNZ(LabelRef("vector"))
	VZEROUPPER()
	RET()
}

func stateGradients() {
	TEXT("stateGradientsAVX2", NOSPLIT, "func(w *float32, width int, z *float32, lanes, rows, blocks int, dh *float32)")
	Pragma("noescape")
	Doc("stateGradientsAVX2 is the second part of step.backward for four states, whose columns w points at, and blocks of 16 lanes.")
	w, width := pointer("w"), bytesOf("width")
	z, lanes := pointer("z"), bytesOf("lanes")
	blocks := pointer("blocks")
	out := newRows4(pointer("dh"), lanes)
	Label("block")
	var acc [8]VecVirtual
	for i := range acc {
		acc[i] = zero()
	}
	wp, zp, rows := copyOf(w), copyOf(z), pointer("rows")
	Label("row")
	z0, z1 := YMM(), YMM()
	VMOVUPS(Mem{Base: zp}, z0)
	VMOVUPS(Mem{Base: zp, Disp: 32}, z1)
	for i := range 4 {
		b := YMM()
		VBROADCASTSS(Mem{Base: wp, Disp: 4 * i}, b)
		VFMADD231PS(z0, b, acc[2*i])
		VFMADD231PS(z1, b, acc[2*i+1])
	}
	ADDQ(width, wp)
	ADDQ(lanes, zp)
	DECQ(rows)
	JNZ(LabelRef("row"))
	for i := range acc {
		VMOVUPS(acc[i], out.at(i/2, i%2*32))
	}
	out.advance(64)
	ADDQ(Imm(64), z)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

func weightGradients(vectors int) {
	name := "weightGradients" + string(rune('0'+vectors)) + "AVX2"
	TEXT(name, NOSPLIT, "func(z *float32, lanes, used int, turned *float32, width int, sum *float32)")
	Pragma("noescape")
	Doc(name + " continues the sums of four rows and so many vectors of 8 columns by one time step.")
	lanes, width := bytesOf("lanes"), bytesOf("width")
	z := newRows4(pointer("z"), lanes)
	turned, used := pointer("turned"), pointer("used")
	sum := newRows4(pointer("sum"), width)
	var acc [4][]VecVirtual
	for i := range acc {
		for v := range vectors {
			a := YMM()
			VMOVUPS(sum.at(i, 32*v), a)
			acc[i] = append(acc[i], a)
		}
	}
	Label("lane")
	var x []VecVirtual
	for v := range vectors {
		r := YMM()
		VMOVUPS(Mem{Base: turned, Disp: 32 * v}, r)
		x = append(x, r)
	}
	for i := range acc {
		b := YMM()
		VBROADCASTSS(z.at(i, 0), b)
		for v := range vectors {
			VFMADD231PS(x[v], b, acc[i][v])
		}
	}
	z.advance(4)
	ADDQ(width, turned)
	DECQ(used)
	JNZ(LabelRef("lane"))
	for i := range acc {
		for v := range vectors {
			VMOVUPS(acc[i][v], sum.at(i, 32*v))
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
			select_ := []uint8{0x44, 0xee}[c%2]
			VSHUFPS(Imm(uint64(select_)), a[4*h+2+c/2], a[4*h+c/2], b[4*h+c])
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
