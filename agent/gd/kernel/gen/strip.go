package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// strip is how many vectors of a row stay in registers at a time: as many numbers as a word has bits, or half of that with AVX2 and float64.
func (v isa) strip() int { return min(8, 64*v.size/v.bytes) }

// samples is how many numbers are in a strip.
func (v isa) samples() int { return v.strip() * v.bytes / v.size }

// halved says whether a strip is half a word.
func (v isa) halved() bool { return v.samples() == 32 }

// strips are for a kernel that goes along a row a strip at a time. The vectors of sums are the first registers.
type strips struct {
	isa

	left   reg.GPVirtual // numbers that are left of the row
	sum    reg.GPVirtual // the strip's sums in memory
	lanes  reg.Register  // a mask: those lanes of the strip's last vector that are of the row
	zero   reg.VecPhysical
	word   reg.GPVirtual // spare
	window string        // the name of lastLanes' data
}

// newStrips takes the eleven first registers, or with masks all but one of them.
func (v isa) newStrips(window string) strips {
	s := strips{isa: v, left: GP64(), sum: GP64(), lanes: v.regs[10], zero: v.regs[8], word: GP64(), window: window}
	if v.bytes == 64 {
		s.lanes = K()
	}
	return s
}

func stripOf(vectors int) LabelRef { return LabelRef(fmt.Sprintf("strip%d", vectors)) }

// chooseStrip goes to as many vectors as the strip needs.
func (s *strips) chooseStrip() {
	s.allLanes()
	CMPQ(s.left, U32(s.samples()))
	JGE(stripOf(s.strip()))
	s.lastLanes()
	for vectors := s.strip(); vectors > 0; vectors-- {
		CMPQ(s.left, U32((vectors-1)*s.bytes/s.size))
		JG(stripOf(vectors))
	}
}

func (s *strips) allLanes() {
	switch {
	case s.bytes == 32:
		VPCMPEQQ(s.zero, s.zero, s.lanes)
	case s.size == 4:
		KXNORW(s.lanes, s.lanes, s.lanes)
	default:
		KXNORB(s.lanes, s.lanes, s.lanes)
	}
}

// lastLanes are (left-1)%lanes + 1.
func (s *strips) lastLanes() {
	lanes := s.bytes / s.size
	MOVQ(s.left, reg.RCX)
	NEGQ(reg.RCX)
	ANDQ(Imm(uint64(lanes-1)), reg.RCX)
	if s.bytes == 64 {
		MOVL(U32(1<<lanes-1), s.word.As32())
		SHRL(reg.CL, s.word.As32())
		s.setMask(s.word.As32(), s.lanes)
		return
	}
	LEAQ(s.allAndNone(), s.word)
	VMOVDQU(at(s.word, reg.RCX, uint8(s.size), 0), s.lanes)
}

// setMask moves the bits for a vector's lanes.
func (v isa) setMask(from, k reg.Register) {
	if v.size == 4 {
		KMOVW(from, k)
		return
	}
	KMOVB(from, k)
}

// allAndNone is a vector of all ones and one of none: from i numbers on, it is the mask of all lanes but i.
func (s *strips) allAndNone() Mem {
	window := GLOBL(fmt.Sprintf("%s%s%d", s.window, s.name, 8*s.size), RODATA|NOPTR)
	for i := range 8 {
		DATA(i*8, I64(i/4-1)) // four times all ones, four times none
	}
	return window
}

// load1 loads a vector of a strip; of the last, the lanes that are of the row.
func (s *strips) load1(from Mem, x reg.VecPhysical, last bool) {
	switch {
	case !last:
		VMOVUPD(from, x)
	case s.bytes == 32 && s.size == 4:
		VMASKMOVPS(from, s.lanes, x)
	case s.bytes == 32:
		VMASKMOVPD(from, s.lanes, x)
	case s.size == 4:
		VMOVUPS_Z(from, s.lanes, x)
	default:
		VMOVUPD_Z(from, s.lanes, x)
	}
}

// loadSum and storeSum move a vector of sums.
func (s *strips) loadSum(i int, last bool) {
	s.load1(Mem{Base: s.sum, Disp: i * s.bytes}, s.regs[i], last)
}

func (s *strips) storeSum(i int, last bool) {
	to := Mem{Base: s.sum, Disp: i * s.bytes}
	switch {
	case !last:
		VMOVUPD(s.regs[i], to)
	case s.bytes == 32 && s.size == 4:
		VMASKMOVPS(s.regs[i], s.lanes, to)
	case s.bytes == 32:
		VMASKMOVPD(s.regs[i], s.lanes, to)
	case s.size == 4:
		VMOVUPS(s.regs[i], s.lanes, to)
	default:
		VMOVUPD(s.regs[i], s.lanes, to)
	}
}
