package sweep

import (
	"fmt"
	"math"
	"slices"
)

// maxAxes bounds the digits of an index: sets of axes are masks of 64 bits.
const maxAxes = 64

// readSpace makes the space of what was declared, and finds what is wrong with it. It goes on after mistakes, without
// what is bad, as far as sense can be made.
func (p *parser) readSpace() {
	s := p.outline()
	if s == nil {
		return
	}
	p.readShapes(s)
	p.readFormulas()
	for _, d := range p.formulas {
		if !d.bad {
			s.addFormula(d, p.slot(d.name))
		}
	}
	s.dependences()
	where := p.readWhere()
	p.sayUnused()
	for _, c := range where {
		s.addConjunct(c)
	}
	s.tie()
	p.enumerate(s)
	p.survey(s)
	p.surveySearch(s)
	p.spec.Space = s
}

// outline has the axes and the fixed values, no formulas yet; nil if the product is too large to number.
func (p *parser) outline() *Space {
	t := p.spec.Trainer
	s := &Space{trainer: t, record: p.record, helpers: len(t.Params), names: t.paramNames(), size: 1, limit: p.limit}
	for _, d := range p.order {
		if d.param == nil {
			s.names = append(s.names, d.name)
		}
	}
	s.base, s.given = make([]Value, len(s.names)), make([]bool, len(s.names))
	for i := range t.Params {
		var list []condition
		for _, w := range t.Params[i].When {
			list = append(list, condition{t.index(w.Param), w.In})
		}
		s.conditions = append(s.conditions, list)
	}
	for _, name := range p.record.Curves {
		s.someCurves = s.someCurves || len(t.Curve(name).When) > 0
	}
	zipped := map[*declaration]bool{}
	for _, d := range p.order {
		slot := p.slot(d.name)
		s.given[slot] = true
		switch {
		case d.bad || d.section == "derive" || zipped[d]:
		case d.section == "fixed":
			s.base[slot] = d.column.at(0)
		default:
			p.addAxis(s, d, zipped)
		}
	}
	if len(s.axes) > maxAxes {
		p.add(p.top, "the spec has %d axes; write at most %d, or zip some", len(s.axes), maxAxes)
		return nil
	}
	for i := len(s.axes) - 1; i >= 0; i-- {
		s.axes[i].weight = s.size
		s.size = product(s.size, s.axes[i].size)
	}
	if s.size == math.MaxUint64 {
		p.add(p.top, "the axes have more than 1.8e19 combinations; shorten some, or zip them")
		return nil
	}
	return s
}

// addAxis adds an axis of grid, or the whole group that it is zipped with.
func (p *parser) addAxis(s *Space, d *declaration, zipped map[*declaration]bool) {
	group := []*declaration{d}
	for _, g := range p.zips {
		if slices.Contains(g, d) {
			group = g
		}
	}
	a := axis{size: d.column.size()}
	if len(group) > 1 && a.size > listLimit {
		p.add(d.value, "%s: is zipped, and has %d values; zip at most %d", d.name, a.size, listLimit)
		a.size = 1
	}
	for _, g := range group {
		zipped[g] = true
		a.slots = append(a.slots, p.slot(g.name))
		a.columns = append(a.columns, &g.column)
	}
	a.tabulate()
	s.axes = append(s.axes, a)
}

// addFormula adds a derive.
func (s *Space) addFormula(d *declaration, slot int) {
	f := formula{slot: slot, source: d}
	for _, on := range d.formula.slots {
		f.axes |= s.axesOf(on)
	}
	e, param := d.formula, d.param
	switch e.class {
	case numberClass:
		f.compute = func(v *view) Value { return param.derived(e.number(&v.scope)) }
	case textClass:
		f.compute = func(v *view) Value {
			text, ok := e.text(&v.scope)
			if !ok {
				return Value{}
			}
			return TextValue(text)
		}
	case boolClass:
		f.compute = func(v *view) Value { return BoolValue(e.truth(&v.scope)) }
	}
	s.formulas = append(s.formulas, f)
}

// derived gives a computed number the parameter's type; what does not fit stays for Accepts to refuse.
func (p *Param) derived(x num) Value {
	switch {
	case x.kind == floatNum && (math.IsNaN(x.f) || math.IsInf(x.f, 0)), x.kind == undefinedNum:
		return Value{}
	case p.Type == FloatType:
		return FloatValue(x.float())
	case x.kind == floatNum:
		if i, ok := integral(x.f); ok {
			return IntValue(i)
		}
	}
	return x.value()
}

