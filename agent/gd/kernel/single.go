package kernel

import "math/bits"

// The definitions in float32 are the same loops over fma32, as plain as can be: no instruction set that is slow at this is worth more.

// single is the definition in float32.
var single = Steps[float32]{
	Product: product32, Descend: descend32, Gather: gather32, Step: step32, Push: push32, Activate: activate32,
	Dots: dots[float32], Distances: distances[float32], Works: works[float32],
}

func product32(c, a []float32, stride, rows int, b *Packed[float32]) {
	width := b.Stride()
	for r := range rows {
		left := a[r*stride:][:b.Inner]
		for j := range width {
			sum := float32(0)
			for p, u := range left {
				sum = fma32(u, b.At(p, j), sum)
			}
			c[r*width+j] = sum
		}
	}
}

func descend32(x, coef, step []float32, stride, n int) {
	for r, k := range coef {
		to, by := x[r*n:][:n], step[r*stride:][:n]
		for j, s := range by {
			to[j] = fma32(k, s, to[j])
		}
	}
}

func gather32(c []float32, patterns []uint64, g []float32, rows int, b *Rows[float32]) {
	words, width := Words(len(g)), b.Width()
	clear(c[:rows*width])
	for k := range b.groups() {
		from, to := b.group(k), b.group(k+1)
		for r := range rows {
			row := c[r*width:][from:to]
			for w, word := range patterns[r*words:][:words] {
				for ; word != 0; word &= word - 1 {
					i := w*64 + bits.TrailingZeros64(word)
					for j, x := range b.Data[from*b.Inner+i*(to-from):][:to-from] {
						row[j] = fma32(g[i], x, row[j])
					}
				}
			}
		}
	}
}

func step32(x, coef []float32, patterns []uint64, g []float32, b *Rows[float32], work []float32) {
	gather32(work, patterns, g, len(coef), b)
	descend32(x, coef, work, b.Width(), b.Outer)
}

func push32(x, coef []float32, patterns []uint64, g []float32) {
	n, words := len(g), Words(len(g))
	for r, k := range coef {
		row, row64 := x[r*n:][:n], patterns[r*words:][:words]
		for i, v := range g {
			if row64[i/64]>>(i%64)&1 == 0 {
				v = 0
			}
			row[i] = fma32(k, v, row[i])
		}
	}
}

func activate32(z []float32, stride int, a []float32, patterns []uint64, sum []float32) (flips int) {
	n, words := len(sum), Words(len(sum))
	for r, sign := range a {
		row64 := patterns[r*words:][:words]
		for w, old := range row64 {
			word := uint64(0)
			for i := w * 64; i < min(n, w*64+64); i++ {
				v := z[r*stride+i]
				if v < 0 {
					v = 0
				} else {
					word |= 1 << (i % 64)
				}
				sum[i] = fma32(sign, v, sum[i])
			}
			flips += bits.OnesCount64(word ^ old)
			row64[w] = word
		}
	}
	return flips
}
