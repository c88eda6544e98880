package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// unroll is how many inner indices a turn of a tile's loop takes.
const unroll = 4

// A product writes Set.Product: tiles of some rows by some panels, whose outputs stay in registers while the inner index runs. A
// group of panels meets all left rows before the next group comes, so that it stays in a near cache and the right-hand
// matrix moves through memory once; meanwhile the next group is fetched.
type product struct {
	isa

	a, a4  reg.GPVirtual // the tile's first and fifth left row, at the inner index
	s, s3  reg.GPVirtual // bytes between left rows, and three times that
	group0 reg.GPVirtual // the group's first panel
	b      reg.GPVirtual // the same at the inner index
	next   reg.GPVirtual // the next group, at what is fetched
	step   reg.GPVirtual // bytes by which next goes on: none once all is fetched
	d      reg.GPVirtual // bytes of a panel
	c, out reg.GPVirtual // the group's outputs; the tile's
	w      reg.GPVirtual // bytes between rows of outputs
	rows   reg.GPVirtual // left in the group
	count  reg.GPVirtual // inner indices left in the tile
}

func (v isa) product() {
	v.begin("Product", "(c, a, b *number, stride, rows, inner, width, depth int, more bool)",
		"goes over depth of the inner indices, from +0 or, with more, from the chains that c holds. Strides, inner and width are those",
		"of the whole matrices; rows and width are not 0.")
	t := product{
		isa: v, a: GP64(), a4: GP64(), s: GP64(), s3: GP64(), group0: GP64(), b: GP64(), next: GP64(), step: GP64(),
		d: GP64(), c: GP64(), out: GP64(), w: GP64(), rows: GP64(), count: GP64(),
	}
	t.load()
	t.chooseGroup()
	VZEROUPPER()
	RET()
	for p := t.tilePanels; p > 0; p-- {
		t.group(p)
	}
}

func (t *product) load() {
	Load(Param("stride"), t.s)
	t.scaled(t.s)
	LEAQ(at(t.s, t.s, 2, 0), t.s3)
	Load(Param("b"), t.group0)
	Load(Param("c"), t.c)
	Load(Param("inner"), t.d)
	SHLQ(Imm(6), t.d) // panelBytes
	Load(Param("width"), t.w)
	t.scaled(t.w)
}

// left is the outputs that are left: the parameter's place, for want of a register.
func left() Mem { return param("width") }

// chooseGroup goes to the next group of panels, if there is one. Four are two and two: one by itself waits for its loads.
func (t *product) chooseGroup() {
	Label("groups")
	if t.tilePanels == 3 {
		CMPQ(left(), Imm(uint64(4*t.panel())))
		JE(group(2))
		CMPQ(left(), Imm(uint64(2*t.panel())))
		JG(group(3))
		JE(group(2))
	}
	CMPQ(left(), Imm(0))
	JNE(group(1))
}

func group(p int) LabelRef     { return LabelRef(fmt.Sprintf("group%d", p)) }
func someRows(p int) LabelRef  { return LabelRef(fmt.Sprintf("rows%d", p)) }
func tile(r, p int) LabelRef   { return LabelRef(fmt.Sprintf("tile%dx%d", r, p)) }
func nextGroup(p int) LabelRef { return LabelRef(fmt.Sprintf("next%d", p)) }

// group takes p panels over all rows.
func (t *product) group(p int) {
	Label(string(group(p)))
	Load(Param("a"), t.a)
	Load(Param("rows"), t.rows)
	MOVQ(t.c, t.out)
	MOVQ(t.group0, t.next)
	for range p {
		ADDQ(t.d, t.next)
	}
	MOVQ(U32(64), t.step)

	Label(string(someRows(p)))
	t.chooseTile(p)
	for r := 1; r <= t.tileRows; r++ {
		t.tile(r, p)
	}

	Label(string(nextGroup(p)))
	ADDQ(U32(p*panelBytes), t.c)
	for range p {
		ADDQ(t.d, t.group0)
	}
	SUBQ(Imm(uint64(p*t.panel())), left())
	JMP(LabelRef("groups"))
}

// chooseTile goes to as many rows as are left and fit. The tiles of AVX2 need four rows to keep the units busy: seven are four and three,
// eight are four and four.
func (t *product) chooseTile(p int) {
	CMPQ(t.rows, U32(t.tileRows))
	if t.tileRows == 6 {
		JE(tile(6, p))
		CMPQ(t.rows, Imm(8))
		JG(tile(6, p))
		CMPQ(t.rows, Imm(6))
		JG(tile(4, p))
	} else {
		JGE(tile(t.tileRows, p))
	}
	for r := t.tileRows - 1; r > 1; r-- {
		CMPQ(t.rows, U32(r))
		JE(tile(r, p))
	}
}

