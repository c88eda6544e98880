package elementary

import "math"

//go:generate go test -run TestQuantileTable -update .

// NormalQuantile is Phi^-1(p), the p-quantile of the standard normal distribution: -Inf at 0, +Inf at 1, NaN outside.
// NormalQuantile(1-p) is -NormalQuantile(p) wherever 1-p is exact.
//
// Its Taylor polynomials stand in quantile_table.go: for |q| <= 0.425, q = p - 1/2, as q times a function of q^2 (85 % of
// random p), elsewhere as a function of r = sqrt(-log(tail probability)), which is nearly linear.
func NormalQuantile(p float64) float64 {
	q := p - 0.5
	if math.Abs(q) <= 0.425 {
		z := product(q, q)
		j := int(z.hi * centreIntervals)
		c := &quantileCentre[j]
		t := (z.hi - (float64(j)+0.5)/centreIntervals) + z.lo
		lost := (p - (q + 0.5)) * math.FMA(2*z.hi, c[2], c[0]) // q's rounding, where p < 1/4, times the slope
		return math.FMA(q, c[0], math.FMA(q, c.rest(t), lost))
	}
	tail := p
	if q > 0 {
		tail = 1 - p
	}
	if !(tail > 0) {
		return quantileEdge(p)
	}
	l := logDouble(tail).negated()
	r := math.Sqrt(l.hi)
	j, middle := tailInterval(r)
	c := &quantileTail[j]
	t := (r - middle) + (math.FMA(-r, r, l.hi)+l.lo)/(2*r)
	return math.Copysign(c[0]+c.rest(t), q)
}

// A polynomial is a Taylor polynomial: c[0] + c[1] is its value at 0, c[2] the coefficient of t, and so on.
type polynomial [12]float64

// rest is the polynomial at t without c[0].
func (c *polynomial) rest(t float64) float64 {
	y := math.FMA(c[11], t, c[10])
	y = math.FMA(y, t, c[9])
	y = math.FMA(y, t, c[8])
	y = math.FMA(y, t, c[7])
	y = math.FMA(y, t, c[6])
	y = math.FMA(y, t, c[5])
	y = math.FMA(y, t, c[4])
	y = math.FMA(y, t, c[3])
	y = math.FMA(y, t, c[2])
	return math.FMA(y, t, c[1])
}

// The intervals of the table. In the centre q^2 has centreIntervals a unit. In the tails each power of two of r has 16, the
// first begins at tailFirst: r >= 1.609 there, and at most 27.3 for the least p of all, 2^-1074.
const (
	centreIntervals = 256
	tailFirst       = 1.5625
)

// tailInterval is r's place in quantileTail, and the interval's middle: four bits of r's fraction, then a one.
func tailInterval(r float64) (j int, middle float64) {
	const first = 0x3ff9000000000000 >> 48 // tailFirst
	b := math.Float64bits(r)
	return int(b>>48) - first, math.Float64frombits(b&^(1<<48-1) | 1<<47)
}

func quantileEdge(p float64) float64 {
	switch p {
	case 0:
		return math.Inf(-1)
	case 1:
		return math.Inf(1)
	}
	return math.NaN()
}
