package elementary

import "math"

// Exp is e^x.
func Exp(x float64) float64 { return exp(double{hi: x}) }

// exp is e^(x.hi + x.lo): with k the integer nearest to x/ln 2 and r = x - k ln 2, 2^k times the Taylor series at r.
func exp(x double) float64 {
	switch {
	case math.IsNaN(x.hi):
		return x.hi
	case x.hi > 710:
		return math.Inf(1)
	case x.hi < -746:
		return 0
	}
	k := math.RoundToEven(x.hi * 0x1.71547652b82fep+0)
	hi := math.FMA(-k, ln2.hi, x.hi) // exact: a multiple of x.hi's and ln2.hi's last bits, less than 1/2
	lo := math.FMA(-k, ln2.lo, x.lo)
	r := hi + lo
	// e^r = 1 + r + r^2 (1/2! + r/3! + ...); |r| < 0.35, so that the first term left out is below 2^-57.
	p := 1.0 / 6227020800
	for _, c := range [...]float64{
		1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720,
		1.0 / 120, 1.0 / 24, 1.0 / 6, 1.0 / 2,
	} {
		p = math.FMA(p, r, c)
	}
	s := sum(1, hi)
	return scale(s.hi+(s.lo+math.FMA(r*r, p, lo)), int(k))
}

// scale is x * 2^k for x in [1/2, 2] and k in [-1080, 1024], rounded once.
func scale(x float64, k int) float64 {
	switch {
	case k > 1023:
		return x * 2 * power2(k-1)
	case k < -1021:
		return x * power2(k+200) * 0x1p-200
	}
	return x * power2(k)
}

// power2 is 2^k for k in [-1022, 1023].
func power2(k int) float64 { return math.Float64frombits(uint64(k+1023) << 52) }
