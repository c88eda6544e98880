package sweep

import (
	"cmp"
	"math"
	"slices"
)

// The spectra of data sets decide how many steps relative budgets have. They are guessed: computed for one data seed of
// up to spectrumCells combinations of SpectrumParams, of sizes n up to spectrumSize and spectrumWork in all, each when it
// is first needed; elsewhere log lambda0 and log lambda_max are interpolated, or extrapolated, in log n.
const (
	spectrumCells = 64
	spectrumSize  = 400
	spectrumWork  = 1e9 // the sum of 4/3 n^3
)

// spectra guesses the spectrum of any data set of a space. The first of SpectrumParams is the size n.
type spectra struct {
	space  *Space
	size   int   // n's slot
	others []int // the other slots
	groups []*spectrumGroup
	chosen bool
	cache  map[uint64]Spectrum // by the hash of a point's values
}

// A spectrumGroup is the data sets that differ in n alone.
type spectrumGroup struct {
	others []Value
	cells  []*spectrumCell // ascending in n
}

type spectrumCell struct {
	n        int64
	point    Point
	computed bool
	spectrum Spectrum
}

func newSpectra(s *Space) *spectra {
	g := &spectra{space: s, cache: map[uint64]Spectrum{}}
	for i, name := range s.trainer.SpectrumParams {
		switch slot := s.trainer.index(name); {
		case i == 0:
			g.size = slot
		case slot >= 0:
			g.others = append(g.others, slot)
		}
	}
	return g
}

// plainSpectrum stands in where no spectrum can be computed: a data set of unit rows in many dimensions.
var plainSpectrum = Spectrum{Lambda0: 0.1, LambdaMax: 1}

// of guesses the spectrum of a point's data set.
func (g *spectra) of(p Point) Spectrum {
	key := p.Values[g.size].hash()
	for _, slot := range g.others {
		key = mix(key, p.Values[slot].hash())
	}
	if s, ok := g.cache[key]; ok {
		return s
	}
	g.choose()
	s := plainSpectrum
	if group := g.nearest(p); group != nil {
		s = group.at(p.Values[g.size].Int)
	}
	g.cache[key] = s
	return s
}

func (g *spectra) valuesOf(p Point) []Value {
	out := make([]Value, len(g.others))
	for j, slot := range g.others {
		out[j] = p.Values[slot]
	}
	return out
}

// choose picks the cells to compute: of each group in turn the smallest n, then the largest, then those between, until
// the bounds are reached. A group without an n small enough gets two that are.
func (g *spectra) choose() {
	if g.chosen {
		return
	}
	g.chosen = true
	found := g.found()
	cells, work := 0, 0.0
	for round := 0; ; round++ {
		any := false
		for _, group := range found {
			if round >= len(group.cells) {
				continue
			}
			any = true
			c := group.cells[round]
			work += 4.0 / 3 * math.Pow(float64(c.n), 3)
			if cells++; cells > spectrumCells || work > spectrumWork {
				g.keepChosen(found)
				return
			}
			g.groupOf(group.others).cells = append(g.groupOf(group.others).cells, c)
		}
		if !any {
			g.keepChosen(found)
			return
		}
	}
}

// keepChosen puts the chosen cells in order; at least one group has one.
func (g *spectra) keepChosen(found []*spectrumGroup) {
	if len(g.groups) == 0 && len(found) > 0 {
		g.groups = []*spectrumGroup{{found[0].others, found[0].cells[:1]}}
	}
	for _, group := range g.groups {
		slices.SortFunc(group.cells, func(a, b *spectrumCell) int { return cmp.Compare(a.n, b.n) })
	}
}

func (g *spectra) groupOf(others []Value) *spectrumGroup {
	for _, group := range g.groups {
		if slices.Equal(group.others, others) {
			return group
		}
	}
	g.groups = append(g.groups, &spectrumGroup{others: others})
	return g.groups[len(g.groups)-1]
}

