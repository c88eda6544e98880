// Package kernel is the arithmetic of gradient descent. Each function is a plain Go loop whose order of operations is the
// definition: an implementation for an instruction set must equal it to the bit.
//
// Everything is neuron-major: row r of W, Z, h belongs to neuron r and is contiguous over input dimensions or samples.
// Three rules fix every bit:
//
//   - An element of a matrix product is one chain of fused multiply-adds in increasing inner index, from +0. Vectors run
//     across outputs. Where the inner index is cut into panels, the chain is stored and reloaded, which is exact.
//   - A sum over neurons or samples is made of blocks (Block, SampleBlock): one chain from +0 in each, and the blocks added
//     in order from +0. Threads share out whole blocks, so that no sum depends on them.
//   - What is left is one operation an element.
//
// Start with Set, then product.go and pattern.go.
package kernel

import (
	"fmt"
	"strings"
)

const (
	// Block is how many neurons a thread takes at a time, and the length of every chain over neurons.
	// At n = 1,000 the pre-activations of 64 neurons are 512 KB, half of the smallest second-level cache that we meet, and
	// K, read once a block, costs 5 GB/s at full speed; the partial sums that are written down are 1/64 of Z. It is the width of
	// a word, so that a block's patterns transpose word by word; even, so that pairs of neurons stay together; and a
	// sweep's small widths (8 to 64) are one block without padding.
	Block = 64

	// SampleBlock is the length of a chain over samples where a single number is summed. Eight blocks run side by side in a vector.
	SampleBlock = 64

	// Panel is how many float64 outputs lie side by side in a Packed matrix: one AVX-512 register, two AVX2 registers, one cache line.
	// An implementation may take several panels at a time.
	Panel = 8
)

// A Set is one implementation of every kernel.
type Set struct {
	Name string

	Steps[float64]
	Single Steps[float32]

	// Widen sets to[i] = from[i].
	Widen func(to []float64, from []float32)

	// Combine adds a combination of rows to x: it takes each x[j] on through the chain over t < rows of
	// fma(coef[t*apart], step[t*stride+j], x[j]).
	Combine func(x, coef []float64, apart int, step []float64, stride, rows int)
}

// Steps are the kernels of a training's steps, in one precision.
type Steps[F Number] struct {
	// Product sets c = a b: c[r*b.Stride()+j] = the chain over p < b.Inner of a[r*stride+p] * b[p, j], for the given rows and
	// all j < b.Stride(): the outputs beyond b.Outer are written too, and mean nothing.
	Product func(c, a []F, stride, rows int, b *Packed[F])

	// Descend makes a step: x[r*n+j] = fma(coef[r], step[r*stride+j], x[r*n+j]) for j < n, r < len(coef).
	Descend func(x, coef, step []F, stride, n int)

	// Gather sets c = h b, h = g where a pattern's bit is set: c[r*b.Width()+j] = the chain over the set bits i of neuron r, in increasing order,
	// from +0 of fma(g[i], b[i, j], ·), for j < b.Width(): the outputs beyond b.Outer are written too. What is not set is left out, and not
	// multiplied by zero: half of the work.
	Gather func(c []F, bits []uint64, g []F, rows int, b *Rows[F])

	// Step is Gather into work, which means nothing then, and Descend of x by it: len(coef) rows of b.Outer numbers.
	Step func(x, coef []F, bits []uint64, g []F, b *Rows[F], work []F)

	// Push adds the residuals to sums of them: x[r*len(g)+i] = fma(coef[r], h, x[r*len(g)+i]), h = g[i] where bit i of neuron r is set, else +0.
	Push func(x, coef []F, bits []uint64, g []F)

	// Activate reads the pre-activations z[r*stride+i], i < len(sum), of neurons r < len(a). It sets their patterns: bit i of
	// neuron r where not z < 0, zero beyond len(sum). And it takes each sum[i] on through the neurons: fma(a[r], v, sum[i]), v = z where the
	// bit is set, else +0. It returns how many bits changed. A NaN counts as set: it passes through the ReLU and makes the
	// loss NaN, which ends the point as diverged, where it would otherwise vanish.
	Activate func(z []F, stride int, a []F, bits []uint64, sum []F) (flips int)

	// What follows sums in float64 whatever the numbers are.

	// Dots sets out[r] = the chain over j < n from +0 of fma(x[r*xStride+j], y[r*yStride+j], ·).
	Dots func(out []float64, x []F, xStride int, y []F, yStride, n int)

	// Distances sets out[r] = the chain over j < n from +0 of fma(e, e, ·), e = x[r*n+j] - y[r*n+j].
	Distances func(out []float64, x, y []F, n int)

	// Works sets out[r] = the chain over i < n from +0 of fma(c[r*n+i], z[r*n+i] - z0[r*n+i], ·).
	Works func(out []float64, c, z, z0 []F, n int)
}

// generic is the definition.
var generic = Set{
	Name: "generic",
	Steps: Steps[float64]{
		Product: product, Descend: descend, Gather: gather, Step: step, Push: push, Activate: activate,
		Dots: dots[float64], Distances: distances[float64], Works: works[float64],
	},
	Single:  single,
	Widen:   widen,
	Combine: combine,
}

// Names lists the kernels that this processor can run, the best first.
func Names() []string {
	var names []string
	for _, s := range sets() {
		names = append(names, s.Name)
	}
	return names
}

// Choose is the kernel of this name; the best that the processor can run for an empty one.
func Choose(name string) (*Set, error) {
	for _, s := range sets() {
		if name == "" || name == s.Name {
			return s, nil
		}
	}
	return nil, fmt.Errorf("unknown kernel %q; this processor can run: %s", name, strings.Join(Names(), ", "))
}
