package elementary

import "math"

// atanEighths[j] is atan(j/8).
var atanEighths = [...]double{
	{},
	{0x1.fd5ba9aac2f6ep-4, -0x1.cd37686760c17p-59},
	{0x1.f5b75f92c80ddp-3, 0x1.8ab6e3cf7afbdp-57},
	{0x1.6f61941e4def1p-2, -0x1.c63aae6f6e918p-56},
	{0x1.dac670561bb4fp-2, 0x1.a2b7f222f65e2p-56},
	{0x1.1e00babdefeb4p-1, -0x1.928df287a668fp-58},
	{0x1.4978fa3269ee1p-1, 0x1.2419a87f2a458p-56},
	{0x1.700a7c5784634p-1, -0x1.8c34d25aadef6p-56},
	{0x1.921fb54442d18p-1, 0x1.1a62633145c07p-55},
}

// Atan2 is the angle of the point (x, y) in [-pi, pi], with the special cases of IEEE 754: signed zeros and infinities
// tell the sides of the axes apart.
func Atan2(y, x float64) float64 {
	if math.IsNaN(x) || math.IsNaN(y) {
		return math.NaN()
	}
	small, large := math.Abs(y), math.Abs(x)
	steep := small > large
	if steep {
		small, large = large, small
	}
	angle, turn := octant(small, large)
	if steep { // pi/2 - angle
		angle, turn = halfPi.add(angle.negated()), -turn
	}
	if math.Signbit(x) { // pi - angle
		angle, turn = pi.add(angle.negated()), -turn
	}
	return math.Copysign(angle.hi+(angle.lo+turn), y)
}

// octant is atan(small/large), 0 <= small <= large, as the sum of a table's angle c = atan(j/8) and a turn of at most
// atan(1/15) = tan^-1((small - j/8 large) / (large + j/8 small)).
func octant(small, large float64) (c double, turn float64) {
	switch {
	case small == 0:
		return double{}, 0
	case math.IsInf(large, 1):
		if math.IsInf(small, 1) {
			return atanEighths[8], 0
		}
		return double{}, 0
	case large > 0x1p1000:
		small, large = small*0x1p-200, large*0x1p-200
	case large < 0x1p-800:
		small, large = small*0x1p200, large*0x1p200
	}
	eighths := math.RoundToEven(8 * (small / large))
	numerator := math.FMA(-eighths/8, large, small)
	denominator := math.FMA(eighths/8, small, large)
	t := numerator / denominator
	rest := math.FMA(-t, denominator, numerator) / denominator
	z := float64(t * t)
	p := 1.0 / 17
	for _, c := range [...]float64{-1.0 / 15, 1.0 / 13, -1.0 / 11, 1.0 / 9, -1.0 / 7, 1.0 / 5, -1.0 / 3} {
		p = math.FMA(p, z, c)
	}
	return atanEighths[int(eighths)], t + math.FMA(float64(t*z), p, rest)
}
