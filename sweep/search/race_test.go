package search

import (
	"flag"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/widthlaw/widthlaw/sweep"
)

// TestRace makes docs/law.md's table with -args -sims 200; without, a small version of it.
var sims = flag.Int("sims", 0, "searches and grids simulated for each row of the race's table")

// A race is a search beside the grid that is best for the same interval, on one response between the same bounds.
type race struct {
	runs, cost, held   float64 // of the search: means; a run costs its width over m*
	ratio, seeds       float64 // of the best grid
	gridRuns, gridCost float64
}

// within is the search for a threshold that is known to a factor.
func within(c curve, factor, resolution float64) *Rule {
	return New(sweep.Search{Param: "m", Low: int64(c.threshold / factor), High: int64(c.threshold * factor), Resolution: resolution, Level: 0.9})
}

func run(c curve, factor, resolution float64, n int) (x race) {
	r := within(c, factor, resolution)
	for i := range n {
		h := simulate(r, c, 50000, uint64(i))
		x.runs += float64(h.runs) / float64(n)
		x.cost += h.cost / c.threshold / float64(n)
		if h.Low <= c.threshold && c.threshold <= h.High {
			x.held += 1 / float64(n)
		}
	}
	x.gridCost = math.Inf(1)
	for _, ratio := range []float64{1.1, 1.2, 1.4, 2} {
		x.grid(r, c, ratio, max(n/4, 8))
	}
	return x
}

// grid finds the seeds that a grid of this spacing needs so that half of such grids give an interval as narrow as the search's, by the
// same posterior. Where the grid falls against the threshold is random.
func (x *race) grid(r *Rule, c curve, ratio float64, n int) {
	enough := func(seeds int) (bool, float64, float64) {
		var excess []float64
		runs, cost := 0.0, 0.0
		for i := range n {
			var t Tally
			for m := float64(r.values[0]) * math.Pow(ratio, (float64(i)+0.5)/float64(n)); m <= float64(r.values[len(r.values)-1]); m *= ratio {
				d, _ := slices.BinarySearch(r.values, int64(m))
				for seed := range seeds {
					t.Add(d, outcome(c, float64(r.values[d]), uint64(1000+i), t.Runs+seed))
				}
				runs += float64(seeds) / float64(n)
				cost += float64(seeds) * m / c.threshold / float64(n)
			}
			excess = append(excess, r.Excess(r.Look(&t)))
		}
		slices.Sort(excess)
		return excess[len(excess)/2] <= 1, runs, cost
	}
	for seeds := 4; seeds < 20000; seeds += max(1, seeds/6) {
		ok, runs, cost := enough(seeds)
		if cost >= x.gridCost {
			return
		}
		if ok {
			x.ratio, x.seeds, x.gridRuns, x.gridCost = ratio, float64(seeds), runs, cost
			return
		}
	}
}

// TestRace wants the search to take far less than the best grid, the more so the less is known before.
func TestRace(t *testing.T) {
	if *sims == 0 {
		x := run(logistic(6, 1000, 0.02), 64, 1.2, 8)
		if x.gridCost < 5*x.cost {
			t.Errorf("the search costs %.0f, the best grid (ratio %g, %g seeds) %.0f", x.cost, x.ratio, x.seeds, x.gridCost)
		}
		t.Logf("%+v", x)
		return
	}
	fmt.Println("| response | known to a factor | search: runs | cost | held | best grid: ratio | seeds | runs | cost | **saved** |\n|---|---|---|---|---|---|---|---|---|---|")
	for _, c := range []curve{logistic(3, 1000, 0), logistic(6, 1000, 0), logistic(6, 1000, 0.03), logistic(6, 1000, 0.1), logistic(12, 1000, 0.03), step(1000), bump(logistic(6, 1000, 0.03), 60, 0.5)} {
		for _, factor := range []float64{4, 16, 64} {
			x := run(c, factor, 1.1, *sims)
			fmt.Printf("| %s | %g | %.0f | %.0f | %.0f %% | %g | %g | %.0f | %.0f | **%.1f** |\n", c.name, factor, x.runs, x.cost, 100*x.held, x.ratio, x.seeds, x.gridRuns, x.gridCost, x.gridCost/x.cost)
		}
	}
}
