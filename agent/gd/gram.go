package gd

import (
	"context"
	"math"

	"github.com/widthlaw/widthlaw/agent/gd/eigen"
	"github.com/widthlaw/widthlaw/agent/gd/elementary"
	"github.com/widthlaw/widthlaw/agent/gd/kernel"
)

// A spectrum is what a data set's infinite-width tangent kernel T_inf says about training. With a fixed second layer T_inf is
// H_inf, so that Lambda0 and Lambda0Hidden are one.
type spectrum struct {
	Lambda0       float64 // least eigenvalue of T_inf, 0 where rounding cannot tell it from 0
	Lambda0Hidden float64 // the same of H_inf
	LambdaMax     float64 // greatest eigenvalue of T_inf
}

// spectrum decomposes H_inf. Neither the kernel nor the number of threads changes a bit. It returns ctx's error soon after ctx
// ends: what is left to do is then passed over, and what came of it means nothing.
func (ds *dataset) spectrum(ctx context.Context, kern *kernel.Set, threads int) (s spectrum, err error) {
	err = withPool(max(1, min(threads, ds.N)), func(p *pool) error {
		each := func(parts int, work func(part int)) {
			p.parts(parts, func(part int) {
				if ctx.Err() == nil {
					work(part)
				}
			})
		}
		least, greatest := eigen.NewSolver(ds.N, kern, each).Extremes(ds.hiddenGram(ctx, kern, p))
		lambda0 := eigen.Significant(least, greatest, ds.N)
		s = spectrum{Lambda0: lambda0, Lambda0Hidden: lambda0, LambdaMax: greatest}
		return ctx.Err()
	})
	return s, err
}

// hiddenGram is the lower triangle of the N x N matrix H_inf of a ReLU network's hidden layer,
//
//	H_ij = |x_i| |x_j| cos t (pi - t) / (2 pi),    t the angle between x_i and x_j,
//
// the expectation of x_i . x_j over the half-spaces of w where both neurons are active. An input that is 0 has zeros.
//
// It stops early where ctx ends.
func (ds *dataset) hiddenGram(ctx context.Context, kern *kernel.Set, p *pool) []float64 {
	g := &hiddenGram{n: ds.N, d: ds.D, kern: kern, h: make([]float64, ds.N*ds.N)}
	g.u, g.size = ds.directions()
	if ds.N < eigen.Large {
		p.each(0, ds.N, unlessEnded(ctx, g.pairwise))
	} else {
		g.packed = kernel.Pack[float64](g.u, ds.D, ds.N, 1, ds.D)
		p.each(0, (ds.N+kernel.Block-1)/kernel.Block, unlessEnded(ctx, g.blockwise))
	}
	return g.h
}

// unlessEnded is work that is passed over once ctx has ended.
func unlessEnded(ctx context.Context, work func(w *worker, block int)) func(w *worker, block int) {
	return func(w *worker, block int) {
		if ctx.Err() == nil {
			work(w, block)
		}
	}
}

// A hiddenGram is H_inf being made.
type hiddenGram struct {
	n, d   int
	kern   *kernel.Set
	u      []float64               // n x d: the inputs made length 1
	size   []float64               // n: their lengths
	packed *kernel.Packed[float64] // u as a right-hand side
	h      []float64               // n x n
}

// pairwise fills one row, from the angle t = 2 atan2(|u - v|, |u + v|) of unit vectors.
func (g *hiddenGram) pairwise(w *worker, i int) {
	row := g.h[i*g.n:][:i+1]
	if w.out == nil {
		w.out = make([]float64, g.n)
	}
	angles(row, w.out[:i+1], g.u, g.d)
	for j, t := range row {
		row[j] = g.element(i, j, elementary.Cos(t), t)
	}
}

