package gd

import (
	"math"

	"github.com/widthlaw/widthlaw/agent/gd/kernel"
)

// A precise is what a form has of its network in a precision: W or Z and the products are in it. Data, residuals, losses, moves and gradients'
// lengths are float64 in either; what goes into products is rounded once.
type precise[F kernel.Number] struct {
	net  *network
	ops  *operands[F]
	kern kernel.Steps[F]
	a    []F // the second layer
	coef []F // -eta m^-1/2 a
	g    []F // the residuals

	mine []scratch[F] // of each worker
}

// A scratch is what a worker uses while it is at a span.
type scratch[F kernel.Number] struct {
	out []F // products
	sum []F // n: a block's part of the outputs in float32; float64 is made in its place
}

// newPrecise has room for so many outputs of products.
func newPrecise[F kernel.Number](net *network, in *inputs, outputs int) precise[F] {
	p := precise[F]{
		net: net, ops: operandsOf[F](in), kern: stepsOf[F](net.kern), a: make([]F, net.m), coef: make([]F, net.m), g: make([]F, net.n),
		mine: make([]scratch[F], len(net.pool.workers)),
	}
	signs := make([]float64, net.m)
	newStream(net.seed, forA).signs(signs, 0)
	for r, a := range signs {
		p.a[r], p.coef[r] = F(a), F(-(net.eta*net.scale)*a)
	}
	for i := range p.mine {
		p.mine[i] = scratch[F]{out: make([]F, outputs), sum: make([]F, net.n)}
	}
	return p
}

func stepsOf[F kernel.Number](kern *kernel.Set) (steps kernel.Steps[F]) {
	switch s := any(&steps).(type) {
	case *kernel.Steps[float64]:
		*s = kern.Steps
	case *kernel.Steps[float32]:
		*s = kern.Single
	}
	return steps
}

// round sets to to from in its precision.
func round[F kernel.Number](to []F, from []float64) {
	for i, v := range from {
		to[i] = F(v)
	}
}

func (p *precise[F]) started() {}

// residuals takes the residuals of the step where the network stands.
func (p *precise[F]) residuals(g []float64) { round(p.g, g) }

// activate takes a span's pre-activations: their patterns, and their part of the outputs.
func (p *precise[F]) activate(z []F, stride int, s span, sum []F) (flips int) {
	return p.kern.Activate(z, stride, p.a[s.from:][:s.rows], p.net.patterns(s), sum)
}

// sums is where a block's part of the outputs is made: in its place, or in the worker's own precision.
func (p *precise[F]) sums(mine *scratch[F], part []float64) []F {
	if sum, ok := any(&part).(*[]F); ok {
		return *sum
	}
	return mine.sum
}

// put puts a block's part of the outputs into its place.
func (p *precise[F]) put(part []float64, sum []F) {
	if sum, ok := any(&sum).(*[]float32); ok {
		p.net.kern.Widen(part, *sum)
	}
}

// normals sets some rows to those of W(0), from a row on.
func normals[F kernel.Number](rows []F, seed int64, from, d int) {
	stream, at := newStream(seed, forW0), uint64(from)*uint64(d)
	if rows, ok := any(&rows).(*[]float64); ok {
		stream.normals(*rows, at)
		return
	}
	var some [256]float64
	for len(rows) > 0 {
		n := min(len(rows), len(some))
		stream.normals(some[:n], at)
		round(rows[:n], some[:n])
		rows, at = rows[n:], at+uint64(n)
	}
}

// squares sets the worker's sums to the squares of the lengths of gradients, without the factor m^-1/2 a: of h X.
func (p *precise[F]) squares(w *worker, s span) {
	mine, x := &p.mine[w.id], p.ops.x
	p.kern.Gather(mine.out, p.net.patterns(s), p.g, s.rows, x)
	p.kern.Dots(w.sums[:s.rows], mine.out, x.Width(), mine.out, x.Width(), p.net.d)
}

// A stored is what a snapshot holds of a form: all of it that changes from step to step.
type stored interface {
	write(o *output)
	read(in *input)
}

// numbers are what a snapshot holds of a matrix.
type numbers[F kernel.Number] []F

func (x numbers[F]) write(o *output) {
	for _, v := range x {
		if kernel.PanelOf[F]() == kernel.Panel {
			o.uint64(math.Float64bits(float64(v)))
		} else {
			o.uint32(math.Float32bits(float32(v)))
		}
	}
}

func (x numbers[F]) read(in *input) {
	if kernel.PanelOf[F]() == kernel.Panel {
		in.uint64s(len(x), func(i int, v uint64) { x[i] = F(math.Float64frombits(v)) })
	} else {
		in.uint32s(len(x), func(i int, v uint32) { x[i] = F(math.Float32frombits(v)) })
	}
}
