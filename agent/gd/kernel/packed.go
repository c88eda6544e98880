package kernel

// A Packed is a constant matrix, Inner x Outer, as the right-hand side of products: panels of Panel outputs, in which the inner
// index is the slow one. Element (p, j) is Data[(j/Panel*Inner+p)*Panel + j%Panel]; outputs beyond Outer are zero.
type Packed struct {
	Inner, Outer int
	Data         []float64
}

// Pack packs a matrix whose element (p, j) is at[p*down + j*across]: down = outer, across = 1 takes it as it lies,
// down = 1, across = inner transposes it.
func Pack(at []float64, inner, outer, down, across int) *Packed {
	b := &Packed{Inner: inner, Outer: outer}
	b.Data = make([]float64, inner*b.Stride())
	for j := range outer {
		panel := b.Data[j/Panel*inner*Panel+j%Panel:]
		for p := range inner {
			panel[p*Panel] = at[p*down+j*across]
		}
	}
	return b
}

// Stride is the length of a row of a product with b: Outer rounded up to whole panels.
func (b *Packed) Stride() int { return Padded(b.Outer) }

// At is element (p, j).
func (b *Packed) At(p, j int) float64 { return b.Data[(j/Panel*b.Inner+p)*Panel+j%Panel] }

// Padded is n rounded up to whole panels.
func Padded(n int) int { return (n + Panel - 1) / Panel * Panel }
