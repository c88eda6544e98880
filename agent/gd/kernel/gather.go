package kernel

import (
	"math"
	"math/bits"
)

// A Rows is a constant matrix, Inner x Outer, as the right-hand side of Gather: groups of up to Gathered panels, as equal as can be, and in a
// group row by row, so that some rows of a group are one stretch of memory. Elements beyond Outer are zero.
type Rows struct {
	Inner, Outer int
	Data         []float64
}

// Gathered is how many panels Gather takes at a time at most: with 64 rows of so many, and as much of the neurons' outputs, a first-level
// cache is about full.
const Gathered = 6

// NewRows is a matrix of zeros.
func NewRows(inner, outer int) *Rows {
	return &Rows{Inner: inner, Outer: outer, Data: make([]float64, inner*Padded(outer))}
}

// Width is the length of a row of what is gathered from b: Outer rounded up to whole panels.
func (b *Rows) Width() int { return Padded(b.Outer) }

// groups is how many groups there are.
func (b *Rows) groups() int { return (b.Width()/Panel + Gathered - 1) / Gathered }

// group is the first output of a group: of the k-th, k = groups being the end.
func (b *Rows) group(k int) int { return k * (b.Width() / Panel) / b.groups() * Panel }

// Set sets the elements (i, j) to (i, j + len(row) - 1); j is the first of a panel.
func (b *Rows) Set(i, j int, row []float64) {
	for k := 0; len(row) > 0; k++ {
		if from, to := b.group(k), b.group(k+1); j < to {
			n := copy(b.Data[from*b.Inner+i*(to-from)+j-from:][:to-j], row)
			row, j = row[n:], to
		}
	}
}

// At is element (i, j).
func (b *Rows) At(i, j int) float64 {
	k := j / Panel * b.groups() / (b.Width() / Panel)
	for j >= b.group(k+1) {
		k++
	}
	from, to := b.group(k), b.group(k+1)
	return b.Data[from*b.Inner+i*(to-from)+j-from]
}

// gather is the definition of Set.Gather, a panel at a time.
func gather(c []float64, patterns []uint64, g []float64, rows int, b *Rows) {
	words, width := Words(len(g)), b.Width()
	for k := range b.groups() {
		from, to := b.group(k), b.group(k+1)
		for j := from; j < to; j += Panel {
			panel := b.Data[from*b.Inner+j-from : to*b.Inner]
			for r := range rows {
				gatherPanel(c[r*width+j:][:Panel], patterns[r*words:][:words], g, panel, to-from)
			}
		}
	}
}

// gatherPanel makes a panel of outputs of one neuron, from a panel whose rows are so far apart.
func gatherPanel(c []float64, row64 []uint64, g, panel []float64, across int) {
	var c0, c1, c2, c3, c4, c5, c6, c7 float64
	for w, word := range row64 {
		for ; word != 0; word &= word - 1 {
			i := w*64 + bits.TrailingZeros64(word)
			u, x := g[i], panel[i*across:][:Panel]
			c0, c1 = math.FMA(u, x[0], c0), math.FMA(u, x[1], c1)
			c2, c3 = math.FMA(u, x[2], c2), math.FMA(u, x[3], c3)
			c4, c5 = math.FMA(u, x[4], c4), math.FMA(u, x[5], c5)
			c6, c7 = math.FMA(u, x[6], c6), math.FMA(u, x[7], c7)
		}
	}
	c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7] = c0, c1, c2, c3, c4, c5, c6, c7
}
