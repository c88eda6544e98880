package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// strip is how many vectors of samples Activate takes at a time: a word of a pattern, or half a word with AVX2 and float64.
func (v isa) strip() int { return min(8, 64*v.size/v.bytes) }

// notLess is the comparison "not less than, or one of them is a NaN".
const notLess = 0x15

// An activation writes Set.Activate. It goes down a strip of samples over all neurons, so that the sums stay in registers and
// each is the one chain that the definition asks for.
type activation struct {
	isa

	z, down      reg.GPVirtual // the strip in the first row; bytes between rows
	bits, across reg.GPVirtual // the strip's bits in the first pattern; bytes between patterns
	sum          reg.GPVirtual // the strip's sums
	left         reg.GPVirtual // samples; with AVX2 not positive where a word's upper half has none
	strips       reg.GPVirtual // left
	flips        reg.GPVirtual
	lanes        reg.Register // a mask: those lanes of the strip's last vector that are samples

	row, row64, a, rows reg.GPVirtual // the neuron's, and how many are left
	word, changed       reg.GPVirtual
	zero, sign          reg.VecPhysical
	spare               []reg.VecPhysical
}

func (v isa) activate() {
	v.begin("Activate", "(z *number, stride int, a *number, bits *uint64, sum *number, n, rows int) (flips int)",
		"takes at least one neuron and one sample.")
	s := activation{
		isa: v, z: GP64(), down: GP64(), bits: GP64(), across: GP64(), sum: GP64(), left: GP64(), strips: GP64(), flips: GP64(),
		row: GP64(), row64: GP64(), a: GP64(), rows: GP64(), word: GP64(), changed: GP64(),
		zero: v.regs[8], sign: v.regs[9], lanes: v.regs[10], spare: v.regs[11:],
	}
	if v.bytes == 64 {
		s.lanes = K()
	}
	s.load()
	Label("strips")
	s.chooseStrip()
	least := 1
	if s.halved() {
		least = 0
	}
	for vectors := v.strip(); vectors >= least; vectors-- {
		s.overNeurons(vectors)
	}
	Label("next")
	ADDQ(U32(s.samples()*v.size), s.z)
	ADDQ(U32(s.samples()*v.size), s.sum)
	ADDQ(U32(s.samples()/8), s.bits)
	SUBQ(U32(s.samples()), s.left)
	DECQ(s.strips)
	JNZ(LabelRef("strips"))
	Store(s.flips, Return("flips"))
	VZEROUPPER()
	RET()
}

// samples is how many are in a strip.
func (s *activation) samples() int { return s.strip() * s.bytes / s.size }

// halved says whether a strip is half a word.
func (s *activation) halved() bool { return s.samples() == 32 }

func (s *activation) load() {
	Load(Param("z"), s.z)
	Load(Param("stride"), s.down)
	s.scaled(s.down)
	Load(Param("bits"), s.bits)
	Load(Param("sum"), s.sum)
	Load(Param("n"), s.left)
	MOVQ(s.left, s.across)
	ADDQ(Imm(63), s.across)
	SHRQ(Imm(6), s.across)
	MOVQ(s.across, s.strips)
	if s.halved() {
		SHLQ(Imm(1), s.strips)
	}
	SHLQ(Imm(3), s.across)
	XORQ(s.flips, s.flips)
	s.isa.zero(s.zero)
}

func stripOf(vectors int) LabelRef { return LabelRef(fmt.Sprintf("strip%d", vectors)) }

// chooseStrip goes to as many vectors as the strip needs.
func (s *activation) chooseStrip() {
	s.allLanes()
	CMPQ(s.left, U32(s.samples()))
	JGE(stripOf(s.strip()))
	s.lastLanes()
	for vectors := s.strip(); vectors > 0; vectors-- {
		CMPQ(s.left, U32((vectors-1)*s.bytes/s.size))
		JG(stripOf(vectors))
	}
	if s.halved() {
		JMP(stripOf(0))
	}
}

