package eigen

import "math"

const (
	panel = 16 // reflections that are gathered before the rest of the matrix is updated
	rows  = 32 // of the matrix that a thread takes at a time
)

// A reduction is a matrix on its way to tridiagonal form. At column k the matrix that remains, rows and columns >= k, is
//
//	a_il - sum over t of left_i[t] * right_l[t]     for i >= l, one chain in increasing t, and its mirror image
//
// where left_i = (v_i, w_i, v'_i, w'_i, ...) and right_l = (w_l, v_l, w'_l, v'_l, ...) of the reflections v, v', ... of the panel
// so far: H A H = A - v w' - w v' for H = I - tau v v'. At the end of a panel a itself is updated.
type reduction struct {
	n           int
	a           []float64 // n x n, both triangles
	left, right []float64 // n x 2 panel
	v, y        []float64 // n: the reflection, and the matrix times it
	each        Each
}

// tridiagonalise overwrites a.
func tridiagonalise(a []float64, n int, each Each) tridiagonal {
	r := &reduction{
		n: n, a: a, left: make([]float64, n*2*panel), right: make([]float64, n*2*panel),
		v: make([]float64, n), y: make([]float64, n), each: each,
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
	right := r.right[k*2*panel:][:terms]
	for i := k; i < r.n; i++ {
		r.v[i] = minus(r.v[i], r.left[i*2*panel:][:terms], right)
	}
}

// minus is s - x.y, one chain.
func minus(s float64, x, y []float64) float64 {
	for t, v := range x {
		s = math.FMA(-v, y[t], s)
	}
	return s
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
		product := 0.0
		for i, x := range v {
			product = math.FMA(x, y[i], product)
		}
		half := 0.5 * tau * (tau * product)
		for i, x := range v {
			y[i] = math.FMA(-half, x, float64(tau*y[i]))
		}
	}
	for i, x := range v {
		at := (k+1+i)*2*panel + terms
		r.left[at], r.left[at+1] = x, y[i]
		r.right[at], r.right[at+1] = y[i], x
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
		i := begin
		for ; i+4 <= end; i += 4 {
			y := r.y[i:][:4]
			y[0], y[1], y[2], y[3] = dots(r.a[i*r.n+from:], r.n, v)
		}
		for ; i < end; i++ {
			r.y[i] = dot(r.a[i*r.n+from:], v)
		}
	})
}

func dot(a, v []float64) float64 { return plus(0, a, v) }

// plus is s + a.v, one chain.
func plus(s float64, a, v []float64) float64 {
	for j, x := range a[:len(v)] {
		s = math.FMA(x, v[j], s)
	}
	return s
}

// dots is dot for four rows side by side, so that four chains are under way at a time.
func dots(a []float64, n int, v []float64) (s0, s1, s2, s3 float64) {
	a0, a1, a2, a3 := a[:len(v)], a[n:][:len(v)], a[2*n:][:len(v)], a[3*n:][:len(v)]
	for j, x := range v {
		s0 = math.FMA(a0[j], x, s0)
		s1 = math.FMA(a1[j], x, s1)
		s2 = math.FMA(a2[j], x, s2)
		s3 = math.FMA(a3[j], x, s3)
	}
	return s0, s1, s2, s3
}

// pending takes from y what the panel's reflections so far change in a v.
func (r *reduction) pending(from, terms int) {
	var sums [2 * panel]float64 // left' v
	s := sums[:terms]
	for i := from; i < r.n; i++ {
		v := r.v[i]
		for t, x := range r.left[i*2*panel:][:terms] {
			s[t] = math.FMA(x, v, s[t])
		}
	}
	for i := from; i < r.n; i++ {
		r.y[i] = minus(r.y[i], r.right[i*2*panel:][:terms], s)
	}
}

// update brings rows and columns >= from of a up to date at the end of a panel.
func (r *reduction) update(from int) {
	r.share(from, func(begin, end int) {
		for i := begin; i < end; i++ {
			left := r.left[i*2*panel:][:2*panel]
			row := r.a[i*r.n:][:i+1]
			l := from
			for ; l+4 <= i+1; l += 4 {
				four(row[l:][:4], left, r.right[l*2*panel:][:4*2*panel])
			}
			for ; l <= i; l++ {
				row[l] = minus(row[l], left, r.right[l*2*panel:][:2*panel])
			}
			for l := from; l < i; l++ {
				r.a[l*r.n+i] = row[l]
			}
		}
	})
}

// four is minus for four neighbours of a row.
func four(a, left, right []float64) {
	const k = 2 * panel
	left, right = left[:k], right[:4*k]
	s0, s1, s2, s3 := a[0], a[1], a[2], a[3]
	for t, x := range left {
		s0 = math.FMA(-x, right[t], s0)
		s1 = math.FMA(-x, right[t+k], s1)
		s2 = math.FMA(-x, right[t+2*k], s2)
		s3 = math.FMA(-x, right[t+3*k], s3)
	}
	a[0], a[1], a[2], a[3] = s0, s1, s2, s3
}

// share has work done for all rows >= from, in runs. Who does which run changes no bit.
func (r *reduction) share(from int, work func(begin, end int)) {
	share(r.each, r.n, r.n-from, rows, func(begin, end int) { work(from+begin, from+end) })
}
