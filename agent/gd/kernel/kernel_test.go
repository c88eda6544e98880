package kernel

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// The tests run over every kernel that the processor has and compare with loops that are as plain as the documentation.

func each(t *testing.T, test func(t *testing.T, k *Set)) {
	for _, name := range Names() {
		k, err := Choose(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { test(t, k) })
	}
}

func random(seed uint64, n int) []float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	x := make([]float64, n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	return x
}

func sameBits(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range want {
		if math.Float64bits(got[i]) != math.Float64bits(want[i]) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

// guarded is a copy of x with a band of NaNs on either side that must stay as they are.
func guarded(x []float64) (inside []float64, intact func() bool) {
	const band = 9
	all := slices.Repeat([]float64{math.NaN()}, len(x)+2*band)
	copy(all[band:], x)
	return all[band : band+len(x) : band+len(x)], func() bool {
		return !slices.ContainsFunc(all[:band], func(v float64) bool { return v == v }) &&
			!slices.ContainsFunc(all[band+len(x):], func(v float64) bool { return v == v })
	}
}

var edges = []int{1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 23, 24, 25, 63, 64, 65, 130}

func TestProduct(t *testing.T) {
	each(t, func(t *testing.T, k *Set) {
		for _, inner := range edges {
			for _, outer := range edges {
				for _, rows := range []int{1, 2, 3, 5, 8, 64} {
					checkProduct(t, k, rows, inner, outer)
				}
			}
		}
	})
}

func checkProduct(t *testing.T, k *Set, rows, inner, outer int) {
	stride := inner + 3
	a := random(1, rows*stride)
	lies := random(2, inner*outer)
	b := Pack[float64](lies, inner, outer, outer, 1)
	c, intact := guarded(make([]float64, rows*b.Stride()))
	k.Product(c, a, stride, rows, b)
	if !intact() {
		t.Fatalf("%d x %d x %d: wrote outside", rows, inner, outer)
	}
	for r := range rows {
		want := make([]float64, outer)
		for j := range want {
			for p := range inner {
				want[j] = math.FMA(a[r*stride+p], lies[p*outer+j], want[j])
			}
		}
		sameBits(t, "product", c[r*b.Stride():][:outer], want)
	}
}

func TestPack(t *testing.T) {
	x := random(3, 6*11)
	across, down := Pack[float64](x, 6, 11, 11, 1), Pack[float64](x, 11, 6, 1, 11)
	for p := range 6 {
		for j := range 11 {
			if across.At(p, j) != x[p*11+j] || down.At(j, p) != x[p*11+j] {
				t.Fatalf("element %d, %d is misplaced", p, j)
			}
		}
	}
	if len(across.Data) != 6*16 || across.Data[6*8+4] != 0 {
		t.Error("outputs beyond the last are not zero")
	}
}

func TestDescend(t *testing.T) {
	each(t, func(t *testing.T, k *Set) {
		for _, n := range edges {
			const rows = 3
			stride := n + 2
			start, coef, step := random(1, rows*n), random(2, rows), random(3, rows*stride)
			x, intact := guarded(start)
			k.Descend(x, coef, step, stride, n)
			want := slices.Clone(start)
			for r := range rows {
				for j := range n {
					want[r*n+j] = math.FMA(coef[r], step[r*stride+j], want[r*n+j])
				}
			}
			sameBits(t, "descend", x, want)
			if !intact() {
				t.Fatal("descend wrote outside")
			}
		}
	})
}

func TestCombine(t *testing.T) {
	each(t, func(t *testing.T, k *Set) {
		for _, n := range edges {
			for _, rows := range []int{0, 1, 2, 5, 32} {
				const apart = 3
				stride := n + 2
				start, coef, step := random(1, n), random(2, rows*apart), random(3, rows*stride)
				x, intact := guarded(start)
				k.Combine(x, coef, apart, step, stride, rows)
				want := slices.Clone(start)
				for j := range n {
					for r := range rows {
						want[j] = math.FMA(coef[r*apart], step[r*stride+j], want[j])
					}
				}
				sameBits(t, "combine", x, want)
				if !intact() {
					t.Fatal("combine wrote outside")
				}
			}
		}
	})
}

// TestActivateAndPush goes through every length, with zeros of both signs, subnormals, infinities and a NaN among the numbers.
func TestActivateAndPush(t *testing.T) {
	special := []float64{0, math.Copysign(0, -1), 5e-324, -5e-324, math.Inf(-1), -1e308}
	each(t, func(t *testing.T, k *Set) {
		for _, n := range edges {
			for _, rows := range []int{1, 2, 9, 64} {
				checkActivate(t, k, n, rows, special)
			}
		}
	})
}

func checkActivate(t *testing.T, k *Set, n, rows int, special []float64) {
	stride, words := Padded[float64](n)+1, Words(n)
	z, a := random(uint64(n), rows*stride), random(7, rows)
	for i := range special {
		z[i*7%len(z)] = special[i]
	}
	old := make([]uint64, rows*words)
	for r := range rows {
		for i := range n {
			old[r*words+i/64] |= uint64(i*r/3&1) << (i % 64)
		}
	}
	bits, sum, flips := slices.Clone(old), make([]float64, n), 0
	want, wantSum := make([]uint64, rows*words), make([]float64, n)
	for r := range rows {
		for i := range n {
			v := z[r*stride+i]
			if v >= 0 {
				want[r*words+i/64] |= 1 << (i % 64)
			} else {
				v = 0
			}
			if want[r*words+i/64]>>(i%64)&1 != old[r*words+i/64]>>(i%64)&1 {
				flips++
			}
			wantSum[i] = math.FMA(a[r], v, wantSum[i])
		}
	}
	if got := k.Activate(z, stride, a, bits, sum); got != flips {
		t.Fatalf("%d x %d: %d flips, want %d", rows, n, got, flips)
	}
	if !slices.Equal(bits, want) {
		t.Fatalf("%d x %d: wrong patterns", rows, n)
	}
	sameBits(t, "sum", sum, wantSum)
	if got := Differences(bits, old); got != flips {
		t.Fatalf("Differences is %d, want %d", got, flips)
	}
	checkPush(t, k, bits, random(5, n), rows)
}

func checkPush(t *testing.T, k *Set, bits []uint64, g []float64, rows int) {
	n, words := len(g), Words(len(g))
	want, coef := random(8, rows*n), random(9, rows)
	x, intact := guarded(want)
	k.Push(x, coef, bits, g)
	for r := range rows {
		for i := range n {
			if bits[r*words+i/64]>>(i%64)&1 == 1 {
				want[r*n+i] = math.FMA(coef[r], g[i], want[r*n+i])
			}
		}
	}
	sameBits(t, "push", x, want)
	if !intact() {
		t.Fatal("push wrote outside")
	}
}

func TestGather(t *testing.T) {
	each(t, func(t *testing.T, k *Set) {
		for _, inner := range edges {
			for _, outer := range edges {
				for _, rows := range []int{1, 2, 64} {
					checkGather(t, k, rows, inner, outer)
				}
			}
		}
	})
}

func checkGather(t *testing.T, k *Set, rows, inner, outer int) {
	lies, g, bits := random(2, inner*outer), random(3, inner), patterns(uint64(rows), rows, inner)
	b := NewRows[float64](inner, outer)
	for i := range inner {
		b.Set(i, 0, lies[i*outer:][:outer])
	}
	c, intact := guarded(make([]float64, rows*b.Width()))
	k.Gather(c, bits, g, rows, b)
	if !intact() {
		t.Fatalf("%d x %d x %d: wrote outside", rows, inner, outer)
	}
	for r := range rows {
		want := make([]float64, outer)
		for i := range inner {
			for j := range want {
				if bits[r*Words(inner)+i/64]>>(i%64)&1 == 1 {
					want[j] = math.FMA(g[i], lies[i*outer+j], want[j])
				}
			}
		}
		sameBits(t, "gather", c[r*b.Width():][:outer], want)
	}
}

func TestRows(t *testing.T) {
	for _, outer := range []int{1, 8, 41, 48, 49, 56, 97, 200} {
		x, b := random(3, 5*outer), NewRows[float64](5, outer)
		for i := range 5 { // in two parts
			half := outer / Panel / 2 * Panel
			b.Set(i, half, x[i*outer+half:][:outer-half])
			b.Set(i, 0, x[i*outer:][:half])
		}
		for i, v := range x {
			if b.From(i/outer, i%outer)[0] != v {
				t.Fatalf("of %d columns: element %d, %d is misplaced", outer, i/outer, i%outer)
			}
		}
	}
}

func TestActivateLetsNaNPass(t *testing.T) {
	each(t, func(t *testing.T, k *Set) {
		bits, sum := make([]uint64, 1), make([]float64, 3)
		k.Activate([]float64{1, math.NaN(), -1}, 3, []float64{-1}, bits, sum)
		if bits[0] != 3 || sum[0] != -1 || !math.IsNaN(sum[1]) || sum[2] != 0 {
			t.Errorf("patterns %b, sums %v", bits[0], sum)
		}
	})
}

func TestRowSums(t *testing.T) {
	each(t, func(t *testing.T, k *Set) {
		for _, n := range edges {
			const rows = 5
			x, y, z := random(1, rows*n), random(2, rows*n), random(3, rows*n)
			dot, distance, work := make([]float64, rows), make([]float64, rows), make([]float64, rows)
			k.Dots(dot, x, n, y, n, n)
			k.Distances(distance, x, y, n)
			k.Works(work, x, y, z, n)
			var wantDot, wantDistance, wantWork [rows]float64
			for r := range rows {
				for j := r * n; j < (r+1)*n; j++ {
					wantDot[r] = math.FMA(x[j], y[j], wantDot[r])
					wantDistance[r] = math.FMA(x[j]-y[j], x[j]-y[j], wantDistance[r])
					wantWork[r] = math.FMA(x[j], y[j]-z[j], wantWork[r])
				}
			}
			sameBits(t, "dots", dot, wantDot[:])
			sameBits(t, "distances", distance, wantDistance[:])
			sameBits(t, "works", work, wantWork[:])
		}
	})
}

func TestSumSquaresIsMadeOfBlocks(t *testing.T) {
	x := random(1, 2*SampleBlock+5)
	want := 0.0
	for _, part := range [][]float64{x[:SampleBlock], x[SampleBlock : 2*SampleBlock], x[2*SampleBlock:]} {
		sum := 0.0
		for _, v := range part {
			sum = math.FMA(v, v, sum)
		}
		want += sum
	}
	if got := SumSquares(x); got != want {
		t.Errorf("%v, want %v", got, want)
	}
	exact := new(big.Float).SetPrec(200)
	for _, v := range x {
		f := new(big.Float).SetPrec(200).SetFloat64(v)
		exact.Add(exact, f.Mul(f, f))
	}
	if f, _ := exact.Float64(); math.Abs(f-want) > 1e-13*f {
		t.Errorf("%v, but the sum is %v", want, f)
	}
}

func TestTransposeAndBoth(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range edges {
		for _, rows := range []int{1, 2, 33, 64} {
			words := Words(n)
			patterns := make([]uint64, rows*words)
			for i := range rows * n {
				patterns[i/n*words+i%n/64] |= r.Uint64() & 1 << (i % n % 64)
			}
			out := make([]uint64, n)
			Transpose(out, 1, patterns, rows, n)
			for i := range n {
				both := 0
				for q := range rows {
					bit := patterns[q*words+i/64] >> (i % 64) & 1
					if out[i]>>q&1 != bit {
						t.Fatalf("%d x %d: bit %d of sample %d", rows, n, q, i)
					}
					both += int(bit & (patterns[q*words] & 1))
				}
				if got := Both(out[:1], out[i:i+1]); got != both {
					t.Fatalf("%d x %d: samples 0 and %d share %d, want %d", rows, n, i, got, both)
				}
			}
		}
	}
}

func TestChoose(t *testing.T) {
	k, err := Choose("generic")
	if err != nil || k.Name != "generic" {
		t.Fatalf("%v, %v", k, err)
	}
	if k, err = Choose(""); err != nil || k.Name != Names()[0] {
		t.Errorf("the best kernel is %q, but %v, %v was chosen", Names()[0], k, err)
	}
	if _, err = Choose("abacus"); err == nil || !strings.Contains(err.Error(), "generic") {
		t.Errorf("an unknown kernel: %v", err)
	}
}

func TestPeak(t *testing.T) {
	one, single := Peak[float64](1), Peak[float32](1)
	if one < 1e-3 || one > 1000 || single < 1e-3 || single > 2000 {
		t.Errorf("one thread's peak is %v GF/s, in float32 %v GF/s", one, single)
	}
}
