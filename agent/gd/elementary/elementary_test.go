package elementary

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

const samples = 1000 // of each range

// A measure keeps the worst error of a function in ulp.
type measure struct {
	t     *testing.T
	limit float64
	worst float64
	at    [2]float64
}

func (m *measure) check(got float64, exact *big.Float, at ...float64) {
	m.t.Helper()
	if e := ulps(got, exact); !(e <= m.worst) {
		m.worst = e
		copy(m.at[:], at)
	}
}

func (m *measure) done() {
	m.t.Helper()
	m.t.Logf("worst error %.3f ulp, at %v", m.worst, m.at)
	if !(m.worst <= m.limit) {
		m.t.Errorf("worst error %.3f ulp at %v, want <= %g", m.worst, m.at, m.limit)
	}
}

func source() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// anyFloat is positive and finite, its exponent uniform.
func anyFloat(r *rand.Rand) float64 { return math.Float64frombits(r.Uint64() % 0x7ff0000000000000) }

func between(r *rand.Rand, a, b float64) float64 { return a + (b-a)*r.Float64() }

func TestExp(t *testing.T) {
	r, m := source(), measure{t: t, limit: 1}
	for _, span := range [][2]float64{{-1e-8, 1e-8}, {-0.4, 0.4}, {-40, 40}, {-708, 709.7}, {-745.1, -708}} {
		for range samples {
			x := between(r, span[0], span[1])
			m.check(Exp(x), longExp(long(x)), x)
		}
	}
	m.done()
	exact(t, "Exp", Exp, [][2]float64{
		{0, 1},
		{math.Copysign(0, -1), 1},
		{math.Inf(1), math.Inf(1)},
		{math.Inf(-1), 0},
		{709.79, math.Inf(1)},
		{1e300, math.Inf(1)},
		{-746, 0},
		{-1e300, 0},
		{-745.1332191019411, 5e-324},
		{5e-324, 1},
		{math.NaN(), math.NaN()},
	})
}

func TestLog(t *testing.T) {
	r, m := source(), measure{t: t, limit: 1}
	for range samples {
		for _, x := range []float64{anyFloat(r), between(r, 0.5, 2), 1 + between(r, -1e-3, 1e-3), between(r, 0, 100), r.Float64() * 0x1p-1022} {
			m.check(Log(x), longLog(long(x)), x)
		}
	}
	m.done()
	exact(t, "Log", Log, [][2]float64{
		{1, 0},
		{0, math.Inf(-1)},
		{math.Copysign(0, -1), math.Inf(-1)},
		{-1, math.NaN()},
		{math.Inf(-1), math.NaN()},
		{math.Inf(1), math.Inf(1)},
		{math.NaN(), math.NaN()},
		{5e-324, -744.4400719213812},
		{math.MaxFloat64, 709.782712893384},
	})
}

func TestPow(t *testing.T) {
	r, m := source(), measure{t: t, limit: 1}
	for range samples {
		x, y := anyFloat(r), between(r, -1, 1)
		near := between(r, 0.5, 2)
		for _, a := range [][2]float64{
			{x, y},
			{x, y * 700 / math.Abs(math.Log(x))},
			{near, y * 1000},
			{1 + y*1e-6, between(r, -1e8, 1e8)},
			{between(r, 1, 1e6), r.Float64()},
			{near, y * 1e-10},
			{r.Float64() * 0x1p-1022, y},
		} {
			want := longExp(mul(long(a[1]), longLog(long(a[0]))))
			if f, _ := want.Float64(); f > 0 {
				m.check(Pow(a[0], a[1]), want, a[0], a[1])
			}
		}
	}
	m.done()
	for n := -20; n <= 20; n++ {
		if got := Pow(-3, float64(n)); n >= 0 && got != float64(int64(math.Round(math.Pow(-3, float64(n))))) || math.Signbit(got) != (n&1 != 0) {
			t.Errorf("Pow(-3, %d) = %v", n, got)
		}
	}
	edges := []float64{0, math.Copysign(0, -1), 1, -1, 2, -2, 3, 0.5, -0.5, 2.5, 1e300, -1e300, 1e-300, 0x1p53 + 2, math.Inf(1), math.Inf(-1), math.NaN(), 5e-324}
	for _, x := range edges {
		for _, y := range edges {
			got, want := Pow(x, y), math.Pow(x, y)
			if math.Abs(got-want) > 1e-15*math.Abs(want) || math.IsNaN(got) != math.IsNaN(want) || math.Signbit(got) != math.Signbit(want) && got == got {
				t.Errorf("Pow(%v, %v) = %v, want %v", x, y, got, want)
			}
		}
	}
}

