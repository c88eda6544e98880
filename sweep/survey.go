package sweep

import (
	"math"
	"slices"
)

// surveyLimit bounds the combinations at which rules are asked about one by one; of more, as many as surveySample are
// tried, always the same ones, and the corners of the product.
const (
	surveyLimit  = 300_000
	surveySample = 20_000
)

// keptCombinations calls f with every combination of a mask's axes that some kept point has, the other digits 0, until f
// gives false. Where there are too many, or a component is large, f sees kept points of a sample, and exhaustive is false.
func (s *Space) keptCombinations(mask uint64, f func(v *view) bool) (exhaustive bool) {
	size := uint64(1)
	members(mask, func(i int) { size = product(size, s.axes[i].size) })
	large := false
	for _, c := range s.components {
		large = large || c.large && c.mask&mask != 0
	}
	if large || size > surveyLimit {
		s.sampleKept(mask, f)
		return false
	}
	var tests []projection
	for _, c := range s.components {
		if c.kept != nil && c.mask&mask != 0 {
			tests = append(tests, c.project(s, mask))
		}
	}
	s.combinations(mask, surveyLimit, func(v *view) bool {
		for i := range tests {
			if !tests[i].has(v) {
				return true
			}
		}
		return f(v)
	})
	return true
}

// A projection numbers the digits of some of a component's axes.
type projection struct {
	axes    []int
	strides []uint64
	members bitset // the digits that some kept tuple has
}

func (p *projection) has(v *view) bool { return p.members.has(p.number(v)) }

// number is that of the view's digits.
func (p *projection) number(v *view) (n uint64) {
	for j, i := range p.axes {
		n += v.digits[i] * p.strides[j]
	}
	return n
}

// of is the number of a tuple's digits.
func (p *projection) of(s *Space, tuple uint64) (n uint64) {
	for j, i := range p.axes {
		n += tuple / s.axes[i].stride % s.axes[i].size * p.strides[j]
	}
	return n
}

// outline is the projection to a mask's axes, without members, and how many numbers it has.
func (c *component) outline(s *Space, mask uint64) (p projection, size uint64) {
	size = 1
	for _, i := range slices.Backward(c.axes) {
		if mask>>i&1 == 1 {
			p.axes, p.strides = append(p.axes, i), append(p.strides, size)
			size *= s.axes[i].size
		}
	}
	return p, size
}

// project is the projection of an enumerated component to a mask's axes.
func (c *component) project(s *Space, mask uint64) projection {
	p, size := c.outline(s, mask)
	if c.mask&mask == c.mask {
		p.members = c.kept
		return p
	}
	p.members = newBitset(size)
	for tuple := c.kept.next(0, c.size); tuple < c.size; tuple = c.kept.next(tuple+1, c.size) {
		p.members.add(p.of(s, tuple))
	}
	return p
}

// sampleKept calls f with kept tuples of a sample: random ones, and the corners of the mask's axes.
func (s *Space) sampleKept(mask uint64, f func(v *view) bool) {
	var order []int
	members(mask, func(i int) { order = append(order, i) })
	state := uint64(2)
	v := s.newView()
	trials := min(surveySample, s.size)
	for _, c := range s.components {
		if c.mask&mask != 0 && c.large {
			trials = min(trials, c.trials(s, surveySample))
		}
	}
	for n := range trials {
		for j, i := range order {
			last := s.axes[i].size - 1
			switch {
			case j < 12 && n < 1<<min(12, len(order)):
				v.set(i, (n>>j&1)*last)
			default:
				v.set(i, random(&state)%(last+1))
			}
		}
		if s.settle(v, mask, &state) && !f(v) {
			return
		}
	}
}

// settle completes the components of a mask to kept tuples, if they can be.
func (s *Space) settle(v *view, mask uint64, state *uint64) bool {
	for _, c := range s.components {
		if c.mask&mask == 0 {
			continue
		}
		members(c.mask&^mask, func(i int) { v.set(i, random(state)%s.axes[i].size) })
		if !c.keeps(v) {
			return false
		}
	}
	return true
}

// unsure says whether the space was made in spite of mistakes, so that what it keeps says little.
func (p *parser) unsure() bool { return p.lost || len(p.mistakes) > p.settled }

