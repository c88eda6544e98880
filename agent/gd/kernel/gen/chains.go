package main

import (
	"slices"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// team is how many neurons' chains run side by side, in float64 whatever the numbers are.
const team = 8

// A chains writes sums along neurons: Set.Dots, Set.Distances, Set.Works. A vector has one index of several neurons: a few columns
// of a team are loaded in halves and turned in registers, so that each chain keeps its order. The last team may overlap the one
// before it, and makes the same sums again.
type chains struct {
	isa

	factors []factor
	sums    []reg.VecPhysical
	out     reg.GPVirtual // the team's results
	rows    reg.GPVirtual // left, this team's among them
	count   reg.GPVirtual // columns left
	free    []reg.VecPhysical
}

// A factor of a product that is summed: a matrix, or the difference of two. A single factor is squared.
type factor struct {
	plus  *matrix
	minus *matrix // or nil
}

// A matrix has a neuron's numbers in a row.
type matrix struct {
	name    string
	at, at4 reg.GPVirtual // the team's first and fifth row, at the column
	s, s3   reg.GPVirtual // bytes between rows, and three times that
}

func (v isa) dots() {
	v.begin("Dots", "(out *float64, x *number, xStride int, y *number, yStride, n, rows int)", "takes at least a team of neurons.")
	x, y := v.newMatrix("x", "xStride"), v.newMatrix("y", "yStride")
	v.chains([]factor{{x, nil}, {y, nil}})
}

func (v isa) distances() {
	v.begin("Distances", "(out *float64, x, y *number, n, rows int)", "takes at least a team of neurons.")
	x := v.newMatrix("x", "n")
	v.chains([]factor{{x, x.beside("y")}})
}

func (v isa) works() {
	v.begin("Works", "(out *float64, c, z, z0 *number, n, rows int)", "takes at least a team of neurons.")
	c := v.newMatrix("c", "n")
	v.chains([]factor{{c, nil}, {c.beside("z"), c.beside("z0")}})
}

func (v isa) newMatrix(name, stride string) *matrix {
	m := &matrix{name: name, at: GP64(), at4: GP64(), s: GP64(), s3: GP64()}
	Load(Param(stride), m.s)
	v.scaled(m.s)
	LEAQ(at(m.s, m.s, 2, 0), m.s3)
	Load(Param(name), m.at)
	return m
}

// beside is a matrix of the same stride.
func (m *matrix) beside(name string) *matrix {
	other := &matrix{name: name, at: GP64(), at4: GP64(), s: m.s, s3: m.s3}
	Load(Param(name), other.at)
	return other
}

// row is where a row of the team has the current column.
func (m *matrix) row(r int) Mem {
	base := m.at
	if r >= 4 {
		base = m.at4
	}
	switch r % 4 {
	case 0:
		return Mem{Base: base}
	case 3:
		return at(base, m.s3, 1, 0)
	}
	return at(base, m.s, uint8(r%4), 0)
}

func (v isa) chains(factors []factor) {
	sums := team * 8 / v.bytes
	c := chains{
		isa: v, factors: factors, out: GP64(), rows: GP64(), count: GP64(), sums: v.regs[:sums], free: slices.Clone(v.regs[sums:]),
	}
	Load(Param("out"), c.out)
	Load(Param("rows"), c.rows)
	Label("team")
	c.each(func(m *matrix) { LEAQ(at(m.at, m.s, 4, 0), m.at4) })
	for _, sum := range c.sums {
		c.zero(sum)
	}
	MOVQ(param("n"), c.count)
	c.loop("several", v.bytes/16, c.turned)
	c.loop("one", 1, c.single)
	for i, sum := range c.sums {
		VMOVUPD(sum, Mem{Base: c.out, Disp: i * v.bytes})
	}
	c.nextTeam()
	VZEROUPPER()
	RET()
}

// take is registers that hold nothing. (The library's own allocation would take a register of which a half is written for one
// that is still in use.)
func (c *chains) take(n int) []reg.VecPhysical {
	taken := slices.Clone(c.free[:n])
	c.free = c.free[n:]
	return taken
}

func (c *chains) release(x []reg.VecPhysical) { c.free = append(c.free, x...) }

func (c *chains) each(do func(m *matrix)) {
	for _, f := range c.factors {
		do(f.plus)
		if f.minus != nil {
			do(f.minus)
		}
	}
}

// loop takes so many columns a turn.
func (c *chains) loop(name string, columns int, load func(f factor) [][]reg.VecPhysical) {
	SUBQ(U32(columns), c.count)
	JB(LabelRef(name + "_end"))
	Label(name)
	first := load(c.factors[0])
	second := first
	if len(c.factors) > 1 {
		second = load(c.factors[1])
	}
	for j := range first {
		for i, sum := range c.sums {
			VFMADD231PD(first[j][i], second[j][i], sum)
		}
	}
	c.free = slices.Clone(c.regs[len(c.sums):])
	c.each(func(m *matrix) {
		ADDQ(U32(columns*c.size), m.at)
		ADDQ(U32(columns*c.size), m.at4)
	})
	SUBQ(U32(columns), c.count)
	JAE(LabelRef(name))
	Label(name + "_end")
	ADDQ(U32(columns), c.count)
}

// value loads a factor.
func (c *chains) value(f factor, load func(m *matrix) []reg.VecPhysical) []reg.VecPhysical {
	x := load(f.plus)
	if f.minus != nil {
		y := load(f.minus)
		for i := range x {
			VSUBPD(y[i], x[i], x[i])
		}
		c.release(y)
	}
	return x
}

// turned is a factor's next columns, each the neurons in order.
func (c *chains) turned(f factor) (columns [][]reg.VecPhysical) {
	x := c.value(f, c.halves)
	low, high := c.take(2), c.take(2)
	for i := range 2 {
		VUNPCKLPD(x[2*i+1], x[2*i], low[i])
		VUNPCKHPD(x[2*i+1], x[2*i], high[i])
	}
	c.release(x)
	if c.bytes == 32 {
		return [][]reg.VecPhysical{low, high}
	}
	for _, quarters := range []U8{0x88, 0xdd} { // the even quarters of both, then the odd ones
		for _, pair := range [][]reg.VecPhysical{low, high} {
			column := c.take(1)
			VSHUFF64X2(quarters, pair[1], pair[0], column[0])
			columns = append(columns, column)
		}
	}
	c.release(low)
	c.release(high)
	return columns
}

// halves are the next columns of two rows a register: 0 and 2, 1 and 3, 4 and 6, 5 and 7.
func (c *chains) halves(m *matrix) []reg.VecPhysical {
	x, upper := c.take(4), c.take(1)
	for i, r := range []int{0, 1, 4, 5} {
		c.half(m.row(r), x[i])
		if c.size == 4 {
			c.half(m.row(r+2), upper[0])
		}
		switch {
		case c.bytes == 64 && c.size == 4:
			VINSERTF64X4(Imm(1), upper[0].AsY(), x[i], x[i])
		case c.bytes == 64:
			VINSERTF64X4(Imm(1), m.row(r+2), x[i], x[i])
		case c.size == 4:
			VINSERTF128(Imm(1), upper[0].AsX(), x[i], x[i])
		default:
			VINSERTF128(Imm(1), m.row(r+2), x[i], x[i])
		}
	}
	c.release(upper)
	return x
}

// half loads a row's next columns into the lower half of a register.
func (c *chains) half(from Mem, x reg.VecPhysical) {
	to := reg.Register(x.AsX())
	if c.bytes == 64 {
		to = x.AsY()
	}
	if c.size == 4 {
		VCVTPS2PD(from, to)
		return
	}
	VMOVUPD(from, to)
}

// single is a factor's next column.
func (c *chains) single(f factor) [][]reg.VecPhysical {
	return [][]reg.VecPhysical{c.value(f, c.column)}
}

func (c *chains) column(m *matrix) []reg.VecPhysical {
	x, upper := c.take(2), c.take(1)
	for i := range x {
		c.four(m, 4*i, x[i], upper[0])
	}
	c.release(upper)
	if c.bytes == 64 {
		VINSERTF64X4(Imm(1), x[1].AsY(), x[0], x[0])
		c.release(x[1:])
		return x[:1]
	}
	return x
}

// four loads one column of four rows.
func (c *chains) four(m *matrix, row int, x, upper reg.VecPhysical) {
	low, high := x.AsX(), upper.AsX()
	if c.size == 4 {
		VMOVSS(m.row(row), low)
		for i := 1; i < 4; i++ {
			VINSERTPS(Imm(uint64(16*i)), m.row(row+i), low, low)
		}
		VCVTPS2PD(low, x.AsY())
		return
	}
	VMOVSD(m.row(row), low)
	VMOVHPD(m.row(row+1), low, low)
	VMOVSD(m.row(row+2), high)
	VMOVHPD(m.row(row+3), high, high)
	VINSERTF128(Imm(1), high, x.AsY(), x.AsY())
}

// nextTeam goes a team on, or as far as there are neurons.
func (c *chains) nextTeam() {
	step, down := GP64(), GP64()
	SUBQ(Imm(team), c.rows)
	JE(LabelRef("end"))
	MOVQ(U32(team), step)
	CMPQ(c.rows, step)
	CMOVQLT(c.rows, step)
	LEAQ(at(c.out, step, 8, 0), c.out)
	c.each(func(m *matrix) {
		MOVQ(m.s, down)
		IMULQ(step, down)
		ADDQ(down, m.at)
	})
	MOVQ(param("n"), down)
	c.scaled(down)
	c.each(func(m *matrix) { SUBQ(down, m.at) })
	CMPQ(c.rows, Imm(team))
	JGE(LabelRef("team"))
	MOVQ(U32(team), c.rows)
	JMP(LabelRef("team"))
	Label("end")
}
