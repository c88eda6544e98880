// Package eigen finds the least and the greatest eigenvalue of a symmetric matrix, with the same bits on every platform and
// for every number of threads.
//
// tridiagonal.go reduces the matrix to a tridiagonal one with the same eigenvalues, by Householder reflections in panels;
// bisect.go finds the two eigenvalues of that by counting signs. All sums are chains of fused multiply-adds in increasing
// index, so that vectors across outputs can take the same steps. An eigenvalue's error is a few n 2^-53 times the largest
// eigenvalue in size. Start with Extremes.
package eigen

import "math"

// Extremes is the least and the greatest eigenvalue of the symmetric n x n matrix a, n >= 1, of which only the lower triangle
// (a[i*n+j], j <= i) is read. It uses a as its workspace. Both are NaN where a has a NaN or an infinity.
func Extremes(a []float64, n, threads int) (least, greatest float64) {
	a = a[:n*n]
	size := 0.0
	for i := range n {
		for _, v := range a[i*n:][:i+1] {
			if v-v != 0 {
				return math.NaN(), math.NaN()
			}
			size = max(size, math.Abs(v))
		}
	}
	if size == 0 {
		return 0, 0
	}
	// By an exact power of two into [1/2, 1): squares neither overflow nor vanish where they matter.
	_, exponent := math.Frexp(size)
	symmetric(a, n, -exponent)
	t := tridiagonalise(a, n, threads)
	least, greatest = t.extremes()
	return math.Ldexp(least, exponent), math.Ldexp(greatest, exponent)
}

// symmetric multiplies the lower triangle by 2^k and copies it to the upper one.
func symmetric(a []float64, n, k int) {
	// In two steps: 2^k itself may be no float64.
	one, two := math.Ldexp(1, k/2), math.Ldexp(1, k-k/2)
	for i := range n {
		for j := range i + 1 {
			v := a[i*n+j] * one * two
			a[i*n+j], a[j*n+i] = v, v
		}
	}
}

// Significant is the least eigenvalue of a positive semidefinite n x n matrix with this greatest one, or 0 where rounding
// cannot tell it from 0: below n 2^-52 greatest.
func Significant(least, greatest float64, n int) float64 {
	if least < float64(n)*0x1p-52*greatest {
		return 0
	}
	return least
}