// blockwise fills some rows, from the products rho = u . v: t = atan2(sqrt(1 - rho^2), rho). Where rho is wrong by e, H_ij is wrong by
//
//	|dH/drho| e = |(pi - t) + rho / sqrt(1 - rho^2)| / (2 pi) e <= 1.8 e
//
// while |rho| < parallel. Beyond, t would lose half of its digits, and pairwise has it.
func (g *hiddenGram) blockwise(w *worker, block int) {
	from := block * kernel.Block
	to := min(g.n, from+kernel.Block)
	before := &kernel.Packed[float64]{Inner: g.d, Outer: to, Data: g.packed.Data[:g.d*kernel.Padded[float64](to)]}
	if w.out == nil {
		w.out = make([]float64, kernel.Block*g.packed.Stride())
	}
	g.kern.Product(w.out, g.u[from*g.d:], g.d, to-from, before)
	for i := from; i < to; i++ {
		for j, rho := range w.out[(i-from)*before.Stride():][:i+1] {
			if math.Abs(rho) < parallel {
				g.h[i*g.n+j] = g.element(i, j, rho, elementary.Atan2(math.Sqrt((1-rho)*(1+rho)), rho))
			} else {
				t := angle(g.u[i*g.d:][:g.d], g.u[j*g.d:][:g.d])
				g.h[i*g.n+j] = g.element(i, j, elementary.Cos(t), t)
			}
		}
	}
}

// parallel is the cosine from which on two inputs are treated as nearly parallel: 1 - 2^-7.
const parallel = 1 - 0x1p-7

// element is H_ij given the angle and its cosine.
func (g *hiddenGram) element(i, j int, cos, t float64) float64 {
	return g.size[i] * g.size[j] * cos * (math.Pi - t) / (2 * math.Pi)
}

// directions is the inputs made length 1, and their lengths.
func (ds *dataset) directions() (u, size []float64) {
	u, size = make([]float64, len(ds.X)), make([]float64, ds.N)
	for i := range size {
		row := ds.row(i)
		size[i] = length(row)
		for j, v := range row {
			if size[i] > 0 {
				u[i*ds.D+j] = v / size[i]
			}
		}
	}
	return u, size
}

// angles sets t[j] to the angle between the last of the first len(t) rows of u and row j. The squares of |u - v| and |u + v| are
// one chain each.
func angles(t, apart, u []float64, d int) {
	last := u[(len(t)-1)*d:][:d]
	j := 0
	for ; j+4 <= len(t); j += 4 {
		squares(t[j:][:4], apart[j:][:4], last, u[j*d:][:4*d])
	}
	for j, plus := range t[:j] {
		t[j] = fromHalf(apart[j], plus)
	}
	for ; j < len(t); j++ {
		t[j] = angle(last, u[j*d:][:d])
	}
}

// angle is the angle between two unit vectors, to full precision near 0 and pi too.
func angle(u, v []float64) float64 {
	var plus, minus float64
	for k, v := range v {
		a, b := u[k]-v, u[k]+v
		minus, plus = math.FMA(a, a, minus), math.FMA(b, b, plus)
	}
	return fromHalf(minus, plus)
}

// fromHalf is the angle, given the squares of |u - v| and |u + v|.
func fromHalf(minus, plus float64) float64 {
	return 2 * elementary.Atan2(math.Sqrt(minus), math.Sqrt(plus))
}

// squares is four neighbouring rows side by side, so that eight chains are under way at a time.
func squares(plus, minus, x, v []float64) {
	d := len(x)
	v0, v1, v2, v3 := v[:d], v[d:][:d], v[2*d:][:d], v[3*d:][:d]
	var m0, m1, m2, m3, p0, p1, p2, p3 float64
	for k, x := range x {
		a, b := x-v0[k], x+v0[k]
		m0, p0 = math.FMA(a, a, m0), math.FMA(b, b, p0)
		a, b = x-v1[k], x+v1[k]
		m1, p1 = math.FMA(a, a, m1), math.FMA(b, b, p1)
		a, b = x-v2[k], x+v2[k]
		m2, p2 = math.FMA(a, a, m2), math.FMA(b, b, p2)
		a, b = x-v3[k], x+v3[k]
		m3, p3 = math.FMA(a, a, m3), math.FMA(b, b, p3)
	}
	minus[0], minus[1], minus[2], minus[3] = m0, m1, m2, m3
	plus[0], plus[1], plus[2], plus[3] = p0, p1, p2, p3
}
