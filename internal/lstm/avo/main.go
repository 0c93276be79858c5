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
	for _, m := range []machine{avx2, avx512} {
		for _, t := range m.tiles {
			product(m, t)
			stateGradients(m, t)
		}
		for _, count := range m.activate {
			activate(m, count)
		}
		activateGRU(m)
		gateGradients(m)
		gateGradientsGRU(m)
		for _, c := range m.columns {
			weightGradients(m, c)
		}
	}
	transpose()
	curve()
	slope()
	adam()
	Generate()
}

// tile is the sums that a product keeps in registers: rows times vectors.
type tile struct{ rows, vectors int }

// columns are the sums that the gradient of the weights keeps in registers: rows times vectors of columns, and half a vector more.
type columns struct {
	rows, vectors int
	half          bool
}

// machine is one width of vector.
type machine struct {
	name     string
	bytes    int // of a vector
	vector   func() VecVirtual
	tiles    []tile
	columns  []columns
	activate []int // vectors at once
}

var (
	avx2 = machine{"AVX2", 32, YMM, []tile{{6, 2}, {4, 2}}, []columns{{8, 1, false}, {4, 1, false}, {4, 2, false}, {4, 3, false}}, []int{1}}
	// Half a vector alone is a vector of AVX2.
	avx512 = machine{"AVX512", 64, ZMM, []tile{{4, 4}, {8, 2}, {4, 2}, {8, 1}, {4, 1}},
		[]columns{{4, 1, false}, {4, 2, false}, {4, 3, false}, {4, 4, false}, {4, 1, true}, {4, 2, true}, {4, 3, true}}, []int{1, 2, 4}}
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

// constants are equal values in read-only memory: a vector of AVX2, or one value, which AVX-512 spreads while it reads.
var constants = map[string]Mem{}

func (m machine) constant(name string, v float32) Mem {
	count := 8
	if m.bytes == 64 {
		name, count = name+"Spread", 1
	}
	if c, ok := constants[name]; ok {
		return c
	}
	c := GLOBL(name, RODATA|NOPTR)
	for i := range count {
		DATA(4*i, F32(v))
	}
	constants[name] = c
	return c
}

// spread is a vector of a constant.
func (m machine) spread(name string, v float32) VecVirtual {
	r := m.vector()
	if m.bytes == 64 {
		VBROADCASTSS(m.constant(name, v), r)
	} else {
		VMOVUPS(m.constant(name, v), r)
	}
	return r
}

// quotient is x P(x²) / Q(x²), at most limit large, where x² counts no more than at its end (tanh.go).
type quotient struct {
	name       string
	end, limit float32
	p, q       []float32 // from the highest power down
}

var (
	tanhP = []float32{0x1.111716p-26, 0x1.8d2db0p-16, 0x1.02025cp-8, 0x1.320508p-3, 0x1.1d2f24p+0}
	tanhQ = []float32{0x1.e723a8p-21, 0x1.872f8cp-12, 0x1.daf632p-6, 0x1.0aa0acp-1, 0x1.1d2f24p+0}
	tanh  = quotient{"tanh", 8.5, 1, tanhP, tanhQ}
	// half is tanh(x/2)/2: powers of two, here moved into the coefficients, change no rounding.
	half = quotient{"half", 2 * 8.5, 0.5, scaled(tanhP, 0.25), scaled(tanhQ, 1)}
)

// scaled has the coefficients of p(x/4) times factor.
func scaled(p []float32, factor float32) []float32 {
	s := make([]float32, len(p))
	for i := range p {
		s[len(p)-1-i] = p[len(p)-1-i] * factor
		factor /= 4
	}
	return s
}

// apply replaces vectors by their quotients, which divide makes of their numerators.
func (m machine) apply(to map[VecVirtual]quotient, divide func(denominators map[VecVirtual]VecVirtual), vectors ...VecVirtual) {
	square := map[VecVirtual]VecVirtual{}
	for _, x := range vectors {
		u := m.vector()
		VMULPS(x, x, u)
		square[x] = u
	}
	for _, x := range vectors {
		c := m.spread(to[x].name+"End", to[x].end*to[x].end)
		VMINPS(square[x], c, square[x]) // NaN stays: the second operand is returned
	}
	chain := func(part string, coefficients func(quotient) []float32) map[VecVirtual]VecVirtual {
		values := map[VecVirtual]VecVirtual{}
		for i := range coefficients(to[vectors[0]]) {
			for _, x := range vectors {
				all := coefficients(to[x])
				name := to[x].name + part + digit(len(all)-1-i)
				switch {
				case i == 0:
					values[x] = m.spread(name, all[i])
				case m.bytes == 64:
					VFMADD213PS_BCST(m.constant(name, all[i]), square[x], values[x])
				default:
					VFMADD213PS(m.constant(name, all[i]), square[x], values[x])
				}
			}
		}
		return values
	}
	p := chain("P", func(q quotient) []float32 { return q.p })
	for _, x := range vectors {
		VMULPS(p[x], x, x)
	}
	divide(chain("Q", func(q quotient) []float32 { return q.q }))
	for _, x := range vectors {
		VMAXPS(x, m.spread(to[x].name+"Low", -to[x].limit), x)
		VMINPS(x, m.spread(to[x].name+"High", to[x].limit), x)
	}
}

// tanh replaces vectors by their tanh.
func (m machine) tanh(vectors ...VecVirtual) {
	to := map[VecVirtual]quotient{}
	for _, x := range vectors {
		to[x] = tanh
	}
	m.apply(to, func(q map[VecVirtual]VecVirtual) {
		for _, x := range vectors {
			VDIVPS(q[x], x, x)
		}
	}, vectors...)
}

// pair is two vectors that share a division; the first is replaced by its sigmoid, the second by another function.
type pair struct {
	first, second VecVirtual
	to            quotient // half stands for the sigmoid
}

// activations is tanh2, with what makes sigmoids of it.
func (m machine) activations(pairs ...pair) {
	to := map[VecVirtual]quotient{}
	var all []VecVirtual
	for _, p := range pairs {
		to[p.first], to[p.second] = half, p.to
		all = append(all, p.first, p.second)
	}
	m.apply(to, func(q map[VecVirtual]VecVirtual) {
		for _, p := range pairs {
			a, b := q[p.first], q[p.second]
			VMULPS(b, p.first, p.first)
			VMULPS(a, p.second, p.second)
			VMULPS(b, a, a)
			d := m.spread("tanhHigh", 1)
			VDIVPS(a, d, d)
			VMULPS(d, p.first, p.first)
			VMULPS(d, p.second, p.second)
		}
	}, all...)
	for _, x := range all {
		if to[x].name == half.name {
			VADDPS(m.spread("halfHigh", 0.5), x, x)
		}
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

// rows addresses rows at a stride from p: every third has a pointer of its own.
type rows struct {
	pointers []GPVirtual
	stride   GPVirtual
}

func newRows(p, stride GPVirtual, n int) rows {
	r := rows{[]GPVirtual{copyOf(p)}, stride}
	if n > 3 {
		three := GP64()
		LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, three)
		for i := 3; i < n; i += 3 {
			next := GP64()
			LEAQ(Mem{Base: r.pointers[len(r.pointers)-1], Index: three, Scale: 1}, next)
			r.pointers = append(r.pointers, next)
		}
	}
	return r
}

func (r rows) at(i, disp int) Mem {
	m := Mem{Base: r.pointers[i/3], Disp: disp}
	if i%3 > 0 {
		m.Index, m.Scale = r.stride, uint8(i%3)
	}
	return m
}

func (r rows) advance(n int) {
	for _, p := range r.pointers {
		ADDQ(U32(uint32(n)), p)
	}
}

// name is the tile as part of a function's name.
func (t tile) name(m machine) string { return digit(t.rows) + "x" + digit(t.vectors) + m.name }

// product is the sums of step.forward.
func product(m machine, t tile) {
	name := "product" + t.name(m)
	TEXT(name, NOSPLIT, "func(w *float32, width int, x *float32, lanes, k, tiles, blocks int, z *float32)")
	Pragma("noescape")
	Doc(name + " multiplies tiles of rows by blocks of so many vectors of lanes; w and x are at the chain's first row, k is its length.")
	m.products(t, "x", "z", func(w, width GPVirtual) (at func(i int) Mem, next func()) {
		row := newRows(w, width, t.rows)
		return func(i int) Mem { return row.at(i, 0) }, func() { row.advance(4) }
	}, func(w, width GPVirtual) {
		for range t.rows {
			ADDQ(width, w)
		}
	})
}

// products walks over tiles of rows, blocks of lanes and the chain. From the tile's w, walk makes the addresses of the rows' factors and how they move along the
// chain; down moves w to the next tile.
func (m machine) products(t tile, factor, result string, walk func(w, width GPVirtual) (at func(i int) Mem, next func()), down func(w, width GPVirtual)) {
	w, width, lanes := pointer("w"), bytesOf("width"), bytesOf("lanes")
	tiles, out := pointer("tiles"), pointer(result)
	Label("tile")
	x, to, blocks := pointer(factor), copyOf(out), pointer("blocks")
	Label("block")
	var acc [][]VecVirtual
	for i := range t.rows {
		acc = append(acc, nil)
		for range t.vectors {
			acc[i] = append(acc[i], m.zero())
		}
	}
	at, next := walk(w, width)
	along, k := copyOf(x), pointer("k")
	Label("k")
	m.multiply(acc, along, at)
	next()
	ADDQ(lanes, along)
	DECQ(k)
	JNZ(LabelRef("k"))
	row := newRows(to, lanes, t.rows)
	for i := range acc {
		for v := range acc[i] {
			VMOVUPS(acc[i][v], row.at(i, m.bytes*v))
		}
	}
	ADDQ(U32(uint32(m.bytes*t.vectors)), x)
	ADDQ(U32(uint32(m.bytes*t.vectors)), to)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	down(w, width)
	for range t.rows {
		ADDQ(lanes, out)
	}
	DECQ(tiles)
	JNZ(LabelRef("tile"))
	VZEROUPPER()
	RET()
}

// activate is the rest of step.forward: the sums in gates are replaced. Chains of several vectors run side by side.
func activate(m machine, count int) {
	name := "activate" + digit(count) + m.name
	TEXT(name, NOSPLIT, "func(gates *float32, lanes, units, blocks int, cell, cells, curved, next *float32)")
	Pragma("noescape")
	Doc(name + " is step.forward from the sums on, for units and blocks of so many vectors of lanes.")
	m.overUnits(count, []string{"cell", "cells", "curved", "next"}, func(gate rows, at func(parameter string, v int) Mem) {
		var all []VecVirtual
		for first := 0; first < count; first += 2 { // as many chains as hide their latency
			all = append(all, m.cells(gate, at, first, min(2, count-first))...)
		}
		m.tanh(all...)
		for v, c := range all {
			VMOVUPS(c, at("curved", v))
			VMULPS(gate.at(3, m.bytes*v), c, c)
			VMOVUPS(c, at("next", v))
		}
	})
}

// cells leaves the gates of some vectors and returns their new cells.
func (m machine) cells(gate rows, at func(parameter string, v int) Mem, first, count int) []VecVirtual {
	var gates [4][]VecVirtual
	for k := range gates {
		for v := range count {
			gates[k] = append(gates[k], m.load(gate.at(k, m.bytes*(first+v))))
		}
	}
	i, f, c, o := gates[0], gates[1], gates[2], gates[3]
	var pairs []pair
	for v := range count {
		pairs = append(pairs, pair{i[v], f[v], half}, pair{o[v], c[v], tanh})
	}
	m.activations(pairs...)
	for k := range gates {
		for v, r := range gates[k] {
			VMOVUPS(r, gate.at(k, m.bytes*(first+v)))
		}
	}
	for v := range count {
		VMULPS(i[v], c[v], c[v])
		VFMADD231PS(at("cell", first+v), f[v], c[v])
		VMOVUPS(c[v], at("cells", first+v))
	}
	return c
}

func activateGRU(m machine) {
	name := "activateGRU" + m.name
	TEXT(name, NOSPLIT, "func(gates *float32, lanes, units, blocks int, before, next *float32)")
	Pragma("noescape")
	Doc(name + " is forward of a GRU from the sums on, for units and vectors of lanes; before is the states before.")
	m.overUnits(1, []string{"before", "next"}, func(gate rows, at func(parameter string, v int) Mem) {
		u, r, p := m.load(gate.at(0, 0)), m.load(gate.at(1, 0)), m.load(gate.at(3, 0))
		m.activations(pair{u, r, half})
		VFMADD231PS(gate.at(2, 0), r, p)
		m.tanh(p)
		VMOVUPS(u, gate.at(0, 0))
		VMOVUPS(r, gate.at(1, 0))
		VMOVUPS(p, gate.at(3, 0))
		h := m.load(at("before", 0))
		VSUBPS(p, h, h)
		VFMADD213PS(p, u, h)
		VMOVUPS(h, at("next", 0))
	})
}

// overUnits visits each block of so many vectors of each unit: its four gates and its vectors in the rows of one value a unit.
func (m machine) overUnits(count int, parameters []string, visit func(gate rows, at func(parameter string, v int) Mem)) {
	lanes, units := bytesOf("lanes"), pointer("units")
	gates := pointer("gates")
	row := map[string]GPVirtual{}
	for _, p := range parameters {
		row[p] = pointer(p)
	}
	Label("unit")
	gate := newRows(gates, lanes, 4)
	offset, blocks := GP64(), pointer("blocks")
	XORQ(offset, offset)
	Label("block")
	visit(gate, func(parameter string, v int) Mem {
		return Mem{Base: row[parameter], Index: offset, Scale: 1, Disp: m.bytes * v}
	})
	gate.advance(m.bytes * count)
	ADDQ(U32(uint32(m.bytes*count)), offset)
	DECQ(blocks)
	JNZ(LabelRef("block"))
	LEAQ(Mem{Base: gates, Index: lanes, Scale: 4}, gates)
	for _, p := range parameters {
		ADDQ(lanes, row[p])
	}
	DECQ(units)
	JNZ(LabelRef("unit"))
	VZEROUPPER()
	RET()
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
	z := newRows(pointer("gates"), lanes, 4)
	cell, curved, dhs, dcs := pointer("cell"), pointer("curved"), pointer("dh"), pointer("dc")
	one := m.spread("tanhHigh", 1)
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
	z := newRows(pointer("gates"), lanes, 4)
	before, dhs, dcs := pointer("before"), pointer("dh"), pointer("dc")
	one := m.spread("tanhHigh", 1)
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

func stateGradients(m machine, t tile) {
	name := "stateGradients" + t.name(m)
	TEXT(name, NOSPLIT, "func(w *float32, width int, z *float32, lanes, k, tiles, blocks int, dh *float32)")
	Pragma("noescape")
	Doc(name + " is step.states for tiles of states, whose columns w points at, and blocks of so many vectors of lanes.")
	m.products(t, "z", "dh", func(w, width GPVirtual) (at func(i int) Mem, next func()) {
		wp := copyOf(w)
		return func(i int) Mem { return Mem{Base: wp, Disp: 4 * i} }, func() { ADDQ(width, wp) }
	}, func(w, width GPVirtual) { ADDQ(U32(uint32(4*t.rows)), w) })
}

func weightGradients(m machine, c columns) {
	name := "weightGradients" + digit(c.rows) + "x" + digit(c.vectors)
	count, more := c.vectors, ""
	if c.half {
		name += "Half"
		more = " and a half"
		count++
	}
	name += m.name
	TEXT(name, NOSPLIT, "func(z *float32, lanes, used, zStep int, turned *float32, width, turnedStep, steps, groups int, sum *float32)")
	Pragma("noescape")
	Doc(name + " continues the sums of groups of rows and so many vectors" + more + " of columns by time steps, which are so many values apart.")
	vector := func(v int) VecVirtual {
		if v == c.vectors {
			return YMM()
		}
		return m.vector()
	}
	lanes, width := bytesOf("lanes"), bytesOf("width")
	z, sum, groups := pointer("z"), pointer("sum"), pointer("groups")
	Label("group")
	row := newRows(sum, width, c.rows)
	var acc [][]VecVirtual
	for i := range c.rows {
		acc = append(acc, nil)
		for v := range count {
			a := vector(v)
			VMOVUPS(row.at(i, m.bytes*v), a)
			acc[i] = append(acc[i], a)
		}
	}
	zs, turned, steps := copyOf(z), pointer("turned"), pointer("steps")
	Label("step")
	factor, x, used := newRows(zs, lanes, c.rows), copyOf(turned), pointer("used")
	Label("lane")
	var xs []VecVirtual
	for v := range count {
		r := vector(v)
		VMOVUPS(Mem{Base: x, Disp: m.bytes * v}, r)
		xs = append(xs, r)
	}
	for i := range acc {
		b := m.vector()
		VBROADCASTSS(factor.at(i, 0), b)
		for v := range count {
			if v == c.vectors {
				VFMADD231PS(xs[v], b.AsY(), acc[i][v])
			} else {
				VFMADD231PS(xs[v], b, acc[i][v])
			}
		}
	}
	factor.advance(4)
	ADDQ(width, x)
	DECQ(used)
	JNZ(LabelRef("lane"))
	ADDQ(bytesOf("zStep"), zs)
	ADDQ(bytesOf("turnedStep"), turned)
	DECQ(steps)
	JNZ(LabelRef("step"))
	row = newRows(sum, width, c.rows)
	for i := range acc {
		for v := range count {
			VMOVUPS(acc[i][v], row.at(i, m.bytes*v))
		}
	}
	for range c.rows {
		ADDQ(lanes, z)
		ADDQ(width, sum)
	}
	DECQ(groups)
	JNZ(LabelRef("group"))
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
	low, high := newRows(x, lanes, 4), newRows(upper, lanes, 4)
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
	out := newRows(turned, width, 4)
	far := GP64()
	LEAQ(Mem{Base: turned, Index: width, Scale: 4}, far)
	outer := newRows(far, width, 4)
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

func curve() {
	TEXT("curveAVX2", NOSPLIT, "func(x *float32, pairs int)")
	Pragma("noescape")
	Doc("curveAVX2 replaces pairs of vectors of 8 elements by their tanh.")
	x, pairs := pointer("x"), pointer("pairs")
	Label("pair")
	a, b := avx2.load(Mem{Base: x}), avx2.load(Mem{Base: x, Disp: 32})
	avx2.tanh(a, b)
	VMOVUPS(a, Mem{Base: x})
	VMOVUPS(b, Mem{Base: x, Disp: 32})
	ADDQ(Imm(64), x)
	DECQ(pairs)
	JNZ(LabelRef("pair"))
	VZEROUPPER()
	RET()
}

func slope() {
	TEXT("slopeAVX2", NOSPLIT, "func(d, u *float32, vectors int)")
	Pragma("noescape")
	Doc("slopeAVX2 multiplies vectors of 8 elements of d by 1 - u*u.")
	d, u, vectors := pointer("d"), pointer("u"), pointer("vectors")
	one := avx2.spread("tanhHigh", 1)
	Label("vector")
	v := avx2.less(one, avx2.load(Mem{Base: u}))
	VMULPS(Mem{Base: d}, v, v)
	VMOVUPS(v, Mem{Base: d})
	ADDQ(Imm(32), d)
	ADDQ(Imm(32), u)
	DECQ(vectors)
	JNZ(LabelRef("vector"))
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
	c1, c2, eps := avx2.spread("oneLessBeta1", 0.1), avx2.spread("oneLessBeta2", 0.001), avx2.spread("epsilon", 1e-7)
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
