package fit

import (
	"iter"
	"math"
)

// A row is what the runs of one cell, unit and width say.
type row struct {
	cell     Cell // its data set's own lambda0
	at, unit int  // places of the cell and of the unit
	logM     float64
	success  float64
	failure  float64
}

// decided are a tally's runs; the other readings count the censored ones too.
func decided(t tally) (success, failure float64) { return float64(t.success), float64(t.failure) }

func censoredFail(t tally) (success, failure float64) {
	return float64(t.success), float64(t.failure) + float64(t.censored)
}

func censoredSucceed(t tally) (success, failure float64) {
	return float64(t.success) + float64(t.censored), float64(t.failure)
}

// rows are the sample's at widths of LeastWidth or more, of cells that have a place in the law.
func (s *sample) rows(read func(tally) (success, failure float64)) iter.Seq[row] {
	return func(yield func(row) bool) {
		for i := range s.cells {
			c := &s.cells[i]
			out := row{cell: Cell{N: valueNumber(c.key.n), D: valueNumber(c.key.d)}, at: i}
			for _, k := range c.order {
				if k >= len(c.lambda0) || c.lambda0[k] == 0 {
					continue
				}
				out.cell.Lambda0, out.unit = Number(c.lambda0[k]), k
				for w := range c.m {
					if c.m[w] < LeastWidth || k*c.events >= len(c.tallies[w]) {
						continue
					}
					out.logM = c.logM[w]
					out.success, out.failure = read(c.tallies[w][k*c.events+c.event])
					if out.success+out.failure > 0 && !yield(out) {
						return
					}
				}
			}
		}
	}
}

// regression lays out the sample's rows. Without runs of both kinds it is nil.
func (s *sample) regression(terms []Term, read func(tally) (success, failure float64)) *regression {
	r := &regression{}
	var successes, failures float64
	for row := range s.rows(read) {
		if x := logs(terms, row.cell); allFinite(x) {
			r.add(row.unit, row.success, row.failure, row.logM, 0, x...)
			successes, failures = successes+row.success, failures+row.failure
		}
	}
	if successes == 0 || failures == 0 {
		return nil
	}
	r.standardise()
	return r
}

func allFinite(x []float64) bool {
	for _, x := range x {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}
