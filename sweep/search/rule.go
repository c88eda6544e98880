// Package search decides which widths to try next, to find the width at which runs succeed with a given probability: by
// probabilistic bisection (Horstein 1963; Waeber, Frazier and Henderson 2013) with a posterior over log m, with the slope of
// the response and the share of lapses as nuisances (as in the psi method, Kontsevich and Tyler 1999; Prins 2013).
//
// A cell's next batch of runs is a function of what is searched for and of the cell's outcomes so far, and of nothing else: no
// clock, no order of arrival, no machine. So a search is resumed, extended and distributed like any list of points: what was
// run is found again by asking the same question. Every number here is the same to the bit on every platform: exp and log are
// our own, and no product is left to be fused with a sum.
//
// Start with Rule.Next; posterior.go is what is believed, response.go the model that it rests on. What runs where is the
// coordinator's affair, as for any other point.
package search

import (
	"slices"

	"github.com/widthlaw/widthlaw/agent/gd/elementary"
	"github.com/widthlaw/widthlaw/sweep"
)

// A Rule is one search, of any number of cells. It never changes.
type Rule struct {
	target    sweep.Search
	values    []int64 // what may be tried
	position  []int   // of each of values, on the grid
	first     int     // position of the posterior's first threshold
	size      int     // how many thresholds there are
	step      float64 // of the grid, in log m
	ends      [2]int  // positions of the bounds
	digit     []int   // by position from ends[0] on: the nearest of values
	nuisances []nuisance
	cheap     []float64 // by threshold: how much less likely a wide one is tried, see tilt

	unknown Finding // of a cell without runs
	opening []int   // its batch; nobody changes it
}

// margin is how far beyond the bounds a threshold is looked for, in octaves: mass there says that a bound was reached.
const margin = sweep.SearchMargin

// tilt weighs the posterior by m^-tilt where quantiles of it are tried: a run costs time in proportion to m, and the
// first ones should not be the widest.
const tilt = 0.5

// New prepares a search.
func New(s sweep.Search) *Rule {
	per := s.PerOctave()
	r := &Rule{target: s, values: s.Values(), step: ln2 / float64(per)}
	for _, v := range r.values {
		r.position = append(r.position, r.place(float64(v)))
	}
	r.ends = [2]int{r.position[0], r.position[len(r.position)-1]}
	r.first, r.size = r.ends[0]-margin*per, r.ends[1]-r.ends[0]+1+2*margin*per
	for k, d := r.ends[0], 0; k <= r.ends[1]; k++ {
		for d+1 < len(r.position) && abs(r.position[d+1]-k) <= abs(r.position[d]-k) {
			d++
		}
		r.digit = append(r.digit, d)
	}
	r.nuisances = newNuisances(s.Level, r.step, r.size)
	for j := range r.size {
		r.cheap = append(r.cheap, elementary.Exp(-float64(tilt*r.step)*float64(j)))
	}
	r.unknown, r.opening = r.next(&Tally{})
	return r
}

const ln2 = 0.6931471805599453

// place is the nearest position of a width: position k is the width 2^(k/per).
func (r *Rule) place(m float64) int { return int(elementary.Log(m)/r.step + 0.5) }

// at is the width of a position, and of what is between two.
func (r *Rule) at(position float64) float64 { return elementary.Exp(float64(position * r.step)) }

func abs(i int) int { return max(i, -i) }

// Digit is the digit of the axis that has a value.
func (r *Rule) Digit(m int64) (digit int, ok bool) { return slices.BinarySearch(r.values, m) }

// A Tally is the outcomes of a cell, in whatever order they came.
type Tally struct {
	counts   []count // by digit
	Censored int     // runs that ended without saying whether they are a success
	Runs     int     // all
}

type count struct{ success, failure int }

// Add counts a run at a digit of the axis.
func (t *Tally) Add(digit int, success bool) {
	if digit >= len(t.counts) {
		t.counts = append(t.counts, make([]count, digit+1-len(t.counts))...)
	}
	if success {
		t.counts[digit].success++
	} else {
		t.counts[digit].failure++
	}
	t.Runs++
}

// AddCensored counts a run that says nothing.
func (t *Tally) AddCensored() {
	t.Censored++
	t.Runs++
}

// An End says why a cell needs no more runs.
type End uint8

