package gd

import (
	"github.com/widthlaw/widthlaw/agent/gd/eigen"
	"github.com/widthlaw/widthlaw/agent/gd/kernel"
)

// A tangent makes the tangent kernel's Gram matrix of a network, H_ij = x_i . x_j / m * #{r: both patterns are set}, and its
// least eigenvalue. The counts are exact.
type tangent struct {
	net      *network
	k        *kernel.Packed // X X^T
	bySample []uint64       // n x blocks: bit r%64 of word r/64 of sample i is neuron r's pattern
	h        []float64      // n x n

	transposing, counting func(w *worker, block int)
}

func newTangent(net *network, in *inputs) *tangent {
	in.forGram(net.kern, net.pool)
	t := &tangent{net: net, k: in.k, bySample: make([]uint64, net.n*net.blocks()), h: make([]float64, net.n*net.n)}
	t.transposing, t.counting = t.transpose, t.count
	return t
}

// lambdaMin is the least eigenvalue; one that rounding cannot tell from 0 is 0.
func (t *tangent) lambdaMin() float64 {
	n := t.net.n
	t.net.pool.each(0, t.net.blocks(), t.transposing)
	t.net.pool.each(0, (n+rowsAtATime-1)/rowsAtATime, t.counting)
	least, greatest := eigen.Extremes(t.h, n, len(t.net.pool.workers))
	return eigen.Significant(least, greatest, n)
}

func (t *tangent) transpose(_ *worker, block int) {
	s := t.net.span(block)
	kernel.Transpose(t.bySample[block:], t.net.blocks(), t.net.patterns(s), s.rows, t.net.n)
}

const rowsAtATime = 8

// count fills a few rows of H up to the diagonal: the lower triangle is all that is read.
func (t *tangent) count(_ *worker, b int) {
	n, words := t.net.n, t.net.blocks()
	for i := b * rowsAtATime; i < min(n, (b+1)*rowsAtATime); i++ {
		mine := t.bySample[i*words:][:words]
		for j := range i + 1 {
			both := kernel.Both(mine, t.bySample[j*words:][:words])
			t.h[i*n+j] = t.k.At(i, j) * float64(both) / float64(t.net.m)
		}
	}
}
