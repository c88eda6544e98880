package fit

import "slices"

// A cell whose success is below the level at all its widths, or above it, has a bound of its needed width. A width bounds it only if the
// censored runs could not turn that.

// above is the largest width that is not enough; undefined where none is known to be. Success is below the level at all of them.
func (c Cell) above(level float64) Number {
	for _, w := range slices.Backward(c.Widths) {
		if w.Runs > 0 && (w.decisive() || float64(w.Successes+w.Censored) < level*float64(w.Runs+w.Censored)) {
			return Number(w.M)
		}
	}
	return Undefined()
}

// atMost is the smallest width that is enough; undefined where none is known to be. Success reaches the level at all of them.
func (c Cell) atMost(level float64) Number {
	for _, w := range c.Widths {
		if w.Runs > 0 && (w.decisive() || float64(w.Successes) >= level*float64(w.Runs+w.Censored)) {
			return Number(w.M)
		}
	}
	return Undefined()
}

// decisive says whether few of a width's runs are censored.
func (w Width) decisive() bool { return float64(w.Censored) <= mostCensored*float64(w.Runs+w.Censored) }

// at is the width of that size; one without runs where there is none.
func (c Cell) at(m Number) Width {
	for _, w := range c.Widths {
		if Number(w.M) == m {
			return w
		}
	}
	return Width{}
}
