package sweep

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestLogSpacedIsCorrectlyRounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := math.Exp(rapid.Float64Range(-300, 300).Draw(t, "log a"))
		b := a * math.Exp(rapid.Float64Range(0.001, 300).Draw(t, "log b/a"))
		points := rapid.IntRange(2, 40).Draw(t, "points")
		for j, x := range LogSpaced(a, b, points) {
			// x^(k) lies between the powers of its neighbours' midpoints: |x - exact| <= half an ulp, decided exactly.
			k := int64(points - 1)
			want := new(big.Rat).Mul(ratPower(a, k-int64(j)), ratPower(b, int64(j)))
			low, high := midpoint(math.Nextafter(x, 0), x), midpoint(x, math.Inf(1))
			if exactPower(low, k).Cmp(want) > 0 || exactPower(high, k).Cmp(want) < 0 {
				t.Fatalf("LogSpaced(%v, %v, %d)[%d] = %v is not the nearest", a, b, points, j, x)
			}
		}
	})
}

func ratPower(x float64, k int64) *big.Rat { return exactPower(new(big.Rat).SetFloat64(x), k) }

func exactPower(r *big.Rat, k int64) *big.Rat {
	e := big.NewInt(k)
	return new(big.Rat).SetFrac(new(big.Int).Exp(r.Num(), e, nil), new(big.Int).Exp(r.Denom(), e, nil))
}

// midpoint of two neighbours; b = +Inf stands for a's upper neighbour.
func midpoint(a, b float64) *big.Rat {
	if math.IsInf(b, 1) {
		b = math.Nextafter(a, b)
	}
	sum := new(big.Rat).Add(new(big.Rat).SetFloat64(a), new(big.Rat).SetFloat64(b))
	return sum.Quo(sum, big.NewRat(2, 1))
}

func TestLogSpacedExactPowers(t *testing.T) {
	got := LogSpaced(16, 65536, 13)
	for j, x := range got {
		if x != math.Ldexp(16, j) {
			t.Errorf("[%d] = %v, want %v", j, x, math.Ldexp(16, j))
		}
	}
	if got := LogSpaced(3, 7, 1); len(got) != 1 || got[0] != 3 {
		t.Errorf("one point is %v, want [3]", got)
	}
	if got := LogSpaced(1e-300, 1e300, 10001); got[5000] != 1 {
		t.Errorf("the middle of 1e-300..1e300 is %v, want 1", got[5000])
	}
}

// The fast way of roundedPower and the exact one agree, and the exact one is the nearest integer.
func TestRoundedPower(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.Int64Range(2, 1<<rapid.IntRange(2, 62).Draw(t, "bits")).Draw(t, "s")
		c := rapid.Int64Range(2, 50).Draw(t, "c")
		j := rapid.Int64Range(1, c-1).Draw(t, "j")
		got := roundedPower(s, math.Log(float64(s)), j, c)
		if exact := roundedPowerExactly(s, j, c); got != exact {
			t.Fatalf("%d^(%d/%d): fast %d, exact %d", s, j, c, got, exact)
		}
		want := exactPower(big.NewRat(s, 1), j)
		low, high := big.NewRat(2*got-1, 2), big.NewRat(2*got+1, 2)
		if exactPower(low, c).Cmp(want) > 0 || exactPower(high, c).Cmp(want) < 0 {
			t.Fatalf("%d^(%d/%d) is not %d", s, j, c, got)
		}
	})
}

func TestSteps(t *testing.T) {
	cases := []struct {
		at     string
		budget int64
		want   []int64
	}{
		{"all", 3, []int64{0, 1, 2, 3}},
		{"every:4", 10, []int64{0, 4, 8, 10}},
		{"every:5", 10, []int64{0, 5, 10}},
		{"log:5", 16, []int64{0, 1, 2, 4, 8, 16}},
		{"log:60", 3, []int64{0, 1, 2, 3}},
		{"log:2", 1000, []int64{0, 1, 1000}},
		{"log:7", 0, []int64{0}},
		{"all", 0, []int64{0}},
		{"every:3", 1, []int64{0, 1}},
	}
	for _, c := range cases {
		s, err := ParseSchedule(c.at)
		if err != nil {
			t.Fatal(err)
		}
		if s.String() != c.at {
			t.Errorf("%s prints as %s", c.at, s)
		}
		steps, i := s.Steps(c.budget), 0
		for k := int64(0); k <= c.budget+3; k++ {
			want := i < len(c.want) && c.want[i] == k
			if want {
				i++
			}
			if steps.Has(k) != want {
				t.Errorf("%s of %d: Has(%d) is %v", c.at, c.budget, k, !want)
			}
		}
		if steps.Len() != int64(len(c.want)) {
			t.Errorf("%s of %d: Len is %d, want %d", c.at, c.budget, steps.Len(), len(c.want))
		}
	}
	for _, bad := range []string{"", "al", "all:", "every", "every:0", "every:x", "log:1", "log:-3", "log:99999999", "every:10 "} {
		if _, err := ParseSchedule(bad); err == nil {
			t.Errorf("ParseSchedule(%q) succeeds", bad)
		}
	}
}

func BenchmarkSteps(b *testing.B) {
	for i := range b.N {
		Schedule{Kind: Log, Count: 60}.Steps(20_000 + int64(i%1000))
	}
}
