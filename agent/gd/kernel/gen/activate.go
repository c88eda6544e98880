package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// strip is how many vectors of samples Activate takes at a time: a word of a pattern with AVX-512, half a word with AVX2.
const strip = 8

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
	v.begin("Activate", "(z *float64, stride int, a *float64, bits *uint64, sum *float64, n, rows int) (flips int)",
		"takes at least one neuron and one sample.")
	s := activation{
		isa: v, z: GP64(), down: GP64(), bits: GP64(), across: GP64(), sum: GP64(), left: GP64(), strips: GP64(), flips: GP64(),
		row: GP64(), row64: GP64(), a: GP64(), rows: GP64(), word: GP64(), changed: GP64(),
		zero: v.regs[strip], sign: v.regs[strip+1], lanes: v.regs[strip+2], spare: v.regs[strip+3:],
	}
	if v.bytes == 64 {
		s.lanes = K()
	}
	s.load()
	Label("strips")
	s.chooseStrip()
	least := 1
	if v.bytes == 32 {
		least = 0
	}
	for vectors := strip; vectors >= least; vectors-- {
		s.strip(vectors)
	}
	Label("next")
	ADDQ(U32(strip*v.bytes), s.z)
	ADDQ(U32(strip*v.bytes), s.sum)
	ADDQ(U32(s.samples()/8), s.bits)
	SUBQ(U32(s.samples()), s.left)
	DECQ(s.strips)
	JNZ(LabelRef("strips"))
	Store(s.flips, Return("flips"))
	VZEROUPPER()
	RET()
}

// samples is how many are in a strip.
func (s *activation) samples() int { return strip * s.bytes / size }

func (s *activation) load() {
	Load(Param("z"), s.z)
	Load(Param("stride"), s.down)
	SHLQ(Imm(3), s.down)
	Load(Param("bits"), s.bits)
	Load(Param("sum"), s.sum)
	Load(Param("n"), s.left)
	MOVQ(s.left, s.across)
	ADDQ(Imm(63), s.across)
	SHRQ(Imm(6), s.across)
	MOVQ(s.across, s.strips)
	if s.bytes == 32 {
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
	JGE(stripOf(strip))
	s.lastLanes()
	for vectors := strip; vectors > 0; vectors-- {
		CMPQ(s.left, U32((vectors-1)*s.bytes/size))
		JG(stripOf(vectors))
	}
	if s.bytes == 32 {
		JMP(stripOf(0))
	}
}

func (s *activation) allLanes() {
	if s.bytes == 64 {
		KXNORB(s.lanes, s.lanes, s.lanes)
		return
	}
	VPCMPEQQ(s.zero, s.zero, s.lanes)
}

// lastLanes are (left-1)%lanes + 1.
func (s *activation) lastLanes() {
	MOVQ(s.left, reg.RCX)
	NEGQ(reg.RCX)
	if s.bytes == 64 {
		ANDQ(Imm(7), reg.RCX)
		MOVL(U32(0xff), s.word.As32())
		SHRL(reg.CL, s.word.As32())
		KMOVB(s.word.As32(), s.lanes)
		return
	}
	window := GLOBL("lanes", RODATA|NOPTR)
	for i := range 8 {
		DATA(i*8, I64(i/4-1)) // four times all ones, four times none
	}
	ANDQ(Imm(3), reg.RCX)
	LEAQ(window, s.word)
	VMOVDQU(at(s.word, reg.RCX, 8, 0), s.lanes)
}

// strip goes over all neurons for so many vectors of samples.
func (s *activation) strip(vectors int) {
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
	ADDQ(Imm(size), s.a)
	DECQ(s.rows)
	JNZ(LabelRef(name + "_row"))
	for i := range vectors {
		s.storeSum(i, i == vectors-1)
	}
	JMP(LabelRef("next"))
}

func (s *activation) loadSum(i int, last bool) {
	from := Mem{Base: s.sum, Disp: i * s.bytes}
	switch {
	case !last:
		VMOVUPD(from, s.regs[i])
	case s.bytes == 64:
		VMOVUPD_Z(from, s.lanes, s.regs[i])
	default:
		VMASKMOVPD(from, s.lanes, s.regs[i])
	}
}

func (s *activation) storeSum(i int, last bool) {
	to := Mem{Base: s.sum, Disp: i * s.bytes}
	switch {
	case !last:
		VMOVUPD(s.regs[i], to)
	case s.bytes == 64:
		VMOVUPD(s.regs[i], s.lanes, to)
	default:
		VMASKMOVPD(s.regs[i], s.lanes, to)
	}
}

// word512 is a neuron's part of a strip: the word's bits come together two masks at a time.
func (s *activation) word512(vectors int) {
	VBROADCASTSD(Mem{Base: s.a}, s.sign)
	KMOVQ(s.masks(0, strip, vectors), s.word)
	MOVQ(s.word, s.changed)
	XORQ(Mem{Base: s.row64}, s.changed)
	POPCNTQ(s.changed, s.changed)
	ADDQ(s.changed, s.flips)
	MOVQ(s.word, Mem{Base: s.row64})
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
	join := map[int]func(k, k1, k2 Op){2: KUNPCKBW, 4: KUNPCKWD, 8: KUNPCKDQ}[count]
	join(low, high, low)
	return low
}

func (s *activation) vector512(i int, last bool) reg.Register {
	from, x, k := Mem{Base: s.row, Disp: i * s.bytes}, s.spare[i], K()
	if last {
		VMOVUPD_Z(from, s.lanes, x)
		VCMPPD(Imm(notLess), s.zero, x, s.lanes, k)
	} else {
		VMOVUPD(from, x)
		VCMPPD(Imm(notLess), s.zero, x, k)
	}
	s.add(x, i)
	return k
}

// add is the sum of a vector. The maximum is the second operand where one is a NaN or both are zeros: just what passes the ReLU.
func (s *activation) add(x reg.VecPhysical, i int) {
	VMAXPD(x, s.zero, x)
	VFMADD231PD(x, s.sign, s.regs[i])
}

// word256 is a neuron's part of a strip, four bits at a time.
func (s *activation) word256(vectors int) {
	VBROADCASTSD(Mem{Base: s.a}, s.sign)
	word, changed := s.word.As32(), s.changed.As32()
	XORL(word, word)
	for i := vectors - 1; i >= 0; i-- {
		from, x, set := Mem{Base: s.row, Disp: i * s.bytes}, s.spare[i%2], s.spare[2+i%2]
		if i == vectors-1 {
			VMASKMOVPD(from, s.lanes, x)
		} else {
			VMOVUPD(from, x)
		}
		VCMPPD(Imm(notLess), s.zero, x, set)
		if i == vectors-1 {
			VANDPD(s.lanes, set, set)
			VMOVMSKPD(set, word)
		} else {
			VMOVMSKPD(set, changed)
			SHLL(Imm(4), word)
			ORL(changed, word)
		}
		s.add(x, i)
	}
	MOVL(word, changed)
	XORL(Mem{Base: s.row64}, changed)
	POPCNTL(changed, changed)
	ADDQ(s.changed, s.flips)
	MOVL(word, Mem{Base: s.row64})
}
