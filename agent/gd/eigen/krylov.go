package eigen

import (
	"math"

	"github.com/widthlaw/widthlaw/agent/gd/kernel"
)

// A krylov is Lanczos' method: an orthonormal basis of the space of v, A v, A^2 v, ... for a symmetric operator A, and A's
// image in that space, a tridiagonal matrix. Each basis vector is made orthogonal to all before it, twice over.
type krylov struct {
	n     int
	kern  *kernel.Set
	each  Each
	basis []float64 // a row of n for each step, and one more

	image tridiagonal // beside has one element more: what leads out of the space
	ended bool        // whether nothing leads out of the space

	along   []float64 // a vector's products with the basis
	weights []float64 // an eigenvector of the image
	work    []float64
}

func newKrylov(n, steps int, kern *kernel.Set, each Each) *krylov {
	return &krylov{
		n: n, kern: kern, each: each, basis: make([]float64, (steps+1)*n),
		along: make([]float64, steps), weights: make([]float64, steps), work: make([]float64, 2*steps),
	}
}

func (k *krylov) steps() int { return len(k.image.diagonal) }

func (k *krylov) row(i int) []float64 { return k.basis[i*k.n:][:k.n] }

// start begins with a vector of pseudo-random numbers, which no structure of a matrix makes orthogonal to an eigenvector.
func (k *krylov) start() {
	k.image, k.ended = tridiagonal{k.image.diagonal[:0], k.image.beside[:0]}, false
	v := k.row(0)
	for i := range v {
		v[i] = float64(mix(uint64(i))>>11)*0x1p-52 - 1 + 0x1p-53 // in (-1, 1), never 0
	}
	normalise(v)
}

// mix is a counter made random (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
func mix(i uint64) uint64 {
	z := (i + 1) * 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// normalise makes a vector length 1.
func normalise(v []float64) {
	length := math.Sqrt(kernel.SumSquares(v))
	for i := range v {
		v[i] /= length
	}
}

// step makes the space one dimension larger.
func (k *krylov) step(operator func(y, x []float64)) {
	i := k.steps()
	y := k.row(i + 1)
	operator(y, k.row(i))
	diagonal := k.orthogonalise(y, i+1)
	diagonal += k.orthogonalise(y, i+1)
	out := math.Sqrt(kernel.SumSquares(y))
	k.image.diagonal = append(k.image.diagonal, diagonal)
	k.image.beside = append(k.image.beside, out)
	largest := 0.0
	for j, d := range k.image.diagonal {
		largest = max(largest, math.Abs(d), k.image.beside[j])
	}
	if k.ended = !(out > 0x1p-50*largest) || i+1 == k.n; k.ended {
		return
	}
	for j := range y {
		y[j] /= out
	}
}

// orthogonalise takes from y what it has along the first rows of the basis, and returns the last of these products.
func (k *krylov) orthogonalise(y []float64, rows int) float64 {
	along := k.along[:rows]
	share(k.each, k.n, rows, 8, func(from, to int) {
		k.kern.Dots(along[from:to], k.basis[from*k.n:], k.n, y, 0, k.n)
	})
	last := along[rows-1]
	for i := range along {
		along[i] = -along[i]
	}
	k.combine(y, along)
	return last
}

// combine adds a combination of the first rows of the basis to y: one chain an element.
func (k *krylov) combine(y, along []float64) {
	share(k.each, len(along), k.n, 512, func(from, to int) {
		for i := range along {
			k.kern.Descend(y[from:to], along[i:i+1], k.row(i)[from:to], 0, to-from)
		}
	})
}

// ritz is the i-th from the top, i = 1 the first, of the image's eigenvalues times a sign, and how near an eigenvalue of the operator is.
// It is NaN where there are not so many.
func (k *krylov) ritz(sign float64, i int) (value, residual float64) {
	n := k.steps()
	if i > n {
		return math.NaN(), math.NaN()
	}
	at := i
	if sign > 0 {
		at = n + 1 - i
	}
	t := tridiagonal{k.image.diagonal, k.image.beside[:n-1]}
	theta := t.eigenvalue(at)
	t.eigenvector(k.weights[:n], k.work[:2*n], theta)
	return sign * theta, k.image.beside[n-1] * math.Abs(k.weights[n-1])
}

// vector sets x to the vector of the space that is as good as an eigenvector for the greatest eigenvalue.
func (k *krylov) vector(x []float64) {
	k.ritz(1, 1)
	clear(x)
	k.combine(x, k.weights[:k.steps()])
}

// share has work done for runs of at most size of count things, by several threads if it is worth their while: each thing is so
// many multiply-adds. Who does what changes no bit.
func share(each Each, flops, count, size int, work func(from, to int)) {
	if flops*count < worth {
		work(0, count)
		return
	}
	each((count+size-1)/size, func(part int) { work(part*size, min(count, (part+1)*size)) })
}

// worth is how many multiply-adds are worth waking threads for.
const worth = 1 << 17
