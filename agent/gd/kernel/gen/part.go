package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A part is how many bytes an instruction takes: a whole vector, a half, a quarter, one number. The end of a row is taken in ever
// smaller parts: a masked store would make the next row's load wait for it, as if they overlapped.
type part int

// of is the register as the part uses it.
func (p part) of(x reg.VecPhysical) reg.Register {
	switch p {
	case 64:
		return x.AsZ()
	case 32:
		return x.AsY()
	}
	return x.AsX()
}

func (p part) load(m Mem, x reg.VecPhysical) {
	if p == size {
		VMOVSD(m, p.of(x))
		return
	}
	VMOVUPD(m, p.of(x))
}

func (p part) store(x reg.VecPhysical, m Mem) {
	if p == size {
		VMOVSD(p.of(x), m)
		return
	}
	VMOVUPD(p.of(x), m)
}

// fma sets acc to fma(x, m, acc).
func (p part) fma(m Mem, x, acc reg.VecPhysical) {
	if p == size {
		VFMADD231SD(m, p.of(x), p.of(acc))
		return
	}
	VFMADD231PD(m, p.of(x), p.of(acc))
}

// across goes over the count numbers of a row: some vectors a turn, then one, then what is left in parts. do takes the u-th part of a
// turn; the pointers advance. It uses up count.
func (v isa) across(name string, count reg.Register, pointers []reg.Register, do func(p part, u int)) {
	const turn = 4
	v.loop(name+"_turn", count, turn, part(v.bytes), pointers, do)
	v.loop(name+"_vector", count, 1, part(v.bytes), pointers, do)
	for p := part(v.bytes / 2); p >= size; p /= 2 {
		label := fmt.Sprintf("%s_%d", name, p)
		TESTQ(U32(p/size), count)
		JZ(LabelRef(label))
		do(p, 0)
		for _, pointer := range pointers {
			ADDQ(U32(p), pointer)
		}
		Label(label)
	}
}

// loop takes some parts a turn while there are that many.
func (v isa) loop(name string, count reg.Register, parts int, p part, pointers []reg.Register, do func(p part, u int)) {
	numbers := U32(parts * int(p) / size)
	SUBQ(numbers, count)
	JB(LabelRef(name + "_end"))
	Label(name)
	for u := range parts {
		do(p, u)
	}
	for _, pointer := range pointers {
		ADDQ(U32(parts*int(p)), pointer)
	}
	SUBQ(numbers, count)
	JAE(LabelRef(name))
	Label(name + "_end")
	ADDQ(numbers, count)
}
