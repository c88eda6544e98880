package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// descend writes Set.Descend.
func (v isa) descend() {
	v.begin("Descend", "(x, coef, step *float64, stride, n, rows int)", "takes at least one row.")
	tail := v.tailMask(param("n"))
	x, coef, step := Load(Param("x"), GP64()), Load(Param("coef"), GP64()), Load(Param("step"), GP64())
	rows, count, gap := Load(Param("rows"), GP64()), GP64(), Load(Param("stride"), GP64())
	SUBQ(param("n"), gap)
	SHLQ(Imm(3), gap)

	Label("row")
	k := v.regs[0]
	VBROADCASTSD(Mem{Base: coef}, k)
	MOVQ(param("n"), count)
	v.across("row", count, tail, []reg.Register{x, step}, func(p part, u int) {
		to, disp := v.regs[1+u], u*p.bytes
		p.load(Mem{Base: x, Disp: disp}, to)
		p.fma(Mem{Base: step, Disp: disp}, k, to)
		p.store(to, Mem{Base: x, Disp: disp})
	})
	ADDQ(gap, step)
	ADDQ(Imm(size), coef)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// mask writes Set.Mask: eight numbers for each byte of a pattern.
func (v isa) mask() {
	v.begin("Mask", "(h *float64, bits *uint64, values *float64, n, rows int)", "takes at least one row.")
	tail := v.tailMask(param("n"))
	h, bits, rows := Load(Param("h"), GP64()), Load(Param("bits"), GP64()), Load(Param("rows"), GP64())
	g, byt, count := GP64(), GP64(), GP64()
	words := Load(Param("n"), GP64())
	ADDQ(Imm(63), words)
	SHRQ(Imm(6), words)
	SHLQ(Imm(3), words)
	spread := v.spreader()

	Label("row")
	Load(Param("values"), g)
	MOVQ(bits, byt)
	MOVQ(param("n"), count)
	SUBQ(Imm(8), count)
	JB(LabelRef("last"))
	Label("eight")
	spread(Mem{Base: byt}, Mem{Base: g}, Mem{Base: h})
	INCQ(byt)
	ADDQ(Imm(8*size), g)
	ADDQ(Imm(8*size), h)
	SUBQ(Imm(8), count)
	JAE(LabelRef("eight"))
	Label("last")
	ADDQ(Imm(8), count)
	JZ(LabelRef("next"))
	v.spreadLast(byt, g, h, count, tail)
	Label("next")
	ADDQ(words, bits)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// spreader is what spreads eight numbers over a byte of a pattern.
func (v isa) spreader() func(byt, g, h Mem) {
	if v.bytes == 64 {
		return func(byt, g, h Mem) {
			k := K()
			KMOVB(byt, k)
			VMOVUPD_Z(g, k, v.regs[0])
			VMOVUPD(v.regs[0], h)
		}
	}
	lanes := GLOBL("bitOfLane", RODATA|NOPTR)
	for i := range 8 {
		DATA(i*8, U64(1<<i))
	}
	low, high, all, some, other := v.regs[0], v.regs[1], v.regs[2], v.regs[3], v.regs[4]
	VMOVDQU(lanes, low)
	VMOVDQU(lanes.Offset(32), high)
	return func(byt, g, h Mem) {
		VPBROADCASTB(byt, all)
		VPAND(low, all, some)
		VPAND(high, all, other)
		VPCMPEQQ(low, some, some)
		VPCMPEQQ(high, other, other)
		VANDPD(g, some, some)
		VANDPD(g.Offset(32), other, other)
		VMOVUPD(some, h)
		VMOVUPD(other, h.Offset(32))
	}
}

// spreadLast takes the count numbers that are left of a row.
func (v isa) spreadLast(byt, g, h, count, tail reg.Register) {
	if v.bytes == 64 {
		k := K()
		KMOVB(Mem{Base: byt}, k)
		VMOVUPD_Z(Mem{Base: g}, k, v.regs[0])
		VMOVUPD(v.regs[0], tail, Mem{Base: h})
		SHLQ(Imm(3), count)
		ADDQ(count, h)
		return
	}
	pattern, keep := GP64(), GP64()
	MOVBQZX(Mem{Base: byt}, pattern)
	Label("one")
	MOVQ(pattern, keep)
	ANDQ(Imm(1), keep)
	NEGQ(keep)
	ANDQ(Mem{Base: g}, keep)
	MOVQ(keep, Mem{Base: h})
	SHRQ(Imm(1), pattern)
	ADDQ(Imm(size), g)
	ADDQ(Imm(size), h)
	DECQ(count)
	JNZ(LabelRef("one"))
}
