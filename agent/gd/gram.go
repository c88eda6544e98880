package gd

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/widthlaw/widthlaw/agent/gd/eigen"
	"github.com/widthlaw/widthlaw/agent/gd/elementary"
)

// A spectrum is what a data set's infinite-width tangent kernel T_inf says about training. With a fixed second layer T_inf is
// H_inf, so that Lambda0 and Lambda0Hidden are one.
type spectrum struct {
	Lambda0       float64 // least eigenvalue of T_inf, 0 where rounding cannot tell it from 0
	Lambda0Hidden float64 // the same of H_inf
	LambdaMax     float64 // greatest eigenvalue of T_inf
}

// spectrum decomposes H_inf. The number of threads changes no bit.
func (ds *dataset) spectrum(threads int) spectrum {
	least, greatest := eigen.Extremes(ds.hiddenGram(threads), ds.N, threads)
	lambda0 := eigen.Significant(least, greatest, ds.N)
	return spectrum{Lambda0: lambda0, Lambda0Hidden: lambda0, LambdaMax: greatest}
}

// hiddenGram is the lower triangle of the N x N matrix H_inf of a ReLU network's hidden layer,
//
//	H_ij = |x_i| |x_j| cos t (pi - t) / (2 pi),    t the angle between x_i and x_j,
//
// the expectation of x_i . x_j over the half-spaces of w where both neurons are active. Near t = 0, the arc cosine of a dot
// product would lose half of its digits: t = 2 atan2(|u - v|, |u + v|) of the unit vectors. An input that is 0 has zeros.
func (ds *dataset) hiddenGram(threads int) []float64 {
	h := make([]float64, ds.N*ds.N)
	u, size := ds.directions()
	var next atomic.Int64
	shareRows := func() {
		apart := make([]float64, ds.N)
		for i := int(next.Add(1)) - 1; i < ds.N; i = int(next.Add(1)) - 1 {
			row := h[i*ds.N:][:i+1]
			angles(row, apart[:i+1], u, ds.D)
			for j, t := range row {
				row[j] = size[i] * size[j] * elementary.Cos(t) * (math.Pi - t) / (2 * math.Pi)
			}
		}
	}
	var wait sync.WaitGroup
	for range min(threads, ds.N) - 1 {
		wait.Go(shareRows)
	}
	shareRows()
	wait.Wait()
	return h
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
	for ; j < len(t); j++ {
		var plus, minus float64
		for k, v := range u[j*d:][:d] {
			a, b := last[k]-v, last[k]+v
			minus, plus = math.FMA(a, a, minus), math.FMA(b, b, plus)
		}
		t[j], apart[j] = plus, minus
	}
	for j, plus := range t {
		t[j] = 2 * elementary.Atan2(math.Sqrt(apart[j]), math.Sqrt(plus))
	}
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
