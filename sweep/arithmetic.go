package sweep

import (
	"fmt"
	"math"
	"math/bits"
)

// A num is a number of an expression; the zero num is undefined.
type num struct {
	kind numKind
	i    int64
	f    float64
}

type numKind uint8

const (
	undefinedNum numKind = iota
	intNum
	floatNum
)

func (x num) float() float64 {
	if x.kind == intNum {
		return float64(x.i)
	}
	return x.f
}

// value is x as a Value; an integral float stays a float.
func (x num) value() Value {
	switch x.kind {
	case intNum:
		return IntValue(x.i)
	case floatNum:
		return FloatValue(x.f)
	}
	return Value{}
}

func (s *scope) fail(format string, args ...any) num {
	if s.problem == "" {
		s.problem = fmt.Sprintf(format, args...)
	}
	return num{}
}

const smaller = "does not fit 64 bits; use smaller numbers, or floats such as 2.0"

func (s *scope) negate(x num) num {
	switch {
	case x.kind == floatNum:
		return num{kind: floatNum, f: -x.f}
	case x.kind == intNum && x.i == math.MinInt64:
		return s.fail("-(%d) "+smaller, x.i)
	}
	x.i = -x.i
	return x
}

// arithmetic is one of + - * / %.
func arithmetic(operator string, x, y func(*scope) num) func(*scope) num {
	switch operator {
	case "+":
		return func(s *scope) num { return s.add(x(s), y(s)) }
	case "-":
		return func(s *scope) num { return s.subtract(x(s), y(s)) }
	case "*":
		return func(s *scope) num { return s.multiply(x(s), y(s)) }
	case "/":
		return func(s *scope) num {
			a, b := x(s), y(s)
			if a.kind == undefinedNum || b.kind == undefinedNum {
				return num{}
			}
			return num{kind: floatNum, f: a.float() / b.float()}
		}
	}
	return func(s *scope) num { return s.remainder(x(s), y(s)) }
}

func (s *scope) add(x, y num) num {
	switch {
	case x.kind == undefinedNum || y.kind == undefinedNum:
		return num{}
	case x.kind == intNum && y.kind == intNum:
		sum := x.i + y.i
		if (sum > x.i) != (y.i > 0) {
			return s.fail("%d + %d "+smaller, x.i, y.i)
		}
		return num{kind: intNum, i: sum}
	}
	return num{kind: floatNum, f: x.float() + y.float()}
}

func (s *scope) subtract(x, y num) num {
	switch {
	case x.kind == undefinedNum || y.kind == undefinedNum:
		return num{}
	case x.kind == intNum && y.kind == intNum:
		difference := x.i - y.i
		if (difference < x.i) != (y.i > 0) {
			return s.fail("%d - %d "+smaller, x.i, y.i)
		}
		return num{kind: intNum, i: difference}
	}
	return num{kind: floatNum, f: x.float() - y.float()}
}

func (s *scope) multiply(x, y num) num {
	switch {
	case x.kind == undefinedNum || y.kind == undefinedNum:
		return num{}
	case x.kind == intNum && y.kind == intNum:
		if mulOverflows(x.i, y.i) {
			return s.fail("%d * %d "+smaller, x.i, y.i)
		}
		return num{kind: intNum, i: x.i * y.i}
	}
	return num{kind: floatNum, f: x.float() * y.float()}
}

// remainder has the sign of x, as in Go; both are whole numbers.
func (s *scope) remainder(x, y num) num {
	if x.kind == undefinedNum || y.kind == undefinedNum {
		return num{}
	}
	a, whole := x.i, x.kind == intNum
	if !whole {
		a, whole = integral(x.f)
	}
	b, also := y.i, y.kind == intNum
	if !also {
		b, also = integral(y.f)
	}
	switch {
	case !whole || !also:
		return s.fail("%s %% %s needs whole numbers; wrap them in floor() or round()", x.value(), y.value())
	case b == 0:
		return s.fail("%d %% 0 is undefined; keep the right side from being 0", a)
	case b == -1:
		return num{kind: intNum}
	}
	return num{kind: intNum, i: a % b}
}

