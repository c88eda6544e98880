package gd

import (
	"math/bits"

	"github.com/widthlaw/widthlaw/agent/gd/elementary"
)

// A stream is an endless array of random 64-bit words: Philox4x64-10 with key (seed, what), the words that
// numpy.random.Philox(key=[seed, what]).random_raw() gives. It has no state: any word can be had without those before it,
// so row r of an array with d columns starts at word r*d, whatever the number of rows.
type stream struct {
	seed, what uint64
}

// What a stream is for. The numbers are part of the meaning of a seed and never change.
const (
	forX       = 1 // inputs
	forY       = 2 // labels
	forW0      = 3 // first-layer weights at the start
	forA       = 4 // second-layer weights
	forTeacher = 6 // the teacher's weights, then its signs
	forNoise   = 7 // which labels are flipped
)

func newStream(seed int64, what uint64) stream { return stream{uint64(seed), what} }

// words fills dst with the words from, from+1, ...
func (s stream) words(dst []uint64, from uint64) {
	block, skip := from/4, from%4
	for len(dst) > 0 {
		b := philox(block+1, s.seed, s.what) // numpy counts up before its first block
		n := copy(dst, b[skip:])
		dst, block, skip = dst[n:], block+1, 0
	}
}

// normals fills dst with the standard normals of the words from, from+1, ...
func (s stream) normals(dst []float64, from uint64) {
	s.each(dst, from, func(w uint64) float64 { return elementary.NormalQuantile(uniform(w)) })
}

// signs fills dst with the signs, +1 or -1, of the words from, from+1, ...
func (s stream) signs(dst []float64, from uint64) { s.each(dst, from, sign) }

// uniforms fills dst with the uniforms in (0, 1) of the words from, from+1, ...
func (s stream) uniforms(dst []float64, from uint64) { s.each(dst, from, uniform) }

func (s stream) each(dst []float64, from uint64, value func(uint64) float64) {
	var buffer [256]uint64
	for len(dst) > 0 {
		w := buffer[:min(len(dst), len(buffer))]
		s.words(w, from)
		for i, word := range w {
			dst[i] = value(word)
		}
		dst, from = dst[len(w):], from+uint64(len(w))
	}
}

// uniform is exact, and never 0 or 1. The conversion of a 52-bit integer, the half and the power of two round nothing.
func uniform(word uint64) float64 { return (float64(word>>12) + 0.5) * 0x1p-52 }

func sign(word uint64) float64 {
	if word>>63 == 1 {
		return 1
	}
	return -1
}

// philox is one block of Philox4x64-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3; 2011) at
// the counter (block, 0, 0, 0).
func philox(block, key0, key1 uint64) [4]uint64 {
	const (
		m0, m1 = 0xD2E7470EE14C6C93, 0xCA5A826395121157
		w0, w1 = 0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B
	)
	c0, c1, c2, c3 := block, uint64(0), uint64(0), uint64(0)
	for range 10 {
		high0, low0 := bits.Mul64(m0, c0)
		high1, low1 := bits.Mul64(m1, c2)
		c0, c1, c2, c3 = high1^c1^key0, low1, high0^c3^key1, low0
		key0, key1 = key0+w0, key1+w1
	}
	return [4]uint64{c0, c1, c2, c3}
}
