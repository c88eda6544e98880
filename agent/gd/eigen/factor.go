package eigen

import (
	"math"

	"github.com/widthlaw/widthlaw/agent/gd/kernel"
)

const (
	tile  = 64           // rows and columns that are treated at a time
	strip = kernel.Panel // columns of a tile that are solved for at a time
	depth = 256          // the longest chain of a product
)

// A factor is the lower triangular L of Cholesky, L L' = shift - sign A, in the place of A's lower triangle. It is made column of
// tiles by column of tiles. What the columns before have in a tile is taken off in products of depth of them, in order; then
// the tile is solved strip by strip, for which again the strips before are taken off in one product. A product's
// elements are one chain each, from +0.
type factor struct {
	n    int
	kern *kernel.Set
	each Each

	a       []float64 // n x n
	inverse []float64 // n: one over L's diagonal
	across  []float64 // n x tile: the rows of L through a column's diagonal tile, packed
	corner  []float64 // tile x tile: the same within the tile, strip by strip
	product []float64 // n x tile
	minus   []float64 // -1
	sums    [tile]float64
}

func newFactor(n int, kern *kernel.Set, each Each) *factor {
	return &factor{
		n: n, kern: kern, each: each, inverse: make([]float64, n), across: make([]float64, n*tile),
		corner: make([]float64, tile*tile), product: make([]float64, n*tile), minus: []float64{-1},
	}
}

// make takes A from the upper triangle of a, which it leaves, and its diagonal, and overwrites the lower one. It returns
// false where there is no factor.
func (f *factor) make(a, diagonal []float64, sign, shift float64) bool {
	f.a = a
	tiles := (f.n + tile - 1) / tile
	for t := range tiles {
		from := t * tile
		width := min(tile, f.n-from)
		share(f.each, tile*depth, (from+depth-1)/depth, 1, func(begin, end int) {
			for c := begin; c < end; c++ {
				f.pack(f.across[c*depth*tile:], from, width, c*depth, min(depth, from-c*depth))
			}
		})
		share(f.each, tile*tile*(from+tile), tiles-t, 1, func(begin, end int) {
			for i := t + begin; i < t+end; i++ {
				f.load(i*tile, from, width, diagonal, sign, shift)
				f.takeOff(i*tile, from, width)
			}
		})
		if !f.diagonalTile(from, width) {
			return false
		}
		share(f.each, tile*tile*tile, tiles-t-1, 1, func(begin, end int) {
			for i := t + 1 + begin; i < t+1+end; i++ {
				for s := 0; s < width; s += strip {
					f.solveStrip(i*tile, min(tile, f.n-i*tile), from, s)
				}
			}
		})
	}
	return true
}

// pack packs L' for the rows of a tile from a row on, and inner columns from a column on, as a right-hand side.
func (f *factor) pack(to []float64, row, rows, column, inner int) {
	for j := range rows {
		from := f.a[(row+j)*f.n+column:][:inner]
		panel := to[j/kernel.Panel*inner*kernel.Panel+j%kernel.Panel:]
		for p, v := range from {
			panel[p*kernel.Panel] = v
		}
	}
}

// load sets a tile to that of shift - sign A.
func (f *factor) load(row, column, width int, diagonal []float64, sign, shift float64) {
	for i := row; i < min(row+tile, f.n); i++ {
		to := f.a[i*f.n+column:][:width]
		for c := range min(width, i-column) {
			to[c] = -sign * f.a[(column+c)*f.n+i]
		}
		if i < column+width {
			to[i-column] = shift - float64(sign*diagonal[i])
		}
	}
}

// takeOff takes from a tile what the columns of tiles before it have there.
func (f *factor) takeOff(row, column, width int) {
	for c := 0; c < column; c += depth {
		inner := min(depth, column-c)
		right := kernel.Packed[float64]{Inner: inner, Outer: width, Data: f.across[c*tile:][:inner*kernel.Padded[float64](width)]}
		f.subtract(row, min(tile, f.n-row), c, column, &right)
	}
}

// subtract takes a product off some rows from a column on: of the rows' elements from an inner column on, and a right-hand side. Beyond
// the diagonal, nothing is touched.
func (f *factor) subtract(row, rows, inner, column int, right *kernel.Packed[float64]) {
	stride := right.Stride()
	product := f.product[row*tile:][:rows*stride]
	f.kern.Product(product, f.a[row*f.n+inner:], f.n, rows, right)
	for i := range rows {
		to := f.a[(row+i)*f.n+column:][:min(right.Outer, row+i-column+1)]
		f.kern.Descend(to, f.minus, product[i*stride:], 0, len(to))
	}
}

// diagonalTile factors the tile on the diagonal. It returns false where it is not positive definite.
func (f *factor) diagonalTile(from, width int) bool {
	for s := 0; s < width; s += strip {
		wide := min(strip, width-s)
		f.pack(f.corner[s*tile:], from+s, wide, from, s)
		if s > 0 {
			f.subtract(from+s, wide, from, from+s, f.strip(s, wide))
		}
		for i := from + s; i < from+s+wide; i++ {
			f.substitute(f.a[i*f.n+from+s:][:i-from-s], from+s)
			pivot := f.pivot(i, from+s)
			if !(pivot > 0x1p-56) {
				return false
			}
			f.a[i*f.n+i] = math.Sqrt(pivot)
			f.inverse[i] = 1 / f.a[i*f.n+i]
		}
		f.solveStrip(from+s+wide, width-s-wide, from, s)
	}
	return true
}

// strip is a strip of the diagonal tile as a right-hand side, of the strips before.
func (f *factor) strip(s, wide int) *kernel.Packed[float64] {
	return &kernel.Packed[float64]{Inner: s, Outer: wide, Data: f.corner[s*tile:][:s*kernel.Panel]}
}

// pivot is what is left of a diagonal element after the elements of its row from a column on.
func (f *factor) pivot(i, from int) float64 {
	pivot := f.a[i*f.n+i]
	for _, v := range f.a[i*f.n+from:][:i-from] {
		pivot = math.FMA(-v, v, pivot)
	}
	return pivot
}

// solveStrip solves x L' = a for some rows of one strip of a tile.
func (f *factor) solveStrip(row, rows, column, s int) {
	wide := min(strip, f.n-column-s)
	if s > 0 && rows > 0 {
		f.subtract(row, rows, column, column+s, f.strip(s, wide))
	}
	for i := range rows {
		f.substitute(f.a[(row+i)*f.n+column+s:][:wide], column+s)
	}
}

// substitute solves x L' = x for a few columns of a row.
func (f *factor) substitute(x []float64, column int) {
	for j, v := range x {
		for k, l := range f.a[(column+j)*f.n+column:][:j] {
			v = math.FMA(-x[k], l, v)
		}
		x[j] = v * f.inverse[column+j]
	}
}