// axesOf is what a slot's value depends on, before dependences: an axis, or a formula's axes.
func (s *Space) axesOf(slot int) (mask uint64) {
	for i := range s.axes {
		if slices.Contains(s.axes[i].slots, slot) {
			mask |= 1 << i
		}
	}
	for _, f := range s.formulas {
		if f.slot == slot {
			mask |= f.axes
		}
	}
	return mask
}

// addConjunct adds a part of where.
func (s *Space) addConjunct(c conjunct) {
	l := linked{conjunct: c}
	for _, slot := range c.slots {
		l.axes |= s.value[slot]
		if !s.given[slot] && s.value[slot]|s.idle[slot] != 0 {
			l.axes |= s.idle[slot]
			l.defaults = true
		}
	}
	s.conjuncts = append(s.conjuncts, l)
}

// tie makes the components.
func (s *Space) tie() {
	group := make([]int, len(s.axes)) // by axis: the least axis of its component
	for i := range group {
		group[i] = i
	}
	join := func(mask uint64) {
		least := -1
		members(mask, func(i int) {
			if least < 0 || group[i] < least {
				least = group[i]
			}
		})
		var all []int
		members(mask, func(i int) { all = append(all, group[i]) })
		for i := range group {
			if slices.Contains(all, group[i]) {
				group[i] = least
			}
		}
	}
	for _, l := range s.conjuncts {
		join(l.axes)
	}
	for _, f := range s.formulas {
		join(f.axes | s.idling(f.slot))
	}
	for slot := range s.helpers {
		if s.given[slot] && s.value[slot] != 0 {
			join(s.value[slot] | s.idling(slot))
		}
	}
	for i := range s.axes {
		if group[i] == i {
			s.addComponent(group, i)
		}
	}
}

// idling is what a swept or derived parameter's being idle depends on; 0 if it never is.
func (s *Space) idling(slot int) uint64 {
	mask := s.idle[slot]
	if mask == 0 {
		return 0
	}
	sometimes := false
	done := s.combinations(mask, traceLimit, func(v *view) bool {
		v.compute(math.MaxUint64)
		sometimes = !v.passing().Values[slot].Defined() && !v.lacks(slot)
		return !sometimes
	})
	if done && !sometimes {
		return 0
	}
	return mask
}

// lacks says whether a parameter has no value although it is not idle: its source is bad, or a formula fails.
func (v *view) lacks(slot int) bool { return v.used(slot) && !v.values[slot].Defined() }

func (s *Space) addComponent(group []int, first int) {
	c := &component{size: 1, plain: true}
	for i := range s.axes {
		if group[i] == first {
			c.axes = append(c.axes, i)
			c.mask |= 1 << i
		}
	}
	for _, i := range slices.Backward(c.axes) {
		a := &s.axes[i]
		a.component, a.stride = c, c.size
		c.size = product(c.size, a.size)
		for _, slot := range a.slots {
			c.plain = c.plain && slot < s.helpers && s.idling(slot) == 0
		}
	}
	for i := range s.conjuncts {
		if l := &s.conjuncts[i]; l.axes&c.mask != 0 {
			c.conjuncts = append(c.conjuncts, l)
			c.defaults = c.defaults || l.defaults
		}
	}
	for slot := range s.helpers {
		if s.given[slot] && s.value[slot]&c.mask != 0 {
			c.canonical = append(c.canonical, slot)
			c.defaults = c.defaults || s.lateConditions(slot)
		}
	}
	c.large = c.size > s.limit && !c.whole(s)
	s.components = append(s.components, c)
}

// lateConditions says whether a parameter's conditions read a default that differs from point to point.
func (s *Space) lateConditions(slot int) bool {
	for _, c := range s.conditions[slot] {
		if !s.given[c.slot] && s.value[c.slot]|s.idle[c.slot] != 0 || s.lateConditions(c.slot) {
			return true
		}
	}
	return false
}

// describe names the values of a mask's axes at a view, those with one value left out: "n = 50, angle = 0.1".
func (s *Space) describe(v *view, mask uint64) string {
	text := ""
	members(mask, func(i int) {
		for _, slot := range s.axes[i].slots {
			if s.axes[i].size == 1 {
				break
			}
			if text != "" {
				text += ", "
			}
			text += fmt.Sprintf("%s = %s", s.names[slot], s.written(slot, v.values[slot]))
		}
	})
	return text
}

// written is a value as the spec would write it.
func (s *Space) written(slot int, x Value) string {
	if x.Kind == Relative {
		return x.String() + "/" + s.trainer.Params[slot].Relative
	}
	return x.String()
}