// tile takes r rows and p panels over the inner indices.
func (t *product) tile(r, p int) {
	name := string(tile(r, p))
	vectors := p * panelBytes / t.bytes
	Label(name)
	CMPB(param("more"), Imm(0))
	JNE(LabelRef(name + "_more"))
	for i := range r * vectors {
		t.zero(t.regs[i])
	}
	Label(name + "_start")
	MOVQ(t.group0, t.b)
	if r > 4 {
		LEAQ(at(t.a, t.s, 4, 0), t.a4)
	}
	if r == t.tileRows {
		t.fetched(name)
	}
	t.run(name, r, p)
	t.each(r, vectors, t.out, func(acc reg.VecPhysical, m Mem) { VMOVUPD(acc, m) })
	ADDQ(t.w, t.out)
	t.nextTile(r, p)

	Label(name + "_more")
	MOVQ(t.out, t.b)
	t.each(r, vectors, t.b, func(acc reg.VecPhysical, m Mem) { VMOVUPD(m, acc) })
	JMP(LabelRef(name + "_start"))
}

// each goes over a tile's registers and their places in c, and leaves the pointer at the last row.
func (t *product) each(r, vectors int, pointer reg.Register, do func(acc reg.VecPhysical, m Mem)) {
	for row := range r {
		if row > 0 {
			ADDQ(t.w, pointer)
		}
		for vec := range vectors {
			do(t.regs[row*vectors+vec], Mem{Base: pointer, Disp: vec * t.bytes})
		}
	}
}

// run is a tile's loop.
func (t *product) run(name string, r, p int) {
	MOVQ(param("depth"), t.count)
	SUBQ(Imm(unroll), t.count)
	JB(LabelRef(name + "_few"))
	Label(name + "_loop")
	for u := range unroll {
		t.index(u, r, p)
	}
	if r == t.tileRows {
		t.fetch(p)
	}
	t.advance(unroll, r)
	SUBQ(Imm(unroll), t.count)
	JAE(LabelRef(name + "_loop"))

	Label(name + "_few")
	ADDQ(Imm(unroll), t.count)
	JZ(LabelRef(name + "_end"))
	Label(name + "_one")
	t.index(0, r, p)
	t.advance(1, r)
	DECQ(t.count)
	JNZ(LabelRef(name + "_one"))
	Label(name + "_end")
}

// index multiplies and adds the u-th of the next inner indices: a vector of outputs for each load, each left number in all lanes.
func (t *product) index(u, r, p int) {
	vectors := p * panelBytes / t.bytes
	right := t.regs[r*vectors:][:vectors]
	spare := t.regs[(r+1)*vectors:]
	for vec, x := range right {
		VMOVUPD(t.rightAt(vec, u), x)
	}
	for row := range r {
		left := spare[row%min(len(spare), 4)]
		t.spread(t.leftAt(row, u), left)
		for vec, x := range right {
			t.fma(x, left, t.regs[row*vectors+vec])
		}
	}
}

// fetch brings a line of each of the next panels nearer: a turn's worth of them every unroll turns.
func (t *product) fetch(p int) {
	PREFETCHT1(Mem{Base: t.next})
	for i := 1; i < p; i++ {
		PREFETCHT1(at(t.next, t.d, uint8(i), 0))
	}
	ADDQ(t.step, t.next)
}

// fetched stops next after as many tiles as it takes to fetch everything.
func (t *product) fetched(name string) {
	MOVQ(param("rows"), t.count)
	SUBQ(t.rows, t.count)
	CMPQ(t.count, U32(unroll*t.tileRows))
	JL(LabelRef(name + "_run"))
	XORQ(t.step, t.step)
	Label(name + "_run")
}

func (t *product) advance(indices, r int) {
	ADDQ(U32(indices*t.size), t.a)
	if r > 4 {
		ADDQ(U32(indices*t.size), t.a4)
	}
	ADDQ(U32(indices*panelBytes), t.b)
}

// nextTile goes r rows on.
func (t *product) nextTile(r, p int) {
	MOVQ(param("depth"), t.count)
	t.scaled(t.count)
	SUBQ(t.count, t.a)
	for _, k := range []int{8, 4, 2, 1} {
		if r&k != 0 {
			LEAQ(at(t.a, t.s, uint8(k), 0), t.a)
		}
	}
	SUBQ(U32(r), t.rows)
	JNZ(someRows(p))
	JMP(nextGroup(p))
}

func (t *product) rightAt(vec, u int) Mem {
	perPanel := panelBytes / t.bytes
	disp := u*panelBytes + vec%perPanel*t.bytes
	if vec < perPanel {
		return Mem{Base: t.b, Disp: disp}
	}
	return at(t.b, t.d, uint8(vec/perPanel), disp)
}

func (t *product) leftAt(row, u int) Mem {
	base := t.a
	if row >= 4 {
		base = t.a4
	}
	switch row % 4 {
	case 0:
		return Mem{Base: base, Disp: u * t.size}
	case 3:
		return at(base, t.s3, 1, u*t.size)
	}
	return at(base, t.s, uint8(row%4), u*t.size)
}
