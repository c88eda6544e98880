package sweep

import "math"

// sayUnused reports helpers that no expression uses.
func (p *parser) sayUnused() {
	if p.blind {
		return
	}
	t := p.spec.Trainer
	for _, d := range p.order {
		if d.param == nil && !d.used && !d.bad {
			d.bad = true
			p.add(d.place, "%q is no parameter of %s, and neither derive nor where uses it%s", d.name, t.Name, didYouMean(d.name, t.paramNames()))
		}
	}
}

// survey finds what is wrong with the points themselves: parameters that are missing, or that cannot apply, or that
// contradict each other or a data file.
func (p *parser) survey(s *Space) {
	look := s.keptCombinations
	if p.unsure() {
		look = func(mask uint64, f func(v *view) bool) bool { return s.combinations(mask, surveyLimit, f) }
	}
	for i := range s.trainer.Params {
		p.surveyParam(s, i, look)
	}
	for _, name := range p.record.Curves {
		p.surveyCurve(s, s.trainer.Curve(name), look)
	}
	if p.unsure() || s.count == 0 {
		return // the rules across parameters make sense where each is right
	}
	p.checkShapes(s)
	if s.trainer.Check != nil && !p.unsure() {
		p.surveyRules(s)
	}
}

// surveyParam reports a parameter that is needed and missing, or given and idle everywhere.
func (p *parser) surveyParam(s *Space, i int, look func(uint64, func(*view) bool) bool) {
	param, d := &s.trainer.Params[i], p.declared[s.names[i]]
	missing := d == nil && param.Default == nil && !p.shaped(param.Name) && !p.lost
	if !missing && (d == nil || len(param.When) == 0) || p.uncertain(s, i) {
		return
	}
	used := false
	exhaustive := look(s.idle[i], func(v *view) bool {
		v.compute(math.MaxUint64)
		v.passing()
		used = v.used(i)
		return !used
	})
	switch {
	case missing && used:
		p.add(p.top, "%s is missing%s; add it under fixed or grid: %s, %s", param.Name, param.because(), param.Doc, param.Wants())
	case d != nil && !used && exhaustive:
		p.add(d.place, "%s cannot apply: it is used where %s; leave it out, or set that", param.Name, WhenText(param.When))
	}
}

// uncertain says whether something bad decides whether a parameter is idle.
func (p *parser) uncertain(s *Space, i int) bool {
	for _, c := range s.conditions[i] {
		if d := p.declared[s.names[c.slot]]; d != nil && d.bad || p.uncertain(s, c.slot) {
			return true
		}
	}
	return false
}

// surveyCurve reports a curve that applies nowhere.
func (p *parser) surveyCurve(s *Space, curve *Curve, look func(uint64, func(*view) bool) bool) {
	where, written := p.curves[curve.Name]
	if len(curve.When) == 0 || !written {
		return
	}
	var mask uint64
	for _, w := range curve.When {
		slot := s.trainer.index(w.Param)
		mask |= s.value[slot] | s.idle[slot]
		if d := p.declared[w.Param]; d != nil && d.bad || p.uncertain(s, slot) {
			return
		}
	}
	applies := false
	exhaustive := look(mask, func(v *view) bool {
		v.compute(math.MaxUint64)
		applies = holds(v.passing(), curve.When)
		return !applies
	})
	if !applies && exhaustive {
		p.add(where, "curve %q cannot apply: it is recorded where %s; leave it out, or set that", curve.Name, WhenText(curve.When))
	}
}

// surveyRules asks the trainer's Check at every combination of what it reads.
func (p *parser) surveyRules(s *Space) {
	mask := s.traced(func(point Point) { s.trainer.Check(point) })
	said := map[string]bool{}
	s.keptCombinations(mask, func(v *view) bool {
		v.compute(math.MaxUint64)
		for _, m := range s.trainer.Check(v.passing()) {
			if said[m.Param] {
				continue
			}
			said[m.Param] = true
			where := p.top
			if d := p.declared[m.Param]; d != nil {
				where = d.value
			}
			if at := s.describe(v, mask); at != "" {
				p.add(where, "%s (at %s; where can drop such points)", m.Text, at)
			} else {
				p.add(where, "%s", m.Text)
			}
		}
		return true
	})
}
