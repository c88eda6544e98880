package sweep

import "math/bits"

// componentLimit is the largest product of axes that is enumerated.
const componentLimit = 3_000_000

// A component is axes that where, derives or idle parameters tie together. Its tuples are numbered like indexes: axes in
// the order of the file, the last fastest.
type component struct {
	axes      []int
	mask      uint64
	size      uint64
	conjuncts []*linked
	canonical []int // the swept and derived parameters: two tuples with the same values of them are the same work
	defaults  bool  // conjuncts or conditions read defaults that have to be computed first

	kept  bitset // of an enumerated component: tuples that are kept; nil: all, or large
	large bool
	plain bool // tuples repeat each other only axis by axis, so no search for an equal lower one is needed
	table table
	count uint64 // kept tuples
}

// keeps says whether the view's tuple is kept: where holds, and no lower tuple is the same work.
func (c *component) keeps(v *view) bool {
	if c.kept != nil {
		return c.kept.has(c.tuple(v))
	}
	return !c.large || c.keepsLarge(v)
}

// tuple numbers the view's digits.
func (c *component) tuple(v *view) (n uint64) {
	for _, i := range c.axes {
		n += v.digits[i] * v.space.axes[i].stride
	}
	return n
}

// enter gives the view the digits of a tuple.
func (c *component) enter(v *view, tuple uint64) {
	for _, i := range c.axes {
		a := &v.space.axes[i]
		v.set(i, tuple/a.stride%a.size)
	}
}

// satisfies evaluates the component's formulas, and where on them.
func (c *component) satisfies(v *view) bool {
	v.compute(c.mask)
	if c.defaults {
		v.passing()
	}
	for _, w := range c.conjuncts {
		if !w.truth(&v.scope) {
			return false
		}
	}
	return true
}

// A verdict is what enumeration finds wrong; it is told where.
type verdict func(v *view, problem string)

// enumerate decides every tuple. bad is told of expressions that fail at tuples that no other conjunct drops, invalid of
// formulas without a value at kept tuples.
func (c *component) enumerate(s *Space, bad verdict, invalid func(v *view, f *formula)) {
	if c.large || c.whole(s) {
		c.count = c.size
		return
	}
	c.kept = newBitset(c.size)
	if !c.plain {
		c.table = newTable(c.size)
	}
	v, other := s.newView(), s.newView()
	formulas := s.formulasOf(c.mask)
	for tuple := uint64(0); tuple < c.size; tuple++ {
		if tuple > 0 {
			v.advance(c.axes)
		}
		v.problem = ""
		keep := c.satisfies(v)
		if v.problem != "" {
			if c.onlyProblems(v) {
				bad(v, v.problem)
			}
			keep = false
		}
		if !keep || c.plain && s.repeats(c, v) || !c.plain && !c.table.add(c, v, other, tuple) {
			continue
		}
		c.kept.add(tuple)
		for _, f := range formulas {
			if !v.values[f.slot].Defined() || f.source != nil && f.source.param.Accepts(v.values[f.slot]) != "" {
				if v.used(f.slot) {
					invalid(v, f)
				}
			}
		}
	}
	c.count = c.kept.count()
}

// onlyProblems says whether no conjunct that can be evaluated drops the tuple.
func (c *component) onlyProblems(v *view) bool {
	first := v.problem
	defer func() { v.problem = first }()
	for _, w := range c.conjuncts {
		v.problem = ""
		if !w.truth(&v.scope) && v.problem == "" {
			return false
		}
	}
	return true
}

// formulasOf are those that depend on any axis of a mask.
func (s *Space) formulasOf(mask uint64) (out []*formula) {
	for i := range s.formulas {
		if s.formulas[i].axes&mask != 0 {
			out = append(out, &s.formulas[i])
		}
	}
	return out
}

// whole says whether every tuple is kept, by construction.
func (c *component) whole(s *Space) bool {
	return len(c.conjuncts) == 0 && c.plain && !s.repeating(c) && len(s.formulasOf(c.mask)) == 0
}

// repeating says whether any axis has a digit whose values an earlier digit has.
func (s *Space) repeating(c *component) bool {
	for _, i := range c.axes {
		if s.axes[i].repeats != nil {
			return true
		}
	}
	return false
}

// repeats says whether a digit of the view's tuple repeats an earlier one.
func (s *Space) repeats(c *component, v *view) bool {
	for _, i := range c.axes {
		if r := s.axes[i].repeats; r != nil && r.has(v.digits[i]) {
			return true
		}
	}
	return false
}

// A table finds a component's lowest tuple by the values of its canonical parameters: open addressing, at most half
// full; an entry is a tuple + 1 (22 bits: componentLimit) and ten bits of its hash.
type table struct{ entries []uint32 }

const tupleBits = 22

// newTable has room for every tuple of a component.
func newTable(size uint64) table { return table{make([]uint32, 2<<bits.Len64(size))} }

// add enters the view's tuple unless an equal one is there, which is then a lower one. other is a view to compare with.
func (t *table) add(c *component, v, other *view, tuple uint64) bool {
	h := c.hash(v)
	at, found := t.search(c, h, other, func() bool { return c.same(v, other) })
	if found {
		return false
	}
	t.entries[at] = uint32(tuple+1) | uint32(h>>54)<<tupleBits
	return true
}

// search finds the place of an entry with this hash for which equal holds with its tuple entered in other, or the free
// place where it would be.
func (t *table) search(c *component, h uint64, other *view, equal func() bool) (at uint64, found bool) {
	mask := uint64(len(t.entries) - 1)
	for at = h & mask; t.entries[at] != 0; at = (at + 1) & mask {
		if e := t.entries[at]; e>>tupleBits == uint32(h>>54) {
			c.visit(other, uint64(e&(1<<tupleBits-1))-1)
			if equal() {
				return at, true
			}
		}
	}
	return at, false
}

// visit enters a tuple and evaluates what its canonical values need.
func (c *component) visit(v *view, tuple uint64) {
	c.enter(v, tuple)
	v.compute(c.mask)
	if c.defaults {
		v.passing()
	}
}

// hash is of the view's canonical values, none where idle.
func (c *component) hash(v *view) uint64 {
	h := uint64(len(c.canonical))
	for _, slot := range c.canonical {
		if v.used(slot) {
			h = mix(h, v.values[slot].hash())
		} else {
			h = mix(h, 0)
		}
	}
	return h
}

// same says whether two views have the same canonical values.
func (c *component) same(v, w *view) bool {
	for _, slot := range c.canonical {
		a, b := v.used(slot), w.used(slot)
		if a != b || a && v.values[slot] != w.values[slot] {
			return false
		}
	}
	return true
}

func mix(h, x uint64) uint64 {
	h = (h ^ x) * 0x9e3779b97f4a7c15
	return h ^ h>>29
}
