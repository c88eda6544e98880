package sweep

import (
	"math"
	"math/big"
)

// LogSpaced are the numbers a*(b/a)^(j/(points-1)), j < points, each correctly rounded, hence the same bits on every
// platform. a and b are positive and finite; one point is a alone.
func LogSpaced(a, b float64, points int) []float64 {
	out := make([]float64, points)
	for precision := uint(192); ; precision *= 2 {
		if logSpaced(out, a, b, precision) {
			return out
		}
	}
}

// logSpaced fills out by x(j+1) = x(j) r, where r is the (points-1)-th root of b/a. It reports whether the precision told
// every rounding. It ends: neither a*(b/a)^t nor a midpoint of two floats can coincide with the other, for the odd part
// of a midpoint has 54 bits, its power more bits than the product of powers of 53-bit numbers can have.
func logSpaced(out []float64, a, b float64, precision uint) bool {
	n := len(out)
	if n == 0 {
		return true
	}
	out[0] = a
	if n == 1 {
		return true
	}
	out[n-1] = b
	if n == 2 {
		return true
	}
	x := big.NewFloat(a).SetPrec(precision)
	r := root(new(big.Float).SetPrec(precision).Quo(big.NewFloat(b).SetPrec(precision), x), n-1)
	// Each x(j) is off by less than j * 2^-(precision-8), relatively: r's error grows with the power, and a product rounds once.
	slack := new(big.Float).SetMantExp(big.NewFloat(float64(n)), 8-int(precision))
	margin, low, high := new(big.Float).SetPrec(precision), new(big.Float).SetPrec(precision), new(big.Float).SetPrec(precision)
	for j := 1; j < n-1; j++ {
		x.Mul(x, r)
		margin.Mul(x, slack)
		l, _ := low.Sub(x, margin).Float64()
		h, _ := high.Add(x, margin).Float64()
		if l != h {
			return false
		}
		out[j] = l
	}
	return true
}

// root is q^(1/p) of q > 0, p >= 2, by Newton's method, to within a few units of q's last place.
func root(q *big.Float, p int) *big.Float {
	precision := q.Prec() + 64
	// The start: q = mantissa * 2^exponent, and 2^(log2(q)/p) within 2^-40 or so. Its bits do not matter.
	mantissa := new(big.Float)
	exponent := q.MantExp(mantissa)
	m, _ := mantissa.Float64()
	log2 := (float64(exponent) + math.Log2(m)) / float64(p)
	whole := math.Floor(log2)
	r := new(big.Float).SetMantExp(big.NewFloat(math.Exp2(log2-whole)), int(whole))
	r.SetPrec(precision) // after: SetMantExp takes over the mantissa's
	for good := uint(32); ; good = 2*good - 8 {
		// r += (q / r^(p-1) - r) / p
		step := new(big.Float).SetPrec(precision).Quo(q, power(r, p-1))
		step.Sub(step, r)
		step.Quo(step, new(big.Float).SetPrec(precision).SetInt64(int64(p)))
		r.Add(r, step)
		if good > precision {
			return r
		}
	}
}

// power is r^k, k >= 1, in r's precision.
func power(r *big.Float, k int) *big.Float {
	out := new(big.Float).SetPrec(r.Prec()).SetInt64(1)
	square := new(big.Float).SetPrec(r.Prec()).Set(r)
	for ; k > 0; k >>= 1 {
		if k&1 == 1 {
			out.Mul(out, square)
		}
		square.Mul(square, square)
	}
	return out
}

// roundedPowerExactly is roundedPower by big numbers, 0 < j < c.
func roundedPowerExactly(s, j, c int64) int64 {
	half := big.NewFloat(0.5)
	for precision := uint(256); ; precision *= 2 {
		q := new(big.Float).SetPrec(precision).SetInt64(s)
		x := power(root(q, int(c)), int(j))
		margin := new(big.Float).SetMantExp(x, 48-int(precision))
		low, high := new(big.Float).SetPrec(precision).Sub(x, margin), new(big.Float).SetPrec(precision).Add(x, margin)
		l, _ := low.Add(low, half).Int64() // truncation is the floor: x > 0
		h, _ := high.Add(high, half).Int64()
		if l == h {
			return l
		}
	}
}
