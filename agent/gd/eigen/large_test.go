package eigen

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/widthlaw/widthlaw/agent/gd/kernel"
)

// rotated is a matrix with these eigenvalues: the diagonal one, reflected a few times.
func rotated(r *rand.Rand, values []float64) []float64 {
	n := len(values)
	a := diagonal(n, func(i int) float64 { return values[i] })
	v, w := make([]float64, n), make([]float64, n)
	for range 4 {
		sum := 0.0
		for i := range v {
			v[i] = r.NormFloat64()
			sum += v[i] * v[i]
		}
		for i := range v {
			v[i] /= math.Sqrt(sum)
		}
		product := 0.0
		for i := range w {
			w[i] = dot(a[i*n:][:n], v)
			product += w[i] * v[i]
		}
		for i := range n {
			for j := range n {
				a[i*n+j] += 4*product*v[i]*v[j] - 2*w[i]*v[j] - 2*v[i]*w[j]
			}
		}
	}
	for i := range n {
		for j := range i {
			a[j*n+i] = a[i*n+j]
		}
	}
	return a
}

// pairs is the tangent kernel of n directions in d dimensions, half of them at an angle from the other half.
func pairs(r *rand.Rand, n, d int, angle float64) []float64 {
	x := make([]float64, n*d)
	for i := range n {
		row, sum := x[i*d:][:d], 0.0
		for j := range row {
			row[j] = r.NormFloat64() / math.Sqrt(float64(d))
			if i%2 == 1 {
				row[j] = x[(i-1)*d+j] + angle*row[j]
			}
			sum += row[j] * row[j]
		}
		for j := range row {
			row[j] /= math.Sqrt(sum)
		}
	}
	a := make([]float64, n*n)
	for i := range n {
		for j := range n {
			minus, plus := 0.0, 0.0
			for k := range d {
				u, v := x[i*d+k], x[j*d+k]
				minus, plus = minus+(u-v)*(u-v), plus+(u+v)*(u+v)
			}
			t := 2 * math.Atan2(math.Sqrt(minus), math.Sqrt(plus))
			a[i*n+j] = math.Cos(t) * (math.Pi - t) / (2 * math.Pi)
		}
	}
	return a
}

// spectra are the eigenvalues that Lanczos' method and a factor may find hard.
var spectra = map[string]func(r *rand.Rand, i, n int) float64{
	"repeated least":       func(_ *rand.Rand, i, n int) float64 { return 1 + float64(max(i, n/3)) },
	"repeated greatest":    func(_ *rand.Rand, i, n int) float64 { return 1 + float64(min(i, n/2)) },
	"three values":         func(_ *rand.Rand, i, n int) float64 { return float64(i % 3) },
	"two signs":            func(_ *rand.Rand, i, n int) float64 { return float64(i%2*2 - 1) },
	"even":                 func(_ *rand.Rand, i, n int) float64 { return float64(i+1) / float64(n) },
	"as a square":          func(_ *rand.Rand, i, n int) float64 { return float64(i*i) / float64(n*n) },
	"close at both ends":   func(_ *rand.Rand, i, n int) float64 { return math.Cos(math.Pi * float64(i) / float64(n)) },
	"close to 0 and above": func(_ *rand.Rand, i, n int) float64 { return math.Pow(10, -16*float64(i)/float64(n)) },
	"a cluster of 1e-8":    func(r *rand.Rand, i, n int) float64 { return 1 + 1e-8*r.Float64()*float64(i%2) + 3*float64(i%2) },
	"a cluster of 1e-10":   func(r *rand.Rand, i, n int) float64 { return float64(i%2) + 1e-10*r.Float64() },
	"a cluster of 1e-13":   func(r *rand.Rand, i, n int) float64 { return float64(i%2) + 1e-13*r.Float64() },
	"one outlier":          func(r *rand.Rand, i, n int) float64 { return r.Float64() + 1e6*float64(i/(n-1)) },
	"one below":            func(r *rand.Rand, i, n int) float64 { return r.Float64() - 1e-6*float64(i/(n-1)) },
}

