package gd

import "github.com/widthlaw/widthlaw/agent/gd/kernel"

// gramForm keeps Z = W X^T and K = X X^T: 2 n^2 m operations a step, for q = h K. W itself is gone; how far it moved is known from
// c_r = the sum over steps of coef_r h_r: z_r(k) - z_r(0) = K c_r and |w_r(k) - w_r(0)|^2 = c_r . (z_r(k) - z_r(0)).
type gramForm struct {
	net      *network
	in       *inputs
	z, z0, c []float64 // m x n; z0 and c are nil unless moves are recorded
}

func newGramForm(net *network, in *inputs, keep keeps) *gramForm {
	in.forGram(net.kern, net.pool)
	if keep.gradients {
		in.forGradient()
	}
	f := &gramForm{net: net, in: in, z: make([]float64, net.m*net.n)}
	if keep.moves {
		f.z0, f.c = make([]float64, len(f.z)), make([]float64, len(f.z))
	}
	return f
}

// rows are those of a span in an m x n matrix.
func (f *gramForm) rows(x []float64, s span) []float64 { return x[s.from*f.net.n:][:s.rows*f.net.n] }

func (f *gramForm) start(w *worker, s span) {
	n, d := f.net.n, f.net.d
	if w.weight == nil {
		w.weight = make([]float64, min(kernel.Block, f.net.m)*d)
	}
	newStream(f.net.seed, forW0).normals(w.weight[:s.rows*d], uint64(s.from)*uint64(d))
	f.net.kern.Product(w.out, w.weight, d, s.rows, f.in.xt)
	z := f.rows(f.z, s)
	for r := range s.rows {
		copy(z[r*n:][:n], w.out[r*f.in.xt.Stride():])
	}
	if f.c != nil {
		copy(f.rows(f.z0, s), z)
		clear(f.rows(f.c, s))
	}
}

func (f *gramForm) backward(w *worker, s span, square, still bool) {
	net, k := f.net, f.in.k
	if square { // by X: h . K h would lose half of the digits where residuals stay that have no gradient
		x := f.in.x
		net.kern.Gather(w.out, net.patterns(s), net.g, s.rows, x)
		net.kern.Dots(w.sums[:s.rows], w.out, x.Width(), w.out, x.Width(), net.d)
	}
	if still {
		return
	}
	net.kern.Gather(w.out, net.patterns(s), net.g, s.rows, k)
	coef := net.coef[s.from:][:s.rows]
	net.kern.Descend(f.rows(f.z, s), coef, w.out, k.Width(), net.n)
	if f.c != nil {
		net.kern.Push(f.rows(f.c, s), coef, net.patterns(s), net.g)
	}
}

func (f *gramForm) forward(_ *worker, s span) (z []float64, stride int) {
	return f.rows(f.z, s), f.net.n
}

func (f *gramForm) moved(out []float64, s span) {
	f.net.kern.Works(out, f.rows(f.c, s), f.rows(f.z, s), f.rows(f.z0, s), f.net.n)
}

func (f *gramForm) kept() [][]float64 { return [][]float64{f.z, f.c} }
