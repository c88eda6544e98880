package eigen

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/widthlaw/widthlaw/agent/gd/kernel"
)

// by is Each with so many threads.
func by(threads int) Each {
	return func(parts int, work func(part int)) {
		var next atomic.Int64
		var wait sync.WaitGroup
		for range threads {
			wait.Go(func() {
				for part := next.Add(1) - 1; part < int64(parts); part = next.Add(1) - 1 {
					work(int(part))
				}
			})
		}
		wait.Wait()
	}
}

// solver is one of the best kernel that the processor has.
func solver(t testing.TB, n, threads int) *Solver {
	t.Helper()
	kern, err := kernel.Choose("")
	if err != nil {
		t.Fatal(err)
	}
	return NewSolver(n, kern, by(threads))
}

// extremes leaves a as it is.
func extremes(t testing.TB, a []float64, n, threads int) (least, greatest float64) {
	t.Helper()
	return solver(t, n, threads).Extremes(slices.Clone(a))
}

// wanted is the least and the greatest eigenvalue by gonum, of a matrix of moderate size.
func wanted(t *testing.T, a []float64, n int) (least, greatest float64) {
	t.Helper()
	var e mat.EigenSym
	if !e.Factorize(mat.NewSymDense(n, slices.Clone(a)), false) {
		t.Fatal("gonum finds no eigenvalues")
	}
	v := e.Values(nil)
	return v[0], v[n-1]
}

// gram is x x' of an n x rank matrix of normals.
func gram(r *rand.Rand, n, rank int) []float64 {
	x := make([]float64, n*rank)
	for i := range x {
		x[i] = r.NormFloat64() / math.Sqrt(float64(rank))
	}
	a := make([]float64, n*n)
	for i := range n {
		for j := range i + 1 {
			a[i*n+j] = dot(x[i*rank:][:rank], x[j*rank:][:rank])
			a[j*n+i] = a[i*n+j]
		}
	}
	return a
}

// matrices are the kinds that go wrong in different ways. All are symmetric.
var matrices = map[string]func(r *rand.Rand, n int) []float64{
	"random": func(r *rand.Rand, n int) []float64 {
		a := make([]float64, n*n)
		for i := range n {
			for j := range i + 1 {
				a[i*n+j] = r.NormFloat64()
				a[j*n+i] = a[i*n+j]
			}
		}
		return a
	},
	"gram":           func(r *rand.Rand, n int) []float64 { return gram(r, n, 2*n) },
	"rank deficient": func(r *rand.Rand, n int) []float64 { return gram(r, n, (n+1)/2) },
	"rank one":       func(r *rand.Rand, n int) []float64 { return gram(r, n, 1) },
	"zero":           func(_ *rand.Rand, n int) []float64 { return make([]float64, n*n) },
	"identity":       func(_ *rand.Rand, n int) []float64 { return diagonal(n, func(int) float64 { return 1 }) },
	"minus identity": func(_ *rand.Rand, n int) []float64 { return diagonal(n, func(int) float64 { return -1 }) },
	"diagonal":       func(r *rand.Rand, n int) []float64 { return diagonal(n, func(int) float64 { return r.NormFloat64() }) },
	"graded": func(_ *rand.Rand, n int) []float64 {
		return diagonal(n, func(i int) float64 { return math.Pow(10, float64(-i%150)) })
	},
	"clustered": func(r *rand.Rand, n int) []float64 {
		a := gram(r, n, n)
		for i := range a {
			a[i] *= 1e-13
		}
		for i := range n {
			a[i*n+i] += float64(1 + i%2)
		}
		return a
	},
	"equal rows": func(r *rand.Rand, n int) []float64 {
		a := gram(r, n, n)
		for j := range n {
			a[j*n+n-1] = a[j*n]
		}
		copy(a[(n-1)*n:], a[:n])
		a[n*n-1] = a[0]
		return a
	},
	"Wilkinson": func(_ *rand.Rand, n int) []float64 {
		a := diagonal(n, func(i int) float64 { return math.Abs(float64(i) - float64(n-1)/2) })
		for i := range n - 1 {
			a[i*n+i+1], a[(i+1)*n+i] = 1, 1
		}
		return a
	},
	"Hilbert": func(_ *rand.Rand, n int) []float64 {
		a := make([]float64, n*n)
		for i := range a {
			a[i] = 1 / float64(i/n+i%n+1)
		}
		return a
	},
	"tiny columns": func(r *rand.Rand, n int) []float64 { // squares that vanish
		a := gram(r, n, n)
		for i := range a {
			if i/n != i%n {
				a[i] *= 1e-160
			}
		}
		return a
	},
}

func diagonal(n int, value func(i int) float64) []float64 {
	a := make([]float64, n*n)
	for i := range n {
		a[i*n+i] = value(i)
	}
	return a
}

