package elementary

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// quantileUlps is the error of x as the p-quantile: (Phi(x) - p) / density, in ulp of x. p <= 1/2.
func quantileUlps(x, p float64) float64 {
	phi, density := longNormal(x)
	d := quo(sub(phi, long(p)), density)
	return ulps(x, sub(long(x), d))
}

func TestNormalQuantileError(t *testing.T) {
	r := source()
	worst := map[string]float64{}
	check := func(where string, p float64) {
		worst[where] = max(worst[where], quantileUlps(NormalQuantile(p), p))
	}
	for range 300 {
		check("centre", between(r, 0.075, 0.5))
		check("centre", 0.5-math.Ldexp(r.Float64(), -r.IntN(50)-2))
		check("middle", math.Exp(between(r, -25, math.Log(0.075))))
		check("far", math.Exp(between(r, -700, -25)))
	}
	for where, limit := range map[string]float64{"centre": 1, "middle": 1, "far": 1} {
		t.Logf("%s: worst error %.3f ulp", where, worst[where])
		if !(worst[where] <= limit) {
			t.Errorf("%s: worst error %.3f ulp, want <= %g", where, worst[where], limit)
		}
	}
}

func TestNormalQuantileEdges(t *testing.T) {
	inf := math.Inf(1)
	exact(t, "NormalQuantile", NormalQuantile, [][2]float64{
		{0, -inf},
		{1, inf},
		{0.5, 0},
		{-0.1, math.NaN()},
		{1.1, math.NaN()},
		{inf, math.NaN()},
		{-inf, math.NaN()},
		{math.NaN(), math.NaN()},
	})
	r := source()
	for range samples {
		k := r.Uint64() >> 12
		p := (float64(k) + 0.5) * 0x1p-52
		if a, b := NormalQuantile(p), NormalQuantile(1-p); a != -b {
			t.Fatalf("not symmetric at %v: %v, %v", p, a, b)
		}
	}
	for p := 0x1p-1074; p < 0.5; p *= 1.5 {
		if a, b := NormalQuantile(p), NormalQuantile(math.Nextafter(p, 1)); !(a <= b) || math.IsInf(a, 0) {
			t.Fatalf("not increasing at %v: %v, %v", p, a, b)
		}
	}
}

// TestNormalQuantileScipy compares with scipy.special.ndtri, whose own error is a few ulp. The table was made by
//
//	python3 testdata/ndtri.py > testdata/ndtri.json
func TestNormalQuantileScipy(t *testing.T) {
	text, err := os.ReadFile("testdata/ndtri.json")
	if err != nil {
		t.Fatal(err)
	}
	var table [][2]float64
	if err := json.Unmarshal(text, &table); err != nil {
		t.Fatal(err)
	}
	if len(table) != 500 {
		t.Fatalf("%d rows, want 500", len(table))
	}
	for _, row := range table {
		if got := NormalQuantile(row[0]); math.Abs(got-row[1]) > 4e-15*math.Abs(row[1]) {
			t.Errorf("NormalQuantile(%v) = %v, scipy says %v", row[0], got, row[1])
		}
	}
}
