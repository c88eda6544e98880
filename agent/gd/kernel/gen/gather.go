package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// gathered is kernel.Gathered.
const gathered = 6

// gather writes Set.Gather and Set.Step: for one word of every neuron's pattern and one group of panels, whose outputs stay in registers while the
// word's bits are gone through. What is not set costs nothing.
func (v isa) gather() {
	v.begin("Gather", "(c *number, stride int, bits *uint64, words int, values, b *number, rows, panels int, more bool, next *number, ahead int, x, coef *number, n, lanes int)",
		"goes over the rows' bits of one word, from +0 or, with more, from the chains that c holds. A row of c has stride numbers, one of",
		"bits words; values and b, a group, are those of the word. With x, of rows of n numbers, the word is the last, and instead of c being",
		"stored, x makes a step: of the group's last panel, only so many lanes are touched. What lies at next, if anything, is fetched, as much",
		"as the panels of a row, and ahead numbers further for the next row. rows, panels, lanes are not 0.")
	t := gathering{
		isa: v, c: GP64(), down: GP64(), bits: GP64(), words: GP64(), g: GP64(), b: GP64(), next: GP64(), rows: GP64(),
		word: GP64(), bit: GP64(), at: GP64(), x: GP64(), coef: GP64(),
	}
	if v.bytes == 64 {
		t.lanes = K()
	}
	t.load()
	for p := gathered; p > 1; p-- {
		CMPQ(param("panels"), U32(p))
		JEQ(LabelRef(fmt.Sprintf("panels%d", p)))
	}
	for p := 1; p <= gathered; p++ {
		t.panels(fmt.Sprintf("panels%d", p), p*panelBytes/v.bytes)
	}
}

// A gathering writes Set.Gather.
type gathering struct {
	isa

	c, down     reg.GPVirtual // the neuron's outputs; bytes between neurons
	bits, words reg.GPVirtual // the neuron's word; bytes between neurons
	g, b        reg.GPVirtual // of the word's first sample
	next        reg.GPVirtual // what is fetched
	rows        reg.GPVirtual // neurons left
	word        reg.GPVirtual // bits left
	bit, at     reg.GPVirtual // the next one, and its distance from b
	x, coef     reg.GPVirtual // the neuron's
	lanes       reg.Register  // a mask: those of x's last vector
	ones        Mem           // of window2, once it is made
}

func (t *gathering) load() {
	Load(Param("c"), t.c)
	Load(Param("stride"), t.down)
	t.scaled(t.down)
	Load(Param("bits"), t.bits)
	Load(Param("words"), t.words)
	SHLQ(Imm(3), t.words)
	Load(Param("values"), t.g)
	Load(Param("b"), t.b)
	Load(Param("next"), t.next)
	Load(Param("rows"), t.rows)
	Load(Param("x"), t.x)
	Load(Param("coef"), t.coef)
	if t.bytes == 64 {
		MOVQ(U32(t.panel()), reg.RCX)
		SUBQ(param("lanes"), reg.RCX)
		MOVL(U32(1<<t.panel()-1), t.word.As32())
		SHRL(reg.CL, t.word.As32())
		t.setMask(t.word.As32(), t.lanes)
	}
}

