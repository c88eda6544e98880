package fit

import "math"

// lawful fills in what the line says.
func (l *Law) lawful(b *bootstrap) {
	line := l.Line
	l.Model = &Model{number(line.Intercept), number(line.Slope), number(line.Lapse), line.Separated}
	if l.stands() {
		l.lawWidths()
	}
	l.Forms = line.forms(b.sample)
	if l.Censored > 0 {
		l.Readings = &Reading{line.reread(b.sample, censoredFail), line.reread(b.sample, censoredSucceed)}
	}
	for _, t := range line.Terms {
		e := l.exponent(t.Name)
		e.Read, e.Told = l.Readings.beside(t.Name, t), e.Told && !l.Readings.decides(t.Name, t)
	}
	l.Gaps = l.gaps()
	l.along()
}

// mostBeyond is how far, as a factor, an end of an interval by the law may lie beyond the swept widths: further out it is none.
const mostBeyond = 100

// lawWidths fills in the needed widths by the law.
func (l *Law) lawWidths() {
	widths := l.widths()
	least, most := float64(widths[0])/mostBeyond, float64(widths[len(widths)-1])*mostBeyond
	end := func(x float64) Number {
		if x < least || x > most {
			return Undefined()
		}
		return number(x)
	}
	for i, by := range l.Line.spans {
		if !math.IsNaN(by.m) {
			l.Thresholds[i].Law = &Needed{number(by.m), end(by.low), end(by.high)}
		}
	}
}

// apart says whether the readings of the censored runs differ by more than the exponent's interval; not without one: it is not told then.
func (r *Reading) apart(name string, t Term) bool {
	return r != nil && t.High >= t.Low && !(math.Abs(float64(r.of(r.Failures, name)-r.of(r.Successes, name))) <= t.High-t.Low)
}

// mostRead is by which share of itself an exponent may depend on how censored runs are read and be told, with both readings beside it.
const mostRead = 0.25

// decides says whether the readings are apart, and it is they that make the exponent what it is.
func (r *Reading) decides(name string, t Term) bool {
	if !r.apart(name, t) {
		return false
	}
	near := func(exponents map[string]Number) bool {
		return math.Abs(float64(r.of(exponents, name))-t.Exponent) <= mostRead*math.Abs(t.Exponent)
	}
	return !near(r.Failures) || !near(r.Successes)
}

// beside are the readings, the lower one first; nil where they are not apart.
func (r *Reading) beside(name string, t Term) *Interval {
	if !r.apart(name, t) {
		return nil
	}
	a, b := r.of(r.Failures, name), r.of(r.Successes, name)
	return &Interval{min(a, b), max(a, b)}
}

// of is a reading's exponent; undefined where nothing could be fitted.
func (r *Reading) of(exponents map[string]Number, name string) Number {
	if x, there := exponents[name]; there {
		return x
	}
	return Undefined()
}

func (l *Law) exponent(term string) *Exponent {
	switch term {
	case "n":
		return &l.Exponents.N
	case "lambda0":
		return &l.Exponents.Lambda0
	}
	return l.Exponents.D
}

// reread are the exponents with the censored runs read in one way.
func (l *Line) reread(s *sample, read func(tally) (success, failure float64)) map[string]Number {
	out := map[string]Number{}
	again := func(terms []Term, name func(Term) string) {
		if r := s.regression(terms, read); r != nil && len(terms) > 0 {
			fit := r.read(r.fit())
			for j, t := range terms {
				out[name(t)] = number(fit.exponent(j))
			}
		}
	}
	again(l.Terms, func(t Term) string { return t.Name })
	again(l.Along, alongName)
	return out
}
