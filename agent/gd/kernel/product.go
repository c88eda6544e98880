package kernel

import "math"

// product is the definition, in float64, of Steps.Product. Two rows by four outputs are eight chains at a time, as many as the registers of
// plain Go hold beside their operands.
func product(c, a []float64, stride, rows int, b *Packed[float64]) {
	width := b.Stride()
	for j := 0; j < width; j += Panel {
		panel := b.Data[j*b.Inner : (j+Panel)*b.Inner]
		r := 0
		for ; r+2 <= rows; r += 2 {
			x, y := a[r*stride:][:b.Inner], a[(r+1)*stride:][:b.Inner]
			two(c[r*width+j:][:4], c[(r+1)*width+j:][:4], x, y, panel)
			two(c[r*width+j+4:][:4], c[(r+1)*width+j+4:][:4], x, y, panel[min(4, len(panel)):])
		}
		if r < rows {
			one(c[r*width+j:][:Panel], a[r*stride:][:b.Inner], panel)
		}
	}
}

// two makes four outputs of two rows from one half of a panel.
func two(c, d, x, y, half []float64) {
	var c0, c1, c2, c3, d0, d1, d2, d3 float64
	y = y[:len(x)]
	for p, u := range x {
		v := y[p]
		b := half[:4]
		c0, d0 = math.FMA(u, b[0], c0), math.FMA(v, b[0], d0)
		c1, d1 = math.FMA(u, b[1], c1), math.FMA(v, b[1], d1)
		c2, d2 = math.FMA(u, b[2], c2), math.FMA(v, b[2], d2)
		c3, d3 = math.FMA(u, b[3], c3), math.FMA(v, b[3], d3)
		if len(half) < Panel {
			break // the last row of the panel
		}
		half = half[Panel:]
	}
	c[0], c[1], c[2], c[3] = c0, c1, c2, c3
	d[0], d[1], d[2], d[3] = d0, d1, d2, d3
}

// one makes a panel of outputs of one row.
func one(c, x, panel []float64) {
	var c0, c1, c2, c3, c4, c5, c6, c7 float64
	for p, u := range x {
		b := panel[p*Panel:][:Panel]
		c0, c1 = math.FMA(u, b[0], c0), math.FMA(u, b[1], c1)
		c2, c3 = math.FMA(u, b[2], c2), math.FMA(u, b[3], c3)
		c4, c5 = math.FMA(u, b[4], c4), math.FMA(u, b[5], c5)
		c6, c7 = math.FMA(u, b[6], c6), math.FMA(u, b[7], c7)
	}
	c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7] = c0, c1, c2, c3, c4, c5, c6, c7
}

// descend is the definition, in float64, of Steps.Descend.
func descend(x, coef, step []float64, stride, n int) {
	for r, k := range coef {
		to, by := x[r*n:][:n], step[r*stride:][:n]
		for j, s := range by {
			to[j] = math.FMA(k, s, to[j])
		}
	}
}

// combine is the definition of Set.Combine.
func combine(x, coef []float64, apart int, step []float64, stride, rows int) {
	for t := range rows {
		k, by := coef[t*apart], step[t*stride:][:len(x)]
		for j, s := range by {
			x[j] = math.FMA(k, s, x[j])
		}
	}
}

// widen is the definition of Set.Widen.
func widen(to []float64, from []float32) {
	to = to[:len(from)]
	for i, v := range from {
		to[i] = float64(v)
	}
}

// dots is the definition of Steps.Dots.
func dots[F Number](out []float64, x []F, xStride int, y []F, yStride, n int) {
	for r := range out {
		left, right := x[r*xStride:][:n], y[r*yStride:][:n]
		sum := 0.0
		for j, v := range left {
			sum = math.FMA(float64(v), float64(right[j]), sum)
		}
		out[r] = sum
	}
}

// distances is the definition of Steps.Distances.
func distances[F Number](out []float64, x, y []F, n int) {
	for r := range out {
		left, right := x[r*n:][:n], y[r*n:][:n]
		sum := 0.0
		for j, v := range left {
			e := float64(v) - float64(right[j])
			sum = math.FMA(e, e, sum)
		}
		out[r] = sum
	}
}

// works is the definition of Steps.Works.
func works[F Number](out []float64, c, z, z0 []F, n int) {
	for r := range out {
		force, to, from := c[r*n:][:n], z[r*n:][:n], z0[r*n:][:n]
		sum := 0.0
		for i, f := range force {
			sum = math.FMA(float64(f), float64(to[i])-float64(from[i]), sum)
		}
		out[r] = sum
	}
}

// SumSquares is the sum of x[i]^2 over samples: a chain of fma(x, x, ·) from +0 in each SampleBlock, the blocks added in order
// from +0.
func SumSquares(x []float64) float64 {
	total := 0.0
	for len(x) > 0 {
		n := min(SampleBlock, len(x))
		sum := 0.0
		for _, v := range x[:n] {
			sum = math.FMA(v, v, sum)
		}
		total += sum
		x = x[n:]
	}
	return total
}

// Add adds a block's partial sums to the totals: one operation an element.
func Add(total, partial []float64) {
	for i, v := range partial[:len(total)] {
		total[i] += v
	}
}