func (s *activation) allLanes() {
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
func (s *activation) lastLanes() {
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
	LEAQ(s.window(), s.word)
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

// window is a vector of all ones and one of none: from i numbers on, it is the mask of all lanes but i.
func (v isa) window() Mem {
	window := GLOBL(fmt.Sprintf("lanes%s%d", v.name, 8*v.size), RODATA|NOPTR)
	for i := range 8 {
		DATA(i*8, I64(i/4-1)) // four times all ones, four times none
	}
	return window
}

// overNeurons goes over all neurons for so many vectors of samples.
func (s *activation) overNeurons(vectors int) {
	name := string(stripOf(vectors))
	Label(name)
	for i := range vectors {
		s.loadSum(i, i == vectors-1)
	}
	MOVQ(s.z, s.row)
	MOVQ(s.bits, s.row64)
	Load(Param("a"), s.a)
	Load(Param("rows"), s.rows)
	Label(name + "_row")
	if s.bytes == 64 {
		s.word512(vectors)
	} else {
		s.word256(vectors)
	}
	ADDQ(s.down, s.row)
	ADDQ(s.across, s.row64)
	ADDQ(U32(s.size), s.a)
	DECQ(s.rows)
	JNZ(LabelRef(name + "_row"))
	for i := range vectors {
		s.storeSum(i, i == vectors-1)
	}
	JMP(LabelRef("next"))
}

func (s *activation) loadSum(i int, last bool) {
	s.load1(Mem{Base: s.sum, Disp: i * s.bytes}, s.regs[i], last)
}

// load1 loads a vector of samples; of the last, those that are.
func (s *activation) load1(from Mem, x reg.VecPhysical, last bool) {
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

func (s *activation) storeSum(i int, last bool) {
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

// word512 is a neuron's part of a strip: the word's bits come together two masks at a time.
func (s *activation) word512(vectors int) {
	s.spread(Mem{Base: s.a}, s.sign)
	KMOVQ(s.masks(0, s.strip(), vectors), s.word)
	s.putWord()
}

// masks is the pattern of the vectors from <= i < from+count, of which there are so many.
func (s *activation) masks(from, count, vectors int) reg.Register {
	if count == 1 {
		return s.vector512(from, from == vectors-1)
	}
	low := s.masks(from, count/2, vectors)
	if from+count/2 >= vectors {
		return low
	}
	high := s.masks(from+count/2, count/2, vectors)
	join := map[int]func(k, k1, k2 Op){16: KUNPCKBW, 32: KUNPCKWD, 64: KUNPCKDQ}[count*s.bytes/s.size]
	join(low, high, low)
	return low
}

func (s *activation) vector512(i int, last bool) reg.Register {
	x, k := s.spare[i], K()
	s.load1(Mem{Base: s.row, Disp: i * s.bytes}, x, last)
	switch {
	case s.size == 4 && last:
		VCMPPS(Imm(notLess), s.zero, x, s.lanes, k)
	case s.size == 4:
		VCMPPS(Imm(notLess), s.zero, x, k)
	case last:
		VCMPPD(Imm(notLess), s.zero, x, s.lanes, k)
	default:
		VCMPPD(Imm(notLess), s.zero, x, k)
	}
	s.add(x, i)
	return k
}

// add is the sum of a vector. The maximum is the second operand where one is a NaN or both are zeros: just what passes the ReLU.
func (s *activation) add(x reg.VecPhysical, i int) {
	if s.size == 4 {
		VMAXPS(x, s.zero, x)
	} else {
		VMAXPD(x, s.zero, x)
	}
	s.fma(x, s.sign, s.regs[i])
}

// word256 is a neuron's part of a strip, a vector's bits at a time.
func (s *activation) word256(vectors int) {
	s.spread(Mem{Base: s.a}, s.sign)
	XORQ(s.word, s.word)
	for i := vectors - 1; i >= 0; i-- {
		x, set := s.spare[i%2], s.spare[2+i%2]
		s.load1(Mem{Base: s.row, Disp: i * s.bytes}, x, i == vectors-1)
		bits := s.changed.As32()
		if s.size == 4 {
			VCMPPS(Imm(notLess), s.zero, x, set)
		} else {
			VCMPPD(Imm(notLess), s.zero, x, set)
		}
		if i == vectors-1 {
			VANDPD(s.lanes, set, set)
		} else {
			SHLQ(Imm(uint64(s.bytes/s.size)), s.word)
		}
		if s.size == 4 {
			VMOVMSKPS(set, bits)
		} else {
			VMOVMSKPD(set, bits)
		}
		ORQ(s.changed, s.word)
		s.add(x, i)
	}
	s.putWord()
}

// putWord counts what changed, and stores a strip's bits.
func (s *activation) putWord() {
	if s.halved() {
		MOVL(s.word.As32(), s.changed.As32())
		XORL(Mem{Base: s.row64}, s.changed.As32())
		POPCNTL(s.changed.As32(), s.changed.As32())
		ADDQ(s.changed, s.flips)
		MOVL(s.word.As32(), Mem{Base: s.row64})
		return
	}
	MOVQ(s.word, s.changed)
	XORQ(Mem{Base: s.row64}, s.changed)
	POPCNTQ(s.changed, s.changed)
	ADDQ(s.changed, s.flips)
	MOVQ(s.word, Mem{Base: s.row64})
}
