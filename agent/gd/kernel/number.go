package kernel

import (
	"math"
	"unsafe"
)

// A Number is what trainings are made of: the precision.
type Number interface{ float32 | float64 }

// PanelOf is Panel for numbers of a precision: 8 or 16, one cache line.
func PanelOf[F Number]() int {
	var x F
	return 64 / int(unsafe.Sizeof(x))
}

// Padded is n rounded up to whole panels.
func Padded[F Number](n int) int {
	panel := PanelOf[F]()
	return (n + panel - 1) / panel * panel
}

// fma32 is float32's fused multiply-add, x y + z rounded once. The product is exact in float64, the sum is rounded there and then again; that
// differs from rounding once only where the first rounding ends in the middle between two float32s, which a normal result's low 29 bits show.
func fma32(x, y, z float32) float32 {
	p := float64(float64(x) * float64(y))
	s := p + float64(z)
	if b := math.Float64bits(s); b&(1<<29-1) == 1<<28 || b<<1 < leastNormal32<<1 {
		s = roundToOdd(s, p, float64(z))
	}
	return float32(s)
}

// leastNormal32 is the bits of 2^-126.
const leastNormal32 = (1023 - 126) << 52

// roundToOdd is p + z, of which s is the nearest float64, rounded to odd instead (Boldo, Melquiond: Emulation of FMA and correctly rounded
// sums, 2008): of the two float64s around a sum that is none, the one with an odd last bit. Another rounding, of two bits or more fewer, is then
// right.
func roundToOdd(s, p, z float64) float64 {
	back := s - p
	err := (p - (s - back)) + (z - back) // exact: Knuth's two-sum
	b := math.Float64bits(s)
	switch {
	case err == 0 || err != err || b&1 == 1:
		return s
	case (err > 0) == (s > 0):
		return math.Float64frombits(b + 1)
	}
	return math.Float64frombits(b - 1)
}
