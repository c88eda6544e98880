package eigen

import (
	"math"

	"github.com/widthlaw/widthlaw/agent/gd/kernel"
)

const (
	panel = 16 // reflections that are gathered before the rest of the matrix is updated
	rows  = 32 // of the matrix that a thread takes at a time
)

// A reduction is a matrix on its way to tridiagonal form. At column k the matrix that remains, rows and columns >= k, is
//
//	a_il - sum over t of terms_t[i] terms_t'[l]     for i >= l, one chain in increasing t, t' = t^1, and its mirror image
//
// where the terms are v, w, v', w', ... of the reflections v, v', ... of the panel so far: H A H = A - v w' - w v' for
// H = I - tau v v'. At the end of a panel a itself is updated.
type reduction struct {
	n       int
	kern    *kernel.Set
	each    Each
	a       []float64 // n x n, both triangles
	terms   []float64 // 2 panel x n
	against []float64 // 2 panel x n: in row t, -terms_t'
	v, y    []float64 // n: the reflection, and the matrix times it
	sums    [2 * panel]float64
}

// tridiagonalise overwrites a.
func tridiagonalise(a []float64, n int, kern *kernel.Set, each Each) tridiagonal {
	r := &reduction{
		n: n, kern: kern, each: each, a: a, terms: make([]float64, 2*panel*n), against: make([]float64, 2*panel*n),
		v: make([]float64, n), y: make([]float64, n),
	}
	t := tridiagonal{make([]float64, n), make([]float64, n-1)}
	for first := 0; first < n; first += panel {
		last := min(first+panel, n)
		for k := first; k < last; k++ {
			r.column(k, 2*(k-first))
			t.diagonal[k] = r.v[k]
			if k < n-1 {
				t.beside[k] = r.reflect(k, 2*(k-first))
			}
		}
		r.update(last)
	}
	return t
}

// column sets v to column k of the matrix that remains, after terms/2 reflections of this panel.
func (r *reduction) column(k, terms int) {
	copy(r.v[k:], r.a[k*r.n+k:][:r.n-k])
	r.kern.Combine(r.v[k:], r.against[k:], r.n, r.terms[k:], r.n, terms)
}

// reflect makes the reflection that takes column k, which stands in v, to zero below its subdiagonal element, which it
// returns, and adds it to the panel.
func (r *reduction) reflect(k, terms int) (beside float64) {
	v, y := r.v[k+1:], r.y[k+1:]
	beside, tau := householder(v)
	if tau == 0 {
		clear(y)
	} else {
		r.multiply(k + 1)
		r.pending(k+1, terms)
		product := dot(v, y)
		half := 0.5 * tau * (tau * product)
		for i, x := range v {
			y[i] = math.FMA(-half, x, float64(tau*y[i]))
		}
	}
	for i, term := range [][]float64{v, y} {
		copy(r.terms[(terms+i)*r.n+k+1:], term)
		against := r.against[(terms+(i^1))*r.n+k+1:]
		for j, x := range term {
			against[j] = -x
		}
	}
	return beside
}

// householder turns x into v, v_0 = 1, such that (I - tau v v') x = (beside, 0, 0, ...). Where x is as good as zero behind
// x_0, v and tau are zero: against a matrix of size 1 that changes nothing.
func householder(x []float64) (beside, tau float64) {
	sum := 0.0
	for _, v := range x[1:] {
		sum = math.FMA(v, v, sum)
	}
	first := x[0]
	if sum < 0x1p-900 {
		clear(x)
		return first, 0
	}
	beside = -math.Copysign(math.Sqrt(math.FMA(first, first, sum)), first)
	scale := first - beside
	x[0] = 1
	for i := range x[1:] {
		x[i+1] /= scale
	}
	return beside, -scale / beside
}

// multiply sets y = a v for rows and columns >= from: one chain in increasing column for each row.
func (r *reduction) multiply(from int) {
	v := r.v[from:]
	r.share(from, func(begin, end int) {
		r.kern.Dots(r.y[begin:end], r.a[begin*r.n+from:], r.n, v, 0, len(v))
	})
}

// dot is one chain in increasing index.
func dot(a, v []float64) float64 { return plus(0, a, v) }

// plus is s + a.v, one chain.
func plus(s float64, a, v []float64) float64 {
	for j, x := range a[:len(v)] {
		s = math.FMA(x, v[j], s)
	}
	return s
}

// pending takes from y what the panel's reflections so far change in a v.
func (r *reduction) pending(from, terms int) {
	if terms == 0 {
		return
	}
	sums := r.sums[:terms]
	r.kern.Dots(sums, r.terms[from:], r.n, r.v[from:], 0, r.n-from)
	r.kern.Combine(r.y[from:], sums, 1, r.against[from:], r.n, terms)
}

// update brings rows and columns >= from of a up to date at the end of a panel.
func (r *reduction) update(from int) {
	r.share(from, func(begin, end int) {
		for i := begin; i < end; i++ {
			row := r.a[i*r.n+from:][:i+1-from]
			r.kern.Combine(row, r.terms[i:], r.n, r.against[from:], r.n, 2*panel)
			for l, v := range row[:i-from] {
				r.a[(from+l)*r.n+i] = v
			}
		}
	})
}

// share has work done for all rows >= from, in runs. Who does which run changes no bit.
func (r *reduction) share(from int, work func(begin, end int)) {
	share(r.each, r.n, r.n-from, rows, func(begin, end int) { work(from+begin, from+end) })
}
