package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// descend writes Set.Descend.
func (v isa) descend() {
	v.begin("Descend", "(x, coef, step *number, stride, n, rows int)", "takes at least one row.")
	x, coef, step := Load(Param("x"), GP64()), Load(Param("coef"), GP64()), Load(Param("step"), GP64())
	rows, count, gap := Load(Param("rows"), GP64()), GP64(), Load(Param("stride"), GP64())
	SUBQ(param("n"), gap)
	v.scaled(gap)

	Label("row")
	k := v.regs[0]
	v.spread(Mem{Base: coef}, k)
	MOVQ(param("n"), count)
	v.across("row", count, []reg.Register{x, step}, func(p part, u int) {
		to, at, by := v.regs[1+u], Mem{Base: x, Disp: u * int(p)}, Mem{Base: step, Disp: u * int(p)}
		if int(p) == v.size {
			v.loadOne(at, to.AsX())
			v.fmaOne(by, k.AsX(), to.AsX())
			v.storeOne(to.AsX(), at)
			return
		}
		VMOVUPD(at, p.of(to))
		v.fma(by, p.of(k), p.of(to))
		VMOVUPD(p.of(to), at)
	})
	ADDQ(gap, step)
	ADDQ(Imm(uint64(v.size)), coef)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// push writes Set.Push: a panel's worth of numbers at a time, for one byte of a pattern or two.
func (v isa) push() {
	v.begin("Push", "(x, coef *number, bits *uint64, values *number, n, rows int)", "takes at least one row.")
	p := pushing{isa: v, x: GP64(), byt: GP64(), g: GP64(), count: GP64(), pattern: GP64(), k: v.regs[2]}
	Load(Param("x"), p.x)
	coef, bits, rows := Load(Param("coef"), GP64()), Load(Param("bits"), GP64()), Load(Param("rows"), GP64())
	words := Load(Param("n"), GP64())
	ADDQ(Imm(63), words)
	SHRQ(Imm(6), words)
	SHLQ(Imm(3), words)
	do := p.panel512
	if v.bytes == 32 {
		do = p.panel256
		v.loadLanes()
	}

	Label("row")
	Load(Param("values"), p.g)
	MOVQ(bits, p.byt)
	MOVQ(param("n"), p.count)
	v.spread(Mem{Base: coef}, p.k)
	v.loop("panel", p.count, 1, panelBytes, []reg.Register{p.g, p.x}, func(part, int) {
		do()
		ADDQ(U32(v.panel()/8), p.byt)
	})
	TESTQ(p.count, p.count)
	JZ(LabelRef("next"))
	p.parts()
	p.last()
	Label("next")
	ADDQ(words, bits)
	ADDQ(U32(v.size), coef)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// A pushing writes Set.Push.
type pushing struct {
	isa

	x, byt, g reg.GPVirtual   // the row, the pattern, the residuals at the next panel
	count     reg.GPVirtual   // numbers left
	pattern   reg.GPVirtual   // of what is left, less than a panel
	k         reg.VecPhysical // the row's coefficient
}

func (p *pushing) panel512() {
	set, h, x := K(), p.regs[3], p.regs[4]
	if p.size == 4 {
		KMOVW(Mem{Base: p.byt}, set)
		VMOVUPS_Z(Mem{Base: p.g}, set, h)
	} else {
		KMOVB(Mem{Base: p.byt}, set)
		VMOVUPD_Z(Mem{Base: p.g}, set, h)
	}
	VMOVUPD(Mem{Base: p.x}, x)
	p.fma(h, p.k, x)
	VMOVUPD(x, Mem{Base: p.x})
}

// loadLanes keeps each lane's bit of a byte in the first register, or in two.
func (v isa) loadLanes() {
	lanes := GLOBL(fmt.Sprintf("bitOfLane%d", 8*v.size), RODATA|NOPTR)
	for i := range 8 {
		if v.size == 4 {
			DATA(i*4, U32(1<<i))
		} else {
			DATA(i*8, U64(1<<i))
		}
	}
	VMOVDQU(lanes, v.regs[0])
	if v.size == 8 {
		VMOVDQU(lanes.Offset(32), v.regs[1])
	}
}

// panel256 takes two vectors: of the two halves of a byte, or of two bytes.
func (p *pushing) panel256() {
	all := p.regs[3]
	for i := range 2 {
		lanes, set, x := p.regs[0], p.regs[4+i], p.regs[6+i]
		at := Mem{Base: p.x, Disp: 32 * i}
		if p.size == 4 {
			VPBROADCASTB(Mem{Base: p.byt, Disp: i}, all)
			VPAND(lanes, all, set)
			VPCMPEQD(lanes, set, set)
		} else {
			lanes = p.regs[i]
			VPBROADCASTB(Mem{Base: p.byt}, all)
			VPAND(lanes, all, set)
			VPCMPEQQ(lanes, set, set)
		}
		VANDPD(Mem{Base: p.g, Disp: 32 * i}, set, set)
		VMOVUPD(at, x)
		p.fma(set, p.k, x)
		VMOVUPD(x, at)
	}
}

// parts takes what is left of a row in half vectors and quarters: a masked store would make the next row's load wait for it.
func (p *pushing) parts() {
	if p.size == 4 {
		MOVWQZX(Mem{Base: p.byt}, p.pattern)
	} else {
		MOVBQZX(Mem{Base: p.byt}, p.pattern)
	}
	least := 16
	if p.bytes == 32 {
		least = 32
	}
	for bytes := 32; bytes >= least; bytes /= 2 {
		label, numbers := fmt.Sprintf("part_%d", bytes), bytes/p.size
		TESTQ(U32(numbers), p.count)
		JZ(LabelRef(label))
		h, x, k := part(bytes).of(p.regs[4]), part(bytes).of(p.regs[5]), part(bytes).of(p.k)
		p.chosen(h)
		VMOVUPD(Mem{Base: p.x}, x)
		p.fma(h, k, x)
		VMOVUPD(x, Mem{Base: p.x})
		SHRQ(Imm(uint64(numbers)), p.pattern)
		ADDQ(U32(bytes), p.g)
		ADDQ(U32(bytes), p.x)
		Label(label)
	}
	ANDQ(U32(least/p.size-1), p.count)
	JZ(LabelRef("next"))
}

// chosen sets h to the residuals whose bits are set.
func (p *pushing) chosen(h reg.Register) {
	if p.bytes == 64 {
		set := K()
		p.setMask(p.pattern.As32(), set)
		if p.size == 4 {
			VMOVUPS_Z(Mem{Base: p.g}, set, h)
		} else {
			VMOVUPD_Z(Mem{Base: p.g}, set, h)
		}
		return
	}
	VMOVD(p.pattern.As32(), h.(reg.VecPhysical).AsX())
	VPBROADCASTB(h.(reg.VecPhysical).AsX(), h)
	VPAND(p.regs[0], h, h)
	if p.size == 4 {
		VPCMPEQD(p.regs[0], h, h)
	} else {
		VPCMPEQQ(p.regs[0], h, h)
	}
	VANDPD(Mem{Base: p.g}, h, h)
}

// last takes what is left then, one by one.
func (p *pushing) last() {
	pattern, keep, h, x := p.pattern, GP64(), p.regs[4].AsX(), p.regs[5].AsX()
	Label("one")
	MOVQ(pattern, keep)
	ANDQ(Imm(1), keep)
	NEGQ(keep)
	if p.size == 4 {
		ANDL(Mem{Base: p.g}, keep.As32())
		VMOVD(keep.As32(), h)
	} else {
		ANDQ(Mem{Base: p.g}, keep)
		VMOVQ(keep, h)
	}
	p.loadOne(Mem{Base: p.x}, x)
	p.fmaOne(h, p.k.AsX(), x)
	p.storeOne(x, Mem{Base: p.x})
	SHRQ(Imm(1), pattern)
	ADDQ(U32(p.size), p.g)
	ADDQ(U32(p.size), p.x)
	DECQ(p.count)
	JNZ(LabelRef("one"))
}

// widen writes Set.Widen.
func (v isa) widen() {
	TEXT(v.name+"Widen", NOSPLIT, "func(to *float64, from *float32, n int)")
	Doc(v.name + "Widen takes at least one number.")
	Pragma("noescape")
	to, from, count := Load(Param("to"), GP64()), Load(Param("from"), GP64()), Load(Param("n"), GP64())
	half := func(x reg.VecPhysical) reg.Register {
		if v.bytes == 64 {
			return x.AsY()
		}
		return x.AsX()
	}
	loop := func(name string, parts, numbers int, do func(u int)) {
		SUBQ(U32(parts*numbers), count)
		JB(LabelRef(name + "_end"))
		Label(name)
		for u := range parts {
			do(u)
		}
		ADDQ(U32(parts*numbers*4), from)
		ADDQ(U32(parts*numbers*8), to)
		SUBQ(U32(parts*numbers), count)
		JAE(LabelRef(name))
		Label(name + "_end")
		ADDQ(U32(parts*numbers), count)
	}
	loop("turn", 4, v.bytes/8, func(u int) {
		VMOVUPS(Mem{Base: from, Disp: u * v.bytes / 2}, half(v.regs[u]))
		VCVTPS2PD(half(v.regs[u]), v.regs[u])
		VMOVUPD(v.regs[u], Mem{Base: to, Disp: u * v.bytes})
	})
	loop("one", 1, 1, func(int) {
		x := v.regs[0].AsX()
		VMOVSS(Mem{Base: from}, x)
		VCVTSS2SD(x, x, x)
		VMOVSD(x, Mem{Base: to})
	})
	VZEROUPPER()
	RET()
}
