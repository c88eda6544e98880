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
	avx512 = &Set{
		Name: "avx512",
		Steps: steps[float64]{
			avx512Product, avx512Descend, avx512Gather, avx512Push, avx512Activate, avx512Dots, avx512Distances, avx512Works,
		}.checked(),
		Single: steps[float32]{
			avx512Product32, avx512Descend32, avx512Gather32, avx512Push32, avx512Activate32, avx512Dots32, avx512Distances32, avx512Works32,
		}.checked(),
		Widen: widened(avx512Widen), Combine: combined(avx512Combine),
	}
	avx2 = &Set{
		Name: "avx2",
		Steps: steps[float64]{
			avx2Product, avx2Descend, avx2Gather, avx2Push, avx2Activate, avx2Dots, avx2Distances, avx2Works,
		}.checked(),
		Single: steps[float32]{
			avx2Product32, avx2Descend32, avx2Gather32, avx2Push32, avx2Activate32, avx2Dots32, avx2Distances32, avx2Works32,
		}.checked(),
		Widen: widened(avx2Widen), Combine: combined(avx2Combine),
	}
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

// steps are kernels as the assembly of an instruction set has them: pointers, lengths in numbers, nothing checked, and at
// least one row of at least one number.
type steps[F Number] struct {
	product  func(c, a, b *F, stride, rows, inner, width, depth int, more bool)
	descend  func(x, coef, step *F, stride, n, rows int)
	gather   func(c *F, stride int, bits *uint64, words int, values, b *F, rows, panels int, more bool, next *F, ahead int, x, coef *F, n, lanes int)
	push     func(x, coef *F, bits *uint64, values *F, n, rows int)
	activate func(z *F, stride int, a *F, bits *uint64, sum *F, n, rows int) (flips int)

	dots      func(out *float64, x *F, xStride int, y *F, yStride, n, rows int) // at least a team of rows, as what follows
	distances func(out *float64, x, y *F, n, rows int)
	works     func(out *float64, c, z, z0 *F, n, rows int)
}

// checked is the kernels with their lengths checked, as the definition's indexing checks them.
func (k steps[F]) checked() Steps[F] {
	return Steps[F]{
		Product: k.Product, Descend: k.Descend, Gather: k.Gather, Step: k.Step, Push: k.Push, Activate: k.Activate,
		Dots: k.Dots, Distances: k.Distances, Works: k.Works,
	}
}

// depth is how far the inner index runs before the next outputs' turn: with 64 left rows of 1,024 numbers and two groups of
// panels, a second-level cache of 1 MB is full. c is stored and reloaded in between.
const depth = 1024

func (k steps[F]) Product(c, a []F, stride, rows int, b *Packed[F]) {
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
		k.product(unsafe.SliceData(c), unsafe.SliceData(a[p:]), unsafe.SliceData(right[p*PanelOf[F]():]),
			stride, rows, b.Inner, width, min(length, b.Inner-p), p > 0)
	}
}

// matrix is x cut to rows of n numbers, stride apart; it panics where x is shorter.
func matrix[F Number](x []F, stride, rows, n int) []F {
	return x[:(rows-1)*stride+n]
}

func (k steps[F]) Descend(x, coef, step []F, stride, n int) {
	rows := len(coef)
	if rows == 0 || n <= 0 {
		return
	}
	x, step = matrix(x, n, rows, n), matrix(step, stride, rows, n)
	k.descend(&x[0], &coef[0], &step[0], stride, n, rows)
}

func (k steps[F]) Gather(c []F, bits []uint64, g []F, rows int, b *Rows[F]) {
	if rows <= 0 || b.Outer == 0 {
		return
	}
	c = c[:rows*b.Width()]
	if len(g) == 0 {
		clear(c)
		return
	}
	k.groups(nil, nil, bits[:rows*Words(len(g))], g, b, c)
}

func (k steps[F]) Step(x, coef []F, bits []uint64, g []F, b *Rows[F], work []F) {
	rows := len(coef)
	if rows == 0 || b.Outer == 0 || len(g) == 0 {
		return
	}
	k.groups(x[:rows*b.Outer], coef, bits[:rows*Words(len(g))], g, b, work[:rows*b.Width()])
}

