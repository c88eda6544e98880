package gd

import "github.com/widthlaw/widthlaw/agent/gd/kernel"

// primalForm keeps W: 4 n d m operations a step, half of them for z = W X^T and half for the gradient h X.
type primalForm[F kernel.Number] struct {
	precise[F]
	few   int // how many neurons go forward at a time
	w, w0 []F // m x d; w0 is nil unless moves are recorded
}

// nearBytes is for how much the nearest cache has room while neurons go forward: there are 32 KB at least.
const nearBytes = 24 << 10

func newPrimalForm[F kernel.Number](net *network, in *inputs, keep keeps) *primalForm[F] {
	forward[F](in)
	forGradient[F](in)
	stride := kernel.Padded[F](net.n)
	few := min(kernel.Block, max(16, nearBytes/64*kernel.PanelOf[F]()/stride/8*8))
	outputs := max(min(kernel.Block, net.m)*kernel.Padded[F](net.d), min(few, net.m)*stride)
	f := &primalForm[F]{precise: newPrecise[F](net, in, outputs), few: few, w: make([]F, net.m*net.d)}
	if keep.moves {
		f.w0 = make([]F, len(f.w))
	}
	return f
}

// rows are those of a span in an m x d matrix.
func (f *primalForm[F]) rows(x []F, s span) []F { return x[s.from*f.net.d:][:s.rows*f.net.d] }

func (f *primalForm[F]) start(_ *worker, s span) {
	normals(f.rows(f.w, s), f.net.seed, s.from, f.net.d)
	if f.w0 != nil {
		copy(f.rows(f.w0, s), f.rows(f.w, s))
	}
}

func (f *primalForm[F]) step(w *worker, s span) {
	f.kern.Step(f.rows(f.w, s), f.coef[s.from:][:s.rows], f.net.patterns(s), f.g, f.ops.x, f.mine[w.id].out)
}

// forward takes a few neurons at a time, whose pre-activations stay in the nearest cache.
func (f *primalForm[F]) forward(w *worker, s span, part []float64) (flips int) {
	mine, xt := &f.mine[w.id], f.ops.xt
	sum := f.sums(mine, part)
	clear(sum)
	for s := range s.parts(f.few) {
		f.kern.Product(mine.out, f.rows(f.w, s), f.net.d, s.rows, xt)
		flips += f.activate(mine.out, xt.Stride(), s, sum)
	}
	f.put(part, sum)
	return flips
}

func (f *primalForm[F]) moved(out []float64, s span) {
	f.kern.Distances(out, f.rows(f.w, s), f.rows(f.w0, s), f.net.d)
}

func (f *primalForm[F]) kept() []stored { return []stored{numbers[F](f.w)} }
