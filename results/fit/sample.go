package fit

import (
	"math"
	"slices"
)

// A sample is one event in one family, laid out for resampling.
type sample struct {
	cells    []cellSample
	level    float64
	order    []int // the units' places, by data seed and seed
	data     []int // by place: which of the clusters with runs; -1: of none
	clusters int   // data seeds that have runs
	seed     []int // by place: which seed, where seeds are crossed with data seeds; else nil
	seeds    int   // how many
}

type cellSample struct {
	key     cellKey
	m       []int64
	logM    []float64
	tallies [][]tally // by width: those of width.tallies
	event   int
	events  int
	lambda0 []float64
	order   []int // the units' places, by data seed
}

// A reading is what one (re)sample says about one cell.
type reading struct {
	logM    float64 // log of the needed width; -Inf, +Inf: below, above the swept widths; NaN: no runs
	half    float64 // the same at success 1/2: there, also where lapses keep success under the level
	lambda0 float64 // the mean over the data sets; NaN where none is known
	meeting meeting // of its success and that of the cell before, which has a smaller n
}

func newSample(f *family, event, events int, r *Runs, level float64) sample {
	s := sample{level: level}
	units := r.order()
	for _, u := range units {
		s.order = append(s.order, r.units[u])
	}
	used := make([]bool, len(units))
	for _, key := range f.sortedCells() {
		c := cellOf(f.cells[key], key, event, events)
		c.order = s.order
		for _, tallies := range c.tallies {
			for k := 0; k*events < len(tallies); k++ {
				t := tallies[k*events+event]
				used[k] = used[k] || t.success+t.failure > 0
			}
		}
		s.cells = append(s.cells, c)
	}
	s.cluster(units, used)
	return s
}

// cluster sorts the used units by their data seed and, where one seed meets several data seeds and the reverse, by seed.
func (s *sample) cluster(units []unit, used []bool) {
	data, seeds := map[int64]int{}, map[int64]int{}
	s.data, s.seed = make([]int, len(units)), make([]int, len(units))
	count := 0
	for i, u := range units {
		place := s.order[i]
		s.data[place] = -1
		if !used[place] {
			continue
		}
		count++
		if _, known := data[u.data]; !known {
			data[u.data] = len(data)
		}
		if _, known := seeds[u.seed]; !known {
			seeds[u.seed] = len(seeds)
		}
		s.data[place], s.seed[place] = data[u.data], seeds[u.seed]
	}
	s.clusters, s.seeds = len(data), len(seeds)
	if count == len(data) || count == len(seeds) {
		s.seed, s.seeds = nil, 0
	}
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

// counts are the successes and decided runs of the i-th width, unit k counted weights[k] times; nil: once each.
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

// shareNear is the share of successes at the widths on both sides of a log width; NaN without a run there.
func (c *cellSample) shareNear(logM float64, weights []float64) float64 {
	successes, runs := 0.0, 0.0
	after, _ := slices.BinarySearch(c.logM, logM)
	for i := max(after-1, 0); i <= min(after, len(c.m)-1); i++ {
		s, n := c.counts(i, weights)
		successes, runs = successes+s, runs+n
	}
	return successes / runs
}

// A curve is the success of one cell by width, widths without decided runs left out.
type curve struct {
	at                    []int // places in the cell's widths
	logM                  []float64
	success, runs, fitted []float64
}

// fit fills the curve from a (re)sample of c, and an unseen share of it.
func (v *curve) fit(c *cellSample, weights []float64, more unseen) {
	v.at, v.logM, v.success, v.runs = v.at[:0], v.logM[:0], v.success[:0], v.runs[:0]
	for i := range c.m {
		s, n := c.counts(i, weights)
		if n > 0 {
			s, n = s+more.success*n, n+more.runs*n
			v.at, v.logM, v.success, v.runs = append(v.at, i), append(v.logM, c.logM[i]), append(v.success, s), append(v.runs, n)
		}
	}
	v.fitted = slices.Grow(v.fitted[:0], len(v.runs))[:len(v.runs)]
	isotonic(v.success, v.runs, v.fitted)
}

// unseen runs are in every cell, at every width: what a draw has beside the clusters that there are, as a share of their runs.
type unseen struct{ success, runs float64 }

// read is what the sample says, clusters weighted.
func (s *sample) read(weights []float64, more unseen) []reading {
	out, here, before := make([]reading, len(s.cells)), &curve{}, &curve{}
	for i := range s.cells {
		c := &s.cells[i]
		here, before = before, here
		here.fit(c, weights, more)
		out[i] = reading{math.NaN(), math.NaN(), c.meanLambda0(weights), noMeeting}
		if len(here.runs) > 0 {
			out[i].logM = crossing(here.logM, here.fitted, here.runs, s.level)
			out[i].half = crossing(here.logM, here.fitted, here.runs, 0.5)
		}
		if s.paired(i) {
			out[i].meeting = meet(before, here, s.cells[i-1].load(), c.load())
		}
	}
	return out
}

// load is log(d/n): what makes log(m d/n) of log m.
func (c *cellSample) load() float64 {
	return math.Log(float64(c.key.d.Int) / float64(c.key.n.Int))
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
