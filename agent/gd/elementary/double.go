package elementary

import "math"

// A double is the unevaluated sum hi + lo of about 106 bits, with |lo| at most an ulp or two of hi.
type double struct{ hi, lo float64 }

// Constants to more than a hundred bits.
var (
	ln2    = double{0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56}
	pi     = double{0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53}
	halfPi = double{0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54}
	third  = double{0x1.5555555555555p-2, 0x1.5555555555555p-56}
)

// sum is a + b exactly, for |a| >= |b| or a = 0.
func sum(a, b float64) double {
	s := a + b
	return double{s, b - (s - a)}
}

// product is a * b exactly, but for underflow.
func product(a, b float64) double {
	p := float64(a * b)
	return double{p, math.FMA(a, b, -p)}
}

// add is x + y for |x.hi| >= |y.hi|.
func (x double) add(y double) double {
	s := sum(x.hi, y.hi)
	return sum(s.hi, s.lo+(x.lo+y.lo))
}

// times is x * y.
func (x double) times(y double) double {
	p := product(x.hi, y.hi)
	return sum(p.hi, math.FMA(x.hi, y.lo, math.FMA(x.lo, y.hi, p.lo)))
}

// negated is -x.
func (x double) negated() double { return double{-x.hi, -x.lo} }
