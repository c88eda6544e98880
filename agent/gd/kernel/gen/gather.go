package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// gatherPanels is kernel.Gathered.
const gatherPanels = 6

// gather writes Set.Gather: for one word of every neuron's pattern and up to gatherPanels panels, whose outputs stay in registers while the
// word's bits are gone through. What is not set costs nothing.
func (v isa) gather() {
	v.begin("Gather", "(c *float64, stride int, bits *uint64, words int, values, b *float64, rows, panels int, more bool)",
		"goes over the rows' bits of one word, from +0 or, with more, from the chains that c holds. A row of c has stride numbers, one of",
		"bits words; values and b, a group, are those of the word. rows and panels are not 0.")
	t := gathering{
		isa: v, c: GP64(), down: GP64(), bits: GP64(), words: GP64(), g: GP64(), b: GP64(), next: GP64(), rows: GP64(),
		word: GP64(), bit: GP64(), at: GP64(),
	}
	t.load()
	panels := Load(Param("panels"), GP64())
	for p := gatherPanels; p > 1; p-- {
		CMPQ(panels, U32(p))
		JEQ(LabelRef(fmt.Sprintf("panels%d", p)))
	}
	for p := 1; p <= gatherPanels; p++ {
		t.panels(p)
	}
}

// A gathering writes Set.Gather.
type gathering struct {
	isa

	c, down     reg.GPVirtual // the neuron's outputs; bytes between neurons
	bits, words reg.GPVirtual // the neuron's word; bytes between neurons
	g, b        reg.GPVirtual // of the word's first sample
	next        reg.GPVirtual // what the next word will need, at what is fetched
	rows        reg.GPVirtual // neurons left
	word        reg.GPVirtual // bits left
	bit, at     reg.GPVirtual // the next one, and its distance from b
}

func (t *gathering) load() {
	Load(Param("c"), t.c)
	Load(Param("stride"), t.down)
	SHLQ(Imm(3), t.down)
	Load(Param("bits"), t.bits)
	Load(Param("words"), t.words)
	SHLQ(Imm(3), t.words)
	Load(Param("values"), t.g)
	Load(Param("b"), t.b)
	Load(Param("rows"), t.rows)
}

// panels goes over all neurons for p panels.
func (t *gathering) panels(p int) {
	name := fmt.Sprintf("panels%d", p)
	vectors := p * panel * size / t.bytes
	residual := t.regs[vectors]
	across := vectors * t.bytes // between samples
	Label(name)
	LEAQ(Mem{Base: t.b, Disp: 64 * across}, t.next)
	Label(name + "_row")
	CMPB(param("more"), Imm(0))
	JNE(LabelRef(name + "_more"))
	for i := range vectors {
		t.zero(t.regs[i])
	}
	JMP(LabelRef(name + "_start"))
	Label(name + "_more")
	for i := range vectors {
		VMOVUPD(Mem{Base: t.c, Disp: i * t.bytes}, t.regs[i])
	}
	Label(name + "_start")
	MOVQ(Mem{Base: t.bits}, t.word)
	TESTQ(t.word, t.word)
	JZ(LabelRef(name + "_end"))
	Label(name + "_bit")
	TZCNTQ(t.word, t.bit)
	IMUL3Q(U32(across), t.bit, t.at)
	VBROADCASTSD(at(t.g, t.bit, size, 0), residual)
	for i := range vectors {
		VFMADD231PD(at(t.b, t.at, 1, i*t.bytes), residual, t.regs[i])
	}
	BLSRQ(t.word, t.word)
	JNZ(LabelRef(name + "_bit"))
	Label(name + "_end")
	for i := range vectors {
		VMOVUPD(t.regs[i], Mem{Base: t.c, Disp: i * t.bytes})
	}
	for i := 0; i < across; i += 64 {
		PREFETCHT1(Mem{Base: t.next, Disp: i})
	}
	ADDQ(U32(across), t.next)
	ADDQ(t.down, t.c)
	ADDQ(t.words, t.bits)
	DECQ(t.rows)
	JNZ(LabelRef(name + "_row"))
	VZEROUPPER()
	RET()
}
