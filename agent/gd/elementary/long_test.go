package elementary

import (
	"math"
	"math/big"
)

// Long arithmetic: the functions by their series, far beyond float64, as what the tests measure against.

const longBits = 400 // of working precision; 1500 where the sine's argument is reduced

func long(x float64) *big.Float { return new(big.Float).SetPrec(longBits).SetFloat64(x) }

func longInt(x int64) *big.Float { return new(big.Float).SetPrec(longBits).SetInt64(x) }

func add(a, b *big.Float) *big.Float { return new(big.Float).Add(a, b) }
func sub(a, b *big.Float) *big.Float { return new(big.Float).Sub(a, b) }
func mul(a, b *big.Float) *big.Float { return new(big.Float).Mul(a, b) }
func quo(a, b *big.Float) *big.Float { return new(big.Float).Quo(a, b) }

// negligible says whether t no longer changes s.
func negligible(t, s *big.Float) bool {
	return t.Sign() == 0 || s.Sign() != 0 && t.MantExp(nil) < s.MantExp(nil)-int(s.Prec())
}

// longOdd is sum over k of sign^k t^(2k+1)/(2k+1): artanh t for sign 1, atan t for sign -1.
func longOdd(t *big.Float, sign int64) *big.Float {
	s, power := new(big.Float).Copy(t), new(big.Float).Copy(t)
	square := mul(mul(t, t), longInt(sign))
	for k := int64(3); ; k += 2 {
		power = mul(power, square)
		term := quo(power, longInt(k))
		if negligible(term, s) {
			return s
		}
		s = add(s, term)
	}
}

func longLn2(prec uint) *big.Float {
	return mul(longInt(2), longOdd(quo(longInt(1).SetPrec(prec), longInt(3)), 1))
}

// longPi is Machin's 16 atan(1/5) - 4 atan(1/239).
func longPi(prec uint) *big.Float {
	one := longInt(1).SetPrec(prec)
	a, b := longOdd(quo(one, longInt(5)), -1), longOdd(quo(one, longInt(239)), -1)
	return sub(mul(longInt(16), a), mul(longInt(4), b))
}

func roundInt(x *big.Float) *big.Int {
	half := 0.5
	if x.Sign() < 0 {
		half = -0.5
	}
	n, _ := add(x, new(big.Float).SetFloat64(half)).Int(nil)
	return n
}

func longExp(x *big.Float) *big.Float {
	prec := max(x.Prec(), longBits)
	ln2 := longLn2(prec)
	n := roundInt(quo(x, ln2))
	r := sub(x, mul(new(big.Float).SetPrec(prec).SetInt(n), ln2))
	s, term := longInt(1).SetPrec(prec), longInt(1).SetPrec(prec)
	for k := int64(1); ; k++ {
		term = quo(mul(term, r), longInt(k))
		if negligible(term, s) {
			return s.SetMantExp(s, int(n.Int64()))
		}
		s = add(s, term)
	}
}

func longLog(x *big.Float) *big.Float {
	m := new(big.Float).SetPrec(longBits)
	e := x.MantExp(m)
	if m.Cmp(long(math.Sqrt2/2)) < 0 {
		m.SetMantExp(m, 1)
		e--
	}
	l := mul(longInt(2), longOdd(quo(sub(m, longInt(1)), add(m, longInt(1))), 1))
	if e == 0 {
		return l
	}
	return add(l, mul(longInt(int64(e)), longLn2(longBits)))
}

// longSinCos is the sine and the cosine of x by their series, after reduction to [-pi, pi].
func longSinCos(x float64) (sin, cos *big.Float) {
	const prec = 1500
	turn := mul(longInt(2), longPiMany)
	wide := new(big.Float).SetPrec(prec).SetFloat64(x)
	n := new(big.Float).SetPrec(prec).SetInt(roundInt(quo(wide, turn)))
	r := sub(wide, mul(n, turn))
	r.SetPrec(longBits)
	sin, cos = longInt(0), longInt(0)
	term := longInt(1)
	for k := range int64(150) {
		switch k % 4 {
		case 0:
			cos = add(cos, term)
		case 1:
			sin = add(sin, term)
		case 2:
			cos = sub(cos, term)
		case 3:
			sin = sub(sin, term)
		}
		term = quo(mul(term, r), longInt(k+1))
	}
	return sin, cos
}

var longPiMany = longPi(1500)

// longAtan is atan t for 0 <= t <= 1, its argument halved three times.
func longAtan(t *big.Float) *big.Float {
	for range 3 {
		root := new(big.Float).SetPrec(longBits).Sqrt(add(longInt(1), mul(t, t)))
		t = quo(t, add(longInt(1), root))
	}
	if t.Sign() == 0 {
		return t
	}
	return mul(longInt(8), longOdd(t, -1))
}

func longAtan2(y, x float64) *big.Float {
	ay, ax := long(math.Abs(y)), long(math.Abs(x))
	var a *big.Float
	if ay.Cmp(ax) <= 0 {
		a = longAtan(quo(ay, ax))
	} else {
		a = sub(quo(longPi(longBits), longInt(2)), longAtan(quo(ax, ay)))
	}
	if x < 0 {
		a = sub(longPi(longBits), a)
	}
	if y < 0 {
		a.Neg(a)
	}
	return a
}

// longNormal is Phi(x) and its density.
func longNormal(x float64) (phi, density *big.Float) { return longNormalOf(long(x)) }

// longNormalOf is 1/2 + density * (x + x^3/3 + x^5/(3 5) + ...), with enough bits for the cancellation in the lower tail.
func longNormalOf(x *big.Float) (phi, density *big.Float) {
	size, _ := x.Float64()
	prec := longBits + uint(3*size*size)
	z := new(big.Float).SetPrec(prec).Set(x)
	square := mul(z, z)
	density = quo(longExp(quo(square, longInt(-2))), new(big.Float).SetPrec(prec).Sqrt(mul(longInt(2), longPi(prec))))
	s, term := z, z
	for k := int64(3); ; k += 2 {
		term = quo(mul(term, square), longInt(k))
		if negligible(term, s) {
			return add(long(0.5), mul(density, s)), density
		}
		s = add(s, term)
	}
}

// ulps is the distance of got from exact, in units of the last place of a float64 at exact.
func ulps(got float64, exact *big.Float) float64 {
	if math.IsInf(got, 0) {
		f, _ := exact.Float64()
		if f == got {
			return 0
		}
		return math.Inf(1)
	}
	e := max(exact.MantExp(nil)-53, -1074)
	d := sub(long(got), exact)
	if d.Sign() == 0 {
		return 0
	}
	d.SetMantExp(d, -e)
	f, _ := d.Float64()
	return math.Abs(f)
}