// panels goes over all neurons for some vectors of outputs.
func (t *gathering) panels(name string, vectors int) {
	residual, across := t.regs[vectors], vectors*t.bytes
	Label(name)
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
	t.spread(at(t.g, t.bit, uint8(t.size), 0), residual)
	for i := range vectors {
		t.fma(at(t.b, t.at, 1, i*t.bytes), residual, t.regs[i])
	}
	BLSRQ(t.word, t.word)
	JNZ(LabelRef(name + "_bit"))
	Label(name + "_end")
	TESTQ(t.next, t.next)
	JZ(LabelRef(name + "_fetched"))
	for i := 0; i <= across; i += 64 { // a line more than there are, because a row may begin anywhere in one
		PREFETCHT1(Mem{Base: t.next, Disp: i})
	}
	MOVQ(param("ahead"), t.at)
	LEAQ(at(t.next, t.at, uint8(t.size), 0), t.next)
	Label(name + "_fetched")
	TESTQ(t.x, t.x)
	JNZ(LabelRef(name + "_step"))
	for i := range vectors {
		VMOVUPD(t.regs[i], Mem{Base: t.c, Disp: i * t.bytes})
	}
	Label(name + "_next")
	ADDQ(t.down, t.c)
	ADDQ(t.words, t.bits)
	DECQ(t.rows)
	JNZ(LabelRef(name))
	VZEROUPPER()
	RET()

	Label(name + "_step")
	t.step(name, vectors)
	MOVQ(param("n"), t.at)
	LEAQ(at(t.x, t.at, uint8(t.size), 0), t.x)
	ADDQ(U32(t.size), t.coef)
	JMP(LabelRef(name + "_next"))
}

// step takes a neuron's step. What it loads was fetched while its words before were gone through.
func (t *gathering) step(name string, vectors int) {
	k, x := t.regs[vectors], t.regs[vectors+1]
	t.spread(Mem{Base: t.coef}, k)
	last := panelBytes / t.bytes // vectors of the last panel
	for i := range vectors - last {
		at := Mem{Base: t.x, Disp: i * t.bytes}
		VMOVUPD(at, x)
		t.fma(t.regs[i], k, x)
		VMOVUPD(x, at)
	}
	if t.bytes == 64 {
		to, q := Mem{Base: t.x, Disp: (vectors - 1) * t.bytes}, t.regs[vectors-1]
		if t.size == 4 {
			VMOVUPS_Z(to, t.lanes, x)
			t.fma(q, k, x)
			VMOVUPS(x, t.lanes, to)
		} else {
			VMOVUPD_Z(to, t.lanes, x)
			t.fma(q, k, x)
			VMOVUPD(x, t.lanes, to)
		}
		return
	}
	t.lastPanel256(name, vectors, k, x)
}

// lastPanel256 steps the two vectors of the last panel: whole ones, or the lanes that are less than a panel.
func (t *gathering) lastPanel256(name string, vectors int, k, x reg.VecPhysical) {
	lanes := t.regs[vectors+2]
	CMPQ(param("lanes"), U32(t.panel()))
	JNE(LabelRef(name + "_lanes"))
	for i := vectors - 2; i < vectors; i++ {
		to := Mem{Base: t.x, Disp: i * t.bytes}
		VMOVUPD(to, x)
		t.fma(t.regs[i], k, x)
		VMOVUPD(x, to)
	}
	JMP(LabelRef(name + "_stepped"))
	Label(name + "_lanes")
	window := t.window2()
	for i := vectors - 2; i < vectors; i++ {
		to := Mem{Base: t.x, Disp: i * t.bytes}
		LEAQ(window, t.at)
		MOVQ(param("lanes"), t.bit)
		NEGQ(t.bit)
		// The window has a panel of ones and one of none: the first vector's mask begins lanes before its middle.
		VMOVUPD(at(t.at, t.bit, uint8(t.size), panelBytes+(i-vectors+2)*t.bytes), lanes)
		if t.size == 4 {
			VMASKMOVPS(to, lanes, x)
			t.fma(t.regs[i], k, x)
			VMASKMOVPS(x, lanes, to)
		} else {
			VMASKMOVPD(to, lanes, x)
			t.fma(t.regs[i], k, x)
			VMASKMOVPD(x, lanes, to)
		}
	}
	Label(name + "_stepped")
}

// window2 is a panel of all ones and one of none.
func (t *gathering) window2() Mem {
	if t.ones.Symbol.Name == "" {
		t.ones = GLOBL(fmt.Sprintf("panels%s%d", t.name, 8*t.size), RODATA|NOPTR)
		for i := range 16 {
			DATA(i*8, I64(i/8-1))
		}
	}
	return t.ones
}
