package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A part is how many numbers an instruction takes: a whole vector, the lanes of a mask (AVX-512), or one (AVX2, whose masked stores
// are slow). Nothing outside is read or written.
type part struct {
	bytes int
	mask  reg.Register // nil but for AVX-512's last, incomplete vector
}

// narrow is the register as the part uses it.
func (p part) narrow(x reg.VecPhysical) reg.Register {
	if p.bytes == size {
		return x.AsX()
	}
	return x
}

func (p part) load(m Mem, x reg.VecPhysical) {
	switch {
	case p.bytes == size:
		VMOVSD(m, p.narrow(x))
	case p.mask != nil:
		VMOVUPD_Z(m, p.mask, x)
	default:
		VMOVUPD(m, x)
	}
}

func (p part) store(x reg.VecPhysical, m Mem) {
	switch {
	case p.bytes == size:
		VMOVSD(p.narrow(x), m)
	case p.mask != nil:
		VMOVUPD(x, p.mask, m)
	default:
		VMOVUPD(x, m)
	}
}

// fma sets acc to fma(x, m, acc). Lanes beyond the mask keep what they have.
func (p part) fma(m Mem, x, acc reg.VecPhysical) {
	switch {
	case p.bytes == size:
		VFMADD231SD(m, p.narrow(x), p.narrow(acc))
	case p.mask != nil:
		VFMADD231PD(m, x, p.mask, acc)
	default:
		VFMADD231PD(m, x, acc)
	}
}

// across writes a loop over the count numbers of a row: some vectors a turn, then one, then what is left of one. do takes the u-th
// part of a turn; pointers advance by what a turn took. It uses up count; tail is what tailMask made.
func (v isa) across(name string, count reg.Register, tail reg.Register, pointers []reg.Register, do func(p part, u int)) {
	const turn = 4
	loop := func(label string, vectors int, p part) {
		step := vectors * p.bytes / size
		SUBQ(U32(step), count)
		JB(LabelRef(name + label + "_end"))
		Label(name + label)
		for u := range vectors {
			do(p, u)
		}
		for _, pointer := range pointers {
			ADDQ(U32(vectors*p.bytes), pointer)
		}
		SUBQ(U32(step), count)
		JAE(LabelRef(name + label))
		Label(name + label + "_end")
		ADDQ(U32(step), count)
	}
	loop("_turn", turn, part{bytes: v.bytes})
	loop("_vector", 1, part{bytes: v.bytes})
	if v.bytes == 32 {
		loop("_one", 1, part{bytes: size})
		return
	}
	JZ(LabelRef(name + "_end"))
	do(part{bytes: v.bytes, mask: tail}, 0)
	SHLQ(Imm(3), count)
	for _, pointer := range pointers {
		ADDQ(count, pointer)
	}
	Label(name + "_end")
}

// tailMask is the mask of the last, incomplete vector of rows of so many numbers; nil for AVX2.
func (v isa) tailMask(n Mem) reg.Register {
	if v.bytes == 32 {
		return nil
	}
	k, bits := K(), GP64()
	MOVQ(n, reg.RCX)
	ANDQ(Imm(7), reg.RCX)
	MOVQ(I32(-1), bits)
	SHLQ(reg.CL, bits)
	NOTQ(bits)
	KMOVB(bits.As32(), k)
	return k
}
