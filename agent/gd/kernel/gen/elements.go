package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// descend writes Set.Descend.
func (v isa) descend() {
	v.begin("Descend", "(x, coef, step *float64, stride, n, rows int)", "takes at least one row.")
	x, coef, step := Load(Param("x"), GP64()), Load(Param("coef"), GP64()), Load(Param("step"), GP64())
	rows, count, gap := Load(Param("rows"), GP64()), GP64(), Load(Param("stride"), GP64())
	SUBQ(param("n"), gap)
	SHLQ(Imm(3), gap)

	Label("row")
	k := v.regs[0]
	VBROADCASTSD(Mem{Base: coef}, k)
	MOVQ(param("n"), count)
	v.across("row", count, []reg.Register{x, step}, func(p part, u int) {
		to, disp := v.regs[1+u], u*int(p)
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
	h, bits, rows := Load(Param("h"), GP64()), Load(Param("bits"), GP64()), Load(Param("rows"), GP64())
	g, byt, count := GP64(), GP64(), GP64()
	words := Load(Param("n"), GP64())
	ADDQ(Imm(63), words)
	SHRQ(Imm(6), words)
	SHLQ(Imm(3), words)
	spread, spreadLast := v.spread512, v.spreadLast512
	if v.bytes == 32 {
		spread, spreadLast = v.spread256, v.spreadLast256
		v.loadLanes()
	}

	Label("row")
	Load(Param("values"), g)
	MOVQ(bits, byt)
	MOVQ(param("n"), count)
	v.loop("eight", count, 1, 64, []reg.Register{g, h}, func(part, int) {
		spread(Mem{Base: byt}, Mem{Base: g}, Mem{Base: h})
		INCQ(byt)
	})
	TESTQ(count, count)
	JZ(LabelRef("next"))
	spreadLast(byt, g, h, count)
	Label("next")
	ADDQ(words, bits)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

func (v isa) spread512(byt, g, h Mem) {
	k := K()
	KMOVB(byt, k)
	VMOVUPD_Z(g, k, v.regs[0])
	VMOVUPD(v.regs[0], h)
}

// spreadLast512 takes the count numbers that are left of a row. No load follows its masked store.
func (v isa) spreadLast512(byt, g, h, count reg.Register) {
	set, inside, all := K(), K(), GP32()
	MOVQ(count, reg.RCX)
	MOVL(U32(0xff), all)
	SHLL(reg.CL, all)
	NOTL(all)
	KMOVB(all, inside)
	KMOVB(Mem{Base: byt}, set)
	VMOVUPD_Z(Mem{Base: g}, set, v.regs[0])
	VMOVUPD(v.regs[0], inside, Mem{Base: h})
	LEAQ(at(h, count, size, 0), h)
}

// loadLanes keeps each lane's bit of a byte in the first two registers.
func (v isa) loadLanes() {
	lanes := GLOBL("bitOfLane", RODATA|NOPTR)
	for i := range 8 {
		DATA(i*8, U64(1<<i))
	}
	VMOVDQU(lanes, v.regs[0])
	VMOVDQU(lanes.Offset(32), v.regs[1])
}

func (v isa) spread256(byt, g, h Mem) {
	all := v.regs[2]
	VPBROADCASTB(byt, all)
	for i := range 2 {
		lanes, set := v.regs[i], v.regs[3+i]
		VPAND(lanes, all, set)
		VPCMPEQQ(lanes, set, set)
		VANDPD(g.Offset(32*i), set, set)
		VMOVUPD(set, h.Offset(32*i))
	}
}

// spreadLast256 takes the count numbers that are left of a row: four if there are, then one by one.
func (v isa) spreadLast256(byt, g, h, count reg.Register) {
	pattern, keep, lanes, set := GP64(), GP64(), v.regs[0], v.regs[3]
	MOVBQZX(Mem{Base: byt}, pattern)
	SUBQ(Imm(4), count)
	JB(LabelRef("few"))
	VPBROADCASTB(Mem{Base: byt}, set)
	VPAND(lanes, set, set)
	VPCMPEQQ(lanes, set, set)
	VANDPD(Mem{Base: g}, set, set)
	VMOVUPD(set, Mem{Base: h})
	SHRQ(Imm(4), pattern)
	ADDQ(Imm(32), g)
	ADDQ(Imm(32), h)
	SUBQ(Imm(4), count)
	Label("few")
	ADDQ(Imm(4), count)
	JZ(LabelRef("next"))
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
