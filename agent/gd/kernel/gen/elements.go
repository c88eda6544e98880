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

// push writes Set.Push: eight numbers for each byte of a pattern.
func (v isa) push() {
	v.begin("Push", "(x, coef *float64, bits *uint64, values *float64, n, rows int)", "takes at least one row.")
	p := pushing{isa: v, x: GP64(), byt: GP64(), g: GP64(), count: GP64(), k: v.regs[2]}
	Load(Param("x"), p.x)
	coef, bits, rows := Load(Param("coef"), GP64()), Load(Param("bits"), GP64()), Load(Param("rows"), GP64())
	words := Load(Param("n"), GP64())
	ADDQ(Imm(63), words)
	SHRQ(Imm(6), words)
	SHLQ(Imm(3), words)
	eight := p.eight512
	if v.bytes == 32 {
		eight = p.eight256
		v.loadLanes()
	}

	Label("row")
	Load(Param("values"), p.g)
	MOVQ(bits, p.byt)
	MOVQ(param("n"), p.count)
	VBROADCASTSD(Mem{Base: coef}, p.k)
	v.loop("eight", p.count, 1, 64, []reg.Register{p.g, p.x}, func(part, int) {
		eight()
		INCQ(p.byt)
	})
	TESTQ(p.count, p.count)
	JZ(LabelRef("next"))
	p.last()
	Label("next")
	ADDQ(words, bits)
	ADDQ(Imm(size), coef)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// A pushing writes Set.Push.
type pushing struct {
	isa

	x, byt, g reg.GPVirtual   // the row, the pattern, the residuals at the next eight
	count     reg.GPVirtual   // numbers left
	k         reg.VecPhysical // the row's coefficient
}

func (p *pushing) eight512() {
	set, h, x := K(), p.regs[3], p.regs[4]
	KMOVB(Mem{Base: p.byt}, set)
	VMOVUPD_Z(Mem{Base: p.g}, set, h)
	VMOVUPD(Mem{Base: p.x}, x)
	VFMADD231PD(h, p.k, x)
	VMOVUPD(x, Mem{Base: p.x})
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

func (p *pushing) eight256() {
	all := p.regs[3]
	VPBROADCASTB(Mem{Base: p.byt}, all)
	for i := range 2 {
		lanes, set, x := p.regs[i], p.regs[4+i], p.regs[6+i]
		to := Mem{Base: p.x, Disp: 32 * i}
		VPAND(lanes, all, set)
		VPCMPEQQ(lanes, set, set)
		VANDPD(Mem{Base: p.g, Disp: 32 * i}, set, set)
		VMOVUPD(to, x)
		VFMADD231PD(set, p.k, x)
		VMOVUPD(x, to)
	}
}

// last takes what is left of a row, one by one: a masked store would make the next row's load wait for it.
func (p *pushing) last() {
	pattern, keep, h, x := GP64(), GP64(), p.regs[4].AsX(), p.regs[5].AsX()
	MOVBQZX(Mem{Base: p.byt}, pattern)
	Label("one")
	MOVQ(pattern, keep)
	ANDQ(Imm(1), keep)
	NEGQ(keep)
	ANDQ(Mem{Base: p.g}, keep)
	VMOVQ(keep, h)
	VMOVSD(Mem{Base: p.x}, x)
	VFMADD231SD(h, p.k.AsX(), x)
	VMOVSD(x, Mem{Base: p.x})
	SHRQ(Imm(1), pattern)
	ADDQ(Imm(size), p.g)
	ADDQ(Imm(size), p.x)
	DECQ(p.count)
	JNZ(LabelRef("one"))
}
