package sweep

import "slices"

// A Cursor hands out a sweep's points, longest first, without listing them. It is for one goroutine, and independent of
// others of the same plan.
type Cursor struct {
	plan   *Plan
	walker *walker
	axes   []int // that enter the cost
	pinned []int64
	next   int  // the next cell
	cost   Cost // of a point of the current cell
	known  bool
}

// Cursor starts before the first point.
func (p *Plan) Cursor() *Cursor {
	p.order()
	c := &Cursor{plan: p, walker: p.space.walk(nil), pinned: make([]int64, len(p.space.axes))}
	for i := range c.pinned {
		c.pinned[i] = -1
	}
	members(p.mask, func(i int) { c.axes = append(c.axes, i) })
	c.walker.restart(c.pinned)
	return c
}

// Next is the next point and what it is expected to cost; ok is false after the last.
func (c *Cursor) Next() (index uint64, pt Point, cost Cost, ok bool) {
	for c.next == 0 || !c.walker.next() {
		if c.next == len(c.plan.cells) {
			return 0, Point{}, Cost{}, false
		}
		c.enter(c.plan.cells[c.next])
		c.next++
	}
	pt = c.walker.point()
	if !c.known || len(c.axes) == 0 {
		c.cost, c.known = c.plan.Cost(pt), true
	}
	return c.walker.index(), pt, c.cost, true
}

// enter pins the digits of a cell.
func (c *Cursor) enter(cell cell) {
	n := cell.tuple
	for _, i := range slices.Backward(c.axes) {
		size := c.plan.space.axes[i].size
		c.pinned[i] = int64(n % size)
		n /= size
	}
	c.known = false
	c.walker.restart(c.pinned)
}
