package sweep

import (
	"cmp"
	"math"
	"slices"
)

// A Plan says what a sweep costs and in which order its points are handed out. It is for one goroutine.
//
// What a point costs depends on the few parameters of Trainer.CostParams and, where steps or learning rates are relative,
// on the spectrum of its data set, which is guessed (spectra.go). Points that agree in the axes behind these form a
// cell; cells are ordered longest first, and inside one points follow their index. With more than cellLimit cells the
// whole order is that of the index, and Total is estimated from a sample.
type Plan struct {
	space   *Space
	spectra *spectra // nil: the costs depend on none
	mask    uint64   // the axes that enter the cost
	cells   []cell   // longest first, once ordered
	ordered bool
	flops   float64 // of all points
	memory  int64   // of the largest
}

// cellLimit bounds the cells that are listed.
const cellLimit = 100_000

// A cell is the points of one combination of the axes that enter the cost.
type cell struct {
	flops float64 // of a point
	tuple uint64  // the combination, numbered as in combinations
}

// NewPlan prepares a plan. Nothing is computed until it is asked for.
func NewPlan(spec *Spec) *Plan {
	s := spec.Space
	p := &Plan{space: s, mask: s.maskOf(s.trainer.CostParams)}
	if s.relative() && s.trainer.Spectrum != nil {
		p.spectra = newSpectra(s)
		p.mask |= s.maskOf(s.trainer.SpectrumParams)
	}
	return p
}

// Guessed says whether costs rest on guessed spectra.
func (p *Plan) Guessed() bool { return p.spectra != nil }

// Cost is what a point of the sweep is expected to take.
func (p *Plan) Cost(pt Point) Cost {
	var spectrum Spectrum
	if p.spectra != nil {
		spectrum = p.spectra.of(pt)
	}
	return p.space.trainer.Cost(pt, spectrum)
}

// Total is the flops of all points together, and the memory of the largest in bytes.
func (p *Plan) Total() (flops float64, memory int64) {
	p.order()
	return p.flops, p.memory
}

// maskOf is the axes that decide the values of some parameters.
func (s *Space) maskOf(names []string) (mask uint64) {
	for _, name := range names {
		if slot := s.trainer.index(name); slot >= 0 {
			mask |= s.value[slot] | s.idle[slot]
		}
	}
	return mask
}

// relative says whether some parameter may have a value relative to the data set.
func (s *Space) relative() bool {
	for i := range s.trainer.Params {
		if s.trainer.Params[i].Relative != "" && (!s.given[i] || s.base[i].Kind == Relative || s.sweepsRelative(i)) {
			return true
		}
	}
	return false
}

func (s *Space) sweepsRelative(slot int) bool {
	for i := range s.axes {
		for j, other := range s.axes[i].slots {
			if other == slot && slices.ContainsFunc(s.axes[i].columns[j].list, func(v Value) bool { return v.Kind == Relative }) {
				return true
			}
		}
	}
	return false
}

// order lists the cells, or decides that there are too many, and adds up the total.
func (p *Plan) order() {
	if p.ordered {
		return
	}
	p.ordered = true
	size := uint64(1)
	members(p.mask, func(i int) { size = product(size, p.space.axes[i].size) })
	if size > cellLimit {
		p.mask = 0
		p.sample()
		return
	}
	shares := p.space.shares(p.mask)
	tuple := uint64(0)
	p.space.combinations(p.mask, cellLimit, func(v *view) bool {
		points := 1.0
		for i := range shares {
			points *= shares[i].points(v)
		}
		if points > 0 {
			v.compute(math.MaxUint64)
			c := p.Cost(v.passing())
			p.cells = append(p.cells, cell{c.Flops, tuple})
			p.flops += c.Flops * points
			p.memory = max(p.memory, c.Memory)
		}
		tuple++
		return true
	})
	slices.SortFunc(p.cells, func(a, b cell) int { return cmp.Or(cmp.Compare(b.flops, a.flops), cmp.Compare(a.tuple, b.tuple)) })
}

// sample estimates the total from kept points spread over the space.
func (p *Plan) sample() {
	p.cells = []cell{{}}
	n, flops := 0.0, 0.0
	p.space.sampleKept(^uint64(0)>>(64-len(p.space.axes)), func(v *view) bool {
		v.compute(math.MaxUint64)
		c := p.Cost(v.passing())
		n, flops = n+1, flops+c.Flops
		p.memory = max(p.memory, c.Memory)
		return true
	})
	if n > 0 {
		points, _ := p.space.Count()
		p.flops = flops / n * float64(points)
	}
}

// A share is how many kept tuples of a component have given digits of some axes.
type share struct {
	projection projection
	counts     []uint32 // by projected tuple; nil: each has uniform
	uniform    float64
}

func (s *share) points(v *view) float64 {
	if s.counts == nil {
		return s.uniform
	}
	return float64(s.counts[s.projection.number(v)])
}

// shares are those of each component: the number of points with given digits is their product.
func (s *Space) shares(mask uint64) []share {
	out := make([]share, len(s.components))
	for k, c := range s.components {
		sh := &out[k]
		if c.kept == nil || c.mask&mask == 0 {
			inside := 1.0
			members(c.mask&mask, func(i int) { inside *= float64(s.axes[i].size) })
			sh.uniform = float64(c.count) / inside
			continue
		}
		var size uint64
		sh.projection, size = c.outline(s, mask)
		sh.counts = make([]uint32, size)
		for tuple := c.kept.next(0, c.size); tuple < c.size; tuple = c.kept.next(tuple+1, c.size) {
			sh.counts[sh.projection.of(s, tuple)]++
		}
	}
	return out
}
