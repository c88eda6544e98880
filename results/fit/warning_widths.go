package fit

import (
	"fmt"
	"math"
)

// extremes: a law without a success or without a failure, or with one width.
func (w *warner) extremes() {
	l := w.law
	var runs, successes uint64
	smallest, largest := int64(math.MaxInt64), int64(0)
	for _, c := range l.Cells {
		for _, width := range c.Widths {
			if width.Runs > 0 {
				runs, successes = runs+width.Runs, successes+width.Successes
				smallest, largest = min(smallest, width.M), max(largest, width.M)
			}
		}
	}
	if smallest == largest {
		w.warn("one_width", "only m = %d has decided runs: no needed width can be found; %s", smallest, l.others(smallest, largest))
	}
	switch successes {
	case 0:
		w.oneSided("no_success", "no decided run succeeded", "above", func(t Threshold) Number { return t.Low }, l.wider(smallest, largest, widenBy*widenBy))
	case runs:
		w.oneSided("no_failure", "every decided run succeeded", "at most", func(t Threshold) Number { return t.High }, l.narrower(smallest, largest, widenBy*widenBy))
	default:
		w.edges(smallest, largest)
	}
}

// oneSided: what runs that all came out the same say of each cell's needed width, one bound where all have the same; then what to do.
func (w *warner) oneSided(code, what, side string, of func(Threshold) Number, next string) {
	l := w.law
	var cells []string
	same := true
	for i, t := range l.Thresholds {
		bound := of(t)
		same = same && bound == of(l.Thresholds[0])
		if bound.Defined() {
			cells = append(cells, fmt.Sprintf("%s (%s m = %s)", l.Cells[i].name(l), side, cellText(bound)))
		}
	}
	switch {
	case same:
		w.warn(code, "%s: the needed width is %s m = %s everywhere; %s", what, side, cellText(of(l.Thresholds[0])), next)
	case len(cells) == 0:
		w.warn(code, "%s, but so many are not decided that no needed width is bounded; %s", what, moreSteps)
	case len(cells) < len(l.Cells):
		w.warn(code, "%s: that bounds the needed width of %s, and no other; %s", what, list(cells), next)
	default:
		w.warn(code, "%s: that bounds the needed width of %s; %s", what, list(cells), next)
	}
}

// edges: cells whose needed width, or an end of its interval, is not among the swept widths.
func (w *warner) edges(smallest, largest int64) {
	var above, below, open []string
	for i, t := range w.law.Thresholds {
		name := w.law.Cells[i].name(w.law)
		switch {
		case !t.Inside && (t.Low.Defined() || t.High.Defined()):
			name = fmt.Sprintf("%s (%s)", name, t.needed())
			if t.Low.Defined() {
				above = append(above, name)
			} else {
				below = append(below, name)
			}
		case t.Inside && t.Low.Defined() != t.High.Defined():
			open = append(open, name)
		}
	}
	l := w.law
	if len(above) > 0 {
		w.warn("above_widths", "success does not reach %g as far as the widths tell in %s; %s", l.Level, list(above), l.wider(smallest, largest, widenBy))
	}
	if len(below) > 0 {
		w.warn("below_widths", "success is %g or more already at the narrowest network that tells in %s; %s", l.Level, list(below), l.narrower(smallest, largest, widenBy))
	}
	if len(open) > 0 {
		w.warn("open_interval", "the interval reaches beyond the %s in %s; %s", l.swept(), list(open), l.further(smallest, largest))
	}
}

// logAxis is an axis as a spec writes it, a width an octave.
func logAxis(from, to int64) string {
	points := 1 + int(math.Ceil(math.Log2(float64(to)/float64(from))))
	return fmt.Sprintf("{log: [%d, %d], points: %d}", from, to, max(points, 2))
}
