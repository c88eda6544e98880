package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// notLess is the comparison "not less than, or one of them is a NaN".
const notLess = 0x15

// An activation writes Set.Activate. It goes down a strip of samples over all neurons, so that the sums stay in registers and
// each is the one chain that the definition asks for.
type activation struct {
	strips

	z, down      reg.GPVirtual // the strip in the first row; bytes between rows
	bits, across reg.GPVirtual // the strip's bits in the first pattern; bytes between patterns
	count        reg.GPVirtual // strips left: with AVX2 the last may have no number, where a word's upper half has none
	flips        reg.GPVirtual

	row, row64, a, rows reg.GPVirtual // the neuron's, and how many are left
	changed             reg.GPVirtual
	sign                reg.VecPhysical
	spare               []reg.VecPhysical
}

func (v isa) activate() {
	v.begin("Activate", "(z *number, stride int, a *number, bits *uint64, sum *number, n, rows int) (flips int)",
		"takes at least one neuron and one sample.")
	s := activation{
		strips: v.newStrips("lanes"), z: GP64(), down: GP64(), bits: GP64(), across: GP64(), count: GP64(), flips: GP64(),
		row: GP64(), row64: GP64(), a: GP64(), rows: GP64(), changed: GP64(), sign: v.regs[9], spare: v.regs[11:],
	}
	s.load()
	Label("strips")
	s.chooseStrip()
	least := 1
	if s.halved() {
		JMP(stripOf(0))
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
	DECQ(s.count)
	JNZ(LabelRef("strips"))
	Store(s.flips, Return("flips"))
	VZEROUPPER()
	RET()
}

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
	MOVQ(s.across, s.count)
	if s.halved() {
		SHLQ(Imm(1), s.count)
	}
	SHLQ(Imm(3), s.across)
	XORQ(s.flips, s.flips)
	s.isa.zero(s.zero)
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
