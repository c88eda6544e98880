package elementary

import "math"

// Pow is x^y, with the special cases of IEEE 754: x^0 and 1^y are 1 for any x and y, a negative x needs an integer y (else
// NaN), and so on.
func Pow(x, y float64) float64 {
	switch {
	case y == 0 || x == 1:
		return 1
	case math.IsNaN(x) || math.IsNaN(y):
		return math.NaN()
	case math.IsInf(y, 0):
		return powInfinity(math.Abs(x), y > 0)
	}
	odd, integer := parity(y)
	negative := math.Signbit(x) && odd
	a := math.Abs(x)
	var r float64
	switch {
	case a == 0 || math.IsInf(a, 0):
		if (a == 0) != (y > 0) {
			r = math.Inf(1)
		}
	case x < 0 && !integer:
		return math.NaN()
	default:
		r = powPositive(a, y)
	}
	if negative {
		return -r
	}
	return r
}

// powPositive is x^y for positive, finite x and finite y.
func powPositive(x, y float64) float64 {
	l := logDouble(x)
	if p := l.hi * y; p > 800 || p < -800 {
		return exp(double{hi: p})
	}
	p := product(l.hi, y)
	return exp(sum(p.hi, math.FMA(l.lo, y, p.lo)))
}

// powInfinity is a^y for a >= 0 and y = +Inf (positive) or -Inf.
func powInfinity(a float64, positive bool) float64 {
	switch {
	case a == 1:
		return 1
	case (a > 1) == positive:
		return math.Inf(1)
	}
	return 0
}

// parity says whether a finite y is an odd integer, and whether it is an integer.
func parity(y float64) (odd, integer bool) {
	a := math.Abs(y)
	switch {
	case a >= 0x1p53:
		return false, true
	case a != math.Trunc(a):
		return false, false
	}
	return uint64(a)&1 == 1, true
}
