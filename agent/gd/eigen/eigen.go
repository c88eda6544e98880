// Package eigen finds the extreme eigenvalues of a symmetric matrix, with the same bits on every platform, with every kernel
// and for every number of threads.
//
// A small matrix is reduced to a tridiagonal one with the same eigenvalues by Householder reflections in panels
// (tridiagonal.go), whose extreme eigenvalues are found by counting signs (bisect.go). From Large rows on that costs more than it
// must: a few dozen steps of Lanczos' method on the matrix itself (krylov.go) give an end of the spectrum that stands
// apart, and an end that does not is had from an inverse, by Lanczos' method again, through a blocked Cholesky factor
// (end.go, factor.go, solve.go). Where even that does not settle, the tridiagonal form decides.
//
// All sums are chains of fused multiply-adds of a fixed order and length, so that vectors across outputs can take the same
// steps. An eigenvalue's error is a few n 2^-53 times the largest eigenvalue in size; within a cluster of eigenvalues, from
// Large rows on, it may be 2^-43 times that. Start with Solver.
package eigen

import "github.com/widthlaw/widthlaw/agent/gd/kernel"

// Large is the number of rows from which on a matrix is not decomposed as a whole. With vector kernels both methods take as long at
// 200 rows, with the plain Go ones between 180 and 260.
const Large = 256

// Each does work for the parts 0 <= part < parts and returns when all is done. Parts may be done at once and in any order.
type Each func(parts int, work func(part int))

// A Solver finds extreme eigenvalues of n x n matrices, one after the other. It keeps its buffers between them.
type Solver struct {
	n    int
	kern *kernel.Set
	each Each

	// The matrix under way, made from the caller's: a 2^exponent. A factor takes the place of the lower triangle.
	a        []float64
	diagonal []float64
	exponent int
	norm     float64 // the largest eigenvalue in size, as far as it is known

	krylov *krylov // from Large rows on, as all that follows
	factor *factor
	x, ax  []float64 // a vector, and a times it
}

// NewSolver is for n x n matrices, n >= 1.
func NewSolver(n int, kern *kernel.Set, each Each) *Solver {
	s := &Solver{n: n, kern: kern, each: each, diagonal: make([]float64, n)}
	if n >= Large {
		s.krylov = newKrylov(n, directSteps(n), kern, each)
		s.factor = newFactor(n, kern, each)
		s.x, s.ax = make([]float64, n), make([]float64, n)
	}
	return s
}

// Bytes is what a Solver needs beside the caller's matrix.
func Bytes(n int) float64 {
	rows := 4*panel + 3 // of the tridiagonal form, for a while
	if n >= Large {
		rows = max(rows, directSteps(n)+2*tile+6)
	}
	return 8 * float64(n) * float64(rows)
}

// Extremes is the least and the greatest eigenvalue of the symmetric n x n matrix a, of which only the lower triangle
// (a[i*n+j], j <= i) is read. It uses a as its workspace. Both are NaN where a has a NaN or an infinity.
func (s *Solver) Extremes(a []float64) (least, greatest float64) {
	if size := s.take(a); !(size > 0) {
		return size, size
	}
	if s.n >= Large {
		low, high := s.direct(func(low, high *end) bool { return low.done(s.norm) || high.done(s.norm) })
		if s.settle(high) && s.settle(low) {
			return s.unscaled(-low.value), s.unscaled(high.value)
		}
		s.restore()
	}
	least, greatest = tridiagonalise(s.a, s.n, s.kern, s.each).extremes()
	return s.unscaled(least), s.unscaled(greatest)
}

// Norm is the greatest absolute value of an eigenvalue of a, which it treats as Extremes does.
func (s *Solver) Norm(a []float64) float64 {
	if size := s.take(a); !(size > 0) {
		return size
	}
	if s.n >= Large {
		low, high := s.direct(func(low, high *end) bool {
			near, far := byValue(low, high)
			return far.done(s.norm) && near.most() <= far.value
		})
		near, far := byValue(low, high)
		if s.settle(far) && (near.most() <= far.value || s.settle(near)) {
			return s.unscaled(max(near.value, far.value))
		}
		s.restore()
	}
	least, greatest := tridiagonalise(s.a, s.n, s.kern, s.each).extremes()
	return s.unscaled(max(-least, greatest))
}

// Significant is the least eigenvalue of a positive semidefinite n x n matrix with this greatest one, or 0 where rounding
// cannot tell it from 0: below n 2^-52 greatest.
func Significant(least, greatest float64, n int) float64 {
	if least < float64(n)*0x1p-52*greatest {
		return 0
	}
	return least
}
