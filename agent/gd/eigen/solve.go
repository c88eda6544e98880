package eigen

import "math"

// solve sets y to (L L')^-1 x.
func (f *factor) solve(y, x []float64) {
	copy(y, x)
	last := (f.n - 1) / tile * tile
	for from := 0; from <= last; from += tile {
		f.forward(y, from, min(tile, f.n-from))
	}
	for from := last; from >= 0; from -= tile {
		f.backward(y, from, min(tile, f.n-from))
	}
}

// forward solves L y = y for one tile's rows, once those before are solved.
func (f *factor) forward(y []float64, from, width int) {
	sums := f.sums[:width]
	share(f.each, from, width, strip, func(begin, end int) {
		f.kern.Dots(sums[begin:end], f.a[(from+begin)*f.n:], f.n, y, 0, from)
	})
	for i, s := range sums {
		v := y[from+i] - s
		for k, l := range f.a[(from+i)*f.n+from:][:i] {
			v = math.FMA(-l, y[from+k], v)
		}
		y[from+i] = v * f.inverse[from+i]
	}
}

// backward solves L' y = y for one tile's rows, the last first, and takes from those before what these have there.
func (f *factor) backward(y []float64, from, width int) {
	minus := f.sums[:width]
	for i := width - 1; i >= 0; i-- {
		at := from + i
		y[at] *= f.inverse[at]
		minus[i] = -y[at]
		f.kern.Descend(y[from:at], minus[i:i+1], f.a[at*f.n+from:], 0, i)
	}
	share(f.each, width, from, 512, func(begin, end int) {
		for i := width - 1; i >= 0; i-- {
			f.kern.Descend(y[begin:end], minus[i:i+1], f.a[(from+i)*f.n+begin:], 0, end-begin)
		}
	})
}
