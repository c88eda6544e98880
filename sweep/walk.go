package sweep

import (
	"iter"
	"math"
)

// All gives every kept point in the order of indexes. What where drops is skipped by whole regions.
func (s *Space) All() iter.Seq2[uint64, Point] {
	return func(yield func(uint64, Point) bool) {
		for w := s.walk(nil); w.next(); {
			if !yield(w.index(), w.point()) {
				return
			}
		}
	}
}

// A walker visits kept tuples of digits in the order of indexes.
type walker struct {
	*view
	pinned  []int64 // by axis: the only digit to visit, or -1; nil: none is pinned
	started bool
	after   [][]*linked // by axis: conjuncts of large components that can be asked once this axis has its digit
}

// walk starts before the first kept tuple.
func (s *Space) walk(pinned []int64) *walker {
	w := &walker{view: s.newView(), pinned: pinned, after: make([][]*linked, len(s.axes))}
	for _, c := range s.components {
		if !c.large {
			continue
		}
		for _, l := range c.conjuncts {
			if last := lastOf(l.axes); last >= 0 && !l.defaults {
				w.after[last] = append(w.after[last], l)
			}
		}
	}
	return w
}

// restart goes back before the first kept tuple, with other digits pinned.
func (w *walker) restart(pinned []int64) { w.pinned, w.started = pinned, false }

// next goes to the next kept tuple; false after the last.
func (w *walker) next() bool {
	n := len(w.space.axes)
	i := n - 1
	from := uint64(0) // the least digit to try at axis i
	switch {
	case !w.started:
		w.started = true
		if n == 0 {
			return true
		}
		i = 0
	case n == 0:
		return false // the only tuple was visited
	default:
		from = w.digits[i] + 1
	}
	for i >= 0 {
		digit, ok := w.candidate(i, from)
		if !ok {
			if i--; i >= 0 {
				from = w.digits[i] + 1
			}
			continue
		}
		w.set(i, digit)
		if !w.promising(i) {
			from = digit + 1
			continue
		}
		if i == n-1 {
			return true
		}
		i, from = i+1, 0
	}
	return false
}

// candidate is the least digit >= from of axis i with which its component, given the digits before, may be kept.
func (w *walker) candidate(i int, from uint64) (uint64, bool) {
	a := &w.space.axes[i]
	end := a.size
	if w.pinned != nil && w.pinned[i] >= 0 {
		from, end = max(from, uint64(w.pinned[i])), uint64(w.pinned[i])+1
	}
	if from >= end {
		return 0, false
	}
	c := a.component
	if c.kept == nil {
		return from, true
	}
	base := uint64(0)
	for _, j := range c.axes {
		if j < i {
			base += w.digits[j] * w.space.axes[j].stride
		}
	}
	stop := base + end*a.stride
	tuple := c.kept.next(base+from*a.stride, stop)
	return (tuple - base) / a.stride, tuple < stop
}

// promising evaluates what can be of a large component once axis i has its digit.
func (w *walker) promising(i int) bool {
	c := w.space.axes[i].component
	if !c.large {
		return true
	}
	if i == c.axes[len(c.axes)-1] {
		return c.keepsLarge(w.view)
	}
	if len(w.after[i]) == 0 {
		return true
	}
	w.compute(c.mask)
	for _, l := range w.after[i] {
		w.problem = ""
		if !l.truth(&w.scope) && w.problem == "" {
			return false
		}
	}
	return true
}

func (w *walker) point() Point {
	w.compute(math.MaxUint64)
	return w.complete()
}

// lastOf is the last axis of a mask, -1 of none.
func lastOf(mask uint64) int {
	last := -1
	members(mask, func(i int) { last = i })
	return last
}
