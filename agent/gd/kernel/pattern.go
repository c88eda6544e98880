package kernel

import (
	"math"
	"math/bits"
)

// Words is how many words hold the bits of n samples, or of n neurons: bit i is bit i%64 of word i/64, unused bits are zero.
func Words(n int) int { return (n + 63) / 64 }

// Used is the bits that n samples use of word w.
func Used(n, w int) uint64 {
	if left := n - w*64; left < 64 {
		return 1<<left - 1
	}
	return ^uint64(0)
}

// push is the definition, in float64, of Steps.Push.
func push(x, coef []float64, patterns []uint64, g []float64) {
	n, words := len(g), Words(len(g))
	for r, k := range coef {
		row, row64 := x[r*n:][:n], patterns[r*words:][:words]
		for w, word := range row64 {
			from := w * 64
			part := g[from:min(from+64, n)]
			to := row[from:][:len(part)]
			for i, v := range part {
				// All ones where the bit is set: no branch, which would be mispredicted half of the time.
				keep := -(word >> (i & 63) & 1)
				to[i] = math.FMA(k, math.Float64frombits(math.Float64bits(v)&keep), to[i])
			}
		}
	}
}

// activate is the definition, in float64, of Steps.Activate.
func activate(z []float64, stride int, a []float64, patterns []uint64, sum []float64) (flips int) {
	n, words := len(sum), Words(len(sum))
	for r, sign := range a {
		row, row64 := z[r*stride:][:n], patterns[r*words:][:words]
		for w := range row64 {
			from := w * 64
			part := row[from:min(from+64, n)]
			to := sum[from:][:len(part)]
			word := uint64(0)
			for i, v := range part {
				keep := uint64(1)
				if v < 0 {
					keep = 0
				}
				word |= keep << (i & 63)
				to[i] = math.FMA(sign, math.Float64frombits(math.Float64bits(v)&-keep), to[i])
			}
			flips += bits.OnesCount64(word ^ row64[w])
			row64[w] = word
		}
	}
	return flips
}

// Differences counts the bits in which two sets of patterns differ.
func Differences(a, b []uint64) int {
	count := 0
	for i, w := range a {
		count += bits.OnesCount64(w ^ b[i])
	}
	return count
}

// Transpose turns the patterns of one block of neurons, a row of Words(n) words each, to sample-major words: bit r of
// out[i*stride] is bit i of neuron r. There are at most 64 neurons, and n samples.
func Transpose(out []uint64, stride int, patterns []uint64, rows, n int) {
	words := Words(n)
	var square [64]uint64
	for w := range words {
		clear(square[:])
		for r := range rows {
			square[r] = patterns[r*words+w]
		}
		transpose64(&square)
		for i := range min(64, n-w*64) {
			out[(w*64+i)*stride] = square[i]
		}
	}
}

// transpose64 makes bit r of word i from bit i of word r, by swapping ever smaller squares (Warren, Hacker's Delight, 7-3).
func transpose64(a *[64]uint64) {
	half, low := 32, uint64(1<<32-1)
	for half > 0 {
		for k := 0; k < 64; k = (k + half + 1) &^ half {
			t := (a[k]>>half ^ a[k+half]) & low
			a[k] ^= t << half
			a[k+half] ^= t
		}
		half >>= 1
		low ^= low << half
	}
}

// Both counts the bits that are set in both.
func Both(a, b []uint64) int {
	count := 0
	b = b[:len(a)]
	for i, w := range a {
		count += bits.OnesCount64(w & b[i])
	}
	return count
}
