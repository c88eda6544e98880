package sweep

import (
	"math"
	"slices"
)

// Find is the index of a point of the space: that of Point, without walking the space.
func (s *Space) Find(p Point) (index uint64, ok bool) {
	if p.Trainer == nil || p.Trainer.Name != s.trainer.Name || p.Trainer.Version != s.trainer.Version || len(p.Values) != s.helpers {
		return 0, false
	}
	canonical := func(slot int) (Value, bool) { return p.Values[slot], p.Values[slot].Defined() }
	v := s.newView()
	for _, c := range s.components {
		tuple, found := c.find(s, canonical)
		if !found {
			return 0, false
		}
		c.enter(v, tuple)
	}
	v.compute(math.MaxUint64)
	found := v.complete()
	if !slices.Equal(found.Values, p.Values) || found.Record.At != p.Record.At || !slices.Equal(found.Record.Curves, p.Record.Curves) {
		return 0, false
	}
	for i, d := range v.digits {
		index += d * s.axes[i].weight
	}
	return index, true
}

// find is the component's kept tuple with these canonical values.
func (c *component) find(s *Space, canonical func(slot int) (Value, bool)) (uint64, bool) {
	switch {
	case c.large && !c.plain:
		return c.lowest(s, canonical)
	case c.plain:
		return c.findPlain(s, canonical)
	}
	h := uint64(len(c.canonical))
	for _, slot := range c.canonical {
		if value, used := canonical(slot); used {
			h = mix(h, value.hash())
		} else {
			h = mix(h, 0)
		}
	}
	other := s.newView()
	at, found := c.table.search(c, h, other, func() bool { return c.matches(other, canonical) })
	if !found {
		return 0, false
	}
	return uint64(c.table.entries[at]&(1<<tupleBits-1)) - 1, true
}

// findPlain finds each axis' digit by its values.
func (c *component) findPlain(s *Space, canonical func(slot int) (Value, bool)) (tuple uint64, ok bool) {
	for _, i := range c.axes {
		digit, found := s.axes[i].find(s, canonical)
		if !found {
			return 0, false
		}
		tuple += digit * s.axes[i].stride
	}
	if c.kept != nil {
		return tuple, c.kept.has(tuple)
	}
	if c.large {
		v := s.newView()
		c.enter(v, tuple)
		return tuple, c.keepsLarge(v)
	}
	return tuple, true
}

// find is the lowest digit with these values.
func (a *axis) find(s *Space, canonical func(slot int) (Value, bool)) (uint64, bool) {
	if a.digits == nil {
		value, _ := canonical(a.slots[0])
		return a.columns[0].find(value)
	}
	h := uint64(0)
	for _, slot := range a.slots {
		value, _ := canonical(slot)
		h = mix(h, value.hash())
	}
	for _, digit := range a.digits[h] {
		if a.agrees(s, uint64(digit), canonical) {
			return uint64(digit), true
		}
	}
	return 0, false
}

// tabulate fills in digits and repeats.
func (a *axis) tabulate() {
	if len(a.columns) == 1 && a.columns[0].list == nil {
		return
	}
	a.digits = map[uint64][]uint32{}
	for digit := range a.size {
		h := uint64(0)
		for _, c := range a.columns {
			h = mix(h, c.at(digit).hash())
		}
		repeats := slices.ContainsFunc(a.digits[h], func(earlier uint32) bool {
			for _, c := range a.columns {
				if c.at(uint64(earlier)) != c.at(digit) {
					return false
				}
			}
			return true
		})
		if !repeats {
			a.digits[h] = append(a.digits[h], uint32(digit))
			continue
		}
		if a.repeats == nil {
			a.repeats = newBitset(a.size)
		}
		a.repeats.add(digit)
	}
}
