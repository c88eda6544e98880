package eigen

import "math"

// take makes the matrix under way from the caller's lower triangle: scaled by a power of two, which rounds nothing, to a size in [1/2, 1),
// so that squares neither overflow nor vanish where they matter. It returns the size before, NaN where the matrix is not
// finite.
func (s *Solver) take(a []float64) (size float64) {
	s.a, s.norm = a[:s.n*s.n], 0
	if size = s.size(); !(size > 0) {
		return size
	}
	_, s.exponent = math.Frexp(size)
	// In two steps: the power itself may be no float64.
	one, two := math.Ldexp(1, -s.exponent/2), math.Ldexp(1, -s.exponent+s.exponent/2)
	s.eachTile(func(i, from, to int) {
		for j, v := range s.a[i*s.n:][from:to] {
			v = v * one * two
			s.a[i*s.n+from+j], s.a[(from+j)*s.n+i] = v, v
		}
	})
	for i := range s.diagonal {
		s.diagonal[i] = s.a[i*s.n+i]
	}
	return size
}

// unscaled is an eigenvalue of the caller's matrix.
func (s *Solver) unscaled(x float64) float64 { return math.Ldexp(x, s.exponent) }

// size is the greatest absolute value of an element.
func (s *Solver) size() float64 {
	sizes := make([]float64, (s.n+tile-1)/tile)
	share(s.each, s.n*tile, len(sizes), 1, func(begin, end int) {
		for t := begin; t < end; t++ {
			for i := t * tile; i < min(s.n, (t+1)*tile); i++ {
				sizes[t] = max(sizes[t], size(s.a[i*s.n:][:i+1]))
			}
		}
	})
	return size(sizes)
}

// size is NaN if one of the numbers is not finite.
func size(row []float64) (size float64) {
	for _, v := range row {
		if v-v != 0 {
			return math.NaN()
		}
		size = max(size, math.Abs(v))
	}
	return size
}

// eachTile has work done for the lower triangle, a row of a tile at a time: tile by tile, since half of what it does goes across rows.
func (s *Solver) eachTile(work func(i, from, to int)) {
	share(s.each, s.n*tile, (s.n+tile-1)/tile, 1, func(begin, end int) {
		for row := begin * tile; row < min(s.n, end*tile); row += tile {
			for column := 0; column <= row; column += tile {
				for i := row; i < min(s.n, row+tile); i++ {
					work(i, column, min(i+1, column+tile))
				}
			}
		}
	})
}

// restore makes the lower triangle again from what a factor leaves of the matrix.
func (s *Solver) restore() {
	s.eachTile(func(i, from, to int) {
		for j := from; j < to; j++ {
			s.a[i*s.n+j] = s.a[j*s.n+i]
		}
	})
	for i, v := range s.diagonal {
		s.a[i*s.n+i] = v
	}
}

// multiply sets y to a x, while both triangles are there: one chain in increasing column for each row.
func (s *Solver) multiply(y, x []float64) {
	share(s.each, s.n, s.n, tile, func(begin, end int) {
		s.kern.Dots(y[begin:end], s.a[begin*s.n:], s.n, x, 0, s.n)
	})
}

// multiplyUpper sets y to a x by the upper triangle and the diagonal alone: one chain for what comes from the rows above, in
// increasing order, and goes on through the diagonal and the row itself.
func (s *Solver) multiplyUpper(y, x []float64) {
	clear(y)
	for i := range s.n {
		s.kern.Descend(y[i+1:], x[i:i+1], s.a[i*s.n+i+1:], 0, s.n-i-1)
	}
	for i := range s.n {
		y[i] = plus(math.FMA(s.diagonal[i], x[i], y[i]), s.a[i*s.n+i+1:], x[i+1:])
	}
}
