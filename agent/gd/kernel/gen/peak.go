package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// peak writes what Peak measures: chains of multiply-adds in registers, as many as there are but one, so that nothing but the units for them
// is the limit.
func (v isa) peak() {
	v.begin("Peak", "(rounds int, start *number)", "is a register-only loop: in each round one vector of operations for each chain.")
	rounds, start := Load(Param("rounds"), GP64()), Load(Param("start"), GP64())
	chains, x := v.regs[:v.peakChains()], v.regs[v.peakChains()]
	for _, y := range v.regs[:v.peakChains()+1] {
		VMOVUPD(Mem{Base: start}, y)
	}
	Label("round")
	for _, y := range chains {
		v.fma(x, x, y)
	}
	DECQ(rounds)
	JNZ(LabelRef("round"))
	VZEROUPPER()
	RET()
}

// peakChains is a multiple of what any processor has under way, latency times units.
func (v isa) peakChains() int {
	if v.bytes == 64 {
		return 24
	}
	return 14
}
