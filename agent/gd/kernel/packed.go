package kernel

// A Packed is a constant matrix, Inner x Outer, as the right-hand side of products: panels of PanelOf outputs, in which the inner
// index is the slow one. Element (p, j) is Data[(j/panel*Inner+p)*panel + j%panel]; outputs beyond Outer are zero.
type Packed[F Number] struct {
	Inner, Outer int
	Data         []F
}

// Pack packs a matrix whose element (p, j) is at[p*down + j*across]: down = outer, across = 1 takes it as it lies,
// down = 1, across = inner transposes it.
func Pack[F, G Number](at []G, inner, outer, down, across int) *Packed[F] {
	b, size := &Packed[F]{Inner: inner, Outer: outer}, PanelOf[F]()
	b.Data = make([]F, inner*b.Stride())
	for j := range outer {
		panel := b.Data[j/size*inner*size+j%size:]
		for p := range inner {
			panel[p*size] = F(at[p*down+j*across])
		}
	}
	return b
}

// Stride is the length of a row of a product with b: Outer rounded up to whole panels.
func (b *Packed[F]) Stride() int { return Padded[F](b.Outer) }

// At is element (p, j).
func (b *Packed[F]) At(p, j int) F {
	panel := PanelOf[F]()
	return b.Data[(j/panel*b.Inner+p)*panel+j%panel]
}
