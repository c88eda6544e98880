package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// combine writes Set.Combine. It goes down a strip of columns over all rows, so that x is read and written once.
func (v isa) combine() {
	v.begin("Combine", "(x, coef *number, apart int, step *number, stride, n, rows int)", "takes at least one row of at least one number.")
	s, k, spare := v.newStrips("lanesOfCombine"), v.regs[9], v.regs[11]
	step, apart, down := Load(Param("step"), GP64()), Load(Param("apart"), GP64()), Load(Param("stride"), GP64())
	Load(Param("x"), s.sum)
	Load(Param("n"), s.left)
	v.scaled(apart)
	v.scaled(down)
	coef, row, rows := GP64(), GP64(), GP64()

	Label("strips")
	s.chooseStrip()
	for vectors := s.strip(); vectors >= 1; vectors-- {
		name := string(stripOf(vectors))
		Label(name)
		for i := range vectors {
			s.loadSum(i, i == vectors-1)
		}
		MOVQ(step, row)
		Load(Param("coef"), coef)
		Load(Param("rows"), rows)
		Label(name + "_row")
		v.spread(Mem{Base: coef}, k)
		for i := range vectors {
			from := Mem{Base: row, Disp: i * v.bytes}
			if i < vectors-1 {
				v.fma(from, k, v.regs[i])
				continue
			}
			s.load1(from, spare, true)
			v.fma(spare, k, v.regs[i])
		}
		ADDQ(apart, coef)
		ADDQ(down, row)
		DECQ(rows)
		JNZ(LabelRef(name + "_row"))
		for i := range vectors {
			s.storeSum(i, i == vectors-1)
		}
		JMP(LabelRef("next"))
	}
	Label("next")
	ADDQ(U32(v.samples()*v.size), s.sum)
	ADDQ(U32(v.samples()*v.size), step)
	SUBQ(U32(v.samples()), s.left)
	JG(LabelRef("strips"))
	VZEROUPPER()
	RET()
}