// The ends of a cell.
const (
	Open     End = iota // it needs more
	Found               // the interval is as narrow as was asked for
	Below               // the lower bound is enough, as far as the resolution tells
	Above               // the upper bound is not enough, as far as the resolution tells
	Censored            // its runs do not say whether they are successes
)

// String says an end in words, as it follows "the cell ended: ".
func (e End) String() string {
	return [...]string{"open", "found", "the lower bound is reached", "the upper bound is reached", "censored"}[e]
}

// patience is how many runs may be censored before a cell of which most are is given up.
const patience = 32

// A Finding is what a cell's outcomes say.
type Finding struct {
	M, Low, High float64 // the posterior's median, and its central 95 %
	Slope, Lapse float64 // of the response: the posterior's means, geometric for the slope
	End          End
}

// Credible is the posterior's share in an interval.
const Credible = 0.95

// Look says what is known of a cell.
func (r *Rule) Look(t *Tally) Finding { return r.finding(t, r.posterior(t)) }

// Between is Look, with the ends of another central share of the posterior.
func (r *Rule) Between(t *Tally, share float64) (f Finding, low, high float64) {
	p := r.posterior(t)
	return r.finding(t, p), r.at(p.quantile((1 - share) / 2)), r.at(p.quantile((1 + share) / 2))
}

// Next says what is known of a cell, and the digits of the axis to try next, a run each; none where it has ended. The cell's seeds
// are given to them in order. The batches do not depend on the resolution: a finer search only goes on.
func (r *Rule) Next(t *Tally) (Finding, []int) {
	if t.Runs == 0 { // the same in each of many cells
		return r.unknown, r.opening
	}
	return r.next(t)
}

func (r *Rule) next(t *Tally) (Finding, []int) {
	p := r.posterior(t)
	f := r.finding(t, p)
	if f.End != Open {
		return f, nil
	}
	return f, r.batch(t, p)
}

func (r *Rule) finding(t *Tally, p *posterior) Finding {
	low, high := p.quantile((1-Credible)/2), p.quantile((1+Credible)/2)
	f := Finding{M: r.at(p.quantile(0.5)), Low: r.at(low), High: r.at(high), Slope: p.slope(), Lapse: p.lapse}
	switch {
	case t.Censored >= patience && 4*t.Censored > 3*t.Runs:
		f.End = Censored
	case high > float64(r.ends[1]) && r.narrow(low, float64(r.ends[1])):
		f.End = Above
	case low < float64(r.ends[0]) && r.narrow(float64(r.ends[0]), high):
		f.End = Below
	case r.narrow(low, high):
		f.End = Found
	}
	return f
}

// narrow says whether from one position to another is as little as was asked for, or nothing.
func (r *Rule) narrow(low, high float64) bool {
	return float64((high-low)*r.step) <= 2*elementary.Log(r.target.Resolution)
}

// levels are the shares of success at which runs are aimed, in turn: some where the slope shows, most near the level asked for,
// some far above it, where lapses show.
var levels = [...]float64{0.8, 0.2, 0.85, 0.998, 0.8, 0.3, 0.9, 0.85}

// reach is how far from a quantile a run is aimed, in log m: what happens far away says little, and what happens there by luck nothing.
const reach = 0.8

// golden spreads the quantiles of a batch: multiples of it, modulo 1, are even whatever their number.
const golden = 0.6180339887498949

// least and most bound a batch; between them it grows with the runs so far, for the posterior moves ever less.
const least, most = 8, 256

// batch aims its runs at the quantiles of the posterior, tilted towards what is cheap.
func (r *Rule) batch(t *Tally, p *posterior) []int {
	cumulated := p.cumulated(r.cheap[p.first-r.first:])
	slope := p.slope()
	digits := make([]int, min(max(t.Runs/8&^3, least), most))
	for i := range digits {
		u := float64(float64(t.Runs+i)*golden) + 0.5
		u -= float64(int(u))
		aim := (logit(levels[i%len(levels)]) - logit(r.target.Level)) / slope / r.step
		digits[i] = r.digitOf(cumulated.quantile(u) + min(max(aim, -reach/r.step), reach/r.step))
	}
	return digits
}

// digitOf is the value nearest to a position.
func (r *Rule) digitOf(position float64) int {
	k := int(min(max(position, float64(r.ends[0])), float64(r.ends[1])) + 0.5)
	return r.digit[min(k, r.ends[1])-r.ends[0]]
}

func logit(p float64) float64 { return elementary.Log(p / (1 - p)) }
