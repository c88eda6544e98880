package kernel

import (
	"slices"
	"unsafe"

	"golang.org/x/sys/cpu"
)

// The assembly is generated: how it works stands in gen, a module of its own.
//go:generate go -C gen run . -isa avx2 -out ../avx2_amd64.s -stubs ../avx2_amd64.go -pkg kernel
//go:generate go -C gen run . -isa avx512 -out ../avx512_amd64.s -stubs ../avx512_amd64.go -pkg kernel

var (
	avx512 = assembly{
		avx512Product, avx512Descend, avx512Gather, avx512Push, avx512Activate, avx512Dots, avx512Distances, avx512Works,
	}.set("avx512")
	avx2 = assembly{
		avx2Product, avx2Descend, avx2Gather, avx2Push, avx2Activate, avx2Dots, avx2Distances, avx2Works,
	}.set("avx2")
)

// sets are the implementations that this processor can run, the best first.
func sets() []*Set {
	s := []*Set{&generic}
	if !cpu.X86.HasAVX2 || !cpu.X86.HasFMA || !cpu.X86.HasPOPCNT || !cpu.X86.HasBMI1 {
		return s
	}
	s = slices.Insert(s, 0, avx2)
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL {
		s = slices.Insert(s, 0, avx512)
	}
	return s
}

// An assembly is the kernels of an instruction set as its assembly has them: pointers, lengths in numbers, nothing checked, and at
// least one row of at least one number.
type assembly struct {
	product   func(c, a, b *float64, stride, rows, inner, width, depth int, more bool)
	descend   func(x, coef, step *float64, stride, n, rows int)
	gather    func(c *float64, stride int, bits *uint64, words int, values, b *float64, rows, panels int, more bool)
	push      func(x, coef *float64, bits *uint64, values *float64, n, rows int)
	activate  func(z *float64, stride int, a *float64, bits *uint64, sum *float64, n, rows int) (flips int)
	dots      func(out, x *float64, xStride int, y *float64, yStride, n, rows int)
	distances func(out, x, y *float64, n, rows int)
	works     func(out, c, z, z0 *float64, n, rows int)
}

// set is the kernels with their lengths checked, as the definition's indexing checks them.
func (k assembly) set(name string) *Set {
	return &Set{
		Name: name, Product: k.Product, Descend: k.Descend, Gather: k.Gather, Push: k.Push, Activate: k.Activate,
		Dots: k.Dots, Distances: k.Distances, Works: k.Works,
	}
}

// depth is how far the inner index runs before the next outputs' turn: with 64 left rows of 1,024 numbers and two groups of
// panels, a second-level cache of 1 MB is full. c is stored and reloaded in between.
const depth = 1024

func (k *assembly) Product(c, a []float64, stride, rows int, b *Packed) {
	width := b.Stride()
	if rows <= 0 || width == 0 {
		return
	}
	c, a, right := c[:rows*width], matrix(a, stride, rows, b.Inner), b.Data[:b.Inner*width]
	length := b.Inner
	if length > depth { // in equal parts
		parts := (length + depth - 1) / depth
		length = (length + parts - 1) / parts
	}
	for p := 0; p == 0 || p < b.Inner; p += max(1, length) {
		k.product(unsafe.SliceData(c), unsafe.SliceData(a[p:]), unsafe.SliceData(right[p*Panel:]),
			stride, rows, b.Inner, width, min(length, b.Inner-p), p > 0)
	}
}

// matrix is x cut to rows of n numbers, stride apart; it panics where x is shorter.
func matrix(x []float64, stride, rows, n int) []float64 {
	return x[:(rows-1)*stride+n]
}

func (k *assembly) Descend(x, coef, step []float64, stride, n int) {
	rows := len(coef)
	if rows == 0 || n <= 0 {
		return
	}
	x, step = matrix(x, n, rows, n), matrix(step, stride, rows, n)
	k.descend(&x[0], &coef[0], &step[0], stride, n, rows)
}

func (k *assembly) Gather(c []float64, bits []uint64, g []float64, rows int, b *Rows) {
	words, width := Words(len(g)), b.Width()
	if rows <= 0 || width == 0 {
		return
	}
	c, bits = c[:rows*width], bits[:rows*words]
	if len(g) == 0 {
		clear(c)
		return
	}
	g, right := g[:b.Inner], b.Data[:b.Inner*width]
	for group := range b.groups() {
		from, to := b.group(group), b.group(group+1)
		for w := range words {
			k.gather(&c[from], width, &bits[w], words, &g[w*64], &right[from*b.Inner+w*64*(to-from)], rows, (to-from)/Panel, w > 0)
		}
	}
}

func (k *assembly) Push(x, coef []float64, bits []uint64, g []float64) {
	n, rows := len(g), len(coef)
	if rows == 0 || n == 0 {
		return
	}
	x, bits = matrix(x, n, rows, n), bits[:rows*Words(n)]
	k.push(&x[0], &coef[0], &bits[0], &g[0], n, rows)
}

func (k *assembly) Activate(z []float64, stride int, a []float64, bits []uint64, sum []float64) (flips int) {
	n, rows := len(sum), len(a)
	if rows == 0 || n == 0 {
		return 0
	}
	z, bits = matrix(z, stride, rows, n), bits[:rows*Words(n)]
	return k.activate(&z[0], stride, &a[0], &bits[0], &sum[0], n, rows)
}

// team is how many neurons' chains the assembly runs side by side; fewer are left to the definition.
const team = 8

func (k *assembly) Dots(out, x []float64, xStride int, y []float64, yStride, n int) {
	rows := len(out)
	if rows < team || n <= 0 {
		dots(out, x, xStride, y, yStride, n)
		return
	}
	x, y = matrix(x, xStride, rows, n), matrix(y, yStride, rows, n)
	k.dots(&out[0], &x[0], xStride, &y[0], yStride, n, rows)
}

func (k *assembly) Distances(out, x, y []float64, n int) {
	rows := len(out)
	if rows < team || n <= 0 {
		distances(out, x, y, n)
		return
	}
	x, y = matrix(x, n, rows, n), matrix(y, n, rows, n)
	k.distances(&out[0], &x[0], &y[0], n, rows)
}

func (k *assembly) Works(out, c, z, z0 []float64, n int) {
	rows := len(out)
	if rows < team || n <= 0 {
		works(out, c, z, z0, n)
		return
	}
	c, z, z0 = matrix(c, n, rows, n), matrix(z, n, rows, n), matrix(z0, n, rows, n)
	k.works(&out[0], &c[0], &z[0], &z0[0], n, rows)
}
