package main

import (
	"fmt"
	"math/bits"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// An isa is an instruction set: its vectors, and the shapes that its registers allow; and the size of the numbers in them.
type isa struct {
	name  string
	bytes int // of a vector
	regs  []reg.VecPhysical
	size  int // of a number: 8 or 4 bytes

	tileRows   int // rows of a product's tile
	tilePanels int // panels of a product's tile
}

// panelBytes is the bytes of a row of a panel, kernel.Panel numbers.
const panelBytes = 64

var zmm = []reg.VecPhysical{
	reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7, reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
	reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23, reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31,
}

var ymm = []reg.VecPhysical{
	reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7, reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
}

var isas = map[string]isa{
	"avx2":   {name: "avx2", bytes: 32, regs: ymm, tileRows: 6, tilePanels: 1},
	"avx512": {name: "avx512", bytes: 64, regs: zmm, tileRows: 8, tilePanels: 3},
}

// begin starts a kernel. In its signature, number is the type of the numbers.
func (v isa) begin(name, signature string, doc ...string) {
	name = v.name + name
	if v.size == 4 {
		name += "32"
	}
	TEXT(name, NOSPLIT, "func"+strings.ReplaceAll(signature, "*number", fmt.Sprintf("*float%d", 8*v.size)))
	doc[0] = name + " " + doc[0]
	Doc(doc...)
	Pragma("noescape")
}

// panel is how many numbers a row of a panel has.
func (v isa) panel() int { return panelBytes / v.size }

// scaled turns numbers into bytes.
func (v isa) scaled(x reg.Register) {
	SHLQ(operand.Imm(uint64(bits.TrailingZeros(uint(v.size)))), x)
}

// fma sets acc to fma(x, y, acc); x may lie in memory.
func (v isa) fma(x, y, acc operand.Op) {
	if v.size == 4 {
		VFMADD231PS(x, y, acc)
		return
	}
	VFMADD231PD(x, y, acc)
}

// fmaOne is fma of one number.
func (v isa) fmaOne(x, y, acc operand.Op) {
	if v.size == 4 {
		VFMADD231SS(x, y, acc)
		return
	}
	VFMADD231SD(x, y, acc)
}

// spread sets all numbers of x to that in memory.
func (v isa) spread(m operand.Mem, x reg.VecPhysical) {
	if v.size == 4 {
		VBROADCASTSS(m, x)
		return
	}
	VBROADCASTSD(m, x)
}

// loadOne and storeOne move one number.
func (v isa) loadOne(m operand.Mem, x reg.Register) {
	if v.size == 4 {
		VMOVSS(m, x)
		return
	}
	VMOVSD(m, x)
}

func (v isa) storeOne(x reg.Register, m operand.Mem) {
	if v.size == 4 {
		VMOVSS(x, m)
		return
	}
	VMOVSD(x, m)
}

// zero sets a vector to +0.
func (v isa) zero(x reg.VecPhysical) {
	if v.bytes == 64 {
		VPXORQ(x, x, x)
		return
	}
	VXORPD(x, x, x)
}

// param is a parameter's place in memory.
func param(name string) operand.Mem {
	b, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

// at is the operand base + index*scale + displacement.
func at(base, index reg.Register, scale uint8, displacement int) operand.Mem {
	return operand.Mem{Base: base, Index: index, Scale: scale, Disp: displacement}
}