func TestAgainstGonum(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for name, make := range matrices {
		worst := 0.0
		for _, n := range []int{1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 18, 31, 32, 33, 49, 100, 130} {
			a := make(r, n)
			least, greatest := wanted(t, a, n)
			size := max(math.Abs(least), math.Abs(greatest))
			for _, scale := range []float64{1, 1e150, 1e-150, 1e-300} {
				b := slices.Clone(a)
				for i := range b {
					b[i] *= scale
				}
				l, g := extremes(t, b, n, 1)
				off := max(math.Abs(l/scale-least), math.Abs(g/scale-greatest)) // in units of n 2^-53 |a|
				if size > 0 {
					off /= float64(n) * 0x1p-53 * size
				}
				worst = max(worst, off)
				if !(off <= 5) {
					t.Errorf("%s, n = %d, times %g: %v, %v, gonum says %v, %v: %.1f n 2^-53 |a| off", name, n, scale, l/scale, g/scale, least, greatest, off)
				}
			}
		}
		t.Logf("%s: worst difference %.2f n 2^-53 |a|", name, worst)
	}
}

// TestKnown has eigenvalues that come out exact.
func TestKnown(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, n := range []int{1, 2, 5, 17, 40} {
		for _, scale := range []float64{1, 3e150, 7e-150, math.MaxFloat64, 0x1p-1074, 0.1} {
			values := make([]float64, n)
			for i := range values {
				values[i] = math.Trunc(4*r.Float64()) / 4 * scale
			}
			l, g := extremes(t, diagonal(n, func(i int) float64 { return values[i] }), n, 1)
			if l != slices.Min(values) || g != slices.Max(values) {
				t.Errorf("diagonal of n = %d, scale %g: %v, %v, want %v, %v", n, scale, l, g, slices.Min(values), slices.Max(values))
			}
		}
	}
	if l, g := extremes(t, []float64{2, 1, 1, 2}, 2, 1); l != 1 || g != 3 {
		t.Errorf("[2 1; 1 2]: %v, %v, want 1, 3", l, g)
	}
	// The second difference: 2 - 2 cos(k pi/(n+1)).
	n := 300
	a := diagonal(n, func(int) float64 { return 2 })
	for i := range n - 1 {
		a[(i+1)*n+i] = -1
	}
	l, g := extremes(t, a, n, 1)
	c := 2 * math.Cos(math.Pi/float64(n+1))
	if math.Abs(l-(2-c)) > 1e-14 || math.Abs(g-(2+c)) > 1e-14 {
		t.Errorf("second difference: %v, %v, want %v, %v", l, g, 2-c, 2+c)
	}
}

func TestNotFinite(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		for _, at := range []int{0, 1 * 3, 2*3 + 2} {
			a := make([]float64, 9)
			a[at] = v
			if l, g := extremes(t, a, 3, 2); l == l || g == g {
				t.Errorf("%v at %d: %v, %v, want NaN, NaN", v, at, l, g)
			}
		}
	}
}

// TestLargeValues: matrices whose entries are near the largest and the least float64.
func TestLargeValues(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	a := gram(r, 40, 80)
	least, greatest := wanted(t, a, 40)
	for _, e := range []int{1020, -1022, -1060} {
		b := slices.Clone(a)
		for i := range b {
			b[i] = math.Ldexp(b[i], e)
		}
		l, g := extremes(t, b, 40, 1)
		eps := max(1e-14, math.Ldexp(40, -1074-e))
		if l, g := math.Ldexp(l, -e), math.Ldexp(g, -e); math.Abs(l-least) > eps || math.Abs(g-greatest) > eps {
			t.Errorf("times 2^%d: %v, %v, want %v, %v", e, l, g, least, greatest)
		}
	}
}

// TestBits pins the results: another compiler, processor or platform must agree.
func TestBits(t *testing.T) {
	h := sha256.New()
	for n := 1; n <= 70; n++ {
		a := make([]float64, n*n)
		for i := range a {
			a[i] = float64(uint64(i+n)*0x9e3779b97f4a7c15>>12)*0x1p-52 - 0.25
		}
		l, g := extremes(t, a, n, 2)
		h.Write(binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, math.Float64bits(l)), math.Float64bits(g)))
	}
	const want = "800b15e8bd4de64673ff277227d2d97c76390bde690c9ce6482c2693a6e478b9"
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("the bits have changed: %s, want %s", got, want)
	}
}

func TestSignificant(t *testing.T) {
	for _, c := range []struct{ least, greatest, want float64 }{
		{0.1, 1, 0.1}, {-1e-17, 1, 0}, {9.9 * 0x1p-52, 1, 0}, {10 * 0x1p-52, 1, 10 * 0x1p-52}, {0, 0, 0}, {1e-20, 1e-20, 1e-20},
	} {
		if got := Significant(c.least, c.greatest, 10); got != c.want {
			t.Errorf("Significant(%v, %v, 10) = %v, want %v", c.least, c.greatest, got, c.want)
		}
	}
}
