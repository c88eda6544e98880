package gd

import "github.com/widthlaw/widthlaw/agent/gd/kernel"

// gramForm keeps Z = W X^T and K = X X^T: 2 n^2 m operations a step, for q = h K. W itself is gone; how far it moved is known from
// c_r = the sum over steps of coef_r h_r: z_r(k) - z_r(0) = K c_r and |w_r(k) - w_r(0)|^2 = c_r . (z_r(k) - z_r(0)).
type gramForm[F kernel.Number] struct {
	precise[F]
	weights  [][]F // of each worker, a block x d, while the network starts
	z, z0, c []F   // m x n; z0 and c are nil unless moves are recorded
}

func newGramForm[F kernel.Number](net *network, in *inputs, keep keeps) *gramForm[F] {
	forward[F](in)
	forGram[F](in, net.kern, net.pool)
	outputs := net.n
	if keep.gradients {
		forGradient[F](in)
		outputs = max(net.n, net.d)
	}
	outputs = min(kernel.Block, net.m) * kernel.Padded[F](outputs)
	f := &gramForm[F]{precise: newPrecise[F](net, in, outputs), weights: make([][]F, len(net.pool.workers)), z: make([]F, net.m*net.n)}
	if keep.moves {
		f.z0, f.c = make([]F, len(f.z)), make([]F, len(f.z))
	}
	return f
}

// rows are those of a span in an m x n matrix.
func (f *gramForm[F]) rows(x []F, s span) []F { return x[s.from*f.net.n:][:s.rows*f.net.n] }

func (f *gramForm[F]) start(w *worker, s span) {
	n, d, out, xt := f.net.n, f.net.d, f.mine[w.id].out, f.ops.xt
	if f.weights[w.id] == nil {
		f.weights[w.id] = make([]F, min(kernel.Block, f.net.m)*d)
	}
	weight := f.weights[w.id][:s.rows*d]
	normals(weight, f.net.seed, s.from, d)
	f.kern.Product(out, weight, d, s.rows, xt)
	z := f.rows(f.z, s)
	for r := range s.rows {
		copy(z[r*n:][:n], out[r*xt.Stride():])
	}
	if f.c != nil {
		copy(f.rows(f.z0, s), z)
		clear(f.rows(f.c, s))
	}
}

// started lets go of the weights.
func (f *gramForm[F]) started() { clear(f.weights) }

func (f *gramForm[F]) step(w *worker, s span) {
	coef, patterns := f.coef[s.from:][:s.rows], f.net.patterns(s)
	f.kern.Step(f.rows(f.z, s), coef, patterns, f.g, f.ops.k, f.mine[w.id].out)
	if f.c != nil {
		f.kern.Push(f.rows(f.c, s), coef, patterns, f.g)
	}
}

func (f *gramForm[F]) forward(w *worker, s span, part []float64) (flips int) {
	sum := f.sums(&f.mine[w.id], part)
	clear(sum)
	flips = f.activate(f.rows(f.z, s), f.net.n, s, sum)
	f.put(part, sum)
	return flips
}

func (f *gramForm[F]) moved(out []float64, s span) {
	f.kern.Works(out, f.rows(f.c, s), f.rows(f.z, s), f.rows(f.z0, s), f.net.n)
}

func (f *gramForm[F]) kept() []stored { return []stored{numbers[F](f.z), numbers[F](f.c)} }
