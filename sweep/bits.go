package sweep

import "math/bits"

// A bitset is a set of small numbers.
type bitset []uint64

func newBitset(n uint64) bitset { return make(bitset, (n+63)/64) }

func (b bitset) has(i uint64) bool { return b[i/64]>>(i%64)&1 == 1 }

func (b bitset) add(i uint64) { b[i/64] |= 1 << (i % 64) }

func (b bitset) count() uint64 {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return uint64(n)
}

// next is the least member >= i and < end; end if there is none.
func (b bitset) next(i, end uint64) uint64 {
	for i < end {
		if w := b[i/64] >> (i % 64); w != 0 {
			return min(end, i+uint64(bits.TrailingZeros64(w)))
		}
		i = (i/64 + 1) * 64
	}
	return end
}

// members calls f with each axis of a mask, ascending.
func members(mask uint64, f func(axis int)) {
	for ; mask != 0; mask &= mask - 1 {
		f(bits.TrailingZeros64(mask))
	}
}
