package fit

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/widthlaw/widthlaw/sweep"
)

// Runs counts a sweep's results. It keeps three counts for each event, cell, width and data seed, never a run.
//   - A family is one value of every parameter but m, n, d, angle, seed and data_seed: its runs obey one law.
//   - A cell is one (n, d, angle) of a family: its runs differ in m and the seeds alone.
//   - A cluster is one data_seed. Its data sets and initial weights are prefixes of each other across n, d and m, so its
//     runs are not independent, in any cell.
type Runs struct {
	trainer  *sweep.Trainer
	families map[string]*family
	clusters map[int64]int // data_seed -> its place in every slice by cluster
	seeds    seedCensus
	widths   bool // whether the trainer has widths at all
}

// A seedCensus tells one seed from several.
type seedCensus struct {
	first sweep.Value
	many  bool
}

// New counts the results of one trainer.
func New(t *sweep.Trainer) *Runs {
	return &Runs{trainer: t, families: map[string]*family{}, clusters: map[int64]int{}, widths: t.Param("m") != nil}
}

// lawParams are the parameters that a law ranges over: all others tell families apart.
var lawParams = []string{"m", "n", "d", "angle", "seed", "data_seed"}

type family struct {
	values []sweep.Value // of Trainer.Params, at the family's first point
	varies []bool        // a default that depends on n, say: not the family's own
	cells  map[cellKey]*cell
	events []eventCount // of Trainer.Events
}

// An eventCount says why runs are in no cell.
type eventCount struct {
	unrecorded uint64 // the event needs a curve that was not recorded
	undefined  uint64 // the event has no meaning there
}

type cellKey struct {
	n, d, angle sweep.Value
	degenerate  bool // lambda0 = 0: kept apart, in no law
}

type cell struct {
	widths  map[int64]*width
	lambda0 []float64 // by cluster; NaN where not known
}

// A width has the counts of one m in one cell.
type width struct {
	tallies []tally // by cluster, then event: tallies[cluster*events+event]
}

// A tally counts runs whose event was asked for.
type tally struct {
	success, failure, censored uint32
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
	k := r.cluster(p)
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
	}
}

func (r *Runs) family(p sweep.Point) *family {
	key := r.familyKey(p)
	f := r.families[key]
	if f == nil {
		f = &family{slices.Clone(p.Values), make([]bool, len(p.Values)), map[cellKey]*cell{}, make([]eventCount, len(r.trainer.Events))}
		r.families[key] = f
	}
	for i, v := range p.Values {
		f.varies[i] = f.varies[i] || v != f.values[i]
	}
	return f
}

// familyKey writes the parameters that tell families apart. A parameter at its default counts as such, whatever the default
// is there: `pairs`, by default n/2, does not make a family of every n.
func (r *Runs) familyKey(p sweep.Point) string {
	given := sweep.Point{Trainer: p.Trainer, Values: slices.Clone(p.Values)}
	for i := range p.Trainer.Params {
		if slices.Contains(lawParams, p.Trainer.Params[i].Name) {
			given.Values[i] = sweep.Value{}
		}
	}
	key := make([]byte, 0, 256)
	for i, v := range given.Values {
		param := &p.Trainer.Params[i]
		if !v.Defined() || param.Default != nil && param.Default(p) == v {
			continue
		}
		key = append(key, param.Name...)
		key = append(key, 0, byte(v.Kind))
		key = append(key, v.String()...)
		key = append(key, 0)
	}
	return string(key)
}

func (f *family) cell(k cellKey) *cell {
	c := f.cells[k]
	if c == nil {
		c = &cell{widths: map[int64]*width{}}
		f.cells[k] = c
	}
	return c
}

func (c *cell) width(m int64) *width {
	w := c.widths[m]
	if w == nil {
		w = &width{}
		c.widths[m] = w
	}
	return w
}

// cluster is the place of the point's data set. A trainer without data_seed has its seeds as clusters.
func (r *Runs) cluster(p sweep.Point) int {
	seed, data := p.Get("seed"), p.Get("data_seed")
	if !data.Defined() {
		data = seed
	}
	if !r.seeds.first.Defined() {
		r.seeds.first = seed
	}
	r.seeds.many = r.seeds.many || seed != r.seeds.first
	k, ok := r.clusters[data.Int]
	if !ok {
		k = len(r.clusters)
		r.clusters[data.Int] = k
	}
	return k
}

// order are the clusters' places by data seed.
func (r *Runs) order() []int {
	seeds := slices.Sorted(maps.Keys(r.clusters))
	order := make([]int, len(seeds))
	for i, seed := range seeds {
		order[i] = r.clusters[seed]
	}
	return order
}

// sortedCells are the family's cells by d, angle, n; those without a law last.
func (f *family) sortedCells() []cellKey {
	return slices.SortedFunc(maps.Keys(f.cells), func(a, b cellKey) int {
		return cmp.Or(compareBool(a.degenerate, b.degenerate), cmp.Compare(a.d.Int, b.d.Int),
			cmp.Compare(a.angle.Float, b.angle.Float), cmp.Compare(a.n.Int, b.n.Int))
	})
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