// groups goes over the groups of b and the words of patterns: c keeps the chains between two words, and in the end x makes its step, if there
// is an x. What comes next is fetched meanwhile: of b, or after a group's first word what the step will take of x.
func (k steps[F]) groups(x, coef []F, bits []uint64, g []F, b *Rows[F], c []F) {
	words, width, panel := Words(len(g)), b.Width(), PanelOf[F]()
	rows, right := len(c)/width, b.Data[:b.Inner*width]
	g = g[:b.Inner]
	for group := range b.groups() {
		from, to := b.group(group), b.group(group+1)
		across, lanes := to-from, min(panel, b.Outer-to+panel)
		for w := range words {
			at := from*b.Inner + w*64*across
			var next *F
			ahead := across
			switch {
			case w == 0 && words > 1 && x != nil:
				next, ahead = &x[from], b.Outer
			case at+64*across < len(right):
				next = &right[at+64*across]
			}
			var step, by *F
			if w == words-1 && x != nil {
				step, by = &x[from], &coef[0]
			}
			k.gather(&c[from], width, &bits[w], words, &g[w*64], &right[at], rows, across/panel, w > 0, next, ahead, step, by, b.Outer, lanes)
		}
	}
}

func (k steps[F]) Push(x, coef []F, bits []uint64, g []F) {
	n, rows := len(g), len(coef)
	if rows == 0 || n == 0 {
		return
	}
	x, bits = matrix(x, n, rows, n), bits[:rows*Words(n)]
	k.push(&x[0], &coef[0], &bits[0], &g[0], n, rows)
}

func (k steps[F]) Activate(z []F, stride int, a []F, bits []uint64, sum []F) (flips int) {
	n, rows := len(sum), len(a)
	if rows == 0 || n == 0 {
		return 0
	}
	z, bits = matrix(z, stride, rows, n), bits[:rows*Words(n)]
	return k.activate(&z[0], stride, &a[0], &bits[0], &sum[0], n, rows)
}

// widened is Widen with its lengths checked.
func widened(assembly func(to *float64, from *float32, n int)) func(to []float64, from []float32) {
	return func(to []float64, from []float32) {
		if len(from) > 0 {
			to = to[:len(from)]
			assembly(&to[0], &from[0], len(from))
		}
	}
}

// combined is Combine with its lengths checked.
func combined(assembly func(x, coef *float64, apart int, step *float64, stride, n, rows int)) func(x, coef []float64, apart int, step []float64, stride, rows int) {
	return func(x, coef []float64, apart int, step []float64, stride, rows int) {
		if len(x) == 0 || rows <= 0 {
			return
		}
		coef, step = matrix(coef, apart, rows, 1), matrix(step, stride, rows, len(x))
		assembly(&x[0], &coef[0], apart, &step[0], stride, len(x), rows)
	}
}

// team is how many neurons' chains the assembly runs side by side; fewer are left to the definition.
const team = 8

func (k steps[F]) Dots(out []float64, x []F, xStride int, y []F, yStride, n int) {
	rows := len(out)
	if rows < team || n <= 0 {
		dots(out, x, xStride, y, yStride, n)
		return
	}
	x, y = matrix(x, xStride, rows, n), matrix(y, yStride, rows, n)
	k.dots(&out[0], &x[0], xStride, &y[0], yStride, n, rows)
}

func (k steps[F]) Distances(out []float64, x, y []F, n int) {
	rows := len(out)
	if rows < team || n <= 0 {
		distances(out, x, y, n)
		return
	}
	x, y = matrix(x, n, rows, n), matrix(y, n, rows, n)
	k.distances(&out[0], &x[0], &y[0], n, rows)
}

func (k steps[F]) Works(out []float64, c, z, z0 []F, n int) {
	rows := len(out)
	if rows < team || n <= 0 {
		works(out, c, z, z0, n)
		return
	}
	c, z, z0 = matrix(c, n, rows, n), matrix(z, n, rows, n), matrix(z0, n, rows, n)
	k.works(&out[0], &c[0], &z[0], &z0[0], n, rows)
}
