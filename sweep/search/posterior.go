package search

import (
	"slices"

	"github.com/widthlaw/widthlaw/agent/gd/elementary"
)

// A posterior is what is believed of a threshold, at the positions of the grid from first on; elsewhere there is nothing.
type posterior struct {
	first int
	mass  []float64 // Invariant: sums to 1, but for rounding
	mean  float64   // of the log of the slope
	lapse float64   // the mean
}

// An observed is what was tried at one position.
type observed struct {
	position         int
	success, failure float64
}

func (r *Rule) observed(t *Tally) []observed {
	var list []observed
	for d, c := range t.counts {
		if c.success+c.failure > 0 {
			list = append(list, observed{r.position[d], float64(c.success), float64(c.failure)})
		}
	}
	return list
}

const (
	stride = 8  // of the first look at the thresholds
	depth  = 20 // in log likelihood: what is further below the best is left out
)

// posterior weighs every threshold with every nuisance. A first look at some of both says which matter at all.
func (r *Rule) posterior(t *Tally) *posterior {
	seen := r.observed(t)
	some := make([]float64, slopeCells*lapseCells) // the best of a nuisance
	line := make([]float64, (r.size+stride-1)/stride)
	best := slices.Repeat([]float64{lowest}, len(line)) // of a threshold
	for i := range some {
		r.likelihoods(line, &r.nuisances[i/lapseCells*coarseSlope*len(lapses)+i%lapseCells*coarseLapse], seen, 0, stride)
		for k, l := range line {
			best[k] = max(best[k], l)
		}
		some[i] = slices.Max(line)
	}
	top := slices.Max(best)
	enough := func(l float64) bool { return l >= top-depth }
	from, to := slices.IndexFunc(best, enough), len(best)-1
	for !enough(best[to]) {
		to--
	}
	skipSlope, skipLapse := coarseness(t.Runs)
	matters := func(slope, lapse int) bool {
		if slope%skipSlope != 0 || lapse%skipLapse != 0 {
			return false
		}
		at := slope/coarseSlope*lapseCells + lapse/coarseLapse
		right, down := min(slope%coarseSlope, 1)*lapseCells, min(lapse%coarseLapse, 1)
		return enough(some[at]) || enough(some[at+right]) || enough(some[at+down]) || enough(some[at+right+down])
	}
	return r.weigh(seen, matters, top, max(0, (from-1)*stride), min(r.size, (to+1)*stride+1))
}

// coarseness is of how many slopes and lapses one is looked at: few runs tell no neighbours apart.
func coarseness(runs int) (slope, lapse int) {
	switch {
	case runs < 64:
		return 4, 3
	case runs < 512:
		return 2, 1
	}
	return 1, 1
}

// lowest is below every log likelihood.
const lowest = -1e300

// likelihoods are the logs of prior and likelihood, at every so manieth threshold from number low on.
func (r *Rule) likelihoods(out []float64, n *nuisance, seen []observed, low, every int) {
	for i := range out {
		out[i] = n.prior
	}
	for _, o := range seen {
		at := r.first + low - o.position + r.size
		if o.success > 0 {
			accumulate(out, o.success, n.success[at:], every)
		}
		if o.failure > 0 {
			accumulate(out, o.failure, n.failures[at:], every)
		}
	}
}

// accumulate adds times every so manieth of the values.
func accumulate(out []float64, times float64, values []float64, every int) {
	if every == 1 {
		values = values[:len(out)]
		for i := range out {
			out[i] += float64(times * values[i])
		}
		return
	}
	for i := range out {
		out[i] += float64(times * values[i*every])
	}
}

// weigh sums out the nuisances that matter, at the thresholds number low to high.
func (r *Rule) weigh(seen []observed, matters func(slope, lapse int) bool, top float64, low, high int) *posterior {
	p := &posterior{first: r.first + low, mass: make([]float64, high-low)}
	line := make([]float64, high-low)
	total := 0.0
	for i := range r.nuisances {
		if !matters(i/len(lapses), i%len(lapses)) {
			continue
		}
		r.likelihoods(line, &r.nuisances[i], seen, low, 1)
		sum := 0.0
		for j, l := range line {
			if l > top-depth {
				w := elementary.Exp(l - top)
				p.mass[j] += w
				sum += w
			}
		}
		p.mean += float64(sum * r.nuisances[i].logSlope)
		p.lapse += float64(sum * lapses[i%len(lapses)])
		total += sum
	}
	for j := range p.mass {
		p.mass[j] /= total
	}
	p.mean /= total
	p.lapse /= total
	return p
}

// slope is the geometric mean of the slopes.
func (p *posterior) slope() float64 { return elementary.Exp(p.mean) }

// quantile is a position, between those of the grid too.
func (p *posterior) quantile(u float64) float64 { return p.cumulated(nil).quantile(u) }

// A cumulative is a posterior's sums.
type cumulative struct {
	first int
	sums  []float64
}

// cumulated sums a posterior, weighed if there are weights, one for each of its thresholds.
func (p *posterior) cumulated(weights []float64) cumulative {
	c := cumulative{first: p.first, sums: make([]float64, len(p.mass))}
	sum := 0.0
	for j, m := range p.mass {
		if weights != nil {
			m = float64(m * weights[j])
		}
		sum += m
		c.sums[j] = sum
	}
	return c
}

// quantile is where the share u of the sum is reached; the mass of a threshold is spread evenly over its step.
func (c cumulative) quantile(u float64) float64 {
	goal := float64(u * c.sums[len(c.sums)-1])
	before := 0.0
	for j, s := range c.sums {
		if s >= goal && s > before {
			return float64(c.first+j) - 0.5 + (goal-before)/(s-before)
		}
		before = s
	}
	return float64(c.first+len(c.sums)) - 0.5
}
