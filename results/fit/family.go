package fit

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/widthlaw/widthlaw/sweep"
)

// lawParams are the parameters that a law ranges over: all others tell families apart.
var lawParams = []string{"m", "n", "d", "angle", "seed", "data_seed"}

type family struct {
	values []sweep.Value // of Trainer.Params; undefined for lawParams
	varies []bool        // a default that depends on n, say: not the family's own
	cells  map[cellKey]*cell
	events []eventCount // of Trainer.Events
}

// An eventCount says why runs are in no cell.
type eventCount struct {
	unrecorded uint64 // the event needs a curve that was not recorded
	undefined  uint64 // the event has no meaning there
	untrained  uint64 // the budget was no step
}

type cellKey struct {
	n, d, angle sweep.Value
	degenerate  bool // lambda0 = 0: kept apart, in no law
}

type cell struct {
	widths  map[int64]*width
	lambda0 []float64 // by unit; NaN where not known
}

// A width has the counts of one m in one cell.
type width struct {
	tallies []tally // by unit, then event: tallies[unit*events+event]
}

// A tally counts runs whose event was asked for.
type tally struct {
	success, failure, censored uint32
}

func (r *Runs) family(p sweep.Point) *family {
	values := slices.Clone(p.Values)
	for i, v := range values {
		param := &p.Trainer.Params[i]
		if slices.Contains(lawParams, param.Name) {
			values[i] = sweep.Value{}
			continue
		}
		r.chosen[i] = r.chosen[i] || v.Defined() && (param.Default == nil || param.Default(p) != v)
	}
	key := r.familyKey(values, nil)
	f := r.families[key]
	if f == nil {
		f = r.newFamily(values)
		r.families[key] = f
	}
	return f
}

func (r *Runs) newFamily(values []sweep.Value) *family {
	return &family{values, make([]bool, len(values)), map[cellKey]*cell{}, make([]eventCount, len(r.trainer.Events))}
}

// familyKey writes the values of the parameters that tell families apart; nil: all of them.
func (r *Runs) familyKey(values []sweep.Value, among []bool) string {
	key := make([]byte, 0, 256)
	for i, v := range values {
		if !v.Defined() || among != nil && !among[i] {
			continue
		}
		key = append(key, r.trainer.Params[i].Name...)
		key = append(key, 0, byte(v.Kind))
		key = append(key, v.String()...)
		key = append(key, 0)
	}
	return string(key)
}

// lawFamilies are the families that have laws of their own, in order. Only now is it known which parameters the sweep chose:
// `pairs: 10` is a value like others at n = 40, and equal to the default at n = 20.
func (r *Runs) lawFamilies(best bool) []*family {
	chosen := slices.Clone(r.chosen)
	if best {
		for i, p := range r.trainer.Params {
			chosen[i] = chosen[i] && p.Name != rateParam
		}
	}
	groups := map[string]*family{}
	var order []*family
	for _, f := range slices.SortedFunc(maps.Values(r.families), compareFamilies) {
		key := r.familyKey(f.values, chosen)
		group := groups[key]
		if group == nil {
			group = r.newFamily(f.values)
			groups[key], order = group, append(order, group)
		}
		group.take(f, best)
	}
	return order
}

// rateParam is the parameter among whose values the best is looked for.
const rateParam = "lr"

// take adds the runs of g, whose cells are shared and not changed; best: runs of the same seeds are one run.
func (f *family) take(g *family, best bool) {
	for i, v := range g.values {
		f.varies[i] = f.varies[i] || v != f.values[i]
	}
	for e, count := range g.events {
		f.events[e].unrecorded += count.unrecorded
		f.events[e].undefined += count.undefined
		f.events[e].untrained += count.untrained
	}
	for k, c := range g.cells {
		if own := f.cells[k]; own != nil { // a default that depends on m or a seed
			c = own.plus(c, best)
		}
		f.cells[k] = c
	}
}

// plus is a cell with the runs of both.
func (c *cell) plus(other *cell, best bool) *cell {
	sum := &cell{widths: maps.Clone(c.widths), lambda0: slices.Clone(c.lambda0)}
	for k, lambda0 := range other.lambda0 {
		if k == len(sum.lambda0) {
			sum.lambda0 = append(sum.lambda0, lambda0)
		} else if !math.IsNaN(lambda0) {
			sum.lambda0[k] = lambda0
		}
	}
	for m, w := range other.widths {
		if own := sum.widths[m]; own != nil {
			w = own.plus(w, best)
		}
		sum.widths[m] = w
	}
	return sum
}

func (w *width) plus(other *width, best bool) *width {
	sum := &width{slices.Clone(w.tallies)}
	for i, t := range other.tallies {
		if i == len(sum.tallies) {
			sum.tallies = append(sum.tallies, tally{})
		}
		own := &sum.tallies[i]
		*own = own.plus(t)
		if best {
			*own = own.best()
		}
	}
	return sum
}

func (t tally) plus(o tally) tally {
	return tally{t.success + o.success, t.failure + o.failure, t.censored + o.censored}
}

// best is one run: a success if any was, a failure if all failed, else not decided.
func (t tally) best() tally {
	switch {
	case t.success > 0:
		return tally{success: 1}
	case t.censored > 0:
		return tally{censored: 1}
	case t.failure > 0:
		return tally{failure: 1}
	}
	return t
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

func compareFamilies(a, b *family) int {
	for i := range a.values {
		x, y := a.values[i], b.values[i]
		if c := cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Int, y.Int), cmp.Compare(x.Float, y.Float), cmp.Compare(x.Text, y.Text)); c != 0 {
			return c
		}
	}
	return 0
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

// tellApart names, in every law, the parameters in which families differ.
func (a *Analysis) tellApart() {
	names := map[string]bool{}
	for _, l := range a.Laws {
		for _, name := range slices.Concat(slices.Collect(maps.Keys(l.Family)), slices.Collect(maps.Keys(a.Laws[0].Family))) {
			names[name] = names[name] || fmt.Sprint(l.Family[name]) != fmt.Sprint(a.Laws[0].Family[name])
		}
	}
	for i := range a.Laws {
		l := &a.Laws[i]
		for _, name := range slices.Sorted(maps.Keys(l.Family)) {
			if names[name] {
				l.Apart += fmt.Sprintf(", %s = %v", name, l.Family[name])
			}
		}
	}
}
