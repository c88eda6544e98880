package gd

import (
	"context"
	"sync"

	"github.com/widthlaw/widthlaw/agent/gd/kernel"
)

// An inputs is a data set as trainings use it, shared by all that run at once: the constant matrices are packed once.
type inputs struct {
	n, d     int
	rows     []float64 // X, n x d
	y        []float64
	signs    bool // whether every label is +1 or -1
	spectrum spectrum
	xt       *kernel.Packed // X^T, d x n: the right-hand side of z = W X^T

	mu sync.Mutex   // while one of the following is made
	x  *kernel.Rows // X, n x d: of gradients
	k  *kernel.Rows // X X^T, n x n: of the Gram form, and of tangent kernels
}

func newInputs(ctx context.Context, ds *dataset, kern *kernel.Set, threads int) (*inputs, error) {
	s, err := ds.spectrum(ctx, kern, threads)
	if err != nil {
		return nil, err
	}
	in := &inputs{n: ds.N, d: ds.D, rows: ds.X, y: ds.Y, signs: true, spectrum: s}
	for _, y := range ds.Y {
		in.signs = in.signs && (y == 1 || y == -1)
	}
	in.xt = kernel.Pack(ds.X, ds.D, ds.N, 1, ds.D)
	return in, nil
}

// forGradient makes what gradients need.
func (in *inputs) forGradient() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.x != nil {
		return
	}
	in.x = kernel.NewRows(in.n, in.d)
	for i := range in.n {
		in.x.Set(i, 0, in.rows[i*in.d:][:in.d])
	}
}

// forGram makes what the Gram form and tangent kernels need.
func (in *inputs) forGram(kern *kernel.Set, p *pool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.k != nil {
		return
	}
	k := kernel.NewRows(in.n, in.n)
	blocks := (in.n + kernel.Block - 1) / kernel.Block
	p.each(0, blocks, func(_ *worker, b int) {
		from := b * kernel.Block
		rows, stride := min(kernel.Block, in.n-from), in.xt.Stride()
		product := make([]float64, rows*stride)
		kern.Product(product, in.rows[from*in.d:], in.d, rows, in.xt)
		for r := range rows {
			k.Set(from+r, 0, product[r*stride:][:in.n])
		}
	})
	in.k = k
}

// inputBytes is what a data set of this shape keeps at most: X as it is and packed, for gradients too, and K.
func (l layout) inputBytes(gradients, k bool) float64 {
	n, d := float64(l.n), float64(l.d)
	padN, padD := float64(kernel.Padded(l.n)), float64(kernel.Padded(l.d))
	sum := n*d + d*padN + n
	if !l.gram || gradients {
		sum += n * padD
	}
	if l.gram || k {
		sum += n * padN
	}
	return 8 * sum
}
