package sweep

import "slices"

// Cells are a searched space by cell: one value of every axis but the searched one and the seeds. What is tried in a cell takes
// its seeds in order, each once.
type Cells struct {
	space     *Space
	axis      int
	own       []int  // axes of the cells
	seeds     []int  // axes of seeds
	Count     uint64 // of cells, those too that where drops
	SeedCount uint64 // of a cell, those too that where drops
}

// Cells are those of a spec with a search.
func (s *Spec) Cells() *Cells {
	c := &Cells{space: s.Space, axis: s.Search.axis, Count: 1, SeedCount: 1}
	for i := range s.Space.axes {
		a := &s.Space.axes[i]
		switch seeds, _ := a.seeds(s.Space); {
		case i == c.axis:
		case seeds > 0:
			c.seeds = append(c.seeds, i)
			c.SeedCount = product(c.SeedCount, a.size)
		default:
			c.own = append(c.own, i)
			c.Count *= a.size
		}
	}
	return c
}

// Of says which cell an index is in, and which digit the searched axis has there.
func (c *Cells) Of(index uint64) (cell, digit uint64) {
	for _, i := range c.own {
		a := &c.space.axes[i]
		cell = cell*a.size + index/a.weight%a.size
	}
	a := &c.space.axes[c.axis]
	return cell, index / a.weight % a.size
}

// Seeds gives the seeds of a cell in order, crossed ones along diagonals: indexes of its points at the searched axis' first digit.
// A cell that where drops has none.
func (c *Cells) Seeds(cell uint64) func() (index uint64, ok bool) {
	pinned := slices.Repeat([]int64{-1}, len(c.space.axes))
	pinned[c.axis] = 0
	for _, i := range slices.Backward(c.own) {
		size := c.space.axes[i].size
		pinned[i] = int64(cell % size)
		cell /= size
	}
	w := c.space.walk(pinned)
	if len(c.seeds) > 1 {
		return c.crossed(w, pinned)
	}
	return func() (uint64, bool) {
		if !w.next() {
			return 0, false
		}
		return w.index(), true
	}
}

// At is the index with another digit of the searched axis, of one that Seeds gave.
func (c *Cells) At(index uint64, digit int) uint64 {
	return index + uint64(digit)*c.space.axes[c.axis].weight
}