// enumerate decides what where keeps, and says what derives and where get wrong.
func (p *parser) enumerate(s *Space) {
	s.count, s.exact = 1, true
	for i := range s.conjuncts {
		if l := &s.conjuncts[i]; l.axes == 0 && !p.constant(s, l) {
			return
		}
	}
	p.judgeFixed(s)
	said := map[*formula]bool{}
	for _, c := range s.components {
		c.enumerate(s, func(v *view, problem string) { p.sayProblem(s, c, v, problem, said) }, func(v *view, f *formula) {
			if !said[f] {
				said[f] = true
				p.sayInvalid(s, v, f)
			}
		})
		if c.large {
			p.judgeLarge(s, c, said)
		}
		if c.count == 0 && !c.large && !p.unsure() {
			p.sayNothingKept(c)
		}
		s.count = product(s.count, c.count)
		s.exact = s.exact && !c.large
	}
}

// judgeFixed says what is wrong with formulas that depend on no axis.
func (p *parser) judgeFixed(s *Space) {
	v := s.newView()
	v.compute(math.MaxUint64)
	for i := range s.formulas {
		f := &s.formulas[i]
		x := v.values[f.slot]
		if f.axes == 0 && f.source != nil && v.used(f.slot) && (!x.Defined() || f.source.param.Accepts(x) != "") && !p.unsure() {
			p.sayInvalid(s, v, f)
		}
	}
}

// constant evaluates a part of where that depends on no axis.
func (p *parser) constant(s *Space, l *linked) bool {
	v := s.newView()
	v.compute(math.MaxUint64)
	v.passing()
	if l.truth(&v.scope) || p.unsure() {
		return true
	}
	problem := v.problem
	if problem == "" {
		problem = "this is false at every point, so nothing is kept"
	}
	p.add(l.place, "where: %s; loosen it, or leave it out", problem)
	return false
}

// sayProblem reports the first failing expression of a component.
func (p *parser) sayProblem(s *Space, c *component, v *view, problem string, said map[*formula]bool) {
	if said[nil] {
		return
	}
	said[nil] = true
	where, in := p.top, "derive"
	if len(c.conjuncts) > 0 {
		where, in = c.conjuncts[0].place, "where"
	} else if fs := s.formulasOf(c.mask); fs[0].source != nil {
		where = fs[0].source.value
	}
	p.add(where, "%s, at %s: %s", in, s.describe(v, c.mask), problem)
}

func (p *parser) sayInvalid(s *Space, v *view, f *formula) {
	name, x, at := s.names[f.slot], v.values[f.slot], s.describe(v, f.axes)
	if at != "" {
		at = " at " + at
	}
	switch {
	case f.source == nil:
		p.add(p.top, "%s is missing%s, where no data file sets it; keep only points with a data file, or write %s", name, at, name)
	case !x.Defined():
		p.add(f.source.value, "derive: %s has no finite value%s; change the formula, or drop such points by where", name, at)
	case f.source.param.Type == IntType && x.Kind == Float:
		p.add(f.source.value, "derive: %s = %s%s is no integer of 64 bits; wrap the formula in ceil(), floor() or round()", name, x, at)
	default:
		p.add(f.source.value, "derive: %s = %s%s does not fit; it takes %s: change the formula, or drop such points by where", name, x, at, f.source.param.Wants())
	}
}

func (p *parser) sayNothingKept(c *component) {
	if len(c.conjuncts) == 0 {
		return
	}
	rest := "no combination of the axes satisfies it"
	if len(c.conjuncts) > 1 {
		rest = "no combination of the axes satisfies this part and those that share axes with it"
	}
	p.add(c.conjuncts[0].place, "where: nothing is kept: %s; loosen it, or widen the axes", rest)
}

// judgeLarge estimates a component that is too large to enumerate.
func (p *parser) judgeLarge(s *Space, c *component, said map[*formula]bool) {
	if !c.plain && c.free(s) > freeLimit {
		p.add(p.top, "the helper axes and idle parameters have more than %d combinations in a space too large to list; shorten them", freeLimit)
		return
	}
	if p.unsure() {
		return
	}
	c.count = c.estimate(s)
	formulas := s.formulasOf(c.mask)
	v := s.newView()
	state := uint64(3)
	for range c.trials(s, surveySample) {
		for i := range s.axes {
			v.set(i, random(&state)%s.axes[i].size)
		}
		v.problem = ""
		if !c.satisfies(v) || v.problem != "" {
			continue
		}
		for _, f := range formulas {
			x := v.values[f.slot]
			if (!x.Defined() || f.source != nil && f.source.param.Accepts(x) != "") && v.used(f.slot) && !said[f] {
				said[f] = true
				p.sayInvalid(s, v, f)
			}
		}
	}
}
