package fit

import (
	"math"
	"math/rand/v2"
	"slices"
)

// A sample is one event in one family, laid out for resampling.
type sample struct {
	cells    []cellSample
	level    float64
	clusters []int // the places of the clusters that have runs, by data seed
	places   int   // of all clusters
}

type cellSample struct {
	key     cellKey
	m       []int64
	logM    []float64
	tallies [][]tally // by width: those of width.tallies
	event   int
	events  int
	lambda0 []float64
	order   []int // the places by data seed: sums must not depend on the order in which results came
}

// A reading is what one (re)sample says about one cell.
type reading struct {
	logM    float64 // log of the needed width; -Inf, +Inf: below, above the swept widths; NaN: no runs
	lambda0 float64 // the mean over the data sets; NaN where none is known
}

func newSample(f *family, event, events int, order []int, level float64) sample {
	s := sample{level: level, places: len(order)}
	used := make([]bool, len(order))
	for _, key := range f.sortedCells() {
		c := cellOf(f.cells[key], key, event, events)
		c.order = order
		for _, tallies := range c.tallies {
			for k := 0; k*events < len(tallies); k++ {
				t := tallies[k*events+event]
				used[k] = used[k] || t.success+t.failure > 0
			}
		}
		s.cells = append(s.cells, c)
	}
	for _, k := range order {
		if used[k] {
			s.clusters = append(s.clusters, k)
		}
	}
	return s
}

func cellOf(c *cell, key cellKey, event, events int) cellSample {
	out := cellSample{key: key, event: event, events: events, lambda0: c.lambda0}
	for m := range c.widths {
		out.m = append(out.m, m)
	}
	slices.Sort(out.m)
	for _, m := range out.m {
		out.logM = append(out.logM, math.Log(float64(m)))
		out.tallies = append(out.tallies, c.widths[m].tallies)
	}
	return out
}

// counts are the successes and decided runs of the i-th width, cluster k counted weights[k] times; nil: once each.
func (c *cellSample) counts(i int, weights []float64) (successes, runs float64) {
	for k := 0; k*c.events < len(c.tallies[i]); k++ {
		w := 1.0
		if weights != nil {
			if w = weights[k]; w == 0 {
				continue
			}
		}
		t := &c.tallies[i][k*c.events+c.event]
		successes += w * float64(t.success)
		runs += w * (float64(t.success) + float64(t.failure))
	}
	return successes, runs
}

// A curve is the success of one cell by width, widths without decided runs left out.
type curve struct {
	at                    []int // places in the cell's widths
	logM                  []float64
	success, runs, fitted []float64
}

// fit fills the curve from a (re)sample of c.
func (v *curve) fit(c *cellSample, weights []float64) {
	v.at, v.logM, v.success, v.runs = v.at[:0], v.logM[:0], v.success[:0], v.runs[:0]
	for i := range c.m {
		s, n := c.counts(i, weights)
		if n > 0 {
			v.at, v.logM, v.success, v.runs = append(v.at, i), append(v.logM, c.logM[i]), append(v.success, s), append(v.runs, n)
		}
	}
	v.fitted = slices.Grow(v.fitted[:0], len(v.runs))[:len(v.runs)]
	isotonic(v.success, v.runs, v.fitted)
}

// read is what the sample says, clusters weighted; scratch is overwritten.
func (s *sample) read(weights []float64, scratch *curve) []reading {
	out := make([]reading, len(s.cells))
	for i := range s.cells {
		c := &s.cells[i]
		scratch.fit(c, weights)
		out[i] = reading{math.NaN(), c.meanLambda0(weights)}
		if len(scratch.runs) > 0 {
			out[i].logM = crossing(scratch.logM, scratch.fitted, s.level)
		}
	}
	return out
}

func (c *cellSample) meanLambda0(weights []float64) float64 {
	sum, count := 0.0, 0.0
	for _, k := range c.order {
		w := 1.0
		if weights != nil {
			w = weights[k]
		}
		if w > 0 && k < len(c.lambda0) && !math.IsNaN(c.lambda0[k]) {
			sum, count = sum+w*c.lambda0[k], count+w
		}
	}
	return sum / count
}

// drawSeed makes the draws of every analysis the same.
const drawSeed = 0x77696474686c6177

// draws reads the sample resampled: as many clusters as it has, drawn with replacement, all runs of a drawn cluster together
// (Davison & Hinkley 1997, Bootstrap Methods, section 3.8).
func (s *sample) draws(count int) [][]reading {
	out := make([][]reading, count)
	weights, scratch := make([]float64, s.places), &curve{}
	random := rand.New(rand.NewPCG(drawSeed, 1))
	for i := range out {
		clear(weights)
		for range s.clusters {
			weights[s.clusters[random.IntN(len(s.clusters))]]++
		}
		out[i] = s.read(weights, scratch)
	}
	return out
}
