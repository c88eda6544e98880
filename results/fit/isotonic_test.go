package fit

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestIsotonic compares with the min-max formula, which is the regression's closed form (Robertson, Wright & Dykstra 1988).
func TestIsotonic(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		k := 1 + random.IntN(9)
		success, runs, got := make([]float64, k), make([]float64, k), make([]float64, k)
		for i := range runs {
			runs[i] = float64(1 + random.IntN(5))
			success[i] = float64(random.IntN(int(runs[i]) + 1))
		}
		isotonic(success, runs, got)
		for i := range got {
			if want := minMax(success, runs, i); math.Abs(got[i]-want) > 1e-12 {
				t.Fatalf("success %v of %v: fitted[%d] = %v, want %v", success, runs, i, got[i], want)
			}
		}
	}
}

func minMax(success, runs []float64, i int) float64 {
	largest := 0.0
	for from := 0; from <= i; from++ {
		smallest := 1.0
		for to := i; to < len(runs); to++ {
			s, n := 0.0, 0.0
			for j := from; j <= to; j++ {
				s, n = s+success[j], n+runs[j]
			}
			smallest = min(smallest, s/n)
		}
		largest = max(largest, smallest)
	}
	return largest
}

func TestCrossing(t *testing.T) {
	logM := []float64{1, 2, 4}
	for _, c := range []struct {
		fitted []float64
		want   float64
	}{
		{[]float64{0, 0.75, 0.9642857142857143}, 3}, // odds 3, 9, 27
		{[]float64{0, 0.9, 0.9}, 2},
		{[]float64{0, 0.5, 0.8}, math.Inf(1)},
		{[]float64{0.9, 1, 1}, math.Inf(-1)},
	} {
		if got := crossing(logM, c.fitted, []float64{1e9, 1e9, 1e9}, 0.9); math.Abs(got-c.want) > 1e-8 && got != c.want {
			t.Errorf("%v reaches .9 at %v, want %v", c.fitted, got, c.want)
		}
	}
}

// TestWilson compares with Newcombe 1998 (Statistics in Medicine 17, 857-872, table I, method 3).
func TestWilson(t *testing.T) {
	for _, c := range []struct {
		successes, runs uint64
		low, high       float64
	}{
		{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}, {29, 29, 0.8830, 1}, {0, 0, 0, 1},
	} {
		low, high := Wilson(c.successes, c.runs)
		if math.Abs(low-c.low) > 5e-5 || math.Abs(high-c.high) > 5e-5 {
			t.Errorf("%d of %d: [%.4f, %.4f], want [%.4f, %.4f]", c.successes, c.runs, low, high, c.low, c.high)
		}
	}
}
