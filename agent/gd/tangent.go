package gd

import (
	"github.com/widthlaw/widthlaw/agent/gd/eigen"
	"github.com/widthlaw/widthlaw/agent/gd/kernel"
)

// A tangent makes the tangent kernel's Gram matrix of a network, H_ij = x_i . x_j / m * #{r: both patterns are set}, and its
// extreme eigenvalues. The counts are exact: a network of 2^32 neurons is larger than any machine.
type tangent struct {
	net      *network
	k        *kernel.Rows[float64] // X X^T
	bySample []uint64              // n x blocks: bit r%64 of word r/64 of sample i is neuron r's pattern
	counts   []uint32              // the lower triangle, row by row
	first    []uint32              // the same at step 0; nil unless the drift is recorded
	h        []float64             // n x n: a matrix to decompose
	solver   *eigen.Solver

	transposing, counting, filling, differing func(w *worker, block int)
}

func newTangent(net *network, in *inputs, drift bool) *tangent {
	forGram[float64](in, net.kern, net.pool)
	n := net.n
	t := &tangent{
		net: net, k: in.k, bySample: make([]uint64, n*net.blocks()), counts: make([]uint32, n*(n+1)/2), h: make([]float64, n*n),
		solver: eigen.NewSolver(n, net.kern, net.pool.parts),
	}
	if drift {
		t.first = make([]uint32, len(t.counts))
	}
	t.transposing, t.counting, t.filling, t.differing = t.transpose, t.count, t.fill, t.differ
	return t
}

// look takes the counts of step k, where the network stands. Step 0 comes before all others.
func (t *tangent) look(k int64) {
	t.net.pool.each(0, t.net.blocks(), t.transposing)
	t.eachRow(t.counting)
	if k == 0 {
		copy(t.first, t.counts)
	}
}

// lambdaMin is the least eigenvalue of H; one that rounding cannot tell from 0 is 0.
func (t *tangent) lambdaMin() float64 {
	t.eachRow(t.filling)
	least, greatest := t.solver.Extremes(t.h)
	return eigen.Significant(least, greatest, t.net.n)
}

// drift is the spectral norm of H - H(0).
func (t *tangent) drift() float64 {
	t.eachRow(t.differing)
	return t.solver.Norm(t.h)
}

func (t *tangent) transpose(_ *worker, block int) {
	s := t.net.span(block)
	kernel.Transpose(t.bySample[block:], t.net.blocks(), t.net.patterns(s), s.rows, t.net.n)
}

const rowsAtATime = 8

// eachRow has work done for all rows, a few at a time.
func (t *tangent) eachRow(work func(w *worker, block int)) {
	t.net.pool.each(0, (t.net.n+rowsAtATime-1)/rowsAtATime, work)
}

func (t *tangent) count(_ *worker, block int) {
	words := t.net.blocks()
	for i := block * rowsAtATime; i < min(t.net.n, (block+1)*rowsAtATime); i++ {
		mine := t.bySample[i*words:][:words]
		for j, counts := 0, triangleRow(t.counts, i); j <= i; j++ {
			counts[j] = uint32(kernel.Both(mine, t.bySample[j*words:][:words]))
		}
	}
}

// fill makes the lower triangle of H.
func (t *tangent) fill(_ *worker, block int) {
	for i := block * rowsAtATime; i < min(t.net.n, (block+1)*rowsAtATime); i++ {
		row := t.products(i)
		for j, both := range triangleRow(t.counts, i) {
			row[j] = row[j] * float64(both) / float64(t.net.m)
		}
	}
}

// differ makes the lower triangle of H - H(0), from the differences of counts.
func (t *tangent) differ(_ *worker, block int) {
	for i := block * rowsAtATime; i < min(t.net.n, (block+1)*rowsAtATime); i++ {
		row, first := t.products(i), triangleRow(t.first, i)
		for j, both := range triangleRow(t.counts, i) {
			row[j] = row[j] * float64(int64(both)-int64(first[j])) / float64(t.net.m)
		}
	}
}

// products sets row i of the lower triangle to that of X X^T.
func (t *tangent) products(i int) []float64 {
	row := t.h[i*t.net.n:][:i+1]
	for j := 0; j <= i; {
		j += copy(row[j:], t.k.From(i, j))
	}
	return row
}

// triangleRow is row i of a lower triangle that is stored row by row.
func triangleRow(triangle []uint32, i int) []uint32 { return triangle[i*(i+1)/2:][:i+1] }
