package search

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/widthlaw/widthlaw/sweep"
)

// A curve is a known response, with its threshold for 0.9.
type curve struct {
	name      string
	threshold float64
	p         func(m float64) float64
}

func logistic(slope, threshold, lapse float64) curve {
	return curve{fmt.Sprintf("slope %g, m* = %g, %g lapses", slope, threshold, lapse), threshold, func(m float64) float64 {
		return (1 - lapse) / (1 + math.Exp(-slope*math.Log(m/threshold)-math.Log(9)))
	}}
}

// step is sharp: the widths from the threshold on succeed.
func step(threshold float64) curve {
	return curve{fmt.Sprintf("step at %g", threshold), threshold, func(m float64) float64 {
		if m < threshold {
			return 0
		}
		return 1
	}}
}

// bump is a curve that has successes at widths far too narrow as well, with a valley between.
func bump(c curve, at, height float64) curve {
	return curve{c.name + fmt.Sprintf(", %g lucky at %g", height, at), c.threshold, func(m float64) float64 {
		x := math.Log(m/at) / 0.3
		return max(c.p(m), height*math.Exp(-x*x))
	}}
}

// A hunt is how the search of one cell went.
type hunt struct {
	Finding
	runs, batches int
	cost          float64 // a run costs its width
}

// simulate searches a cell of a curve. The outcome of a run depends on its width and its seed alone, as in a real sweep.
func simulate(r *Rule, c curve, seeds int, sim uint64) hunt {
	var t Tally
	var h hunt
	for {
		f, digits := r.Next(&t)
		h.Finding = f
		if len(digits) == 0 || t.Runs >= seeds {
			return h
		}
		h.batches++
		for _, d := range digits[:min(len(digits), seeds-t.Runs)] {
			m := float64(r.values[d])
			t.Add(d, outcome(c, m, sim, h.runs))
			h.runs++
			h.cost += m
		}
	}
}

func outcome(c curve, m float64, sim uint64, seed int) bool {
	return rand.New(rand.NewPCG(sim, uint64(seed))).Float64() < c.p(m)
}

func target(resolution float64) sweep.Search {
	return sweep.Search{Param: "m", Low: 8, High: 1 << 20, Resolution: resolution, Level: 0.9}
}
