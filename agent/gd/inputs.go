package gd

import (
	"context"
	"runtime/debug"
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

	mu                sync.Mutex // while one of the following is made
	operands[float64]            // of trainings and tangent kernels
	single            operands[float32]
}

// operands are the right-hand sides of products in a precision; each is made once something needs it.
type operands[F kernel.Number] struct {
	xt *kernel.Packed[F] // X^T, d x n: of z = W X^T
	x  *kernel.Rows[F]   // X, n x d: of gradients
	k  *kernel.Rows[F]   // X X^T, n x n: of the Gram form, and of tangent kernels
}

func operandsOf[F kernel.Number](in *inputs) *operands[F] {
	if o, ok := any(&in.operands).(*operands[F]); ok {
		return o
	}
	return any(&in.single).(*operands[F])
}

// returned is the number of samples from which on what the spectrum took, n^2 numbers and more, goes back to the machine before a network is made:
// the process would keep it until a network as large again has been made.
const returned = 700

func newInputs(ctx context.Context, ds *dataset, kern *kernel.Set, threads int) (*inputs, error) {
	s, err := ds.spectrum(ctx, kern, threads)
	if err != nil {
		return nil, err
	}
	if ds.N >= returned {
		debug.FreeOSMemory()
	}
	return inputsOf(ds, s), nil
}

func inputsOf(ds *dataset, s spectrum) *inputs {
	in := &inputs{n: ds.N, d: ds.D, rows: ds.X, y: ds.Y, signs: true, spectrum: s}
	for _, y := range ds.Y {
		in.signs = in.signs && (y == 1 || y == -1)
	}
	return in
}

// forward makes what pre-activations need.
func forward[F kernel.Number](in *inputs) {
	in.mu.Lock()
	defer in.mu.Unlock()
	pack[F](in)
}

func pack[F kernel.Number](in *inputs) {
	if o := operandsOf[F](in); o.xt == nil {
		o.xt = kernel.Pack[F](in.rows, in.d, in.n, 1, in.d)
	}
}

// forGradient makes what gradients need.
func forGradient[F kernel.Number](in *inputs) {
	in.mu.Lock()
	defer in.mu.Unlock()
	o := operandsOf[F](in)
	if o.x != nil {
		return
	}
	o.x = kernel.NewRows[F](in.n, in.d)
	for i := range in.n {
		o.x.Set(i, 0, in.rows[i*in.d:][:in.d])
	}
}

// forGram makes what the Gram form and tangent kernels need. K is made in float64 and rounded.
func forGram[F kernel.Number](in *inputs, kern *kernel.Set, p *pool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	o := operandsOf[F](in)
	if o.k != nil {
		return
	}
	pack[float64](in)
	k := kernel.NewRows[F](in.n, in.n)
	blocks := (in.n + kernel.Block - 1) / kernel.Block
	products := make([][]float64, len(p.workers))
	p.each(0, blocks, func(w *worker, b int) {
		from := b * kernel.Block
		rows, stride := min(kernel.Block, in.n-from), in.xt.Stride()
		if products[w.id] == nil {
			products[w.id] = make([]float64, min(kernel.Block, in.n)*stride)
		}
		product := products[w.id]
		kern.Product(product, in.rows[from*in.d:], in.d, rows, in.xt)
		for r := range rows {
			k.Set(from+r, 0, product[r*stride:][:in.n])
		}
	})
	o.k = k
}

// inputBytes is what a data set of this shape keeps at most: X as it is and packed, for gradients too, and K.
func (l layout) inputBytes(gradients, eigenvalues bool) float64 {
	n, d := float64(l.n), float64(l.d)
	sum := 8 * n * (d + 1)
	sum += operandBytes[float64](l, l.gram || eigenvalues || !l.single, !l.single && (!l.gram || gradients), eigenvalues || l.gram && !l.single)
	if l.single {
		sum += operandBytes[float32](l, true, !l.gram || gradients, l.gram)
	}
	return sum
}

// operandBytes is what those operands take that are made.
func operandBytes[F kernel.Number](l layout, xt, x, k bool) float64 {
	n, d := float64(l.n), float64(l.d)
	padN, padD := float64(kernel.Padded[F](l.n)), float64(kernel.Padded[F](l.d))
	sum := 0.0
	if xt {
		sum += d * padN
	}
	if x {
		sum += n * padD
	}
	if k {
		sum += n * padN
	}
	return sum * 64 / float64(kernel.PanelOf[F]())
}
