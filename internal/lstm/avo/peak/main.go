// Command peak writes ../peak/peak_amd64.s and ../peak/peak_amd64.go, the loops of fused multiply-adds that benchmarks measure a core's limit with:
//
//	cd internal/lstm/avo && go run ./peak -out ../peak/peak_amd64.s -stubs ../peak/peak_amd64.go -pkg peak
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64,!purego")
	loop("fmaAVX2", 12, YMM)
	loop("fmaAVX512", 24, ZMM)
	Generate()
}

// loop is rounds of so many independent operations, each on a register of its own, twice: more than latency times ports of any processor.
func loop(name string, chains int, vector func() VecVirtual) {
	TEXT(name, NOSPLIT, "func(rounds int)")
	Pragma("noescape")
	Doc(name + " does rounds times " + string(rune('0'+2*chains/10)) + string(rune('0'+2*chains%10)) + " multiply-adds of whole vectors.")
	rounds := Load(Param("rounds"), GP64())
	x := vector()
	VXORPS(x.AsY(), x.AsY(), x.AsY())
	var sums []VecVirtual
	for range chains {
		s := vector()
		VXORPS(s.AsY(), s.AsY(), s.AsY())
		sums = append(sums, s)
	}
	Label("round")
	for range 2 {
		for _, s := range sums {
			VFMADD231PS(x, x, s)
		}
	}
	DECQ(rounds)
	JNZ(LabelRef("round"))
	VZEROUPPER()
	RET()
}
