package sweep

// crossedMisses is how many tuples in a row may be dropped before the diagonals are left for the order of indexes.
const crossedMisses = 1 << 16

// crossed gives the seeds of a cell whose axes of seeds are crossed. It goes along diagonals: the next run has the next digit of each
// axis, so that it has a data set of its own, and initial weights of their own, as long as there are some. Where few tuples are kept the
// others follow in the order of indexes. The i-th tuple depends on i alone.
func (c *Cells) crossed(w *walker, pinned []int64) func() (index uint64, ok bool) {
	v, given, number := c.space.newView(), map[uint64]bool{}, uint64(0)
	if !w.next() {
		number = c.SeedCount
	}
	for i, digit := range w.digits {
		v.set(i, digit)
	}
	w.restart(pinned)
	return func() (uint64, bool) {
		for misses := 0; number < c.SeedCount && misses < crossedMisses; misses++ {
			c.diagonal(v, number)
			number++
			if index := v.index(); v.kept() {
				given[index] = true
				return index, true
			}
		}
		number = c.SeedCount
		for w.next() {
			if index := w.index(); !given[index] {
				return index, true
			}
		}
		return 0, false
	}
}

// diagonal sets the axes of seeds to the tuple of a number. Of two axes it takes the digits (i mod A, i mod B), and each time that all such
// pairs have come, one digit more of the second: so every pair comes once. A third is joined to those two likewise.
func (c *Cells) diagonal(v *view, number uint64) {
	joined := c.SeedCount
	for k := len(c.seeds) - 1; k > 0; k-- {
		size := c.space.axes[c.seeds[k]].size
		joined /= size
		round := joined / common(joined, size) * size
		v.set(c.seeds[k], (number+number/round)%size)
		number %= joined
	}
	v.set(c.seeds[0], number)
}

// common is the greatest common divisor.
func common(a, b uint64) uint64 {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}