// structured are matrices whose eigenvectors a start vector could miss.
var structured = map[string]func(r *rand.Rand, n int) []float64{
	"pairs":            func(r *rand.Rand, n int) []float64 { return pairs(r, n, 20, 1e-3) },
	"close pairs":      func(r *rand.Rand, n int) []float64 { return pairs(r, n, 300, 1e-7) },
	"closest pairs":    func(r *rand.Rand, n int) []float64 { return pairs(r, n, 50, 1e-12) },
	"opposite signs":   func(_ *rand.Rand, n int) []float64 { return blocks(n, 1, -1) },
	"blocks of two":    func(_ *rand.Rand, n int) []float64 { return blocks(n, 1, 0.5) },
	"gram, low rank":   func(r *rand.Rand, n int) []float64 { return gram(r, n, 7) },
	"gram, half rank":  func(r *rand.Rand, n int) []float64 { return gram(r, n, n/2) },
	"gram, just full":  func(r *rand.Rand, n int) []float64 { return gram(r, n, n) },
	"gram, well above": func(r *rand.Rand, n int) []float64 { return gram(r, n, 3*n) },
}

// blocks has 2 x 2 blocks on the diagonal.
func blocks(n int, on, beside float64) []float64 {
	a := diagonal(n, func(int) float64 { return on })
	for i := 0; i+1 < n; i += 2 {
		a[i*n+i+1], a[(i+1)*n+i] = beside, beside
	}
	return a
}

// TestLargeAgainstGonum: every kind of matrix from the size on where the method changes.
func TestLargeAgainstGonum(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	kinds := map[string]func(r *rand.Rand, n int) []float64{}
	maps.Copy(kinds, matrices)
	maps.Copy(kinds, structured)
	for name, value := range spectra {
		kinds[name] = func(r *rand.Rand, n int) []float64 {
			values := make([]float64, n)
			for i := range values {
				values[i] = value(r, i, n)
			}
			return rotated(r, values)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		for _, n := range []int{Large, 319} {
			checkLarge(t, fmt.Sprintf("%s, n = %d", name, n), kinds[name](r, n), n)
		}
	}
	for _, n := range []int{501, 700} {
		checkLarge(t, fmt.Sprintf("gram, n = %d", n), gram(r, n, n), n)
		checkLarge(t, fmt.Sprintf("pairs, n = %d", n), pairs(r, n, 100, 1e-3), n)
		checkLarge(t, fmt.Sprintf("random, n = %d", n), matrices["random"](r, n), n)
	}
}

func checkLarge(t *testing.T, name string, a []float64, n int) {
	t.Helper()
	least, greatest := wanted(t, a, n)
	size := max(math.Abs(least), math.Abs(greatest))
	l, g := extremes(t, a, n, 2)
	norm := solver(t, n, 1).Norm(slices.Clone(a))
	for _, c := range []struct {
		what      string
		got, want float64
	}{{"least", l, least}, {"greatest", g, greatest}, {"norm", norm, size}} {
		if !(math.Abs(c.got-c.want) <= 2e-13*size) {
			t.Errorf("%s: %s is %v, gonum says %v: %.1e of the size off", name, c.what, c.got, c.want, (c.got-c.want)/size)
		}
	}
}

// TestSettles: both ends are found without a full decomposition, which would hide that they are not.
func TestSettles(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	const n = 300
	for _, name := range slices.Sorted(maps.Keys(spectra)) {
		values := make([]float64, n)
		for i := range values {
			values[i] = spectra[name](r, i, n)
		}
		s := solver(t, n, 1)
		s.take(rotated(r, values))
		low, high := s.direct(func(low, high *end) bool { return false })
		if !s.settle(high) || !s.settle(low) {
			t.Errorf("%s: not settled: %+v, %+v", name, low, high)
		}
	}
}

// TestFullDecomposition: what Lanczos' method and factors leave of a matrix is the whole matrix.
func TestFullDecomposition(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	const n = 300
	a := pairs(r, n, 20, 1e-3)
	s := solver(t, n, 1)
	s.take(slices.Clone(a))
	want := slices.Clone(s.a)
	low := &end{sign: -1, value: -0.1, residual: 1, error: 1}
	s.norm = 1
	s.settle(low)
	s.restore()
	if !slices.Equal(s.a, want) {
		t.Error("the matrix is not what it was")
	}
}

// TestLargeExact: scaling by powers of two changes nothing, not even where squares would overflow, and multiples of the identity are exact.
func TestLargeExact(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	const n = 270
	a := gram(r, n, 2*n)
	least, greatest := extremes(t, a, n, 1)
	for _, e := range []int{1000, 500, -500, -900} {
		b := slices.Clone(a)
		for i := range b {
			b[i] = math.Ldexp(b[i], e)
		}
		if l, g := extremes(t, b, n, 1); math.Ldexp(l, -e) != least || math.Ldexp(g, -e) != greatest {
			t.Errorf("times 2^%d: %v, %v, want %v, %v", e, l, g, least, greatest)
		}
	}
	for _, v := range []float64{1, -3, 0, 1e-300} {
		if l, g := extremes(t, diagonal(n, func(int) float64 { return v }), n, 1); math.Abs(l-v) > 1e-15*math.Abs(v) || math.Abs(g-v) > 1e-15*math.Abs(v) {
			t.Errorf("%v times the identity: %v, %v", v, l, g)
		}
	}
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		b := slices.Clone(a)
		b[200*n+100] = v
		if l, g := extremes(t, b, n, 1); l == l || g == g {
			t.Errorf("%v among the elements: %v, %v, want NaN, NaN", v, l, g)
		}
		if norm := solver(t, n, 1).Norm(b); norm == norm {
			t.Errorf("%v among the elements: the norm is %v, want NaN", v, norm)
		}
	}
}

