package fit

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/widthlaw/widthlaw/sweep/search"
)

// checked says whether the cells could have shown that a law with these terms is wrong, and did not.
func (l *Law) checked(terms []Term) bool {
	return l.Line.Cells > len(terms)+1 && l.stands() // else the line passes through every point, whatever they are
}

// stands says whether the law is right about the cells: elsewhere it has no needed widths.
func (l *Law) stands() bool { return len(l.contradicted()) == 0 && !l.bends() }

// asOwn is what the law says of a cell's own needed width: isotonic regression counts lapses in, a search's model does not.
func (l *Law) asOwn(c Cell) float64 {
	if l.Sought != nil {
		return l.Line.Width(c)
	}
	return l.Line.reach(c, l.Level)
}

// contradicted are the places of cells that the law is wrong about: their needed width, which is only known to lie beyond the swept
// ones, lies on the other side. Whether it does is asked of the nearest width, with its interval and lapses counted in; beside a
// search, of the posterior's end and the law's interval.
func (l *Law) contradicted() (cells []int) {
	for i, t := range l.Thresholds {
		if l.Sought != nil {
			if !t.Inside && (t.Low.Defined() || t.High >= LeastWidth) && l.apart(i) {
				cells = append(cells, i)
			}
			continue
		}
		c, m := l.Cells[i], Number(l.Line.Width(l.Cells[i]))
		share := l.Level * (1 - l.Line.Lapse)
		switch {
		case t.Inside:
		case m < t.Low && c.at(t.Low).High < share,
			m > t.High && t.High >= LeastWidth && c.at(t.High).Low > share:
			cells = append(cells, i)
		}
	}
	return cells
}

// disjoint are the places of cells whose own interval and the law's do not meet; the law's with lapses counted in where they are in the cell's.
func (l *Law) disjoint() (cells []int) {
	for i, t := range l.Thresholds {
		if t.Inside && t.M >= LeastWidth && t.Law != nil && !math.IsNaN(l.Line.spans[i].low) && l.apart(i) {
			cells = append(cells, i)
		}
	}
	return cells
}

// apart says whether a cell's own interval and the law's do not meet. Beside a search, where cells end once their intervals are narrow, both are
// wider, by Bonferroni for the number of cells, and a law without intervals has its widths alone.
func (l *Law) apart(i int) bool {
	t, law := l.Thresholds[i], l.Line.spans[i]
	own := span{float64(t.M), float64(t.Low), float64(t.High)}
	if l.Sought != nil {
		own, law = l.Cells[i].wide, law.wider(distuv.UnitNormal.Quantile(1-(1-search.Credible)/2/float64(len(l.Cells)))/z95)
	}
	by := l.asOwn(l.Cells[i]) / law.m
	return law.high*by < own.low || law.low*by > own.high
}

// wider has its ends so many times as far from its width, in logs; without ends it is the width alone.
func (s span) wider(by float64) span {
	if math.IsNaN(s.low) {
		return span{s.m, s.m, s.m}
	}
	return span{s.m, s.m * math.Pow(s.low/s.m, by), s.m * math.Pow(s.high/s.m, by)}
}

// mostOff is how far, as a factor, the law may be from a cell's own needed width, and outside its interval.
const mostOff = 1.5

// misfits are the places of cells whose own needed width the law misses.
func (l *Law) misfits() (cells []int) {
	for i, t := range l.Thresholds {
		m := l.asOwn(l.Cells[i])
		if off := math.Abs(math.Log(m / float64(t.M))); t.Inside && t.M >= LeastWidth && off > math.Log(mostOff) && l.misses(i, m) {
			cells = append(cells, i)
		}
	}
	return cells
}

// misses says whether a cell's interval excludes a needed width; beside a search, where it may be as wide as the law's, all of the law's
// interval, if it has two ends.
func (l *Law) misses(i int, m float64) bool {
	t := l.Thresholds[i]
	if l.Sought != nil {
		return t.Low.Defined() && t.High.Defined() && l.apart(i)
	}
	return m < float64(t.Low) || m > float64(t.High) || l.belied(i, m)
}

// belied says whether, at a width between a cell's needed width and the law's, success is not what the law says: where few seeds leave
// the cell's interval open, this still tells.
func (l *Law) belied(i int, m float64) bool {
	own := float64(l.Thresholds[i].M)
	return slices.ContainsFunc(l.Cells[i].Widths, func(w Width) bool {
		at, p := float64(w.M), l.Line.Success(l.Cells[i], float64(w.M))
		return w.Runs > 0 && at >= min(m, own) && at <= max(m, own) && (p < w.Low || p > w.High)
	})
}

// bends says whether the law misses over a third of the cells that carry it: then needed widths are no power of the terms.
func (l *Law) bends() bool { return 3*len(l.misfits()) > l.Line.Cells }
