package fit

import "math"

// A regression is one event's runs laid out for the law's model, over all cells, data sets and widths at once:
//
//	P(success) = (1 - lapse) sigmoid(b0 + b1 (log m - shift) + b2 log n + b3 log lambda0 + ...)
//
// The lapse, the share of runs that fail at any width, has the prior Beta(2, 20): without it one unlucky failure far above the
// needed width bends the slope (Wichmann & Hill 2001, Perception & Psychophysics 63, 1293-1313). The shift is 0 but in rival
// forms of the law (form.go).
//
// Rows are (cell, seeds, width), with counts: data sets have a lambda0 of their own. Columns are centred and scaled to a standard
// deviation of 1/2. Rows that differ in the width alone make a block, so that exp of the linear predictor is a product of one
// exponential a block and one a width, and sums over rows are taken times the block's terms once (posterior.go).
type regression struct {
	columns int       // the intercept, log m - shift, then the terms
	blocks  []block   // in order of their rows
	success []float64 // by row
	failure []float64
	width   []int32   // by row: its place in logM
	logM    []float64 // different ones, in order of their first row
	places  map[float64]int32
	mean    []float64 // by column, before scaling
	scale   []float64
	merged  *merging // nil where there is nothing to add up
}

// A block is the rows from `from` up to `to`: one unit, one shift, one value of each term.
type block struct {
	unit, from, to int
	shift          float64   // raw
	terms          []float64 // raw until standardise
}

// mostColumns: the intercept, m, n, lambda0, d, and the lapse's logit after them.
const mostColumns = 6

// A coefficients vector holds the standardised b, then the lapse's logit.
type coefficients [mostColumns]float64

// add appends a row of raw values.
func (r *regression) add(unit int, success, failure, logM, shift float64, terms ...float64) {
	r.columns = len(terms) + 2
	row := len(r.width)
	if last := len(r.blocks) - 1; last < 0 || !r.blocks[last].same(unit, shift, terms) {
		r.blocks = append(r.blocks, block{unit: unit, from: row, shift: shift, terms: append([]float64(nil), terms...)})
	}
	r.blocks[len(r.blocks)-1].to = row + 1
	if r.places == nil {
		r.places = map[float64]int32{}
	}
	place, known := r.places[logM]
	if !known {
		place = int32(len(r.logM))
		r.places[logM], r.logM = place, append(r.logM, logM)
	}
	r.success, r.failure, r.width = append(r.success, success), append(r.failure, failure), append(r.width, place)
}

func (b *block) same(unit int, shift float64, terms []float64) bool {
	if b.unit != unit || b.shift != shift {
		return false
	}
	for j, x := range terms {
		if b.terms[j] != x {
			return false
		}
	}
	return true
}

// standardise centres and scales the columns, once all rows are there.
func (r *regression) standardise() {
	r.mean, r.scale = make([]float64, r.columns), make([]float64, r.columns)
	rows := float64(len(r.width))
	for j := 1; j < r.columns; j++ {
		sum, square := 0.0, 0.0
		r.each(j, func(x float64) { sum += x })
		r.mean[j] = sum / rows
		r.each(j, func(x float64) { square += (x - r.mean[j]) * (x - r.mean[j]) })
		r.scale[j] = 2 * math.Sqrt(square/rows)
		if r.scale[j] < 1e-12 {
			r.scale[j] = 1
		}
	}
	for i := range r.blocks {
		for j := range r.blocks[i].terms {
			x := &r.blocks[i].terms[j]
			*x = (*x - r.mean[j+2]) / r.scale[j+2]
		}
	}
	r.merge()
}

// each visits the raw values of a column, row by row.
func (r *regression) each(column int, visit func(x float64)) {
	for _, b := range r.blocks {
		for row := b.from; row < b.to; row++ {
			if column == 1 {
				visit(r.logM[r.width[row]] - b.shift)
			} else {
				visit(b.terms[column-2])
			}
		}
	}
}

// raw are b0, b1, ... of a peak, in the columns' own units.
func (r *regression) raw(at coefficients) []float64 {
	out := make([]float64, r.columns)
	out[0] = at[0]
	for j := 1; j < r.columns; j++ {
		out[j] = at[j] / r.scale[j]
		out[0] -= out[j] * r.mean[j]
	}
	return out
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