// TestThreads: the same bits with every kernel and number of threads, whatever stands above the diagonal, and from a used solver.
func TestThreads(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for _, n := range []int{200, 530, 709} {
		all := [][]float64{matrices["random"](r, n), rotated(r, lines(n))}
		for _, a := range all {
			s := solver(t, n, 1)
			l, g := s.Extremes(slices.Clone(a))
			norm := s.Norm(slices.Clone(a))
			for i := range n {
				for j := i + 1; j < n; j++ {
					a[i*n+j] = math.NaN()
				}
			}
			for i, threads := range []int{1, 2, 3, 5} {
				names := kernel.Names()
				kern, err := kernel.Choose(names[i%len(names)])
				if err != nil {
					t.Fatal(err)
				}
				s := NewSolver(n, kern, by(threads))
				norm2 := s.Norm(slices.Clone(a))
				if l2, g2 := s.Extremes(slices.Clone(a)); l2 != l || g2 != g || norm2 != norm {
					t.Errorf("n = %d, %s, %d threads: %v, %v, %v, one thread %v, %v, %v", n, kern.Name, threads, l2, g2, norm2, l, g, norm)
				}
			}
		}
	}
}

func lines(n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = 1e-5 + float64(i*i)
	}
	return values
}

// TestLargeBits pins the results: another compiler, processor or platform must agree.
func TestLargeBits(t *testing.T) {
	h := sha256.New()
	for _, n := range []int{Large, 320, 397} {
		a := make([]float64, n*n)
		for i := range a {
			a[i] = float64(uint64(i+n)*0x9e3779b97f4a7c15>>12)*0x1p-52 - 0.25
		}
		s := solver(t, n, 2)
		norm := s.Norm(slices.Clone(a))
		l, g := s.Extremes(a)
		for _, v := range []float64{l, g, norm} {
			h.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)))
		}
	}
	const want = "a1f2ddedbf7b94344343e6a6996272993fa99cac536e820d70118aafd9b7de5c"
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("the bits have changed: %s, want %s", got, want)
	}
}