func TestSinCos(t *testing.T) {
	r, m := source(), measure{t: t, limit: 1}
	check := func(x float64) {
		sin, cos := longSinCos(x)
		m.check(Sin(x), sin, x)
		m.check(Cos(x), cos, x)
		m.check(Sin(-x), new(big.Float).Neg(sin), -x)
		m.check(Cos(-x), cos, -x)
	}
	for range 500 {
		for _, x := range []float64{between(r, 0, 0.8), between(r, 0, 7), between(r, 0, 1e5), anyFloat(r), math.Pi / 2 * float64(r.IntN(1e6))} {
			check(x)
		}
	}
	// Every exponent, the whole table's width, and the float64 that comes nearest to a multiple of pi/2.
	for e := -30; e <= 1023; e++ {
		check(math.Ldexp(between(r, 1, 2), e))
	}
	check(math.Ldexp(6381956970095103, 797))
	check(math.MaxFloat64)
	m.done()
	for _, x := range []float64{math.Inf(1), math.Inf(-1), math.NaN()} {
		if s, c := Sin(x), Cos(x); s == s || c == c {
			t.Errorf("Sin, Cos(%v) = %v, %v, want NaN", x, s, c)
		}
	}
	zero := math.Copysign(0, -1)
	exact(t, "Sin", Sin, [][2]float64{{0, 0}, {zero, zero}, {5e-324, 5e-324}, {math.Pi, 1.2246467991473532e-16}})
	exact(t, "Cos", Cos, [][2]float64{{0, 1}, {zero, 1}, {1e-300, 1}, {math.Pi, -1}, {math.Pi / 2, 6.123233995736766e-17}})
}

func TestAtan2(t *testing.T) {
	r, m := source(), measure{t: t, limit: 1}
	for range samples / 3 {
		a, b := between(r, -1, 1), between(r, -1, 1)
		for _, p := range [][2]float64{
			{a, b},
			{a, 1e-5 * b},
			{1e-5 * a, b},
			{anyFloat(r), anyFloat(r)},
			{anyFloat(r), -anyFloat(r)},
			{1e308 * a, 1e308 * b},
			{0x1p-1022 * a, 0x1p-1022 * b},
			{a, math.Copysign(a, b) * (1 + 1e-15*b)},
		} {
			m.check(Atan2(p[0], p[1]), longAtan2(p[0], p[1]), p[0], p[1])
		}
	}
	m.done()
	edges := []float64{0, 1, 5e-324, 1e308, math.MaxFloat64, math.Inf(1), math.NaN()}
	for _, y := range edges {
		for _, x := range edges {
			for s := range 4 {
				y, x := math.Copysign(y, float64(1-s&2)), math.Copysign(x, float64(1-2*(s&1)))
				got, want := Atan2(y, x), math.Copysign(math.Atan2(y, x), y)
				if math.Abs(got-want) > 1e-15*math.Abs(want) || math.IsNaN(got) != math.IsNaN(want) || got == got && math.Signbit(got) != math.Signbit(want) {
					t.Errorf("Atan2(%v, %v) = %v, want %v", y, x, got, want)
				}
			}
		}
	}
}

// exact compares bits, any NaN with any other.
func exact(t *testing.T, name string, f func(float64) float64, cases [][2]float64) {
	t.Helper()
	for _, c := range cases {
		if got := f(c[0]); math.Float64bits(got) != math.Float64bits(c[1]) && !(got != got && c[1] != c[1]) {
			t.Errorf("%s(%v) = %v, want %v", name, c[0], got, c[1])
		}
	}
}

// TestBits pins all functions to the bit over 20,000 arguments each: another compiler, processor or platform must agree.
func TestBits(t *testing.T) {
	h := sha256.New()
	put := func(values ...float64) {
		for _, v := range values {
			if v != v {
				v = math.Inf(1) // a NaN's bits are the processor's business
			}
			h.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)))
		}
	}
	state := uint64(1)
	next := func() uint64 { // splitmix64
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return z ^ z>>31
	}
	for range 20000 {
		u := float64(next()>>11) * 0x1p-53
		wild := math.Float64frombits(next())
		put(Exp(float64(u*1500)-750), Exp(u-0.5), Log(u), Log(wild), Pow(float64(u*3), float64(u*100)-50), Pow(wild, u), Sin(wild), Cos(wild),
			Sin(float64(u*10)), Cos(float64(u*10)), Atan2(u, 0.5), Atan2(u-0.5, u-0.7), Atan2(wild, u-0.5), NormalQuantile(u), NormalQuantile(float64(u*u)*u))
	}
	const want = "2e9cbb85544eeb28246301be3795b1af836c9a86919405f6705185802cffd0f6"
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("the functions' bits have changed: %s, want %s", got, want)
	}
}

func BenchmarkFunctions(b *testing.B) {
	for name, f := range map[string]func(float64) float64{
		"Exp": Exp, "Log": Log, "Sin": Sin, "Cos": Cos, "NormalQuantile": NormalQuantile,
		"Pow": func(x float64) float64 { return Pow(x, 0.3) }, "Atan2": func(x float64) float64 { return Atan2(x, 0.5) },
	} {
		b.Run(name, func(b *testing.B) {
			s, i := 0.0, 0
			for b.Loop() {
				i++
				s += f(float64(i&1023+1) / 1025)
			}
			if s != s {
				b.Fatal("NaN")
			}
		})
	}
}
