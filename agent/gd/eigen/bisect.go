package eigen

import "math"

// A tridiagonal is a symmetric tridiagonal matrix.
type tridiagonal struct {
	diagonal []float64 // n
	beside   []float64 // n-1
}

// extremes is the least and the greatest eigenvalue. Their bisections go side by side: each waits for its own divisions alone.
func (t tridiagonal) extremes() (least, greatest float64) {
	squares := t.squares()
	first, last := t.bisection(1), t.bisection(len(t.diagonal))
	x, more := first.middle()
	y, moreToo := last.middle()
	for more && moreToo {
		below, belowToo := t.belowBoth(squares, x, y)
		first.take(x, below)
		last.take(y, belowToo)
		x, more = first.middle()
		y, moreToo = last.middle()
	}
	return t.end(squares, first), t.end(squares, last)
}

// eigenvalue is the k-th eigenvalue, k = 1 the least: the largest float64 not above the eigenvalue as rounded counts see it, or, near
// zero, within 2^-80 of the matrix's size.
func (t tridiagonal) eigenvalue(k int) float64 { return t.end(t.squares(), t.bisection(k)) }

// squares are those of the elements beside the diagonal.
func (t tridiagonal) squares() []float64 {
	squares := make([]float64, len(t.beside))
	for i, e := range t.beside {
		squares[i] = float64(e * e)
	}
	return squares
}

// eigenvector sets v to a unit eigenvector for an eigenvalue, given pivots, 2 len(v) numbers of workspace. The factors of the matrix minus the
// eigenvalue from the top and from the bottom meet where both say that it is most nearly singular; from there, v follows both
// (Parlett, Dhillon: Fernando's solution to Wilkinson's problem, 1997). Small elements come out as exact as large ones.
func (t tridiagonal) eigenvector(v, pivots []float64, value float64) {
	n := len(v)
	down, up := pivots[:n], pivots[n:][:n]
	for i, d := range t.diagonal {
		if down[i] = d - value; i > 0 {
			down[i] -= float64(t.beside[i-1] * (t.beside[i-1] / down[i-1]))
		}
		down[i] = away(down[i])
	}
	twist, least := 0, math.Inf(1)
	for i := n - 1; i >= 0; i-- {
		rest := t.diagonal[i] - value
		if up[i] = rest; i < n-1 {
			up[i] -= float64(t.beside[i] * (t.beside[i] / up[i+1]))
		}
		up[i] = away(up[i])
		if left := math.Abs(down[i] + (up[i] - rest)); left < least {
			twist, least = i, left
		}
	}
	v[twist] = 1
	for i := twist - 1; i >= 0; i-- {
		v[i] = -v[i+1] * (t.beside[i] / down[i])
	}
	for i := twist + 1; i < n; i++ {
		v[i] = -v[i-1] * (t.beside[i-1] / up[i])
	}
	normalise(v)
}

// away keeps a pivot away from 0.
func away(pivot float64) float64 {
	if math.Abs(pivot) < 0x1p-200 {
		return 0x1p-200
	}
	return pivot
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

// A bisection closes in on the k-th eigenvalue: fewer than k eigenvalues are below low, k or more below high.
type bisection struct {
	k         int
	low, high float64
	enough    float64 // the width at which it ends
}

func (t tridiagonal) bisection(k int) *bisection {
	low, high := t.bounds()
	return &bisection{k: k, low: low, high: high, enough: 0x1p-80 * (high - low)}
}

// middle is where to count next; false at the end, when the eigenvalue is low.
func (b *bisection) middle() (x float64, more bool) {
	if !(b.high-b.low > b.enough) {
		return 0, false
	}
	x = b.low + float64(0.5*(b.high-b.low))
	if b.low < 0 && b.high > 0 {
		x = 0 // so that an eigenvalue that is exactly 0 is found as 0
	}
	return x, x > b.low && x < b.high
}

// take takes how many eigenvalues are below x.
func (b *bisection) take(x float64, below int) {
	if below < b.k {
		b.low = x
	} else {
		b.high = x
	}
}

// end goes through a bisection to its end.
func (t tridiagonal) end(squares []float64, b *bisection) float64 {
	for x, more := b.middle(); more; x, more = b.middle() {
		b.take(x, t.below(squares, x))
	}
	return b.low
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

// belowBoth is below of two numbers.
func (t tridiagonal) belowBoth(squares []float64, x, y float64) (below, belowToo int) {
	pivot, pivotToo := 1.0, 1.0
	for i, d := range t.diagonal {
		next, nextToo := d-x, d-y
		if i > 0 && squares[i-1] != 0 {
			next -= squares[i-1] / pivot
			nextToo -= squares[i-1] / pivotToo
		}
		pivot, pivotToo = next+0, nextToo+0
		if pivot < 0 {
			below++
		}
		if pivotToo < 0 {
			belowToo++
		}
	}
	return below, belowToo
}
