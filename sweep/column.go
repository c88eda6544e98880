package sweep

import (
	"math"
	"math/big"
	"strings"
)

// A column is the values of one axis by digit: a list, or an arithmetic progression of integers that is never listed.
type column struct {
	list       []Value
	from, step int64
	n          uint64 // of the progression
}

func (c *column) size() uint64 {
	if c.list != nil {
		return uint64(len(c.list))
	}
	return c.n
}

func (c *column) at(digit uint64) Value {
	if c.list != nil {
		return c.list[digit]
	}
	return IntValue(c.from + int64(digit)*c.step)
}

// find is the lowest digit of a value of a progression.
func (c *column) find(v Value) (uint64, bool) {
	if v.Kind != Int || v.Int < c.from {
		return 0, false
	}
	distance := uint64(v.Int) - uint64(c.from)
	digit := distance / uint64(c.step)
	return digit, distance%uint64(c.step) == 0 && digit < c.n
}

// lists are bounded: more values than this are written as an integer range a..b, which is never listed.
const listLimit = 100_000

// rational is a decimal number exactly.
func rational(text string) (*big.Rat, bool) {
	v, ok := parseNumber(text)
	if !ok {
		return nil, false
	}
	if v.number() == 0 { // as good as zero: its exponent may be huge
		return new(big.Rat), true
	}
	if digits, _, _ := strings.Cut(strings.ToLower(text), "e"); len(digits) > 1000 {
		return new(big.Rat).SetFloat64(v.number()), true
	}
	return new(big.Rat).SetString(text)
}

// linear are the numbers a + (b-a) j/(points-1), exact.
func linear(a, b *big.Rat, points int64) []*big.Rat {
	step := new(big.Rat).Sub(b, a)
	step.Quo(step, new(big.Rat).SetInt64(points-1))
	return progression(a, step, points)
}

func progression(a, step *big.Rat, points int64) []*big.Rat {
	out := make([]*big.Rat, points)
	for j := range out {
		x := new(big.Rat).SetInt64(int64(j))
		out[j] = x.Add(x.Mul(x, step), a)
	}
	return out
}

// nearestInteger rounds half to even.
func nearestInteger(r *big.Rat) *big.Int {
	twice := new(big.Int).Lsh(r.Num(), 1)
	twice.Add(twice, r.Denom())
	whole, rest := new(big.Int), new(big.Int)
	whole.DivMod(twice, new(big.Int).Lsh(r.Denom(), 1), rest) // floor(r + 1/2)
	if rest.Sign() == 0 && whole.Bit(0) == 1 {
		whole.Sub(whole, big.NewInt(1))
	}
	return whole
}

// rounded gives an exact number of an axis its type: an integer half to even, else the nearest float.
func rounded(r *big.Rat, integer bool) (Value, bool) {
	if !integer {
		f, _ := r.Float64()
		return FloatValue(f), !math.IsInf(f, 0)
	}
	i := nearestInteger(r)
	return IntValue(i.Int64()), i.IsInt64()
}