// found lists the data sets of the space by group, their cells in the order in which they are chosen.
func (g *spectra) found() (groups []*spectrumGroup) {
	index := map[uint64]*spectrumGroup{}
	seen := map[uint64]bool{}
	g.space.keptCombinations(g.space.maskOf(g.space.trainer.SpectrumParams), func(v *view) bool {
		v.compute(math.MaxUint64)
		p := v.complete()
		key := uint64(0)
		for _, x := range g.valuesOf(p) {
			key = mix(key, x.hash())
		}
		group := index[key]
		if group == nil {
			group = &spectrumGroup{others: g.valuesOf(p)}
			index[key] = group
			groups = append(groups, group)
		}
		n := p.Values[g.size].Int
		if id := mix(key, uint64(n)); !seen[id] {
			seen[id] = true
			group.cells = append(group.cells, &spectrumCell{n: n, point: p})
		}
		return len(groups) < 10_000
	})
	for _, group := range groups {
		group.cells = g.turns(group.cells)
	}
	return slices.DeleteFunc(groups, func(group *spectrumGroup) bool { return len(group.cells) == 0 })
}

// turns orders the cells of a group for choosing, without those that are too large.
func (g *spectra) turns(cells []*spectrumCell) (out []*spectrumCell) {
	slices.SortFunc(cells, func(a, b *spectrumCell) int { return cmp.Compare(a.n, b.n) })
	small := 0
	for small < len(cells) && cells[small].n <= spectrumSize {
		small++
	}
	if small == 0 {
		for _, n := range []int64{spectrumSize / 2, spectrumSize} {
			if p, ok := cells[0].point.with(g.size, n); ok {
				out = append(out, &spectrumCell{n: n, point: p})
			}
		}
		return out
	}
	out = append(out, cells[0])
	if small > 1 {
		out = append(out, cells[small-1])
		out = append(out, cells[1:small-1]...)
	}
	return out
}

// with is p with another value of one integer parameter, defaults made anew.
func (p Point) with(slot int, n int64) (Point, bool) {
	given := map[string]Value{}
	for i := range p.Trainer.Params {
		param := &p.Trainer.Params[i]
		if v := p.Values[i]; v.Defined() && (param.Default == nil || param.Default(p) != v) {
			given[param.Name] = v
		}
	}
	given[p.Trainer.Params[slot].Name] = IntValue(n)
	q, mistakes := p.Trainer.Complete(given, p.Record)
	return q, len(mistakes) == 0
}

// nearest is the group with the most values in common, the numbers among the rest closest.
func (g *spectra) nearest(p Point) (best *spectrumGroup) {
	values := g.valuesOf(p)
	least := math.Inf(1)
	for _, group := range g.groups {
		distance := 0.0
		for j, v := range group.others {
			if v == values[j] {
				continue
			}
			distance += 100
			if a, b := v.number(), values[j].number(); a > 0 && b > 0 {
				distance += math.Min(50, math.Abs(math.Log(a/b))) - 50
			}
		}
		if distance < least {
			best, least = group, distance
		}
	}
	return best
}

// at is the group's spectrum at size n.
func (group *spectrumGroup) at(n int64) Spectrum {
	i, exact := slices.BinarySearchFunc(group.cells, n, func(c *spectrumCell, n int64) int { return cmp.Compare(c.n, n) })
	if exact || len(group.cells) == 1 {
		return group.cells[min(i, len(group.cells)-1)].value()
	}
	i = min(max(i, 1), len(group.cells)-1)
	low, high := group.cells[i-1], group.cells[i]
	t := math.Log(float64(n)/float64(low.n)) / math.Log(float64(high.n)/float64(low.n))
	a, b := low.value(), high.value()
	return Spectrum{between(a.Lambda0, b.Lambda0, t), between(a.LambdaMax, b.LambdaMax, t)}
}

// between interpolates logarithms; a zero has none, and the nearer end counts.
func between(a, b, t float64) float64 {
	if a > 0 && b > 0 {
		return math.Exp(math.Log(a) + t*(math.Log(b)-math.Log(a)))
	}
	if t < 0.5 {
		return a
	}
	return b
}

func (c *spectrumCell) value() Spectrum {
	if c.computed {
		return c.spectrum
	}
	c.computed = true
	s, err := c.point.Trainer.Spectrum(c.point)
	if err != nil || !(s.LambdaMax > 0) || !(s.Lambda0 >= 0) {
		s = plainSpectrum
	}
	c.spectrum = s
	return s
}
