package elementary

import "math"

// Log is the natural logarithm of x: -Inf of 0, NaN of a negative x.
func Log(x float64) float64 {
	if !(x > 0) || x > math.MaxFloat64 {
		return logEdge(x)
	}
	f, k := fraction(x)
	// log(1+f) = 2 artanh(s) = f - f^2/2 + s (f^2/2 + 2 z/3 + 2 z^2/5 + ...), s = f/(2+f), z = s^2 < 0.0295.
	s := f / (2 + f)
	z := float64(s * s)
	w := float64(z * z)
	odd := math.FMA(w, math.FMA(w, math.FMA(w, math.FMA(w, 2.0/19, 2.0/15), 2.0/11), 2.0/7), 2.0/3)
	even := math.FMA(w, math.FMA(w, math.FMA(w, math.FMA(w, 2.0/21, 2.0/17), 2.0/13), 2.0/9), 2.0/5)
	series := math.FMA(z, odd, float64(w*even))
	half := float64(0.5 * f * f)
	small := half - math.FMA(s, half+series, float64(k*ln2.lo))
	if k == 0 {
		return f - small
	}
	e := product(k, ln2.hi)
	t := sum(e.hi, f)
	return t.hi + (t.lo + (e.lo - small))
}

// logEdge is Log where x is not positive and finite.
func logEdge(x float64) float64 {
	switch {
	case x == 0:
		return math.Inf(-1)
	case x < 0:
		return math.NaN()
	}
	return x
}

// fraction splits a positive, finite x into (1+f) 2^k with 1+f in [sqrt(1/2), sqrt(2)).
func fraction(x float64) (f, k float64) {
	if x < 0x1p-1022 {
		f, k = fraction(x * 0x1p54)
		return f, k - 54
	}
	const one, root = 0x3ff0000000000000, 0x3fe6a09e667f3bcd // 1 and sqrt(1/2)
	b := math.Float64bits(x) + (one - root)
	e := b >> 52
	return math.Float64frombits(b&(1<<52-1)+root) - 1, float64(int64(e) - 1023)
}

// logTerms are the coefficients of logDouble's series but for the first, the second and the last.
var logTerms = [...]float64{1.0 / 29, 1.0 / 27, 1.0 / 25, 1.0 / 23, 1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5}

// logDouble is the logarithm of a positive, finite x to about 65 bits.
func logDouble(x float64) double {
	f, k := fraction(x)
	// log(1+f) = 2 s (1 + z/3 + z^2/5 + ...); s, z and the first two terms in double arithmetic.
	d := sum(2, f)
	s := f / d.hi
	residual := math.FMA(-s, d.lo, math.FMA(-s, d.hi, f))
	t := double{s, residual / d.hi}
	z := t.times(t)
	p := 1.0 / 31
	for _, c := range logTerms {
		p = math.FMA(p, z.hi, c)
	}
	series := sum(third.hi, float64(p*z.hi))
	series.lo += third.lo
	l := t.add(t.times(z.times(series)))
	l.hi, l.lo = 2*l.hi, 2*l.lo
	if k == 0 {
		return l
	}
	e := product(k, ln2.hi)
	e.lo = math.FMA(k, ln2.lo, e.lo)
	return e.add(l)
}
