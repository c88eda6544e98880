package kernel

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// The assembly is generated: what computes it stands in gen, a module of its own.
//go:generate go -C gen run . -isa avx2 -out ../avx2_amd64.s -stubs ../avx2_amd64.go -pkg kernel
//go:generate go -C gen run . -isa avx512 -out ../avx512_amd64.s -stubs ../avx512_amd64.go -pkg kernel

var (
	avx512 = assembly{product: avx512Product}.set("avx512")
	avx2   = assembly{product: avx2Product}.set("avx2")
)

// sets are the implementations that this processor can run, the best first.
func sets() []*Set {
	var s []*Set
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL {
		s = append(s, avx512)
	}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		s = append(s, avx2)
	}
	return append(s, &generic)
}

// An assembly is the kernels of an instruction set as their assembly takes them: pointers, lengths in numbers, nothing checked.
type assembly struct {
	product func(c, a, b *float64, stride, rows, inner, width, depth int, more bool)
}

// set checks lengths, as the definition's indexing would, before it lets the assembly loose.
func (k assembly) set(name string) *Set {
	s := generic
	s.Name, s.Product = name, k.multiply
	return &s
}

// depth is how far the inner index runs before the next outputs' turn: with 64 left rows of 1,024 numbers and two groups of
// panels, the second-level cache of 1 MB is full. c is stored and reloaded in between.
const depth = 1024

func (k assembly) multiply(c, a []float64, stride, rows int, b *Packed) {
	width := b.Stride()
	if rows <= 0 || width == 0 {
		return
	}
	c, a, right := c[:rows*width], a[:(rows-1)*stride+b.Inner], b.Data[:b.Inner*width]
	parts := max(1, (b.Inner+depth-1)/depth)
	for i := range parts {
		from, to := i*b.Inner/parts, (i+1)*b.Inner/parts
		k.product(unsafe.SliceData(c), unsafe.SliceData(a[from:]), unsafe.SliceData(right[from*Panel:]),
			stride, rows, b.Inner, width, to-from, i > 0)
	}
}
