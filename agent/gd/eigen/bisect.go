package eigen

import "math"

// A tridiagonal is a symmetric tridiagonal matrix.
type tridiagonal struct {
	diagonal []float64 // n
	beside   []float64 // n-1
}

// extremes is the least and the greatest eigenvalue: each is the largest float64 not above the eigenvalue as rounded counts
// see it, or, near zero, within 2^-80 of the matrix's size.
func (t tridiagonal) extremes() (least, greatest float64) {
	squares := make([]float64, len(t.beside))
	for i, e := range t.beside {
		squares[i] = float64(e * e)
	}
	low, high := t.bounds()
	return t.bisect(squares, low, high, 1), t.bisect(squares, low, high, len(t.diagonal))
}

// bounds encloses all eigenvalues strictly, by Gershgorin's circles.
func (t tridiagonal) bounds() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for i, d := range t.diagonal {
		radius := 0.0
		if i > 0 {
			radius = math.Abs(t.beside[i-1])
		}
		if i < len(t.beside) {
			radius += math.Abs(t.beside[i])
		}
		low, high = min(low, d-radius), max(high, d+radius)
	}
	slack := float64(0x1p-40*max(math.Abs(low), math.Abs(high))) + 0x1p-800 // beyond the rounding of counts
	return low - slack, high + slack
}

// bisect is the k-th eigenvalue, k = 1 the least. Fewer than k eigenvalues are below low, k or more below high.
func (t tridiagonal) bisect(squares []float64, low, high float64, k int) float64 {
	enough := 0x1p-80 * (high - low)
	for high-low > enough {
		middle := low + float64(0.5*(high-low))
		if low < 0 && high > 0 {
			middle = 0 // so that an eigenvalue that is exactly 0 is found as 0
		}
		if middle <= low || middle >= high {
			break
		}
		if t.below(squares, middle) < k {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// below is the number of eigenvalues less than x: the number of negative pivots of the matrix minus x (Sylvester), monotone in
// x in IEEE arithmetic too (Demmel, Dhillon, Ren 1995). A pivot +0 gives an infinite next one, as it should.
func (t tridiagonal) below(squares []float64, x float64) int {
	count, pivot := 0, 1.0
	for i, d := range t.diagonal {
		next := d - x
		if i > 0 && squares[i-1] != 0 {
			next -= squares[i-1] / pivot
		}
		pivot = next + 0 // -0 becomes +0
		if pivot < 0 {
			count++
		}
	}
	return count
}
