package sweep

// A component beyond componentLimit is not enumerated: where is evaluated at a tuple when it is asked for, and whether a
// lower tuple is the same work is found by trying those few: the digits of helpers and of idle parameters alone are free.

// freeLimit bounds the product of the axes that may be free; Parse refuses more.
const freeLimit = 100_000

// samples is how many tuples a large component's count is estimated from, effort how many may be evaluated for that.
const (
	samples = 100_000
	effort  = 3_000_000
)

// trials is how many of n tuples of the component can be judged with that effort.
func (c *component) trials(s *Space, n uint64) uint64 {
	if c.large && !c.plain {
		n = min(n, max(500, effort/c.free(s)))
	}
	return min(n, c.size)
}

func (c *component) keepsLarge(v *view) bool {
	v.problem = ""
	if !c.satisfies(v) || v.problem != "" || !c.sound(v) {
		return false
	}
	if c.plain {
		return !v.space.repeats(c, v)
	}
	lowest, ok := c.lowest(v.space, func(slot int) (Value, bool) { return v.values[slot], v.used(slot) })
	return ok && lowest == c.tuple(v)
}

// sound says whether every derive has a value that its parameter accepts.
func (c *component) sound(v *view) bool {
	for _, f := range v.space.formulasOf(c.mask) {
		x := v.values[f.slot]
		if (!x.Defined() || f.source != nil && f.source.param.Accepts(x) != "") && v.used(f.slot) {
			return false
		}
	}
	return true
}

// lowest is the lowest tuple with the given canonical values (false: idle) at which where holds.
func (c *component) lowest(s *Space, canonical func(slot int) (Value, bool)) (uint64, bool) {
	v := s.newView()
	choices := make([]digits, len(c.axes))
	for j, i := range c.axes {
		choices[j] = s.axes[i].candidates(s, canonical)
		if choices[j].count() == 0 {
			return 0, false
		}
		v.set(i, choices[j].at(0))
	}
	place := make([]uint64, len(c.axes))
	for {
		v.problem = ""
		if c.satisfies(v) && v.problem == "" && c.matches(v, canonical) {
			return c.tuple(v), true
		}
		j := len(place) - 1
		for ; j >= 0; j-- {
			place[j] = (place[j] + 1) % choices[j].count()
			v.set(c.axes[j], choices[j].at(place[j]))
			if place[j] > 0 {
				break
			}
		}
		if j < 0 {
			return 0, false
		}
	}
}

// digits are some of an axis, ascending: a list, or all up to a size.
type digits struct {
	list []uint64
	all  uint64
}

func (d digits) count() uint64 { return d.all + uint64(len(d.list)) }

func (d digits) at(i uint64) uint64 {
	if d.list == nil {
		return i
	}
	return d.list[i]
}

func (c *component) matches(v *view, canonical func(slot int) (Value, bool)) bool {
	for _, slot := range c.canonical {
		want, used := canonical(slot)
		if used != v.used(slot) || used && v.values[slot] != want {
			return false
		}
	}
	return true
}

// candidates are the digits of an axis that agree with the canonical values of its parameters.
func (a *axis) candidates(s *Space, canonical func(slot int) (Value, bool)) (out digits) {
	bound := false
	for _, slot := range a.slots {
		if slot < s.helpers {
			_, used := canonical(slot)
			bound = bound || used
		}
	}
	if !bound {
		return digits{all: a.size}
	}
	if a.digits == nil {
		want, _ := canonical(a.slots[0])
		if digit, ok := a.columns[0].find(want); ok {
			out.list = []uint64{digit}
		}
		return out
	}
	for digit := range a.size {
		if a.agrees(s, digit, canonical) {
			out.list = append(out.list, digit)
		}
	}
	return out
}

func (a *axis) agrees(s *Space, digit uint64, canonical func(slot int) (Value, bool)) bool {
	for j, slot := range a.slots {
		if slot >= s.helpers {
			continue
		}
		if want, used := canonical(slot); used && a.columns[j].at(digit) != want {
			return false
		}
	}
	return true
}

// free is the product of the axes that may be free in a search for a lower tuple.
func (c *component) free(s *Space) uint64 {
	size := uint64(1)
	for _, i := range c.axes {
		free := true
		for _, slot := range s.axes[i].slots {
			free = free && (slot >= s.helpers || len(s.conditions[slot]) > 0)
		}
		if free {
			size = product(size, s.axes[i].size)
		}
	}
	return size
}

// estimate is the count of a large component from a fixed sample; at least 1, for a sample does not show that none is kept.
func (c *component) estimate(s *Space) uint64 {
	kept, n := 0, c.trials(s, samples)
	c.sample(s, n, func(*view) { kept++ })
	fraction := float64(kept) / float64(n)
	return max(1, uint64(fraction*float64(c.size)))
}

// sample calls f with the kept ones of n tuples that are spread over the component, always the same ones.
func (c *component) sample(s *Space, n uint64, f func(v *view)) {
	v := s.newView()
	state := uint64(1)
	for range n {
		for _, i := range c.axes {
			v.set(i, random(&state)%s.axes[i].size)
		}
		if c.keepsLarge(v) {
			f(v)
		}
	}
}

// random is SplitMix64: the same numbers everywhere.
func random(state *uint64) uint64 {
	*state += 0x9e3779b97f4a7c15
	z := *state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
