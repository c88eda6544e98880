package sweep

import (
	"math"
	"math/bits"
	"slices"
)

// A Space is a spec's points by index: mixed radix over the whole product of the axes in the order of the file, the last
// fastest; a zip group is one digit, at the place of its first axis. It never changes after Parse, and several goroutines
// may use it.
//
// Axes that where, derive or idle parameters tie together form a component. The points of the space are the product of
// the kept tuples of its components, and since components share no parameter, a key's lowest index is made of each
// component's lowest tuple: whether an index is kept is decided a component at a time, without a hash of keys.
// A component of up to componentLimit tuples is enumerated once, into a bit a tuple (component.go); a larger one is
// evaluated tuple by tuple when asked (large.go), and its count is an estimate.
type Space struct {
	trainer *Trainer
	record  Record
	names   []string // of slots: parameters in the order of the table, then helpers
	base    []Value  // by slot: fixed values, and defaults that are the same everywhere
	given   []bool   // by slot: fixed, swept, derived or set by a data file
	helpers int      // the first helper's slot

	axes       []axis
	formulas   []formula // shapes of data files, then derives, each after those that it needs
	conjuncts  []linked
	components []*component
	conditions [][]condition // by parameter: Param.When
	someCurves bool          // a recorded curve has conditions

	// By slot, as masks of axes: what its value depends on, and what its being idle does.
	value, idle []uint64

	size, count uint64
	exact       bool
	limit       uint64 // componentLimit
}

// An axis is one digit of an index: an axis of grid, or a zip group.
type axis struct {
	slots   []int
	columns []*column // as many as slots
	size    uint64
	weight  uint64 // of the digit in an index

	component *component
	stride    uint64 // of the digit in its component's tuples

	repeats bitset              // digits whose values an earlier digit has; nil: none
	digits  map[uint64][]uint32 // by the hash of all values; nil: an arithmetic progression
}

// A formula computes the value of a slot from the digits of some axes.
type formula struct {
	slot    int
	axes    uint64
	compute func(v *view) Value
	source  *declaration // nil: a data file's shape
}

// A linked is a conjunct of where and the axes that it depends on.
type linked struct {
	conjunct
	axes     uint64
	defaults bool // reads a default that must be computed first
}

// A condition is a When with its parameter's slot.
type condition struct {
	slot int
	in   []string
}

// Size is the number of indexes: the whole product, dropped points too.
func (s *Space) Size() uint64 { return s.size }

// Count is the number of points, that is of different keys. It is an estimate (within a few percent unless where keeps
// very little) if a component is too large to enumerate.
func (s *Space) Count() (points uint64, exact bool) { return s.count, s.exact }

// Point is the point of an index. It is false if where drops it, if a point of a lower index is equal to it, or if a
// derive has no value for it that its parameter accepts (which Parse reports wherever it enumerates). In a space too
// large for Parse to ask Trainer.Check about everywhere, the point may break a rule across parameters: Mistakes tells.
func (s *Space) Point(index uint64) (Point, bool) {
	if index >= s.size {
		return Point{}, false
	}
	v := s.newView()
	for i := range s.axes {
		v.set(i, index/s.axes[i].weight%s.axes[i].size)
	}
	if !v.kept() {
		return Point{}, false
	}
	v.compute(math.MaxUint64)
	return v.complete(), true
}

// Mistakes are the rules across parameters that a point breaks; a trainer would refuse it.
func (p Point) Mistakes() []Mistake {
	if p.Trainer.Check == nil {
		return nil
	}
	return p.Trainer.Check(p)
}

// A view is one tuple of digits and the values that they mean.
type view struct {
	scope
	space  *Space
	digits []uint64
	buffer []Value // of passing
}

// newView has all digits 0.
func (s *Space) newView() *view {
	v := &view{space: s, digits: make([]uint64, len(s.axes))}
	v.values = make([]Value, len(s.base))
	copy(v.values, s.base)
	for i := range s.axes {
		v.set(i, 0)
	}
	return v
}

// set gives an axis a digit.
func (v *view) set(i int, digit uint64) {
	v.digits[i] = digit
	a := &v.space.axes[i]
	for j, slot := range a.slots {
		v.values[slot] = a.columns[j].at(digit)
	}
}

// kept says whether the view's tuple is a point.
func (v *view) kept() bool {
	for _, c := range v.space.components {
		if !c.keeps(v) {
			return false
		}
	}
	return true
}

// index is that of the view's digits.
func (v *view) index() (index uint64) {
	for i, d := range v.digits {
		index += d * v.space.axes[i].weight
	}
	return index
}

// compute evaluates the formulas that depend on any axis of a mask, or on none.
func (v *view) compute(mask uint64) {
	for i := range v.space.formulas {
		if f := &v.space.formulas[i]; f.axes&mask != 0 || mask == math.MaxUint64 {
			v.values[f.slot] = f.compute(v)
		}
	}
}

// complete makes the point: it leaves out what is idle and fills in defaults, into the view too.
func (v *view) complete() Point { return v.fill(make([]Value, v.space.helpers)) }

// passing is complete for a point that is gone with the next one.
func (v *view) passing() Point {
	if v.buffer == nil {
		v.buffer = make([]Value, v.space.helpers)
	}
	clear(v.buffer)
	return v.fill(v.buffer)
}

func (v *view) fill(values []Value) Point {
	t := v.space.trainer
	p := Point{Trainer: t, Values: values, Record: v.space.record}
	for i := range t.Params {
		if !v.space.active(p.Values, i) {
			if !v.space.given[i] {
				v.values[i] = Value{}
			}
			continue
		}
		switch {
		case v.space.given[i]:
			p.Values[i] = v.values[i]
		case t.Params[i].Default != nil:
			p.Values[i] = t.Params[i].Default(p)
			v.values[i] = p.Values[i]
		}
	}
	if v.space.someCurves {
		p.Record.Curves = nil
		for _, name := range v.space.record.Curves {
			if holds(p, t.Curve(name).When) {
				p.Record.Curves = append(p.Record.Curves, name)
			}
		}
	}
	return p
}

// active says whether a parameter's conditions hold among values that are undefined where idle.
func (s *Space) active(values []Value, i int) bool {
	for _, c := range s.conditions[i] {
		if !c.holds(values[c.slot]) {
			return false
		}
	}
	return true
}

func (c *condition) holds(v Value) bool {
	if !v.Defined() {
		return false
	}
	text := v.Text
	if v.Kind != Text {
		text = v.String()
	}
	return slices.Contains(c.in, text)
}

// used says whether a parameter's conditions, and those of what they refer to, hold among a view's values, which keep
// idle ones.
func (v *view) used(i int) bool {
	for _, c := range v.space.conditions[i] {
		if !c.holds(v.values[c.slot]) || !v.used(c.slot) {
			return false
		}
	}
	return true
}

// product multiplies; it is the largest number where that overflows.
func product(x, y uint64) uint64 {
	if high, low := bits.Mul64(x, y); high == 0 {
		return low
	}
	return math.MaxUint64
}
