package search

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/widthlaw/widthlaw/sweep"
)

// TestKnownCurves wants the threshold of known responses in the interval, about as often as it says.
func TestKnownCurves(t *testing.T) {
	r := New(target(1.2))
	const sims = 6
	held, all := 0, 0
	for _, c := range []curve{logistic(3, 300, 0), logistic(5, 40, 0), logistic(6, 1000, 0.05), logistic(12, 5000, 0.02), step(777), bump(logistic(6, 1000, 0), 30, 0.5), bump(logistic(6, 1000, 0.03), 8, 0.5)} {
		for i := range sims {
			h := simulate(r, c, 5000, uint64(i))
			if h.End != Found {
				t.Errorf("%s: the search ended as %v after %d runs: %+v", c.name, h.End, h.runs, h.Finding)
			}
			if h.High/h.Low > 1.2*1.2*1.0001 {
				t.Errorf("%s: the interval from %g to %g is wider than asked for", c.name, h.Low, h.High)
			}
			if math.Abs(math.Log(h.M/c.threshold)) > 0.6 {
				t.Errorf("%s: the median is %g after %d runs", c.name, h.M, h.runs)
			}
			if h.Low <= c.threshold && c.threshold <= h.High {
				held++
			}
			all++
		}
	}
	if held < all-5 {
		t.Errorf("%d of %d intervals hold the truth", held, all)
	}
	t.Logf("%d of %d intervals hold the truth", held, all)
}

// TestBounds wants a bound named where the threshold is beyond it, soon.
func TestBounds(t *testing.T) {
	r := New(target(1.1))
	always := curve{"always", 0, func(float64) float64 { return 1 }}
	never := curve{"never", 0, func(float64) float64 { return 0 }}
	if h := simulate(r, always, 5000, 1); h.End != Below || h.runs > 200 {
		t.Errorf("always a success: %v after %d runs: %+v", h.End, h.runs, h.Finding)
	}
	if h := simulate(r, never, 5000, 1); h.End != Above || h.runs > 200 {
		t.Errorf("never a success: %v after %d runs: %+v", h.End, h.runs, h.Finding)
	}
}

// TestCensored wants a cell given up whose runs say nothing, and one to go on where some do.
func TestCensored(t *testing.T) {
	r := New(target(1.2))
	var tally Tally
	for range 40 {
		tally.AddCensored()
	}
	if f, digits := r.Next(&tally); f.End != Censored || digits != nil {
		t.Errorf("with censored runs alone the search goes on: %+v %v", f, digits)
	}
	for i := range 40 {
		tally.Add(i, false)
	}
	if f, digits := r.Next(&tally); f.End != Open || len(digits) == 0 {
		t.Errorf("with half of the runs censored the search ended: %+v", f)
	}
}

// TestOrder wants the next batch to depend on outcomes alone, not on their order, and not on the resolution.
func TestOrder(t *testing.T) {
	r, finer := New(target(1.2)), New(target(1.05))
	if !slices.Equal(r.values, finer.values) {
		t.Fatal("two resolutions have two grids")
	}
	c := logistic(4, 200, 0.02)
	var tally Tally
	for tally.Runs < 100 {
		f, digits := r.Next(&tally)
		if f.End != Open {
			break
		}
		var other Tally
		for d, c := range tally.counts {
			for range c.failure {
				other.Add(d, false)
			}
		}
		for d, c := range slices.Backward(tally.counts) {
			for range c.success {
				other.Add(d, true)
			}
		}
		if _, again := finer.Next(&other); !slices.Equal(digits, again) {
			t.Fatalf("after %d runs: %v, and in another order %v", tally.Runs, digits, again)
		}
		for _, d := range digits {
			tally.Add(d, outcome(c, float64(r.values[d]), 3, tally.Runs))
		}
	}
}

// TestValues wants every digit to be found from its position, and bounds that are exact.
func TestValues(t *testing.T) {
	for range 8 {
		s := target(1.02 + rand.Float64())
		s.Low = 1 + rand.Int64N(100)
		s.High = s.Low + 1 + rand.Int64N(100000)
		r := New(s)
		if r.values[0] != s.Low || r.values[len(r.values)-1] != s.High || !slices.IsSorted(r.values) || len(slices.Compact(slices.Clone(r.values))) != len(r.values) {
			t.Fatalf("%+v: values %v", s, r.values)
		}
		for d, k := range r.position {
			if got := r.position[r.digitOf(float64(k))]; got != k {
				t.Errorf("%+v: value %d is at position %d, where a value of position %d is found", s, r.values[d], k, got)
			}
		}
		var tally Tally
		if _, digits := r.Next(&tally); len(digits) != least {
			t.Errorf("%+v: the first batch is %v", s, digits)
		}
	}
}

// TestBits pins what is chosen, and every bit of what is found: a search that was begun elsewhere must go on here. A change of them makes
// searches that were begun before choose anew.
func TestBits(t *testing.T) {
	h := sha256.New()
	r := New(target(1.1))
	var tally Tally
	for {
		f, digits := r.Next(&tally)
		fmt.Fprintf(h, "%x %x %x %v %v\n", math.Float64bits(f.M), math.Float64bits(f.Low), math.Float64bits(f.High), f.End, digits)
		if len(digits) == 0 {
			break
		}
		for _, d := range digits {
			tally.Add(d, pinned(200, float64(r.values[d]), tally.Runs))
		}
	}
	if got, want := fmt.Sprintf("%x", h.Sum(nil)), "c3387d9b4a1096bae7fba24a9b3f10ba409e01d4e06c08eaa1cda9e8b97f888a"; got != want {
		t.Errorf("after %d runs the hash of all that was chosen and found is\n%s, and was\n%s", tally.Runs, got, want)
	}
}

// pinned is an outcome without any function of the platform's: more and more seeds succeed as the width grows.
func pinned(threshold, m float64, seed int) bool {
	return float64(uint32(seed*2654435761)>>8)/(1<<24) < m*m/(float64(m*m)+threshold*threshold/9)
}

// TestVague wants those searches refused, and no others, whose cells would end before anything was run.
func TestVague(t *testing.T) {
	for _, bounds := range [][2]int64{{1, 2}, {2, 50}, {7, 4095}, {1000, 1001}} {
		about := func(resolution float64) sweep.Search {
			return sweep.Search{Param: "m", Low: bounds[0], High: bounds[1], Resolution: resolution, Level: 0.9}
		}
		resolution := 1.02
		for !about(resolution * 1.0001).Vague() {
			resolution *= 1.0001
		}
		if _, digits := New(about(resolution)).Next(&Tally{}); len(digits) == 0 {
			t.Errorf("%v at a resolution of %g is not refused, and ends at once", bounds, resolution)
		}
		if _, digits := New(about(resolution * 1.05)).Next(&Tally{}); len(digits) > 0 {
			t.Errorf("%v at a resolution of %g is refused, and would run", bounds, resolution*1.05)
		}
	}
}
