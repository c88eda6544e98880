package sweep

import "math"

// shapeLimit bounds how often data files are looked at for one spec.
const shapeLimit = 1000

// A shapeTable is what a data file sets, at each combination of the axes that this depends on.
type shapeTable struct {
	axes  []int
	mask  uint64
	shape []map[string]Value // by the number of the combination, the last axis fastest; nil where no file is used
}

// readShapes looks at the data files that the spec names. Parameters that they set and the spec does not become formulas.
func (p *parser) readShapes(s *Space) {
	p.shapeNames = map[string]bool{}
	t := p.spec.Trainer
	for slot := range t.Params {
		d := p.declared[t.Params[slot].Name]
		if t.Params[slot].Type != FileType || d == nil || t.DataShape == nil {
			continue
		}
		if d.bad {
			p.shapeMissed = true
			continue
		}
		s.dependences()
		p.readShape(s, d)
	}
}

func (p *parser) readShape(s *Space, d *declaration) {
	failed := false
	look := func(point Point) map[string]Value {
		path := point.Get(d.name)
		if !path.Defined() || failed {
			return nil
		}
		shape, err := p.spec.Trainer.DataShape(p.local[path.Text], point)
		if err != nil {
			p.add(d.value, "%s: cannot use the data file: %v; check the file, and the parameters that say how it is read", d.name, err)
			failed, p.shapeMissed = true, true
		}
		return shape
	}
	mask := s.traced(func(point Point) { look(point) })
	table := shapeTable{mask: mask}
	members(mask, func(i int) { table.axes = append(table.axes, i) })
	done := s.combinations(mask, shapeLimit, func(v *view) bool {
		table.shape = append(table.shape, look(v.passing()))
		return !failed
	})
	if !done {
		p.add(d.value, "%s: data files would have to be read in more than %d ways; sweep fewer of the parameters that say how they are read", d.name, shapeLimit)
	}
	if !failed && done {
		p.useShape(s, table)
	}
}

// useShape makes formulas of what the spec leaves to the file.
func (p *parser) useShape(s *Space, table shapeTable) {
	p.shapes = append(p.shapes, table)
	for slot := range s.trainer.Params {
		name := s.trainer.Params[slot].Name
		if p.declared[name] != nil || p.shapeNames[name] || !table.sets(name) {
			continue
		}
		p.shapeNames[name] = true
		s.given[slot] = true
		s.formulas = append(s.formulas, formula{slot: slot, axes: table.mask, compute: func(v *view) Value {
			return table.at(v)[name]
		}})
	}
}

func (t *shapeTable) at(v *view) map[string]Value {
	n := uint64(0)
	for _, i := range t.axes {
		n = n*v.space.axes[i].size + v.digits[i]
	}
	return t.shape[n]
}

// shaped says whether a data file sets a parameter, or might.
func (p *parser) shaped(name string) bool { return p.shapeNames[name] || p.shapeMissed }

// checkShapes finds given parameters that contradict a data file.
func (p *parser) checkShapes(s *Space) {
	for _, table := range p.shapes {
		mask := table.mask
		for slot := range s.helpers {
			if p.declared[s.names[slot]] != nil && table.sets(s.names[slot]) {
				mask |= s.value[slot]
			}
		}
		said := map[int]bool{}
		s.keptCombinations(mask, func(v *view) bool {
			v.compute(math.MaxUint64)
			for name, want := range table.at(v) {
				slot := s.trainer.index(name)
				if slot < 0 || said[slot] || !v.values[slot].Defined() {
					continue
				}
				if text := s.trainer.Params[slot].contradicts(v.values[slot], want); text != "" {
					said[slot] = true
					p.add(p.declared[name].value, "%s", text)
				}
			}
			return true
		})
	}
}

func (t *shapeTable) sets(name string) bool {
	for _, shape := range t.shape {
		if shape[name].Defined() {
			return true
		}
	}
	return false
}

// contradicts says what is wrong with a value where a data file sets the parameter to want.
func (p *Param) contradicts(v, want Value) string {
	switch {
	case v == want, p.Upto && v.Kind == Int && want.Kind == Int && v.Int <= want.Int:
		return ""
	case p.Upto:
		return p.Name + ": " + v.String() + " is more than the data file's " + want.String() + "; write at most that, or leave it out"
	}
	return p.Name + ": " + v.String() + " is not the data file's " + want.String() + "; leave it out"
}
