package fit

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/widthlaw/widthlaw/sweep"
)

// Runs counts a sweep's results. It keeps three counts for each event, cell, width and data seed, never a run.
//   - A family is one value of every parameter but m, n, d, angle, seed and data_seed: its runs obey one law. A parameter
//     that the whole sweep leaves at its default tells none apart, though the default may follow n (`pairs`).
//   - A cell is one (n, d, angle) of a family: its runs differ in m and the seeds alone.
//   - A cluster is one data_seed. Its data sets and initial weights are prefixes of each other across n, d and m, so its
//     runs are not independent, in any cell.
//   - A unit is one data_seed with one seed: what is counted, and what learning rates share.
type Runs struct {
	trainer  *sweep.Trainer
	families map[string]*family // by all values; law.go sees them as lawFamilies
	chosen   []bool             // of Trainer.Params: some point has another value than its default
	units    map[unit]int       // its place in every slice by unit
	seeds    seedCensus
	widths   bool // whether the trainer has widths at all
}

// A unit names its data set and its initial weights, across n, d and m.
type unit struct{ data, seed int64 }

// A seedCensus tells one seed from several.
type seedCensus struct {
	first sweep.Value
	many  bool
	apart bool // data_seed does not follow seed
}

// dataAxis is the axis that makes clusters.
func (c seedCensus) dataAxis() string {
	if c.apart {
		return "data_seed"
	}
	return "seed"
}

// New counts the results of one trainer.
func New(t *sweep.Trainer) *Runs {
	return &Runs{trainer: t, families: map[string]*family{}, chosen: make([]bool, len(t.Params)), units: map[unit]int{}, widths: t.Param("m") != nil}
}

// Add counts one result. Results of another trainer are not counted.
func (r *Runs) Add(p sweep.Point, o sweep.Outcome) {
	if p.Trainer.Name != r.trainer.Name || !r.widths {
		return
	}
	f := r.family(p)
	lambda0 := math.NaN()
	if v := o.Scalars["lambda0"]; v.Kind == sweep.Float {
		lambda0 = v.Float
	}
	c := f.cell(cellKey{p.Get("n"), p.Get("d"), p.Get("angle"), lambda0 == 0})
	k := r.unit(p)
	for len(c.lambda0) <= k {
		c.lambda0 = append(c.lambda0, math.NaN())
	}
	c.lambda0[k] = lambda0
	w, events := c.width(p.Int("m")), len(r.trainer.Events)
	if need := (k + 1) * events; len(w.tallies) < need {
		w.tallies = append(w.tallies, make([]tally, need-len(w.tallies))...)
	}
	for e, event := range r.trainer.Events {
		count(&w.tallies[k*events+e], &f.events[e], standing(event, p, o))
	}
}

func count(t *tally, e *eventCount, s eventStanding) {
	switch s {
	case success:
		t.success++
	case failure:
		t.failure++
	case censored:
		t.censored++
	case unrecorded:
		e.unrecorded++
	case undefined:
		e.undefined++
	case untrained:
		e.untrained++
	}
}

// unit is the place of the point's seeds. A trainer without data_seed has its seeds as clusters.
func (r *Runs) unit(p sweep.Point) int {
	seed, data := p.Get("seed"), p.Get("data_seed")
	if !data.Defined() {
		data = seed
	}
	if !r.seeds.first.Defined() {
		r.seeds.first = seed
	}
	r.seeds.many = r.seeds.many || seed != r.seeds.first
	r.seeds.apart = r.seeds.apart || seed != data
	u := unit{data.Int, seed.Int}
	k, ok := r.units[u]
	if !ok {
		k = len(r.units)
		r.units[u] = k
	}
	return k
}

// order are the units by data seed, then seed: sums must not depend on the order in which results came.
func (r *Runs) order() []unit {
	return slices.SortedFunc(maps.Keys(r.units), func(a, b unit) int {
		return cmp.Or(cmp.Compare(a.data, b.data), cmp.Compare(a.seed, b.seed))
	})
}

// dataSeeds is how many there are.
func (r *Runs) dataSeeds() int {
	seeds := map[int64]bool{}
	for u := range r.units {
		seeds[u.data] = true
	}
	return len(seeds)
}