// compare is -1, 0 or 1, exact between integers and floats; ok is false where one is undefined or not a number.
func compare(x, y num) (order int, ok bool) {
	if x.kind == intNum && y.kind == intNum {
		switch {
		case x.i < y.i:
			return -1, true
		case x.i > y.i:
			return 1, true
		}
		return 0, true
	}
	if x.kind == undefinedNum || y.kind == undefinedNum {
		return 0, false
	}
	a, b := x.float(), y.float()
	switch {
	case a < b:
		return -1, true
	case a > b:
		return 1, true
	case a != b:
		return 0, false
	}
	// Equal as floats: an integer beyond 2^53 may yet differ.
	if x.kind == intNum && y.kind == floatNum {
		if i, fits := integral(b); fits {
			return compare(x, num{kind: intNum, i: i})
		}
		return -1, true // y is 2^63
	}
	if x.kind == floatNum && y.kind == intNum {
		order, ok = compare(y, x)
		return -order, ok
	}
	return 0, true
}

// ordering is one of the six comparisons. What is undefined equals nothing and has no order.
func ordering(operator string, x, y func(*scope) num) func(*scope) bool {
	switch operator {
	case "==":
		return func(s *scope) bool { o, ok := compare(x(s), y(s)); return ok && o == 0 }
	case "!=":
		return func(s *scope) bool { o, ok := compare(x(s), y(s)); return !ok || o != 0 }
	case "<":
		return func(s *scope) bool { o, ok := compare(x(s), y(s)); return ok && o < 0 }
	case "<=":
		return func(s *scope) bool { o, ok := compare(x(s), y(s)); return ok && o <= 0 }
	case ">":
		return func(s *scope) bool { o, ok := compare(x(s), y(s)); return ok && o > 0 }
	}
	return func(s *scope) bool { o, ok := compare(x(s), y(s)); return ok && o >= 0 }
}

// functions are the eight, each of two numbers; those of one get it twice.
var functions = map[string]func(s *scope, x, y num) num{
	"ceil":  func(_ *scope, x, _ num) num { return whole(x, math.Ceil) },
	"floor": func(_ *scope, x, _ num) num { return whole(x, math.Floor) },
	"round": func(_ *scope, x, _ num) num { return whole(x, math.RoundToEven) },
	"sqrt": func(_ *scope, x, _ num) num {
		if x.kind == undefinedNum {
			return x
		}
		return num{kind: floatNum, f: math.Sqrt(x.float())}
	},
	"abs": func(s *scope, x, _ num) num {
		if x.kind == intNum && x.i < 0 {
			return s.negate(x)
		}
		x.f = math.Abs(x.f)
		return x
	},
	"min": func(_ *scope, x, y num) num { return lesser(x, y, -1) },
	"max": func(_ *scope, x, y num) num { return lesser(x, y, 1) },
}

// whole rounds a float, to an integer where it fits.
func whole(x num, f func(float64) float64) num {
	if x.kind != floatNum {
		return x
	}
	r := f(x.f)
	if i, ok := integral(r); ok {
		return num{kind: intNum, i: i}
	}
	return num{kind: floatNum, f: r}
}

// lesser is the one of x and y that compares with the other as want says; undefined or not a number wins.
func lesser(x, y num, want int) num {
	order, ok := compare(x, y)
	switch {
	case !ok && (x.kind == undefinedNum || y.kind == undefinedNum):
		return num{}
	case !ok:
		return num{kind: floatNum, f: math.NaN()}
	case order == want || order == 0:
		return x
	}
	return y
}

// mulOverflows says whether x*y leaves 64 bits.
func mulOverflows(x, y int64) bool {
	abs := func(v int64) uint64 {
		if v < 0 {
			return uint64(-v) // also right for the least integer
		}
		return uint64(v)
	}
	high, low := bits.Mul64(abs(x), abs(y))
	if (x < 0) != (y < 0) {
		return high != 0 || low > 1<<63
	}
	return high != 0 || low >= 1<<63
}
