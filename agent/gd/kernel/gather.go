package kernel

import (
	"math"
	"math/bits"
)

// A Rows is a constant matrix, Inner x Outer, as the right-hand side of Gather: groups of up to Gathered panels, as equal as can be, and in a
// group row by row, so that some rows of a group are one stretch of memory. Elements beyond Outer are zero.
type Rows[F Number] struct {
	Inner, Outer int
	Data         []F
}

// Gathered is how many panels Gather takes at a time at most: with 64 rows of so many, and as much of the neurons' outputs, a first-level
// cache is about full.
const Gathered = 6

// NewRows is a matrix of zeros.
func NewRows[F Number](inner, outer int) *Rows[F] {
	return &Rows[F]{Inner: inner, Outer: outer, Data: make([]F, inner*Padded[F](outer))}
}

// Width is the length of a row of what is gathered from b: Outer rounded up to whole panels.
func (b *Rows[F]) Width() int { return Padded[F](b.Outer) }

// groups is how many groups there are.
func (b *Rows[F]) groups() int { return (b.Width()/PanelOf[F]() + Gathered - 1) / Gathered }

// group is the first output of a group; the group behind the last begins at Width.
func (b *Rows[F]) group(k int) int {
	panel := PanelOf[F]()
	return k * (b.Width() / panel) / b.groups() * panel
}

// Set sets row i from output j on, the first of a panel.
func (b *Rows[F]) Set(i, j int, row []float64) {
	for k := 0; len(row) > 0; k++ {
		from, to := b.group(k), b.group(k+1)
		if j >= to {
			continue
		}
		n := min(to-j, len(row))
		for c, v := range row[:n] {
			b.Data[from*b.Inner+i*(to-from)+j-from+c] = F(v)
		}
		row, j = row[n:], to
	}
}

// From is row i from output j on, as far as it lies in one stretch of memory.
func (b *Rows[F]) From(i, j int) []F {
	panel := PanelOf[F]()
	k := j / panel * b.groups() / (b.Width() / panel)
	for j >= b.group(k+1) {
		k++
	}
	from, to := b.group(k), b.group(k+1)
	return b.Data[from*b.Inner+i*(to-from):][j-from : to-from]
}

// gather is the definition, in float64, of Steps.Gather, a panel at a time.
func gather(c []float64, patterns []uint64, g []float64, rows int, b *Rows[float64]) {
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

// step is the definition, in float64, of Steps.Step.
func step(x, coef []float64, patterns []uint64, g []float64, b *Rows[float64], work []float64) {
	gather(work, patterns, g, len(coef), b)
	descend(x, coef, work, b.Width(), b.Outer)
}
