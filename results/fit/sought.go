package fit

import (
	"math"

	"github.com/widthlaw/widthlaw/sweep"
	"github.com/widthlaw/widthlaw/sweep/search"
)

// A search tries many widths a few times each. Isotonic regression, which rests on many runs a width, makes noise of that: beside a
// search a cell's own needed width is what the search's model believes of it, for every event of its runs. This file is the
// one place that says so.

// Sought says for which law the widths of a sweep were chosen.
type Sought struct {
	sweep.Search
	Event string
}

// words say by what an event's needed widths are found.
func (s *Sought) words(event string) string {
	words := "cell by cell by the search's posterior (its median, and its central 95 %"
	if event != s.Event {
		words += ", at widths chosen for " + s.Event
	}
	return words + ")"
}

// A gauge says what is believed of needed widths at one level.
type gauge struct {
	rule      *search.Rule
	level     float64
	low, high float64 // the bounds of the search
}

func newGauge(s sweep.Search, level float64) *gauge {
	s.Level = level
	return &gauge{search.New(s), level, float64(s.Low), float64(s.High)}
}

// A tried are the outcomes of a cell.
type tried struct {
	tally               search.Tally
	successes, failures uint64
}

// add counts runs at a width; those at widths that the search never asks for count for nothing.
func (g *gauge) add(t *tried, m int64, successes, failures, censored uint64) {
	digit, ok := g.rule.Digit(m)
	if !ok {
		return
	}
	for range successes {
		t.tally.Add(digit, true)
	}
	for range failures {
		t.tally.Add(digit, false)
	}
	for range censored {
		t.tally.AddCensored()
	}
	t.successes, t.failures = t.successes+successes, t.failures+failures
}

// A belief is a needed width by the posterior: its median, and its central 95 %.
//   - What lies beyond the bounds of the search is undefined: only its being there is known.
//   - Where all runs have come out the same there are bounds alone: how far beyond them it is the prior says, and no run.
type belief struct {
	m, low, high Number
	end          search.End
	response     *Response // nil without a decided run
	wide         span      // the central share that was asked for, whatever the bounds are
}

// look is what is believed of a cell; nothing without a decided run.
func (g *gauge) look(t *tried, share float64) belief {
	f, low, high := g.rule.Between(&t.tally, share)
	b := belief{m: Undefined(), low: Undefined(), high: Undefined(), end: f.End, wide: span{math.NaN(), math.NaN(), math.NaN()}}
	if t.successes+t.failures == 0 {
		return b
	}
	within := func(x float64) bool { return x >= g.low && x <= g.high }
	if within(f.Low) && t.failures > 0 {
		b.low = Number(f.Low)
	}
	if within(f.High) && t.successes > 0 {
		b.high = Number(f.High)
	}
	switch {
	case f.Low > g.high:
		b.low = Number(g.high)
	case f.High < g.low:
		b.high = Number(g.low)
	}
	if within(f.M) && t.successes > 0 && t.failures > 0 {
		b.m = Number(f.M)
	}
	b.wide, b.response = span{f.M, low, high}, &Response{f.M, f.Slope, f.Lapse, g.level}
	return b
}

// A Response is a cell's success by width, as its runs alone have it: (1 - Lapse) times the sigmoid that is the level at M.
type Response struct {
	M, Slope, Lapse float64
	level           float64
}

// Success is its probability at a width.
func (r Response) Success(m float64) float64 {
	return (1 - r.Lapse) * sigmoid(r.Slope*math.Log(m/r.M)+logit(r.level))
}

// seek fills in the needed widths by the posterior, and shows widths together.
func (l *Law) seek(s *Search) {
	l.Method, l.Sought = "posterior", &Sought{s.about, s.event}
	g, all := s.gaugeAt(l.Level), make([]belief, len(l.Cells))
	share := 1 - (1-search.Credible)/float64(len(all)) // Bonferroni's, by which cells are judged beside the law
	inParallel(len(all), func(i int) { all[i] = l.Cells[i].believe(g, share, decided) })
	l.Thresholds = l.blank()
	for i, b := range all {
		t := &l.Thresholds[i]
		t.M, t.Low, t.High, t.Inside = b.m, b.low, b.high, b.m.Defined()
		if !t.Inside {
			l.Cells[i].turn(g, t)
		}
		l.Cells[i].pool()
		l.Cells[i].Response, l.Cells[i].wide = b.response, b.wide
	}
}

// believe is what is believed of the cell, its runs read in one way.
func (c Cell) believe(g *gauge, share float64, read func(tally) (success, failure float64)) belief {
	var t tried
	for _, w := range c.Widths {
		successes, failures := read(tally{uint32(w.Successes), uint32(w.Runs - w.Successes), uint32(w.Censored)})
		g.add(&t, w.M, uint64(successes), uint64(failures), 0)
	}
	return g.look(&t, share)
}

// turn takes a bound back which censored runs, read against it, turn, where they are many.
func (c Cell) turn(g *gauge, t *Threshold) {
	var runs, censored uint64
	for _, w := range c.Widths {
		runs, censored = runs+w.Runs, censored+w.Censored
	}
	if (Width{Runs: runs, Censored: censored}).decisive() {
		return
	}
	if t.Low.Defined() {
		t.Low = c.believe(g, search.Credible, censoredSucceed).low
	}
	if t.High.Defined() {
		t.High = c.believe(g, search.Credible, censoredFail).high
	}
}
