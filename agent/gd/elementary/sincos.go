package elementary

import (
	"math"
	"math/bits"
)

// Sin is the sine of x radians, for any x; NaN of an infinity.
func Sin(x float64) float64 {
	if math.Abs(x) < 0x1p-27 {
		return x
	}
	quadrant, r, ok := reduce(x)
	switch {
	case !ok:
		return math.NaN()
	case quadrant&2 != 0:
		r = r.negated()
	}
	if quadrant&1 == 0 {
		return sin(r)
	}
	if quadrant&2 != 0 {
		return -cos(r)
	}
	return cos(r)
}

// Cos is the cosine of x radians, for any x; NaN of an infinity.
func Cos(x float64) float64 {
	quadrant, r, ok := reduce(x)
	switch {
	case !ok:
		return math.NaN()
	case quadrant == 0:
		return cos(r)
	case quadrant == 1:
		return sin(r.negated())
	case quadrant == 2:
		return -cos(r)
	}
	return sin(r)
}

// sin is the Taylor series for |r| <= pi/4, to 2^-60.
func sin(r double) float64 {
	x := r.hi
	z := float64(x * x)
	p := 1.0 / 355687428096000
	for _, c := range [...]float64{-1.0 / 1307674368000, 1.0 / 6227020800, -1.0 / 39916800, 1.0 / 362880, -1.0 / 5040, 1.0 / 120, -1.0 / 6} {
		p = math.FMA(p, z, c)
	}
	slope := math.FMA(-0.5, z, 1) // of the sine at x, near enough for r.lo
	return x + math.FMA(float64(z*x), p, float64(slope*r.lo))
}

// cos is the Taylor series for |r| <= pi/4, to 2^-58.
func cos(r double) float64 {
	x := r.hi
	z := float64(x * x)
	p := 1.0 / 20922789888000
	for _, c := range [...]float64{-1.0 / 87178291200, 1.0 / 479001600, -1.0 / 3628800, 1.0 / 40320, -1.0 / 720, 1.0 / 24} {
		p = math.FMA(p, z, c)
	}
	s := sum(1, float64(-0.5*z))
	s.lo -= float64(0.5 * math.FMA(x, x, -z))
	return s.hi + (s.lo + math.FMA(float64(z*z), p, -float64(x*r.lo)))
}

// twoOverPi is 64 zero bits, then the bits of 2/pi behind its binary point.
var twoOverPi = [...]uint64{
	0, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561, 0xb7246e3a424dd2e0, 0x06492eea09d1921c,
	0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b, 0x1ff897ffde05980f,
	0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d, 0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08,
	0x56033046fc7b6bab, 0xf0cfbc209af4361d,
}

// reduce writes x as q pi/2 + r with |r| <= pi/4 and q modulo 4, r to about 75 bits or more; not ok for infinities and NaN.
//
// With x = M 2^e for a 53-bit integer M, x * 2/pi = M * 2^e * 0.b1 b2 b3 ... Bits of weight 4 and more in 2^e * 0.b1 b2 ...
// do not matter modulo 4, so the 192 bits from weight 2 down are multiplied by M, modulo 2^192: the top two bits of the
// product are the quadrant, the others the fraction (Payne and Hanek, 1983).
func reduce(x float64) (quadrant uint64, r double, ok bool) {
	a := math.Abs(x)
	if a <= 0x1.921fb54442d18p-1 {
		return 0, double{hi: x}, true
	}
	if !(a <= math.MaxFloat64) {
		return 0, double{}, false
	}
	b := math.Float64bits(a)
	m := b&(1<<52-1) | 1<<52
	at := uint(b>>52) - 1075 + 62
	var w [3]uint64 // most significant first
	for i := range w {
		j := at/64 + uint(i)
		w[i] = twoOverPi[j]<<(at%64) | twoOverPi[j+1]>>(64-at%64)
	}
	h0, p0 := bits.Mul64(m, w[2])
	h1, p1 := bits.Mul64(m, w[1])
	p1, carry := bits.Add64(p1, h0, 0)
	p2 := m*w[0] + h1 + carry

	quadrant = p2 >> 62
	f2, f1, f0 := p2<<2|p1>>62, p1<<2|p0>>62, p0<<2
	negative := f2>>63 == 1 // a fraction above 1/2: to the next quadrant, and back
	if negative {
		quadrant++
		f0, carry = bits.Sub64(0, f0, 0)
		f1, carry = bits.Sub64(0, f1, carry)
		f2, _ = bits.Sub64(0, f2, carry)
	}
	z := uint(bits.LeadingZeros64(f2)) // below 64: no float64 is that near to a multiple of pi/2
	f2, f1 = f2<<z|f1>>(64-z), f1<<z|f0>>(64-z)
	size := power2(-int(z))
	r = double{float64(f2>>11) * 0x1p-53 * size, float64(f2<<53|f1>>11) * 0x1p-117 * size}.times(halfPi)
	if negative != (x < 0) {
		r = r.negated()
	}
	if x < 0 {
		quadrant = -quadrant
	}
	return quadrant & 3, r, true
}
