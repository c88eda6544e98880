package gd

// primalForm keeps W: 4 n d m operations a step, half of them for z = W X^T and half for the gradient h X.
type primalForm struct {
	net   *network
	in    *inputs
	w, w0 []float64 // m x d; w0 is nil unless moves are recorded
}

func newPrimalForm(net *network, in *inputs, moves bool) *primalForm {
	in.forGradient()
	p := &primalForm{net: net, in: in, w: make([]float64, net.m*net.d)}
	if moves {
		p.w0 = make([]float64, len(p.w))
	}
	return p
}

// rows are those of a span in an m x d matrix.
func (p *primalForm) rows(x []float64, s span) []float64 { return x[s.from*p.net.d:][:s.rows*p.net.d] }

func (p *primalForm) start(_ *worker, s span) {
	w := p.rows(p.w, s)
	newStream(p.net.seed, forW0).normals(w, uint64(s.from)*uint64(p.net.d))
	if p.w0 != nil {
		copy(p.rows(p.w0, s), w)
	}
}

func (p *primalForm) backward(w *worker, s span, square, still bool) {
	net, x := p.net, p.in.x
	net.kern.Gather(w.out, net.patterns(s), net.g, s.rows, x)
	if square {
		net.kern.Dots(w.sums[:s.rows], w.out, x.Width(), w.out, x.Width(), net.d)
	}
	if !still {
		net.kern.Descend(p.rows(p.w, s), net.coef[s.from:][:s.rows], w.out, x.Width(), net.d)
	}
}

func (p *primalForm) forward(w *worker, s span) (z []float64, stride int) {
	p.net.kern.Product(w.out, p.rows(p.w, s), p.net.d, s.rows, p.in.xt)
	return w.out, p.in.xt.Stride()
}

func (p *primalForm) moved(out []float64, s span) {
	p.net.kern.Distances(out, p.rows(p.w, s), p.rows(p.w0, s), p.net.d)
}

func (p *primalForm) kept() [][]float64 { return [][]float64{p.w} }
