package fit

// A merging is a regression's rows with those added up that differ in the unit alone: where no term has a value of each data set's
// own, they are as many as cells and widths, however many units there are.
type merging struct {
	rows regression // without counts
	into []int32    // by row: its place in rows
}

// merge finds the rows that can be added up; once all rows are there.
func (r *regression) merge() {
	type place struct {
		block int
		width int32
	}
	m := &merging{rows: regression{columns: r.columns, logM: r.logM, mean: r.mean, scale: r.scale}, into: make([]int32, len(r.width))}
	blocks, rows := map[[mostColumns]float64]int{}, map[place]bool{}
	of := make([]int, len(r.blocks))
	var widths [][]int32 // by merged block
	for i, b := range r.blocks {
		key := [mostColumns]float64{b.shift}
		copy(key[1:], b.terms)
		at, known := blocks[key]
		if !known {
			at = len(widths)
			blocks[key], widths = at, append(widths, nil)
			m.rows.blocks = append(m.rows.blocks, block{shift: b.shift, terms: b.terms})
		}
		of[i] = at
		for _, w := range r.width[b.from:b.to] {
			if !rows[place{at, w}] {
				rows[place{at, w}], widths[at] = true, append(widths[at], w)
			}
		}
	}
	if 2*len(rows) > len(r.width) {
		return
	}
	m.place(r, of, widths)
	r.merged = m
}

// place lays out the merged rows, block by block.
func (m *merging) place(r *regression, of []int, widths [][]int32) {
	places := make([][]int32, len(widths)) // by merged block, then width
	for at, list := range widths {
		places[at] = make([]int32, len(r.logM))
		m.rows.blocks[at].from = len(m.rows.width)
		for _, w := range list {
			places[at][w] = int32(len(m.rows.width))
			m.rows.width = append(m.rows.width, w)
		}
		m.rows.blocks[at].to = len(m.rows.width)
	}
	for i, b := range r.blocks {
		for row := b.from; row < b.to; row++ {
			m.into[row] = places[of[i]][r.width[row]]
		}
	}
}

// resampled is the regression of a draw, each of its rows counting once, or, where that saves nothing, r itself with the weights.
func (r *regression) resampled(weights []float64) (*regression, []float64) {
	m := r.merged
	if m == nil {
		return r, weights
	}
	draw := m.rows
	draw.success, draw.failure = make([]float64, len(draw.width)), make([]float64, len(draw.width))
	for _, b := range r.blocks {
		w := 1.0
		if weights != nil {
			if w = weights[b.unit]; w == 0 {
				continue
			}
		}
		for row := b.from; row < b.to; row++ {
			draw.success[m.into[row]] += w * r.success[row]
			draw.failure[m.into[row]] += w * r.failure[row]
		}
	}
	return &draw, nil
}
