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

// across goes over the count numbers of a row: some vectors a turn, then one, then what is left in parts, and one by one. do takes the u-th part
// of a turn; the pointers advance. It uses up count.
func (v isa) across(name string, count reg.Register, pointers []reg.Register, do func(p part, u int)) {
	const turn = 4
	v.loop(name+"_turn", count, turn, part(v.bytes), pointers, do)
	v.loop(name+"_vector", count, 1, part(v.bytes), pointers, do)
	for p := part(v.bytes / 2); p >= 16; p /= 2 {
		label := fmt.Sprintf("%s_%d", name, p)
		TESTQ(U32(int(p)/v.size), count)
		JZ(LabelRef(label))
		do(p, 0)
		for _, pointer := range pointers {
			ADDQ(U32(p), pointer)
		}
		Label(label)
	}
	ANDQ(U32(16/v.size-1), count)
	v.loop(name+"_one", count, 1, part(v.size), pointers, do)
}

// loop takes some parts a turn while there are that many.
func (v isa) loop(name string, count reg.Register, parts int, p part, pointers []reg.Register, do func(p part, u int)) {
	numbers := U32(parts * int(p) / v.size)
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
