package sweep

// # What depends on which axes
//
// A trainer's Default, Check and DataShape are Go functions; which parameters they read is found by asking: they are
// called with a point whose Get says what is read, at every combination of the axes found so far, until no further
// combination reads anything new. A function that reads only parameters through Point's methods then depends on just
// those axes.

import "slices"

// traceLimit bounds the combinations that are tried for one function.
const traceLimit = 20_000

// dependences fills in value and idle of every slot; formulas and their axes are known.
func (s *Space) dependences() {
	s.value, s.idle = make([]uint64, len(s.base)), make([]uint64, len(s.base))
	for i := range s.axes {
		for _, slot := range s.axes[i].slots {
			s.value[slot] = 1 << i
		}
	}
	for i := range s.formulas {
		s.value[s.formulas[i].slot] = s.formulas[i].axes
	}
	for i := range s.trainer.Params {
		for _, c := range s.conditions[i] {
			s.idle[i] |= s.value[c.slot] | s.idle[c.slot]
		}
		if s.given[i] {
			continue
		}
		s.base[i] = Value{}
		if d := s.trainer.Params[i].Default; d != nil {
			s.value[i] = s.traced(func(p Point) { p.Values[i] = d(p) })
			if s.value[i] == 0 && s.idle[i] == 0 {
				s.combinations(0, 1, func(v *view) bool {
					v.compute(^uint64(0))
					s.base[i] = v.passing().Values[i]
					return false
				})
			}
		}
	}
}

// traced is the mask of axes that f depends on.
func (s *Space) traced(f func(Point)) uint64 {
	var mask uint64
	traced := *s.trainer
	traced.read = func(param int) { mask |= s.value[param] | s.idle[param] }
	for {
		before := mask
		done := s.combinations(before, traceLimit, func(v *view) bool {
			v.compute(^uint64(0))
			p := v.passing()
			p.Trainer = &traced
			f(p)
			return mask == before
		})
		if !done && mask == before { // too many combinations to be sure
			for i := range s.trainer.Params {
				mask |= s.value[i] | s.idle[i]
			}
			return mask
		}
		if mask == before {
			return mask
		}
	}
}

// combinations calls f with every tuple of digits of a mask's axes, the other digits 0, until f gives false; it is false
// if limit calls were not enough.
func (s *Space) combinations(mask uint64, limit int, f func(v *view) bool) bool {
	v := s.newView()
	var order []int
	members(mask, func(i int) { order = append(order, i) })
	for range limit {
		if !f(v) || !v.advance(order) {
			return true
		}
	}
	return false
}

// advance is the next tuple of digits of some axes, the last fastest; false after the last.
func (v *view) advance(order []int) bool {
	for _, i := range slices.Backward(order) {
		if next := v.digits[i] + 1; next < v.space.axes[i].size {
			v.set(i, next)
			return true
		}
		v.set(i, 0)
	}
	return false
}
